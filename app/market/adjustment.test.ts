/** Factors of corporate actions: worked by hand, and what cannot be worked out is said. */
import { describe, expect, it } from 'vitest';
import { barColumns } from '#app/domain/bar-columns.ts';
import { daysFromCivil, parseDate } from '#app/domain/time.ts';
import { adjustColumns, factorOn, factorsOf, resolveActions, type CorporateAction } from './adjustment.ts';
import { fromNewYork } from './nyse-zone.ts';

const day = (text: string): number => daysFromCivil(parseDate(text));
const action = (date: string, kind: string, terms: Record<string, unknown>): CorporateAction => ({ exDay: day(date), kind, terms });
const none = (): null => null;

describe('factors of corporate actions', () => {
  it('chains splits back from today', () => {
    const actions = [action('2020-08-31', 'forward_split', { new_rate: '4', old_rate: '1' }), action('2014-06-09', 'forward_split', { new_rate: '7', old_rate: '1' })];
    expect(factorsOf(actions, none)).toEqual([{ day: day('2014-06-08'), price: 1, split: 1 / 28 }, { day: day('2020-08-30'), price: 1, split: 0.25 }]);
  });

  it('takes a dividend off by its share of the close before', () => {
    const [factor] = factorsOf([action('2020-11-06', 'cash_dividend', { rate: '0.24' })], () => 119.03);
    expect(factor?.price).toBeCloseTo(0.9979837, 8);
    expect(factor?.split).toBe(1);
  });

  it('reads reverse splits and stock dividends', () => {
    expect(factorsOf([action('2022-01-03', 'reverse_split', { new_rate: '1', old_rate: '10' })], none)[0]?.split).toBe(10);
    expect(factorsOf([action('2022-01-03', 'stock_dividend', { rate: '0.05' })], none)[0]?.split).toBeCloseTo(0.952381, 6);
  });

  it('takes a dividend on the day of a split for one of the new shares', () => {
    const [one] = factorsOf([action('2022-06-06', 'cash_dividend', { rate: '1' }), action('2022-06-06', 'forward_split', { new_rate: '2', old_rate: '1' })], () => 200);
    expect(one).toEqual({ day: day('2022-06-05'), price: 0.99, split: 0.5 });
  });

  it('frees of spin-offs whose value is told, and says which are not', () => {
    expect(factorsOf([action('2021-07-01', 'spin_off', { value: '25' })], () => 100)[0]?.price).toBe(0.75);
    expect(factorsOf([action('2021-07-01', 'spin_off', { price_factor: '0.9' })], none)[0]?.price).toBe(0.9);
    const [unknown] = resolveActions([action('2021-07-01', 'spin_off', { new_symbol: 'X' })], () => 100);
    expect(unknown?.problem).toMatch(/not told/);
  });

  it.each([
    ['cash_dividend', { rate: 'abc' }, 'amount'], ['cash_dividend', { rate: '90' }, 'one of the two is wrong'], ['forward_split', { new_rate: '0', old_rate: '1' }, 'rates'], ['stock_dividend', {}, 'new shares'], ['rights', {}, 'not known'],
  ])('lets %s %o count for nothing and says why', (kind, terms, why) => {
    const resolved = resolveActions([action('2021-07-01', kind, terms)], () => 100);
    expect(resolved[0]?.problem).toContain(why);
    expect(factorsOf([action('2021-07-01', kind, terms)], () => 100)).toEqual([]);
  });

  it('knows that a new name changes no price', () => {
    expect(resolveActions([action('2021-07-01', 'name_change', { old_symbol: 'FB' })], none)[0]?.problem).toBeNull();
  });

  it('applies up to the day before, on the millionth of a dollar', () => {
    const factors = factorsOf([action('2020-08-31', 'forward_split', { new_rate: '4', old_rate: '1' }), action('2014-06-09', 'forward_split', { new_rate: '7', old_rate: '1' })], none);
    expect(factorOn(factors, day('2014-06-06')).split).toBe(1 / 28);
    expect(factorOn(factors, day('2020-08-31'))).toEqual({ price: 1, split: 1 });
    const bars = barColumns(2);
    bars.time.set([fromNewYork('2014-06-06', 0), fromNewYork('2020-08-31', 0)]);
    for (const field of ['open', 'high', 'low', 'close'] as const) bars[field].set([645.57, 129.04]);
    bars.volume.set([1_000, 1_000]);
    const adjusted = adjustColumns(bars, factors, 'split');
    expect([...adjusted.close]).toEqual([23.056071, 129.04]);
    expect([...adjusted.volume]).toEqual([28_000, 1_000]);
  });
});
