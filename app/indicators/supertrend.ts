/** O. Seban's SuperTrend: a band of average true ranges that follows the price on one side until a close crosses it. */
import * as z from 'zod';
import { barCount } from '#app/domain/bar-columns.ts';
import { atrColumn, atrNext, atrStart, atrStateSchema } from './atr.ts';
import { defineIndicator, factor, type IndicatorUse, period, use } from './indicator.ts';
import { outputColumns } from './period.ts';

const trackSchema = z.object({ before: z.number(), upper: z.number(), lower: z.number(), direction: z.union([z.literal(0), z.literal(1), z.literal(-1)]) });
type Track = z.infer<typeof trackSchema>;
const superTrendSchema = z.object({ range: atrStateSchema, multiple: z.number(), track: trackSchema });

const startTrack = (): Track => ({ before: 0, upper: 0, lower: 0, direction: 0 });

/** Moves both bands to a bar, and turns when its close lies beyond the one of the other side. */
function follow(track: Track, middle: number, away: number, close: number): void {
  const isFirst = track.direction === 0;
  const { before } = track;
  const upper = isFirst || middle + away < track.upper || before > track.upper ? middle + away : track.upper;
  const lower = isFirst || middle - away > track.lower || before < track.lower ? middle - away : track.lower;
  if (isFirst) track.direction = -1;
  else if (track.direction === -1) track.direction = close > upper ? 1 : -1;
  else track.direction = close < lower ? -1 : 1;
  track.upper = upper;
  track.lower = lower;
  track.before = close;
}

/**
 * SuperTrend, dollars, and its direction: 1 up (`line` is the lower band), -1 down (the upper). Rule of the bands: hl2 +- multiple x ATR (Wilder);
 * the upper only falls unless the close before lay above it, the lower only rises unless the close before lay below it. The direction
 * flips when a close lies strictly beyond the band of the other side; it begins as down. hl2 100, ATR 2, multiple 3: bands 106 and 94, line 106.
 */
export const SUPERTREND = defineIndicator<'line' | 'direction', z.infer<typeof superTrendSchema>>({
  id: 'SUPERTREND', title: 'SuperTrend', group: 'trend', unit: 'price', formula: 'hl2 ∓ multiple × ATR (Wilder), ratcheted; flips when a close lies beyond the band', source: 'O. Seban, SuperTrend (2009), as TradingView computes it',
  parameters: [period('period', 'Period', 10), factor('multiple', 'Average true ranges', 3, [0, 100])], inputs: ['high', 'low', 'close'], outputs: ['line', 'direction'], lookback: ([n = 0]) => n, forgetting: ([n = 0]) => 20 * n + 1, state: superTrendSchema,
  columns(bars, [n = 0, times = 0], out) {
    const columns = outputColumns(barCount(bars), 2, out);
    const [line, direction] = columns as readonly [Float64Array, Float64Array];
    const { high, low, close } = bars;
    atrColumn(bars, n, line);
    direction.fill(NaN, 0, Math.min(n, close.length));
    const track = startTrack();
    for (let i = n; i < close.length; i += 1) {
      const away = times * (line[i] as number);
      if (Number.isNaN(away)) {
        line[i] = direction[i] = NaN;
        continue;
      }
      follow(track, ((high[i] as number) + (low[i] as number)) / 2, away, close[i] as number);
      line[i] = track.direction === 1 ? track.lower : track.upper;
      direction[i] = track.direction;
    }
    return columns;
  },
  start: ([n = 0, times = 0]) => ({ range: atrStart(n), multiple: times, track: startTrack() }),
  next({ range, multiple, track }, bar, out) {
    const away = multiple * atrNext(range, bar);
    if (Number.isNaN(away)) {
      out.fill(NaN);
      return;
    }
    follow(track, (bar.high + bar.low) / 2, away, bar.close);
    out[0] = track.direction === 1 ? track.lower : track.upper;
    out[1] = track.direction;
  },
});
/** SuperTrend over `length` bars, `times` the average true range away. */
export const superTrend = (length = 10, times = 3): IndicatorUse<'line' | 'direction'> => use(SUPERTREND, [length, times]);
