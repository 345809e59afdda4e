/** A position as the signed sum of its fills, at average cost. */
import { addMoney, addQuantity, Decimal, LEDGER_SCALE, roundToLedger, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from './numeric.ts';
import { invariant } from './errors.ts';
import type { Side } from './order.ts';

/** qty is signed (short < 0); avgPrice is null when flat; realizedPnl in dollars, fees apart. */
export type Position = { readonly symbol: string; readonly qty: Quantity; readonly avgPrice: Price | null; readonly realizedPnl: Money };

/** One execution at the broker. qty > 0; fee >= 0 in dollars. */
export type Fill = { readonly symbol: string; readonly side: Side; readonly qty: Quantity; readonly price: Price; readonly fee: Money };

/** The position before any fill. */
export function flatPosition(symbol: string): Position {
  return { symbol, qty: ZERO_QUANTITY, avgPrice: null, realizedPnl: ZERO_MONEY };
}

/** +qty for a buy, -qty for a sell. */
export function signedQuantity(side: Side, qty: Quantity): Quantity {
  return (side === 'buy' ? qty : qty.negated()) as Quantity;
}

/** Change of cash by a fill: -(signed qty x price) - fee. buy 10 at 2.50, fee 0.01 = -25.01. */
export function cashDelta(fill: Fill): Money {
  return roundToLedger(signedQuantity(fill.side, fill.qty).times(fill.price).negated().minus(fill.fee)) as Money;
}

/** Shares come (change > 0) or go at a price. `isSold`: what goes is sold at that price and realizes; else it leaves at its own cost. */
function movePosition(position: Position, change: Quantity, { at, isSold }: { readonly at: Decimal; readonly isSold: boolean }): Position {
  const qty = addQuantity(position.qty, change);
  const isAdding = position.qty.isZero() || position.qty.s === change.s;
  if (isAdding || position.avgPrice === null) {
    const cost = (position.avgPrice ?? ZERO_MONEY).times(position.qty.abs()).plus(at.times(change.abs()));
    return { ...position, qty, avgPrice: qty.isZero() ? null : (roundToLedger(cost.div(qty.abs())) as Price) };
  }
  const closed = change.abs().lt(position.qty.abs()) ? change.abs() : position.qty.abs();
  const gain = isSold ? at.minus(position.avgPrice).times(closed).times(position.qty.s) : ZERO_MONEY;
  const realizedPnl = addMoney(position.realizedPnl, roundToLedger(gain) as Money);
  const crossed = !qty.isZero() && qty.s !== position.qty.s;
  return { symbol: position.symbol, qty, avgPrice: qty.isZero() ? null : crossed ? (at as Price) : position.avgPrice, realizedPnl };
}

/**
 * Applies a fill. Adding to a position moves the average price, reducing realizes (price - average) x closed quantity,
 * crossing zero closes at the old average and opens the rest at the fill's price.
 * Short 10 at 50, buy 4 at 45 = short 6 at 50 and a gain of 20; buy 10 more at 40 = long 4 at 40 and a gain of 60 more.
 */
export function applyFillToPosition(position: Position, fill: Fill): Position {
  invariant(fill.symbol === position.symbol && fill.qty.gt(0) && fill.price.gt(0), 'A fill must name this symbol and be positive', { symbol: fill.symbol });
  return movePosition(position, signedQuantity(fill.side, fill.qty), { at: fill.price, isSold: true });
}

/**
 * Shares that change hands inside the account at a price, without a fill: both sides realize as with a fill. `change` is signed.
 */
export function tradeShares(position: Position, change: Quantity, at: Price): Position {
  return movePosition(position, change, { at, isSold: true });
}

/**
 * Shares that came or went without a trade: a spin-off, a transfer, a correction. What comes costs `unitCost` dollars a share (null = nothing),
 * what goes leaves at its own average and realizes nothing. Long 10 at 5, 10 more without cost = long 20 at 2.50; then 5 taken away = long 15 at 2.50.
 */
export function moveShares(position: Position, change: Quantity, unitCost: Price | null): Position {
  return movePosition(position, change, { at: unitCost ?? ZERO_MONEY, isSold: false });
}

/**
 * The position after a split that leaves it with `qtyAfter`: what it cost stays, so the average moves the other way. 10 at 120, split 3 for 1 = 30 at 40.
 * A short position splits the same way. `qtyAfter` of zero (all of it became cash in lieu) leaves it flat.
 */
export function splitPosition(position: Position, qtyAfter: Quantity): Position {
  if (qtyAfter.isZero() || position.avgPrice === null) return { ...position, qty: qtyAfter, avgPrice: null };
  return { ...position, qty: qtyAfter, avgPrice: roundToLedger(position.avgPrice.times(position.qty).div(qtyAfter)) as Price };
}

/** A quantity after a split that turned `before` shares into `after`, cut to the ledger's nine digits: 5 of 15 that became 1.5 are 0.5. */
export function splitQuantity(qty: Quantity, before: Quantity, after: Quantity): Quantity {
  return qty.times(after).div(before).toDecimalPlaces(LEDGER_SCALE, Decimal.ROUND_DOWN) as Quantity;
}
