/** Flows: what a service announces, what the orchestrator answers, and the states of a run. */
import * as z from 'zod';
import { serviceIdSchema } from '#app/domain/ids.ts';

/** The 23 flows of mission M2 and their owners. */
export const FLOW_OWNERS = {
  fetch_market_data: 'data_ingestion', validate_data_quality: 'data_ingestion', archive_old_data: 'data_ingestion',
  run_strategy: 'strategy_engine', calculate_indicators: 'strategy_engine', generate_signals: 'strategy_engine', backtest_strategy: 'strategy_engine',
  execute_trades: 'execution', manage_orders: 'execution', update_positions: 'execution', reconcile_trades: 'execution',
  calculate_position_size: 'risk_management', validate_risk_limits: 'risk_management', monitor_portfolio_risk: 'risk_management', generate_risk_alerts: 'risk_management',
  calculate_performance: 'analytics', generate_reports: 'analytics', run_backtest: 'analytics', analyze_trades: 'analytics',
  send_trade_alerts: 'notification', monitor_system_health: 'notification', aggregate_logs: 'notification', send_daily_summary: 'notification',
} as const;
export type FlowName = keyof typeof FLOW_OWNERS;
export const flowNameSchema = z.enum(Object.keys(FLOW_OWNERS) as [FlowName, ...FlowName[]]);

/** The flows that are real in this version; the others are announced by later ones. */
export const DEPLOYED_FLOWS = ['fetch_market_data', 'run_strategy', 'execute_trades', 'update_positions', 'reconcile_trades', 'monitor_portfolio_risk', 'calculate_performance', 'monitor_system_health'] as const satisfies readonly FlowName[];

/** Every state of a run, from waiting to ended. */
export const RUN_STATES = ['SCHEDULED', 'PENDING', 'RUNNING', 'RETRYING', 'COMPLETED', 'FAILED', 'CRASHED', 'LATE', 'CANCELLED', 'PAUSED', 'SKIPPED'] as const;
/** A state of a run. */
export type RunState = (typeof RUN_STATES)[number];
/** A state of a run, on the wire. */
export const runStateSchema = z.enum(RUN_STATES);

/** When a flow runs by itself: a cron in New York time, thinned to the moments the market calendar agrees with; or an event. */
export const scheduleSchema = z.object({
  cron: z.string(), timeZone: z.literal('America/New_York'), only: z.enum(['always', 'trading_days', 'in_session']), describe: z.string().describe('one plain sentence for people'),
});
export type FlowSchedule = z.infer<typeof scheduleSchema>;

/** A flow as its service announces it. */
export const deploymentSchema = z.object({
  name: flowNameSchema, owner: serviceIdSchema, description: z.string(), version: z.string(),
  schedule: scheduleSchema.nullable(), retries: z.number().int().min(0).max(10), retryDelayMs: z.number().int().positive(), timeoutMs: z.number().int().positive(), concurrency: z.number().int().min(1).max(16),
  onMissed: z.enum(['skip', 'run_once', 'run_all']), inputJsonSchema: z.record(z.string(), z.unknown()),
});
export type Deployment = z.infer<typeof deploymentSchema>;

/** One step of a run: what it gave, or why it failed. Times in epoch ms. */
export const stepRunSchema = z.object({ index: z.number().int(), name: z.string(), state: runStateSchema, startedAt: z.number().nullable(), endedAt: z.number().nullable(), attempts: z.number().int().nullable(), error: z.string().nullable(), output: z.unknown() });
/** A run as the API on 4200 shows it. Times in epoch ms. */
export const flowRunSchema = z.object({
  runId: z.string(), flow: flowNameSchema, owner: serviceIdSchema, state: runStateSchema, trigger: z.enum(['schedule', 'manual', 'event']), scheduledFor: z.number().nullable(),
  createdAt: z.number(), startedAt: z.number().nullable(), endedAt: z.number().nullable(), input: z.unknown(), output: z.unknown(), error: z.string().nullable(), progress: z.object({ done: z.number(), total: z.number() }).nullable(),
});
/** A run. */
export type FlowRun = z.infer<typeof flowRunSchema>;
/** A run with its steps and its log. */
export const flowRunDetailSchema = flowRunSchema.extend({ steps: z.array(stepRunSchema), logs: z.array(z.object({ at: z.number(), level: z.string(), message: z.string() })) });
/** A run with its steps and its log. */
export type FlowRunDetail = z.infer<typeof flowRunDetailSchema>;
/** A deployment with what happened last and happens next. */
export const deploymentViewSchema = deploymentSchema.extend({ isPaused: z.boolean(), nextRunAt: z.number().nullable(), lastRun: flowRunSchema.nullable(), announcedAt: z.number() });
/** A deployment with what happened last and happens next. */
export type DeploymentView = z.infer<typeof deploymentViewSchema>;
