/** Reads the broker's news about one order, in whatever order and however often it arrives. */
import { unreachable } from '#app/domain/errors.ts';
import type { Price, Quantity } from '#app/domain/numeric.ts';
import { applyOrderEvent, isClosed, type OrderEvent, type OrderEventKind, type OrderState } from '#app/domain/order.ts';
import type { EpochMs } from '#app/domain/time.ts';

/** Where a fill was told: on the stream or in the account's activities. Their ids need not agree, so the other facts must tell a repetition. */
export type FillSource = 'stream' | 'activity';

/** One execution. `cumQty` is the order's filled quantity after it, as the broker counts. */
export type Execution = { readonly id: string; readonly qty: Quantity; readonly price: Price; readonly cumQty: Quantity; readonly source: FillSource };

/**
 * An order as our book has it. `lastCancelNewsAt`, `lastReplaceNewsAt`: broker time of the newest news about cancelling and about being replaced.
 * `isKnownToBroker`: the broker has confirmed it at least once.
 */
export type LocalOrder = { readonly state: OrderState; readonly fills: readonly Execution[]; readonly lastCancelNewsAt: EpochMs | null; readonly lastReplaceNewsAt?: EpochMs | null; readonly isKnownToBroker: boolean };

/**
 * What the broker says: `kind` in our words (null = a word that we do not know), its cumulative filled quantity, and the execution if it is one.
 * `qty`: the order's quantity as the broker has it now, when that may have shrunk (a leg whose sibling fills); absent = not to be looked at.
 */
export type News = { readonly kind: NewsKind | null; readonly at: EpochMs; readonly filledQty: Quantity; readonly execution: Execution | null; readonly qty?: Quantity | null };
export type NewsKind = Extract<OrderEventKind, 'held' | 'accepted' | 'rejected' | 'fill' | 'restated' | 'cancel_requested' | 'cancel_rejected' | 'replace_requested' | 'replace_rejected' | 'canceled' | 'expired' | 'replaced'>;

/**
 * What to do about news: events to apply, in order, and whether something does not add up (then ask the broker):
 * `fills_missing`: it counts more shares than we booked; `contradiction`: the news cannot follow what we know; `unknown_word`.
 */
export type Plan = { readonly events: readonly OrderEvent[]; readonly isNewFill: boolean; readonly doubt: Doubt | null };
export type Doubt = 'fills_missing' | 'contradiction' | 'unknown_word';

const NOTHING: Plan = { events: [], isNewFill: false, doubt: null };
const CONTRADICTION: Plan = { events: [], isNewFill: false, doubt: 'contradiction' };

/**
 * Events of the stream and statuses of an order in our words. `calculated`, `done_for_day`, `stopped`, `suspended` leave an order alive at the broker:
 * what becomes of it is told by another word. A status `filled` or `partially_filled` comes without the execution: the fills themselves are asked for.
 */
const WORDS: Readonly<Record<string, NewsKind>> = {
  new: 'accepted', accepted: 'accepted', pending_new: 'accepted', done_for_day: 'accepted', stopped: 'accepted', calculated: 'accepted', suspended: 'accepted', accepted_for_bidding: 'accepted', pending_review: 'accepted',
  partially_filled: 'accepted', filled: 'accepted', held: 'held', restated: 'restated', fill: 'fill', partial_fill: 'fill', canceled: 'canceled', expired: 'expired', rejected: 'rejected', replaced: 'replaced',
  pending_cancel: 'cancel_requested', order_cancel_rejected: 'cancel_rejected', pending_replace: 'replace_requested', order_replace_rejected: 'replace_rejected',
};

/** Our word for an event of the stream or a status of an order; null for one that we do not know. */
export function newsKindOf(word: string): NewsKind | null {
  return Object.hasOwn(WORDS, word) ? (WORDS[word] ?? null) : null;
}

/** The same execution told before: same id, or told by the other source with the same numbers. */
export function isSameExecution(a: Execution, b: Execution): boolean {
  return a.id === b.id || (a.source !== b.source && a.cumQty.eq(b.cumQty) && a.qty.eq(b.qty) && a.price.eq(b.price));
}

/** News for an order that was never sent as far as we know (a book restored from a backup): it was, so say so first. */
function catchUp(state: OrderState): readonly OrderEvent[] {
  return state.status === 'initialized' ? [{ kind: 'submitted' }] : [];
}

/** The broker shrinks an order, never enlarges it: the smallest quantity that was told holds, in whatever order it was told. */
function shrinking(local: LocalOrder, news: News): readonly OrderEvent[] {
  const { qty } = news;
  if (qty === undefined || qty === null || isClosed(local.state.status) || local.state.status === 'initialized' || !qty.lt(local.state.qty)) return [];
  return [{ kind: 'restated', qty }];
}

function planFill(local: LocalOrder, execution: Execution): Plan {
  if (local.fills.some((known) => isSameExecution(known, execution))) return NOTHING;
  return { events: [...catchUp(local.state), { kind: 'fill', qty: execution.qty, price: execution.price }], isNewFill: true, doubt: null };
}

type StatusKind = Exclude<NewsKind, 'fill'>;
const CLOSING: ReadonlySet<StatusKind> = new Set<StatusKind>(['canceled', 'expired', 'rejected', 'replaced']);

function planClosed({ state, isKnownToBroker }: LocalOrder, kind: StatusKind): Plan {
  // We closed it without the broker ever having known it: then it must not turn up there.
  if (!isKnownToBroker && state.status !== kind) return CONTRADICTION;
  return CLOSING.has(kind) && state.status !== kind ? CONTRADICTION : NOTHING;
}

function planStatus(local: LocalOrder, kind: StatusKind, at: EpochMs): Plan {
  const { status } = local.state;
  const isOlderThan = (last: EpochMs | null | undefined): boolean => last !== null && last !== undefined && at < last;
  const say = (...events: OrderEvent[]): Plan => ({ events: [...catchUp(local.state), ...events], isNewFill: false, doubt: null });
  const isUnconfirmed = status === 'submitted' || status === 'initialized';
  /** What cannot be said of an order that the broker has not confirmed yet says so, too. */
  const sayConfirmed = (...events: OrderEvent[]): Plan => (isUnconfirmed ? say({ kind: 'accepted' }, ...events) : say(...events));
  if (isClosed(status)) return planClosed(local, kind);
  switch (kind) {
    case 'accepted':
      return isUnconfirmed || status === 'held' ? say({ kind }) : NOTHING;
    case 'held': case 'restated':
      // A leg that once worked does not wait again; what a restatement says stands in the quantity.
      return isUnconfirmed ? say({ kind: kind === 'held' ? kind : 'accepted' }) : NOTHING;
    case 'cancel_requested':
      return status === 'pending_cancel' || isOlderThan(local.lastCancelNewsAt) ? NOTHING : say({ kind });
    case 'cancel_rejected':
      return isOlderThan(local.lastCancelNewsAt) || status === 'held' ? NOTHING : sayConfirmed({ kind });
    case 'replace_requested':
      // A cancel that was asked for meanwhile is the later wish.
      return status === 'pending_replace' || status === 'pending_cancel' || isOlderThan(local.lastReplaceNewsAt) ? NOTHING : sayConfirmed({ kind });
    case 'replace_rejected':
      return isOlderThan(local.lastReplaceNewsAt) ? NOTHING : sayConfirmed({ kind });
    case 'rejected': case 'canceled': case 'expired': case 'replaced':
      return say({ kind });
    default:
      return unreachable(kind);
  }
}

/** Applies a plan's events to a state. Null when one of them is illegal. */
export function foldEvents(state: OrderState, events: readonly OrderEvent[]): OrderState | null {
  let next = state;
  for (const event of events) {
    const result = applyOrderEvent(next, event);
    if (!result.ok) return null;
    next = result.value;
  }
  return next;
}

/**
 * What a piece of news means for an order. Any permutation and repetition of a legal history ends in the same state; what is not legal
 * changes nothing and is named as doubt.
 */
export function planNews(local: LocalOrder, news: News): Plan {
  if (news.kind === null) return { events: [], isNewFill: false, doubt: 'unknown_word' };
  if (news.kind === 'fill' && news.execution === null) return CONTRADICTION;
  const shrunk = shrinking(local, news);
  const state = foldEvents(local.state, shrunk);
  if (state === null) return CONTRADICTION;
  const said = news.kind === 'fill' && news.execution !== null ? planFill({ ...local, state }, news.execution) : planStatus({ ...local, state }, news.kind as StatusKind, news.at);
  const plan = { ...said, events: [...shrunk, ...said.events] };
  const after = foldEvents(local.state, plan.events);
  if (after === null) return CONTRADICTION;
  if (plan.doubt === null && after.filledQty.lt(news.filledQty)) return { ...plan, doubt: 'fills_missing' };
  return plan;
}

/**
 * The end of an order waits for its fills: news of the end that counts more shares than we have booked says no more than that the broker has the order, until they
 * are here. Closed earlier, its shares would be ordered again, or sold twice. Canceled with 3 filled, 0 known = accepted; `planNews` names the doubt that has them read.
 */
export function notBeforeItsFills(local: LocalOrder, news: News): News {
  const isEnd = news.kind !== null && news.kind !== 'fill' && CLOSING.has(news.kind);
  return isEnd && !isClosed(local.state.status) && local.state.filledQty.lt(news.filledQty) ? { ...news, kind: 'accepted' } : news;
}

/** The order after a plan that was carried out. */
export function afterPlan(local: LocalOrder, news: News, plan: Plan): LocalOrder {
  const state = foldEvents(local.state, plan.events);
  if (state === null || plan.events.length === 0) return local;
  const isAboutCancel = news.kind === 'cancel_requested' || news.kind === 'cancel_rejected';
  const isAboutReplace = news.kind === 'replace_requested' || news.kind === 'replace_rejected';
  return {
    state, isKnownToBroker: true,
    fills: plan.isNewFill && news.execution !== null ? [...local.fills, news.execution] : local.fills,
    lastCancelNewsAt: isAboutCancel ? news.at : local.lastCancelNewsAt,
    lastReplaceNewsAt: isAboutReplace ? news.at : (local.lastReplaceNewsAt ?? null),
  };
}
