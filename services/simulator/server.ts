/** The simulator's one port: REST, both WebSockets, health, metrics and the control routes. */
import Fastify, { type FastifyInstance } from 'fastify';
import type { WorkerHealth } from '#app/contracts/health.ts';
import { bearerOf, isSameSecret } from '#chassis/http.ts';
import type { Broker } from './broker.ts';
import type { Faults } from './faults.ts';
import { registerData } from './rest-data.ts';
import { registerTrading } from './rest-trading.ts';
import { createRateWindow, hasKeys, installErrors, WireError, type KeyPair, type RateWindow } from './rest-common.ts';
import { registerControl, type Controls } from './rest-control.ts';
import type { DataStream } from './stream-data.ts';
import type { TradingStream } from './stream-trading.ts';

/** What the server is made of. */
export type ServerParts = {
  readonly broker: Broker;
  readonly faults: Faults;
  readonly controls: Controls;
  readonly keys: KeyPair;
  readonly internalToken: string;
  readonly trading: TradingStream;
  readonly data: DataStream;
  health(): WorkerHealth;
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** A bug in a request; the journal may not have been written. */
  onBug(error: unknown, path: string): void;
};

const BODY_LIMIT = 262_144;
const REQUEST_TIMEOUT_MS = 30_000;
const STREAM_PATH = /^\/v2\/(iex|sip|delayed_sip|test)$/;

function guard(app: FastifyInstance, parts: ServerParts, rate: RateWindow): void {
  app.addHook('onRequest', async (request, reply) => {
    const { pathname } = new URL(request.url, 'http://simulator');
    if (pathname.startsWith('/sim/')) {
      if (!isSameSecret(bearerOf(request.headers.authorization), parts.internalToken)) throw new WireError(401, { message: 'unauthorized.' });
      return;
    }
    if (!pathname.startsWith('/v2/')) return;
    if (parts.faults.isRestDown()) throw new WireError(503, { message: 'service unavailable' });
    if (!hasKeys(parts.keys, request.headers)) throw new WireError(401, { message: 'unauthorized.' });
    const window = rate.take(Date.now() / 1000);
    void reply.headers({ 'x-ratelimit-limit': rate.limit, 'x-ratelimit-remaining': window.remaining, 'x-ratelimit-reset': window.resetSeconds });
    if (!window.isAllowed) {
      void reply.header('retry-after', '1');
      throw new WireError(429, { code: 42_910_000, message: 'rate limit exceeded' });
    }
  });
}

/** Builds the server; the caller listens. */
export async function buildServer(parts: ServerParts): Promise<FastifyInstance> {
  // Routes such as /v2/orders:by_client_order_id hold a colon, and data paths are matched to the letter.
  const app = Fastify({ bodyLimit: BODY_LIMIT, requestTimeout: REQUEST_TIMEOUT_MS, forceCloseConnections: true, routerOptions: { caseSensitive: true } });
  const rate = createRateWindow();
  installErrors(app, parts.onBug);
  // An empty JSON body on DELETE is no error to Alpaca.
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? undefined : (JSON.parse(String(body)) as unknown));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      done(new WireError(400, { code: 40_010_000, message: 'request body format is invalid' }), undefined);
    }
  });
  guard(app, parts, rate);
  app.get('/health', (_request, reply) => {
    const health = parts.health();
    return reply.code(health.ready ? 200 : 503).header('cache-control', 'no-store').send(health);
  });
  app.get('/metrics', async (_request, reply) => {
    const metrics = await parts.metrics();
    return reply.type(metrics.contentType).send(metrics.text);
  });
  registerTrading(app, parts);
  registerData(app, parts.broker);
  registerControl(app, { ...parts, rate });
  app.server.on('upgrade', (request, socket, head) => {
    const { pathname } = new URL(request.url ?? '/', 'http://simulator');
    if (pathname === '/stream') parts.trading.accept(request, socket, head);
    else if (STREAM_PATH.test(pathname)) parts.data.accept(request, socket, head);
    else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
  });
  app.addHook('onClose', async () => {
    parts.trading.close();
    parts.data.close();
  });
  await app.ready();
  return app;
}
