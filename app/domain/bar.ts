/** One bar of a symbol, and the rules that make it a possible bar. */
import * as z from 'zod';
import { price, quantity, type Price, type Quantity } from './numeric.ts';
import { symbolSchema } from './ids.ts';
import { timeframeMs, timeframeSchema, type EpochMs, type Timeframe } from './time.ts';

/** An open-high-low-close bar over [openTime, openTime + timeframe), known only at its close. */
export type Bar = {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly openTime: EpochMs;
  readonly open: Price;
  readonly high: Price;
  readonly low: Price;
  readonly close: Price;
  readonly volume: Quantity;
};

const barNumber = z.string().regex(/^\d{1,15}(\.\d{1,9})?$/);
/** Wire form of a bar: exact decimal strings, openTime in epoch milliseconds. */
export const barWireSchema = z.object({
  symbol: symbolSchema,
  timeframe: timeframeSchema,
  openTime: z.number().int(),
  open: barNumber,
  high: barNumber,
  low: barNumber,
  close: barNumber,
  volume: barNumber,
});
/** A bar in its wire form. */
export type BarWire = z.infer<typeof barWireSchema>;

/** Instant at which the bar is complete and may be acted upon. */
export function barCloseTime(bar: { readonly openTime: number; readonly timeframe: Timeframe }): EpochMs {
  return (bar.openTime + timeframeMs(bar.timeframe)) as EpochMs;
}

/** Reads the wire form. @throws AppError INPUT_INVALID */
export function barFromWire(wire: BarWire): Bar {
  return {
    symbol: wire.symbol, timeframe: wire.timeframe, openTime: wire.openTime as EpochMs,
    open: price(wire.open), high: price(wire.high), low: price(wire.low), close: price(wire.close), volume: quantity(wire.volume),
  };
}

/** Why a bar cannot be true, or null: prices > 0, low <= open, close <= high, volume >= 0, openTime on its grid (minutes and hours). */
export function barDefect(bar: BarWire): string | null {
  const [open, high, low, close, volume] = [bar.open, bar.high, bar.low, bar.close, bar.volume].map(Number);
  if (open === undefined || high === undefined || low === undefined || close === undefined || volume === undefined) return 'a field is missing';
  if (!(open > 0 && high > 0 && low > 0 && close > 0)) return 'a price is not greater than zero';
  if (high < low) return 'high is below low';
  if (open > high || open < low) return 'open is outside low..high';
  if (close > high || close < low) return 'close is outside low..high';
  if (!(volume >= 0)) return 'volume is negative';
  if (bar.timeframe !== '1Day' && bar.openTime % timeframeMs(bar.timeframe) !== 0) return 'the open time is not on the timeframe grid';
  return null;
}
