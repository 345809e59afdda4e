/** Two tellings of the same time: the day against its minutes, one reading against another. */
import { timeframeMs } from '#app/domain/time.ts';
import { dayWalker, placesOf } from './days.ts';
import { aboutBar, type Columns, type Finding } from './finding.ts';

/** A day can be compared when at least this share of its minutes is there. */
const COVERED = 0.95;
/** Official opens and closes are those of the auctions, and the day's extremes leave out odd prints: relative difference that is usual. */
const PRICE_TOLERANCE = 0.01;
/** The day's volume holds the auctions and blocks that minutes leave out: factors between which it is usual. */
const VOLUME_LEAST = 0.5;
const VOLUME_MOST = 4;
/** Sources round differently: relative difference of prices, of volumes. */
const SOURCE_PRICE_TOLERANCE = 1e-6;
const SOURCE_VOLUME_TOLERANCE = 0;

type Sum = { open: number; high: number; low: number; close: number; volume: number; minutes: number; expected: number };

function sumsByDay(minutes: Columns, width: number): Map<number, Sum> {
  const sums = new Map<number, Sum>();
  const dayOf = dayWalker();
  for (let n = 0; n < minutes.time.length; n += 1) {
    const time = minutes.time[n] as number;
    const day = dayOf(time);
    if (day === null || day.session === null) continue;
    const places = placesOf(day.session, width);
    if (time < places.first || time >= places.end) continue;
    const sum = sums.get(day.day);
    const [open, high, low, close, volume] = [minutes.open[n] as number, minutes.high[n] as number, minutes.low[n] as number, minutes.close[n] as number, minutes.volume[n] as number];
    if (sum === undefined) sums.set(day.day, { open, high, low, close, volume, minutes: 1, expected: (places.end - places.first) / width });
    else Object.assign(sum, { high: Math.max(sum.high, high), low: Math.min(sum.low, low), close, volume: sum.volume + volume, minutes: sum.minutes + 1 });
  }
  return sums;
}

/** Day bars that disagree with the sum of their narrower bars (of `minutesWidth`). Days with too few of those are not compared. */
export function compareDays(days: Columns, minutes: Columns, minutesFrame: '1Min' | '5Min' | '15Min' | '1Hour'): Finding[] {
  const sums = sumsByDay(minutes, timeframeMs(minutesFrame));
  const dayOf = dayWalker();
  const findings: Finding[] = [];
  for (let n = 0; n < days.time.length; n += 1) {
    const openTime = days.time[n] as number;
    const sum = sums.get(dayOf(openTime)?.day ?? NaN);
    if (sum === undefined || sum.minutes < COVERED * sum.expected) continue;
    for (const field of ['open', 'high', 'low', 'close', 'volume'] as const) {
      const [told, summed] = [days[field][n] as number, sum[field]];
      const away = field === 'volume' ? 0 : Math.abs(told / summed - 1);
      const isOff = field === 'volume' ? summed > 0 && (told < VOLUME_LEAST * summed || told > VOLUME_MOST * summed) : !(away <= PRICE_TOLERANCE);
      if (!isOff) continue;
      findings.push(aboutBar('day_mismatch', 'warning', { openTime, score: field === 'volume' ? Math.max(told / summed / VOLUME_MOST, (VOLUME_LEAST * summed) / Math.max(1, told)) : away / PRICE_TOLERANCE }, { field, day: told, minutes: summed }));
      break;
    }
  }
  return findings;
}

/** One bar as numbers. */
export type BarNumbers = { readonly open: number; readonly high: number; readonly low: number; readonly close: number; readonly volume: number };

/** The fields in which two tellings of one bar differ. */
export function differingFields(a: BarNumbers, b: BarNumbers): (keyof BarNumbers)[] {
  return (['open', 'high', 'low', 'close', 'volume'] as const).filter((field) => {
    const tolerance = field === 'volume' ? SOURCE_VOLUME_TOLERANCE : SOURCE_PRICE_TOLERANCE;
    return Math.abs(a[field] - b[field]) > tolerance * Math.max(Math.abs(a[field]), Math.abs(b[field]));
  });
}
