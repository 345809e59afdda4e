/** What positions and open orders take of the account: cash, buying power, maintenance margin. */
import { addMoney, Decimal, notional, roundToLedger, ZERO_MONEY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { OrderType, Side } from '#app/domain/order.ts';
import { equityOf, grossExposure, positionNotional, type RiskBook, type RiskMarket } from './book.ts';
import type { OpenOrder } from './open-orders.ts';

/** A market order fills at the next price, not at the one it was decided on: it must leave this part of itself in cash. */
export const MARKET_ORDER_MARGIN = new Decimal('1.02');
/** A buy at a stop goes out with a limit 4 % above it at the most. */
const STOP_ORDER_MARGIN = new Decimal('1.04');
/** Brokers hold a short sale at this part of the price at least. */
const SHORT_SALE_MARGIN = new Decimal('1.03');
/** A short position binds its proceeds and half of its value again. */
const SHORT_COLLATERAL = new Decimal('1.5');

const LONG_MAINTENANCE = new Decimal('0.3');
const CHEAP_LONG = new Decimal('2.5');
const CHEAP_SHORT = new Decimal('5');

/** Dollars of buying power that an order may need: its reservation, and more where the price is open: 2 % at market, 4 % at a stop. */
export function cashNeed(type: OrderType, reserved: Money): Money {
  if (type === 'limit' || type === 'stop_limit') return reserved;
  return roundToLedger(reserved.times(type === 'market' ? MARKET_ORDER_MARGIN : STOP_ORDER_MARGIN)) as Money;
}

/** Dollars a share at which a short sale is reserved: its limit, or 3 % above the newest price, whichever is more. */
export function shortSalePrice(limitPrice: Price | null, reference: Price): Price {
  const atMarket = roundToLedger(reference.times(SHORT_SALE_MARGIN)) as Price;
  return limitPrice?.gt(atMarket) === true ? limitPrice : atMarket;
}

const needOf = (order: OpenOrder): Money => cashNeed(order.type, order.reserved);

/** Own cash that no open order and no short position needs, dollars; negative when they need more than there is. */
export function freeCash(book: RiskBook, market: RiskMarket): Money {
  let left: Decimal = book.cash;
  for (const order of book.openOrders) left = left.minus(needOf(order));
  for (const [symbol, qty] of book.positions) if (qty.isNegative()) left = left.minus(positionNotional(book, market, symbol).times(SHORT_COLLATERAL));
  return roundToLedger(left) as Money;
}

/**
 * Dollars that new entries may need: own cash, or with `allowMargin` what the broker said last less everything approved since. Where the broker's word is
 * missing or too old, own cash alone.
 */
export function freePower(book: RiskBook, market: RiskMarket): Money {
  if (!book.limits.allowMargin || book.margin === null) return freeCash(book, market);
  return book.margin.buyingPower.minus(book.margin.approvedSince.times(MARKET_ORDER_MARGIN)) as Money;
}

/** Maintenance margin of one holding, dollars. Long 30 % (100 % below $2.50); short from $5 the larger of $5 a share and 30 %, below of $2.50 and 100 %. */
export function maintenanceOf(qty: Quantity, price: Price): Money {
  const value = notional(qty.abs() as Quantity, price);
  if (qty.gte(0)) return (price.lt(CHEAP_LONG) ? value : roundToLedger(value.times(LONG_MAINTENANCE))) as Money;
  const perShare = price.lt(CHEAP_SHORT) ? CHEAP_LONG : CHEAP_SHORT;
  const floor = qty.abs().times(perShare);
  return roundToLedger(Decimal.max(floor, price.lt(CHEAP_SHORT) ? value : value.times(LONG_MAINTENANCE))) as Money;
}

/** An entry that is asked for, as a holding. */
export type Entry = { readonly side: Side; readonly qty: Quantity; readonly price: Price };

/** Maintenance margin of everything held, everything that open orders may open, and an entry, dollars. */
export function maintenanceAfter(book: RiskBook, market: RiskMarket, entry: Entry): Money {
  let sum = ZERO_MONEY;
  for (const [symbol, qty] of book.positions) {
    const price = market.prices.get(symbol);
    if (price !== undefined && !qty.isZero()) sum = addMoney(sum, maintenanceOf(qty, price));
  }
  for (const { side, reserved, countedQty } of book.openOrders) {
    if (reserved.isZero()) continue;
    const shares = (countedQty.isZero() ? new Decimal(1) : countedQty) as Quantity;
    sum = addMoney(sum, maintenanceOf((side === 'buy' ? shares : shares.negated()) as Quantity, reserved.div(shares) as Price));
  }
  return addMoney(sum, maintenanceOf((entry.side === 'buy' ? entry.qty : entry.qty.negated()) as Quantity, entry.price));
}

/** Does the account borrow, or may it? Own cash alone can never fall below a maintenance margin. */
export function usesMargin(book: RiskBook, market: RiskMarket): boolean {
  return book.limits.allowMargin || book.limits.allowShort || book.cash.isNegative() || [...book.positions.values()].some((qty) => qty.isNegative()) || grossExposure(book, market).gt(equityOf(book, market));
}
