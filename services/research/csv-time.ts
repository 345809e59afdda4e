/** Times as a file tells them, made into instants: days into New York's midnights, its clock into Greenwich's. */
import { AppError } from '#app/domain/errors.ts';
import { DAY_MS, MINUTE_MS, toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { fromNewYorkDay, newYorkDayNumber } from '#app/market/nyse-zone.ts';

/** Days (ms since 1970, whole days as the file writes them, or off by its offset) into the label of a day bar, New York's midnight. In place. */
export function labelDays(times: Float64Array): void {
  for (let n = 0; n < times.length; n += 1) times[n] = fromNewYorkDay(Math.round((times[n] as number) / DAY_MS), 0);
}

/** Whether all instants are midnights in New York: day bars as Alpaca labels them. */
export function areDayLabels(times: Float64Array): boolean {
  return times.every((at) => fromNewYorkDay(newYorkDayNumber(at as EpochMs), 0) === at);
}

/** Readings of New York's clock into instants. In place. @throws AppError INPUT_INVALID when two rows become one moment: in the hour that the clock leaves out in spring */
export function fromExchangeClock(times: Float64Array): void {
  let day = NaN;
  let dayEnd = -Infinity;
  let shift = NaN;
  let before = -Infinity;
  for (let n = 0; n < times.length; n += 1) {
    const local = times[n] as number;
    if (!(local < dayEnd && local >= day)) {
      const number = Math.floor(local / DAY_MS);
      [day, dayEnd] = [number * DAY_MS, (number + 1) * DAY_MS];
      const [start, end] = [fromNewYorkDay(number, 0), fromNewYorkDay(number + 1, 0)];
      shift = end - start === DAY_MS ? start - day : NaN;
    }
    const at = Number.isNaN(shift) ? onChangingDay(local) : local + shift;
    if (at <= before) throw new AppError('INPUT_INVALID', `Two rows stand for ${toRfc3339(at as EpochMs)}: New York's clock leaves out an hour on this day. Write times with their offset, such as 2024-03-10T07:30:00Z`);
    before = at;
    times[n] = at;
  }
}

/** Whether the computer knows a time zone by this name. */
export function isZoneName(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).format(0) !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** How far a named zone's clock is ahead of Greenwich's at an instant, in ms. */
function offsetOf(format: Intl.DateTimeFormat, at: number): number {
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(parts['year'] ?? NaN, (parts['month'] ?? NaN) - 1, parts['day'] ?? NaN, parts['hour'] ?? NaN, parts['minute'] ?? NaN, parts['second'] ?? NaN) - Math.floor(at / 1_000) * 1_000;
}

/**
 * Readings of a named zone's clock into instants, in place. An hour that comes twice is read as the first; one that is left out as the hour after it.
 * zoneClock('Europe/Warsaw') makes 2024-01-02 15:30 the instant 14:30Z. @throws AppError INPUT_INVALID for a name that is none
 */
export function zoneClock(name: string): (times: Float64Array) => void {
  if (!isZoneName(name)) throw new AppError('INPUT_INVALID', `"${name}" is no time zone. Write "exchange", "utc", or a name such as Europe/Berlin`);
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
  return (times) => {
    let day = NaN;
    let [before, after] = [NaN, NaN];
    for (let n = 0; n < times.length; n += 1) {
      const local = times[n] as number;
      const number = Math.floor(local / DAY_MS);
      if (number !== day) {
        day = number;
        // Offsets of the day before and the day after: the same on all days but the two on which the clock is changed.
        before = offsetOf(format, (number - 1) * DAY_MS);
        after = offsetOf(format, (number + 2) * DAY_MS);
      }
      if (before === after) times[n] = local - before;
      else times[n] = offsetOf(format, local - before) === before ? local - before : local - after;
    }
  };
}

/** On a day on which the clock is put forward or back. */
function onChangingDay(local: number): number {
  const minutes = Math.floor(local / MINUTE_MS);
  const dayNumber = Math.floor(local / DAY_MS);
  return fromNewYorkDay(dayNumber, minutes - (dayNumber * DAY_MS) / MINUTE_MS) + (local - minutes * MINUTE_MS);
}
