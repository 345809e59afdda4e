/** Wide bars for strategies that look at a wider timeframe than they trade: closed ones alone, put together by the market's rules. */
import * as z from 'zod';
import { invariant } from '#app/domain/errors.ts';
import { timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import type { NumericBar } from '#app/indicators/indicator.ts';
import { bucketOpen } from '#app/market/bar-aggregation.ts';
import { exchangeDay, sessionOn } from '#app/market/calendar.ts';
import type { WideBars } from '#app/strategy/tape.ts';

const barSchema = z.object({ time: z.number(), open: z.number(), high: z.number(), low: z.number(), close: z.number(), volume: z.number() });
const stateSchema = z.object({ timeframe: z.enum(['1Min', '5Min', '15Min', '1Hour', '1Day']), open: barSchema.nullable() });
type State = { readonly timeframe: Timeframe; open: z.infer<typeof barSchema> | null };

/** When a wide bar is complete: a day ends with its session. */
function endOf(open: number, timeframe: Timeframe): number {
  const session = timeframe === '1Day' ? sessionOn(exchangeDay(open as EpochMs)) : null;
  return session?.close ?? open + timeframeMs(timeframe);
}

/** Wide bars of regular trading: finished by the narrow bar that ends with them, or by the first one after them. */
export const WIDE_BARS: WideBars = {
  start: (timeframe): State => ({ timeframe, open: null }),
  readState(timeframe, raw) {
    const state = stateSchema.safeParse(raw);
    invariant(state.success && state.data.timeframe === timeframe, 'The stored wide bar is not one of this timeframe', { timeframe });
    return state.data;
  },
  add(raw, bar, closeTime) {
    const state = raw as State;
    const closed: NumericBar[] = [];
    const time = bucketOpen(bar.time as EpochMs, state.timeframe);
    if (state.open !== null && state.open.time !== time) {
      closed.push(state.open);
      state.open = null;
    }
    const { open } = state;
    state.open = open === null
      ? { ...bar, time }
      : { ...open, high: Math.max(open.high, bar.high), low: Math.min(open.low, bar.low), close: bar.close, volume: open.volume + bar.volume };
    if (closeTime < endOf(time, state.timeframe)) return closed;
    closed.push(state.open);
    state.open = null;
    return closed;
  },
};
