/** What all wire forms share: exact text of numbers and times as Alpaca writes them. */
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { roundToLedger, toText, type Decimal } from '#app/domain/numeric.ts';
import { toNewYork } from '#app/market/calendar.ts';

/** A JSON object on its way out. */
export type WireObject = Readonly<Record<string, unknown>>;

/** RFC 3339 in UTC, or null. */
export function timeOrNull(at: number | null): string | null {
  return at === null ? null : toRfc3339(at as EpochMs);
}

/** Dollars to the cent, decimal text. */
export function twoPlaces(value: Decimal): string {
  return toText(value.toDecimalPlaces(2));
}

/** part / whole as decimal text; 0 when there is no whole. */
export function ratio(part: Decimal, whole: Decimal): string {
  return whole.isZero() ? '0' : toText(roundToLedger(part.div(whole)));
}

const two = (value: number): string => String(value).padStart(2, '0');

/** RFC 3339 with New York's offset, as the clock has it: `2024-07-01T09:30:00-04:00`. */
export function newYorkText(at: EpochMs): string {
  const { date, hour, minute, second, offsetMinutes } = toNewYork(at);
  return `${date}T${two(hour)}:${two(minute)}:${two(second)}-${two(Math.floor(-offsetMinutes / 60))}:${two(-offsetMinutes % 60)}`;
}

/** New York's time of the day: `09:30` or, without separator, `0930`. */
export function newYorkClock(at: EpochMs, separator: string): string {
  const { hour, minute } = toNewYork(at);
  return `${two(hour)}${separator}${two(minute)}`;
}
