/** Planted faults: one wrong thing put into bars that are right, of every kind that the rules promise to find. Seeded: the same every time. */
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { HOUR_MS, MINUTE_MS } from '#app/domain/time.ts';
import { fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import { fromNewYorkDay, newYorkDayNumber, toNewYork } from '#app/market/nyse-zone.ts';
import type { FindingKind, ToldAction } from '#app/market/quality/finding.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { seeded } from './recorded-bars.ts';

/** One bar as a row. */
export type Row = { time: number; open: number; high: number; low: number; close: number; volume: number };
/** Widths that faults are planted in. */
export type Frame = '1Min' | '1Day';

/** Where a fault stands: its rows (as times), the actions that are told with it, the market's present where it matters. */
export type Planted = { readonly rows: readonly Row[]; readonly from: number; readonly until: number; readonly actions?: readonly ToldAction[]; readonly now?: number; readonly seen?: (row: Row) => number };

/** A kind of fault. `finds`: the kind that must be found; `also`: what the same fault may show as well. `plant` changes copies of the rows from `at` on. */
export type Fault = {
  readonly name: string; readonly finds: FindingKind; readonly also?: readonly FindingKind[]; readonly frames: readonly Frame[];
  readonly plant: (rows: Row[], at: number, random: () => number) => Planted;
};

const cents = (value: number): number => Math.round(value * 100) / 100;

/** Nearly normal, from four uniform numbers. */
function bell(random: () => number): number {
  return (random() + random() + random() + random() - 2) * 1.73;
}

function walk(times: readonly number[], step: { readonly size: number; readonly night: (n: number) => boolean; readonly volume: (n: number) => number }, random: () => number): Row[] {
  let close = 40 + random() * 160;
  return times.map((time, n) => {
    const open = cents(close * Math.exp(bell(random) * step.size * (step.night(n) ? 0.7 : 0.05)));
    close = Math.max(1, cents(open * Math.exp(bell(random) * step.size)));
    const spread = (): number => Math.abs(bell(random)) * step.size * 0.5;
    return { time, open, close, high: cents(Math.max(open, close) * Math.exp(spread())) + 0.01, low: Math.max(0.5, cents(Math.min(open, close) * Math.exp(-spread())) - 0.01), volume: Math.round(step.volume(n) * Math.exp(bell(random) * 0.5)) + 100 };
  });
}

/** Bars that are right: three years of days, or 15 sessions of minutes over a holiday, a half day and a change of clocks. */
export function cleanRows(frame: Frame, seed: number): Row[] {
  const random = seeded(seed);
  if (frame === '1Day') {
    const sessions = sessionsBetween('2021-01-04', '2023-12-29');
    return walk(sessions.map((session) => fromNewYork(session.date, 0)), { size: 0.013, night: () => true, volume: () => 2_000_000 }, random);
  }
  const sessions = seed % 2 === 0 ? sessionsBetween('2024-03-01', '2024-03-21') : sessionsBetween('2024-11-19', '2024-12-10');
  const times = sessions.flatMap((session) => Array.from({ length: (session.close - session.open) / MINUTE_MS }, (_, n) => session.open + n * MINUTE_MS));
  const edges = new Set<number>(sessions.flatMap((session) => [session.open, session.close - MINUTE_MS]));
  return walk(times, { size: 0.0006, night: (n) => edges.has(times[n] as number), volume: (n) => (edges.has(times[n] as number) ? 90_000 : 9_000) }, random);
}

/** Rows as columns. */
export function columnsOf(rows: readonly Row[]): BarColumns {
  const bars = barColumns(rows.length);
  rows.forEach((row, n) => {
    for (const field of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) bars[field][n] = row[field];
  });
  return bars;
}

/** Columns as rows. */
export function rowsOf(bars: BarColumns): Row[] {
  return Array.from(bars.time, (time, n) => ({ time, open: bars.open[n] as number, high: bars.high[n] as number, low: bars.low[n] as number, close: bars.close[n] as number, volume: bars.volume[n] as number }));
}

const rowAt = (rows: readonly Row[], n: number): Row => rows[n] as Row;
const scale = (row: Row, factor: number): void => void Object.assign(row, { open: row.open * factor, high: row.high * factor, low: row.low * factor, close: row.close * factor });
const about = (rows: readonly Row[], row: Row, count = 1): Planted => ({ rows, from: row.time, until: rowAt(rows, rows.indexOf(row) + count - 1).time });
const dayOf = (row: Row): number => newYorkDayNumber(row.time as EpochMs);
/** The first row of the day of a row; not of the first and not of the last day, so that a day lies before it and one after it. */
function morning(rows: readonly Row[], at: number): number {
  const days = [...new Set(rows.map(dayOf))];
  const wanted = days[Math.min(days.length - 2, Math.max(1, days.indexOf(dayOf(rowAt(rows, at)))))];
  return rows.findIndex((row) => dayOf(row) === wanted);
}

function one(change: (row: Row, random: () => number) => void): Fault['plant'] {
  return (rows, at, random) => {
    const row = rowAt(rows, at);
    change(row, random);
    return about(rows, row);
  };
}

/** Every row from a position on, so that a level stays changed. */
function fromOn(change: (row: Row) => void): Fault['plant'] {
  return (rows, at) => {
    const first = morning(rows, at);
    for (const row of rows.slice(first)) change(row);
    return about(rows, rowAt(rows, first));
  };
}

function cut(from: (rows: readonly Row[], at: number) => number, count: (rows: readonly Row[], at: number) => number): Fault['plant'] {
  return (rows, at) => {
    const first = from(rows, at);
    const gone = rows.splice(first, count(rows, first));
    return { rows, from: rowAt(gone, 0).time - 24 * HOUR_MS, until: rowAt(gone, gone.length - 1).time + 24 * HOUR_MS };
  };
}

/** The quietest of the next bars: on a busy one a jump is rightly taken for news. */
function quietAt(rows: readonly Row[], at: number): number {
  const noise = (n: number): number => (rowAt(rows, n).high / rowAt(rows, n).low - 1) * (1 + Math.abs(rowAt(rows, n).close / rowAt(rows, n).open - 1) * 50);
  let best = at;
  for (let n = at; n < Math.min(rows.length, at + 15); n += 1) if (noise(n) < noise(best)) best = n;
  return best;
}

/** A seventh of the price leaves it overnight; the day is a quiet one. */
function payout(rows: Row[], at: number): Planted {
  const n = quietAt(rows, at);
  const row = rowAt(rows, n);
  for (const later of rows.slice(n)) scale(later, 0.86);
  scale(row, (rowAt(rows, n - 1).close * 0.86) / row.open);
  row.volume = Math.min(...rows.slice(n - 10, n + 1).map((other) => other.volume));
  return about(rows, row);
}

/** A copy of a bar on the Sunday before it. */
function onSunday(rows: Row[], at: number): Planted {
  const row = rowAt(rows, at);
  const { dayNumber, weekday, minuteOfDay } = toNewYork(row.time as EpochMs);
  const copy = { ...row, time: fromNewYorkDay(dayNumber - (weekday === 0 ? 7 : weekday), minuteOfDay) };
  rows.splice(rows.findIndex((other) => other.time > copy.time), 0, copy);
  return about(rows, copy);
}

const both = ['1Min', '1Day'] as const;
const day = ['1Day'] as const;
const minute = ['1Min'] as const;

/** The kinds, by family: what stands in the row, when it stands there, which level it has, how much was traded. */
export const FAULTS: readonly Fault[] = [
  { name: 'a field is empty', finds: 'not_a_number', frames: both, plant: one((row) => { row.open = NaN; }) },
  { name: 'a price of zero', finds: 'price_not_positive', frames: both, plant: one((row) => { row.low = 0; }) },
  { name: 'a negative price', finds: 'price_not_positive', frames: both, plant: one((row) => { row.close = -row.close; }) },
  { name: 'high below the close', finds: 'ohlc_order', frames: both, plant: one((row) => { row.high = row.low; row.close = row.low + 0.5; row.open = row.low; }) },
  { name: 'high and low swapped', finds: 'swapped_columns', frames: both, plant: one((row) => void Object.assign(row, { high: row.low, low: row.high })) },
  { name: 'close and volume swapped', finds: 'swapped_columns', frames: both, plant: one((row) => void Object.assign(row, { close: row.volume, volume: row.close })) },
  { name: 'a negative volume', finds: 'volume_negative', frames: both, plant: one((row) => { row.volume = -row.volume; }) },
  { name: 'a fraction of a share', finds: 'volume_fraction', frames: both, plant: one((row) => { row.volume += 0.37; }) },
  { name: 'a time between two places', finds: 'off_grid', frames: both, plant: one((row) => { row.time += 17_500; }) },
  { name: 'the same bar twice', finds: 'duplicate', frames: both, plant: (rows, at) => { rows.splice(at + 1, 0, { ...rowAt(rows, at) }); return about(rows, rowAt(rows, at)); } },
  { name: 'two bars of one time', finds: 'duplicate', frames: both, plant: (rows, at) => { rows.splice(at + 1, 0, { ...rowAt(rows, at), volume: rowAt(rows, at).volume + 7 }); return about(rows, rowAt(rows, at)); } },
  { name: 'two bars out of order', finds: 'out_of_order', frames: both, plant: (rows, at) => { const row = rowAt(rows, at); rows.splice(at, 1); rows.splice(at + 1, 0, row); return { rows, from: row.time, until: row.time }; } },
  { name: 'bars of a session are missing', finds: 'gap', frames: minute, plant: cut((_, at) => at, () => 9) },
  { name: 'a session is missing', finds: 'sessions_missing', frames: both, plant: cut(morning, (rows, at) => rows.filter((row) => dayOf(row) === dayOf(rowAt(rows, at))).length) },
  { name: 'a bar on a Sunday', finds: 'no_session', frames: both, plant: onSunday },
  { name: 'a bar in the night', finds: 'outside_hours', frames: minute, plant: (rows, at) => { const first = morning(rows, at); const row = { ...rowAt(rows, first), time: rowAt(rows, first).time - 7 * HOUR_MS }; rows.splice(first, 0, row); return about(rows, row); } },
  { name: 'a day an hour off', finds: 'time_shift', frames: minute, plant: (rows, at) => { const mine = rows.filter((row) => dayOf(row) === dayOf(rowAt(rows, at))); for (const row of mine) row.time += HOUR_MS; return { rows, from: rowAt(mine, 0).time, until: rowAt(mine, mine.length - 1).time }; } },
  { name: 'days in universal time', finds: 'time_shift', frames: minute, plant: (rows, at) => { const first = dayOf(rowAt(rows, at)); const mine = rows.filter((row) => dayOf(row) >= first && dayOf(row) <= first + 4); for (const row of mine) row.time -= 4 * HOUR_MS; return { rows, from: rowAt(mine, 0).time, until: rowAt(mine, mine.length - 1).time }; } },
  { name: 'day bars at midnight in London', finds: 'time_shift', frames: day, plant: (rows, at) => { const mine = rows.slice(at, at + 5); for (const row of mine) row.time -= 4 * HOUR_MS + (row.time % (24 * HOUR_MS)) - 4 * HOUR_MS; return { rows, from: rowAt(mine, 0).time, until: rowAt(mine, 4).time }; } },
  { name: 'a bar from the future', finds: 'clock_skew', frames: both, plant: (rows, at) => { const row = rowAt(rows, at); rows.splice(at + 1); return { rows, from: row.time, until: row.time, now: row.time }; } },
  { name: 'a bar seen before its end', finds: 'clock_skew', frames: both, plant: (rows, at) => ({ ...about(rows, rowAt(rows, at)), seen: (row) => (row === rows[at] ? row.time + 20_000 : row.time + 48 * HOUR_MS) }) },
  { name: 'a bad close', finds: 'spike', frames: both, plant: one((row, random) => { row.close = cents(row.close * (random() < 0.5 ? 1.35 : 0.7)); row.high = Math.max(row.high, row.close); row.low = Math.min(row.low, row.close); }) },
  { name: 'a bad bar', finds: 'spike', frames: both, plant: one((row, random) => scale(row, random() < 0.5 ? 1.4 : 0.65)) },
  { name: 'a bad high', finds: 'wick', frames: both, plant: one((row) => { row.high = cents(row.high * 1.5); }) },
  { name: 'a bad low', finds: 'wick', frames: both, plant: one((row) => { row.low = cents(row.low * 0.6); }) },
  { name: 'a decimal point too far right', finds: 'decimal_shift', frames: both, plant: one((row) => scale(row, 10)) },
  { name: 'prices in cents', finds: 'decimal_shift', frames: both, plant: (rows, at) => { for (const row of rows.slice(at, at + 6)) scale(row, 100); return about(rows, rowAt(rows, at), 6); } },
  { name: 'bars of another symbol', finds: 'foreign_stretch', frames: both, plant: (rows, at) => { for (const row of rows.slice(at, at + 12)) scale(row, 2.6); return about(rows, rowAt(rows, at), 12); } },
  { name: 'another level without news', finds: 'jump', frames: day, plant: (rows, at, random) => fromOn((row) => scale(row, 1.27))(rows, quietAt(rows, at), random) },
  { name: 'a split that nobody told', finds: 'split_cliff', frames: both, plant: fromOn((row) => { scale(row, 0.25); row.volume = Math.round(row.volume * 4); }) },
  { name: 'a consolidation that nobody told', finds: 'split_cliff', frames: both, plant: fromOn((row) => { scale(row, 10); row.volume = Math.round(row.volume / 10); }) },
  { name: 'a split that is in the prices already', finds: 'split_not_in_prices', frames: both, plant: (rows, at) => { const first = rowAt(rows, morning(rows, at)); return { ...about(rows, first), actions: [{ exDay: dayOf(first), split: 0.5, price: 1 }] }; } },
  { name: 'a payout that nobody told', finds: 'dividend_cliff', frames: day, plant: payout },
  { name: 'a price that stands still', finds: 'frozen_price', frames: both, plant: (rows, at) => { const price = rowAt(rows, at).close; const mine = rows.slice(at + 1, at + 71); for (const row of mine) Object.assign(row, { open: price, high: price, low: price, close: price }); return about(rows, rowAt(rows, at + 1), 70); }, also: ['jump', 'news_jump', 'split_cliff', 'split_not_in_prices', 'overnight_jump', 'spike'] },
  { name: 'the same bar again', finds: 'repeated_bar', frames: both, plant: (rows, at) => { Object.assign(rowAt(rows, at + 1), { ...rowAt(rows, at), time: rowAt(rows, at + 1).time }); return about(rows, rowAt(rows, at + 1)); } },
  { name: 'the same prices again and again', finds: 'repeated_bar', frames: both, plant: (rows, at) => { const first = { ...rowAt(rows, at), high: rowAt(rows, at).high + 0.05 }; Object.assign(rowAt(rows, at), first); for (const row of rows.slice(at + 1, at + 5)) Object.assign(row, { ...first, time: row.time, volume: row.volume }); return about(rows, rowAt(rows, at + 1), 4); } },
  { name: 'no volume', finds: 'no_volume', frames: both, plant: (rows, at) => { const mine = rows.slice(at, at + 25); for (const row of mine) row.volume = 0; return about(rows, rowAt(rows, at), 25); } },
  { name: 'far too much volume', finds: 'volume_anomaly', frames: both, plant: (rows, at) => { let n = at; while (rowAt(rows, n).volume > 40_000 && rowAt(rows, n).volume < 400_000) n += 1; rowAt(rows, n).volume *= 900; return about(rows, rowAt(rows, n)); } },
  { name: 'volume in lots of a hundred', finds: 'volume_anomaly', frames: day, plant: (rows, at) => { for (const row of rows.slice(at, at + 8)) row.volume = Math.round(row.volume / 150); return about(rows, rowAt(rows, at), 8); } },
];
