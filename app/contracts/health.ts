/** Unit states and health reports: what the gateway, the command line and the health panel all show. */
import * as z from 'zod';
import { SERVICE_IDS } from '#app/domain/ids.ts';

/** Every part of the system that the supervisor keeps, in start order. Service ids are also schema, role and metric names. */
export const UNIT_IDS = [
  'postgres',
  'redis',
  'migrate',
  'simulator',
  'orchestrator',
  ...SERVICE_IDS,
  'gateway',
] as const;

/** One of the supervisor's units. */
export const UnitIdSchema = z.enum(UNIT_IDS);
/** One of the supervisor's units. */
export type UnitId = z.infer<typeof UnitIdSchema>;

/** All units that are worker processes of ours, speaking the control channel. */
export const WORKER_IDS = [...SERVICE_IDS, 'simulator', 'orchestrator', 'gateway'] as const;

/** One of our own worker processes. */
export const WorkerIdSchema = z.enum(WORKER_IDS);
/** One of our own worker processes. */
export type WorkerId = z.infer<typeof WorkerIdSchema>;

/**
 * The life of a unit.
 * `waiting` = its needs are not ready; `unresponsive` = alive but its beats stopped; `backoff` = ended, started again after a delay;
 * `failed` = given up until the half-open retry or a human; `done` = a oneshot unit (migrate) that finished with success.
 */
export const UNIT_STATES = [
  'stopped',
  'waiting',
  'starting',
  'ready',
  'degraded',
  'unresponsive',
  'stopping',
  'backoff',
  'failed',
  'done',
] as const;

/** One state of a unit's life. */
export const UnitStateSchema = z.enum(UNIT_STATES);
/** One state of a unit's life. */
export type UnitState = z.infer<typeof UnitStateSchema>;

/** `database`: PostgreSQL or Redis of our own; `oneshot`: runs to its end (migrate); `worker`: our process; `external`: a server we only probe. */
export const UnitKindSchema = z.enum(['database', 'oneshot', 'worker', 'external']);
/** How a unit is kept. */
export type UnitKind = z.infer<typeof UnitKindSchema>;

/** How a unit's last process ended, with enough of its output to understand why. Times are EpochMs. */
export const LastExitSchema = z.object({
  code: z.number().int().nullable(),
  signal: z.string().nullable(),
  at: z.number().int(),
  reason: z.string(),
  firstLines: z.array(z.string()),
  lastLines: z.array(z.string()),
});
/** How a unit's last process ended. */
export type LastExit = z.infer<typeof LastExitSchema>;

/** Most incidents that one answer carries. */
export const INCIDENTS_MAX = 200;

/** One thing that happened to a unit: the state it came to, and why; `exit` where a process ended (with its first and last lines). `at` is EpochMs. */
export const UnitIncidentSchema = z.object({ at: z.number().int(), unit: UnitIdSchema, state: UnitStateSchema, reason: z.string(), exit: LastExitSchema.nullable() });
/** One thing that happened to a unit. */
export type UnitIncident = z.infer<typeof UnitIncidentSchema>;

/**
 * One unit as people see it. `since` is EpochMs of the last change of state; ages and latencies are milliseconds; null = not known (yet).
 * Liveness is `lastBeatAgeMs`, readiness is `state`, health is `reasons`: three fields, never one.
 */
export const UnitHealthSchema = z.object({
  id: UnitIdSchema,
  title: z.string(),
  kind: UnitKindSchema,
  state: UnitStateSchema,
  since: z.number().int(),
  pid: z.number().int().nullable(),
  port: z.number().int().nullable(),
  uptimeMs: z.number().nullable(),
  restarts: z.number().int(),
  cpuPercent: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  lastBeatAgeMs: z.number().nullable(),
  latencyMs: z.number().nullable(),
  eventLoopDelayP99Ms: z.number().nullable(),
  backlog: z.number().nullable(),
  oldestPendingAgeMs: z.number().nullable(),
  brokerMessageAgeMs: z.number().nullable(),
  reasons: z.array(z.string()),
  lastExit: LastExitSchema.nullable(),
});
/** One unit as people see it. */
export type UnitHealth = z.infer<typeof UnitHealthSchema>;

/** Something a human should know: a port that had to move, a unit that was given up. `at` is EpochMs. */
export const NoticeSchema = z.object({
  at: z.number().int(),
  level: z.enum(['info', 'warn', 'error']),
  unit: UnitIdSchema.nullable(),
  text: z.string(),
});
/** Something a human should know. */
export type Notice = z.infer<typeof NoticeSchema>;

/** The whole system at one moment (`at`, EpochMs). `healthy` = every unit is ready, or done for a oneshot. */
export const StackHealthSchema = z.object({
  instanceId: z.string(),
  version: z.string(),
  mode: z.enum(['demo', 'paper', 'live']),
  at: z.number().int(),
  startedAt: z.number().int(),
  healthy: z.boolean(),
  stopping: z.boolean(),
  dataDir: z.string(),
  diskFreeBytes: z.number().nullable(),
  units: z.array(UnitHealthSchema),
  notices: z.array(NoticeSchema),
});
/** The whole system at one moment. */
export type StackHealth = z.infer<typeof StackHealthSchema>;

/** One dependency of a worker as it sees it itself. */
export const HealthDetailSchema = z.object({
  ok: z.boolean(),
  latencyMs: z.number().optional(),
  message: z.string().optional(),
});
/** One dependency of a worker as it sees it itself. */
export type HealthDetail = z.infer<typeof HealthDetailSchema>;

/**
 * The body of every worker's own GET /health (200 when ready, 503 when not).
 * `live` = its loop turns, `ready` = it can serve, `detail` = how well, one entry per dependency (`postgres`, `redis`, `lease`, `broker`, ...).
 */
export const WorkerHealthSchema = z.object({
  unit: WorkerIdSchema,
  version: z.string(),
  instanceId: z.string(),
  live: z.boolean(),
  ready: z.boolean(),
  uptimeMs: z.number(),
  reasons: z.array(z.string()),
  detail: z.record(z.string(), HealthDetailSchema),
});
/** The body of every worker's own GET /health. */
export type WorkerHealth = z.infer<typeof WorkerHealthSchema>;

/** One line of `mainspring verify`: a part, whether its real round trip worked, what was seen, how long it took. */
export const VerifyCheckSchema = z.object({
  part: z.string(),
  ok: z.boolean(),
  detail: z.string(),
  tookMs: z.number(),
});
/** One line of `mainspring verify`. */
export type VerifyCheck = z.infer<typeof VerifyCheckSchema>;

/** What `mainspring verify --json` prints. */
export const VerifyReportSchema = z.object({
  healthy: z.boolean(),
  at: z.number().int(),
  checks: z.array(VerifyCheckSchema),
});
/** What `mainspring verify --json` prints. */
export type VerifyReport = z.infer<typeof VerifyReportSchema>;

/** One captured line of a unit's output. `seq` grows by one per line for as long as the supervisor lives; `at` is EpochMs. */
export const LogLineSchema = z.object({
  seq: z.number().int(),
  at: z.number().int(),
  unit: UnitIdSchema,
  stream: z.enum(['stdout', 'stderr', 'supervisor']),
  text: z.string(),
});
/** One captured line of a unit's output. */
export type LogLine = z.infer<typeof LogLineSchema>;
