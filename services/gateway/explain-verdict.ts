/** How a strategy's story at a bar ended, in a line and a sentence. Pure. */
import type { ExplainedBar, ExplainedCheck, ExplainVerdict } from '#app/contracts/explain.ts';
import type { OrderStory, OrderView, SignalView } from '#app/contracts/views.ts';
import type { DenialCode } from '#app/domain/limits.ts';

/** What is known of a strategy at a bar. */
export type StoryParts = { readonly explained: ExplainedBar; readonly signals: readonly SignalView[]; readonly stories: readonly OrderStory[] };
/** The end of the story. */
export type Ending = { readonly verdict: ExplainVerdict; readonly headline: string; readonly detail: string };

/** What a person has switched, by what it is told with: nothing of the signal's own was wrong. */
const HELD_BACK: Readonly<Partial<Record<DenialCode, string>>> = { TRADING_HALTED: 'Trading was halted', TRADING_REDUCING_ONLY: 'Only orders that reduce a position were let through', LIVE_DISARMED: 'Live trading was not armed' };
/** Denials by which nothing is lost: what the signal asked for was so already. */
const SETTLED: Readonly<Partial<Record<DenialCode, string>>> = { TARGET_ALREADY_HELD: 'It held what it wished for', NOTHING_TO_EXIT: 'There was nothing to close' };
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
  if (isUnseen) return end('unseen', isQuiet === null ? 'It was never shown this bar' : 'It has not been shown this bar', `${unseenWords(explained)}${hypothetical(explained)}`);
  if (!isEnabled) return end('disabled', 'It was switched off', `A strategy that is disabled looks on and says nothing.${hypothetical(explained)}`);
  if (warmUp !== null && !warmUp.isWarm) return end('warming_up', `Warming up: ${warmUp.seen} of ${warmUp.needed} bars`, `Its indicators need ${warmUp.needed} bars before it is asked for the first time.`);
  if (isQuiet === true) return end('quiet_bar', 'The bar came as history', `It was fetched later, so acting on it would have been too late: indicators moved on, nothing was raised.${hypothetical(explained)}`);
  if (replay === null) return end('unknown', 'What it saw cannot be told', problem ?? 'It could not be run again over this bar.');
  return null;
}

/** Why it has not been shown a bar, as far as that is known. `isQuiet` is known of bars that were told. */
function unseenWords({ bar, isQuiet, isDeployed }: ExplainedBar): string {
  if (isQuiet !== null) return 'The bar was told, and this version has not looked at it: it is on its way, or the strategy had stopped after an error, or did not trade the symbol then.';
  if (isDeployed === null) return `The bar came into the book by "${bar?.source ?? ''}", not as it closed; such bars are history and raise nothing.`;
  return 'Nothing is kept that says that this version has looked at it: it may have traded other symbols then, or have stopped after an error, or the bar came later.';
}

/** What it would have said, and of what that is made: no more than today's run can know, and nothing where it was not asked. */
function hypothetical({ replay, isDeployed, isUnseen }: ExplainedBar): string {
  if (replay === null || !replay.wasAsked) return '';
  const begun = isDeployed === true && !isUnseen ? 'Run again today over this bar' : `Run today over ${replay.barsReplayed} bars up to this one, begun with nothing held`;
  const target = replay.said.findLast((said) => said.what === 'target');
  if (target !== undefined) return ` ${begun}, it wishes to ${wishWords({ side: target.target, weight: target.weight })}.`;
  return replay.said.length > 0 ? ` ${begun}, it asks for an order of its own.` : ` ${begun}, it says nothing new.`;
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

function heldBack(code: DenialCode | null): string | null {
  return code === null ? null : (HELD_BACK[code] ?? null);
}

const lower = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
const shares = (text: string): string => `${text} share${text === '1' ? '' : 's'}`;

/** The order that took an order's place in the end; itself where none did. */
function newestOf(order: OrderView, relatives: readonly OrderView[]): OrderView {
  const next = relatives.find((one) => one.orderId === order.replacedByOrderId);
  return next === undefined ? order : newestOf(next, relatives.filter((one) => one !== next));
}

/** An order that ended before it was filled: how much of it was, and who ended it. */
function ofEnded(order: OrderView, what: string): Ending {
  const how = order.status === 'expired' ? 'ran out of time' : `was ${order.status}`;
  const isPart = Number(order.filledQty) > 0;
  return {
    verdict: 'order_ended', headline: isPart ? `${order.side === 'buy' ? 'Bought' : 'Sold'} ${order.filledQty} of ${shares(order.qty)}, then the order ${how}` : `The order ${how}`,
    detail: `${what}: ${order.filledQty} of ${order.qty} filled.${order.reason === null ? '' : ` ${sentence(order.reason)}`}`,
  };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

/** Where an order stands. */
function ofOrder(order: OrderView): Ending {
  const what = `${order.side === 'buy' ? 'Buy' : 'Sell'} ${shares(order.qty)} of ${order.symbol}`;
  if (order.unknownSince !== null && !order.isClosed) return { verdict: 'order_unknown', headline: 'Sent, and the answer is not known', detail: `${what}: the broker did not answer in time. It is asked under the order's own id until it is known; it is never sent twice.` };
  switch (order.status) {
    case 'filled': return { verdict: 'order_filled', headline: `${order.side === 'buy' ? 'Bought' : 'Sold'} ${shares(order.filledQty)}${order.avgFillPrice === null ? '' : ` at ${order.avgFillPrice} USD`}`, detail: 'The signal was approved, sent and filled.' };
    case 'partially_filled': return { verdict: 'order_partly_filled', headline: `Filled in part: ${order.filledQty} of ${order.qty}`, detail: order.isClosed ? `${what}: the rest is closed.` : `${what}: the rest works at the broker.` };
    case 'rejected': return { verdict: 'order_rejected', headline: 'The broker refused the order', detail: order.reason ?? 'It gave no reason.' };
    case 'denied': return { verdict: heldBack(order.denialCode) === null ? 'denied' : 'halted', headline: heldBack(order.denialCode) === null ? 'Approved, then not sent' : `Approved, then not sent: ${lower(heldBack(order.denialCode) ?? '')}`, detail: order.reason ?? 'No reason was kept.' };
    case 'canceled': case 'expired': case 'replaced': return ofEnded(order, what);
    case 'initialized': case 'submitted': return { verdict: 'order_pending', headline: order.status === 'initialized' ? 'Approved, not sent yet' : 'Sent, not answered yet', detail: what };
    case 'pending_cancel': return { verdict: 'order_working', headline: 'Its order is being cancelled', detail: `${what}: ${order.filledQty} of ${order.qty} filled so far.${order.reason === null ? '' : ` ${sentence(order.reason)}`}` };
    case 'held': case 'accepted': case 'pending_replace': return { verdict: 'order_working', headline: 'Its order works at the broker', detail: what };
  }
}

/** The end of the newest signal's story: that of an earlier one of the same stretch stands in the list. */
function ofDecisions({ signals, stories }: StoryParts): Ending {
  const last = signals.at(-1);
  const newest = new Set(signals.filter((signal) => signal.barOpenTime === last?.barOpenTime).map(({ signalId }) => signalId));
  const mine = newest.size === 0 ? stories : stories.filter(({ signal }) => signal !== null && newest.has(signal.signalId));
  const story = mine.findLast(({ order }) => order !== null) ?? mine.at(-1);
  if (story === undefined) {
    if (last !== undefined && last.order === null && last.target === 'flat') return { verdict: 'undecided', headline: 'It wished to be out; nothing came of it yet', detail: 'The book has no decision of risk on this signal: it is on its way, or risk was away.' };
    return { verdict: 'undecided', headline: 'It raised a signal; risk has not decided', detail: 'The book has no decision of risk on this signal: it is on its way, or risk was away.' };
  }
  const { decision, order, relatives } = story;
  if (order !== null) {
    const now = newestOf(order, relatives);
    const ending = ofOrder(now);
    return now === order ? ending : { ...ending, detail: `${ending.detail} The order was changed on its way: this is the one that took its place.` };
  }
  if (decision?.outcome === 'denied') {
    const settled = decision.code === null ? undefined : SETTLED[decision.code];
    if (settled !== undefined) return { verdict: 'wish_unchanged', headline: settled, detail: decision.message };
    return { verdict: heldBack(decision.code) === null ? 'denied' : 'halted', headline: heldBack(decision.code) ?? 'Risk denied it', detail: decision.message };
  }
  return { verdict: 'order_pending', headline: 'Approved; the order is being written down', detail: decision?.message ?? '' };
}

/** The end of a strategy's story at a bar. What the book has counts before anything that was worked out. */
export function endingOf(parts: StoryParts): Ending {
  if (parts.signals.length > 0 || parts.stories.length > 0) return ofDecisions(parts);
  return beforeLooking(parts) ?? withoutSignal(parts);
}
