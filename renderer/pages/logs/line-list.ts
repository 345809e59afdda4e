/** The lines that are held: newest first, each once, at most so many. Pure. */
import type { LoggedLine } from '#app/contracts/logs.ts';

/** Most lines that are held; older ones are fetched again when the reader gets there. */
export const LINES_KEPT = 20_000;

/** `lines` newest first; `cursor` leads to older ones, null = there are none. */
export type LineList = { readonly lines: readonly LoggedLine[]; readonly known: ReadonlySet<string>; readonly cursor: string | null };

/** The order of the gateway's pages: by time, then by file and place in it. */
function newestFirst(a: LoggedLine, b: LoggedLine): number {
  if (a.at !== b.at) return b.at - a.at;
  const [fileA = 0, placeA = 0] = a.id.split('.').map(Number);
  const [fileB = 0, placeB = 0] = b.id.split('.').map(Number);
  return fileB - fileA || placeB - placeA || 0;
}

/** A first page. */
export function listOf(lines: readonly LoggedLine[], cursor: string | null): LineList {
  return { lines, known: new Set(lines.map((line) => line.id)), cursor };
}

function cursorAfter(line: LoggedLine | undefined): string | null {
  return line?.source === 'log' ? `${line.at}.${line.id}` : null;
}

/** Adds lines that came since, wherever their time puts them. */
export function withFresh(list: LineList, fresh: readonly LoggedLine[]): LineList {
  const unknown = fresh.filter((line) => !list.known.has(line.id)).sort(newestFirst);
  if (unknown.length === 0) return list;
  const newest = list.lines[0]?.at ?? -Infinity;
  const isAhead = (unknown.at(-1)?.at ?? 0) >= newest;
  const all = isAhead ? [...unknown, ...list.lines] : [...unknown, ...list.lines].sort(newestFirst);
  if (all.length <= LINES_KEPT) return { lines: all, known: new Set([...list.known, ...unknown.map((line) => line.id)]), cursor: list.cursor };
  const lines = all.slice(0, LINES_KEPT);
  return { lines, known: new Set(lines.map((line) => line.id)), cursor: cursorAfter(lines.at(-1)) };
}

/** Adds a page of older lines. */
export function withOlder(list: LineList, older: readonly LoggedLine[], cursor: string | null): LineList {
  const unknown = older.filter((line) => !list.known.has(line.id));
  return { lines: [...list.lines, ...unknown], known: new Set([...list.known, ...unknown.map((line) => line.id)]), cursor };
}

/** A line as one text, for the clipboard. */
export function textOf(line: LoggedLine): string {
  return JSON.stringify({ at: new Date(line.at).toISOString(), unit: line.unit, level: line.level, message: line.message, ...(line.source === 'book' ? { source: 'book' } : {}), ...line.fields });
}

/** Fields in one row: `reason=timeout attempt=2`; long values cut. */
export function fieldsText(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `${name}=${text.length > 120 ? `${text.slice(0, 120)}…` : text}`;
  }).join('  ');
}
