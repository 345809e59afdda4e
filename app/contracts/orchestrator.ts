/** The orchestrator's API: every question that the gateway and the command line ask it, once. */
import * as z from 'zod';
import { deploymentViewSchema, flowChangeSchema, flowDaySchema, flowNameSchema, flowRunDetailSchema, flowSettingsSchema, runIdSchema, runLogLineSchema, runPageSchema, runQuerySchema, schedulePreviewSchema } from './flows.ts';

/** One route. `path` has `:name` parameters that are fields of `input`; a GET carries the rest of the input as query, a POST as JSON body. */
export type OrchestratorRoute = { readonly method: 'GET' | 'POST'; readonly path: `/api/${string}`; readonly summary: string; readonly input: z.ZodType; readonly output: z.ZodType };

const done = z.object({ accepted: z.literal(true) });
const flow = z.object({ flow: flowNameSchema });
const run = z.object({ runId: runIdSchema });
/** Who asks, for the record of changes. */
const byActor = { actor: z.string().trim().regex(/^[^\p{Cc}]{1,80}$/u).default('unknown') };

/** Asking twice under one key is asking once. */
const once = { idempotencyKey: z.string().regex(/^[A-Za-z0-9._-]{8,64}$/).optional() };

/** Every route for people; the routes on which services report stand in the orchestrator's room. All need the internal token. */
export const ORCHESTRATOR = {
  deployments: { method: 'GET', path: '/api/deployments', summary: 'Flows with settings, schedule, health, last and next runs', input: z.object({}), output: z.object({ deployments: z.array(deploymentViewSchema) }) },
  flowDays: { method: 'GET', path: '/api/deployments/days', summary: 'Ended runs per flow and day (New York): success, duration, lateness', input: z.object({ days: z.coerce.number().int().min(1).max(90).default(14) }), output: z.object({ days: z.array(flowDaySchema) }) },
  flowChanges: { method: 'GET', path: '/api/deployments/:flow/changes', summary: 'What people did to a flow, newest first', input: flow.extend({ limit: z.coerce.number().int().min(1).max(500).default(100) }), output: z.object({ changes: z.array(flowChangeSchema) }) },
  runFlow: {
    method: 'POST', path: '/api/deployments/:flow/run', summary: 'Run a flow now; with an idempotency key, asking twice is asking once',
    input: flow.extend({ input: z.unknown().optional(), ...once, ...byActor }), output: z.object({ runId: z.string() }),
  },
  pauseFlow: { method: 'POST', path: '/api/deployments/:flow/pause', summary: 'Stop the schedule of a flow', input: flow.extend(byActor), output: done },
  resumeFlow: { method: 'POST', path: '/api/deployments/:flow/resume', summary: 'Let the schedule of a flow run again, from now on', input: flow.extend(byActor), output: done },
  saveFlowSettings: { method: 'POST', path: '/api/deployments/:flow/settings', summary: 'Change schedule, policies and parameters of a flow; null = back to the defaults', input: flow.extend({ settings: flowSettingsSchema.nullable(), ...byActor }), output: done },
  previewSchedule: { method: 'POST', path: '/api/schedules/preview', summary: 'What a schedule would do', input: z.object({ schedule: z.unknown() }), output: schedulePreviewSchema },
  runs: { method: 'GET', path: '/api/runs', summary: 'Runs, newest first, skipped ticks among them', input: runQuerySchema, output: runPageSchema },
  run: { method: 'GET', path: '/api/runs/:runId', summary: 'One run with steps, children, failure and log', input: run, output: flowRunDetailSchema },
  runLogs: { method: 'GET', path: '/api/runs/:runId/logs', summary: 'Lines of a run after a sequence number', input: run.extend({ afterSeq: z.coerce.number().int().min(0).default(0) }), output: z.object({ lines: z.array(runLogLineSchema) }) },
  cancelRun: { method: 'POST', path: '/api/runs/:runId/cancel', summary: 'Cancel a run and its children', input: run.extend(byActor), output: done },
  retryRun: { method: 'POST', path: '/api/runs/:runId/retry', summary: 'Run an ended run again, from the step that failed or from a chosen one', input: run.extend({ fromStep: z.number().int().min(0).optional(), ...once, ...byActor }), output: z.object({ runId: z.string() }) },
} as const satisfies Record<string, OrchestratorRoute>;

/** The name of a question. */
export type OrchestratorName = keyof typeof ORCHESTRATOR;
/** What the caller writes (before defaults). */
export type OrchestratorInput<N extends OrchestratorName> = z.input<(typeof ORCHESTRATOR)[N]['input']>;
/** What the orchestrator answers. */
export type OrchestratorOutput<N extends OrchestratorName> = z.output<(typeof ORCHESTRATOR)[N]['output']>;

/** A question as HTTP carries it. `path` with its query. */
export type OrchestratorRequest = { readonly method: 'GET' | 'POST'; readonly path: string; readonly body: Readonly<Record<string, unknown>> | null };

/** Writes a question down for HTTP: parameters into the path, the rest into the query of a GET or the body of a POST; what is undefined is left out. */
export function requestOf<N extends OrchestratorName>(name: N, input: OrchestratorInput<N>): OrchestratorRequest {
  const { method, path } = ORCHESTRATOR[name];
  const rest: Record<string, unknown> = { ...input };
  const filled = path.replaceAll(/:([A-Za-z]+)/g, (_match, field: string) => {
    const value = String(rest[field]);
    delete rest[field];
    return encodeURIComponent(value);
  });
  if (method === 'POST') return { method, path: filled, body: rest };
  const query = Object.entries(rest).filter(([, value]) => value !== undefined).map(([field, value]) => `${field}=${encodeURIComponent(String(value))}`);
  return { method, path: query.length > 0 ? `${filled}?${query.join('&')}` : filled, body: null };
}
