/** Lots: the account's shares by when they came, closed first in, first out; what each made and how long it was held. */
import { invariant } from './errors.ts';
import { roundToLedger, ZERO_QUANTITY, type Money, type Price, type Quantity } from './numeric.ts';
import { splitQuantity } from './position.ts';
import type { EpochMs } from './time.ts';

/** Shares that came together. `qty` is what is left, signed (short < 0); `price` is the cost of a share in dollars. */
export type Lot = { readonly lotId: string; readonly openedSeq: number; readonly openedAt: EpochMs; readonly qty: Quantity; readonly price: Price };

/** A lot, or a part of one, that was closed. qty > 0; `realizedPnl` in dollars before fees. */
export type Closure = {
  readonly lotId: string; readonly qty: Quantity; readonly openPrice: Price; readonly closePrice: Price; readonly realizedPnl: Money; readonly openedAt: EpochMs; readonly closedAt: EpochMs;
};

/** Shares that came or went: `change` signed. `price` null = they left at what they cost, and realized nothing. */
export type LotChange = { readonly id: string; readonly seq: number; readonly at: EpochMs; readonly change: Quantity; readonly price: Price | null };

/** What a change did: the lots that are open afterwards, the closures, and the lot that it opened. */
export type LotStep = { readonly lots: readonly Lot[]; readonly closures: readonly Closure[]; readonly opened: Lot | null };

const FREE = ZERO_QUANTITY as unknown as Price;

/**
 * Takes a change to the open lots (oldest first) of one symbol. A change against them closes the oldest first; what is left after the last lot opens one on the other side.
 * Lots of 10 at 5 and 10 at 7: selling 15 at 8 closes 10 with a gain of 30 and 5 with a gain of 5 (at average cost, 6, the gain is 30 in all), and leaves 5 at 7.
 * Selling 10 more at 6 closes those 5 with a loss of 5 and leaves a short lot of 5 at 6.
 */
export function changeLots(lots: readonly Lot[], { id, seq, at, change, price }: LotChange): LotStep {
  invariant(!change.isZero(), 'A change of lots must change something', { id });
  let left = change;
  const kept: Lot[] = [];
  const closures: Closure[] = [];
  for (const lot of lots) {
    if (left.isZero() || lot.qty.s === left.s || lot.qty.isZero()) {
      kept.push(lot);
      continue;
    }
    const qty = (left.abs().lt(lot.qty.abs()) ? left.abs() : lot.qty.abs()) as Quantity;
    const closePrice = price ?? lot.price;
    closures.push({ lotId: lot.lotId, qty, openPrice: lot.price, closePrice, realizedPnl: roundToLedger(closePrice.minus(lot.price).times(qty).times(lot.qty.s)) as Money, openedAt: lot.openedAt, closedAt: at });
    const rest = lot.qty.minus(qty.times(lot.qty.s)) as Quantity;
    left = left.plus(qty.times(lot.qty.s)) as Quantity;
    if (!rest.isZero()) kept.push({ ...lot, qty: rest });
  }
  if (left.isZero()) return { lots: kept, closures, opened: null };
  const opened: Lot = { lotId: id, openedSeq: seq, openedAt: at, qty: left, price: price ?? FREE };
  return { lots: [...kept, opened], closures, opened };
}

/**
 * The open lots after a split that turned `before` shares into `after`: each keeps its age and its cost. What nine digits cannot hold goes to the newest lot;
 * a lot of which nothing is left is gone. 5 at 30 and 10 at 60, split 2 for 1 = 10 at 15 and 20 at 30.
 */
export function splitLots(lots: readonly Lot[], before: Quantity, after: Quantity): readonly Lot[] {
  const scaled = lots.map((lot): Lot => ({ ...lot, qty: splitQuantity(lot.qty, before, after) }));
  const rest = after.minus(sumOfLots(scaled));
  return scaled.flatMap((lot, index): Lot[] => {
    const old = lots[index];
    const qty = (index === scaled.length - 1 ? lot.qty.plus(rest) : lot.qty) as Quantity;
    if (qty.isZero() || old === undefined) return [];
    return [{ ...lot, qty, price: roundToLedger(old.price.times(old.qty).div(qty)) as Price }];
  });
}

/** Signed shares of all lots. */
export function sumOfLots(lots: readonly Lot[]): Quantity {
  return lots.reduce((sum, lot) => sum.plus(lot.qty) as Quantity, ZERO_QUANTITY);
}
