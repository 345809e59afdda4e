/** Channels and levels from their definitions. For tests alone. */
import { column, largest, mean, type PlainBars, plainEma, type PlainOutputs, plainRanges, plainSma, plainWilder, type Row, type Rows, smallest, windowOf } from './row.ts';

const at = (values: readonly number[], i: number): number => values[i] ?? NaN;
const around = (middle: readonly number[], width: readonly number[]): PlainOutputs => ({ middle, upper: middle.map((value, i) => value + at(width, i)), lower: middle.map((value, i) => value - at(width, i)) });
const atrTimes = (bars: PlainBars, n: number, times: number): number[] => plainWilder(plainRanges(bars), n).map((range) => times * range);
const halfWay = ({ high, low }: PlainBars, i: number, n: number): number => (i < n - 1 ? NaN : (largest(windowOf(high, i, n)) + smallest(windowOf(low, i, n))) / 2);

function superTrend(bars: PlainBars, [n = 0, times = 0]: readonly number[]): PlainOutputs {
  const away = atrTimes(bars, n, times);
  const lines: number[] = [];
  const directions: number[] = [];
  let [upper, lower, isUp] = [Infinity, -Infinity, false];
  bars.close.forEach((close, i) => {
    if (i < n) {
      lines.push(NaN);
      directions.push(NaN);
      return;
    }
    const [before, middle] = [at(bars.close, i - 1), (at(bars.high, i) + at(bars.low, i)) / 2];
    upper = i === n || before > upper ? middle + at(away, i) : Math.min(upper, middle + at(away, i));
    lower = i === n || before < lower ? middle - at(away, i) : Math.max(lower, middle - at(away, i));
    isUp = i > n && (isUp ? close >= lower : close > upper);
    lines.push(isUp ? lower : upper);
    directions.push(isUp ? 1 : -1);
  });
  return { line: lines, direction: directions };
}

type Session = { readonly high: number; readonly low: number; readonly close: number };

/** Levels of the whole day before; a day ends at 03:00 UTC. */
function ofSession(levels: (session: Session) => Readonly<Record<string, number>>): Row['naive'] {
  return ({ time, high, low, close }) => {
    const days = time.map((value) => Math.floor((value / 3_600_000 - 3) / 24));
    const names = Object.keys(levels({ high: 1, low: 1, close: 1 }));
    const result = Object.fromEntries(names.map((name) => [name, [] as number[]]));
    days.forEach((day, i) => {
      const earlier = days.slice(0, i).filter((other) => other !== day);
      const before = earlier.at(-1);
      const places = days.flatMap((other, place) => (other === before && place < i ? [place] : []));
      const pick = (values: readonly number[]): number[] => places.map((place) => at(values, place));
      const found = before === undefined ? null : levels({ high: largest(pick(high)), low: smallest(pick(low)), close: pick(close).at(-1) ?? NaN });
      for (const name of names) result[name]?.push(found?.[name] ?? NaN);
    });
    return result;
  };
}

const session = { high: [12, 12], low: [9, 12], close: [12, 12] };

/** Rows by id. */
export const NAIVE_CHANNELS: Rows = {
  KELTNER: {
    values: [[1, 1, 1], [30, 5, 0.5]],
    naive: (bars, [n = 0, atr = 0, times = 0]) => around(plainEma(bars.close, n), atrTimes(bars, atr, times)),
    worked: [{ values: [1, 1, 2], bars: { high: [100, 100.5], low: [100, 99], close: [100, 100] }, gives: { upper: [NaN, 103], middle: [NaN, 100], lower: [NaN, 97] } }],
  },
  DONCHIAN: {
    values: [[1], [55]],
    naive(bars, [n = 0]) {
      const [upper, lower] = [column(bars.high.length, n - 1, (i) => largest(windowOf(bars.high, i, n))), column(bars.low.length, n - 1, (i) => smallest(windowOf(bars.low, i, n)))];
      return { upper, lower, middle: upper.map((value, i) => (value + at(lower, i)) / 2), upperBefore: [NaN, ...upper], lowerBefore: [NaN, ...lower] };
    },
    worked: [{ values: [2], bars: { close: [3, 5, 4] }, gives: { upper: [NaN, NaN, 5], upperBefore: [NaN, NaN, 5], lower: [4], lowerBefore: [3] } }],
  },
  SUPERTREND: { values: [[1, 1], [20, 2]], naive: superTrend, worked: [{ values: [1, 3], bars: { high: [100, 101], low: [100, 99], close: [100, 100] }, gives: { line: [NaN, 106], direction: [NaN, -1] } }] },
  ICHIMOKU: {
    values: [[3, 5, 8, 1], [9, 26, 20, 2]],
    naive(bars, [conversion = 0, base = 0, wide = 0, displacement = 0]) {
      const line = (n: number, back = 0): number[] => bars.close.map((_, i) => halfWay(bars, i - back, n));
      const back = displacement - 1;
      const [fast, slow] = [line(conversion, back), line(base, back)];
      return { conversion: line(conversion), base: line(base), spanA: fast.map((value, i) => (value + at(slow, i)) / 2), spanB: line(wide, back) };
    },
    worked: [{ values: [9, 9, 9, 1], bars: { high: [10, 11, 12, 13, 14, 15, 16, 17, 18], low: [9, 10, 11, 12, 13, 14, 15, 16, 17], close: [9, 10, 11, 12, 13, 14, 15, 16, 17] }, gives: { conversion: [NaN, 13.5] } }],
  },
  CHANDELIER: {
    values: [[1, 1], [50, 0.5]],
    naive(bars, [n = 0, times = 0]) {
      const away = atrTimes(bars, n, times);
      return { long: column(away.length, n, (i) => largest(windowOf(bars.high, i, n)) - at(away, i)), short: column(away.length, n, (i) => smallest(windowOf(bars.low, i, n)) + at(away, i)) };
    },
    worked: [{ values: [1, 3], bars: { high: [59, 60], low: [59, 58], close: [59, 59] }, gives: { long: [54], short: [64] } }],
  },
  ATRBANDS: {
    values: [[1, 1]], naive: (bars, [n = 0, times = 0]) => around(bars.close, atrTimes(bars, n, times)),
    worked: [{ values: [1, 3], bars: { high: [50, 51], low: [50, 49], close: [50, 50] }, gives: { upper: [NaN, 56], middle: [NaN, 50], lower: [NaN, 44] } }],
  },
  ENVELOPE: {
    values: [[1, 50], [50, 0]],
    naive({ close }, [n = 0, percent = 0]) {
      const middle = plainSma(close, n);
      return around(middle, middle.map((value) => (value * percent) / 100));
    },
    worked: [{ values: [2, 2.5], bars: { close: [190, 210] }, gives: { upper: [205], middle: [200], lower: [195] } }],
  },
  PIVOT: {
    naive: ofSession(({ high, low, close }) => {
      const pivot = mean([high, low, close]);
      return { pivot, r1: pivot + (pivot - low), s1: pivot - (high - pivot), r2: pivot + high - low, s2: pivot - high + low, r3: high + 2 * (pivot - low), s3: low - 2 * (high - pivot) };
    }),
    worked: [{ values: [], bars: session, gives: { pivot: [NaN, 11], r1: [13], s1: [10], r2: [14], s2: [8], r3: [16], s3: [7] } }],
  },
  PIVOTFIB: {
    naive: ofSession(({ high, low, close }) => {
      const [pivot, range] = [mean([high, low, close]), high - low];
      return { pivot, r1: pivot + range * 0.382, s1: pivot - range * 0.382, r2: pivot + range * 0.618, s2: pivot - range * 0.618, r3: pivot + range, s3: pivot - range };
    }),
    worked: [{ values: [], bars: session, gives: { pivot: [11], r1: [12.146], r3: [14] } }],
  },
  PIVOTCAM: {
    naive: ofSession(({ high, low, close }) => Object.fromEntries([12, 6, 4, 2].flatMap((part, i) => [[`r${i + 1}`, close + ((high - low) * 1.1) / part], [`s${i + 1}`, close - ((high - low) * 1.1) / part]]))),
    worked: [{ values: [], bars: session, gives: { r1: [12.275], r4: [13.65] } }],
  },
};
