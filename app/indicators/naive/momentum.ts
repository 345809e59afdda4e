/** Momentum and ranges from their definitions. For tests alone. */
import { column, type PlainBars, plainRanges, plainWilder, type Rows } from './row.ts';

/** Change against the bar before, NaN at the first. */
export const plainChanges = (values: readonly number[]): number[] => column(values.length, 1, (i) => (values[i] ?? NaN) - (values[i - 1] ?? NaN));

/** Wilder's RSI from the ratio of averages. */
export function plainRsi(values: readonly number[], n: number): number[] {
  const changes = plainChanges(values);
  const gains = plainWilder(changes.map((change) => (Number.isNaN(change) ? NaN : Math.max(change, 0))), n);
  const losses = plainWilder(changes.map((change) => (Number.isNaN(change) ? NaN : Math.max(-change, 0))), n);
  return gains.map((gain, i) => {
    const loss = losses[i] ?? NaN;
    if (gain === 0 && loss === 0) return 0;
    return loss === 0 ? 100 : 100 - 100 / (1 + gain / loss);
  });
}

/** Rows by id. */
export const NAIVE_MOMENTUM: Rows = {
  RSI: {
    values: [[1], [2], [30]],
    naive: ({ close }, [n = 0]) => ({ value: plainRsi(close, n) }),
    worked: [{ values: [2], bars: { close: [10, 11, 10.5, 12] }, gives: { value: [NaN, NaN, 66.6667, 88.8889] } }],
  },
  ATR: {
    values: [[1], [2], [30]],
    naive: (bars: PlainBars, [n = 0]) => ({ value: plainWilder(plainRanges(bars), n) }),
    worked: [{ values: [2], bars: { high: [10, 11, 12, 10], low: [9, 10, 9, 9], close: [9.5, 10.5, 9, 10] }, gives: { value: [NaN, NaN, 2.25, 1.625] } }],
  },
};
