/** Bars as charts ask for them: one stretch of a series, in any width, raw or freed of splits and dividends. */
import * as z from 'zod';
import { symbolSchema } from '#app/domain/ids.ts';
import { timeframeSchema } from '#app/domain/time.ts';

/** Widths that a chart shows. Those that are not stored are put together from narrower bars on the exchange's days. */
export const CHART_TIMEFRAMES = ['1Min', '5Min', '15Min', '30Min', '1Hour', '1Day', '1Week', '1Month'] as const;
/** One of them. */
export type ChartTimeframe = (typeof CHART_TIMEFRAMES)[number];
export const chartTimeframeSchema = z.enum(CHART_TIMEFRAMES);

/** Of what prices are freed: nothing, splits, or splits and dividends (total return). */
export const adjustmentSchema = z.enum(['raw', 'split', 'all']);
/** Which bars: those of regular trading, or also those before and after it. */
export const hoursSchema = z.enum(['regular', 'all']);

/** Most bars in one answer. */
export const BARS_MAX = 10_000;

const ms = z.number().int();
const numbers = z.array(z.number());

/** Which bars: the newest `limit` ones that open before `before` (epoch ms; left out: up to now). */
export const barsAskSchema = z.object({
  symbol: symbolSchema, timeframe: chartTimeframeSchema.default('1Day'), adjustment: adjustmentSchema.default('split'), hours: hoursSchema.default('regular'),
  before: z.coerce.number().int().optional(), limit: z.coerce.number().int().min(1).max(BARS_MAX).default(1_000),
});

/** Columns of equal length, oldest bar first. `time`: epoch ms of the open; a day, week or month begins at midnight in New York. Dollars, shares. */
export const barColumnsSchema = z.object({ time: numbers, open: numbers, high: numbers, low: numbers, close: numbers, volume: numbers });

/** A day on which prices jumped for a reason other than trading. `factor`: what earlier prices are multiplied by in the view that frees them of it. */
export const actionMarkSchema = z.object({ exDate: z.string(), kind: z.string(), text: z.string().describe('In words, such as "Split 4:1" or "Dividend $0.24"'), factor: z.number() });

/** What a chart draws. `sources`: where the shown bars came from, such as stream, rest, import; `newest`: open of the newest bar of the series in the book. */
export const barsViewSchema = z.object({
  symbol: symbolSchema, timeframe: chartTimeframeSchema, adjustment: adjustmentSchema, hours: hoursSchema, columns: barColumnsSchema,
  hasOlder: z.boolean(), storedAs: timeframeSchema.nullable().describe('Width of the stored bars that these are made of; null = none are stored'),
  sources: z.array(z.string()), newest: ms.nullable(), actions: z.array(actionMarkSchema), isFromArchive: z.boolean(), revision: z.string().describe('Changes when any bar of the series does'),
  tookMs: z.number(),
});
/** What a chart draws. */
export type BarsView = z.infer<typeof barsViewSchema>;
