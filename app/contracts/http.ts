/** The HTTP contract of the gateway: the only description of its routes. */
import * as z from 'zod';
import { checkTicket, COMMANDS, decisionReply, orderChangeFields, orderTicketFields } from './commands.ts';
import { deliveryListSchema, deliveryQuerySchema } from './deliveries.ts';
import { deploymentViewSchema, flowChangeSchema, flowDaySchema, flowNameSchema, flowRunDetailSchema, flowSettingsSchema, runIdSchema, runLogLineSchema, runPageSchema, runQuerySchema, schedulePreviewSchema } from './flows.ts';
import { killOutcomeSchema, killWishSchema } from './kill.ts';
import { INCIDENTS_MAX, LogLineSchema, StackHealthSchema, UnitIdSchema, UnitIncidentSchema } from './health.ts';
import {
  accountViewSchema, decisionViewSchema, findingViewSchema, ledgerEntryViewSchema, proofViewSchema, reconciliationViewSchema, equityPointSchema, fillViewSchema, invariantViewSchema, marketClockSchema, noticeViewSchema, orderStorySchema, orderViewSchema,
  positionViewSchema, sessionViewSchema, strategyViewSchema, symbolViewSchema, tradingStateViewSchema, verdictSchema, watermarkSchema,
} from './views.ts';
import { logPageSchema, logQuerySchema } from './logs.ts';
import { reportViewSchema } from './reports.ts';
import { ALERT_ROUTES } from './http-alert.ts';
import { AUTHOR_ROUTES } from './http-author.ts';
import { BULK_ROUTES } from './http-bulk.ts';
import { CHART_ROUTES } from './http-chart.ts';
import { ACCOUNT_ROUTES } from './http-accounts.ts';
import { CONFIGURATION_ROUTES } from './http-configuration.ts';
import { DEPLOY_ROUTES } from './http-deploy.ts';
import { EXPLAIN_ROUTES } from './http-explain.ts';
import { FEED_ROUTES } from './http-feed.ts';
import { QUALITY_ROUTES } from './http-quality.ts';
import { SCREENER_ROUTES } from './http-screener.ts';
import { STORAGE_ROUTES } from './http-storage.ts';
import { STUDIO_ROUTES } from './http-studio.ts';
import type { RouteContract } from './route.ts';
import { riskLimitsSchema } from '#app/domain/limits.ts';
import { decimalText, positiveDecimalText } from '#app/domain/numeric.ts';
import { clientOrderIdSchema, symbolSchema } from '#app/domain/ids.ts';
import { tradingStateSchema } from '#app/domain/trading-state.ts';

/** Largest page of rows that a list returns. */
export const PAGE_MAX = 500;
/** Most points that an equity curve returns; longer ranges are thinned. */
export const CURVE_POINTS_MAX = 2_000;

const nothing = z.object({});
const done = z.object({ accepted: z.literal(true) });
const limit = z.coerce.number().int().min(1).max(PAGE_MAX).default(100);
const rowId = z.string().min(1).max(256);
const unit = z.object({ unitId: UnitIdSchema });
const run = z.object({ runId: runIdSchema });
const flow = z.object({ flow: flowNameSchema });

/** The ranges of the equity curve, back from the newest point, in market time. */
export const CURVE_RANGES = ['1D', '1W', '1M', '3M', '1Y', 'ALL'] as const;
export const curveRangeSchema = z.enum(CURVE_RANGES);
export type CurveRange = (typeof CURVE_RANGES)[number];

/** An order as a person writes it; who and under which key is added from the session and the header. */
export const orderTicketSchema = z.object(orderTicketFields).check(checkTicket);
/** A ticket as it is written, before defaults. */
export type OrderTicket = z.input<typeof orderTicketSchema>;

/** Every route of the dashboard's API. */
export const HTTP = {
  session: { method: 'GET', path: '/api/session', auth: 'cookie', movesMoney: false, summary: 'The header token and what the page saved about itself', input: nothing, output: sessionViewSchema },
  saveUiState: { method: 'PUT', path: '/api/ui-state', auth: 'session', movesMoney: false, summary: 'Remember what the page looks like (theme, tab, range, navigation)', input: z.object({ uiState: z.record(z.string().max(64), z.unknown()) }), output: done },

  account: { method: 'GET', path: '/api/account', auth: 'session', movesMoney: false, summary: 'Equity, cash, exposure and day P&L by our own ledger', input: nothing, output: accountViewSchema },
  equity: {
    method: 'GET', path: '/api/equity', auth: 'session', movesMoney: false, summary: 'Equity curve with the closes of a benchmark', input: z.object({ range: curveRangeSchema.default('1D'), benchmark: symbolSchema.default('SPY') }),
    output: z.object({ range: curveRangeSchema, benchmark: z.string().nullable().describe('null when no bars of it are stored'), points: z.array(equityPointSchema), isThinned: z.boolean() }),
  },
  positions: { method: 'GET', path: '/api/positions', auth: 'session', movesMoney: false, summary: 'Open positions at the last close', input: nothing, output: z.object({ positions: z.array(positionViewSchema) }) },
  orders: {
    method: 'GET', path: '/api/orders', auth: 'session', movesMoney: false, summary: 'Orders, newest first', input: z.object({ scope: z.enum(['open', 'closed', 'all']).default('all'), limit, before: rowId.optional().describe('orderId of the last row seen') }),
    output: z.object({ orders: z.array(orderViewSchema), openTotal: z.number().int(), total: z.number().int() }),
  },
  orderStory: { method: 'GET', path: '/api/decisions/:decisionId/story', auth: 'session', movesMoney: false, summary: 'Why an order exists (or was denied) and what became of it', input: z.object({ decisionId: z.string().min(1).max(256) }), output: orderStorySchema },
  decisions: { method: 'GET', path: '/api/decisions', auth: 'session', movesMoney: false, summary: 'Decisions of risk, newest first', input: z.object({ outcome: z.enum(['approved', 'denied', 'all']).default('all'), limit, before: rowId.optional().describe('decisionId of the last row seen') }), output: z.object({ decisions: z.array(decisionViewSchema), approvedTotal: z.number().int(), deniedTotal: z.number().int() }) },
  fills: { method: 'GET', path: '/api/fills', auth: 'session', movesMoney: false, summary: 'Executions, newest first', input: z.object({ limit, before: z.coerce.number().int().optional().describe('ledgerSeq of the last row seen') }), output: z.object({ fills: z.array(fillViewSchema), total: z.number().int() }) },
  pnlByDay: { method: 'GET', path: '/api/pnl/days', auth: 'session', movesMoney: false, summary: 'P&L of each exchange day, from the equity curve', input: z.object({ limit }), output: z.object({ days: z.array(z.object({ day: z.string(), openEquity: decimalText, closeEquity: decimalText, pnl: decimalText, pnlFraction: z.number().nullable(), fills: z.number().int() })) }) },
  strategies: { method: 'GET', path: '/api/strategies', auth: 'session', movesMoney: false, summary: 'Strategies with signals, decisions and P&L', input: nothing, output: z.object({ strategies: z.array(strategyViewSchema), manual: z.object({ fills: z.number().int(), realizedPnl: decimalText, openPnl: decimalText }) }) },
  tradingState: { method: 'GET', path: '/api/trading-state', auth: 'session', movesMoney: false, summary: 'The master switch, the risk lease and the limits', input: nothing, output: tradingStateViewSchema },
  symbols: { method: 'GET', path: '/api/symbols', auth: 'session', movesMoney: false, summary: 'Symbols of the book with their last price', input: z.object({ query: z.string().max(40).default(''), limit }), output: z.object({ symbols: z.array(symbolViewSchema) }) },
  notices: { method: 'GET', path: '/api/notices', auth: 'session', movesMoney: false, summary: 'Risk events and notifications, newest first', input: z.object({ limit }), output: z.object({ notices: z.array(noticeViewSchema) }) },
  deliveries: { method: 'GET', path: '/api/deliveries', auth: 'session', movesMoney: false, summary: 'What was sent to people, newest first', input: deliveryQuerySchema, output: deliveryListSchema },
  sendTest: { method: 'POST', path: '/api/deliveries/test', auth: 'session', movesMoney: true, summary: 'Send a test message on every way that is set up', input: nothing, output: COMMANDS.sendTest.output },
  market: { method: 'GET', path: '/api/market', auth: 'session', movesMoney: false, summary: 'The market clock', input: nothing, output: marketClockSchema },

  placeOrder: { method: 'POST', path: '/api/orders', auth: 'session', movesMoney: true, summary: 'Ask risk for a manual order', input: orderTicketSchema, output: decisionReply },
  previewOrder: { method: 'POST', path: '/api/orders/preview', auth: 'session', movesMoney: false, summary: 'What risk would say, writing nothing', input: orderTicketSchema, output: decisionReply },
  cancelOrder: { method: 'POST', path: '/api/orders/cancel', auth: 'session', movesMoney: true, summary: 'Cancel one open order, or all (null)', input: z.object({ clientOrderId: clientOrderIdSchema.nullable() }), output: COMMANDS.cancelOrder.output },
  replaceOrder: { method: 'POST', path: '/api/orders/replace', auth: 'session', movesMoney: true, summary: 'Change quantity or prices of an open order', input: z.object(orderChangeFields), output: decisionReply },
  previewReplaceOrder: { method: 'POST', path: '/api/orders/replace/preview', auth: 'session', movesMoney: false, summary: 'What risk would say to a change, writing nothing', input: z.object(orderChangeFields), output: decisionReply },
  reducePosition: { method: 'POST', path: '/api/positions/reduce', auth: 'session', movesMoney: true, summary: "Close a part of one holder's share at market", input: z.object({ symbol: symbolSchema, strategyId: z.string().max(64).nullable(), qty: positiveDecimalText }), output: decisionReply },
  reversePosition: { method: 'POST', path: '/api/positions/reverse', auth: 'session', movesMoney: true, summary: 'Close a position and open as many shares on the other side', input: z.object({ symbol: symbolSchema }), output: COMMANDS.reversePosition.output },
  kill: {
    method: 'POST', path: '/api/kill', auth: 'session', movesMoney: true, summary: 'The kill switch: stop entries, cancel all orders, close all positions; it works at once, also when the book is slow',
    input: killWishSchema.pick({ level: true, reason: true }), output: killOutcomeSchema,
  },
  reconciliations: { method: 'GET', path: '/api/reconciliations', auth: 'session', movesMoney: false, summary: "Comparisons of our book with the broker's, newest first", input: z.object({ only: z.enum(['all', 'different']).default('all'), limit }), output: z.object({ reconciliations: z.array(reconciliationViewSchema) }) },
  findings: { method: 'GET', path: '/api/findings', auth: 'session', movesMoney: false, summary: 'What the guardian of orders and positions found, open ones first', input: z.object({ state: z.enum(['open', 'all']).default('open'), limit }), output: z.object({ findings: z.array(findingViewSchema) }) },
  applyRemedy: { method: 'POST', path: '/api/findings/apply', auth: 'session', movesMoney: true, summary: 'Carry out what the guardian proposes', input: z.object({ findingId: z.string().min(1).max(200) }), output: COMMANDS.applyRemedy.output },
  dismissFinding: { method: 'POST', path: '/api/findings/dismiss', auth: 'session', movesMoney: true, summary: 'Leave a finding alone', input: z.object({ findingId: z.string().min(1).max(200), reason: z.string().trim().min(1).max(200) }), output: COMMANDS.dismissFinding.output },
  ledgerEntries: { method: 'GET', path: '/api/ledger', auth: 'session', movesMoney: false, summary: 'Cash and shares that moved without a fill, newest first', input: z.object({ limit }), output: z.object({ entries: z.array(ledgerEntryViewSchema) }) },
  proof: { method: 'GET', path: '/api/proof', auth: 'session', movesMoney: false, summary: 'The last proof run of this version', input: nothing, output: z.object({ proof: proofViewSchema.nullable() }) },
  flatten: { method: 'POST', path: '/api/flatten', auth: 'session', movesMoney: true, summary: 'Close one position, or all (null), with market orders', input: z.object({ symbol: symbolSchema.nullable() }), output: COMMANDS.flatten.output },
  setTradingState: { method: 'POST', path: '/api/trading-state', auth: 'session', movesMoney: true, summary: 'Halt, reduce or resume trading', input: z.object({ state: tradingStateSchema, reason: z.string().trim().min(1).max(200) }), output: COMMANDS.setTradingState.output },
  setRiskLimits: { method: 'POST', path: '/api/risk-limits', auth: 'session', movesMoney: true, summary: 'New risk limits, versioned', input: z.object({ limits: riskLimitsSchema, base: z.number().int().optional() }), output: COMMANDS.setRiskLimits.output },
  setStrategyEnabled: { method: 'POST', path: '/api/strategies/:strategyId/enabled', auth: 'session', movesMoney: true, summary: 'Let a strategy raise signals, or stop it', input: z.object({ strategyId: z.string().min(1).max(64), isEnabled: z.boolean() }), output: COMMANDS.setStrategyEnabled.output },

  stack: { method: 'GET', path: '/api/health', auth: 'session', movesMoney: false, summary: 'Every unit, and whether trading is possible now', input: nothing, output: z.object({ stack: StackHealthSchema.nullable(), verdict: verdictSchema, market: marketClockSchema }) },
  pipeline: { method: 'GET', path: '/api/pipeline', auth: 'session', movesMoney: false, summary: 'How far each consumer is behind', input: nothing, output: z.object({ watermarks: z.array(watermarkSchema), at: z.number().int() }) },
  invariants: { method: 'GET', path: '/api/invariants', auth: 'session', movesMoney: false, summary: 'The ledger checked against its own rules', input: nothing, output: z.object({ invariants: z.array(invariantViewSchema), tookMs: z.number(), at: z.number().int() }) },
  startUnit: { method: 'POST', path: '/api/units/:unitId/start', auth: 'session', movesMoney: false, summary: 'Start a unit', input: unit, output: done },
  stopUnit: { method: 'POST', path: '/api/units/:unitId/stop', auth: 'session', movesMoney: false, summary: 'Stop a unit and keep it stopped', input: unit, output: done },
  restartUnit: { method: 'POST', path: '/api/units/:unitId/restart', auth: 'session', movesMoney: false, summary: 'Stop a unit, then start it', input: unit, output: done },
  unitLogs: { method: 'GET', path: '/api/units/:unitId/logs', auth: 'session', movesMoney: false, summary: 'Captured output of a unit', input: unit.extend({ lines: z.coerce.number().int().min(1).max(500).default(200), afterSeq: z.coerce.number().int().optional() }), output: z.object({ lines: z.array(LogLineSchema) }) },
  logs: { method: 'GET', path: '/api/logs', auth: 'session', movesMoney: false, summary: 'Collected log lines of all parts, newest first; "about" follows one order through all of them', input: logQuerySchema, output: logPageSchema },
  unitHistory: { method: 'GET', path: '/api/units/history', auth: 'session', movesMoney: false, summary: 'What happened to the units, newest first', input: z.object({ unitId: UnitIdSchema.optional(), limit: z.coerce.number().int().min(1).max(INCIDENTS_MAX).default(50) }), output: z.object({ incidents: z.array(UnitIncidentSchema) }) },
  loginLink: { method: 'POST', path: '/api/login-link', auth: 'session', movesMoney: false, summary: 'A one-time link for another browser', input: nothing, output: z.object({ url: z.string() }) },

  deployments: { method: 'GET', path: '/api/flows', auth: 'session', movesMoney: false, summary: 'Flows with schedule, last and next run', input: nothing, output: z.object({ deployments: z.array(deploymentViewSchema) }) },
  flowDays: { method: 'GET', path: '/api/flows/days', auth: 'session', movesMoney: false, summary: 'Runs, success and duration per flow and day', input: z.object({ days: z.coerce.number().int().min(1).max(90).default(14) }), output: z.object({ days: z.array(flowDaySchema) }) },
  runs: { method: 'GET', path: '/api/runs', auth: 'session', movesMoney: false, summary: 'Runs, newest first', input: runQuerySchema, output: runPageSchema },
  run: { method: 'GET', path: '/api/runs/:runId', auth: 'session', movesMoney: false, summary: 'One run with steps and logs', input: run, output: flowRunDetailSchema },
  runFlow: { method: 'POST', path: '/api/flows/:flow/run', auth: 'session', movesMoney: true, summary: 'Run a flow now', input: flow.extend({ input: z.unknown() }), output: z.object({ runId: z.string() }) },
  pauseFlow: { method: 'POST', path: '/api/flows/:flow/pause', auth: 'session', movesMoney: false, summary: 'Stop the schedule of a flow', input: flow, output: done },
  resumeFlow: { method: 'POST', path: '/api/flows/:flow/resume', auth: 'session', movesMoney: false, summary: 'Let the schedule of a flow run again', input: flow, output: done },
  saveFlowSettings: { method: 'POST', path: '/api/flows/:flow/settings', auth: 'session', movesMoney: false, summary: 'Change schedule, policies and parameters of a flow; null = back to the defaults', input: flow.extend({ settings: flowSettingsSchema.nullable() }), output: done },
  previewSchedule: { method: 'POST', path: '/api/flows/preview-schedule', auth: 'session', movesMoney: false, summary: 'What a schedule would do', input: z.object({ schedule: z.unknown() }), output: schedulePreviewSchema },
  flowChanges: { method: 'GET', path: '/api/flows/:flow/changes', auth: 'session', movesMoney: false, summary: 'What people did to a flow, newest first', input: flow.extend({ limit }), output: z.object({ changes: z.array(flowChangeSchema) }) },
  runLogs: { method: 'GET', path: '/api/runs/:runId/logs', auth: 'session', movesMoney: false, summary: 'Lines of a run after a sequence number', input: run.extend({ afterSeq: z.coerce.number().int().min(0).default(0) }), output: z.object({ lines: z.array(runLogLineSchema) }) },
  retryRun: { method: 'POST', path: '/api/runs/:runId/retry', auth: 'session', movesMoney: true, summary: 'Run an ended run again, from the step that failed or from a chosen one; finished steps before it keep their results', input: run.extend({ fromStep: z.number().int().min(0).optional() }), output: z.object({ runId: z.string() }) },
  reports: { method: 'GET', path: '/api/reports', auth: 'session', movesMoney: false, summary: 'Reports that were written, newest day first', input: z.object({ limit }), output: z.object({ reports: z.array(reportViewSchema) }) },
  cancelRun: { method: 'POST', path: '/api/runs/:runId/cancel', auth: 'session', movesMoney: false, summary: 'Cancel a run', input: run, output: done },

  ...ALERT_ROUTES,
  ...STORAGE_ROUTES,
  ...FEED_ROUTES,
  ...BULK_ROUTES,
  ...QUALITY_ROUTES,
  ...CHART_ROUTES,
  ...EXPLAIN_ROUTES,
  ...SCREENER_ROUTES,
  ...AUTHOR_ROUTES,
  ...STUDIO_ROUTES,
  ...DEPLOY_ROUTES,
  ...CONFIGURATION_ROUTES,
  ...ACCOUNT_ROUTES,
} as const satisfies Record<string, RouteContract>;

/** The name of a route. */
export type RouteName = keyof typeof HTTP;
/** What the caller writes (before defaults). */
export type RouteInput<N extends RouteName> = z.input<(typeof HTTP)[N]['input']>;
/** What the handler reads (after defaults). */
export type RouteParsed<N extends RouteName> = z.output<(typeof HTTP)[N]['input']>;
/** What the route answers. */
export type RouteOutput<N extends RouteName> = z.output<(typeof HTTP)[N]['output']>;

/** The names of all routes. */
export const ROUTE_NAMES = Object.keys(HTTP) as RouteName[];

/** The body of every refusal. `message` says what to do; `issues` name fields of the input. */
export const httpErrorSchema = z.object({ error: z.object({ code: z.string(), family: z.string(), message: z.string(), issues: z.array(z.object({ path: z.string(), message: z.string() })).optional() }) });
export type HttpErrorBody = z.infer<typeof httpErrorSchema>;

/** Header that carries the page's token. */
export const TOKEN_HEADER = 'x-mainspring-token';
/** Header that makes asking twice asking once. */
export const IDEMPOTENCY_HEADER = 'idempotency-key';
/** What an idempotency key looks like. */
export const idempotencyKeySchema = z.string().regex(/^[A-Za-z0-9._-]{8,64}$/, 'must be 8 to 64 letters, digits, dots, dashes or underscores');

/** Names of a path's parameters: `/api/runs/:runId` has `runId`. */
export function pathParameters(path: string): readonly string[] {
  return [...path.matchAll(/:([A-Za-z]+)/g)].map((match) => match[1] ?? '');
}
