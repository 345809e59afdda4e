/** Drawings over the chart: drawn, picked, moved, written on. */
import { useState } from 'react';
import type { JSX, PointerEvent as ReactPointerEvent } from 'react';
import { ActionIcon, ColorSwatch, TextInput, Tooltip } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import type { Drawing } from '#app/contracts/charts.ts';
import type { XRange } from '../../charts/bar-groups.ts';
import { pxToY } from '../../charts/scale.ts';
import { useStore } from '../../data/external-store.ts';
import { price } from '../../ui/format.ts';
import { pointsOf, shapeOf } from './drawing-shapes.ts';
import type { DrawingShape, Px } from './drawing-shapes.ts';
import { LINE_COLOURS } from './indicators.ts';
import { useSelection } from './selection.ts';
import { fromPx, pricePane, pricePlot, toPx } from './stage.ts';
import type { Stage } from './stage.ts';
import { newDrawingId, setHand, useHand } from './use-drawings.ts';
import type { DrawingTable } from './use-drawings.ts';

const DRAG_LEAST_PX = 5;
const HANDLE_PX = 4.5;

function pointer(event: ReactPointerEvent<SVGElement>): Px {
  const box = (event.currentTarget.ownerSVGElement ?? event.currentTarget).getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

function shapeIn(stage: Stage, view: XRange, drawing: Drawing): DrawingShape {
  const corners = drawing.points.map((point) => toPx(stage, view, point));
  const pane = pricePane(stage);
  const [a, b] = corners;
  return shapeOf(drawing, corners, pricePlot(stage), (part) => price(a === undefined || b === undefined ? null : pxToY(pane, b.y + (a.y - b.y) * part)));
}

type ItemProps = { readonly drawing: Drawing; readonly shape: DrawingShape; readonly isSelected: boolean; grab(event: ReactPointerEvent<SVGElement>, drawing: Drawing, corner: number | null): void };

function Item({ drawing, shape, isSelected, grab }: ItemProps): JSX.Element {
  const colour = drawing.colour ?? 'var(--accent-text)';
  const down = (event: ReactPointerEvent<SVGElement>): void => grab(event, drawing, null);
  return (
    <g data-drawing={drawing.drawingId} data-kind={drawing.kind} className={isSelected ? 'drawing selected' : 'drawing'} style={{ color: colour }}>
      {shape.boxes.map((box, n) => <rect key={n} x={box.x} y={box.y} width={box.width} height={box.height} fill="currentColor" fillOpacity={box.strength} stroke={drawing.kind === 'rectangle' ? 'currentColor' : 'none'} />)}
      {shape.lines.map((line, n) => <line key={n} x1={line.from.x} y1={line.from.y} x2={line.to.x} y2={line.to.y} stroke="currentColor" strokeWidth={isSelected ? 2 : 1.4} strokeDasharray={line.isFaint ? '3 4' : undefined} />)}
      {shape.words.map((word, n) => <text key={n} x={word.at.x} y={word.at.y} textAnchor={word.anchor} className={drawing.kind === 'note' ? 'note' : undefined} onPointerDown={down}>{word.text}</text>)}
      {shape.lines.map((line, n) => <line key={n} className="grip" x1={line.from.x} y1={line.from.y} x2={line.to.x} y2={line.to.y} onPointerDown={down} />)}
      {drawing.kind === 'rectangle' && shape.boxes.map((box, n) => <rect key={n} className="grip" x={box.x} y={box.y} width={box.width} height={box.height} onPointerDown={down} />)}
      {isSelected && shape.handles.map((at, n) => <circle key={n} className="handle" cx={at.x} cy={at.y} r={HANDLE_PX} onPointerDown={(event) => grab(event, drawing, n)} />)}
    </g>
  );
}

/** A drawing in the hand: which, from where, and its place now. */
type Moving = { readonly drawing: Drawing; readonly start: Px; readonly corner: number | null; readonly now: Drawing };

function moved({ drawing, start, corner }: Moving, to: Px, stage: Stage, view: XRange): Drawing {
  return {
    ...drawing,
    points: drawing.points.map((point, n) => {
      if (corner !== null && corner !== n) return point;
      const from = toPx(stage, view, point);
      const place = corner === null ? { x: from.x + to.x - start.x, y: from.y + to.y - start.y } : to;
      return fromPx(stage, view, place);
    }),
  };
}

/** Puts new drawings onto the chart: press and drag, or press twice. */
function Canvas({ stage, view, table, symbol }: { stage: Stage; view: XRange; table: DrawingTable; symbol: string }): JSX.Element | null {
  const { tool } = useHand();
  const [first, setFirst] = useState<{ point: Drawing['points'][number]; px: Px } | null>(null);
  const [second, setSecond] = useState<Drawing['points'][number] | null>(null);
  const { frame } = stage.drawn;
  if (tool === null) return null;
  const finish = (points: Drawing['points']): void => {
    const drawing: Drawing = { drawingId: newDrawingId(), symbol, kind: tool, points, colour: null, text: '' };
    setFirst(null);
    setSecond(null);
    table.put(drawing);
    setHand({ tool: null, selected: drawing.drawingId });
  };
  const preview = first !== null && second !== null ? shapeIn(stage, view, { drawingId: 'preview', symbol, kind: tool, points: [first.point, second], colour: null, text: '' }) : null;
  return (
    <>
      {preview !== null && first !== null && second !== null && <Item drawing={{ drawingId: 'preview', symbol, kind: tool, points: [first.point, second], colour: null, text: '' }} shape={preview} isSelected={false} grab={() => undefined} />}
      <rect
        className="drawing-canvas" x={0} y={0} width={frame.width} height={frame.height}
        onPointerDown={(event) => {
          const px = pointer(event);
          const point = fromPx(stage, view, px);
          if (pointsOf(tool) === 1) finish([point]);
          else if (first === null) {
            event.currentTarget.setPointerCapture(event.pointerId);
            setFirst({ point, px });
          } else finish([first.point, point]);
        }}
        onPointerMove={(event) => { if (first !== null) setSecond(fromPx(stage, view, pointer(event))); }}
        onPointerUp={(event) => {
          const px = pointer(event);
          if (first !== null && Math.hypot(px.x - first.px.x, px.y - first.px.y) > DRAG_LEAST_PX) finish([first.point, fromPx(stage, view, px)]);
        }}
      />
    </>
  );
}

/** All drawings of the symbol. `until`: nothing that reaches beyond this instant is shown (a replay), null = all. */
export function DrawingLayer({ stage, table, until }: { stage: Stage; table: DrawingTable; until: number | null }): JSX.Element {
  const view = useStore(stage.viewport);
  const symbol = useSelection((now) => now.symbol);
  const { selected, tool } = useHand();
  const [moving, setMoving] = useState<Moving | null>(null);
  const { frame } = stage.drawn;
  const plot = pricePlot(stage);
  const grab: ItemProps['grab'] = (event, drawing, corner) => {
    if (event.button !== 0) return;
    event.stopPropagation();
    (event.currentTarget.ownerSVGElement ?? event.currentTarget).setPointerCapture(event.pointerId);
    setHand({ selected: drawing.drawingId });
    setMoving({ drawing, start: pointer(event), corner, now: drawing });
  };
  const shown = table.drawings.filter((drawing) => until === null || drawing.points.every((point) => point.time <= until));
  return (
    <svg
      className="drawing-layer" width={frame.width} height={frame.height} data-tool={tool ?? undefined}
      onPointerMove={(event) => { if (moving !== null) setMoving({ ...moving, now: moved(moving, pointer(event), stage, view) }); }}
      onPointerUp={() => {
        if (moving !== null && moving.now !== moving.drawing) table.put(moving.now);
        setMoving(null);
      }}
      onPointerCancel={() => setMoving(null)}
    >
      <clipPath id="price-plot"><rect x={plot.left} y={plot.top} width={plot.right - plot.left} height={plot.bottom - plot.top} /></clipPath>
      <g clipPath="url(#price-plot)">
        {shown.map((drawing) => {
          const now = moving?.drawing.drawingId === drawing.drawingId ? moving.now : drawing;
          return <Item key={drawing.drawingId} drawing={now} shape={shapeIn(stage, view, now)} isSelected={drawing.drawingId === selected} grab={grab} />;
        })}
        {symbol !== null && <Canvas key={tool} stage={stage} view={view} table={table} symbol={symbol} />}
      </g>
    </svg>
  );
}

/** What can be done with the drawing that is picked: colour, words, erase. */
export function DrawingBar({ table }: { table: DrawingTable }): JSX.Element | null {
  const { selected } = useHand();
  const drawing = table.drawings.find((one) => one.drawingId === selected);
  if (drawing === undefined) return null;
  const hasText = drawing.kind === 'note' || drawing.kind === 'horizontal';
  return (
    <div className="drawing-bar" role="toolbar" aria-label="Drawing">
      {LINE_COLOURS.map((colour) => <ColorSwatch key={colour} component="button" color={colour} size={16} withShadow={false} aria-label={`Colour ${colour}`} aria-pressed={drawing.colour === colour} onClick={() => table.put({ ...drawing, colour })} />)}
      {hasText && <TextInput key={drawing.drawingId} size="xs" w={180} defaultValue={drawing.text} placeholder="Words" aria-label="Words of the drawing" maxLength={200} autoFocus={drawing.kind === 'note' && drawing.text === ''} onBlur={(event) => { if (event.currentTarget.value !== drawing.text) table.put({ ...drawing, text: event.currentTarget.value }); }} onKeyDown={(event) => { if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur(); }} />}
      <Tooltip label="Erase (Delete)"><ActionIcon variant="subtle" color="gray" size="sm" aria-label="Erase the drawing" onClick={() => table.erase(drawing.drawingId)}><IconTrash size={14} /></ActionIcon></Tooltip>
    </div>
  );
}
