/** An order of a back-test: numbers in whole units, changed in place. The words are those of the exact venue (venue-types.ts). */
import type { OrderClass, OrderRole, OrderType, TimeInForce } from '#app/domain/order.ts';

/** Terms as they are asked for. Prices in micro-dollars, NaN = none; shares in 1e-9; `trailPercent` in percent. */
export type OrderTermsIn = {
  readonly side: 1 | -1;
  readonly qty: number;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly orderClass: OrderClass;
  readonly limit: number;
  readonly stop: number;
  readonly trail: number;
  readonly trailPercent: number;
  readonly takeProfit: number;
  readonly stopLoss: number;
  readonly stopLossLimit: number;
};

/** `open`: at work, or waiting for the session. `held`: a leg that waits for its entry, or a stop that is watched beside its take-profit. */
export type OrderState = 'open' | 'held' | 'closed';

/** One order. */
export class Order {
  /** Counts the orders of the run from 1, legs too, in the order of acceptance. */
  readonly seq: number;
  readonly market: number;
  readonly side: 1 | -1;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly orderClass: OrderClass;
  readonly role: OrderRole;
  /** The id by which its maker knows it; of a leg that of its entry. */
  readonly tag: string | number;
  /** Makes a position smaller when it executes. */
  readonly isClosing: boolean;
  state: OrderState;
  qty: number;
  filled = 0;
  limit: number;
  stop: number;
  trail: number;
  readonly trailPercent: number;
  /** Best price that a trailing stop has seen. */
  best = NaN;
  /** Hidden limit of a stop to buy. */
  band = NaN;
  /** Micro-dollars a share at which it holds buying power, NaN when it only reduces. */
  reserve: number;
  /** The market has reached its stop. */
  isTriggered = false;
  readonly placedAt: number;
  /** It fills at no price from before this instant, epoch ms. */
  since: number;
  /** The session with whose close it ends, -1: by `expiresAt`. */
  readonly lastSession: number;
  /** End of its life, epoch ms; NaN: by its session. */
  readonly expiresAt: number;
  readonly auctionAt: number;
  parent: Order | null = null;
  /** Its exits: take-profit, stop-loss. */
  legs: readonly Order[] = NO_LEGS;
  readonly stopLoss: number;
  /** Commission taken so far, micro-dollars, and the value that it is reckoned on. */
  commission = 0;
  traded = 0;

  constructor(seq: number, given: OrderStart) {
    const { terms } = given;
    this.seq = seq;
    this.market = given.market;
    this.side = terms.side;
    this.type = terms.type;
    this.timeInForce = terms.timeInForce;
    this.orderClass = terms.orderClass;
    this.role = given.role;
    this.tag = given.tag;
    this.isClosing = given.isClosing;
    this.state = given.state;
    this.qty = terms.qty;
    this.limit = terms.limit;
    this.stop = terms.stop;
    this.trail = terms.trail;
    this.trailPercent = terms.trailPercent;
    this.reserve = given.reserve;
    this.placedAt = given.at;
    this.since = given.at;
    this.lastSession = given.lastSession;
    this.expiresAt = given.expiresAt;
    this.auctionAt = given.auctionAt;
    this.stopLoss = terms.stopLoss;
  }

  /** Shares that it may still trade. */
  get leaves(): number {
    return this.qty - this.filled;
  }
}

const NO_LEGS: readonly Order[] = [];

/** What an order begins with beside its terms. */
export type OrderStart = {
  readonly market: number; readonly terms: OrderTermsIn; readonly role: OrderRole; readonly tag: string | number; readonly isClosing: boolean; readonly state: OrderState; readonly reserve: number;
  readonly at: number; readonly lastSession: number; readonly expiresAt: number; readonly auctionAt: number;
};

/** Whether an order of this type waits for its stop first. */
export function waitsForStop(type: OrderType): boolean {
  return type === 'stop' || type === 'stop_limit' || type === 'trailing_stop';
}

/** The other open members of an order's group, oldest first: entry, take-profit, stop-loss. */
export function groupOf(order: Order): Order[] {
  const root = order.parent ?? order;
  const members = root.legs.length === 0 ? [] : [root, ...root.legs];
  return members.filter((member) => member !== order && member.state !== 'closed');
}

/** The name of an order in lines and at the desk: the id that it was given; of an exit without an own one that of its entry and its role. */
export function nameOf(order: Order): string {
  return order.parent !== null && order.tag === order.parent.tag ? `${order.tag}/${order.role}` : String(order.tag);
}
