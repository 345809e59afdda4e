/** The equity curve over its first value, the benchmark scaled to it, and the drawdown below. Pure. */
import type { EquityPoint } from '#app/contracts/views.ts';
import type { Tokens } from '../theme.ts';
import { baseLayout, withAlpha } from './figure.ts';
import type { Figure, PlotlyObject } from './figure.ts';

/** Most labels under the time axis. */
const TICKS_MAX = 9;

/** The benchmark as if its first close were the first equity; gaps are bridged by the last close. Null where none is known yet. */
export function scaleBenchmark(points: readonly EquityPoint[]): (number | null)[] {
  let base: { equity: number; close: number } | null = null;
  let last: number | null = null;
  return points.map(([, equity, close]) => {
    if (close !== null && close > 0) {
      base ??= { equity, close };
      last = (close / base.close) * base.equity;
    }
    return last;
  });
}

/** Fall below the highest value so far, as a fraction <= 0. drawdowns([100, 90, 120]) = [0, -0.1, 0] */
export function drawdowns(values: readonly number[]): number[] {
  let peak = Number.NEGATIVE_INFINITY;
  return values.map((value) => {
    peak = Math.max(peak, value);
    return peak > 0 ? value / peak - 1 : 0;
  });
}

/** Figures that stand beside the chart: change of account and benchmark over the range, deepest drawdown; fractions. */
export function curveSummary(points: readonly EquityPoint[]): { change: number | null; changeUsd: number | null; benchmark: number | null; maxDrawdown: number | null } {
  const equity = points.map((point) => point[1]);
  const [first, last] = [equity[0], equity.at(-1)];
  const scaled = scaleBenchmark(points);
  const [benchmarkFirst, benchmarkLast] = [scaled.find((value) => value !== null), scaled.at(-1)];
  return {
    change: first === undefined || last === undefined || first === 0 ? null : last / first - 1,
    changeUsd: first === undefined || last === undefined ? null : last - first,
    benchmark: benchmarkFirst && benchmarkLast ? benchmarkLast / benchmarkFirst - 1 : null,
    maxDrawdown: equity.length === 0 ? null : Math.min(...drawdowns(equity)),
  };
}

const zone = 'America/New_York';
const label = new Intl.DateTimeFormat('en-GB', { timeZone: zone, weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
/** Formats of a tick, from fine to coarse; a tick stands where the text of its unit changes. */
const UNITS = [
  { unit: new Intl.DateTimeFormat('en-GB', { timeZone: zone, day: 'numeric', hour: '2-digit', hourCycle: 'h23' }), text: new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }) },
  { unit: new Intl.DateTimeFormat('en-GB', { timeZone: zone, dateStyle: 'short' }), text: new Intl.DateTimeFormat('en-GB', { timeZone: zone, day: 'numeric', month: 'short' }) },
  { unit: new Intl.DateTimeFormat('en-GB', { timeZone: zone, month: 'short', year: 'numeric' }), text: new Intl.DateTimeFormat('en-GB', { timeZone: zone, month: 'short', year: 'numeric' }) },
  { unit: new Intl.DateTimeFormat('en-GB', { timeZone: zone, year: 'numeric' }), text: new Intl.DateTimeFormat('en-GB', { timeZone: zone, year: 'numeric' }) },
];

/** Places of the ticks: where the hour, else the day, else the month changes; the finest unit that does not crowd. */
export function ticksOf(times: readonly number[]): { index: number; text: string }[] {
  for (const { unit, text } of UNITS) {
    const ticks: { index: number; text: string }[] = [];
    let before: string | null = null;
    times.forEach((time, index) => {
      const now = unit.format(time);
      if (before !== null && now !== before) ticks.push({ index, text: text.format(time) });
      before = now;
    });
    if (ticks.length <= TICKS_MAX * 2 || unit === UNITS.at(-1)?.unit) {
      const every = Math.max(1, Math.ceil(ticks.length / TICKS_MAX));
      return ticks.filter((_tick, n) => n % every === 0);
    }
  }
  return [];
}

function valueAxis(tokens: Tokens, domain: [number, number], more: PlotlyObject): PlotlyObject {
  return { domain, side: 'right', gridcolor: tokens.line, gridwidth: 1, zeroline: false, ticks: '', tickfont: { color: tokens.muted, size: 11 }, fixedrange: true, automargin: false, ...more };
}

/** A step of the value axis never below what the axis shows. */
function paddedRange(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const pad = Math.max((high - low) * 0.08, Math.abs(high) * 0.0002, 0.01);
  return [low - pad, high + pad];
}

/** The chart. At least one point. */
export function equityFigure(points: readonly EquityPoint[], tokens: Tokens, options: { benchmark: string | null }): Figure {
  const times = points.map((point) => point[0]);
  const x = times.map((time) => label.format(time));
  const equity = points.map((point) => point[1]);
  const first = equity[0] ?? 0;
  const last = equity.at(-1) ?? first;
  const scaled = options.benchmark === null ? [] : scaleBenchmark(points);
  const fall = drawdowns(equity);
  const deepest = Math.min(...fall, -0.0005);
  const ticks = ticksOf(times);
  const range = paddedRange([...equity, ...scaled.filter((value) => value !== null)]);
  const digits = range[1] - range[0] < 20 ? 2 : 0;
  const data: PlotlyObject[] = [
    { type: 'scatter', mode: 'lines', x, y: equity.map(() => first), line: { color: tokens.lineStrong, width: 1, dash: 'dot' }, hoverinfo: 'skip', showlegend: false },
    { type: 'scatter', mode: 'lines', x, y: equity, name: 'Equity', line: { color: tokens.accent, width: 1.75 }, fill: 'tonexty', fillcolor: withAlpha(tokens.accent, 0.1), hovertemplate: '%{y:,.2f} USD' },
    { type: 'scatter', mode: 'lines', x, y: fall, yaxis: 'y2', name: 'Drawdown', line: { color: tokens.loss, width: 1 }, fill: 'tozeroy', fillcolor: withAlpha(tokens.loss, 0.16), hovertemplate: '%{y:.2%}' },
  ];
  if (options.benchmark !== null) data.push({ type: 'scatter', mode: 'lines', x, y: scaled, name: options.benchmark, line: { color: tokens.benchmark, width: 1.25 }, connectgaps: true, hovertemplate: '%{y:,.2f} USD' });
  return {
    data,
    layout: {
      ...baseLayout(tokens),
      hovermode: 'x unified',
      xaxis: {
        type: 'category', anchor: 'y2', showgrid: false, zeroline: false, ticks: '', fixedrange: true, tickmode: 'array', tickvals: ticks.map((tick) => x[tick.index]), ticktext: ticks.map((tick) => tick.text), tickangle: 0,
        showspikes: true, spikemode: 'across', spikethickness: 1, spikedash: 'solid', spikecolor: tokens.lineStrong, spikesnap: 'cursor', tickfont: { color: tokens.muted, size: 11 }, range: [-0.5, Math.max(1, x.length - 0.5)],
      },
      yaxis: valueAxis(tokens, [0.27, 1], { range, tickformat: `,.${digits}f`, nticks: 6 }),
      yaxis2: valueAxis(tokens, [0, 0.2], { range: [deepest * 1.15, 0], tickformat: '.1%', nticks: 3 }),
      annotations: [
        { xref: 'paper', yref: 'y', x: 1, y: last, xanchor: 'left', showarrow: false, text: last.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }), font: { color: tokens.onAccent, size: 11 }, bgcolor: tokens.accentText, borderpad: 3 },
        { xref: 'paper', yref: 'paper', x: 0, y: 0.2, xanchor: 'left', yanchor: 'bottom', showarrow: false, text: 'Drawdown', font: { color: tokens.muted, size: 11 } },
      ],
    },
  };
}
