/** Whether a good point stands on a plateau or on a needle: how much of its score survives one and two steps away. */
import { neutralScore } from './objective.ts';
import { coordinatesOf, pointAt, type Space } from './space.ts';
import type { TrialTable } from './trials.ts';

/**
 * `oneStep`, `twoSteps`: mean part of the score that is left among judged neighbours exactly one, and exactly two steps away; null without any. `score`: mean over all of them, 0..1; null without any.
 * `judged` of `neighbours` were tried and judged: with few of them little is known.
 */
export type Plateau = { readonly oneStep: number | null; readonly twoSteps: number | null; readonly score: number | null; readonly judged: number; readonly neighbours: number };

type Ring = { sum: number; judged: number; neighbours: number };

/**
 * The plateau around a point p with score s(p) above neutral n (`neutralScore`): each neighbour q keeps max(0, min(1, (s(q) - n) / (s(p) - n))); the score is the mean over the judged neighbours
 * within two steps. A step is one place on one ordered axis, so two axes have 4 neighbours one step away and 8 two steps away; words have no neighbours. Null when p is not judged or not above neutral.
 * Worked: Sharpe 2 between neighbours of 1 and 1.5 on one axis: (0.5 + 0.75) / 2 = 0.625.
 */
export function plateauAt(space: Space, table: TrialTable, point: number): Plateau | null {
  const neutral = neutralScore(table.objective.figure);
  const height = table.score(point) - neutral;
  if (!(height > 0)) return null;
  const rings: readonly [Ring, Ring] = [{ sum: 0, judged: 0, neighbours: 0 }, { sum: 0, judged: 0, neighbours: 0 }];
  const centre = coordinatesOf(space, point);
  const visit = (offsets: readonly (readonly [axis: number, step: number])[], ring: Ring): void => {
    const moved = Int32Array.from(centre);
    for (const [axis, step] of offsets) moved[axis] = (moved[axis] ?? 0) + step;
    const neighbour = pointAt(space, moved);
    if (neighbour < 0) return;
    ring.neighbours += 1;
    const score = table.score(neighbour);
    if (Number.isNaN(score)) return;
    ring.judged += 1;
    ring.sum += Math.max(0, Math.min(1, (score - neutral) / height));
  };
  const ordered = [...space.axes.keys()].filter((axis) => space.axes[axis]?.isOrdered === true);
  const [near, far] = rings;
  for (const [place, axis] of ordered.entries()) {
    for (const step of [-1, 1]) {
      visit([[axis, step]], near);
      visit([[axis, 2 * step]], far);
      for (const other of ordered.slice(place + 1)) for (const otherStep of [-1, 1]) visit([[axis, step], [other, otherStep]], far);
    }
  }
  const judged = near.judged + far.judged;
  return {
    oneStep: mean(near), twoSteps: mean(far), score: judged === 0 ? null : (near.sum + far.sum) / judged,
    judged, neighbours: near.neighbours + far.neighbours,
  };
}

function mean({ sum, judged }: Ring): number | null {
  return judged === 0 ? null : sum / judged;
}

/** A point with what stands around it. */
export type PlateauPoint = { readonly point: number; readonly score: number; readonly plateau: Plateau };

/** Points looked at when the sturdiest is sought. */
const LOOKED_AT = 1_000;

/**
 * The point that is best after its surroundings are counted: the highest neutral + (score - neutral) x plateau among the best thousand, where at least half of the neighbours were judged.
 * Null when no point qualifies: the search was too thin to tell.
 */
export function sturdiest(space: Space, table: TrialTable): PlateauPoint | null {
  const neutral = neutralScore(table.objective.figure);
  let best: PlateauPoint | null = null;
  let bestWorth = -Infinity;
  for (const point of table.ranking().slice(0, LOOKED_AT)) {
    const plateau = plateauAt(space, table, point);
    if (plateau === null || plateau.score === null || plateau.judged * 2 < plateau.neighbours) continue;
    const worth = (table.score(point) - neutral) * plateau.score;
    if (worth > bestWorth) [best, bestWorth] = [{ point, score: table.score(point), plateau }, worth];
  }
  return best;
}
