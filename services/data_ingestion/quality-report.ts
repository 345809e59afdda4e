/** What validations come to: the result of one, whether trading may lean on the bars, and the report of the day. */
import type { QualityReport } from '#app/contracts/quality.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { latestSession } from '#app/market/calendar.ts';
import { judgeUsability, recentSince, type SeriesReport } from '#app/market/quality.ts';
import { aboutBar, type Finding, type FindingKind } from '#app/market/quality/finding.ts';
import { ruleOf } from '#app/market/quality/rules.ts';
import { at, type Db, type Queryable } from '#chassis/db.ts';
import { coverageOfDay } from './coverage.ts';
import { noteFindings, type SeriesResult } from './quality-findings.ts';

/** What the intake notes by itself (store.ts). */
const ARRIVAL_KINDS = ['bar_refused', 'bar_revised', 'source_conflict'];
const WORST = 10;

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

/** Where two sources differ, the broker is asked: what the intake noted becomes a finding that waits for a second reading. */
export async function adoptConflicts(book: Queryable): Promise<void> {
  await book.query(`UPDATE data_ingestion.data_quality_logs SET state = 'open', severity = 'warning', until_time = open_time, next_attempt_at = clock_timestamp(), message = 'Two sources tell this bar differently'
    WHERE kind = 'source_conflict' AND state = 'noted' AND attempts = 0 AND open_time IS NOT NULL`);
}

/** Sums the results up; whether they can be leaned on is judged later. */
export function summarize(results: readonly SeriesResult[]): Pick<QualitySummary, 'series' | 'bars' | 'findings' | 'byKind' | 'worst'> {
  const byKind: Record<string, number> = {};
  const bySymbol = new Map<string, number>();
  for (const result of results) {
    for (const finding of result.findings) byKind[finding.kind] = (byKind[finding.kind] ?? 0) + 1;
    if (result.found > 0) bySymbol.set(result.symbol, (bySymbol.get(result.symbol) ?? 0) + result.found);
  }
  const worst = [...bySymbol].map(([symbol, findings]) => ({ symbol, findings })).sort((a, b) => b.findings - a.findings || (a.symbol < b.symbol ? -1 : 1)).slice(0, WORST);
  const total = (pick: (result: SeriesResult) => number): number => results.reduce((sum, result) => sum + pick(result), 0);
  return { series: results.length, bars: total((result) => result.bars), findings: total((result) => result.found), byKind, worst };
}

/**
 * Whether trading may lean on the bars: critical findings that are open now (a second reading may have closed some), of the newest sessions alone, of the followed series that bars keep
 * coming for. It is the same answer whatever was looked at: a look at imported histories stops nobody, nor does a file of hours beside the stream. `now`: the market's time.
 */
export async function judge(book: Queryable, now: EpochMs): Promise<{ isUsable: boolean; reason: string | null }> {
  const since = recentSince(now);
  const series = await book.query<Pick<SeriesResult, 'symbol' | 'timeframe'>>(
    `SELECT i.symbol, i.timeframe FROM data_ingestion.ingestion_status i JOIN data_ingestion.symbols s USING (symbol) WHERE s.is_watched AND i.timeframe IN ('1Min', '1Day') ORDER BY i.symbol COLLATE "C", i.timeframe`);
  const rows = await book.query<{ symbol: string; timeframe: string; kind: FindingKind; openTime: number; untilTime: number }>(
    `SELECT symbol, timeframe, kind, open_time AS "openTime", coalesce(until_time, open_time) AS "untilTime" FROM data_ingestion.data_quality_logs
     WHERE state = 'open' AND severity = 'critical' AND open_time IS NOT NULL AND (coalesce(until_time, open_time) >= $1::timestamptz OR kind = 'stale_series')`, [at(since)],
  );
  const open = new Map<string, Finding[]>();
  for (const row of rows) {
    const key = `${row.symbol} ${row.timeframe}`;
    open.set(key, [...(open.get(key) ?? []), aboutBar(row.kind, 'critical', row)]);
  }
  const reports: SeriesReport[] = series.map((one) => ({ symbol: one.symbol, findings: open.get(`${one.symbol} ${one.timeframe}`) ?? [] }));
  return judgeUsability(reports, since);
}

/** The result of a validation that has been written down before, null when there is none. */
export async function storedSummary(book: Queryable, runId: string): Promise<QualitySummary | null> {
  const [row] = await book.query<{ summary: QualitySummary }>('SELECT summary FROM data_ingestion.quality_runs WHERE run_id = $1', [runId]);
  return row?.summary ?? null;
}

/** Writes what was found, in one transaction; the same again changes nothing. */
export async function writeLook(db: Db, results: readonly SeriesResult[], isWhole: boolean): Promise<void> {
  await db.tx((tx) => noteFindings(tx, results, isWhole));
}

/** Writes the result of a validation once. */
export async function writeRun(db: Queryable, runId: string, summary: QualitySummary, scope: 'new' | 'whole'): Promise<void> {
  await db.query('INSERT INTO data_ingestion.quality_runs (run_id, series, bars, summary, is_usable, scope) VALUES ($1, $2, $3, $4::jsonb, $5, $6) ON CONFLICT DO NOTHING', [
    runId, summary.series, summary.bars, JSON.stringify(summary), summary.isUsable, scope,
  ]);
}

type Tally = { kind: string; severity: 'critical' | 'warning' | 'info'; state: string; n: number };

const none = (): { critical: number; warning: number; info: number } => ({ critical: 0, warning: 0, info: 0 });

/** Makes the report of the market's day out of everything that was written since its midnight, and writes it in place of an earlier one. */
export async function writeReport(db: Db, now: EpochMs): Promise<QualityReport> {
  const { date: day } = latestSession(now);
  // Findings are written when validations run, which is the wall clock's time; in a replay the market's day is another one.
  const since = `(now() AT TIME ZONE 'America/New_York')::date::timestamp AT TIME ZONE 'America/New_York'`;
  const tallies = await db.query<Tally>(`SELECT kind, severity, state, count(*)::int AS n FROM data_ingestion.data_quality_logs WHERE at >= ${since} GROUP BY 1, 2, 3`);
  const open = await db.query<{ severity: Tally['severity']; n: number }>(`SELECT severity, count(*)::int AS n FROM data_ingestion.data_quality_logs WHERE state = 'open' GROUP BY 1`);
  const worst = await db.query<{ symbol: string; findings: number }>(`SELECT symbol, count(*)::int AS findings FROM data_ingestion.data_quality_logs WHERE state = 'open' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${WORST}`);
  const [runs] = await db.query<{ validations: number; series: number; bars: number }>(`SELECT count(*)::int AS validations, coalesce(max(series), 0)::int AS series, coalesce(sum(bars), 0)::bigint AS bars FROM data_ingestion.quality_runs WHERE at >= ${since}`);
  const [last] = await db.query<{ is_usable: boolean; reason: string | null }>(`SELECT is_usable, summary->>'reason' AS reason FROM data_ingestion.quality_runs ORDER BY at DESC LIMIT 1`);
  const [decided] = await db.query<{ repaired: number; confirmed: number; quarantined: number }>(
    `SELECT (count(*) FILTER (WHERE state = 'repaired'))::int AS repaired, (count(*) FILTER (WHERE state = 'confirmed'))::int AS confirmed, (count(*) FILTER (WHERE state = 'quarantined'))::int AS quarantined FROM data_ingestion.data_quality_logs WHERE decided_at >= ${since}`,
  );
  const [held] = await db.query<{ n: number }>(`SELECT count(*)::int AS n FROM data_ingestion.quarantined_bars WHERE state = 'held'`);
  const [factors] = await db.query<{ symbols: number; compared: number; unresolved: number }>(
    `SELECT count(*)::int AS symbols, (count(*) FILTER (WHERE compared_fingerprint = fingerprint))::int AS compared, coalesce(sum(jsonb_array_length(unresolved)), 0)::int AS unresolved FROM data_ingestion.adjustment_state`,
  );
  const [differing] = await db.query<{ n: number }>(`SELECT count(DISTINCT symbol)::int AS n FROM data_ingestion.data_quality_logs WHERE kind = 'factor_mismatch' AND state IN ('open', 'confirmed')`);
  const isArrival = ({ kind }: Tally): boolean => kind.startsWith('bar_');
  const found = none();
  for (const one of tallies) if (!isArrival(one)) found[one.severity] += one.n;
  const left = none();
  for (const one of open) left[one.severity] = one.n;
  const kinds = new Map<string, QualityReport['byKind'][number]>();
  for (const one of tallies.filter((tally) => !isArrival(tally))) kinds.set(one.kind, { kind: one.kind, title: ruleOf(one.kind)?.title ?? one.kind.replaceAll('_', ' '), severity: ruleOf(one.kind)?.severity ?? one.severity, count: (kinds.get(one.kind)?.count ?? 0) + one.n });
  const arrived = (kind: string): number => tallies.filter((tally) => tally.kind === kind).reduce((sum, tally) => sum + tally.n, 0);
  const report: QualityReport = {
    day, madeAt: Date.now(), validations: runs?.validations ?? 0, series: runs?.series ?? 0, bars: runs?.bars ?? 0, found, open: left, byKind: [...kinds.values()].sort((a, b) => b.count - a.count || (a.kind < b.kind ? -1 : 1)),
    repaired: decided?.repaired ?? 0, confirmed: decided?.confirmed ?? 0, quarantined: decided?.quarantined ?? 0, held: held?.n ?? 0, revisedBars: arrived('bar_revised'), refusedBars: arrived('bar_refused'),
    isUsable: last?.is_usable ?? false, reason: last?.reason ?? null, coverage: await coverageOfDay(db, day, now),
    worst, factors: { symbols: factors?.symbols ?? 0, compared: factors?.compared ?? 0, differing: differing?.n ?? 0, unresolved: factors?.unresolved ?? 0 },
  };
  await db.query('INSERT INTO data_ingestion.quality_reports (day, report) VALUES ($1::date, $2::jsonb) ON CONFLICT (day) DO UPDATE SET report = excluded.report, made_at = clock_timestamp()', [day, JSON.stringify(report)]);
  return report;
}
