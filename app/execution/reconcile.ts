/** Two books side by side, ours and the broker's: what to do so that they agree, and what a person must look at. */
import { toText, ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import { isClosed, type OrderRole, type OrderType, type Side } from '#app/domain/order.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { afterPlan, newsKindOf, notBeforeItsFills, planNews, type Execution, type LocalOrder, type News } from './news.ts';

/** An order in our book. */
export type OurOrder = LocalOrder & {
  readonly orderId: string; readonly clientOrderId: string; readonly brokerOrderId: string | null;
  readonly symbol: string; readonly side: Side; readonly type: OrderType; readonly limitPrice: Price | null; /** Absent = an order that we sent. */ readonly role?: OrderRole; /** Absent = in no other order's place. */ readonly replacesOrderId?: string | null;
};

/** The same order at the broker. `isOpen` = it may still fill. */
export type TheirOrder = {
  readonly id: string; readonly clientOrderId: string; readonly symbol: string; readonly side: Side; readonly type: string; readonly qty: Quantity | null; readonly limitPrice: Price | null;
  readonly status: string; readonly filledQty: Quantity; readonly updatedAt: EpochMs; /** Absent = in no other order's place. */ readonly replaces?: string | null;
};

/** A fill from the account's activities. */
export type TheirFill = { readonly executionId: string; readonly brokerOrderId: string; readonly symbol: string; readonly side: Side; readonly qty: Quantity; readonly price: Price; readonly cumQty: Quantity; readonly at: EpochMs };

/** Something that does not agree. `action` says in words what is done about it. */
export type Difference = { readonly kind: DifferenceKind; readonly subject: string; readonly ours: string | null; readonly theirs: string | null; readonly action: string };
export type DifferenceKind = 'order_status' | 'order_fields' | 'order_missing' | 'order_stray' | 'fill_missing' | 'fill_extra' | 'foreign_order' | 'foreign_fill' | 'position' | 'cash';

/**
 * What to do. `news`: book it. `look_up`: the broker does not know it (yet): the resolver decides. `cancel`: it is open there and closed here.
 * `adopt`: write the order down as one that was placed elsewhere, then its news.
 */
export type Action =
  | { readonly kind: 'news'; readonly orderId: string; readonly news: readonly News[] }
  | { readonly kind: 'look_up'; readonly orderId: string }
  | { readonly kind: 'cancel'; readonly brokerOrderId: string }
  | { readonly kind: 'adopt'; readonly brokerOrderId: string; readonly qty: Quantity; readonly news: readonly News[] };

/** The outcome of a comparison. Repaired differences are listed too: a person wants to know. */
export type Comparison = { readonly actions: readonly Action[]; readonly differences: readonly Difference[] };

const CLOSED_THERE: ReadonlySet<string> = new Set(['filled', 'canceled', 'expired', 'rejected', 'replaced']);

/** Does the broker's order still live? */
export function isOpenThere(order: TheirOrder): boolean {
  return !CLOSED_THERE.has(order.status);
}

/** The news that lies in an order's status at the broker. */
export function newsOfOrder(order: TheirOrder): News {
  return { kind: newsKindOf(order.status), at: order.updatedAt, filledQty: order.filledQty, execution: null };
}

/** The news that lies in an activity. */
export function newsOfFill(fill: TheirFill): News {
  const execution: Execution = { id: fill.executionId, qty: fill.qty, price: fill.price, cumQty: fill.cumQty, source: 'activity' };
  return { kind: 'fill', at: fill.at, filledQty: fill.cumQty, execution };
}

/** Alpaca turns a stop that buys into a stop-limit: the same order, with a bound on its price. */
function isSameType(ours: OurOrder, theirs: TheirOrder): boolean {
  return ours.type === theirs.type || (ours.type === 'stop' && theirs.type === 'stop_limit');
}

/** Both know it as one in another's place: what the old one filled until the change took effect is taken off its quantity. */
const isReplacement = (ours: OurOrder, theirs: TheirOrder): boolean => (ours.replacesOrderId ?? null) !== null && (theirs.replaces ?? null) !== null;

/**
 * Is this the order that we sent? Compared when the broker answers by our client order id. Once its own id is known that id is proof, and terms may move:
 * a leg shrinks as its sibling fills, a split changes quantity and price of what rests.
 */
export function isSameOrder(ours: OurOrder, theirs: TheirOrder): boolean {
  const isFace = ours.symbol === theirs.symbol && ours.side === theirs.side;
  if (ours.brokerOrderId !== null) return isFace && ours.brokerOrderId === theirs.id;
  const isSameLimit = ours.type !== theirs.type || (ours.limitPrice === null ? theirs.limitPrice === null : theirs.limitPrice !== null && ours.limitPrice.eq(theirs.limitPrice));
  const isSameQty = theirs.qty !== null && (theirs.qty.eq(ours.state.qty) || (isReplacement(ours, theirs) && theirs.qty.lt(ours.state.qty)));
  return isFace && ours.clientOrderId === theirs.clientOrderId && isSameType(ours, theirs) && isSameQty && isSameLimit;
}

type Collected = { readonly actions: Action[]; readonly differences: Difference[] };

/** Orders, the fills among them the oldest first. */
function byCount(fills: readonly TheirFill[]): readonly TheirFill[] {
  return fills.length < 2 ? fills : [...fills].sort((a, b) => a.cumQty.cmp(b.cumQty));
}

function compareOne(ours: OurOrder, theirs: TheirOrder, fills: readonly TheirFill[], out: Collected): void {
  const subject = ours.clientOrderId;
  if (!isSameOrder(ours, theirs)) {
    out.differences.push({ kind: 'order_fields', subject, ours: `${ours.side} ${toText(ours.state.qty)} ${ours.symbol}`, theirs: `${theirs.side} ${theirs.qty === null ? '?' : toText(theirs.qty)} ${theirs.symbol}`, action: 'left alone; look at both orders' });
    return;
  }
  let local: LocalOrder = ours;
  const taken: News[] = [];
  const take = (news: News): void => {
    const plan = planNews(local, news);
    if (plan.events.length === 0) return;
    local = afterPlan(local, news, plan);
    taken.push(news);
  };
  for (const fill of byCount(fills)) {
    // The broker's own total is the limit: an activity told under another id than on the stream is never booked on top of it.
    if (local.state.filledQty.plus(fill.qty).lte(theirs.filledQty)) take(newsOfFill(fill));
  }
  // The broker shrinks a leg as its sibling fills, and a replacement by what the old order filled until the change took effect.
  take(notBeforeItsFills(local, { ...newsOfOrder(theirs), ...(ours.brokerOrderId === null ? {} : { qty: theirs.qty }) }));
  if (taken.length > 0) {
    out.actions.push({ kind: 'news', orderId: ours.orderId, news: taken });
    const isRepair = ours.state.status !== 'submitted' || !local.state.filledQty.eq(ours.state.filledQty);
    if (isRepair) out.differences.push({ kind: 'order_status', subject, ours: `${ours.state.status} ${toText(ours.state.filledQty)}`, theirs: `${theirs.status} ${toText(theirs.filledQty)}`, action: 'booked what the broker says' });
  }
  const gap = local.state.filledQty.cmp(theirs.filledQty);
  if (gap !== 0) {
    const action = gap < 0 ? 'the fill is not in the activities yet; asked again soon' : 'we have booked more than the broker filled; look at the fills of this order';
    out.differences.push({ kind: gap < 0 ? 'fill_missing' : 'fill_extra', subject, ours: toText(local.state.filledQty), theirs: toText(theirs.filledQty), action });
    if (gap < 0) out.actions.push({ kind: 'look_up', orderId: ours.orderId });
  }
  if (isClosed(local.state.status) && isOpenThere(theirs)) {
    out.actions.push({ kind: 'cancel', brokerOrderId: theirs.id });
    out.differences.push({ kind: 'order_stray', subject, ours: local.state.status, theirs: theirs.status, action: 'canceled at the broker: our book has closed it' });
  }
}

/**
 * The broker's side. `looked`: what it answered by client order id (null = it does not know the id). `found`: orders that neither we nor the open list know, asked for
 * because fills named them. `legs`: broker ids of orders that it made of ours: those are not somebody else's.
 */
export type TheirSide = {
  readonly open: readonly TheirOrder[]; readonly looked: ReadonlyMap<string, TheirOrder | null>; readonly fills: readonly TheirFill[];
  readonly found?: readonly TheirOrder[]; readonly legs?: ReadonlySet<string>;
};

/**
 * Takes over an order that was placed elsewhere. One by dollars has no quantity until it is done: it is taken over then, with what it filled;
 * until then its fills stay out of the book, and so does one whose fills the activities do not tell yet.
 */
function adoptOne(order: TheirOrder, fills: readonly TheirFill[], out: Collected): void {
  const say = (action: string): void => void out.differences.push({ kind: 'foreign_order', subject: order.clientOrderId, ours: null, theirs: `${order.side} ${order.qty === null ? 'by dollars' : toText(order.qty)} ${order.symbol} ${order.status}`, action });
  const qty = order.qty ?? (isOpenThere(order) ? null : order.filledQty);
  if (qty === null) return say('placed elsewhere by dollars; taken over when it is done');
  if (!qty.gt(0)) return;
  const told = fills.reduce((sum, fill) => sum.plus(fill.qty) as Quantity, ZERO_QUANTITY);
  if (!told.eq(order.filledQty)) return say('placed elsewhere; taken over when its fills are in the activities');
  out.actions.push({ kind: 'adopt', brokerOrderId: order.id, qty, news: [...byCount(fills).map(newsOfFill), newsOfOrder(order)] });
  say('placed elsewhere; taken over into our book');
}

/** A comparison in parts, so that a long one does not hold up its thread: `compare` slices of our orders, then `finish` once. */
export type Comparer = { compare(ours: readonly OurOrder[]): void; finish(): Comparison };

/** Begins a comparison. Orders of ours that are neither open there nor in `looked` are not judged. */
export function createComparer(theirs: TheirSide): Comparer {
  const out: Collected = { actions: [], differences: [] };
  const openById = new Map(theirs.open.map((order) => [order.clientOrderId, order]));
  const known = new Set<string>();
  const fillsByOrder = new Map<string, TheirFill[]>();
  for (const fill of theirs.fills) {
    const list = fillsByOrder.get(fill.brokerOrderId);
    if (list) list.push(fill);
    else fillsByOrder.set(fill.brokerOrderId, [fill]);
  }
  return {
    compare(ours) {
      for (const order of ours) {
        known.add(order.clientOrderId);
        const match = theirs.looked.get(order.clientOrderId) ?? openById.get(order.clientOrderId);
        if (match) {
          known.add(match.id);
          compareOne(order, match, fillsByOrder.get(match.id) ?? [], out);
          fillsByOrder.delete(match.id);
        } else if (theirs.looked.has(order.clientOrderId) && !isClosed(order.state.status)) {
          out.actions.push({ kind: 'look_up', orderId: order.orderId });
          // A submitted order that the broker does not know yet is the ordinary trace of a crash; one that it had confirmed is not.
          if (order.isKnownToBroker) out.differences.push({ kind: 'order_missing', subject: order.clientOrderId, ours: order.state.status, theirs: null, action: 'asked again until the broker knows it' });
        }
        if (order.brokerOrderId !== null) {
          known.add(order.brokerOrderId);
          fillsByOrder.delete(order.brokerOrderId);
        }
      }
    },
    finish() {
      const seen = new Set<string>();
      // What has ended first: what rests now may be for the position that it made.
      for (const order of [...(theirs.found ?? []), ...theirs.open]) {
        if (known.has(order.clientOrderId) || known.has(order.id) || theirs.legs?.has(order.id) === true || seen.has(order.id)) continue;
        seen.add(order.id);
        adoptOne(order, fillsByOrder.get(order.id) ?? [], out);
        fillsByOrder.delete(order.id);
      }
      for (const [brokerOrderId, fills] of fillsByOrder) {
        const [first] = fills;
        if (first && theirs.legs?.has(brokerOrderId) !== true) out.differences.push({ kind: 'foreign_fill', subject: brokerOrderId, ours: null, theirs: `${first.side} ${first.symbol}, ${fills.length} fill(s)`, action: 'the broker does not show the order; asked again at the next comparison' });
      }
      return out;
    },
  };
}

/** Compares orders and fills in one go. */
export function compareOrders(ours: readonly OurOrder[], theirs: TheirSide): Comparison {
  const comparer = createComparer(theirs);
  comparer.compare(ours);
  return comparer.finish();
}

/** What an account holds: signed quantities by symbol, and cash. */
export type Holdings = { readonly positions: ReadonlyMap<string, Quantity>; readonly cash: Money };

/** Compares positions and cash, to the last digit. Nothing is changed by it: a ledger is corrected by fills and entries, or by a person who takes the broker's figure over. */
export function compareHoldings(ours: Holdings, theirs: Holdings): readonly Difference[] {
  const differences: Difference[] = [];
  for (const symbol of [...new Set([...ours.positions.keys(), ...theirs.positions.keys()])].sort()) {
    const [mine, yours] = [ours.positions.get(symbol), theirs.positions.get(symbol)];
    const isSame = mine === undefined ? yours === undefined || yours.isZero() : yours === undefined ? mine.isZero() : mine.eq(yours);
    if (!isSame) differences.push({ kind: 'position', subject: symbol, ours: mine === undefined ? '0' : toText(mine), theirs: yours === undefined ? '0' : toText(yours), action: 'no fill explains it; see what the guardian proposes' });
  }
  if (!ours.cash.eq(theirs.cash)) {
    differences.push({ kind: 'cash', subject: 'USD', ours: toText(ours.cash), theirs: toText(theirs.cash), action: 'no fill and no activity explains it; see what the guardian proposes' });
  }
  return differences;
}
