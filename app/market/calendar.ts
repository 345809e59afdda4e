/** The exchange's sessions: which days trade, from when to when, what comes next. All times are New York's, given as instants. */
import { invariant } from '#app/domain/errors.ts';
import { civilFromDays, daysFromCivil, formatDate, parseDate, timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { MAX_AMENDMENTS, readAmendment, type CalendarAmendment, type RefusedAmendment, type SessionHours } from './calendar-amendments.ts';
import { CALENDAR_FIRST_YEAR, CALENDAR_LAST_YEAR, specialDaysOf, type SpecialDay } from './nyse-days.ts';
import { fromNewYorkDay, newYorkDayNumber, weekdayOf } from './nyse-zone.ts';

export { fromNewYork, toNewYork, type NewYorkTime } from './nyse-zone.ts';

const OPEN_MINUTE = 9 * 60 + 30;
const CLOSE_MINUTE = 16 * 60;
const PRE_MARKET_MINUTE = 4 * 60;
const AFTER_HOURS_MINUTE = 20 * 60;
/** After an early close, extended trading goes on for four hours: 13:00 to 17:00. */
const EARLY_AFTER_HOURS_MINUTES = 4 * 60;
/** The longest closure on record (September 2001) was six days between two sessions. */
const MAX_CLOSURE_DAYS = 14;
const MAX_SESSIONS_LISTED = 40_000;
/** A calendar that closes the exchange for longer than this is taken for broken, not for news. */
const MAX_AMENDED_CLOSURE_DAYS = 10;

/** One trading day. Intervals are [open, close): a bar that opens at `close` is outside. */
export type Session = {
  /** Civil day in New York, `YYYY-MM-DD`. */
  readonly date: string;
  readonly open: EpochMs;
  readonly close: EpochMs;
  /** A half day: the close is before 16:00, at 13:00 by rule. */
  readonly isEarly: boolean;
  /** 04:00, when orders marked for extended hours begin to trade. */
  readonly preMarketOpen: EpochMs;
  /** 20:00, on half days four hours after the close (17:00). */
  readonly afterHoursClose: EpochMs;
};

const sessions = new Map<number, Session | null>();
/** What the broker's calendar says otherwise; null = closed. */
let amended: ReadonlyMap<number, SessionHours | null> = new Map();
let revision = 0;

function specialDay(dayNumber: number): SpecialDay | null {
  return specialDaysOf(civilFromDays(dayNumber).year).get(dayNumber) ?? null;
}

function hoursByRule(dayNumber: number): SessionHours | null {
  const special = specialDay(dayNumber);
  const weekday = weekdayOf(dayNumber);
  if (weekday === 0 || weekday === 6 || special?.kind === 'closed') return null;
  return { openMinute: special?.kind === 'late' ? special.openMinute : OPEN_MINUTE, closeMinute: special?.kind === 'early' ? special.closeMinute : CLOSE_MINUTE };
}

function hoursIn(amendments: ReadonlyMap<number, SessionHours | null>, dayNumber: number): SessionHours | null {
  const hours = amendments.get(dayNumber);
  return hours === undefined ? hoursByRule(dayNumber) : hours;
}

function buildSession(dayNumber: number): Session | null {
  const hours = hoursIn(amended, dayNumber);
  if (!hours) return null;
  const isEarly = hours.closeMinute < CLOSE_MINUTE;
  const afterHoursMinute = isEarly ? hours.closeMinute + EARLY_AFTER_HOURS_MINUTES : Math.max(AFTER_HOURS_MINUTE, hours.closeMinute);
  return {
    date: formatDate(civilFromDays(dayNumber)),
    open: fromNewYorkDay(dayNumber, hours.openMinute),
    close: fromNewYorkDay(dayNumber, hours.closeMinute),
    isEarly,
    preMarketOpen: fromNewYorkDay(dayNumber, Math.min(PRE_MARKET_MINUTE, hours.openMinute)),
    afterHoursClose: fromNewYorkDay(dayNumber, Math.min(afterHoursMinute, AFTER_HOURS_MINUTE)),
  };
}

function isSame(a: SessionHours | null, b: SessionHours | null): boolean {
  return a?.openMinute === b?.openMinute && a?.closeMinute === b?.closeMinute;
}

/** Days closed by amendment in a row of days without a session that is too long to be true. */
function tooLongClosures(amendments: ReadonlyMap<number, SessionHours | null>): number[] {
  const distanceToSession = (dayNumber: number, step: 1 | -1): number => {
    for (let n = 1; n <= MAX_AMENDED_CLOSURE_DAYS; n += 1) if (hoursIn(amendments, dayNumber + n * step) !== null) return n;
    return MAX_AMENDED_CLOSURE_DAYS + 1;
  };
  return [...amendments].filter(([dayNumber, hours]) => hours === null && distanceToSession(dayNumber, 1) + distanceToSession(dayNumber, -1) - 1 > MAX_AMENDED_CLOSURE_DAYS).map(([dayNumber]) => dayNumber);
}

/**
 * Takes the broker's calendar over the built-in one: exactly these days differ from now on, those of an earlier call no longer do. A day that
 * cannot be right is left as the rules have it and given back with the reason; a calendar must never stop a worker. At most 20,000 days that differ.
 * @returns the days that differ now, and those that were refused.
 */
export function amendCalendar(days: readonly CalendarAmendment[]): { readonly amended: readonly string[]; readonly refused: readonly RefusedAmendment[] } {
  const refused: RefusedAmendment[] = [];
  const next = new Map<number, SessionHours | null>();
  for (const day of days) {
    const read = readAmendment(day);
    if (typeof read === 'string') refused.push({ date: day.date, reason: read });
    else if (isSame(read.hours, hoursByRule(read.dayNumber))) next.delete(read.dayNumber);
    else if (next.size < MAX_AMENDMENTS) next.set(read.dayNumber, read.hours);
    else refused.push({ date: day.date, reason: `More than ${MAX_AMENDMENTS} days differ from the rules` });
  }
  for (const dayNumber of tooLongClosures(next)) {
    next.delete(dayNumber);
    refused.push({ date: formatDate(civilFromDays(dayNumber)), reason: `The exchange would be closed for more than ${MAX_AMENDED_CLOSURE_DAYS} days` });
  }
  const changed = [...new Set([...next.keys(), ...amended.keys()])].filter((dayNumber) => !next.has(dayNumber) || !amended.has(dayNumber) || !isSame(next.get(dayNumber) ?? null, amended.get(dayNumber) ?? null));
  amended = next;
  for (const dayNumber of changed) sessions.delete(dayNumber);
  if (changed.length > 0) revision += 1;
  return { amended: [...next.keys()].sort((a, b) => a - b).map((dayNumber) => formatDate(civilFromDays(dayNumber))), refused };
}

/** Grows whenever an amendment changes a day: what was worked out from the calendar under an older number must be worked out again. */
export function calendarRevision(): number {
  return revision;
}

/** Sessions are asked for once per bar: each day is worked out once. The calendar's years bound the table. */
function sessionOfDay(dayNumber: number): Session | null {
  const known = sessions.get(dayNumber);
  if (known !== undefined) return known;
  const session = buildSession(dayNumber);
  sessions.set(dayNumber, session);
  return session;
}

/**
 * The session of a civil day (`YYYY-MM-DD`), null on weekends and holidays. sessionOn('2024-07-03') closes at 13:00 (17:00Z).
 * @throws AppError INPUT_INVALID for a day that does not exist or lies outside 1998..2100.
 */
export function sessionOn(date: string): Session | null {
  return sessionOfDay(daysFromCivil(parseDate(date)));
}

const FIRST_COVERED = fromNewYorkDay(daysFromCivil({ year: CALENDAR_FIRST_YEAR, month: 1, day: 1 }), 0);
const LAST_COVERED = fromNewYorkDay(daysFromCivil({ year: CALENDAR_LAST_YEAR, month: 12, day: 1 }), 0);

/** Whether every question below can be answered at an instant: from 1998-01-01 to 2100-11-30, New York time. */
export function calendarCovers(at: EpochMs): boolean {
  return at >= FIRST_COVERED && at < LAST_COVERED;
}

/** The civil day in New York at an instant, `YYYY-MM-DD`. @throws AppError INPUT_INVALID outside 1967..2200. */
export function exchangeDay(at: EpochMs): string {
  return formatDate(civilFromDays(newYorkDayNumber(at)));
}

/** The end of a civil day: the midnight in New York behind it, 23, 24 or 25 hours after its own. Its bars close at or before this instant. @throws AppError INPUT_INVALID outside 1967..2200 */
export function endOfDay(date: string): EpochMs {
  return fromNewYorkDay(daysFromCivil(parseDate(date)) + 1, 0);
}

/** Why the exchange keeps other hours on a day, in words ("Thanksgiving Day"), null on ordinary days and weekends. @throws AppError INPUT_INVALID */
export function specialDayName(date: string): string | null {
  const dayNumber = daysFromCivil(parseDate(date));
  return amended.has(dayNumber) ? "By the broker's calendar" : (specialDay(dayNumber)?.name ?? null);
}

/** The session whose regular hours contain an instant, else null. @throws AppError INPUT_INVALID outside 1998..2100. */
export function sessionOf(at: EpochMs): Session | null {
  const session = sessionOfDay(newYorkDayNumber(at));
  return session && at >= session.open && at < session.close ? session : null;
}

/** Whether regular trading goes on at an instant. @throws AppError INPUT_INVALID outside 1998..2100. */
export function isInSession(at: EpochMs): boolean {
  return sessionOf(at) !== null;
}

/** Whether an instant lies in the session or its extended hours (04:00-20:00, half days 04:00-17:00). @throws AppError INPUT_INVALID outside 1998..2100. */
export function isInExtendedHours(at: EpochMs): boolean {
  const session = sessionOfDay(newYorkDayNumber(at));
  return session !== null && at >= session.preMarketOpen && at < session.afterHoursClose;
}

function scan(fromDay: number, step: 1 | -1, accept: (session: Session) => boolean): Session {
  for (let i = 0; i <= MAX_CLOSURE_DAYS; i += 1) {
    const session = sessionOfDay(fromDay + i * step);
    if (session && accept(session)) return session;
  }
  invariant(false, 'The calendar shows no session within two weeks', { fromDay, step });
}

/** The first open after an instant (never the instant itself). nextOpen(Friday 16:00) = Monday 09:30. @throws AppError INPUT_INVALID outside 1998..2100. */
export function nextOpen(at: EpochMs): EpochMs {
  return scan(newYorkDayNumber(at), 1, (session) => session.open > at).open;
}

/** The first close after an instant (never the instant itself). @throws AppError INPUT_INVALID outside 1998..2100. */
export function nextClose(at: EpochMs): EpochMs {
  return scan(newYorkDayNumber(at), 1, (session) => session.close > at).close;
}

/** The last session that opened at or before an instant: the one whose day it is for profit and loss. @throws AppError INPUT_INVALID outside 1998..2100. */
export function latestSession(at: EpochMs): Session {
  return scan(newYorkDayNumber(at), -1, (session) => session.open <= at);
}

/** The sessions from one civil day to another, both included, oldest first; at most 40,000. @throws AppError INPUT_INVALID */
export function sessionsBetween(from: string, to: string): Session[] {
  const found: Session[] = [];
  const last = daysFromCivil(parseDate(to));
  for (let day = daysFromCivil(parseDate(from)); day <= last && found.length < MAX_SESSIONS_LISTED; day += 1) {
    const session = sessionOfDay(day);
    if (session) found.push(session);
  }
  return found;
}

/**
 * Whether a bar belongs to regular trading: it overlaps the session (a day bar: its day is a trading day).
 * Strategies see only these. The 16:00 minute is outside, the 09:00 hour is inside. @throws AppError INPUT_INVALID outside 1998..2100.
 */
export function isRegularBar(openTime: EpochMs, timeframe: Timeframe): boolean {
  const session = sessionOfDay(newYorkDayNumber(openTime));
  if (session === null || timeframe === '1Day') return session !== null;
  return openTime < session.close && openTime + timeframeMs(timeframe) > session.open;
}
