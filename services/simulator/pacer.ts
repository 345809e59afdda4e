/** The pacer: releases the tape step by step, by the clock (demo) or as the pipeline settles (replay). */
import { invariant } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { latestSession } from '#app/market/calendar.ts';
import { monotonicMs, sleep } from '#chassis/clock.ts';
import { orderToText } from '#app/backtest/venue-snapshot.ts';
import { sessionEndsBetween, type Broker } from './broker.ts';
import type { Gate } from './gate.ts';
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
  /** After each step that was released and, in a replay, settled. */
  onStep?(step: Step): void;
};

/** A running pacer. */
export type Pacer = Controls & {
  /** Resolves at the end of the tape (true) or when it was stopped (false). */
  readonly done: Promise<boolean>;
  /** A client has (again) subscribed: in a replay it gets the bars of the step that is still unsettled. */
  clientArrived(): void;
};

const LOOK_MS = 20;

/** Starts releasing, after what the last life left unsettled. */
export function startPacer(parts: PacerParts): Pacer {
  const { broker, gate, signal } = parts;
  /** Orders that something happened to since the pipeline last settled. */
  const touched = new Map<string, OrderText>();
  const run = { speed: parts.speed, isPaused: parts.isPaused, stepsAllowed: 0, isFinished: false, waiting: null as string | null, unsettled: null as Step | null, dueAt: monotonicMs() };
  const stepWaiters: { left: number; resolve: () => void }[] = [];
  broker.onEvents((events) => {
    for (const { order } of events) touched.set(order.id, orderToText(order));
  });

  const until = async (condition: () => boolean, why: string): Promise<void> => {
    while (!signal.aborted && !condition()) {
      run.waiting = why;
      await sleep(LOOK_MS, signal);
    }
    run.waiting = null;
  };
  const settle = async (step: Step | null): Promise<void> => {
    const seen = [...touched];
    if (gate) await gate.settled(step, touched);
    // What moved during the wait stays on the list for the next look.
    for (const [id, order] of seen) if (touched.get(id) === order) touched.delete(id);
  };
  /** Fills first: nobody shall decide on the new bars before the fills at their open are booked. */
  const present = async (step: Step): Promise<void> => {
    if (gate) await gate.booked(touched);
    if (signal.aborted) return;
    run.unsettled = step;
    parts.pushBars(step.bars);
    await settle(step);
    run.unsettled = null;
  };
  const pace = async (): Promise<void> => {
    if (run.speed === 'max' || run.isPaused) return;
    run.dueAt = Math.max(run.dueAt + BAR_MS / run.speed, monotonicMs() - BAR_MS / run.speed);
    while (!signal.aborted && monotonicMs() < run.dueAt && !run.isPaused) await sleep(Math.min(run.dueAt - monotonicMs(), 250), signal);
  };
  const permission = async (): Promise<void> => {
    await until(() => !run.isPaused || run.stepsAllowed > 0, 'paused');
    if (run.isPaused && run.stepsAllowed > 0) run.stepsAllowed -= 1;
  };
  const passed = (): void => {
    for (const waiter of stepWaiters) waiter.left -= 1;
    for (let first = stepWaiters[0]; first && first.left <= 0; first = stepWaiters[0]) stepWaiters.shift()?.resolve();
  };
  const endSessions = async (to: EpochMs): Promise<void> => {
    const from = broker.released() ?? ((broker.market.startTime - BAR_MS) as EpochMs);
    for (const end of sessionEndsBetween(from, to)) {
      // An end that was journalled before a kill is done again, which changes nothing; one that lies behind is left alone.
      if (end < broker.now()) continue;
      broker.endSession(end);
      if (gate) await settle(null);
    }
  };
  /** What was released before a kill goes out again: clients know what they have. */
  const resume = async (): Promise<void> => {
    const released = broker.released();
    if (released === null) return;
    const step = broker.market.stepAt(released);
    invariant(step, 'The journal names a step of this tape', { released });
    for (const order of broker.venue.openOrders()) touched.set(order.id, orderToText(order));
    for (const order of broker.journal.orders({ status: 'all', limit: 500, isDescending: true })) touched.set(order.id, order);
    if (gate) await present(step);
  };
  const loop = async (): Promise<boolean> => {
    if (gate) await until(() => parts.hasClients(), 'data_ingestion and execution to connect');
    await resume();
    while (!signal.aborted) {
      await permission();
      const step = broker.market.nextStep(broker.released() ?? ((broker.market.startTime - BAR_MS) as EpochMs));
      // The day ends as soon as its last bar is out, not at the next day's first bar.
      await endSessions(step?.openTime ?? latestSession(broker.now()).close);
      if (!step) {
        run.isFinished = true;
        for (const waiter of stepWaiters.splice(0)) waiter.resolve();
        return true;
      }
      await pace();
      if (signal.aborted) break;
      broker.release(step);
      await present(step);
      if (signal.aborted) break;
      parts.onStep?.(step);
      passed();
    }
    return false;
  };

  return {
    done: loop(),
    clientArrived: () => {
      if (gate && run.unsettled) parts.pushBars(run.unsettled.bars);
    },
    speed: () => run.speed,
    setSpeed: (speed) => {
      run.speed = speed;
      run.dueAt = monotonicMs();
    },
    pause: () => {
      run.isPaused = true;
    },
    resume: () => {
      run.isPaused = false;
      run.stepsAllowed = 0;
      run.dueAt = monotonicMs();
    },
    step: (count) => {
      invariant(stepWaiters.length < 1_000, 'Too many callers wait for steps');
      run.stepsAllowed += count;
      return new Promise((resolve) => {
        const before = stepWaiters.reduce((most, waiter) => Math.max(most, waiter.left), 0);
        if (run.isFinished) resolve();
        else stepWaiters.push({ left: before + count, resolve });
      });
    },
    waitingFor: () => run.waiting ?? gate?.waitingFor() ?? null,
    isPaused: () => run.isPaused,
    isFinished: () => run.isFinished,
  };
}
