/** The drawn part of the timeline: what pointer, wheel and keys do with it, and what is told about the run under them. */
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { JSX, PointerEvent, RefObject } from 'react';
import type { DeploymentView, FlowRun } from '#app/contracts/flows.ts';
import { openSheet } from '../../frame/panels.ts';
import type { Tokens } from '../../theme.ts';
import { marketDayTime, marketTime, zoneName } from '../../ui/format.ts';
import { duration, isEnded, latenessWords, momentOf, STATE_WORDS, tookMs, TRIGGER_WORDS } from './run-words.ts';
import { familyOf, hit, pan, timeAt, zoom } from './timeline-layout.ts';
import type { TimelineLayout, Window } from './timeline-layout.ts';
import { AXIS_PX, paintTimeline } from './timeline-paint.ts';

type CanvasProps = {
  readonly layout: TimelineLayout; readonly runs: readonly FlowRun[]; readonly deployments: readonly DeploymentView[]; readonly view: Window; readonly now: number; readonly tokens: Tokens; readonly offsetMs: number;
  /** Moves the window; the reader took it into his hand. */ readonly move: (next: (view: Window) => Window) => void; readonly chosen: string | null; readonly choose: (runId: string | null) => void;
};

const WHEEL_ZOOM = 0.0016;
const DRAG_PX = 3;

/** The width that the canvas has, in CSS pixels. */
function useWidth(box: RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(([entry]) => { if (entry) setWidth(Math.floor(entry.contentRect.width)); });
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return width;
}

/** The wheel zooms around the pointer; sideways, or with Shift, it moves. It must be heard actively, or the page would scroll. */
function useWheel(canvas: RefObject<HTMLCanvasElement | null>, width: number, move: CanvasProps['move']): void {
  useEffect(() => {
    const element = canvas.current;
    if (!element || width === 0) return undefined;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const sideways = event.shiftKey ? event.deltaY : event.deltaX;
      const { offsetX } = event;
      if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) move((view) => pan(view, sideways / width));
      else move((view) => zoom(view, Math.exp(event.deltaY * WHEEL_ZOOM), timeAt(offsetX, view, width)));
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [canvas, width, move]);
}

/** A run in a few lines, for its hover. */
function Hover({ run, x, y, now, width }: { run: FlowRun; x: number; y: number; now: number; width: number }): JSX.Element {
  const late = latenessWords(run.latenessMs);
  const isRight = x > width - 300;
  return (
    <div className="timeline-hover" style={{ top: y + 14, ...(isRight ? { right: width - x + 10 } : { left: x + 12 }) }} role="tooltip">
      <strong>{run.flow}</strong> <span className={`hover-state ${run.state.toLowerCase()}`}>{STATE_WORDS[run.state]}</span>
      <p className="num">{marketDayTime(momentOf(run)).slice(0, 6)} {marketTime(run.startedAt ?? momentOf(run))} {zoneName()} · {duration(tookMs(run, isEnded(run) ? null : now))}</p>
      <p className="muted">{TRIGGER_WORDS[run.trigger]}{late !== null && `, ${late}`}{run.progress !== null && !isEnded(run) && `, ${run.progress.done} of ${run.progress.total}`}</p>
      {run.error !== null && <p className="loss-text">{run.error.length > 160 ? `${run.error.slice(0, 160)}…` : run.error}</p>}
    </div>
  );
}

type Pointer = { readonly x: number; readonly y: number; readonly runId: string };

/** Dragging moves the window, a press without a drag opens the run under it. */
function usePointer({ layout, view, move }: CanvasProps, width: number): { hovered: Pointer | null; isDragging: boolean; handlers: Record<'onPointerDown' | 'onPointerMove' | 'onPointerUp', (event: PointerEvent<HTMLCanvasElement>) => void> & { onPointerLeave(): void; onPointerCancel(): void } } {
  const [hovered, setHovered] = useState<Pointer | null>(null);
  const [isDragging, setDragging] = useState(false);
  const grip = useRef<{ x: number; view: Window; hasMoved: boolean } | null>(null);
  const at = (event: PointerEvent<HTMLCanvasElement>): { x: number; y: number } => ({ x: event.nativeEvent.offsetX, y: event.nativeEvent.offsetY });
  const under = (point: { x: number; y: number }): string | null => hit(layout, { x: point.x, y: point.y - AXIS_PX }, view, width)?.run.runId ?? null;
  const letGo = (): void => {
    grip.current = null;
    setDragging(false);
  };
  return {
    hovered, isDragging,
    handlers: {
      onPointerDown: (event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        grip.current = { x: at(event).x, view, hasMoved: false };
      },
      onPointerMove: (event) => {
        const point = at(event);
        const held = grip.current;
        if (held) {
          if (!held.hasMoved && Math.abs(point.x - held.x) < DRAG_PX) return;
          held.hasMoved = true;
          setDragging(true);
          setHovered(null);
          move(() => pan(held.view, (held.x - point.x) / width));
          return;
        }
        const runId = under(point);
        setHovered(runId === null ? null : { ...point, runId });
      },
      onPointerUp: (event) => {
        const wasClick = grip.current !== null && !grip.current.hasMoved;
        letGo();
        const runId = wasClick ? under(at(event)) : null;
        if (runId !== null) openSheet({ kind: 'run', runId });
      },
      onPointerLeave: () => setHovered(null), onPointerCancel: letGo,
    },
  };
}

/** The canvas. */
export function TimelineCanvas(props: CanvasProps): JSX.Element {
  const { layout, runs, deployments, view, now, tokens, offsetMs, move, chosen } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(box);
  const height = AXIS_PX + layout.height;
  useWheel(canvas, width, move);
  const { hovered, isDragging, handlers } = usePointer(props, width);
  const shown = hovered?.runId ?? chosen;
  const family = useMemo(() => (shown === null ? null : familyOf(shown, runs)), [shown, runs]);
  const draw = useCallback(() => {
    const element = canvas.current;
    const paint = element?.getContext('2d');
    if (!element || !paint || width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    if (element.width !== Math.round(width * ratio) || element.height !== Math.round(height * ratio)) {
      element.width = Math.round(width * ratio);
      element.height = Math.round(height * ratio);
    }
    paint.setTransform(ratio, 0, 0, ratio, 0, 0);
    // Alone a run is no family: then nothing steps back.
    paintTimeline(paint, { layout, view, now, width, tokens, deployments, chosen: shown, family: family !== null && family.size > 1 ? family : null, offsetMs });
  }, [layout, view, now, width, height, tokens, deployments, shown, family, offsetMs]);
  useLayoutEffect(() => {
    const frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
  }, [draw]);
  const run = hovered === null ? undefined : layout.byId.get(hovered.runId)?.run;
  const told = chosen === null ? undefined : layout.byId.get(chosen)?.run;
  return (
    <div className="timeline-plot" ref={box}>
      <canvas ref={canvas} style={{ width, height }} className={isDragging ? 'dragging' : run ? 'pointing' : ''} {...handlers} role="img" aria-label={`${layout.bars.length} runs between ${marketDayTime(view.from)} and ${marketDayTime(view.to)}, ${zoneName()}. The Runs view lists them.`} />
      {run && hovered && <Hover run={run} x={hovered.x} y={hovered.y} now={now} width={width} />}
      <p className="visually-hidden" aria-live="polite">{told ? `${told.flow}, ${STATE_WORDS[told.state]}, ${marketTime(momentOf(told))}, took ${duration(tookMs(told))}. Enter opens it.` : ''}</p>
    </div>
  );
}
