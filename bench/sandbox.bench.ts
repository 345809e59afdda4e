/** A user's strategy in the sandbox: bars a second through the whole engine, and how that compares with the same strategy built in. */
import { loadavg } from 'node:os';
import { setTimeout as setTimer } from 'node:timers/promises';
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
import { holdBars } from '../services/research/sandbox/hold-bars.ts';
import type { SandboxRun } from '../services/research/sandbox/protocol.ts';
import { openSandbox } from '../services/research/sandbox/sandbox.ts';
import { CROSS_PROJECT, SMA_CROSS } from '../services/research/sandbox/testing-sources.ts';
import { warmSandboxes, type WarmSandboxes } from '../services/research/sandbox/warm.ts';
import { WHOLE_SPAN } from '../services/research/work.ts';
import { figureOf, type Figure } from './lib/measure.ts';
import { synthetic } from './lib/synth.ts';

const BARS = 1_000_000;
const ROUNDS = 3;
const MILLION = 1_000_000;
/** Millions of bars a second, aimed at. */
const TARGET = 2;
/** How long a process waits before it is given a project, ms: a person has looked at the page for a while before they run anything. */
const WARM_UP_MS = 3_000;
/** All of it takes half a minute on a quiet machine. */
const LIMIT_MS = 300_000;

function timed(run: () => unknown): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

const SYMBOLS = 50;
const DAYS = 2_520;
const POINTS = 10;
const LIVE_BARS = 100;

/** A limit of time for all that follows, with the name of what is being measured: so that a sandbox that hangs ends in words, and its process with it. */
class Limit implements Disposable {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private at = 'the beginning';

  constructor(ms: number) {
    this.timer = setTimeout(() => this.controller.abort(new Error(`The sandbox benchmark was ended after ${ms / 1_000} s, at: ${this.at}. Other programs take the processor (load ${(loadavg()[0] ?? 0).toFixed(1)}): run it when the machine is quiet; when it is, the sandbox hangs there`)), ms).unref();
  }

  /** What comes next. @throws Error when the time is over */
  next(what: string): AbortSignal {
    this.controller.signal.throwIfAborted();
    this.at = what;
    return this.controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.timer);
  }
}

/** What was wrong with a run that shall be timed: a wrong result has no speed. */
function invalid(what: string): never {
  throw new Error(`${what}: a wrong result has no speed`);
}

type Project = { readonly held: ReadonlyMap<string, BarColumns>; readonly job: SandboxRun['job']; readonly warm: WarmSandboxes; readonly limit: Limit };
type ProjectTimes = { readonly load: number[]; readonly first: number[]; readonly run: number[]; readonly points: number[]; readonly advance: number[] };

async function timedAsk(into: number[], ask: () => Promise<unknown>, made: (ms: number) => number = (ms) => ms): Promise<void> {
  const began = performance.now();
  await ask();
  into.push(made(performance.now() - began));
}

/** One round of a project: loaded by a process that waited, run, run again, searched, asked bar by bar. */
async function projectRound({ held, job, warm, limit }: Project, times: ProjectTimes): Promise<void> {
  await setTimer(WARM_UP_MS, undefined, { signal: limit.next('a process that waits') });
  let signal = limit.next('loading a project');
  const began = performance.now();
  using sandbox = await openSandbox(CROSS_PROJECT, {}, { warm });
  times.load.push(performance.now() - began);
  const run = { parameters: {}, job, bars: { held: 'span' }, hasLines: true };
  signal = limit.next('the first back-test of a project');
  await timedAsk(times.first, async () => {
    await holdBars(sandbox, 'span', held, { signal });
    const first = await sandbox.ask('backtest', run, signal);
    if (first.fills.length < SYMBOLS || first.log.lines.length === 0) invalid('The project did not trade');
  });
  await timedAsk(times.run, () => sandbox.ask('backtest', run, signal));
  signal = limit.next('points of a search');
  const points = Array.from({ length: POINTS }, (_, k) => ({ fast: 3 + k }));
  await timedAsk(times.points, () => sandbox.ask('points', { job, bars: run.bars, span: WHOLE_SPAN, points, figures: ['sharpe', 'total_return'], periods: 0 }, signal), (ms) => POINTS / (ms / 1_000));
  signal = limit.next('live bars');
  await sandbox.ask('open', { cell: 'one', symbols: ['S0'], saved: null, wishes: null }, signal);
  const bars = held.get('S0') ?? dailyOf(0);
  for (let i = 0; i < LIVE_BARS; i += 1) {
    const bar = barAt(bars, i);
    await timedAsk(times.advance, () => sandbox.ask('advance', { cell: 'one', openTime: bar.time, closeTime: bar.time + 1, bars: new Map([['S0', bar]]), mode: 'live', equity: 1, cash: 1, positions: new Map() }, signal));
  }
}

/** A project as the studio asks it: loaded in a process that waited, ten years of days on 50 symbols, points of a search, bars as live. */
async function benchProject(limit: Limit): Promise<Figure[]> {
  using warm = warmSandboxes(1);
  const held = new Map(Array.from({ length: SYMBOLS }, (_, n) => [`S${n}`, dailyOf(n)] as const));
  const job = { markets: [...held.keys()].map((symbol) => ({ symbol, bars: symbol })), timeframe: '1Day' as const, sizing: { method: 'percent_of_equity' as const, percent: '2' } };
  const times: ProjectTimes = { load: [], first: [], run: [], points: [], advance: [] };
  for (let n = 0; n < ROUNDS; n += 1) await projectRound({ held, job, warm, limit }, times);
  return [
    figureOf({ name: 'load of a project of three files in a process that waited', unit: 'ms', values: times.load, limit: 150 }),
    figureOf({ name: `first back-test of a project: ${DAYS} days on ${SYMBOLS} symbols, bars handed over, log and lines`, unit: 'ms', values: times.first, limit: 1_000 }),
    figureOf({ name: 'the same again, over bars that are held', unit: 'ms', values: times.run }),
    figureOf({ name: 'points of a search over the same bars', unit: 'points/s', values: times.points, isFloor: true }),
    figureOf({ name: 'a live bar of a project, there and back', unit: 'ms', values: times.advance, p: 0.99 }),
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

/** A process and its strategy, from nothing. */
async function benchStarts(limit: Limit): Promise<Figure> {
  const starts: number[] = [];
  for (let n = 0; n < ROUNDS; n += 1) {
    limit.next('the start of a sandbox');
    const start = performance.now();
    using sandbox = await openSandbox(SMA_CROSS, {});
    starts.push(performance.now() - start);
    if (sandbox.facts.kind !== 'my_cross') invalid('Another strategy was loaded');
  }
  return figureOf({ name: 'start of a sandbox: process, interpreter, strategy', unit: 'ms', values: starts });
}

/** A million bars through the engine, sandboxed and built in by turns. */
async function benchMillion(limit: Limit): Promise<Figure[]> {
  const bars = synthetic({ length: BARS });
  const functions = indicatorFunctions(INDICATORS);
  const machine = await Machine.load(SMA_CROSS, [...functions.keys()]);
  const times = new Map([['AAA', timedBars(bars, '1Min').sessions.close]]);
  const config = (bind: () => BoundStrategy) => {
    const type: StrategyType = { ...smaCross, bind };
    return runConfigOf(readJob({ strategy: { kind: 'sma_cross' }, markets: [{ symbol: 'AAA', bars: 'AAA' }], timeframe: '1Min', sizing: { method: 'fixed_notional', notional: '10000' } }), { strategyType: () => type, barsOf: () => bars });
  };
  // A run's columns are given back before the next one: those of all together would fill the memory of a strategy.
  const inside = () => {
    limit.next('a million bars in the sandbox');
    using guest = guestStrategy(machine, bindGuest(machine, {}, functions), { times, hasReasons: false });
    return runBacktest(config(() => guest));
  };
  const native = () => runBacktest(config(() => smaCross.bind({})));
  const [ours, theirs] = [native(), inside()];
  if (ours.orders !== theirs.orders || ours.equity.at(-1) !== theirs.equity.at(-1)) invalid(`The sandboxed strategy made ${theirs.orders} orders, the built-in one ${ours.orders}`);
  const pairs = Array.from({ length: ROUNDS }, () => [timed(native), timed(inside)] as const);
  return [
    figureOf({ name: `sandboxed crossover over 1 M bars, ${ours.orders} orders`, unit: 'M bars/s', values: pairs.map(([, ms]) => BARS / ms / (MILLION / 1_000)), limit: TARGET, isFloor: true, p: 1 }),
    figureOf({ name: 'sandboxed / built in', unit: 'x', values: pairs.map(([a, b]) => b / a) }),
  ];
}

/** The figures. @throws Error when the sandboxed strategy does not trade as the built-in one does, or when it all takes too long */
export async function benchSandbox(): Promise<Figure[]> {
  using limit = new Limit(LIMIT_MS);
  return [...(await benchMillion(limit)), await benchStarts(limit), ...(await benchProject(limit))];
}
