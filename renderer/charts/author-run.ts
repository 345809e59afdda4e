/** Charts of one back-test and of several: bands of what could have been, excursions, curves from one start. Pure. */
import type { MonteCarloView } from '#app/contracts/studio.ts';
import type { EquityPoint } from '#app/contracts/views.ts';
import type { Tokens } from '../theme.ts';
import { ticksOf } from './equity-figure.ts';
import { baseLayout, withAlpha } from './figure.ts';
import type { Figure, PlotlyObject } from './figure.ts';

type Curve = readonly (readonly [number, number])[];

/** The curve with the benchmark's last known value at each of its points. */
export function withBenchmark(curve: Curve, benchmark: Curve | null): EquityPoint[] {
  let next = 0;
  return curve.map(([at, equity]) => {
    while (benchmark !== null && next < benchmark.length && (benchmark[next]?.[0] ?? Infinity) <= at) next += 1;
    return [at, equity, benchmark === null || next === 0 ? null : (benchmark[next - 1]?.[1] ?? null)];
  });
}

function axis(tokens: Tokens, more: PlotlyObject): PlotlyObject {
  return { gridcolor: tokens.line, zeroline: false, ticks: '', fixedrange: true, tickfont: { color: tokens.muted, size: 11 }, automargin: false, ...more };
}

/** Bands of the equity: half of the draws in the dark one, nine in ten in the light one, and the run itself. `own`: equity at parts of the run from 0 to 1. */
export function monteCarloFigure({ at, p5, p25, p50, p75, p95 }: MonteCarloView, own: readonly (readonly [number, number])[], tokens: Tokens): Figure {
  const band = (low: readonly number[], high: readonly number[], alpha: number): PlotlyObject[] => [
    { type: 'scatter', mode: 'lines', x: at, y: low, line: { width: 0 }, hoverinfo: 'skip' }, { type: 'scatter', mode: 'lines', x: at, y: high, line: { width: 0 }, fill: 'tonexty', fillcolor: withAlpha(tokens.accent, alpha), hoverinfo: 'skip' },
  ];
  const last = (values: readonly number[]): number => values.at(-1) ?? 0;
  const label = (y: number, text: string): PlotlyObject => ({ xref: 'paper', x: 1, y, xanchor: 'left', showarrow: false, text, font: { size: 11, color: tokens.muted }, xshift: 4 });
  return {
    data: [
      ...band(p5, p95, 0.12), ...band(p25, p75, 0.2), { type: 'scatter', mode: 'lines', x: at, y: p50, line: { color: tokens.muted, width: 1.25, dash: 'dot' }, hovertemplate: 'half below %{y:,.0f} USD<extra></extra>' },
      { type: 'scatter', mode: 'lines', x: own.map(([part]) => part), y: own.map(([, value]) => value), line: { color: tokens.accent, width: 1.75 }, hovertemplate: 'this run %{y:,.0f} USD<extra></extra>' },
    ],
    layout: {
      ...baseLayout(tokens), margin: { l: 8, r: 76, t: 8, b: 24 }, hovermode: 'x', xaxis: axis(tokens, { showgrid: false, tickformat: '.0%', range: [0, 1], nticks: 5 }), yaxis: axis(tokens, { side: 'left', tickformat: ',.0f', nticks: 5, ticklabelposition: 'inside top' }),
      annotations: [label(last(p95), '95 % below'), label(last(p50), 'half'), label(last(p5), '5 % below')],
    },
  };
}

/** One round trip as a dot: how far it fell, and what it made. Dollars. */
export type ExcursionDot = { readonly mae: number; readonly profit: number; readonly words: string };

/** Pain against profit: where a stop would have cut winners too. */
export function excursionFigure(dots: readonly ExcursionDot[], tokens: Tokens): Figure {
  return {
    data: [{
      type: 'scatter', mode: 'markers', x: dots.map(({ mae }) => mae), y: dots.map(({ profit }) => profit), customdata: dots.map(({ words }) => words), hovertemplate: '%{customdata}<extra></extra>',
      marker: { size: 6, color: dots.map(({ profit }) => withAlpha(profit >= 0 ? tokens.gain : tokens.loss, 0.6)), symbol: dots.map(({ profit }) => (profit >= 0 ? 'circle' : 'x')) },
    }],
    layout: {
      ...baseLayout(tokens), margin: { l: 8, r: 64, t: 8, b: 36 }, hovermode: 'closest', xaxis: axis(tokens, { showgrid: false, tickformat: ',.0f', nticks: 6, title: { text: 'deepest open loss, USD', font: { size: 11, color: tokens.muted }, standoff: 6 } }),
      yaxis: axis(tokens, { side: 'right', tickformat: ',.0f', nticks: 5, zeroline: true, zerolinecolor: tokens.lineStrong }),
    },
  };
}

/** One of several curves; growth as fractions since its start. */
export type GrowthLine = { readonly name: string; readonly colour: string; readonly at: readonly number[]; readonly growth: readonly number[] };

/** Curves laid over each other from one start, each named at its end. */
export function compareFigure(lines: readonly GrowthLine[], tokens: Tokens): Figure {
  const times = [...new Set(lines.flatMap(({ at }) => at))].sort((a, b) => a - b);
  const ticks = ticksOf(times);
  return {
    data: lines.map((line) => ({ type: 'scatter', mode: 'lines', name: line.name, x: line.at, y: line.growth, line: { color: line.colour, width: 1.6 }, hovertemplate: `${line.name} <b>%{y:+.2%}</b><extra></extra>` })),
    layout: {
      ...baseLayout(tokens), margin: { l: 8, r: 60, t: 8, b: 24 }, hovermode: 'x', xaxis: axis(tokens, { type: 'linear', showgrid: false, tickmode: 'array', tickvals: ticks.map(({ index }) => times[index]), ticktext: ticks.map(({ text }) => text), showspikes: true, spikethickness: 1, spikecolor: tokens.lineStrong }),
      yaxis: axis(tokens, { side: 'right', tickformat: '.0%', nticks: 6, zeroline: true, zerolinecolor: tokens.lineStrong }),
    },
  };
}

/** Colours of compared runs: told apart by lightness as well as by hue. */
export function lineColours(tokens: Tokens): readonly string[] {
  return [tokens.accent, tokens.warning, tokens.gain, tokens.loss, tokens.benchmark, tokens.text];
}
