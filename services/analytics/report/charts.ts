/** The report's pictures, drawn as SVG by hand: pure functions of numbers. Colours come from the page's style, so that they follow light and dark. */
import type { LinePoint } from '../curve.ts';
import { gain, money, percent, shortDay, toneOf } from '#chassis/page-figures.ts';
import { html, type Html } from '#chassis/page-html.ts';
import { padded, scale, ticks, type Scale } from '#chassis/page-scale.ts';

/** A picture over the whole page, and one of a pair: text has the same size in both. */
const WIDTH = 1000;
const HALF = 490;
const LEFT = 68;
const RIGHT = 14;

const fixed = (value: number): string => value.toFixed(1);
function digitsFor(step: number): number {
  return step >= 1 ? 0 : 2;
}

function grid(values: readonly number[], y: Scale, label: (value: number) => string, width = WIDTH): Html[] {
  return values.map((value) => html`<line class="grid" x1="${LEFT}" x2="${width - RIGHT}" y1="${fixed(y(value))}" y2="${fixed(y(value))}"/><text class="tick" x="${LEFT - 9}" y="${fixed(y(value) + 4)}" text-anchor="end">${label(value)}</text>`);
}

/** Labels under the axis at points of the line, evenly by place and not by time: nights and weekends take no room. */
function dayLabels(line: readonly LinePoint[], x: Scale, y: number, label: (point: LinePoint) => string): Html[] {
  const most = 8;
  const found: Html[] = [];
  let lastLabel = '';
  let lastX = -Infinity;
  line.forEach((point, n) => {
    const text = label(point);
    const at = x(n);
    if (text === lastLabel) return;
    lastLabel = text;
    if (at - lastX < (WIDTH - LEFT - RIGHT) / most || at > WIDTH - RIGHT - 20) return;
    lastX = at;
    found.push(html`<text class="tick" x="${fixed(Math.max(at, LEFT + 16))}" y="${y}" text-anchor="middle">${text}</text>`);
  });
  return found;
}

/**
 * Equity over time with the fall from the highest value below it. `start`: equity before the first point, drawn as the line of reference;
 * `label`: what stands under the axis at a point.
 */
export function equityChart(line: readonly LinePoint[], start: number, label: (point: LinePoint) => string): Html {
  const [top, middle, fallTop, bottom] = [14, 244, 272, 352];
  const equities = line.map((point) => point.equity);
  const x = scale([0, Math.max(1, line.length - 1)], [LEFT, WIDTH - RIGHT]);
  const range = padded([...equities, start]);
  const y = scale(range, [middle, top]);
  const deepest = Math.min(...line.map((point) => point.drawdown), 0);
  const fallRange: [number, number] = [Math.min(deepest * 1.12, -0.0001), 0];
  const fallY = scale(fallRange, [bottom, fallTop]);
  const steps = ticks(range[0], range[1], 5);
  const digits = digitsFor((steps[1] ?? 0) - (steps[0] ?? 0));
  const path = line.map((point, n) => `${n === 0 ? 'M' : 'L'}${fixed(x(n))} ${fixed(y(point.equity))}`).join('');
  const falls = line.map((point, n) => `L${fixed(x(n))} ${fixed(fallY(point.drawdown))}`).join('');
  const lastX = fixed(x(line.length - 1));
  const last = line.at(-1);
  const isUp = (last?.equity ?? start) >= start;
  const lowest = line.reduce((low, point, n) => (point.drawdown < (line[low]?.drawdown ?? 0) ? n : low), 0);
  const lowestX = x(lowest);
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} 376" role="img" aria-label="Equity from ${money(start)} to ${money(last?.equity ?? start)}; deepest fall ${percent(deepest)}">
    ${grid(steps, y, (value) => money(value, digits))}
    <path class="area ${isUp ? 'up' : 'down'}" d="${path}L${lastX} ${fixed(middle)}L${fixed(x(0))} ${fixed(middle)}Z"/>
    <line class="reference" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${fixed(y(start))}" y2="${fixed(y(start))}"/>
    <path class="line ${isUp ? 'up' : 'down'}" d="${path}"/>
    ${last ? html`<circle class="dot ${isUp ? 'up' : 'down'}" cx="${lastX}" cy="${fixed(y(last.equity))}" r="4"/>` : null}
    ${grid([0, ...ticks(fallRange[0], 0, 2).filter((value) => value < fallRange[0] * 0.2)], fallY, (value) => percent(value, { digits: Math.abs(deepest) < 0.01 ? 2 : 1 }))}
    <path class="fall" d="M${fixed(x(0))} ${fixed(fallY(0))}${falls}L${lastX} ${fixed(fallY(0))}Z"/>
    ${deepest < 0 ? html`<text class="note" x="${fixed(Math.min(Math.max(lowestX, LEFT + 60), WIDTH - RIGHT - 60))}" y="${fixed(Math.min(fallY(deepest) + 13, bottom + 6))}" text-anchor="middle">deepest ${percent(deepest)}</text>` : null}
    ${dayLabels(line, x, 372, label)}
  </svg>`;
}

/** One bar. */
export type Bar = { readonly label: string; readonly value: number; readonly title: string };

/** Bars around zero, in half a page's width: one for each day or hour. */
export function standingBars(bars: readonly Bar[], name: string): Html {
  const [top, bottom] = [10, 196];
  const range = padded([0, ...bars.map((bar) => bar.value)]);
  const [low, high] = [bars.some((bar) => bar.value < 0) ? range[0] : 0, bars.some((bar) => bar.value > 0) ? range[1] : 0];
  const y = scale(low === high ? [-1, 1] : [low, high], [bottom, top]);
  const slot = (HALF - LEFT - RIGHT) / Math.max(bars.length, 8);
  const width = Math.min(slot * 0.72, 30);
  const steps = ticks(low, high, 4);
  const digits = digitsFor(Math.abs((steps[1] ?? 0) - (steps[0] ?? 0)));
  const every = Math.max(1, Math.ceil(bars.length / 7));
  return html`<svg class="chart" viewBox="0 0 ${HALF} 220" role="img" aria-label="${name}">
    ${grid(steps, y, (value) => gain(value, digits), HALF)}
    <line class="axis" x1="${LEFT}" x2="${HALF - RIGHT}" y1="${fixed(y(0))}" y2="${fixed(y(0))}"/>
    ${bars.map((bar, n) => {
      const at = LEFT + slot * (n + 0.5);
      const height = Math.max(Math.abs(y(bar.value) - y(0)), bar.value === 0 ? 0 : 1.5);
      return html`<rect class="bar ${toneOf(bar.value)}" x="${fixed(at - width / 2)}" y="${fixed(bar.value >= 0 ? y(0) - height : y(0))}" width="${fixed(width)}" height="${fixed(height)}" rx="${width > 8 ? 2 : 1}"><title>${bar.title}</title></rect>${n % every === (bars.length - 1) % every ? html`<text class="tick" x="${fixed(at)}" y="216" text-anchor="middle">${bar.label}</text>` : null}`;
    })}
  </svg>`;
}

/** Bars to the right and left of a common zero, one below the other, with name and amount; in half a page's width. */
export function lyingBars(bars: readonly Bar[]): Html {
  const row = 40;
  const most = Math.max(...bars.map((bar) => bar.value), 0);
  const least = Math.min(...bars.map((bar) => bar.value), 0);
  const x = scale(most === least ? [0, 1] : [least, most], [0, HALF]);
  const height = bars.length * row + 4;
  return html`<svg class="chart" viewBox="0 0 ${HALF} ${height}" role="img" aria-label="Profit and loss by strategy">
    ${bars.map((bar, n) => {
      const at = n * row + 4;
      const [from, to] = [Math.min(x(0), x(bar.value)), Math.max(x(0), x(bar.value))];
      return html`<text class="name" x="0" y="${at + 10}">${bar.label.length > 44 ? `${bar.label.slice(0, 43)}…` : bar.label}</text><text class="amount ${toneOf(bar.value)}" x="${HALF}" y="${at + 10}" text-anchor="end">${gain(bar.value)}</text><rect class="track" x="0" y="${at + 17}" width="${HALF}" height="9" rx="4.5"/><rect class="bar ${toneOf(bar.value)}" x="${fixed(from)}" y="${at + 17}" width="${fixed(Math.max(to - from, 2))}" height="9" rx="3"><title>${bar.title}</title></rect><line class="axis" x1="${fixed(Math.min(Math.max(x(0), 0.6), HALF - 0.6))}" x2="${fixed(Math.min(Math.max(x(0), 0.6), HALF - 0.6))}" y1="${at + 14}" y2="${at + 29}"/>`;
    })}
  </svg>`;
}

/** What stands under the equity line: hours while it is one day, days after that. */
export function axisLabel(isOneDay: boolean, clockOf: (point: LinePoint) => string, dayOf: (point: LinePoint) => string): (point: LinePoint) => string {
  return (point) => (isOneDay ? `${clockOf(point).slice(0, 2)}:00` : shortDay(dayOf(point)));
}
