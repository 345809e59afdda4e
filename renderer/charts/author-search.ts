/** Charts of a search: the map of two parameters, windows in and out of sample, the curve behind them, the way parameters went. Pure. */
import type { HeatMapView, SearchReportView } from '#app/contracts/search-report.ts';
import type { Tokens } from '../theme.ts';
import { baseLayout, withAlpha } from './figure.ts';
import type { Figure, PlotlyObject } from './figure.ts';
import { ticksOf } from './equity-figure.ts';

type WalkForward = NonNullable<SearchReportView['walkForward']>;

function axis(tokens: Tokens, more: PlotlyObject): PlotlyObject {
  return { gridcolor: tokens.line, zeroline: false, ticks: '', fixedrange: true, tickfont: { color: tokens.muted, size: 11 }, automargin: false, ...more };
}

/** A map as the page draws it: cells with their score, and how strong their colour is, -1..1. */
export type MapCell = { readonly x: HeatMapView['xValues'][number]; readonly y: HeatMapView['yValues'][number]; readonly score: number | null; readonly count: number; readonly strength: number };

/** Cells by rows, the largest y first. Colours stretch from the worst to the best; below zero is the other colour. */
export function mapCells(map: HeatMapView): readonly (readonly MapCell[])[] {
  const known = map.cells.flat().filter((score): score is number => score !== null);
  const [low, high] = [Math.min(0, ...known), Math.max(0, ...known)];
  const least = Math.min(...known);
  return map.yValues.map((y, row) => map.xValues.map((x, column): MapCell => {
    const score = map.cells[row]?.[column] ?? null;
    const strength = score === null ? 0 : score < 0 ? (low === 0 ? 0 : -(score / low)) : high === 0 ? 0 : least > 0 && high > least ? 0.15 + (0.85 * (score - least)) / (high - least) : score / high;
    return { x, y, score, count: map.counts[row]?.[column] ?? 0, strength };
  })).reverse();
}

/** The score of each window where it was chosen, and behind it. */
export function foldsFigure({ folds }: WalkForward, figure: string, { tokens, nameOf }: { readonly tokens: Tokens; readonly nameOf: (at: number) => string }): Figure {
  const x = folds.map(({ outFrom }, n) => `${n + 1} · ${nameOf(outFrom)}`);
  const bars = (name: string, values: (number | null)[], colour: string | string[]): PlotlyObject => ({ type: 'bar', name, x, y: values, marker: { color: colour }, hovertemplate: `${name}: <b>%{y:.2f}</b><extra></extra>` });
  const outside = folds.map(({ outOfSample }) => outOfSample?.[figure] ?? null);
  return {
    data: [bars('chosen in', folds.map(({ inSample }) => inSample?.[figure] ?? null), withAlpha(tokens.muted, 0.4)), bars('behind it', outside, outside.map((value) => ((value ?? 0) >= 0 ? tokens.accent : tokens.loss)))],
    layout: { ...baseLayout(tokens), barmode: 'group', bargap: 0.35, bargroupgap: 0.08, hovermode: 'x unified', margin: { l: 8, r: 44, t: 8, b: 24 }, xaxis: axis(tokens, { type: 'category', showgrid: false, tickangle: 0 }), yaxis: axis(tokens, { side: 'right', nticks: 5, zeroline: true, zerolinecolor: tokens.lineStrong }) },
  };
}

/** What the choices made on time that they had not seen, chained. */
export function outOfSampleFigure({ curve, folds }: WalkForward, tokens: Tokens): Figure {
  const ticks = ticksOf(curve.at);
  const index = (at: number): number => Math.max(0, curve.at.findIndex((time) => time >= at));
  return {
    data: [
      { type: 'scatter', mode: 'lines', x: curve.equity.map((_value, n) => n), y: curve.equity.map(() => curve.cash), line: { color: tokens.lineStrong, width: 1, dash: 'dot' }, hoverinfo: 'skip' },
      { type: 'scatter', mode: 'lines', x: curve.equity.map((_value, n) => n), y: curve.equity, line: { color: tokens.accent, width: 1.75 }, fill: 'tonexty', fillcolor: withAlpha(tokens.accent, 0.1), hovertemplate: '%{y:,.2f} USD<extra></extra>' },
    ],
    layout: {
      ...baseLayout(tokens), hovermode: 'x', xaxis: axis(tokens, { showgrid: false, tickmode: 'array', tickvals: ticks.map((tick) => tick.index), ticktext: ticks.map(({ text }) => text) }), yaxis: axis(tokens, { side: 'right', tickformat: ',.0f', nticks: 5 }),
      shapes: folds.slice(1).map(({ outFrom }) => ({ type: 'line', xref: 'x', yref: 'paper', x0: index(outFrom), x1: index(outFrom), y0: 0, y1: 1, line: { color: tokens.line, width: 1 } })),
    },
  };
}
