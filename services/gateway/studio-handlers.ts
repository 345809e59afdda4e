/** Answers about the studio's runs: started by the orchestrator, read from the book, stepped by the strategy engine. */
import { backtestRequestSchema, type BacktestRequest } from '#app/contracts/backtest.ts';
import type { FlowRun, RunState } from '#app/contracts/flows.ts';
import type { STUDIO_ROUTES } from '#app/contracts/http-studio.ts';
import type { BacktestDetail, BacktestView, RunProblem } from '#app/contracts/studio.ts';
import { AppError } from '#app/domain/errors.ts';
import { backtestIdOf } from '#chassis/backtest-id.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';
import { noBacktest, readBacktest, readBacktestLog, readBacktests, readBacktestSearch, writtenOf } from './queries/backtests.ts';

const FLOW = 'backtest_strategy';
/** Runs among which one without a row is looked for: so many wait at most before anybody notices. */
const LOOKED_AT = 100;
/** Waiting runs that a list shows: each costs a question. */
const MAX_WAITING = 20;
/** States of a run whose row may not be written yet. */
const WAITING: ReadonlySet<RunState> = new Set(['SCHEDULED', 'PENDING', 'LATE', 'PAUSED', 'RUNNING', 'RETRYING']);

type Orchestrator = HandlerParts['orchestrator'];

/** What the orchestrator says; null when it is away: what the book has is told all the same. */
async function asked<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof AppError && (error.family === 'temporary' || error.family === 'invalid')) return null;
    throw error;
  }
}

function problemOf(run: Pick<FlowRun, 'error'>): RunProblem {
  return { code: 'RUN_STOPPED', message: run.error ?? 'The run ended without a result. Run it again', path: null, line: null, column: null, symbol: null, openTime: null };
}

/** A row that says it is at work, as its run stands: one that was ended without a word has ended. */
function settled(view: BacktestView, run: Pick<FlowRun, 'state' | 'error' | 'endedAt'> | null): BacktestView {
  if (run === null || (view.state !== 'running' && view.state !== 'ran')) return view;
  if (run.state === 'CANCELLED') return { ...view, state: 'cancelled', finishedAt: run.endedAt };
  if (run.state === 'FAILED' || run.state === 'CRASHED') return { ...view, state: 'failed', problem: view.problem ?? problemOf(run), finishedAt: run.endedAt };
  return view;
}

/** A run that has begun for the orchestrator and not yet for the book. */
function waitingView(backtestId: string, run: FlowRun, request: BacktestRequest): BacktestView {
  const { project, strategyId, kind, parameters, symbols, screenId, timeframe, startingCash, benchmark, search } = request;
  return {
    backtestId, runId: run.runId, state: 'running', problem: null, project: project === undefined ? null : { ...project, hash: null }, strategyId: strategyId ?? null, versionId: null, kind: kind ?? '', parameters: parameters ?? {}, symbols: symbols ?? [],
    screenId: screenId ?? null, timeframe: timeframe ?? '', from: null, to: null, startedAt: run.createdAt, finishedAt: null, startEquity: Number(startingCash), endEquity: null, totalReturn: null, benchmark: benchmark ?? null, benchmarkReturn: null,
    sharpe: null, maxDrawdown: null, trips: null, belief: null, headline: null, hasSearch: search !== undefined, trials: null, manifestHash: null, barsSeen: 0, ranMs: null, tookMs: null,
  };
}

async function requestOf(orchestrator: Orchestrator, runId: string): Promise<BacktestRequest> {
  const { input } = await orchestrator.ask('run', { runId });
  return backtestRequestSchema.parse(input ?? {});
}

/** A back-test that has no row: it may wait for its turn. @throws AppError BACKTEST_NOT_FOUND */
async function waiting(orchestrator: Orchestrator, backtestId: string): Promise<BacktestDetail> {
  const page = await orchestrator.ask('runs', { flow: FLOW, limit: LOOKED_AT });
  const run = page.runs.find(({ runId }) => backtestIdOf(runId) === backtestId);
  if (run === undefined) throw noBacktest(backtestId);
  const request = await requestOf(orchestrator, run.runId);
  return { view: settled(waitingView(backtestId, run, request), run), request, result: null, monteCarlo: null, benchmarkCurve: null, log: { lines: 0, dropped: 0 }, progress: run.progress };
}

async function detail({ ctx, orchestrator }: HandlerParts, backtestId: string): Promise<BacktestDetail> {
  const found = await readBacktest(ctx.db, backtestId);
  if (found === null) return waiting(orchestrator, backtestId);
  const { view } = found;
  const { runId } = view;
  const isAtWork = runId !== null && (view.state === 'running' || view.state === 'ran');
  const run = isAtWork ? await asked(() => orchestrator.ask('run', { runId })) : null;
  return { ...found, view: settled(view, run), progress: run?.progress ?? null };
}

/** Runs of this list that wait for their turn and have no row yet, newest first. */
async function unwritten({ ctx, orchestrator }: HandlerParts, { projectId, strategyId }: Parameters<Handlers['backtests']>[0], runs: readonly FlowRun[]): Promise<BacktestView[]> {
  const open = new Map(runs.filter(({ state }) => WAITING.has(state)).slice(0, MAX_WAITING).map((run) => [backtestIdOf(run.runId), run]));
  for (const known of open.size === 0 ? [] : await writtenOf(ctx.db, [...open.keys()])) open.delete(known);
  const views: BacktestView[] = [];
  for (const [backtestId, run] of open) {
    const request = await asked(() => requestOf(orchestrator, run.runId));
    if (request === null || (projectId !== undefined && request.project?.projectId !== projectId) || (strategyId !== undefined && request.strategyId !== strategyId)) continue;
    views.push(waitingView(backtestId, run, request));
  }
  return views;
}

/** The first page begins with the runs that wait for their turn, beyond its `limit`. */
async function list(parts: HandlerParts, input: Parameters<Handlers['backtests']>[0]): ReturnType<Handlers['backtests']> {
  // Asked before the book is read: a run that gets its row meanwhile is told by its row.
  const page = await asked(() => parts.orchestrator.ask('runs', { flow: FLOW, limit: LOOKED_AT }));
  const waiting = page === null || input.before !== undefined ? [] : await unwritten(parts, input, page.runs);
  const { backtests, hasMore } = await readBacktests(parts.ctx.db, input);
  const runs = new Map((page?.runs ?? []).map((run) => [run.runId, run]));
  const written = new Set(backtests.map(({ backtestId }) => backtestId));
  return { backtests: [...waiting.filter(({ backtestId }) => !written.has(backtestId)), ...backtests.map((view) => settled(view, runs.get(view.runId ?? '') ?? null))], hasMore };
}

/** Builds them. */
export function studioHandlers(parts: HandlerParts): Pick<Handlers, keyof typeof STUDIO_ROUTES> {
  const { ctx, orchestrator } = parts;
  return {
    startBacktest: async ({ request }, { actor, idempotencyKey }) => {
      const { runId } = await orchestrator.ask('runFlow', { flow: FLOW, input: request, idempotencyKey, actor });
      return { runId, backtestId: backtestIdOf(runId) };
    },
    backtests: (input) => list(parts, input),
    backtest: ({ backtestId }) => detail(parts, backtestId),
    backtestLog: ({ backtestId, afterSeq }) => readBacktestLog(ctx.db, backtestId, afterSeq),
    backtestSearch: ({ backtestId }) => readBacktestSearch(ctx.db, backtestId),
    backtestSteps: (input) => ctx.callCommand('stepBacktest', input),
  };
}
