/** Volatility and bands of deviations from their definitions. For tests alone. */
import { column, largest, mean, type PlainBars, plainEma, plainRanges, plainSma, plainWilder, type Rows, smallest, total, windowOf } from './row.ts';

const at = (values: readonly number[], i: number): number => values[i] ?? NaN;
const square = (value: number): number => value * value;

/** Mean square distance from the mean of the last `n`, in cents so that the mean of equal prices is that price. */
export function plainVariance(values: readonly number[], n: number): number[] {
  const cents = values.map((value) => Math.round(value * 100));
  return column(values.length, n - 1, (i) => {
    const window = windowOf(cents, i, n);
    return mean(window.map((value) => square(value - mean(window)))) / 10_000;
  });
}

/** Square root of it. */
export const plainDeviation = (values: readonly number[], n: number): number[] => plainVariance(values, n).map(Math.sqrt);

/** Sample variance of a list. */
const sample = (values: readonly number[]): number => total(values.map((value) => square(value - mean(values)))) / (values.length - 1);

/** Logarithm of one column over another, `lag` bars before. */
const logs = (above: readonly number[], below: readonly number[], lag: number): number[] => column(above.length, lag, (i) => Math.log(at(above, i) / at(below, i - lag)));

const yearly = (variances: readonly number[], year: number): number[] => variances.map((value) => 100 * Math.sqrt(value) * Math.sqrt(year));
const overWindow = (terms: readonly number[], n: number, first: number): number[] => column(terms.length, first, (i) => mean(windowOf(terms, i, n)));

function rogersSatchell({ open, high, low, close }: PlainBars): number[] {
  return close.map((c, i) => Math.log(at(high, i) / c) * Math.log(at(high, i) / at(open, i)) + Math.log(at(low, i) / c) * Math.log(at(low, i) / at(open, i)));
}

function yangZhang(bars: PlainBars, n: number): number[] {
  const gaps = logs(bars.open, bars.close, 1);
  const bodies = logs(bars.close, bars.open, 0);
  const inner = rogersSatchell(bars);
  const k = 0.34 / (1.34 + (n + 1) / (n - 1));
  return column(gaps.length, n, (i) => sample(windowOf(gaps, i, n)) + k * sample(windowOf(bodies, i, n)) + (1 - k) * mean(windowOf(inner, i, n)));
}

function relativeVolatility(close: readonly number[], [deviation = 0, n = 0]: readonly number[]): number[] {
  const spread = plainDeviation(close, deviation);
  const side = (sign: number): number[] => plainWilder(spread.map((value, i) => (Number.isNaN(value) ? NaN : sign * (at(close, i) - at(close, i - 1)) > 0 ? value : 0)), n);
  const [up, down] = [side(1), side(-1)];
  return up.map((value, i) => (value + at(down, i) === 0 ? 0 : (100 * value) / (value + at(down, i))));
}

const rangeBars = { open: [100], high: [110], low: [100], close: [105] };

/** Rows by id. */
export const NAIVE_VOLATILITY: Rows = {
  TRANGE: { naive: (bars) => ({ value: plainRanges(bars) }), worked: [{ values: [], bars: { high: [9, 11], low: [9, 10], close: [9, 10] }, gives: { value: [NaN, 2] } }] },
  NATR: {
    values: [[1], [30]], naive: (bars, [n = 0]) => ({ value: plainWilder(plainRanges(bars), n).map((range, i) => (100 * range) / at(bars.close, i)) }),
    worked: [{ values: [1], bars: { high: [50, 51], low: [50, 49], close: [50, 50] }, gives: { value: [NaN, 4] } }],
  },
  STDDEV: { values: [[2], [5], [200]], naive: ({ close }, [n = 0]) => ({ value: plainDeviation(close, n) }), worked: [{ values: [4], bars: { close: [1, 2, 3, 6] }, gives: { value: [NaN, 1.8708] } }] },
  VAR: { values: [[2], [200]], naive: ({ close }, [n = 0]) => ({ value: plainVariance(close, n) }), worked: [{ values: [4], bars: { close: [1, 2, 3, 6] }, gives: { value: [3.5] } }] },
  BBANDS: {
    values: [[2, 1.5], [50, 3]],
    naive({ close }, [n = 0, times = 0]) {
      const [middle, spread] = [plainSma(close, n), plainDeviation(close, n)];
      return { middle, upper: middle.map((value, i) => value + times * at(spread, i)), lower: middle.map((value, i) => value - times * at(spread, i)) };
    },
    worked: [{ values: [4, 2], bars: { close: [1, 2, 3, 6] }, gives: { upper: [6.7417], middle: [3], lower: [-0.7417] } }],
  },
  BBWIDTH: {
    values: [[5, 1]],
    naive({ close }, [n = 0, times = 0]) {
      const [middle, spread] = [plainSma(close, n), plainDeviation(close, n)];
      return { value: middle.map((value, i) => (100 * 2 * times * at(spread, i)) / value) };
    },
    worked: [{ values: [4, 2], bars: { close: [1, 2, 3, 6] }, gives: { value: [249.4438] } }],
  },
  PERCENTB: {
    values: [[5, 1], [5, 0]],
    naive({ close }, [n = 0, times = 0]) {
      const [middle, spread] = [plainSma(close, n), plainDeviation(close, n)];
      return { value: middle.map((value, i) => (times * at(spread, i) === 0 ? 0.5 : (at(close, i) - (value - times * at(spread, i))) / (2 * times * at(spread, i)))) };
    },
    // The plain form takes a mean of 90,000 from a price beside it.
    tolerance: 1e-8,
    worked: [{ values: [4, 2], bars: { close: [1, 2, 3, 6] }, gives: { value: [0.9009] } }],
  },
  ZSCORE: {
    values: [[2], [50]],
    naive({ close }, [n = 0]) {
      const cents = close.map((value) => Math.round(value * 100));
      const [middle, spread] = [plainSma(cents, n), plainDeviation(close, n)];
      return { value: middle.map((value, i) => (at(spread, i) === 0 ? 0 : (at(cents, i) - value) / (100 * at(spread, i)))) };
    },
    // At 90,000 the distance of a cent from the mean has lost seven digits, in dollars as in cents.
    tolerance: 1e-8,
    worked: [{ values: [4], bars: { close: [1, 2, 3, 6] }, gives: { value: [1.6036] } }],
  },
  HISTVOL: {
    values: [[2, 252], [60, 1_638]],
    naive: ({ close }, [n = 0, year = 0]) => ({ value: yearly(column(close.length, n, (i) => sample(windowOf(logs(close, close, 1), i, n))), year) }),
    worked: [{ values: [2, 252], bars: { close: [100, 110, 99] }, gives: { value: [225.2523] } }],
  },
  PARKINSON: {
    values: [[1, 252]],
    naive: ({ high, low }, [n = 0, year = 0]) => ({ value: yearly(overWindow(logs(high, low, 0).map((value) => square(value) / (4 * Math.log(2))), n, n - 1), year) }),
    worked: [{ values: [1, 252], bars: rangeBars, gives: { value: [90.865] } }],
  },
  GARMANKLASS: {
    values: [[1, 252]],
    naive({ open, high, low, close }, [n = 0, year = 0]) {
      const bodies = logs(close, open, 0);
      return { value: yearly(overWindow(logs(high, low, 0).map((value, i) => square(value) / 2 - (Math.log(4) - 1) * square(at(bodies, i))), n, n - 1), year) };
    },
    worked: [{ values: [1, 252], bars: rangeBars, gives: { value: [95.5436] } }],
  },
  ROGERSSATCHELL: { values: [[1, 252]], naive: (bars, [n = 0, year = 0]) => ({ value: yearly(overWindow(rogersSatchell(bars), n, n - 1), year) }), worked: [{ values: [1, 252], bars: rangeBars, gives: { value: [105.7036] } }] },
  YANGZHANG: {
    values: [[2, 252]], naive: (bars, [n = 0, year = 0]) => ({ value: yearly(yangZhang(bars, n), year) }),
    worked: [{ values: [2, 252], bars: { open: [100, 100, 110], high: [100, 110, 110], low: [100, 100, 99], close: [100, 110, 99] }, gives: { value: [63.0469] } }],
  },
  CHOP: {
    values: [[2], [50]],
    naive(bars, [n = 0]) {
      const ranges = plainRanges(bars);
      return { value: column(ranges.length, n, (i) => {
        const width = largest(windowOf(bars.high, i, n)) - smallest(windowOf(bars.low, i, n));
        return width === 0 ? 100 : (100 * Math.log10(total(windowOf(ranges, i, n)) / width)) / Math.log10(n);
      }) };
    },
    // At 90,000 the plain range of a cent has lost six digits.
    tolerance: 1e-8,
    worked: [{ values: [2], bars: { high: [9.5, 10, 11], low: [9.5, 9, 10], close: [9.5, 9.5, 10.5] }, gives: { value: [32.1928] } }],
  },
  ULCER: {
    values: [[1], [2], [30]],
    naive({ close }, [n = 0]) {
      const falls = column(close.length, n - 1, (i) => 100 * (at(close, i) / largest(windowOf(close, i, n)) - 1));
      return { value: column(close.length, 2 * n - 2, (i) => Math.sqrt(mean(windowOf(falls, i, n).map(square)))) };
    },
    // The plain form takes 1 from a ratio beside it.
    tolerance: 1e-8,
    worked: [{ values: [2], bars: { close: [10, 9, 9] }, gives: { value: [NaN, 7.0711] } }],
  },
  RVI: { values: [[2, 1], [5, 20]], naive: ({ close }, values) => ({ value: relativeVolatility(close, values) }), worked: [{ values: [2, 1], bars: { close: [10, 11] }, gives: { value: [NaN, 100] } }] },
  CHAIKINVOL: {
    values: [[1, 1], [20, 5]],
    naive({ high, low }, [n = 0, change = 0]) {
      const width = plainEma(high.map((value, i) => value - at(low, i)), n);
      return { value: column(high.length, n - 1 + change, (i) => (at(width, i - change) === 0 ? 0 : 100 * (at(width, i) / at(width, i - change) - 1))) };
    },
    worked: [{ values: [1, 1], bars: { high: [12, 13], low: [10, 10], close: [11, 11] }, gives: { value: [NaN, 50] } }],
  },
};
