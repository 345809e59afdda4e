/** How a strategy's story at a bar ended, in a line and a sentence. Pure. */
import type { ExplainedBar, ExplainedCheck, ExplainVerdict } from '#app/contracts/explain.ts';
import type { OrderStory, OrderView, SignalView } from '#app/contracts/views.ts';

/** What is known of a strategy at a bar. */
export type StoryParts = { readonly explained: ExplainedBar; readonly signals: readonly SignalView[]; readonly stories: readonly OrderStory[] };
/** The end of the story. */
export type Ending = { readonly verdict: ExplainVerdict; readonly headline: string; readonly detail: string };

const CODES_OF_HALT: ReadonlySet<string> = new Set(['TRADING_HALTED', 'LIVE_DISARMED']);
/** Conditions that are named in a sentence. */
const NAMED_MAX = 3;
/** Things that conditions lead to, of which a sentence tells. */
const GROUPS_MAX = 3;

/** A number as in a sentence: at most four significant decimals. */
function figure(value: number): string {
  return String(Number(value.toPrecision(Math.abs(value) >= 1_000 ? 7 : 5)));
}

/** A condition that was not met: `RSI below the entry level (44.1, threshold 30)`. */
export function unmetWords({ name, value, threshold }: Pick<ExplainedCheck, 'name' | 'value' | 'threshold'>): string {
  if (value === null) return threshold === null ? name : `${name} (threshold ${figure(threshold)})`;
  return threshold === null ? `${name} (${figure(value)})` : `${name} (${figure(value)}, threshold ${figure(threshold)})`;
}

/** What is about entering, and what about leaving, by the words that strategies use: the other half is told last. */
const LEAVES: ReadonlySet<string> = new Set(['Sell', 'Cover', 'Close', 'Exit', 'Give up']);
const ENTERS: ReadonlySet<string> = new Set(['Buy', 'Short', 'Enter', 'Entry']);

/** The conditions that hindered, by what they would have led to; first what concerns a strategy that holds something, or nothing. */
export function hindrances(checks: readonly ExplainedCheck[], holds: boolean): readonly { readonly leadsTo: string | null; readonly unmet: readonly ExplainedCheck[] }[] {
  const groups = new Map<string | null, ExplainedCheck[]>();
  for (const check of checks) groups.set(check.leadsTo, [...(groups.get(check.leadsTo) ?? []), check]);
  const isLast = (leadsTo: string | null): boolean => leadsTo !== null && (holds ? ENTERS : LEAVES).has(leadsTo);
  return [...groups].map(([leadsTo, group]) => ({ leadsTo, unmet: group.filter((check) => !check.isMet) })).filter(({ unmet }) => unmet.length > 0).sort((a, b) => Number(isLast(a.leadsTo)) - Number(isLast(b.leadsTo)));
}

/** What one thing lacked: `Buy lacks: RSI below the entry level (44.1, threshold 30).` */
function lackWords({ leadsTo, unmet }: ReturnType<typeof hindrances>[number]): string {
  const rest = unmet.length > NAMED_MAX ? `; and ${unmet.length - NAMED_MAX} more` : '';
  return `${leadsTo === null ? 'Not met' : `${leadsTo} lacks`}: ${unmet.slice(0, NAMED_MAX).map(unmetWords).join('; ')}${rest}.`;
}

const SIDES = { long: 'hold it', short: 'be short of it', flat: 'hold none of it' } as const;

/** A wish in words. wishWords({ side: 'long', weight: 0.25 }) = 'hold 25 % of the equity in it' */
export function wishWords({ side, weight }: { readonly side: 'long' | 'short' | 'flat'; readonly weight: number | null }): string {
  if (weight === null || side === 'flat') return SIDES[side];
  return `${side === 'short' ? 'be short of it with' : 'hold'} ${figure(Math.abs(weight) * 100)} % of the equity${side === 'short' ? '' : ' in it'}`;
}

/** Why nothing could come of the bar, before the strategy even looked at it; null when it could. */
function beforeLooking({ explained }: StoryParts): Ending | null {
  const { bar, isRegular, isWatching, isDeployed, isUnseen, isEnabled, isQuiet, warmUp, replay, problem, timeframe, name } = explained;
  const end = (verdict: ExplainVerdict, headline: string, detail: string): Ending => ({ verdict, headline, detail });
  if (bar === null && problem !== null) return end('unknown', 'What it saw cannot be told', problem);
  if (!isWatching) return end('not_watching', 'It does not watch this symbol', `${name} trades other symbols.`);
  if (bar === null) return end('no_bar', 'There was no bar to look at', `No bar of ${timeframe} is stored here, and strategies look at closed bars only.`);
  if (!isRegular) return end('closed', 'Outside of regular trading', 'Strategies are shown the bars of regular trading only.');
  if (isDeployed === false) return end('not_deployed', 'It was not deployed then', `${name} was made after this bar.${hypothetical(explained)}`);
  if (isUnseen) return end('unseen', 'It was never shown this bar', `The bar came into the book by ${bar.source === 'stream' || bar.source === 'rest' ? 'a later answer of the feed' : `"${bar.source}"`}, not as it closed; such bars are history and raise nothing.${hypothetical(explained)}`);
  if (!isEnabled) return end('disabled', 'It was switched off', `A strategy that is disabled looks on and says nothing.${hypothetical(explained)}`);
  if (warmUp !== null && !warmUp.isWarm) return end('warming_up', `Warming up: ${warmUp.seen} of ${warmUp.needed} bars`, `Its indicators need ${warmUp.needed} bars before it is asked for the first time.`);
  if (isQuiet === true) return end('quiet_bar', 'The bar came as history', `It was fetched later, so acting on it would have been too late: indicators moved on, nothing was raised.${hypothetical(explained)}`);
  if (replay === null) return end('unknown', 'What it saw cannot be told', problem ?? 'It could not be run again over this bar.');
  return null;
}

/** What it would have said. */
function hypothetical({ replay }: ExplainedBar): string {
  if (replay === null) return '';
  const target = replay.said.findLast((said) => said.what === 'target');
  return target === undefined ? ' It would have said nothing new.' : ` It would have wished to ${wishWords({ side: target.target, weight: target.weight })}.`;
}

function withoutSignal({ explained }: StoryParts): Ending {
  const { replay } = explained;
  if (replay === null) return { verdict: 'unknown', headline: 'What it saw cannot be told', detail: explained.problem ?? 'It could not be run again over this bar.' };
  if (replay.agrees === 'differs') return { verdict: 'unknown', headline: 'Nothing was raised, though today it would be', detail: replay.notes[0] ?? '' };
  if (replay.named !== null) return { verdict: 'wish_unchanged', headline: `It wished to ${wishWords(replay.named)}, as before`, detail: 'Only a change of the wish is a signal: saying the same again does nothing.' };
  const lacking = hindrances(replay.checks, replay.wish.before.side !== 'flat');
  const nothing = replay.checks.length === 0 ? 'It names no conditions of its own; what it knew stands below.' : 'Nothing that it looked at asked for a trade.';
  return { verdict: 'conditions_not_met', headline: 'It had no reason to trade', detail: lacking.length === 0 ? nothing : lacking.slice(0, GROUPS_MAX).map(lackWords).join(' ') };
}

const shares = (text: string): string => `${text} share${text === '1' ? '' : 's'}`;

/** Where an order stands. */
function ofOrder(order: OrderView): Ending {
  const what = `${order.side === 'buy' ? 'Buy' : 'Sell'} ${shares(order.qty)} of ${order.symbol}`;
  if (order.unknownSince !== null && !order.isClosed) return { verdict: 'order_unknown', headline: 'Sent, and the answer is not known', detail: `${what}: the broker did not answer in time. It is asked under the order's own id until it is known; it is never sent twice.` };
  switch (order.status) {
    case 'filled': return { verdict: 'order_filled', headline: `${order.side === 'buy' ? 'Bought' : 'Sold'} ${shares(order.filledQty)}${order.avgFillPrice === null ? '' : ` at ${order.avgFillPrice} USD`}`, detail: 'The signal was approved, sent and filled.' };
    case 'partially_filled': return { verdict: 'order_partly_filled', headline: `Filled in part: ${order.filledQty} of ${order.qty}`, detail: `${what}: the rest works at the broker.` };
    case 'rejected': return { verdict: 'order_rejected', headline: 'The broker refused the order', detail: order.reason ?? 'It gave no reason.' };
    case 'denied': return { verdict: 'denied', headline: 'Approved, then not sent', detail: order.reason ?? 'No reason was kept.' };
    case 'canceled': case 'expired': case 'replaced': return { verdict: 'order_ended', headline: `The order ${order.status === 'expired' ? 'ran out of time' : `was ${order.status}`}`, detail: `${what}: ${order.filledQty} of ${order.qty} filled.` };
    case 'initialized': case 'submitted': return { verdict: 'order_pending', headline: order.status === 'initialized' ? 'Approved, not sent yet' : 'Sent, not answered yet', detail: what };
    case 'held': case 'accepted': case 'pending_cancel': case 'pending_replace': return { verdict: 'order_working', headline: 'Its order works at the broker', detail: what };
  }
}

function ofDecisions({ signals, stories }: StoryParts): Ending {
  const story = stories.findLast(({ order }) => order !== null) ?? stories.at(-1);
  const last = signals.at(-1);
  if (story === undefined) {
    if (last !== undefined && last.order === null && signals.every((signal) => signal.order === null) && last.target === 'flat') return { verdict: 'undecided', headline: 'It wished to be out; nothing came of it', detail: 'Risk has decided nothing on this signal: there may have been nothing to sell, or it is still on its way.' };
    return { verdict: 'undecided', headline: 'It raised a signal; risk has not decided', detail: 'The decision is on its way, or was never needed because what it wishes is held already.' };
  }
  const { decision, order } = story;
  if (order !== null) return ofOrder(order);
  if (decision?.outcome === 'denied') {
    const isHalt = decision.code !== null && CODES_OF_HALT.has(decision.code);
    return isHalt ? { verdict: 'halted', headline: 'Trading was halted', detail: decision.message } : { verdict: 'denied', headline: 'Risk denied it', detail: decision.message };
  }
  return { verdict: 'order_pending', headline: 'Approved; the order is being written down', detail: decision?.message ?? '' };
}

/** The end of a strategy's story at a bar. What the book has counts before anything that was worked out. */
export function endingOf(parts: StoryParts): Ending {
  if (parts.signals.length > 0 || parts.stories.length > 0) return ofDecisions(parts);
  return beforeLooking(parts) ?? withoutSignal(parts);
}
