/** A finished run, measured and judged where it was made: in a research thread, so that nobody who trades waits for it. */
import { gatherEvidence, type FoundElsewhere } from '#app/analytics/evidence.ts';
import type { TrialsFacts } from '#app/analytics/deflated-sharpe.ts';
import { tearSheet } from '#app/analytics/tear-sheet.ts';
import type { TearSheet, TearSheetInput } from '#app/analytics/tear-sheet-types.ts';
import { verdict, type Verdict } from '#app/analytics/verdict.ts';
import type { RunConfig, RunResult } from '#app/backtest/run/types.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { newYorkOffsetMs } from '#app/market/nyse-zone.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import { CHECK_MS, uncheckedWords } from './check-time.ts';
import { checkRun, type Checked } from './backtest-tool-check.ts';

/** What is known beside the run: what a search has found out, and what to compare it with. `seed` decides the draws; `hasChecks`: further runs tell whether it knows the future and what noise does to it. */
export type Measure = { readonly seed: number; readonly hasChecks: boolean; readonly benchmark: BarColumns | null; readonly trials: TrialsFacts | null; readonly found: FoundElsewhere };

/** The figures by name, the tear sheet, the judgement, and what the checks have to say in words. */
export type Measured = { readonly figures: Readonly<Record<string, number | null>>; readonly sheet: TearSheet; readonly verdict: Verdict; readonly words: readonly string[] };

/** Over so many bars of all symbols, or fewer, a result is also run with later bars taken away, with noise and with parameters beside: a matter of seconds. */
const MOST_CHECKED_BARS = 150_000;
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
function checked(check: () => Checked): Checked {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { found: {}, words: [`Whether it knows the future, and what noise does to it, could not be found out: ${describeError(error)}`] };
  }
}

/** A finished run. `cash`: dollars at the beginning; `markets`: in the order in which the result names them. */
export type FinishedRun = { readonly markets: readonly { readonly symbol: string; readonly bars: BarColumns }[]; readonly cash: number; readonly result: RunResult };

/** The further runs that a check of a strategy of the house makes; null where the bars are too many, or nobody asked. */
export function houseCheck({ type, config, result }: { readonly type: StrategyType; readonly config: RunConfig; readonly result: RunResult }, { seed, hasChecks }: Pick<Measure, 'seed' | 'hasChecks'>): (() => Checked) | null {
  return hasChecks && isCheckable(config.markets) ? () => checkRun({ type, config, result, seed, budget: CHECK_BUDGET, withinMs: CHECK_MS }) : null;
}

/** Whether the bars are few enough for further runs. */
export function isCheckable(markets: readonly { readonly bars: BarColumns }[]): boolean {
  return barsOf(markets) <= MOST_CHECKED_BARS;
}

function barsOf(markets: readonly { readonly bars: BarColumns }[]): number {
  return markets.reduce((sum, market) => sum + market.bars.time.length, 0);
}

/** What the statistics are made of. */
export function sheetInputOf({ markets, cash, result }: FinishedRun, { benchmark, trials }: Pick<Measure, 'benchmark' | 'trials'>): TearSheetInput {
  return {
    time: result.time, equity: result.equity, gross: result.gross, from: Math.min(...markets.map(({ bars }) => bars.time[0] ?? Infinity)), startEquity: cash, trips: result.trips, fills: result.fills,
    benchmark: benchmark === null ? null : alignedCloses(benchmark, result.time), offsetMs: newYorkOffsetMs, symbols: markets.map(({ symbol }) => symbol), trials,
  };
}

/** Measures and judges: the same run and seed give the same figures; how many checks were made, and so the words, can depend on how busy the computer was. */
export function measureRun(run: FinishedRun, measure: Measure, check: (() => Checked) | null): Measured {
  const input = sheetInputOf(run, measure);
  const sheet = tearSheet(input);
  const beside = check === null ? null : checked(check);
  const evidence = gatherEvidence(input, sheet, measure.seed, { ...measure.found, ...beside?.found });
  const unchecked = measure.hasChecks && !isCheckable(run.markets) ? [uncheckedWords(barsOf(run.markets), MOST_CHECKED_BARS)] : [];
  return { figures: { ...sheet.figures }, sheet, verdict: verdict(evidence), words: [...(beside?.words ?? []), ...unchecked] };
}
