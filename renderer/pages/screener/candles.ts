/** Candles and volume as paths of a small picture. Pure. */

/** Columns of bars, oldest first; dollars and shares. */
export type CandleBars = { readonly open: readonly number[]; readonly high: readonly number[]; readonly low: readonly number[]; readonly close: readonly number[]; readonly volume: readonly number[] };
/** The picture: paths of rising and falling candles and volumes, and the y of the newest close. */
export type CandlePicture = { readonly rising: string; readonly falling: string; readonly risingVolume: string; readonly fallingVolume: string; readonly lastY: number; readonly top: number; readonly bottom: number };

/** Part of the height that volume takes at the bottom, and the air between. */
const VOLUME_PART = 0.18;
const AIR = 6;
const n = (value: number): string => value.toFixed(1);

/** Paths in a box of pixels; null without a bar. A bar that closed where it opened counts as rising. */
export function candlePicture(bars: CandleBars, width: number, height: number): CandlePicture | null {
  const size = bars.close.length;
  if (size === 0) return null;
  const top = Math.max(...bars.high);
  const bottom = Math.min(...bars.low);
  const priceHeight = height * (1 - VOLUME_PART) - AIR;
  const y = (price: number): number => (top === bottom ? priceHeight / 2 : 1 + ((top - price) / (top - bottom)) * (priceHeight - 2));
  const most = Math.max(1, ...bars.volume);
  const step = width / size;
  const body = Math.max(1, Math.min(7, step * 0.66));
  const paths = { rising: '', falling: '', risingVolume: '', fallingVolume: '' };
  for (let i = 0; i < size; i += 1) {
    const open = bars.open[i] ?? 0;
    const close = bars.close[i] ?? 0;
    const x = (i + 0.5) * step;
    const from = y(Math.max(open, close));
    const to = Math.max(from + 1, y(Math.min(open, close)));
    const left = x - body / 2;
    const candle = `M${n(x)} ${n(y(bars.high[i] ?? close))}V${n(from)}M${n(x)} ${n(to)}V${n(y(bars.low[i] ?? close))}M${n(left)} ${n(from)}h${n(body)}v${n(to - from)}h${n(-body)}z`;
    const tall = ((bars.volume[i] ?? 0) / most) * height * VOLUME_PART;
    const volume = `M${n(left)} ${n(height)}h${n(body)}v${n(-tall)}h${n(-body)}z`;
    const isRising = close >= open;
    paths[isRising ? 'rising' : 'falling'] += candle;
    paths[isRising ? 'risingVolume' : 'fallingVolume'] += volume;
  }
  return { ...paths, lastY: y(bars.close[size - 1] ?? 0), top, bottom };
}
