/** The open orders of the venue with the indexes that matching and admission need; what they hold back is kept as running sums. */
import { addMoney, addQuantity, Decimal, notional, subtractMoney, subtractQuantity, ZERO_MONEY, ZERO_QUANTITY, type Money, type Quantity } from '#app/domain/numeric.ts';
import type { Side } from '#app/domain/order.ts';
import { isOpenStatus, type VenueOrder } from './venue-types.ts';

/** Dollars that an open order holds back by itself: what it would still cost; nothing when it reduces a position. */
export function reservedBy(order: Pick<VenueOrder, 'qty' | 'notional' | 'filledQty' | 'reservePrice'>): Money {
  if (order.reservePrice === null) return ZERO_MONEY;
  if (order.qty === null) return order.notional ?? ZERO_MONEY;
  return notional(subtractQuantity(order.qty, order.filledQty), order.reservePrice);
}

/** Shares that an order may still trade; none for an order by dollars. */
export function leavesOf(order: Pick<VenueOrder, 'qty' | 'filledQty'>): Quantity {
  return order.qty === null ? ZERO_QUANTITY : subtractQuantity(order.qty, order.filledQty);
}

/** Whether the order, when it executes, makes a position smaller. */
export function isClosing(order: Pick<VenueOrder, 'positionIntent'>): boolean {
  return order.positionIntent === 'buy_to_close' || order.positionIntent === 'sell_to_close';
}

/** Whether an order waits to take the place of another that is still worked. */
export function isIncoming(order: VenueOrder): boolean {
  return order.status === 'pending_new' && order.replaces !== null;
}

type Held = { readonly money: Money; readonly shares: Quantity };
const NOTHING: Held = { money: ZERO_MONEY, shares: ZERO_QUANTITY };

const sideKey = (symbol: string, side: Side): string => `${side} ${symbol}`;
const bySeq = (a: VenueOrder, b: VenueOrder): number => a.seq - b.seq;

/** Open orders by id, client id, symbol and parent. */
export class OpenOrders {
  private readonly orders = new Map<string, VenueOrder>();
  private readonly clientIds = new Map<string, string>();
  private readonly symbols = new Map<string, Readonly<Record<Side, Map<string, VenueOrder>>>>();
  private readonly children = new Map<string, Set<string>>();
  private readonly waiting = new Set<string>();
  private readonly slow = new Set<string>();
  private readonly hasty = new Set<string>();
  private readonly held = new Map<string, Held>();
  private readonly exitShares = new Map<string, Quantity>();
  private reservedTotal: Money = ZERO_MONEY;
  /** No open order ends before this instant. */
  private expiryBound = Infinity;

  constructor(orders: Iterable<VenueOrder> = []) {
    for (const order of orders) this.put(order);
  }

  get size(): number {
    return this.orders.size;
  }

  get(id: string): VenueOrder | undefined {
    return this.orders.get(id);
  }

  hasClientId(clientOrderId: string): boolean {
    return this.clientIds.has(clientOrderId);
  }

  /** All open orders, oldest first. */
  all(): VenueOrder[] {
    return [...this.orders.values()].sort(bySeq);
  }

  /** Open orders of a symbol, in no order that counts. */
  of(symbol: string): VenueOrder[] {
    const sides = this.symbols.get(symbol);
    return sides === undefined ? [] : [...sides.buy.values(), ...sides.sell.values()];
  }

  /** Open orders of a symbol on one side, in no order that counts. */
  onSide(symbol: string, side: Side): Iterable<VenueOrder> {
    return this.symbols.get(symbol)?.[side].values() ?? [];
  }

  symbolsInUse(): Iterable<string> {
    return this.symbols.keys();
  }

  /** The other open members of an order's group, oldest first: entry, take-profit, stop-loss. */
  group(order: VenueOrder): VenueOrder[] {
    const root = order.parentId ?? order.id;
    return [root, ...(this.children.get(root) ?? [])].flatMap((id) => {
      const member = id === order.id ? undefined : this.orders.get(id);
      return member ? [member] : [];
    }).sort(bySeq);
  }

  /** Orders that wait for a session to begin, oldest first. */
  accepted(): VenueOrder[] {
    return this.pick(this.waiting);
  }

  /** Orders with a slow cancel or a slow replacement under way, oldest first. */
  pending(): VenueOrder[] {
    return this.pick(this.slow);
  }

  /** Orders that trade at once or in an opening auction, oldest first. */
  immediate(): VenueOrder[] {
    return this.pick(this.hasty);
  }

  /** Orders whose life has ended by `now`, oldest first. */
  endedBy(now: number): VenueOrder[] {
    if (now < this.expiryBound) return [];
    const all = this.all();
    this.expiryBound = all.reduce((bound, order) => (order.expiresAt > now ? Math.min(bound, order.expiresAt) : bound), Infinity);
    return all.filter((order) => order.expiresAt <= now);
  }

  /** Dollars held back by all open orders. */
  reserved(): Money {
    return this.reservedTotal;
  }

  /** Shares that open exits of this side hold; exits that exclude each other hold them once. */
  exiting(symbol: string, side: Side): Quantity {
    return this.exitShares.get(sideKey(symbol, side)) ?? ZERO_QUANTITY;
  }

  /** Stores an order's next form, or forgets it when it is closed. */
  put(order: VenueOrder): void {
    if (!isOpenStatus(order.status)) {
      this.drop(order);
      return;
    }
    const before = this.orders.get(order.id);
    if (before && before.parentId !== order.parentId) this.unlink(before);
    this.orders.set(order.id, order);
    this.clientIds.set(order.clientOrderId, order.id);
    const sides = this.symbols.get(order.symbol) ?? { buy: new Map<string, VenueOrder>(), sell: new Map<string, VenueOrder>() };
    sides[order.side].set(order.id, order);
    this.symbols.set(order.symbol, sides);
    if (order.parentId !== null) this.children.set(order.parentId, (this.children.get(order.parentId) ?? new Set()).add(order.id));
    mark(this.waiting, order.id, order.status === 'accepted');
    mark(this.slow, order.id, order.status === 'pending_cancel' || order.status === 'pending_replace');
    mark(this.hasty, order.id, order.timeInForce === 'ioc' || order.timeInForce === 'fok' || order.timeInForce === 'opg');
    this.expiryBound = Math.min(this.expiryBound, order.expiresAt);
    this.hold(order);
    // What a replacement holds beyond the old order depends on what the old one still holds.
    const incoming = order.replacedBy === null ? undefined : this.orders.get(order.replacedBy);
    if (incoming) this.hold(incoming);
  }

  private pick(ids: Iterable<string>): VenueOrder[] {
    return [...ids].flatMap((id) => this.orders.get(id) ?? []).sort(bySeq);
  }

  private unlink(order: VenueOrder): void {
    if (order.parentId === null) return;
    const set = this.children.get(order.parentId);
    set?.delete(order.id);
    if (set?.size === 0) this.children.delete(order.parentId);
  }

  private drop(order: VenueOrder): void {
    const before = this.orders.get(order.id);
    if (!before) return;
    this.orders.delete(order.id);
    this.clientIds.delete(order.clientOrderId);
    const sides = this.symbols.get(order.symbol);
    sides?.[order.side].delete(order.id);
    if (sides && sides.buy.size + sides.sell.size === 0) this.symbols.delete(order.symbol);
    this.unlink(before);
    this.waiting.delete(order.id);
    this.slow.delete(order.id);
    this.hasty.delete(order.id);
    this.account(order, NOTHING);
    const incoming = order.replacedBy === null ? undefined : this.orders.get(order.replacedBy);
    if (incoming) this.hold(incoming);
  }

  private hold(order: VenueOrder): void {
    this.account(order, this.holdOf(order));
  }

  /** During a replacement the larger of both counts: the replacement holds what it needs beyond the old order. */
  private holdOf(order: VenueOrder): Held {
    const money = reservedBy(order);
    const shares = order.status === 'held' || !isClosing(order) ? ZERO_QUANTITY : leavesOf(order);
    const old = isIncoming(order) && order.replaces !== null ? this.orders.get(order.replaces) : undefined;
    if (!old) return { money, shares };
    const before = this.holdOf(old);
    return { money: Decimal.max(0, money.minus(before.money)) as Money, shares: Decimal.max(0, shares.minus(before.shares)) as Quantity };
  }

  private account(order: VenueOrder, next: Held): void {
    const before = this.held.get(order.id) ?? NOTHING;
    if (next === NOTHING) this.held.delete(order.id);
    else this.held.set(order.id, next);
    if (!before.money.eq(next.money)) this.reservedTotal = addMoney(subtractMoney(this.reservedTotal, before.money), next.money);
    if (before.shares.eq(next.shares)) return;
    const key = sideKey(order.symbol, order.side);
    const shares = addQuantity(subtractQuantity(this.exiting(order.symbol, order.side), before.shares), next.shares);
    if (shares.isZero()) this.exitShares.delete(key);
    else this.exitShares.set(key, shares);
  }
}

function mark(set: Set<string>, id: string, isIn: boolean): void {
  if (isIn) set.add(id);
  else set.delete(id);
}
