/** A formula in pieces for the eye: names, numbers, texts and signs by colour, and what is wrong underlined. Pure. */
import type { FormulaFault } from '#app/screener/fault.ts';
import { KEYWORDS } from '#app/screener/names.ts';

/** A stretch of the text with one look. `from`: its place. */
export type Piece = { readonly text: string; readonly from: number; readonly kind: 'name' | 'word' | 'number' | 'text' | 'sign' | 'space'; readonly isWrong: boolean };

const JOINING: ReadonlySet<string> = new Set(KEYWORDS);
const PIECES = /(\s+)|([A-Za-z_][A-Za-z0-9_]*)|(\$?\d[\d.]*(?:[kKmMbBtT](?![A-Za-z0-9_])|%)?)|("[^"]*"?|'[^']*'?)|([^\sA-Za-z_\d"'$]+|.)/gsu;

function kindOf(match: RegExpExecArray): Piece['kind'] {
  if (match[1] !== undefined) return 'space';
  if (match[2] !== undefined) return JOINING.has(match[2].toLowerCase()) ? 'word' : 'name';
  if (match[3] !== undefined) return 'number';
  return match[4] === undefined ? 'sign' : 'text';
}

/** The pieces, whole and in order: their texts joined are the formula. A piece that a fault begins or ends in is cut there. */
export function piecesOf(text: string, fault: FormulaFault | null): readonly Piece[] {
  const cuts = fault === null ? [] : [fault.from, fault.to];
  return [...text.matchAll(PIECES)].flatMap((match): Piece[] => {
    const from = match.index;
    const to = from + match[0].length;
    const edges = [from, ...cuts.filter((cut) => cut > from && cut < to).sort((a, b) => a - b), to];
    return edges.slice(0, -1).flatMap((start, n): Piece[] => {
      const end = edges[n + 1] ?? to;
      return start === end ? [] : [{ text: text.slice(start, end), from: start, kind: kindOf(match), isWrong: fault !== null && start >= fault.from && start < fault.to }];
    });
  });
}
