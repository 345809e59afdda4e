/** The methods of a search: every point once, the same way again, and nearer to known optima than chance. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomOf } from '#app/domain/random.ts';
import { openProposer, type SearchMethod } from './proposer.ts';
import { coordinatesOf, type Space } from './space.ts';
import { boxSpace } from './testing-space.ts';

/** Runs a search on a known function; the points in the order in which they were tried. */
function search(space: Space, method: SearchMethod, { f, isUsable = () => true }: { readonly f: (point: number) => number; readonly isUsable?: (point: number) => boolean }): { readonly points: readonly number[]; readonly unusable: number } {
  const proposer = openProposer(space, method, isUsable);
  const points: number[] = [];
  for (let batch = proposer.next(); batch.length > 0; batch = proposer.next()) {
    for (const point of batch) proposer.tell(point, f(point));
    points.push(...batch);
  }
  return { points, unusable: proposer.unusable };
}

const methods: readonly SearchMethod[] = [{ kind: 'grid' }, { kind: 'random', trials: 30, seed: 1 }, { kind: 'latin', trials: 30, seed: 1 }, { kind: 'tpe', trials: 60, seed: 1 }];

describe.each(methods)('a search by $kind', (method) => {
  it('tries usable points alone, each once, and counts the others', () => {
    const space = boxSpace(10, 10);
    const { points, unusable } = search(space, method, { f: (point) => -point, isUsable: (point) => point % 3 !== 0 });
    expect(new Set(points).size).toBe(points.length);
    expect(points.every((point) => point % 3 !== 0 && point < 100)).toBe(true);
    expect(points.length).toBe(method.kind === 'grid' ? 66 : method.trials);
    if (method.kind === 'grid') expect(unusable).toBe(34);
  });

  it('goes the same way again', () => {
    const f = (point: number): number => Math.sin(point * 12.9898);
    expect(search(boxSpace(12, 9, 4), method, { f })).toEqual(search(boxSpace(12, 9, 4), method, { f }));
  });

  it('ends when hardly anything, and when nothing is usable', () => {
    expect(search(boxSpace(40, 40), method, { f: () => 1, isUsable: (point) => point === 1_234 }).points).toEqual([1_234]);
    expect(search(boxSpace(20, 20), method, { f: () => 1, isUsable: () => false })).toEqual({ points: [], unusable: 400 });
  });

  it('copes with scores that are not known', () => {
    expect(search(boxSpace(8, 8), method, { f: () => NaN }).points.length).toBe(method.kind === 'grid' ? 64 : method.trials);
  });
});

describe('the draws of a search', () => {
  it('depend on the seed', () => {
    const points = (seed: number): readonly number[] => search(boxSpace(50, 50), { kind: 'random', trials: 20, seed }, { f: () => 0 }).points;
    expect(points(1)).not.toEqual(points(2));
  });

  it('meet each stratum of each axis once in a Latin hypercube', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(1_000), (trials, seed) => {
      const space = boxSpace(trials, trials, trials);
      const { points } = search(space, { kind: 'latin', trials, seed }, { f: () => 0 });
      for (const axis of space.axes.keys()) expect(new Set(points.map((point) => coordinatesOf(space, point)[axis])).size).toBe(trials);
    }), { numRuns: 50 });
  });

  it('refuse a grid that is too large, and a search without trials', () => {
    expect(() => openProposer(boxSpace(2_000, 2_000), { kind: 'grid' }, () => true)).toThrow(/too large/);
    expect(() => openProposer(boxSpace(2), { kind: 'tpe', trials: 0, seed: 1 }, () => true)).toThrow(/1 to 5000 trials/);
  });
});

describe('the Parzen estimator', () => {
  /** Best of 60 trials, mean over seeds: how far from the optimum 0. */
  const regret = (kind: 'random' | 'tpe', space: Space, f: (at: Int32Array) => number): number => {
    const seeds = 20;
    let sum = 0;
    for (let seed = 0; seed < seeds; seed += 1) {
      const score = (point: number): number => f(coordinatesOf(space, point));
      sum -= Math.max(...search(space, { kind, trials: 60, seed }, { f: score }).points.map(score));
    }
    return sum / seeds;
  };
  const at = (coordinates: Int32Array, axis: number): number => (coordinates[axis] ?? 0) / 20 - 2;
  const known: readonly (readonly [name: string, space: Space, f: (coordinates: Int32Array) => number, part: number])[] = [
    ['sphere, 3 of 61 values', boxSpace(61, 61, 61), (x) => -((at(x, 0) - 0.4) ** 2 + at(x, 1) ** 2 + (at(x, 2) + 0.7) ** 2), 0.6],
    ['Rosenbrock\'s valley', boxSpace(81, 81), (x) => -((1 - at(x, 0)) ** 2 + 100 * (at(x, 1) - at(x, 0) ** 2) ** 2), 0.8],
    ['Himmelblau, four optima', boxSpace(101, 101), (x) => 0 - ((2 * at(x, 0)) ** 2 + 2 * at(x, 1) - 11) ** 2 - (2 * at(x, 0) + (2 * at(x, 1)) ** 2 - 7) ** 2, 0.85],
  ];

  it.each(known)('comes nearer than chance: %s', (_name, space, f, part) => {
    expect(regret('tpe', space, f)).toBeLessThan(part * regret('random', space, f));
  });

  it('finds the right word', () => {
    const words = Array.from({ length: 8 }, (_none, n) => `w${n}`);
    const space: Space = { axes: [{ name: 'word', values: words, isOrdered: false }, ...boxSpace(50).axes], fixed: {}, size: 400 };
    const score = (point: number): number => {
      const [word = 0, place = 0] = coordinatesOf(space, point);
      return (word === 5 ? 0 : -10) - Math.abs(place - 31);
    };
    let late = 0;
    for (let seed = 0; seed < 10; seed += 1) {
      const { points } = search(space, { kind: 'tpe', trials: 80, seed }, { f: score });
      expect(Math.max(...points.map(score))).toBeGreaterThanOrEqual(-3);
      late += points.slice(-30).filter((point) => coordinatesOf(space, point)[0] === 5).length;
    }
    // By chance one in eight of 300.
    expect(late).toBeGreaterThan(60);
  });

  it('proposes within the space whatever it was told', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }), fc.nat(999), (lengths, seed) => {
      const space = boxSpace(...lengths);
      const random = randomOf(seed);
      const { points } = search(space, { kind: 'tpe', trials: 40, seed }, { f: () => (random.next() < 0.2 ? NaN : random.normal()) });
      expect(points.every((point) => point >= 0 && point < space.size)).toBe(true);
      expect(points.length).toBe(Math.min(40, space.size));
    }), { numRuns: 40 });
  });
});
