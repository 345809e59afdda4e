/** Rows of each month, in the database and in files, as columns of one picture. */
import { useState } from 'react';
import type { JSX } from 'react';
import type { StorageView } from '#app/contracts/storage.ts';
import { bytes, count } from '../../ui/format.ts';

/** A month as it is drawn. Rows; `isAhead`: made for bars that are still to come. */
export type MonthRows = { readonly month: string; readonly inBook: number; readonly inFiles: number; readonly bytes: number; readonly isAhead: boolean };

/** Months of the book and of the archive put together, in order. A file whose bars are back in the book counts there alone. */
export function monthRows({ months, files }: Pick<StorageView, 'months' | 'files'>): MonthRows[] {
  const found = new Map<string, MonthRows>();
  for (const { month, rows, bytes: size, isAhead } of months) found.set(month, { month, inBook: rows ?? 0, inFiles: 0, bytes: size, isAhead });
  for (const { month, rows, state } of files) {
    const known = found.get(month) ?? { month, inBook: 0, inFiles: 0, bytes: 0, isAhead: false };
    if (state === 'archived') found.set(month, { ...known, inFiles: known.inFiles + rows });
  }
  return [...found.values()].toSorted((a, b) => (a.month < b.month ? -1 : 1));
}

const HEIGHT = 96;
const WIDTH = 1_000;
const MIN_COLUMN = 1.5;

/** The picture; a word about the month under the pointer. */
export function MonthBars({ view }: { view: StorageView }): JSX.Element {
  const [at, setAt] = useState<number | null>(null);
  const rows = monthRows(view);
  if (rows.length === 0) return <p className="muted">No month yet.</p>;
  const most = Math.max(1, ...rows.map((row) => row.inBook + row.inFiles));
  const step = WIDTH / rows.length;
  const width = Math.max(MIN_COLUMN, step * 0.78);
  // A month of few rows is still seen.
  const height = (value: number): number => (value === 0 ? 0 : Math.max(2, (value / most) * (HEIGHT - 4)));
  const shown = at === null ? undefined : rows[at];
  const first = rows[0]?.month;
  const last = rows.at(-1)?.month;
  return (
    <figure className="month-bars" onPointerLeave={() => setAt(null)}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`Rows by month from ${first} to ${last}`}>
        {rows.map((row, n) => (
          <g key={row.month} onPointerEnter={() => setAt(n)}>
            <rect x={n * step} y={0} width={step} height={HEIGHT} className="month-hit" />
            {row.isAhead && row.inBook === 0 && <rect x={n * step} y={HEIGHT - 3} width={width} height={3} className="month-ahead" />}
            <rect x={n * step} y={HEIGHT - height(row.inBook)} width={width} height={height(row.inBook)} className="month-book" />
            <rect x={n * step} y={HEIGHT - height(row.inBook) - height(row.inFiles)} width={width} height={height(row.inFiles)} className="month-file" />
          </g>
        ))}
      </svg>
      <figcaption className="num"><span className="muted">{first}</span><span>{shown === undefined ? <span className="muted"><i className="swatch" />database <i className="swatch file" />archive</span> : shown.isAhead && shown.inBook === 0 ? `${shown.month}: made ready` : `${shown.month}: ${count(shown.inBook)} rows in the database (${bytes(shown.bytes)}), ${count(shown.inFiles)} in files`}</span><span className="muted">{last}</span></figcaption>
    </figure>
  );
}
