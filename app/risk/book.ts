/** What a decision looks at: holdings, open orders with their reservations, limits, the master switch; and the sums over them. */
import type * as z from 'zod';
import type { Arming } from '#app/domain/arming.ts';
import { DEFAULT_RISK_LIMITS, riskLimitsSchema } from '#app/domain/limits.ts';
import { addMoney, Decimal, money, notional, quantity, roundToLedger, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import { invariant } from '#app/domain/errors.ts';
import type { Side } from '#app/domain/order.ts';
import { SECOND_MS } from '#app/domain/time.ts';
import type { TradingState } from '#app/domain/trading-state.ts';

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

/** What the broker says about a symbol. */
export type Asset = { readonly isTradable: boolean; readonly isFractionable: boolean };

/**
 * An approved order that is not closed, whether or not execution has written it down yet. `strategyId` null = a person's.
 * `limitPrice` null = a market order. `openQty`: shares not filled yet; `reserved`: dollars reserved for them (0 when the order reduces).
 */
export type OpenOrder = {
  readonly decisionId: string; readonly clientOrderId: string; readonly strategyId: string | null; readonly symbol: string; readonly side: Side;
  readonly limitPrice: Price | null; readonly isReducing: boolean; readonly openQty: Quantity; readonly reserved: Money;
};

/** The account at one moment. `positions` are the account's, signed; `shares` those of each strategy (and '' = manual), by shareKey. */
export type RiskBook = {
  readonly tradingState: TradingState;
  /** May orders go to the real account? A fact from outside of the book, as of the moment of reading. */
  readonly arming: Arming;
  readonly limits: ExactLimits;
  readonly cash: Money;
  readonly positions: ReadonlyMap<string, Quantity>;
  readonly shares: ReadonlyMap<string, Quantity>;
  readonly openOrders: readonly OpenOrder[];
  readonly assets: ReadonlyMap<string, Asset>;
};

/** The market at one moment: a price for every held symbol (0 = it was imported at no cost and has no bar: worth nothing until it has one), the equity with which the exchange day began, and whether the day's loss limit was hit. */
export type RiskMarket = { readonly prices: ReadonlyMap<string, Price>; readonly dayOpenEquity: Money; readonly isDailyLossTripped: boolean };

/** Key of a share: the manual one has an empty strategy. */
export function shareKey(strategyId: string | null, symbol: string): string {
  return `${strategyId ?? ''}|${symbol}`;
}

function priceOf(market: RiskMarket, symbol: string): Price {
  const price = market.prices.get(symbol);
  invariant(price !== undefined && price.gte(0), 'A held symbol needs a price', { symbol });
  return price;
}

/** Dollars of the account's position in a symbol, without sign; valued at the higher of the market's price and `atLeast`. 0 when flat. */
export function positionNotional(book: RiskBook, market: RiskMarket, symbol: string, atLeast?: Price): Money {
  const qty = book.positions.get(symbol);
  if (qty === undefined || qty.isZero()) return ZERO_MONEY;
  const known = priceOf(market, symbol);
  return notional(qty.abs() as Quantity, atLeast?.gt(known) ? atLeast : known);
}

/** Cash plus the signed value of all positions, dollars. cash 1000, long 10 at 5, short 2 at 20 = 1010. */
export function equityOf(book: RiskBook, market: RiskMarket): Money {
  let equity = book.cash;
  for (const [symbol, qty] of book.positions) if (!qty.isZero()) equity = addMoney(equity, notional(qty, priceOf(market, symbol)));
  return equity;
}

/** Loss since the exchange day began, dollars >= 0. */
export function dayLossOf(book: RiskBook, market: RiskMarket): Money {
  const loss = market.dayOpenEquity.minus(equityOf(book, market)) as Money;
  return loss.gt(0) ? loss : ZERO_MONEY;
}

/** Dollars of all positions without sign, plus all reservations; one symbol's position may be valued at a newer price. */
export function grossExposure(book: RiskBook, market: RiskMarket, newer?: { readonly symbol: string; readonly price: Price }): Money {
  let sum = reservedOn(book, null);
  for (const symbol of book.positions.keys()) sum = addMoney(sum, positionNotional(book, market, symbol, newer?.symbol === symbol ? newer.price : undefined));
  return sum;
}

/** Dollars reserved by open orders on a symbol, or on all (null). */
export function reservedOn(book: RiskBook, symbol: string | null): Money {
  return book.openOrders.reduce((sum, order) => (symbol === null || order.symbol === symbol ? addMoney(sum, order.reserved) : sum), ZERO_MONEY);
}

/** A market order fills at the next price, not at the one it was decided on: it must leave this part of itself in cash. */
export const MARKET_ORDER_MARGIN = new Decimal('1.02');

/** Cash that an order may need: its reservation, 2 % more for a market order. */
export function cashNeed(limitPrice: Price | null, reserved: Money): Money {
  return limitPrice === null ? (roundToLedger(reserved.times(MARKET_ORDER_MARGIN)) as Money) : reserved;
}

/** Cash that no open order needs, dollars; negative when orders need more than there is. Margin is never counted. */
export function freeCash(book: RiskBook): Money {
  return book.openOrders.reduce((left, order) => left.minus(cashNeed(order.limitPrice, order.reserved)) as Money, book.cash);
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
  /** Shares that a new order may close: never more than the account itself holds beyond all closing orders. */
  readonly free: Quantity;
};

/** The share of a strategy (null = manual) in a symbol. */
export function shareOf(book: RiskBook, strategyId: string | null, symbol: string): Share {
  const held = book.shares.get(shareKey(strategyId, symbol)) ?? ZERO_QUANTITY;
  const closingSide: Side | null = held.isZero() ? null : held.gt(0) ? 'sell' : 'buy';
  let exiting: Decimal = ZERO_QUANTITY;
  let entering: Decimal = ZERO_QUANTITY;
  let closingAll: Decimal = ZERO_QUANTITY;
  for (const order of book.openOrders) {
    if (order.symbol !== symbol) continue;
    if (order.isReducing) closingAll = closingAll.plus(order.openQty);
    if (order.strategyId !== strategyId) continue;
    if (order.isReducing) exiting = exiting.plus(order.openQty);
    else entering = entering.plus(order.openQty);
  }
  const position = book.positions.get(symbol) ?? ZERO_QUANTITY;
  const isSameWay = position.s === held.s;
  const ofShare = held.abs().minus(exiting);
  const ofAccount = isSameWay ? position.abs().minus(closingAll) : ZERO_QUANTITY;
  const free = Decimal.max(0, Decimal.min(ofShare, ofAccount));
  return { held, closingSide, exiting: exiting as Quantity, entering: entering as Quantity, free: free as Quantity };
}

/**
 * Open orders of the account that an order on this side could trade against: opposite side, and one of the two at market or the limits cross.
 * Brokers reject such an order as a wash trade, whichever strategies the two belong to.
 */
export function ordersAcross(book: RiskBook, order: { readonly symbol: string; readonly side: Side; readonly limitPrice: Price | null }): OpenOrder[] {
  const meets = (other: OpenOrder): boolean => {
    if (order.limitPrice === null || other.limitPrice === null) return true;
    return order.side === 'buy' ? order.limitPrice.gte(other.limitPrice) : other.limitPrice.gte(order.limitPrice);
  };
  return book.openOrders.filter((other) => other.symbol === order.symbol && other.side !== order.side && meets(other));
}

/** The book after an order was approved: the next decision sees its reservation. */
export function withOpenOrder(book: RiskBook, order: OpenOrder): RiskBook {
  return { ...book, openOrders: [...book.openOrders, order] };
}
