/** A user's strategy in the sandbox: bars a second through the whole engine, and how that compares with the same strategy built in. */
import { setTimeout } from 'node:timers/promises';
import { runBacktest } from '#app/backtest/run/run.ts';
import { timedBars } from '#app/backtest/run/sessions.ts';
import { BAR_FIELDS, barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { INDICATORS } from '#app/indicators/catalogue.ts';
import { fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import { smaCross } from '#app/strategy/built-in/sma-cross.ts';
import { barAt } from '#app/strategy/column-run.ts';
import type { BoundStrategy, StrategyType } from '#app/strategy/spec.ts';
import { readJob, runConfigOf } from '../services/research/job.ts';
import { guestStrategy } from '../services/research/sandbox/guest-strategy.ts';
import { bindGuest, indicatorFunctions } from '../services/research/sandbox/guest-terms.ts';
import { Machine } from '../services/research/sandbox/machine.ts';
import { openSandbox } from '../services/research/sandbox/sandbox.ts';
import { CROSS_PROJECT, SMA_CROSS } from '../services/research/sandbox/testing-sources.ts';
import { warmSandboxes } from '../services/research/sandbox/warm.ts';
import { figureOf, type Figure } from './lib/measure.ts';
import { synthetic } from './lib/synth.ts';

const BARS = 1_000_000;
const ROUNDS = 5;
const MILLION = 1_000_000;
/** Millions of bars a second, aimed at. */
const TARGET = 2;
/** How long a process waits before it is given a project, ms. */
const WARM_UP_MS = 1_500;

function timed(run: () => unknown): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

const SYMBOLS = 50;
const DAYS = 2_520;
const POINTS = 20;
const LIVE_BARS = 200;

/** A project as the studio asks it: loaded in a process that waited, ten years of days on 50 symbols, points of a search, bars as live. */
export async function benchProject(): Promise<Figure[]> {
  using warm = warmSandboxes(1);
  const held = new Map(Array.from({ length: SYMBOLS }, (_, n) => [`S${n}`, dailyOf(n)] as const));
  const job = { markets: [...held.keys()].map((symbol) => ({ symbol, bars: symbol })), timeframe: '1Day' as const, sizing: { method: 'percent_of_equity' as const, percent: '2' } };
  const [loads, firsts, runs, points, advances]: [number[], number[], number[], number[], number[]] = [[], [], [], [], []];
  for (let n = 0; n < ROUNDS; n += 1) {
    // A person has looked at the page for a while before they run anything.
    await setTimeout(WARM_UP_MS);
    let began = performance.now();
    using sandbox = await openSandbox(CROSS_PROJECT, {}, { warm });
    loads.push(performance.now() - began);
    began = performance.now();
    await sandbox.ask('hold', { name: 'span', bars: held });
    const run = { parameters: {}, job, bars: { held: 'span' }, hasLines: true };
    const first = await sandbox.ask('backtest', run);
    firsts.push(performance.now() - began);
    if (first.fills.length < SYMBOLS || first.log.lines.length === 0) throw new Error('The project did not trade: a wrong result has no speed');
    began = performance.now();
    await sandbox.ask('backtest', run);
    runs.push(performance.now() - began);
    began = performance.now();
    const span = { from: -Infinity, to: Infinity };
    await sandbox.ask('points', { job, bars: run.bars, span, points: Array.from({ length: POINTS }, (_, k) => ({ fast: 3 + k })), figures: ['sharpe', 'total_return'], periods: 0 });
    points.push(POINTS / ((performance.now() - began) / 1_000));
    await sandbox.ask('open', { cell: 'one', symbols: ['S0'], saved: null, wishes: null });
    const bars = held.get('S0') ?? dailyOf(0);
    for (let i = 0; i < LIVE_BARS; i += 1) {
      const bar = barAt(bars, i);
      began = performance.now();
      await sandbox.ask('advance', { cell: 'one', openTime: bar.time, closeTime: bar.time + 1, bars: new Map([['S0', bar]]), mode: 'live', equity: 1, cash: 1, positions: new Map() });
      advances.push(performance.now() - began);
    }
  }
  return [
    figureOf({ name: 'load of a project of three files in a process that waited', unit: 'ms', values: loads, limit: 150 }),
    figureOf({ name: `first back-test of a project: ${DAYS} days on ${SYMBOLS} symbols, bars handed over, log and lines`, unit: 'ms', values: firsts, limit: 1_000 }),
    figureOf({ name: 'the same again, over bars that are held', unit: 'ms', values: runs }),
    figureOf({ name: 'points of a search over the same bars', unit: 'points/s', values: points, isFloor: true }),
    figureOf({ name: 'a live bar of a project, there and back', unit: 'ms', values: advances, p: 0.99 }),
  ];
}

/** Days, one for each session. */
function dailyOf(seed: number): BarColumns {
  const bars = barColumns(DAYS);
  const minutes = synthetic({ length: DAYS, seed });
  for (const field of BAR_FIELDS) bars[field].set(minutes[field]);
  sessionsBetween('2014-01-02', '2026-12-31').slice(0, DAYS).forEach(({ date }, i) => {
    bars.time[i] = fromNewYork(date, 0);
  });
  return bars;
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
    ...(await benchProject()),
  ];
}
