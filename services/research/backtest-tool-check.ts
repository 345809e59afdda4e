/** What only further runs can tell of a result: whether it knows the future, and whether it survives a little noise. */
import type { FoundElsewhere } from '#app/analytics/evidence.ts';
import { jitterBars, jitterParameters, type MovableParameter } from '#app/analytics/jitter.ts';
import { figuresOf } from '#app/backtest/search/figures.ts';
import { runBacktest } from '#app/backtest/run/run.ts';
import type { RunConfig, RunResult } from '#app/backtest/run/types.ts';
import { REGULAR_WIDE_BARS } from '#app/backtest/run/wide.ts';
import { AppError } from '#app/domain/errors.ts';
import { timeframeMs } from '#app/domain/time.ts';
import { checkLookAhead } from '#app/strategy/look-ahead.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import { leftOutWords, LOOK_PART, summaryOf, type Tried } from './check-time.ts';

/** Runs of each kind; fewer where the bars are many, so that a check takes seconds. */
const VARIANTS = 50;
const MOST_BARS_RUN = 50_000_000;
/** Looking for the future compares every signal of every shortened run, each at the price of some twenty bars: places to cut, by bars and signals together. */
const MOST_STEPS_LOOKED = 10_000_000;
const STEPS_A_SIGNAL = 20;
const CUTS = [8, 120] as const;
/** Bars that are shown one by one where time is short, of all symbols together. */
const STREAMED_BARS = 20_000;
const NOTHING_TRIED: Tried = { ratios: [], run: 0, planned: 0 };
/** Under the house's rules an order is decided in exact decimals: that takes as long as so many bars. */
const BARS_OF_AN_ORDER = 10_000;
/** Noise on each price, hundredths of a percent: about half of a usual spread of a smaller share. */
export const NOISE_BPS = 5;

/** The answers, and the look-ahead findings in words. */
export type Checked = { readonly found: FoundElsewhere; readonly words: readonly string[] };

function sharpeOf(config: RunConfig): number {
  return figuresOf(runBacktest(config), config.account.cash, { names: ['sharpe'] })[0] ?? NaN;
}

/** Ordered numbers of the strategy that may be moved. */
export function movable({ parameterSet }: Pick<StrategyType, 'parameterSet'>, values: RunConfig['strategy']['parameters']): MovableParameter[] {
  return Object.entries(parameterSet).flatMap(([name, parameter]): MovableParameter[] => {
    const value = values[name];
    // What is switched off by 0 is another strategy when it is switched on.
    return (parameter.kind === 'integer' || parameter.kind === 'number') && typeof value === 'number' && value !== 0 ? [{ name, value, min: parameter.min, max: parameter.max, step: parameter.step }] : [];
  });
}

/** The Sharpe ratio of a run, NaN where there is none; values that do not go together are no variant. */
function ratioOf(make: () => RunConfig): number {
  try {
    return sharpeOf(make());
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'STRATEGY_PARAMETERS_INVALID') throw error;
    return NaN;
  }
}

/** Runs of several kinds in turn, so that of each kind some are made before the time is over. */
function tryAll(kinds: readonly (readonly (() => RunConfig)[])[], isOver: () => boolean): Tried[] {
  const ratios = kinds.map((): number[] => []);
  const run = kinds.map(() => 0);
  const most = Math.max(0, ...kinds.map((kind) => kind.length));
  for (let n = 0; n < most; n += 1) {
    for (const [at, kind] of kinds.entries()) {
      const make = kind[n];
      if (make === undefined || isOver()) continue;
      const ratio = ratioOf(make);
      run[at] = n + 1;
      if (Number.isFinite(ratio)) ratios[at]?.push(ratio);
    }
  }
  return kinds.map(({ length }, at) => ({ ratios: ratios[at] ?? [], run: run[at] ?? 0, planned: length }));
}

/** A run to check. `budget`: bars that the runs of one kind may take together; `withinMs`: left out, the checks take what they take, and the same run gives the same words. */
export type CheckedRun = { readonly type: StrategyType; readonly config: RunConfig; readonly result: RunResult; readonly seed: number; readonly budget?: number; readonly withinMs?: number };

/** Runs it again with later bars taken away, with noise on the prices, and with parameters beside. @throws AppError STRATEGY_FAILED */
export function checkRun({ type, config, result, seed, budget = MOST_BARS_RUN, withinMs = Infinity }: CheckedRun): Checked {
  const began = performance.now();
  const isOver = (part: number) => (): boolean => performance.now() - began > part * withinMs;
  const { strategy, markets, account } = config;
  const held = markets.reduce((sum, market) => sum + market.bars.time.length, 0);
  const cuts = Math.max(CUTS[0], Math.min(CUTS[1], Math.floor(MOST_STEPS_LOOKED / Math.max(held + STEPS_A_SIGNAL * result.signals, 1))));
  const look = checkLookAhead(strategy, markets.map(({ symbol, bars }) => ({ symbol, bars })), { barMs: timeframeMs(config.timeframe), wide: REGULAR_WIDE_BARS, cuts, isOver: isOver(LOOK_PART), ...(withinMs === Infinity ? {} : { streamed: Math.max(1, Math.floor(STREAMED_BARS / Math.max(1, markets.length))) }) });
  const bars = held + (config.desk.kind === 'house' ? BARS_OF_AN_ORDER * result.orders : 0);
  const variants = Math.max(5, Math.min(VARIANTS, Math.floor(budget / Math.max(bars, 1))));
  const base = figuresOf(result, account.cash, { names: ['sharpe'] })[0] ?? NaN;
  const noisy = Array.from({ length: variants }, (_none, variant) => (): RunConfig => ({ ...config, markets: markets.map((market) => ({ ...market, bars: jitterBars(market.bars, { seed, variant, basisPoints: NOISE_BPS }) })) }));
  const beside = jitterParameters(movable(type, strategy.parameters), { seed, variants }).map((moved) => (): RunConfig => ({ ...config, strategy: type.bind({ ...strategy.parameters, ...moved }) }));
  const [noise = NOTHING_TRIED, moved = NOTHING_TRIED] = tryAll([noisy, beside], isOver(1));
  return {
    found: { lookAhead: look.findings.length === 0 ? 'clean' : 'found', priceJitter: summaryOf(base, noise), parameterJitter: summaryOf(base, moved) },
    words: [...look.findings.map(({ message }) => message), ...leftOutWords({ noise, beside: moved, look })],
  };
}
