/** What the services and the orchestrator agree on about flows beside the public contract: ids, queues, reports, the engine's address. */
import * as z from 'zod';
import type { PostgresAccess } from '#app/contracts/config.ts';
import { deploymentSchema, FLOW_OWNERS, flowNameSchema, triggerSchema, type FlowName } from '#app/contracts/flows.ts';
import { AppError } from '#app/domain/errors.ts';
import { serviceIdSchema, type ServiceId } from '#app/domain/ids.ts';
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import type { Logger } from './log.ts';

/** Schema of the engine's own tables in the orchestrator database. */
export const ENGINE_SCHEMA = 'dbos';
/** A run whose worker died this often while running it is given up (state CRASHED). */
export const MAX_RECOVERIES = 10;
/** Most lines that one execution of a run may log; what follows is counted, not kept. */
export const MAX_LOG_LINES = 500;
/** Most reports in one request. */
export const MAX_REPORTS = 200;

/** The longest id of a run. */
export const MAX_RUN_ID = 300;

/** The argument of every durable function: it must stay readable by later versions. `retries`: a person's setting, in place of the flow's own. */
export const flowCallSchema = z.object({ input: z.unknown().optional(), scheduledFor: z.number().int().nullable(), retries: z.number().int().min(0).max(10).optional() });
/** The argument of every durable function. */
export type FlowCall = z.infer<typeof flowCallSchema>;

/** How a run began, kept with the run itself. `parentRunId`: the run that waits for it. */
export const runAttributesSchema = z.object({ trigger: triggerSchema, scheduledFor: z.number().int().nullable(), parentRunId: z.string().nullable().default(null) });
/** How a run began. */
export type RunAttributes = z.infer<typeof runAttributesSchema>;

/** Keys of event and manual starts: what may stand in a run id. */
export const RUN_KEY = /^[A-Za-z0-9._:/-]{1,200}$/;

/** Id of the run of one tick of the schedule: one tick has one run, whoever fires it, however often. */
export function scheduledRunId(flow: FlowName, scheduledFor: EpochMs): string {
  return `${flow}:${toRfc3339(scheduledFor)}`;
}
/** Id of the run that an event or a person asked for under a key. */
export function keyedRunId(flow: FlowName, trigger: 'event' | 'manual', key: string): string {
  return trigger === 'event' ? `${flow}:${key}` : `${flow}:manual:${key}`;
}

/**
 * Id of a child: made of the parent's id and the flow (and a key, for several children of one flow), so that a parent that goes through its body
 * again after a crash asks for the same child. A repeated parent (`again`) has another id, and so have the children it starts.
 * @throws AppError FLOW_INPUT_INVALID for a key that cannot stand in an id, or a nesting that makes ids too long.
 */
export function childRunId(parentRunId: string, flow: FlowName, key?: string): string {
  if (key !== undefined && !RUN_KEY.test(key)) throw new AppError('FLOW_INPUT_INVALID', `The key of a child may hold letters, digits and . _ : / -, got "${key.slice(0, 60)}"`);
  const runId = `${parentRunId}/${flow}${key === undefined ? '' : `.${key}`}`;
  if (runId.length > MAX_RUN_ID) throw new AppError('FLOW_INPUT_INVALID', `The id of a child of ${flow} would be longer than ${MAX_RUN_ID} characters; nest less or choose shorter keys`);
  return runId;
}

/** What a step gives that the run decided not to take. */
export const skippedStepSchema = z.object({ $skipped: z.string() }).strict();
/** What a step gives that started another run and waited for it. A child that failed stands in the step's error, and its id in the error's context. */
export const childStepSchema = z.object({ $child: z.string(), output: z.unknown() }).strict();

/**
 * The engine's name of a worker: one application and one version per service, one executor per process. The version is fixed, so that a run survives
 * an upgrade of the program. `workerId` names a worker beside the service's own. The session's name is how others see in the database who is alive.
 */
export function engineIdentity(owner: ServiceId, workerId?: string): { readonly name: string; readonly applicationVersion: string; readonly executorID: string; readonly sessionName: string } {
  const executorID = workerId === undefined ? owner : `${owner}@${workerId}`;
  return { name: owner, applicationVersion: owner, executorID, sessionName: sessionNameOf(owner, executorID) };
}
/** The database session of an executor of a service; `executorID` as the engine wrote it down with a run. */
export function sessionNameOf(owner: ServiceId, executorID: string): string {
  // PostgreSQL keeps 63 bytes of a name.
  return `dbos_transact_${executorID}_${owner}`.slice(0, 63);
}

/** Where the engine finds its tables. A host that is a folder holds the server's unix socket. */
export function engineUrl(access: PostgresAccess): string {
  const isSocket = access.host.startsWith('/');
  const url = new URL(`postgresql://${isSocket ? 'localhost' : access.host}:${access.port}/${encodeURIComponent(access.orchestratorDb)}`);
  url.username = encodeURIComponent(access.user);
  url.password = encodeURIComponent(access.password);
  if (isSocket) url.searchParams.set('host', access.host);
  url.searchParams.set('options', '-c timezone=UTC -c idle_in_transaction_session_timeout=30000 -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3');
  return url.toString();
}

/** Where a service's door takes new runs (body: a `NewRun`, answer: `{ started }`). */
export const START_PATH = '/flows/start';
/** A run that is to begin. */
export const newRunSchema = z.object({
  flow: flowNameSchema, runId: z.string().min(1).max(MAX_RUN_ID), call: flowCallSchema, trigger: triggerSchema, timeoutMs: z.number().int().min(1), parentRunId: z.string().max(MAX_RUN_ID).optional(),
});
/** A run that is to begin. */
export type NewRun = z.infer<typeof newRunSchema>;

/** The part of the engine's client that `enqueueRun` uses. */
export type Enqueuer = { enqueue(options: Record<string, unknown> & { queueName: string; workflowName: string }, ...args: [FlowCall]): Promise<unknown> };

/** Puts a run on its owner's queue; a run that already exists under this id stays as it is. */
export async function enqueueRun(client: Enqueuer, run: NewRun): Promise<void> {
  const identity = engineIdentity(FLOW_OWNERS[run.flow]);
  const attributes: RunAttributes = { trigger: run.trigger, scheduledFor: run.call.scheduledFor, parentRunId: run.parentRunId ?? null };
  await client.enqueue(
    { queueName: run.flow, workflowName: run.flow, workflowID: run.runId, appVersion: identity.applicationVersion, applicationName: identity.name, workflowTimeoutMS: run.timeoutMs, attributes },
    run.call,
  );
}

/** Body of `POST /api/deployments/announce`: all flows of one service; those no longer named are withdrawn. */
export const announcementSchema = z.object({ owner: serviceIdSchema, deployments: z.array(deploymentSchema).max(64) });
/** All flows of one service. */
export type Announcement = z.infer<typeof announcementSchema>;

const reportBase = { runId: z.string().min(1).max(MAX_RUN_ID), at: z.number().int() };
/** What a running flow tells about itself; derived data that only people read, so a lost report costs nothing. */
export const runReportSchema = z.discriminatedUnion('kind', [
  z.object({ ...reportBase, kind: z.literal('log'), lineId: z.string().min(1).max(80), level: z.enum(['debug', 'info', 'warn', 'error']), message: z.string().max(2_000), fields: z.record(z.string(), z.unknown()).nullable() }),
  z.object({ ...reportBase, kind: z.literal('progress'), done: z.number().min(0), total: z.number().min(0) }),
  /** An attempt of a step began (`error` null) or failed; `nextAttemptAt` says that another will follow; `childRunId`: the run that the step waits for. */
  z.object({ ...reportBase, kind: z.literal('attempt'), stepIndex: z.number().int().min(0), name: z.string().max(200), attempt: z.number().int().min(1), error: z.string().max(2_000).nullable(), nextAttemptAt: z.number().int().nullable(),
    childRunId: z.string().max(MAX_RUN_ID).nullable().default(null),
  }),
]);
/** What a running flow tells about itself. */
export type RunReport = z.infer<typeof runReportSchema>;
/** Body of `POST /api/runs/report`. */
export const reportsSchema = z.object({ reports: z.array(runReportSchema).min(1).max(MAX_REPORTS) });

/** The engine's log lines as ours: its narration is for debugging, its failures of runs are told by the run itself. */
export function engineLogger(log: Logger): { info(entry: unknown): void; debug(entry: unknown): void; warn(entry: unknown): void; error(entry: unknown): void } {
  const text = (entry: unknown): string => (entry instanceof Error ? entry.message : String(entry)).slice(0, 2_000);
  return {
    info: (entry) => log.debug({ engine: text(entry) }, 'Flow engine'),
    debug: (entry) => log.trace({ engine: text(entry) }, 'Flow engine'),
    warn: (entry) => log.debug({ engine: text(entry) }, 'Flow engine warned'),
    error: (entry) => log.warn({ engine: text(entry) }, 'Flow engine reported an error'),
  };
}
