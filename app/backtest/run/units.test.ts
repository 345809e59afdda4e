/** Whole numbers against exact decimals: rounding, values, fees, shares for a budget. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal, notional, price, quantity, roundToTick, type Decimal as Exact, type Money, type Price } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { sizeEntry } from '#app/domain/sizing.ts';
import { feeOf, US_SELL_FEES } from '../fees.ts';
import { percentOf, SaleFees, textOf } from './book.ts';
import { floorShares } from './size.ts';
import { ceilOfProduct, divideHalfEven, floorOfProduct, MICRO, microOf, NANO, slippedByBps, toTick, valueOf } from './units.ts';

const micros = fc.integer({ min: 100, max: 5_000_000_000 });
const shares = fc.oneof(fc.integer({ min: 1, max: 200_000 }).map((whole) => whole * NANO), fc.integer({ min: 1, max: 1e15 }));
const dollars = (micro: number): Exact => new Decimal(micro).div(MICRO);

describe('whole numbers', () => {
  it('read a price of six digits exactly', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1e12 }), (micro) => microOf(micro / MICRO) === micro));
  });
  it('round to the tick as the ledger does, half to even', () => {
    expect([toTick(95_034_999), toTick(95_025_000), toTick(95_035_000), toTick(500_050), toTick(500_150)]).toEqual([95_030_000, 95_020_000, 95_040_000, 500_000, 500_200]);
    fc.assert(fc.property(micros, (micro) => toTick(micro) === roundToTick(dollars(micro)).times(MICRO).toNumber()));
    expect([divideHalfEven(5, 2), divideHalfEven(7, 2), divideHalfEven(-5, 2)]).toEqual([2, 4, -2]);
  });
  it('slip as the exact venue does', () => {
    expect(slippedByBps(100_050_000, 2, 1)).toBe(100_070_000);
    fc.assert(fc.property(micros, fc.oneof(fc.integer({ min: 0, max: 500 }), fc.constantFrom(0.5, 2.25, 12.345)), fc.constantFrom(1, -1), (micro, bps, sign) =>
      slippedByBps(micro, bps, sign) === roundToTick(dollars(micro).times(new Decimal(10_000).plus(new Decimal(bps).times(sign))).div(10_000)).times(MICRO).toNumber()));
  });
  it('value shares to a billionth of a dollar', () => {
    const out = { micro: 0, sub: 0 };
    fc.assert(fc.property(shares, micros, (qty, micro) => {
      valueOf(qty, micro, out);
      const exact = notional(quantity(new Decimal(qty).div(NANO).toFixed()), price(dollars(micro).toFixed()));
      expect(new Decimal(out.micro).div(MICRO).plus(new Decimal(out.sub).div(NANO)).toFixed()).toBe(exact.toFixed());
    }));
  });
  it('divide products exactly, also beyond 2^53', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 1e15 }), fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 1, max: 1e13 }), (a, b, c) => {
      const product = BigInt(a) * BigInt(b);
      expect(floorOfProduct(a, b, c)).toBe(Number(product / BigInt(c)));
      expect(ceilOfProduct(a, b, c) + 0).toBe(Number((product + BigInt(c) - 1n) / BigInt(c)));
    }));
  });
  it('say numbers as the ledger writes them', () => {
    expect([textOf(1_500_000, MICRO), textOf(100_000_000, MICRO), textOf(50, MICRO), textOf(125_000_000, NANO)]).toEqual(['1.5', '100', '0.00005', '0.125']);
  });
});

describe('money', () => {
  it('takes a percentage to the nearest millionth', () => {
    expect([percentOf(5_017_000_000, 0.1), percentOf(1, 50), percentOf(123_456_789_012, 0.25)]).toEqual([5_017_000, 1, 308_641_973]);
  });
  it('takes the regulatory fees of fees.ts', () => {
    const fees = new SaleFees(US_SELL_FEES);
    expect(fees.of(1_000 * NANO, 50 * MICRO, Date.UTC(2026, 4, 1))).toBe(1_230_000);
    fc.assert(fc.property(shares, micros, fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2028, 0, 1) }), (qty, micro, at) => {
      const exact = feeOf(US_SELL_FEES, { side: 'sell', qty: quantity(new Decimal(qty).div(NANO).toFixed()), price: price(dollars(micro).toFixed()), at: at as EpochMs });
      expect(fees.of(qty, micro, at)).toBe(exact.times(MICRO).toNumber());
    }), { numRuns: 300 });
  });
  it('buys as many whole shares as domain/sizing.ts', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1e12 }), micros, (budget, micro) => {
      const exact = sizeEntry({ method: 'fixed_notional', notional: dollars(budget).toFixed() }, { equity: new Decimal(0) as Money, price: dollars(micro) as Price, atr: null });
      expect(floorShares(budget, micro)).toBe(exact.qty.toNumber());
    }));
  });
});
