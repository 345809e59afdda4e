/** Hands bars to a sandbox's process in pieces: whoever writes them trades as well, and must not stand still for a million of them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import type { Sandbox } from './sandbox.ts';

/** Rows of a piece: two megabytes, some milliseconds to write. */
const PIECE_ROWS = 40_000;

/** `rows`: of a piece, left out: as many as are written in some milliseconds. */
type HoldOptions = { readonly signal?: AbortSignal; readonly rows?: number };

type Columns = readonly (readonly [name: string, columns: BarColumns])[];

/** Neighbours of the same length that fit into one piece: most symbols of a run have the same days, and each question takes its time. */
function groupsOf(bars: ReadonlyMap<string, BarColumns>, most: number): Columns[] {
  const groups: (readonly [name: string, columns: BarColumns])[][] = [];
  for (const one of bars) {
    const rows = one[1].time.length;
    const last = groups.at(-1);
    if (last?.[0]?.[1].time.length === rows && (last.length + 1) * rows <= most) last.push(one);
    else groups.push([one]);
  }
  return groups;
}

/** Has a sandbox keep bars under a name, in the place of what it kept there; gives the words by which later questions mean them. @throws what asking a sandbox throws */
export async function holdBars(sandbox: Pick<Sandbox, 'ask'>, name: string, bars: ReadonlyMap<string, BarColumns>, { signal, rows: most = PIECE_ROWS }: HoldOptions = {}): Promise<{ readonly held: string }> {
  await sandbox.ask('hold', { name, bars: null }, signal);
  for (const group of groupsOf(bars, most)) {
    const rows = group[0]?.[1].time.length ?? 0;
    for (let from = 0; from === 0 || from < rows; from += most) {
      await sandbox.ask('hold', { name, bars: new Map(group.map(([symbol, columns]) => [symbol, sliceColumns(columns, from, Math.min(rows, from + most))])), piece: { from, rows } }, signal);
      await nextTurn();
    }
  }
  return { held: name };
}
