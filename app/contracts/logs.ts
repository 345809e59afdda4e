/** Collected log lines: what the log page asks for and what it is answered. */
import * as z from 'zod';
import { LOG_LEVELS, LogLevelSchema } from './config.ts';
import type { LogLevel } from './config.ts';

/** How grave a level is: trace 10, debug 20, info 30, warn 40, error 50, fatal 60. */
export function severityOf(level: LogLevel): number {
  return (LOG_LEVELS.indexOf(level) + 1) * 10;
}

/** Longest search text, id or list of parts that a question carries, in characters. */
const TEXT_MAX = 300;
/** Most lines in one answer. */
export const LOG_PAGE_MAX = 1_000;

/** Which lines. All that is given must hold; `units` are separated by commas. */
export const logFilterSchema = z.object({
  units: z.string().max(TEXT_MAX).regex(/^[a-z][a-z0-9_]*(,[a-z][a-z0-9_]*)*$/, 'must be names of parts, separated by commas').optional().describe('Parts, separated by commas; all without it'),
  level: LogLevelSchema.default('trace').describe('The least grave level'),
  search: z.string().trim().max(TEXT_MAX).default('').describe('Words; a line must hold each of them, or a longer word that begins so'),
  about: z.string().trim().max(TEXT_MAX).refine((text) => !text.includes('\0'), 'holds a sign that no id has').default('').describe('An id (order, client order, broker order, decision, signal, fill, run) or a symbol and its minute: "AAPL 2026-03-02 10:30"'),
});
/** Which lines. */
export type LogFilter = z.output<typeof logFilterSchema>;

/** A page of lines: `from` and `to` bound the time (EpochMs, `to` excluded), `cursor` leads to older ones. */
export const logQuerySchema = logFilterSchema.extend({
  from: z.coerce.number().int().min(0).optional(), to: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(LOG_PAGE_MAX).default(200), cursor: z.string().max(100).optional(),
});
/** A page of lines. */
export type LogQuery = z.output<typeof logQuerySchema>;

/** One line. `source`: a part's own output, or a fact of the book (an order's event, a decision, a fill) told beside the lines about it. */
export const loggedLineSchema = z.object({
  id: z.string(), at: z.number().int(), unit: z.string(), level: LogLevelSchema, message: z.string(), fields: z.record(z.string(), z.unknown()), ids: z.array(z.string()), source: z.enum(['log', 'book']),
});
/** One line. */
export type LoggedLine = z.infer<typeof loggedLineSchema>;

/** What "about" stands for: the ids of one matter, and what it is in words; empty ids = nothing in the book has this id, lines that name it are shown. */
export const logMatterSchema = z.object({ ids: z.array(z.string()), title: z.string() });
/** What "about" stands for. */
export type LogMatter = z.infer<typeof logMatterSchema>;

/** Lines newest first. `seq`: the newest line of all, where a live tail goes on. */
export const logPageSchema = z.object({ lines: z.array(loggedLineSchema), nextCursor: z.string().nullable(), matter: logMatterSchema.nullable(), seq: z.number().int(), tookMs: z.number() });
/** Lines newest first. */
export type LogPage = z.infer<typeof logPageSchema>;

/** What the live tail of all parts sends, one JSON document a line: fresh lines (oldest first), or nothing but "I am here". */
export const logTailMessageSchema = z.object({ lines: z.array(loggedLineSchema), seq: z.number().int(), at: z.number().int() });
/** What the live tail sends. */
export type LogTailMessage = z.infer<typeof logTailMessageSchema>;
