/** The simulator's one port: REST, both WebSockets, health, metrics and the control routes. */
import Fastify, { type FastifyInstance } from 'fastify';
import type { WorkerHealth } from '#app/contracts/health.ts';
import { sleep } from '#chassis/clock.ts';
import { bearerOf, isSameSecret } from '#chassis/http.ts';
import type { Broker } from './broker.ts';
import type { Faults } from './faults.ts';
import type { Feeds } from './data-pages.ts';
import type { DayBars } from './day-bars.ts';
import { registerAccount } from './rest-account.ts';
import { registerData } from './rest-data.ts';
import { createRateWindow, hasKeys, installErrors, WireError, type KeyPair } from './rest-common.ts';
import { registerControl, type Controls, type RateWindows } from './rest-control.ts';
import { registerCorporate } from './rest-corporate.ts';
import { registerMarket } from './rest-market.ts';
import { registerOrders } from './rest-orders.ts';
import { registerPositions } from './rest-positions.ts';
import { registerReference } from './rest-reference.ts';
import { registerRefused } from './rest-refused.ts';
import { registerWatchlists } from './rest-watchlists.ts';
import { refuseUpgrade } from './stream-common.ts';
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
  readonly feeds: Feeds;
  readonly dayBars: DayBars;
  /** Requests a minute to each of the two APIs. */
  readonly rateLimit: number;
  /** Wall clock of the rate windows, in seconds. */
  wallSeconds(): number;
  health(): WorkerHealth;
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** A bug in a request; the journal may not have been written. */
  onBug(error: unknown, path: string): void;
};

const BODY_LIMIT = 262_144;
const REQUEST_TIMEOUT_MS = 30_000;
const STREAM_PATH = /^\/v2\/(iex|sip|delayed_sip|test)$/;
/** Where the two APIs live; everything else is the simulator's own. */
const API_PATH = /^\/(v\d|v\dbeta\d)\//;
const DATA_PATH = /^\/(v2\/stocks\/|v1\/corporate-actions|v1beta1\/|v1beta3\/)/;

function pathOf(url: string): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}

/** Who may ask, how often, and whether the broker is there at all. */
function guard(app: FastifyInstance, parts: ServerParts, rates: RateWindows): void {
  const { faults } = parts;
  app.addHook('onRequest', async (request, reply) => {
    const path = pathOf(request.url);
    if (path.startsWith('/sim/')) {
      if (!isSameSecret(bearerOf(request.headers.authorization), parts.internalToken)) throw new WireError(401, { message: 'unauthorized.' });
      return;
    }
    if (!API_PATH.test(path)) return;
    if (faults.isOut()) {
      reply.hijack();
      reply.raw.destroy();
      return;
    }
    if (faults.isRestDown()) throw new WireError(503, { message: 'service unavailable' });
    const status = faults.takeHttpStatus();
    if (status !== null) throw new WireError(status, { code: status * 100_000, message: `HTTP ${status} on command` });
    if (!hasKeys(parts.keys, request.headers)) throw new WireError(401, { message: 'unauthorized.' });
    const rate = DATA_PATH.test(path) ? rates.data : rates.trading;
    const window = rate.take(parts.wallSeconds());
    void reply.headers({ 'x-ratelimit-limit': rate.limit, 'x-ratelimit-remaining': window.remaining, 'x-ratelimit-reset': window.resetSeconds });
    if (!window.isAllowed) {
      void reply.header('retry-after', '1');
      throw new WireError(429, { code: 42_910_000, message: 'rate limit exceeded' });
    }
  });
  app.addHook('onSend', async (request, _reply, payload) => {
    const path = pathOf(request.url);
    const late = Math.max(API_PATH.test(path) ? faults.delayOf('rest') : 0, path.startsWith('/v2/orders') && request.method !== 'GET' ? faults.delayOf('orders') : 0);
    if (late > 0) await sleep(late);
    return payload;
  });
}

/** Builds the server; the caller listens. */
export async function buildServer(parts: ServerParts): Promise<FastifyInstance> {
  // Routes such as /v2/orders:by_client_order_id hold a colon, and data paths are matched to the letter.
  const app = Fastify({ bodyLimit: BODY_LIMIT, requestTimeout: REQUEST_TIMEOUT_MS, forceCloseConnections: true, routerOptions: { caseSensitive: true } });
  const rates: RateWindows = { trading: createRateWindow(parts.rateLimit), data: createRateWindow(parts.rateLimit) };
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
  guard(app, parts, rates);
  app.get('/health', (_request, reply) => {
    const health = parts.health();
    return reply.code(health.ready ? 200 : 503).header('cache-control', 'no-store').send(health);
  });
  app.get('/metrics', async (_request, reply) => {
    const metrics = await parts.metrics();
    return reply.type(metrics.contentType).send(metrics.text);
  });
  const { broker } = parts;
  registerAccount(app, broker);
  registerOrders(app, parts);
  registerPositions(app, parts);
  registerReference(app, broker, parts.faults);
  registerWatchlists(app, broker);
  registerCorporate(app, broker);
  registerData(app, parts);
  registerMarket(app, broker, parts.dayBars);
  registerRefused(app);
  registerControl(app, { ...parts, rates });
  app.server.on('upgrade', (request, socket, head) => {
    // A target such as `//` is no address at all: nobody is there.
    const pathname = URL.parse(request.url ?? '/', 'http://simulator')?.pathname ?? '';
    if (pathname === '/stream') parts.trading.accept(request, socket, head);
    else if (STREAM_PATH.test(pathname)) parts.data.accept(request, socket, head);
    else refuseUpgrade(socket, '404 Not Found');
  });
  app.addHook('onClose', async () => {
    parts.trading.close();
    parts.data.close();
  });
  await app.ready();
  return app;
}
