/** The pacer: releases the tape step by step, by the clock (demo) or as the pipeline settles (replay). */
import { invariant } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { latestSession } from '#app/market/calendar.ts';
import { orderToText } from '#app/backtest/venue-snapshot.ts';
import { monotonicMs, sleep } from '#chassis/clock.ts';
import { sessionEndsBetween, type Broker } from './broker.ts';
import { OUR_ORDERS, type Gate } from './gate.ts';
import type { OrderText } from './journal-queries.ts';
import { BAR_MS, type MarketBar, type Step } from './market.ts';
import type { Controls } from './rest-control.ts';

/** What the pacer drives. `gate` is null in demo mode. */
export type PacerParts = {
  readonly broker: Broker;
  readonly gate: Gate | null;
  readonly speed: number | 'max';
  readonly isPaused: boolean;
  readonly signal: AbortSignal;
  pushBars(bars: readonly MarketBar[]): void;
  /** Whether both kinds of clients are there: a replay does not begin before. */
  hasClients(): boolean;
};

/** A running pacer. */
export type Pacer = Controls & {
  /** Resolves at the end of the tape (true) or when it was stopped (false). */
  readonly done: Promise<boolean>;
  /** A client has (again) subscribed: in a replay it gets the bars of the step that is still unsettled. */
  clientArrived(): void;
};

const LOOK_MS = 20;
const MAX_NAP_MS = 250;
const MAX_STEP_WAITERS = 1_000;
/** Closed orders that a new life still compares with the book; older ones were settled long before. */
const RECENT_ORDERS = 500;
const MAX_GROUPS = 10_000;

/** Starts releasing, after what the last life left unsettled. */
export function startPacer(parts: PacerParts): Pacer {
  return new TapePacer(parts);
}

class TapePacer implements Pacer {
  readonly done: Promise<boolean>;
  private readonly parts: PacerParts;
  /** Orders that something happened to since the pipeline last settled. */
  private readonly touched = new Map<string, OrderText>();
  /** Orders of ours with legs. */
  private readonly ourGroups = new Set<string>();
  private readonly stepWaiters: { left: number; readonly resolve: () => void }[] = [];
  private pace: number | 'max';
  private isHeld: boolean;
  private stepsAllowed = 0;
  private isAtEnd = false;
  private waiting: string | null = null;
  private unsettled: Step | null = null;
  private dueAt = monotonicMs();

  constructor(parts: PacerParts) {
    this.parts = parts;
    this.pace = parts.speed;
    this.isHeld = parts.isPaused;
    parts.broker.onEvents((events) => {
      for (const { order } of events) this.touch(orderToText(order));
    });
    this.done = this.run();
  }

  clientArrived(): void {
    if (this.parts.gate && this.unsettled) this.parts.pushBars(this.unsettled.bars);
  }

  speed(): number | 'max' {
    return this.pace;
  }

  setSpeed(speed: number | 'max'): void {
    this.pace = speed;
    this.dueAt = monotonicMs();
  }

  pause(): void {
    this.isHeld = true;
  }

  resume(): void {
    this.isHeld = false;
    this.stepsAllowed = 0;
    this.dueAt = monotonicMs();
  }

  step(count: number): Promise<void> {
    invariant(this.stepWaiters.length < MAX_STEP_WAITERS, 'Too many callers wait for steps');
    if (this.isAtEnd) return Promise.resolve();
    this.stepsAllowed += count;
    const before = this.stepWaiters.at(-1)?.left ?? 0;
    return new Promise((resolve) => {
      this.stepWaiters.push({ left: before + count, resolve });
    });
  }

  waitingFor(): string | null {
    return this.waiting ?? this.parts.gate?.waitingFor() ?? null;
  }

  isPaused(): boolean {
    return this.isHeld;
  }

  isFinished(): boolean {
    return this.isAtEnd;
  }

  private async run(): Promise<boolean> {
    const { broker, gate, signal } = this.parts;
    if (gate) await this.until(() => this.parts.hasClients(), 'data_ingestion and execution to connect');
    await this.repeatReleased();
    while (!signal.aborted) {
      await this.until(() => !this.isHeld || this.stepsAllowed > 0, 'paused');
      if (this.isHeld && this.stepsAllowed > 0) this.stepsAllowed -= 1;
      const step = broker.market.nextStep(this.position());
      // The day ends as soon as its last bar is out, not at the next day's first bar.
      await this.endSessions(step?.openTime ?? latestSession(broker.now()).close);
      if (signal.aborted) break;
      if (!step) return this.finish();
      await this.untilDue();
      if (signal.aborted) break;
      await broker.release(step);
      await this.present(step);
      if (!signal.aborted) this.tellWaiters();
    }
    return false;
  }

  /** Open time of the last released step, or the minute before the tape. */
  private position(): EpochMs {
    const { broker } = this.parts;
    return broker.released() ?? ((broker.market.startTime - BAR_MS) as EpochMs);
  }

  /** What was released before a kill goes out again: clients know what they have. */
  private async repeatReleased(): Promise<void> {
    const { broker, gate } = this.parts;
    const released = broker.released();
    if (released === null || gate === null) return;
    const step = broker.market.stepAt(released);
    invariant(step, 'The journal names a step of this tape', { released });
    for (const order of broker.journal.orders({ status: 'all', limit: RECENT_ORDERS, isDescending: true }).toReversed()) this.touch(order);
    for (const order of broker.venue.openOrders()) this.touch(orderToText(order));
    await this.present(step);
  }

  /** Legs of somebody else's orders are in no book: they are not waited for. */
  private touch(order: OrderText): void {
    if (order.legs.length > 0 && order.clientOrderId.startsWith(OUR_ORDERS)) {
      this.ourGroups.add(order.id);
      const [oldest] = this.ourGroups;
      if (oldest !== undefined && this.ourGroups.size > MAX_GROUPS) this.ourGroups.delete(oldest);
    }
    if (order.parentId === null || this.ourGroups.has(order.parentId)) this.touched.set(order.id, order);
  }

  /** Fills first: nobody shall decide on the new bars before the fills at their open are booked. */
  private async present(step: Step): Promise<void> {
    const { gate, signal, pushBars } = this.parts;
    if (gate) await gate.booked(this.touched);
    if (signal.aborted) return;
    this.unsettled = step;
    pushBars(step.bars);
    await this.settle(step);
    this.unsettled = null;
  }

  private async settle(step: Step | null): Promise<void> {
    const seen = [...this.touched];
    if (this.parts.gate) await this.parts.gate.settled(step, this.touched);
    // What moved during the wait stays on the list for the next look.
    for (const [id, order] of seen) if (this.touched.get(id) === order) this.touched.delete(id);
  }

  private async endSessions(to: EpochMs): Promise<void> {
    const { broker, gate } = this.parts;
    for (const end of sessionEndsBetween(this.position(), to)) {
      // An end that was journalled before a kill is done again, which changes nothing; one that lies behind is left alone.
      if (end < broker.now()) continue;
      await broker.endSession(end);
      if (gate) await this.settle(null);
    }
  }

  private async untilDue(): Promise<void> {
    const { signal } = this.parts;
    if (this.pace === 'max' || this.isHeld) return;
    const width = BAR_MS / this.pace;
    // After a hold-up the tape goes on at its pace; it does not run to catch up.
    this.dueAt = Math.max(this.dueAt + width, monotonicMs() - width);
    while (!signal.aborted && !this.isHeld && monotonicMs() < this.dueAt) await sleep(Math.max(0, Math.min(this.dueAt - monotonicMs(), MAX_NAP_MS)), signal);
  }

  private async until(condition: () => boolean, why: string): Promise<void> {
    while (!this.parts.signal.aborted && !condition()) {
      this.waiting = why;
      await sleep(LOOK_MS, this.parts.signal);
    }
    this.waiting = null;
  }

  private tellWaiters(): void {
    for (const waiter of this.stepWaiters) waiter.left -= 1;
    while ((this.stepWaiters[0]?.left ?? 1) <= 0) this.stepWaiters.shift()?.resolve();
  }

  private finish(): true {
    this.isAtEnd = true;
    for (const waiter of this.stepWaiters.splice(0)) waiter.resolve();
    return true;
  }
}
