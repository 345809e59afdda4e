/** What the pictures of a back-test's report have in common: places, axes, lines over time. SVG by hand; colours come from the page's style. */
import type { EpochMs } from '#app/domain/time.ts';
import { newYorkOffsetMs, toNewYork } from '#app/market/nyse-zone.ts';
import { civilFromDays, daysFromCivil, DAY_MS } from '#app/domain/time.ts';
import { monthName } from '#chassis/page-figures.ts';
import { html, type Html } from '#chassis/page-html.ts';
import { scale, type Scale } from '#chassis/page-scale.ts';

/** Width of a picture over the whole page, of one of a pair, of one of three: text has the same size in all. */
export const WIDTHS = { wide: 1_000, half: 490, third: 320 } as const;
/** Room for labels at the left and right of a plot. */
export const LEFT = 64;
/** Room at the right of a plot. */
export const RIGHT = 12;

/** One decimal is a tenth of a screen's dot. */
export const fixed = (value: number): string => value.toFixed(1);

/** Lines across with their labels at the left. */
export function gridLines(values: readonly number[], y: Scale, width: number, label: (value: number) => string): Html[] {
  return values.map((value) => html`<line class="grid" x1="${LEFT}" x2="${width - RIGHT}" y1="${fixed(y(value))}" y2="${fixed(y(value))}"/><text class="tick" x="${LEFT - 9}" y="${fixed(y(value) + 4)}" text-anchor="end">${label(value)}</text>`);
}

/** Points of a line; where a value is not known it is broken. */
export function linePath(xs: readonly number[], values: readonly (number | null)[], x: Scale, y: Scale): string {
  let isDown = false;
  let path = '';
  for (const [n, value] of values.entries()) {
    const at = xs[n];
    if (value === null || at === undefined || !Number.isFinite(value)) {
      isDown = false;
      continue;
    }
    path += `${isDown ? 'L' : 'M'}${fixed(x(at))} ${fixed(y(value))}`;
    isDown = true;
  }
  return path;
}

/** The same down to a base line and closed: the area between. */
export function areaPath(xs: readonly number[], values: readonly number[], x: Scale, { y, base }: { readonly y: Scale; readonly base: number }): string {
  const [first, last] = [xs[0], xs.at(-1)];
  if (first === undefined || last === undefined) return '';
  return `${linePath(xs, values, x, y)}L${fixed(x(last))} ${fixed(base)}L${fixed(x(first))} ${fixed(base)}Z`;
}

/** From an instant to a place. */
export function timeScale(from: number, to: number, width: number): Scale {
  return scale([from, Math.max(to, from + 1)], [LEFT, width - RIGHT]);
}

const MONTHS_APART = [1, 2, 3, 6, 12, 24, 36, 60, 120] as const;
const DAYS_APART = [1, 2, 5, 10] as const;

/** Instants to label between two others, about `count` of them, with their labels: days, months or years of New York. */
export function timeTicks(from: number, to: number, count: number): { readonly at: number; readonly label: string }[] {
  const start = toNewYork(from as EpochMs);
  const months = (to - from) / (30.44 * DAY_MS);
  const localDay = (day: number): number => day * DAY_MS - newYorkOffsetMs((day * DAY_MS) as EpochMs);
  if (months < count / 2) {
    const step = DAYS_APART.find((apart) => (to - from) / DAY_MS / apart <= count) ?? 15;
    return Array.from({ length: 40 }, (_none, n) => start.dayNumber + (n + 1) * step).map((day) => ({ day, date: civilFromDays(day) })).filter(({ day }) => localDay(day) < to)
      .map(({ day, date }) => ({ at: localDay(day), label: `${date.day} ${monthName(date.month)}` }));
  }
  const step = MONTHS_APART.find((apart) => months / apart <= count) ?? 240;
  const { year, month } = civilFromDays(start.dayNumber);
  const found: { at: number; label: string }[] = [];
  for (let n = Math.ceil((year * 12 + month - 1 + 0.01) / step) * step; found.length < 40; n += step) {
    const date = { year: Math.floor(n / 12), month: (n % 12) + 1, day: 1 };
    const at = localDay(daysFromCivil(date));
    if (at >= to) break;
    found.push({ at, label: step >= 12 ? String(date.year) : `${monthName(date.month)} ${date.month === 1 || step >= 6 ? date.year : ''}`.trim() });
  }
  return found;
}

/** The axis of time under a plot. */
export function timeAxis(from: number, to: number, x: Scale, { y, count }: { readonly y: number; readonly count: number }): Html[] {
  return timeTicks(from, to, count).map(({ at, label }) => html`<text class="tick" x="${fixed(x(at))}" y="${y}" text-anchor="middle">${label}</text>`);
}

/** Dollars in few signs: $950, $12.5k, $5k, −$1.25M. */
export function shortMoney(value: number): string {
  const size = Math.abs(value);
  const [divisor, sign] = size >= 999_500_000 ? [1e9, 'B'] : size >= 999_500 ? [1e6, 'M'] : size >= 999.5 ? [1e3, 'k'] : [1, ''];
  const text = (size / divisor).toFixed(divisor === 1 ? (size < 10 && size > 0 ? 2 : 0) : 2);
  return `${value < 0 ? '−' : ''}$${text.includes('.') ? text.replace(/\.?0+$/, '') : text}${sign}`;
}

/** Round values for a logarithmic axis: 1, 2, 5 times powers of ten, or finer ones where few of them fit. */
export function logTicks(low: number, high: number): number[] {
  for (const digits of [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7], [1, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2, 2.25, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9]]) {
    const found: number[] = [];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += 1) for (const digit of digits) if (digit * 10 ** power >= low && digit * 10 ** power <= high) found.push(digit * 10 ** power);
    if (found.length >= 4) return found;
  }
  return [low, high];
}
