/** The gateway's HTTP server: guard first, then the routes of the contract, the page, the logs and the live socket. */
import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import websocket from '@fastify/websocket';
import type * as z from 'zod';
import type { WorkerHealth } from '#app/contracts/health.ts';
import { HTTP, IDEMPOTENCY_HEADER, idempotencyKeySchema, ROUTE_NAMES, TOKEN_HEADER } from '#app/contracts/http.ts';
import type { HttpErrorBody } from '#app/contracts/http.ts';
import type { RouteContract } from '#app/contracts/route.ts';
import { pagePolicy } from '#app/contracts/page.ts';
import { tryRead } from '#app/contracts/read.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { toHttpError } from '#chassis/http.ts';
import type { Logger } from '#chassis/log.ts';
import { mountExports, type ExportPages } from './exports-door.ts';
import type { Access, Caller, Guard } from './guard.ts';
import type { Handlers, RequestContext } from './handler-types.ts';
import { actorOf, freshKey } from './handlers.ts';
import type { LogBook } from './log-follow.ts';
import type { LogSource } from './log-tail.ts';
import { mountLogs } from './logs-door.ts';
import { mountReports, type ReportShelf } from './reports-door.ts';
import type { Sessions } from './sessions.ts';
import { openApi } from './openapi.ts';
import type { Sockets } from './sockets.ts';
import { API_POLICY } from './static-files.ts';
import type { StaticFile, StaticFiles } from './static-files.ts';

const BODY_BYTES_MAX = 262_144;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
const SOCKET_MESSAGE_BYTES_MAX = 4_096;
/** A run's id, each of its letters encoded. */
const PARAMETER_LENGTH_MAX = 1_200;
/** What the routes of the contract use. */
const METHODS = [...new Set(Object.values(HTTP).map((route) => route.method))].join(', ');

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    isSocket?: boolean;
  }
  interface FastifyRequest {
    caller: Caller;
  }
}

/** What the server puts together. */
export type ServerParts = {
  readonly host: string; readonly port: number; readonly version: string; readonly log: Logger; readonly guard: Guard; readonly sessions: Sessions; readonly handlers: Handlers; readonly sockets: Sockets; readonly files: StaticFiles; readonly logs: LogSource; readonly logBook: LogBook; readonly reports: ReportShelf; readonly exports: ExportPages;
  health(): WorkerHealth & { units: { id: string; state: string }[] };
  metrics(): Promise<{ contentType: string; text: string }>;
  redeemLogin(token: string): Promise<boolean>;
  now(): number;
};

/** The fields of an input that failed, in words. */
function refuse(error: z.ZodError): { status: number; body: HttpErrorBody } {
  const issues = error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  const first = issues[0];
  return { status: 400, body: { error: { code: 'INPUT_INVALID', family: 'invalid', message: first ? `${first.path || 'The request'}: ${first.message}` : 'The request is not valid', issues } } };
}

/** Fastify's own refusals (body too large, wrong type, broken JSON) as ours. */
function translate(error: unknown, bodyLimit: number): unknown {
  const status: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'statusCode') : undefined;
  if (error instanceof AppError || typeof status !== 'number' || status >= 500) return error;
  if (status === 413) return new AppError('INPUT_TOO_LARGE', `A request may have at most ${bodyLimit} bytes`);
  if (status === 415) return new AppError('INPUT_INVALID', 'Send JSON with Content-Type: application/json');
  return new AppError('INPUT_INVALID', describeError(error));
}

function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Logger): void {
  if (request.raw.headers.upgrade !== undefined) {
    // Node has handed the socket of an upgrade request over and closes it no more: a refused one would stay half open for ever.
    reply.header('connection', 'close');
    reply.raw.once('finish', () => request.raw.socket.destroySoon());
  }
  const { status, body } = toHttpError(translate(error, request.routeOptions.bodyLimit ?? BODY_BYTES_MAX));
  if (status >= 500) log.error({ path: request.url.split('?')[0], error: describeError(error), stack: error instanceof Error ? error.stack : undefined }, 'A request failed');
  if (body.error.code === 'RATE_LIMITED') reply.header('retry-after', '1');
  void reply.code(body.error.code === 'RATE_LIMITED' ? 429 : status).send(body);
}

/** Headers of every reply; CORS for the desktop shell's origin alone, without credentials. */
function protect(parts: ServerParts, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'content-security-policy': API_POLICY, 'referrer-policy': 'no-referrer', 'cross-origin-resource-policy': 'same-origin' });
  const origin = parts.guard.allowedOrigin(request.headers);
  if (origin === null) return;
  reply.headers({ vary: 'Origin', 'access-control-allow-origin': origin, 'cross-origin-resource-policy': 'cross-origin' });
  if (request.method !== 'OPTIONS') return;
  reply.headers({ 'access-control-allow-methods': METHODS, 'access-control-allow-headers': `authorization, content-type, ${IDEMPOTENCY_HEADER}, ${TOKEN_HEADER}`, 'access-control-max-age': '600' });
  if (!parts.guard.isShell(request.headers)) return;
  // Chromium asks before a page reaches into this computer; the question had two names while its draft was written.
  for (const network of ['private', 'local']) if (request.headers[`access-control-request-${network}-network`] === 'true') reply.header(`access-control-allow-${network}-network`, 'true');
}

function contextOf(request: FastifyRequest, route: RouteContract): RequestContext {
  const given = request.headers[IDEMPOTENCY_HEADER];
  if (route.movesMoney || given !== undefined) {
    const key = tryRead(idempotencyKeySchema, given);
    if (!key.success) throw new AppError('INPUT_INVALID', `Send an ${IDEMPOTENCY_HEADER} header: it makes asking twice asking once; it ${key.error.issues[0]?.message ?? 'is missing'}`);
    return { caller: request.caller, actor: actorOf(request.caller), idempotencyKey: key.data };
  }
  return { caller: request.caller, actor: actorOf(request.caller), idempotencyKey: freshKey() };
}

function mountContract(app: FastifyInstance, parts: ServerParts): void {
  for (const name of ROUTE_NAMES) {
    const route: RouteContract = HTTP[name];
    const handler = parts.handlers[name] as (input: unknown, request: RequestContext) => Promise<unknown>;
    app.route({
      method: route.method, url: route.path, bodyLimit: route.bodyBytes ?? BODY_BYTES_MAX, config: { access: route.auth },
      handler: async (request, reply) => {
        const body = route.method === 'GET' ? request.query : (request.body ?? {});
        const input = tryRead(route.input, { ...(body as object), ...(request.params as object) });
        if (!input.success) {
          const { status, body: refusal } = refuse(input.error);
          return reply.code(status).send(refusal);
        }
        const output = route.output.parse(await handler(input.data, contextOf(request, route)));
        if (name === 'session' && request.caller.kind === 'browser') reply.header('set-cookie', parts.sessions.setCookie(parts.sessions.prolong(request.caller.session, parts.now())));
        return reply.send(output);
      },
    });
  }
  const document = openApi(parts.version);
  app.get('/api/openapi.json', { config: { access: 'session' } }, () => document);
}

/** Serves a file of the page with the page's policy. */
function sendFile(parts: ServerParts, file: StaticFile, reply: FastifyReply): FastifyReply {
  reply.headers({ 'content-type': file.type, 'content-length': String(file.bytes), 'content-security-policy': pagePolicy(parts.port), 'cache-control': file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-store' });
  return reply.send(parts.files.open(file));
}

function mountOperations(app: FastifyInstance, parts: ServerParts): void {
  app.get('/health', { config: { access: 'public' } }, (request, reply) => {
    // One address, two readers: a browser that navigates here wants the health page, a program the report.
    const page = request.headers.accept?.includes('text/html') ? parts.files.find('/index.html') : null;
    if (page) return sendFile(parts, page, reply);
    const health = parts.health();
    return reply.code(health.ready ? 200 : 503).send(health);
  });
  app.get('/metrics', { config: { access: 'session' } }, async (_request, reply) => {
    const metrics = await parts.metrics();
    return reply.header('content-type', metrics.contentType).send(metrics.text);
  });
  mountLogs(app, {
    ...parts,
    showPage(reply) {
      const page = parts.files.find('/index.html');
      return page ? sendFile(parts, page, reply) : null;
    },
  });
  app.get('/live', { websocket: true, config: { access: 'public', isSocket: true } }, (socket, request) => {
    parts.sockets.add(socket, request.headers);
  });
}

function mountPage(app: FastifyInstance, parts: ServerParts): void {
  app.get('/login', { config: { access: 'public' } }, async (request, reply) => {
    const token: unknown = Reflect.get(Object(request.query), 'token');
    const isValid = typeof token === 'string' && token.length > 0 && token.length <= 200 && (await parts.redeemLogin(token));
    if (isValid) reply.header('set-cookie', parts.sessions.setCookie(parts.sessions.create(parts.now())));
    // An invalid link leads to the page as well: signed-in browsers go on, others are told what to do.
    return reply.redirect(isValid ? '/' : '/?login=spent', 303);
  });
  app.get('/*', { config: { access: 'public' } }, (request, reply) => {
    const path = request.url.split('?')[0] ?? '/';
    const isApi = path.startsWith('/api/');
    const file = isApi ? null : parts.files.find(path);
    if (!file) {
      if (isApi || parts.files.isBuilt) throw new AppError('ROUTE_NOT_FOUND', 'There is nothing here');
      return reply.code(503).type('text/plain; charset=utf-8').send('The dashboard is not built yet. Run: npm run build\n');
    }
    return sendFile(parts, file, reply);
  });
}

/** Builds the server; `listen` it on loopback. Exported apart from `serve` for tests. */
export async function buildServer(parts: ServerParts): Promise<FastifyInstance> {
  const app = Fastify({ bodyLimit: BODY_BYTES_MAX, requestTimeout: REQUEST_TIMEOUT_MS, forceCloseConnections: true, http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: 1_000 }, routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX } });
  app.removeContentTypeParser('text/plain');
  app.decorateRequest('caller');
  app.setErrorHandler((error, request, reply) => handleError(error, request, reply, parts.log));
  app.setNotFoundHandler((request, reply) => handleError(new AppError('ROUTE_NOT_FOUND', 'There is nothing here'), request, reply, parts.log));
  app.addHook('onRequest', async (request, reply) => {
    protect(parts, request, reply);
    if (request.routeOptions.config.isSocket) {
      parts.guard.admitSocket(request.headers);
      request.caller = { kind: 'anonymous' };
      return;
    }
    // Unknown paths say as little as wrong tokens: they need a session too. A preflight carries no token by design.
    const access = request.method === 'OPTIONS' ? 'preflight' : (request.routeOptions.config.access ?? 'session');
    request.caller = parts.guard.admit(request.headers, access);
    if (request.method === 'OPTIONS') await reply.code(204).send();
  });
  await app.register(websocket, { options: { maxPayload: SOCKET_MESSAGE_BYTES_MAX } });
  mountContract(app, parts);
  mountOperations(app, parts);
  mountReports(app, parts.reports);
  mountExports(app, parts.exports);
  mountPage(app, parts);
  return app;
}
