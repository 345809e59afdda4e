/** Ticks, lot and time in force. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { price, quantity, toText } from '#app/domain/numeric.ts';
import { MARKET_TERMS, pricesOf, subPennyIssues } from '#app/domain/order-terms.ts';
import { ORDER_CLASSES, ORDER_TYPES, TIMES_IN_FORCE } from '#app/domain/order.ts';
import { normaliseOrder, type SizedTerms } from './normalise.ts';

const terms = (fields: Partial<SizedTerms> = {}): SizedTerms => ({ ...MARKET_TERMS, type: 'limit', timeInForce: 'gtc', qty: quantity('2.7'), limitPrice: price('10.006'), ...fields });

describe('normalising', () => {
  it('rounds to the tick, down to whole shares, and repeats the worked example', () => {
    expect(normaliseOrder(terms(), false)).toEqual({ ok: true, value: terms({ qty: quantity('2'), limitPrice: price('10.01') }) });
  });
  it('keeps fractions where they are allowed, for the day only', () => {
    const result = normaliseOrder(terms({ limitPrice: price('0.12345') }), true);
    expect(result.ok && [toText(result.value.qty), result.value.timeInForce, result.value.limitPrice?.toString()]).toEqual(['2.7', 'day', '0.1234']);
  });
  it.each<Partial<SizedTerms>>([
    { orderClass: 'bracket', takeProfit: { limitPrice: price('12') }, stopLoss: { stopPrice: price('9'), limitPrice: null } },
    { type: 'trailing_stop', limitPrice: null, trailPrice: price('1') }, { timeInForce: 'cls' }, { timeInForce: 'opg' }, { timeInForce: 'ioc' }, { timeInForce: 'fok' },
  ])('has whole shares where the broker takes no parts, and leaves the time in force alone: %o', (fields) => {
    const result = normaliseOrder(terms(fields), true);
    expect(result.ok && [toText(result.value.qty), result.value.timeInForce]).toEqual(['2', fields.timeInForce ?? 'gtc']);
  });
  it('denies what rounds to nothing', () => {
    expect(normaliseOrder(terms({ qty: quantity('0.999') }), false)).toMatchObject({ ok: false, error: { code: 'QUANTITY_ZERO' } });
  });
  it('denies a price that rounds to none', () => {
    expect(normaliseOrder(terms({ limitPrice: price('0.00001') }), false)).toMatchObject({ ok: false, error: { code: 'SUB_PENNY' } });
  });
  it('never enlarges an order, leaves no price finer than the exchange takes, and normalising twice is normalising once', () => {
    const cents = fc.integer({ min: 1, max: 100_000_000 }).map((ten) => price(String(ten / 10_000)));
    const optional = fc.option(cents, { nil: null });
    const orders = fc.record({
      type: fc.constantFrom(...ORDER_TYPES), timeInForce: fc.constantFrom(...TIMES_IN_FORCE), orderClass: fc.constantFrom(...ORDER_CLASSES), extendedHours: fc.boolean(),
      qty: fc.integer({ min: 1, max: 10_000_000 }).map((thousandths) => quantity(String(thousandths / 1000))), limitPrice: optional, stopPrice: optional, trailPrice: optional, trailPercent: optional,
      takeProfit: fc.option(cents.map((limitPrice) => ({ limitPrice })), { nil: null }), stopLoss: fc.option(fc.record({ stopPrice: cents, limitPrice: optional }), { nil: null }),
    });
    fc.assert(fc.property(orders, fc.boolean(), (wish, isFractionable) => {
      const once = normaliseOrder(wish, isFractionable);
      if (!once.ok) return;
      expect(once.value.qty.lte(wish.qty)).toBe(true);
      expect(pricesOf(once.value)).toHaveLength(pricesOf(wish).length);
      expect(subPennyIssues(once.value)).toEqual([]);
      expect(normaliseOrder(once.value, isFractionable)).toEqual(once);
    }));
  });
});
