/** The account's request budget: at most so many requests a minute for all callers together, the urgent ones first, nobody starved. */
import type { Counter, Histogram } from 'prom-client';
import { AppError } from '#app/domain/errors.ts';
import { PRIORITIES, type Permit, type Priority } from './ports.ts';

/** Requests a minute that Alpaca grants an account; replies that name another limit change it. */
export const DEFAULT_PER_MINUTE = 200;
const WINDOW_SECONDS = 60;
/** Of each priority, so that thousands of polls leave a cancel its place in the queue. */
const MAX_QUEUE = 1_000;
const MAX_PER_MINUTE = 10_000_000;
const RECHECK_MS = 50;

/** Share of the budget up to which each priority may use it: a burst of polls never takes the place of a cancel. */
const SHARE: Readonly<Record<Priority, number>> = { cancel: 1, exit: 0.95, entry: 0.9, poll: 0.7 };
/** Who has waited for so long may use the share of the next higher priority for one request at a time: steady entries do not starve the reading that reconciles them. Cancels keep theirs. */
const AGED_MS = 5_000;
const AGED_SHARE: Readonly<Record<Priority, number>> = { cancel: 1, exit: 0.95, entry: 0.95, poll: 0.9 };

/** What the broker's replies say about the budget. `resetAtSeconds` is epoch seconds. */
export type BudgetNews = { readonly limit: number | null; readonly remaining: number | null; readonly resetAtSeconds: number | null };

/** A sliding window over the last minute with a queue for each priority. */
export type Governor = {
  /** Waits for a place. @throws AppError RATE_LIMITED when too many of the priority wait already or the governor is closed. */
  acquire(priority: Priority): Promise<Permit>;
  /** Learns the limit and the remaining budget from a reply's headers. */
  heed(news: BudgetNews): void;
  /** The broker said 429: nothing goes out for so long. */
  pause(forMs: number): void;
  /** Requests that wait for a place. */
  waiting(): number;
  close(): void;
};

/** The part of the worker's metrics that the governor uses. */
export type GovernorMetrics = {
  counter(name: string, help: string, labels?: readonly 'priority'[]): Counter<'priority'>;
  histogram(name: string, help: string, labels?: readonly 'priority'[]): Histogram<'priority'>;
};

/** What the governor needs. `monotonicMs` counts durations, `nowMs` is the wall clock for the broker's reset times. */
export type GovernorOptions = { readonly perMinute?: number; readonly monotonicMs: () => number; readonly nowMs: () => number; readonly metrics?: GovernorMetrics };

type Waiter = { readonly resolve: (permit: Permit) => void; readonly reject: (error: AppError) => void; readonly since: number };
/** What the broker says is left until its reset, less what was sent since. `until`: the reset by the monotonic clock; a wall clock that is an hour behind must not stop everything for an hour. */
type Theirs = { remaining: number; readonly resetAtSeconds: number; readonly until: number };

/** What was sent in the last minute, by second. */
function createWindow(monotonicMs: () => number): { used(): number; add(): void } {
  const buckets = new Map<number, number>();
  const second = (): number => Math.floor(monotonicMs() / 1000);
  return {
    used() {
      const oldest = second() - WINDOW_SECONDS;
      let sum = 0;
      for (const [at, count] of buckets) {
        if (at < oldest) buckets.delete(at);
        else sum += count;
      }
      return sum;
    },
    add: () => void buckets.set(second(), (buckets.get(second()) ?? 0) + 1),
  };
}

class SharedGovernor implements Governor {
  readonly #options: GovernorOptions;
  readonly #window: ReturnType<typeof createWindow>;
  readonly #queues = new Map<Priority, Waiter[]>(PRIORITIES.map((priority) => [priority, []]));
  readonly #waited: Histogram<'priority'> | undefined;
  readonly #refusals: Counter<'priority'> | undefined;
  #perMinute: number;
  #pausedUntil = -Infinity;
  #theirs: Theirs | null = null;
  #agedAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: GovernorOptions) {
    this.#options = options;
    this.#perMinute = options.perMinute ?? DEFAULT_PER_MINUTE;
    this.#window = createWindow(options.monotonicMs);
    this.#waited = options.metrics?.histogram('broker_budget_wait_ms', 'How long requests waited for their place in the request budget', ['priority']);
    this.#refusals = options.metrics?.counter('broker_budget_pauses_total', 'How often the broker asked for fewer requests');
  }

  acquire(priority: Priority): Promise<Permit> {
    if (this.#isClosed) return Promise.reject(new AppError('RATE_LIMITED', 'The connection to the broker is being closed'));
    const queue = this.#queue(priority);
    if (this.#isFirst(priority) && this.#mayGo(SHARE[priority])) {
      this.#waited?.observe({ priority }, 0);
      return Promise.resolve(this.#take(priority));
    }
    if (queue.length >= MAX_QUEUE) return Promise.reject(new AppError('RATE_LIMITED', `${MAX_QUEUE} requests wait for the broker already`, { context: { priority } }));
    return new Promise((resolve, reject) => {
      queue.push({ resolve, reject, since: this.#options.monotonicMs() });
      this.#timer ??= setTimeout(() => this.#drain(), RECHECK_MS);
    });
  }

  heed({ limit, remaining, resetAtSeconds }: BudgetNews): void {
    if (limit !== null && limit >= 1) this.#perMinute = Math.min(limit, MAX_PER_MINUTE);
    if (remaining === null || resetAtSeconds === null) return;
    // Replies overtake each other: within one period the smallest figure holds. Other programs on the account use it up, too.
    const now = this.#options.monotonicMs();
    const known = this.#theirs;
    const isSamePeriod = known !== null && resetAtSeconds <= known.resetAtSeconds && now < known.until;
    const until = now + Math.min(Math.max(0, resetAtSeconds * 1000 - this.#options.nowMs()), WINDOW_SECONDS * 1000);
    this.#theirs = isSamePeriod ? { ...known, remaining: Math.min(remaining, known.remaining) } : { remaining, resetAtSeconds, until };
    if (remaining <= 0) this.pause(resetAtSeconds * 1000 - this.#options.nowMs());
  }

  pause(forMs: number): void {
    if (!(forMs > 0)) return;
    this.#refusals?.inc();
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#options.monotonicMs() + Math.min(forMs, WINDOW_SECONDS * 1000));
  }

  waiting(): number {
    return PRIORITIES.reduce((sum, priority) => sum + this.#queue(priority).length, 0);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const queue of this.#queues.values()) for (const waiter of queue.splice(0)) waiter.reject(new AppError('RATE_LIMITED', 'The connection to the broker is being closed'));
  }

  #queue(priority: Priority): Waiter[] {
    const queue = this.#queues.get(priority) ?? [];
    this.#queues.set(priority, queue);
    return queue;
  }

  /** Nobody as urgent or more urgent waits. Those that are less urgent do not hold it up. */
  #isFirst(priority: Priority): boolean {
    return PRIORITIES.slice(0, PRIORITIES.indexOf(priority) + 1).every((one) => this.#queue(one).length === 0);
  }

  /** Places that are left of a share of the budget: by our own count, and by the broker's until it begins anew. */
  #left(share: number): number {
    const own = Math.max(1, Math.floor(this.#perMinute * share)) - this.#window.used();
    const theirs = this.#theirs;
    if (theirs === null || this.#options.monotonicMs() >= theirs.until) return own;
    const reserved = this.#perMinute - Math.max(1, Math.floor(this.#perMinute * share));
    return Math.min(own, theirs.remaining - reserved);
  }

  #mayGo(share: number): boolean {
    return this.#options.monotonicMs() >= this.#pausedUntil && this.#left(share) > 0;
  }

  #take(priority: Priority): Permit {
    this.#window.add();
    if (this.#theirs !== null) this.#theirs.remaining -= 1;
    return { priority };
  }

  #release(priority: Priority): void {
    const waiter = this.#queue(priority).shift();
    if (!waiter) return;
    this.#waited?.observe({ priority }, this.#options.monotonicMs() - waiter.since);
    waiter.resolve(this.#take(priority));
  }

  /** One request in so many seconds of those that have waited too long, the least urgent first: they have waited the longest. */
  #releaseAged(): void {
    const now = this.#options.monotonicMs();
    if (now - this.#agedAt < 1_000) return;
    for (const priority of ['poll', 'entry'] as const) {
      const [oldest] = this.#queue(priority);
      if (oldest === undefined || now - oldest.since < AGED_MS || !this.#mayGo(AGED_SHARE[priority])) continue;
      this.#agedAt = now;
      return this.#release(priority);
    }
  }

  #drain(): void {
    this.#timer = undefined;
    for (const priority of PRIORITIES) {
      while (this.#queue(priority).length > 0 && this.#mayGo(SHARE[priority])) this.#release(priority);
      // A lower priority never overtakes one that waits.
      if (this.#queue(priority).length > 0) break;
    }
    this.#releaseAged();
    if (this.waiting() > 0) this.#timer = setTimeout(() => this.#drain(), RECHECK_MS);
  }
}

/** Creates a governor. */
export function createGovernor(options: GovernorOptions): Governor {
  return new SharedGovernor(options);
}
