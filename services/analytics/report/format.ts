/** Moments as the report writes them: New York's clock. */
import type { EpochMs } from '#app/domain/time.ts';
import { toNewYork } from '#app/market/nyse-zone.ts';
import { shortDay } from '#chassis/page-figures.ts';

const two = (value: number): string => String(value).padStart(2, '0');

/** The clock in New York, `09:31:05`. */
export function clock(at: EpochMs): string {
  const { hour, minute, second } = toNewYork(at);
  return `${two(hour)}:${two(minute)}:${two(second)}`;
}
/** Day and minute in New York, `5 Jan 2026, 18:00`. */
export function dayAndMinute(at: EpochMs): string {
  const { date, hour, minute } = toNewYork(at);
  return `${shortDay(date)} ${date.slice(0, 4)}, ${two(hour)}:${two(minute)}`;
}
