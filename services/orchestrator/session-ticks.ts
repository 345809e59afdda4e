/** Moments of the market's day: so many minutes from each open, close or full hour of a session. */
import type { FlowSchedule, MarketOfSchedules } from '#app/contracts/flow-schedules.ts';
import { civilFromDays, formatDate, HOUR_MS, MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { calendarCovers, sessionOn } from '#app/market/calendar.ts';
import { fromNewYorkDay } from '#app/market/nyse-zone.ts';

const OPEN_MINUTE = 9 * 60 + 30;
const CLOSE_MINUTE = 16 * 60;

type Hours = { readonly open: EpochMs; readonly close: EpochMs };

/** A session of the market of schedules on a civil day in New York: the exchange's; in a demo every day from 09:30 to 16:00; in a replay none that we know. */
function hoursOn(market: MarketOfSchedules, dayNumber: number): Hours | null {
  if (market === 'unknown') return null;
  const noon = fromNewYorkDay(dayNumber, 720);
  if (!calendarCovers(noon)) return null;
  if (market === 'exchange') return sessionOn(formatDate(civilFromDays(dayNumber)));
  return { open: fromNewYorkDay(dayNumber, OPEN_MINUTE), close: fromNewYorkDay(dayNumber, CLOSE_MINUTE) };
}

/** The ticks that belong to the session of one civil day in New York, ascending; with an offset they may lie on the day before or after. */
export function sessionTicksOfDay({ anchor, offsetMinutes }: Extract<FlowSchedule, { kind: 'session' }>, market: MarketOfSchedules, dayNumber: number): EpochMs[] {
  const hours = hoursOn(market, dayNumber);
  if (!hours) return [];
  const offsetMs = offsetMinutes * MINUTE_MS;
  if (anchor !== 'hour') return [(hours[anchor] + offsetMs) as EpochMs];
  const ticks: EpochMs[] = [];
  // New York is whole hours from UTC, so its full hours are the world's.
  for (let hour = (Math.floor(hours.open / HOUR_MS) + 1) * HOUR_MS; hour <= hours.close; hour += HOUR_MS) ticks.push((hour + offsetMs) as EpochMs);
  return ticks;
}
