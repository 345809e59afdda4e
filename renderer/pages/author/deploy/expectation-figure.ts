/** P&L since the start over the band that the back-test lets expect. Pure. */
import type { Expectation } from '#app/contracts/deploy.ts';
import { baseLayout, withAlpha } from '../../../charts/figure.ts';
import type { Figure } from '../../../charts/figure.ts';
import type { Tokens } from '../../../theme.ts';

const MOST_TICKS = 6;

/** The chart: band of 5 to 95 percent of draws, its middle, and what really came. */
export function expectationFigure(days: Expectation['days'], tokens: Tokens): Figure {
  const x = days.map(({ day }) => day);
  const every = Math.max(1, Math.ceil(x.length / MOST_TICKS));
  const line = (y: readonly (number | null)[], more: Record<string, unknown>): Record<string, unknown> => ({ type: 'scatter', mode: days.length < 2 ? 'markers' : 'lines', x, y, hovertemplate: '%{y:+,.0f} USD', ...more });
  const known = days.filter((row): row is typeof row & { actual: number } => row.actual !== null);
  const last = known.at(-1);
  return {
    data: [
      line(days.map(({ low }) => low), { name: '5 of 100 below', line: { width: 0 }, hovertemplate: '%{y:+,.0f} USD' }),
      line(days.map(({ high }) => high), { name: '5 of 100 above', line: { width: 0 }, fill: 'tonexty', fillcolor: withAlpha(tokens.accent, 0.13) }),
      line(days.map(({ middle }) => middle), { name: 'Middle', line: { color: tokens.muted, width: 1, dash: 'dot' } }),
      line(days.map(({ actual }) => actual), { name: 'Traded', line: { color: (last?.actual ?? 0) >= 0 ? tokens.gain : tokens.loss, width: 2 } }),
    ],
    layout: {
      ...baseLayout(tokens), hovermode: 'x unified', margin: { l: 20, r: 56, t: 8, b: 24 },
      xaxis: { type: 'category', showgrid: false, ticks: '', fixedrange: true, tickangle: 0, tickmode: 'array', tickvals: x.filter((_day, n) => n % every === 0), ticktext: x.filter((_day, n) => n % every === 0).map((day) => day.slice(5)), tickfont: { color: tokens.muted, size: 11 } },
      yaxis: { side: 'right', gridcolor: tokens.line, zeroline: true, zerolinecolor: tokens.lineStrong, ticks: '', fixedrange: true, tickformat: ',.0f', nticks: 5, tickfont: { color: tokens.muted, size: 11 } },
    },
  };
}
