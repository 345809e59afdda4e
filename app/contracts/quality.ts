/** What is known of the quality of stored bars: coverage, findings, bars in quarantine, the day's reports, adjustment factors. */
import * as z from 'zod';
import { symbolSchema } from '#app/domain/ids.ts';
import { timeframeSchema } from '#app/domain/time.ts';

/** How bad a finding is. `critical`: do not trade on these bars; `warning`: a person should look; `info`: worth knowing. */
export const SEVERITIES = ['critical', 'warning', 'info'] as const;
export const severitySchema = z.enum(SEVERITIES);

/**
 * What became of a finding. `open`: nothing yet; `confirmed`: read again from the broker, who says the same; `repaired`: the bars were corrected; `quarantined`: the bars were
 * taken out of the book; `dismissed`: a person says it is right; `noted`: needs nobody (written down when a bar arrived).
 */
export const FINDING_STATES = ['open', 'confirmed', 'repaired', 'quarantined', 'dismissed', 'noted'] as const;
export const findingStateSchema = z.enum(FINDING_STATES);

/** Most findings, quarantined bars, series and reports in one answer. */
export const QUALITY_LIST_MAX = 500;

const ms = z.number().int();
const count = z.number().int().nonnegative();
const day = z.iso.date();
const limit = z.coerce.number().int().min(1).max(QUALITY_LIST_MAX).default(100);

/** Which year of a calendar heat map. Without a symbol: the whole universe. */
export const coverageAskSchema = z.object({ symbol: symbolSchema.optional(), timeframe: timeframeSchema.default('1Min'), year: z.coerce.number().int().min(1998).max(2100).optional().describe('Left out: the newest year with bars') });

/** One day of the exchange. Bars of regular trading, summed over the series; `series`: how many should have bars on it. `fraction`: stored / expected, at most 1. `isArchived`: its bars lie in a file. */
export const coverageDaySchema = z.object({ day, expected: count, stored: count, quarantined: count, series: count, complete: count.describe('Series that lack nothing on it'), fraction: z.number(), isArchived: z.boolean() });

/** A year of days. Only days on which the exchange trades and at least one series should have bars. `countedAt`: the oldest count in it, epoch ms. `pending`: series with changes that are not counted yet. */
export const coverageCalendarSchema = z.object({
  symbol: symbolSchema.nullable(), timeframe: timeframeSchema, year: z.number().int(), years: z.array(z.number().int()), days: z.array(coverageDaySchema), series: count, countedAt: ms.nullable(), pending: count,
});
/** A year of days. */
export type CoverageCalendar = z.infer<typeof coverageCalendarSchema>;

/** Which series to list. */
export const coverageListAskSchema = z.object({
  timeframe: timeframeSchema.optional(), query: z.string().trim().max(40).default('').describe('Part of a symbol'), order: z.enum(['worst', 'symbol', 'findings']).default('worst'), limit,
});

/** One stored series. `missingDays`: days of the exchange without any bar; `worst`: of its open findings. */
export const coverageSeriesSchema = z.object({
  symbol: symbolSchema, timeframe: timeframeSchema, firstDay: day.nullable(), lastDay: day.nullable(), expected: count, stored: count, quarantined: count, fraction: z.number(), missingDays: count, openFindings: count,
  worst: severitySchema.nullable(), revisions: count, countedAt: ms.nullable(),
});

/** Which findings to list, newest first. `before`: the `findingId` of the last one seen. */
export const findingsAskSchema = z.object({
  symbol: symbolSchema.optional(), timeframe: timeframeSchema.optional(), severity: severitySchema.optional(), kind: z.string().max(40).optional(), state: z.enum(['open', 'all', ...FINDING_STATES]).default('open'),
  before: z.coerce.number().int().optional(), limit,
});

/** One finding. `openTime`: of the bar (or the first of them) that it is about; `untilTime`: of the last, when there are several. `score`: how far beyond the threshold, 1 = just. `text`, `repair`: for a person. */
export const findingSchema = z.object({
  findingId: ms, symbol: z.string(), timeframe: timeframeSchema, kind: z.string(), severity: severitySchema, score: z.number(), state: findingStateSchema, openTime: ms.nullable(), untilTime: ms.nullable(), text: z.string(), repair: z.string(),
  detail: z.record(z.string(), z.unknown()), at: ms, attempts: count, decidedAt: ms.nullable(), decidedBy: z.string().nullable(),
});
/** One finding. */
export type QualityFindingView = z.infer<typeof findingSchema>;

const priceText = z.string().regex(/^\d{1,12}(\.\d{1,9})?$/, 'must be a number above zero');
/** Prices and volume of a bar as decimal text. */
export const barValuesSchema = z.object({ open: priceText, high: priceText, low: priceText, close: priceText, volume: priceText });

/** A bar that was taken out of the book. `detail`: the finding's. */
export const quarantinedBarSchema = barValuesSchema.extend({
  quarantineId: ms, symbol: z.string(), timeframe: timeframeSchema, openTime: ms, source: z.string(), kind: z.string(), text: z.string(), state: z.enum(['held', 'released', 'replaced', 'discarded']),
  quarantinedAt: ms, decidedAt: ms.nullable(), decidedBy: z.string().nullable(), open: z.string(), high: z.string(), low: z.string(), close: z.string(), volume: z.string(),
});

/** Which bars in quarantine. */
export const quarantineAskSchema = z.object({ symbol: symbolSchema.optional(), state: z.enum(['held', 'all']).default('held'), limit });

/** What a person decides about a bar in quarantine. `release`: it was right, put it back; `replace`: put `bar` there; `discard`: there is no such bar. */
export const quarantineDecisionSchema = z.discriminatedUnion('decision', [
  z.object({ decision: z.literal('release') }), z.object({ decision: z.literal('discard') }), z.object({ decision: z.literal('replace'), bar: barValuesSchema }),
]);

/** What a person decides about a finding. `dismiss`: it is as it should be; `quarantine`: take its bars out of the book; `refetch`: read its bars from the broker again. */
export const findingDecisionSchema = z.enum(['dismiss', 'quarantine', 'refetch']);

const bySeverity = z.object({ critical: count, warning: count, info: count });

/** The report of one day of the exchange: what was looked at, found, repaired and left. `coverage`: of the day itself, by timeframe. */
export const qualityReportSchema = z.object({
  day, madeAt: ms, validations: count, series: count, bars: count, found: bySeverity, open: bySeverity, byKind: z.array(z.object({ kind: z.string(), title: z.string(), severity: severitySchema, count })),
  repaired: count, confirmed: count, quarantined: count, held: count, revisedBars: count, refusedBars: count, isUsable: z.boolean(), reason: z.string().nullable(),
  coverage: z.array(z.object({ timeframe: timeframeSchema, series: count, expected: count, stored: count, fraction: z.number() })),
  worst: z.array(z.object({ symbol: z.string(), findings: count })), factors: z.object({ symbols: count, compared: count, differing: count, unresolved: count }),
});
/** The report of one day. */
export type QualityReport = z.infer<typeof qualityReportSchema>;

/** One validation that ran: of what was new, or of whole histories. */
export const validationRunSchema = z.object({ runId: z.string(), at: ms, scope: z.enum(['new', 'whole']), series: count, bars: count, findings: count, isUsable: z.boolean(), reason: z.string().nullable(), byKind: z.record(z.string(), count) });

/** What splits and dividends do to the prices of a symbol. `factor`: of this action alone, on all earlier prices; `problem`: why it counts for nothing. */
export const adjustmentViewSchema = z.object({
  symbol: symbolSchema, computedAt: ms.nullable(),
  actions: z.array(z.object({ exDate: day, kind: z.string(), text: z.string(), split: z.number(), price: z.number(), problem: z.string().nullable() })),
  factors: z.array(z.object({ day, price: z.number(), split: z.number(), told: z.number().nullable().describe('What the broker\'s own adjusted series comes to, when it was compared'), comparedAt: ms.nullable() })),
});

/** What a rule looks for, for a person who wonders about a finding. */
export const ruleViewSchema = z.object({ kind: z.string(), title: z.string(), severity: severitySchema, meaning: z.string(), threshold: z.string(), source: z.string(), repair: z.string() });
