/** The pictures of a back-test's report: pure functions of a tear sheet. */
import type { Distribution, RollingLines, TearSheet, TripDot, TripSlot } from '#app/analytics/tear-sheet-types.ts';
import { gain, money, number, percent, toneOf } from '#chassis/page-figures.ts';
import { html, type Html } from '#chassis/page-html.ts';
import { padded, scale, ticks, type Scale } from '#chassis/page-scale.ts';
import { areaPath, fixed, gridLines, LEFT, linePath, logTicks, RIGHT, shortMoney, timeAxis, timeScale, WIDTHS } from './report-draw.ts';

const TOP = 12;

/** Equity, with the benchmark brought to the same start. `isLog`: equal steps are equal growth. */
export function equityChart({ curve, from, to, startEquity, endEquity }: TearSheet, isLog: boolean): Html {
  const width = WIDTHS.wide;
  const bottom = 268;
  const x = timeScale(from, to, width);
  const values = [...curve.equity, ...(curve.benchmark ?? []).filter((value) => value !== null)].filter((value) => !isLog || value > 0);
  const range = isLog ? padded(values.map(Math.log)) : padded(values);
  const place = scale(range, [bottom, TOP]);
  const y: Scale = isLog ? (value) => place(Math.log(Math.max(value, 1e-9))) : place;
  const marks = isLog ? logTicks(Math.exp(range[0]), Math.exp(range[1])) : ticks(range[0], range[1], 5);
  const tone = endEquity >= startEquity ? 'up' : 'down';
  const last = fixed(y(endEquity));
  return html`<svg class="chart" viewBox="0 0 ${width} 292" role="img" aria-label="Equity from ${money(startEquity)} to ${money(endEquity)}${isLog ? ', logarithmic' : ''}">
    ${gridLines(marks, y, width, shortMoney)}
    <line class="reference" x1="${LEFT}" x2="${width - RIGHT}" y1="${fixed(y(startEquity))}" y2="${fixed(y(startEquity))}"/>
    ${curve.benchmark === null ? null : html`<path class="line benchmark" d="${linePath(curve.at, curve.benchmark, x, y)}"/>`}
    <path class="area ${tone}" d="${areaPath(curve.at, curve.equity, x, { y, base: bottom })}"/>
    <path class="line ${tone}" d="${linePath(curve.at, curve.equity, x, y)}"/>
    <circle class="dot ${tone}" cx="${fixed(x(to))}" cy="${last}" r="3.5"/>
    ${timeAxis(from, to, x, { y: 288, count: 11 })}
  </svg>`;
}

/** The fall from the highest equity before, with its deepest point named. */
export function underwaterChart({ underwater, from, to }: TearSheet): Html {
  const width = WIDTHS.wide;
  const [bottom, deepest] = [104, Math.min(...underwater.fall, 0)];
  const x = timeScale(from, to, width);
  const y = scale([Math.min(deepest * 1.1, -0.0001), 0], [bottom, TOP]);
  const at = underwater.at[underwater.fall.indexOf(deepest)] ?? from;
  const digits = deepest > -0.02 ? 1 : 0;
  return html`<svg class="chart" viewBox="0 0 ${width} 120" role="img" aria-label="Deepest fall ${percent(deepest)}">
    ${gridLines([0, ...ticks(deepest * 1.1, 0, 3).filter((value) => value < deepest * 0.15)], y, width, (value) => percent(value, { digits }))}
    <path class="fall" d="${areaPath(underwater.at, underwater.fall, x, { y, base: y(0) })}"/>
    <path class="line down thin" d="${linePath(underwater.at, underwater.fall, x, y)}"/>
    ${deepest < 0 ? html`<text class="note" x="${fixed(Math.min(Math.max(x(at), LEFT + 60), width - RIGHT - 60))}" y="${fixed(Math.min(y(deepest) + 13, bottom + 8))}" text-anchor="middle">deepest ${percent(deepest)}</text>` : null}
  </svg>`;
}

/** What bars from zero need of a range: no room on a side without a bar; bars that are all zero stand in the middle of it. */
function band(values: readonly number[], [low, high]: readonly [number, number]): readonly [number, number] {
  const [isBelow, isAbove] = [values.some((value) => value < 0), values.some((value) => value > 0)];
  return isBelow || isAbove ? [isBelow ? low : 0, isAbove ? high : 0] : [low, high];
}

/** Returns of the years beside those of the benchmark. */
export function yearBars({ years }: TearSheet): Html {
  const width = WIDTHS.half;
  const bottom = 196;
  const shown = years.slice(-24);
  const hasBenchmark = shown.some(({ benchmark }) => benchmark !== null);
  const values = shown.flatMap(({ total, benchmark }) => (benchmark === null ? [total] : [total, benchmark]));
  const range = padded([0, ...values]);
  const y = scale(band(values, range), [bottom, TOP]);
  const slot = (width - LEFT - RIGHT) / Math.max(shown.length, 6);
  const bar = Math.min(slot * (hasBenchmark ? 0.36 : 0.66), 26);
  const one = (value: number, at: number, name: string, title: string): Html => {
    const height = Math.max(Math.abs(y(value) - y(0)), 1);
    return html`<rect class="bar ${name}" x="${fixed(at)}" y="${fixed(value >= 0 ? y(0) - height : y(0))}" width="${fixed(bar)}" height="${fixed(height)}" rx="1.5"><title>${title}</title></rect>`;
  };
  const every = Math.ceil(shown.length / 10);
  return html`<svg class="chart" viewBox="0 0 ${width} 220" role="img" aria-label="Returns by year">
    ${gridLines(ticks(Math.min(range[0], 0), range[1], 4), y, width, (value) => percent(value, { digits: 0 }))}
    <line class="axis" x1="${LEFT}" x2="${width - RIGHT}" y1="${fixed(y(0))}" y2="${fixed(y(0))}"/>
    ${shown.map(({ year, total, benchmark }, n) => {
      const centre = LEFT + slot * (n + 0.5);
      return html`${one(total, hasBenchmark ? centre - bar - 0.5 : centre - bar / 2, toneOf(total * 100), `${year}: ${percent(total)}`)}${benchmark === null ? null : one(benchmark, centre + 0.5, 'benchmark', `${year}, benchmark: ${percent(benchmark)}`)}${n % every === (shown.length - 1) % every ? html`<text class="tick" x="${fixed(centre)}" y="216" text-anchor="middle">${year}</text>` : null}`;
    })}
  </svg>`;
}

/** A column this much higher than the next is cut and told by its number: days without a position would flatten all others. */
const CUT_ABOVE = 2;

/** Daily returns in bins, with the normal distribution of the same mean and deviation over them. */
export function distributionChart({ from, width: step, counts, expected, mean, deviation }: Distribution): Html {
  const width = WIDTHS.half;
  const bottom = 196;
  const [highest = 1, second = 1] = counts.toSorted((a, b) => b - a);
  const next = Math.max(second, ...expected);
  const most = highest > next * CUT_ABOVE ? next * 1.25 : Math.max(highest, next);
  const x = scale([from, from + step * counts.length], [LEFT, width - RIGHT]);
  const y = scale([0, most * 1.06], [bottom, TOP]);
  const centres = counts.map((_count, n) => from + step * (n + 0.5));
  const wide = x(from + step) - x(from);
  const tone = (n: number): string => (from + step * n < 0 && from + step * (n + 1) > 0 ? 'flat' : (centres[n] ?? 0) >= 0 ? 'up' : 'down');
  return html`<svg class="chart" viewBox="0 0 ${width} 220" role="img" aria-label="Daily returns: mean ${percent(mean)}, deviation ${percent(deviation)}">
    ${gridLines(ticks(0, most, 4), y, width, (value) => number(value))}
    ${counts.map((count, n) => html`<rect class="bar ${tone(n)}" x="${fixed(x(from + step * n) + 0.5)}" y="${fixed(y(Math.min(count, most)))}" width="${fixed(Math.max(wide - 1, 0.6))}" height="${fixed(bottom - y(Math.min(count, most)))}"><title>${percent(from + step * n)} to ${percent(from + step * (n + 1))}: ${number(count)} days</title></rect>${count > most ? html`<text class="count" x="${fixed(x(centres[n] ?? 0) + wide)}" y="${TOP + 10}">${number(count)} days ↑</text>` : null}`)}
    <path class="line normal" d="${linePath(centres, expected, x, y)}"/>
    <line class="axis" x1="${LEFT}" x2="${width - RIGHT}" y1="${bottom}" y2="${bottom}"/>
    ${ticks(from, from + step * counts.length, 6).map((value) => html`<text class="tick" x="${fixed(x(value))}" y="216" text-anchor="middle">${percent(value, { digits: 1 })}</text>`)}
  </svg>`;
}

type RollingName = 'sharpe' | 'volatility' | 'beta';
const ROLLING: Readonly<Record<RollingName, { readonly title: string; readonly base: number; readonly text: (value: number) => string }>> = {
  sharpe: { title: 'Sharpe ratio', base: 0, text: (value) => number(value, 1) },
  volatility: { title: 'Volatility per year', base: 0, text: (value) => percent(value, { isSigned: false, digits: 0 }) },
  beta: { title: 'Beta', base: 1, text: (value) => number(value, 1) },
};

/** One figure over the last half year, day by day. */
export function rollingChart(lines: RollingLines, name: RollingName): Html | null {
  const values = lines[name];
  const known = values?.filter((value) => value !== null) ?? [];
  const [from, to] = [lines.at[0], lines.at.at(-1)];
  if (values === null || known.length < 2 || from === undefined || to === undefined) return null;
  const { title, base, text } = ROLLING[name];
  const width = WIDTHS.third;
  const x = timeScale(from, to, width);
  const range = padded([...known, base]);
  const y = scale(range, [132, 24]);
  return html`<svg class="chart" viewBox="0 0 ${width} 158" role="img" aria-label="${title} over ${lines.days} days">
    <text class="name" x="${LEFT}" y="12">${title}</text>
    ${gridLines(ticks(range[0], range[1], 4), y, width, text)}
    <line class="reference" x1="${LEFT}" x2="${width - RIGHT}" y1="${fixed(y(base))}" y2="${fixed(y(base))}"/>
    <path class="line accent" d="${linePath(lines.at, values, x, y)}"/>
    ${timeAxis(from, to, x, { y: 154, count: 4 })}
  </svg>`;
}

/** Each closed trip: how far it was against (or for) us on the way, and what it came to. */
export function excursionChart(dots: readonly TripDot[], which: 'mae' | 'mfe'): Html {
  const width = WIDTHS.half;
  const bottom = 224;
  const across = dots.map((dot) => Math.abs(dot[which]));
  const x = scale([0, Math.max(...across, 1e-9) * 1.04], [LEFT, width - RIGHT]);
  const range = padded([0, ...dots.map(({ profit }) => profit)]);
  const y = scale(range, [bottom, TOP]);
  const radius = dots.length > 500 ? 2 : dots.length > 100 ? 2.8 : 3.6;
  const words = which === 'mae' ? 'furthest against it' : 'furthest in its favour';
  return html`<svg class="chart" viewBox="0 0 ${width} 262" role="img" aria-label="Profit of round trips by how far they went ${words}">
    ${gridLines(ticks(range[0], range[1], 5), y, width, shortMoney)}
    <line class="axis" x1="${LEFT}" x2="${width - RIGHT}" y1="${fixed(y(0))}" y2="${fixed(y(0))}"/>
    ${dots.map((dot, n) => html`<circle class="trip ${toneOf(dot.profit)}" cx="${fixed(x(across[n] ?? 0))}" cy="${fixed(y(dot.profit))}" r="${radius}"><title>${dot.symbol} ${dot.side}: ${gain(dot.profit)}, ${words} ${money(across[n] ?? 0)}</title></circle>`)}
    ${ticks(0, Math.max(...across, 1e-9), 5).map((value) => html`<text class="tick" x="${fixed(x(value))}" y="240" text-anchor="middle">${shortMoney(value)}</text>`)}
    <text class="tick" x="${fixed((LEFT + width - RIGHT) / 2)}" y="258" text-anchor="middle">${words}, dollars</text>
  </svg>`;
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

/** Profit of the trips that ended on each weekday, or in each hour. */
export function slotBars(slots: readonly TripSlot[], kind: 'weekday' | 'hour'): Html {
  const width = WIDTHS.half;
  const bottom = 176;
  const values = slots.map(({ profit }) => profit);
  const range = padded([0, ...values]);
  const y = scale(band(values, range), [bottom, TOP]);
  const slot = (width - LEFT - RIGHT) / Math.max(slots.length, 5);
  const bar = Math.min(slot * 0.62, 40);
  return html`<svg class="chart" viewBox="0 0 ${width} 200" role="img" aria-label="Profit of round trips by ${kind}">
    ${gridLines(ticks(Math.min(range[0], 0), range[1], 4), y, width, shortMoney)}
    <line class="axis" x1="${LEFT}" x2="${width - RIGHT}" y1="${fixed(y(0))}" y2="${fixed(y(0))}"/>
    ${slots.map(({ slot: at, trips, wins, profit }, n) => {
      const name = kind === 'weekday' ? (WEEKDAYS[at] ?? '') : `${at}:00`;
      const height = Math.max(Math.abs(y(profit) - y(0)), 1);
      return html`<rect class="bar ${toneOf(profit)}" x="${fixed(LEFT + slot * (n + 0.5) - bar / 2)}" y="${fixed(profit >= 0 ? y(0) - height : y(0))}" width="${fixed(bar)}" height="${fixed(height)}" rx="2"><title>${name}: ${gain(profit)}, ${trips} round trips, ${wins} won</title></rect><text class="tick" x="${fixed(LEFT + slot * (n + 0.5))}" y="196" text-anchor="middle">${name}</text>`;
    })}
  </svg>`;
}
