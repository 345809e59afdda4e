/** Bars put together into wider bars: minutes to 5 and 15 minutes, hours and days, one bar at a time. */
import type { Bar } from '#app/domain/bar.ts';
import { invariant } from '#app/domain/errors.ts';
import { Decimal, addQuantity, type Price } from '#app/domain/numeric.ts';
import { timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { exchangeDay, isRegularBar, sessionOn } from './calendar.ts';
import { fromNewYorkDay, newYorkDayNumber } from './nyse-zone.ts';

/** What to put together: `regular` leaves out bars outside regular trading, `all` takes whatever was traded. */
export type AggregationRule = { readonly timeframe: Exclude<Timeframe, '1Min'>; readonly hours: 'regular' | 'all' };

/** The wide bar that is being put together, and where the last one that was finished ends. */
export type AggregationState = AggregationRule & {
  readonly open: Bar | null;
  /** Narrow bars that open before this instant are late: their wide bar is closed and stays as it was told. */
  readonly closedUpTo: number;
};

/** Begins with nothing. `timeframe` is the wide one. */
export function startAggregation(rule: AggregationRule): AggregationState {
  return { timeframe: rule.timeframe, hours: rule.hours, open: null, closedUpTo: -Infinity };
}

/**
 * Open time of the wide bar that an instant belongs to. Intraday bars stand on the clock's grid, which is New York's grid
 * too (its offsets are whole hours); a day bar is labelled with midnight in New York, as Alpaca labels it.
 */
export function bucketOpen(at: EpochMs, timeframe: Timeframe): EpochMs {
  if (timeframe === '1Day') return fromNewYorkDay(newYorkDayNumber(at), 0);
  const width = timeframeMs(timeframe);
  return (Math.floor(at / width) * width) as EpochMs;
}

/** The instant from which on no narrow bar can belong to the wide one: a regular day ends with its session. */
function bucketEnd(open: EpochMs, rule: AggregationRule): EpochMs {
  if (rule.timeframe !== '1Day') return (open + timeframeMs(rule.timeframe)) as EpochMs;
  const session = rule.hours === 'regular' ? sessionOn(exchangeDay(open)) : null;
  return session?.close ?? fromNewYorkDay(newYorkDayNumber(open) + 1, 0);
}

function widen(open: Bar, bar: Bar): Bar {
  return {
    ...open, high: Decimal.max(open.high, bar.high) as Price, low: Decimal.min(open.low, bar.low) as Price, close: bar.close, volume: addQuantity(open.volume, bar.volume),
  };
}

/** What came of one narrow bar: the state after it, and the wide bars that are finished (none, one, or two when bars were missing). */
export type Aggregated = { readonly state: AggregationState; readonly closed: readonly Bar[] };

/**
 * Adds one complete narrow bar of one symbol, in order of time. A wide bar is finished by the narrow bar that ends with it,
 * or by the first one after it. Late bars are left out, and those outside regular trading where the rule says so.
 * @throws AppError INVARIANT_BROKEN when the narrow bar is not narrower, or of another symbol.
 */
export function aggregate(state: AggregationState, bar: Bar): Aggregated {
  const { timeframe } = state;
  invariant(timeframeMs(bar.timeframe) < timeframeMs(timeframe), 'A bar can only be put into a wider one', { from: bar.timeframe, to: timeframe });
  invariant(state.open === null || state.open.symbol === bar.symbol, 'One aggregation takes one symbol', { symbol: bar.symbol });
  if (bar.openTime < state.closedUpTo || (state.hours === 'regular' && !isRegularBar(bar.openTime, bar.timeframe))) return { state, closed: [] };
  const closed: Bar[] = [];
  const openTime = bucketOpen(bar.openTime, timeframe);
  let { open, closedUpTo } = state;
  if (open !== null && open.openTime !== openTime) {
    closed.push(open);
    closedUpTo = bucketEnd(open.openTime, state);
    open = null;
  }
  open = open === null ? { ...bar, timeframe, openTime } : widen(open, bar);
  const end = bucketEnd(openTime, state);
  if (bar.openTime + timeframeMs(bar.timeframe) >= end) {
    closed.push(open);
    closedUpTo = end;
    open = null;
  }
  return { state: { ...state, open, closedUpTo }, closed };
}

/** The unfinished bar as far as it is known, when no more will come (the end of a file); null when there is none. */
export function finishAggregation(state: AggregationState): Bar | null {
  return state.open;
}
