/** The gateway's door under attack: every forged case of the guard, over a real socket on loopback. */
import { connect } from 'node:net';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { HELLO_DEADLINE_MS, LIVE_CLOSE, LIVE_PROTOCOL, livePushSchema } from '#app/contracts/live.ts';
import { HTTP, IDEMPOTENCY_HEADER, TOKEN_HEADER } from '#app/contracts/http.ts';
import type { LogLine } from '#app/contracts/health.ts';
import { SHELL_ORIGIN } from '#app/contracts/shell-names.ts';
import { AppError } from '#app/domain/errors.ts';
import { createGuard } from './guard.ts';
import type { Handlers } from './handler-types.ts';
import { buildServer } from './server.ts';
import { createSessions } from './sessions.ts';
import { createSockets } from './sockets.ts';
import type { Sockets } from './sockets.ts';
import { freePort } from '../../tests/support/ports.ts';

const API_TOKEN = 'a'.repeat(64);
const SECRET = 's'.repeat(64);
const log = pino({ level: 'silent' });
const logLine: LogLine = { seq: 1, at: 1, unit: 'execution', stream: 'stdout', text: 'hello' };
let app: FastifyInstance;
let sockets: Sockets;
let port = 0;
let cookie = '';
let token = '';
/** The guard's clock stands still while a test floods it: a busy computer must not refill the allowance meanwhile. */
let frozenAt: number | null = null;
const calls: { name: string; input: unknown; key: string; actor: string }[] = [];

type Reply = { status: number; headers: Record<string, unknown>; body: string };
/** Raw request: node's fetch would set Host and refuse some headers. */
function ask(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers: { host: `127.0.0.1:${port}`, ...headers } }, (response) => {
      let text = '';
      response.on('data', (chunk) => { text += String(chunk); });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}
const browser = (): Record<string, string> => ({ cookie, [TOKEN_HEADER]: token });
const json = { 'content-type': 'application/json' };

beforeAll(async () => {
  port = await freePort();
  const sessions = createSessions(SECRET, port);
  const guard = createGuard({ port, apiToken: API_TOKEN, sessions, now: Date.now, monotonic: () => frozenAt ?? performance.now() });
  sockets = createSockets({ guard, instanceId: 'test', log, now: Date.now, onHello: () => Promise.resolve([]), onDropped: () => undefined });
  const handlers = new Proxy({}, {
    get: (_target, name: string) => (input: unknown, request: { idempotencyKey: string; actor: string }) => {
      calls.push({ name, input, key: request.idempotencyKey, actor: request.actor });
      if (name === 'setTradingState') return Promise.resolve({ version: 2, state: 'HALTED' });
      if (name === 'saveUiState') return Promise.resolve({ accepted: true });
      if (name === 'positions') return Promise.resolve({ positions: [] });
      if (name === 'orderStory') return Promise.reject(new AppError('ORDER_NOT_FOUND', 'There is no such decision'));
      return Promise.resolve({ token: 'x', mode: 'demo', version: '1', instanceId: 'i', actor: 'a', uiState: {}, serverTime: 1 });
    },
  }) as Handlers;
  app = await buildServer({
    host: '127.0.0.1', port, version: '1', log, guard, sessions, handlers, sockets, now: Date.now, files: { isBuilt: true, find: () => null, open: () => { throw new Error('no files here'); } },
    logs: { read: () => Promise.resolve([logLine]) }, reports: { read: (id) => (id === 'daily-2026-01-05' ? Promise.resolve(Buffer.from('<p>report</p>')) : Promise.reject(new AppError('REPORT_NOT_FOUND', 'none'))) },
    exports: ({ symbol }) => Promise.resolve(symbol === 'AAPL' ? { text: 'AAPL,2026-01-05,1,2,0.5,1.5,10\n', bars: 1, next: null } : { text: '', bars: 0, next: null }),
    logBook: { page: (query) => Promise.resolve({ lines: [], nextCursor: null, matter: null, seq: query.limit, tookMs: 0 }), follow: (filter, afterSeq) => Readable.from([`${JSON.stringify({ ...filter, afterSeq })}\n`]) }, health: () => ({ unit: 'gateway', version: '1', instanceId: 'i', live: true, ready: true, uptimeMs: 1, reasons: [], detail: {}, units: [] }),
    metrics: () => Promise.resolve({ contentType: 'text/plain', text: 'x 1\n' }), redeemLogin: (given) => Promise.resolve(given === 'good-link'),
  });
  await app.listen({ host: '127.0.0.1', port });
  const login = await ask('GET', '/login?token=good-link');
  cookie = String(login.headers['set-cookie']).split(';')[0] ?? '';
  const session = sessions.read(cookie, Date.now());
  token = session ? sessions.headerToken(session) : '';
});
afterAll(async () => {
  sockets.close();
  await app.close();
});

describe('signing in', () => {
  it('turns a one-time link into an HttpOnly SameSite=Strict cookie and leads to the page', async () => {
    const reply = await ask('GET', '/login?token=good-link');
    expect(reply.status).toBe(303);
    expect(reply.headers.location).toBe('/');
    expect(String(reply.headers['set-cookie'])).toMatch(new RegExp(`^mainspring_${port}=.*HttpOnly; SameSite=Strict`));
  });
  it('gives no cookie for a spent or foreign link', async () => {
    const reply = await ask('GET', '/login?token=spent');
    expect([reply.status, reply.headers['set-cookie'], reply.headers.location]).toEqual([303, undefined, '/?login=spent']);
  });
  it('gives the header token to the cookie alone, and nothing else without the header token', async () => {
    expect((await ask('GET', '/api/session', { cookie })).status).toBe(200);
    expect((await ask('GET', '/api/positions', { cookie })).status).toBe(401);
    expect((await ask('GET', '/api/positions', browser())).status).toBe(200);
  });
  it('answers /logs by what is asked: a part, a page of lines, a tail with its filter', async () => {
    expect(JSON.parse((await ask('GET', '/logs?unit=execution&lines=5', browser())).body)).toEqual({ lines: [logLine] });
    expect(JSON.parse((await ask('GET', '/logs?limit=7', browser())).body)).toMatchObject({ seq: 7 });
    expect(JSON.parse((await ask('GET', '/logs?follow=1&units=execution,gateway&level=warn&about=o1&afterSeq=3', browser())).body)).toMatchObject({ units: 'execution,gateway', level: 'warn', about: 'o1', afterSeq: 3 });
    for (const bad of ['limit=0', 'level=loud', 'units=a%20b', 'lines=9999&unit=execution', `search=${'x'.repeat(301)}`]) expect((await ask('GET', `/logs?${bad}`, browser())).status).toBe(400);
  });
  it('admits the bearer token of this launch', async () => {
    expect((await ask('GET', '/api/positions', { authorization: `Bearer ${API_TOKEN}` })).status).toBe(200);
    expect((await ask('GET', '/metrics', { authorization: `Bearer ${API_TOKEN}` })).body).toBe('x 1\n');
  });
});

/** The same text with another first character, whatever that was. */
const forged = (text: string): string => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);

describe('what is forged is refused', () => {
  const refused: [string, () => Promise<Reply>][] = [
    ['a foreign Host (DNS rebinding)', () => ask('GET', '/api/positions', { ...browser(), host: `evil.example:${port}` })],
    ['localhost as Host', () => ask('GET', '/api/positions', { ...browser(), host: `localhost:${port}` })],
    ['a Host without the port', () => ask('GET', '/api/positions', { ...browser(), host: '127.0.0.1' })],
    ['a foreign Origin', () => ask('GET', '/api/positions', { ...browser(), origin: 'http://evil.example' })],
    ['another port of this computer as Origin', () => ask('GET', '/api/positions', { ...browser(), origin: 'http://127.0.0.1:3000' })],
    ['the null Origin', () => ask('GET', '/api/positions', { ...browser(), origin: 'null' })],
    ['a cookie that another site of this computer makes the browser send', () => ask('GET', '/api/session', { cookie, 'sec-fetch-site': 'same-site' })],
    ['no token at all', () => ask('GET', '/api/positions')],
    ['a token in the query', () => ask('GET', `/api/positions?token=${API_TOKEN}`)],
    ['a wrong bearer', () => ask('GET', '/api/positions', { authorization: `Bearer ${'b'.repeat(64)}` })],
    ['a wrong header token', () => ask('GET', '/api/positions', { cookie, [TOKEN_HEADER]: forged(token) })],
    ['a changed cookie', () => ask('GET', '/api/session', { cookie: cookie.replace(/(?<==)./, forged) })],
    ['metrics without a token', () => ask('GET', '/metrics')],
    ['logs without a token', () => ask('GET', '/logs')],
    ['logs without a token, asked as a page would be', () => ask('GET', '/logs', { accept: 'text/html', cookie })],
    ['a live tail without a token', () => ask('GET', '/logs?follow=1')],
    ['a POST to nowhere', () => ask('POST', '/api/nowhere', json, '{}')],
  ];
  it.each(refused)('%s', async (_what, attempt) => {
    const before = calls.length;
    expect((await attempt()).status).toBe(401);
    expect(calls.length).toBe(before);
  });
  it('a form POST', async () => {
    const reply = await ask('POST', '/api/trading-state', { ...browser(), 'content-type': 'application/x-www-form-urlencoded', 'idempotency-key': 'k'.repeat(8) }, 'state=HALTED');
    expect(reply.status).toBe(400);
    expect((await ask('POST', '/api/trading-state', { ...browser(), 'content-type': 'text/plain', 'idempotency-key': 'k'.repeat(8) }, '{}')).status).toBe(400);
  });
  it('a body above 256 kB', async () => {
    const reply = await ask('PUT', '/api/ui-state', { ...browser(), ...json }, JSON.stringify({ uiState: { big: 'x'.repeat(300_000) } }));
    expect([reply.status, JSON.parse(reply.body)]).toEqual([400, { error: { code: 'INPUT_TOO_LARGE', family: 'invalid', message: expect.stringContaining('262144') as string } }]);
  });
  it('files of a project that are too large, in the words of their limit, where any other body would be cut off', async () => {
    const post = (text: string) => ask('POST', '/api/author/check', { ...browser(), ...json }, JSON.stringify({ files: [{ path: 'strategy.ts', text }] }));
    expect((await post('x'.repeat(400_001))).body).toContain('A file has at most 400000 characters');
    expect((await post('x'.repeat(4_000_001))).body).toContain('A request may have at most 4000000 bytes');
  });
  it('prototype keys and broken JSON', async () => {
    for (const body of ['{"__proto__":{"x":1}}', '{"uiState":', 'null']) expect((await ask('PUT', '/api/ui-state', { ...browser(), ...json }, body)).status).toBe(400);
  });
  it('slow headers', async () => {
    const closed = await new Promise<number>((resolve) => {
      const began = performance.now();
      const socket = connect(port, '127.0.0.1', () => socket.write('GET /api/positions HTTP/1.1\r\nHost: '));
      socket.on('close', () => resolve(performance.now() - began));
      socket.on('error', () => undefined);
      socket.resume();
    });
    expect(closed).toBeLessThan(9_000);
  });
  it('more than a burst of requests', async () => {
    frozenAt = performance.now();
    const flood = await Promise.all(Array.from({ length: 260 }, () => ask('GET', '/api/positions', { authorization: `Bearer ${API_TOKEN}` })));
    frozenAt = null;
    const limited = flood.filter((reply) => reply.status === 429);
    expect(limited.length).toBeGreaterThan(0);
    expect(limited[0]?.headers['retry-after']).toBe('1');
  });
});

describe('replies', () => {
  it('carry no-store, nosniff and a closed policy; CORS is for the desktop shell alone, without credentials', async () => {
    const own = await ask('GET', '/api/positions', browser());
    expect(own.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; frame-ancestors 'none'" });
    expect(own.headers['access-control-allow-origin']).toBeUndefined();
    const shell = await ask('OPTIONS', '/api/positions', { origin: SHELL_ORIGIN, 'access-control-request-method': 'GET' });
    expect([shell.status, shell.headers['access-control-allow-origin'], shell.headers['access-control-allow-credentials']]).toEqual([204, SHELL_ORIGIN, undefined]);
    expect((await ask('OPTIONS', '/api/positions', { origin: 'https://evil.example' })).status).toBe(401);
  });
  it('name the field that is wrong, and map families to statuses', async () => {
    const wrong = await ask('POST', '/api/orders/preview', { ...browser(), ...json }, JSON.stringify({ symbol: 'aapl', side: 'buy', type: 'market', timeInForce: 'day', qty: '0', limitPrice: null }));
    expect(wrong.status).toBe(400);
    expect((JSON.parse(wrong.body) as { error: { issues: { path: string }[] } }).error.issues.map((issue) => issue.path)).toEqual(['symbol', 'qty']);
    expect((await ask('GET', '/api/decisions/none/story', browser())).status).toBe(404);
  });
});

describe('exports', () => {
  it('go to whoever has signed in, as a file', async () => {
    const reply = await ask('GET', '/exports/bars.csv?symbols=AAPL&timeframe=1Day', { cookie });
    expect(reply).toMatchObject({ status: 200, headers: { 'content-disposition': 'attachment; filename="aapl-1Day.csv"' } });
    expect((await ask('GET', '/exports/bars.csv?symbols=AAPL&timeframe=1Day')).status).toBe(401);
  });
  it.each(['symbols=ZZZ&timeframe=1Day', 'symbols=AAPL&timeframe=1Year', 'symbols=&timeframe=1Day', ''])('%s: is refused in words', async (query) => {
    expect((await ask('GET', `/exports/bars.csv?${query}`, { cookie })).status).toBe(400);
  });
});

describe('reports', () => {
  it('are read with the cookie that a followed link carries, and may do nothing', async () => {
    const reply = await ask('GET', '/reports/daily-2026-01-05', { cookie });
    expect([reply.status, reply.body, reply.headers['content-type']]).toEqual([200, '<p>report</p>', 'text/html; charset=utf-8']);
    expect(reply.headers['content-security-policy']).toBe("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox");
    expect((await ask('GET', '/reports/daily-2026-01-05', { authorization: `Bearer ${API_TOKEN}`, origin: SHELL_ORIGIN })).status).toBe(200);
  });
  it.each(['/reports/daily-2026-01-06', '/reports/..%2f..%2fsecret', '/reports/daily-2026-01-05.html'])('%s: there is none', async (path) => {
    expect((await ask('GET', path, { cookie })).status).toBe(404);
  });
  it('are refused without signing in, and to other pages of this computer', async () => {
    expect((await ask('GET', '/reports/daily-2026-01-05')).status).toBe(401);
    expect((await ask('GET', '/reports/daily-2026-01-05', { cookie, 'sec-fetch-site': 'same-site' })).status).toBe(401);
  });
});

describe('the window of the desktop', () => {
  const bearer = { authorization: `Bearer ${API_TOKEN}` };
  const page = { origin: SHELL_ORIGIN, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors', ...bearer };

  it('asks first, and may use every method and header of the contract', async () => {
    for (const { method, path } of Object.values(HTTP)) {
      const asked = ['authorization', ...(method === 'GET' ? [] : ['content-type', IDEMPOTENCY_HEADER])];
      const reply = await ask('OPTIONS', path, { origin: SHELL_ORIGIN, 'access-control-request-method': method, 'access-control-request-headers': asked.join(',') });
      expect([reply.status, reply.headers['access-control-allow-origin'], reply.headers['access-control-allow-credentials'], reply.body]).toEqual([204, SHELL_ORIGIN, undefined, '']);
      expect(String(reply.headers['access-control-allow-methods']).split(', ')).toContain(method);
      expect(String(reply.headers['access-control-allow-headers']).split(', ')).toEqual(expect.arrayContaining(asked));
    }
    for (const path of ['/logs', '/metrics', '/api/openapi.json']) expect((await ask('OPTIONS', path, { origin: SHELL_ORIGIN, 'access-control-request-method': 'GET' })).headers['access-control-allow-origin']).toBe(SHELL_ORIGIN);
  });
  it('is let into this computer when Chromium asks for that, and nobody else is', async () => {
    const question = { 'access-control-request-method': 'GET', 'access-control-request-private-network': 'true', 'access-control-request-local-network': 'true' };
    const reply = await ask('OPTIONS', '/api/positions', { origin: SHELL_ORIGIN, ...question });
    expect([reply.headers['access-control-allow-private-network'], reply.headers['access-control-allow-local-network']]).toEqual(['true', 'true']);
    for (const origin of ['https://evil.example', `http://127.0.0.1:${port}`, 'app://mainspring.evil', 'null']) {
      expect((await ask('OPTIONS', '/api/positions', { origin, ...question })).headers['access-control-allow-private-network']).toBeUndefined();
    }
    expect((await ask('OPTIONS', '/api/positions', { origin: SHELL_ORIGIN, 'access-control-request-method': 'GET' })).headers['access-control-allow-private-network']).toBeUndefined();
  });
  it('reads and acts with the token of this launch, under its own name; refusals can be read too', async () => {
    const reply = await ask('GET', '/api/positions', page);
    expect([reply.status, reply.headers['access-control-allow-origin'], reply.headers['cross-origin-resource-policy'], reply.headers.vary]).toEqual([200, SHELL_ORIGIN, 'cross-origin', 'Origin']);
    expect((await ask('GET', '/api/session', page)).status).toBe(200);
    expect((await ask('POST', '/api/login-link', { ...page, ...json }, '{}')).headers['access-control-allow-origin']).toBe(SHELL_ORIGIN);
    expect((await ask('PUT', '/api/ui-state', { ...page, ...json }, JSON.stringify({ uiState: { theme: 'dark' } }))).status).toBe(200);
    expect(calls.at(-1)).toMatchObject({ name: 'saveUiState', actor: 'desktop' });
    await ask('GET', '/api/positions', bearer);
    expect(calls.at(-1)).toMatchObject({ name: 'positions', actor: 'token' });
    for (const [path, status, headers] of [['/api/positions', 401, { origin: SHELL_ORIGIN }], ['/api/decisions/none/story', 404, page], ['/api/nowhere', 404, page]] as const) {
      const refusal = await ask('GET', path, headers);
      expect([refusal.status, refusal.headers['access-control-allow-origin'], typeof JSON.parse(refusal.body)]).toEqual([status, SHELL_ORIGIN, 'object']);
    }
  });
  it('tails a log across origins', async () => {
    const first = await new Promise<{ status: number; origin: unknown; text: string }>((resolve, reject) => {
      const request = httpRequest({ host: '127.0.0.1', port, path: '/logs?unit=execution&lines=5&follow=1', headers: { host: `127.0.0.1:${port}`, ...page } }, (response) => {
        response.once('data', (chunk: Buffer) => {
          resolve({ status: response.statusCode ?? 0, origin: response.headers['access-control-allow-origin'], text: chunk.toString() });
          request.destroy();
        });
        response.on('error', () => undefined);
      });
      request.on('error', reject);
      request.end();
    });
    expect(first).toEqual({ status: 200, origin: SHELL_ORIGIN, text: `${JSON.stringify(logLine)}\n` });
  });
  const forged: [string, Record<string, string>][] = [
    ['another host of its scheme', { ...page, origin: 'app://mainspring.evil' }],
    ['another page of its scheme', { ...page, origin: 'app://other' }],
    ['its origin with a port', { ...page, origin: 'app://mainspring:80' }],
    ['its origin with a path', { ...page, origin: 'app://mainspring/' }],
    ['its origin in capitals', { ...page, origin: 'APP://MAINSPRING' }],
    ['its origin twice', { ...page, origin: `${SHELL_ORIGIN}, ${SHELL_ORIGIN}` }],
    ['the null origin of a sandboxed frame', { ...page, origin: 'null' }],
    ['a file', { ...page, origin: 'file://' }],
    ['no token', { origin: SHELL_ORIGIN }],
    ['the token of another launch', { ...page, authorization: `Bearer ${'b'.repeat(64)}` }],
    ['a token cut short', { ...page, authorization: `Bearer ${API_TOKEN.slice(1)}` }],
    ['the token as a password', { ...page, authorization: `Basic ${API_TOKEN}` }],
  ];
  it.each(forged)('refuses %s', async (_what, headers) => {
    const before = calls.length;
    expect((await ask('GET', '/api/positions', headers)).status).toBe(401);
    expect(calls.length).toBe(before);
  });
  it('has no use for a browser\'s cookie, with its header token or without', async () => {
    expect((await ask('GET', '/api/session', { cookie, origin: SHELL_ORIGIN })).status).toBe(401);
    expect((await ask('GET', '/api/positions', { ...browser(), origin: SHELL_ORIGIN })).status).toBe(401);
  });
});

describe('routes that move money', () => {
  it('demand an idempotency key and pass it on', async () => {
    const body = JSON.stringify({ state: 'HALTED', reason: 'test' });
    expect((await ask('POST', '/api/trading-state', { ...browser(), ...json }, body)).status).toBe(400);
    expect((await ask('POST', '/api/trading-state', { ...browser(), ...json, 'idempotency-key': 'press-1-abc' }, body)).status).toBe(200);
    expect(calls.at(-1)).toEqual({ name: 'setTradingState', input: { state: 'HALTED', reason: 'test' }, key: 'press-1-abc', actor: expect.stringMatching(/^browser:/) as string });
  });
  it('do not include one that arms the real account, changes the market or touches keys: a token alone must not suffice', async () => {
    expect(Object.values(HTTP).filter(({ path }) => /arm|\blive|mode\b|market$|key|secret|account$/i.test(path)).map(({ method, path }) => `${method} ${path}`).sort()).toEqual(['GET /api/account', 'GET /api/market']);
    for (const path of ['/api/arm-live', '/api/mode', '/api/keys']) expect((await ask('POST', path, { authorization: `Bearer ${API_TOKEN}`, origin: SHELL_ORIGIN, ...json, 'idempotency-key': 'press-2-abc' }, '{}')).status).toBe(404);
  });
  it('are those that the contract says', () => {
    expect(Object.entries(HTTP).filter(([, route]) => route.movesMoney).map(([name]) => name).sort()).toEqual([
      'applyRemedy', 'archiveProject', 'cancelOrder', 'createProject', 'deployStrategy', 'dismissFinding', 'flatten', 'kill', 'lookAheadCheck', 'pauseStrategy', 'placeOrder', 'readVerdict', 'reducePosition', 'renameProject', 'replaceOrder',
      'restoreVersion', 'retryRun', 'reversePosition', 'runFlow', 'saveAuthorProfile', 'saveConfiguration', 'saveProject', 'screenToStrategy', 'sendTest', 'setAlertChoice', 'setRiskLimits', 'setStrategyEnabled', 'setStrategyLimits', 'setTradingState', 'startBacktest', 'startStrategy', 'stopStrategy',
    ]);
  });
});

describe('the live socket', () => {
  const open = (headers: Record<string, string> = {}): WebSocket => new WebSocket(`ws://127.0.0.1:${port}/live`, { headers });
  const closeCode = (socket: WebSocket): Promise<number> => new Promise((resolve) => { socket.on('close', (code) => resolve(code)); socket.on('error', () => resolve(0)); });
  const hello = (given: string, protocol = LIVE_PROTOCOL): string => JSON.stringify({ type: 'hello', token: given, protocol });

  it('welcomes a page that says hello with its token, and numbers what it pushes', async () => {
    const socket = open({ cookie, origin: `http://127.0.0.1:${port}` });
    const pushes: unknown[] = [];
    const got = (count: number): Promise<void> => new Promise((resolve) => { socket.on('message', (data: Buffer) => { pushes.push(JSON.parse(data.toString())); if (pushes.length === count) resolve(); }); });
    const both = got(2);
    socket.on('open', () => socket.send(hello(token)));
    await new Promise<void>((resolve) => { const timer = setInterval(() => { if (sockets.count() > 0) { clearInterval(timer); resolve(); } }, 5); });
    sockets.push({ type: 'resync', reason: 'test' });
    await both;
    expect(pushes.map((push) => livePushSchema.parse(push)).map(({ seq, push }) => [seq, push.type])).toEqual([[1, 'welcome'], [2, 'resync']]);
    socket.close();
  });
  it('is closed without a hello in time', async () => {
    const began = performance.now();
    expect(await closeCode(open({ cookie }))).toBe(LIVE_CLOSE.unauthorized);
    expect(performance.now() - began).toBeLessThan(HELLO_DEADLINE_MS + 1_000);
  });
  it('is closed for a wrong token, an old protocol or nonsense', async () => {
    for (const text of [hello('wrong'), hello(API_TOKEN, 0), 'nonsense', '{}']) {
      const socket = open();
      socket.on('open', () => socket.send(text));
      expect(await closeCode(socket)).toBe(LIVE_CLOSE.unauthorized);
    }
  });
  it('refuses a foreign origin and a foreign host before it opens', async () => {
    for (const headers of [{ origin: 'http://evil.example' }, { origin: 'null' }, { host: `evil.example:${port}` }]) {
      const socket = open(headers as Record<string, string>);
      const outcome = await new Promise<string>((resolve) => { socket.on('open', () => resolve('open')); socket.on('error', (error) => resolve(error.message)); });
      expect(outcome).toContain('401');
    }
  });
  it('drops a page that does not read, and the others get everything', async () => {
    const connectPage = (): Promise<WebSocket> => new Promise((resolve) => {
      const socket = open({ cookie, origin: `http://127.0.0.1:${port}` });
      socket.once('message', () => resolve(socket));
      socket.on('open', () => socket.send(hello(token)));
    });
    const [slow, quick] = await Promise.all([connectPage(), connectPage()]);
    const dropped = closeCode(slow);
    slow.pause();
    const reason = 'x'.repeat(200_000);
    let heard = 0;
    quick.on('message', () => { heard += 1; });
    const before = sockets.count();
    let sent = 0;
    while (sockets.count() === before && sent < 500) {
      sockets.push({ type: 'resync', reason });
      sent += 1;
      await new Promise((resolve) => { setImmediate(resolve); });
    }
    expect(sockets.count()).toBe(before - 1);
    await new Promise<void>((resolve) => { const timer = setInterval(() => { if (heard >= sent) { clearInterval(timer); resolve(); } }, 5); });
    slow.resume();
    expect([LIVE_CLOSE.tooSlow, 1006]).toContain(await dropped);
    quick.close();
  });
  it('welcomes the window with the token of this launch, and no other page that has it', async () => {
    const socket = open({ origin: SHELL_ORIGIN });
    socket.on('open', () => socket.send(hello(API_TOKEN)));
    const first = await new Promise<unknown>((resolve) => { socket.once('message', (data: Buffer) => resolve(JSON.parse(data.toString()))); });
    expect(livePushSchema.parse(first).push.type).toBe('welcome');
    socket.close();
    for (const origin of ['app://mainspring.evil', 'app://other', 'null', 'https://evil.example']) {
      const forged = open({ origin });
      expect(await new Promise<string>((resolve) => { forged.on('open', () => resolve('open')); forged.on('error', (error) => resolve(error.message)); })).toContain('401');
    }
    const withCookie = open({ cookie, origin: SHELL_ORIGIN });
    withCookie.on('open', () => withCookie.send(hello(token)));
    expect(await closeCode(withCookie)).toBe(LIVE_CLOSE.unauthorized);
  });
  it('takes a header token only together with its cookie', async () => {
    const socket = open({ origin: `http://127.0.0.1:${port}` });
    socket.on('open', () => socket.send(hello(token)));
    expect(await closeCode(socket)).toBe(LIVE_CLOSE.unauthorized);
  });
});
