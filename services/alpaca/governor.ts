/** The account's request budget: at most so many requests a minute, the urgent ones first. */
import { AppError } from '#app/domain/errors.ts';
import { PRIORITIES, type Permit, type Priority } from './ports.ts';

/** Requests a minute that Alpaca grants an account; replies that name another limit change it. */
export const DEFAULT_PER_MINUTE = 200;
const WINDOW_SECONDS = 60;
const MAX_QUEUE = 1_000;
const MAX_PER_MINUTE = 10_000_000;
const RECHECK_MS = 50;

/** Share of the budget up to which each priority may use it: a burst of polls never takes the place of a cancel. */
const SHARE: Readonly<Record<Priority, number>> = { cancel: 1, exit: 0.95, entry: 0.9, poll: 0.7 };

/** What the broker's replies say about the budget. `resetAtSeconds` is epoch seconds. */
export type BudgetNews = { readonly limit: number | null; readonly remaining: number | null; readonly resetAtSeconds: number | null };

/** A sliding window over the last minute with four queues. */
export type Governor = {
  /** Waits for a place. @throws AppError RATE_LIMITED when too many wait already or the governor is closed. */
  acquire(priority: Priority): Promise<Permit>;
  /** Learns the limit and the remaining budget from a reply's headers. */
  heed(news: BudgetNews): void;
  /** The broker said 429: nothing goes out for so long. */
  pause(forMs: number): void;
  /** Requests that wait for a place. */
  waiting(): number;
  close(): void;
};

type Waiter = { readonly resolve: (permit: Permit) => void; readonly reject: (error: AppError) => void };

/** Creates a governor. `monotonicMs` counts durations, `nowMs` is the wall clock for the broker's reset times. */
export function createGovernor(options: { readonly perMinute?: number; readonly monotonicMs: () => number; readonly nowMs: () => number }): Governor {
  const buckets = new Map<number, number>();
  const queues = new Map<Priority, Waiter[]>(PRIORITIES.map((priority) => [priority, []]));
  let perMinute = options.perMinute ?? DEFAULT_PER_MINUTE;
  let pausedUntil = -Infinity;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const used = (): number => {
    const oldest = Math.floor(options.monotonicMs() / 1000) - WINDOW_SECONDS;
    let sum = 0;
    for (const [second, count] of buckets) {
      if (second < oldest) buckets.delete(second);
      else sum += count;
    }
    return sum;
  };
  const mayGo = (priority: Priority): boolean => options.monotonicMs() >= pausedUntil && used() < Math.max(1, Math.floor(perMinute * SHARE[priority]));
  const take = (priority: Priority): Permit => {
    const second = Math.floor(options.monotonicMs() / 1000);
    buckets.set(second, (buckets.get(second) ?? 0) + 1);
    return { priority };
  };
  const waiting = (): number => PRIORITIES.reduce((sum, priority) => sum + (queues.get(priority)?.length ?? 0), 0);
  const drain = (): void => {
    timer = undefined;
    for (const priority of PRIORITIES) {
      const queue = queues.get(priority) ?? [];
      while (queue.length > 0 && mayGo(priority)) queue.shift()?.resolve(take(priority));
      // A lower priority never overtakes one that waits.
      if (queue.length > 0) break;
    }
    if (waiting() > 0) timer = setTimeout(drain, RECHECK_MS);
  };

  return {
    acquire(priority) {
      if (isClosed) return Promise.reject(new AppError('RATE_LIMITED', 'The connection to the broker is being closed'));
      if (waiting() === 0 && mayGo(priority)) return Promise.resolve(take(priority));
      if (waiting() >= MAX_QUEUE) return Promise.reject(new AppError('RATE_LIMITED', `${MAX_QUEUE} requests wait for the broker already`, { context: { priority } }));
      return new Promise((resolve, reject) => {
        queues.get(priority)?.push({ resolve, reject });
        // A cancel that arrives while polls wait goes at once when its own share allows it.
        if (timer === undefined) timer = setTimeout(drain, RECHECK_MS);
        if (priority !== 'poll') {
          clearTimeout(timer);
          drain();
        }
      });
    },
    heed({ limit, remaining, resetAtSeconds }) {
      if (limit !== null && limit >= 1) perMinute = Math.min(limit, MAX_PER_MINUTE);
      if (remaining !== null && remaining <= 0 && resetAtSeconds !== null) {
        const waitMs = resetAtSeconds * 1000 - options.nowMs();
        if (waitMs > 0) pausedUntil = Math.max(pausedUntil, options.monotonicMs() + Math.min(waitMs, WINDOW_SECONDS * 1000));
      }
    },
    pause(forMs) {
      pausedUntil = Math.max(pausedUntil, options.monotonicMs() + Math.min(forMs, WINDOW_SECONDS * 1000));
    },
    waiting,
    close() {
      isClosed = true;
      clearTimeout(timer);
      for (const queue of queues.values()) for (const waiter of queue.splice(0)) waiter.reject(new AppError('RATE_LIMITED', 'The connection to the broker is being closed'));
    },
  };
}
