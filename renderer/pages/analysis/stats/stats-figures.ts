/** The figures of the statistics drawer: falls, distribution, rolling lines, heat maps, seasons. Pure. */
import type { CorrelationCell } from '#app/analytics/correlation-matrix.ts';
import { distribution } from '#app/analytics/distribution.ts';
import { normalDensity } from '#app/analytics/normal.ts';
import type { MonthRow, Season } from '#app/analytics/seasonality.ts';
import { expectedShortfall, valueAtRisk } from '#app/analytics/value-at-risk.ts';
import { drawdowns, ticksOf } from '../../../charts/equity-figure.ts';
import { baseLayout, withAlpha } from '../../../charts/figure.ts';
import type { Figure, PlotlyObject } from '../../../charts/figure.ts';
import type { Tokens } from '../../../theme.ts';
import { marketDayTime, percent } from '../../../ui/format.ts';

/** Points of a line beyond which nobody sees more. */
const POINTS_MAX = 2_000;
/** Return at which a cell of the month table has its full colour. */
const FULL_MONTH = 0.1;
/** Points of the normal curve. */
const CURVE_POINTS = 120;

function axis(tokens: Tokens, more: PlotlyObject): PlotlyObject {
  return { gridcolor: tokens.line, zeroline: false, ticks: '', fixedrange: true, tickfont: { color: tokens.muted, size: 11 }, automargin: false, ...more };
}

/** An axis of bar numbers with times under it. */
function timeAxis(tokens: Tokens, times: readonly number[], more: PlotlyObject = {}): PlotlyObject {
  const ticks = ticksOf(times);
  return axis(tokens, { showgrid: false, tickmode: 'array', tickvals: ticks.map((tick) => tick.index), ticktext: ticks.map((tick) => tick.text), range: [-0.5, Math.max(1, times.length - 0.5)], ...more });
}

/** Every second, third ... index, so that `POINTS_MAX` are not exceeded; of each piece the smallest value, so that no fall is lost. */
function thinnedLows(values: readonly number[]): number[] {
  const stride = Math.ceil(values.length / POINTS_MAX);
  if (stride <= 1) return values.map((_value, n) => n);
  const kept: number[] = [];
  for (let from = 0; from < values.length; from += stride) {
    let lowest = from;
    for (let n = from; n < Math.min(values.length, from + stride); n += 1) if ((values[n] ?? 0) < (values[lowest] ?? 0)) lowest = n;
    kept.push(lowest);
  }
  return kept;
}

/** How far below its highest close the price was, as a filled area. */
export function drawdownFigure(times: ArrayLike<number>, close: ArrayLike<number>, tokens: Tokens): Figure {
  const falls = drawdowns(Array.from(close));
  const kept = thinnedLows(falls);
  const [at, values] = [kept.map((n) => times[n] ?? 0), kept.map((n) => falls[n] ?? 0)];
  return {
    data: [{
      type: 'scatter', mode: 'lines', x: values.map((_value, n) => n), y: values, fill: 'tozeroy', fillcolor: withAlpha(tokens.loss, 0.16), line: { color: tokens.loss, width: 1.25 },
      customdata: at.map((time, n) => [marketDayTime(time), percent(values[n] ?? null)]), hovertemplate: '%{customdata[0]}<br><b>%{customdata[1]}</b><extra></extra>',
    }],
    layout: { ...baseLayout(tokens), hovermode: 'x', xaxis: timeAxis(tokens, at), yaxis: axis(tokens, { side: 'right', tickformat: '.0%', rangemode: 'tozero', nticks: 5, zeroline: true, zerolinecolor: tokens.lineStrong }) },
  };
}

/** Marks of the distribution: fractions of one bar. */
export type TailMarks = { readonly valueAtRisk: number | null; readonly shortfall: number | null };

/** Where the worst twentieth begins, and its mean. */
export function tailMarks(returns: ArrayLike<number>): TailMarks {
  return { valueAtRisk: valueAtRisk(returns, 0.95), shortfall: expectedShortfall(returns, 0.95) };
}

function mark(at: number, text: string, { tokens, y, side }: { readonly tokens: Tokens; readonly y: number; readonly side: 'left' | 'right' }): { shape: PlotlyObject; label: PlotlyObject } {
  return {
    shape: { type: 'line', xref: 'x', yref: 'paper', x0: at, x1: at, y0: 0, y1: 1, line: { color: tokens.loss, width: 1, dash: 'dot' } },
    label: { x: at, y, xref: 'x', yref: 'paper', text, showarrow: false, xanchor: side, xshift: side === 'right' ? -4 : 4, font: { size: 11, color: tokens.loss } },
  };
}

/** Returns in bins beside the normal curve of the same mean and deviation, with value at risk and shortfall. Null with too few returns. */
export function distributionFigure(returns: ArrayLike<number>, tokens: Tokens): Figure | null {
  const spread = distribution(returns);
  if (spread === null) return null;
  const { from, width, counts, mean, deviation } = spread;
  const centres = counts.map((_count, bin) => from + (bin + 0.5) * width);
  const [low, high] = [Math.min(from, mean - 4 * deviation), Math.max(from + width * counts.length, mean + 4 * deviation)];
  const curve = Array.from({ length: CURVE_POINTS + 1 }, (_none, n) => low + ((high - low) * n) / CURVE_POINTS);
  const density = curve.map((x) => (returns.length * width * normalDensity((x - mean) / deviation)) / deviation);
  const marks = tailMarks(returns);
  const drawn = [
    ...(marks.valueAtRisk === null ? [] : [mark(marks.valueAtRisk, `VaR 95 % ${percent(marks.valueAtRisk)}`, { tokens, y: 1, side: 'left' })]),
    ...(marks.shortfall === null ? [] : [mark(marks.shortfall, `CVaR ${percent(marks.shortfall)}`, { tokens, y: 0.88, side: 'right' })]),
  ];
  return {
    data: [
      { type: 'bar', x: centres, y: counts, width: width * 0.92, marker: { color: centres.map((centre) => (marks.valueAtRisk !== null && centre <= marks.valueAtRisk ? withAlpha(tokens.loss, 0.65) : withAlpha(tokens.accent, 0.55))) }, customdata: centres.map((centre) => [percent(centre - width / 2), percent(centre + width / 2)]), hovertemplate: '%{customdata[0]} to %{customdata[1]}<br><b>%{y}</b> returns<extra></extra>' },
      { type: 'scatter', mode: 'lines', x: curve, y: density, line: { color: tokens.text, width: 1.25 }, hoverinfo: 'skip' },
    ],
    layout: {
      ...baseLayout(tokens), bargap: 0, shapes: drawn.map(({ shape }) => shape), annotations: drawn.map(({ label }) => label),
      xaxis: axis(tokens, { showgrid: false, tickformat: '+.1%', nticks: 9, zeroline: true, zerolinecolor: tokens.lineStrong, range: [low, high] }), yaxis: axis(tokens, { side: 'right', nticks: 5, rangemode: 'tozero' }),
    },
  };
}

/** A line over time: null where it is not known. */
export type RollingLine = { readonly times: readonly number[]; readonly values: readonly (number | null)[] };

/** One rolling line with its last value beside it. `kind`: a share as percent, or a plain ratio; `level`: a line to compare with. */
export function rollingFigure(line: RollingLine, tokens: Tokens, { kind, level, colour }: { readonly kind: 'share' | 'ratio'; readonly level: number | null; readonly colour: string }): Figure {
  const words = (value: number | null): string => (value === null ? '–' : kind === 'share' ? percent(value, { signed: false }) : value.toFixed(2));
  return {
    data: [{
      type: 'scatter', mode: 'lines', x: line.values.map((_value, n) => n), y: line.values, connectgaps: false, line: { color: colour, width: 1.5 },
      customdata: line.times.map((time, n) => [marketDayTime(time), words(line.values[n] ?? null)]), hovertemplate: '%{customdata[0]}<br><b>%{customdata[1]}</b><extra></extra>',
    }],
    layout: {
      ...baseLayout(tokens), hovermode: 'x', xaxis: timeAxis(tokens, line.times), yaxis: axis(tokens, { side: 'right', tickformat: kind === 'share' ? '.0%' : '.1f', nticks: 5 }),
      shapes: level === null ? [] : [{ type: 'line', xref: 'paper', yref: 'y', x0: 0, x1: 1, y0: level, y1: level, line: { color: tokens.lineStrong, width: 1, dash: 'dot' } }],
    },
  };
}

/** Colours of cells from below zero to above: each side keeps its own, so that nothing turns grey between. */
function diverging(below: string, above: string): readonly (readonly [number, string])[] {
  return [[0, withAlpha(below, 0.72)], [0.4999, withAlpha(below, 0.04)], [0.5001, withAlpha(above, 0.04)], [1, withAlpha(above, 0.72)]];
}

/** Correlations with the number in each cell; the strength is the colour of the accent, against each other that of loss. */
export function correlationFigure(names: readonly string[], cells: readonly (readonly CorrelationCell[])[], tokens: Tokens): Figure {
  return {
    data: [{
      type: 'heatmap', x: names, y: names, z: cells.map((row) => row.map((cell) => cell.value)), zmin: -1, zmax: 1, showscale: false, xgap: 2, ygap: 2, hoverongaps: false,
      colorscale: diverging(tokens.loss, tokens.accent),
      text: cells.map((row) => row.map((cell) => (cell.value === null ? '–' : cell.value.toFixed(2)))), texttemplate: '%{text}', textfont: { color: tokens.text, size: 12 },
      customdata: cells.map((row) => row.map((cell) => cell.count)), hovertemplate: '%{y} with %{x}<br><b>%{text}</b> of %{customdata} common returns<extra></extra>',
    }],
    layout: { ...baseLayout(tokens), margin: { l: 56, r: 8, t: 22, b: 8 }, xaxis: axis(tokens, { side: 'top', showgrid: false, type: 'category' }), yaxis: axis(tokens, { autorange: 'reversed', showgrid: false, type: 'category' }) },
  };
}

const MONTH_NAMES = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A return in a cell, percent without its sign of unit: monthText(-0.0471) = '−4.7'. */
export function monthText(value: number | null): string {
  if (value === null) return '';
  const digits = Math.abs(value * 100).toFixed(1);
  return digits === '0.0' ? digits : `${value > 0 ? '+' : '−'}${digits}`;
}

/** Months by years with the number in each cell, and the year at the end; newest year on top. */
export function monthFigure(rows: readonly MonthRow[], tokens: Tokens): Figure {
  const shown = [...rows].reverse();
  const years = shown.map((row) => String(row.year));
  const months = { x: MONTH_NAMES, z: shown.map((row) => [...row.months]) };
  const totals = { x: ['Year'], z: shown.map((row) => [row.total]) };
  const trace = ({ x, z }: { x: readonly string[]; z: (number | null)[][] }, full: number, xaxis: string): PlotlyObject => ({
    type: 'heatmap', x, y: years, z, zmin: -full, zmax: full, showscale: false, colorscale: diverging(tokens.loss, tokens.gain), xgap: 2, ygap: 2, hoverongaps: false, xaxis,
    text: z.map((row) => row.map(monthText)), texttemplate: '%{text}', textfont: { color: tokens.text, size: 11 }, hovertemplate: '%{x} %{y}<br><b>%{text} %</b><extra></extra>',
  });
  return {
    data: [trace(months, FULL_MONTH, 'x'), trace(totals, 3 * FULL_MONTH, 'x2')],
    layout: {
      ...baseLayout(tokens), margin: { l: 44, r: 8, t: 22, b: 8 }, xaxis: axis(tokens, { side: 'top', showgrid: false, type: 'category', domain: [0, 0.91] }), xaxis2: axis(tokens, { side: 'top', showgrid: false, type: 'category', domain: [0.925, 1] }),
      yaxis: axis(tokens, { autorange: 'reversed', showgrid: false, type: 'category' }),
    },
  };
}

/** Mean return of each season as bars up and down. `nameOf`: what the key is called. */
export function seasonFigure(seasons: readonly Season[], tokens: Tokens, nameOf: (key: number) => string): Figure {
  return {
    data: [{
      type: 'bar', x: seasons.map(({ key }) => nameOf(key)), y: seasons.map(({ mean }) => mean), marker: { color: seasons.map(({ mean }) => withAlpha(mean >= 0 ? tokens.gain : tokens.loss, 0.75)) }, width: 0.62,
      customdata: seasons.map(({ mean, upShare, count }) => [percent(mean, { decimals: 3 }), percent(upShare, { signed: false, decimals: 0 }), count]), hovertemplate: '%{x}: <b>%{customdata[0]}</b> on average<br>up in %{customdata[1]} of %{customdata[2]}<extra></extra>',
    }],
    layout: { ...baseLayout(tokens), margin: { l: 8, r: 56, t: 8, b: 22 }, xaxis: axis(tokens, { type: 'category', showgrid: false }), yaxis: axis(tokens, { side: 'right', tickformat: '+.2%', nticks: 5, zeroline: true, zerolinecolor: tokens.lineStrong }) },
  };
}
