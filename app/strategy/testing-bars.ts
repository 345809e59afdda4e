/** Test support: bars of made-up markets as columns, and a day of twenty-four hours as the wide timeframe. */
import { BAR_FIELDS, barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { HOUR_MS } from '#app/domain/time.ts';
import type { NumericBar } from '#app/indicators/indicator.ts';
import type { SymbolBars } from './column-run.ts';
import type { WideBars } from './tape.ts';

/** Bars of one price each, an hour apart, with a range of `range` dollars around it. */
export function flatBars(closes: readonly number[], range = 0): BarColumns {
  const bars = barColumns(closes.length);
  closes.forEach((close, i) => {
    [bars.time[i], bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i]] = [i * HOUR_MS, close, close + range / 2, close - range / 2, close, 100];
  });
  return bars;
}

/** A seeded walk in cents around $100 (mulberry32), hourly. `gap`: leaves out one bar in so many. `follow`: goes along with another market, a few cents off. */
export function walk(length: number, { seed, gap = 0, follow }: { readonly seed: number; readonly gap?: number; readonly follow?: BarColumns }): BarColumns {
  let state = seed;
  const random = (range: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * range);
  };
  const rows: NumericBar[] = [];
  let [close, off] = [10_000, 0];
  for (let i = 0; i < length; i += 1) {
    const open = close;
    const beside = follow?.close[i];
    off = Math.trunc(off * 0.8) + random(61) - 30;
    close = beside === undefined ? Math.max(1_000, close + random(201) - 100) : Math.round(beside * 100) + off;
    const [high, low] = [Math.max(open, close) + random(30), Math.min(open, close) - random(30)];
    if (gap > 0 && random(gap) === 0) continue;
    rows.push({ time: i * HOUR_MS, open: open / 100, high: high / 100, low: low / 100, close: close / 100, volume: 100 + random(9_000) });
  }
  const bars = barColumns(rows.length);
  rows.forEach((row, i) => {
    for (const field of ['time', ...BAR_FIELDS] as const) bars[field][i] = row[field];
  });
  return bars;
}

/** Three markets of which the second follows the first and the third lacks one bar in twenty. */
export function threeMarkets(length: number, seed = 7): readonly [SymbolBars, SymbolBars, SymbolBars] {
  const first = walk(length, { seed });
  return [{ symbol: 'AAA', bars: first }, { symbol: 'BBB', bars: walk(length, { seed: seed + 1, follow: first }) }, { symbol: 'CCC', bars: walk(length, { seed: seed + 2, gap: 20 }) }];
}

type Open = { bars: number; wide: NumericBar | null };

/** Every `size` bars make a wide one. */
export function everyBars(size: number): WideBars {
  return {
    start: (): Open => ({ bars: 0, wide: null }),
    readState: (_timeframe, raw) => raw,
    add(state, bar) {
      const open = state as Open;
      const { wide } = open;
      open.wide = wide === null ? bar : { ...wide, high: Math.max(wide.high, bar.high), low: Math.min(wide.low, bar.low), close: bar.close, volume: wide.volume + bar.volume };
      open.bars += 1;
      if (open.bars < size) return [];
      const closed = open.wide;
      [open.bars, open.wide] = [0, null];
      return [closed];
    },
  };
}
