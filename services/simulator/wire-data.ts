/** Market data as Alpaca writes it: bars over REST and on the stream, aggregated to the asked timeframe. */
import { AppError, invariant } from '#app/domain/errors.ts';
import { daysFromCivil, civilFromDays, formatDate, HOUR_MS, MINUTE_MS, parseDate, parseRfc3339, toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay, fromNewYork, isInSession } from '#app/market/calendar.ts';
import { BAR_MS, type MarketBar } from './market.ts';
import type { WireObject } from './wire-common.ts';

/** A timeframe of the data API. `minutes` for those inside a day; the others follow New York's calendar. */
export type WireTimeframe = { readonly unit: 'minutes'; readonly minutes: number } | { readonly unit: 'day' | 'week' } | { readonly unit: 'month'; readonly months: number };

const TIMEFRAME = /^(\d{1,2})(Min|T|Hour|H|Day|D|Week|W|Month|M)$/;
const DAYS_A_WEEK = 7;

/** Reads `[1-59]Min|T`, `[1-23]Hour|H`, `1Day|D`, `1Week|W`, `[1,2,3,4,6,12]Month|M`. @throws AppError INPUT_INVALID */
export function parseTimeframe(text: string): WireTimeframe {
  const match = TIMEFRAME.exec(text);
  const [count, unit] = [Number(match?.[1]), match?.[2]?.[0]];
  if (unit === 'M' && (match?.[2] === 'Min') && count >= 1 && count <= 59) return { unit: 'minutes', minutes: count };
  if (unit === 'T' && count >= 1 && count <= 59) return { unit: 'minutes', minutes: count };
  if (unit === 'H' && count >= 1 && count <= 23) return { unit: 'minutes', minutes: count * 60 };
  if (unit === 'D' && count === 1) return { unit: 'day' };
  if (unit === 'W' && count === 1) return { unit: 'week' };
  if (unit === 'M' && match?.[2] !== 'Min' && [1, 2, 3, 4, 6, 12].includes(count)) return { unit: 'month', months: count };
  throw new AppError('INPUT_INVALID', `invalid timeframe: ${text.slice(0, 20)}`);
}

/** Start of the timeframe's bar that a minute belongs to; null for minutes outside the session where only the session counts. */
export function bucketOf(timeframe: WireTimeframe, openTime: EpochMs): EpochMs | null {
  if (timeframe.unit === 'minutes') {
    const width = timeframe.minutes * MINUTE_MS;
    // Hours that do not divide a day begin anew at New York's midnight.
    const origin = timeframe.minutes > 60 ? fromNewYork(exchangeDay(openTime), 0) : Math.floor(openTime / HOUR_MS) * HOUR_MS;
    return (origin + Math.floor((openTime - origin) / width) * width) as EpochMs;
  }
  return isInSession(openTime) ? bucketOfDay(timeframe.unit === 'month' ? timeframe : { unit: timeframe.unit }, exchangeDay(openTime)) : null;
}

type DayTimeframe = Exclude<WireTimeframe, { readonly unit: 'minutes' }>;

/** Start of the day, week or month that an exchange day belongs to: New York's midnight. */
function bucketOfDay(timeframe: DayTimeframe, day: string): EpochMs {
  if (timeframe.unit === 'month') {
    const { year, month } = parseDate(day);
    return fromNewYork(formatDate({ year, month: month - ((month - 1) % timeframe.months), day: 1 }), 0);
  }
  if (timeframe.unit === 'day') return fromNewYork(day, 0);
  const number = daysFromCivil(parseDate(day));
  // Day 0 of the civil calendar was a Thursday: Mondays are at 4, 11, ...
  return fromNewYork(formatDate(civilFromDays(number - ((number + 3) % DAYS_A_WEEK))), 0);
}

/** Merges minutes (oldest first) into the timeframe's bars. */
export function aggregate(bars: readonly MarketBar[], timeframe: WireTimeframe): readonly MarketBar[] {
  if (timeframe.unit === 'minutes' && timeframe.minutes * MINUTE_MS === BAR_MS) return bars;
  return merge(bars, (openTime) => bucketOf(timeframe, openTime));
}

/** Merges daily bars (their openTime is New York's midnight, oldest first) into days, weeks or months. */
export function aggregateDays(days: readonly MarketBar[], timeframe: DayTimeframe): readonly MarketBar[] {
  return timeframe.unit === 'day' ? days : merge(days, (openTime) => bucketOfDay(timeframe, exchangeDay(openTime)));
}

function merge(bars: readonly MarketBar[], bucket: (openTime: EpochMs) => EpochMs | null): readonly MarketBar[] {
  const merged: MarketBar[] = [];
  for (const bar of bars) {
    const openTime = bucket(bar.openTime);
    if (openTime === null) continue;
    const last = merged.at(-1);
    if (last?.openTime !== openTime) {
      merged.push({ ...bar, openTime });
      continue;
    }
    const volume = last.volume + bar.volume;
    const vwap = volume === 0 ? bar.vwap : Math.round(((last.vwap * last.volume + bar.vwap * bar.volume) / volume) * 1e6) / 1e6;
    merged[merged.length - 1] = {
      ...last, high: Math.max(last.high, bar.high), low: Math.min(last.low, bar.low), close: bar.close, volume, trades: last.trades + bar.trades, vwap,
    };
  }
  return merged;
}

/** A bar of the REST API. `t` is its start. */
export function wireBar(bar: MarketBar): WireObject {
  return { t: toRfc3339(bar.openTime).replace('.000Z', 'Z'), o: bar.open, h: bar.high, l: bar.low, c: bar.close, v: bar.volume, n: bar.trades, vw: bar.vwap };
}

/** A start or end of a range: RFC 3339 or a civil day (New York's midnight, for an end its last millisecond). @throws AppError INPUT_INVALID */
export function parseBound(text: string, isEnd: boolean): EpochMs {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return parseRfc3339(text);
  const day = daysFromCivil(parseDate(text)) + (isEnd ? 1 : 0);
  return (fromNewYork(formatDate(civilFromDays(day)), 0) - (isEnd ? 1 : 0)) as EpochMs;
}

/** A place in a paged list: the symbol and the open time of the last bar that was given. */
export type PageToken = { readonly symbol: string; readonly openTime: EpochMs };

/** Alpaca's opaque token: base64 of `symbol|time`. */
export function writePageToken(token: PageToken): string {
  return Buffer.from(`${token.symbol}|M|${toRfc3339(token.openTime)}`).toString('base64');
}

/** @throws AppError INPUT_INVALID */
export function readPageToken(text: string): PageToken {
  const match = /^([A-Z0-9./]+)\|M\|(.+)$/.exec(Buffer.from(text, 'base64').toString('utf8'));
  if (!match) throw new AppError('INPUT_INVALID', 'invalid page_token');
  const [, symbol, time] = match;
  invariant(symbol !== undefined && time !== undefined, 'Both groups matched');
  return { symbol, openTime: parseRfc3339(time) };
}
