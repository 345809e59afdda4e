/** Trend from its definitions. For tests alone. */
import { column, largest, type PlainBars, plainEma, plainRanges, type Rows, smallest, total, windowOf } from './row.ts';

const at = (values: readonly number[], i: number): number => values[i] ?? NaN;

/** Wilder's sum: n times his average, whose seed is the sum of n - 1 changes. */
function plainAdded(moves: readonly number[], n: number): number[] {
  const out: number[] = moves.map(() => NaN);
  for (let i = n - 1; i < moves.length; i += 1) out[i] = i === n - 1 ? total(moves.slice(1, n)) : at(out, i - 1) - at(out, i - 1) / n + at(moves, i);
  return out;
}

type Directions = { plus: number[]; minus: number[]; range: number[]; plusDi: number[]; minusDi: number[]; dx: number[]; isNothing: boolean[] };

function plainDirections(bars: PlainBars, n: number): Directions {
  const { high, low } = bars;
  const ups = column(high.length, 1, (i) => at(high, i) - at(high, i - 1));
  const downs = column(high.length, 1, (i) => at(low, i - 1) - at(low, i));
  const plus = plainAdded(ups.map((up, i) => (up > at(downs, i) ? Math.max(up, 0) : 0)), n);
  const minus = plainAdded(downs.map((down, i) => (down > at(ups, i) ? Math.max(down, 0) : 0)), n);
  const range = plainAdded(plainRanges(bars), n);
  const share = (sum: readonly number[]): number[] => column(sum.length, n, (i) => (at(range, i) < 1e-14 ? 0 : (100 * at(sum, i)) / at(range, i)));
  const [plusDi, minusDi] = [share(plus), share(minus)];
  const dx: number[] = plusDi.map(() => NaN);
  const isNothing = plusDi.map((_, i) => at(range, i) < 1e-14 || at(plus, i) + at(minus, i) < 1e-14);
  for (let i = n; i < dx.length; i += 1) dx[i] = isNothing[i] ? (i === n ? 0 : at(dx, i - 1)) : (100 * Math.abs(at(plusDi, i) - at(minusDi, i))) / (at(plusDi, i) + at(minusDi, i));
  return { plus, minus, range, plusDi, minusDi, dx, isNothing };
}

function plainAdx(bars: PlainBars, n: number): number[] {
  const { dx, isNothing } = plainDirections(bars, n);
  const out: number[] = dx.map(() => NaN);
  out[2 * n - 1] = total(dx.map((value, i) => (i < n || i >= 2 * n || isNothing[i] ? 0 : value))) / n;
  for (let i = 2 * n; i < dx.length; i += 1) out[i] = isNothing[i] ? at(out, i - 1) : (at(out, i - 1) * (n - 1) + at(dx, i)) / n;
  return out;
}

/** How many bars ago the newest extreme came. */
const since = (window: readonly number[], best: number): number => window.length - 1 - window.lastIndexOf(best);

function plainAroon({ high, low }: PlainBars, n: number): { up: number[]; down: number[] } {
  const fresh = (values: readonly number[], best: (window: readonly number[]) => number): number[] => column(values.length, n, (i) => {
    const window = windowOf(values, i, n + 1);
    return 100 - (100 * since(window, best(window))) / n;
  });
  return { up: fresh(high, largest), down: fresh(low, smallest) };
}

/** Wilder's rules, one trend after the other. */
function plainSar({ high, low }: PlainBars, step: number, most: number): number[] {
  const out: number[] = high.map(() => NaN);
  const fall = at(low, 0) - at(low, 1);
  let isUp = !(fall > 0 && fall > at(high, 1) - at(high, 0));
  let next = isUp ? at(low, 0) : at(high, 0);
  let [point, speed] = [isUp ? at(high, 1) : at(low, 1), step];
  for (let i = 1; i < high.length; i += 1) {
    const last = Math.max(1, i - 1);
    const [top, bottom] = [Math.max(at(high, last), at(high, i)), Math.min(at(low, last), at(low, i))];
    if (isUp ? at(low, i) <= next : at(high, i) >= next) {
      isUp = !isUp;
      next = isUp ? Math.min(point, bottom) : Math.max(point, top);
      [point, speed] = [isUp ? at(high, i) : at(low, i), step];
    } else if (isUp ? at(high, i) > point : at(low, i) < point) {
      [point, speed] = [isUp ? at(high, i) : at(low, i), Math.min(speed + step, most)];
    }
    out[i] = next;
    const moved = next + speed * (point - next);
    next = isUp ? Math.min(moved, bottom) : Math.max(moved, top);
  }
  return out;
}

const rising = { high: [10, 11, 13], low: [9, 9.5, 10], close: [9.5, 10.5, 12] };
const falling = { high: [10, 9.5, 9], low: [9, 8, 6], close: [9, 8, 7] };
const turning = { high: [10, 11, 13, 12, 12], low: [9, 9.5, 10, 9.5, 9], close: [9.5, 10.5, 12, 10, 10] };
const firstFour = { high: turning.high.slice(0, 4), low: turning.low.slice(0, 4), close: turning.close.slice(0, 4) };
const turned = { high: [3, 2, 1], low: [1, 1, 0.5], close: [2, 1, 1] };
const periods = [[2], [3], [30]];

/** Rows by id. */
export const NAIVE_TREND: Rows = {
  PLUS_DM: { values: periods, naive: (bars, [n = 0]) => ({ value: plainDirections(bars, n).plus }), worked: [{ values: [2], bars: rising, gives: { value: [NaN, 1, 2.5] } }] },
  MINUS_DM: { values: periods, naive: (bars, [n = 0]) => ({ value: plainDirections(bars, n).minus }), worked: [{ values: [2], bars: falling, gives: { value: [NaN, 1, 2.5] } }] },
  PLUS_DI: { values: periods, naive: (bars, [n = 0]) => ({ value: plainDirections(bars, n).plusDi }), worked: [{ values: [2], bars: rising, gives: { value: [NaN, 66.6667] } }] },
  MINUS_DI: { values: periods, naive: (bars, [n = 0]) => ({ value: plainDirections(bars, n).minusDi }), worked: [{ values: [2], bars: falling, gives: { value: [NaN, 66.6667] } }] },
  DX: { values: periods, naive: (bars, [n = 0]) => ({ value: plainDirections(bars, n).dx }), worked: [{ values: [2], bars: rising, gives: { value: [NaN, 100] } }] },
  ADX: { values: periods, naive: (bars, [n = 0]) => ({ value: plainAdx(bars, n) }), worked: [{ values: [2], bars: firstFour, gives: { value: [NaN, 71.4286] } }] },
  ADXR: {
    values: periods,
    naive(bars, [n = 0]) {
      const average = plainAdx(bars, n);
      return { value: column(average.length, 3 * n - 2, (i) => (at(average, i) + at(average, i - n + 1)) / 2) };
    },
    worked: [{ values: [2], bars: turning, gives: { value: [NaN, 55.8442] } }],
  },
  AROON: { values: [[1], [50]], naive: (bars, [n = 0]) => plainAroon(bars, n), worked: [{ values: [2], bars: turned, gives: { up: [NaN, 0], down: [NaN, 100] } }] },
  AROONOSC: {
    values: [[1], [50]],
    naive(bars, [n = 0]) {
      const { up, down } = plainAroon(bars, n);
      return { value: up.map((value, i) => value - at(down, i)) };
    },
    worked: [{ values: [2], bars: turned, gives: { value: [NaN, -100] } }],
  },
  SAR: {
    values: [[0.05, 0.05], [0.1, 0.5]],
    naive: (bars, [step = 0, most = 0]) => ({ value: plainSar(bars, step, most) }),
    worked: [{ values: [0.02, 0.2], bars: { high: [10, 11, 12], low: [9, 10, 11], close: [9, 10, 11] }, gives: { value: [NaN, 9, 9.04] } }],
  },
  VORTEX: {
    values: [[1], [50]],
    naive(bars, [n = 0]) {
      const { high, low } = bars;
      const ranges = plainRanges(bars);
      const side = (from: readonly number[], to: readonly number[]): number[] => {
        const ways = column(from.length, 1, (i) => Math.abs(at(from, i) - at(to, i - 1)));
        return column(from.length, n, (i) => (total(windowOf(ranges, i, n)) < 1e-9 ? 0 : total(windowOf(ways, i, n)) / total(windowOf(ranges, i, n))));
      };
      return { up: side(high, low), down: side(low, high) };
    },
    worked: [{ values: [1], bars: { high: [10, 12], low: [8, 9], close: [9, 11] }, gives: { up: [NaN, 1.3333], down: [NaN, 0.3333] } }],
  },
  MASS: {
    values: [[1, 3], [5, 10]],
    naive({ high, low }, [n = 0, sum = 0]) {
      const once = plainEma(high.map((value, i) => value - at(low, i)), n);
      const twice = plainEma(once, n);
      const ratios = once.map((value, i) => (at(twice, i) === 0 ? 1 : value / at(twice, i)));
      return { value: column(high.length, 2 * (n - 1) + sum - 1, (i) => total(windowOf(ratios, i, sum))) };
    },
    worked: [{ values: [1, 3], bars: { high: [2, 3, 5], low: [1, 1, 1], close: [1, 2, 3] }, gives: { value: [NaN, 3] } }],
  },
};
