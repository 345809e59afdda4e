/** The clock of bars: one for all columns with the same times, each its own otherwise. */
import { expect, it } from 'vitest';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import { timedBars } from './sessions.ts';

const days = sessionsBetween('2024-01-02', '2024-12-31');

function dailyBars(times: readonly number[]): BarColumns {
  const bars = barColumns(times.length);
  bars.time.set(times);
  for (const field of ['open', 'high', 'low', 'close', 'volume'] as const) bars[field].fill(100);
  return bars;
}

it('columns with the same times share a clock, and keep their own prices', () => {
  const times = days.map(({ date }) => fromNewYork(date, 0) as number);
  const [one, other] = [dailyBars(times), dailyBars(times)];
  const [first, second] = [timedBars(one, '1Day'), timedBars(other, '1Day')];
  expect(second.sessions).toBe(first.sessions);
  expect([first.bars, second.bars]).toEqual([one, other]);
  expect(second.bars).toBe(other);
  expect([...second.sessions.close]).toEqual(days.map(({ close }) => close));
});

it('a bar more, or at another time, has a clock of its own', () => {
  const times = days.map(({ date }) => fromNewYork(date, 0) as number);
  const { sessions } = timedBars(dailyBars(times), '1Day');
  for (const others of [times.slice(1), times.slice(0, -1), times.with(7, (times[7] ?? 0) + 60 * MINUTE_MS)]) expect(timedBars(dailyBars(others), '1Day').sessions).not.toBe(sessions);
});

it('so has the same column as bars of another width', () => {
  const minutes = Array.from({ length: 60 }, (_none, n) => (days[0]?.open ?? 0) + n * MINUTE_MS);
  const [narrow, wide] = [timedBars(dailyBars(minutes), '1Min'), timedBars(dailyBars(minutes), '5Min')];
  expect(wide.sessions.close[0]).toBe((narrow.sessions.close[0] ?? 0) + 4 * MINUTE_MS);
});

it('bars outside of regular trading are left out of each column by itself', () => {
  const sunday = fromNewYork('2024-01-07', 0) as number;
  const times = [...days.slice(0, 4).map(({ date }) => fromNewYork(date, 0) as number), sunday];
  const [first, second] = [timedBars(dailyBars(times), '1Day'), timedBars(dailyBars(times), '1Day')];
  expect([first.leftOut, second.leftOut, second.bars.time.length]).toEqual([1, 1, 4]);
});
