/** The exchange's day of each bar, worked out once per day. */
import { civilFromDays, daysFromCivil, formatDate, parseDate, timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { calendarCovers, exchangeDay, sessionOn, sessionsBetween, type Session } from '../calendar.ts';
import { fromNewYorkDay, newYorkDayNumber } from '../nyse-zone.ts';

/** One civil day of New York. `day`: days since 1970; `from`, `to`: its midnights, epoch ms; `session`: null when the exchange is closed. */
export type TradingDay = { readonly day: number; readonly from: number; readonly to: number; readonly session: Session | null };

/** Gives the day of an instant, null where the calendar does not reach. Asked in order of time it works each day out once. */
export function dayWalker(): (time: number) => TradingDay | null {
  let known: TradingDay | null = null;
  return (time) => {
    if (known !== null && time >= known.from && time < known.to) return known;
    if (!Number.isSafeInteger(time) || !calendarCovers(time as EpochMs)) return null;
    const day = newYorkDayNumber(time as EpochMs);
    known = { day, from: fromNewYorkDay(day, 0), to: fromNewYorkDay(day + 1, 0), session: sessionOn(exchangeDay(time as EpochMs)) };
    return known;
  };
}

/** The places of regular bars in a session: the first open time, and one past the last. `width` in milliseconds. */
export function placesOf(session: Session, width: number): { readonly first: number; readonly end: number } {
  const first = Math.floor(session.open / width) * width;
  return { first, end: first + Math.ceil((session.close - first) / width) * width };
}

/** How many bars of regular trading each day of [from, to] should have (days since 1970): 390 minutes, 7 hours, 1 day. Days without a session are left out. */
export function expectedBars(timeframe: Timeframe, from: number, to: number): { readonly day: number; readonly session: Session; readonly bars: number }[] {
  const width = timeframeMs(timeframe);
  return sessionsBetween(formatDate(civilFromDays(from)), formatDate(civilFromDays(to))).map((session) => {
    const { first, end } = placesOf(session, width);
    return { day: daysFromCivil(parseDate(session.date)), session, bars: timeframe === '1Day' ? 1 : (end - first) / width };
  });
}
