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

/** On a day on which the clock is put forward or back. */
function onChangingDay(local: number): number {
  const minutes = Math.floor(local / MINUTE_MS);
  const dayNumber = Math.floor(local / DAY_MS);
  return fromNewYorkDay(dayNumber, minutes - (dayNumber * DAY_MS) / MINUTE_MS) + (local - minutes * MINUTE_MS);
}
