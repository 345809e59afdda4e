/** The path from an idea to a first order that is understood: what the steps are, and how far a person is. Pure. */
import type { AuthorSearch } from '../pages/author/address.ts';

/** Steps that what is stored does not tell: a person has looked at something. */
export const LOOKED_STEPS = ['verdict', 'order'] as const;
/** One of them. */
export type LookedStep = (typeof LOOKED_STEPS)[number];

/** What is stored of a person's work. Null = not known yet. `newest`: the project that was changed last; `run`: the back-test that ended last; `strategy`: a strategy of theirs that is deployed. */
export type Work = { readonly newest: string | null; readonly run: string | null; readonly strategy: string | null } | null;

/** One step. `to`: where it is done. */
export type Step = { readonly id: string; readonly title: string; readonly words: string; readonly isDone: boolean; readonly to: { readonly page: '/author'; readonly search: AuthorSearch } | { readonly page: '/portfolio'; readonly tab: 'orders' } };

/** The steps in their order. `looked`: what was looked at. A later step that is done does not make an earlier one done: each can be made good. */
export function stepsOf(work: Work, looked: readonly LookedStep[]): readonly Step[] {
  const project = work?.newest ?? null;
  const run = work?.run ?? null;
  const open: AuthorSearch = project === null ? {} : { project };
  return [
    { id: 'template', title: 'Begin with a template', words: 'Choose a strategy from the gallery. It is plain text that you can read, and yours to change.', isDone: project !== null, to: { page: '/author', search: {} } },
    { id: 'backtest', title: 'Run a back-test', words: 'Press Run below the text: the strategy trades the stored bars, with the same rules as live.', isDone: run !== null, to: { page: '/author', search: { ...open, pane: 'run' } } },
    { id: 'verdict', title: 'Read the verdict', words: 'Whether to believe the result, and why. It stands before every figure.', isDone: looked.includes('verdict'), to: { page: '/author', search: { ...open, ...(run === null ? {} : { run }), pane: 'run' } } },
    { id: 'deploy', title: 'Deploy it to the demo', words: 'Gates turn green one after the other; then it trades with play money.', isDone: (work?.strategy ?? null) !== null, to: { page: '/author', search: { ...open, pane: 'deploy' } } },
    { id: 'order', title: 'Understand an order', words: 'Open any order: signal, size, each rule, the broker\'s answer.', isDone: looked.includes('order'), to: { page: '/portfolio', tab: 'orders' } },
  ];
}
