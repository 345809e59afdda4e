/** Which points are tried next: every one (grid), seeded draws, or draws that learn. The same answers lead to the same points, however many work on them. */
import { AppError } from '#app/domain/errors.ts';
import { randomOf, type Random } from '#app/domain/random.ts';
import { pointAt, type Space } from './space.ts';
import { Parzen, type Judged } from './tpe.ts';

/**
 * How points are chosen. `grid`: all. `random`: `trials` different ones, uniform. `latin`: a Latin hypercube (M. McKay, R. Beckman, W. Conover, Technometrics 21(2), 1979): each axis
 * is cut into `trials` strata and each stratum is met once. `tpe`: a Latin start, then a tree-structured Parzen estimator.
 */
export type SearchMethod = { readonly kind: 'grid' } | { readonly kind: 'random' | 'latin' | 'tpe'; readonly trials: number; readonly seed: number };

/** A source of points. Batches have a size of their own, so that the number of workers shows nowhere. */
export type Proposer = {
  /** The next points, each of them new and usable; empty when there are no more. All answers to the last batch must have been told. */
  next(): readonly number[];
  /** The score of a point, higher is better; NaN: it failed or cannot be judged. In the order of the batch. */
  tell(point: number, score: number): void;
  /** Points that were looked at and cannot be used. */
  readonly unusable: number;
};

/** Trials of one search at most. */
export const MAX_TRIALS = 200_000;
const TPE_MAX_TRIALS = 5_000;
const TPE_BATCH = 8;
const GRID_BATCH = 8_192;
/** Random draws that may miss (known or unusable) for each trial before the space is walked in order. */
const MISSES = 64;
/** Points that one search by draws looks at in all: where hardly any is usable, it ends with those that it has found. */
const MAX_LOOKS = 500_000;

/** The points that were proposed or looked at in vain, and fresh ones at random. */
class Draws {
  private readonly seen = new Set<number>();
  private walk = 0;
  private looks = 0;
  unusable = 0;
  private readonly size: number;
  private readonly isUsable: (point: number) => boolean;

  constructor(size: number, isUsable: (point: number) => boolean) {
    this.size = size;
    this.isUsable = isUsable;
  }

  /** Whether the point is new and usable. One that is not usable is counted, once. */
  isFree(point: number): boolean {
    if (point < 0 || this.seen.has(point)) return false;
    this.looks += 1;
    if (this.isUsable(point)) return true;
    this.seen.add(point);
    this.unusable += 1;
    return false;
  }

  /** Takes a point that is free. @returns whether it was */
  take(point: number): boolean {
    const isFree = this.isFree(point);
    if (isFree) this.seen.add(point);
    return isFree;
  }

  /** A new usable point, uniform as long as luck lasts, then the first one in order; -1 when none is left. */
  draw(random: Random): number {
    for (let miss = 0; miss < MISSES && this.looks < MAX_LOOKS; miss += 1) {
      const point = Math.floor(random.next() * this.size);
      if (this.take(point)) return point;
    }
    // Nearly all are known, or nearly none are usable.
    for (; this.walk < this.size && this.walk < MAX_LOOKS && this.looks < MAX_LOOKS; this.walk += 1) if (this.take(this.walk)) return this.walk;
    return -1;
  }
}

function gridProposer(space: Space, draws: Draws): Proposer {
  if (space.size > MAX_TRIALS) throw new AppError('INPUT_INVALID', `A grid of ${space.size} points is too large (at most ${MAX_TRIALS}): use random, latin or tpe, or wider steps`);
  let at = 0;
  return {
    get unusable() {
      return draws.unusable;
    },
    next() {
      const batch: number[] = [];
      for (; at < space.size && batch.length < GRID_BATCH; at += 1) if (draws.take(at)) batch.push(at);
      return batch;
    },
    tell: () => undefined,
  };
}

/** Points of a Latin hypercube over the axes; where a point is known or unusable, a uniform one instead. */
function latinPoints(space: Space, draws: Draws, { count, random }: { readonly count: number; readonly random: Random }): readonly number[] {
  const strata = space.axes.map(() => shuffled(count, random));
  const points: number[] = [];
  const coordinates = new Int32Array(space.axes.length);
  for (let n = 0; n < count; n += 1) {
    for (const [at, axis] of space.axes.entries()) coordinates[at] = Math.min(axis.values.length - 1, Math.floor((((strata[at]?.[n] ?? 0) + random.next()) / count) * axis.values.length));
    const stratum = pointAt(space, coordinates);
    const point = draws.take(stratum) ? stratum : draws.draw(random);
    if (point >= 0) points.push(point);
  }
  return points;
}

/** 0..count-1 in a random order (R. Durstenfeld, Communications of the ACM 7(7), 1964). */
function shuffled(count: number, random: Random): Int32Array {
  const order = Int32Array.from({ length: count }, (_none, n) => n);
  for (let n = count - 1; n > 0; n -= 1) {
    const other = Math.floor(random.next() * (n + 1));
    const kept = order[n] ?? 0;
    order[n] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}

type Drawing = { readonly space: Space; readonly draws: Draws; readonly trials: number; readonly random: Random };

function drawnProposer(kind: 'random' | 'latin', { space, draws, trials, random }: Drawing): Proposer {
  let isDone = false;
  return {
    get unusable() {
      return draws.unusable;
    },
    next() {
      if (isDone) return [];
      isDone = true;
      if (kind === 'latin') return latinPoints(space, draws, { count: trials, random });
      return Array.from({ length: trials }, () => draws.draw(random)).filter((point) => point >= 0);
    },
    tell: () => undefined,
  };
}

function parzenProposer({ space, draws, trials, random }: Drawing): Proposer {
  const judged: Judged[] = [];
  let proposed = 0;
  return {
    get unusable() {
      return draws.unusable;
    },
    next() {
      const room = trials - proposed;
      const start = Math.min(trials, Math.max(16, 4 * space.axes.length));
      const batch = proposed === 0 ? [...latinPoints(space, draws, { count: start, random })] : [];
      const parzen = proposed === 0 ? null : new Parzen(space, judged);
      while (parzen !== null && batch.length < Math.min(room, TPE_BATCH)) {
        const wish = parzen.propose(random, (point) => draws.isFree(point));
        const point = draws.take(wish) ? wish : draws.draw(random);
        if (point < 0) break;
        batch.push(point);
        parzen.avoid(point);
      }
      proposed += batch.length;
      return batch;
    },
    tell(point, score) {
      judged.push({ point, score });
    },
  };
}

/** Opens a search. `isUsable`: whether the strategy takes the parameters of a point. @throws AppError INPUT_INVALID for too many points or trials, or none */
export function openProposer(space: Space, method: SearchMethod, isUsable: (point: number) => boolean): Proposer {
  const draws = new Draws(space.size, isUsable);
  if (method.kind === 'grid') return gridProposer(space, draws);
  const { kind, trials, seed } = method;
  const most = kind === 'tpe' ? TPE_MAX_TRIALS : MAX_TRIALS;
  if (!Number.isInteger(trials) || trials < 1 || trials > most) throw new AppError('INPUT_INVALID', `A search by ${kind} makes 1 to ${most} trials, not ${trials}`);
  const drawing: Drawing = { space, draws, trials: Math.min(trials, space.size), random: randomOf(seed, 'search', kind) };
  return kind === 'tpe' ? parzenProposer(drawing) : drawnProposer(kind, drawing);
}
