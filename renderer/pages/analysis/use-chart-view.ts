/** Which bars are visible: begins at the newest, follows them as they come, and goes where the hand or the keys move it. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { barCount } from '#app/domain/bar-columns.ts';
import type { XRange } from '../../charts/bar-groups.ts';
import { plotWidth } from '../../charts/scale.ts';
import { createStore } from '../../data/external-store.ts';
import type { Store } from '../../data/external-store.ts';
import { barOf } from './series.ts';
import { hoverNow, setHover } from './stage.ts';

const USUAL_BAR_PX = 8;
/** Empty bars on the right of the newest. */
const ROOM_BARS = 5;
const LEAST_BARS = 8;

/** Commands that keys and buttons give to the chart. */
export type ViewCommand = 'in' | 'out' | 'newest' | 'oldest' | 'left' | 'right';
const commands = createStore<{ readonly command: ViewCommand; readonly n: number } | null>(null);
/** Moves the chart. */
export function commandView(command: ViewCommand): void {
  commands.update((now) => ({ command, n: (now?.n ?? 0) + 1 }));
}

/** The visible stretch and what moves it. */
export type ChartView = {
  readonly range: XRange | null; moving(view: XRange): void; moved(view: XRange): void; toNewest(): void;
};
type Given = { readonly bars: BarColumns; readonly origin: number; readonly width: number; readonly viewport: Store<XRange>; readonly startAt: number | null };

function newest(count: number, origin: number, bars: number): XRange {
  const to = count - 1 - origin + ROOM_BARS;
  return [to - bars, to];
}

/** Keeps at least a few bars in sight. */
function kept([from, to]: XRange, first: number, last: number): XRange {
  const span = Math.max(LEAST_BARS, Math.min(to - from, Math.max(60, (last - first) * 1.5)));
  const middle = (from + to) / 2;
  let start = middle - span / 2;
  start = Math.max(first - span * 0.75, Math.min(last - Math.min(span * 0.25, 3), start));
  return [start, start + span];
}

function afterCommand(command: ViewCommand, now: XRange, { first, last, cross }: { first: number; last: number; cross: number | null }): XRange {
  const [from, to] = now;
  const span = to - from;
  if (command === 'newest') return [last + ROOM_BARS - span, last + ROOM_BARS];
  if (command === 'oldest') return [first - 2, first - 2 + span];
  if (command === 'in' || command === 'out') {
    const factor = command === 'in' ? 0.75 : 1 / 0.75;
    const around = cross !== null && cross >= from && cross <= to ? cross : Math.min(to, last);
    return [around - (around - from) * factor, around + (to - around) * factor];
  }
  return now;
}

/** Moves the cross by a bar, and the chart with it at the edges. */
function stepCross(step: 1 | -1, now: XRange, { bars, origin }: Pick<Given, 'bars' | 'origin'>): XRange {
  const last = barCount(bars) - 1;
  const index = Math.max(0, Math.min(last, (hoverNow()?.index ?? last + (step > 0 ? -1 : 1)) + step));
  setHover({ index, px: null });
  const x = index - origin;
  if (x < now[0] + 1) return [x - 1, x - 1 + now[1] - now[0]];
  return x > now[1] - 1 ? [x + 1 - (now[1] - now[0]), x + 1] : now;
}

/** Watches the commands. */
function useCommands(run: (command: ViewCommand) => void): void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => commands.subscribe(() => {
    const now = commands.get();
    if (now !== null) latest.current(now.command);
  }), []);
}

/** The visible stretch. */
export function useChartView({ bars, origin, width, viewport, startAt }: Given): ChartView {
  const count = barCount(bars);
  const [first, last] = [-origin, count - 1 - origin];
  const usual = Math.max(40, Math.min(420, Math.round(plotWidth({ width }) / USUAL_BAR_PX)));
  const [own, setOwn] = useState<XRange | null>(null);
  const [seenLast, setSeenLast] = useState<number | null>(null);
  const beginning = useMemo((): XRange => {
    const at = startAt === null ? -1 : barOf(bars.time, startAt);
    return at < 0 ? newest(count, origin, usual) : [at - origin - usual * 0.6, at - origin + usual * 0.4];
    // Where it begins is decided once: later bars come in by following.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [usual, startAt]);
  const range = count === 0 || width < 120 ? null : (own ?? beginning);
  // A bar came (or went, in a replay): who sees the newest one goes on seeing it.
  if (range !== null && seenLast !== last) {
    setSeenLast(last);
    if (seenLast !== null && seenLast <= range[1] && seenLast >= range[0]) setOwn([range[0] + last - seenLast, range[1] + last - seenLast]);
  }
  useEffect(() => {
    if (range !== null) viewport.set(range);
  }, [range, viewport]);
  const moved = useCallback((view: XRange): void => setOwn(kept(view, first, last)), [first, last]);
  useCommands((command) => {
    if (range === null) return;
    if (command === 'left' || command === 'right') {
      const next = stepCross(command === 'right' ? 1 : -1, range, { bars, origin });
      if (next !== range) setOwn(next);
    } else setOwn(kept(afterCommand(command, range, { first, last, cross: hoverNow() === null ? null : (hoverNow()?.index ?? 0) - origin }), first, last));
  });
  return {
    range, moved, moving: useCallback((view) => viewport.set(view), [viewport]), toNewest: () => setOwn(newest(count, origin, usual)),
  };
}
