/** Momentum from its definitions. For tests alone. */
import { plainWma } from './averages.ts';
import { column, largest, mean, type PlainBars, plainEma, plainRanges, plainSma, plainWilder, type Row, type Rows, smallest, total, windowOf } from './row.ts';

const at = (values: readonly number[], i: number): number => values[i] ?? NaN;
/** Change against the bar before, NaN at the first. */
const plainChanges = (values: readonly number[]): number[] => column(values.length, 1, (i) => at(values, i) - at(values, i - 1));
const plainRoc = (values: readonly number[], n: number): number[] => column(values.length, n, (i) => (100 * (at(values, i) - at(values, i - n))) / at(values, i - n));
const minus = (a: readonly number[], b: readonly number[]): number[] => a.map((value, i) => value - at(b, i));

/** Wilder's averages of gains and losses. */
function plainMoves(values: readonly number[], n: number): { gains: number[]; losses: number[] } {
  const changes = plainChanges(values);
  const side = (sign: number): number[] => plainWilder(changes.map((change) => (Number.isNaN(change) ? NaN : Math.max(sign * change, 0))), n);
  return { gains: side(1), losses: side(-1) };
}

/** Wilder's RSI from the ratio of averages. */
function plainRsi(values: readonly number[], n: number): number[] {
  const { gains, losses } = plainMoves(values, n);
  return gains.map((gain, i) => {
    const loss = at(losses, i);
    if (gain === 0 && loss === 0) return 0;
    return loss === 0 ? 100 : 100 - 100 / (1 + gain / loss);
  });
}

/** 0..100, by the highs and lows of a window. */
function plainStanding({ high, low, close }: Pick<PlainBars, 'high' | 'low' | 'close'>, n: number, still = 0): number[] {
  const first = close.findIndex((value) => !Number.isNaN(value));
  return column(close.length, first + n - 1, (i) => {
    const [top, bottom] = [largest(windowOf(high, i, n)), smallest(windowOf(low, i, n))];
    return top - bottom <= still ? 0 : (100 * (at(close, i) - bottom)) / (top - bottom);
  });
}

/** Two simple averages, or two exponential ones that both begin with the first price. */
function plainPair(close: readonly number[], [fast = 0, slow = 0, kind = 1]: readonly number[]): { fast: number[]; slow: number[] } {
  return kind === 0 ? { fast: plainSma(close, fast), slow: plainSma(close, slow) } : { fast: plainEma(close, fast), slow: plainEma(close, slow) };
}

const against = (change: (price: number, before: number) => number, gives: number): Row => ({
  values: [[1], [50]],
  naive: ({ close }, [n = 0]) => ({ value: column(close.length, n, (i) => change(at(close, i), at(close, i - n))) }),
  worked: [{ values: [2], bars: { close: [10, 11, 12.5] }, gives: { value: [NaN, NaN, gives] } }],
});

function plainKst(close: readonly number[], values: readonly number[]): { kst: number[]; signal: number[] } {
  const legs = [0, 1, 2, 3].map((leg) => plainSma(plainRoc(close, at(values, leg)), at(values, leg + 4)));
  const kst = close.map((_, i) => total(legs.map((leg, n) => (n + 1) * at(leg, i))));
  return { kst, signal: plainSma(kst, at(values, 8)) };
}

function plainUltimate({ high, low, close }: PlainBars, periods: readonly number[]): number[] {
  const bottoms = column(close.length, 1, (i) => Math.min(at(low, i), at(close, i - 1)));
  const pressures = bottoms.map((bottom, i) => at(close, i) - bottom);
  const ranges = bottoms.map((bottom, i) => Math.max(at(high, i), at(close, i - 1)) - bottom);
  return column(close.length, Math.max(...periods), (i) => {
    const parts = periods.map((n) => (total(windowOf(ranges, i, n)) < 1e-9 ? 0 : total(windowOf(pressures, i, n)) / total(windowOf(ranges, i, n))));
    return (100 * (4 * at(parts, 0) + 2 * at(parts, 1) + at(parts, 2))) / 7;
  });
}

function plainFisher({ high, low }: PlainBars, n: number): { fisher: number[]; trigger: number[] } {
  const middles = high.map((value, i) => (value + at(low, i)) / 2);
  const fisher: number[] = middles.map(() => NaN);
  let position = 0;
  for (let i = n - 1; i < middles.length; i += 1) {
    const window = windowOf(middles, i, n);
    const spread = largest(window) - smallest(window);
    const standing = spread === 0 ? 0 : (2 * (at(middles, i) - smallest(window))) / spread - 1;
    position = Math.min(0.999, Math.max(-0.999, 0.33 * standing + 0.67 * position));
    fisher[i] = Math.atanh(position) + 0.5 * (i === n - 1 ? 0 : at(fisher, i - 1));
  }
  return { fisher, trigger: column(fisher.length, n, (i) => at(fisher, i - 1)) };
}

function plainConnors(close: readonly number[], [price = 0, run = 0, rank = 0]: readonly number[]): number[] {
  const runs: number[] = [0];
  for (let i = 1; i < close.length; i += 1) {
    const sign = Math.sign(at(close, i) - at(close, i - 1));
    runs.push(sign === 0 ? 0 : Math.sign(at(runs, i - 1)) === sign ? at(runs, i - 1) + sign : sign);
  }
  const changes = column(close.length, 1, (i) => at(close, i) / at(close, i - 1));
  const [strength, runStrength] = [plainRsi(close, price), plainRsi(runs, run)];
  return column(close.length, rank + 1, (i) => {
    const smaller = windowOf(changes, i - 1, rank).filter((change) => change < at(changes, i)).length;
    return mean([at(strength, i), at(runStrength, i), (100 * smaller) / rank]);
  });
}

const stochasticBars = { high: [10, 12, 12], low: [8, 9, 10], close: [9, 11, 10] };

/** Rows by id. */
export const NAIVE_MOMENTUM: Rows = {
  RSI: {
    values: [[1], [2], [30]],
    naive: ({ close }, [n = 0]) => ({ value: plainRsi(close, n) }),
    worked: [{ values: [2], bars: { close: [10, 11, 10.5, 12] }, gives: { value: [NaN, NaN, 66.6667, 88.8889] } }],
  },
  ATR: {
    values: [[1], [2], [30]],
    naive: (bars: PlainBars, [n = 0]) => ({ value: plainWilder(plainRanges(bars), n) }),
    worked: [{ values: [2], bars: { high: [10, 11, 12, 10], low: [9, 10, 9, 9], close: [9.5, 10.5, 9, 10] }, gives: { value: [NaN, NaN, 2.25, 1.625] } }],
  },
  MACD: {
    // The difference of two averages of a high price that hardly moves: the last bits of either show.
    tolerance: 1e-8,
    values: [[2, 3, 1], [5, 35, 5]],
    naive({ close }, [fast = 0, slow = 0, smooth = 0]) {
      // The fast average begins late, so that both seeds end on one bar.
      const macd = minus(plainEma(close.map((price, i) => (i < slow - fast ? NaN : price)), fast), plainEma(close, slow));
      const signal = plainEma(macd, smooth);
      return { macd, signal, histogram: minus(macd, signal) };
    },
    worked: [{ values: [2, 3, 2], bars: { close: [1, 2, 6, 5, 9] }, gives: { macd: [NaN, 0.6667, 1.0556], signal: [NaN, 0.8333, 0.9815], histogram: [-0.1667, 0.0741] } }],
  },
  APO: {
    // As MACD's.
    tolerance: 1e-8,
    values: [[3, 10, 0], [3, 10, 1]],
    naive({ close }, values) {
      const { fast, slow } = plainPair(close, values);
      return { value: minus(fast, slow) };
    },
    worked: [{ values: [2, 3, 0], bars: { close: [1, 2, 6] }, gives: { value: [NaN, 1] } }],
  },
  PPO: {
    // As MACD's.
    tolerance: 1e-8,
    values: [[3, 10, 0], [3, 10, 1]],
    naive({ close }, values) {
      const { fast, slow } = plainPair(close, values);
      return { value: fast.map((value, i) => 100 * (value / at(slow, i) - 1)) };
    },
    worked: [{ values: [2, 3, 0], bars: { close: [1, 2, 6] }, gives: { value: [NaN, 33.3333] } }],
  },
  STOCH: {
    values: [[5, 1, 1], [1, 1, 1], [2, 3, 4], [50, 5, 9]],
    naive(bars, [n = 0, slow = 0, smooth = 0]) {
      const k = plainSma(plainStanding(bars, n), slow);
      return { k, d: plainSma(k, smooth) };
    },
    worked: [{ values: [2, 1, 2], bars: stochasticBars, gives: { k: [NaN, 33.3333], d: [NaN, 54.1667] } }],
  },
  STOCHF: {
    values: [[5, 1], [1, 1], [50, 9]],
    naive(bars, [n = 0, smooth = 0]) {
      const k = plainStanding(bars, n);
      return { k, d: plainSma(k, smooth) };
    },
    worked: [{ values: [2, 2], bars: stochasticBars, gives: { k: [NaN, 33.3333], d: [NaN, 54.1667] } }],
  },
  STOCHRSI: {
    values: [[14, 14, 3]],
    naive({ close }, [n = 0, within = 0, smooth = 0]) {
      const strength = plainRsi(close, n);
      const k = plainStanding({ high: strength, low: strength, close: strength }, within, 1e-8);
      return { k, d: plainSma(k, smooth) };
    },
    worked: [{ values: [2, 2, 1], bars: { close: [10, 11, 10.5, 12, 11] }, gives: { k: [100, 0], d: [100, 0] } }],
    // A range of the RSI a little above that takes its rounding along.
    tolerance: 1e-6,
  },
  WILLR: {
    values: [[1], [50]],
    naive: (bars, [n = 0]) => ({ value: plainStanding(bars, n).map((value, i) => (largest(windowOf(bars.high, i, n)) === smallest(windowOf(bars.low, i, n)) ? 0 : value - 100)) }),
    worked: [{ values: [2], bars: { high: [10, 12], low: [8, 9], close: [9, 11] }, gives: { value: [NaN, -25] } }],
  },
  CCI: {
    values: [[2], [50]],
    naive: ({ high, low, close }, [n = 0]) => ({ value: column(close.length, n - 1, (i) => {
      const prices = windowOf(close.map((price, k) => Math.round(100 * (price + at(high, k) + at(low, k)))), i, n);
      const away = mean(prices.map((price) => Math.abs(price - mean(prices))));
      return away === 0 ? 0 : (at(prices, n - 1) - mean(prices)) / (0.015 * away);
    }) }),
    worked: [{ values: [3], bars: { close: [1, 2, 6] }, gives: { value: [NaN, 100] } }],
  },
  CMO: {
    values: [[1], [2], [30]],
    naive({ close }, [n = 0]) {
      const { gains, losses } = plainMoves(close, n);
      return { value: gains.map((gain, i) => (gain + at(losses, i) === 0 ? 0 : (100 * (gain - at(losses, i))) / (gain + at(losses, i)))) };
    },
    worked: [{ values: [2], bars: { close: [10, 11, 10.5, 12] }, gives: { value: [NaN, 33.3333, 77.7778] } }],
  },
  MOM: against((price, before) => price - before, 2.5),
  ROC: against((price, before) => (100 * (price - before)) / before, 25),
  ROCP: against((price, before) => price / before - 1, 0.25),
  ROCR: against((price, before) => price / before, 1.25),
  TRIX: {
    // The change of an average of a high price that hardly moves: its last bits show.
    tolerance: 1e-7,
    values: [[1], [5]],
    naive: ({ close }, [n = 0]) => ({ value: plainRoc(plainEma(plainEma(plainEma(close, n), n), n), 1) }),
    worked: [{ values: [1], bars: { close: [10, 11] }, gives: { value: [NaN, 10] } }],
  },
  TSI: {
    values: [[1, 2], [5, 5]],
    naive({ close }, [long = 0, short = 0]) {
      const twice = (values: readonly number[]): number[] => plainEma(plainEma(values, long), short);
      const [change, size] = [twice(plainChanges(close)), twice(plainChanges(close).map(Math.abs))];
      return { value: change.map((value, i) => (at(size, i) === 0 ? 0 : (100 * value) / at(size, i))) };
    },
    worked: [{ values: [1, 2], bars: { close: [10, 12, 11, 14] }, gives: { value: [NaN, 33.3333, 86.6667] } }],
  },
  ULTOSC: {
    values: [[1, 2, 3], [5, 5, 40]],
    naive: (bars, values) => ({ value: plainUltimate(bars, values) }),
    worked: [{ values: [1, 2, 3], bars: { high: [10, 11, 12, 12], low: [9, 10, 10, 11], close: [9, 11, 10, 12] }, gives: { value: [NaN, 80.9524] } }],
  },
  BOP: {
    naive: ({ open, high, low, close }) => ({ value: close.map((price, i) => (at(high, i) === at(low, i) ? 0 : (price - at(open, i)) / (at(high, i) - at(low, i)))) }),
    worked: [{ values: [], bars: { open: [10], high: [12], low: [8], close: [11] }, gives: { value: [0.25] } }],
  },
  AO: {
    // As MACD's; here it is the plain sums that round.
    tolerance: 1e-8,
    values: [[1, 2], [10, 60]],
    naive({ high, low }, [fast = 0, slow = 0]) {
      const middles = high.map((value, i) => (value + at(low, i)) / 2);
      return { value: minus(plainSma(middles, fast), plainSma(middles, slow)) };
    },
    worked: [{ values: [1, 2], bars: { high: [10, 14], low: [8, 10], close: [9, 12] }, gives: { value: [NaN, 1.5] } }],
  },
  KST: {
    values: [[1, 2, 3, 4, 1, 2, 3, 4, 5]],
    naive: ({ close }, values) => plainKst(close, values),
    worked: [{ values: [1, 1, 1, 1, 1, 1, 1, 1, 2], bars: { close: [10, 11, 13.2] }, gives: { kst: [NaN, 200], signal: [NaN, 150] } }],
  },
  COPPOCK: {
    values: [[2, 1, 2]],
    naive({ close }, [long = 0, short = 0, smooth = 0]) {
      const [slow, quick] = [plainRoc(close, long), plainRoc(close, short)];
      return { value: plainWma(slow.map((value, i) => value + at(quick, i)), smooth) };
    },
    worked: [{ values: [2, 1, 2], bars: { close: [10, 10, 11, 12.1] }, gives: { value: [NaN, 27.3333] } }],
  },
  DPO: {
    values: [[1], [2], [21]],
    naive({ close }, [n = 0]) {
      const average = plainSma(close, n);
      return { value: column(close.length, Math.floor(n / 2) + 1, (i) => at(close, i - Math.floor(n / 2) - 1) - at(average, i)) };
    },
    worked: [{ values: [2], bars: { close: [5, 1, 3] }, gives: { value: [NaN, NaN, 3] } }],
  },
  FISHER: {
    values: [[2], [30]],
    naive: (bars, [n = 0]) => plainFisher(bars, n),
    worked: [{ values: [2], bars: { close: [1, 2, 3, 4] }, gives: { fisher: [NaN, 0.7914, 1.2615], trigger: [NaN, 0.3428, 0.7914] } }],
  },
  CRSI: {
    values: [[2, 2, 2], [5, 3, 20]],
    naive: ({ close }, values) => ({ value: plainConnors(close, values) }),
    worked: [{ values: [2, 2, 2], bars: { close: [10, 11, 10, 12] }, gives: { value: [NaN, 84.9206] } }],
  },
};
