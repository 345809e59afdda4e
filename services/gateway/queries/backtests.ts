/** Back-tests as the book has them: lists without their results, one in full, its log, its search. */
import * as z from 'zod';
import type { BacktestResult } from '#app/contracts/backtest.ts';
import { searchReportSchema, type SearchReportView } from '#app/contracts/search-report.ts';
import { backtestViewSchema, monteCarloViewSchema, runLogLineViewSchema, type BacktestDetail, type BacktestView, type RunLogLineView } from '#app/contracts/studio.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Queryable } from '#chassis/db.ts';

/** Lines of a log that one question answers at most. */
const LOG_PAGE = 1_000;

const rowSchema = z.object({
  backtestId: z.string(), runId: z.string().nullable(), state: z.string(), problem: z.unknown(), projectId: z.string().nullable(), version: z.number().nullable(), view: z.looseObject({ hash: z.string().nullable().catch(null) }).nullable(),
  startedAt: z.number(), finishedAt: z.number().nullable(), ranMs: z.number().nullable(), tookMs: z.number().nullable(),
});

const COLUMNS = `b.backtest_id AS "backtestId", b.run_id AS "runId", b.state, b.problem, b.project_id AS "projectId", b.project_version AS version, b.view, b.created_at AS "startedAt", b.finished_at AS "finishedAt",
  (extract(epoch FROM b.ran_at - b.created_at) * 1000)::float8 AS "ranMs", (extract(epoch FROM b.finished_at - b.created_at) * 1000)::float8 AS "tookMs"`;

/** A row as it is shown; null for one without a view, which only a run of an older version can have left. */
function viewOf(raw: unknown): BacktestView | null {
  const { projectId, version, view, ...row } = rowSchema.parse(raw);
  if (view === null) return null;
  const { hash, ...facts } = view;
  return backtestViewSchema.parse({ ...facts, ...row, project: projectId === null || version === null ? null : { projectId, version, hash } });
}

/** Which back-tests. `before`: those that are older than this one. */
export type BacktestQuery = { readonly projectId?: string | undefined; readonly strategyId?: string | undefined; readonly limit: number; readonly before?: string | undefined };

/** Back-tests, newest first. */
export async function readBacktests(db: Queryable, { projectId, strategyId, limit, before }: BacktestQuery): Promise<{ readonly backtests: BacktestView[]; readonly hasMore: boolean }> {
  const rows = await db.query(
    `SELECT ${COLUMNS} FROM strategy_engine.backtests b
     WHERE b.view IS NOT NULL AND ($1::text IS NULL OR b.project_id = $1) AND ($2::text IS NULL OR b.view->>'strategyId' = $2)
       AND ($3::text IS NULL OR (b.created_at, b.backtest_id) < (SELECT created_at, backtest_id FROM strategy_engine.backtests WHERE backtest_id = $3))
     ORDER BY b.created_at DESC, b.backtest_id DESC LIMIT $4`, [projectId ?? null, strategyId ?? null, before ?? null, limit + 1],
  );
  return { backtests: rows.slice(0, limit).flatMap((row) => viewOf(row) ?? []), hasMore: rows.length > limit };
}

/** Those of these back-tests that have their row. */
export async function writtenOf(db: Queryable, backtestIds: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ backtestId: string }>('SELECT backtest_id AS "backtestId" FROM strategy_engine.backtests WHERE backtest_id = ANY($1::text[])', [[...backtestIds]]);
  return rows.map(({ backtestId }) => backtestId);
}

const detailSchema = z.object({
  request: z.record(z.string(), z.unknown()), monteCarlo: monteCarloViewSchema.nullable(), benchmark: z.array(z.tuple([z.number(), z.number()])).nullable(), lines: z.number(), dropped: z.number(),
});

/** One back-test in full, without what only the orchestrator knows; null when there is no such row (yet). */
export async function readBacktest(db: Queryable, backtestId: string): Promise<Omit<BacktestDetail, 'progress'> | null> {
  const [row] = await db.query(
    `SELECT ${COLUMNS}, coalesce(b.asked, b.request) AS request, b.result, b.monte_carlo AS "monteCarlo", b.benchmark, coalesce(jsonb_array_length(b.log->'lines'), 0) AS lines, coalesce((b.log->>'dropped')::int, 0) AS dropped
     FROM strategy_engine.backtests b WHERE b.backtest_id = $1`, [backtestId],
  );
  const view = row === undefined ? null : viewOf(row);
  if (row === undefined || view === null) return null;
  const { request, monteCarlo, benchmark, lines, dropped } = detailSchema.parse(row);
  // Megabytes that the engine wrote by the contract's own types: read again piece by piece they would take longer than the run.
  return { view, request, result: row['result'] as BacktestResult | null, monteCarlo, benchmarkCurve: benchmark, log: { lines, dropped } };
}

const logSchema = z.object({ lines: z.array(runLogLineViewSchema.omit({ seq: true })), total: z.number(), dropped: z.number() });

/** What the strategy wrote, after a line's number. @throws AppError BACKTEST_NOT_FOUND */
export async function readBacktestLog(db: Queryable, backtestId: string, afterSeq: number): Promise<{ readonly lines: RunLogLineView[]; readonly total: number; readonly dropped: number }> {
  const [row] = await db.query(
    `SELECT coalesce(jsonb_path_query_array(log, '$.lines[$from to $upto]', jsonb_build_object('from', $2::int, 'upto', $2::int + ${LOG_PAGE - 1})), '[]') AS lines, coalesce(jsonb_array_length(log->'lines'), 0) AS total, coalesce((log->>'dropped')::int, 0) AS dropped
     FROM strategy_engine.backtests WHERE backtest_id = $1`, [backtestId, afterSeq],
  );
  if (row === undefined) throw noBacktest(backtestId);
  const { lines, total, dropped } = logSchema.parse(row);
  return { lines: lines.map((line, n) => ({ ...line, seq: afterSeq + n + 1 })), total, dropped };
}

/** The search that found the parameters of a back-test. @throws AppError BACKTEST_NOT_FOUND when nothing was searched, or not to its end */
export async function readBacktestSearch(db: Queryable, backtestId: string): Promise<SearchReportView> {
  const [row] = await db.query<{ result: unknown }>('SELECT result FROM strategy_engine.searches WHERE backtest_id = $1 ORDER BY created_at DESC LIMIT 1', [backtestId]);
  if (row === undefined) throw new AppError('BACKTEST_NOT_FOUND', 'This back-test has no search, or its search is not done', { context: { backtestId } });
  return searchReportSchema.parse(row.result);
}

/** The error of a back-test that is not there. */
export function noBacktest(backtestId: string): AppError {
  return new AppError('BACKTEST_NOT_FOUND', 'This back-test is not kept any more, or there never was one. The list shows those that are kept', { context: { backtestId } });
}
