/** The price of a symbol with what the run bought and sold on it; a bar can be chosen. */
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { JSX, PointerEvent as ReactPointerEvent } from 'react';
import { useElementSize } from '@mantine/hooks';
import { barCount } from '#app/domain/bar-columns.ts';
import type { BacktestResult } from '#app/contracts/backtest.ts';
import { LazyNavigableChart } from '../../../charts/lazy-chart.tsx';
import { priceFigure } from '../../../charts/price-figure.ts';
import type { XRange } from '../../../charts/bar-groups.ts';
import { MARGIN, plotWidth, pxToX, xToPx, yToPx } from '../../../charts/scale.ts';
import { createStore, useStore } from '../../../data/external-store.ts';
import type { Store } from '../../../data/external-store.ts';
import { Empty, Failure } from '../../../ui/kit.tsx';
import { price } from '../../../ui/format.ts';
import { useTokens } from '../../../ui/use-tokens.ts';
import { TimeScale } from '../../analysis/chart-layers.tsx';
import { pricePane, pricePlot } from '../../analysis/stage.ts';
import type { Stage } from '../../analysis/stage.ts';
import { useChartView } from '../../analysis/use-chart-view.ts';
import { barWords } from './run-words.ts';
import { barAt, tradeMarks } from './run-chart-data.ts';
import type { RunBars, TradeMark } from './run-chart-data.ts';

/** A round trip that is shown: the line from its entry to its exit. Epoch ms, dollars. */
export type ShownTrip = { readonly from: number; readonly to: number; readonly entry: number; readonly exit: number; readonly isGain: boolean };
type Props = {
  readonly result: BacktestResult; readonly symbol: string; readonly series: RunBars; /** Open of the chosen bar, epoch ms. */ readonly chosen: number | null; readonly trip: ShownTrip | null; /** A stretch to show; each new object moves the chart once. */ readonly focus: { readonly from: number; readonly to: number } | null;
  onBar(openTime: number): void;
};

const CLICK_PX = 4;
const ARROW = 5;
/** Bars beside a stretch that is shown. */
const BESIDE = 12;
const SHORT_WIDTHS: ReadonlySet<string> = new Set(['1Min', '5Min', '15Min', '1Hour']);
const factorAt = (): number => 1;

function Arrows({ stage, marks }: { stage: Stage; marks: readonly TradeMark[] }): JSX.Element {
  const view = useStore(stage.viewport);
  const { frame, groups } = stage.drawn;
  const [pane, plot] = [pricePane(stage), pricePlot(stage)];
  return (
    <svg className="rs-marks" width={frame.width} height={frame.height}>
      {marks.map(({ key, index, side, count, words }) => {
        const x = xToPx(frame, view, Math.floor((index - stage.origin) / groups.size) * groups.size + (groups.size - 1) / 2);
        if (x < plot.left - ARROW || x > plot.right) return null;
        const at = (side === 'buy' ? stage.bars.low : stage.bars.high)[index] ?? 0;
        const y = Math.min(plot.bottom - 4, Math.max(plot.top + 4, yToPx(pane, at) + (side === 'buy' ? 4 : -4)));
        return (
          <g key={key} className={`rs-mark ${side}`} data-index={index}>
            <title>{words.join('\n')}</title>
            <path d={`M${x} ${y} l${ARROW} ${side === 'buy' ? ARROW * 1.6 : -ARROW * 1.6} h-${ARROW * 2} z`} />
            {count > 1 && <text x={x + 7} y={y + (side === 'buy' ? 10 : -3)}>{count}</text>}
          </g>
        );
      })}
    </svg>
  );
}

function TripLine({ stage, trip }: { stage: Stage; trip: ShownTrip }): JSX.Element {
  const view = useStore(stage.viewport);
  const { frame } = stage.drawn;
  const pane = pricePane(stage);
  const place = (at: number, value: number): [number, number] => [xToPx(frame, view, barAt(stage.bars.time, at) - stage.origin), yToPx(pane, value)];
  const [[x1, y1], [x2, y2]] = [place(trip.from, trip.entry), place(trip.to, trip.exit)];
  return <svg className={`rs-trip ${trip.isGain ? 'gain' : 'loss'}`} width={frame.width} height={frame.height} aria-hidden><line x1={x1} y1={y1} x2={x2} y2={y2} /><circle cx={x1} cy={y1} r={3} /><circle cx={x2} cy={y2} r={3} /></svg>;
}

function ChosenBar({ stage, chosen }: { stage: Stage; chosen: number }): JSX.Element | null {
  const view = useStore(stage.viewport);
  const { frame } = stage.drawn;
  const index = barAt(stage.bars.time, chosen + 1);
  const width = Math.max(3, plotWidth(frame) / (view[1] - view[0]));
  const left = xToPx(frame, view, index - stage.origin) - width / 2;
  const right = MARGIN.left + plotWidth(frame);
  if (index < 0 || left + width < MARGIN.left || left > right) return null;
  return <div className="rs-chosen" style={{ left, width: Math.min(width, right - left), top: MARGIN.top, height: frame.height - MARGIN.top - MARGIN.bottom }} aria-hidden />;
}

/** The bar under the pointer in words. */
function Values({ stage, index, isIntraday }: { stage: Stage; index: number; isIntraday: boolean }): JSX.Element {
  const { bars } = stage;
  const time = bars.time[index] ?? 0;
  return <div className="rs-values num"><b>{barWords(time, isIntraday)}</b> <span>O {price(bars.open[index] ?? null)}</span> <span>H {price(bars.high[index] ?? null)}</span> <span>L {price(bars.low[index] ?? null)}</span> <span>C {price(bars.close[index] ?? null)}</span></div>;
}

/** Where a press without a pull lands: the bar below it. */
function usePress(stage: Stage | null, viewport: Store<XRange>, onBar: Props['onBar']): { hovered: number | null; handlers: { onPointerMove(event: ReactPointerEvent<HTMLDivElement>): void; onPointerLeave(): void; onPointerDown(event: ReactPointerEvent<HTMLDivElement>): void } } {
  const [hovered, setHovered] = useState<number | null>(null);
  const indexAt = (element: HTMLElement, clientX: number): number | null => {
    if (stage === null) return null;
    const px = clientX - element.getBoundingClientRect().left;
    if (px > MARGIN.left + plotWidth(stage.drawn.frame)) return null;
    return Math.min(barCount(stage.bars) - 1, Math.max(0, Math.round(pxToX(stage.drawn.frame, viewport.get(), px) + stage.origin)));
  };
  return {
    hovered,
    handlers: {
      onPointerMove: (event) => setHovered(indexAt(event.currentTarget, event.clientX)),
      onPointerLeave: () => setHovered(null),
      onPointerDown: (event) => {
        const [element, x, y] = [event.currentTarget, event.clientX, event.clientY];
        // Plotly lays a cover over the page while it is pulled: the release is heard by the window.
        window.addEventListener('pointerup', (up) => {
          const index = Math.hypot(up.clientX - x, up.clientY - y) > CLICK_PX ? null : indexAt(element, x);
          const time = index === null ? undefined : stage?.bars.time[index];
          if (time !== undefined) onBar(time);
        }, { once: true });
      },
    },
  };
}

function Drawn({ result, symbol, series, chosen, trip, focus, onBar }: Props): JSX.Element {
  const { bars, origin, hasOlder, loadOlder } = series;
  const { ref, width, height } = useElementSize<HTMLDivElement>();
  const tokens = useTokens();
  const [viewport] = useState<Store<XRange>>(() => createStore<XRange>([0, 1]));
  const view = useChartView({ bars, origin, width, viewport, startAt: null });
  const isIntraday = SHORT_WIDTHS.has(result.timeframe);
  const { range, moved } = view;
  const drawn = useMemo(() => (range === null || width < 120 || height < 100 ? null : priceFigure({ bars, origin, view: range, width, height, style: 'candles', isLog: false, hasVolume: false, isIntraday, overlays: [], panes: [], compared: [], tokens })), [bars, origin, range, width, height, isIntraday, tokens]);
  const stage = useMemo((): Stage | null => (drawn === null ? null : { drawn, bars, origin, viewport, factorAt }), [drawn, bars, origin, viewport]);
  const marks = useMemo(() => tradeMarks(result.trades, symbol, bars.time), [result.trades, symbol, bars]);
  const isReady = range !== null;
  const first = bars.time[0] ?? Infinity;
  useEffect(() => {
    if (focus === null || !isReady) return;
    if (focus.from < first && hasOlder) loadOlder();
    else moved([barAt(bars.time, focus.from) - origin - BESIDE, barAt(bars.time, focus.to) - origin + BESIDE]);
    // A stretch moves the chart once; bars that come later do not move it again, except those it waited for.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [focus, isReady, first]);
  const chosenIndex = chosen === null ? -1 : barAt(bars.time, chosen + 1);
  useEffect(() => {
    const now = viewport.get();
    const x = chosenIndex - origin;
    if (chosenIndex < 0 || !isReady || (x > now[0] + 1 && x < now[1] - 1)) return;
    const span = now[1] - now[0];
    moved([x - span / 2, x + span / 2]);
    // Follows the chosen bar only when it leaves what is visible.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [chosenIndex, isReady]);
  useEffect(() => {
    if (range !== null && range[0] + origin < 0 && hasOlder) loadOlder();
  }, [range, origin, hasOlder, loadOlder]);
  const { hovered, handlers } = usePress(stage, viewport, onBar);
  const told = hovered ?? (chosenIndex >= 0 ? chosenIndex : barCount(bars) - 1);
  return (
    <div className="rs-price" ref={ref} {...handlers}>
      {stage !== null && drawn !== null && (
        <>
          {chosen !== null && <ChosenBar stage={stage} chosen={chosen} />}
          <TimeScale stage={stage} />
          <LazyNavigableChart drawn={drawn} label={`Price of ${symbol} with what the run traded`} onMoving={view.moving} onMoved={view.moved} />
          {trip !== null && <TripLine stage={stage} trip={trip} />}
          <Arrows stage={stage} marks={marks} />
          <Values stage={stage} index={Math.min(told, barCount(bars) - 1)} isIntraday={isIntraday} />
        </>
      )}
    </div>
  );
}

/** The chart, or what stands in its place. Give it a key of the run and the symbol. */
export function TradeChart(props: Props): JSX.Element {
  const { series, symbol, result } = props;
  const retry = useCallback(() => series.retry(), [series]);
  if (series.error !== null) return <div className="rs-price rs-price-empty"><Failure error={series.error} retry={retry} /></div>;
  if (series.isLoading) return <div className="rs-price rs-price-empty" aria-label="Loading bars" />;
  if (barCount(series.bars) === 0) return <div className="rs-price rs-price-empty"><Empty title="These bars are not stored any more">{`The run read ${result.timeframe} bars of ${symbol}; the chart shows them again when they are back.`}</Empty></div>;
  return <Drawn {...props} />;
}
