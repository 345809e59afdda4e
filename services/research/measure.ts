/** A finished run, measured and judged where it was made: in a research thread, so that nobody who trades waits for it. */
import { gatherEvidence, type FoundElsewhere } from '#app/analytics/evidence.ts';
import type { TrialsFacts } from '#app/analytics/deflated-sharpe.ts';
import { tearSheet } from '#app/analytics/tear-sheet.ts';
import { verdict, type Verdict } from '#app/analytics/verdict.ts';
import type { RunConfig, RunResult } from '#app/backtest/run/types.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { newYorkOffsetMs } from '#app/market/nyse-zone.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import { checkRun, type Checked, type CheckedRun } from './backtest-tool-check.ts';

/** What is known beside the run: what a search has found out, and what to compare it with. `seed` decides the draws; `hasChecks`: further runs tell whether it knows the future and what noise does to it. */
export type Measure = { readonly seed: number; readonly hasChecks: boolean; readonly benchmark: BarColumns | null; readonly trials: TrialsFacts | null; readonly found: FoundElsewhere };

/** The figures by name, the tear sheet as plain JSON, the judgement, and what the checks have to say in words. */
export type Measured = { readonly figures: Readonly<Record<string, number | null>>; readonly sheet: Record<string, unknown>; readonly verdict: Verdict; readonly words: readonly string[] };

/** Over so many bars of all symbols, or fewer, a result is also run with later bars taken away, with noise and with parameters beside: a matter of seconds. */
const MOST_CHECKED_BARS = 100_000;
/** Bars that the runs of one kind of check may take together. */
const CHECK_BUDGET = 10_000_000;

/** Value of the benchmark at each step: its last close that was known then; NaN before its first bar. */
function alignedCloses(bars: BarColumns, time: Float64Array): Float64Array {
  let next = 0;
  return time.map((at) => {
    while (next < bars.time.length && (bars.time[next] ?? Infinity) < at) next += 1;
    return next === 0 ? NaN : (bars.close[next - 1] ?? NaN);
  });
}

/** A run beside that fails says nothing of the one that went well: then it is not known. */
function check(run: CheckedRun): Checked {
  try {
    return checkRun(run);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { found: {}, words: [`Whether it knows the future, and what noise does to it, could not be found out: ${describeError(error)}`] };
  }
}

/** Measures and judges. Pure: the same run and seed give the same words. */
export function measureRun({ type, config, result }: { readonly type: StrategyType; readonly config: RunConfig; readonly result: RunResult }, { seed, hasChecks, benchmark, trials, found }: Measure): Measured {
  const { markets, account } = config;
  const input = {
    time: result.time, equity: result.equity, gross: result.gross, from: Math.min(...markets.map(({ bars }) => bars.time[0] ?? Infinity)), startEquity: account.cash, trips: result.trips, fills: result.fills,
    benchmark: benchmark === null ? null : alignedCloses(benchmark, result.time), offsetMs: newYorkOffsetMs, symbols: markets.map(({ symbol }) => symbol), trials,
  };
  const sheet = tearSheet(input);
  const bars = markets.reduce((sum, market) => sum + market.bars.time.length, 0);
  const checked = hasChecks && bars <= MOST_CHECKED_BARS ? check({ type, config, result, seed, budget: CHECK_BUDGET }) : null;
  const evidence = gatherEvidence(input, sheet, seed, { ...found, ...checked?.found });
  return { figures: { ...sheet.figures }, sheet: JSON.parse(JSON.stringify(sheet)) as Record<string, unknown>, verdict: verdict(evidence), words: checked?.words ?? [] };
}
