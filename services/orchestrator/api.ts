/** The orchestrator's HTTP: health and metrics for anyone on this machine, all else behind the internal token. */
import Fastify, { type FastifyInstance } from 'fastify';
import * as z from 'zod';
import { flowNameSchema, runStateSchema } from '#app/contracts/flows.ts';
import type { WorkerHealth } from '#app/contracts/health.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { announcementSchema, reportsSchema, runRequestSchema } from '#chassis/flows-wire.ts';
import { bearerOf, isSameSecret, toHttpError } from '#chassis/http.ts';
import type { Logger } from '#chassis/log.ts';
import { announceFlows, findDeployment, pauseSchedule, runNow, viewDeployments, type DeploymentParts } from './deployments.ts';
import { cancelRun, describeRun, findRun, listRuns, retryRun } from './runs.ts';
import { saveReports } from './store.ts';

const MAX_BODY_BYTES = 1_048_576;
const UNPROCESSABLE = 422;

/** What the API serves from. */
export type ApiParts = DeploymentParts & {
  readonly log: Logger;
  readonly internalToken: string;
  health(): WorkerHealth;
  metrics(): Promise<{ contentType: string; text: string }>;
};

const runsQuery = z.object({ flow: flowNameSchema.optional(), state: runStateSchema.optional(), limit: z.coerce.number().int().min(1).max(500).default(50) });
const nameParams = z.object({ name: z.string().min(1).max(100) });
const runParams = z.object({ runId: z.string().min(1).max(300) });

function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AppError('INPUT_INVALID', `${issue?.path.join('.') || 'The request'}: ${issue?.message ?? 'is not valid'}`);
}

/** Builds the server; it does not listen yet. */
export function buildApi(parts: ApiParts): FastifyInstance {
  const app = Fastify({ logger: false, bodyLimit: MAX_BODY_BYTES, requestTimeout: 10_000, forceCloseConnections: true });
  app.setErrorHandler((error, request, reply) => {
    const status: unknown = error instanceof AppError ? undefined : Reflect.get(Object(error), 'statusCode');
    const shown = typeof status === 'number' && status < 500 ? new AppError(status === 413 ? 'INPUT_TOO_LARGE' : 'INPUT_INVALID', describeError(error)) : error;
    const answer = toHttpError(shown);
    if (answer.status >= 500) parts.log.error({ path: request.url, error: describeError(error) }, 'A request failed');
    const code = shown instanceof AppError && shown.code === 'FLOW_INPUT_INVALID' ? UNPROCESSABLE : answer.status;
    void reply.code(code).header('cache-control', 'no-store').send(answer.body);
  });
  app.setNotFoundHandler((request) => {
    throw new AppError('ROUTE_NOT_FOUND', `There is nothing at ${request.method} ${request.url.split('?')[0] ?? ''}`);
  });
  app.get('/health', (_request, reply) => {
    const health = parts.health();
    return reply.code(health.ready ? 200 : 503).header('cache-control', 'no-store').send(health);
  });
  app.get('/metrics', async (_request, reply) => {
    const metrics = await parts.metrics();
    return reply.header('content-type', metrics.contentType).send(metrics.text);
  });
  app.register((inner, _options, done) => {
    inner.addHook('onRequest', (request, _reply, next) => {
      const isAllowed = isSameSecret(bearerOf(request.headers.authorization), parts.internalToken);
      next(isAllowed ? undefined : new AppError('AUTH_INVALID', 'The orchestrator answers to the parts of this launch only: send the internal token'));
    });
    addRoutes(inner, parts);
    done();
  });
  return app;
}

function addRoutes(app: FastifyInstance, parts: ApiParts): void {
  app.get('/api/deployments', async () => ({ deployments: await viewDeployments(parts) }));
  app.post('/api/deployments/announce', async (request) => {
    const announcement = parse(announcementSchema, request.body);
    await announceFlows(parts, announcement);
    parts.log.info({ owner: announcement.owner, flows: announcement.deployments.map((deployment) => deployment.name) }, 'Flows announced');
    return { ok: true };
  });
  app.post('/api/deployments/:name/run', async (request) => {
    const { name } = parse(nameParams, request.params);
    const { input, idempotencyKey } = parse(runRequestSchema, request.body ?? {});
    return { runId: await runNow(parts, name, { input, idempotencyKey }) };
  });
  for (const verb of ['pause', 'resume'] as const) {
    app.post(`/api/deployments/:name/${verb}`, async (request) => {
      const flow = await pauseSchedule(parts, parse(nameParams, request.params).name, verb === 'pause');
      parts.log.info({ flow, verb }, 'Schedule changed');
      return { ok: true };
    });
  }
  app.get('/api/runs', async (request) => {
    const { flow, state, limit } = parse(runsQuery, request.query);
    return { runs: await listRuns(parts, { flow: flow ?? null, state: state ?? null, limit }) };
  });
  app.get('/api/runs/:runId', async (request) => describeRun(parts, parse(runParams, request.params).runId));
  app.post('/api/runs/:runId/cancel', async (request) => {
    const { runId } = parse(runParams, request.params);
    await cancelRun(parts, runId);
    parts.log.info({ runId }, 'Run cancelled');
    return { ok: true };
  });
  app.post('/api/runs/:runId/retry', async (request) => {
    const { runId } = parse(runParams, request.params);
    const { view } = await findRun(parts, runId);
    const { deployment } = await findDeployment(parts, view.flow);
    return { runId: await retryRun(parts, runId, deployment.timeoutMs) };
  });
  app.post('/api/runs/report', async (request) => {
    const { reports } = parse(reportsSchema, request.body);
    await parts.db.tx((tx) => saveReports(tx, reports));
    return { ok: true };
  });
}
