/** The result: thousands of rows of which a few dozen are drawn, walked by arrows, sorted by any column, with a chart beside the row that is pointed at. */
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { JSX, KeyboardEvent, PointerEvent, RefObject } from 'react';
import type { ScreenRow } from '#app/contracts/screener.ts';
import { marketDay, marketDayTime } from '../../ui/format.ts';
import { Sparkline } from '../../ui/sparkline.tsx';
import { useRowWindow } from '../../ui/use-row-window.ts';
import { ChangeWords, Marks } from './cells.tsx';
import { PreviewCard, placeOf } from './preview-card.tsx';
import { fitting, nextSorting } from './table-model.ts';
import type { Sorting, TableColumn } from './table-model.ts';

/** One height for all rows, CSS pixels. */
const ROW = 30;
/** A row is pointed at for so long before its chart is shown. */
const REST_MS = 260;
const ARIA = { asc: 'ascending', desc: 'descending' } as const;

type Props = { readonly rows: readonly ScreenRow[]; readonly columns: readonly TableColumn[]; readonly sorting: Sorting; readonly asOf: string | null; readonly isDaily: boolean; sort(next: Sorting): void; open(symbol: string): void };

/** Pixels of an element's inside, as it is now. */
function useRoom(box: RefObject<HTMLDivElement | null>): number {
  const [room, setRoom] = useState(900);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setRoom(element.clientWidth));
    observer.observe(element);
    setRoom(element.clientWidth);
    return () => observer.disconnect();
  }, [box]);
  return room;
}

function Cell({ column, row, isDaily }: { column: TableColumn; row: ScreenRow; isDaily: boolean }): JSX.Element {
  switch (column.kind) {
    case 'symbol': return <td><strong>{row.symbol}</strong></td>;
    case 'spark': return <td className="spark"><Sparkline values={row.spark} width={72} height={20} /></td>;
    case 'change': return <td className="number"><ChangeWords value={row.change} isBare /></td>;
    case 'marks': return <td><Marks badges={row.badges} /></td>;
    case 'time': return <td className="num">{isDaily ? marketDay(row.barTime) : marketDayTime(row.barTime)}</td>;
    case 'text': return <td title={column.text(row)}>{column.text(row)}</td>;
    case 'number': return <td className="number num" title={typeof column.value(row) === 'number' ? String(column.value(row)) : undefined}>{column.text(row)}</td>;
  }
}

function Header({ column, sorting, sort }: { column: TableColumn; sorting: Sorting; sort: (next: Sorting) => void }): JSX.Element {
  const direction = sorting?.columnId === column.id ? sorting.direction : null;
  const isNumber = column.kind === 'number' || column.kind === 'change';
  return (
    <th scope="col" className={isNumber ? 'number' : ''} aria-sort={direction === null ? 'none' : ARIA[direction]} title={column.about}>
      <button type="button" onClick={() => sort(nextSorting(sorting, column))}><span>{direction !== null && <i aria-hidden>{direction === 'asc' ? '↑' : '↓'}</i>}{column.title}</span> <small>{column.unit}</small></button>
    </th>
  );
}

type Pointed = { readonly symbol: string; readonly at: { left: number; top: number } };

/** The row that has been pointed at for a moment. */
function usePointed(): { pointed: Pointed | null; over(event: PointerEvent): void; away(): void } {
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const seen = useRef<string | null>(null);
  const away = (): void => {
    clearTimeout(timer.current);
    seen.current = null;
    setPointed(null);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  const over = (event: PointerEvent): void => {
    const line = event.target instanceof Element ? event.target.closest<HTMLElement>('tr[data-symbol]') : null;
    const symbol = line?.dataset['symbol'] ?? null;
    if (symbol === seen.current) return;
    away();
    // A finger points where it wants to go; a chart would only be in its way.
    if (line === null || symbol === null || event.pointerType === 'touch') return;
    seen.current = symbol;
    const { clientX } = event;
    timer.current = setTimeout(() => setPointed({ symbol, at: placeOf(line.getBoundingClientRect(), clientX, { width: innerWidth, height: innerHeight }) }), REST_MS);
  };
  return { pointed, over, away };
}

/** Which row the keyboard is on; arrows, Page, Home and End move, Enter opens. */
function useWalk(rows: readonly ScreenRow[], box: RefObject<HTMLDivElement | null>, open: (symbol: string) => void): { active: string | null; setActive(symbol: string): void; onKeyDown(event: KeyboardEvent): void } {
  const [active, setActive] = useState<string | null>(null);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLButtonElement) return;
    const at = rows.findIndex((row) => row.symbol === active);
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 600) / ROW) - 2);
    const moves: Readonly<Record<string, number>> = { ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: rows.length - 1 };
    if (event.key === 'Enter' && active !== null && at !== -1) open(active);
    else if (event.key in moves) {
      const next = Math.max(0, Math.min(rows.length - 1, moves[event.key] ?? 0));
      setActive(rows[next]?.symbol ?? null);
      const element = box.current;
      const head = element?.querySelector('thead')?.clientHeight ?? 0;
      if (element && next * ROW < element.scrollTop) element.scrollTop = next * ROW;
      else if (element && (next + 1) * ROW + head > element.scrollTop + element.clientHeight) element.scrollTop = (next + 1) * ROW + head - element.clientHeight;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return { active, setActive, onKeyDown };
}

/** The table. */
export function ResultsTable({ rows, columns, sorting, asOf, isDaily, sort, open }: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const room = useRoom(box);
  const { body, rows: range } = useRowWindow(rows.length, ROW);
  const { pointed, over, away } = usePointed();
  const { active, setActive, onKeyDown } = useWalk(rows, box, open);
  const shown = fitting(columns, room);
  const row = pointed === null ? undefined : rows.find((one) => one.symbol === pointed.symbol);
  const spare = Math.max(0, room - shown.reduce((sum, column) => sum + column.width, 0));
  const wide = shown.find((column) => column.id === 'name')?.id ?? shown.find((column) => column.id === 'sector')?.id ?? shown.at(-1)?.id;
  return (
    <div className="screen-scroll" ref={box} onScroll={away} onPointerOver={over} onPointerLeave={away} onKeyDown={onKeyDown} tabIndex={0} role="group" aria-label="Symbols that were found">
      <table className="screen-table" aria-rowcount={rows.length + 1} aria-label="Found">
        <colgroup>{shown.map((column) => <col key={column.id} style={{ width: column.width + (column.id === wide ? spare : 0) }} />)}</colgroup>
        <thead><tr>{shown.map((column) => <Header key={column.id} column={column} sorting={sorting} sort={sort} />)}</tr></thead>
        <tbody ref={body}>
          {range.above > 0 && <tr aria-hidden className="gap-row"><td colSpan={shown.length} style={{ height: range.above }} /></tr>}
          {rows.slice(range.start, range.end).map((one, n) => (
            <tr key={one.symbol} data-symbol={one.symbol} aria-rowindex={range.start + n + 2} aria-selected={active === one.symbol} className={active === one.symbol ? 'active' : ''} data-stale={one.badges.some((badge) => badge.kind === 'stale')} onClick={() => { setActive(one.symbol); open(one.symbol); }}>
              {shown.map((column) => <Cell key={column.id} column={column} row={one} isDaily={isDaily} />)}
            </tr>
          ))}
          {range.below > 0 && <tr aria-hidden className="gap-row"><td colSpan={shown.length} style={{ height: range.below }} /></tr>}
        </tbody>
      </table>
      {pointed !== null && row !== undefined && <PreviewCard row={row} asOf={asOf} isDaily={isDaily} at={pointed.at} />}
    </div>
  );
}
