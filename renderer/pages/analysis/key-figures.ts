/** Figures of a symbol from its daily bars. Pure. */
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { barCount } from '#app/domain/bar-columns.ts';

/** What stands in the side. Fractions unless told; null: too few bars. */
export type KeyFigures = {
  readonly close: number | null; readonly change: number | null; readonly changeMonth: number | null; readonly changeYear: number | null; readonly high52: number | null; readonly low52: number | null; /** Part of the way from the low to the high, 0..1. */ readonly place52: number | null;
  /** Shares, mean of 20 days. */ readonly meanVolume: number | null; /** Volume against that mean of the 20 days before. */ readonly relativeVolume: number | null; /** Standard deviation of 20 daily log returns, a year of 252. */ readonly volatility: number | null; /** Mean true range of 14 days against the close. */ readonly rangePart: number | null;
};

const YEAR = 252;
const MONTH = 21;

/**
 * The figures at the last bar. Closes 100 and 110: change 0.1. Volatility: sample standard deviation of the log returns times the root of 252 (J. Hull, "Options,
 * Futures, and Other Derivatives", ch. 15); the mean true range here is the plain mean.
 */
export function keyFigures(bars: BarColumns): KeyFigures {
  const count = barCount(bars);
  const last = count - 1;
  const close = bars.close[last] ?? null;
  const since = (days: number): number | null => { const then = bars.close[last - days]; return close === null || then === undefined || then <= 0 ? null : close / then - 1; };
  const year = (column: Float64Array): Float64Array => column.subarray(Math.max(0, count - YEAR));
  const [high52, low52] = count < 2 ? [null, null] : [Math.max(...year(bars.high)), Math.min(...year(bars.low))];
  const mean = (column: Float64Array, from: number, to: number): number | null => (from < 0 || to <= from ? null : column.subarray(from, to).reduce((sum, value) => sum + value, 0) / (to - from));
  const returns = count > 20 ? Array.from({ length: 20 }, (_none, n) => Math.log((bars.close[last - n] ?? NaN) / (bars.close[last - n - 1] ?? NaN))) : [];
  const average = returns.reduce((sum, value) => sum + value, 0) / 20;
  const variance = returns.reduce((sum, value) => sum + (value - average) ** 2, 0) / 19;
  const ranges = count > 14 ? Array.from({ length: 14 }, (_none, n) => {
    const [high, low, before] = [bars.high[last - n] ?? NaN, bars.low[last - n] ?? NaN, bars.close[last - n - 1] ?? NaN];
    return Math.max(high, before) - Math.min(low, before);
  }) : [];
  const usual = mean(bars.volume, count - 21, count - 1);
  return {
    close, change: since(1), changeMonth: since(MONTH), changeYear: since(YEAR - 1), high52, low52, place52: close === null || high52 === null || low52 === null || high52 <= low52 ? null : (close - low52) / (high52 - low52),
    meanVolume: mean(bars.volume, count - 20, count), relativeVolume: usual === null || usual === 0 ? null : (bars.volume[last] ?? 0) / usual,
    volatility: returns.length > 0 && Number.isFinite(variance) ? Math.sqrt(variance * YEAR) : null, rangePart: ranges.length > 0 && close !== null && close > 0 ? ranges.reduce((sum, value) => sum + value, 0) / 14 / close : null,
  };
}
