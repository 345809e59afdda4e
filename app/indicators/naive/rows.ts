/** All rows of the harness. For tests alone. */
import { NAIVE_AVERAGES } from './averages.ts';
import { NAIVE_CHANNELS } from './channels.ts';
import { NAIVE_MOMENTUM } from './momentum.ts';
import { NAIVE_PATTERNS } from './patterns.ts';
import type { Rows } from './row.ts';
import { NAIVE_STATISTICS } from './statistics.ts';
import { NAIVE_TREND } from './trend.ts';
import { NAIVE_VOLATILITY } from './volatility.ts';
import { NAIVE_VOLUME } from './volume.ts';

/** Rows by id. */
export const ROWS: Rows = { ...NAIVE_AVERAGES, ...NAIVE_MOMENTUM, ...NAIVE_TREND, ...NAIVE_VOLATILITY, ...NAIVE_CHANNELS, ...NAIVE_VOLUME, ...NAIVE_STATISTICS, ...NAIVE_PATTERNS };
