/** Which rows of a long table are in sight, whatever scrolls it: the others are replaced by two tall empty ones. */
import { useEffect, useRef, useState } from 'react';
import type { RefObject } from 'react';

/** Tables up to this length are drawn whole. */
const WHOLE = 120;
const AROUND = 24;

/** The rows to draw (`end` excluded) and the pixels above and below them. */
export type RowWindow = { readonly start: number; readonly end: number; readonly above: number; readonly below: number };

/** The window of `count` rows of one height, when the first row's top stands `top` pixels below the upper edge of a view of `height`. Pure; exported for its test. */
export function windowOf(count: number, rowHeight: number, view: { top: number; height: number }): RowWindow {
  if (count <= WHOLE) return { start: 0, end: count, above: 0, below: 0 };
  const first = Math.max(0, Math.min(count - 1, Math.floor(-view.top / rowHeight)) - AROUND);
  const end = Math.max(first, Math.min(count, Math.ceil((view.height - view.top) / rowHeight) + AROUND));
  return { start: first, end, above: first * rowHeight, below: (count - end) * rowHeight };
}

/** Watches scrolling and size; the ref belongs to the table's body. */
export function useRowWindow(count: number, rowHeight: number): { body: RefObject<HTMLTableSectionElement | null>; rows: RowWindow } {
  const body = useRef<HTMLTableSectionElement>(null);
  const [rows, setRows] = useState<RowWindow>(() => windowOf(count, rowHeight, { top: 0, height: 1_200 }));
  useEffect(() => {
    let frame = 0;
    const look = (): void => {
      frame = 0;
      const next = windowOf(count, rowHeight, { top: body.current?.getBoundingClientRect().top ?? 0, height: innerHeight });
      setRows((now) => (now.start === next.start && now.end === next.end && now.below === next.below ? now : next));
    };
    const soon = (): void => {
      if (frame === 0) frame = requestAnimationFrame(look);
    };
    look();
    if (count <= WHOLE) return undefined;
    addEventListener('scroll', soon, { capture: true, passive: true });
    addEventListener('resize', soon);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', soon, { capture: true });
      removeEventListener('resize', soon);
    };
  }, [count, rowHeight]);
  return { body, rows };
}
