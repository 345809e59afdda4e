/** Commands about stored bars. */
import { barsAskSchema, barsViewSchema } from './market-data.ts';
import type { CommandContract } from './request.ts';

/** Its commands. */
export const STORAGE_COMMANDS = {
  /** Reads a stretch of a series for a chart. */
  readBars: { service: 'data_ingestion', input: barsAskSchema, output: barsViewSchema },
} as const satisfies Record<string, CommandContract>;
