/** Volume indicators from their definitions. For tests alone. */
import { column, mean, type PlainBars, plainEma, plainSma, type Rows, total, windowOf } from './row.ts';

const at = (values: readonly number[], i: number): number => values[i] ?? NaN;
const typical = ({ high, low, close }: PlainBars): number[] => close.map((value, i) => mean([at(high, i), at(low, i), value]));
const running = (values: readonly number[]): number[] => values.map((_, i) => total(values.slice(0, i + 1)));
const product = (left: readonly number[], right: readonly number[]): number[] => left.map((value, i) => value * at(right, i));
const changes = (values: readonly number[]): number[] => column(values.length, 1, (i) => at(values, i) - at(values, i - 1));

/** Volume by where the bar closed in its range. */
const moneyFlow = ({ high, low, close, volume }: PlainBars): number[] =>
  close.map((value, i) => (at(high, i) === at(low, i) ? 0 : ((2 * value - at(high, i) - at(low, i)) / (at(high, i) - at(low, i))) * at(volume, i)));

/** Exponential average begun at the first number. */
function fromFirst(values: readonly number[], n: number): number[] {
  const out: number[] = [];
  values.forEach((value, i) => out.push(i === 0 ? value : (2 * value + (n - 1) * at(out, i - 1)) / (n + 1)));
  return out;
}

function moneyFlowIndex(bars: PlainBars, n: number): number[] {
  const price = typical(bars);
  const flow = product(price, bars.volume);
  const side = (i: number, sign: number): number => total(flow.map((value, j) => (j > i - n && j <= i && sign * (at(price, j) - at(price, j - 1)) > 0 ? value : 0)));
  return column(flow.length, n, (i) => (side(i, 1) + side(i, -1) < 1 ? 0 : (100 * side(i, 1)) / (side(i, 1) + side(i, -1))));
}

function klinger(bars: PlainBars, [fast = 0, slow = 0, signal = 0]: readonly number[]) {
  const sums = typical(bars).map((_, i) => at(bars.high, i) + at(bars.low, i) + at(bars.close, i));
  const ranges = bars.high.map((value, i) => value - at(bars.low, i));
  const trends = column(sums.length, 1, (i) => (at(sums, i) > at(sums, i - 1) ? 1 : -1));
  const force = column(sums.length, 1, (i) => {
    let first = i;
    while (first > 1 && at(trends, first - 1) === at(trends, i)) first -= 1;
    const path = total(ranges.slice(first - 1, i + 1));
    return path === 0 ? 0 : at(bars.volume, i) * Math.abs((2 * at(ranges, i)) / path - 2) * at(trends, i) * 100;
  });
  const [quick, calm] = [plainEma(force, fast), plainEma(force, slow)];
  const oscillator = quick.map((value, i) => value - at(calm, i));
  return { oscillator, signal: plainEma(oscillator, signal) };
}

const indexOf = ({ close, volume }: PlainBars, sign: number): number[] => {
  const steps = close.map((value, i) => (i > 0 && sign * (at(volume, i) - at(volume, i - 1)) > 0 ? value / at(close, i - 1) : 1));
  return steps.map((_, i) => steps.slice(0, i + 1).reduce((level, step) => level * step, 1_000));
};

function dayVwap(bars: PlainBars): number[] {
  const days = bars.time.map((value) => Math.floor((value / 3_600_000 - 3) / 24));
  const price = typical(bars);
  return days.map((day, i) => {
    const first = days.indexOf(day);
    const volume = total(bars.volume.slice(first, i + 1));
    return volume === 0 ? at(price, i) : total(product(price, bars.volume).slice(first, i + 1)) / volume;
  });
}

/** Rows by id. */
export const NAIVE_VOLUME: Rows = {
  OBV: {
    naive: ({ close, volume }) => ({ value: running(volume.map((value, i) => (i === 0 ? value : value * Math.sign(at(close, i) - at(close, i - 1))))) }),
    worked: [{ values: [], bars: { close: [10, 11, 10.5], volume: [100, 200, 50] }, gives: { value: [100, 300, 250] } }],
  },
  AD: { naive: (bars) => ({ value: running(moneyFlow(bars)) }), worked: [{ values: [], bars: { high: [11], low: [10], close: [11], volume: [500] }, gives: { value: [500] } }] },
  ADOSC: {
    values: [[1, 3], [10, 3]],
    naive(bars, [fast = 0, slow = 0]) {
      const line = running(moneyFlow(bars));
      const [quick, calm] = [fromFirst(line, fast), fromFirst(line, slow)];
      return { value: quick.map((value, i) => value - at(calm, i)) };
    },
    worked: [{ values: [1, 3], bars: { high: [10, 11, 11], low: [10, 10, 10], close: [10, 11, 10.5], volume: [100, 100, 100] }, gives: { value: [NaN, NaN, 25] } }],
  },
  MFI: {
    values: [[1], [2], [30]], naive: (bars, [n = 0]) => ({ value: moneyFlowIndex(bars, n) }),
    worked: [{ values: [2], bars: { close: [1, 3, 2], volume: [100, 100, 50] }, gives: { value: [NaN, NaN, 75] } }],
  },
  CMF: {
    values: [[1], [50]],
    naive(bars, [n = 0]) {
      const flow = moneyFlow(bars);
      return { value: column(flow.length, n - 1, (i) => {
        const volume = total(windowOf(bars.volume, i, n));
        return volume === 0 ? 0 : total(windowOf(flow, i, n)) / volume;
      }) };
    },
    worked: [{ values: [2], bars: { high: [12, 12], low: [10, 10], close: [12, 11], volume: [100, 100] }, gives: { value: [NaN, 0.5] } }],
  },
  VWAP: { naive: (bars) => ({ value: dayVwap(bars) }), worked: [{ values: [], bars: { close: [10], volume: [100] }, gives: { value: [10] } }] },
  ROLLVWAP: {
    values: [[1], [2], [60]],
    naive(bars, [n = 0]) {
      const price = typical(bars);
      return { value: column(price.length, n - 1, (i) => {
        const volume = total(windowOf(bars.volume, i, n));
        return volume === 0 ? at(price, i) : total(windowOf(product(price, bars.volume), i, n)) / volume;
      }) };
    },
    worked: [{ values: [2], bars: { close: [10, 12, 14], volume: [100, 300, 100] }, gives: { value: [NaN, 11.5, 12.5] } }],
  },
  EFI: { values: [[1], [50]], naive: ({ close, volume }, [n = 0]) => ({ value: plainEma(product(changes(close), volume), n) }), worked: [{ values: [1], bars: { close: [10, 10.5], volume: [100, 200] }, gives: { value: [NaN, 100] } }] },
  EOM: {
    values: [[1, 1_000], [30, 1]],
    naive({ high, low, volume }, [n = 0, scale = 0]) {
      const middle = changes(high.map((value, i) => (value + at(low, i)) / 2));
      const ease = middle.map((change, i) => (at(volume, i) === 0 ? change * 0 : (change * (at(high, i) - at(low, i))) / (at(volume, i) / scale)));
      return { value: plainSma(ease, n) };
    },
    worked: [{ values: [1, 100_000_000], bars: { high: [10, 12], low: [10, 10], close: [10, 11], volume: [1, 1e8] }, gives: { value: [NaN, 2] } }],
  },
  NVI: { naive: (bars) => ({ value: indexOf(bars, -1) }), worked: [{ values: [], bars: { close: [10, 11], volume: [200, 100] }, gives: { value: [1_000, 1_100] } }] },
  PVI: { naive: (bars) => ({ value: indexOf(bars, 1) }), worked: [{ values: [], bars: { close: [10, 11], volume: [100, 200] }, gives: { value: [1_000, 1_100] } }] },
  PVT: {
    naive: ({ close, volume }) => ({ value: running(close.map((value, i) => (i === 0 ? 0 : (value / at(close, i - 1) - 1) * at(volume, i)))) }),
    worked: [{ values: [], bars: { close: [100, 110], volume: [1, 500] }, gives: { value: [0, 50] } }],
  },
  KVO: {
    values: [[2, 5, 1], [5, 3, 4]], naive: klinger,
    worked: [{ values: [1, 1, 1], bars: { high: [11, 12], low: [10, 10], close: [10, 11], volume: [1, 300] }, gives: { oscillator: [NaN, 0], signal: [NaN, 0] } }],
  },
  VOLSMA: { values: [[1], [50]], naive: ({ volume }, [n = 0]) => ({ value: plainSma(volume, n) }), worked: [{ values: [2], bars: { close: [1, 1], volume: [100, 300] }, gives: { value: [NaN, 200] } }] },
  RVOL: {
    values: [[1], [50]],
    naive: ({ volume }, [n = 0]) => ({ value: column(volume.length, n, (i) => (total(windowOf(volume, i - 1, n)) === 0 ? 0 : (at(volume, i) * n) / total(windowOf(volume, i - 1, n)))) }),
    worked: [{ values: [2], bars: { close: [1, 1, 1], volume: [100, 200, 300] }, gives: { value: [NaN, NaN, 2] } }],
  },
};
