/** The bare loop: the same back-test written out by hand for one strategy, without an engine. The reference for every figure of the engine. */
import type { BarColumns } from '#app/domain/bar-columns.ts';

/** What a strategy of crossing averages comes to: 100 shares, long only, at the next open, a commission in percent of each side. */
export type BareOptions = { readonly fast: number; readonly slow: number; readonly qty: number; readonly cash: number; readonly percent: number };
/** Its figures; `trades` = closed ones. */
export type BareResult = { readonly equity: Float64Array; readonly final: number; readonly trades: number; readonly isOpen: boolean; readonly maxDrawdown: number; readonly sharpe: number };

const TICKS = 1e6;

/** Simple moving average on integer ticks, written into `out`. */
function average(close: Float64Array, period: number, out: Float64Array): void {
  let sum = 0;
  for (let i = 0; i < close.length; i += 1) {
    sum += Math.round((close[i] ?? 0) * TICKS);
    if (i >= period) sum -= Math.round((close[i - period] ?? 0) * TICKS);
    out[i] = i >= period - 1 ? sum / period / TICKS : NaN;
  }
}

/** Runs it: two columns, one loop over the bars, three statistics. */
export function bareSmaCross(bars: BarColumns, { fast, slow, qty, cash: start, percent }: BareOptions): BareResult {
  const { open, close } = bars;
  const { length } = close;
  const [quick, late, equity] = [new Float64Array(length), new Float64Array(length), new Float64Array(length)];
  average(close, fast, quick);
  average(close, slow, late);
  let [cash, held, wanted, trades] = [start, 0, 0, 0];
  for (let i = 0; i < length; i += 1) {
    if (wanted !== held) {
      const at = open[i] ?? 0;
      const value = (wanted - held) * at;
      cash -= value + Math.abs(value) * percent / 100;
      if (wanted === 0) trades += 1;
      held = wanted;
    }
    equity[i] = cash + held * (close[i] ?? 0);
    if (i < slow) continue;
    const [now, then] = [(quick[i] ?? 0) - (late[i] ?? 0), (quick[i - 1] ?? 0) - (late[i - 1] ?? 0)];
    if (now > 0 && then <= 0) wanted = qty;
    else if (now < 0 && then >= 0) wanted = 0;
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
