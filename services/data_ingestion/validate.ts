/** Validation of stored bars: a series from where the last look ended, or its whole history; findings are written once and closed when they are gone. */
import { barColumns, sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { DAY_MS, timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { calendarCovers, exchangeDay, sessionsBetween } from '#app/market/calendar.ts';
import { QUALITY_CONTEXT_BARS, staleness } from '#app/market/quality.ts';
import { checkBars } from '#app/market/quality/check.ts';
import { compareDays } from '#app/market/quality/compare.ts';
import { aboutBar, type Finding, type ToldAction } from '#app/market/quality/finding.ts';
import { at, type Db, type Queryable } from '#chassis/db.ts';
import { archivedMonths } from './coverage.ts';
import { toldActions } from './factors.ts';
import { MAX_FINDINGS, noteFindings, type SeriesResult, type SeriesToValidate } from './quality-findings.ts';

/** How to look. `now`: the market's time where the wall clock is the market's, else null (then no bar can be ahead of it). */
export type LookOptions = { readonly signal: AbortSignal; readonly now: number | null };

const PAGE = 20_000;
const BEFORE_ALL = 0;
/** A first look goes back so many bars at most (two years of minutes); older ones were looked at when they came, or are archived. */
const MAX_BARS = 200_000;
/** A whole history: ten years of minutes, with the hours before and after the session. */
const MAX_WHOLE_BARS = 3_000_000;

/** Series that have bars, and what is new in each: the watched ones, or those that are named. */
export async function seriesToValidate(book: Queryable, symbols: readonly string[] | null, isWhole = false): Promise<SeriesToValidate[]> {
  const rows = await book.query<{ symbol: string; timeframe: Timeframe; validated_to: number | null; last_open_time: number }>(
    `SELECT i.symbol, i.timeframe, p.validated_to, i.last_open_time
     FROM data_ingestion.ingestion_status i LEFT JOIN data_ingestion.symbols s USING (symbol) LEFT JOIN data_ingestion.quality_progress p USING (symbol, timeframe)
     WHERE (coalesce(s.is_watched, false) OR $2) AND ($1::text[] IS NULL OR i.symbol = ANY($1::text[])) ORDER BY i.symbol COLLATE "C", i.timeframe`, [symbols, isWhole],
  );
  return rows.map((row) => ({ symbol: row.symbol, timeframe: row.timeframe, from: isWhole ? null : row.validated_to, to: row.last_open_time }));
}

type Row = { time: number; open: number; high: number; low: number; close: number; volume: number; seen: number };

const SELECT_PAGE = `
  SELECT (extract(epoch FROM open_time) * 1000)::bigint AS "time", open::float8 AS open, high::float8 AS high, low::float8 AS low, close::float8 AS close, volume::float8 AS volume, (extract(epoch FROM ts_seen) * 1000)::bigint AS seen
  FROM data_ingestion.market_data WHERE symbol = $1 AND timeframe = $2 AND open_time > $3::timestamptz AND open_time <= $4::timestamptz ORDER BY open_time LIMIT $5`;

/** Where reading begins: some bars before the first new one, so that the rules know the series. */
async function contextStart(book: Queryable, series: SeriesToValidate, upTo: number, count: number): Promise<number> {
  const [row] = await book.query<{ open_time: number }>(
    `SELECT open_time FROM data_ingestion.market_data WHERE symbol = $1 AND timeframe = $2 AND open_time <= $3::timestamptz ORDER BY open_time DESC OFFSET $4 LIMIT 1`,
    [series.symbol, series.timeframe, at(upTo), count],
  );
  return row?.open_time ?? BEFORE_ALL;
}

/** Columns that grow by pages. */
class GrowingColumns {
  private bars = barColumns(PAGE);
  private seen = new Float64Array(PAGE);
  private length = 0;

  add(rows: readonly Row[]): void {
    if (this.length + rows.length > this.bars.time.length) this.grow();
    for (const row of rows) {
      for (const field of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) this.bars[field][this.length] = row[field];
      this.seen[this.length] = row.seen;
      this.length += 1;
    }
  }

  private grow(): void {
    const wider = barColumns(this.bars.time.length * 2);
    for (const field of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) wider[field].set(this.bars[field]);
    const seen = new Float64Array(wider.time.length);
    seen.set(this.seen);
    [this.bars, this.seen] = [wider, seen];
  }

  result(): { bars: BarColumns; seen: Float64Array } {
    return { bars: sliceColumns(this.bars, 0, this.length), seen: this.seen.subarray(0, this.length) };
  }
}

/** Bars of a series that open in (after, upTo]. */
async function readBars(db: Queryable, series: SeriesToValidate, { after, signal }: { after: number; signal: AbortSignal }): Promise<{ bars: BarColumns; seen: Float64Array }> {
  const columns = new GrowingColumns();
  let from = after;
  for (let read = 0; read < MAX_WHOLE_BARS && from < series.to && !signal.aborted; read += PAGE) {
    const page = await db.query<Row>(SELECT_PAGE, [series.symbol, series.timeframe, at(from), at(series.to), PAGE]);
    columns.add(page);
    const last = page.at(-1);
    if (!last || page.length < PAGE) break;
    from = last.time;
    // The lane of bars goes first: between two pages it gets its turn.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  signal.throwIfAborted();
  return columns.result();
}

/** What lies in files is not missing, and is not read into the book again: days of those months are left out of what is. */
async function withoutArchived(db: Queryable, { timeframe }: SeriesToValidate, findings: readonly Finding[]): Promise<readonly Finding[]> {
  if (!findings.some(({ kind }) => kind === 'sessions_missing')) return findings;
  const archived = await archivedMonths(db, timeframe);
  return findings.flatMap((finding) => {
    if (finding.kind !== 'sessions_missing') return [finding];
    const gone = sessionsBetween(exchangeDay(finding.openTime as EpochMs), exchangeDay(finding.untilTime as EpochMs)).filter(({ date }) => !archived.has(date.slice(0, 7)));
    const [first, last] = [gone[0], gone.at(-1)];
    return first && last ? [aboutBar('sessions_missing', finding.severity, { openTime: first.open, untilTime: last.open, score: gone.length }, { sessions: gone.length, firstDay: first.date, lastDay: last.date })] : [];
  });
}

/** Looks at the new bars of a series. Reads only; the result is written by `noteFindings`. `told`: splits and payouts of the symbol. */
export async function validateSeries(db: Queryable, series: SeriesToValidate, options: LookOptions & { readonly told: readonly ToldAction[]; readonly isWhole?: boolean }): Promise<SeriesResult> {
  const firstNew = series.from ?? (options.isWhole === true ? BEFORE_ALL : await contextStart(db, series, series.to, MAX_BARS));
  if (firstNew >= series.to) return { ...series, bars: 0, findings: [], found: 0 };
  const after = series.from === null ? firstNew : await contextStart(db, series, series.from, QUALITY_CONTEXT_BARS);
  const { bars, seen } = await readBars(db, series, { after, signal: options.signal });
  const isReal = options.now !== null;
  const found = checkBars(bars, { timeframe: series.timeframe, actions: options.told, now: options.now, seen: isReal ? seen : null });
  const findings = await withoutArchived(db, series, found.findings);
  // What was told in an earlier look is not told again; what only a new bar could end (a spike comes back) is news.
  const news = findings.filter((finding) => finding.openTime > firstNew || finding.untilTime >= firstNew);
  const isNew = bars.time.reduce((count, time) => count + (time > firstNew ? 1 : 0), 0);
  return { ...series, bars: isNew, findings: news.slice(0, MAX_FINDINGS), found: news.length };
}

/** Day bars that are compared with their minutes in one look. */
const MAX_DAYS = 60;

/** Adds the day bars that disagree with their minutes: the newest of those that were looked at, where both are stored. */
export async function addMismatches(db: Queryable, results: readonly SeriesResult[], signal: AbortSignal): Promise<SeriesResult[]> {
  const minutesOf = new Map(results.filter((result) => result.timeframe === '1Min').map((result) => [result.symbol, result]));
  const all: SeriesResult[] = [];
  for (const result of results) {
    const minutes = minutesOf.get(result.symbol);
    if (result.timeframe !== '1Day' || result.bars === 0 || minutes === undefined) {
      all.push(result);
      continue;
    }
    const from = Math.max(result.from ?? BEFORE_ALL, await contextStart(db, result, result.to, MAX_DAYS));
    const days = await readBars(db, result, { after: from, signal });
    const narrow = await readBars(db, { ...minutes, to: result.to + DAY_MS }, { after: from, signal });
    const found = compareDays(days.bars, narrow.bars, '1Min');
    all.push({ ...result, findings: [...result.findings, ...found], found: result.found + found.length });
  }
  return all;
}

/** The widths that something keeps up to date by itself: minutes by the stream, days by back-fills. */
const FED: ReadonlySet<Timeframe> = new Set(['1Min', '1Day']);

/** Followed symbols: bars of others end where their file or back-fill ended. */
export async function followedSymbols(book: Queryable): Promise<ReadonlySet<string>> {
  return new Set((await book.query<{ symbol: string }>('SELECT symbol FROM data_ingestion.symbols WHERE is_watched')).map((row) => row.symbol));
}

/** Adds the followed series that stopped while the market went on. `now`: the market's time. */
export function addStaleness(results: readonly SeriesResult[], followed: ReadonlySet<string>, now: EpochMs): SeriesResult[] {
  return results.map((result) => {
    const stale = FED.has(result.timeframe) && followed.has(result.symbol) && calendarCovers(now) && calendarCovers(result.to as EpochMs) ? staleness({ timeframe: result.timeframe, lastOpenTime: result.to }, now) : null;
    return stale ? { ...result, findings: [...result.findings, stale], found: result.found + 1 } : result;
  });
}

/**
 * The market's present as far as the stored bars know it: the newest close of the series that somebody follows, whatever is looked at; epoch ms, 0 when there is none.
 * With a real broker the wall clock is the market's: then a feed that stopped for every symbol at once is noticed too.
 */
export async function marketNow(book: Queryable, wallClock: number | null): Promise<EpochMs> {
  const newest = await book.query<{ timeframe: Timeframe; last: number }>(
    'SELECT i.timeframe, max(i.last_open_time) AS last FROM data_ingestion.ingestion_status i JOIN data_ingestion.symbols s USING (symbol) WHERE s.is_watched GROUP BY i.timeframe');
  return Math.max(wallClock ?? 0, ...newest.map((one) => one.last + timeframeMs(one.timeframe))) as EpochMs;
}

/** Looks at the whole history of one series and writes down what is found; what is there no more is closed. For imports, and on demand. */
export async function validateSeriesWhole(db: Db, name: { readonly symbol: string; readonly timeframe: Timeframe }, options: LookOptions): Promise<SeriesResult | null> {
  const [row] = await db.query<{ last_open_time: number }>('SELECT last_open_time FROM data_ingestion.ingestion_status WHERE symbol = $1 AND timeframe = $2', [name.symbol, name.timeframe]);
  if (!row) return null;
  const told = (await toldActions(db, [name.symbol])).get(name.symbol) ?? [];
  const result = await validateSeries(db, { ...name, from: null, to: row.last_open_time }, { ...options, told, isWhole: true });
  await db.tx((tx) => noteFindings(tx, [result], true));
  return result;
}
