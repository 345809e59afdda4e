/** All rows of the harness. For tests alone. */
import { NAIVE_AVERAGES } from './averages.ts';
import { NAIVE_MOMENTUM } from './momentum.ts';
import type { Rows } from './row.ts';

/** Rows by id. */
export const ROWS: Rows = { ...NAIVE_AVERAGES, ...NAIVE_MOMENTUM };
