/** Order and grid: bars twice, out of order, between two places, from the future; what is left is sorted by time. */
import { DAY_MS, HOUR_MS, timeframeMs } from '#app/domain/time.ts';
import { fromNewYorkDay } from '../nyse-zone.ts';
import { dayWalker } from './days.ts';
import { aboutBar, type Columns, type QualityContext, type Sink } from './finding.ts';

/** Clocks of computers are this far apart without anybody noticing. */
const CLOCK_TOLERANCE_MS = 2_000;
const FIELDS = ['open', 'high', 'low', 'close', 'volume'] as const;

/** The bars that have a place of their own. `index`: of their rows, `time`: of their places (epoch ms), both in order of time. */
export type Placed = { readonly index: Int32Array; readonly time: Float64Array };

function isSame(bars: Columns, a: number, b: number): boolean {
  return FIELDS.every((field) => bars[field][a] === bars[field][b]);
}

/** Where a day bar belongs: midnight in New York of its day. Told at another whole hour, or at midnight UTC, it is shifted; null: at no place of a day. */
function dayPlace(time: number, midnight: number): { place: number; hours: number } | null {
  if (time === midnight) return { place: time, hours: 0 };
  if (time % DAY_MS === 0) {
    const place = fromNewYorkDay(time / DAY_MS, 0);
    return { place, hours: (time - place) / HOUR_MS };
  }
  return (time - midnight) % HOUR_MS === 0 ? { place: midnight, hours: (time - midnight) / HOUR_MS } : null;
}

/** Where bars were in time when they were told: ahead of the market's clock, or before they could be complete. */
function clockRule(bars: Columns, context: QualityContext, sink: Sink): (n: number, closeAt: number) => void {
  const { now = null, seen = null } = context;
  return (n, closeAt) => {
    const openTime = bars.time[n] as number;
    if (now !== null && closeAt > now + CLOCK_TOLERANCE_MS) {
      sink.add(aboutBar('clock_skew', 'critical', { openTime, score: (closeAt - now) / CLOCK_TOLERANCE_MS }, { defect: 'its time has not passed yet', aheadSeconds: Math.round((closeAt - now) / 1_000) }));
      return;
    }
    const early = seen === null ? 0 : closeAt - (seen[n] as number);
    if (early > CLOCK_TOLERANCE_MS) sink.add(aboutBar('clock_skew', 'warning', { openTime, score: early / CLOCK_TOLERANCE_MS }, { defect: 'it was seen before it was complete', earlySeconds: Math.round(early / 1_000) }));
  };
}

type Shift = { from: number; until: number; hours: number; bars: number };

/** Day bars that are told at another hour, run by run. */
function shiftRuns(sink: Sink): { note: (time: number, hours: number) => void; end: () => void } {
  let run: Shift | null = null;
  const end = (): void => {
    if (run !== null) sink.add(aboutBar('time_shift', 'warning', { openTime: run.from, untilTime: run.until }, { hours: run.hours, bars: run.bars }));
    run = null;
  };
  return {
    note(time, hours) {
      if (hours === 0) return end();
      // Between summer and winter a zone that is not New York's is an hour off: one run all the same.
      if (run !== null && Math.abs(run.hours - hours) <= 1) Object.assign(run, { until: time, bars: run.bars + 1 });
      else {
        end();
        run = { from: time, until: time, hours, bars: 1 };
      }
    },
    end,
  };
}

/** Finds bars without a place of their own, and gives the others. Bars that cannot be keep their place: nothing is missing there. */
export function placeBars(bars: Columns, given: { readonly context: QualityContext; readonly sound: Uint8Array; readonly sink: Sink }): Placed {
  const { context, sound, sink } = given;
  const { time } = bars;
  const isDaily = context.timeframe === '1Day';
  const width = timeframeMs(context.timeframe);
  const index = new Int32Array(time.length);
  const places = new Float64Array(time.length);
  const late: Late[] = [];
  const dayOf = dayWalker();
  const checkClock = clockRule(bars, context, sink);
  const shifts = shiftRuns(sink);
  let [count, newest] = [0, -Infinity];
  for (let n = 0; n < time.length; n += 1) {
    const openTime = time[n] as number;
    const day = dayOf(openTime);
    let place = openTime;
    if (isDaily && day !== null) {
      const found = dayPlace(openTime, day.from);
      if (found !== null) shifts.note(openTime, found.hours);
      place = found?.place ?? NaN;
    } else if (openTime % width !== 0) place = NaN;
    if (Number.isNaN(place)) {
      const place = isDaily && day !== null ? day.from : Math.floor(openTime / width) * width;
      sink.add(aboutBar('off_grid', 'critical', { openTime }, { offSeconds: (openTime - place) / 1_000 }));
      // It is not judged further, and nothing is missing where it stands.
      sound[n] = 0;
      late.push({ place, n, isStray: true });
      continue;
    }
    checkClock(n, isDaily && day?.session ? day.session.close : place + width);
    if (place > newest) {
      index[count] = n;
      places[count] = place;
      count += 1;
      newest = place;
    } else late.push({ place, n, isStray: false });
  }
  shifts.end();
  return takeLate({ bars, sink }, { index: index.subarray(0, count), time: places.subarray(0, count) }, late);
}

/** A row that came after newer ones, or stands between two places. */
type Late = { readonly place: number; readonly n: number; readonly isStray: boolean };

/** Position of a time among sorted ones, -1 when it is not there. */
function findTime(sorted: Float64Array, wanted: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const here = sorted[middle] as number;
    if (here === wanted) return middle;
    if (here < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Rows that came after newer ones: the same bar again, or out of order. The first row of a place counts. */
function takeLate({ bars, sink }: { bars: Columns; sink: Sink }, placed: Placed, late: readonly Late[]): Placed {
  if (late.length === 0) return placed;
  const added = new Map<number, number>();
  for (const { place, n, isStray } of late) {
    const at = findTime(placed.time, place);
    const first = at >= 0 ? (placed.index[at] as number) : added.get(place);
    const openTime = bars.time[n] as number;
    if (isStray) {
      if (first === undefined) added.set(place, n);
    } else if (first !== undefined) {
      const isEqual = isSame(bars, first, n);
      sink.add(aboutBar('duplicate', isEqual ? 'warning' : 'critical', { openTime }, { row: n + 1, sameAsRow: first + 1, values: isEqual ? 'the same' : 'different' }));
    } else {
      added.set(place, n);
      sink.add(aboutBar('out_of_order', 'warning', { openTime }, { row: n + 1 }));
    }
  }
  const all = [...added].map(([place, n]) => ({ place, n }));
  for (let k = 0; k < placed.time.length; k += 1) all.push({ place: placed.time[k] as number, n: placed.index[k] as number });
  all.sort((a, b) => a.place - b.place);
  return { index: Int32Array.from(all, (one) => one.n), time: Float64Array.from(all, (one) => one.place) };
}
