/** A worker of the simulation: the service's own parts on the chassis' own lane and relay, killed and started again as often as it must be. */
import { COMMANDS, type CommandInput, type CommandName, type CommandOutput } from '#app/contracts/commands.ts';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import type { ServiceId } from '#app/domain/ids.ts';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import { createArming } from '#chassis/arming.ts';
import { monotonicMs, systemClock } from '#chassis/clock.ts';
import { startLane, type Lane } from '#chassis/consumer.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { createHealth } from '#chassis/health.ts';
import { createLatch, type KillLatchKeeper } from '#chassis/latch.ts';
import type { Bus } from '#chassis/bus.ts';
import type { Logger } from '#chassis/log.ts';
import type { Metrics } from '#chassis/metrics.ts';
import { startRelay } from '#chassis/relay.ts';
import type { ServiceContext, ServiceParts, ServiceSpec } from '#chassis/service.ts';
import type { FaultKind } from './faults.ts';
import { runInPassing } from './flows.ts';
import { world } from './world.ts';

/** The workers that are simulated. */
export type UnitName = 'data_ingestion' | 'strategy_engine' | 'risk_management' | 'execution';

const ACCESS = { host: '127.0.0.1', port: 5432, tradingDb: 'trading_system', orchestratorDb: 'orchestrator', password: '' };
const ALPACA = { tradingUrl: 'http://127.0.0.1:1', dataUrl: 'http://127.0.0.1:1', tradingStreamUrl: 'ws://127.0.0.1:1/stream', dataStreamUrl: 'ws://127.0.0.1:1/v2/iex', keyId: 'PKSIM', secretKey: 'simulated' };
const RESTART_MS = { least: 150, most: 2_500 };

function configOf(unit: UnitName, life: number): RuntimeConfig {
  return {
    unit, instanceId: `sim${life}`, version: '0.0.0-simulation', dataDir: 'nowhere', mode: 'demo', postgres: { ...ACCESS, user: unit }, redis: { host: '127.0.0.1', port: 6379, tls: false }, units: {},
    internalToken: 'simulated-internal-token-0123456789abcdef', logLevel: 'info', logRetentionDays: 1, alpaca: ALPACA,
  };
}

/** What is said above debug level is part of the trace: two runs that log differently are different. */
function traceLog(unit: UnitName): Logger {
  const say = (level: string) => (fields: unknown, words?: string): void => {
    const text = typeof fields === 'string' ? fields : `${words ?? ''} ${JSON.stringify(fields)}`;
    world().trace.note(`${unit} ${level}: ${text.slice(0, 400)}`);
  };
  const log = { trace: () => undefined, debug: () => undefined, info: say('info'), warn: say('warn'), error: say('error'), fatal: say('fatal') };
  return { ...log, child: () => log } as unknown as Logger;
}

function noMetrics(): Metrics {
  const nothing = { inc: () => undefined, set: () => undefined, observe: () => undefined, dec: () => undefined };
  return { counter: () => nothing, gauge: () => nothing, histogram: () => nothing, render: () => Promise.resolve(''), contentType: 'text/plain' } as unknown as Metrics;
}

/** One life of a worker: from its start to the moment in which its memory is gone. */
export class Life {
  readonly unit: Unit;
  readonly name: string;
  isDead = false;
  /** Everything before it is its start. */
  isReady = false;
  readonly abort = new AbortController();
  parts: ServiceParts = {};
  lane: Lane | null = null;
  latch: KillLatchKeeper | null = null;

  constructor(unit: Unit, n: number) {
    this.unit = unit;
    this.name = `${unit.name}#${n}`;
  }

  /** Dies here, perhaps. True: nothing of this life may happen any more. */
  mayDie(kind: FaultKind, where: string): boolean {
    if (this.isDead) return true;
    if (!world().faults.strikes(kind)) return false;
    this.unit.kill(where);
    return true;
  }
}

/** Thrown where a worker dies in the middle of its own code. */
export class Dead extends Error {
  override readonly name = 'Dead';
}

/** One worker with all its lives. */
export class Unit {
  readonly name: UnitName;
  readonly #spec: ServiceSpec;
  #life: Life;
  #lives = 0;

  constructor(name: UnitName, spec: ServiceSpec) {
    this.name = name;
    this.#spec = spec;
    this.#life = new Life(this, 0);
    this.#life.isDead = true;
  }

  lives(): number {
    return this.#lives;
  }

  isReady(): boolean {
    return !this.#life.isDead && this.#life.isReady;
  }

  /** The present life; a dead one until the next begins. */
  present(): Life {
    return this.#life;
  }

  start(): void {
    this.#lives += 1;
    const life = new Life(this, this.#lives);
    this.#life = life;
    world().trace.note(`${life.name} starts`);
    this.#begin(life).catch((error: unknown) => this.#fatal(life, error));
  }

  /** The memory is gone; the book and the broker are as they are. Somebody starts it again. */
  kill(where: string): void {
    const life = this.#life;
    if (life.isDead) return;
    life.isDead = true;
    const { trace, session, time, faults } = world();
    trace.note(`${life.name} dies: ${where}`);
    session.free(life);
    time.after(faults.between(RESTART_MS.least, RESTART_MS.most), () => this.start());
  }

  /** The run is over: nothing of it reaches the next. */
  bury(): void {
    this.#life.isDead = true;
  }

  /** What a service says of itself that cannot go on. Nothing that we do to it from outside may bring it there. */
  #fatal(life: Life, error: unknown): void {
    if (life.isDead || error instanceof Dead) return;
    world().broken.push(`F1 ${this.name} ended by itself: ${describeError(error)}${error instanceof Error && error.cause !== undefined ? ` (${describeError(error.cause)})` : ''}`);
    world().trace.note(`${life.name} fatal ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`.slice(0, 1_500));
    this.kill('fatal');
  }

  #context(life: Life, db: Db, bus: Bus): ServiceContext {
    const log = traceLog(this.name);
    const latch = createLatch({ configured: [], log, send: () => undefined });
    life.latch = latch;
    return {
      unit: this.name, config: configOf(this.name, this.#lives), log, clock: systemClock, db, bus, metrics: noMetrics(), latch,
      health: createHealth(() => undefined), flows: { trigger: (name, _input, key) => Promise.resolve(runInPassing(life, name, key)) },
      arming: createArming({ mode: 'demo', configured: undefined, clocks: () => ({ wall: systemClock.now(), monotonic: monotonicMs() }), log }),
      signal: life.abort.signal, laneBusyForMs: () => life.lane?.busyForMs() ?? null, extend: () => undefined,
      request: () => Promise.reject(new AppError('UNIT_TIMEOUT', 'Nobody supervises a simulation')), onControl: () => undefined,
      callCommand: () => Promise.reject(new AppError('UNIT_TIMEOUT', 'Workers of a simulation do not call each other')),
      healthReport: () => ({ unit: this.name, version: '', instanceId: '', live: true, ready: life.isReady, uptimeMs: 0, reasons: [], detail: {} }),
      fatal: (error) => this.#fatal(life, error),
    };
  }

  /** The order of the chassis: set up, recover, relay, lane, start. */
  async #begin(life: Life): Promise<void> {
    const onFatal = (error: unknown): void => this.#fatal(life, error);
    const service: ServiceId = this.name;
    const db = openDb({ access: { ...ACCESS, user: this.name }, database: ACCESS.tradingDb, schema: service, applicationName: this.name, max: 4, onLost: onFatal });
    const bus = world().wire.open(life);
    const context = this.#context(life, db, bus);
    life.parts = await this.#spec.setUp(context);
    await life.parts.recover?.();
    await startRelay({ db, bus, service, log: context.log, onFatal });
    const consumers = life.parts.consumers ?? [];
    if (consumers.length > 0) life.lane = await startLane(consumers, { db, bus, service, log: context.log, onFatal });
    await life.parts.start?.();
    life.isReady = true;
    world().trace.note(`${life.name} ready`);
  }

  /** A command as the gateway would send it. @throws AppError UNIT_TIMEOUT while the worker is away, else what the service throws */
  async command<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>> {
    const life = this.#life;
    const handler = life.parts.commands?.[name] as ((input: unknown) => Promise<CommandOutput<N>>) | undefined;
    if (life.isDead || !life.isReady) throw new AppError('UNIT_TIMEOUT', 'The part is away');
    invariant(handler, 'The command belongs to this unit', { name });
    return COMMANDS[name].output.parse(await handler(COMMANDS[name].input.parse(input))) as CommandOutput<N>;
  }
}
