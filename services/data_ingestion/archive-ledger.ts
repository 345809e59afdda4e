/** What of the book is to be put away, what lies in files already, and what the findings' log may forget. */
import { AppError, invariant } from '#app/domain/errors.ts';
import { TIMEFRAMES, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import type { ArchiveUnit } from './archive-files.ts';

/** A file as the ledger has it. */
export type LedgerRow = { file: string; rows: number; bytes: number; sha256: string; content_sha256: string | null; schema_version: number; state: 'archived' | 'restored'; restored_at: number | null };

/** Months of each width that stay in the book before the newest bar; null: for ever. */
export type Retention = Readonly<Record<Timeframe, number | null>>;
/** What stays when nobody says otherwise. A symbol's days of thirty years (7,560) are fewer than its minutes of a month (8,190). */
export const DEFAULT_RETENTION: Retention = { '1Min': 24, '5Min': 36, '15Min': 36, '1Hour': 60, '1Day': null };

/** Whoever asks for a month by name may not take those on which strategies warm up. */
const YOUNGEST_MONTHS_KEPT = 2;

/** The first day of a month. firstDay('2023-01') = '2023-01-01'. */
export const firstDay = (month: string): string => `${month}-01`;
/** Name of a month's table. */
export const partitionOf = (month: string): string => `data_ingestion.market_data_${month.replace('-', '_')}`;
/** A month in words. */
export const unitName = ({ month, timeframe }: ArchiveUnit): string => (timeframe === '*' ? month : `${month} in ${timeframe}`);

/** Months since year 0, for arithmetic. monthIndex('2024-01') = 24288. */
function monthIndex(month: string): number {
  const [year = NaN, number = NaN] = month.split('-').map(Number);
  invariant(Number.isInteger(year) && number >= 1 && number <= 12, 'A month reads YYYY-MM', { month });
  return year * 12 + number - 1;
}

/** What the ledger says of a month in one width; null: nothing. */
export async function ledgerOf(book: Queryable, { month, timeframe }: ArchiveUnit): Promise<LedgerRow | null> {
  const [row] = await book.query<LedgerRow>('SELECT file, rows, bytes, sha256, content_sha256, schema_version, state, restored_at FROM data_ingestion.archived_months WHERE month = $1::date AND timeframe = $2', [firstDay(month), timeframe]);
  return row ?? null;
}

/** Widths of which a month has bars in the book. Each series is asked by its key, so that no month is read whole. */
async function widthsInBook(book: Queryable, month: string): Promise<Timeframe[]> {
  const [part] = await book.query<{ found: boolean }>('SELECT to_regclass($1) IS NOT NULL AS found', [partitionOf(month)]);
  if (part?.found !== true) return [];
  const rows = await book.query<{ timeframe: Timeframe }>(
    `SELECT t.timeframe FROM unnest($2::text[]) AS t(timeframe) WHERE EXISTS (SELECT 1 FROM data_ingestion.ingestion_status s WHERE s.timeframe = t.timeframe
       AND EXISTS (SELECT 1 FROM data_ingestion.market_data m WHERE m.symbol = s.symbol AND m.timeframe = s.timeframe
         AND m.open_time >= $1::date::timestamp AT TIME ZONE 'UTC' AND m.open_time < ($1::date + interval '1 month') AT TIME ZONE 'UTC'))`, [firstDay(month), TIMEFRAMES],
  );
  return rows.map((row) => row.timeframe);
}

/** Whether the book has bars of a month in one width; `*`: in any. */
export async function inBook(book: Queryable, { month, timeframe }: ArchiveUnit): Promise<boolean> {
  const widths = await widthsInBook(book, month);
  return timeframe === '*' ? widths.length > 0 : widths.includes(timeframe);
}

/** Which months to put away. `now`: the wall clock; `months`, `timeframes`: only these. */
export type ArchiveWish = { readonly now: EpochMs; readonly retention: Retention; readonly keepRestoredDays: number; readonly months: readonly string[] | null; readonly timeframes: readonly Timeframe[] | null };

async function partitions(book: Queryable): Promise<string[]> {
  const rows = await book.query<{ month: string }>(
    `SELECT replace(substring(c.relname FROM 'market_data_([12][0-9]{3}_(0[1-9]|1[0-2]))$'), '_', '-') AS month FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'data_ingestion.market_data'::regclass AND c.relname ~ '^market_data_\\d{4}_\\d{2}$' ORDER BY 1`,
  );
  return rows.map((row) => row.month);
}

/** Months that were brought back in the last days, with their widths. */
async function broughtBack(book: Queryable, days: number): Promise<Set<string>> {
  const rows = await book.query<{ month: string; timeframe: string }>(`SELECT to_char(month, 'YYYY-MM') AS month, timeframe FROM data_ingestion.archived_months WHERE state = 'restored' AND restored_at > clock_timestamp() - make_interval(days => $1)`, [days]);
  return new Set(rows.map((row) => `${row.month} ${row.timeframe}`));
}

/**
 * The month of the newest stored bar. That, not the wall clock, is the present: a replay of old days is not put away at once. A bar of days to come (a year mistyped in a file that somebody
 * imported) is none: it would send the bars of today away.
 */
async function presentMonth(book: Queryable, now: EpochMs): Promise<number | null> {
  const [newest] = await book.query<{ month: string | null }>(`SELECT to_char(least(max(last_open_time), to_timestamp($1::bigint / 1000.0)), 'YYYY-MM') AS month FROM data_ingestion.ingestion_status HAVING count(*) > 0`, [now]);
  return newest?.month ? monthIndex(newest.month) : null;
}

/**
 * What is due, oldest first: widths of months that lie more than their retention before the newest stored bar and were not brought back in the last `keepRestoredDays`; or those of the named
 * months, of which only widths that are kept for ever stay unless they are named too. @throws AppError FLOW_INPUT_INVALID when a named month is too young, or the book has nothing of it
 */
export async function unitsToArchive(book: Queryable, wish: ArchiveWish): Promise<{ month: string; timeframe: Timeframe }[]> {
  const present = await presentMonth(book, wish.now);
  if (present === null) return [];
  const young = wish.months?.find((month) => present - monthIndex(month) < YOUNGEST_MONTHS_KEPT);
  if (young !== undefined) throw new AppError('FLOW_INPUT_INVALID', `${young} is too young to be archived: strategies and charts need the newest two months`);
  const isWanted = (timeframe: Timeframe): boolean => wish.timeframes?.includes(timeframe) ?? wish.retention[timeframe] !== null;
  const fresh = await broughtBack(book, wish.keepRestoredDays);
  const due: { month: string; timeframe: Timeframe }[] = [];
  const shortest = Math.min(...TIMEFRAMES.filter(isWanted).map((timeframe) => wish.retention[timeframe] ?? Infinity));
  const months = wish.months === null ? (await partitions(book)).filter((month) => present - monthIndex(month) > shortest) : [...new Set(wish.months)].sort();
  for (const month of months) {
    const widths = (await widthsInBook(book, month)).filter(isWanted);
    if (wish.months !== null && widths.length === 0) throw new AppError('FLOW_INPUT_INVALID', `The book has no bars of ${month} to be put away`);
    const isOld = (timeframe: Timeframe): boolean => present - monthIndex(month) > (wish.retention[timeframe] ?? Infinity) && !fresh.has(`${month} ${timeframe}`) && !fresh.has(`${month} *`);
    due.push(...widths.filter((timeframe) => wish.months !== null || isOld(timeframe)).map((timeframe) => ({ month, timeframe })));
  }
  return due;
}

/** What lies in files and not in the book. */
export async function unitsInFiles(book: Queryable): Promise<ArchiveUnit[]> {
  return book.query<ArchiveUnit & Record<string, unknown>>(`SELECT to_char(month, 'YYYY-MM') AS month, timeframe FROM data_ingestion.archived_months WHERE state = 'archived' ORDER BY 1, 2`);
}

const FORGET_BATCH = 10_000;
const MAX_FORGET_BATCHES = 100;

/** Removes findings and validations older than so many months, in batches. Returns how many rows went. */
export async function forgetFindings(db: Db, keepMonths: number, signal: AbortSignal): Promise<number> {
  let gone = 0;
  for (let round = 0; round < MAX_FORGET_BATCHES && !signal.aborted; round += 1) {
    const rows = await db.query(
      `DELETE FROM data_ingestion.data_quality_logs WHERE id IN (SELECT id FROM data_ingestion.data_quality_logs WHERE at < clock_timestamp() - make_interval(months => $1) ORDER BY at LIMIT $2) RETURNING 1`,
      [keepMonths, FORGET_BATCH],
    );
    gone += rows.length;
    if (rows.length < FORGET_BATCH) break;
  }
  await db.query('DELETE FROM data_ingestion.quality_runs WHERE at < clock_timestamp() - make_interval(months => $1)', [keepMonths]);
  return gone;
}
