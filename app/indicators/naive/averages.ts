/** Averages from their definitions. For tests alone. */
import { plainEma, plainSma, type Rows } from './row.ts';

/** Rows by id. */
export const NAIVE_AVERAGES: Rows = {
  SMA: {
    values: [[1], [3], [50]],
    naive: ({ close }, [n = 0]) => ({ value: plainSma(close, n) }),
    worked: [{ values: [3], bars: { close: [1, 2, 4.5, 10] }, gives: { value: [NaN, NaN, 2.5, 5.5] } }],
  },
  EMA: {
    values: [[1], [3], [50]],
    naive: ({ close }, [n = 0]) => ({ value: plainEma(close, n) }),
    worked: [{ values: [3], bars: { close: [1, 2, 6, 5] }, gives: { value: [NaN, NaN, 3, 4] } }],
  },
};
