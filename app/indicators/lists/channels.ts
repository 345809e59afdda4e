/** Indicators on the shelf of channels, and SuperTrend. */
import { ATRBANDS, CHANDELIER, ENVELOPE, KELTNER } from '../bands.ts';
import { BBANDS } from '../bbands.ts';
import { DONCHIAN } from '../donchian.ts';
import { ICHIMOKU } from '../ichimoku.ts';
import type { AnyIndicator } from '../indicator.ts';
import { PIVOT, PIVOTCAM, PIVOTFIB } from '../pivots.ts';
import { LRCHANNEL } from '../regression.ts';
import { SUPERTREND } from '../supertrend.ts';

/** All of them. */
export const CHANNELS: readonly AnyIndicator[] = [BBANDS, KELTNER, DONCHIAN, SUPERTREND, ICHIMOKU, CHANDELIER, ATRBANDS, ENVELOPE, LRCHANNEL, PIVOT, PIVOTFIB, PIVOTCAM];
