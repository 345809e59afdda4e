/** Single prices of a bar that stick out while its close stays: bad prints in the high, the low or the open. */
import type { Timeframe } from '#app/domain/time.ts';
import { aboutBar, type Columns, type QualityContext, type Sink } from './finding.ts';
import { around, quantileOfSizes } from './robust.ts';
import type { Regular } from './sessions.ts';

/** Smallest distance (log) of a high above, or a low below, both open and close and both neighbours that can be a bad print. */
const MIN_WICK: Readonly<Record<Timeframe, number>> = { '1Min': 0.03, '5Min': 0.04, '15Min': 0.05, '1Hour': 0.08, '1Day': 0.2 };
const RANGES_KEPT = 120;
const RANGES_NEEDED = 30;
/** and this many times the average true range that nine in ten bars stay below (Wilder, 1978, for the true range). */
const RANGE_FACTOR = 6;
/** A print of ten times or a tenth of the price. */
const DECIMAL_TOLERANCE = 0.25;

/** Looks at the highs and lows. */
export function checkWicks(bars: Columns, regular: Regular, given: { readonly context: QualityContext; readonly sink: Sink }): void {
  const { index } = regular;
  const least = MIN_WICK[given.context.timeframe];
  const ranges = new Float64Array(index.length);
  const value = (column: Float64Array, k: number): number => column[index[Math.min(index.length - 1, Math.max(0, k))] as number] as number;
  for (let k = 0; k < index.length; k += 1) ranges[k] = Math.log(value(bars.high, k) / value(bars.low, k));
  for (let k = 0; k < index.length; k += 1) {
    if ((ranges[k] as number) < least) continue;
    const [open, high, low, close] = [value(bars.open, k), value(bars.high, k), value(bars.low, k), value(bars.close, k)];
    // The open may be the bad print itself: the close and the neighbours tell.
    const calm = [close, value(bars.close, k - 1), value(bars.open, k + 1)];
    const up = Math.log(high / Math.max(...calm, value(bars.high, k - 1), value(bars.high, k + 1)));
    const down = Math.log(Math.min(...calm, value(bars.low, k - 1), value(bars.low, k + 1)) / low);
    const size = Math.max(up, down);
    if (size < least) continue;
    const others = around(ranges, k, RANGES_KEPT);
    if (others.length < RANGES_NEEDED) continue;
    const usual = quantileOfSizes(others, 0.9);
    if (size <= RANGE_FACTOR * usual) continue;
    const [field, print] = up >= down ? ['high', high] : ['low', low];
    const isOpen = print === open;
    const power = Math.round(Math.log(print / close) / Math.LN10);
    const isDecimal = power !== 0 && Math.abs(Math.log(print / close) - power * Math.LN10) <= DECIMAL_TOLERANCE;
    const detail = { field: isOpen ? 'open' : field, print, close, awayPercent: Math.round((Math.exp(up >= down ? size : -size) - 1) * 1e4) / 100 };
    const at = { openTime: value(bars.time, k), score: size / (RANGE_FACTOR * usual) };
    if (isDecimal) given.sink.add(aboutBar('decimal_shift', 'critical', at, { ...detail, bars: 1, factor: 10 ** power }));
    else given.sink.add(aboutBar('wick', 'warning', at, detail));
  }
}
