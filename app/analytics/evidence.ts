/** What is known about a result before it is judged. Everything that was not looked at is null, and the judgement says so. */
import { drawHistories, intervalsOf, type BootstrapIntervals } from './bootstrap.ts';
import type { TrialsFacts } from './deflated-sharpe.ts';
import type { VariantSummary } from './jitter.ts';
import { reorderTrips, resampleDays, tripReturns, type MonteCarlo } from './monte-carlo.ts';
import type { Overfitting } from './pbo.ts';
import { dayEnds } from './daily-closes.ts';
import { simpleReturns, TRADING_DAYS_PER_YEAR } from './returns.ts';
import type { TearSheet, TearSheetInput } from './tear-sheet-types.ts';

/** Sharpe ratios per year of a walk-forward: of the windows in which parameters were chosen, and of the time behind them, chained. `days`: trading days of the latter. */
export type OutOfSample = { readonly inside: number; readonly outside: number; readonly days: number };

/** How much hangs on little. Parts of the net profit (or of the logarithm of growth), above 1 where the rest lost. Null without a profit. */
export type Concentration = { readonly bestTrip: number | null; /** The best twentieth of the trips, at least one. */ readonly bestTwentieth: number | null; /** The five best days. */ readonly bestDays: number | null };

/** The facts that a verdict rests on. Fractions, years; Sharpe ratios per year. */
export type Evidence = {
  readonly totalReturn: number | null; readonly trips: number; readonly years: number; readonly sharpe: number | null;
  /** Probability that the true Sharpe ratio is above 0, without and with the search counted in. */ readonly probabilisticSharpe: number | null; readonly deflatedSharpe: number | null;
  /** The search that this result is the best of; null when nothing was searched. */ readonly search: TrialsFacts | null;
  readonly overfitting: Overfitting | null; readonly outOfSample: OutOfSample | null;
  /** Part of the score that survives around the chosen parameters, 0..1. */ readonly plateau: number | null;
  readonly intervals: BootstrapIntervals | null; readonly tripOrders: MonteCarlo | null; readonly dayBlocks: MonteCarlo | null;
  readonly priceJitter: VariantSummary | null; readonly parameterJitter: VariantSummary | null;
  readonly lookAhead: 'clean' | 'found' | null;
  /** Dollars paid in fees and commissions / dollars gained before them; null without a gain. */ readonly costOfGains: number | null; readonly hasCosts: boolean;
  readonly concentration: Concentration;
  /** What the benchmark returned over the same time, and the yearly return that the strategy had beside what the benchmark explains; null without a benchmark. */
  readonly benchmark: { readonly totalReturn: number; readonly alpha: number } | null;
};

/** What only the caller can find out; whatever is left out was not looked at. */
export type FoundElsewhere = Partial<Pick<Evidence, 'overfitting' | 'outOfSample' | 'plateau' | 'priceJitter' | 'parameterJitter' | 'lookAhead'>>;

const BEST_DAYS = 5;
const TWENTIETH = 20;
const YEAR_MS = 365.25 * 86_400_000;

/** Parts of the profit that hang on the best trips and days. A profit of 100 of which one trip made 60: bestTrip 0.6. */
export function concentration(profits: Float64Array, returns: Float64Array): Concentration {
  const best = Float64Array.from(profits).sort().reverse();
  const total = best.reduce((sum, value) => sum + value, 0);
  const part = (count: number): number | null => (total > 0 && best.length > 0 ? best.subarray(0, count).reduce((sum, value) => sum + Math.max(0, value), 0) / total : null);
  const logs = Float64Array.from(returns, (value) => Math.log1p(value)).sort().reverse();
  const growth = logs.reduce((sum, value) => sum + value, 0);
  return {
    bestTrip: part(1), bestTwentieth: part(Math.max(1, Math.floor(best.length / TWENTIETH))),
    bestDays: growth > 0 && logs.length > 0 ? logs.subarray(0, BEST_DAYS).reduce((sum, value) => sum + Math.max(0, value), 0) / growth : null,
  };
}

/** Profits of the closed trips, and the equity just before each began. */
function closedTrips({ trips, equity, startEquity }: TearSheetInput): { readonly profits: Float64Array; readonly before: Float64Array } {
  const rows = Array.from({ length: trips.length }, (_none, row) => row).filter((row) => trips.isOpen[row] !== 1).sort((a, b) => (trips.closeStep[a] ?? 0) - (trips.closeStep[b] ?? 0) || a - b);
  const equityBefore = (row: number): number => {
    const step = (trips.openStep[row] ?? 0) - 1;
    return step < 0 ? startEquity : (equity[step] ?? startEquity);
  };
  return { profits: Float64Array.from(rows, (row) => trips.profit[row] ?? 0), before: Float64Array.from(rows, equityBefore) };
}

/** A search that left no two Sharpe ratios was a search all the same: it must not pass for a single trial. */
function searchedAnyway({ overfitting }: FoundElsewhere): TrialsFacts | null {
  return overfitting === undefined || overfitting === null ? null : { count: overfitting.trials, variance: Number.NaN };
}

/**
 * Gathers what a run itself can tell: bootstrap intervals, orders of its trips, blocks of its days, what it hangs on. `seed` decides the draws. The search is the one that the tear
 * sheet was told of (`input.trials`).
 */
export function gatherEvidence(input: TearSheetInput, { figures, from, to, startEquity }: TearSheet, seed: number, found: FoundElsewhere = {}): Evidence {
  const ends = dayEnds(input.time, input.offsetMs);
  const returns = simpleReturns([startEquity, ...Array.from(ends.steps, (step) => input.equity[step] ?? 0)]);
  const { profits, before } = closedTrips(input);
  const histories = drawHistories(returns, { seed });
  return {
    totalReturn: figures.total_return, trips: figures.round_trips ?? 0, years: (to - from) / YEAR_MS, sharpe: figures.sharpe,
    probabilisticSharpe: figures.probabilistic_sharpe, deflatedSharpe: figures.deflated_sharpe,
    search: input.trials ?? searchedAnyway(found),
    overfitting: found.overfitting ?? null, outOfSample: found.outOfSample ?? null, plateau: found.plateau ?? null, priceJitter: found.priceJitter ?? null, parameterJitter: found.parameterJitter ?? null, lookAhead: found.lookAhead ?? null,
    intervals: intervalsOf(histories, { periodsPerYear: input.periodsPerYear ?? TRADING_DAYS_PER_YEAR }), tripOrders: reorderTrips(tripReturns(profits, before), 'shuffle', { seed }), dayBlocks: resampleDays(returns, histories),
    costOfGains: figures.cost_of_gains, hasCosts: (figures.costs ?? 0) < 0, concentration: concentration(profits, returns),
    benchmark: figures.benchmark_return === null || figures.alpha === null ? null : { totalReturn: figures.benchmark_return, alpha: figures.alpha },
  };
}
