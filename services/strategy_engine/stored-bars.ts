/** Bars out of the book: what a strategy has missed, or needs to warm up on. */
import type { Timeframe } from '#app/domain/time.ts';
import type { Queryable } from '#chassis/db.ts';
import { isSeenByStrategies } from './apply-bars.ts';
import type { ClosedBar } from './cells.ts';

/** A stretch of one symbol's bars: opened after `after` (epoch ms) and not after `upTo`. */
export type Stretch = { readonly symbol: string; readonly after: number; readonly upTo: number };

type BarRow = { symbol: string; open_time: number; open: string; high: string; low: string; close: string; volume: string; ts_seen: number };

const SELECT_BARS = `
  SELECT m.symbol, m.open_time, trim_scale(m.open) AS open, trim_scale(m.high) AS high, trim_scale(m.low) AS low, trim_scale(m.close) AS close, trim_scale(m.volume) AS volume, m.ts_seen
  FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS w(symbol, after_ms, up_to_ms)
  JOIN data_ingestion.market_data m ON m.symbol = w.symbol AND m.timeframe = $4
    AND m.open_time > to_timestamp(w.after_ms / 1000.0) AND m.open_time <= to_timestamp(w.up_to_ms / 1000.0)
  ORDER BY m.open_time, m.symbol COLLATE "C" LIMIT $5`;

/** Bars opened at or before `quietUntil` (epoch ms) come as quiet ones. */
export type BarQuery = { readonly stretches: readonly Stretch[]; readonly timeframe: Timeframe; readonly limit: number; readonly quietUntil: number };

/** The stored bars of regular trading, by time and symbol: the order in which the wire brings them. `hasMore` when `limit` cut them; `newest`: the last open time that was read, of whatever trading, null for none. */
export async function storedBars(book: Queryable, query: BarQuery): Promise<{ bars: ClosedBar[]; hasMore: boolean; newest: number | null }> {
  const { stretches, timeframe, limit, quietUntil } = query;
  const rows = await book.query<BarRow>(SELECT_BARS, [stretches.map((s) => s.symbol), stretches.map((s) => s.after), stretches.map((s) => s.upTo), timeframe, limit]);
  const bars = rows
    .map((row) => ({
      symbol: row.symbol, timeframe, openTime: row.open_time, open: row.open, high: row.high, low: row.low, close: row.close, volume: row.volume,
      tsSeen: row.ts_seen, isQuiet: row.open_time <= quietUntil, correlationId: `${row.symbol}:${timeframe}:${row.open_time}`,
    }))
    .filter(isSeenByStrategies);
  return { bars, hasMore: rows.length === limit, newest: rows.at(-1)?.open_time ?? null };
}

/** Where a warm-up on `count` stored bars that end at `upTo` begins: the open time just before them, or -1 when there are fewer. */
export async function warmUpStart(book: Queryable, series: { symbol: string; timeframe: Timeframe }, upTo: number, count: number): Promise<number> {
  const [row] = await book.query<{ open_time: number }>(
    `SELECT open_time FROM data_ingestion.market_data WHERE symbol = $1 AND timeframe = $2 AND open_time <= to_timestamp($3::bigint / 1000.0) ORDER BY open_time DESC OFFSET $4 LIMIT 1`,
    [series.symbol, series.timeframe, upTo, count],
  );
  return row?.open_time ?? -1;
}
