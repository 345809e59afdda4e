/** Raw lines as rows: each with a time, continuations joined to what they continue, lines beyond retention left out. */
import { parseLine } from './parse.ts';
import type { PlacedLine } from './store.ts';
import type { RawLine } from './split.ts';

/** Clocks of parts may differ by so much before a time counts as wrong. */
const AHEAD_MAX_MS = 86_400_000;
const JOINED_MAX = 4_000;

/** What a piece is placed by (EpochMs). `lastAt`: the last time that the file told; `writtenAt`: when a line without a time was written, as far as can be known. */
export type PlaceBy = { readonly lastAt: number | null; readonly writtenAt: number; readonly now: number; readonly oldest: number };

/** Rows, the last time told, and how many lines were older than `oldest`. */
export type Placed = { readonly lines: PlacedLine[]; readonly lastAt: number | null; readonly tooOld: number };

/** Does this line go on with the one before it? Stack traces and SQL statements are indented. */
function isContinuation(raw: RawLine): boolean {
  return raw.cutBytes === null && /^\s/.test(raw.text);
}

/** Places lines in the order of their file. */
export function placeLines(raws: readonly RawLine[], by: PlaceBy): Placed {
  const lines: PlacedLine[] = [];
  let { lastAt } = by;
  let tooOld = 0;
  let isLastOld = false;
  for (const raw of raws) {
    const before = lines.at(-1);
    if (isContinuation(raw) && (before ?? isLastOld)) {
      if (before && !isLastOld && before.message.length < JOINED_MAX) lines[lines.length - 1] = { ...before, message: `${before.message}\n${parseLine(raw.text).message}`.slice(0, JOINED_MAX) };
      continue;
    }
    const parsed = parseLine(raw.text, raw.cutBytes);
    const told = parsed.at !== null && parsed.at <= by.now + AHEAD_MAX_MS && parsed.at > 0 ? parsed.at : null;
    if (told !== null) lastAt = told;
    const at = told ?? by.writtenAt;
    isLastOld = at < by.oldest;
    if (isLastOld) tooOld += 1;
    else lines.push({ ...parsed, at, position: raw.position });
  }
  return { lines, lastAt, tooOld };
}
