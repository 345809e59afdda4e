/** Flows: what a service announces, what the orchestrator answers, and the states of a run. */
import * as z from 'zod';
import { serviceIdSchema } from '#app/domain/ids.ts';
import { MAX_INSTANT, scheduleSchema } from './flow-schedules.ts';

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

/** All flows, in the order of mission M2. */
export const FLOW_NAMES = Object.keys(FLOW_OWNERS) as [FlowName, ...FlowName[]];

/** Every state of a run, from waiting to ended. */
export const RUN_STATES = ['SCHEDULED', 'PENDING', 'RUNNING', 'RETRYING', 'COMPLETED', 'FAILED', 'CRASHED', 'LATE', 'CANCELLED', 'PAUSED', 'SKIPPED'] as const;
/** A state of a run. */
export type RunState = (typeof RUN_STATES)[number];
/** A state of a run, on the wire. */
export const runStateSchema = z.enum(RUN_STATES);

/** What a flow does about scheduled times that passed while the system was off. */
export const missedPolicySchema = z.enum(['skip', 'run_once', 'run_all']);
/** What a tick does while an earlier run of the same flow still waits or runs: it waits behind it, or is skipped (and shown as SKIPPED). */
export const overlapSchema = z.enum(['queue', 'skip']);

/** What a person may change about a flow without touching its code. `input`: the parameters of its scheduled runs. */
export const flowSettingsSchema = z.object({
  schedule: scheduleSchema.nullable(), onMissed: missedPolicySchema, overlap: overlapSchema, input: z.record(z.string(), z.unknown()),
  retries: z.number().int().min(0).max(10), timeoutMs: z.number().int().min(1_000).max(86_400_000),
});
/** What a person may change about a flow. */
export type FlowSettings = z.infer<typeof flowSettingsSchema>;

/** A flow as its service announces it; `settings` of the announcement are its defaults. */
export const deploymentSchema = flowSettingsSchema.extend({
  name: flowNameSchema, owner: serviceIdSchema, description: z.string(), version: z.string(),
  retryDelayMs: z.number().int().positive(), concurrency: z.number().int().min(1).max(16), inputJsonSchema: z.record(z.string(), z.unknown()),
  /** What starts it beside its schedule, in words: "each fill", "a part fails". */ events: z.array(z.string().max(80)).max(8),
  /** The flows that its runs may start as their children. */ children: z.array(flowNameSchema),
  /** Its runs may be taken by a worker of the service on another machine. */ isShareable: z.boolean(),
});
export type Deployment = z.infer<typeof deploymentSchema>;

/** One step of a run: what it gave, or why it failed. SKIPPED: the run decided not to take it; `error` says why. Times in epoch ms. */
export const stepRunSchema = z.object({
  index: z.number().int(), name: z.string(), state: runStateSchema, startedAt: z.number().nullable(), endedAt: z.number().nullable(), attempts: z.number().int().nullable(), error: z.string().nullable(), output: z.unknown(),
  /** The run that this step started and waited for. */ childRunId: z.string().nullable(),
});
/** One step of a run. */
export type StepRun = z.infer<typeof stepRunSchema>;

/** The id of a run, on the wire; those of children begin with their parent's. */
export const runIdSchema = z.string().min(1).max(400);

/** How a run began: by its schedule, by a person, by an event, as a child of another run, or as a retry. */
export const triggerSchema = z.enum(['schedule', 'manual', 'event', 'parent', 'retry']);
/** How a run began. */
export type RunTrigger = z.infer<typeof triggerSchema>;

/** A run as lists show it. Times in epoch ms. */
export const flowRunSchema = z.object({
  runId: z.string(), flow: flowNameSchema, owner: serviceIdSchema, state: runStateSchema, trigger: triggerSchema, scheduledFor: z.number().nullable(), parentRunId: z.string().nullable(),
  createdAt: z.number(), startedAt: z.number().nullable(), endedAt: z.number().nullable(), error: z.string().nullable(), progress: z.object({ done: z.number(), total: z.number() }).nullable(),
  /** Milliseconds between the time it was meant for and its start; null for runs without such a time. */ latenessMs: z.number().nullable(),
});
/** A run. */
export type FlowRun = z.infer<typeof flowRunSchema>;

/** A line of a run's own log; `seq` grows. */
export const runLogLineSchema = z.object({ seq: z.number().int(), at: z.number(), level: z.enum(['debug', 'info', 'warn', 'error']), message: z.string(), fields: z.record(z.string(), z.unknown()).nullable() });
/** A line of a run's own log. */
export type RunLogLine = z.infer<typeof runLogLineSchema>;

/** Why a run failed: the outermost error first in words, then what caused it, innermost last. */
export const runFailureSchema = z.object({ message: z.string(), code: z.string().nullable(), step: z.string().nullable(), causes: z.array(z.string()), /** What the reader can do. */ remedy: z.string().nullable() });
/** Why a run failed. */
export type RunFailure = z.infer<typeof runFailureSchema>;

/** A run with everything about it. Lists of children oldest first. */
export const flowRunDetailSchema = flowRunSchema.extend({
  input: z.unknown(), output: z.unknown(), failure: runFailureSchema.nullable(), steps: z.array(stepRunSchema), logs: z.array(runLogLineSchema), children: z.array(flowRunSchema),
  /** The run that this one repeats, and the runs that repeat it. */ retryOf: z.string().nullable(), retriedAs: z.array(z.string()),
  /** How often a worker took it up; more than one: a worker died or was stopped in between. */ dispatches: z.number().int(), timeoutMs: z.number().nullable(), deadlineAt: z.number().nullable(),
});
/** A run with everything about it. */
export type FlowRunDetail = z.infer<typeof flowRunDetailSchema>;

/** How a deployment fares. `late`: a run waits too long for its worker; `failing`: its last runs failed; `exhausted`: its schedule never fires again. */
export const deploymentHealthSchema = z.enum(['ok', 'paused', 'late', 'failing', 'exhausted']);
/** How a deployment fares. */
export type DeploymentHealth = z.infer<typeof deploymentHealthSchema>;

/** A deployment with what happened last and happens next. Its settings are those in force; `defaults` those of the code. */
export const deploymentViewSchema = deploymentSchema.extend({
  isPaused: z.boolean(), announcedAt: z.number(), defaults: flowSettingsSchema, isCustom: z.boolean(), /** The schedule in one plain sentence; null without schedule. */ scheduleText: z.string().nullable(),
  /** The next ticks, at most five. */ nextRunsAt: z.array(z.number()), lastRun: flowRunSchema.nullable(), /** The last 30 ended runs, oldest first. */ recent: z.array(z.object({ runId: z.string(), state: runStateSchema, at: z.number(), tookMs: z.number().nullable() })),
  health: deploymentHealthSchema, /** Since when it is late or failing. */ healthSince: z.number().nullable(), healthReason: z.string().nullable(),
  /** Runs that wait and run now, and since when the oldest waits. */ queued: z.number().int(), running: z.number().int(), oldestQueuedAt: z.number().nullable(),
});
/** A deployment with what happened last and happens next. */
export type DeploymentView = z.infer<typeof deploymentViewSchema>;

/** One flow on one day (New York), over its ended runs. Durations and lateness in milliseconds, null when there were none. */
export const flowDaySchema = z.object({ flow: flowNameSchema, day: z.string(), completed: z.number().int(), failed: z.number().int(), other: z.number().int(), p50Ms: z.number().nullable(), p95Ms: z.number().nullable(), maxLatenessMs: z.number().nullable() });
/** One flow on one day. */
export type FlowDay = z.infer<typeof flowDaySchema>;

/** An instant in an address. */
const instant = z.coerce.number().int().min(0).max(MAX_INSTANT);
/** Which runs to list. Times (EpochMs) bound the moment a run was meant for or asked for; `search` looks in ids and errors. */
export const runQuerySchema = z.object({
  flow: flowNameSchema.optional(), owner: serviceIdSchema.optional(), states: z.string().max(200).regex(/^[A-Z]+(,[A-Z]+)*$/).optional().describe('Comma separated states'), trigger: triggerSchema.optional(),
  from: instant.optional(), to: instant.optional(), search: z.string().trim().max(100).optional(), parentRunId: runIdSchema.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(50), cursor: z.string().max(500).optional(),
});
/** Which runs to list. */
export type RunQuery = z.output<typeof runQuerySchema>;
/** A page of runs, newest first; `nextCursor` leads to older ones. `tookMs`: the query's own time. */
export const runPageSchema = z.object({ runs: z.array(flowRunSchema), nextCursor: z.string().nullable(), tookMs: z.number() });

/** What people did to a flow. `detail` in words; `runId` when it is about one run. */
export const flowChangeSchema = z.object({ at: z.number(), actor: z.string(), what: z.enum(['paused', 'resumed', 'settings_saved', 'settings_reset', 'run_started', 'run_cancelled', 'run_retried']), detail: z.string().nullable(), runId: z.string().nullable() });
/** What somebody did to a flow. */
export type FlowChange = z.infer<typeof flowChangeSchema>;

/** What a schedule would do, before it is saved. `problem` says what is wrong with it, and then nothing else is there. */
export const schedulePreviewSchema = z.object({ text: z.string().nullable(), nextRunsAt: z.array(z.number()), problem: z.string().nullable() });
