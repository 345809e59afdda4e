/** Wide bars: closed ones alone, the same by columns and bar by bar, the same as the market's own aggregation. */
import { describe, expect, it } from 'vitest';
import { BAR_FIELDS } from '#app/domain/bar-columns.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { sma } from '#app/indicators/sma.ts';
import type { NumericBar } from '#app/indicators/indicator.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import { timedBars } from './sessions.ts';
import { handBars, type HandBar } from './testing-script.ts';
import { REGULAR_WIDE_BARS, wideColumns, wideIndicator } from './wide.ts';

const rows = Array.from({ length: 780 }, (_none, n): HandBar => {
  const price = 100 + (n % 37) - (n % 11);
  return [price, price + 2, price - 1, price + 1, 100 + n];
});
const bars = handBars(rows);
const days = sessionsBetween('2026-06-01', '2026-06-02');
bars.time.set(days.flatMap(({ open }) => Array.from({ length: 390 }, (_none, n) => open + n * MINUTE_MS)));
const { sessions } = timedBars(bars, '1Min');

describe('wide bars', () => {
  it.each(['5Min', '15Min', '1Hour', '1Day'] as const)('%s by columns and bar by bar are the same', (timeframe) => {
    const { bars: wide, closed } = wideColumns(bars, sessions.close, timeframe);
    const state = REGULAR_WIDE_BARS.start(timeframe);
    const seen: NumericBar[] = [];
    for (let i = 0; i < bars.time.length; i += 1) {
      const bar = { time: bars.time[i] ?? 0, open: bars.open[i] ?? 0, high: bars.high[i] ?? 0, low: bars.low[i] ?? 0, close: bars.close[i] ?? 0, volume: bars.volume[i] ?? 0 };
      seen.push(...REGULAR_WIDE_BARS.add(state, bar, sessions.close[i] ?? 0));
      expect(closed[i]).toBe(seen.length);
    }
    expect(wide.time.length).toBe(seen.length);
    for (const field of BAR_FIELDS) expect([...wide[field]]).toEqual(seen.map((bar) => bar[field]));
    expect(seen.length).toBe({ '5Min': 156, '15Min': 52, '1Hour': 14, '1Day': 2 }[timeframe]);
    expect(seen.reduce((sum, bar) => sum + bar.volume, 0)).toBe(rows.reduce((sum, row) => sum + (row[4] ?? 0), 0));
  });

  it('an hour ends on the clock, a day with its session; nothing of a bar is seen before it has closed', () => {
    const hours = wideColumns(bars, sessions.close, '1Hour');
    expect([hours.closed[28], hours.closed[29], hours.closed[389], hours.closed[390]]).toEqual([0, 1, 7, 7]);
    expect(hours.bars.close[0]).toBe(bars.close[29]);
    expect(wideColumns(bars, sessions.close, '1Day').closed[388]).toBe(0);
    expect(hours.bars.time[0] as EpochMs).toBe((days[0]?.open ?? 0) - 30 * MINUTE_MS);
  });

  it('an indicator stands still until its next bar has closed', () => {
    const wide = wideColumns(bars, sessions.close, '15Min');
    const { columns, readyAt } = wideIndicator(sma(2, { timeframe: '15Min' }), wide);
    expect(readyAt).toBe(29);
    expect(columns[0]?.[28]).toBeNaN();
    expect(columns[0]?.[29]).toBe(((bars.close[14] ?? 0) + (bars.close[29] ?? 0)) / 2);
    expect(columns[0]?.[43]).toBe(columns[0]?.[29]);
  });

  it('a half-made bar is kept and read back', () => {
    const state = REGULAR_WIDE_BARS.start('1Hour');
    REGULAR_WIDE_BARS.add(state, { time: bars.time[0] ?? 0, open: 1, high: 2, low: 1, close: 2, volume: 5 }, (bars.time[0] ?? 0) + MINUTE_MS);
    expect(REGULAR_WIDE_BARS.readState('1Hour', JSON.parse(JSON.stringify(state)))).toEqual(state);
    expect(() => REGULAR_WIDE_BARS.readState('5Min', state)).toThrow(/not of this timeframe/);
  });
});
