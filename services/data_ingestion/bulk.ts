/** Writing many bars at once: checked, each once, by binary COPY. History that comes this way raises no event: strategies are not shown it. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BulkPolicy } from '#app/contracts/bulk.ts';
import type { BarWire } from '#app/domain/bar.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { civilFromDays, formatDate, timeframeMs, DAY_MS, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { fromNewYorkDay, newYorkDayNumber, ZONE_FIRST_YEAR } from '#app/market/nyse-zone.ts';
import { at, type Queryable } from '#chassis/db.ts';
import type { BulkTx } from '#chassis/db-bulk.ts';
import { COPY_COLUMNS, encodeRows, exactOfNumber, exactOfText, type EncodableSeries } from './bulk-encode.ts';
import { noteQuality, reviseBars, type SeenBar } from './store.ts';

/** Bars of one series, oldest first, no two of one time: as float64 columns (decimals of at most 15 digits), or with exact decimal text. Each series once per call. */
export type BarSeries = { readonly symbol: string; readonly timeframe: Timeframe; readonly bars: BarColumns | readonly BarWire[] };

/**
 * How to write. `source`: what market_data tells of the origin; `tsSeen`: epoch ms; `detail`: told in the log with every bar that is replaced or told otherwise;
 * `newestOf`: open time of the newest bar of a width that may come this way (none given: any).
 */
export type BulkWrite = { readonly source: string; readonly policy: BulkPolicy; readonly tsSeen: number; readonly detail?: Readonly<Record<string, unknown>>; readonly newestOf?: (timeframe: Timeframe) => number };

/** What became of the bars. `known`: stored already, of these `differing` are told with other numbers (and kept); `replaced`: had other numbers. */
export type Written = { readonly stored: number; readonly known: number; readonly differing: number; readonly replaced: number; readonly refused: number };

/** Refused bars of one call that the log shows one by one; the result counts all. */
const MAX_LOGGED = 1_000;
const REVISE_BATCH = 5_000;
/** Partitions made by one statement: each one locks the table for everybody else. */
const MONTHS_AT_ONCE = 6;
const MAX_PRICE = 1e9;
const MAX_VOLUME = 1e13;
const FIRST_TIME = Date.UTC(ZONE_FIRST_YEAR, 0, 2);
const LAST_TIME = Date.UTC(2199, 0, 1);
const UNIQUE_VIOLATION = '23505';

type Checked = { readonly symbol: string; readonly timeframe: Timeframe; readonly series: EncodableSeries; readonly sound: number; readonly first: number; readonly last: number; readonly lastClose: string; readonly defects: readonly Defect[] };
type Defect = { readonly n: number; readonly time: number; readonly defect: string };
type Row = { time: number; open: number; high: number; low: number; close: number; volume: number };

/** Why a bar cannot be true, or null. Times must increase and lie on the timeframe's grid; a day begins at midnight in New York. */
export function bulkDefect(bar: Readonly<Row>, before: number, timeframe: Timeframe): string | null {
  const { time, open, high, low, close, volume } = bar;
  if (!(low > 0 && open >= low && open <= high && close >= low && close <= high && volume >= 0 && high <= MAX_PRICE && volume <= MAX_VOLUME)) {
    if (!(open > 0 && high > 0 && low > 0 && close > 0)) return 'a price is not greater than zero';
    if (high < low) return 'high is below low';
    if (!(open >= low && open <= high)) return 'open is outside low..high';
    if (!(close >= low && close <= high)) return 'close is outside low..high';
    return volume < 0 ? 'volume is negative' : 'a number cannot be one of a market';
  }
  if (!(Number.isInteger(time) && time >= FIRST_TIME && time < LAST_TIME)) return 'the open time is none';
  if (time <= before) return time === before ? 'the bar before has the same open time' : 'the open time is before that of the bar before';
  const isOnGrid = timeframe === '1Day' ? fromNewYorkDay(newYorkDayNumber(time as EpochMs), 0) === time : time % timeframeMs(timeframe) === 0;
  return isOnGrid ? null : 'the open time is not on the timeframe grid';
}

function isColumns(bars: BarSeries['bars']): bars is BarColumns {
  return !Array.isArray(bars);
}

/** Puts the n-th bar's numbers into `row`. */
function readerOf(bars: BarSeries['bars']): { readonly length: number; read(n: number, row: Row): void; textOf(n: number): string } {
  if (isColumns(bars)) {
    return {
      length: bars.time.length,
      read(n, row) {
        row.time = bars.time[n] as number;
        row.open = bars.open[n] as number;
        row.high = bars.high[n] as number;
        row.low = bars.low[n] as number;
        row.close = bars.close[n] as number;
        row.volume = bars.volume[n] as number;
      },
      textOf: (n) => String(bars.close[n]),
    };
  }
  return {
    length: bars.length,
    read(n, row) {
      const bar = bars[n] as BarWire;
      Object.assign(row, { time: bar.openTime, open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close), volume: Number(bar.volume) });
    },
    textOf: (n) => (bars[n] as BarWire).close,
  };
}

/** Looks at every bar of a series. What is wrong is left out, and told. */
function check({ symbol, timeframe, bars }: BarSeries, newest: number): Checked {
  const reader = readerOf(bars);
  const row: Row = { time: 0, open: 0, high: 0, low: 0, close: 0, volume: 0 };
  const defects: Defect[] = [];
  let [first, last, lastN] = [Infinity, -Infinity, -1];
  for (let n = 0; n < reader.length; n += 1) {
    reader.read(n, row);
    const defect = bulkDefect(row, last, timeframe) ?? (row.time > newest ? 'it is not over yet, or so new that the live stream brings it' : null);
    if (defect !== null) {
      defects.push({ n, time: row.time, defect });
      continue;
    }
    if (first === Infinity) first = row.time;
    last = row.time;
    lastN = n;
  }
  const lastClose = lastN === -1 ? '0' : reader.textOf(lastN);
  return { symbol, timeframe, sound: reader.length - defects.length, first, last, lastClose, defects, series: { symbol, timeframe, length: reader.length, read: encodable(bars, new Set(defects.map(({ n }) => n))) } };
}

function encodable(bars: BarSeries['bars'], leftOut: ReadonlySet<number>): EncodableSeries['read'] {
  const isWhole = leftOut.size === 0;
  if (isColumns(bars)) {
    const { time, open, high, low, close, volume } = bars;
    return (n, into) => {
      if (!isWhole && leftOut.has(n)) return null;
      exactOfNumber(open[n] as number, into[0]);
      exactOfNumber(high[n] as number, into[1]);
      exactOfNumber(low[n] as number, into[2]);
      exactOfNumber(close[n] as number, into[3]);
      exactOfNumber(volume[n] as number, into[4]);
      return time[n] as number;
    };
  }
  return (n, into) => {
    const bar = bars[n];
    if (bar === undefined || leftOut.has(n)) return null;
    exactOfText(bar.open, into[0]);
    exactOfText(bar.high, into[1]);
    exactOfText(bar.low, into[2]);
    exactOfText(bar.close, into[3]);
    exactOfText(bar.volume, into[4]);
    return bar.openTime;
  };
}

/** Months between two instants, `YYYY-MM-01`. */
function monthsBetween(first: number, last: number): string[] {
  const months: string[] = [];
  let { year, month } = civilFromDays(Math.floor(first / DAY_MS));
  const end = formatDate({ ...civilFromDays(Math.floor(last / DAY_MS)), day: 1 });
  for (;;) {
    const name = formatDate({ year, month, day: 1 });
    if (name > end) return months;
    months.push(name);
    [year, month] = month === 12 ? [year + 1, 1] : [year, month + 1];
  }
}

/**
 * Makes the partitions that bars of some span need. To be called before the transaction of writeBars, on the pool: making one locks the table
 * for everyone until the commit, which must not take as long as the bars.
 */
export async function ensureMonths(book: Queryable, first: number, last: number): Promise<void> {
  if (first > last) return;
  const missing = await book.query<{ month: string }>(
    `SELECT month FROM unnest($1::text[]) AS month WHERE to_regclass('data_ingestion.market_data_' || replace(substring(month FOR 7), '-', '_')) IS NULL ORDER BY month`, [monthsBetween(first, last)]);
  for (let n = 0; n < missing.length; n += MONTHS_AT_ONCE) await book.query('SELECT data_ingestion.ensure_month(month::date) FROM unnest($1::text[]) AS month', [missing.slice(n, n + MONTHS_AT_ONCE).map(({ month }) => month)]);
}

async function copy(tx: BulkTx, table: string, all: readonly Checked[], { source, tsSeen }: BulkWrite): Promise<void> {
  await pipeline(Readable.from(encodeRows(all.map(({ series }) => series), source, tsSeen)), tx.copyIn(`COPY ${table} (${COPY_COLUMNS}) FROM STDIN WITH (FORMAT binary)`));
}

const OVERLAPS = `
  SELECT n.symbol, n.timeframe FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS n(symbol, timeframe, first_ms, last_ms)
  WHERE EXISTS (SELECT FROM data_ingestion.market_data m WHERE m.symbol = n.symbol AND m.timeframe = n.timeframe
    AND m.open_time BETWEEN to_timestamp(n.first_ms / 1000.0) AND to_timestamp(n.last_ms / 1000.0) AND m.open_time BETWEEN $5::timestamptz AND $6::timestamptz)`;

const nameOf = (one: { readonly symbol: string; readonly timeframe: string }): string => `${one.symbol} ${one.timeframe}`;

/** What was added to a series. */
type Added = { readonly symbol: string; readonly timeframe: string; readonly bars: number; readonly first: number; readonly last: number; readonly last_close: string };

/** Bars of months that lie in files may stand before others there: for whoever derives something from the series that is a change. */
const NOTE_STATUS = `
  INSERT INTO data_ingestion.ingestion_status AS s (symbol, timeframe, last_open_time, last_close, bars_total, gaps_marked, last_seen_at, first_open_time)
  SELECT n.symbol, n.timeframe, to_timestamp(n.last_ms / 1000.0), n.close, n.bars, 0, $7::timestamptz, to_timestamp(n.first_ms / 1000.0)
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::numeric[], $6::bigint[]) AS n(symbol, timeframe, first_ms, last_ms, close, bars) ORDER BY n.symbol COLLATE "C", n.timeframe
  ON CONFLICT (symbol, timeframe) DO UPDATE SET
    last_close = CASE WHEN excluded.last_open_time > s.last_open_time THEN excluded.last_close ELSE s.last_close END,
    last_open_time = greatest(s.last_open_time, excluded.last_open_time), first_open_time = least(s.first_open_time, excluded.first_open_time),
    bars_total = s.bars_total + excluded.bars_total, last_seen_at = greatest(s.last_seen_at, excluded.last_seen_at),
    revisions = s.revisions + (SELECT least(count(*), 1) FROM data_ingestion.archived_months a WHERE a.state = 'archived' AND a.timeframe IN ('*', excluded.timeframe)
      AND a.month BETWEEN date_trunc('month', excluded.first_open_time AT TIME ZONE 'UTC')::date AND (excluded.last_open_time AT TIME ZONE 'UTC')::date)`;

async function noteAdded(tx: BulkTx, added: readonly Added[], tsSeen: number): Promise<void> {
  const all = added.filter(({ bars }) => bars > 0);
  if (all.length === 0) return;
  await tx.query(NOTE_STATUS, [all.map((a) => a.symbol), all.map((a) => a.timeframe), all.map((a) => a.first), all.map((a) => a.last), all.map((a) => a.last_close), all.map((a) => a.bars), at(tsSeen)]);
}

/** Bars of series that have none in their span yet go straight to their places. False: somebody was first after all, and nothing was written. */
async function copyStraight(tx: BulkTx, all: readonly Checked[], write: BulkWrite): Promise<boolean> {
  await tx.query('SAVEPOINT straight');
  try {
    await copy(tx, 'data_ingestion.market_data', all, write);
  } catch (error) {
    if (!(error instanceof Error) || Reflect.get(error, 'code') !== UNIQUE_VIOLATION) throw error;
    await tx.query('ROLLBACK TO SAVEPOINT straight');
    return false;
  }
  await tx.query('RELEASE SAVEPOINT straight');
  await noteAdded(tx, all.map((one) => ({ symbol: one.symbol, timeframe: one.timeframe, bars: one.sound, first: one.first, last: one.last, last_close: one.lastClose })), write.tsSeen);
  return true;
}

const STAGE = `CREATE TEMPORARY TABLE IF NOT EXISTS bulk_stage (symbol text, timeframe text, open_time timestamptz, open numeric(24,9), high numeric(24,9), low numeric(24,9), close numeric(24,9), volume numeric(24,9), source text, ts_seen timestamptz) ON COMMIT DROP`;
const DIFFERS = `FROM bulk_stage s JOIN data_ingestion.market_data m ON m.symbol = s.symbol AND m.timeframe = s.timeframe AND m.open_time = s.open_time
  WHERE m.symbol = ANY($3::text[]) AND m.timeframe = ANY($4::text[]) AND (m.open, m.high, m.low, m.close, m.volume) IS DISTINCT FROM (s.open, s.high, s.low, s.close, s.volume) AND m.open_time BETWEEN $1::timestamptz AND $2::timestamptz`;
const NOTE_DIFFERING = `
  INSERT INTO data_ingestion.data_quality_logs (symbol, timeframe, open_time, kind, detail, finding_key)
  SELECT symbol, timeframe, first, 'source_conflict', jsonb_build_object('bars', bars, 'fromMs', (extract(epoch FROM first) * 1000)::bigint, 'toMs', (extract(epoch FROM last) * 1000)::bigint, 'told', jsonb_build_object('source', $5::text)) || $6::jsonb,
    format('source_conflict:%s:%s:%s:%s:%s', symbol, timeframe, $5::text, extract(epoch FROM first), extract(epoch FROM last))
  FROM (SELECT s.symbol, s.timeframe, count(*) AS bars, min(s.open_time) AS first, max(s.open_time) AS last ${DIFFERS} GROUP BY 1, 2) d
  ON CONFLICT (finding_key) WHERE finding_key IS NOT NULL DO NOTHING`;
const INSERT_NEW = `
  WITH put AS (
    INSERT INTO data_ingestion.market_data (${COPY_COLUMNS}) SELECT ${COPY_COLUMNS} FROM bulk_stage ORDER BY symbol, timeframe, open_time ON CONFLICT DO NOTHING RETURNING symbol, timeframe, open_time, close
  ) SELECT symbol, timeframe, count(*) AS bars, (extract(epoch FROM min(open_time)) * 1000)::bigint AS first, (extract(epoch FROM max(open_time)) * 1000)::bigint AS last,
    (array_agg(close ORDER BY open_time DESC))[1] AS last_close FROM put GROUP BY 1, 2`;

type StagedRow = Omit<SeenBar, 'openTime'> & { openTime: number };

/** Changes the stored bars that are told otherwise, in batches, by the one way in which stored bars change. */
async function replaceDiffering(tx: BulkTx, span: readonly unknown[], write: BulkWrite): Promise<number> {
  const rows = await tx.query<StagedRow>(
    `SELECT s.symbol, s.timeframe, (extract(epoch FROM s.open_time) * 1000)::bigint AS "openTime", trim_scale(s.open) AS open, trim_scale(s.high) AS high, trim_scale(s.low) AS low, trim_scale(s.close) AS close, trim_scale(s.volume) AS volume,
       (extract(epoch FROM s.ts_seen) * 1000)::bigint AS "tsSeen" ${DIFFERS} ORDER BY s.symbol COLLATE "C", s.timeframe, s.open_time`, span);
  let revised = 0;
  for (let n = 0; n < rows.length; n += REVISE_BATCH) {
    const done = await reviseBars(tx, rows.slice(n, n + REVISE_BATCH), { kind: 'bar_replaced', source: write.source, ...(write.detail === undefined ? {} : { detail: write.detail }) });
    revised += done.revised;
  }
  return revised;
}

/** Bars of series that are stored in part: through a stage, so that known ones are met one by one. */
async function throughStage(tx: BulkTx, all: readonly Checked[], write: BulkWrite): Promise<Omit<Written, 'refused'>> {
  await tx.query(STAGE);
  await tx.query('TRUNCATE bulk_stage');
  await copy(tx, 'bulk_stage', all, write);
  // Named, so that the other series of these months are not read along.
  const span = [at(Math.min(...all.map(({ first }) => first))), at(Math.max(...all.map(({ last }) => last))), all.map(({ symbol }) => symbol), [...new Set(all.map(({ timeframe }) => timeframe))]];
  let [differing, replaced] = [0, 0];
  if (write.policy === 'replace') replaced = await replaceDiffering(tx, span, write);
  else {
    const [counted] = await tx.query<{ n: number }>(`SELECT count(*) AS n ${DIFFERS}`, span);
    differing = counted?.n ?? 0;
    if (differing > 0) await tx.query(NOTE_DIFFERING, [...span, write.source, JSON.stringify(write.detail ?? {})]);
  }
  const added = await tx.query<Added>(INSERT_NEW);
  await noteAdded(tx, added, write.tsSeen);
  const stored = added.reduce((sum, { bars }) => sum + bars, 0);
  return { stored, known: all.reduce((sum, { sound }) => sum + sound, 0) - stored - replaced, differing, replaced };
}

async function noteRefused(tx: BulkTx, all: readonly Checked[], write: BulkWrite): Promise<number> {
  const refused = all.flatMap(({ symbol, timeframe, defects }) => defects.map((one) => ({ ...one, symbol, timeframe })));
  const told = refused.slice(0, MAX_LOGGED);
  await noteQuality(tx, 'bar_refused', told.map(({ symbol, timeframe, time, defect }) => ({
    bar: { symbol, timeframe, openTime: Number.isSafeInteger(time) && Math.abs(time) < LAST_TIME ? time : null },
    detail: { ...write.detail, defect, source: write.source, ...(refused.length > told.length ? { refusedInAll: refused.length } : {}) },
  })));
  return refused.length;
}

/**
 * Writes bars of some series in the caller's transaction, with their part of ingestion_status. Series without a bar in the span go by COPY straight into the
 * partitions; the others through a stage. `keep` leaves known bars as they are and notes per series how many are told otherwise; `replace` changes them through
 * `reviseBars`. Call `ensureMonths` before the transaction. @throws as the transaction does (VERSION_CONFLICT: run it again)
 */
export async function writeBars(tx: BulkTx, series: readonly BarSeries[], write: BulkWrite): Promise<Written> {
  const checked = series.map((one) => check(one, write.newestOf?.(one.timeframe) ?? Infinity)).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const refused = await noteRefused(tx, checked, write);
  const sound = checked.filter((one) => one.sound > 0);
  if (sound.length === 0) return { stored: 0, known: 0, differing: 0, replaced: 0, refused };
  const [first, last] = [Math.min(...sound.map((one) => one.first)), Math.max(...sound.map((one) => one.last))];
  await ensureMonths(tx, first, last);
  const rows = await tx.query<{ symbol: string; timeframe: string }>(OVERLAPS, [sound.map((s) => s.symbol), sound.map((s) => s.timeframe), sound.map((s) => s.first), sound.map((s) => s.last), at(first), at(last)]);
  const overlapping = new Set(rows.map(nameOf));
  const fresh = sound.filter((one) => !overlapping.has(nameOf(one)));
  const isStraight = fresh.length > 0 && (await copyStraight(tx, fresh, write));
  const staged = isStraight ? sound.filter((one) => overlapping.has(nameOf(one))) : sound;
  const straight = isStraight ? fresh.reduce((sum, one) => sum + one.sound, 0) : 0;
  const rest = staged.length === 0 ? { stored: 0, known: 0, differing: 0, replaced: 0 } : await throughStage(tx, staged, write);
  return { ...rest, stored: rest.stored + straight, refused };
}
