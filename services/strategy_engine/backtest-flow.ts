/** backtest_strategy: a strategy over stored bars, by the rules and the order code that trade live; with a search for its parameters when that is asked for. */
import path from 'node:path';
import { backtestRequestSchema, backtestResultSchema, backtestRunOutputSchema, MAX_KEPT_BACKTESTS, type BacktestResult } from '#app/contracts/backtest.ts';
import type { Db } from '#chassis/db.ts';
import type { BulkOptions } from '#chassis/db-bulk.ts';
import { flow, type FlowContext, type FlowDefinition } from '#chassis/flows.ts';
import type { Job } from '../research/job.ts';
import type { Measure } from '../research/measure.ts';
import { openPool, type Pool } from '../research/pool.ts';
import { barSource, loadAll, loadSeries, type BarSource, type LoadedSeries } from './backtest-bars.ts';
import { strategyType } from '#app/strategy/registry.ts';
import { manifestOf } from '../research/manifest.ts';
import { jobOf, type AssetFacts } from './backtest-job.ts';
import { backtestIdOf, countBars, planBacktest, planRange, type BacktestPlan } from './backtest-request.ts';
import { resultOf, resultWithoutBars } from './backtest-result.ts';
import { searchIdOf, searchParameters, searchPlanOf, type Searched } from './backtest-search.ts';

/** What back-tests work with. `folder`: where column files and journals lie; all of it can be deleted at any time. */
export type BacktestParts = { readonly db: Db; readonly bulk: BulkOptions; readonly folder: string };

/** Parts of a run's time: loading, searching, running. A search takes most of it. */
const LOADED = 0.05;
const SEARCHED = 0.9;
const PROGRESS_STEPS = 1_000;

type Loaded = { readonly series: readonly LoadedSeries[]; readonly benchmark: LoadedSeries | null };

/** A back-test at work. */
type Work = { readonly parts: BacktestParts; readonly source: BarSource; readonly ctx: FlowContext; readonly plan: BacktestPlan; readonly signal: AbortSignal; readonly backtestId: string };

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

/** Runs, measures and judges on a thread of its own: this process trades. */
async function run(job: Job, { series, benchmark }: Loaded, { measure, signal, progress }: { readonly measure: Omit<Measure, 'benchmark'>; readonly signal: AbortSignal; readonly progress: (done: number) => void }): ReturnType<Pool['measured']> {
  const bars = new Map(series.map((one) => [one.symbol, one.bars]));
  await using pool = openPool({ threads: 1 });
  return await pool.measured({ job, bars, hasLines: true, measure: { ...measure, benchmark: benchmark?.bars ?? null } }, { signal, onProgress: progress });
}

async function storeSearch(db: Db, backtestId: string, plan: BacktestPlan, { report, facts }: Searched): Promise<void> {
  await db.query(
    `INSERT INTO strategy_engine.searches (search_id, backtest_id, request, result) VALUES ($1, $2, $3::jsonb, $4::jsonb)
     ON CONFLICT (search_id) DO UPDATE SET backtest_id = excluded.backtest_id, request = excluded.request, result = excluded.result`,
    [facts.searchId, backtestId, JSON.stringify(plan.search), JSON.stringify(report)],
  );
}

async function store(db: Db, plan: BacktestPlan, result: BacktestResult): Promise<void> {
  await db.tx(async (tx) => {
    await tx.query(
      `INSERT INTO strategy_engine.backtests (backtest_id, strategy_version_id, request, result, manifest, finished_at) VALUES ($1, $2, $3::jsonb, $4::jsonb, $5::jsonb, clock_timestamp())
       ON CONFLICT (backtest_id) DO UPDATE SET request = excluded.request, result = excluded.result, manifest = excluded.manifest, finished_at = excluded.finished_at`,
      [result.backtestId, plan.versionId ?? `${plan.kind}.unstored`, JSON.stringify(plan), JSON.stringify(result), result.manifest === null ? null : JSON.stringify(result.manifest)],
    );
    await tx.query('DELETE FROM strategy_engine.backtests WHERE backtest_id IN (SELECT backtest_id FROM strategy_engine.backtests ORDER BY created_at DESC OFFSET $1)', [MAX_KEPT_BACKTESTS]);
    await tx.query('DELETE FROM strategy_engine.searches s WHERE NOT EXISTS (SELECT FROM strategy_engine.backtests b WHERE b.backtest_id = s.backtest_id)');
  });
}

/** Searches when that is asked for, runs, measures. */
async function carryOut(work: Work): Promise<{ readonly result: BacktestResult; readonly searched: Searched | null }> {
  const { parts, ctx, plan, signal, backtestId } = work;
  const loaded = await load(work);
  const { series } = loaded;
  if (series.length === 0) return { result: resultWithoutBars(backtestId, plan), searched: null };
  const show = (done: number): void => ctx.progress(Math.round(done * PROGRESS_STEPS), PROGRESS_STEPS);
  show(LOADED);
  const symbols = series.map(({ symbol }) => symbol);
  const job = jobOf(plan, symbols, await assetsOf(parts.db, symbols));
  const span = SEARCHED - LOADED;
  const searched = plan.search === undefined ? null : await searchParameters({
    searchId: searchIdOf(backtestId), folder: path.join(parts.folder, 'searches'), request: plan.search, job, series, signal,
    onProgress: ({ done, planned }) => show(LOADED + span * Math.min(1, planned > 0 ? done / planned : 1)),
  });
  const chosen = searched === null ? plan : { ...plan, parameters: { ...plan.parameters, ...searched.parameters }, versionId: null };
  const finalJob = searched === null ? job : jobOf(chosen, symbols, await assetsOf(parts.db, symbols));
  const begin = searched === null ? LOADED : SEARCHED;
  const facts = searched?.facts ?? null;
  const measure = { seed: plan.seed, hasChecks: plan.hasChecks, trials: facts?.trials ?? null, found: facts?.found ?? {} };
  const { result, measured } = await run(finalJob, loaded, { measure, signal, progress: (done) => show(begin + (1 - begin) * done * SEARCHED) });
  signal.throwIfAborted();
  return { searched, result: await resultOf({ backtestId, plan: chosen, series, result, measured, searchId: facts?.searchId ?? null, manifest: manifestOf({ job: finalJob, type: strategyType(finalJob.strategy.kind), series, seed: plan.seed }) }) };
}

/** Run, measured and stored in one step: the result is too large for the run's own record, and a step that is repeated writes the same rows. */
async function replay(work: Work) {
  const { parts, plan, backtestId } = work;
  const { result, searched } = await carryOut(work);
  const checked = backtestResultSchema.parse(result);
  await store(parts.db, plan, checked);
  if (searched !== null) {
    await storeSearch(parts.db, backtestId, plan, searched);
    searched.forget();
  }
  return backtestRunOutputSchema.parse({ ...checked, manifestHash: checked.manifest?.hash ?? null, headline: checked.verdict?.headline ?? null });
}

/** The flow. */
export function backtestFlow(parts: BacktestParts): FlowDefinition {
  const source = barSource(parts);
  return flow({
    name: 'backtest_strategy',
    description: 'Runs a strategy over stored bars: orders by the live risk rules, filled at the open of the next bar, with costs; measured, and judged in words. Searches its parameters when asked. The same bars and request give the same orders.',
    input: backtestRequestSchema,
    schedule: null, retries: 1, retryDelayMs: 2_000, timeoutMs: 14_400_000, concurrency: 1, onMissed: 'skip', isShareable: true,
    async run(ctx, request) {
      const { db } = parts;
      const plan = await ctx.step('complete the request', () => planBacktest(db, request));
      const bars = await ctx.step('count the bars', () => countBars(db, plan));
      if (plan.search !== undefined) searchPlanOf(plan.search, jobOf(plan, plan.symbols.length > 0 ? plan.symbols : ['NONE'], new Map()));
      ctx.log('info', `Testing ${plan.kind} on ${plan.symbols.join(', ') || 'no symbol'}`, { timeframe: plan.timeframe, from: plan.from, to: plan.to, barsInDatabase: bars });
      const output = await ctx.step('replay the bars', (step) => replay({ parts, source, ctx, plan, signal: step.signal, backtestId: backtestIdOf(ctx.runId) }));
      ctx.progress(1, 1);
      ctx.log(output.barsSeen > 0 ? 'info' : 'warn', output.barsSeen > 0 ? (output.headline ?? 'The back-test is done') : 'There are no bars of regular trading in this period', { orders: output.orders, fills: output.fills, endEquity: output.endEquity });
      return output;
    },
  });
}
