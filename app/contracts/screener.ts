/** Screens: which symbols deserve attention, asked as formulas; saved, scheduled, told about. */
import * as z from 'zod';
import { symbolSchema } from '#app/domain/ids.ts';
import { timeframeSchema } from '#app/domain/time.ts';

/** Longest formula, most filters, columns, rows of a screen. */
export const FORMULA_MAX = 1_000;
export const FILTERS_MAX = 30;
export const COLUMNS_MAX = 24;
export const SCREEN_ROWS_MAX = 2_000;
/** Most symbols that a screen gives to a strategy, those that rank first: more than one is meant to look at bar by bar. */
export const UNIVERSE_MAX = 200;
/** Closes behind a row's sparkline. */
export const SPARK_BARS = 60;

const ms = z.number().int();
const formula = z.string().trim().min(1).max(FORMULA_MAX);
const name = z.string().trim().min(1).max(80);
const screenId = z.string().min(1).max(64);

/** Which symbols are looked at. `all`: every symbol with stored bars of the timeframe. */
export const screenUniverseSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('all') }), z.object({ kind: z.literal('watched') }), z.object({ kind: z.literal('symbols'), symbols: z.array(symbolSchema).min(1).max(10_000) }),
]);

/**
 * What is asked. A symbol is found when every enabled filter is true at its newest complete bar, or at the newest one that was complete at the end of the day `asOf`
 * (then nothing later is looked at). Prices are freed of splits. `rank`: sorted by it, without it by symbol.
 */
export const screenDefinitionSchema = z.object({
  timeframe: timeframeSchema.default('1Day'), universe: screenUniverseSchema.default({ kind: 'all' }),
  filters: z.array(z.object({ formula, isEnabled: z.boolean().default(true) })).max(FILTERS_MAX).default([]),
  rank: z.object({ formula, direction: z.enum(['asc', 'desc']).default('desc') }).nullable().default(null),
  columns: z.array(z.object({ formula, title: z.string().trim().max(40).nullable().default(null) })).max(COLUMNS_MAX).default([]),
  limit: z.number().int().min(1).max(SCREEN_ROWS_MAX).default(500), asOf: z.iso.date().nullable().default(null),
});
/** What is asked, with its defaults. */
export type ScreenDefinition = z.infer<typeof screenDefinitionSchema>;
/** What is asked, as it is written. */
export type ScreenAsk = z.input<typeof screenDefinitionSchema>;

/** What a row carries beside its numbers: shares held, the newest signal of a strategy, bars that are older than those of the others, bars with open findings. */
export const screenBadgeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('held'), qty: z.number(), text: z.string() }),
  z.object({ kind: z.literal('signal'), strategyId: z.string(), target: z.string(), at: ms, text: z.string() }),
  z.object({ kind: z.literal('stale'), text: z.string() }),
  z.object({ kind: z.literal('quality'), text: z.string() }),
]);

/** One symbol that was found. `change`: fraction against the close before; `values`: one per column asked for, in their order, null where there is none (too few bars). Dollars, shares. */
export const screenRowSchema = z.object({
  symbol: symbolSchema, name: z.string(), sector: z.string().nullable(), exchange: z.string(), barTime: ms, close: z.number(), change: z.number().nullable(), volume: z.number(),
  values: z.array(z.union([z.number(), z.boolean(), z.string(), z.null()])), rank: z.number().nullable(), spark: z.array(z.number()), badges: z.array(screenBadgeSchema),
});
/** One symbol that was found. */
export type ScreenRow = z.infer<typeof screenRowSchema>;

/** What a screen found. `matched`: before the limit; `looked`: symbols with bars; `lacking`: how many could not be judged because a filter had no value (too few bars). `barTime`: the newest bar that was looked at. */
export const screenResultSchema = z.object({
  rows: z.array(screenRowSchema), matched: z.number().int(), looked: z.number().int(), lacking: z.number().int(), failed: z.array(z.object({ symbol: z.string(), reason: z.string() })).max(50),
  barTime: ms.nullable(), at: ms, tookMs: z.number(), timings: z.object({ loadMs: z.number(), computeMs: z.number() }), threads: z.number().int(),
});
/** What a screen found. */
export type ScreenResult = z.infer<typeof screenResultSchema>;

/** When a saved screen runs by itself: never, after each hourly fetch, or once after the close. */
export const screenScheduleSchema = z.enum(['off', 'hourly', 'daily']);

/** What a person saves. `alerts`: told when symbols come in or leave. */
export const screenSaveSchema = z.object({
  screenId: screenId.nullable().describe('null = a new one'), name, definition: screenDefinitionSchema, schedule: screenScheduleSchema.default('off'),
  alerts: z.object({ onEntry: z.boolean().default(false), onExit: z.boolean().default(false) }).default({ onEntry: false, onExit: false }), version: z.number().int().nullable().default(null).describe('The version that was changed; another in the book is a conflict'),
});

/** A saved screen. `members`: found by its last run. */
export const savedScreenSchema = z.object({
  screenId, name, definition: screenDefinitionSchema, schedule: screenScheduleSchema, alerts: z.object({ onEntry: z.boolean(), onExit: z.boolean() }), version: z.number().int(),
  createdAt: ms, updatedAt: ms, lastRunAt: ms.nullable(), members: z.number().int().nullable(), problem: z.string().nullable(), isBuiltIn: z.boolean(),
});
/** A saved screen. */
export type SavedScreen = z.infer<typeof savedScreenSchema>;

/** One run of a saved screen by its schedule, newest first. */
export const screenRunSchema = z.object({ runId: z.string(), at: ms, matched: z.number().int(), entered: z.array(z.string()), left: z.array(z.string()), problem: z.string().nullable() });

/** A wish in plain words as filters. `from`: our own rules, or a local language model; whatever it says went through our parser. */
export const screenAnswerSchema = z.object({ from: z.enum(['rules', 'model']), filters: z.array(z.string()), rank: z.object({ formula: z.string(), direction: z.enum(['asc', 'desc']) }).nullable(), notUnderstood: z.array(z.string()), note: z.string().nullable() });

/** Is there a local language model? */
export const modelStateSchema = z.object({ isThere: z.boolean(), model: z.string().nullable(), note: z.string() });
