/** Bytes of a file as lines with the place where each begins. */

/** Longest line that is kept whole, in bytes; of a longer one the beginning is kept. */
export const LINE_BYTES_MAX = 65_536;
const CUT_BYTES = 8_192;

/** A line: `position` is the offset of its first byte; `cutBytes` how long it was at least, when only its beginning is here. */
export type RawLine = { readonly position: number; readonly text: string; readonly cutBytes: number | null };

/** What a piece gave: its whole lines, how many bytes are done with, and whether the rest of an over-long line follows. */
export type Split = { readonly lines: RawLine[]; readonly consumed: number; readonly isMidLine: boolean };

/** A piece of a file, read from `position`. `isWhole`: nothing follows it any more (a file that was rotated away), so a line without an end is a line. */
export type Piece = { readonly bytes: Buffer; readonly position: number; readonly isMidLine: boolean; readonly isWhole: boolean };

function textOf(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/\r$/, '');
}

/** Splits a piece into lines. Empty lines are passed over; half a line waits for its other half unless it is too long already. */
export function splitLines({ bytes, position, isMidLine, isWhole }: Piece): Split {
  const lines: RawLine[] = [];
  let start = 0;
  if (isMidLine) {
    const end = bytes.indexOf(10);
    if (end < 0) return { lines, consumed: bytes.length, isMidLine: !isWhole };
    start = end + 1;
  }
  const take = (end: number): void => {
    const length = end - start;
    if (length > LINE_BYTES_MAX) lines.push({ position: position + start, text: textOf(bytes.subarray(start, start + CUT_BYTES)), cutBytes: length });
    else if (length > 0) {
      const text = textOf(bytes.subarray(start, end));
      if (text.trim() !== '') lines.push({ position: position + start, text, cutBytes: null });
    }
  };
  for (let end = bytes.indexOf(10, start); end >= 0; end = bytes.indexOf(10, start)) {
    take(end);
    start = end + 1;
  }
  const rest = bytes.length - start;
  if (rest === 0 || (!isWhole && rest <= LINE_BYTES_MAX)) return { lines, consumed: start, isMidLine: false };
  take(bytes.length);
  return { lines, consumed: bytes.length, isMidLine: !isWhole };
}
