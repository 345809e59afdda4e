/** Quality of the stored bars: coverage, findings, quarantine, reports: a part of the HTTP contract. */
import * as z from 'zod';
import { symbolSchema } from '#app/domain/ids.ts';
import {
  adjustmentViewSchema, coverageAskSchema, coverageCalendarSchema, coverageListAskSchema, coverageSeriesSchema, findingDecisionSchema, findingSchema, findingsAskSchema, qualityReportSchema, quarantineAskSchema,
  quarantineDecisionSchema, quarantinedBarSchema, QUALITY_LIST_MAX, ruleViewSchema, validationRunSchema,
} from './quality.ts';
import type { RouteContract } from './route.ts';

const id = z.coerce.number().int().positive();
const listed = z.object({ limit: z.coerce.number().int().min(1).max(QUALITY_LIST_MAX).default(60) });

/** Its routes. A validation of whole histories, with progress and cancel, is the flow `validate_data_quality` with `{ "isWhole": true }`, through the routes of flows. */
export const QUALITY_ROUTES = {
  coverage: { method: 'GET', path: '/api/data/coverage', auth: 'session', movesMoney: false, summary: 'A year of coverage, day by day, of one symbol or of all', input: coverageAskSchema, output: coverageCalendarSchema },
  coverageSeries: { method: 'GET', path: '/api/data/coverage/series', auth: 'session', movesMoney: false, summary: 'Stored series with their coverage, worst first', input: coverageListAskSchema, output: z.object({ series: z.array(coverageSeriesSchema), total: z.number().int() }) },
  dataFindings: {
    method: 'GET', path: '/api/data/findings', auth: 'session', movesMoney: false, summary: 'What the rules found in the stored bars, newest first', input: findingsAskSchema,
    output: z.object({ findings: z.array(findingSchema), hasMore: z.boolean(), open: z.object({ critical: z.number().int(), warning: z.number().int(), info: z.number().int() }) }),
  },
  decideDataFinding: {
    method: 'POST', path: '/api/data/findings/:findingId/decide', auth: 'session', movesMoney: false, summary: 'Dismiss a finding, take its bars out of the book, or read them again', input: z.object({ findingId: id, decision: findingDecisionSchema }), output: findingSchema,
  },
  quarantine: { method: 'GET', path: '/api/data/quarantine', auth: 'session', movesMoney: false, summary: 'Bars that were taken out of the book because they cannot be true', input: quarantineAskSchema, output: z.object({ bars: z.array(quarantinedBarSchema), held: z.number().int() }) },
  decideQuarantine: {
    method: 'POST', path: '/api/data/quarantine/:quarantineId/decide', auth: 'session', movesMoney: false, summary: 'Put a bar back, put another in its place, or let it go', input: z.object({ quarantineId: id, answer: quarantineDecisionSchema }), output: quarantinedBarSchema,
  },
  qualityReports: { method: 'GET', path: '/api/data/reports', auth: 'session', movesMoney: false, summary: 'Daily quality reports, newest first', input: listed, output: z.object({ reports: z.array(qualityReportSchema) }) },
  qualityReport: { method: 'GET', path: '/api/data/reports/:day', auth: 'session', movesMoney: false, summary: 'The quality report of one day', input: z.object({ day: z.iso.date() }), output: qualityReportSchema },
  validations: { method: 'GET', path: '/api/data/validations', auth: 'session', movesMoney: false, summary: 'Validations that ran, newest first', input: listed, output: z.object({ validations: z.array(validationRunSchema) }) },
  adjustments: { method: 'GET', path: '/api/data/adjustments', auth: 'session', movesMoney: false, summary: 'Splits and dividends of a symbol, and the factors made of them', input: z.object({ symbol: symbolSchema }), output: adjustmentViewSchema },
  qualityRules: { method: 'GET', path: '/api/data/rules', auth: 'session', movesMoney: false, summary: 'What the rules look for', input: z.object({}), output: z.object({ rules: z.array(ruleViewSchema) }) },
} as const satisfies Record<string, RouteContract>;
