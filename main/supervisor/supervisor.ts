/** Performs the effects of the unit table: starts, watches, stops and restarts every unit. */
import type { ToWorker } from '#app/contracts/control.ts';
import type { LastExit, Notice, UnitHealth, UnitId } from '#app/contracts/health.ts';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import type { Logs } from './logs.ts';
import { watchPauses } from './pauses.ts';
import type { Pauses, Resumption } from './pauses.ts';
import type { RunFiles } from './run-files.ts';
import { isDecided, startOrderOf } from './start-order.ts';
import type { StartOrder } from './start-order.ts';
import { hasProcess, isKeeping, isServing, mayHear, step } from './state.ts';
import type { UnitEffect, UnitEvent, UnitExit, UnitStatus } from './state.ts';
import type { UnitDriver, UnitSignals, WorkerRequest } from './unit.ts';
import { forgetProcess, healthOf, measureUsages, newEntry, policyOf, type Entry } from './unit-entry.ts';
import { TICK_MS, judgeSilence } from './watchdog.ts';

const USAGE_EVERY_MS = 5_000;
const PING_EVERY_MS = 2_000;
const MAX_NOTICES = 100;
const MAX_QUEUE = 10_000;

/** What the supervisor needs from outside. `monotonic` in milliseconds, `wall` EpochMs. */
export type SupervisorPorts = {
  readonly drivers: readonly UnitDriver[];
  readonly logs: Logs;
  readonly runFiles: RunFiles;
  readonly monotonic: () => number;
  readonly wall: () => number;
  readonly random: () => number;
  /** A request of a worker, checked for its caller there. */
  readonly onRequest: (unit: UnitId, request: WorkerRequest) => void;
  /** A worker holds the kill switch with this key; `isStored`: the book has it. */
  readonly onLatched: (unit: UnitId, key: string, isStored: boolean) => void;
  /** A unit came to another state; `exit` when that is because its process ended. */
  readonly onChange: (unit: UnitId, previous: UnitStatus['state'], exit: LastExit | null) => void;
  readonly onNotice: (notice: Notice) => void;
};

/** Keeps all units. One instance per data folder and process. */
export class Supervisor {
  private readonly ports: SupervisorPorts;
  private readonly order: StartOrder;
  private readonly entries = new Map<UnitId, Entry>();
  private readonly queue: { id: UnitId; event: UnitEvent }[] = [];
  private readonly notices: Notice[] = [];
  private readonly toPrepare: Entry[] = [];
  private isDraining = false;
  private isStoppingAll = false;
  private ticker: NodeJS.Timeout | null = null;
  private readonly pauses: Pauses;
  private lastUsageAt = 0;
  private lastPingAt = 0;
  private readonly watchers = new Set<() => void>();

  constructor(ports: SupervisorPorts) {
    this.ports = ports;
    this.order = startOrderOf(ports.drivers.map((driver) => driver.spec));
    this.pauses = watchPauses(ports);
    for (const driver of ports.drivers) this.entries.set(driver.spec.id, newEntry(driver, ports.monotonic(), ports.wall()));
  }

  /** Wants every unit up; each starts as soon as its needs are ready. */
  startAll(): void {
    this.pauses.begin();
    this.ticker ??= setInterval(() => this.tick(), TICK_MS);
    for (const id of this.order.ids) this.push(id, { type: 'start' });
    this.drain();
  }

  /**
   * Stops everything in reverse order and resolves when no process is left. After `limitMs` the rest is ended by force.
   * With `isAtOnce` all are asked together (the session of the operating system ends).
   */
  async stopAll(reason: string, limitMs: number, isAtOnce = false): Promise<void> {
    this.isStoppingAll = true;
    if (isAtOnce) for (const id of this.order.ids) this.push(id, { type: 'stop', reason });
    this.drain();
    const forced = setTimeout(() => this.killAll(), limitMs);
    await this.until(() => [...this.entries.values()].every((entry) => !entry.running && entry.status.state === 'stopped'));
    clearTimeout(forced);
    await Promise.all([...this.entries.values()].map((entry) => entry.driver.discard?.() ?? Promise.resolve()));
    clearInterval(this.ticker ?? undefined);
    this.ticker = null;
  }

  /** Ends every process by force. */
  killAll(): void {
    for (const [id, entry] of this.entries) {
      this.push(id, { type: 'stop', reason: 'forced' });
      entry.running?.kill();
    }
    this.drain();
  }

  /** A human's wish for one unit. @throws AppError UNIT_NOT_FOUND. */
  command(id: UnitId, wish: 'start' | 'stop' | 'restart', reason: string): void {
    this.entryOf(id);
    if (this.isStoppingAll) throw new AppError('UNIT_START_FAILED', 'Everything is being stopped');
    this.push(id, wish === 'start' ? { type: 'start' } : { type: wish, reason });
    this.drain();
  }

  /** Sends a control message to a unit that is up; others do not get it. Arming and kill switch also reach those that still start or already stop. */
  send(id: UnitId, message: ToWorker): void {
    const entry = this.entries.get(id);
    if (entry && mayHear(entry.status.state, message.type)) entry.running?.send(message);
  }

  /** The computer goes to sleep: no timer runs out and nobody is taken for silent until it has woken. */
  suspended(): void {
    this.pauses.suspend();
    for (const entry of this.entries.values()) if (entry.timer) clearTimeout(entry.timer.handle);
  }

  /** It woke after `pausedMs`. The first tick after the sleep may have noticed that by itself: the workers hear it once. */
  resumed(pausedMs: number): void {
    this.goOn(this.pauses.resume(pausedMs));
  }

  /** Resolves as soon as the condition holds; it is asked after every change. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const watcher = (): void => {
        if (!condition()) return;
        this.watchers.delete(watcher);
        resolve();
      };
      this.watchers.add(watcher);
    });
  }

  /** The state of one unit. */
  statusOf(id: UnitId): UnitStatus {
    return this.entryOf(id).status;
  }

  /** The ids of all units in start order. */
  get unitIds(): readonly UnitId[] {
    return this.order.ids;
  }

  get isStopping(): boolean {
    return this.isStoppingAll;
  }

  /** Every unit as people see it, in start order. */
  health(): UnitHealth[] {
    return this.order.ids.map((id) => healthOf(this.entryOf(id), this.ports.monotonic()));
  }

  /** The last notices, oldest first. */
  recentNotices(): Notice[] {
    return [...this.notices];
  }

  /** Tells people something. */
  notice(level: Notice['level'], unit: UnitId | null, text: string): void {
    const notice: Notice = { at: this.ports.wall(), level, unit, text };
    this.notices.push(notice);
    if (this.notices.length > MAX_NOTICES) this.notices.shift();
    this.ports.onNotice(notice);
  }

  private entryOf(id: UnitId): Entry {
    const entry = this.entries.get(id);
    if (entry) return entry;
    throw new AppError('UNIT_NOT_FOUND', `There is no unit ${id} in this run`, { context: { id } });
  }

  private push(id: UnitId, event: UnitEvent): void {
    invariant(this.queue.length < MAX_QUEUE, 'Too many events wait in the supervisor');
    this.queue.push({ id, event });
  }

  /** Works off the queue, then lets the graph react, until nothing is left to do. */
  private drain(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    try {
      do {
        for (let next = this.queue.shift(); next; next = this.queue.shift()) this.apply(next.id, next.event);
        this.settleGraph();
      } while (this.queue.length > 0);
    } finally {
      this.isDraining = false;
    }
    for (const watcher of [...this.watchers]) watcher();
  }

  private apply(id: UnitId, event: UnitEvent): void {
    const entry = this.entryOf(id);
    const before = entry.status;
    const { status, effects } = step(policyOf(entry.driver), before, event, { now: this.ports.monotonic(), random: this.ports.random() });
    entry.status = status;
    if (status.state !== before.state) {
      this.clearTimer(entry);
      entry.sinceWall = this.ports.wall();
      if (isServing(status.state) && !isKeeping(before.state)) entry.upSince = this.ports.monotonic();
      if (status.state === 'waiting') this.prepareSoon(entry);
    }
    for (const effect of effects) this.perform(id, entry, effect);
    if (status.state !== before.state) this.ports.onChange(id, before.state, event.type === 'exited' ? entry.lastExit : null);
  }

  /** One program is loaded per turn of the loop, so that a database that can start now does not wait for all of them. */
  private prepareSoon(entry: Entry): void {
    if (entry.driver.prepare === undefined || this.toPrepare.includes(entry)) return;
    this.toPrepare.push(entry);
    if (this.toPrepare.length === 1) setImmediate(() => this.prepareNext());
  }

  private prepareNext(): void {
    const entry = this.toPrepare.shift();
    if (entry?.status.state === 'waiting' && !this.isStoppingAll) entry.driver.prepare?.();
    if (this.toPrepare.length > 0) setImmediate(() => this.prepareNext());
  }

  private perform(id: UnitId, entry: Entry, effect: UnitEffect): void {
    switch (effect.type) {
      case 'spawn':
        this.spawn(id, entry);
        return;
      case 'askStop':
        entry.running?.stop(effect.reason, effect.isUrgent);
        return;
      case 'kill':
        this.notice('warn', id, `${entry.driver.spec.title} ${effect.reason} and is ended by force`);
        entry.running?.kill();
        return;
      case 'timer':
        this.armTimer(id, entry, effect.ms);
        return;
      case 'notice':
        this.notice(effect.level, id, `${entry.driver.spec.title}: ${effect.text}`);
        return;
    }
  }

  private armTimer(id: UnitId, entry: Entry, ms: number): void {
    this.clearTimer(entry);
    const handle = setTimeout(() => {
      entry.timer = null;
      this.push(id, { type: 'timer' });
      this.drain();
    }, ms);
    entry.timer = { handle, ms };
  }

  private clearTimer(entry: Entry): void {
    clearTimeout(entry.timer?.handle);
    entry.timer = null;
  }

  private spawn(id: UnitId, entry: Entry): void {
    entry.generation += 1;
    const generation = entry.generation;
    entry.lastBeatAt = null;
    entry.beat = null;
    entry.usage = null;
    this.ports.logs.of(id).begin();
    const running = entry.driver.start(this.signalsFor(id, entry, generation));
    // It may have failed before it returned.
    if (entry.generation === generation) entry.running = running;
  }

  private signalsFor(id: UnitId, entry: Entry, generation: number): UnitSignals {
    const tell = (event: UnitEvent): void => {
      if (entry.generation !== generation) return;
      this.push(id, event);
      this.drain();
    };
    return {
      started: (pid) => {
        if (entry.generation !== generation) return;
        entry.pid = pid;
        void this.noteProcess(id, entry, pid);
      },
      ready: (port) => {
        entry.port = port ?? entry.driver.spec.port;
        entry.lastBeatAt = this.ports.monotonic();
        tell({ type: 'ready' });
      },
      degraded: (reasons) => tell({ type: 'degraded', reasons }),
      recovered: () => tell({ type: 'recovered' }),
      extend: (deadlineMs, reason) => tell({ type: 'extended', deadlineMs, reason }),
      latency: (ms) => {
        entry.latencyMs = ms;
      },
      beat: (beat, latencyMs) => {
        if (entry.generation !== generation) return;
        entry.lastBeatAt = this.ports.monotonic();
        if (beat) entry.beat = beat;
        if (latencyMs !== undefined) entry.latencyMs = latencyMs;
        if (entry.status.state === 'unresponsive') tell({ type: 'beat' });
      },
      request: (request) => this.ports.onRequest(id, request),
      latched: (key, isStored) => this.ports.onLatched(id, key, isStored),
      exited: (exit) => {
        if (entry.generation === generation) this.afterExit(id, entry, exit);
      },
    };
  }

  private async noteProcess(id: UnitId, entry: Entry, pid: number): Promise<void> {
    try {
      await this.ports.runFiles.write(id, pid, entry.driver.spec.port);
      // It may have ended while its identity was read.
      if (entry.pid !== pid) this.ports.runFiles.remove(id, pid);
    } catch (error) {
      this.notice('warn', id, `The run file of ${id} could not be written: ${describeError(error)}`);
    }
  }

  private afterExit(id: UnitId, entry: Entry, exit: UnitExit): void {
    const log = this.ports.logs.of(id);
    const isExpected = entry.status.state === 'stopping' || (exit.code === 0 && entry.driver.spec.kind === 'oneshot');
    entry.lastExit = { code: exit.code, signal: exit.signal, at: this.ports.wall(), reason: exit.reason, ...log.ends() };
    if (!isExpected) {
      try {
        log.writeCrash(exit.reason);
      } catch (error) {
        this.notice('warn', id, `The crash file of ${id} could not be written: ${describeError(error)}`);
      }
    }
    if (entry.pid !== null) this.ports.runFiles.remove(id, entry.pid);
    forgetProcess(entry);
    this.push(id, { type: 'exited', exit });
    this.drain();
  }

  /** Lets the graph react: starts what has its needs, stops what lost one, goes on with an orderly stop. */
  private settleGraph(): void {
    for (const id of this.order.ids) {
      const { status } = this.entryOf(id);
      if (this.isStoppingAll) {
        this.settleStop(id, status);
        continue;
      }
      const lost = this.order.needsOf(id).find((need) => !isKeeping(this.statusOf(need).state));
      if (status.state === 'waiting') {
        if (this.mayStart(id)) this.push(id, { type: 'needsReady' });
      } else if (lost !== undefined && (isKeeping(status.state) || status.state === 'starting')) {
        this.push(id, { type: 'needsLost', need: lost });
      }
    }
  }

  private mayStart(id: UnitId): boolean {
    const needs = this.order.needsOf(id);
    return needs.every((need) => isServing(this.statusOf(need).state)) && this.order.predecessorsOf(id).every((other) => needs.includes(other) || isDecided(this.statusOf(other).state));
  }

  private settleStop(id: UnitId, status: UnitStatus): void {
    if (!status.isWanted) return;
    const isFree = this.order.followersOf(id).every((other) => !hasProcess(this.statusOf(other).state));
    if (isFree || !hasProcess(status.state)) this.push(id, { type: 'stop', reason: 'everything stops' });
  }

  private tick(): void {
    const now = this.ports.monotonic();
    const resumption = this.pauses.tick();
    if (resumption) this.goOn(resumption);
    for (const [id, entry] of this.entries) {
      if (this.pauses.isSuspended || entry.lastBeatAt === null || !hasProcess(entry.status.state) || entry.status.state === 'stopping') continue;
      const silence = judgeSilence(now - entry.lastBeatAt, entry.driver.spec.silence);
      if (silence === 'silent' && entry.status.state !== 'unresponsive') this.push(id, { type: 'silent' });
      if (silence === 'hung') {
        // One kill is enough; the next verdict counts from here.
        entry.lastBeatAt = now;
        this.push(id, { type: 'hung' });
      }
    }
    this.drain();
    if (now - this.lastPingAt >= PING_EVERY_MS) {
      this.lastPingAt = now;
      this.tellAll({ type: 'ping', nonce: Math.round(now * 1_000) });
    }
    if (now - this.lastUsageAt >= USAGE_EVERY_MS) {
      this.lastUsageAt = now;
      void measureUsages([...this.entries.values()], this.ports.monotonic, (id, error) => this.notice('warn', id, `The memory of ${id} could not be measured: ${describeError(error)}`));
    }
  }

  /** We were held up, not they: every timer starts again, and the workers learn, once, that time has passed. */
  private goOn({ pausedMs, isNews }: Resumption): void {
    const now = this.ports.monotonic();
    for (const [id, entry] of this.entries) {
      if (entry.lastBeatAt !== null) entry.lastBeatAt = now;
      if (entry.timer) this.armTimer(id, entry, entry.timer.ms);
    }
    if (!isNews) return;
    this.notice('info', null, `The computer (or this program) was held up for ${Math.round(pausedMs / 1_000)} s`);
    this.tellAll({ type: 'resumed', pausedMs });
  }

  private tellAll(message: ToWorker): void {
    for (const id of this.order.ids) this.send(id, message);
  }
}
