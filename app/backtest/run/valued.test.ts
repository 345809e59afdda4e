/** What is held is worth what adding it up in decimals gives, to the last digit. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { barColumns } from '#app/domain/bar-columns.ts';
import { addMoney, Decimal, notional, toText, ZERO_MONEY, type Price, type Quantity } from '#app/domain/numeric.ts';
import { exactly, MICRO, NANO } from './units.ts';
import { valued } from './valued.ts';

const position = fc.record({
  qty: fc.oneof(fc.integer({ min: -1e6, max: 1e6 }).map((shares) => shares * NANO), fc.integer({ min: -1e15, max: 1e15 })), closes: fc.tuple(fc.integer({ min: 1, max: 5e9 }), fc.integer({ min: 1, max: 5e9 })),
  i: fc.integer({ min: 0, max: 1 }), hasBar: fc.boolean(),
});

it('sums in whole numbers are those in decimals, short positions and parts of shares too; what is too large is not said', () => {
  fc.assert(fc.property(fc.array(position, { maxLength: 8 }), fc.boolean(), (positions, isEarlier) => {
    const markets = positions.map(({ qty, closes, i, hasBar }) => {
      const bars = barColumns(2);
      bars.close.set(closes.map((micro) => micro / MICRO));
      return { qty, bars, cursor: { i, depth: 0 }, view: { hasBar } as Parameters<typeof valued>[0]['markets'][number]['view'] };
    });
    const values = positions.map(({ qty, closes, i, hasBar }) => notional(new Decimal(qty).div(NANO) as Quantity, new Decimal(closes[isEarlier && hasBar ? 0 : i] ?? 0).div(MICRO) as Price));
    const size = values.reduce((sum, value) => addMoney(sum, value.abs() as typeof value), ZERO_MONEY);
    const found = valued({ markets }, isEarlier);
    if (found === null) expect(size.times(MICRO).gt(Number.MAX_SAFE_INTEGER - positions.length)).toBe(true);
    else expect([toText(found.value), toText(found.size)]).toEqual([toText(values.reduce(addMoney, ZERO_MONEY)), toText(size)]);
  }));
});

it('whole parts as decimals are what dividing decimals gives', () => {
  fc.assert(fc.property(fc.integer({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }), fc.constantFrom(MICRO, NANO), (parts, scale) => {
    expect(exactly(parts, scale).eq(new Decimal(parts).div(scale))).toBe(true);
  }));
});
