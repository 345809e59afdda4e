/** Placing and canceling orders of a back-test: read, held against the broker's rules, put into the book with their exits. */
import type { TimeInForce } from '#app/domain/order.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { StrategyOrder } from '#app/strategy/context.ts';
import { orderTimes } from '../order-times.ts';
import { uuidOf } from '../venue-ids.ts';
import { DEFAULT_VENUE_CONFIG } from '../venue-types.ts';
import { admit, OK } from './admit.ts';
import { textOf } from './book.ts';
import type { Core, MarketState } from './core.ts';
import { Order, type OrderTermsIn } from './order.ts';
import { bandAbove, trailingStop } from './prices.ts';
import { microOf, NANO, toTick } from './units.ts';

/** Ends of an order's life at the moment it is placed. */
type Ends = { readonly expiresAt: number; readonly auctionAt: number; readonly isShut: boolean };

const UNTIL_CANCELED: Ends = { expiresAt: NaN, auctionAt: NaN, isShut: false };

/** The same as order-times.ts, without asking the calendar for orders good for the day: the run knows its sessions. */
function endsOf(m: MarketState, tif: TimeInForce, now: number): Ends {
  if (tif === 'gtc') return UNTIL_CANCELED;
  if (tif === 'opg' || tif === 'cls') {
    const times = orderTimes({ timeInForce: tif, extendedHours: false }, now as EpochMs);
    return { expiresAt: times.expiresAt, auctionAt: times.auctionAt ?? NaN, isShut: times.isAuctionShut };
  }
  const { list, session } = m.sessions;
  let at = session[m.cursor.i] ?? 0;
  while ((list[at]?.close ?? Infinity) <= now) at += 1;
  return { expiresAt: list[at]?.close ?? Infinity, auctionAt: NaN, isShut: false };
}

/** A strategy's order in whole numbers. Where the broker is not strict, prices go to the tick, as the live pipeline sends them. */
export function readOrder(order: StrategyOrder, isStrict: boolean): OrderTermsIn {
  const price = (dollars: number | undefined): number => (dollars === undefined ? NaN : isStrict ? microOf(dollars) : toTick(dollars * 1e6));
  const orderClass = order.orderClass ?? 'simple';
  const takeProfit = price(order.takeProfit?.limitPrice);
  const limit = price(order.limitPrice);
  return {
    side: order.side === 'buy' ? 1 : -1, qty: Math.round(order.qty * NANO), type: order.type ?? (orderClass === 'oco' ? 'limit' : 'market'), timeInForce: order.timeInForce ?? 'day', orderClass,
    // The take-profit of an oco is its own limit.
    limit: orderClass === 'oco' && !Number.isNaN(takeProfit) ? takeProfit : limit, stop: price(order.stopPrice), trail: order.trailPrice === undefined ? NaN : microOf(order.trailPrice), trailPercent: order.trailPercent ?? NaN,
    takeProfit: orderClass === 'oco' ? NaN : takeProfit, stopLoss: price(order.stopLoss?.stopPrice), stopLossLimit: price(order.stopLoss?.limitPrice),
  };
}

/** What an order hangs on beside its terms: who knows it by which id; `after`: it is placed at a fill within this step. */
export type Placing = { readonly tag: string | number; readonly at?: number };

/** Places an order, or gives the broker's code of its refusal. */
export function place(core: Core, m: MarketState, terms: OrderTermsIn, { tag, at = core.now }: Placing): Order | number {
  const ends = endsOf(m, terms.timeInForce, at);
  const admitted = admit(core, m, terms, ends.isShut);
  if (admitted.code !== OK) return admitted.code;
  core.seq += 1;
  core.orders += 1;
  const role = terms.orderClass === 'oco' ? 'take_profit' : 'order';
  const order = new Order(core.seq, { market: m.index, terms, role, tag, isClosing: admitted.isClosing, state: 'open', reserve: admitted.reserve, at, lastSession: -1, expiresAt: ends.expiresAt, auctionAt: ends.auctionAt });
  if (terms.type === 'trailing_stop') {
    order.best = m.last;
    order.stop = trailingStop(order, order.best);
  } else if (terms.type === 'stop' && terms.side > 0) order.band = bandAbove(terms.stop);
  add(core, m, order);
  if (terms.orderClass !== 'simple') addLegs(core, m, order, terms);
  core.lines?.push(`order ${tag} ${terms.side > 0 ? 'buy' : 'sell'} ${textOf(terms.qty, NANO)} ${m.market.symbol} ${at}`);
  return order;
}

function add(core: Core, m: MarketState, order: Order): void {
  m.orders.push(order);
  core.openCount += 1;
}

const NO_PRICES = { limit: NaN, stop: NaN, trail: NaN, trailPercent: NaN, takeProfit: NaN, stopLoss: NaN, stopLossLimit: NaN } as const;

/** Makes the exits of an order that was taken; all are held at first. */
function addLegs(core: Core, m: MarketState, entry: Order, terms: OrderTermsIn): void {
  const side: 1 | -1 = entry.orderClass === 'oco' ? entry.side : entry.side > 0 ? -1 : 1;
  const base = { ...NO_PRICES, side, qty: entry.qty, timeInForce: entry.timeInForce, orderClass: entry.orderClass };
  const legs: Order[] = [];
  // The house tells exits apart by the ids that the exact venue would give them.
  const isNamed = core.config.desk.kind === 'house';
  const leg = (own: OrderTermsIn, role: 'take_profit' | 'stop_loss'): void => {
    core.seq += 1;
    const made = new Order(core.seq, {
      market: m.index, terms: own, role, tag: isNamed ? uuidOf(DEFAULT_VENUE_CONFIG.seed, 'leg', core.seq) : entry.tag, isClosing: true, state: 'held', reserve: NaN, at: entry.placedAt, lastSession: -1, expiresAt: entry.expiresAt, auctionAt: NaN,
    });
    made.parent = entry;
    legs.push(made);
    add(core, m, made);
  };
  if (entry.orderClass !== 'oco' && !Number.isNaN(terms.takeProfit)) leg({ ...base, type: 'limit', limit: terms.takeProfit }, 'take_profit');
  if (!Number.isNaN(terms.stopLoss)) leg({ ...base, type: Number.isNaN(terms.stopLossLimit) ? 'stop' : 'stop_limit', stop: terms.stopLoss, limit: terms.stopLossLimit }, 'stop_loss');
  entry.legs = legs;
}
