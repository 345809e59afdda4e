/** The orchestrator's HTTP: health and metrics for anyone on this machine, all else behind the internal token. */
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type * as z from 'zod';
import type { WorkerHealth } from '#app/contracts/health.ts';
import type { OrchestratorRoute } from '#app/contracts/orchestrator.ts';
import { tryRead } from '#app/contracts/read.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { bearerOf, isSameSecret, toHttpError } from '#chassis/http.ts';
import { openApiOf } from '#chassis/openapi.ts';
import { createRouteHandlers, ROUTES, type RouteName, type RouteParts } from './routes.ts';

const MAX_BODY_BYTES = 1_048_576;
/** A run's id, each of its letters encoded. */
const MAX_PARAM_LENGTH = 1_200;
const UNPROCESSABLE = 422;

/** What the API serves from. */
export type ApiParts = RouteParts & {
  readonly internalToken: string;
  health(): WorkerHealth;
  metrics(): Promise<{ contentType: string; text: string }>;
};

/** The fields of an input that failed, in words. */
function refuse(error: z.ZodError): object {
  const issues = error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  const first = issues[0];
  return { error: { code: 'INPUT_INVALID', family: 'invalid', message: `${first?.path || 'The request'}: ${first?.message ?? 'is not valid'}`, issues } };
}

/** Only under the very address on which we listen: a page that has rebound its own name to this computer comes under that name. */
function admit(request: FastifyRequest, internalToken: string): void {
  const { localAddress = '', localPort = 0 } = request.socket;
  const own = `${localAddress.replace(/^::ffff:/, '')}:${localPort}`;
  if (request.headers.host !== own) throw new AppError('AUTH_INVALID', `The orchestrator answers at ${own} only`);
  if (/%00/.test(request.url)) throw new AppError('INPUT_INVALID', 'The address holds a letter that is none');
  if (!isSameSecret(bearerOf(request.headers.authorization), internalToken)) throw new AppError('AUTH_INVALID', 'The orchestrator answers to the parts of this launch only: send the internal token');
}

/** Builds the server; it does not listen yet. */
export function buildApi(parts: ApiParts): FastifyInstance {
  const app = Fastify({ logger: false, bodyLimit: MAX_BODY_BYTES, requestTimeout: 10_000, forceCloseConnections: true, routerOptions: { maxParamLength: MAX_PARAM_LENGTH } });
  app.setErrorHandler((error, request, reply) => {
    const status: unknown = error instanceof AppError ? undefined : Reflect.get(Object(error), 'statusCode');
    const shown = typeof status === 'number' && status < 500 ? new AppError(status === 413 ? 'INPUT_TOO_LARGE' : 'INPUT_INVALID', describeError(error)) : error;
    const answer = toHttpError(shown);
    if (answer.status >= 500) parts.log.error({ path: request.url.split('?')[0], error: describeError(error), stack: error instanceof Error ? error.stack : undefined }, 'A request failed');
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
      admit(request, parts.internalToken);
      next();
    });
    mountRoutes(inner, parts);
    done();
  });
  return app;
}

/** Serves every route of the table: input checked, handler asked, output checked. */
function mountRoutes(app: FastifyInstance, parts: ApiParts): void {
  const handlers = createRouteHandlers(parts);
  for (const name of Object.keys(ROUTES) as RouteName[]) {
    const route: OrchestratorRoute = ROUTES[name];
    const handler = handlers[name] as (input: unknown) => Promise<unknown>;
    app.route({
      method: route.method, url: route.path,
      async handler(request, reply) {
        const given = route.method === 'GET' ? request.query : (request.body ?? {});
        const input = tryRead(route.input, { ...(given as object), ...(request.params as object) });
        if (!input.success) return reply.code(400).send(refuse(input.error));
        return reply.header('cache-control', 'no-store').send(route.output.parse(await handler(input.data)));
      },
    });
  }
  const document = openApiOf<OrchestratorRoute>(ROUTES, {
    info: { title: 'Mainspring orchestrator', version: parts.health().version, description: 'For the parts of one launch, with the internal token. Instants are epoch milliseconds.' },
    securitySchemes: { internal: { type: 'http', scheme: 'bearer' } }, securityOf: () => [{ internal: [] }], headersOf: () => [],
  });
  app.get('/openapi.json', () => document);
}
