/** What was found out about columns of bars, kept for as long as they are: of exactly these columns, every one of them. */
import { BAR_FIELDS, type BarColumns } from '#app/domain/bar-columns.ts';

type Entry<T> = { readonly bars: BarColumns; readonly value: T };

/**
 * A memory by columns. Bars that share some columns with others (the same times with other prices) are others. The newest bars of one column of times are remembered:
 * those of a search; a crowd of jittered copies pushes each other out. Columns must not be written while anything is remembered of them.
 */
export class ColumnMemo<T> {
  private readonly entries = new WeakMap<Float64Array, Entry<T>>();

  get(bars: BarColumns): T | undefined {
    const entry = this.entries.get(bars.time);
    return entry !== undefined && BAR_FIELDS.every((field) => entry.bars[field] === bars[field]) ? entry.value : undefined;
  }

  set(bars: BarColumns, value: T): void {
    this.entries.set(bars.time, { bars, value });
  }
}
