/** Findings in the book: written once, moved along, and closed when they are gone. */
import type { Timeframe } from '#app/domain/time.ts';
import type { Finding } from '#app/market/quality/finding.ts';
import { describeFinding, QUALITY_RULES, ruleOf } from '#app/market/quality/rules.ts';
import { at, type Queryable } from '#chassis/db.ts';

/** A series to look at. `from`: the newest bar that was looked at before, null = from its beginning; `to`: its newest stored bar. */
export type SeriesToValidate = { readonly symbol: string; readonly timeframe: Timeframe; readonly from: number | null; readonly to: number };
/** What a look at one series came to. Plain JSON. `found`: before the cut. */
export type SeriesResult = SeriesToValidate & { readonly bars: number; readonly findings: readonly Finding[]; readonly found: number };
/** Findings kept of one series in one look; a broken file has thousands of the same, the count says how many. */
export const MAX_FINDINGS = 400;

/** Readings of one finding from the broker: after these only a person can help. */
export const MAX_ATTEMPTS = 3;

/** What was closed because it was gone, and is there again, is open again; what the broker's own answer did not mend, the broker has confirmed. */
const WRITE_FINDINGS = `
  INSERT INTO data_ingestion.data_quality_logs AS l (symbol, timeframe, open_time, until_time, kind, severity, score, state, message, detail, finding_key, next_attempt_at)
  SELECT f.symbol, f.timeframe, to_timestamp(f.open_ms / 1000.0), to_timestamp(f.until_ms / 1000.0), f.kind, f.severity, f.score, CASE f.severity WHEN 'info' THEN 'noted' ELSE 'open' END, f.message, f.detail::jsonb, f.finding_key,
    CASE WHEN f.is_repairable THEN clock_timestamp() END
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::float8[], $8::text[], $9::text[], $10::text[], $11::boolean[])
    AS f(symbol, timeframe, open_ms, until_ms, kind, severity, score, message, detail, finding_key, is_repairable)
  ON CONFLICT (finding_key) WHERE finding_key IS NOT NULL DO UPDATE SET until_time = greatest(l.until_time, excluded.until_time), detail = excluded.detail, message = excluded.message, score = excluded.score,
    state = CASE WHEN l.state <> 'repaired' THEN l.state WHEN l.decided_by = 'broker' THEN 'confirmed' ELSE excluded.state END,
    severity = CASE WHEN l.state = 'repaired' AND l.decided_by = 'broker' AND l.severity = 'critical' THEN 'warning' ELSE l.severity END,
    next_attempt_at = CASE WHEN l.state = 'repaired' AND l.decided_by IS DISTINCT FROM 'broker' AND l.attempts < ${MAX_ATTEMPTS} THEN excluded.next_attempt_at ELSE l.next_attempt_at END
    WHERE (l.until_time, l.detail) IS DISTINCT FROM (greatest(l.until_time, excluded.until_time), excluded.detail) OR l.state = 'repaired'`;

/** What a look finds instead of something else: a jump that came back is a spike. */
const CLOSE_REPLACED = `
  UPDATE data_ingestion.data_quality_logs l SET state = 'repaired', decided_at = clock_timestamp(), decided_by = 'validation', next_attempt_at = NULL
  FROM unnest($1::text[], $2::text[], $3::bigint[]) AS f(symbol, timeframe, open_ms)
  WHERE l.symbol = f.symbol AND l.timeframe = f.timeframe AND l.open_time = to_timestamp(f.open_ms / 1000.0) AND l.kind IN ('jump', 'news_jump', 'overnight_jump') AND l.state IN ('open', 'noted') AND l.finding_key IS NOT NULL`;

/** Open findings of a stretch that a whole look did not find again. */
const CLOSE_GONE = `
  UPDATE data_ingestion.data_quality_logs SET state = 'repaired', decided_at = clock_timestamp(), decided_by = 'validation', next_attempt_at = NULL
  WHERE symbol = $1 AND timeframe = $2 AND state = 'open' AND finding_key IS NOT NULL AND finding_key <> ALL($3::text[]) AND kind = ANY($4::text[]) AND open_time BETWEEN $5::timestamptz AND $6::timestamptz`;

const REPLACING: ReadonlySet<string> = new Set(['spike', 'decimal_shift', 'foreign_stretch', 'dividend_cliff', 'split_cliff']);
/** Kinds that are found in other ways than by looking at the bars of the series: they are closed there. */
const FOUND_ELSEWHERE: ReadonlySet<string> = new Set(['day_mismatch', 'source_conflict', 'factor_mismatch', 'action_unresolved', 'stale_series']);
/** What a whole look at a series finds, or finds to be gone. */
const LOOKED_FOR: readonly string[] = QUALITY_RULES.map(({ kind }) => kind).filter((kind) => !FOUND_ELSEWHERE.has(kind));

/** The name under which a finding is written once. */
export function findingKey(finding: Pick<Finding, 'kind' | 'openTime'>, series: { readonly symbol: string; readonly timeframe: string }): string {
  return `${finding.kind}:${series.symbol}:${series.timeframe}:${finding.openTime}`;
}

/** Whether another reading of the bars could help. A series that stopped is read anyway. */
function isRepairable({ kind, severity }: Finding): boolean {
  const rule = ruleOf(kind);
  return severity !== 'info' && kind !== 'stale_series' && rule !== undefined && rule.way !== 'person';
}

/** Writes findings in the caller's transaction; the same finding again only moves its end. */
export async function writeFindings(tx: Queryable, results: readonly Pick<SeriesResult, 'symbol' | 'timeframe' | 'findings'>[]): Promise<void> {
  const flat = [...new Map(results.flatMap((result) => result.findings.map((finding) => [findingKey(finding, result), { ...finding, symbol: result.symbol, timeframe: result.timeframe }] as const))).entries()].map(([key, finding]) => ({ ...finding, key }));
  if (flat.length === 0) return;
  const replacing = flat.filter((f) => REPLACING.has(f.kind));
  if (replacing.length > 0) await tx.query(CLOSE_REPLACED, [replacing.map((f) => f.symbol), replacing.map((f) => f.timeframe), replacing.map((f) => f.openTime)]);
  await tx.query(WRITE_FINDINGS, [
    flat.map((f) => f.symbol), flat.map((f) => f.timeframe), flat.map((f) => f.openTime), flat.map((f) => f.untilTime), flat.map((f) => f.kind), flat.map((f) => f.severity), flat.map((f) => f.score), flat.map((f) => describeFinding(f)),
    flat.map((f) => JSON.stringify(f.detail)), flat.map((f) => f.key), flat.map(isRepairable),
  ]);
}

/** Closes the findings of looked-at series that are there no more. `isWhole`: everything was looked at, not only what is new. */
async function closeGone(tx: Queryable, results: readonly SeriesResult[], isWhole: boolean): Promise<void> {
  await tx.query(
    `UPDATE data_ingestion.data_quality_logs l SET state = 'repaired', decided_at = clock_timestamp(), decided_by = 'validation' FROM unnest($1::text[], $2::text[]) AS f(symbol, timeframe)
     WHERE l.symbol = f.symbol AND l.timeframe = f.timeframe AND l.kind = 'stale_series' AND l.state = 'open' AND l.finding_key <> ALL($3::text[])`,
    [results.map((r) => r.symbol), results.map((r) => r.timeframe), results.flatMap((r) => r.findings.filter((f) => f.kind === 'stale_series').map((f) => findingKey(f, r)))],
  );
  if (!isWhole) return;
  for (const result of results) {
    // A series with more findings than are kept may have those that are not among them.
    if (result.found > MAX_FINDINGS) continue;
    await tx.query(CLOSE_GONE, [result.symbol, result.timeframe, result.findings.map((f) => findingKey(f, result)), LOOKED_FOR, at(0), at(result.to)]);
  }
}

/** Writes findings and progress of a look in the caller's transaction. */
export async function noteFindings(tx: Queryable, results: readonly SeriesResult[], isWhole: boolean): Promise<void> {
  await writeFindings(tx, results);
  await closeGone(tx, results, isWhole);
  await tx.query(
    `INSERT INTO data_ingestion.quality_progress AS p (symbol, timeframe, validated_to)
     SELECT d.symbol, d.timeframe, to_timestamp(d.to_ms / 1000.0) FROM unnest($1::text[], $2::text[], $3::bigint[]) AS d(symbol, timeframe, to_ms)
     ON CONFLICT (symbol, timeframe) DO UPDATE SET validated_to = greatest(p.validated_to, excluded.validated_to)`,
    [results.map((r) => r.symbol), results.map((r) => r.timeframe), results.map((r) => r.to)],
  );
}
