/** Two parameters of a search as a map of scores. */
import { AppError } from '#app/domain/errors.ts';
import { coordinatesOf, type AxisValue, type Space } from './space.ts';
import type { TrialTable } from './trials.ts';

/** How the trials that share a cell, which differ in the other parameters, become one number: the median tells of the region, the best of what is possible. */
export type CellRule = 'best' | 'median' | 'worst';

/** `cells[y][x]`: score, null where nothing was judged. `counts`: judged trials behind each cell. */
export type HeatMap = {
  readonly x: string; readonly y: string; readonly xValues: readonly AxisValue[]; readonly yValues: readonly AxisValue[];
  readonly cells: readonly (readonly (number | null)[])[]; readonly counts: readonly (readonly number[])[]; readonly rule: CellRule;
};

function reduce(scores: number[], rule: CellRule): number | null {
  scores.sort((a, b) => a - b);
  const { length } = scores;
  if (length === 0) return null;
  if (rule !== 'median') return scores[rule === 'best' ? length - 1 : 0] ?? null;
  return ((scores[(length - 1) >> 1] ?? NaN) + (scores[length >> 1] ?? NaN)) / 2;
}

/** The map of two searched parameters. @throws AppError INPUT_INVALID when one of them was not searched, or they are the same */
export function heatMap(space: Space, table: TrialTable, { x, y, rule = 'median' }: { readonly x: string; readonly y: string; readonly rule?: CellRule }): HeatMap {
  const xAt = space.axes.findIndex(({ name }) => name === x);
  const yAt = space.axes.findIndex(({ name }) => name === y);
  const xAxis = space.axes[xAt];
  const yAxis = space.axes[yAt];
  if (!xAxis || !yAxis || xAt === yAt) throw new AppError('INPUT_INVALID', `A map needs two of the searched parameters (${space.axes.map(({ name }) => name).join(', ')}), not ${x} and ${y}`);
  const scores = yAxis.values.map(() => xAxis.values.map((): number[] => []));
  const coordinates = new Int32Array(space.axes.length);
  for (const { point } of table.all()) {
    const score = table.score(point);
    if (Number.isNaN(score)) continue;
    coordinatesOf(space, point, coordinates);
    scores[coordinates[yAt] ?? -1]?.[coordinates[xAt] ?? -1]?.push(score);
  }
  const counts = scores.map((row) => row.map(({ length }) => length));
  return { x, y, xValues: xAxis.values, yValues: yAxis.values, counts, rule, cells: scores.map((row) => row.map((cell) => reduce(cell, rule))) };
}
