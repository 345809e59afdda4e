/** A user's strategy in the sandbox: bars a second through the whole engine, and how that compares with the same strategy built in. */
import { runBacktest } from '#app/backtest/run/run.ts';
import { timedBars } from '#app/backtest/run/sessions.ts';
import { INDICATORS } from '#app/indicators/catalogue.ts';
import { smaCross } from '#app/strategy/built-in/sma-cross.ts';
import type { BoundStrategy, StrategyType } from '#app/strategy/spec.ts';
import { readJob, runConfigOf } from '../services/research/job.ts';
import { guestStrategy } from '../services/research/sandbox/guest-strategy.ts';
import { bindGuest, indicatorFunctions } from '../services/research/sandbox/guest-terms.ts';
import { Machine } from '../services/research/sandbox/machine.ts';
import { openSandbox } from '../services/research/sandbox/sandbox.ts';
import { SMA_CROSS } from '../services/research/sandbox/testing-sources.ts';
import { figureOf, type Figure } from './lib/measure.ts';
import { synthetic } from './lib/synth.ts';

const BARS = 1_000_000;
const ROUNDS = 5;
const MILLION = 1_000_000;
/** Millions of bars a second, aimed at. */
const TARGET = 2;

function timed(run: () => unknown): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

/** The figures. @throws when the sandboxed strategy does not trade as the built-in one does */
export async function benchSandbox(): Promise<Figure[]> {
  const bars = synthetic({ length: BARS });
  const functions = indicatorFunctions(INDICATORS);
  const machine = await Machine.load(SMA_CROSS, [...functions.keys()]);
  const times = new Map([['AAA', timedBars(bars, '1Min').sessions.close]]);
  const config = (bind: () => BoundStrategy) => {
    const type: StrategyType = { ...smaCross, bind };
    return runConfigOf(readJob({ strategy: { kind: 'sma_cross' }, markets: [{ symbol: 'AAA', bars: 'AAA' }], timeframe: '1Min', sizing: { method: 'fixed_notional', notional: '10000' } }), { strategyType: () => type, barsOf: () => bars });
  };
  // Columns of a run are given back before the next one.
  using runs = new DisposableStack();
  const inside = (): BoundStrategy => runs.use(guestStrategy(machine, bindGuest(machine, {}, functions), { times, hasReasons: false }));
  const native = (): BoundStrategy => smaCross.bind({});
  const [ours, theirs] = [runBacktest(config(native)), runBacktest(config(inside))];
  if (ours.orders !== theirs.orders || ours.equity.at(-1) !== theirs.equity.at(-1)) throw new Error(`The sandboxed strategy made ${theirs.orders} orders, the built-in one ${ours.orders}: a wrong result has no speed`);
  const pairs = Array.from({ length: ROUNDS }, () => [timed(() => runBacktest(config(native))), timed(() => runBacktest(config(inside)))] as const);
  const starts: number[] = [];
  for (let n = 0; n < ROUNDS; n += 1) {
    const start = performance.now();
    using sandbox = await openSandbox(SMA_CROSS, {});
    starts.push(performance.now() - start);
    if (sandbox.facts.kind !== 'my_cross') throw new Error('Another strategy was loaded');
  }
  const speeds = pairs.map(([, ms]) => BARS / ms / (MILLION / 1_000));
  return [
    figureOf({ name: `sandboxed crossover over 1 M bars, ${ours.orders} orders`, unit: 'M bars/s', values: speeds, limit: TARGET, isFloor: true, p: 1 }),
    figureOf({ name: 'sandboxed / built in', unit: 'x', values: pairs.map(([a, b]) => b / a) }),
    figureOf({ name: 'start of a sandbox: process, interpreter, strategy', unit: 'ms', values: starts }),
  ];
}
