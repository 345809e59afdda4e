/** Instants, timeframes and their text forms, without Date and without a clock. */
import * as z from 'zod';
import { AppError } from './errors.ts';

/** Milliseconds since 1970-01-01T00:00:00Z, an integer. */
export type EpochMs = number & { readonly __unit: 'epochMs' };

/** Milliseconds in a second. */
export const SECOND_MS = 1_000;
/** Milliseconds in a minute. */
export const MINUTE_MS = 60_000;
/** Milliseconds in an hour. */
export const HOUR_MS = 3_600_000;
/** Milliseconds in a day of 24 hours (not every civil day has them). */
export const DAY_MS = 86_400_000;

/** Reads the present; the only way time enters a decision. */
export type Clock = { readonly now: () => EpochMs };

/** Marks an integer of milliseconds as an instant. @throws AppError INPUT_INVALID when it is not an integer in range. */
export function epochMs(value: number): EpochMs {
  if (!Number.isSafeInteger(value) || Math.abs(value) > 8.64e15) {
    throw new AppError('INPUT_INVALID', `An instant must be an integer of milliseconds since 1970, got ${value}`);
  }
  return value as EpochMs;
}

/** Bar widths that the system stores. */
export const TIMEFRAMES = ['1Min', '5Min', '15Min', '1Hour', '1Day'] as const;
export type Timeframe = (typeof TIMEFRAMES)[number];
export const timeframeSchema = z.enum(TIMEFRAMES);

const TIMEFRAME_MS: Readonly<Record<Timeframe, number>> = { '1Min': MINUTE_MS, '5Min': 5 * MINUTE_MS, '15Min': 15 * MINUTE_MS, '1Hour': HOUR_MS, '1Day': DAY_MS };
/** Width of a timeframe in milliseconds (a day bar is labelled by its calendar day, 24 h). */
export function timeframeMs(timeframe: Timeframe): number {
  return TIMEFRAME_MS[timeframe];
}

/** A calendar day, proleptic Gregorian. month 1..12. */
export type CivilDate = { readonly year: number; readonly month: number; readonly day: number };

/** Days since 1970-01-01 of a civil date (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013). daysFromCivil(2000-03-01) = 11017. */
export function daysFromCivil(date: CivilDate): number {
  const y = date.month <= 2 ? date.year - 1 : date.year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5) + date.day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Civil date of a day number; the inverse of daysFromCivil. */
export function civilFromDays(days: number): CivilDate {
  const z0 = days + 719_468;
  const era = Math.floor(z0 / 146_097);
  const dayOfEra = z0 - era * 146_097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const mp = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * mp + 2) / 5) + 1;
  const month = mp < 10 ? mp + 3 : mp - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

/** `YYYY-MM-DD`. */
export function formatDate(date: CivilDate): string {
  return `${pad(date.year, 4)}-${pad(date.month, 2)}-${pad(date.day, 2)}`;
}

/** Parses `YYYY-MM-DD`. @throws AppError INPUT_INVALID for anything else or a day that does not exist. */
export function parseDate(text: string): CivilDate {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  const date = match && { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) };
  if (!date || formatDate(civilFromDays(daysFromCivil(date))) !== text) {
    throw new AppError('INPUT_INVALID', `A date must read YYYY-MM-DD, got "${text.slice(0, 40)}"`);
  }
  return date;
}

/** RFC 3339 in UTC with milliseconds, `2026-01-02T14:30:00.000Z`. */
export function toRfc3339(at: EpochMs): string {
  const days = Math.floor(at / DAY_MS);
  const ms = at - days * DAY_MS;
  const time = `${pad(Math.floor(ms / HOUR_MS), 2)}:${pad(Math.floor(ms / MINUTE_MS) % 60, 2)}:${pad(Math.floor(ms / SECOND_MS) % 60, 2)}.${pad(ms % 1000, 3)}`;
  return `${formatDate(civilFromDays(days))}T${time}Z`;
}

const RFC3339 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** Parses RFC 3339 with any offset and up to nanoseconds (cut to milliseconds). @throws AppError INPUT_INVALID */
export function parseRfc3339(text: string): EpochMs {
  const match = RFC3339.exec(text);
  const [, date, hour, minute, second, fraction, zone] = match ?? [];
  if (!match || date === undefined || zone === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) {
    throw new AppError('INPUT_INVALID', `A time must be RFC 3339 such as 2026-01-02T14:30:00Z, got "${text.slice(0, 40)}"`);
  }
  const ms = Number((fraction ?? '').slice(0, 3).padEnd(3, '0'));
  const offset = /^[Zz]$/.test(zone) ? 0 : (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))) * MINUTE_MS;
  const day = daysFromCivil(parseDate(date)) * DAY_MS;
  return epochMs(day + Number(hour) * HOUR_MS + Number(minute) * MINUTE_MS + Number(second) * SECOND_MS + ms - offset);
}

/** Wire schema of an instant in RFC 3339. */
export const rfc3339Schema = z.string().regex(RFC3339, 'must be an RFC 3339 time such as 2026-01-02T14:30:00Z');
