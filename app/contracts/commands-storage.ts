/** Commands about stored bars. */
import * as z from 'zod';
import { barsAskSchema, barsViewSchema } from './market-data.ts';
import type { CommandContract } from './request.ts';
import { storageViewSchema } from './storage.ts';

/** Its commands. */
export const STORAGE_COMMANDS = {
  /** Reads a stretch of a series for a chart. */
  readBars: { service: 'data_ingestion', input: barsAskSchema, output: barsViewSchema },
  /** Says where bars lie and how much room they take. */
  readStorage: { service: 'data_ingestion', input: z.object({}), output: storageViewSchema },
} as const satisfies Record<string, CommandContract>;
