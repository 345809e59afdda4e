/** Whether there is a trend, and how strong it is. */
import { ADX, ADXR, DX, MINUS_DI, MINUS_DM, PLUS_DI, PLUS_DM } from '../directional.ts';
import type { AnyIndicator } from '../indicator.ts';
import { AROON, AROONOSC, MASS, SAR, VORTEX } from '../trend.ts';

/** All of them. */
export const TREND: readonly AnyIndicator[] = [ADX, ADXR, DX, PLUS_DI, MINUS_DI, PLUS_DM, MINUS_DM, AROON, AROONOSC, SAR, VORTEX, MASS];
