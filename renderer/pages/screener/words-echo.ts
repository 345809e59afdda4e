/** A wish as it was typed, in pieces: understood, not understood, and what joins them. Pure. */

/** A stretch of the wish. */
export type EchoPiece = { readonly text: string; readonly from: number; readonly kind: 'found' | 'missed' | 'plain' };
type Asked = { readonly filters: readonly { readonly words: readonly [number, number] }[]; readonly notUnderstood: readonly (readonly [number, number, string])[] };

/** The pieces, whole and in order. What was not understood wins where both claim a word. */
export function echoOf(text: string, { filters, notUnderstood }: Asked): readonly EchoPiece[] {
  const kinds: EchoPiece['kind'][] = Array.from({ length: text.length }, () => 'plain');
  const paint = (from: number, to: number, kind: EchoPiece['kind']): void => {
    for (let n = Math.max(0, from); n < Math.min(to, text.length); n += 1) kinds[n] = kind;
  };
  for (const { words: [from, to] } of filters) paint(from, to, 'found');
  for (const [from, to] of notUnderstood) paint(from, to, 'missed');
  const pieces: EchoPiece[] = [];
  for (let from = 0, to = 0; from < text.length; from = to) {
    for (to = from + 1; to < text.length && kinds[to] === kinds[from]; to += 1);
    pieces.push({ text: text.slice(from, to), from, kind: kinds[from] ?? 'plain' });
  }
  return pieces;
}
