/** Averages from their definitions. For tests alone. */
import { column, largest, mean, plainEma, plainSma, plainWilder, type Rows, smallest, total, windowOf } from './row.ts';

/** Weighted mean of a list, the last with the largest weight. */
const plainWeighted = (values: readonly number[]): number => total(values.map((value, i) => value * (i + 1))) / total(values.map((_, i) => i + 1));

/** WMA of what is there. */
export function plainWma(values: readonly number[], n: number): number[] {
  const first = values.findIndex((value) => !Number.isNaN(value));
  return column(values.length, first < 0 ? values.length : first + n - 1, (i) => plainWeighted(windowOf(values, i, n)));
}

const at = (values: readonly number[], i: number): number => values[i] ?? NaN;

function plainKama(close: readonly number[], n: number): number[] {
  const out: number[] = close.map(() => NaN);
  let value = at(close, n - 1);
  for (let i = n; i < close.length; i += 1) {
    const steps = Array.from({ length: n }, (_, ago) => Math.abs(Math.round(at(close, i - ago) * 100) - Math.round(at(close, i - ago - 1) * 100)));
    const way = Math.abs(Math.round(at(close, i) * 100) - Math.round(at(close, i - n) * 100));
    const efficiency = total(steps) === 0 ? 1 : way / total(steps);
    const speed = efficiency * (2 / 3) + (1 - efficiency) * (2 / 31);
    value = value + speed * speed * (at(close, i) - value);
    out[i] = value;
  }
  return out;
}

/** T3 as its author has it, the generalised double average thrice, multiplied out: (1 + v - v x EMA)^3 of EMA^3. */
function plainT3(close: readonly number[], n: number, v: number): number[] {
  const stages = [close];
  for (let step = 1; step <= 6; step += 1) stages.push(plainEma(stages[step - 1] ?? [], n));
  return close.map((_, i) => [1, -3, 3, -1].reduce((sum, times, power) => sum + times * (1 + v) ** (3 - power) * v ** power * at(stages[3 + power] ?? [], i), 0));
}

const line = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/** Rows by id. */
export const NAIVE_AVERAGES: Rows = {
  SMA: {
    values: [[1], [3], [50]],
    naive: ({ close }, [n = 0]) => ({ value: plainSma(close, n) }),
    worked: [{ values: [3], bars: { close: [1, 2, 4.5, 10] }, gives: { value: [NaN, NaN, 2.5, 5.5] } }],
  },
  EMA: {
    values: [[1], [3], [50]],
    naive: ({ close }, [n = 0]) => ({ value: plainEma(close, n) }),
    worked: [{ values: [3], bars: { close: [1, 2, 6, 5] }, gives: { value: [NaN, NaN, 3, 4] } }],
  },
  WMA: {
    values: [[1], [2], [50]],
    naive: ({ close }, [n = 0]) => ({ value: plainWma(close, n) }),
    worked: [{ values: [3], bars: { close: [1, 2, 6, 3] }, gives: { value: [NaN, NaN, 3.8333, 3.8333] } }],
  },
  HMA: {
    values: [[2], [9], [50]],
    naive({ close }, [n = 0]) {
      const [half, whole] = [plainWma(close, Math.floor(n / 2)), plainWma(close, n)];
      return { value: plainWma(half.map((value, i) => 2 * value - at(whole, i)), Math.floor(Math.sqrt(n))) };
    },
    worked: [{ values: [4], bars: { close: [1, 2, 3, 4, 5, 7] }, gives: { value: [NaN, 5, 6.6222] } }],
  },
  TRIMA: {
    values: [[1], [2], [7], [50]],
    // Weights that rise to the middle of the window and fall again.
    naive: ({ close }, [n = 0]) => ({ value: column(close.length, n - 1, (i) => {
      const weights = Array.from({ length: n }, (_, k) => Math.min(k + 1, n - k));
      return total(windowOf(close, i, n).map((price, k) => price * at(weights, k))) / total(weights);
    }) }),
    worked: [{ values: [4], bars: { close: [1, 2, 6, 3] }, gives: { value: [NaN, 3.3333] } }],
  },
  ALMA: {
    values: [[1, 0.85, 6], [20, 0.5, 3]],
    naive: ({ close }, [n = 0, offset = 0, sigma = 0]) => ({ value: column(close.length, n - 1, (i) => {
      const weights = Array.from({ length: n }, (_, k) => Math.exp(-0.5 * ((k - offset * (n - 1)) / (n / sigma)) ** 2));
      return total(windowOf(close, i, n).map((price, k) => price * at(weights, k))) / total(weights);
    }) }),
    worked: [{ values: [3, 0.85, 6], bars: { close: [1, 2, 6] }, gives: { value: [NaN, NaN, 4.7503] } }],
  },
  VWMA: {
    values: [[1], [5]],
    naive: ({ close, volume }, [n = 0]) => ({ value: column(close.length, n - 1, (i) => {
      const shares = windowOf(volume, i, n);
      return total(shares) === 0 ? at(close, i) : total(windowOf(close, i, n).map((price, k) => price * at(shares, k))) / total(shares);
    }) }),
    worked: [{ values: [2], bars: { close: [10, 13], volume: [100, 200] }, gives: { value: [NaN, 12] } }],
  },
  DEMA: {
    values: [[1], [5]],
    naive({ close }, [n = 0]) {
      const once = plainEma(close, n);
      const twice = plainEma(once, n);
      return { value: once.map((value, i) => 2 * value - at(twice, i)) };
    },
    worked: [{ values: [2], bars: { close: [1, 2, 6, 3] }, gives: { value: [NaN, 6, 3.6667] } }],
  },
  TEMA: {
    values: [[1], [5]],
    naive({ close }, [n = 0]) {
      const once = plainEma(close, n);
      const twice = plainEma(once, n);
      const thrice = plainEma(twice, n);
      return { value: once.map((value, i) => 3 * value - 3 * at(twice, i) + at(thrice, i)) };
    },
    worked: [{ values: [2], bars: { close: line }, gives: { value: [7, 8, 9] } }],
  },
  T3: {
    values: [[3, 0], [5, 1], [10, 0.5]],
    naive: ({ close }, [n = 0, v = 0]) => ({ value: plainT3(close, n, v) }),
    worked: [{ values: [2, 1], bars: { close: line }, gives: { value: [7, 8, 9] } }],
  },
  ZLEMA: {
    values: [[1], [2], [7]],
    naive({ close }, [n = 0]) {
      const lag = Math.floor((n - 1) / 2);
      return { value: plainEma(column(close.length, lag, (i) => 2 * at(close, i) - at(close, i - lag)), n) };
    },
    worked: [{ values: [3], bars: { close: [1, 2, 3, 4, 6] }, gives: { value: [NaN, 4, 6] } }],
  },
  SMMA: {
    values: [[1], [30]],
    naive: ({ close }, [n = 0]) => ({ value: plainWilder(close, n) }),
    worked: [{ values: [2], bars: { close: [1, 3, 6] }, gives: { value: [NaN, 2, 4] } }],
  },
  KAMA: {
    values: [[1], [2], [30]],
    naive: ({ close }, [n = 0]) => ({ value: plainKama(close, n) }),
    worked: [{ values: [2], bars: { close: [1, 2, 3, 3] }, gives: { value: [NaN, 2.4444, 2.6914] } }],
  },
  MIDPOINT: {
    values: [[1], [50]],
    naive: ({ close }, [n = 0]) => ({ value: column(close.length, n - 1, (i) => (largest(windowOf(close, i, n)) + smallest(windowOf(close, i, n))) / 2) }),
    worked: [{ values: [3], bars: { close: [1, 2, 6] }, gives: { value: [NaN, 3.5] } }],
  },
  MIDPRICE: {
    values: [[1], [50]],
    naive: ({ high, low }, [n = 0]) => ({ value: column(high.length, n - 1, (i) => mean([largest(windowOf(high, i, n)), smallest(windowOf(low, i, n))])) }),
    worked: [{ values: [2], bars: { high: [10, 12], low: [8, 9], close: [9, 10] }, gives: { value: [NaN, 10] } }],
  },
};
