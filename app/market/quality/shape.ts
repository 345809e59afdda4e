/** Bars that cannot be: no numbers, prices that are not above zero or not in order, swapped columns, volumes that are none. */
import { aboutBar, type Columns, type Sink } from './finding.ts';
import { upperMedian } from './robust.ts';

/** A price of this many times the usual one, beside a volume that looks like a price, stands in the wrong column. */
const SWAP_FACTOR = 8;
/** A volume within this factor of the price level looks like a price. */
const PRICE_LIKE = 2;
const LEVEL_STEP = 64;

/** Usual price and volume: the medians of a sample spread over the series, so that single wrong rows do not move them. */
function usualLevels(bars: Columns): { price: number; volume: number } {
  const step = Math.max(1, Math.floor(bars.time.length / LEVEL_STEP));
  const [prices, volumes]: [number[], number[]] = [[], []];
  for (let n = 0; n < bars.time.length; n += step) {
    const [close, volume] = [bars.close[n] as number, bars.volume[n] as number];
    if (close > 0 && Number.isFinite(close)) prices.push(close);
    if (volume > 0) volumes.push(volume);
  }
  return { price: upperMedian(prices), volume: upperMedian(volumes) };
}

/** Which price stands where the volume should be; null when none does. Volume and price trade places: the one is price-like, the other far above every price. */
function swappedWithVolume(bars: Columns, n: number, near: number): 'open' | 'high' | 'low' | 'close' | null {
  const volume = bars.volume[n] as number;
  if (!(volume > 0 && volume < near * PRICE_LIKE && volume > near / PRICE_LIKE)) return null;
  const off = (['close', 'open', 'high', 'low'] as const).filter((field) => (bars[field][n] as number) > near * SWAP_FACTOR);
  // All four far away are another level, not one column in the wrong place.
  return off.length === 1 ? (off[0] ?? null) : null;
}

function orderDefect(open: number, high: number, low: number, close: number): string | null {
  if (high < low) return 'high is below low';
  if (open < low || open > high) return 'open is outside of low..high';
  return close < low || close > high ? 'close is outside of low..high' : null;
}

function isSwapped(open: number, high: number, low: number, close: number): boolean {
  return high < low && open >= high && open <= low && close >= high && close <= low;
}

/** Looks at every row by itself. Marks in `sound` those that can be: 1 = it can. */
export function checkShape(bars: Columns, sound: Uint8Array, sink: Sink): void {
  const { time, open, high, low, close, volume } = bars;
  let usual: { price: number; volume: number } | null = null;
  let lastClose = NaN;
  let fractions = 0;
  for (let n = 0; n < time.length; n += 1) {
    const [o, h, l, c, v, openTime] = [open[n] as number, high[n] as number, low[n] as number, close[n] as number, volume[n] as number, time[n] as number];
    sound[n] = 0;
    if (!Number.isFinite(o + h + l + c + v)) {
      const empty = (['open', 'high', 'low', 'close', 'volume'] as const).find((field) => !Number.isFinite(bars[field][n]));
      sink.add(aboutBar('not_a_number', 'critical', { openTime }, { field: empty ?? 'a price' }));
      continue;
    }
    if (!(o > 0 && h > 0 && l > 0 && c > 0)) {
      sink.add(aboutBar('price_not_positive', 'critical', { openTime }, { open: o, high: h, low: l, close: c }));
      continue;
    }
    const defect = orderDefect(o, h, l, c);
    if (defect !== null || (v > 0 && v < c * PRICE_LIKE && h > v * SWAP_FACTOR)) {
      usual ??= usualLevels(bars);
      const field = usual.volume > usual.price * SWAP_FACTOR ? swappedWithVolume(bars, n, Number.isNaN(lastClose) ? usual.price : lastClose) : null;
      if (field !== null) {
        sink.add(aboutBar('swapped_columns', 'critical', { openTime }, { columns: `${field} and volume` }));
        continue;
      }
    }
    if (defect !== null) {
      if (isSwapped(o, h, l, c)) sink.add(aboutBar('swapped_columns', 'critical', { openTime }, { columns: 'high and low' }));
      else sink.add(aboutBar('ohlc_order', 'critical', { openTime }, { defect, open: o, high: h, low: l, close: c }));
      continue;
    }
    if (v < 0) {
      sink.add(aboutBar('volume_negative', 'critical', { openTime }, { volume: v }));
      continue;
    }
    if (v % 1 !== 0) {
      fractions += 1;
      // Volumes that were divided by a split factor are fractions everywhere: one finding says it.
      if (fractions === 1) sink.add(aboutBar('volume_fraction', 'info', { openTime }, { volume: v }));
    }
    sound[n] = 1;
    lastClose = c;
  }
}
