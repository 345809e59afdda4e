/** Averages of the price: drawn over the candles. */
import { EMA } from '../ema.ts';
import type { AnyIndicator } from '../indicator.ts';
import { SMA } from '../sma.ts';

/** All of them. */
export const AVERAGES: readonly AnyIndicator[] = [SMA, EMA];
