/** Three sizing methods with worked numbers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal, money, price, type Money, type Price } from './numeric.ts';
import { sizeEntry, sizingSchema, type Sizing } from './sizing.ts';

const facts = { equity: money('100000'), price: price('50'), atr: price('2') };
const cents = (min: number, max: number) => fc.integer({ min, max }).map((n) => new Decimal(n).div(100));

describe('sizing', () => {
  it.each<[Sizing, string]>([
    [{ method: 'fixed_notional', notional: '5020' }, '100'],
    [{ method: 'percent_of_equity', percent: '10' }, '200'],
    [{ method: 'atr_risk', riskPercent: '1', atrMultiple: '2', maxPercent: '20' }, '250'],
    [{ method: 'atr_risk', riskPercent: '1', atrMultiple: '2', maxPercent: '5' }, '100'],
    [{ method: 'fixed_notional', notional: '49.99' }, '0'],
  ])('%o buys %s shares at 50 with an equity of 100000', (sizing, shares) => {
    expect(sizeEntry(sizing, facts).qty.toString()).toBe(shares);
  });

  it('takes no risk that it cannot measure', () => {
    const sized = sizeEntry({ method: 'atr_risk', riskPercent: '1', atrMultiple: '2', maxPercent: '20' }, { ...facts, atr: null });
    expect(sized.qty.toString()).toBe('0');
    expect(sized.why).toContain('no average true range');
  });

  it('gives nothing to an account without equity', () => {
    for (const equity of ['0', '-5']) {
      expect(sizeEntry({ method: 'percent_of_equity', percent: '10' }, { ...facts, equity: money(equity) }).qty.toString()).toBe('0');
    }
  });

  it('never spends more than its budget, and never a whole share less than it could', () => {
    fc.assert(fc.property(cents(100, 1_000_000_000), cents(1, 10_000_00), cents(1, 100_00), (equity, at, percent) => {
      const { qty } = sizeEntry({ method: 'percent_of_equity', percent: percent.toFixed() }, { equity: equity as Money, price: at as Price, atr: null });
      const budget = equity.times(percent).div(100);
      expect(qty.isInteger() && qty.gte(0)).toBe(true);
      expect(qty.times(at).lte(budget)).toBe(true);
      expect(qty.plus(1).times(at).gt(budget)).toBe(true);
    }));
  });

  it('risks at most the given part of equity when the price falls by the given ATRs', () => {
    fc.assert(fc.property(cents(1_000_00, 1_000_000_00), cents(1_00, 1_000_00), cents(1, 50_00), (equity, at, atr) => {
      const { qty } = sizeEntry({ method: 'atr_risk', riskPercent: '0.5', atrMultiple: '2.5', maxPercent: '25' }, { equity: equity as Money, price: at as Price, atr: atr as Price });
      expect(qty.times(atr).times('2.5').lte(equity.times('0.005'))).toBe(true);
      expect(qty.times(at).lte(equity.times('0.25'))).toBe(true);
    }));
  });

  it.each([{ method: 'percent_of_equity', percent: '100.1' }, { method: 'percent_of_equity', percent: '0' }, { method: 'fixed_notional', notional: '-1' }, { method: 'martingale' }, {}])('refuses %o', (raw) => {
    expect(sizingSchema.safeParse(raw).success).toBe(false);
  });
});
