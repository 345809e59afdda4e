/** Routes of the studio's runs. */
import * as z from 'zod';
import { backtestRequestSchema } from './backtest.ts';
import { searchReportSchema } from './search-report.ts';
import { backtestDetailSchema, backtestIdSchema, backtestListFields, backtestViewSchema, runLogLineViewSchema, stepAnswerSchema, stepAskFields } from './studio.ts';
import type { RouteContract } from './route.ts';

const session = 'session';
const one = z.object({ backtestId: backtestIdSchema });

/** Its routes. */
export const STUDIO_ROUTES = {
  startBacktest: { method: 'POST', path: '/api/backtests', auth: session, movesMoney: true, summary: 'Run a strategy over stored bars', input: z.object({ request: backtestRequestSchema }), output: z.object({ runId: z.string(), backtestId: backtestIdSchema }) },
  backtests: { method: 'GET', path: '/api/backtests', auth: session, movesMoney: false, summary: 'Back-tests, newest first', input: z.object(backtestListFields), output: z.object({ backtests: z.array(backtestViewSchema), hasMore: z.boolean() }) },
  backtest: { method: 'GET', path: '/api/backtests/:backtestId', auth: session, movesMoney: false, summary: 'One back-test in full', input: one, output: backtestDetailSchema },
  backtestLog: { method: 'GET', path: '/api/backtests/:backtestId/log', auth: session, movesMoney: false, summary: 'What the strategy wrote into its log', input: one.extend({ afterSeq: z.coerce.number().int().min(0).default(0) }), output: z.object({ lines: z.array(runLogLineViewSchema), total: z.number().int(), dropped: z.number().int() }) },
  backtestSearch: { method: 'GET', path: '/api/backtests/:backtestId/search', auth: session, movesMoney: false, summary: 'The search that found the parameters of a back-test', input: one, output: searchReportSchema },
  backtestSteps: { method: 'GET', path: '/api/backtests/:backtestId/steps', auth: session, movesMoney: false, summary: 'A back-test bar by bar', timeoutMs: 120_000, input: z.object(stepAskFields), output: stepAnswerSchema },
} as const satisfies Record<string, RouteContract>;
