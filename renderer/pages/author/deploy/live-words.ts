/** How a deployment stands, in words: its state, why it is paused and what to do, its parity, its expectation. Pure. */
import type { DeploymentCard, Expectation, ParityDifference } from '#app/contracts/deploy.ts';
import { counted, money } from '../../../ui/format.ts';

/** A tone of the page. */
export type Tone = 'good' | 'warn' | 'bad' | 'idle' | 'busy';

/** State, its tone and what it means. */
export const STATE_WORDS: Readonly<Record<DeploymentCard['state'], { readonly word: string; readonly tone: Tone; readonly about: string }>> = {
  running: { word: 'Running', tone: 'good', about: 'It is asked at each bar and may raise signals.' }, warming_up: { word: 'Warming up', tone: 'busy', about: 'It reads past bars until its indicators are full. It raises no signals yet.' },
  paused: { word: 'Paused', tone: 'warn', about: 'It raises no signals. What it holds stays held; exits that were placed stay in force.' }, stopped: { word: 'Stopped', tone: 'idle', about: 'It has ended. It can be started again.' },
  failed: { word: 'Failed', tone: 'bad', about: 'It cannot run at all.' },
};

/** A sentence as it goes on behind a colon. */
const within = (sentence: string): string => sentence.charAt(0).toLowerCase() + sentence.slice(1);

/** Why it does not run and the way out; null when it runs. */
export function whyNot(card: Pick<DeploymentCard, 'state' | 'problem' | 'pausedBy' | 'pausedWhy' | 'limits' | 'errorsInARow' | 'project'>): { readonly tone: Tone; readonly cause: string; readonly remedy: string } | null {
  const own = card.project === null ? '' : ' and deploy the new version';
  if (card.state === 'failed') return { tone: 'bad', cause: card.problem ?? 'It cannot be loaded.', remedy: `Correct the cause${own}, then start it again. Until then it raises no signals.` };
  if (card.state !== 'paused') return null;
  const why = card.pausedWhy ?? '';
  switch (card.pausedBy) {
    // What was noted when it was paused says how many and how much: the figures of then, not those of now.
    case 'errors': return { tone: 'warn', cause: `Paused by itself: ${why === '' ? `${counted(Math.max(card.errorsInARow, 1), 'error')} in a row` : within(why)}`, remedy: `Look at the log, correct the cause${own}, then start it. What it holds stays held meanwhile.` };
    case 'daily_loss': return { tone: 'warn', cause: `Paused by itself: ${why === '' ? `it lost more than ${card.limits === null ? 'its limit' : `${money(card.limits.maxDailyLoss)} USD`} since the session began` : within(why)}`, remedy: 'Look at its trades before you start it again. The count begins anew with the next session; a wider limit is a decision of yours.' };
    case 'person': case null: return { tone: 'idle', cause: why === '' ? 'Paused by hand.' : `Paused by hand: ${why}`, remedy: 'Start it when you want it to raise signals again.' };
  }
}

/** Stopped by itself, for lists beside the author page. */
export function isInTrouble(card: Pick<DeploymentCard, 'state' | 'pausedBy'>): boolean {
  return card.state === 'failed' || (card.state === 'paused' && (card.pausedBy === 'errors' || card.pausedBy === 'daily_loss'));
}

/** Score with its tone: all the same is good, nearly all a caution. */
export function parityTone(score: number | null): Tone {
  if (score === null) return 'idle';
  return score >= 99.5 ? 'good' : score >= 90 ? 'warn' : 'bad';
}

/** What each standing is called. */
export const STANDINGS: Readonly<Record<Expectation['standing'], { readonly word: string; readonly tone: Tone }>> = {
  within: { word: 'as expected', tone: 'good' }, below: { word: 'below expectation', tone: 'warn' }, above: { word: 'above expectation', tone: 'busy' }, too_early: { word: 'too early to say', tone: 'idle' },
};

/** What a difference of parity is called. */
export const DIFFERENCES: Readonly<Record<ParityDifference['kind'], string>> = { missing: 'Not traded', extra: 'Traded in addition', size: 'Another size', price: 'Another price', time: 'Another time', denied: 'Denied by risk', partial: 'Filled in part' };

/** "Version 6, newer: 7"; null for a strategy of the house. */
export function versionWords(project: DeploymentCard['project']): { readonly own: string; readonly newer: string | null } | null {
  if (project === null) return null;
  return { own: `Version ${project.version}`, newer: project.newest > project.version ? `Version ${project.newest} exists` : null };
}

/** What stopping would do with what is held and ordered. `held`: symbols with shares. */
export function stopWords(held: readonly { readonly symbol: string; readonly qty: string }[], positions: 'keep' | 'flatten'): string {
  if (held.length === 0) return positions === 'keep' ? 'It holds nothing now. An order of it that is open stays open, and may still fill.' : 'It holds nothing now. Its open orders are canceled.';
  const what = counted(held.length, 'position');
  if (positions === 'keep') return `Its ${what} stay${held.length === 1 ? 's' : ''} in the account with nobody who would sell ${held.length === 1 ? 'it' : 'them'}. Its open orders stay open, exits at the broker among them; otherwise you look after ${held.length === 1 ? 'it' : 'them'} by hand.`;
  return `Its open orders are canceled, and risk is asked for a market order that closes its own share of ${held.length === 1 ? 'the position' : `each of the ${held.length} positions`}. What other strategies or you hold in the same symbols stays.`;
}

/** Memory as text on one line each; what is no JSON is shown as it is. */
export function memoryText(state: string): string {
  try {
    return JSON.stringify(JSON.parse(state), null, 1);
  } catch (error) {
    if (error instanceof SyntaxError) return state;
    throw error;
  }
}

/** Trouble first, then what runs, then the rest; by name within. */
export function inOrder(cards: readonly DeploymentCard[]): DeploymentCard[] {
  const rank = { failed: 0, paused: 1, running: 2, warming_up: 2, stopped: 3 } as const;
  const of = (card: DeploymentCard): number => (card.state === 'paused' && card.pausedBy === 'person' ? 2.5 : rank[card.state]);
  return [...cards].sort((a, b) => of(a) - of(b) || (a.name < b.name ? -1 : 1));
}
