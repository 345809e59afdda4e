/** Volume that cannot be that of the series, and prices that stand still. */
import type { Timeframe } from '#app/domain/time.ts';
import { aboutBar, type Columns, type QualityContext, type Sink, type ToldAction } from './finding.ts';
import { around, median, quantileOfSizes } from './robust.ts';
import type { Regular } from './sessions.ts';

/** Bars in a row with trades at one single price. */
const FROZEN_BARS: Readonly<Record<Timeframe, number>> = { '1Min': 60, '5Min': 30, '15Min': 20, '1Hour': 8, '1Day': 4 };
/** Bars in a row without any volume, in a series that has some. */
const NO_VOLUME_BARS: Readonly<Record<Timeframe, number>> = { '1Min': 20, '5Min': 6, '15Min': 3, '1Hour': 2, '1Day': 1 };
/** Equal bars after the first (open, high, low, close, with a range). With equal volume too one is enough. */
const STALE_REPEATS = 3;
/** A range of two ticks comes again by itself in a quiet stock: bars with another volume must span more, in dollars. */
const STALE_RANGE = 0.025;
const VOLUMES_KEPT = 120;
const VOLUMES_NEEDED = 30;
/** Volume of so many times the usual (median), or so small a part of it. Single minutes hold blocks of a day's size. */
const VOLUME_FACTOR: Readonly<Record<Timeframe, number>> = { '1Min': 200, '5Min': 150, '15Min': 100, '1Hour': 100, '1Day': 50 };
/** Shares per bar from which on a series is liquid enough for that to be odd. */
const LIQUID_VOLUME = 1_000;
/** and so many times what nine in ten bars stay below. */
const VOLUME_OVER_USUAL = 12;
/** Quiet bars are common; so many in a row with a fiftieth of the usual volume are not. */
const THIN_BARS = 5;

type Run = { from: number; bars: number };

/** Tells runs once, when they end. */
function runOf(least: number, tell: (from: number, to: number, bars: number) => void): (isIn: boolean, k: number) => void {
  let run: Run | null = null;
  return (isIn, k) => {
    if (isIn) run = run === null ? { from: k, bars: 1 } : { from: run.from, bars: run.bars + 1 };
    else {
      if (run !== null && run.bars >= least) tell(run.from, k - 1, run.bars);
      run = null;
    }
  };
}

/** Looks at bars that stand still or come again. */
export function checkStill(bars: Columns, regular: Regular, given: { readonly context: QualityContext; readonly sink: Sink }): void {
  const { index } = regular;
  const { context: { timeframe }, sink } = given;
  const timeAt = (k: number): number => bars.time[index[k] as number] as number;
  const frozen = runOf(FROZEN_BARS[timeframe], (from, to, n) => sink.add(aboutBar('frozen_price', 'warning', { openTime: timeAt(from), untilTime: timeAt(to), score: n / FROZEN_BARS[timeframe] }, { bars: n, close: bars.close[index[from] as number] as number })));
  // A file whose holes were filled has thousands of such runs: the volumes are put in a row once.
  const volumes = volumesOf(bars, regular);
  const quiet = runOf(NO_VOLUME_BARS[timeframe], (from, to, n) => {
    const usual = median(around(volumes, from, VOLUMES_KEPT));
    if (usual > 0) sink.add(aboutBar('no_volume', 'warning', { openTime: timeAt(from), untilTime: timeAt(to), score: n / NO_VOLUME_BARS[timeframe] }, { bars: n, usualVolume: usual }));
  });
  const copied = runOf(1, (from, to, n) => tellRepeat(from, to, n, true));
  const stale = runOf(STALE_REPEATS, (from, to, n) => tellRepeat(from, to, n, false));
  const tellRepeat = (from: number, to: number, n: number, withVolume: boolean): void => {
    sink.add(aboutBar('repeated_bar', 'warning', { openTime: timeAt(from), untilTime: timeAt(to), score: withVolume ? n : n / STALE_REPEATS }, { repeats: n, sameAsMs: timeAt(from - 1), volume: withVolume ? 'the same' : 'another' }));
  };
  for (let k = 0; k <= index.length; k += 1) {
    const [n, before] = [index[k] ?? -1, k > 0 && k < index.length ? (index[k - 1] as number) : -1];
    const isEqual = before >= 0 && bars.open[n] === bars.open[before] && bars.high[n] === bars.high[before] && bars.low[n] === bars.low[before] && bars.close[n] === bars.close[before];
    const hasRange = n >= 0 && bars.high[n] !== bars.low[n];
    const hasVolume = n >= 0 && (bars.volume[n] as number) > 0;
    const isCopy = isEqual && hasRange && hasVolume && bars.volume[n] === bars.volume[before];
    frozen(before >= 0 && !hasRange && hasVolume && bars.close[n] === bars.close[before], k);
    quiet(n >= 0 && !hasVolume, k);
    copied(isCopy, k);
    stale(isEqual && !isCopy && (bars.high[n] as number) - (bars.low[n] as number) > STALE_RANGE, k);
  }
}

function volumesOf(bars: Columns, regular: Regular): Float64Array {
  return Float64Array.from(regular.index, (n) => bars.volume[n] as number);
}

/** Shares of the newest bars for one share of each bar: after a split 20:1 was told, a bar before it counts twenty times. All 1 without splits. */
function sharesPerShare({ day }: Regular, actions: readonly ToldAction[]): Float64Array {
  const per = new Float64Array(day.length).fill(1);
  for (const { exDay, split } of actions) {
    if (split === 1) continue;
    for (let k = 0; k < day.length && (day[k] as number) < exDay; k += 1) per[k] = (per[k] as number) / split;
  }
  return per;
}

/** Looks at volumes that are far too large, or thin for a stretch, counted in the shares of today. The first and the last bar of a session have auctions in them and are left out within the day. */
export function checkVolumes(bars: Columns, regular: Regular, given: { readonly context: QualityContext; readonly sink: Sink }): void {
  const { index, day } = regular;
  const { context, sink } = given;
  const factor = VOLUME_FACTOR[context.timeframe];
  const per = sharesPerShare(regular, context.actions ?? []);
  const volumes = volumesOf(bars, regular).map((volume, k) => volume * (per[k] as number));
  const timeAt = (k: number): number => bars.time[index[k] as number] as number;
  /** In the shares of the bar itself, as it is stored. */
  const own = (value: number, k: number): number => Math.round((value / (per[k] as number)) * 100) / 100;
  let mean = volumes.length === 0 ? 0 : quantileOfSizes(volumes.subarray(0, VOLUMES_KEPT), 0.5);
  const thin = runOf(THIN_BARS, (from, to, n) => {
    const usual = median(around(volumes, from, VOLUMES_KEPT));
    let sum = 0;
    for (let k = from; k <= to; k += 1) sum += volumes[k] as number;
    if (sum > 0) sink.add(aboutBar('volume_anomaly', 'warning', { openTime: timeAt(from), untilTime: timeAt(to), score: usual / (sum / n) / factor }, { bars: n, volume: own(sum / n, from), usualVolume: own(usual, from), direction: 'thin' }));
  });
  for (let k = 0; k <= volumes.length; k += 1) {
    const volume = volumes[k] ?? 0;
    // The mean of the last bars is a cheap hint; medians are worked out for the candidates alone.
    const isAuction = context.timeframe !== '1Day' && (day[k] !== day[k - 1] || day[k] !== day[k + 1]);
    const isThin = context.timeframe === '1Day' && k < volumes.length && volume > 0 && volume * factor < mean * 2 && volume * factor < median(around(volumes, k, VOLUMES_KEPT));
    thin(isThin, k);
    if (volume > 5 * mean && !isAuction && k < volumes.length) {
      const others = around(volumes, k, VOLUMES_KEPT);
      const usual = median(others);
      const high = quantileOfSizes(others, 0.9);
      if (others.length >= VOLUMES_NEEDED && usual >= LIQUID_VOLUME && volume > factor * usual && volume > VOLUME_OVER_USUAL * high) {
        sink.add(aboutBar('volume_anomaly', 'warning', { openTime: timeAt(k), score: volume / usual / factor }, { bars: 1, volume: own(volume, k), usualVolume: own(usual, k), direction: 'huge' }));
        continue;
      }
    }
    mean += (volume - mean) / VOLUMES_KEPT;
  }
}
