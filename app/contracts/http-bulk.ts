/** Filling the book: back-fills, imports, exports: a part of the HTTP contract. */
import * as z from 'zod';
import { backfillSeriesSchema, backfillViewSchema, backfillWishSchema, bulkActSchema, importFileViewSchema, importPreviewSchema, importViewSchema, importWishSchema } from './bulk.ts';
import type { RouteContract } from './route.ts';

const id = z.string().min(1).max(80);
const limit = z.coerce.number().int().min(1).max(500).default(50);

/** Its routes. Bars leave the book at `GET /exports/bars.csv`, which streams and stands outside of this table. */
export const BULK_ROUTES = {
  backfills: { method: 'GET', path: '/api/backfills', auth: 'session', movesMoney: false, summary: 'Back-fills of bars from the broker, newest first', input: z.object({ limit }), output: z.object({ backfills: z.array(backfillViewSchema) }) },
  backfill: { method: 'GET', path: '/api/backfills/:backfillId', auth: 'session', movesMoney: false, summary: 'One back-fill with its symbols', input: z.object({ backfillId: id, limit }), output: z.object({ backfill: backfillViewSchema, series: z.array(backfillSeriesSchema) }) },
  startBackfill: { method: 'POST', path: '/api/backfills', auth: 'session', movesMoney: false, summary: 'Read bars of past days from the broker into the book', input: backfillWishSchema, output: backfillViewSchema },
  steerBackfill: { method: 'POST', path: '/api/backfills/:backfillId/steer', auth: 'session', movesMoney: false, summary: 'Pause, resume or cancel a back-fill', input: z.object({ backfillId: id, act: bulkActSchema }), output: backfillViewSchema },
  imports: { method: 'GET', path: '/api/imports', auth: 'session', movesMoney: false, summary: 'Imports of files, newest first', input: z.object({ limit }), output: z.object({ imports: z.array(importViewSchema) }) },
  import: { method: 'GET', path: '/api/imports/:importId', auth: 'session', movesMoney: false, summary: 'One import with its files and the rows that were refused', input: z.object({ importId: id, limit }), output: z.object({ import: importViewSchema, files: z.array(importFileViewSchema) }) },
  previewImport: { method: 'POST', path: '/api/imports/preview', auth: 'session', movesMoney: false, summary: 'How files would be read, before anything is written', input: importWishSchema, output: importPreviewSchema },
  startImport: { method: 'POST', path: '/api/imports', auth: 'session', movesMoney: false, summary: 'Import files of this computer', input: importWishSchema, output: importViewSchema },
  steerImport: { method: 'POST', path: '/api/imports/:importId/steer', auth: 'session', movesMoney: false, summary: 'Pause, resume or cancel an import', input: z.object({ importId: id, act: bulkActSchema }), output: importViewSchema },
} as const satisfies Record<string, RouteContract>;
