/** The wall clocks of the world: any IANA time zone by the platform's data, New York by the house's own rule. */
import { AppError } from '#app/domain/errors.ts';
import { DAY_MS, MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { newYorkOffsetMs } from '#app/market/nyse-zone.ts';

/** A time zone. */
export type Zone = { readonly name: string; /** Local minus UTC in milliseconds at an instant. */ offsetMs(at: number): number };

/** The exchange's zone, and that of schedules that name none. */
const NEW_YORK = 'America/New_York';
const MAX_DAYS_KNOWN = 10_000;
const MAX_ZONES_KNOWN = 100;
const zones = new Map<string, Zone>();

/** Asking the platform costs microseconds: each day that keeps one offset is asked for once. */
function openZone(name: string, format: Intl.DateTimeFormat): Zone {
  const offsets = new Map<number, number | null>();
  const ask = (at: number): number => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) - Math.floor(at / 1_000) * 1_000;
  };
  return {
    name,
    offsetMs(at) {
      const day = Math.floor(at / DAY_MS);
      const known = offsets.get(day);
      if (known !== undefined) return known ?? ask(at);
      if (offsets.size >= MAX_DAYS_KNOWN) offsets.clear();
      const [first, last] = [ask(day * DAY_MS), ask((day + 1) * DAY_MS - 1)];
      offsets.set(day, first === last ? first : null);
      return first === last ? first : ask(at);
    },
  };
}

/** The zone of a name. @throws AppError SCHEDULE_INVALID for a name that the platform does not know. */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known) return known;
  if (zones.size >= MAX_ZONES_KNOWN) zones.clear();
  const zone = name === NEW_YORK ? { name, offsetMs: (at: number) => newYorkOffsetMs(at as EpochMs) } : openZone(name, formatOf(name));
  zones.set(name, zone);
  return zone;
}

function formatOf(name: string): Intl.DateTimeFormat {
  try {
    if (!/^[A-Za-z]/.test(name)) throw new RangeError(`Not a name: ${name}`);
    return new Intl.DateTimeFormat('en-US', { timeZone: name, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric', calendar: 'gregory' });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AppError('SCHEDULE_INVALID', `timeZone: there is no time zone "${name.slice(0, 60)}"; use an IANA name such as America/New_York or Europe/London`, { cause: error });
  }
}

/** Days since 1970-01-01 of the civil day in a zone at an instant. */
export function civilDayOf(zone: Zone, at: number): number {
  return Math.floor((at + zone.offsetMs(at)) / DAY_MS);
}

/**
 * The instant at which a zone's wall clock shows a time of a day. `first` is the earlier one of an hour that happens twice, and `again` the later;
 * a time that is skipped is read as the one that comes as much later as the clock jumps (02:30 as 03:30).
 */
export function fromWall(zone: Zone, dayNumber: number, minuteOfDay: number): { readonly first: EpochMs; readonly again: EpochMs | null } {
  const local = dayNumber * DAY_MS + minuteOfDay * MINUTE_MS;
  const [before, after] = [zone.offsetMs(local - DAY_MS), zone.offsetMs(local + DAY_MS)];
  const byBefore = (local - before) as EpochMs;
  if (before === after) return { first: byBefore, again: null };
  const byAfter = (local - after) as EpochMs;
  const isByBefore = zone.offsetMs(byBefore) === before;
  const isByAfter = zone.offsetMs(byAfter) === after;
  if (isByBefore && isByAfter) return { first: byBefore, again: byAfter };
  return { first: isByAfter ? byAfter : byBefore, again: null };
}
