/** The broker's account of the simulated venue: cash, positions at average cost, what they are worth, what may still be bought. */
import { addMoney, notional, roundToLedger, subtractMoney, subtractQuantity, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import { applyFillToPosition, cashDelta, flatPosition, type Fill, type Position } from '#app/domain/position.ts';
import type { VenueOrder } from './venue-types.ts';

/** Cash and positions. `marks` are the last prices of the symbols held; `overnight` the signed shares held at the last session's end. */
export type AccountBook = {
  cash: Money;
  realizedPnl: Money;
  feesPaid: Money;
  /** Equity at the end of the last session. */
  lastEquity: Money;
  readonly positions: Map<string, Position>;
  readonly marks: Map<string, Price>;
  readonly overnight: Map<string, Quantity>;
};

/** What an account is worth at its marks, dollars. Short value is negative. */
export type AccountFigures = {
  readonly cash: Money;
  readonly equity: Money;
  readonly lastEquity: Money;
  readonly longMarketValue: Money;
  readonly shortMarketValue: Money;
  readonly initialMargin: Money;
  readonly maintenanceMargin: Money;
  readonly buyingPower: Money;
  /** Held back by open orders. */
  readonly reserved: Money;
};

const INITIAL_MARGIN = 0.5;
const MAINTENANCE_LONG = 0.3;
const MAINTENANCE_SHORT = 0.3;

/** An account with nothing but cash. */
export function openAccount(cash: Money): AccountBook {
  return { cash, realizedPnl: ZERO_MONEY, feesPaid: ZERO_MONEY, lastEquity: cash, positions: new Map(), marks: new Map(), overnight: new Map() };
}

/** Signed shares held of a symbol. */
export function heldQuantity(book: AccountBook, symbol: string): Quantity {
  return book.positions.get(symbol)?.qty ?? ZERO_QUANTITY;
}

/** Books one execution: cash, position, realized gain. The fill's price becomes the mark. Returns the signed position after it. */
export function bookFill(book: AccountBook, fill: Fill): Quantity {
  const before = book.positions.get(fill.symbol) ?? flatPosition(fill.symbol);
  const after = applyFillToPosition(before, fill);
  book.cash = addMoney(book.cash, cashDelta(fill));
  book.feesPaid = addMoney(book.feesPaid, fill.fee);
  book.realizedPnl = addMoney(book.realizedPnl, subtractMoney(after.realizedPnl, before.realizedPnl));
  if (after.qty.isZero()) {
    book.positions.delete(fill.symbol);
    book.marks.delete(fill.symbol);
  } else {
    book.positions.set(fill.symbol, after);
    book.marks.set(fill.symbol, fill.price);
  }
  return after.qty;
}

/** Closes the day: today's equity becomes the last equity, today's positions are held overnight. */
export function rollDay(book: AccountBook): void {
  book.lastEquity = equityOf(book);
  book.overnight.clear();
  for (const [symbol, position] of book.positions) book.overnight.set(symbol, position.qty);
}

/** Worth of one position at its mark, signed. */
export function marketValue(book: AccountBook, position: Position): Money {
  const mark = book.marks.get(position.symbol) ?? position.avgPrice;
  return mark === null ? ZERO_MONEY : notional(position.qty, mark);
}

/** Cash plus all positions at their marks. */
export function equityOf(book: AccountBook): Money {
  let equity = book.cash;
  for (const position of book.positions.values()) equity = addMoney(equity, marketValue(book, position));
  return equity;
}

/** Dollars that an open order holds back: what it would still cost; nothing when it reduces a position. */
export function reservedBy(order: Pick<VenueOrder, 'qty' | 'notional' | 'filledQty' | 'reservePrice'>): Money {
  if (order.reservePrice === null) return ZERO_MONEY;
  if (order.qty === null) return order.notional ?? ZERO_MONEY;
  return notional(subtractQuantity(order.qty, order.filledQty), order.reservePrice);
}

/**
 * All figures of the account. Buying power: cash minus reservations for a cash account (multiplier 1); with margin twice the equity that
 * is not yet pledged (initial margin 50 %), minus reservations; never below zero. Maintenance is 30 % of both sides.
 */
export function figuresOf(book: AccountBook, openOrders: Iterable<VenueOrder>, multiplier: 1 | 2): AccountFigures {
  let [long, short] = [ZERO_MONEY, ZERO_MONEY];
  for (const position of book.positions.values()) {
    const value = marketValue(book, position);
    if (position.qty.gt(0)) long = addMoney(long, value);
    else short = addMoney(short, value);
  }
  let reserved = ZERO_MONEY;
  for (const order of openOrders) reserved = addMoney(reserved, reservedBy(order));
  const equity = addMoney(addMoney(book.cash, long), short);
  const initialMargin = roundToLedger(long.minus(short).times(INITIAL_MARGIN)) as Money;
  const gross = multiplier === 1 ? book.cash : (equity.minus(initialMargin).times(2) as Money);
  const free = subtractMoney(gross, reserved);
  return {
    cash: book.cash, equity, lastEquity: book.lastEquity, longMarketValue: long, shortMarketValue: short, initialMargin,
    maintenanceMargin: roundToLedger(long.times(MAINTENANCE_LONG).minus(short.times(MAINTENANCE_SHORT))) as Money,
    buyingPower: free.gt(0) ? free : ZERO_MONEY, reserved,
  };
}
