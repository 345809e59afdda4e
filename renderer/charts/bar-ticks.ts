/** Labels under an axis of bar numbers: where the exchange's year, month, day or hour changes, the greatest change first. Pure. */
import { civilFromDays, epochMs } from '#app/domain/time.ts';
import { calendarCovers, isInSession, sessionOn, toNewYork } from '#app/market/calendar.ts';

/** A place on the axis. `isMajor`: a change of the year (of the day, on intraday charts). */
export type BarTick = { readonly x: number; readonly text: string; readonly isMajor: boolean };

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const LEAST_GAP_PX = 72;
const RANKS = [6, 5, 4, 3, 2, 1] as const;

type Civil = { readonly year: number; readonly month: number; readonly day: number; readonly minute: number };

function civilOf(time: number): Civil {
  const { dayNumber, minuteOfDay } = toNewYork(epochMs(time));
  return { ...civilFromDays(dayNumber), minute: minuteOfDay };
}

/** What changed most between two bars: 6 year, 5 month, 4 day, 3 hour, 2 half hour, 1 five minutes, 0 less. */
function rankOf(before: Civil, now: Civil): number {
  if (now.year !== before.year) return 6;
  if (now.month !== before.month) return 5;
  if (now.day !== before.day) return 4;
  for (const [rank, minutes] of [[3, 60], [2, 30], [1, 5]] as const) if (Math.floor(now.minute / minutes) !== Math.floor(before.minute / minutes)) return rank;
  return 0;
}

function textOf(rank: number, at: Civil): string {
  if (rank === 6) return String(at.year);
  if (rank === 5) return MONTHS[at.month - 1] ?? '';
  if (rank === 4) return `${at.day} ${MONTHS[at.month - 1] ?? ''}`;
  return `${String(Math.floor(at.minute / 60)).padStart(2, '0')}:${String(at.minute % 60).padStart(2, '0')}`;
}

/** Labels for drawn bars at `x` that open at `times`: years first, then months, days, hours, wherever there is room. `pxPerBar`: width of one unit of x. */
export function barTicks(x: readonly number[], times: readonly number[], pxPerBar: number): BarTick[] {
  const civil = times.map(civilOf);
  const ranks = civil.map((now, n) => (n === 0 ? 0 : rankOf(civil[n - 1] ?? now, now)));
  const gap = LEAST_GAP_PX / pxPerBar;
  const taken: { x: number; n: number }[] = [];
  for (const rank of RANKS) {
    const fresh: { x: number; n: number }[] = [];
    let at = 0;
    ranks.forEach((own, n) => {
      if (own !== rank) return;
      const place = x[n] ?? 0;
      while (at < taken.length && (taken[at]?.x ?? Infinity) < place) at += 1;
      const before = Math.max(taken[at - 1]?.x ?? -Infinity, fresh.at(-1)?.x ?? -Infinity);
      if (place - before >= gap && (taken[at]?.x ?? Infinity) - place >= gap) fresh.push({ x: place, n });
    });
    taken.push(...fresh);
    taken.sort((a, b) => a.x - b.x);
  }
  const majorRank = ranks.some((rank) => rank > 0 && rank < 4) ? 4 : 6;
  return taken.flatMap(({ x: place, n }) => {
    const now = civil[n];
    const rank = ranks[n] ?? 0;
    return now === undefined ? [] : [{ x: place, text: textOf(rank, now), isMajor: rank >= majorRank }];
  });
}

/** A stretch of x outside regular trading. */
export type Shade = { readonly from: number; readonly to: number };

/** Stretches of drawn intraday bars before the open and after the close; half days close early. Half a bar to each side. */
export function outsideHours(x: readonly number[], times: readonly number[], size: number): Shade[] {
  const shades: { from: number; to: number }[] = [];
  times.forEach((time, n) => {
    const at = epochMs(time);
    if (calendarCovers(at) && isInSession(at)) return;
    const place = x[n] ?? 0;
    const last = shades.at(-1);
    if (last !== undefined && place - size / 2 <= last.to + 0.01) last.to = place + size / 2;
    else shades.push({ from: place - size / 2, to: place + size / 2 });
  });
  return shades;
}

/** Does the exchange's day of an instant close early? In words, null when it does not. */
export function halfDayNote(time: number): string | null {
  const at = epochMs(time);
  if (!calendarCovers(at)) return null;
  return sessionOn(toNewYork(at).date)?.isEarly === true ? 'half day, closes 13:00' : null;
}
