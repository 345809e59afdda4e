/** Averages of the price: drawn over the candles. */
import { EMA } from '../ema.ts';
import type { AnyIndicator } from '../indicator.ts';
import { MIDPOINT, MIDPRICE } from '../oscillators.ts';
import { SMA } from '../sma.ts';
import { DEMA, KAMA, SMMA, T3, TEMA, ZLEMA } from '../smoothed.ts';
import { ALMA, HMA, TRIMA, VWMA, WMA } from '../weighted.ts';

/** All of them. */
export const AVERAGES: readonly AnyIndicator[] = [SMA, EMA, WMA, HMA, TRIMA, ALMA, VWMA, DEMA, TEMA, T3, ZLEMA, SMMA, KAMA, MIDPOINT, MIDPRICE];
