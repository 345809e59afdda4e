/** Commands about filling the book. */
import * as z from 'zod';
import { symbolSchema } from '#app/domain/ids.ts';
import { timeframeSchema } from '#app/domain/time.ts';
import { backfillWishSchema, bulkActSchema, importPreviewSchema, importWishSchema } from './bulk.ts';
import { adjustmentSchema } from './market-data.ts';
import { request, type CommandContract } from './request.ts';

const service = 'data_ingestion';
const id = z.string().min(1).max(80);

/** Its commands. */
export const BULK_COMMANDS = {
  startBackfill: { service, input: backfillWishSchema.safeExtend(request), output: z.object({ backfillId: id }) },
  steerBackfill: { service, input: z.object({ ...request, backfillId: id, act: bulkActSchema }), output: z.object({ backfillId: id }) },
  /** Reads the beginning of each file and says how it is understood; writes nothing. */
  previewImport: { service, input: importWishSchema, output: importPreviewSchema, timeoutMs: 60_000 },
  startImport: { service, input: importWishSchema.extend(request), output: z.object({ importId: id }), timeoutMs: 60_000 },
  steerImport: { service, input: z.object({ ...request, importId: id, act: bulkActSchema }), output: z.object({ importId: id }) },
  /** One page of an export as CSV lines; `after`: open time of the last bar of the page before, null at the beginning; `next` null = that was all. */
  exportBars: {
    service, input: z.object({ symbol: symbolSchema, timeframe: timeframeSchema, adjustment: adjustmentSchema, from: z.string().nullable(), to: z.string().nullable(), after: z.number().int().nullable() }),
    output: z.object({ text: z.string(), bars: z.number().int(), next: z.number().int().nullable() }), timeoutMs: 60_000,
  },
} as const satisfies Record<string, CommandContract>;
