/** Validation of stored bars: every watched series from where the last validation ended, in pages, findings written once. */
import { timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { calendarCovers } from '#app/market/calendar.ts';
import { judgeUsability, QUALITY_CONTEXT_BARS, qualityNext, staleness, startQuality, type Finding, type QualityBar, type SeriesReport } from '#app/market/quality.ts';
import { at, type Db, type Queryable } from '#chassis/db.ts';

/** A series to look at. `from`: the newest bar that was looked at before, null = from its beginning; `to`: its newest stored bar. */
export type SeriesToValidate = { readonly symbol: string; readonly timeframe: Timeframe; readonly from: number | null; readonly to: number };
/** What a look at one series came to. Plain JSON. */
export type SeriesResult = SeriesToValidate & { readonly bars: number; readonly findings: readonly Finding[]; readonly found: number };

const PAGE = 2_500;
const BEFORE_ALL = 0;
/** Findings kept of one series in one look; a broken file has thousands of the same, the count says how many. */
const MAX_FINDINGS = 200;
/** A first look goes back so many bars at most (two years of minutes); older ones were looked at when they came, or are archived. */
const MAX_BARS = 200_000;
/** What the intake notes by itself (store.ts). */
const ARRIVAL_KINDS = ['bar_refused', 'bar_revised', 'source_conflict'];

/** The watched series that have bars, and what is new in each. */
export async function seriesToValidate(book: Queryable, symbols: readonly string[] | null): Promise<SeriesToValidate[]> {
  const rows = await book.query<{ symbol: string; timeframe: Timeframe; validated_to: number | null; last_open_time: number }>(
    `SELECT i.symbol, i.timeframe, p.validated_to, i.last_open_time
     FROM data_ingestion.ingestion_status i JOIN data_ingestion.symbols s USING (symbol) LEFT JOIN data_ingestion.quality_progress p USING (symbol, timeframe)
     WHERE s.is_watched AND ($1::text[] IS NULL OR i.symbol = ANY($1::text[])) ORDER BY i.symbol COLLATE "C", i.timeframe`, [symbols],
  );
  return rows.map((row) => ({ symbol: row.symbol, timeframe: row.timeframe, from: row.validated_to, to: row.last_open_time }));
}

const SELECT_PAGE = `
  SELECT (extract(epoch FROM open_time) * 1000)::bigint AS "openTime", open::float8 AS open, high::float8 AS high, low::float8 AS low, close::float8 AS close, volume::float8 AS volume
  FROM data_ingestion.market_data WHERE symbol = $1 AND timeframe = $2 AND open_time > $3::timestamptz AND open_time <= $4::timestamptz ORDER BY open_time LIMIT $5`;

/** Where reading begins: some bars before the first new one, so that the rules know the series. */
async function contextStart(book: Queryable, series: SeriesToValidate, upTo: number, count: number): Promise<number> {
  const [row] = await book.query<{ open_time: number }>(
    `SELECT open_time FROM data_ingestion.market_data WHERE symbol = $1 AND timeframe = $2 AND open_time <= $3::timestamptz ORDER BY open_time DESC OFFSET $4 LIMIT 1`,
    [series.symbol, series.timeframe, at(upTo), count],
  );
  return row?.open_time ?? BEFORE_ALL;
}

/** Looks at the new bars of a series. Reads only; the result is written by `noteFindings`. */
export async function validateSeries(db: Db, series: SeriesToValidate, signal: AbortSignal): Promise<SeriesResult> {
  const state = startQuality(series.timeframe);
  const findings: Finding[] = [];
  let [bars, found] = [0, 0];
  const firstNew = series.from ?? (await contextStart(db, series, series.to, MAX_BARS));
  let after = series.from === null ? firstNew : await contextStart(db, series, series.from, QUALITY_CONTEXT_BARS);
  while (after < series.to && !signal.aborted) {
    const page = await db.query<QualityBar>(SELECT_PAGE, [series.symbol, series.timeframe, at(after), at(series.to), PAGE]);
    for (const bar of page) {
      const news = qualityNext(state, bar);
      if (bar.openTime <= firstNew) continue;
      bars += 1;
      found += news.length;
      if (findings.length < MAX_FINDINGS) findings.push(...news.slice(0, MAX_FINDINGS - findings.length));
    }
    const last = page.at(-1);
    if (!last || page.length < PAGE) break;
    after = last.openTime;
    // The lane of bars goes first: between two pages it gets its turn.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  signal.throwIfAborted();
  return { ...series, bars, findings, found };
}

/** Adds the series that stopped while the market went on. `now`: the market's time. */
export function addStaleness(results: readonly SeriesResult[], now: EpochMs): SeriesResult[] {
  return results.map((result) => {
    const stale = calendarCovers(now) && calendarCovers(result.to as EpochMs) ? staleness({ timeframe: result.timeframe, lastOpenTime: result.to }, now) : null;
    return stale ? { ...result, findings: [...result.findings, stale], found: result.found + 1 } : result;
  });
}

/**
 * The market's present as far as the stored bars know it: the newest close of them all.
 * With a real broker the wall clock is the market's: then a feed that stopped for every symbol at once is noticed too.
 */
export function marketNow(results: readonly SeriesToValidate[], wallClock: number | null): EpochMs {
  return Math.max(wallClock ?? 0, ...results.map((result) => result.to + timeframeMs(result.timeframe))) as EpochMs;
}

/** The flow's result: figures by kind, the worst symbols, and whether trading may lean on the bars. */
export type QualitySummary = {
  /** What was noted while bars came in, since the validation before: by kind (bar_refused, bar_revised, source_conflict). */ readonly arrivals: Readonly<Record<string, number>>;
  readonly series: number; readonly bars: number; readonly findings: number; readonly byKind: Readonly<Record<string, number>>;
  readonly worst: readonly { readonly symbol: string; readonly findings: number }[]; readonly isUsable: boolean; readonly reason: string | null;
};

/** What the intake has noted since the validation before this one: impossible bars, corrections, and sources that differ. */
export async function arrivalsSince(book: Queryable): Promise<Record<string, number>> {
  const rows = await book.query<{ kind: string; n: number }>(
    `SELECT kind, count(*) AS n FROM data_ingestion.data_quality_logs
     WHERE kind = ANY($1::text[]) AND at > coalesce((SELECT max(at) FROM data_ingestion.quality_runs), '-infinity') GROUP BY kind ORDER BY kind`, [ARRIVAL_KINDS],
  );
  return Object.fromEntries(rows.map((row) => [row.kind, row.n]));
}

/** Sums the results up. */
export function summarize(results: readonly SeriesResult[], arrivals: Readonly<Record<string, number>>): QualitySummary {
  const byKind: Record<string, number> = {};
  const bySymbol = new Map<string, number>();
  for (const result of results) {
    for (const finding of result.findings) byKind[finding.kind] = (byKind[finding.kind] ?? 0) + 1;
    if (result.found > 0) bySymbol.set(result.symbol, (bySymbol.get(result.symbol) ?? 0) + result.found);
  }
  const worst = [...bySymbol].map(([symbol, findings]) => ({ symbol, findings })).sort((a, b) => b.findings - a.findings || (a.symbol < b.symbol ? -1 : 1)).slice(0, 10);
  const reports: SeriesReport[] = results.map((result) => ({ symbol: result.symbol, findings: result.findings }));
  const total = (pick: (result: SeriesResult) => number): number => results.reduce((sum, result) => sum + pick(result), 0);
  return { series: results.length, bars: total((result) => result.bars), findings: total((result) => result.found), byKind, arrivals, worst, ...judgeUsability(reports) };
}

const WRITE_FINDINGS = `
  INSERT INTO data_ingestion.data_quality_logs (symbol, timeframe, open_time, kind, detail, finding_key)
  SELECT f.symbol, f.timeframe, to_timestamp(f.open_ms / 1000.0), f.kind, f.detail::jsonb, f.finding_key
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[]) AS f(symbol, timeframe, open_ms, kind, detail, finding_key)
  ON CONFLICT (finding_key) WHERE finding_key IS NOT NULL DO NOTHING`;

/** The result of a validation that has been written down before, null when there is none. */
export async function storedSummary(book: Queryable, runId: string): Promise<QualitySummary | null> {
  const [row] = await book.query<{ summary: QualitySummary }>('SELECT summary FROM data_ingestion.quality_runs WHERE run_id = $1', [runId]);
  return row?.summary ?? null;
}

/** Writes findings, progress and the run's result in one transaction; the same finding again changes nothing. */
export async function noteFindings(db: Db, runId: string, results: readonly SeriesResult[], summary: QualitySummary): Promise<void> {
  const flat = results.flatMap((result) => result.findings.map((finding) => ({ ...finding, symbol: result.symbol, timeframe: result.timeframe })));
  await db.tx(async (tx) => {
    if (flat.length > 0) {
      await tx.query(WRITE_FINDINGS, [
        flat.map((f) => f.symbol), flat.map((f) => f.timeframe), flat.map((f) => f.openTime), flat.map((f) => f.kind), flat.map((f) => JSON.stringify(f.detail)),
        flat.map((f) => `${f.kind}:${f.symbol}:${f.timeframe}:${f.openTime}`),
      ]);
    }
    await tx.query(
      `INSERT INTO data_ingestion.quality_progress AS p (symbol, timeframe, validated_to)
       SELECT d.symbol, d.timeframe, to_timestamp(d.to_ms / 1000.0) FROM unnest($1::text[], $2::text[], $3::bigint[]) AS d(symbol, timeframe, to_ms)
       ON CONFLICT (symbol, timeframe) DO UPDATE SET validated_to = greatest(p.validated_to, excluded.validated_to)`,
      [results.map((r) => r.symbol), results.map((r) => r.timeframe), results.map((r) => r.to)],
    );
    await tx.query('INSERT INTO data_ingestion.quality_runs (run_id, series, bars, summary, is_usable) VALUES ($1, $2, $3, $4::jsonb, $5) ON CONFLICT DO NOTHING', [
      runId, summary.series, summary.bars, JSON.stringify(summary), summary.isUsable,
    ]);
  });
}
