/** Which rows of a long list are in sight: all rows have one height, opened ones are taller. Pure. */

/** The rows: `rowHeight` each, and by how much each opened row is taller (index -> pixels), in the order of the indexes. */
export type Rows = { readonly count: number; readonly rowHeight: number; readonly extra: ReadonlyMap<number, number> };

/** Pixels from the list's top to the top of a row. offsetOf({ count: 9, rowHeight: 10, extra: new Map([[1, 5]]) }, 3) = 35 */
export function offsetOf({ rowHeight, extra }: Rows, index: number): number {
  let offset = index * rowHeight;
  for (const [opened, height] of extra) if (opened < index) offset += height;
  return offset;
}

/** Height of all rows. */
export function totalHeight(rows: Rows): number {
  return offsetOf(rows, rows.count);
}

/** The row at a distance from the top. */
export function indexAt(rows: Rows, offset: number): number {
  let low = 0;
  let high = Math.max(0, rows.count - 1);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (offsetOf(rows, middle) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The rows to draw: those in sight and some around them; `end` excluded. */
export function visibleRows(rows: Rows, view: { top: number; height: number; around: number }): { start: number; end: number } {
  if (rows.count === 0) return { start: 0, end: 0 };
  return { start: Math.max(0, indexAt(rows, view.top) - view.around), end: Math.min(rows.count, indexAt(rows, view.top + view.height) + 1 + view.around) };
}
