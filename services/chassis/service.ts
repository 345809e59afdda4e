/** The chassis: config -> connect -> recover -> ready -> drain -> exit, the same for every worker. */
import type { Server } from 'node:http';
import { COMMANDS, type CommandAsk, type CommandInput, type CommandName, type CommandOutput } from '#app/contracts/commands.ts';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { EXIT, type ControlArgs, type ControlResult, type ControlVerb, type ToWorker } from '#app/contracts/control.ts';
import type { WorkerHealth, WorkerId } from '#app/contracts/health.ts';
import { tryRead } from '#app/contracts/read.ts';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import { SERVICE_IDS, type ServiceId } from '#app/domain/ids.ts';
import type { Clock } from '#app/domain/time.ts';
import { createArming, type LiveArming, type LiveArmingKeeper } from './arming.ts';
import { openBus, type Bus } from './bus.ts';
import { keepCalendar } from './calendar.ts';
import { monotonicMs, systemClock } from './clock.ts';
import { callCommand } from './commands.ts';
import { startLane, type ConsumerSpec, type Lane } from './consumer.ts';
import { openDb, type Db } from './db.ts';
import type { FlowDefinition, FlowRegistry } from './flows.ts';
import { createHealth, type Health } from './health.ts';
import { createLatch, type KillLatch, type KillLatchKeeper } from './latch.ts';
import { openDoor } from './http.ts';
import { connectLink, type Link } from './link.ts';
import { createLog, type Logger } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { startRelay, type Relay } from './relay.ts';
import { exitCodeFor, exitWith, startBeat } from './runtime.ts';

/** What a worker is given to build its parts with. */
export type ServiceContext = {
  readonly unit: WorkerId;
  readonly config: RuntimeConfig;
  readonly log: Logger;
  readonly clock: Clock;
  /** @throws INVARIANT_BROKEN when the spec said usesBook false. */
  readonly db: Db;
  /** @throws INVARIANT_BROKEN when the spec said usesBus false. */
  readonly bus: Bus;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly flows: FlowRegistry;
  /** May orders go to the real account? Kept up to date by the supervisor's messages. */
  readonly arming: LiveArming;
  /** The kill switch, ahead of the book. */
  readonly latch: KillLatch;
  /** Aborted when the worker begins to drain. */
  readonly signal: AbortSignal;
  /** The lane (the slowest of several) is at one batch for this long, null when it is idle or there is none: what a dead-man's lease must know. */
  laneBusyForMs(): number | null;
  /** A long recovery asks the supervisor for more time. */
  extend(deadlineMs: number, reason: string): void;
  /** Asks the supervisor; no answer within five seconds, or `timeoutMs`, is an error. */
  request<V extends ControlVerb>(verb: V, args: ControlArgs<V>, timeoutMs?: number): Promise<ControlResult<V>>;
  /** Hears the supervisor's messages (the gateway: unitStates). */
  onControl(listener: (message: ToWorker) => void): void;
  /** Asks another service over HTTP. */
  callCommand<N extends CommandName>(name: N, input: CommandAsk<N>): Promise<CommandOutput<N>>;
  /** For workers that bring their own HTTP server: what /health and /metrics must answer. */
  healthReport(): WorkerHealth;
  /** Ends the process: something happened after which going on would be wrong. */
  fatal(error: unknown): void;
};

/** Handlers of the commands that this service owns. */
export type CommandHandlers = { readonly [N in CommandName]?: (input: CommandInput<N>) => Promise<CommandOutput<N>> };

/** The parts of a running worker. */
export type ServiceParts = {
  /** Starting and recovering are one path: runs at each start before anything is heard. */
  recover?(): Promise<void>;
  readonly consumers?: readonly ConsumerSpec[];
  readonly commands?: CommandHandlers;
  readonly flows?: readonly FlowDefinition[];
  /** Own HTTP server in place of the chassis' door; listens on config.units[unit]. */
  serve?(): Promise<{ close(): Promise<void> }>;
  /** Loops and sockets; after the consumers run and before `ready`. */
  start?(): Promise<void>;
  /** Stop taking work, finish what is in flight. */
  drain?(deadlineMs: number): Promise<void>;
  resumed?(pausedMs: number): Promise<void>;
  backlog?(): number;
  oldestPendingAgeMs?(): number | null;
  brokerMessageAgeMs?(): number | null;
};

/** A worker. */
export type ServiceSpec = {
  readonly unit: WorkerId;
  /** Most PostgreSQL connections; default 4. */
  readonly pool?: number;
  readonly usesBook?: boolean | ((config: RuntimeConfig) => boolean);
  readonly usesBus?: boolean;
  setUp(ctx: ServiceContext): Promise<ServiceParts>;
};

type Running = { parts: ServiceParts; lane: Lane | null; relay: Relay | null; server: Server | null; own: { close(): Promise<void> } | null; engine: FlowEngine | null };

/** What flow-engine.ts gives: started after `ready`, so that flows never delay trading. */
export type FlowEngine = { readonly registry: FlowRegistry; start(definitions: readonly FlowDefinition[]): Promise<void>; accept(run: unknown): Promise<boolean>; stop(): Promise<void> };

function isService(unit: WorkerId): unit is ServiceId {
  return (SERVICE_IDS as readonly string[]).includes(unit);
}

const NO_FLOWS: FlowRegistry = {
  trigger: (name) => Promise.reject(new AppError('FLOW_NOT_FOUND', `This unit runs no flows; ${name} belongs to another`)),
};

/** Runs the worker until it is told to stop or cannot go on. */
export function runService(spec: ServiceSpec): void {
  const link = connectLink();
  const fallbackLog = createLog(spec.unit, 'info');
  process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole group; the supervisor decides when we stop.
  live(spec, link).catch((error: unknown) => {
    fallbackLog.error({ error: describeError(error), stack: error instanceof Error ? error.stack : undefined }, 'Start failed');
    void exitWith(link, exitCodeFor(error), describeError(error));
  });
}

type Heard = { arming: LiveArmingKeeper | null; latch: KillLatchKeeper | null; early: { readonly armedUntil: number | null } | null; /** What was said of the kill switch before its keeper was there. */ readonly missed: ((latch: KillLatchKeeper) => void)[] };

/** Keeps what the supervisor says of arming and kill switch until their keepers exist. */
function hearSwitches(link: Link): Heard {
  const heard: Heard = { arming: null, latch: null, early: null, missed: [] };
  link.onMessage((message) => {
    if (message.type === 'arming') {
      if (heard.arming) heard.arming.tell(message.armedUntil);
      else heard.early = { armedUntil: message.armedUntil };
    }
    const say = message.type === 'latch' ? (latch: KillLatchKeeper) => latch.tell(message.latch) : message.type === 'unlatch' ? (latch: KillLatchKeeper) => latch.release(message.key) : null;
    if (say === null) return;
    if (heard.latch) say(heard.latch);
    else heard.missed.push(say);
  });
  return heard;
}

type State = { isReady: boolean; isStopping: boolean };

async function live(spec: ServiceSpec, link: Link): Promise<void> {
  // Heard from the first moment on: a disarming must not be lost while we connect, nor when it comes in one piece with the configuration.
  const heard = hearSwitches(link);
  const config = await link.init();
  const log = createLog(spec.unit, config.logLevel);
  link.onMessage((message) => {
    if (message.type === 'tuned') log.level = message.logLevel;
  });
  const arming = createArming({ mode: config.mode, configured: heard.early ?? config.live, clocks: () => ({ wall: systemClock.now(), monotonic: monotonicMs() }), log });
  heard.arming = arming;
  const latch = createLatch({ configured: config.latches ?? [], log, send: (message) => link.send(message) });
  for (const say of heard.missed.splice(0)) say(latch);
  heard.latch = latch;
  const abort = new AbortController();
  const state: State = { isReady: false, isStopping: false };
  const running: Running = { parts: {}, lane: null, relay: null, server: null, own: null, engine: null };
  const fatal = (error: unknown): void => {
    if (state.isStopping) return;
    state.isStopping = true;
    abort.abort();
    log.error({ error: describeError(error), stack: error instanceof Error ? error.stack : undefined }, 'Cannot go on');
    void exitWith(link, exitCodeFor(error), describeError(error));
  };
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);

  const wires = openWires(spec, config, { log, fatal });
  const stopBeat = startBeat(link, {
    backlog: () => (running.lane?.backlog() ?? 0) + (running.relay?.backlog() ?? 0) + (running.parts.backlog?.() ?? 0),
    oldestPendingAgeMs: () => running.parts.oldestPendingAgeMs?.() ?? running.lane?.busyForMs() ?? null,
    brokerMessageAgeMs: () => running.parts.brokerMessageAgeMs?.() ?? null,
  });
  if (isService(spec.unit)) {
    const { createFlowEngine } = await import('./flow-engine.ts');
    running.engine = createFlowEngine({ unit: spec.unit, ...(config.extraWorker ? { workerId: config.extraWorker.id } : {}), config, log, onFatal: fatal, degraded: (key, reason) => ctx.health.degraded(key, reason) });
  }
  const ctx = createContext({ spec, config, log, arming, latch, link, state, running, wires, signal: abort.signal, fatal });

  const stop = async (deadlineMs: number, code: number, reason: string): Promise<void> => {
    if (state.isStopping) return;
    state.isStopping = true;
    log.info({ reason, deadlineMs }, 'Draining');
    abort.abort();
    await drain(running, deadlineMs, log);
    stopBeat();
    await wires.db?.close();
    wires.bus?.close();
    await exitWith(link, code, reason);
  };
  link.onMessage((message) => {
    if (message.type === 'stop') stop(message.deadlineMs, EXIT.ok, message.reason).catch(fatal);
    if (message.type === 'resumed') running.parts.resumed?.(message.pausedMs).catch(fatal);
  });
  process.on('SIGTERM', () => void stop(5_000, EXIT.ok, 'asked by a signal').catch(fatal));
  link.onClose(() => void stop(1_500, EXIT.dependency, 'the supervisor is gone').catch(fatal));

  await begin({ spec, ctx, running, ...wires });
  if (state.isStopping) return;
  state.isReady = true;
  watchWires(ctx, wires, () => running.lane?.busyLanes() ?? []);
  const port = config.units[spec.unit]?.port;
  link.send({ type: 'ready', ...(port === undefined ? {} : { port }) });
  const reasons = ctx.health.reasons();
  if (reasons.length > 0) link.send({ type: 'degraded', reasons });
  log.info({ tookMs: Math.round(process.uptime() * 1000) }, 'Ready');
  await running.engine?.start(running.parts.flows ?? []);
}

type Wires = { readonly db: Db | null; readonly bus: Bus | null };

function openWires(spec: ServiceSpec, config: RuntimeConfig, { log, fatal }: { log: Logger; fatal: (error: unknown) => void }): Wires {
  const usesBook = typeof spec.usesBook === 'function' ? spec.usesBook(config) : (spec.usesBook ?? true);
  const db = usesBook
    ? openDb({
        access: config.postgres, database: config.postgres.tradingDb, schema: isService(spec.unit) ? spec.unit : null, applicationName: spec.unit, max: spec.pool ?? 4,
        // The gateway's lists have optional filters; everyone else works by key, over and over.
        isPlannedOnce: spec.unit !== 'gateway',
        onLost: (error) => fatal(new AppError('DATABASE_UNREACHABLE', 'PostgreSQL is gone', { cause: error })),
      })
    : null;
  return { db, bus: (spec.usesBus ?? true) && !config.extraWorker ? openBus(config.redis, spec.unit, log) : null };
}

type ContextParts = { spec: ServiceSpec; config: RuntimeConfig; log: Logger; arming: LiveArming; latch: KillLatch; link: Link; state: State; running: Running; wires: Wires; signal: AbortSignal; fatal: (error: unknown) => void };

function createContext({ spec, config, log, arming, latch, link, state, running, wires, signal, fatal }: ContextParts): ServiceContext {
  const health = createHealth((reasons) => {
    if (!state.isReady) return;
    link.send(reasons.length > 0 ? { type: 'degraded', reasons: [...reasons] } : { type: 'recovered' });
  });
  return {
    unit: spec.unit, config, log, arming, latch, clock: systemClock, metrics: createMetrics(spec.unit), health, signal, fatal,
    get db() {
      invariant(wires.db, 'This unit has no book', { unit: spec.unit });
      return wires.db;
    },
    get bus() {
      invariant(wires.bus, 'This unit has no bus', { unit: spec.unit });
      return wires.bus;
    },
    flows: running.engine?.registry ?? NO_FLOWS,
    laneBusyForMs: () => running.lane?.busyForMs() ?? null,
    extend: (deadlineMs, reason) => link.send({ type: 'extend', deadlineMs, reason }),
    request: (verb, args, timeoutMs) => link.request(verb, args, timeoutMs),
    onControl: (listener) => void link.onMessage(listener),
    callCommand: (name, input) => callCommand(config, name, input),
    healthReport: () => ({
      unit: spec.unit, version: config.version, instanceId: config.instanceId, live: true, ready: state.isReady && !state.isStopping,
      uptimeMs: Math.round(process.uptime() * 1000), reasons: health.reasons(), detail: health.details(),
    }),
  };
}

async function begin({ spec, ctx, running, db, bus }: { spec: ServiceSpec; ctx: ServiceContext; running: Running } & Wires): Promise<void> {
  const { config, log } = ctx;
  await db?.query('SELECT 1');
  // A replay's days are recorded, and the same tomorrow.
  if (db && !config.replay) await keepCalendar(db, log, ctx.signal);
  const parts = await spec.setUp(ctx);
  // A worker beside the service's own worker: no lane, no relay, no door, no commands, nothing recovered; only flows.
  running.parts = config.extraWorker ? { flows: parts.flows ?? [] } : parts;
  if (config.extraWorker) return;
  const endpoint = config.units[spec.unit];
  if (parts.serve) running.own = await parts.serve();
  else if (endpoint) {
    running.server = await openDoor(endpoint, {
      health: () => ctx.healthReport(),
      metrics: async () => ({ contentType: ctx.metrics.contentType, text: await ctx.metrics.render() }),
      command: (name, input) => runCommand(parts.commands ?? {}, name, input),
      startFlow: async (run) => (await running.engine?.accept(run)) ?? false,
      internalToken: config.internalToken,
      onError: (error, path) => log.error({ path, error: describeError(error) }, 'A request failed'),
    });
  }
  await parts.recover?.();
  if (db && bus && isService(spec.unit)) {
    running.relay = await startRelay({ db, bus, service: spec.unit, log, onFatal: (error) => ctx.fatal(error) });
    const consumers = parts.consumers ?? [];
    if (consumers.length > 0) running.lane = await startLane(consumers, { db, bus, service: spec.unit, log, onFatal: (error) => ctx.fatal(error) });
  }
  await parts.start?.();
}

async function runCommand(handlers: CommandHandlers, name: string, input: unknown): Promise<unknown> {
  if (!Object.hasOwn(COMMANDS, name) || !Object.hasOwn(handlers, name)) throw new AppError('ROUTE_NOT_FOUND', `This service has no command ${name.slice(0, 60)}`);
  const contract = COMMANDS[name as CommandName];
  const parsed = tryRead(contract.input, input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new AppError('INPUT_INVALID', `${issue?.path.join('.') || 'The request'}: ${issue?.message ?? 'is not valid'}`);
  }
  const handler = handlers[name as CommandName] as (input: unknown) => Promise<unknown>;
  return contract.output.parse(await handler(parsed.data));
}

const WATCH_MS = 2_000;
/** A batch that is handled for longer than this is told: each lane has its limits well below. */
const STUCK_MS = 15_000;

/** Measures the round trips to book and wire, for /health, and tells lanes that are stuck; a lost Redis degrades, a lost PostgreSQL ends the process elsewhere. */
function watchWires(ctx: ServiceContext, { db, bus }: Wires, busyLanes: Lane['busyLanes']): void {
  const look = async (): Promise<void> => {
    const stuck = busyLanes().filter(({ forMs }) => forMs > STUCK_MS);
    ctx.health.degraded('lanes', stuck.length === 0 ? null : stuck.map(({ lane, forMs }) => `The lane ${lane} has been at one batch of events for ${Math.round(forMs / 1_000)} s`).join('; '));
    if (db) {
      const began = performance.now();
      await db.query('SELECT 1');
      ctx.health.set('postgres', { ok: true, latencyMs: performance.now() - began });
    }
    if (bus) {
      try {
        ctx.health.set('redis', { ok: true, latencyMs: await bus.ping() });
        ctx.health.degraded('redis', null);
      } catch (error) {
        ctx.health.set('redis', { ok: false, message: describeError(error) });
        ctx.health.degraded('redis', 'Redis is away: events travel through the database, more slowly');
      }
    }
  };
  const timer = setInterval(() => void look().catch((error: unknown) => {
    if (!ctx.signal.aborted) ctx.log.warn({ error: describeError(error) }, 'A look at the wires failed');
  }), WATCH_MS);
  ctx.signal.addEventListener('abort', () => clearInterval(timer));
  void look().catch((error: unknown) => ctx.log.warn({ error: describeError(error) }, 'A look at the wires failed'));
}

/** Stops the parts in the order in which work flows; what takes longer than the deadline is left to crash recovery, and named. */
async function drain(running: Running, deadlineMs: number, log: Logger): Promise<void> {
  const steps: readonly (readonly [name: string, stop: () => Promise<void> | undefined])[] = [
    ['lane', () => running.lane?.stop()],
    ['parts', () => running.parts.drain?.(deadlineMs)],
    ['flows', () => running.engine?.stop()],
    ['relay', () => running.relay?.stop()],
    ['http', () => running.own?.close()],
  ];
  const tookMs: Record<string, number> = {};
  let current = '';
  const finish = async (): Promise<void> => {
    for (const [name, stop] of steps) {
      const began = monotonicMs();
      current = name;
      await stop();
      tookMs[name] = Math.round(monotonicMs() - began);
    }
    current = '';
    running.server?.closeAllConnections();
    running.server?.close();
  };
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(100, deadlineMs - 200));
  });
  await Promise.race([finish(), limit]);
  clearTimeout(timer);
  if (current === '') log.info({ tookMs }, 'Drained');
  else log.warn({ tookMs, unfinished: current }, 'Draining took too long');
}
