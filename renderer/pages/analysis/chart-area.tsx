/** The chart: bars, what lies over them, and the hand that moves it. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { JSX, PointerEvent as ReactPointerEvent, ReactNode } from 'react';
import { useElementSize } from '@mantine/hooks';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { barCount } from '#app/domain/bar-columns.ts';
import type { ChartLook } from '#app/contracts/charts.ts';
import type { XRange } from '../../charts/bar-groups.ts';
import { LazyNavigableChart } from '../../charts/lazy-chart.tsx';
import { priceFigure } from '../../charts/price-figure.ts';
import type { ChartLine, DrawnChart } from '../../charts/price-figure.ts';
import { MARGIN, PANE_GAP, plotWidth, pxToX, xToPx } from '../../charts/scale.ts';
import { createStore, useStore } from '../../data/external-store.ts';
import type { Store } from '../../data/external-store.ts';
import type { Tokens } from '../../theme.ts';
import { Crosshair, Marks, PriceLines, TimeScale } from './chart-layers.tsx';
import type { PriceLine } from './chart-layers.tsx';
import type { ActionMark, BarMark } from './chart-marks.ts';
import { DrawingBar, DrawingLayer } from './drawing-layer.tsx';
import { arrange, warmUpOf, workOut } from './indicators.ts';
import type { ColumnMemory, IndicatorColumns } from './indicators.ts';
import { BarValues, IndicatorChip } from './legend.tsx';
import { changeIndicator } from './look.ts';
import type { FactorAt } from './raw-prices.ts';
import { chooseBar } from './selection.ts';
import { barOf, heikinAshi } from './series.ts';
import { setHover } from './stage.ts';
import type { Stage } from './stage.ts';
import { handNow, setHand } from './use-drawings.ts';
import type { DrawingTable } from './use-drawings.ts';
import { useChartView } from './use-chart-view.ts';

/** What the chart shows. `bars`: those that may be seen; `startAt`: a bar to begin at (epoch ms), null = the newest. */
export type ChartAreaProps = {
  readonly bars: BarColumns; readonly origin: number; readonly isIntraday: boolean; readonly look: ChartLook; readonly tokens: Tokens; readonly compared: readonly ChartLine[]; readonly factorAt: FactorAt; readonly marks: readonly BarMark[]; readonly actions: readonly ActionMark[];
  readonly lines: readonly PriceLine[]; readonly table: DrawingTable; readonly until: number | null; readonly chosen: number | null; readonly startAt: number | null; readonly label: string; readonly head: ReactNode;
  /** Bars older than the first visible ones are wanted. */ onNeedOlder(): void;
};

const CLICK_PX = 4;

function useDrawn({ bars, origin, look, tokens, compared, isIntraday }: ChartAreaProps, view: XRange | null, size: { width: number; height: number }): { drawn: DrawnChart | null; worked: IndicatorColumns[] } {
  const [memory] = useState((): ColumnMemory => new Map());
  const worked = useMemo(() => workOut(look.indicators, bars, memory), [look.indicators, bars, memory]);
  const shown = useMemo(() => (look.style === 'heikin' ? heikinAshi(bars) : bars), [look.style, bars]);
  const drawn = useMemo(() => {
    if (view === null || size.width < 120 || size.height < 120) return null;
    const { overlays, panes } = arrange(worked);
    return priceFigure({ bars: shown, origin, view, width: size.width, height: size.height, style: look.style, isLog: look.isLog, hasVolume: look.hasVolume, isIntraday, overlays, panes, compared, tokens });
  }, [shown, origin, view, size.width, size.height, look.style, look.isLog, look.hasVolume, isIntraday, worked, compared, tokens]);
  return { drawn, worked };
}

/** A line between two panes that is pulled to make the lower one taller. */
function PaneEdges({ stage }: { stage: Stage }): JSX.Element {
  const { frame } = stage.drawn;
  const pull = (id: string, top: number, bottom: number) => (event: ReactPointerEvent<HTMLDivElement>): void => {
    event.currentTarget.setPointerCapture(event.pointerId);
    const start = event.clientY;
    const element = event.currentTarget;
    const move = (next: PointerEvent): void => changeIndicator(id, { height: Math.min(0.6, Math.max(0.06, (bottom - top - (next.clientY - start)) / frame.height)) });
    const end = (): void => {
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerup', end);
    };
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerup', end);
  };
  return <>{frame.panes.slice(1).map((pane) => <div key={pane.id} className="pane-edge" style={{ top: pane.top - PANE_GAP, height: PANE_GAP, right: MARGIN.right }} role="separator" aria-orientation="horizontal" aria-label="Height of the pane" onPointerDown={pull(pane.id, pane.top, pane.top + pane.height)} />)}</>;
}

/** Names and values in the panes. */
function Legends({ stage, worked, look, head }: { stage: Stage; worked: readonly IndicatorColumns[]; look: ChartLook; head: ReactNode }): JSX.Element {
  const inPane = new Set(stage.drawn.frame.panes.slice(1).map((pane) => pane.id));
  const byKey = new Map(worked.map((one) => [one.shown.key, one]));
  return (
    <>
      <div className="legend" style={{ top: MARGIN.top }}>
        {head}
        <BarValues stage={stage} />
        {look.indicators.filter((shown) => !inPane.has(shown.key)).map((shown) => <IndicatorChip key={shown.key} shown={shown} worked={byKey.get(shown.key)} stage={stage} isInPane={false} />)}
      </div>
      {stage.drawn.frame.panes.slice(1).map((pane) => {
        const shown = look.indicators.find((one) => one.key === pane.id);
        return shown === undefined ? null : <div key={pane.id} className="legend" style={{ top: pane.top }}><IndicatorChip shown={shown} worked={byKey.get(shown.key)} stage={stage} isInPane /></div>;
      })}
    </>
  );
}

/** Follows the pointer, and takes a press without a pull as a click on a bar. */
function usePointer(stage: Stage | null): { onPointerMove(event: ReactPointerEvent<HTMLDivElement>): void; onPointerLeave(): void; onPointerDown(event: ReactPointerEvent<HTMLDivElement>): void } {
  const latest = useRef(stage);
  useEffect(() => {
    latest.current = stage;
  });
  const indexAt = (element: HTMLElement, clientX: number): number | null => {
    const now = latest.current;
    if (now === null) return null;
    const px = clientX - element.getBoundingClientRect().left;
    if (px > MARGIN.left + plotWidth(now.drawn.frame)) return null;
    return Math.min(barCount(now.bars) - 1, Math.max(0, Math.round(pxToX(now.drawn.frame, now.viewport.get(), px) + now.origin)));
  };
  return {
    onPointerMove(event) {
      const index = indexAt(event.currentTarget, event.clientX);
      const box = event.currentTarget.getBoundingClientRect();
      setHover(index === null ? null : { index, px: { x: event.clientX - box.left, y: event.clientY - box.top } });
    },
    onPointerLeave: () => setHover(null),
    onPointerDown(event) {
      const element = event.currentTarget;
      const [x, y] = [event.clientX, event.clientY];
      // Only the bars themselves: a press on a mark, a drawing, or a word in the legend is about that.
      const isOnBars = event.target instanceof Element && event.target.closest('.navigable') !== null && event.button === 0;
      if (!isOnBars) return;
      // Plotly lays a cover over the page while it is pulled: the release is heard by the window.
      window.addEventListener('pointerup', (up) => {
        if (Math.hypot(up.clientX - x, up.clientY - y) > CLICK_PX) return;
        if (handNow().selected !== null) return setHand({ selected: null });
        const index = indexAt(element, x);
        const time = index === null ? undefined : latest.current?.bars.time[index];
        if (time !== undefined) chooseBar(time);
      }, { once: true });
    },
  };
}

/** The light behind the bar that was clicked. */
function ChosenBar({ stage, chosen }: { stage: Stage; chosen: number | null }): JSX.Element | null {
  const view = useStore(stage.viewport);
  const index = chosen === null ? -1 : barOf(stage.bars.time, chosen);
  if (index < 0) return null;
  const { frame } = stage.drawn;
  const width = Math.max(3, plotWidth(frame) / (view[1] - view[0]));
  const left = xToPx(frame, view, index - stage.origin) - width / 2;
  const right = MARGIN.left + plotWidth(frame);
  if (left + width < MARGIN.left || left > right) return null;
  return <div className="chosen-bar" style={{ left, width: Math.min(width, right - left), top: MARGIN.top, height: frame.height - MARGIN.top - MARGIN.bottom }} aria-hidden />;
}

/** The chart. Give it a key of symbol and timeframe: its place begins anew with them. */
export function ChartArea(props: ChartAreaProps): JSX.Element {
  const { bars, origin, look, onNeedOlder, factorAt } = props;
  const { ref, width, height } = useElementSize<HTMLDivElement>();
  const [viewport] = useState<Store<XRange>>(() => createStore<XRange>([0, 1]));
  const view = useChartView({ bars, origin, width, viewport, startAt: props.startAt });
  const { drawn, worked } = useDrawn(props, view.range, { width, height });
  const stage = useMemo(() => (drawn === null ? null : { drawn, bars, origin, viewport, factorAt }), [drawn, bars, origin, viewport, factorAt]);
  const need = Math.max(warmUpOf(look.indicators), view.range === null ? 0 : view.range[1] - view.range[0]);
  const isShort = view.range !== null && view.range[0] + origin < need;
  useEffect(() => {
    if (isShort) onNeedOlder();
  }, [isShort, onNeedOlder, bars]);
  const pointer = usePointer(stage);
  return (
    <div className="chart-area" ref={ref} {...pointer} onDoubleClick={(event) => { if (event.target instanceof Element && event.target.closest('.navigable')) view.toNewest(); }}>
      {stage !== null && drawn !== null && (
        <>
          <ChosenBar stage={stage} chosen={props.chosen} />
          <TimeScale stage={stage} />
          <LazyNavigableChart drawn={drawn} label={props.label} onMoving={view.moving} onMoved={view.moved} />
          <PriceLines stage={stage} lines={props.lines} />
          <DrawingLayer stage={stage} table={props.table} until={props.until} />
          <Marks stage={stage} marks={look.hasMarks ? props.marks : []} actions={look.hasActions ? props.actions : []} />
          <Crosshair stage={stage} isIntraday={props.isIntraday} />
          <PaneEdges stage={stage} />
          <Legends stage={stage} worked={worked} look={look} head={props.head} />
          <DrawingBar table={props.table} />
        </>
      )}
    </div>
  );
}
