/** Small spaces and tables for the tests of searches. */
import { DEFAULT_OBJECTIVE } from './objective.ts';
import type { Axis, Space } from './space.ts';
import { TrialTable } from './trials.ts';

/** Ordered axes a, b, c ... of 0..length-1. */
export function boxSpace(...lengths: readonly number[]): Space {
  const axes = lengths.map((length, at): Axis => ({ name: String.fromCharCode(97 + at), values: Array.from({ length }, (_none, n) => n), isOrdered: true }));
  return { axes, fixed: {}, size: lengths.reduce((product, length) => product * length, 1) };
}

/** A table in which these points have these Sharpe ratios, with trips enough; null: it failed. */
export function sharpeTable(scores: Readonly<Record<number, number | null>>): TrialTable {
  const table = new TrialTable(['sharpe', 'trades'], DEFAULT_OBJECTIVE);
  for (const [point, score] of Object.entries(scores)) table.add({ point: Number(point), values: Float64Array.of(score ?? NaN, 100), why: score === null ? 'It failed.' : null });
  return table;
}

