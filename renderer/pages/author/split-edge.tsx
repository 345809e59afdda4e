/** An edge between two columns that is dragged, or moved by arrows; a double click gives the usual width back. */
import { useRef } from 'react';
import type { JSX, KeyboardEvent, PointerEvent } from 'react';

const KEY_STEP = 24;

/** What the edge sets. `from`: on which side of the edge the column is. */
export type SplitEdgeParts = { readonly label: string; readonly width: number; readonly limits: { readonly least: number; readonly usual: number; readonly most: number }; readonly from: 'left' | 'right'; readonly change: (width: number) => void };

/** The edge. */
export function SplitEdge({ label, width, limits, from, change }: SplitEdgeParts): JSX.Element {
  const start = useRef<{ x: number; width: number } | null>(null);
  const sign = from === 'left' ? 1 : -1;
  const set = (next: number): void => change(Math.round(Math.max(limits.least, Math.min(limits.most, next))));
  const move = (event: PointerEvent): void => {
    if (start.current !== null) set(start.current.width + sign * (event.clientX - start.current.x));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = event.key === 'ArrowLeft' ? -KEY_STEP : event.key === 'ArrowRight' ? KEY_STEP : 0;
    if (by === 0) return;
    event.preventDefault();
    set(width + sign * by);
  };
  return (
    <div className="au-edge" role="separator" aria-orientation="vertical" aria-label={label} aria-valuenow={width} aria-valuemin={limits.least} aria-valuemax={limits.most} tabIndex={0}
      onPointerDown={(event) => { event.currentTarget.setPointerCapture(event.pointerId); start.current = { x: event.clientX, width }; }} onPointerMove={move} onPointerUp={() => { start.current = null; }} onDoubleClick={() => change(limits.usual)} onKeyDown={onKeyDown} />
  );
}
