/** The recorded bars of a day and those before it to warm up on; which of them came late, and which were corrected. */
import type { BacktestBar } from '#app/backtest/exact-floor.ts';
import type { EpochMs, Timeframe } from '#app/domain/time.ts';
import { isRegularBar } from '#app/market/calendar.ts';
import { at, type Queryable } from '#chassis/db.ts';
import type { Day } from './parity-plan.ts';

/** Bars of one strategy's day, those of its warm-up included, at most: beyond, its day is not run again. */
export const MOST_PARITY_BARS = 400_000;

/** A stored bar with the wall clock at which it was seen. Epoch ms. */
export type DayBar = BacktestBar & { readonly seenAt: number };

/** The bars of some symbols by the moment at which they opened, in order. */
export type Moments = readonly { readonly openTime: EpochMs; readonly bars: readonly DayBar[] }[];

type Row = { readonly symbol: string; readonly openTime: number; readonly open: string; readonly high: string; readonly low: string; readonly close: string; readonly volume: string; readonly seenAt: number };
const COLUMNS = `m.symbol, m.open_time AS "openTime", trim_scale(m.open) AS open, trim_scale(m.high) AS high, trim_scale(m.low) AS low, trim_scale(m.close) AS close, trim_scale(m.volume) AS volume, m.ts_seen AS "seenAt"`;

/** Symbols with bars of a width on the day: those asked for, or all that are watched. */
export async function symbolsWithBars(book: Queryable, { begin, end }: Day, { symbols, timeframe }: { readonly symbols: readonly string[] | null; readonly timeframe: Timeframe }): Promise<string[]> {
  const rows = await book.query<{ symbol: string }>(
    `SELECT i.symbol FROM data_ingestion.ingestion_status i LEFT JOIN data_ingestion.symbols s USING (symbol)
     WHERE i.timeframe = $3 AND CASE WHEN $4::text[] IS NULL THEN coalesce(s.is_watched, false) ELSE i.symbol = ANY($4::text[]) END
       AND EXISTS (SELECT FROM data_ingestion.market_data m WHERE m.symbol = i.symbol AND m.timeframe = $3 AND m.open_time >= $1 AND m.open_time < $2) ORDER BY i.symbol COLLATE "C"`,
    [at(begin), at(end), timeframe, symbols],
  );
  return rows.map((row) => row.symbol);
}

function momentsOf(rows: readonly Row[], timeframe: Timeframe): Moments {
  const moments: { openTime: EpochMs; bars: DayBar[] }[] = [];
  for (const row of rows) {
    const openTime = row.openTime as EpochMs;
    if (!isRegularBar(openTime, timeframe)) continue;
    const last = moments.at(-1);
    if (last?.openTime === openTime) last.bars.push(row);
    else moments.push({ openTime, bars: [row] });
  }
  return moments;
}

/** Bars of the day. */
export async function barsOfDay(book: Queryable, { begin, end }: Day, { symbols, timeframe }: { readonly symbols: readonly string[]; readonly timeframe: Timeframe }): Promise<Moments> {
  const rows = await book.query<Row>(
    `SELECT ${COLUMNS} FROM data_ingestion.market_data m WHERE m.timeframe = $3 AND m.symbol = ANY($4::text[]) AND m.open_time >= $1 AND m.open_time < $2 ORDER BY m.open_time, m.symbol COLLATE "C" LIMIT ${MOST_PARITY_BARS + 1}`, [at(begin), at(end), timeframe, symbols],
  );
  return momentsOf(rows, timeframe);
}

/** So many bars of one or more symbols before the day. */
export async function barsBefore(book: Queryable, { begin }: Day, { symbols, timeframe, count }: { readonly symbols: readonly string[]; readonly timeframe: Timeframe; readonly count: number }): Promise<Moments> {
  const rows = await book.query<Row>(
    `SELECT b.* FROM unnest($1::text[]) AS s(symbol) CROSS JOIN LATERAL (
       SELECT ${COLUMNS} FROM data_ingestion.market_data m WHERE m.symbol = s.symbol AND m.timeframe = $2 AND m.open_time < $3 ORDER BY m.open_time DESC LIMIT $4) b
     ORDER BY b."openTime", b.symbol COLLATE "C"`, [symbols, timeframe, at(begin), count],
  );
  return momentsOf(rows, timeframe);
}

/** The newest close of each symbol before the day, of whatever width. */
export async function closesBefore(book: Queryable, { begin }: Day, symbols: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await book.query<{ symbol: string; close: string }>(
    `SELECT s.symbol, m.close FROM unnest($1::text[]) AS s(symbol) CROSS JOIN LATERAL (
       SELECT trim_scale(b.close)::text AS close FROM data_ingestion.ingestion_status i CROSS JOIN LATERAL (
         SELECT d.close, d.open_time FROM data_ingestion.market_data d WHERE d.symbol = i.symbol AND d.timeframe = i.timeframe AND d.open_time < $2 ORDER BY d.open_time DESC LIMIT 1) b
       WHERE i.symbol = s.symbol ORDER BY b.open_time DESC LIMIT 1) m`, [symbols, at(begin)],
  );
  return new Map(rows.map((row) => [row.symbol, row.close]));
}

/** A bar that is another now than when it was first stored. `before`: its close then; `seenAt`: when it was first seen, wall clock. */
export type Correction = { readonly symbol: string; readonly openTime: number; readonly before: string; readonly seenAt: number | null };

/** The first change of each bar of the day, by the quality log. */
export async function correctionsOf(book: Queryable, { begin, end }: Day, { symbols, timeframe }: { readonly symbols: readonly string[]; readonly timeframe: Timeframe }): Promise<readonly Correction[]> {
  return book.query<Correction>(
    `SELECT DISTINCT ON (symbol, open_time) symbol, open_time AS "openTime", coalesce(detail->'before'->>'close', '?') AS before, (detail->'before'->>'tsSeen')::float8::bigint AS "seenAt" FROM data_ingestion.data_quality_logs
     WHERE kind IN ('bar_revised', 'bar_replaced') AND timeframe = $3 AND symbol = ANY($4::text[]) AND open_time >= $1 AND open_time < $2 ORDER BY symbol, open_time, id`, [at(begin), at(end), timeframe, symbols],
  );
}

/** Opens of bars that came after the bar behind them, by symbol: nobody could trade on them in time. One that was corrected is not late: it was seen before. */
export function lateBars(moments: Moments, corrections: readonly Correction[]): ReadonlyMap<string, readonly number[]> {
  const corrected = new Set(corrections.map(({ symbol, openTime }) => `${symbol} ${openTime}`));
  const late = new Map<string, number[]>();
  const behind = new Map<string, number>();
  for (const { openTime, bars } of moments.toReversed()) {
    for (const { symbol, seenAt } of bars) {
      if (corrected.has(`${symbol} ${openTime}`)) continue;
      const next = behind.get(symbol);
      if (next !== undefined && seenAt > next) late.set(symbol, [openTime, ...(late.get(symbol) ?? [])]);
      behind.set(symbol, Math.min(seenAt, next ?? Infinity));
    }
  }
  return late;
}
