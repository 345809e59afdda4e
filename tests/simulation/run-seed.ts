/** One seed from its first virtual second to rest: a market, people and faults, then quiet, then the checks. */
import { MARKET_BEGINS, Exchange, SYMBOLS } from './exchange.ts';
import { randomOf, type Random } from '#app/domain/random.ts';
import type { ServiceSpec } from '#chassis/service.ts';
import type { SimulatedBook } from './book.ts';
import { cutBroker, mendBroker } from './broker.ts';
import { findBroken, watchRest } from './checks.ts';
import { stream } from './duties.ts';
import { Faults } from './faults.ts';
import { furnish } from './feeds.ts';
import { runInPassing } from './flows.ts';
import { People } from './people.ts';
import { Session } from './session.ts';
import { Trace } from './trace.ts';
import { loseStream, silenceStream } from './trade-stream.ts';
import { Unit, type UnitName } from './unit.ts';
import { takeOverTime, type VirtualTime } from './virtual-time.ts';
import { Wire } from './wire.ts';
import { enterWorld, unitOf, world, type World } from './world.ts';

declare module './world.ts' {
  interface World {
    readonly seed: number;
    readonly time: VirtualTime;
    readonly faults: Faults;
    readonly trace: Trace;
    readonly book: SimulatedBook;
    readonly session: Session;
    readonly wire: Wire;
    readonly exchange: Exchange;
    readonly units: ReadonlyMap<UnitName, Unit>;
    /** For the many small delays. */
    readonly delays: Random;
    /** Nobody wants anything new any more. */
    isClosing(): boolean;
    /** Broken promises that were seen while it ran. */
    readonly broken: string[];
    /** Crash points by name: how often they were passed, and how often a worker died there. */
    readonly points: Map<string, { passed: number; died: number }>;
  }
}

/** What a seed came to. `virtualMs`: time that passed inside. */
export type SeedResult = {
  readonly seed: number; readonly broken: readonly string[]; readonly hash: string; readonly lines: number; readonly virtualMs: number;
  readonly faults: Readonly<Record<string, number>>; readonly points: Readonly<Record<string, { passed: number; died: number }>>;
  /** Approved orders: short sales, those on weights, strategies' own, second steps of targets. */
  readonly approved: { readonly short: number; readonly weighed: number; readonly own: number; readonly followed: number };
  readonly orders: number; readonly fills: number; readonly signals: number; readonly lives: number; readonly tail: readonly string[];
};

/** Once a step a minute of the market passes. */
const STEP_MS = 1_500;
const SECOND_MS = 1_000;
/** People, strategies and faults are at work for so long. */
const BUSY_MS = 36_000;
/** After the last fault everything comes to rest within this (P3: 60 s), and stays there. */
const REST_MS = 75_000;
const CHECK_REST_MS = 2_500;
const SCHEDULED_MS = [12_000, 40_000] as const;
const TAIL_LINES = 60;

/** What a seed runs over. `echo` hears its trace as it is written. */
export type Stage = { readonly book: SimulatedBook; readonly specs: ReadonlyMap<UnitName, ServiceSpec>; readonly echo?: ((line: string) => void) | null };

function openWorld(seed: number, time: VirtualTime, { book, specs, echo = null }: Stage): World {
  const opened = {
    seed, time, book, faults: new Faults(seed), trace: new Trace(time.elapsed, echo), wire: new Wire(), exchange: new Exchange(seed),
    session: new Session(() => void book.script('ROLLBACK')), delays: randomOf(seed, 'delays'), units: new Map<UnitName, Unit>(), broken: [] as string[], points: new Map<string, { passed: number; died: number }>(),
    isClosing: () => time.elapsed() >= BUSY_MS,
  };
  for (const [name, spec] of specs) opened.units.set(name, new Unit(name, spec));
  return opened;
}

/** Faults that come by themselves, asked for once a second. */
function disturb(): void {
  const { faults, units, time, wire, trace } = world();
  if (faults.strikes('crash_all')) for (const unit of units.values()) unit.kill('power cut');
  for (const unit of units.values()) if (faults.strikes('crash_any_time')) time.after(faults.between(0, SECOND_MS), () => unit.kill('killed'));
  if (faults.strikes('wire_outage')) wire.goAway(faults.between(200, 6_000));
  if (faults.strikes('stream_loss')) loseStream();
  if (faults.strikes('stream_silence')) silenceStream();
  if (faults.strikes('broker_outage')) cutBroker(faults.between(1_000, 12_000));
  if (faults.strikes('wall_clock_jump')) {
    const by = Math.round(faults.between(-40_000, 40_000));
    trace.note(`wall clock jumps by ${by} ms`);
    time.jumpWallClock(by);
  }
}

function drive(people: People): void {
  const { time, exchange } = world();
  const market = (): void => {
    exchange.step();
    time.after(STEP_MS * (0.7 + 0.6 * world().delays.next()), market);
  };
  const second = (): void => {
    if (world().isClosing()) return;
    people.act();
    disturb();
    time.after(SECOND_MS, second);
  };
  time.after(STEP_MS, market);
  time.after(SECOND_MS * 2, second);
}

async function comeToRest(): Promise<string[]> {
  const { time, faults, trace, seed } = world();
  faults.end();
  mendBroker();
  trace.note('faults end');
  const limit = time.elapsed() + REST_MS;
  // What the schedule does every minute: it alone finds what somebody else did while its news got lost.
  for (const after of SCHEDULED_MS) time.after(after, () => void runInPassing(unitOf('execution').present(), 'update_positions', `scheduled-${seed}-${after}`));
  const unsettled = watchRest();
  let reasons = unsettled();
  while (reasons.length > 0 && time.elapsed() < limit) {
    const next = time.elapsed() + CHECK_REST_MS;
    await time.runUntil(() => false, next);
    reasons = unsettled();
  }
  return reasons.map((reason) => `L1 not at rest ${REST_MS / 1000} s after the last fault: ${reason}`);
}

/** Runs a seed. */
export async function runSeed(seed: number, stage: Stage): Promise<SeedResult> {
  const { book } = stage;
  await book.reset();
  const time = takeOverTime(MARKET_BEGINS);
  const random = Math.random;
  const chance = randomOf(seed, 'Math.random');
  Math.random = () => chance.next();
  try {
    const opened = openWorld(seed, time, stage);
    enterWorld(opened);
    mendBroker();
    Object.assign(stream, { liveSince: null, lifeName: '' });
    book.script('UPDATE risk_management.trading_state SET at = clock_timestamp()');
    furnish(SYMBOLS);
    for (const unit of opened.units.values()) unit.start();
    drive(new People(seed));
    await time.runUntil(() => opened.broken.length > 0, BUSY_MS);
    const restless = opened.broken.length > 0 ? [] : await comeToRest();
    const found = [...opened.broken, ...restless, ...(await findBroken())];
    for (const words of found) opened.trace.note(`BROKEN ${words}`);
    const [counts] = book.ask<{ orders: number; signals: number }>('SELECT (SELECT count(*) FROM execution.orders) AS orders, (SELECT count(*) FROM strategy_engine.strategy_signals) AS signals');
    const [approved] = book.ask<SeedResult['approved']>(`SELECT count(*) FILTER (WHERE d.side = 'sell' AND NOT d.is_reducing) AS short, count(*) FILTER (WHERE s.weight IS NOT NULL) AS weighed, count(*) FILTER (WHERE s.own_order IS NOT NULL) AS own,
      count(*) FILTER (WHERE d.source = 'risk' AND NOT d.is_reducing) AS followed FROM risk_management.risk_decisions d LEFT JOIN strategy_engine.strategy_signals s ON s.signal_id = d.signal_id WHERE d.outcome = 'approved'`);
    const state = book.ask<{ line: string }>('SELECT concat_ws(\' \', client_order_id, status, filled_qty, avg_fill_price, version) AS line FROM execution.orders ORDER BY client_order_id COLLATE "C"');
    for (const { line } of state) opened.trace.note(`order ${line}`);
    return {
      seed, broken: found, hash: opened.trace.digest(), lines: opened.trace.count(), virtualMs: Math.round(time.elapsed()), faults: Object.fromEntries(opened.faults.struck), points: Object.fromEntries(opened.points),
      approved: approved ?? { short: 0, weighed: 0, own: 0, followed: 0 }, orders: counts?.orders ?? 0, signals: counts?.signals ?? 0, fills: opened.exchange.executions.length, lives: [...opened.units.values()].reduce((sum, unit) => sum + unit.lives(), 0), tail: opened.trace.tail(TAIL_LINES),
    };
  } finally {
    for (const unit of world().units.values()) unit.bury();
    Math.random = random;
    time.remove();
    enterWorld(null);
  }
}
