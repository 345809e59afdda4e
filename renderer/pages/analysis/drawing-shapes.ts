/** What a drawing is made of on the screen: lines, boxes, words and handles, in pixels. Pure. */
import type { Drawing, DrawingKind } from '#app/contracts/charts.ts';

/** A corner on the screen. */
export type Px = { readonly x: number; readonly y: number };
/** The plot that drawings are cut to, px. */
export type Plot = { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number };
/** What is drawn. `level`: of a Fibonacci line, its part. */
export type DrawingShape = {
  readonly lines: readonly { readonly from: Px; readonly to: Px; readonly isFaint?: boolean }[];
  readonly boxes: readonly { readonly x: number; readonly y: number; readonly width: number; readonly height: number; readonly strength: number }[];
  readonly words: readonly { readonly at: Px; readonly text: string; readonly anchor: 'start' | 'end' }[];
  readonly handles: readonly Px[];
};

/** Levels of a Fibonacci retracement. */
export const FIBONACCI = [0, 0.236, 0.382, 0.5, 0.618, 0.786, 1] as const;

/** Names of the tools, and the key of each. */
export const TOOLS: readonly { readonly kind: DrawingKind; readonly name: string; readonly key: string }[] = [
  { kind: 'trend', name: 'Trend line', key: 'T' }, { kind: 'ray', name: 'Ray', key: 'Y' }, { kind: 'horizontal', name: 'Horizontal line', key: 'H' }, { kind: 'rectangle', name: 'Rectangle', key: 'R' }, { kind: 'fibonacci', name: 'Fibonacci retracement', key: 'F' }, { kind: 'note', name: 'Note', key: 'N' },
];
/** Points that a kind needs. */
export function pointsOf(kind: DrawingKind): 1 | 2 {
  return kind === 'horizontal' || kind === 'note' ? 1 : 2;
}

function beyond(from: Px, to: Px, plot: Plot): Px {
  if (to.x === from.x) return { x: to.x, y: to.y >= from.y ? plot.bottom : plot.top };
  const edge = to.x > from.x ? plot.right : plot.left;
  return { x: edge, y: from.y + ((to.y - from.y) * (edge - from.x)) / (to.x - from.x) };
}

/** The shape of a drawing whose points stand at `corners`; `priceText(part)` says the price of a Fibonacci level. */
export function shapeOf(drawing: Pick<Drawing, 'kind' | 'text'>, corners: readonly Px[], plot: Plot, priceText: (part: number) => string): DrawingShape {
  const [a, b] = corners;
  const none: DrawingShape = { lines: [], boxes: [], words: [], handles: [...corners] };
  if (a === undefined) return none;
  switch (drawing.kind) {
    case 'horizontal':
      return { ...none, lines: [{ from: { x: plot.left, y: a.y }, to: { x: plot.right, y: a.y } }], words: drawing.text === '' ? [] : [{ at: { x: plot.left + 8, y: a.y - 5 }, text: drawing.text, anchor: 'start' }] };
    case 'note':
      return { ...none, words: [{ at: a, text: drawing.text === '' ? 'Note' : drawing.text, anchor: 'start' }] };
    case 'trend':
      return b === undefined ? none : { ...none, lines: [{ from: a, to: b }] };
    case 'ray':
      return b === undefined ? none : { ...none, lines: [{ from: a, to: beyond(a, b, plot) }] };
    case 'rectangle':
      return b === undefined ? none : { ...none, boxes: [{ x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(b.x - a.x), height: Math.abs(b.y - a.y), strength: 0.1 }] };
    case 'fibonacci': {
      if (b === undefined) return none;
      const [left, right] = [Math.min(a.x, b.x), Math.max(a.x, b.x)];
      // 0 stands where the move ended, 1 where it began.
      const at = (part: number): number => b.y + (a.y - b.y) * part;
      return {
        ...none, lines: [...FIBONACCI.map((part) => ({ from: { x: left, y: at(part) }, to: { x: right, y: at(part) } })), { from: a, to: b, isFaint: true }],
        boxes: FIBONACCI.slice(1).map((part, n) => ({ x: left, y: Math.min(at(part), at(FIBONACCI[n] ?? 0)), width: right - left, height: Math.abs(at(part) - at(FIBONACCI[n] ?? 0)), strength: n % 2 === 0 ? 0.05 : 0.09 })),
        words: FIBONACCI.map((part) => ({ at: { x: left + 4, y: at(part) - 3 }, text: `${part} · ${priceText(part)}`, anchor: 'start' as const })),
      };
    }
  }
}
