/** The questions that a verdict asks of a result: each with its bound, where the bound comes from, and what would change the answer. */
import type { Evidence } from './evidence.ts';
import type { VariantSummary } from './jitter.ts';
import { minimumBacktestYears } from './minimum-backtest-years.ts';

/** How an answer counts. `unknown`: it was not looked at. */
export type Grade = 'good' | 'weak' | 'bad' | 'unknown';

/** The questions. */
export type CheckName =
  | 'look_ahead' | 'profit' | 'luck' | 'overfitting' | 'out_of_sample' | 'round_trips' | 'history' | 'interval' | 'plateau' | 'costs' | 'concentration' | 'days' | 'other_histories' | 'other_orders' | 'other_prices' | 'other_parameters' | 'benchmark';

/** One reason. `weight`: how much it counts, 1..10; `value` beside `bound`, the value from (or up to) which the answer is good, in the unit that the finding names. `isDecisive`: bad alone is enough. */
export type Reason = {
  readonly check: CheckName; readonly grade: Grade; readonly weight: number; readonly isDecisive: boolean; readonly finding: string; readonly value: number | null; readonly bound: number | null;
  readonly source: string; readonly remedy: string;
};

/** The bounds, by name: from `good` on an answer is good, up to `weak` it is weak, beyond it bad. */
export const BOUNDS = {
  /** Probability that the true Sharpe ratio is above 0: the usual level of significance; below 4 in 5 luck explains it. */ luck: { good: 0.95, weak: 0.8 },
  /** Part of the splits in which the best was below the median elsewhere; a coin gives 1/2, and so do trials that are all alike: they hardly ever lose elsewhere. */ overfitting: { good: 0.2, weak: 0.5, alike: 0.05 },
  /** Sharpe ratio out of sample / in sample, and the one out of sample itself. */ outOfSample: { good: 0.5, weak: 0 },
  /** Closed round trips. */ roundTrips: { good: 100, weak: 30 },
  /** Years. */ history: { good: 3, weak: 1 },
  /** Part of the score around the chosen parameters. */ plateau: { good: 0.6, weak: 0.3 },
  /** Costs / gains before costs: at 1/2 twice the costs eat everything. */ costs: { good: 0.25, weak: 0.5 },
  /** Part of the profit made by one trip, and by the best twentieth of them. */ concentration: { trip: 0.5, twentieth: 1 },
  /** Part of the growth made on five days. */ days: { good: 0.5, weak: 1 },
  /** Part of the resampled histories that lost. */ otherHistories: { good: 0.05, weak: 0.2 },
  /** The fall that one order in twenty exceeds / the fall that happened. */ otherOrders: { good: 2 },
  /** Part of the variants above 0, and what the median keeps. */ variants: { good: 0.9, weak: 0.5, kept: 0.5 },
} as const;

type Check = (evidence: Evidence) => Reason | null;

/** With a true minus sign, as the figures beside the sentences have it; what rounds to zero has none. */
function number(value: number, digits = 2): string {
  const size = Math.abs(value).toFixed(digits);
  return value < 0 && Number(size) !== 0 ? `−${size}` : size;
}

const percent = (value: number, digits = 0): string => `${number(value * 100, digits)} %`;
/** A probability; none is ever certain. */
const chance = (value: number): string => (value > 0.999 ? 'more than 99.9 %' : percent(value, 1));

const grade = (isGood: boolean, isWeak: boolean): Grade => (isGood ? 'good' : isWeak ? 'weak' : 'bad');

const lookAhead: Check = ({ lookAhead: found }) => ({
  check: 'look_ahead', grade: found === null ? 'unknown' : found === 'clean' ? 'good' : 'bad', weight: 10, isDecisive: true, value: null, bound: null,
  finding: found === null ? 'Nobody checked whether the strategy looks into the future.' : found === 'clean' ? 'No signal changes when later bars are taken away.' : 'The strategy looks into the future: signals change when later bars are taken away.',
  source: 'Truncation test, as freqtrade’s lookahead-analysis', remedy: found === 'found' ? 'Use closed bars alone; read no value at a later index.' : 'Run the look-ahead check.',
});

const profit: Check = ({ totalReturn }) => {
  if (totalReturn === null) return { check: 'profit', grade: 'unknown', weight: 10, isDecisive: true, value: null, bound: 0, finding: 'There is no return to judge.', source: 'Definition', remedy: 'Run it over bars on which it trades.' };
  return {
    check: 'profit', grade: totalReturn > 0 ? 'good' : 'bad', weight: totalReturn > 0 ? 1 : 10, isDecisive: true, value: totalReturn, bound: 0,
    finding: totalReturn > 0 ? `It made ${percent(totalReturn, 1)} after costs.` : totalReturn === 0 ? 'It earned nothing.' : `It lost ${percent(-totalReturn, 1)} after costs.`, source: 'Definition', remedy: 'A better rule, or none.',
  };
};

const luck: Check = ({ probabilisticSharpe, deflatedSharpe, search, sharpe }) => {
  const trials = search === null || search.count <= 1 ? 1 : search.count;
  const value = trials > 1 ? deflatedSharpe : probabilisticSharpe;
  const { good, weak } = BOUNDS.luck;
  const source = trials > 1 ? 'Deflated Sharpe ratio, Bailey and López de Prado, Journal of Portfolio Management 40(5), 2014' : 'Probabilistic Sharpe ratio, Bailey and López de Prado, Journal of Risk 15(2), 2012';
  const remedy = trials > 1 ? 'A longer history, or fewer trials: decide on the rule before looking.' : 'A longer history.';
  if (value === null) return { check: 'luck', grade: 'unknown', weight: 9, isDecisive: true, value: null, bound: good, finding: trials > 1 && probabilisticSharpe !== null ? `It is the best of ${Math.round(trials)} trials whose Sharpe ratios are not known: luck cannot be told from skill.` : 'Too few daily returns to tell skill from luck.', source, remedy };
  const among = trials > 1 ? `after ${Math.round(trials)} trials` : 'as a single trial';
  return {
    check: 'luck', grade: grade(value >= good, value >= weak), weight: 9, isDecisive: true, value, bound: good,
    finding: `A Sharpe ratio of ${number(sharpe ?? 0)} is real with a probability of ${chance(value)} ${among}${trials > 1 && probabilisticSharpe !== null ? ` (it would look like ${chance(probabilisticSharpe)} if the search were kept quiet)` : ''}.`,
    source, remedy,
  };
};

const overfitting: Check = ({ overfitting: found, search }) => {
  if (search === null || search.count <= 1) return null;
  const { good, weak, alike } = BOUNDS.overfitting;
  const rest = { check: 'overfitting', weight: 7, isDecisive: false, bound: good, source: 'Probability of backtest overfitting, Bailey, Borwein, López de Prado and Zhu, Journal of Computational Finance 20(4), 2017', remedy: 'Fewer parameters, or parameters chosen where their neighbours do well too.' } as const;
  if (found === null) return { ...rest, grade: 'unknown', value: null, finding: 'The search was not cross-validated.', remedy: 'Keep the returns of all trials and compute the probability of overfitting.' };
  const { probability, chanceOfLoss } = found;
  return {
    ...rest, grade: grade(probability <= good || chanceOfLoss <= alike, probability <= weak), value: probability,
    finding: `The best of one half of the time was below the median of the other half in ${percent(probability)} of ${found.splits} splits, and lost there in ${percent(chanceOfLoss)}.`,
  };
};

const outOfSample: Check = ({ outOfSample: found, search }) => {
  if (found === null && (search === null || search.count <= 1)) return null;
  const { good, weak } = BOUNDS.outOfSample;
  const rest = { check: 'out_of_sample', weight: 7, isDecisive: false, bound: good, source: 'Walk-forward efficiency, Pardo, The Evaluation and Optimization of Trading Strategies, 2008' } as const;
  if (found === null) return { ...rest, grade: 'unknown', value: null, finding: 'It was never tried on bars that the search had not seen.', remedy: 'Run a walk-forward.' };
  // Of nothing no part is left: a gain behind a search that found none is no proof of it.
  const kept = found.inside > 0 ? found.outside / found.inside : null;
  return {
    ...rest, grade: grade(kept !== null && kept >= good, found.outside > weak), value: kept,
    finding: `On ${found.days} days that the search had not seen, the Sharpe ratio was ${number(found.outside)} after ${number(found.inside)} before${kept === null ? '' : `: ${percent(kept)} is left`}.`, remedy: 'A rule that needs no fitting to recent bars.',
  };
};

const roundTrips: Check = ({ trips }) => {
  const { good, weak } = BOUNDS.roundTrips;
  return {
    check: 'round_trips', grade: grade(trips >= good, trips >= weak), weight: 5, isDecisive: false, value: trips, bound: good, finding: `It rests on ${trips} closed round trips.`,
    source: 'At least 30 for a mean to be nearly normal; Pardo, 2008', remedy: 'A longer history, more symbols, or a rule that trades more often.',
  };
};

/** A length of time in words: years, and days where a tenth of a year would say nothing. */
function lengthOf(years: number): string {
  if (years >= 1) return `${number(years, 1)} years`;
  const days = Math.max(1, Math.round(years * 365.25));
  return days === 1 ? '1 day' : `${days} days`;
}

const history: Check = ({ years, search, sharpe }) => {
  const { good, weak } = BOUNDS.history;
  const needed = search === null || sharpe === null ? 0 : (minimumBacktestYears(search.count, sharpe) ?? 0);
  const isEnough = years >= needed;
  return {
    check: 'history', grade: grade(isEnough && years >= good, isEnough && years >= weak), weight: 5, isDecisive: false, value: years, bound: Math.max(good, needed),
    finding: `The history has ${lengthOf(years)}${needed > 0 ? `; the best of ${Math.round(search?.count ?? 1)} worthless rules would show this Sharpe ratio in ${lengthOf(needed)}` : ''}.`,
    source: 'Minimum back-test length, Bailey, Borwein, López de Prado and Zhu, Notices of the AMS 61(5), 2014', remedy: 'A longer history, or fewer trials.',
  };
};

const interval: Check = ({ intervals }) => {
  const rest = { check: 'interval', weight: 4, isDecisive: false, bound: 0, source: 'Stationary bootstrap, Politis and Romano, JASA 89(428), 1994', remedy: 'A longer history.' } as const;
  if (!intervals?.sharpe) return { ...rest, grade: 'unknown', value: null, finding: 'There is no confidence interval: too few days, or days that are all alike.' };
  const { low, median, high } = intervals.sharpe;
  return {
    ...rest, grade: grade(low > 0, median > 0), value: low,
    finding: `The Sharpe ratio lies between ${number(low)} and ${number(high)}, the growth per year between ${percent(intervals.cagr.low, 1)} and ${percent(intervals.cagr.high, 1)} (${percent(intervals.confidence)} of ${intervals.samples} resampled histories).`,
  };
};

const plateau: Check = ({ plateau: score, search }) => {
  if (search === null || search.count <= 1) return null;
  const { good, weak } = BOUNDS.plateau;
  const rest = { check: 'plateau', weight: 4, isDecisive: false, bound: good, source: 'Our bound; Pardo, 2008, asks for a smooth neighbourhood', remedy: 'Take parameters from the middle of a plateau.' } as const;
  if (score === null) return { ...rest, grade: 'unknown', value: null, finding: 'The neighbours of the chosen parameters were not looked at.' };
  return { ...rest, grade: grade(score >= good, score >= weak), value: score, finding: `Among parameters one and two steps away ${percent(score)} of the score is left.` };
};

const costs: Check = ({ costOfGains, hasCosts }) => {
  const { good, weak } = BOUNDS.costs;
  const rest = { check: 'costs', weight: 5, isDecisive: false, bound: good, source: 'Our bound: above 1/2, twice the costs leave a loss' } as const;
  if (!hasCosts) return { ...rest, grade: 'weak', value: 0, finding: 'No commission or fee was charged.', remedy: 'Charge what your broker takes, and slippage.' };
  if (costOfGains === null) return null;
  return { ...rest, grade: grade(costOfGains <= good, costOfGains <= weak), value: costOfGains, finding: `Fees took ${percent(costOfGains)} of what was gained before them.`, remedy: 'Trade less often, or for larger movements.' };
};

const concentrated: Check = ({ concentration: { bestTrip, bestTwentieth } }) => {
  if (bestTrip === null || bestTwentieth === null) return null;
  const { trip, twentieth } = BOUNDS.concentration;
  return {
    check: 'concentration', grade: grade(bestTrip < trip && bestTwentieth < twentieth, bestTrip < trip), weight: 4, isDecisive: false, value: bestTrip, bound: trip,
    finding: `The best round trip made ${percent(bestTrip)} of the profit, the best twentieth of them ${percent(bestTwentieth)}.`, source: 'Our bound: without one trip at least half should be left', remedy: 'More independent trades: more symbols, a longer history.',
  };
};

const fewDays: Check = ({ concentration: { bestDays } }) => {
  if (bestDays === null) return null;
  const { good, weak } = BOUNDS.days;
  return { check: 'days', grade: grade(bestDays <= good, bestDays <= weak), weight: 3, isDecisive: false, value: bestDays, bound: good, finding: `The five best days made ${percent(bestDays)} of the growth.`, source: 'Our bound', remedy: 'A longer history, or less risk on single days.' };
};

const otherHistories: Check = ({ dayBlocks }) => {
  if (dayBlocks === null) return null;
  const { good, weak } = BOUNDS.otherHistories;
  const { chanceOfLoss, totalReturn } = dayBlocks;
  return {
    check: 'other_histories', grade: grade(chanceOfLoss <= good, chanceOfLoss <= weak), weight: 4, isDecisive: false, value: chanceOfLoss, bound: good,
    finding: `${percent(chanceOfLoss, 1)} of ${dayBlocks.paths} histories made of its own days lost money; nine in ten ended between ${percent(totalReturn.p05)} and ${percent(totalReturn.p95)}.`,
    source: 'Stationary bootstrap, Politis and Romano, 1994', remedy: 'A longer history, or a larger edge.',
  };
};

const otherOrders: Check = ({ tripOrders }) => {
  if (tripOrders === null || !(tripOrders.observed.maxDrawdown < 0)) return null;
  const { good } = BOUNDS.otherOrders;
  const { observed, maxDrawdown, chanceOfDeeper } = tripOrders;
  const ratio = maxDrawdown.p05 / observed.maxDrawdown;
  return {
    check: 'other_orders', grade: ratio <= good ? 'good' : 'weak', weight: 2, isDecisive: false, value: ratio, bound: good,
    finding: `Round trip by round trip the deepest fall was ${percent(-observed.maxDrawdown, 1)}; ${percent(chanceOfDeeper)} of ${tripOrders.paths} other orders of the same trips fell deeper, one in twenty below ${percent(maxDrawdown.p05, 1)}.`,
    source: 'Permutation of the returns of trips', remedy: 'Size for the deeper fall, not for the one that happened.',
  };
};

function variants(check: 'other_prices' | 'other_parameters', what: string, weight: number, found: VariantSummary | null): Reason {
  const { good, weak, kept } = BOUNDS.variants;
  const rest = { check, weight, isDecisive: false, bound: good, source: 'Our bound', remedy: check === 'other_prices' ? 'A rule that lives on movements, not on exact prices.' : 'Parameters whose neighbours do well too.' } as const;
  if (found === null) return { ...rest, grade: 'unknown', value: null, finding: `It was not tried with ${what}.`, remedy: `Run it with ${what}.` };
  const isKept = found.kept !== null && found.kept >= kept;
  return {
    ...rest, grade: grade(found.shareAboveZero >= good && isKept, found.shareAboveZero >= weak), value: found.shareAboveZero,
    finding: `With ${what} it stayed above zero in ${percent(found.shareAboveZero)} of ${found.variants} variants${found.kept === null ? '' : ` and the median kept ${percent(found.kept)}`}.`,
  };
}

const otherPrices: Check = ({ priceJitter }) => variants('other_prices', 'a little noise on the prices', 4, priceJitter);
const otherParameters: Check = ({ parameterJitter }) => variants('other_parameters', 'parameters a little beside', 3, parameterJitter);

const overBenchmark: Check = ({ benchmark, totalReturn }) => {
  if (benchmark === null || totalReturn === null) return null;
  const isMore = totalReturn >= benchmark.totalReturn;
  const beside = `${percent(benchmark.alpha, 1)} a year beside what the benchmark explains`;
  return {
    check: 'benchmark', grade: grade(isMore && benchmark.alpha > 0, isMore || benchmark.alpha > 0), weight: 3, isDecisive: false, value: totalReturn, bound: benchmark.totalReturn,
    finding: isMore ? `It made more than holding the benchmark (${percent(benchmark.totalReturn, 1)}), ${beside}.` : `Holding the benchmark made ${percent(benchmark.totalReturn, 1)}, the strategy ${percent(totalReturn, 1)}; ${beside}.`,
    source: 'Jensen, Journal of Finance 23(2), 1968', remedy: 'A rule that earns more for its risk than holding does; else hold.',
  };
};

/** All questions. A question that does not apply (a search that was not made) gives no reason. */
export const CHECKS: readonly Check[] = [
  lookAhead, profit, luck, overfitting, outOfSample, roundTrips, history, interval, plateau, costs, concentrated, fewDays, otherHistories, otherOrders, otherPrices, otherParameters, overBenchmark,
];
