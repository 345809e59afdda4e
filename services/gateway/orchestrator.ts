/** The orchestrator's API as the gateway asks it, with the internal token. */
import * as z from 'zod';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { deploymentViewSchema, flowRunDetailSchema, flowRunSchema } from '#app/contracts/flows.ts';
import type { DeploymentView, FlowName, FlowRun, FlowRunDetail } from '#app/contracts/flows.ts';
import { AppError, ERROR_CODES } from '#app/domain/errors.ts';
import type { ErrorCode } from '#app/domain/errors.ts';

const TIMEOUT_MS = 8_000;
const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** The orchestrator as a set of questions. @throws AppError UNIT_TIMEOUT (temporary), or its own codes. */
export type Orchestrator = {
  deployments(): Promise<DeploymentView[]>;
  runs(query: { flow?: FlowName | undefined; state?: string | undefined; limit: number }): Promise<FlowRun[]>;
  run(runId: string): Promise<FlowRunDetail>;
  runFlow(flow: FlowName, input: unknown, idempotencyKey: string): Promise<{ runId: string }>;
  pause(flow: FlowName): Promise<void>;
  resume(flow: FlowName): Promise<void>;
  cancel(runId: string): Promise<void>;
};

const deploymentsReply = z.object({ deployments: z.array(deploymentViewSchema) });
const runsReply = z.object({ runs: z.array(flowRunSchema) });

/** Builds the client from service discovery. */
export function createOrchestrator(config: RuntimeConfig): Orchestrator {
  const ask = async (method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> => {
    const endpoint = config.units.orchestrator;
    if (!endpoint) throw new AppError('UNIT_NOT_FOUND', 'The orchestrator is not part of this installation');
    let response: Response;
    try {
      response = await fetch(`http://${endpoint.host}:${endpoint.port}${path}`, {
        method, signal: AbortSignal.timeout(TIMEOUT_MS), headers: { authorization: `Bearer ${config.internalToken}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new AppError('UNIT_TIMEOUT', 'The orchestrator does not answer; flows wait until it is back', { cause: error });
    }
    const reply: unknown = await response.json();
    if (response.ok) return reply;
    const parsed = errorSchema.safeParse(reply);
    const code = parsed.success && Object.hasOwn(ERROR_CODES, parsed.data.error.code) ? (parsed.data.error.code as ErrorCode) : 'UNIT_TIMEOUT';
    throw new AppError(code, parsed.success ? parsed.data.error.message : `The orchestrator answered ${response.status}`, { context: { path, status: response.status } });
  };
  const id = encodeURIComponent;
  return {
    deployments: async () => deploymentsReply.parse(await ask('GET', '/api/deployments')).deployments,
    async runs(query) {
      const search = new URLSearchParams({ limit: String(query.limit) });
      if (query.flow !== undefined) search.set('flow', query.flow);
      if (query.state !== undefined) search.set('state', query.state);
      return runsReply.parse(await ask('GET', `/api/runs?${search.toString()}`)).runs;
    },
    run: async (runId) => flowRunDetailSchema.parse(await ask('GET', `/api/runs/${id(runId)}`)),
    runFlow: async (flow, input, idempotencyKey) => z.looseObject({ runId: z.string() }).parse(await ask('POST', `/api/deployments/${id(flow)}/run`, { input: input ?? {}, idempotencyKey })),
    pause: async (flow) => void (await ask('POST', `/api/deployments/${id(flow)}/pause`, {})),
    resume: async (flow) => void (await ask('POST', `/api/deployments/${id(flow)}/resume`, {})),
    cancel: async (runId) => void (await ask('POST', `/api/runs/${id(runId)}/cancel`, {})),
  };
}
