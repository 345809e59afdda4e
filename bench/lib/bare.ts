/** The bare loop: the same back-test written out by hand for one strategy, without an engine. The reference for every figure of the engine. */
import type { BarColumns } from '#app/domain/bar-columns.ts';

/** What a strategy of crossing averages comes to: 100 shares, long only, at the next open, a commission in percent of each side. */
export type BareOptions = { readonly fast: number; readonly slow: number; readonly qty: number; readonly cash: number; readonly percent: number };
/** Its figures; `trades` = closed ones. */
export type BareResult = { readonly equity: Float64Array; readonly final: number; readonly trades: number; readonly isOpen: boolean; readonly maxDrawdown: number; readonly sharpe: number };

const TICKS = 1e6;

/** Prices as whole ticks: sums of them are exact. */
function wholeTicks(close: Float64Array): Float64Array {
  const ticks = new Float64Array(close.length);
  for (let i = 0; i < close.length; i += 1) ticks[i] = Math.floor((close[i] ?? 0) * TICKS + 0.5);
  return ticks;
}

/** Moving sum of `period` ticks over `period`, from the first full window on; NaN before. */
function average(ticks: Float64Array, period: number): Float64Array {
  const out = new Float64Array(ticks.length);
  let sum = 0;
  for (let i = 0; i < period - 1; i += 1) {
    sum += ticks[i] ?? 0;
    out[i] = NaN;
  }
  const scale = 1 / period;
  for (let i = period - 1, first = 0; i < ticks.length; i += 1, first += 1) {
    sum += ticks[i] ?? 0;
    out[i] = sum * scale;
    sum -= ticks[first] ?? 0;
  }
  return out;
}

/** Runs it: two columns, one loop over the bars, three statistics. */
export function bareSmaCross(bars: BarColumns, { fast, slow, qty, cash: start, percent }: BareOptions): BareResult {
  const { open, close } = bars;
  const { length } = close;
  const ticks = wholeTicks(close);
  const [quick, late, equity] = [average(ticks, fast), average(ticks, slow), new Float64Array(length)];
  const rate = percent / 100;
  let [cash, held, wanted, trades, wasAbove] = [start, 0, 0, 0, 0];
  for (let i = 0; i < length; i += 1) {
    if (wanted !== held) {
      const value = (wanted - held) * (open[i] ?? 0);
      cash -= value + Math.abs(value) * rate;
      if (wanted === 0) trades += 1;
      held = wanted;
    }
    equity[i] = cash + held * (close[i] ?? 0);
    if (i < slow - 1) continue;
    // Sums of whole ticks: equal averages have equal sums.
    const gap = Math.round(((quick[i] ?? 0) - (late[i] ?? 0)) * fast * slow);
    if (i >= slow) {
      if (gap > 0 && wasAbove <= 0) wanted = qty;
      else if (gap < 0 && wasAbove >= 0) wanted = 0;
    }
    wasAbove = gap;
  }
  return { equity, final: equity[length - 1] ?? start, trades, isOpen: held !== 0, ...statistics(equity) };
}

/** Deepest fall, and mean over standard deviation of the returns. */
export function statistics(equity: Float64Array): { readonly maxDrawdown: number; readonly sharpe: number } {
  let [peak, deepest, sum, squares] = [equity[0] ?? 0, 0, 0, 0];
  const { length } = equity;
  let before = equity[0] ?? 0;
  for (let i = 1; i < length; i += 1) {
    const value = equity[i] ?? 0;
    if (value > peak) peak = value;
    const fall = value / peak - 1;
    if (fall < deepest) deepest = fall;
    const change = value / before - 1;
    sum += change;
    squares += change * change;
    before = value;
  }
  const mean = sum / (length - 1);
  return { maxDrawdown: deepest, sharpe: mean / Math.sqrt(squares / (length - 1) - mean * mean) };
}
