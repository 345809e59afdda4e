/** Statistics of a window from their definitions. For tests alone. */
import { column, largest, mean, type PlainBars, type Row, type Rows, smallest, total, windowOf } from './row.ts';

const at = (values: readonly number[], i: number): number => values[i] ?? NaN;
const square = (value: number): number => value * value;
/** Whole cents, so that differences from a mean are those of the definition. */
const cents = (values: readonly number[]): number[] => values.map((value) => Math.round(value * 100));

type Fit = { readonly slope: number; readonly start: number; readonly left: number; readonly spread: number };

/** Least squares by distances from the means; `left` and `spread`: sums of squares around the line and around the mean. */
function fitOf(window: readonly number[]): Fit {
  const middle = (window.length - 1) / 2;
  const slope = total(window.map((y, x) => (x - middle) * (y - mean(window)))) / total(window.map((_, x) => square(x - middle)));
  const start = mean(window) - slope * middle;
  return { slope, start, left: total(window.map((y, x) => square(y - start - slope * x))), spread: total(window.map((y) => square(y - mean(window)))) };
}

const ofFit = (value: (fit: Fit, n: number) => number, scale = 100): Row['naive'] => ({ close }, [n = 0]) => ({ value: column(close.length, n - 1, (i) => value(fitOf(windowOf(cents(close), i, n)), n) / scale) });
const three = { close: [1, 2, 4] };
const tried = [[2], [3], [50]];

function moment(prices: readonly number[], power: number): number {
  const window = prices.map((price) => price - at(prices, 0));
  return mean(window.map((value) => (value - mean(window)) ** power));
}

/** Distances from the mean, of numbers told from the first. */
function distances(values: readonly number[]): number[] {
  const shifted = values.map((value) => value - at(values, 0));
  return shifted.map((value) => value - mean(shifted));
}

/** Sums of products around the means. */
function products(x: readonly number[], y: readonly number[]): { xx: number; xy: number; yy: number } {
  const [dx, dy] = [distances(x), distances(y)];
  return { xx: total(dx.map(square)), yy: total(dy.map(square)), xy: total(dx.map((value, i) => value * at(dy, i))) };
}

const still = (values: readonly number[]): boolean => largest(values) === smallest(values);
const relative = (values: readonly number[]): number[] => column(values.length, 1, (i) => at(values, i) / at(values, i - 1) - 1);
const steps = (values: readonly number[]): number[] => column(values.length, 1, (i) => at(values, i) - at(values, i - 1));

function halfLife({ close }: PlainBars, n: number): number[] {
  const [price, change] = [cents(close), steps(cents(close))];
  return column(close.length, n, (i) => {
    const [x, y] = [windowOf(price, i - 1, n), windowOf(change, i, n)];
    if (still(x)) return 10_000;
    const { xx, xy } = products(x, y);
    const slope = xy / xx;
    if (slope <= -0.999) return 0;
    return slope >= 0 ? 10_000 : Math.min(10_000, Math.log(0.5) / Math.log1p(slope));
  });
}

const age = (values: readonly number[], i: number, n: number, extreme: number): number => n - 1 - windowOf(values, i, n).lastIndexOf(extreme);

/** Rows by id. */
export const NAIVE_STATISTICS: Rows = {
  LINEARREG: { values: tried, naive: ofFit(({ start, slope }, n) => start + slope * (n - 1)), worked: [{ values: [3], bars: three, gives: { value: [NaN, NaN, 3.8333] } }] },
  LINEARREG_SLOPE: { values: tried, naive: ofFit(({ slope }) => slope), worked: [{ values: [3], bars: three, gives: { value: [1.5] } }] },
  LINEARREG_ANGLE: { values: tried, naive: ofFit(({ slope }) => (Math.atan(slope / 100) * 180) / Math.PI, 1), worked: [{ values: [3], bars: three, gives: { value: [56.3099] } }] },
  LINEARREG_INTERCEPT: { values: tried, naive: ofFit(({ start }) => start), worked: [{ values: [3], bars: three, gives: { value: [0.8333] } }] },
  TSF: { values: tried, naive: ofFit(({ start, slope }, n) => start + slope * n), worked: [{ values: [3], bars: three, gives: { value: [5.3333] } }] },
  RSQUARED: { values: tried, naive: ofFit(({ left, spread }) => (spread === 0 ? 0 : 1 - left / spread), 1), worked: [{ values: [3], bars: three, gives: { value: [0.9643] } }] },
  // The mean square around a line that fits exactly is a difference of equal numbers: its root shows half the digits.
  STDERR: { values: [[3], [50]], tolerance: 1e-7, naive: ofFit(({ left }, n) => Math.sqrt(left / (n - 2))), worked: [{ values: [3], bars: three, gives: { value: [0.4082] } }] },
  LRCHANNEL: {
    values: [[2, 2], [50, 1]],
    naive({ close }, [n = 0, times = 0]) {
      const part = (side: number): number[] => column(close.length, n - 1, (i) => {
        const { start, slope, left } = fitOf(windowOf(cents(close), i, n));
        return (start + slope * (n - 1) + side * times * Math.sqrt(left / n)) / 100;
      });
      return { upper: part(1), middle: part(0), lower: part(-1) };
    },
    worked: [{ values: [3, 2], bars: three, gives: { upper: [4.3047], middle: [3.8333], lower: [3.3619] } }],
  },
  CORREL: {
    values: [[2], [5]],
    naive: ({ close, volume }, [n = 0]) => ({ value: column(close.length, n - 1, (i) => {
      const [x, y] = [windowOf(cents(close), i, n), windowOf(volume, i, n)];
      const { xx, xy, yy } = products(x, y);
      return still(x) || still(y) ? 0 : xy / Math.sqrt(xx * yy);
    }) }),
    worked: [{ values: [3], bars: { close: [1, 2, 3], volume: [10, 20, 40] }, gives: { value: [0.982] } }],
  },
  BETA: {
    values: [[2], [30]],
    naive: ({ high, low }, [n = 0]) => ({ value: column(high.length, n, (i) => {
      const [x, y] = [windowOf(relative(high), i, n), windowOf(relative(low), i, n)];
      const { xx, xy } = products(x, y);
      return largest(x) - smallest(x) < 1e-12 ? 0 : xy / xx;
    }) }),
    // At 90,000 a change of a cent, as a part of the price, has lost seven digits.
    tolerance: 1e-7,
    worked: [{ values: [2], bars: { high: [100, 110, 99], low: [50, 60, 51], close: [75, 75, 75] }, gives: { value: [NaN, NaN, 1.75] } }],
  },
  SKEW: {
    values: [[3], [100]], naive: ({ close }, [n = 0]) => ({ value: column(close.length, n - 1, (i) => (still(windowOf(close, i, n)) ? 0 : moment(windowOf(cents(close), i, n), 3) / moment(windowOf(cents(close), i, n), 2) ** 1.5)) }),
    worked: [{ values: [4], bars: { close: [1, 1, 1, 5] }, gives: { value: [1.1547] } }],
  },
  KURTOSIS: {
    values: [[4], [100]], naive: ({ close }, [n = 0]) => ({ value: column(close.length, n - 1, (i) => (still(windowOf(close, i, n)) ? 0 : moment(windowOf(cents(close), i, n), 4) / moment(windowOf(cents(close), i, n), 2) ** 2 - 3)) }),
    worked: [{ values: [4], bars: { close: [1, 1, 1, 5] }, gives: { value: [-0.6667] } }],
  },
  MEDIAN: {
    values: [[1], [2], [51]],
    naive: ({ close }, [n = 0]) => ({ value: column(close.length, n - 1, (i) => {
      const sorted = [...windowOf(close, i, n)].sort((a, b) => a - b);
      return (at(sorted, Math.floor((n - 1) / 2)) + at(sorted, Math.floor(n / 2))) / 2;
    }) }),
    worked: [{ values: [4], bars: { close: [1, 9, 3, 5] }, gives: { value: [4] } }],
  },
  PERCENTRANK: {
    values: [[1], [3]], naive: ({ close }, [n = 0]) => ({ value: column(close.length, n, (i) => (100 * windowOf(close, i - 1, n).filter((value) => value <= at(close, i)).length) / n) }),
    worked: [{ values: [3], bars: { close: [1, 9, 3, 5] }, gives: { value: [NaN, 66.6667] } }],
  },
  MAX: { values: [[1], [2]], naive: ({ close }, [n = 0]) => ({ value: column(close.length, n - 1, (i) => largest(windowOf(close, i, n))) }), worked: [{ values: [2], bars: { close: [3, 5, 4] }, gives: { value: [NaN, 5, 5] } }] },
  MIN: { values: [[1], [2]], naive: ({ close }, [n = 0]) => ({ value: column(close.length, n - 1, (i) => smallest(windowOf(close, i, n))) }), worked: [{ values: [2], bars: { close: [3, 5, 4] }, gives: { value: [NaN, 3, 4] } }] },
  MAXAGO: { values: [[1], [2]], naive: ({ close }, [n = 0]) => ({ value: column(close.length, n - 1, (i) => age(close, i, n, largest(windowOf(close, i, n)))) }), worked: [{ values: [3], bars: { close: [3, 5, 4] }, gives: { value: [NaN, NaN, 1] } }] },
  MINAGO: { values: [[1], [2]], naive: ({ close }, [n = 0]) => ({ value: column(close.length, n - 1, (i) => age(close, i, n, smallest(windowOf(close, i, n)))) }), worked: [{ values: [3], bars: { close: [3, 5, 4] }, gives: { value: [NaN, NaN, 2] } }] },
  HALFLIFE: { values: [[5], [100]], naive: (bars, [n = 0]) => ({ value: halfLife(bars, n) }), worked: [{ values: [2], bars: { close: [1, 0.5, 0.25] }, gives: { value: [NaN, NaN, 1] } }] },
  AUTOCORR: {
    values: [[4], [50]],
    naive: ({ close }, [n = 0]) => ({ value: column(close.length, n + 1, (i) => {
      const change = steps(cents(close));
      const [x, y] = [windowOf(change, i - 1, n), windowOf(change, i, n)];
      const { xx, xy, yy } = products(x, y);
      return still(x) || still(y) ? 0 : xy / Math.sqrt(xx * yy);
    }) }),
    worked: [{ values: [4], bars: { close: [0, 1, 3, 4, 6, 7] }, gives: { value: [NaN, -1] } }],
  },
};
