/** The hand on a chart: pulls and turns of the wheel become stretches of the x axis, at most one a frame. */
import type { XRange } from './bar-groups.ts';

/** The wheel is quiet for so long: the hand rests. */
const REST_MS = 120;
/** Px that a line and a page of the wheel stand for (WheelEvent.deltaMode 1 and 2). */
const WHEEL_PX = [1, 16, 400] as const;
/** One turn counts for at most so many px: a notch of any mouse is a step, not a leap. */
const TURN_MAX = 60;
const PX_PER_E = 400;

/** The stretch after it was pulled by `px` to the right, over a plot `width` px wide. pulledView([0, 100], 50, 500) = [-10, 90] */
export function pulledView([from, to]: XRange, px: number, width: number): XRange {
  const by = (px / width) * (to - from);
  return [from - by, to - by];
}

/** The stretch after a turn of the wheel by `px` over the part `at` (0..1) of the plot: what is there stays there. Down shows more: turnedView([0, 100], 0.5, 400) = [-8.09, 108.09], since a turn counts for at most 60 px, and 400 px would be e times as much. */
export function turnedView([from, to]: XRange, at: number, px: number): XRange {
  const factor = Math.exp(Math.max(-TURN_MAX, Math.min(TURN_MAX, px)) / PX_PER_E);
  const around = from + (to - from) * at;
  return [around - (around - from) * factor, around + (to - around) * factor];
}

/** What the hand moves. `view`: the stretch shown now; `width`: of the plot, px; `onMoving`: once a frame; `onRest`: let go, or the wheel is quiet. */
export type Moved = { view(): XRange; width(): number; onMoving(view: XRange): void; onRest(view: XRange): void };

/** Follows pointer and wheel over an element; returns the end of it. */
export function followHand(element: HTMLElement, moved: Moved): () => void {
  let wanted: XRange | null = null;
  let grip: { readonly pointer: number; readonly x: number; readonly view: XRange } | null = null;
  let frame = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hush = (): void => {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    frame = 0;
  };
  const move = (view: XRange): void => {
    wanted = view;
    if (frame === 0) frame = requestAnimationFrame(() => {
      frame = 0;
      if (wanted !== null) moved.onMoving(wanted);
    });
  };
  const rest = (): void => {
    hush();
    const last = wanted;
    [wanted, grip] = [null, null];
    if (last !== null) moved.onRest(last);
  };
  const hold = new AbortController();
  const { signal } = hold;
  element.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || grip !== null) return;
    rest();
    element.setPointerCapture(event.pointerId);
    grip = { pointer: event.pointerId, x: event.clientX, view: moved.view() };
  }, { signal });
  element.addEventListener('pointermove', (event) => {
    if (grip?.pointer === event.pointerId && event.clientX !== grip.x) move(pulledView(grip.view, event.clientX - grip.x, moved.width()));
  }, { signal });
  for (const over of ['pointerup', 'pointercancel', 'lostpointercapture'] as const) element.addEventListener(over, (event) => { if (grip?.pointer === event.pointerId) rest(); }, { signal });
  element.addEventListener('wheel', (event) => {
    event.preventDefault();
    if (grip !== null) return;
    const unit = WHEEL_PX[event.deltaMode] ?? 1;
    const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    const now = wanted ?? moved.view();
    const part = (event.clientX - element.getBoundingClientRect().left) / moved.width();
    move(isSideways ? pulledView(now, -(event.deltaX || event.deltaY) * unit, moved.width()) : turnedView(now, Math.min(1, Math.max(0, part)), event.deltaY * unit));
    clearTimeout(timer);
    timer = setTimeout(rest, REST_MS);
  }, { passive: false, signal });
  return () => {
    hush();
    hold.abort();
  };
}
