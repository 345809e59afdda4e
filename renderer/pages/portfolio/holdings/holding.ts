/** A position in words and parts: what protects it, and how much of it an order would take. Pure. */
import type { PositionView } from '#app/contracts/views.ts';
import { Decimal, floorToLot, toText } from '#app/domain/numeric.ts';
import { price, quantity } from '../../../ui/format.ts';

type Holding = Pick<PositionView, 'qty' | 'protection'>;

/** How well a position is protected at the broker, in words. `isShort`: less than the whole position has a stop; a target for as many shares as the stop counts them no second time. */
export function protectionWords({ qty, protection }: Holding): { stop: string; target: string; isMissing: boolean; isShort: boolean } {
  const held = new Decimal(qty).abs();
  const cover = (covered: string, at: string | null, what: string, isCounted: boolean): string => {
    const shares = new Decimal(covered);
    if (shares.isZero()) return '';
    return `${what}${at === null ? '' : ` ${price(at)}`}${shares.lt(held) && isCounted ? ` (${quantity(covered)} of ${quantity(toText(held))})` : ''}`;
  };
  const stopQty = new Decimal(protection.stopQty);
  return { stop: cover(protection.stopQty, protection.stopPrice, 'stop', true), target: cover(protection.targetQty, protection.targetPrice, 'target', !stopQty.eq(protection.targetQty)), isMissing: stopQty.isZero() && !held.isZero(), isShort: stopQty.gt(0) && stopQty.lt(held) };
}

/** A percentage of a holder's shares, as an order takes it: whole shares of a whole holding, rounded down, at least one; of a fractional one four digits. */
export function partOf(qty: string, percent: number): string {
  const held = new Decimal(qty).abs();
  if (percent >= 100) return toText(held);
  const isWhole = held.isInteger();
  const part = floorToLot(held.times(percent).div(100), new Decimal(isWhole ? 1 : '0.0001'));
  return toText(part.gt(0) ? part : isWhole && held.gt(0) ? new Decimal(1) : held);
}

/** Is this a quantity that can be taken from what a holder has? */
export function isTakeable(text: string, held: string): boolean {
  return /^\d{1,15}(\.\d{1,9})?$/.test(text) && new Decimal(text).gt(0) && new Decimal(text).lte(new Decimal(held).abs());
}
