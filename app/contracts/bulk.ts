/** Filling the book from outside of its stream: back-fills from the broker, imports of files, exports: what is asked and what is told. */
import * as z from 'zod';
import { symbolSchema } from '#app/domain/ids.ts';
import { parseDate, timeframeSchema, type Timeframe } from '#app/domain/time.ts';
import { adjustmentSchema } from './market-data.ts';

const ms = z.number().int();
const count = z.number().int();
/** A day of the exchange. */
const day = z.string().refine((text) => {
  try {
    return parseDate(text).year >= 1967;
  } catch (error) {
    return error === null;
  }
}, 'must be a day such as 2020-01-31, in 1967 or later');

/** What becomes of a bar that the book has already with other numbers: it stays, or it is replaced (what was there is kept in the log). */
export const bulkPolicySchema = z.enum(['keep', 'replace']);
/** One of the two. */
export type BulkPolicy = z.infer<typeof bulkPolicySchema>;

/** Life of a back-fill or an import. `paused`: a person stopped it for now. */
export const bulkStateSchema = z.enum(['waiting', 'running', 'paused', 'done', 'failed', 'canceled']);
/** One of them. */
export type BulkState = z.infer<typeof bulkStateSchema>;
/** What a person may do with one that has not ended (or, to resume, that failed). */
export const bulkActSchema = z.enum(['pause', 'resume', 'cancel']);

/** Most symbols of a back-fill. */
export const BACKFILL_SYMBOLS_MAX = 20_000;
/** Timeframes that the broker is asked for. The others are put together from them. */
export const BACKFILL_TIMEFRAMES = ['1Min', '5Min', '1Hour', '1Day'] as const satisfies readonly Timeframe[];

/** A back-fill that is wanted. `symbols` left out: all watched ones. `to` left out: up to the newest complete bar. Both days are included. */
export const backfillWishSchema = z.object({
  symbols: z.array(symbolSchema).min(1).max(BACKFILL_SYMBOLS_MAX).optional(), timeframe: z.enum(BACKFILL_TIMEFRAMES), from: day, to: day.optional(), why: z.string().trim().min(1).max(200).default('asked for by a person'),
}).refine((wish) => wish.to === undefined || wish.from <= wish.to, { message: 'from must not lie after to', path: ['from'] });

/** A back-fill. `fraction` 0..1 of its series' time; `unknown`: symbols of which the broker has no bars and which it does not list, by name (the first 200). `waitsFor`: why nothing moves now. */
export const backfillViewSchema = z.object({
  backfillId: z.string(), wantedBy: z.string(), why: z.string(), timeframe: timeframeSchema, from: ms, to: ms, state: bulkStateSchema, series: count, seriesDone: count, fraction: z.number(),
  stored: count, known: count, refused: count, pages: count, unknown: z.array(z.string()), unknownTotal: count, problem: z.string().nullable(), waitsFor: z.string().nullable(),
  createdAt: ms, startedAt: ms.nullable(), updatedAt: ms, endedAt: ms.nullable(),
});
/** A back-fill, as it is told. */
export type BackfillView = z.infer<typeof backfillViewSchema>;

/** One symbol of a back-fill. `next`: open time from which it goes on. */
export const backfillSeriesSchema = z.object({ symbol: z.string(), state: z.enum(['waiting', 'done', 'empty', 'unknown', 'refused']), next: ms, stored: count, problem: z.string().nullable() });

/** Forms of files that are known by name. `generic`: a header names the columns; `custom`: the mapping does. */
export const IMPORT_PRESETS = ['generic', 'yahoo', 'stooq', 'alpaca', 'lean', 'custom'] as const;
/** One of them. */
export type ImportPreset = (typeof IMPORT_PRESETS)[number];
/** How a file writes its times. `dmy`, `mdy`: 31.01.2020, 01/31/2020; `excel`: days since 1899-12-30. */
export const DATE_FORMATS = ['ymd', 'compact', 'dmy', 'mdy', 'excel', 'seconds', 'millis', 'micros', 'nanos'] as const;
/** One of them. */
export type DateFormat = (typeof DATE_FORMATS)[number];

/** What a column may hold. `clock`: the time of day beside a column of days. */
export const COLUMN_ROLES = ['time', 'clock', 'open', 'high', 'low', 'close', 'volume', 'symbol'] as const;
const columnRef = z.union([z.string().min(1).max(64), z.number().int().min(1).max(64)]);

/** A person's own reading of a file: each column by its name in the header or its number from 1. What is left out is found out. */
export const importMappingSchema = z.object({
  columns: z.partialRecord(z.enum(COLUMN_ROLES), columnRef).default({}), separator: z.enum([',', ';', '\t', '|']).optional(), decimal: z.enum(['.', ',']).optional(), hasHeader: z.boolean().optional(),
  dateFormat: z.enum(DATE_FORMATS).optional(), priceScale: z.number().positive().max(1e9).optional().describe('What prices of the file are divided by; LEAN writes ten-thousandths of a dollar'),
});
/** A person's own reading of a file. */
export type ImportMapping = z.infer<typeof importMappingSchema>;

/** Which files, and how they are to be read. Paths are of this computer, absolute. `timeZone`: `exchange`, `utc` or a name such as Europe/Berlin. */
export const importWishSchema = z.object({
  paths: z.array(z.string().min(1).max(1_024).refine((path) => !path.includes('\u0000'), 'must be a path')).min(1).max(200), preset: z.enum(IMPORT_PRESETS).optional(), mapping: importMappingSchema.optional(),
  symbol: symbolSchema.optional(), timeframe: timeframeSchema.optional(), timeZone: z.string().min(1).max(64).optional(), policy: bulkPolicySchema.default('keep'),
});
/** Which files, and how they are to be read. */
export type ImportWish = z.infer<typeof importWishSchema>;

/** What a file turned out to be: bars, LEAN's factors or its map of names, or nothing that is read here. */
export const importKindSchema = z.enum(['bars', 'factors', 'map', 'other']);

/** A row that cannot be used. `line` counts from 1. */
export const badRowSchema = z.object({ line: count, reason: z.string(), text: z.string() });
/** A row as it is understood. `time`: open of the bar, epoch ms. */
export const importRowSchema = z.object({ symbol: z.string(), time: ms, open: z.number(), high: z.number(), low: z.number(), close: z.number(), volume: z.number() });

/** How a file is read, shown before anything is written. `columns`: what each column is taken for, null = not used. `isSample`: only its beginning was looked at; counts are of that. */
export const previewFileSchema = z.object({
  path: z.string(), kind: importKindSchema, bytes: count, preset: z.enum(IMPORT_PRESETS).nullable(), separator: z.string().nullable(), decimal: z.string().nullable(), dateFormat: z.string().nullable(), timeZone: z.string().nullable(),
  timeframe: timeframeSchema.nullable(), columns: z.array(z.object({ name: z.string(), role: z.enum(COLUMN_ROLES).nullable() })), symbols: z.array(z.string()), symbolsTotal: count, from: ms.nullable(), to: ms.nullable(),
  rows: count, refused: count, isSample: z.boolean(), first: z.array(importRowSchema), bad: z.array(badRowSchema), notes: z.array(z.string()), problem: z.string().nullable().describe('Why it cannot be imported as it is, and what to do; null = it can'),
});
/** How a file is read. */
export type PreviewFile = z.infer<typeof previewFileSchema>;
/** How the files are read. `filesTotal` counts all that were found, `files` shows the first 50. */
export const importPreviewSchema = z.object({ files: z.array(previewFileSchema), filesTotal: count, bytes: count, usable: count });
/** How the files are read. */
export type ImportPreview = z.infer<typeof importPreviewSchema>;

/** What the quality rules say of what came in. */
export const importQualitySchema = z.object({ series: count, bars: count, findings: count, byKind: z.record(z.string(), count), worst: z.array(z.object({ symbol: z.string(), findings: count })) });

/** An import. Rows: read, stored new, known already (of these told with other numbers), replaced, refused. `refusedFile`: where refused rows are kept aside. */
export const importViewSchema = z.object({
  importId: z.string(), wantedBy: z.string(), wish: importWishSchema, state: bulkStateSchema, problem: z.string().nullable(), filesTotal: count, filesDone: count, bytesTotal: count, bytesDone: count, current: z.string().nullable(),
  rows: count, stored: count, known: count, differing: count, replaced: count, refused: count, actions: count, series: count, refusedFile: z.string().nullable(), quality: importQualitySchema.nullable(),
  createdAt: ms, startedAt: ms.nullable(), updatedAt: ms, endedAt: ms.nullable(),
});
/** An import, as it is told. */
export type ImportView = z.infer<typeof importViewSchema>;
/** One file of an import. */
export const importFileViewSchema = z.object({
  path: z.string(), kind: importKindSchema, preset: z.string().nullable(), timeframe: timeframeSchema.nullable(), timeZone: z.string().nullable(), symbols: z.array(z.string()), symbolsTotal: count, state: z.enum(['waiting', 'running', 'done', 'failed', 'skipped']),
  bytes: count, bytesDone: count, rows: count, stored: count, known: count, differing: count, replaced: count, refused: count, actions: count, problem: z.string().nullable(), bad: z.array(badRowSchema),
});
/** One file of an import, as it is told. */
export type ImportFileView = z.infer<typeof importFileViewSchema>;

/** Most symbols of one export. */
export const EXPORT_SYMBOLS_MAX = 500;
/** Which bars an export writes: `GET /exports/bars.csv` with these as its query, symbols parted by commas. Days of the exchange, both included. */
export const exportWishSchema = z.object({
  symbols: z.string().min(1).max(8_000).transform((text) => text.split(',').map((symbol) => symbol.trim().toUpperCase())).pipe(z.array(symbolSchema).min(1).max(EXPORT_SYMBOLS_MAX)),
  timeframe: timeframeSchema, adjustment: adjustmentSchema.default('raw'), from: day.optional(), to: day.optional(),
});
/** Which bars an export writes. */
export type ExportWish = z.infer<typeof exportWishSchema>;
