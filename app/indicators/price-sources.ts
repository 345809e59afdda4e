/** Prices that an indicator can be made of: a field of the bar or a mean of fields. */
import { barCount, type BarColumns } from '#app/domain/bar-columns.ts';
import type { NumericBar, PriceSource } from './indicator.ts';

/** One bar's price. hl2 = (high + low) / 2; hlc3, the typical price, = (high + low + close) / 3; ohlc4 = (open + high + low + close) / 4. Dollars; `volume` in shares. */
export function priceOf(bar: NumericBar, source: PriceSource): number {
  switch (source) {
    case 'hl2':
      return (bar.high + bar.low) / 2;
    case 'hlc3':
      return (bar.high + bar.low + bar.close) / 3;
    case 'ohlc4':
      return (bar.open + bar.high + bar.low + bar.close) / 4;
    default:
      return bar[source];
  }
}

/** The same as a column, to the last bit: the bars' own for a field, a new one for a mean. */
export function priceColumn(bars: BarColumns, source: PriceSource): Float64Array {
  const length = barCount(bars);
  const { open, high, low, close } = bars;
  switch (source) {
    case 'hl2':
      return Float64Array.from({ length }, (_, i) => ((high[i] ?? NaN) + (low[i] ?? NaN)) / 2);
    case 'hlc3':
      return Float64Array.from({ length }, (_, i) => ((high[i] ?? NaN) + (low[i] ?? NaN) + (close[i] ?? NaN)) / 3);
    case 'ohlc4':
      return Float64Array.from({ length }, (_, i) => ((open[i] ?? NaN) + (high[i] ?? NaN) + (low[i] ?? NaN) + (close[i] ?? NaN)) / 4);
    default:
      return bars[source];
  }
}
