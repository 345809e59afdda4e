/** The recorded market: a folder of minute bars as one tape, minute by minute, prices as they were traded. */
import { invariant } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { isRegularBar } from '#app/market/calendar.ts';
import type { BarRange, ListedAsset, Market, MarketBar, Step } from './market.ts';
import type { RecordedFolder, RecordedSeries } from './replay-files.ts';

/** First index whose time is >= `time` (length when there is none). */
function lowerBound(times: Float64Array, time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? Infinity) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function barAt(series: RecordedSeries, n: number): MarketBar {
  const [open = NaN, high = NaN, low = NaN, close = NaN, volume = NaN] = series.values.subarray(n * 5, n * 5 + 5);
  const openTime = series.openTimes[n];
  invariant(openTime !== undefined && Number.isFinite(close), 'A recorded bar exists', { symbol: series.symbol, n });
  const vwap = Math.round(((open + high + low + close) / 4) * 1e6) / 1e6;
  return { symbol: series.symbol, openTime: openTime as EpochMs, open, high, low, close, volume, trades: Math.max(1, Math.round(volume / 100)), vwap };
}

function cut(series: RecordedSeries | undefined, range: BarRange): readonly MarketBar[] {
  if (!series) return [];
  const first = lowerBound(series.openTimes, range.from);
  const end = lowerBound(series.openTimes, range.to + 1);
  const length = Math.max(0, Math.min(end - first, range.limit));
  return Array.from({ length }, (_, n) => barAt(series, range.isDescending ? end - 1 - n : first + n));
}

/**
 * Merges the series into one tape. A step holds all bars of one minute, by symbol. Prices are raw: a recorded split shows as a jump, as it
 * did on the day; no corporate action is applied to positions, so that the broker's books and ours stay sums of fills.
 */
export function openReplayMarket(folder: RecordedFolder): Market {
  const bySymbol = new Map([...folder.series].sort((a, b) => (a.symbol < b.symbol ? -1 : 1)).map((series) => [series.symbol, series]));
  const times = Float64Array.from(new Set(folder.series.flatMap((series) => [...series.openTimes]))).sort();
  const first = times[0];
  invariant(first !== undefined, 'A replay has at least one bar');
  const assets = new Map<string, ListedAsset>([...bySymbol.keys()].map((symbol) => [symbol, { symbol, name: `${symbol} (recorded)`, exchange: 'NYSE' }]));
  const cursors = new Map<string, number>();
  const stepAt = (openTime: EpochMs): Step | null => {
    const bars: MarketBar[] = [];
    for (const series of bySymbol.values()) {
      // The tape is read forward: the next bar of a series is nearly always where the last reading ended.
      let n = cursors.get(series.symbol) ?? 0;
      if (series.openTimes[n] !== openTime && series.openTimes[(n += 1)] !== openTime) n = lowerBound(series.openTimes, openTime);
      if (series.openTimes[n] !== openTime) continue;
      cursors.set(series.symbol, n);
      bars.push(barAt(series, n));
    }
    return bars.length === 0 ? null : { openTime, isRegular: isRegularBar(openTime, '1Min'), bars };
  };
  return {
    kind: 'replay', fingerprint: folder.fingerprint, assets, startTime: first as EpochMs, stepAt,
    size: { steps: times.length, bars: folder.series.reduce((sum, series) => sum + series.openTimes.length, 0) },
    nextStep: (openTime) => {
      const next = times[lowerBound(times, openTime + 1)];
      return next === undefined ? null : stepAt(next as EpochMs);
    },
    bars: (symbol, range) => cut(bySymbol.get(symbol), range), barAt: (symbol, openTime) => cut(bySymbol.get(symbol), { from: openTime, to: openTime, limit: 1 })[0] ?? null,
    tape: new Set(bySymbol.keys()), firstMinute: first as EpochMs, olderDays: () => [], pastActions: () => [], listingChanges: [], delisted: new Map(),
  };
}
