/** What can go wrong, how often in this seed, and what did. */
import { randomOf, type Random } from '#app/domain/random.ts';

/** Every kind of fault with its usual chance at each opportunity. */
export const FAULTS = {
  /** A worker's memory is gone at a place where something has just been, or is about to be, made durable. */
  crash_before_commit: 0.004, crash_after_commit: 0.004, crash_before_publish: 0.004, crash_after_publish: 0.004, crash_before_call: 0.006, crash_after_call: 0.006, crash_at_point: 0.01,
  /** Per virtual second. */
  crash_any_time: 0.008, crash_all: 0.003, wire_outage: 0.01, stream_loss: 0.015, stream_silence: 0.008, broker_outage: 0.006, wall_clock_jump: 0.002,
  commit_conflict: 0.004, slow_book: 0.01,
  wire_drop: 0.03, wire_double: 0.04, wire_reorder: 0.03, wire_delay: 0.04,
  submit_lost: 0.05, submit_reply_lost: 0.07, submit_late: 0.03, submit_doubled: 0.03, submit_error_before: 0.03, submit_error_after: 0.04, submit_refused_but_taken: 0.03, submit_throttled: 0.03, submit_stuck: 0.04, rejected_after_accept: 0.03,
  call_lost: 0.03, call_reply_lost: 0.02, call_throttled: 0.02, call_server_error: 0.02, lookup_lag: 0.1, slow_cancel: 0.25,
  update_drop: 0.05, update_double: 0.08, update_delay: 0.1, foreign_order: 0.02,
} as const;
/** A kind of fault. */
export type FaultKind = keyof typeof FAULTS;

/** Half of the kinds are at work in a seed, each at a strength of its own: rare combinations become common in some seeds. */
export class Faults {
  readonly struck = new Map<FaultKind, number>();
  readonly #rates = new Map<FaultKind, number>();
  readonly #random: Random;
  #isOver = false;

  constructor(seed: number) {
    const swarm = randomOf(seed, 'swarm');
    this.#random = randomOf(seed, 'faults');
    const overall = 0.3 + 1.2 * swarm.next();
    for (const [kind, rate] of Object.entries(FAULTS) as [FaultKind, number][]) {
      const isAtWork = swarm.next() < 0.55;
      const strength = 0.3 + 2.2 * swarm.next();
      this.#rates.set(kind, isAtWork ? Math.min(0.9, rate * strength * overall) : 0);
    }
  }

  /** Does this kind strike here? Counted when it does. `weight`: how many opportunities this one stands for. */
  strikes(kind: FaultKind, weight = 1): boolean {
    const rate = this.#rates.get(kind) ?? 0;
    if (this.#isOver || rate === 0) return false;
    if (this.#random.next() >= rate * weight) return false;
    this.struck.set(kind, (this.struck.get(kind) ?? 0) + 1);
    return true;
  }

  /** Uniform in [from, to), for the details of a fault. */
  between(from: number, to: number): number {
    return from + (to - from) * this.#random.next();
  }

  /** From now on everything works. */
  end(): void {
    this.#isOver = true;
  }
}
