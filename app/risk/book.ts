/** What a decision looks at: holdings, open orders with their reservations, limits, the master switch; and the sums over them. */
import type * as z from 'zod';
import type { Arming } from '#app/domain/arming.ts';
import { DEFAULT_RISK_LIMITS, riskLimitsSchema } from '#app/domain/limits.ts';
import { addMoney, Decimal, money, notional, quantity, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import { invariant } from '#app/domain/errors.ts';
import type { OrderClass, OrderRole, OrderType, Side } from '#app/domain/order.ts';
import { SECOND_MS, type EpochMs } from '#app/domain/time.ts';
import type { TradingState } from '#app/domain/trading-state.ts';
import { countOnce, type OpenOrder } from './open-orders.ts';

/** The limits, exact: dollars, shares, percent, counts and milliseconds of market time. */
export type ExactLimits = {
  readonly maxOrderNotional: Money; readonly maxOrderQty: Quantity; readonly priceCollarPercent: Decimal;
  readonly maxPositionNotional: Money; readonly maxGrossExposure: Money; readonly maxNetExposure: Money;
  readonly maxOrdersPerDay: number; readonly marginHeadroomPercent: Decimal; readonly maxDataAgeMs: number;
  readonly maxDailyLoss: Money; readonly maxDrawdownPercent: Decimal; readonly allowShort: boolean; readonly allowMargin: boolean;
};

/** Reads the wire form of the limits; what is left out takes its default. @throws AppError INPUT_INVALID */
export function exactLimits(limits: z.input<typeof riskLimitsSchema>): ExactLimits {
  const known = riskLimitsSchema.parse(limits);
  const percent = (text: string): Decimal => new Decimal(text);
  return {
    maxOrderNotional: money(known.maxOrderNotional), maxOrderQty: quantity(known.maxOrderQty), priceCollarPercent: percent(known.priceCollarPercent),
    maxPositionNotional: money(known.maxPositionNotional), maxGrossExposure: money(known.maxGrossExposure), maxNetExposure: money(known.maxNetExposure),
    maxOrdersPerDay: known.maxOrdersPerDay, marginHeadroomPercent: percent(known.marginHeadroomPercent), maxDataAgeMs: known.maxDataAgeSeconds * SECOND_MS,
    maxDailyLoss: money(known.maxDailyLoss), maxDrawdownPercent: percent(known.maxDrawdownPercent), allowShort: known.allowShort, allowMargin: known.allowMargin,
  };
}

/** The limits of a fresh installation, exact. */
export const DEFAULT_EXACT_LIMITS: ExactLimits = exactLimits(DEFAULT_RISK_LIMITS);

/** What the broker says about a symbol. `isShortable`: it lends it and it is easy to borrow. */
export type Asset = { readonly isTradable: boolean; readonly isFractionable: boolean; readonly isShortable: boolean };

/** What the broker said last about buying power, and what was approved since. Null where nothing recent is known. */
export type BrokerMargin = { readonly buyingPower: Money; readonly approvedSince: Money };

/** Where the facts of a book come from: only for the record of a decision. Wall clock, EpochMs; null = not known. */
export type BookFacts = {
  readonly readAt: EpochMs | null; readonly limitsVersion: number | null; readonly limitsSetAt: EpochMs | null; readonly tradingStateVersion: number | null; readonly tradingStateSince: EpochMs | null;
  readonly leaseRenewedAt: EpochMs | null; readonly brokerSaidAt: EpochMs | null;
};

/** What one strategy may do beside the account's limits. `limits` null: only those of the account hold. `stoppedWhy`: why it may open nothing, in words; null = it may. */
export type StrategyTerms = { readonly limits: { readonly maxNotional: Money; readonly maxOrdersPerDay: number } | null; readonly stoppedWhy: string | null };

/** Facts of a book that was never written down. */
export const NO_FACTS: BookFacts = { readAt: null, limitsVersion: null, limitsSetAt: null, tradingStateVersion: null, tradingStateSince: null, leaseRenewedAt: null, brokerSaidAt: null };

/** The account at one moment. `positions` are the account's, signed; `shares` those of each strategy (and '' = manual), by shareKey. */
export type RiskBook = {
  readonly tradingState: TradingState;
  /** May orders go to the real account? A fact from outside of the book, as of the moment of reading. */
  readonly arming: Arming;
  readonly limits: ExactLimits;
  readonly cash: Money;
  readonly margin: BrokerMargin | null;
  readonly positions: ReadonlyMap<string, Quantity>;
  /** What the broker held at the last comparison, of symbols in which it was not what we say. */
  readonly brokerPositions: ReadonlyMap<string, Quantity>;
  readonly shares: ReadonlyMap<string, Quantity>;
  readonly openOrders: readonly OpenOrder[];
  readonly assets: ReadonlyMap<string, Asset>;
  /** Terms of strategies that have limits of their own, or are stopped; of others nothing is said. */
  readonly strategies: ReadonlyMap<string, StrategyTerms>;
  readonly facts: BookFacts;
};

/** Prices by symbol. */
export type Prices = Pick<ReadonlyMap<string, Price>, 'get'>;

/** Dollars of everything that is held at a market's prices: added up with their signs, and without. Long 10 at 5, short 2 at 20 = 10 and 90. */
export type Valued = { readonly value: Money; readonly size: Money };

/**
 * The market at one moment. A price for every held symbol (0 = it was imported at no cost and has no bar: worth nothing until it has one), when each was
 * true, and where the market's clock stands; the equity with which the exchange day began, whether its loss limit was hit, and the entries approved on it, of all and by strategy;
 * the highest equity since the measure of the drawdown began (null = nothing to measure from). `valued`: what the book's positions are worth at these prices, where who made the market has
 * added them up exactly; left out or null: it is added up when somebody asks.
 */
export type RiskMarket = {
  readonly prices: Prices; readonly valued?: Valued | null; readonly priceTimes: ReadonlyMap<string, EpochMs>; readonly now: EpochMs;
  readonly dayOpenEquity: Money; readonly isDailyLossTripped: boolean; readonly entriesToday: number; readonly entriesByStrategy: ReadonlyMap<string, number>; readonly peakEquity: Money | null;
};

/** Key of a share: the manual one has an empty strategy. */
export function shareKey(strategyId: string | null, symbol: string): string {
  return `${strategyId ?? ''}|${symbol}`;
}

function priceOf(market: RiskMarket, symbol: string): Price {
  const price = market.prices.get(symbol);
  invariant(price !== undefined && price.gte(0), 'A held symbol needs a price', { symbol });
  return price;
}

/** What was worked out about a book at a market within one decision. */
type Worked = { market: RiskMarket | null; equity: Money | null; gross: Money | null; net: Money | null; readonly notionals: Map<string, Money>; readonly shares: Map<string, Share> };
const worked = new WeakMap<RiskBook, Worked>();

/** The same book for the length of one decision: a dozen rules ask for its equity and for the value of what is held, which is then worked out once. Whoever changes a book meanwhile is not heard. */
export function forOneDecision(book: RiskBook): RiskBook {
  if (worked.has(book)) return book;
  const own = { ...book };
  worked.set(own, { market: null, equity: null, gross: null, net: null, notionals: new Map(), shares: new Map() });
  return own;
}

/** What is known of a book at a market; null of a book that is not within a decision. */
function workedOf(book: RiskBook, market: RiskMarket): Worked | null {
  const known = worked.get(book) ?? null;
  if (known !== null && known.market !== market) {
    [known.market, known.equity, known.gross, known.net] = [market, null, null, null];
    known.notionals.clear();
  }
  return known;
}

/** Dollars of the account's position in a symbol, without sign; valued at the higher of the market's price and `atLeast`. 0 when flat. */
export function positionNotional(book: RiskBook, market: RiskMarket, symbol: string, atLeast?: Price): Money {
  const qty = book.positions.get(symbol);
  if (qty === undefined || qty.isZero()) return ZERO_MONEY;
  const known = priceOf(market, symbol);
  if (atLeast?.gt(known)) return notional(qty.abs() as Quantity, atLeast);
  const memo = workedOf(book, market)?.notionals;
  const value = memo?.get(symbol) ?? notional(qty.abs() as Quantity, known);
  memo?.set(symbol, value);
  return value;
}

/** Cash plus the signed value of all positions, dollars. cash 1000, long 10 at 5, short 2 at 20 = 1010. */
export function equityOf(book: RiskBook, market: RiskMarket): Money {
  const memo = workedOf(book, market);
  if (memo?.equity) return memo.equity;
  const { valued = null } = market;
  let equity = valued === null ? book.cash : addMoney(book.cash, valued.value);
  if (valued === null) for (const [symbol, qty] of book.positions) if (!qty.isZero()) equity = addMoney(equity, notional(qty, priceOf(market, symbol)));
  if (memo !== null) memo.equity = equity;
  return equity;
}

/** Loss since the exchange day began, dollars >= 0. */
export function dayLossOf(book: RiskBook, market: RiskMarket): Money {
  const loss = market.dayOpenEquity.minus(equityOf(book, market)) as Money;
  return loss.gt(0) ? loss : ZERO_MONEY;
}

/** Fall of the equity from its highest point, percent >= 0. Highest 1000, now 850 = 15. */
export function drawdownOf(book: RiskBook, market: RiskMarket): Decimal {
  const { peakEquity } = market;
  if (peakEquity === null || !peakEquity.gt(0)) return new Decimal(0);
  const fall = peakEquity.minus(equityOf(book, market));
  return fall.gt(0) ? fall.div(peakEquity).times(100) : new Decimal(0);
}

/** Dollars of all positions without sign, plus all reservations; one symbol's position may be valued at a newer price. */
export function grossExposure(book: RiskBook, market: RiskMarket, newer?: { readonly symbol: string; readonly price: Price }): Money {
  const memo = workedOf(book, market);
  let sum = memo?.gross ?? null;
  if (sum === null) {
    const { valued = null } = market;
    sum = reservedOn(book, null);
    if (valued !== null) sum = addMoney(sum, valued.size);
    else for (const symbol of book.positions.keys()) sum = addMoney(sum, positionNotional(book, market, symbol));
    if (memo !== null) memo.gross = sum;
  }
  return newer === undefined ? sum : addMoney(sum, newerBy(book, market, newer));
}

/** How much more a symbol's position is worth, without sign, at a newer price that is higher. Sums of dollars are exact, so that a part of one can be exchanged. */
function newerBy(book: RiskBook, market: RiskMarket, { symbol, price }: { readonly symbol: string; readonly price: Price }): Money {
  return positionNotional(book, market, symbol, price).minus(positionNotional(book, market, symbol)) as Money;
}

/** Dollars reserved by open orders on a symbol, or on all (null). */
export function reservedOn(book: RiskBook, symbol: string | null): Money {
  return book.openOrders.reduce((sum, order) => (symbol === null || order.symbol === symbol ? addMoney(sum, order.reserved) : sum), ZERO_MONEY);
}

/**
 * Dollars of everything that a strategy holds, without sign, and of what its open orders reserve; one symbol may be valued at a newer price. What other strategies hold of the same symbols
 * does not count: long 10 at $50 and $200 reserved = 700, whatever another is short.
 */
export function strategyNotional(book: RiskBook, market: RiskMarket, strategyId: string, newer?: { readonly symbol: string; readonly price: Price }): Money {
  const prefix = shareKey(strategyId, '');
  let sum = book.openOrders.reduce((all, order) => (order.strategyId === strategyId ? addMoney(all, order.reserved) : all), ZERO_MONEY);
  for (const [key, qty] of book.shares) {
    if (qty.isZero() || !key.startsWith(prefix)) continue;
    const symbol = key.slice(prefix.length);
    // A symbol that two strategies hold against each other is no position of the account, and may have no price there.
    const known = market.prices.get(symbol);
    const atLeast = newer?.symbol === symbol ? newer.price : undefined;
    const at = known !== undefined && (atLeast === undefined || known.gt(atLeast)) ? known : atLeast;
    if (at !== undefined) sum = addMoney(sum, notional(qty.abs() as Quantity, at));
  }
  return sum;
}

function signedValue(book: RiskBook, market: RiskMarket): Money {
  const { valued = null } = market;
  if (valued !== null) return valued.value;
  let sum = ZERO_MONEY;
  for (const [symbol, qty] of book.positions) {
    const size = positionNotional(book, market, symbol);
    sum = (qty.isNegative() ? sum.minus(size) : sum.plus(size)) as Money;
  }
  return sum;
}

/** Signed dollars: long less short positions, reservations of buys less those of short sales; one symbol may be valued at a newer price. */
export function netExposure(book: RiskBook, market: RiskMarket, newer?: { readonly symbol: string; readonly price: Price }): Money {
  const memo = workedOf(book, market);
  let net = memo?.net ?? null;
  if (net === null) {
    net = signedValue(book, market);
    for (const order of book.openOrders) net = (order.side === 'buy' ? net.plus(order.reserved) : net.minus(order.reserved)) as Money;
    if (memo !== null) memo.net = net;
  }
  if (newer === undefined) return net;
  const more = newerBy(book, market, newer);
  return (book.positions.get(newer.symbol)?.isNegative() === true ? net.minus(more) : net.plus(more)) as Money;
}

/** One share of a position, and what is on its way. `held` is signed; the others count shares >= 0. */
export type Share = {
  readonly held: Quantity;
  /** Side that closes it; null when flat. */
  readonly closingSide: Side | null;
  /** Shares in open orders that close it. */
  readonly exiting: Quantity;
  /** Shares in open orders that build it up. */
  readonly entering: Quantity;
  /**
   * Shares that a new order may close: never more than the account itself, by our books and by the broker's last word, holds beyond all orders on the side that closes it.
   * An order that was to open a position (a short sale from before the shares were bought) takes them too when it fills, and the broker counts it so.
   */
  readonly free: Quantity;
};

/** Shares of a position on the same side as `held`. */
function closable(position: Quantity | undefined, held: Quantity): Decimal {
  return position !== undefined && !position.isZero() && position.s === held.s ? position.abs() : ZERO_QUANTITY;
}

/** The share of a strategy (null = manual) in a symbol. */
export function shareOf(book: RiskBook, strategyId: string | null, symbol: string): Share {
  const memo = worked.get(book)?.shares;
  const key = shareKey(strategyId, symbol);
  const share = memo?.get(key) ?? countedShare(book, { strategyId, symbol, held: book.shares.get(key) ?? ZERO_QUANTITY });
  memo?.set(key, share);
  return share;
}

function countedShare(book: RiskBook, { strategyId, symbol, held }: { readonly strategyId: string | null; readonly symbol: string; readonly held: Quantity }): Share {
  const closingSide: Side | null = held.isZero() ? null : held.gt(0) ? 'sell' : 'buy';
  let exiting: Decimal = ZERO_QUANTITY;
  let entering: Decimal = ZERO_QUANTITY;
  let taking: Decimal = ZERO_QUANTITY;
  let takingAll: Decimal = ZERO_QUANTITY;
  for (const order of book.openOrders) {
    if (order.symbol !== symbol) continue;
    const isTaking = order.isReducing || order.side === closingSide;
    if (isTaking) takingAll = takingAll.plus(order.countedQty);
    if (order.strategyId !== strategyId) continue;
    if (isTaking) taking = taking.plus(order.countedQty);
    if (order.isReducing) exiting = exiting.plus(order.countedQty);
    else entering = entering.plus(order.countedQty);
  }
  const ofShare = held.abs().minus(taking);
  const ofAccount = closable(book.positions.get(symbol), held).minus(takingAll);
  const ofBroker = book.brokerPositions.has(symbol) ? closable(book.brokerPositions.get(symbol), held).minus(takingAll) : ofAccount;
  const free = Decimal.max(0, Decimal.min(ofShare, ofAccount, ofBroker));
  return { held, closingSide, exiting: exiting as Quantity, entering: entering as Quantity, free: free as Quantity };
}

/** What the question of a wash trade looks at. */
export type Crossing = { readonly symbol: string; readonly side: Side; readonly type: OrderType; readonly orderClass: OrderClass; readonly limitPrice: Price | null };

/** Orders with exits, exits of such, and trailing stops may lie opposite others. */
function isExempt(order: { readonly type: OrderType; readonly orderClass: OrderClass; readonly role?: OrderRole }): boolean {
  return order.type === 'trailing_stop' || order.orderClass !== 'simple' || (order.role ?? 'order') !== 'order';
}

/**
 * Open orders of the account that an order on this side could trade against: opposite side, and one of the two at market or at a stop, or the limits cross.
 * Brokers reject such an order as a wash trade, whichever strategies the two belong to; orders with exits and trailing stops are exempt.
 */
export function ordersAcross(book: RiskBook, order: Crossing): OpenOrder[] {
  if (isExempt(order)) return [];
  const meets = (other: OpenOrder): boolean => {
    if (order.limitPrice === null || other.limitPrice === null) return true;
    return order.side === 'buy' ? order.limitPrice.gte(other.limitPrice) : other.limitPrice.gte(order.limitPrice);
  };
  return book.openOrders.filter((other) => other.symbol === order.symbol && other.side !== order.side && !isExempt(other) && meets(other));
}

/** The book after an order was approved: the next decision sees its reservation. */
export function withOpenOrder(book: RiskBook, order: OpenOrder): RiskBook {
  const margin = book.margin === null ? null : { ...book.margin, approvedSince: addMoney(book.margin.approvedSince, order.reserved) };
  return { ...book, margin, openOrders: countOnce([...book.openOrders, order]) };
}
