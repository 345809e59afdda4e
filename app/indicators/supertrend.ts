/** O. Seban's SuperTrend: a band of average true ranges that follows the price on one side until a close crosses it. */
import * as z from 'zod';
import { atrPart, atrPartPush, atrPartSchema } from './bands.ts';
import { defineIndicator, factor, type IndicatorUse, period, use } from './indicator.ts';

const superTrendSchema = z.object({ ...atrPartSchema.shape, multiple: z.number(), upper: z.number(), lower: z.number(), direction: z.union([z.literal(0), z.literal(1), z.literal(-1)]) });

/**
 * SuperTrend, dollars, and its direction: 1 up (`line` is the lower band), -1 down (the upper). Rule of the bands: hl2 +- multiple x ATR (Wilder);
 * the upper only falls unless the close before lay above it, the lower only rises unless the close before lay below it. The direction
 * flips when a close lies strictly beyond the band of the other side; it begins as down. hl2 100, ATR 2, multiple 3: bands 106 and 94, line 106.
 */
export const SUPERTREND = defineIndicator<'line' | 'direction', z.infer<typeof superTrendSchema>>({
  id: 'SUPERTREND', title: 'SuperTrend', group: 'trend', unit: 'price', formula: 'hl2 ∓ multiple × ATR (Wilder), ratcheted; flips when a close lies beyond the band', source: 'O. Seban, SuperTrend (2009), as TradingView computes it',
  parameters: [period('period', 'Period', 10), factor('multiple', 'Average true ranges', 3, [0, 100])], inputs: ['high', 'low', 'close'], outputs: ['line', 'direction'], lookback: ([n = 0]) => n, forgetting: ([n = 0]) => 20 * n + 1, state: superTrendSchema,
  start: ([n = 0, times = 0]) => ({ ...atrPart(n), multiple: times, upper: 0, lower: 0, direction: 0 }),
  next(state, bar, out) {
    const before = state.previous ?? NaN;
    const away = state.multiple * atrPartPush(state, bar);
    if (Number.isNaN(away)) {
      out.fill(NaN);
      return;
    }
    const middle = (bar.high + bar.low) / 2;
    const isFirst = state.direction === 0;
    const upper = isFirst || middle + away < state.upper || before > state.upper ? middle + away : state.upper;
    const lower = isFirst || middle - away > state.lower || before < state.lower ? middle - away : state.lower;
    if (isFirst) state.direction = -1;
    else if (state.direction === -1) state.direction = bar.close > upper ? 1 : -1;
    else state.direction = bar.close < lower ? -1 : 1;
    state.upper = upper;
    state.lower = lower;
    out[0] = state.direction === 1 ? lower : upper;
    out[1] = state.direction;
  },
});
/** SuperTrend over `length` bars, `times` the average true range away. */
export const superTrend = (length = 10, times = 3): IndicatorUse<'line' | 'direction'> => use(SUPERTREND, [length, times]);
