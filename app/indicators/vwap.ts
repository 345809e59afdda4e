/** Volume-weighted average price: of the day so far, and of the last bars. */
import * as z from 'zod';
import { barCount } from '#app/domain/bar-columns.ts';
import { defineIndicator, type IndicatorUse, type NumericBar, period, use } from './indicator.ts';
import { outputColumns } from './period.ts';
import { sessionDay } from './session.ts';
import { windowSum, windowSumPush, windowSumSchema } from './window-sum.ts';

const SOURCE = 'S. A. Berkowitz, D. E. Logue, E. A. Noser, The Total Cost of Transactions on the NYSE, Journal of Finance 43 (1988), p. 97';
const INPUTS = ['high', 'low', 'close', 'volume'] as const;
const typicalOf = ({ high, low, close }: NumericBar): number => (high + low + close) / 3;

const vwapSchema = z.object({ day: z.number().int().nullable(), flow: z.number(), volume: z.number() });

/** Volume-weighted average price of the session so far, dollars, begun anew at the first bar of each New York day (`sessionDay`). Until something was traded: the typical price. Typical prices 10 and 12 with 100 and 300 shares: 10, 11.5. */
export const VWAP = defineIndicator<'value', z.infer<typeof vwapSchema>>({
  id: 'VWAP', title: 'Volume-weighted average price', group: 'volume', unit: 'price', formula: 'Σ(hlc3 × volume) / Σ volume since the first bar of the New York day', source: SOURCE,
  parameters: [], inputs: INPUTS, outputs: ['value'], lookback: () => 0, forgetting: () => 960, state: vwapSchema,
  columns(bars, _, out) {
    const columns = outputColumns(barCount(bars), 1, out);
    const [column = new Float64Array()] = columns;
    const { time, high, low, close, volume } = bars;
    let [day, flow, shares] = [NaN, 0, 0];
    for (let i = 0; i < close.length; i += 1) {
      const typical = ((high[i] as number) + (low[i] as number) + (close[i] as number)) / 3;
      const today = sessionDay(time[i] as number);
      if (today !== day) [day, flow, shares] = [today, 0, 0];
      flow += typical * (volume[i] as number);
      shares += volume[i] as number;
      column[i] = shares > 0 ? flow / shares : typical;
    }
    return columns;
  },
  start: () => ({ day: null, flow: 0, volume: 0 }),
  next(state, bar, out) {
    const day = sessionDay(bar.time);
    const typical = typicalOf(bar);
    if (day !== state.day) {
      state.day = day;
      state.flow = 0;
      state.volume = 0;
    }
    state.flow += typical * bar.volume;
    state.volume += bar.volume;
    out[0] = state.volume > 0 ? state.flow / state.volume : typical;
  },
});
/** Volume-weighted average price of the day so far. */
export const vwap = (): IndicatorUse<'value'> => use(VWAP);

const rollingSchema = z.object({ flow: windowSumSchema, volume: windowSumSchema });

/** Volume-weighted average price of the last bars, dollars: a VWAP anchored `period` bars ago that moves along. Without volume: the typical price. Over 2 of 10, 12, 14 with 100, 300, 100 shares: NaN, 11.5, 12.5. */
export const ROLLVWAP = defineIndicator<'value', z.infer<typeof rollingSchema>>({
  id: 'ROLLVWAP', title: 'Anchored VWAP of the last bars', group: 'volume', unit: 'price', formula: 'Σ(hlc3 × volume) / Σ volume over the period', source: SOURCE,
  parameters: [period('period', 'Period', 20)], inputs: INPUTS, outputs: ['value'], lookback: ([n = 1]) => n - 1, state: rollingSchema,
  start: ([n = 0]) => ({ flow: windowSum(n), volume: windowSum(n) }),
  next(state, bar, out) {
    const typical = typicalOf(bar);
    const flow = windowSumPush(state.flow, typical * bar.volume);
    const volume = windowSumPush(state.volume, bar.volume);
    out[0] = volume === 0 ? typical : flow / volume;
  },
});
/** Volume-weighted average price of the last `length` bars. */
export const rollingVwap = (length = 20): IndicatorUse<'value'> => use(ROLLVWAP, [length]);
