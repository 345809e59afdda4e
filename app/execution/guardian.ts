/** The guardian: looks at orders and positions together and says what is wrong with them. It never acts by itself. */
import { Decimal, toText, ZERO_QUANTITY, type Price, type Quantity } from '#app/domain/numeric.ts';
import { isClosed, type OrderRole, type OrderStatus, type OrderType, type Side } from '#app/domain/order.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import type { FoundIssue } from './remedy.ts';

/** An order as the guardian sees it. `since`: when it last moved, our clock. `stopPrice`: of a stop order; a trailing one has none. */
export type GuardOrder = {
  readonly orderId: string; readonly symbol: string; readonly side: Side; readonly type: OrderType; readonly role: OrderRole; readonly parentOrderId: string | null; readonly strategyId: string | null;
  readonly status: OrderStatus; readonly isReducing: boolean; readonly qty: Quantity; readonly filledQty: Quantity; readonly stopPrice: Price | null; readonly since: EpochMs;
};

/** An entry that was sent with a stop and belongs to the present holding: what it bought and what its own exits have sold of it. */
export type ProtectedEntry = { readonly orderId: string; readonly symbol: string; readonly strategyId: string | null; readonly filledQty: Quantity; readonly exitedQty: Quantity; readonly stopPrice: Price; readonly since: EpochMs; /** What became of its last stop; null = none was ever seen. */ readonly lastStop: OrderStatus | null };

/** A holder's share of a position ('' = manual). */
export type Share = { readonly strategyId: string; readonly symbol: string; readonly qty: Quantity };

/** Everything that is looked at. `open`: all open orders; `parents`: status of the orders on which open legs hang; `prices`: last closes, dollars. */
export type GuardFacts = {
  readonly now: EpochMs; readonly open: readonly GuardOrder[]; readonly parents: ReadonlyMap<string, OrderStatus>; readonly entries: readonly ProtectedEntry[]; readonly shares: readonly Share[];
  readonly account: ReadonlyMap<string, Quantity>; readonly prices: ReadonlyMap<string, Price>;
};

/** What moves by itself within moments is not worth a finding. */
const GRACE_MS = 30_000;
const STUCK_MS = MINUTE_MS;
const MARKET_STUCK_MS = 2 * MINUTE_MS;

const sum = (quantities: readonly Quantity[]): Quantity => quantities.reduce((total, qty) => total.plus(qty) as Quantity, ZERO_QUANTITY);
const rest = (order: GuardOrder): Quantity => order.qty.minus(order.filledQty) as Quantity;
const exitSide = (held: Quantity): Side => (held.gt(0) ? 'sell' : 'buy');
const nameOf = (strategyId: string | null): string => (strategyId === null || strategyId === '' ? 'the manual share' : strategyId);
const isStop = (order: GuardOrder): boolean => order.type === 'stop' || order.type === 'stop_limit' || order.type === 'trailing_stop';

function stuck(order: GuardOrder, now: EpochMs): FoundIssue[] {
  const age = now - order.since;
  const found = (message: string, remedy: FoundIssue['remedy']): FoundIssue[] => [{ kind: 'stuck_order', severity: 'warning', subject: order.orderId, message: `${message} for ${Math.floor(age / MINUTE_MS)} minutes`, remedy }];
  const compare = { words: 'Compares the books with the broker now', action: { kind: 'compare' } } as const;
  if (age >= STUCK_MS && order.status === 'submitted') return found('The broker has not said whether it has this order', compare);
  if (age >= STUCK_MS && (order.status === 'pending_cancel' || order.status === 'pending_replace')) return found(`The order waits to be ${order.status === 'pending_cancel' ? 'canceled' : 'replaced'}`, compare);
  const isWorking = order.status === 'accepted' || order.status === 'partially_filled';
  if (age >= MARKET_STUCK_MS && isWorking && order.type === 'market') return found('A market order has not filled', { words: 'Asks the broker to cancel it', action: { kind: 'cancel', orderIds: [order.orderId] } });
  return [];
}

/** Exits whose shares are gone, or that would sell more than is held and open a position on the other side. */
function exits({ now, open, parents, account }: GuardFacts): FoundIssue[] {
  const issues: FoundIssue[] = [];
  const settled = open.filter((order) => order.isReducing && now - order.since >= GRACE_MS && order.status !== 'initialized' && order.status !== 'pending_cancel');
  for (const order of settled) {
    const parent = order.parentOrderId === null ? null : (parents.get(order.parentOrderId) ?? null);
    // Legs of an entry that still works are held by the broker until there is something to protect.
    if (parent !== null && !isClosed(parent)) continue;
    const held = account.get(order.symbol) ?? ZERO_QUANTITY;
    const hasNothing = held.isZero() || exitSide(held) !== order.side;
    const isLeg = order.role !== 'order';
    if (!hasNothing && !rest(order).gt(held.abs())) continue;
    const words = hasNothing ? `The order would ${order.side} ${toText(rest(order))} ${order.symbol}, and no such position is held any more` : `The order would ${order.side} ${toText(rest(order))} ${order.symbol}, but only ${toText(held.abs())} are held`;
    const after = hasNothing ? 'Asks the broker to cancel it' : 'Asks the broker to cancel it; a stop for what is held is proposed next';
    issues.push({ kind: isLeg ? 'leftover_exit' : 'exit_of_nothing', severity: hasNothing ? 'critical' : 'warning', subject: order.orderId, message: words, remedy: { words: after, action: { kind: 'cancel', orderIds: [order.orderId] } } });
  }
  return issues;
}

const WHY: Readonly<Partial<Record<OrderStatus, string>>> = { expired: 'its stop expired', canceled: 'its stop was canceled', rejected: 'the broker rejected its stop', filled: 'its stop has filled in part', replaced: 'its stop was replaced by nothing' };

function protectionRemedy(share: Share, missing: Quantity, stopPrice: Price, last: Price | undefined): FoundIssue['remedy'] {
  const [side, qty] = [exitSide(share.qty), toText(missing)];
  const isBeyond = last !== undefined && (side === 'sell' ? last.lte(stopPrice) : last.gte(stopPrice));
  if (isBeyond) {
    return { words: `The price (${toText(last)}) is beyond the stop already: asks risk to ${side} ${qty} ${share.symbol} at market`, action: { kind: 'exit', symbol: share.symbol, strategyId: share.strategyId === '' ? null : share.strategyId, qty } };
  }
  return { words: `Asks risk for a stop that ${side === 'sell' ? 'sells' : 'buys back'} ${qty} ${share.symbol} at ${toText(stopPrice)}`, action: { kind: 'protect', symbol: share.symbol, side, qty, stopPrice: toText(stopPrice) } };
}

/** Shares whose entry was sent with a stop, and of which less is covered by stops that live. A stop by hand covers whoever holds the shares. */
function unprotected({ now, open, entries, shares, prices }: GuardFacts): FoundIssue[] {
  return shares.flatMap((share): FoundIssue[] => {
    const mine = entries.filter((entry) => (entry.strategyId ?? '') === share.strategyId && entry.symbol === share.symbol);
    const newest = mine.at(-1);
    if (!newest || share.qty.isZero() || mine.some((entry) => now - entry.since < GRACE_MS)) return [];
    const wanted = Decimal.min(share.qty.abs(), sum(mine.map((entry) => entry.filledQty.minus(entry.exitedQty) as Quantity))) as Quantity;
    const stops = open.filter((order) => order.symbol === share.symbol && isStop(order) && order.side === exitSide(share.qty) && ((order.strategyId ?? '') === share.strategyId || order.strategyId === null));
    const missing = wanted.minus(sum(stops.map(rest))) as Quantity;
    if (!missing.gt(0)) return [];
    const why = newest.lastStop === null ? 'its stop never came' : (WHY[newest.lastStop] ?? 'its stop covers less');
    const message = `${nameOf(share.strategyId)} holds ${toText(share.qty)} ${share.symbol} that were to have a stop at ${toText(newest.stopPrice)}; ${toText(missing)} have none: ${why}`;
    return [{ kind: 'unprotected_position', severity: 'critical', subject: `${share.strategyId === '' ? 'manual' : share.strategyId}/${share.symbol}`, message, remedy: protectionRemedy(share, missing, newest.stopPrice, prices.get(share.symbol)) }];
  });
}

/** Shares that do not add up to the account, and strategies that believe in more than the account holds. */
function holdings({ shares, account, prices }: GuardFacts): FoundIssue[] {
  const issues: FoundIssue[] = [];
  for (const symbol of new Set([...account.keys(), ...shares.map((share) => share.symbol)])) {
    const mine = shares.filter((share) => share.symbol === symbol);
    const held = account.get(symbol) ?? ZERO_QUANTITY;
    const total = sum(mine.map((share) => share.qty));
    if (!total.eq(held)) {
      issues.push({ kind: 'unowned_position', severity: 'critical', subject: symbol, message: `The account holds ${toText(held)} ${symbol}, its holders ${toText(total)} together`, remedy: null });
      continue;
    }
    const manual = sum(mine.filter((share) => share.strategyId === '').map((share) => share.qty));
    for (const share of mine) {
      if (share.strategyId === '' || share.qty.isZero() || manual.isZero() || manual.s === share.qty.s) continue;
      const qty = Decimal.min(share.qty.abs(), manual.abs()).times(share.qty.s);
      const price = prices.get(symbol);
      issues.push({
        kind: 'overheld_share', severity: 'warning', subject: `${share.strategyId}/${symbol}`, message: `${share.strategyId} believes in ${toText(share.qty)} ${symbol}; ${toText(qty.abs())} of them were ${share.qty.gt(0) ? 'sold' : 'bought back'} by hand, the account holds ${toText(held)}`,
        remedy: price === undefined ? null : { words: `Takes ${toText(qty.abs())} ${symbol} from ${share.strategyId} at ${toText(price)}, against the manual share`, action: { kind: 'give_back', symbol, strategyId: share.strategyId, qty: toText(qty as Decimal), price: toText(price) } },
      });
    }
  }
  return issues;
}

/** Everything that is wrong now, each with what could be done about it. */
export function guard(facts: GuardFacts): FoundIssue[] {
  return [...facts.open.flatMap((order) => stuck(order, facts.now)), ...exits(facts), ...unprotected(facts), ...holdings(facts)];
}
