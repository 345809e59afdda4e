/** Tree-structured Parzen estimator: looks where good points are dense and bad ones are not. */
import { invariant } from '#app/domain/errors.ts';
import type { Random } from '#app/domain/random.ts';
import { coordinatesOf, pointAt, type Axis, type Space } from './space.ts';

/** A point with its score, higher is better; NaN: bad, however it came about. */
export type Judged = { readonly point: number; readonly score: number };

/** Candidates among which the ratio decides. */
const CANDIDATES = 24;
/** Good points: this part of all, at least 2 and at most 25. */
const GOOD_PART = 0.15;
const GOOD_MIN = 2;
const GOOD_MAX = 25;
/** Least width of a kernel in steps: narrower ones would never leave the points that are known. */
const WIDTH_MIN = 0.7;
/** Part of a word's kernel that goes to the other words. */
const WORD_LEAK = 0.4;

/** exp(-(a - b)^2 / 2 w^2) over the values of an axis, normalised: a Gaussian on the grid, cut at its ends. */
function kernelRow(axis: Axis, centre: number, width: number): Float64Array {
  const row = new Float64Array(axis.values.length);
  let sum = 0;
  for (let at = 0; at < row.length; at += 1) {
    const weight = axis.isOrdered ? Math.exp(-(((at - centre) / width) ** 2) / 2) : at === centre ? 1 - WORD_LEAK : WORD_LEAK / Math.max(1, row.length - 1);
    row[at] = weight;
    sum += weight;
  }
  for (let at = 0; at < row.length; at += 1) row[at] = (row[at] ?? 0) / sum;
  return row;
}

/** A mixture over the space: one product of kernels for each point, and one uniform component (the prior) with the same weight. */
class Mixture {
  private readonly space: Space;
  private readonly centres: Int32Array[];
  private readonly widths: Float64Array;
  private readonly rows: readonly Map<number, Float64Array>[];

  constructor(space: Space, centres: Int32Array[]) {
    this.space = space;
    this.centres = centres;
    this.rows = space.axes.map(() => new Map());
    // Scott's rule for d dimensions (D. Scott, Multivariate Density Estimation, 1992, p. 152): spread x n^(-1 / (d + 4)).
    const shrink = Math.max(1, centres.length) ** (-1 / (space.axes.length + 4));
    this.widths = Float64Array.from(space.axes, (axis, at) => {
      const mean = centres.reduce((sum, centre) => sum + (centre[at] ?? 0), 0) / Math.max(1, centres.length);
      const spread = Math.sqrt(centres.reduce((sum, centre) => sum + ((centre[at] ?? 0) - mean) ** 2, 0) / Math.max(1, centres.length));
      return Math.max(WIDTH_MIN, Math.min(spread, axis.values.length / 4) * shrink);
    });
  }

  /** One more centre, under the same widths. */
  add(centre: Int32Array): void {
    this.centres.push(centre);
  }

  private row(at: number, centre: number): Float64Array {
    const axis = this.space.axes[at];
    const rows = this.rows[at];
    invariant(axis && rows, 'The space has no such axis', { at });
    const known = rows.get(centre);
    if (known) return known;
    const row = kernelRow(axis, centre, this.widths[at] ?? WIDTH_MIN);
    rows.set(centre, row);
    return row;
  }

  density(coordinates: Int32Array): number {
    let sum = 1 / this.space.size;
    for (const centre of this.centres) {
      let product = 1;
      for (let at = 0; at < centre.length; at += 1) product *= this.row(at, centre[at] ?? 0)[coordinates[at] ?? 0] ?? 0;
      sum += product;
    }
    return sum / (this.centres.length + 1);
  }

  /** Draws from the mixture into `out`. */
  sample(random: Random, out: Int32Array): void {
    const component = Math.floor(random.next() * (this.centres.length + 1));
    const centre = this.centres[component];
    for (const [at, axis] of this.space.axes.entries()) {
      const place = random.next();
      out[at] = centre === undefined ? Math.floor(place * axis.values.length) : pick(this.row(at, centre[at] ?? 0), place);
    }
  }
}

/** The index at which the running sum of a row passes `place`. */
function pick(row: Float64Array, place: number): number {
  let sum = 0;
  for (let at = 0; at < row.length; at += 1) {
    sum += row[at] ?? 0;
    if (place < sum) return at;
  }
  return row.length - 1;
}

/**
 * Proposes points: the candidate with the highest ratio of densities good / bad (J. Bergstra, R. Bardenet, Y. Bengio, B. Kégl, "Algorithms for Hyper-Parameter Optimization", NIPS 2011, section 4), with
 * kernels over all axes at once (S. Falkner, A. Klein, F. Hutter, "BOHB", ICML 2018, section 3), on the grid of the space. Knows what was judged when it was made.
 */
export class Parzen {
  private readonly space: Space;
  private readonly likely: Mixture;
  private readonly unlikely: Mixture;

  constructor(space: Space, judged: readonly Judged[]) {
    const rank = ({ score }: Judged): number => (Number.isNaN(score) ? -Infinity : score);
    // Of equal scores the one that was told first.
    const order = judged.map((entry, at) => ({ entry, at })).sort((a, b) => compare(rank(b.entry), rank(a.entry)) || a.at - b.at).map(({ entry }) => entry);
    const good = Math.min(GOOD_MAX, Math.max(GOOD_MIN, Math.ceil(GOOD_PART * order.length)));
    const centre = ({ point }: Judged): Int32Array => coordinatesOf(space, point);
    this.space = space;
    this.likely = new Mixture(space, order.slice(0, good).filter(({ score }) => !Number.isNaN(score)).map(centre));
    this.unlikely = new Mixture(space, order.slice(good).map(centre));
  }

  /** Takes a point for bad until it is judged, so that a batch spreads. */
  avoid(point: number): void {
    this.unlikely.add(coordinatesOf(this.space, point));
  }

  /** The best of some candidates; -1 when none of them was new. */
  propose(random: Random, isNew: (point: number) => boolean): number {
    const coordinates = new Int32Array(this.space.axes.length);
    let best = -1;
    let bestRatio = -Infinity;
    for (let n = 0; n < CANDIDATES; n += 1) {
      this.likely.sample(random, coordinates);
      const point = pointAt(this.space, coordinates);
      if (!isNew(point)) continue;
      const ratio = this.likely.density(coordinates) / this.unlikely.density(coordinates);
      if (ratio > bestRatio) [best, bestRatio] = [point, ratio];
    }
    return best;
  }
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
