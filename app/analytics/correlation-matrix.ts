/** Correlations of several price series with each other, pair by pair over the times that both have. */
import { correlation } from './correlation.ts';
import { simpleReturns } from './returns.ts';

/** Closes with the times they belong to, in order of time, of one length. */
export type PricedSeries = { readonly time: ArrayLike<number>; readonly close: ArrayLike<number> };
/** Returns of two series over the same stretches, and when each stretch ends. */
export type CommonReturns = { readonly at: Float64Array; readonly one: Float64Array; readonly other: Float64Array };

/** Simple returns between the times that both series have: closes 10, 11, 12 at 1, 2, 3 and 5, 6 at 1, 3 have one common stretch, of 0.2 and 0.2, that ends at 3. */
export function commonReturns(one: PricedSeries, other: PricedSeries): CommonReturns {
  const [at, mine, its]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0, j = 0; i < one.time.length && j < other.time.length; ) {
    const [t, u] = [one.time[i] ?? NaN, other.time[j] ?? NaN];
    if (t === u) {
      at.push(t);
      mine.push(one.close[i] ?? NaN);
      its.push(other.close[j] ?? NaN);
    }
    i += t <= u ? 1 : 0;
    j += u <= t ? 1 : 0;
  }
  return { at: Float64Array.from(at.slice(1)), one: simpleReturns(mine), other: simpleReturns(its) };
}

/** A cell: -1..1 (null where there is none) and the number of returns it is made of. */
export type CorrelationCell = { readonly value: number | null; readonly count: number };

/** Each series with each; the diagonal is 1. Pearson, over simple returns; null below `least` common returns. */
export function correlationMatrix(series: readonly PricedSeries[], least: number): CorrelationCell[][] {
  const cells: CorrelationCell[][] = series.map(() => []);
  series.forEach((one, row) => {
    series.forEach((other, column) => {
      const mirrored = column < row ? cells[column]?.[row] : undefined;
      if (mirrored !== undefined) {
        cells[row]?.push(mirrored);
        return;
      }
      if (row === column) {
        cells[row]?.push({ value: 1, count: Math.max(0, one.time.length - 1) });
        return;
      }
      const common = commonReturns(one, other);
      cells[row]?.push({ value: common.one.length < least ? null : correlation(common.one, common.other), count: common.one.length });
    });
  });
  return cells;
}
