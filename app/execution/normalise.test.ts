/** Tick, lot and time in force. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { price, quantity, toText } from '#app/domain/numeric.ts';
import { normaliseOrder, type OrderTerms } from './normalise.ts';

const terms = (fields: Partial<OrderTerms> = {}): OrderTerms => ({ type: 'limit', timeInForce: 'gtc', qty: quantity('2.7'), limitPrice: price('10.006'), ...fields });

describe('normalising', () => {
  it('rounds to the tick, down to whole shares, and repeats the worked example', () => {
    expect(normaliseOrder(terms(), false)).toEqual({ ok: true, value: { type: 'limit', timeInForce: 'gtc', qty: quantity('2'), limitPrice: price('10.01') } });
  });
  it('keeps fractions where they are allowed, for the day only', () => {
    const result = normaliseOrder(terms({ limitPrice: price('0.12345') }), true);
    expect(result.ok && [toText(result.value.qty), result.value.timeInForce, result.value.limitPrice?.toString()]).toEqual(['2.7', 'day', '0.1234']);
  });
  it('denies what rounds to nothing', () => {
    expect(normaliseOrder(terms({ qty: quantity('0.999') }), false)).toMatchObject({ ok: false, error: { code: 'QUANTITY_ZERO' } });
  });
  it('never enlarges an order, and normalising twice is normalising once', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.boolean(), (thousandths, isFractionable) => {
      const wish = terms({ qty: quantity(String(thousandths / 1000)) });
      const once = normaliseOrder(wish, isFractionable);
      if (!once.ok) return;
      expect(once.value.qty.lte(wish.qty)).toBe(true);
      expect(normaliseOrder(once.value, isFractionable)).toEqual(once);
    }));
  });
});
