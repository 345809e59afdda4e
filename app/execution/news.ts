/** Reads the broker's news about one order, in whatever order and however often it arrives. */
import { unreachable } from '#app/domain/errors.ts';
import type { Price, Quantity } from '#app/domain/numeric.ts';
import { applyOrderEvent, isClosed, type OrderEvent, type OrderEventKind, type OrderState } from '#app/domain/order.ts';
import type { EpochMs } from '#app/domain/time.ts';

/** Where a fill was told: on the stream or in the account's activities. Their ids need not agree, so the other facts must tell a repetition. */
export type FillSource = 'stream' | 'activity';

/** One execution. `cumQty` is the order's filled quantity after it, as the broker counts. */
export type Execution = { readonly id: string; readonly qty: Quantity; readonly price: Price; readonly cumQty: Quantity; readonly source: FillSource };

/** An order as our book has it. `lastCancelNewsAt`: broker time of the newest news about cancelling. `isKnownToBroker`: the broker has confirmed it at least once. */
export type LocalOrder = { readonly state: OrderState; readonly fills: readonly Execution[]; readonly lastCancelNewsAt: EpochMs | null; readonly isKnownToBroker: boolean };

/** What the broker says: `kind` in our words (null = a word that we do not know), its cumulative filled quantity, and the execution if it is one. */
export type News = { readonly kind: NewsKind | null; readonly at: EpochMs; readonly filledQty: Quantity; readonly execution: Execution | null };
export type NewsKind = Extract<OrderEventKind, 'accepted' | 'rejected' | 'fill' | 'cancel_requested' | 'cancel_rejected' | 'canceled' | 'expired' | 'replaced'>;

/**
 * What to do about news: events to apply, in order, and whether something does not add up (then ask the broker):
 * `fills_missing`: it counts more shares than we booked; `contradiction`: the news cannot follow what we know; `unknown_word`.
 */
export type Plan = { readonly events: readonly OrderEvent[]; readonly isNewFill: boolean; readonly doubt: Doubt | null };
export type Doubt = 'fills_missing' | 'contradiction' | 'unknown_word';

const NOTHING: Plan = { events: [], isNewFill: false, doubt: null };
const CONTRADICTION: Plan = { events: [], isNewFill: false, doubt: 'contradiction' };

const STREAM_WORDS: Readonly<Record<string, NewsKind>> = {
  new: 'accepted', accepted: 'accepted', pending_new: 'accepted', held: 'accepted', done_for_day: 'accepted', stopped: 'accepted', calculated: 'accepted', suspended: 'accepted',
  accepted_for_bidding: 'accepted', pending_review: 'accepted', pending_replace: 'accepted', order_replace_rejected: 'accepted', restated: 'accepted', partially_filled: 'accepted', filled: 'accepted',
  fill: 'fill', partial_fill: 'fill', canceled: 'canceled', expired: 'expired', rejected: 'rejected', replaced: 'replaced', pending_cancel: 'cancel_requested', order_cancel_rejected: 'cancel_rejected',
};

/** Our word for an event of the stream or a status of an order; null for one that we do not know. */
export function newsKindOf(word: string): NewsKind | null {
  return Object.hasOwn(STREAM_WORDS, word) ? (STREAM_WORDS[word] ?? null) : null;
}

/** The same execution told before: same id, or told by the other source with the same numbers. */
export function isSameExecution(a: Execution, b: Execution): boolean {
  return a.id === b.id || (a.source !== b.source && a.cumQty.eq(b.cumQty) && a.qty.eq(b.qty) && a.price.eq(b.price));
}

/** News for an order that was never sent as far as we know (a book restored from a backup): it was, so say so first. */
function catchUp(state: OrderState): readonly OrderEvent[] {
  return state.status === 'initialized' ? [{ kind: 'submitted' }] : [];
}

function planFill(local: LocalOrder, execution: Execution): Plan {
  if (local.fills.some((known) => isSameExecution(known, execution))) return NOTHING;
  return { events: [...catchUp(local.state), { kind: 'fill', qty: execution.qty, price: execution.price }], isNewFill: true, doubt: null };
}

function planStatus(local: LocalOrder, kind: Exclude<NewsKind, 'fill'>, at: EpochMs): Plan {
  const { state } = local;
  const isStale = local.lastCancelNewsAt !== null && at < local.lastCancelNewsAt;
  const say = (...events: OrderEvent[]): Plan => ({ events: [...catchUp(state), ...events], isNewFill: false, doubt: null });
  if (isClosed(state.status)) {
    // We closed it without the broker ever having known it: then it must not turn up there.
    if (!local.isKnownToBroker && state.status !== kind) return CONTRADICTION;
    const isClosing = kind === 'canceled' || kind === 'expired' || kind === 'rejected' || kind === 'replaced';
    return isClosing && state.status !== kind ? CONTRADICTION : NOTHING;
  }
  switch (kind) {
    case 'accepted':
      return state.status === 'submitted' || state.status === 'initialized' ? say({ kind }) : NOTHING;
    case 'cancel_requested':
      return state.status === 'pending_cancel' || isStale ? NOTHING : say({ kind });
    case 'cancel_rejected':
      if (isStale) return NOTHING;
      return state.status === 'submitted' || state.status === 'initialized' ? say({ kind: 'accepted' }, { kind }) : say({ kind });
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
  const plan = news.kind === 'fill' && news.execution !== null ? planFill(local, news.execution) : planStatus(local, news.kind as Exclude<NewsKind, 'fill'>, news.at);
  const after = foldEvents(local.state, plan.events);
  if (after === null) return CONTRADICTION;
  if (plan.doubt === null && after.filledQty.lt(news.filledQty)) return { ...plan, doubt: 'fills_missing' };
  return plan;
}

/** The order after a plan that was carried out. */
export function afterPlan(local: LocalOrder, news: News, plan: Plan): LocalOrder {
  const state = foldEvents(local.state, plan.events);
  if (state === null || plan.events.length === 0) return local;
  const isAboutCancel = news.kind === 'cancel_requested' || news.kind === 'cancel_rejected';
  return {
    state, isKnownToBroker: true,
    fills: plan.isNewFill && news.execution !== null ? [...local.fills, news.execution] : local.fills,
    lastCancelNewsAt: isAboutCancel ? news.at : local.lastCancelNewsAt,
  };
}
