/** Where bars lie: months in the book, files of the archive, room on the disk. */
import * as z from 'zod';
import { timeframeSchema } from '#app/domain/time.ts';

const ms = z.number().int();
const count = z.number().int().min(0);
const month = z.string().describe('YYYY-MM');

/** A month's table. `rows`: as the server estimates them, null before it has looked; by width where it knows. `bytes` with indexes. */
export const storedMonthSchema = z.object({ month, rows: count.nullable(), bytes: count, byTimeframe: z.array(z.object({ timeframe: timeframeSchema, rows: count })), isAhead: z.boolean().describe('Made for bars that are still to come') });

/** A file. `state`: `archived` = its bars are not in the book, `restored` = they are; `isPresent`: the file lies in the archive folder. `timeframe` `*`: all widths, as earlier versions wrote them. */
export const archivedFileSchema = z.object({
  month, timeframe: z.enum(['*', ...timeframeSchema.options]), file: z.string(), rows: count, bytes: count, state: z.enum(['archived', 'restored']), archivedAt: ms, restoredAt: ms.nullable(), isPresent: z.boolean(), isParquet: z.boolean(),
});

/** One width. `bars`: in the book and in files; `keepMonths`: how long they stay in the book when the flow is not told otherwise, null = for ever. */
export const storedWidthSchema = z.object({ timeframe: timeframeSchema, series: count, bars: count, firstOpen: ms.nullable(), lastOpen: ms.nullable(), archivedRows: count, archivedBytes: count, keepMonths: z.number().int().nullable() });

/** What the data page shows. `hot`: reads of newest bars that Redis answered, and those it could not, since data_ingestion started. */
export const storageViewSchema = z.object({
  at: ms, tookMs: z.number(), widths: z.array(storedWidthSchema), months: z.array(storedMonthSchema), files: z.array(archivedFileSchema),
  book: z.object({ bytes: count, rows: count.nullable() }), archive: z.object({ folder: z.string(), bytes: count, rows: count }), disk: z.object({ freeBytes: count, totalBytes: count }), hot: z.object({ hits: count, misses: count }),
});
/** What the data page shows. */
export type StorageView = z.infer<typeof storageViewSchema>;
