/** A position as the signed sum of its fills, at average cost. */
import { addMoney, addQuantity, roundToLedger, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from './numeric.ts';
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

/**
 * Applies a fill. Adding to a position moves the average price, reducing realizes (price - average) x closed quantity,
 * crossing zero closes at the old average and opens the rest at the fill's price.
 */
export function applyFillToPosition(position: Position, fill: Fill): Position {
  invariant(fill.symbol === position.symbol && fill.qty.gt(0) && fill.price.gt(0), 'A fill must name this symbol and be positive', { symbol: fill.symbol });
  const change = signedQuantity(fill.side, fill.qty);
  const qty = addQuantity(position.qty, change);
  const isAdding = position.qty.isZero() || position.qty.s === change.s;
  if (isAdding || position.avgPrice === null) {
    const cost = (position.avgPrice ?? ZERO_MONEY).times(position.qty.abs()).plus(fill.price.times(fill.qty));
    return { ...position, qty, avgPrice: roundToLedger(cost.div(qty.abs())) as Price };
  }
  const closed = change.abs().lt(position.qty.abs()) ? change.abs() : position.qty.abs();
  const gain = fill.price.minus(position.avgPrice).times(closed).times(position.qty.s);
  const realizedPnl = addMoney(position.realizedPnl, roundToLedger(gain) as Money);
  const crossed = !qty.isZero() && qty.s !== position.qty.s;
  return { symbol: position.symbol, qty, avgPrice: qty.isZero() ? null : crossed ? fill.price : position.avgPrice, realizedPnl };
}
