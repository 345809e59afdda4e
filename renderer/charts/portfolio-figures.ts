/** Allocation as a treemap and P&L by day as bars. Pure. */
import type { PositionView } from '#app/contracts/views.ts';
import type { Tokens } from '../theme.ts';
import { baseLayout, withAlpha } from './figure.ts';
import type { Figure } from './figure.ts';

/** Open P&L (fraction) at which a tile has its full colour. */
const FULL_COLOUR_AT = 0.02;

function tileColour(tokens: Tokens, fraction: number | null): string {
  if (fraction === null || fraction === 0) return withAlpha(tokens.muted, 0.18);
  const strength = 0.12 + 0.5 * Math.min(1, Math.abs(fraction) / FULL_COLOUR_AT);
  return withAlpha(fraction > 0 ? tokens.gain : tokens.loss, strength);
}

/** Areas by absolute market value, cash beside them; coloured by open P&L. Positions without a price are left out. */
export function allocationFigure(positions: readonly PositionView[], cash: string, tokens: Tokens): Figure {
  const priced = positions.filter((position) => position.marketValue !== null);
  const cashValue = Math.max(0, Number(cash));
  const values = [...priced.map((position) => Math.abs(Number(position.marketValue))), cashValue];
  const total = values.reduce((sum, value) => sum + value, 0);
  const share = (value: number): string => (total > 0 ? `${((value / total) * 100).toFixed(1)} %` : '');
  const pnl = priced.map((position) => (position.openPnlFraction === null ? '' : `${position.openPnlFraction >= 0 ? '▲ +' : '▼ −'}${Math.abs(position.openPnlFraction * 100).toFixed(2)} %`));
  return {
    data: [{
      type: 'treemap', labels: [...priced.map((position) => position.symbol), 'Cash'], parents: values.map(() => ''), values, text: [...values.map(share)].map((text, n) => (pnl[n] ? `${text}<br>${pnl[n]}` : text)),
      texttemplate: '<b>%{label}</b><br>%{text}', hovertemplate: '<b>%{label}</b><br>%{value:,.2f} USD<br>%{text}<extra></extra>', textfont: { color: tokens.text, size: 12 }, tiling: { packing: 'squarify', pad: 3 },
      marker: { colors: [...priced.map((position) => tileColour(tokens, position.openPnlFraction)), withAlpha(tokens.accent, 0.16)], line: { width: 0 }, pad: { t: 0, l: 0, r: 0, b: 0 } }, pathbar: { visible: false }, sort: true,
    }],
    layout: { ...baseLayout(tokens), margin: { l: 0, r: 0, t: 0, b: 0 } },
  };
}

const dayName = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short' });
/** '2026-10-26' = '26 Oct' */
function shortDay(day: string): string {
  return dayName.format(Date.parse(`${day}T00:00:00Z`));
}

/** Bars up and down from zero, oldest day left. */
export function daysFigure(days: readonly { day: string; pnl: string }[], tokens: Tokens): Figure {
  const sorted = [...days].reverse();
  const values = sorted.map((day) => Number(day.pnl));
  const every = Math.max(1, Math.ceil(sorted.length / 10));
  const ticks = sorted.filter((_day, n) => (sorted.length - 1 - n) % every === 0).map((day) => day.day);
  return {
    data: [{ type: 'bar', x: sorted.map((day) => day.day), y: values, marker: { color: values.map((value) => (value >= 0 ? tokens.gain : tokens.loss)) }, hovertemplate: '%{x}<br>%{y:+,.2f} USD<extra></extra>', width: 0.6 }],
    layout: {
      ...baseLayout(tokens), bargap: 0.3,
      xaxis: { type: 'category', showgrid: false, ticks: '', fixedrange: true, tickmode: 'array', tickvals: ticks, ticktext: ticks.map(shortDay), tickangle: 0, range: [-0.5, Math.max(9.5, sorted.length - 0.5)] },
      yaxis: { side: 'right', gridcolor: tokens.line, zeroline: true, zerolinecolor: tokens.lineStrong, ticks: '', fixedrange: true, tickformat: ',.0f', nticks: 5 },
    },
  };
}
