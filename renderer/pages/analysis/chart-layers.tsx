/** What lies over the bars and follows them: crosshair, own fills and signals, corporate actions, lines at prices. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Tooltip } from '@mantine/core';
import { MARGIN, paneAt, plotWidth, pxToY, xToPx, yToPx } from '../../charts/scale.ts';
import { digitsFor } from '../../charts/scale.ts';
import type { Pane } from '../../charts/scale.ts';
import { halfDayNote } from '../../charts/bar-ticks.ts';
import { useStore } from '../../data/external-store.ts';
import { openSheet } from '../../frame/panels.ts';
import { bothZones, compact } from '../../ui/format.ts';
import type { ActionMark, BarMark } from './chart-marks.ts';
import { pricePane, pricePlot, useHover } from './stage.ts';
import type { Stage } from './stage.ts';

/** A price that matters: a position's average, an open order, the last trade. */
export type PriceLine = { readonly key: string; readonly price: number; readonly text: string; readonly tone: 'position' | 'buy' | 'sell' | 'last'; readonly isStale?: boolean };

/** A number of a pane as its scale writes it. */
export function paneNumber(pane: Pick<Pane, 'range' | 'id'>, value: number): string {
  const digits = pane.id === 'price' ? digitsFor(pane.range) : Math.abs(value) >= 1000 ? 0 : 2;
  if (pane.id !== 'price' && Math.abs(value) >= 1e6) return compact(value);
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace('-', '−');
}

const day = new Intl.DateTimeFormat('en-GB', { timeZone: 'America/New_York', weekday: 'short', day: 'numeric', month: 'short', year: '2-digit' });
const dayMinute = new Intl.DateTimeFormat('en-GB', { timeZone: 'America/New_York', weekday: 'short', day: 'numeric', month: 'short', year: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

/** The cross under the pointer with its price and time; New York's time, here on hover. */
export function Crosshair({ stage, isIntraday }: { stage: Stage; isIntraday: boolean }): JSX.Element | null {
  const hover = useHover();
  const view = useStore(stage.viewport);
  const { frame } = stage.drawn;
  if (hover === null) return null;
  const x = xToPx(frame, view, hover.index - stage.origin);
  const right = MARGIN.left + plotWidth(frame);
  const pane = hover.px === null ? null : paneAt(frame, hover.px.y);
  const time = stage.bars.time[hover.index];
  const isInside = x >= MARGIN.left && x <= right;
  return (
    <>
      <svg className="cross" width={frame.width} height={frame.height} aria-hidden>
        {isInside && <line x1={x} x2={x} y1={MARGIN.top} y2={frame.height - MARGIN.bottom} />}
        {hover.px !== null && pane !== null && <line x1={MARGIN.left} x2={right} y1={hover.px.y} y2={hover.px.y} />}
      </svg>
      {hover.px !== null && pane !== null && <span className="scale-tag num" style={{ top: hover.px.y, left: right }}>{paneNumber(pane, pxToY(pane, hover.px.y))}</span>}
      {isInside && time !== undefined && <span className="time-tag num" title={bothZones(time)} style={{ left: Math.min(right - 70, Math.max(70, x)), top: frame.height - MARGIN.bottom + 2 }}>{(isIntraday ? dayMinute : day).format(time)}{halfDayNote(time) === null ? '' : ` · ${halfDayNote(time) ?? ''}`}</span>}
    </>
  );
}

/** Px between two labels of the time below which the lesser one is left out. */
const TIME_LEAST_PX = 46;

/** Times along the axis with their lines, and the hours outside of trading; behind the bars, and in step with them while a hand moves the chart. */
export function TimeScale({ stage }: { stage: Stage }): JSX.Element {
  const view = useStore(stage.viewport);
  const { frame, ticks, shades } = stage.drawn;
  const [left, right, bottom] = [MARGIN.left, MARGIN.left + plotWidth(frame), frame.height - MARGIN.bottom];
  const placed = ticks.flatMap((tick) => { const px = xToPx(frame, view, tick.x); return px < left || px > right ? [] : [{ ...tick, px }]; });
  const majors = placed.filter((tick) => tick.isMajor);
  let last = -Infinity;
  const shown = placed.filter((tick) => {
    const isFree = tick.isMajor || (tick.px - last >= TIME_LEAST_PX && majors.every((major) => Math.abs(major.px - tick.px) >= TIME_LEAST_PX));
    if (isFree) last = tick.px;
    return isFree;
  });
  return (
    <svg className="time-scale" width={frame.width} height={frame.height} aria-hidden>
      {shades.map((shade) => {
        const from = Math.max(left, xToPx(frame, view, shade.from));
        const to = Math.min(right, xToPx(frame, view, shade.to));
        return to <= from ? null : <rect key={shade.from} x={from} y={MARGIN.top} width={to - from} height={bottom - MARGIN.top} />;
      })}
      {shown.map((tick) => <line key={tick.x} x1={tick.px} x2={tick.px} y1={MARGIN.top} y2={bottom} />)}
      {shown.map((tick) => <text key={tick.x} className={tick.isMajor ? 'major' : undefined} x={Math.min(right - 22, Math.max(left + 22, tick.px))} y={bottom + 16} textAnchor="middle">{tick.text}</text>)}
    </svg>
  );
}

/** Lines across the price pane with a tag on the scale. */
export function PriceLines({ stage, lines }: { stage: Stage; lines: readonly PriceLine[] }): JSX.Element {
  const pane = pricePane(stage);
  const plot = pricePlot(stage);
  const inside = lines.filter((line) => line.price > 0 && yToPx(pane, line.price) >= plot.top && yToPx(pane, line.price) <= plot.bottom);
  return (
    <>
      <svg className="price-lines" width={stage.drawn.frame.width} height={stage.drawn.frame.height} aria-hidden>
        {inside.map((line) => <line key={line.key} className={`tone-${line.tone}`} x1={plot.left} x2={plot.right} y1={yToPx(pane, line.price)} y2={yToPx(pane, line.price)} />)}
      </svg>
      {inside.map((line) => (
        <span key={line.key} className={`line-tag num tone-${line.tone} ${line.isStale ? 'stale' : ''}`} style={line.tone === 'last' ? { top: yToPx(pane, line.price), left: plot.right } : { top: yToPx(pane, line.price), right: MARGIN.right + 6 }}>
          {line.tone === 'last' ? paneNumber(pane, line.price) : line.text}
        </span>
      ))}
    </>
  );
}

const ARROW = 6;

function MarkShape({ mark, x, y }: { mark: BarMark; x: number; y: number }): JSX.Element {
  if (mark.kind === 'buy') return <path d={`M${x} ${y} l${ARROW} ${ARROW * 1.5} h-${ARROW * 2} z`} />;
  if (mark.kind === 'sell') return <path d={`M${x} ${y} l${ARROW} -${ARROW * 1.5} h-${ARROW * 2} z`} />;
  return <path d={`M${x} ${y - 4.5} l4.5 4.5 l-4.5 4.5 l-4.5 -4.5 z`} />;
}

type MarkProps = { readonly stage: Stage; readonly marks: readonly BarMark[]; readonly actions: readonly ActionMark[] };
const NEAR_PX = 24;

/** Own marks: what was bought below the bar, sold above it; signals as diamonds, hollow where risk said no. A click tells the story. */
export function Marks({ stage, marks, actions }: MarkProps): JSX.Element {
  const view = useStore(stage.viewport);
  const [told, setTold] = useState<{ key: string; x: number; y: number; words: readonly string[] } | null>(null);
  const { frame, groups } = stage.drawn;
  const pane = pricePane(stage);
  const plot = pricePlot(stage);
  const isNear = (x: number): boolean => x >= plot.left - NEAR_PX && x <= plot.right;
  const hoverOf = (key: string, x: number, y: number, words: readonly string[]): { onPointerEnter(): void; onPointerLeave(): void } => ({ onPointerEnter: () => setTold({ key, x, y, words }), onPointerLeave: () => setTold(null) });
  return (
    <>
      <svg className="marks" width={frame.width} height={frame.height}>
        {marks.map((mark) => {
          // Merged bars: the mark stands at the middle of its group.
          const x = xToPx(frame, view, Math.floor((mark.index - stage.origin) / groups.size) * groups.size + (groups.size - 1) / 2);
          if (!isNear(x)) return null;
          const [low, high] = [stage.bars.low[mark.index] ?? mark.price, stage.bars.high[mark.index] ?? mark.price];
          const offset = mark.kind === 'buy' ? 5 : mark.kind === 'sell' ? -5 : mark.kind === 'signal' ? 24 : 30;
          const y = Math.min(plot.bottom - 4, Math.max(plot.top + 4, yToPx(pane, mark.kind === 'sell' ? high : low) + offset));
          return (
            <g key={mark.key} className={`mark ${mark.kind}`} data-mark={mark.kind} data-index={mark.index} {...hoverOf(mark.key, x, y, mark.words)} onClick={() => { if (mark.opens !== null) openSheet({ kind: 'story', id: mark.opens }); }}>
              <MarkShape mark={mark} x={x} y={y} />
              {mark.count > 1 && <text x={x + 8} y={y + (mark.kind === 'sell' ? -2 : 10)}>{mark.count}</text>}
            </g>
          );
        })}
        {actions.map((action) => {
          const x = xToPx(frame, view, action.index - stage.origin);
          const y = plot.bottom - 11;
          return !isNear(x) ? null : (
            <g key={action.key} className="action-mark" data-action={action.letter} {...hoverOf(action.key, x, y, action.words)}>
              <circle cx={x} cy={y} r={8} /><text x={x} y={y + 3.5} textAnchor="middle">{action.letter}</text>
            </g>
          );
        })}
      </svg>
      {told !== null && <div className="mark-told" role="tooltip" style={told.x > plot.right - 260 ? { right: frame.width - told.x + 10, top: told.y - 12 } : { left: told.x + 12, top: told.y - 12 }}>{told.words.map((words) => <p key={words}>{words}</p>)}</div>}
    </>
  );
}

/** The age and source of what is shown, in one word with the rest on hover. */
export function SourceTag({ words, hover, isOld }: { words: string; hover: string; isOld: boolean }): JSX.Element {
  return <Tooltip label={hover} multiline style={{ whiteSpace: 'pre-line' }}><span className={isOld ? 'source-tag old' : 'source-tag'}>{words}</span></Tooltip>;
}
