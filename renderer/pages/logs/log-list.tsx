/** The lines in a window of rows: as many as there are, a few dozen drawn. */
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { JSX, KeyboardEvent } from 'react';
import { Loader } from '@mantine/core';
import type { LoggedLine } from '#app/contracts/logs.ts';
import { LogRow } from './log-row.tsx';
import type { RowActions } from './log-row.tsx';
import { textOf } from './line-list.ts';
import { indexAt, offsetOf, totalHeight, visibleRows } from './window-rows.ts';
import type { Rows } from './window-rows.ts';

const ROW_HEIGHT = { normal: 26, dense: 20 } as const;
const AROUND = 12;
/** So near to the end, older lines are fetched. */
const NEAR_END = 600;
/** Further from the live end than this the reader is reading, and new lines wait. */
const AT_END = 4;

type Props = {
  /** In the order in which they are shown. */ readonly lines: readonly LoggedLine[];
  readonly isDense: boolean; /** All lines are about one matter. */ readonly isStory: boolean; readonly isLoadingOlder: boolean; /** Days differ, so they are told. */ readonly hasDays: boolean;
  about(id: string): void; /** Is the reader at the end where new lines come? */ onLiveEnd(isAtEnd: boolean): void; loadOlder(): void;
};

type View = { readonly top: number; readonly height: number };

/** Copies; a browser that does not allow it is told of in its console alone, the row's button says it too. */
function copyText(text: string): void {
  navigator.clipboard.writeText(text).catch((error: unknown) => console.warn('The line was not copied', error));
}

/** Opened rows and their heights. */
function useOpened(lines: readonly LoggedLine[]): { extra: ReadonlyMap<number, number>; isOpen(id: string): boolean; toggle(id: string): void; measured(id: string, height: number): void } {
  const [opened, setOpened] = useState<ReadonlyMap<string, number>>(new Map());
  const extra = useMemo(() => {
    if (opened.size === 0) return new Map<number, number>();
    return new Map(lines.flatMap((line, index): [number, number][] => {
      const height = opened.get(line.id);
      return height === undefined ? [] : [[index, height]];
    }));
  }, [opened, lines]);
  const toggle = useCallback((id: string) => setOpened((now) => {
    const next = new Map(now);
    if (!next.delete(id)) next.set(id, 0);
    return next;
  }), []);
  const measured = useCallback((id: string, height: number) => setOpened((now) => (now.get(id) === height || !now.has(id) ? now : new Map(now).set(id, height))), []);
  return { extra, isOpen: (id) => opened.has(id), toggle, measured };
}

/** Arrows move, Enter opens, c copies, Home and End jump. */
function useKeys(lines: readonly LoggedLine[], rows: Rows, scrollTo: (index: number) => void): { active: string | null; onKeyDown(event: KeyboardEvent, actions: RowActions): void } {
  const [active, setActive] = useState<string | null>(null);
  const onKeyDown = (event: KeyboardEvent, actions: RowActions): void => {
    const at = lines.findIndex((line) => line.id === active);
    const moves: Readonly<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.count - 1 };
    const line = lines[at];
    if (event.target instanceof HTMLButtonElement && (event.key === 'Enter' || event.key === ' ')) return;
    if (event.key in moves) {
      const next = Math.max(0, Math.min(rows.count - 1, moves[event.key] ?? 0));
      setActive(lines[next]?.id ?? null);
      scrollTo(next);
    } else if ((event.key === 'Enter' || event.key === ' ') && line) actions.toggle(line.id);
    else if (event.key === 'c' && !event.ctrlKey && !event.metaKey && line) copyText(textOf(line));
    else return;
    event.preventDefault();
  };
  return { active, onKeyDown };
}

/** The list. */
export function LogList({ lines, isDense, isStory, isLoadingOlder, hasDays, about, onLiveEnd, loadOlder }: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View>({ top: 0, height: 600 });
  const { extra, isOpen, toggle, measured } = useOpened(lines);
  const rows: Rows = { count: lines.length, rowHeight: isDense ? ROW_HEIGHT.dense : ROW_HEIGHT.normal, extra };
  const height = totalHeight(rows);
  const look = useCallback(() => {
    const element = box.current;
    if (element) setView({ top: element.scrollTop, height: element.clientHeight });
  }, []);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(look);
    observer.observe(element);
    look();
    return () => observer.disconnect();
  }, [look]);
  useEffect(() => onLiveEnd(view.top <= AT_END), [view.top, onLiveEnd]);
  useEffect(() => {
    if (view.top + view.height > height - NEAR_END && lines.length > 0) loadOlder();
  }, [view, height, lines.length, loadOlder]);
  const scrollTo = (index: number): void => {
    const element = box.current;
    if (!element) return;
    const top = offsetOf(rows, index);
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rows.rowHeight > element.scrollTop + element.clientHeight) element.scrollTop = top + rows.rowHeight - element.clientHeight;
  };
  const { active, onKeyDown } = useKeys(lines, rows, scrollTo);
  const actions = useMemo<RowActions>(() => ({ toggle, about, measured }), [toggle, about, measured]);
  const { start, end } = visibleRows(rows, { top: Math.min(view.top, Math.max(0, height - view.height)), height: view.height, around: AROUND });
  const first = rows.count === 0 ? 0 : indexAt(rows, view.top);
  return (
    <div className={`log-scroll ${isDense ? 'dense' : ''} ${isStory ? 'story' : ''}`} ref={box} onScroll={look} onKeyDown={(event) => onKeyDown(event, actions)} tabIndex={0} role="list" aria-label="Log lines" data-first={first} data-count={rows.count}>
      <div className="log-canvas" style={{ height }}>
        {lines.slice(start, end).map((line, n) => <LogRow key={line.id} line={line} isOpen={isOpen(line.id)} isActive={active === line.id} top={offsetOf(rows, start + n)} hasDay={hasDays} actions={actions} />)}
      </div>
      {isLoadingOlder && <p className="log-older muted"><Loader size={12} /> Older lines…</p>}
    </div>
  );
}
