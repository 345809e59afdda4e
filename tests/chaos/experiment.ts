/** What an experiment is: something broken on purpose a number of times, what was measured of it, and what the paper wants. */
import type { ReplayResult } from '../support/replays.ts';

/** A figure against its target. `value` null: nothing was measured, which is a miss. */
export type Measure = { readonly what: string; readonly unit: 'ms' | 'orders' | 'times' | '%' | 'MB'; readonly value: number | null; readonly most: number };

/** What came of an experiment. `broken`: invariants, and whatever else must never be, in words; `notes`: what a reader of the table must know. */
export type Outcome = {
  readonly runs: number; readonly faults: number; readonly orders: number; readonly fills: number;
  readonly lost: readonly string[]; readonly doubled: readonly string[]; readonly broken: readonly string[];
  readonly measures: readonly Measure[]; readonly notes?: readonly string[];
};

/** The market that all replays trade, and the orders of the one that nothing disturbs. */
export type Tape = { readonly folder: string; reference(): Promise<ReplayResult> };

/** How to run. `count`: how many faults; `speed` of replays, times real time; `entry`: the built program in place of the sources. */
export type RunOptions = { readonly count: number; readonly seed: number; readonly tape: Tape; readonly speed: number; readonly entry?: string; readonly tell: (line: string) => void };

/** One row of the table. `full`: how many faults the paper asks for. */
export type Experiment = { readonly id: string; readonly what: string; readonly target: string; readonly full: number; run(options: RunOptions): Promise<Outcome> };

/** The value below which `share` of the sorted numbers lie; null without numbers. */
export function percentile(numbers: readonly number[], share: number): number | null {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? null;
}

/** Lines of `b` that `a` does not have, counting repetitions. */
export function surplus(a: readonly string[], b: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of a) left.set(line, (left.get(line) ?? 0) + 1);
  return b.filter((line) => {
    const count = left.get(line) ?? 0;
    if (count > 0) left.set(line, count - 1);
    return count === 0;
  });
}

/** A share of the times against a target in milliseconds. */
export function timesWithin(what: string, times: readonly number[], share: number, most: number): Measure {
  const value = percentile(times, share);
  return { what: `${what}, p${Math.round(share * 100)}`, unit: 'ms', value: value === null ? null : Math.round(value), most };
}

/** True when the target is met. */
export function isMet(measure: Measure): boolean {
  return measure.value !== null && measure.value <= measure.most;
}

/** True when nothing was lost, doubled or broken. Targets of time are a question of their own. */
export function isSound(outcome: Outcome): boolean {
  return outcome.lost.length === 0 && outcome.doubled.length === 0 && outcome.broken.length === 0;
}
