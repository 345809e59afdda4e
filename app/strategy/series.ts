/** A series of numbers as a strategy sees it: now, and so many bars ago; never ahead. */
import { AppError } from '#app/domain/errors.ts';

/** Where a run stands. One for each symbol: its series share it. `depth`: bars that the strategy said it looks back at most (`history`). */
export type Cursor = { i: number; readonly depth: number };

/** A column with the cursor of its symbol. `values` is for the engines; strategies use `now` and `ago`. */
export class Series {
  readonly values: Float64Array;
  readonly cursor: Cursor;

  constructor(values: Float64Array, cursor: Cursor) {
    this.values = values;
    this.cursor = cursor;
  }

  /** The number at the bar that has just closed; NaN while there are too few bars. */
  get now(): number {
    return this.values[this.cursor.i] ?? NaN;
  }

  /**
   * The number `bars` bars ago: ago(0) is `now`. NaN before the beginning, and for a negative number of bars: the future is not known.
   * @throws AppError INPUT_INVALID further back than `history`: live, older bars are not kept, and a back-test must not know more.
   */
  ago(bars: number): number {
    if (bars > this.cursor.depth) throw new AppError('INPUT_INVALID', `ago(${bars}) looks further back than the history of ${this.cursor.depth} bars that the strategy declares: declare more with history()`);
    return bars < 0 ? NaN : (this.values[this.cursor.i - bars] ?? NaN);
  }
}
