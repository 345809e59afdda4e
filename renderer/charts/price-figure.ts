/** The price chart: bars, volume, indicators over and under them, other symbols, on an axis of bar numbers. Pure. */
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { barCount } from '#app/domain/bar-columns.ts';
import type { ChartLook } from '#app/contracts/charts.ts';
import type { Tokens } from '../theme.ts';
import { groupBars, groupSize, visibleRange } from './bar-groups.ts';
import type { BarGroups, XRange } from './bar-groups.ts';
import { barTicks, outsideHours } from './bar-ticks.ts';
import type { BarTick, Shade } from './bar-ticks.ts';
import { baseLayout, withAlpha } from './figure.ts';
import type { Figure, PlotlyObject } from './figure.ts';
import { digitsFor, layPanes, MARGIN, padded, plotWidth } from './scale.ts';
import type { Frame, Pane } from './scale.ts';

/** A column drawn over or under the bars, one number per loaded bar; NaN where there is none. */
export type ChartLine = { readonly name: string; readonly colour: string; readonly kind: 'line' | 'bars' | 'dots'; readonly values: Float64Array; readonly width?: number };
/** A pane below the price. `height`: part of the chart, null = usual. */
export type ChartPane = { readonly id: string; readonly height: number | null; readonly lines: readonly ChartLine[]; readonly guides: readonly number[] };

/** What is drawn. `bars`: as they are shown (Heikin-Ashi already made); `x` of bar i = i - origin. `compared`: closes of other symbols, one number per loaded bar. */
export type PriceChart = {
  readonly bars: BarColumns; readonly origin: number; readonly view: XRange; readonly width: number; readonly height: number; readonly style: ChartLook['style']; readonly isLog: boolean; readonly hasVolume: boolean; readonly isIntraday: boolean;
  readonly overlays: readonly ChartLine[]; readonly panes: readonly ChartPane[]; readonly compared: readonly ChartLine[]; readonly tokens: Tokens;
};
/**
 * The figure, and where everything stands in it. `view`: the stretch that it shows; `reach`: how far the hand can pull it before something is missing; `ticks` and `shades`: times
 * and hours outside of trading along it, which the page draws; `base`: first visible close when symbols are compared, else null.
 */
export type DrawnChart = { readonly figure: Figure; readonly frame: Frame; readonly groups: BarGroups; readonly view: XRange; readonly reach: XRange; readonly ticks: readonly BarTick[]; readonly shades: readonly Shade[]; readonly base: number | null };

/** What is drawn to each side of what is visible, as a part of it, for the hand that moves the chart. */
const RESERVE = 0.75;

/** Share of the price pane that the volume takes. */
const VOLUME_PART = 0.17;

/** Bars as outlines: one path for all that closed higher and one for the others, so that a thousand bars are four elements on the page and not three thousand. */
function candles(groups: BarGroups, { style, tokens }: PriceChart): PlotlyObject[] {
  const half = groups.size * 0.36;
  const parts = [{ isUp: true, colour: tokens.gain }, { isUp: false, colour: tokens.loss }].flatMap(({ isUp, colour }) => {
    const wick = { x: [] as (number | null)[], y: [] as (number | null)[] };
    const body = { x: [] as (number | null)[], y: [] as (number | null)[] };
    groups.x.forEach((x, n) => {
      const [o, h, l, c] = [groups.open[n] ?? NaN, groups.high[n] ?? NaN, groups.low[n] ?? NaN, groups.close[n] ?? NaN];
      if (c >= o !== isUp) return;
      const [top, bottom] = [Math.max(o, c), Math.min(o, c)];
      wick.x.push(x, x, null, x, x, null);
      wick.y.push(h, top, null, bottom, l, null);
      body.x.push(x - half, x + half, x + half, x - half, x - half, null);
      body.y.push(bottom, bottom, top, top, bottom, null);
    });
    const isHollow = isUp && style === 'hollow';
    const common = { type: 'scatter', mode: 'lines', hoverinfo: 'skip', connectgaps: false };
    return [
      { ...common, ...wick, line: { color: colour, width: 1, simplify: false } },
      { ...common, ...body, line: { color: colour, width: 1, simplify: false }, fill: 'toself', fillcolor: isHollow ? tokens.surface : colour },
    ];
  });
  // The wicks stand behind all bodies.
  return [parts[0], parts[2], parts[1], parts[3]].filter((part) => part !== undefined);
}

/** Rectangles from a floor, one path a colour. */
function columnsPath(groups: BarGroups, values: readonly number[], colourOf: (n: number) => string, yaxis: string): PlotlyObject[] {
  const half = groups.size * 0.36;
  const paths = new Map<string, { x: (number | null)[]; y: (number | null)[] }>();
  groups.x.forEach((x, n) => {
    const value = values[n] ?? NaN;
    if (!Number.isFinite(value)) return;
    const colour = colourOf(n);
    const path = paths.get(colour) ?? { x: [], y: [] };
    paths.set(colour, path);
    path.x.push(x - half, x - half, x + half, x + half, x - half, null);
    path.y.push(0, value, value, 0, 0, null);
  });
  return [...paths].map(([colour, path]) => ({ type: 'scatter', mode: 'none', ...path, yaxis, hoverinfo: 'skip', connectgaps: false, fill: 'toself', fillcolor: colour }));
}

/** Values of the drawn bars: of a group the last. */
function atGroups(groups: BarGroups, values: Float64Array): number[] {
  return groups.last.map((last) => values[last] ?? NaN);
}
function gapped(values: readonly number[]): (number | null)[] {
  return values.map((value) => (Number.isFinite(value) ? value : null));
}

function lineTraces(groups: BarGroups, line: ChartLine, yaxis: string, tokens: Tokens): PlotlyObject[] {
  const values = atGroups(groups, line.values);
  if (line.kind === 'bars') return columnsPath(groups, values, (n) => withAlpha((values[n] ?? 0) >= 0 ? tokens.gain : tokens.loss, 0.55), yaxis);
  const common = { type: 'scatter', x: groups.x, y: gapped(values), yaxis, hoverinfo: 'skip', connectgaps: false };
  return line.kind === 'dots' ? [{ ...common, mode: 'markers', marker: { color: line.colour, size: 3.5 } }] : [{ ...common, mode: 'lines', line: { color: line.colour, width: line.width ?? 1.4 } }];
}

function rangeOf(groups: BarGroups, lines: readonly ChartLine[], [from, to]: XRange): [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  for (const line of lines) {
    if (line.kind === 'bars') [low, high] = [Math.min(low, 0), Math.max(high, 0)];
    groups.x.forEach((x, n) => {
      const value = line.values[groups.last[n] ?? -1] ?? NaN;
      if (x < from || x > to || !Number.isFinite(value)) return;
      low = Math.min(low, value);
      high = Math.max(high, value);
    });
  }
  return high >= low ? [low, high] : null;
}

/** What the price axis reaches over: the visible bars; lines over them count as far as they stay near. */
function priceRange(chart: PriceChart, groups: BarGroups, compared: readonly ChartLine[]): readonly [number, number] {
  const bars = visibleRange(groups, chart.view) ?? [0.9, 1.1];
  const lines = rangeOf(groups, chart.overlays, chart.view);
  const others = rangeOf(groups, compared, chart.view);
  const reach = (bars[1] - bars[0]) * 0.35;
  let low = Math.min(bars[0], Math.max(lines?.[0] ?? Infinity, bars[0] - reach), others?.[0] ?? Infinity);
  const high = Math.max(bars[1], Math.min(lines?.[1] ?? -Infinity, bars[1] + reach), others?.[1] ?? -Infinity);
  if (chart.isLog && low <= 0) low = bars[0] > 0 ? bars[0] : high / 1000;
  const [bottom, top] = padded([low, high], chart.isLog && low > 0);
  if (!chart.hasVolume) return [bottom, top];
  // The volume stands below the bars, not behind them.
  return chart.isLog && bottom > 0 ? [bottom / (top / bottom) ** (VOLUME_PART * 0.8), top] : [bottom - (top - bottom) * VOLUME_PART * 0.8, top];
}

function niceSteps(low: number, high: number, count: number): number[] {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? power * 10;
  const ticks: number[] = [];
  for (let value = Math.ceil(low / step) * step; value <= high && ticks.length < 40; value += step) ticks.push(Number(value.toPrecision(12)));
  return ticks;
}

const DECIMALS_MAX = 6;
/** Digits after the point that a step needs: 0 for 5, 1 for 2.5, 2 for 0.05. */
function decimalsOf(step: number): number {
  for (let digits = 0; digits < DECIMALS_MAX; digits += 1) if (Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) < 1e-6 * step * 10 ** digits) return digits;
  return DECIMALS_MAX;
}

const PX_PER_TICK = 44;

/** Ticks of the price: round prices, or round changes against the first visible close when symbols are compared. */
function priceTicks(pane: Pane, base: number | null): { vals: number[]; text: string[] } {
  const [low, high] = pane.range;
  const count = Math.max(2, Math.floor(pane.height / PX_PER_TICK));
  if (base !== null) {
    const vals = niceSteps((low / base - 1) * 100, (high / base - 1) * 100, count);
    return { vals: vals.map((value) => base * (1 + value / 100)), text: vals.map((value) => `${value > 0 ? '+' : ''}${Number(value.toFixed(2))} %`.replace('-', '−')) };
  }
  const digits = digitsFor(pane.range);
  let vals = niceSteps(low, high, count);
  if (pane.isLog && high / low > 2.5) {
    vals = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) for (const factor of [1, 1.5, 2, 3, 5, 7]) if (factor * 10 ** power >= low && factor * 10 ** power <= high) vals.push(factor * 10 ** power);
    while (vals.length > count * 1.3) vals = vals.filter((_value, n) => n % 2 === 0);
  }
  const step = (vals[1] ?? high) - (vals[0] ?? low);
  const shown = Math.max(decimalsOf(step), digits > 0 && step < 1 ? 2 : 0);
  return { vals, text: vals.map((value) => value.toLocaleString('en-US', { minimumFractionDigits: shown, maximumFractionDigits: shown })) };
}

function yAxis(pane: Pane, height: number, tokens: Tokens, more: PlotlyObject): PlotlyObject {
  return {
    domain: domainOf(pane, height), side: 'right', range: pane.isLog ? pane.range.map(Math.log10) : [...pane.range], type: pane.isLog ? 'log' : 'linear', fixedrange: true, automargin: false, zeroline: false, showline: false, ticks: '',
    gridcolor: withAlpha(tokens.lineStrong, 0.35), gridwidth: 1, tickfont: { size: 11, color: tokens.muted }, ticklabelposition: 'outside',
    // Plotly would measure every label to find out whether it must turn or hide it.
    tickangle: 0, ticklabeloverflow: 'allow', ...more,
  };
}
function domainOf(pane: Pick<Pane, 'top' | 'height'>, height: number): [number, number] {
  const inner = height - MARGIN.top - MARGIN.bottom;
  return [Math.max(0, 1 - (pane.top - MARGIN.top + pane.height) / inner), Math.min(1, 1 - (pane.top - MARGIN.top) / inner)];
}

/** Other symbols as if their first visible close were this one's: what moves apart from there is the difference in percent. */
function comparedLines(chart: PriceChart): { base: number | null; lines: ChartLine[] } {
  if (chart.compared.length === 0) return { base: null, lines: [] };
  const first = Math.max(0, Math.ceil(chart.view[0]) + chart.origin);
  const base = chart.bars.close[Math.min(first, barCount(chart.bars) - 1)] ?? null;
  if (base === null) return { base, lines: [] };
  const lines = chart.compared.map((line) => {
    let start = first;
    while (start < line.values.length && !((line.values[start] ?? NaN) > 0)) start += 1;
    const own = line.values[start] ?? NaN;
    return { ...line, values: line.values.map((value) => (value / own) * base) };
  });
  return { base, lines };
}

function shadesOf(chart: PriceChart, groups: BarGroups): Shade[] {
  if (!chart.isIntraday || groups.size > 8) return [];
  return outsideHours(groups.x, groups.first.map((first) => chart.bars.time[first] ?? 0), groups.size);
}

/** Draws it, and something to each side of what is visible. Times stand in a layer of the page's own: they must keep their form while the hand stretches the picture. */
export function priceFigure(chart: PriceChart): DrawnChart {
  const { bars, origin, view, width, height, tokens } = chart;
  const span = view[1] - view[0];
  const size = groupSize(view, plotWidth({ width }));
  const groups = groupBars(bars, origin, [view[0] - span * RESERVE, view[1] + span * RESERVE], size);
  const { base, lines: others } = comparedLines(chart);
  const places = layPanes(height, chart.panes.map((pane) => pane.height));
  const range = priceRange(chart, groups, others);
  const top: Pane = { id: 'price', top: places[0]?.top ?? 0, height: places[0]?.height ?? 100, range, isLog: chart.isLog && range[0] > 0 };
  const below = chart.panes.map((pane, n): Pane => ({ id: pane.id, top: places[n + 1]?.top ?? 0, height: places[n + 1]?.height ?? 40, range: padded(rangeOf(groups, pane.lines, view) ?? [0, 1], false, 0.1), isLog: false }));
  const isLine = chart.style === 'line';
  const peak = Math.max(1, ...groups.volume.filter((_volume, n) => (groups.x[n] ?? 0) >= view[0] && (groups.x[n] ?? 0) <= view[1]));
  const data: PlotlyObject[] = [
    ...(chart.hasVolume ? columnsPath(groups, groups.volume, (n) => withAlpha((groups.close[n] ?? 0) >= (groups.open[n] ?? 0) ? tokens.gain : tokens.loss, 0.26), 'y2') : []),
    ...(isLine ? [{ type: 'scatter', mode: 'lines', x: groups.x, y: gapped(groups.close), hoverinfo: 'skip', line: { color: tokens.accent, width: 1.75 } }] : candles(groups, chart)),
    ...[...chart.overlays, ...others].flatMap((line) => lineTraces(groups, line, 'y', tokens)),
    ...chart.panes.flatMap((pane, n) => pane.lines.flatMap((line) => lineTraces(groups, line, `y${n + 3}`, tokens))),
  ];
  const priceTick = priceTicks(top, base);
  const axes = Object.fromEntries(below.map((pane, n) => [`yaxis${n + 3}`, yAxis(pane, height, tokens, { nticks: Math.max(2, Math.floor(pane.height / 28)), ...(chart.panes[n]?.guides.length ? { tickmode: 'array', tickvals: chart.panes[n].guides } : { tickformat: '~s' }) })]));
  return {
    figure: {
      data: data.length === 0 ? [{ type: 'scatter', x: [], y: [] }] : data,
      layout: {
        ...baseLayout(tokens), width, height, autosize: false, margin: { l: MARGIN.left, r: MARGIN.right, t: MARGIN.top, b: MARGIN.bottom, pad: 0 }, hovermode: false,
        xaxis: { range: [...view], type: 'linear', anchor: below.length > 0 ? `y${below.length + 2}` : 'y', showgrid: false, showticklabels: false, zeroline: false, showline: true, linecolor: tokens.line, ticks: '', automargin: false },
        yaxis: yAxis(top, height, tokens, { tickmode: 'array', tickvals: priceTick.vals, ticktext: priceTick.text }),
        yaxis2: { domain: [domainOf(top, height)[0], domainOf(top, height)[0] + (domainOf(top, height)[1] - domainOf(top, height)[0]) * VOLUME_PART], range: [0, peak], fixedrange: true, showgrid: false, showticklabels: false, zeroline: false, ticks: '', anchor: 'free', position: 1, side: 'right' },
        ...axes,
      },
    },
    frame: { width, height, panes: [top, ...below] }, groups, view, base,
    reach: [(groups.first[0] ?? 0) === 0 ? -Infinity : view[0] - span * RESERVE, (groups.last.at(-1) ?? 0) >= barCount(bars) - 1 ? Infinity : view[1] + span * RESERVE],
    ticks: barTicks(groups.x, groups.first.map((first) => bars.time[first] ?? 0), plotWidth({ width }) / span), shades: shadesOf(chart, groups),
  };
}
