/** Speed and strength of a movement. */
import type { AnyIndicator } from '../indicator.ts';
import { RSI } from '../rsi.ts';

/** All of them. */
export const MOMENTUM: readonly AnyIndicator[] = [RSI];
