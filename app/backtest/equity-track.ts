/** The equity curve of a back-test while it grows: thinned evenly, its days and its deepest fall kept exactly. */
import { invariant } from '#app/domain/errors.ts';

/** A point: epoch ms, dollars. */
export type EquityPoint = readonly [at: number, dollars: number];

/** The curve so far. */
export type EquityTrack = {
  /** Adds the equity at the close of a bar that belongs to a session day. */
  add(at: number, dollars: number, day: string): void;
  /** The curve with its first and its last point; between them every 2^k-th. */
  points(): EquityPoint[];
  /** `[day, equity at its last bar]`, oldest first. */
  days(): (readonly [day: string, dollars: number])[];
  /** min(V / running maximum - 1) over every point, <= 0; 0 before the first. */
  maxDrawdown(): number;
};

/** Begins a curve of at most `maxPoints` points. 1..10 with at most 5 points gives 1, 5, 9, 10: every fourth, and the last. */
export function startEquityTrack(maxPoints: number): EquityTrack {
  invariant(maxPoints >= 3, 'A curve needs at least three points', { maxPoints });
  let kept: EquityPoint[] = [];
  const days: [string, number][] = [];
  let [stride, count, peak, deepest] = [1, 0, -Infinity, 0];
  let last: EquityPoint | null = null;
  return {
    add(at, dollars, day) {
      if (count % stride === 0) kept.push([at, dollars]);
      count += 1;
      last = [at, dollars];
      // One place is left for the last point.
      if (kept.length >= maxPoints) {
        kept = kept.filter((_, n) => n % 2 === 0);
        stride *= 2;
      }
      peak = Math.max(peak, dollars);
      deepest = Math.min(deepest, dollars / peak - 1);
      const today = days.at(-1);
      if (today?.[0] === day) today[1] = dollars;
      else days.push([day, dollars]);
    },
    points: () => (last !== null && kept.at(-1)?.[0] !== last[0] ? [...kept, last] : [...kept]),
    days: () => days.map(([day, dollars]) => [day, dollars] as const),
    maxDrawdown: () => deepest,
  };
}
