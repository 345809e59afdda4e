/** Values of formulas as they read: by their unit, with as many decimals as a whole column needs. Pure. */
import type { ScreenRow } from '#app/contracts/screener.ts';
import type { Unit } from '#app/screener/functions.ts';
import { count, money, NOTHING, price } from '../../ui/format.ts';

/** A value of a formula. */
export type Value = ScreenRow['values'][number];

const WORDS: Readonly<Record<Exclude<Unit, null>, string | null>> = { price: 'USD', shares: 'shares', dollars: 'USD', fraction: '%', percent: '%', ratio: '×', index: null, bars: 'bars', flag: null };

/** The unit as it stands in a header; null for bare numbers. Fractions are shown in percent. */
export function unitWords(unit: Unit): string | null {
  return unit === null ? null : WORDS[unit];
}
/** What a number is multiplied with to be in the unit of the header. */
export function scaleOf(unit: Unit): number {
  return unit === 'fraction' ? 100 : 1;
}

/** Large numbers, shortened. shortened(12_345_678) = '12.35 M', shortened(950) = '950' */
export function shortened(value: number): string {
  const size = Math.abs(value);
  for (const [letter, step] of [['T', 1e12], ['B', 1e9], ['M', 1e6], ['k', 1e3]] as const) if (size >= step) return `${money(value / step)} ${letter}`;
  return Number.isInteger(value) ? count(value) : money(value);
}

const DECIMALS_MAX = 6;
/** Three digits that tell something, for the smallest half of a column: 0 to 6 decimals. decimalsOf([1200, 3400]) = 0, decimalsOf([0.0123]) = 4 */
export function decimalsOf(values: readonly number[]): number {
  const sizes = values.map(Math.abs).filter((size) => size > 0 && Number.isFinite(size)).sort((a, b) => a - b);
  const middle = sizes[Math.floor(sizes.length / 2)];
  if (middle === undefined || values.every((value) => Number.isInteger(value))) return 0;
  return Math.max(0, Math.min(DECIMALS_MAX, 2 - Math.floor(Math.log10(middle))));
}

/** Names of what goes up and down: their numbers always have a sign. */
const MOVES = /\b(?:change|gap|from_high52|from_low52)\b/;

/** How the values of a formula read in a column, all with the same decimals. Parts in percent have a sign where the formula is a move, or one of them is below zero. */
export function formatterOf(values: readonly Value[], unit: Unit, formula = ''): (value: Value) => string {
  const numbers = values.filter((value) => typeof value === 'number');
  const signed = MOVES.test(formula) || numbers.some((value) => value < 0);
  const byUnit = (): ((value: number) => string) => {
    switch (unit) {
      case 'price': return price;
      case 'shares': case 'dollars': return shortened;
      case 'fraction': return (value) => money(value * 100, { signed });
      case 'bars': return count;
      case 'percent': case 'index': return (value) => money(value);
      default: {
        const decimals = decimalsOf(numbers);
        return (value) => (Math.abs(value) >= 1e6 ? shortened(value) : money(value, { decimals }));
      }
    }
  };
  const write = byUnit();
  return (value) => (value === null ? NOTHING : typeof value === 'boolean' ? (value ? 'yes' : 'no') : typeof value === 'string' ? value : write(value));
}
