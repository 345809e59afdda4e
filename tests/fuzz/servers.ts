/** The families behind a server: the gateway's routes with its guard, and the simulator's REST and WebSockets. Requests go through the real server; none may end in a 500. */
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { HTTP, httpErrorSchema, IDEMPOTENCY_HEADER, pathParameters, ROUTE_NAMES, type RouteName } from '#app/contracts/http.ts';
import { AppError } from '#app/domain/errors.ts';
import { createGuard } from '../../services/gateway/guard.ts';
import type { Handlers } from '../../services/gateway/handler-types.ts';
import { buildServer } from '../../services/gateway/server.ts';
import { createSessions } from '../../services/gateway/sessions.ts';
import { createSockets } from '../../services/gateway/sockets.ts';
import { removeTestFolder, startTestSimulator, type TestSimulator } from '../../services/simulator/testing.ts';
import { until } from '../support/servers.ts';
import { jsonOf, nastyText, nearly, oneOf, spoil, type Random } from './inputs.ts';
import type { OpenFamily, Target } from './target.ts';

const PORT = 8_000;
const API_TOKEN = 'a'.repeat(64);
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Request = { readonly method: Method; readonly url: string; readonly headers: Record<string, string>; readonly payload?: string };
type Reply = { readonly statusCode: number; readonly body: string };

/** Header values that the parser of HTTP itself would refuse are none that reach us. */
const asHeader = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 2_000);
const asQuery = (value: unknown): string => Object.entries(Object(value) as Record<string, unknown>).map(([key, inner]) => `${encodeURIComponent(wellFormed(key))}=${encodeURIComponent(wellFormed(typeof inner === 'string' ? inner : (jsonOf(inner) ?? '')))}`).join('&').slice(0, 8_000);
const wellFormed = (text: string): string => text.toWellFormed();
const asPath = (text: string): string => encodeURIComponent(wellFormed(text)).slice(0, 500) || '-';

/** Numbers, dates and prototypes in a body as JSON has them; sometimes no JSON at all. */
function bodyOf(value: unknown, random: Random): string {
  return random() < 0.05 ? nastyText(random) : (jsonOf(value) ?? '');
}

function judged({ statusCode, body }: Reply, isError: (parsed: unknown) => boolean): string | null {
  if (statusCode >= 500) return `answered ${statusCode}: ${body.slice(0, 200)}`;
  if (statusCode < 400) return null;
  try {
    return isError(JSON.parse(body)) ? null : `answered ${statusCode} without a typed error: ${body.slice(0, 200)}`;
  } catch (error) {
    if (error instanceof SyntaxError) return `answered ${statusCode} without JSON: ${body.slice(0, 200)}`;
    throw error;
  }
}

function routeTarget(name: RouteName, ask: (request: Request) => Promise<Reply>): Target {
  const { method, path, input } = HTTP[name];
  const near = nearly(input);
  return {
    name,
    input(random): Request {
      const value = near(random);
      const url = pathParameters(path).reduce((made, parameter) => made.replace(`:${parameter}`, asPath(random() < 0.5 ? 'AAPL' : nastyText(random))), path);
      const headers: Record<string, string> = { host: `127.0.0.1:${PORT}`, authorization: random() < 0.95 ? `Bearer ${API_TOKEN}` : asHeader(nastyText(random)), [IDEMPOTENCY_HEADER]: random() < 0.8 ? `key-${Math.floor(random() * 1e9)}-x` : asHeader(nastyText(random)) };
      if (method === 'GET') return { method, url: `${url}?${asQuery(value)}`, headers };
      return { method, url, headers: { ...headers, 'content-type': random() < 0.95 ? 'application/json' : asHeader(nastyText(random)) }, payload: bodyOf(value, random) };
    },
    run: async (request) => judged(await ask(request as Request), (parsed) => httpErrorSchema.safeParse(parsed).success),
  };
}

/** The gateway: its real server and guard; behind them handlers that know nothing. */
export async function httpFamily(): Promise<OpenFamily> {
  const log = pino({ level: 'silent' });
  const sessions = createSessions('s'.repeat(64), PORT);
  let at = 0;
  // Each request comes a second after the last, for the guard's allowance.
  const guard = createGuard({ port: PORT, apiToken: API_TOKEN, sessions, now: Date.now, monotonic: () => (at += 1_000) });
  const sockets = createSockets({ guard, instanceId: 'fuzz', log, now: Date.now, onHello: () => Promise.resolve([]), onDropped: () => undefined });
  const refuse = (): Promise<never> => Promise.reject(new AppError('ORDER_NOT_FOUND', 'There is nothing here'));
  const app = await buildServer({
    host: '127.0.0.1', port: PORT, version: '1', log, guard, sessions, sockets, now: Date.now, handlers: new Proxy({}, { get: () => refuse }) as Handlers,
    files: { isBuilt: true, find: () => null, open: () => { throw new AppError('INPUT_INVALID', 'There are no files here'); } },
    logs: { read: refuse }, reports: { read: refuse }, exports: refuse, logBook: { page: refuse, follow: () => { throw new AppError('INPUT_INVALID', 'There is nothing to follow'); } },
    health: () => ({ unit: 'gateway', version: '1', instanceId: 'i', live: true, ready: true, uptimeMs: 1, reasons: [], detail: {}, units: [] }), metrics: refuse, redeemLogin: () => Promise.resolve(false),
  });
  await app.ready();
  const targets = ROUTE_NAMES.map((name) => routeTarget(name, (request) => app.inject(request)));
  const anywhere: Target = {
    name: 'any address', share: 3,
    input: (random): Request => ({ method: oneOf(random, ['GET', 'POST', 'PUT', 'DELETE'] as const), url: `/${oneOf(random, ['api/', 'logs?', 'login?token=', 'reports/', 'exports/bars.csv?', ''])}${asPath(nastyText(random))}`, headers: { host: random() < 0.8 ? `127.0.0.1:${PORT}` : asHeader(nastyText(random)) || 'x', authorization: `Bearer ${API_TOKEN}`, cookie: asHeader(nastyText(random)) } }),
    run: async (request) => {
      const reply = await app.inject(request as Request);
      return reply.statusCode >= 500 ? `answered ${reply.statusCode}: ${reply.body.slice(0, 200)}` : null;
    },
  };
  return {
    targets: [...targets, anywhere],
    close: async () => {
      sockets.close();
      await app.close();
      return null;
    },
  };
}

const ORDER = { symbol: 'AAPL', qty: '1', side: 'buy', type: 'limit', time_in_force: 'day', limit_price: '10', stop_price: '9', trail_percent: '1', trail_price: '1', notional: '100', order_class: 'bracket', extended_hours: false, client_order_id: 'x', take_profit: { limit_price: '12' }, stop_loss: { stop_price: '8', limit_price: '7' } } as const;
const QUERY = { status: 'open', limit: '10', after: '2025-11-20T18:00:00Z', until: '2025-11-21', direction: 'asc', symbols: 'AAPL', nested: 'true', page_token: 'x', page_size: '5', activity_types: 'FILL', date: '2025-11-20', start: '2025-11-20', end: '2025-11-21', timeframe: '1Min', period: '1M', qty: '1', percentage: '10', asset_class: 'us_equity', client_order_id: 'x', name: 'x', feed: 'iex', sort: 'asc', by: 'volume', top: '5' } as const;
const SIM_ROUTES: readonly (readonly [Method, string])[] = [
  ['POST', '/v2/orders'], ['POST', '/v2/orders'], ['POST', '/v2/orders'], ['PATCH', '/v2/orders/:id'], ['DELETE', '/v2/orders/:id'], ['GET', '/v2/orders'], ['GET', '/v2/orders/:id'], ['GET', '/v2/orders:by_client_order_id'], ['GET', '/v2/positions/:id'], ['DELETE', '/v2/positions/:id'],
  ['GET', '/v2/account/activities'], ['GET', '/v2/account/activities/:id'], ['GET', '/v2/account/portfolio/history'], ['PATCH', '/v2/account/configurations'], ['GET', '/v2/assets'], ['GET', '/v2/assets/:id'], ['GET', '/v2/calendar'], ['GET', '/v2/stocks/bars'], ['GET', '/v2/stocks/:id/bars'],
  ['GET', '/v2/stocks/snapshots'], ['GET', '/v2/stocks/bars/latest'], ['POST', '/v2/watchlists'], ['GET', '/v2/watchlists/:id'], ['GET', '/v1beta1/screener/stocks/most-actives'], ['GET', '/v1/corporate-actions'],
];

function simTarget([method, path]: readonly [Method, string], { simulator, access }: TestSimulator): Target {
  return {
    name: `${method} ${path}`,
    input(random): Request {
      const url = path.replace(':id', asPath(random() < 0.4 ? 'AAPL' : nastyText(random)));
      const headers = { 'apca-api-key-id': access.keyId, 'apca-api-secret-key': access.secretKey };
      if (method === 'GET' || method === 'DELETE') return { method, url: `${url}?${asQuery(spoil(Object.fromEntries(Object.entries(QUERY).filter(() => random() < 0.3)), random))}`, headers };
      const some = Object.fromEntries(Object.entries(structuredClone(ORDER)).filter(() => random() < 0.7));
      return { method, url, headers: { ...headers, 'content-type': 'application/json' }, payload: bodyOf(spoil({ ...some, symbol: 'AAPL', side: 'buy' }, random), random) };
    },
    run: async (request) => judged(await simulator.server.inject(request as Request), (parsed) => typeof parsed === 'object' && parsed !== null && typeof Reflect.get(parsed, 'message') === 'string'),
  };
}

/** Frames at both sockets: whatever is said, the simulator lives and answers the next client. */
function frameTarget(name: string, url: string): Target {
  return {
    name, input: (random) => Array.from({ length: 1 + Math.floor(random() * 3) }, () => (random() < 0.5 ? (jsonOf(spoil({ action: oneOf(random, ['auth', 'listen', 'subscribe', 'unsubscribe']), key: 'k', secret: 's', data: { streams: ['trade_updates'] }, bars: ['AAPL'], trades: ['*'] }, random)) ?? '') : Buffer.from(nastyText(random)))),
    async run(frames) {
      const socket = new WebSocket(url);
      let failure: string | null = null;
      socket.on('error', (error) => (failure = error.message));
      await until(() => socket.readyState !== WebSocket.CONNECTING, 'the socket to open');
      for (const frame of frames as (string | Buffer)[]) if (socket.readyState === WebSocket.OPEN) socket.send(frame);
      const answered = await new Promise<boolean>((resolve) => {
        socket.once('pong', () => resolve(true));
        socket.once('close', () => resolve(true));
        setTimeout(() => resolve(false), 5_000).unref();
        if (socket.readyState === WebSocket.OPEN) socket.ping();
        else resolve(socket.readyState !== WebSocket.CONNECTING && failure === null);
      });
      socket.terminate();
      return answered ? null : `the simulator does not answer: ${failure ?? 'silence'}`;
    },
  };
}

/** The simulator, with its market standing still. */
export async function simulatorFamily(): Promise<OpenFamily> {
  const test = await startTestSimulator();
  await test.control('rate-limit', { limit: 1_000_000_000 });
  const targets = SIM_ROUTES.map((route) => ({ ...simTarget(route, test), share: 4 }));
  return {
    targets: [...targets, frameTarget('trading frames', test.access.tradingStreamUrl), frameTarget('data frames', test.access.dataStreamUrl)],
    async close() {
      try {
        await test.close();
        return null;
      } catch (error) {
        return error instanceof Error ? `${error.message} ${JSON.stringify(Reflect.get(error, 'context') ?? {})}` : String(error);
      } finally {
        removeTestFolder(test.folder);
      }
    },
  };
}
