/** The run bar's and the optimiser's fields of each project, remembered in this browser. */
import * as z from 'zod';
import { TIMEFRAMES } from '#app/domain/time.ts';
import { createStore, useStore } from '../../../data/external-store.ts';
import { FRESH_DRAFT, SLIPPAGE_KINDS } from './run-draft.ts';
import type { RunDraft } from './run-draft.ts';
import { FRESH_SEARCH } from './search-draft.ts';
import type { SearchDraft } from './search-draft.ts';
import { SPANS } from './span.ts';

const KEY = 'mainspring.author.runs';
/** Projects whose fields are remembered; those used longest ago go first. */
const PROJECTS_MAX = 60;

const text = z.string().max(40);
const fresh = FRESH_DRAFT.costs;
const runSchema = z.object({
  symbols: z.array(text).max(100).catch([]), screenId: z.string().max(64).nullable().catch(null), timeframe: z.enum(TIMEFRAMES).catch('1Day'), span: z.enum(SPANS).catch(FRESH_DRAFT.span), from: text.catch(''), to: text.catch(''),
  capital: text.catch(FRESH_DRAFT.capital), positionPercent: text.catch(FRESH_DRAFT.positionPercent), benchmark: text.catch(FRESH_DRAFT.benchmark), desk: z.enum(['house', 'plain']).catch('house'), hasChecks: z.boolean().catch(true),
  parameters: z.record(z.string(), z.union([text, z.boolean()])).catch({}),
  costs: z.object({ slippage: z.enum(SLIPPAGE_KINDS), amount: text, perOrder: text, perShare: text, percent: text, minimum: text, hasFees: z.boolean() }).catch(fresh),
});
const searchSchema = z.object({
  ranges: z.record(z.string(), z.object({ isVaried: z.boolean(), from: text, to: text, step: text, values: z.array(text).max(200) })).catch({}), method: z.enum(['grid', 'random', 'latin', 'tpe']).catch('grid'), trials: text.catch(FRESH_SEARCH.trials),
  objective: text.catch('sharpe'), minTrades: text.catch(FRESH_SEARCH.minTrades), maxDrawdown: text.catch(''), isWalkForward: z.boolean().catch(true), kind: z.enum(['rolling', 'anchored']).catch('rolling'), folds: text.catch(FRESH_SEARCH.folds),
  outPart: text.catch(FRESH_SEARCH.outPart), choose: z.enum(['best', 'sturdiest']).catch('sturdiest'),
});
const keptSchema = z.array(z.object({ projectId: z.string(), run: runSchema, search: searchSchema })).max(PROJECTS_MAX);
type Kept = { readonly projectId: string; readonly run: RunDraft; readonly search: SearchDraft };

/** What was kept, whatever state it is in: broken parts have their defaults. */
export function readKept(saved: string | null): readonly Kept[] {
  try {
    return keptSchema.parse(JSON.parse(saved ?? '[]'));
  } catch (error) {
    console.warn('The remembered run settings could not be read; the defaults are used', error);
    return [];
  }
}

const store = createStore<readonly Kept[]>(readKept(localStorage.getItem(KEY)));

function keptOf(all: readonly Kept[], projectId: string): Kept | undefined {
  return all.find((one) => one.projectId === projectId);
}
function change(projectId: string, next: (now: Kept) => Kept): void {
  store.update((all) => {
    const now = keptOf(all, projectId) ?? { projectId, run: FRESH_DRAFT, search: FRESH_SEARCH };
    return [next(now), ...all.filter((one) => one.projectId !== projectId)].slice(0, PROJECTS_MAX);
  });
  localStorage.setItem(KEY, JSON.stringify(store.get()));
}

/** The run bar's fields of a project. */
export const useRunDraft = (projectId: string): RunDraft => useStore(store, (all) => keptOf(all, projectId)?.run ?? FRESH_DRAFT);
/** The same, outside of components. */
export const runDraftNow = (projectId: string): RunDraft => keptOf(store.get(), projectId)?.run ?? FRESH_DRAFT;
/** Changes some of them. */
export const changeRun = (projectId: string, some: Partial<RunDraft>): void => change(projectId, (now) => ({ ...now, run: { ...now.run, ...some } }));
/** The optimiser's fields of a project. */
export const useSearchDraft = (projectId: string): SearchDraft => useStore(store, (all) => keptOf(all, projectId)?.search ?? FRESH_SEARCH);
/** Changes some of them. */
export const changeSearch = (projectId: string, some: Partial<SearchDraft>): void => change(projectId, (now) => ({ ...now, search: { ...now.search, ...some } }));
