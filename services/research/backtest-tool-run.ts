/** One back-test from the command line: bars loaded, the run made, measured and judged. */
import { statSync } from 'node:fs';
import type { TrialsFacts } from '#app/analytics/deflated-sharpe.ts';
import { gatherEvidence, type Evidence } from '#app/analytics/evidence.ts';
import { tearSheet } from '#app/analytics/tear-sheet.ts';
import type { TearSheet, TearSheetInput } from '#app/analytics/tear-sheet-types.ts';
import { verdict, type Verdict } from '#app/analytics/verdict.ts';
import type { RunConfig, RunResult } from '#app/backtest/run/types.ts';
import type { BacktestManifest } from '#app/contracts/backtest.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import { newYorkOffsetMs } from '#app/market/nyse-zone.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import type { Checked } from './backtest-tool-check.ts';
import type { Job } from './job.ts';
import { loadCsv, loadPaths, type LoadedBars } from './load.ts';
import { manifestOf, ordersHashOf } from './manifest.ts';
import { OptionError, type ToolOptions } from './backtest-tool-options.ts';
import type { SearchPart } from './report-input.ts';
import { namedParameters, toolJob } from './tool-job.ts';
import { openToolStrategy, type ToolStrategy } from './tool-strategy.ts';

/** Everything that is known of a run. `benchmark`: its name, null without one; `compared`: its bars, where they are not the run's own. */
export type FinishedRun = {
  readonly type: StrategyType; readonly job: Job; readonly config: RunConfig; readonly loaded: readonly LoadedBars[]; readonly result: RunResult; readonly sheet: TearSheet; readonly evidence: Evidence; readonly verdict: Verdict;
  readonly benchmark: string | null; readonly compared: LoadedBars | null; readonly search: SearchPart | null; readonly manifest: BacktestManifest; readonly ordersHash: string; readonly warnings: readonly string[];
};

/** A report says whether to believe the result: over so many bars, or fewer, finding out takes seconds. */
const CHECKED_ANYWAY_BARS = 100_000;

/** Value of the benchmark at each step: its last close that was known then; NaN before its first bar. */
function alignedCloses(bars: BarColumns, time: Float64Array): Float64Array {
  let next = 0;
  return time.map((at) => {
    while (next < bars.time.length && (bars.time[next] ?? Infinity) < at) next += 1;
    return next === 0 ? NaN : (bars.close[next - 1] ?? NaN);
  });
}

function benchmarkOf({ benchmark, load }: ToolOptions, loaded: readonly LoadedBars[]): LoadedBars | null {
  if (benchmark === null) return null;
  const [only] = loaded;
  if (benchmark === 'own') return loaded.length === 1 && only !== undefined ? only : null;
  const { from, to, zone, factors, adjustment } = load;
  if (factors !== undefined && statSync(factors, { throwIfNoEntry: false })?.isFile() === true) throw new OptionError(`--factors ${factors} is of the run's symbol and would move the prices of the benchmark, too: name a folder with a <symbol>.csv for each`);
  const bars = loadCsv(benchmark, { isLenient: load.isLenient ?? false, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }), ...(zone === undefined ? {} : { zone }), ...(factors === undefined ? {} : { factors }), ...(adjustment === undefined ? {} : { adjustment }) });
  if (bars.timeframe !== only?.timeframe) throw new AppError('INPUT_INVALID', `${benchmark}: its bars are of ${bars.timeframe}, those of the run of ${only?.timeframe ?? 'none'}: they cannot be compared`);
  return bars;
}

/** The run as statistics take it. */
function sheetInput(result: RunResult, { config, loaded, benchmark, trials }: { readonly config: RunConfig; readonly loaded: readonly LoadedBars[]; readonly benchmark: LoadedBars | null; readonly trials: TrialsFacts | null }): TearSheetInput {
  const from = Math.min(...loaded.map(({ bars }) => bars.time[0] ?? Infinity));
  return {
    time: result.time, equity: result.equity, gross: result.gross, from, startEquity: config.account.cash, trips: result.trips, fills: result.fills,
    benchmark: benchmark === null ? null : alignedCloses(benchmark.bars, result.time), offsetMs: newYorkOffsetMs, symbols: config.markets.map(({ symbol }) => symbol), trials,
  };
}

type ToCheck = { readonly job: Job; readonly bars: ReadonlyMap<string, BarColumns>; readonly config: RunConfig; readonly result: RunResult; readonly seed: number };

/** What further runs tell. A user's strategy is run over shorter histories: noise and neighbours are tried with the house's own alone. */
async function checkOf(strategy: ToolStrategy, { job, bars, config, result, seed }: ToCheck): Promise<Checked> {
  if (strategy.isHouse) return (await import('./backtest-tool-check.ts')).checkRun({ type: strategy.type, config, result, seed });
  const knowsFuture = await strategy.knowsFuture(job, bars, result);
  return { found: { lookAhead: knowsFuture ? 'found' : 'clean' }, words: knowsFuture ? ['It does something else when later bars are taken away: it knows the future, or depends on more than its context and its state'] : [] };
}

/** Loads, runs, measures, judges. @throws AppError INPUT_INVALID, STRATEGY_NOT_FOUND, STRATEGY_PARAMETERS_INVALID, STRATEGY_FAILED */
export async function runTool(options: ToolOptions): Promise<FinishedRun> {
  using strategy = await openToolStrategy(options);
  const { type } = strategy;
  const { usesShorts } = type.bind(namedParameters(type, options));
  if (usesShorts && options.rules.account?.canShort !== true) throw new OptionError(`The strategy ${type.kind} sells short, which a cash account may not: add --short`);
  const loaded = loadPaths(options.data, options.load);
  const [first] = loaded;
  invariant(first !== undefined, 'Loading gave no bars and no error');
  const job = toolJob(type, options, loaded);
  const barsBySymbol = new Map(loaded.map(({ symbol, bars }) => [symbol, bars]));
  const { config, result } = await strategy.run(job, barsBySymbol);
  const benchmark = benchmarkOf(options, loaded);
  const search = options.search === null ? null : (await import('./backtest-tool-search.ts')).searchFacts(options.search, { kind: type.kind, symbols: loaded.map(({ symbol }) => symbol), parameters: config.strategy.parameters });
  const input = sheetInput(result, { config, loaded, benchmark, trials: search?.trials ?? null });
  const sheet = tearSheet(input);
  const bars = loaded.reduce((sum, one) => sum + one.bars.time.length, 0);
  const isChecked = options.isChecked || (options.report !== null && bars <= CHECKED_ANYWAY_BARS);
  const checked = isChecked ? await checkOf(strategy, { job, bars: barsBySymbol, config, result, seed: options.seed }) : null;
  const evidence = gatherEvidence(input, sheet, options.seed, { ...search?.found, ...checked?.found });
  return {
    type, job, config, loaded, result, sheet, evidence, verdict: verdict(evidence), benchmark: benchmark === null ? null : benchmark === first ? `${first.symbol} held` : benchmark.symbol, compared: benchmark === first ? null : benchmark, search: search?.part ?? null,
    manifest: manifestOf({ job, type, series: loaded, seed: options.seed, code: strategy.code }), ordersHash: ordersHashOf(result.lines), // What can make the whole result worthless stands first.
    warnings: [...new Set([...(checked?.words ?? []), ...strategy.warnings, ...result.warnings, ...loaded.flatMap(({ warnings }) => warnings), ...(benchmark?.warnings ?? []).map((warning) => (benchmark === first ? warning : `Benchmark: ${warning}`))])],
  };
}
