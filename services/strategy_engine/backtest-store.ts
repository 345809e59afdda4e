/** The rows of back-tests: written from the first moment of a run on, so that a page can follow it and nothing is left that says it runs and does not. */
import { MAX_KEPT_BACKTESTS, type BacktestRequest, type BacktestResult } from '#app/contracts/backtest.ts';
import { MAX_LOG_CHARACTERS, MAX_LOG_LINES, type BacktestView, type RunLogLineView, type RunProblem } from '#app/contracts/studio.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import { plainJson } from '#chassis/plain-text.ts';
import type { Judged, Ran } from '../research/run-told.ts';
import type { SandboxLog } from '../research/sandbox/run-log.ts';
import type { BacktestPlan } from './backtest-request.ts';
import type { Searched } from './backtest-search.ts';

/** What a list shows of a back-test beside what the columns of its row say. */
export type StoredView = Omit<BacktestView, 'backtestId' | 'runId' | 'state' | 'problem' | 'project' | 'startedAt' | 'finishedAt' | 'ranMs' | 'tookMs'> & { readonly hash: string | null };

/** Runs of a deployed version that are kept beyond the newest thousand: gates and expectations lean on them. */
const KEPT_OF_A_DEPLOYED_VERSION = 20;
/** No run takes longer (the flow's own limit is four hours): what still says so was left by a run that is gone. */
const LOST_AFTER = '5 hours';

/** The row's name of a version: a strategy's own, a project's, or a kind that is not stored. */
function versionIdOf({ versionId, project, kind }: Pick<BacktestPlan, 'versionId' | 'project' | 'kind'>): string {
  return versionId ?? (project === null ? `${kind}.unstored` : `${project.projectId}@${project.version}`);
}

/** What is known of a run before it has run. */
export function viewOf(plan: BacktestPlan): StoredView {
  const { strategyId, versionId, kind, parameters, symbols, screenId, timeframe, startingCash, benchmark, search, project } = plan;
  return {
    hash: project?.hash ?? null, strategyId, versionId, kind, parameters: { ...parameters }, symbols: [...symbols], screenId, timeframe, from: null, to: null, startEquity: Number(startingCash), endEquity: null, totalReturn: null,
    benchmark: benchmark ?? null, benchmarkReturn: null, sharpe: null, maxDrawdown: null, trips: null, belief: null, headline: null, hasSearch: search !== undefined, trials: null, manifestHash: null, barsSeen: 0,
  };
}

/** What is known of a request that was not looked at yet. */
export function viewOfRequest(request: BacktestRequest): StoredView {
  const { strategyId, kind, parameters, symbols, screenId, timeframe, startingCash, benchmark, search } = request;
  return {
    hash: null, strategyId: strategyId ?? null, versionId: null, kind: kind ?? '', parameters: { ...parameters }, symbols: [...(symbols ?? [])], screenId: screenId ?? null, timeframe: timeframe ?? '', from: null, to: null, startEquity: Number(startingCash),
    endEquity: null, totalReturn: null, benchmark: benchmark ?? null, benchmarkReturn: null, sharpe: null, maxDrawdown: null, trips: null, belief: null, headline: null, hasSearch: search !== undefined, trials: null, manifestHash: null, barsSeen: 0,
  };
}

/** A run has begun, or begins again after a crash: its row is `running`, whatever it was. */
export async function noteBegin(book: Queryable, { backtestId, runId, request }: { readonly backtestId: string; readonly runId: string; readonly request: BacktestRequest }): Promise<void> {
  const { project } = request;
  await book.query(
    `INSERT INTO strategy_engine.backtests (backtest_id, run_id, strategy_version_id, request, asked, view, state, project_id, project_version) VALUES ($1, $2, $3, $4::jsonb, $4::jsonb, $5::jsonb, 'running', $6, $7)
     ON CONFLICT (backtest_id) DO UPDATE SET state = 'running', problem = NULL, finished_at = NULL, ran_at = NULL, result = NULL, run_id = excluded.run_id, asked = excluded.asked`,
    [backtestId, runId, project === undefined ? 'unstored' : `${project.projectId}@${project.version}`, JSON.stringify(request), JSON.stringify(viewOfRequest(request)), project?.projectId ?? null, project?.version ?? null],
  );
}

/** The request is complete. */
export async function notePlan(book: Queryable, backtestId: string, plan: BacktestPlan): Promise<void> {
  await book.query('UPDATE strategy_engine.backtests SET strategy_version_id = $2, request = $3::jsonb, view = $4::jsonb WHERE backtest_id = $1', [backtestId, versionIdOf(plan), JSON.stringify(plan), JSON.stringify(viewOf(plan))]);
}

/** The head of a result: what the plan says. */
export function resultHead(backtestId: string, plan: BacktestPlan, searchId: string | null): BacktestResult {
  const { strategyId, versionId, kind, parameters, sizing, project } = plan;
  return {
    backtestId, strategy: { strategyId, versionId, kind, parameters, sizing, project: project === null ? null : { projectId: project.projectId, version: project.version } }, symbols: [...plan.symbols], timeframe: plan.timeframe,
    from: null, to: null, startEquity: plan.startingCash, endEquity: plan.startingCash, feesPaid: '0', dividends: 0, carry: 0, equity: [], daily: [], maxDrawdown: 0, trades: [], isTruncated: false, roundTrips: [], openPositions: [],
    signals: 0, orders: 0, fills: 0, denied: {}, ordersHash: '', manifest: null, barsSeen: 0, barsLeftOut: 0, warnings: [], figures: {}, tearSheet: null, verdict: null, searchId,
  };
}

/** Lines of a log as they are stored, within their limits. */
export function storedLog({ lines, dropped }: SandboxLog): { readonly lines: readonly Omit<RunLogLineView, 'seq'>[]; readonly dropped: number } {
  return { lines: lines.slice(0, MAX_LOG_LINES).map(({ barTime, symbol, level, line }) => ({ barTime, symbol, level, line: line.slice(0, MAX_LOG_CHARACTERS) })), dropped: dropped + Math.max(0, lines.length - MAX_LOG_LINES) };
}

/** The curve and the trades are there. `engineMs`: milliseconds of the run alone. */
export async function noteRan(book: Queryable, head: BacktestResult, { ran, plan, log, engineMs }: { readonly ran: Ran; readonly plan: BacktestPlan; readonly log: SandboxLog | null; readonly engineMs: number }): Promise<void> {
  await book.query(
    `UPDATE strategy_engine.backtests SET state = 'ran', ran_at = clock_timestamp(), result = $2::jsonb || $3::jsonb, manifest = $4::jsonb, view = $5::jsonb, log = $6::jsonb, request = $7::jsonb WHERE backtest_id = $1`,
    [head.backtestId, JSON.stringify(head), ran.text, JSON.stringify(ran.manifest), JSON.stringify({ ...viewOf(plan), ...ran.facts, engineMs: Math.round(engineMs) }), log === null ? null : plainJson(storedLog(log)), JSON.stringify(plan)],
  );
}

/** The end of a run. `judged`: null when there was nothing to judge. */
export type RunEnd = { readonly head: BacktestResult; readonly judged: Judged | null; readonly search: { readonly request: unknown; readonly found: Searched } | null };

/** Everything is known; the oldest results beyond the limit go. */
export async function noteDone(db: Db, { head: { backtestId, ...head }, judged, search }: RunEnd): Promise<void> {
  await db.tx(async (tx) => {
    const trials = search?.found.report.trials ?? null;
    await tx.query(
      `UPDATE strategy_engine.backtests SET state = 'done', finished_at = clock_timestamp(), ran_at = coalesce(ran_at, clock_timestamp()), result = coalesce(result, $2::jsonb) || $3::jsonb, monte_carlo = $4::jsonb, benchmark = $5::jsonb, view = view || $6::jsonb
       WHERE backtest_id = $1`,
      [backtestId, JSON.stringify({ backtestId, ...head }), judged?.text ?? '{}', judged?.monteCarlo ?? 'null', judged?.benchmark ?? 'null', JSON.stringify({ ...judged?.facts, trials })],
    );
    if (search !== null) await storeSearch(tx, backtestId, search);
    await tx.query(
      `DELETE FROM strategy_engine.backtests WHERE backtest_id IN (
         SELECT old.backtest_id FROM (SELECT backtest_id, project_id, project_version, row_number() OVER (PARTITION BY project_id, project_version ORDER BY created_at DESC) AS place FROM (
           SELECT backtest_id, project_id, project_version, created_at, row_number() OVER (ORDER BY created_at DESC) AS age FROM strategy_engine.backtests WHERE state NOT IN ('running', 'ran')) aged WHERE age > $1) old
         WHERE old.place > $2 OR NOT EXISTS (SELECT FROM strategy_engine.strategy_versions v WHERE v.project_id = old.project_id AND v.project_version = old.project_version))`,
      [MAX_KEPT_BACKTESTS, KEPT_OF_A_DEPLOYED_VERSION],
    );
    await tx.query('DELETE FROM strategy_engine.searches s WHERE NOT EXISTS (SELECT FROM strategy_engine.backtests b WHERE b.backtest_id = s.backtest_id)');
  });
}

async function storeSearch(book: Queryable, backtestId: string, { request, found: { report, facts } }: NonNullable<RunEnd['search']>): Promise<void> {
  await book.query(
    `INSERT INTO strategy_engine.searches (search_id, backtest_id, request, result) VALUES ($1, $2, $3::jsonb, $4::jsonb)
     ON CONFLICT (search_id) DO UPDATE SET backtest_id = excluded.backtest_id, request = excluded.request, result = excluded.result`,
    [facts.searchId, backtestId, JSON.stringify(request), JSON.stringify(report)],
  );
}

/** It ended before it was done. A run that was told to end while its row says `done` was done before. */
export async function noteEnd(book: Queryable, backtestId: string, { state, problem, log }: { readonly state: 'failed' | 'cancelled'; readonly problem: RunProblem | null; readonly log: SandboxLog | null }): Promise<void> {
  await book.query(
    `UPDATE strategy_engine.backtests SET state = $2, problem = $3::jsonb, log = coalesce($4::jsonb, log), finished_at = clock_timestamp() WHERE backtest_id = $1 AND state <> 'done'`,
    [backtestId, state, problem === null ? null : plainJson(problem), log === null ? null : plainJson(storedLog(log))],
  );
}

/** Rows of runs that ended without a word long ago. Returns how many there were. */
export async function settleLost(book: Queryable): Promise<number> {
  const problem: RunProblem = { code: 'RUN_STOPPED', message: 'The program ended while this back-test ran, and it was not taken up again. Run it again', path: null, line: null, column: null, symbol: null, openTime: null };
  const rows = await book.query(`UPDATE strategy_engine.backtests SET state = 'failed', problem = $1::jsonb, finished_at = clock_timestamp() WHERE state IN ('running', 'ran') AND created_at < clock_timestamp() - $2::interval RETURNING backtest_id`, [JSON.stringify(problem), LOST_AFTER]);
  return rows.length;
}
