/** Portfolio history by the broker's rules: period, start and end, resolutions, reporting hours, resets of profit and loss. */
import * as z from 'zod';
import { civilFromDays, DAY_MS, daysFromCivil, formatDate, HOUR_MS, MINUTE_MS, parseDate, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay, fromNewYork, sessionsBetween, type Session } from '#app/market/calendar.ts';
import type { Broker } from './broker.ts';
import { malformed, read } from './rest-common.ts';
import type { WireObject } from './wire-common.ts';
import { parseBound } from './wire-data.ts';

const WIDTHS = { '1Min': MINUTE_MS, '5Min': 5 * MINUTE_MS, '15Min': 15 * MINUTE_MS, '1H': HOUR_MS, '1D': DAY_MS } as const;
const historyQuery = z.object({
  period: z.string().regex(/^\d{1,4}[DWMA]$/).optional(), timeframe: z.enum(['1Min', '5Min', '15Min', '1H', '1D']).optional(), intraday_reporting: z.enum(['market_hours', 'extended_hours', 'continuous']).default('market_hours'),
  start: z.string().optional(), end: z.string().optional(), date_end: z.string().optional(), pnl_reset: z.enum(['per_day', 'no_reset']).default('per_day'), extended_hours: z.enum(['true', 'false']).optional(),
  cashflow_types: z.string().regex(/^[A-Z,]+$/).optional(),
});
type Query = z.output<typeof historyQuery>;
type Point = { readonly at: number; readonly equity: number; readonly base: number };

const MAX_INTRADAY_DAYS = 30;
const MAX_POINTS = 60_000;
/** Days are labelled with eight in the evening, when the extended session has ended. */
const EVENING_MINUTES = 20 * 60;

const cents = (value: number): number => Math.round(value * 100) / 100;
const places4 = (value: number): number => Math.round(value * 1e4) / 1e4;

/** A civil day `count` units before another; the day is cut to the month's length by the calendar's arithmetic. */
function before(day: string, count: number, unit: string): string {
  const date = parseDate(day);
  if (unit === 'D' || unit === 'W') return formatDate(civilFromDays(daysFromCivil(date) - count * (unit === 'W' ? 7 : 1)));
  const months = date.year * 12 + date.month - 1 - count * (unit === 'A' ? 12 : 1);
  const start = daysFromCivil({ year: Math.floor(months / 12), month: (months % 12) + 1, day: 1 });
  return formatDate(civilFromDays(start + date.day - 1));
}

function after(day: string, count: number, unit: string): string {
  return before(day, -count, unit);
}

type Range = { readonly from: EpochMs; readonly to: EpochMs };

function rangeOf(query: Query, now: EpochMs): Range {
  const given = [query.start, query.end ?? query.date_end, query.period].filter((value) => value !== undefined);
  if (given.length === 3) throw malformed('only two of start, end and period can be specified at the same time');
  const [, count = '1', unit = 'M'] = /^(\d+)([DWMA])$/.exec(query.period ?? '1M') ?? [];
  const start = query.start === undefined ? null : parseBound(query.start, false);
  const asked = query.end ?? query.date_end;
  const end = asked === undefined ? null : parseBound(asked, true);
  if (start !== null && end === null && query.period !== undefined) return { from: start, to: Math.min(now, fromNewYork(after(exchangeDay(start), Number(count), unit), 0)) as EpochMs };
  const to = Math.min(end ?? now, now) as EpochMs;
  if (start !== null) return { from: start, to };
  const day = exchangeDay(to);
  // One day means the last trading day, not the last 24 hours.
  return { from: unit === 'D' && count === '1' ? fromNewYork(sessionsBetween(before(day, 7, 'D'), day).at(-1)?.date ?? day, 0) : fromNewYork(before(day, Number(count), unit), 0), to };
}

function timeframeOf(query: Query, range: Range): keyof typeof WIDTHS {
  const days = (range.to - range.from) / DAY_MS;
  if (query.timeframe === undefined) return days < 7 ? '1Min' : days < MAX_INTRADAY_DAYS ? '15Min' : '1D';
  if (query.timeframe !== '1D' && days > MAX_INTRADAY_DAYS + 1) throw malformed('for intraday timeframes only 30 days or less can be queried');
  return query.timeframe;
}

function hoursOf(query: Query, session: Session): Range {
  const reporting = query.extended_hours === 'true' && query.intraday_reporting === 'market_hours' ? 'extended_hours' : query.intraday_reporting;
  if (reporting === 'market_hours') return { from: session.open, to: session.close };
  if (reporting === 'extended_hours') return { from: session.preMarketOpen, to: session.afterHoursClose };
  const midnight = fromNewYork(session.date, 0);
  return { from: midnight, to: fromNewYork(after(session.date, 1, 'D'), 0) };
}

/** The last value at or before an instant, of a series that is asked forward. */
function walker(series: readonly { readonly at: number; readonly equity: number }[], first: number): (at: number) => number {
  let n = -1;
  return (at) => {
    while ((series[n + 1]?.at ?? Infinity) <= at) n += 1;
    return series[n]?.equity ?? first;
  };
}

/** Days as the calendar has them; continuous reporting knows weekends too. */
function daysIn(query: Query, range: Range): readonly Session[] {
  return sessionsBetween(exchangeDay(range.from), exchangeDay(range.to)).filter((session) => query.intraday_reporting === 'continuous' || session.open <= range.to);
}

/** The reply to GET /v2/account/portfolio/history. @throws WireError 422 for what the broker refuses */
export function portfolioHistory(broker: Broker, raw: unknown): WireObject {
  const query = read(historyQuery, raw);
  const now = broker.now();
  const range = rangeOf(query, now);
  const timeframe = timeframeOf(query, range);
  const opening = Number(broker.config.startingCash);
  const numbers = (list: readonly { readonly at: number; readonly equity: string }[]) => list.map((point) => ({ at: point.at, equity: Number(point.equity) }));
  const closes = numbers(broker.journal.equityHistory(10_000));
  const present = { at: now as number, equity: broker.venue.figures().equity.toNumber() };
  const points = timeframe === '1D' ? dailyPoints({ query, range, closes, present, opening, born: broker.market.startTime })
    : intradayPoints({ query, range, closes, present, opening, born: broker.market.startTime, width: WIDTHS[timeframe], minutes: [...numbers(broker.journal.equityMinutes(range.from, range.to)), ...closes].sort((a, b) => a.at - b.at) });
  const base = points[0]?.base ?? opening;
  const asOf = closes.filter((point) => point.at < (points[0]?.at ?? 0)).at(-1);
  return {
    timestamp: points.map((point) => Math.floor(point.at / 1000)), equity: points.map((point) => cents(point.equity)), profit_loss: points.map((point) => cents(point.equity - point.base)),
    profit_loss_pct: points.map((point) => (point.base === 0 ? 0 : places4((point.equity - point.base) / point.base))), base_value: cents(base), ...(timeframe !== '1D' && asOf ? { base_value_asof: exchangeDay(asOf.at as EpochMs) } : {}),
    timeframe, ...(query.cashflow_types === undefined || query.cashflow_types === 'NONE' ? {} : { cashflow: cashflow(broker, query.cashflow_types, points, timeframe === '1D') }),
  };
}

type Parts = { readonly query: Query; readonly range: Range; readonly closes: readonly { at: number; equity: number }[]; readonly present: { at: number; equity: number }; readonly opening: number; readonly born: EpochMs };

/** One point a trading day, against the first of them. */
function dailyPoints({ query, range, closes, present, opening, born }: Parts): readonly Point[] {
  const equityAt = walker(closes, opening);
  const days = daysIn(query, range).filter((session) => session.close > born);
  const values = days.map((session) => ({ at: fromNewYork(session.date, EVENING_MINUTES), equity: session.close > present.at ? present.equity : equityAt(session.close) }));
  const base = values[0]?.equity ?? opening;
  return values.map((point) => ({ ...point, base }));
}

/** Points by the minute and wider, each labelled with its beginning, against the close of the day before. */
function intradayPoints({ query, range, closes, present, opening, born, width, minutes }: Parts & { readonly width: number; readonly minutes: readonly { at: number; equity: number }[] }): readonly Point[] {
  const equityAt = walker(minutes, walker(closes, opening)(range.from));
  const closeBefore = walker(closes, opening);
  const points: Point[] = [];
  let firstBase: number | null = null;
  for (const session of daysIn(query, range)) {
    const hours = hoursOf(query, session);
    const base = closeBefore(session.open - 1);
    firstBase ??= base;
    for (let at = hours.from as number; at < hours.to && at <= range.to && points.length < MAX_POINTS; at += width) {
      if (at + width <= range.from || at < born) continue;
      const end = Math.min(at + width - 1, hours.to - 1);
      points.push({ at, equity: end >= present.at ? present.equity : equityAt(end), base: query.pnl_reset === 'per_day' ? base : firstBase });
    }
  }
  return points;
}

/** Cash that came and went within each point's window, by activity type. */
function cashflow(broker: Broker, types: string, points: readonly Point[], isDaily: boolean): WireObject {
  const wanted = types === 'ALL' ? null : new Set(types.split(','));
  const flows = new Map<string, number[]>();
  const activities = broker.journal.activities({ limit: 10_000, isDescending: false, isTrade: false });
  for (const activity of activities) {
    if (activity.type === 'FILL' || (wanted && !wanted.has(activity.type))) continue;
    const n = isDaily ? points.findIndex((point) => exchangeDay(point.at as EpochMs) === exchangeDay(activity.at)) : points.findLastIndex((point) => point.at <= activity.at);
    if (n < 0) continue;
    const list = flows.get(activity.type) ?? points.map(() => 0);
    list[n] = cents((list[n] ?? 0) + Number(activity.netAmount));
    flows.set(activity.type, list);
  }
  return Object.fromEntries(flows);
}
