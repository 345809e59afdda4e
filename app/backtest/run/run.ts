/** The back-test over columns: runs a strategy over bars by stated rules and says what came of it. */
import { AppError } from '#app/domain/errors.ts';
import { afterwards } from './afterwards.ts';
import { markOpenTrip } from './book.ts';
import type { Core } from './core.ts';
import { Floor } from './floor.ts';
import { runMany } from './loop-many.ts';
import { runOne, type Curve } from './loop-one.ts';
import { prepare } from './prepare.ts';
import type { RunConfig, RunOptions, RunResult } from './types.ts';
import { MICRO } from './units.ts';

/** The version of the rules: a change of any result by as much as a bit is a new one. Part of every manifest. */
export const ENGINE_VERSION = '2';

/**
 * Runs a back-test. Pure: the same configuration gives the same result to the last bit, however often and wherever it runs.
 * The columns are read, never written, and must not be changed between two runs: what was found out about them is kept.
 * @throws AppError INPUT_INVALID for bars and rules that cannot be, naming the bar; STRATEGY_FAILED when the strategy throws, naming symbol and bar; RUN_STOPPED when `progress` says so
 */
export function runBacktest(config: RunConfig, options: RunOptions = {}): RunResult {
  const { core, stages, warnings } = prepare(config, options);
  const floor = new Floor(core);
  const goOn = (done: number): void => {
    if (options.progress?.(done) === false) throw new AppError('RUN_STOPPED', 'The back-test was stopped by who asked for it', { context: { done } });
  };
  const [only] = stages;
  const curve = stages.length === 1 && only?.markets.length === 1 ? runOne(core, floor, only, goOn) : runMany(core, floor, stages, goOn);
  return resultOf(core, curve, [...warnings, ...afterwards(core, curve)]);
}

function resultOf(core: Core, { time, equity, gross }: Curve, warnings: readonly string[]): RunResult {
  for (const m of core.markets) markOpenTrip(core, m);
  return {
    time, equity, gross, fills: core.fills.table(), trips: core.trips.table(), cash: core.cashDollars, costs: core.costs / MICRO, dividends: core.dividends / MICRO, carry: core.carry / MICRO,
    orders: core.orders, signals: core.signals, denied: core.denied, lines: core.lines ?? [], warnings,
  };
}
