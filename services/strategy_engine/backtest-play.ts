/** A back-test from its plan to its end: bars loaded, parameters searched when that is asked for, run, told, judged. Nothing heavy happens on this thread: it trades. */
import path from 'node:path';
import type { BacktestResult } from '#app/contracts/backtest.ts';
import type { FoundElsewhere } from '#app/analytics/evidence.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { monotonicMs } from '#chassis/clock.ts';
import type { Db } from '#chassis/db.ts';
import type { FlowContext } from '#chassis/flows.ts';
import type { Job } from '../research/job.ts';
import { ordersHashOf } from '../research/manifest.ts';
import type { Judged, Ran } from '../research/run-told.ts';
import type { SandboxLog } from '../research/sandbox/run-log.ts';
import type { Lent } from '../research/standby.ts';
import type { Authored } from './backtest-authored.ts';
import { loadAll, loadSeries, type BarSource, type LoadedSeries } from './backtest-bars.ts';
import { jobOf, type AssetFacts } from './backtest-job.ts';
import { planRange, type BacktestPlan } from './backtest-request.ts';
import { houseSearchers, searchIdOf, searchParameters, type Searched } from './backtest-search.ts';
import { noteDone, noteRan, resultHead } from './backtest-store.ts';

/** Parts of a run's time: loading, searching, running. A search takes most of it. */
const LOADED = 0.05;
const SEARCHED = 0.9;
const PROGRESS_STEPS = 1_000;
/** Of what is left after the search, the part that is the run; the rest is the judgement. */
const RUN = 0.5;

/** A back-test at work. `authored`: null for a strategy of the house; `folder`: where journals of searches lie. */
export type Work = {
  readonly db: Db; readonly folder: string; readonly source: BarSource; readonly pool: Lent['pool']; readonly ctx: FlowContext; readonly plan: BacktestPlan; readonly type: StrategyType; readonly authored: Authored | null;
  readonly signal: AbortSignal; readonly backtestId: string; /** Searches come one after the other. */ readonly inTurn: <T>(signal: AbortSignal, search: () => Promise<T>) => Promise<T>;
  /** Hears of the bars, so that an error can name one. */ readonly onLoaded: (series: readonly LoadedSeries[]) => void;
};

/** What the flow's output is made of. */
export type Played = { readonly head: BacktestResult; readonly ran: Ran | null; readonly judged: Judged | null };

type Loaded = { readonly series: readonly LoadedSeries[]; readonly benchmark: LoadedSeries | null };

async function assetsOf(db: Db, symbols: readonly string[]): Promise<AssetFacts> {
  const rows = await db.query<{ symbol: string; isShortable: boolean; isFractionable: boolean }>('SELECT symbol, is_shortable AS "isShortable", is_fractionable AS "isFractionable" FROM data_ingestion.symbols WHERE symbol = ANY($1::text[])', [symbols]);
  return new Map(rows.map((row) => [row.symbol, row]));
}

/** The bars of all symbols that have some in the plan's time, in the order of their names. */
async function load({ source, ctx, plan, signal }: Work): Promise<Loaded> {
  const range = planRange(plan);
  if (range === null) return { series: [], benchmark: null };
  const stretch = { timeframe: plan.timeframe, ...range };
  const series = await loadAll(source, { symbols: plan.symbols, ...stretch }, { signal });
  ctx.log('info', 'The bars are loaded', { bars: series.reduce((sum, { bars }) => sum + bars.time.length, 0), leftOut: series.reduce((sum, { leftOut }) => sum + leftOut, 0) });
  return { series, benchmark: plan.benchmark === undefined ? null : await loadSeries(source, { symbol: plan.benchmark, ...stretch }) };
}

type Ready = { readonly work: Work; readonly job: Job; readonly series: readonly LoadedSeries[]; readonly bars: ReadonlyMap<string, BarColumns>; readonly show: (done: number) => void };

/** The search, in its turn: two at once would only take the cores from each other. */
async function search({ work, job, series, show }: Ready): Promise<Searched | null> {
  const { plan, signal, type, authored, backtestId, folder } = work;
  const { search: request } = plan;
  if (request === undefined) return null;
  return work.inTurn(signal, async () => {
    await using searchers = authored === null ? houseSearchers() : authored.searchers();
    return await searchParameters({
      type, searchers, searchId: searchIdOf(backtestId), folder: path.join(folder, 'searches'), request, job, series, signal,
      onProgress: ({ done, planned }) => show(LOADED + (SEARCHED - LOADED) * Math.min(1, planned > 0 ? done / planned : 1)),
    });
  });
}

/** `engineMs`: of the run alone. */
type Run = { readonly ran: Ran; readonly lines: readonly string[]; readonly log: SandboxLog | null; readonly engineMs: number };

/** Runs it: a strategy of the house on a research thread, a user's in its sandbox, told by the thread. */
async function run({ work: { pool, plan, authored, signal }, job, series, bars }: Ready, onProgress: (done: number) => void): Promise<Run> {
  const base = { job, bars, seed: plan.seed, leftOut: series.reduce((sum, { leftOut }) => sum + leftOut, 0), complaints: series.flatMap(({ complaint }) => (complaint === null ? [] : [complaint])) };
  const began = monotonicMs();
  if (authored === null) return { ran: await pool.ask('ran', { ...base, result: null, code: null }, { signal, onProgress }), lines: [], log: null, engineMs: monotonicMs() - began };
  const { log, ...result } = await authored.run(job, bars, { signal, onProgress });
  const engineMs = monotonicMs() - began;
  return { ran: await pool.ask('ran', { ...base, result, code: authored.hash }, { signal }), lines: result.lines, log, engineMs };
}

/** Plays a plan and keeps its row up to date. @throws what loading, searching and running throw; the signal's reason */
export async function play(work: Work): Promise<Played> {
  const { db, ctx, signal, type, authored, backtestId } = work;
  const loaded = await load(work);
  const { series, benchmark } = loaded;
  work.onLoaded(series);
  if (series.length === 0) return withoutBars(work);
  const show = (done: number): void => ctx.progress(Math.round(done * PROGRESS_STEPS), PROGRESS_STEPS);
  show(LOADED);
  const symbols = series.map(({ symbol }) => symbol);
  const assets = await assetsOf(db, symbols);
  const bars = new Map(series.map((one) => [one.symbol, one.bars]));
  const job = jobOf(work.plan, type, { symbols, assets });
  const found = await search({ work, job, series, bars, show });
  const plan: BacktestPlan = found === null ? work.plan : { ...work.plan, parameters: { ...work.plan.parameters, ...found.parameters }, versionId: null };
  const ready: Ready = { work: { ...work, plan }, job: found === null ? job : jobOf(plan, type, { symbols, assets }), series, bars, show };
  const begin = found === null ? LOADED : SEARCHED;
  const { ran, lines, log, engineMs } = await run(ready, (done) => show(begin + (1 - begin) * RUN * done));
  signal.throwIfAborted();
  const head = resultHead(backtestId, plan, found?.facts.searchId ?? null);
  await noteRan(db, head, { ran, plan, log, engineMs });
  show(begin + (1 - begin) * RUN);
  const beside = authored === null ? { found: {} as FoundElsewhere, words: [] } : await authored.check({ job: ready.job, bars, ran, lines, plan }, signal);
  const measure = { seed: plan.seed, hasChecks: plan.hasChecks, benchmark: benchmark?.bars ?? null, trials: found?.facts.trials ?? null, found: { ...found?.facts.found, ...beside.found } };
  const warnings = series.flatMap(({ complaint }) => (complaint === null ? [] : [complaint]));
  const judged = await work.pool.ask('judge', { job: ready.job, bars, result: ran.result, seed: plan.seed, isHouse: authored === null, measure, warnings, words: [...(authored?.warnings ?? []), ...beside.words] }, { signal, onProgress: (done) => show(begin + (1 - begin) * (RUN + (1 - RUN) * done)) });
  signal.throwIfAborted();
  await noteDone(db, { head, judged, search: found === null || plan.search === undefined ? null : { request: plan.search, found } });
  found?.forget();
  return { head, ran, judged };
}

async function withoutBars({ db, plan, backtestId }: Work): Promise<Played> {
  const head = { ...resultHead(backtestId, plan, null), ordersHash: ordersHashOf([]) };
  await noteDone(db, { head, judged: null, search: null });
  return { head, ran: null, judged: null };
}
