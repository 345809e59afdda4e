/** A connection test against a server that answers as told: every way of failing, told apart, with what to do, and no key in any answer. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createSocketServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { clockWords, connectionTestSchema, connectionVerdict, verdictWords } from '#app/contracts/connection-test.ts';
import type { ConnectionTest, FindingKind } from '#app/contracts/connection-test.ts';
import { askBroker, silenceOf } from './ask-broker.ts';
import { answerFinding, clockFinding } from './findings.ts';
import { testConnection } from './connection-test.ts';
import type { TestQuestion } from './connection-test.ts';

const PAPER = { keyId: 'PKPLANTED0PAPER0KEY4242', secretKey: 'planted0paper0secret0key' };
const LIVE = { keyId: 'AKPLANTED0LIVE0KEY4242', secretKey: 'planted0live0secret0key' };
const ACCOUNT = {
  account_number: 'PA3F29C11A7B', status: 'ACTIVE', currency: 'USD', equity: '100250.75', buying_power: '200501.5', account_blocked: false, trading_blocked: false, transfers_blocked: false, trade_suspended_by_user: false,
};

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    (server as Server & { closeAllConnections?: () => void }).closeAllConnections?.();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
/** A broker that is well. */
const well: Handler = (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
  if (pathname === '/v2/account') return json(response, 200, ACCOUNT);
  if (pathname === '/v2/clock') return json(response, 200, { timestamp: new Date().toISOString(), is_open: true, next_open: '', next_close: '' });
  return searchParams.get('feed') === 'sip' ? json(response, 403, { message: 'subscription does not permit querying recent SIP data' }) : json(response, 404, {});
};
const only = (target: string, handler: Handler): Handler => (request, response) => (request.url?.startsWith(target) === true ? handler : well)(request, response);

type Seen = { readonly method: string; readonly path: string };
async function test(handler: Handler, over: Partial<TestQuestion> & { readonly limitMs?: number } = {}): Promise<{ result: ConnectionTest; seen: Seen[] }> {
  const seen: Seen[] = [];
  const port = await portOf(createServer((request, response) => {
    seen.push({ method: request.method ?? '', path: new URL(request.url ?? '/', 'http://x').pathname });
    handler(request, response);
  }));
  const { limitMs, ...question } = over;
  const result = await testConnection({ account: 'paper', keysFrom: 'stored', keys: PAPER, entries: at(`http://127.0.0.1:${port}`), ...question }, limitMs === undefined ? {} : { limitMs });
  return { result: connectionTestSchema.parse(result), seen };
}
const at = (url: string): TestQuestion['entries'] => [{ key: 'ALPACA_BASE_URL', value: url, source: 'a test' }];
const kinds = ({ findings }: ConnectionTest): FindingKind[] => findings.map(({ kind }) => kind);

describe('a connection that is well', () => {
  it('tells account, money, clock, round trip and data, with three questions and the last letters alone', async () => {
    const { result, seen } = await test(well);
    expect(result).toMatchObject({
      account: 'paper', keysFrom: 'stored', keyEnding: '4242', isStandIn: true, feed: 'iex', findings: [],
      tested: { numberEnding: '1A7B', status: 'ACTIVE', currency: 'USD', equity: '100250.75', buyingPower: '200501.5', isDayTrader: null }, clock: { isMarketOpen: true },
    });
    expect(Math.abs(result.clock?.differenceMs ?? Number.NaN)).toBeLessThan(1_000);
    expect(seen).toEqual([{ method: 'GET', path: '/v2/account' }, { method: 'GET', path: '/v2/clock' }, { method: 'GET', path: '/v2/stocks/bars' }]);
    expect([connectionVerdict(result), verdictWords(result)]).toEqual(['connected', 'Connected. The paper account takes orders.']);
    const told = JSON.stringify(result);
    for (const secret of [PAPER.secretKey, PAPER.keyId, ACCOUNT.account_number]) expect(told).not.toContain(secret);
  });

  it('tells the subscription to all exchanges', async () => {
    const { result } = await test(only('/v2/stocks', (_request, response) => json(response, 200, { bars: {}, next_page_token: null })));
    expect([result.feed, kinds(result)]).toEqual(['sip', []]);
  });
});

describe('an account', () => {
  it.each<[FindingKind, object, string]>([
    ['account_inactive', { status: 'SUBMITTED' }, 'closed'], ['account_inactive', { status: 'ACCOUNT_CLOSED' }, 'closed'], ['account_blocked', { account_blocked: true }, 'closed'], ['trading_blocked', { trading_blocked: true }, 'closed'],
    ['trading_suspended', { trade_suspended_by_user: true }, 'closed'], ['day_trader', { pattern_day_trader: true }, 'connected'], ['transfers_blocked', { transfers_blocked: true }, 'connected'],
  ])('with %s is told with what to do (%o)', async (kind, over, verdict) => {
    const { result, seen } = await test(only('/v2/account', (_request, response) => json(response, 200, { ...ACCOUNT, ...over })));
    expect([kinds(result), connectionVerdict(result), seen.length]).toEqual([[kind], verdict, 3]);
    expect(result.findings[0]?.remedy.length).toBeGreaterThan(20);
    expect(result.tested?.equity).toBe('100250.75');
  });

  it('has its hardest trouble first, and one that came after it before it when it is worse', async () => {
    const { result } = await test((request, response) => {
      if (request.url === '/v2/account') return json(response, 200, { ...ACCOUNT, trading_blocked: true, status: 'INACTIVE', pattern_day_trader: true });
      return request.url === '/v2/clock' ? well(request, response) : json(response, 401, { message: 'unauthorized.' });
    });
    expect(kinds(result)).toEqual(['keys_refused', 'account_inactive', 'trading_blocked', 'day_trader']);
    expect(connectionVerdict(result)).toBe('refused');
  });
});

describe('an answer', () => {
  const echo: Handler = (request, response) => json(response, 401, { message: `unauthorized: ${String(request.headers['apca-api-key-id'])} ${String(request.headers['apca-api-secret-key'])}` });
  it.each<[string, FindingKind, Handler]>([
    ['401, with the keys in it', 'keys_refused', echo],
    ['403 without a code', 'keys_refused', (_request, response) => json(response, 403, { message: 'forbidden.' })],
    ['403 with a code', 'question_refused', (_request, response) => json(response, 403, { code: 40310000, message: PAPER.secretKey })],
    ['404', 'question_refused', (_request, response) => json(response, 404, { message: 'endpoint not found.' })],
    ['429', 'throttled', (_request, response) => json(response, 429, { code: 42910000, message: 'rate limit exceeded' }, { 'retry-after': '7' })],
    ['500', 'broker_failed', (_request, response) => json(response, 500, { code: 50010000, message: 'x' })],
    ['503 of a gateway', 'broker_failed', (_request, response) => void response.writeHead(503).end('<html>busy</html>')],
    ['a redirect', 'intercepted', (_request, response) => void response.writeHead(302, { location: 'http://login.example.com/' }).end()],
    ['a web page', 'intercepted', (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Welcome to the harbour</title>')],
    ['text that is not JSON', 'answer_unreadable', (_request, response) => void response.end('PONG')],
    ['JSON of something else', 'answer_unreadable', (_request, response) => json(response, 200, { hello: PAPER.secretKey })],
    ['money that is no number', 'answer_unreadable', (_request, response) => json(response, 200, { ...ACCOUNT, equity: 'a lot' })],
    ['more than anybody reads', 'answer_unreadable', (_request, response) => void response.end(`"${'x'.repeat(600_000)}"`)],
    ['a connection that is cut', 'unreachable', (request) => void request.socket.destroy()],
    ['a head that is cut', 'unreachable', (request) => void request.socket.end('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"acc')],
    ['bytes that are not HTTP', 'answer_unreadable', (request) => void request.socket.end('220 mail.example.com ESMTP\r\n')],
  ])('of %s is %s: asked once, told without a letter of it', async (_name, kind, handler) => {
    const { result, seen } = await test(only('/v2/account', handler));
    expect([kinds(result), result.tested, result.clock, result.feed, seen.length]).toEqual([[kind], null, null, null, 1]);
    const told = JSON.stringify(result);
    for (const secret of [PAPER.secretKey, PAPER.keyId, 'harbour', 'login.example.com']) expect(told).not.toContain(secret);
    expect(result.findings[0]?.remedy.length).toBeGreaterThan(20);
  });

  it('that does not come ends with the time, and names it', async () => {
    const { result, seen } = await test(() => undefined, { limitMs: 150 });
    expect([kinds(result), seen.length]).toEqual([['out_of_time'], 1]);
    expect(result.findings[0]?.problem).toContain('within 0.15 s');
    expect(result.tookMs).toBeLessThan(5_000);
  });

  it('that begins and does not end is out of time, too', async () => {
    const { result } = await test((_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{"account_number":'), { limitMs: 150 });
    expect(kinds(result)).toEqual(['out_of_time']);
  });

  it('says how long to wait when the broker says so', async () => {
    const { result } = await test((_request, response) => json(response, 429, {}, { 'retry-after': '7' }));
    expect(result.findings[0]?.remedy).toContain('Wait 7 s');
  });

  it('of the clock or the data that is no answer keeps what was found before', async () => {
    const clock = await test(only('/v2/clock', (_request, response) => json(response, 200, { timestamp: '2026-02-31T09:30:00-05:00', is_open: true })));
    expect([clock.result.tested?.status, clock.result.clock, kinds(clock.result), clock.seen.length]).toEqual(['ACTIVE', null, ['answer_unreadable'], 2]);
    const data = await test(only('/v2/stocks', (_request, response) => json(response, 403, { message: 'forbidden.' })));
    expect([data.result.clock?.isMarketOpen, data.result.feed, kinds(data.result)]).toEqual([true, null, ['keys_refused']]);
    expect(data.result.findings[0]?.problem).toContain('for market data');
  });
});

describe('nothing is sent', () => {
  it.each<[FindingKind, string, Partial<TestQuestion>]>([
    ['no_keys', 'without keys', { keys: null }],
    ['keys_misshapen', 'with a line break in a key, which an error of the platform would repeat', { keys: { ...PAPER, secretKey: 'planted\nsecret' } }],
    ['wrong_account', 'with live keys for paper', { keys: LIVE }],
    ['wrong_account', 'with paper keys for live', { account: 'live' }],
  ])('%s: %s', async (kind, _name, over) => {
    const { result, seen } = await test(well, over);
    expect([kinds(result), result.host, connectionVerdict(result), seen]).toEqual([[kind], null, 'not_asked', []]);
    expect(JSON.stringify(result)).not.toContain('planted');
  });

  it.each(['https://api.alpaca.markets', 'http://paper-api.alpaca.markets', 'https://alpaca.example.com', 'ftp://127.0.0.1'])('to %s with paper keys', async (url) => {
    const result = await testConnection({ account: 'paper', keysFrom: 'typed', keys: PAPER, entries: at(url) });
    expect([kinds(result), connectionVerdict(result)]).toEqual([['wrong_address'], 'not_asked']);
    expect(result.findings[0]?.remedy).toContain('https://paper-api.alpaca.markets');
  });
});

describe('a way that does not lead to the broker', () => {
  const ask = (url: string) => askBroker({ url, keys: PAPER, limitMs: 5_000 });
  it('is told: nobody listens', async () => {
    const server = createSocketServer();
    const port = await portOf(server);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const { result } = { result: await testConnection({ account: 'paper', keysFrom: 'stored', keys: PAPER, entries: at(`http://127.0.0.1:${port}`) }) };
    expect([kinds(result), result.findings[0]?.problem]).toEqual([['unreachable'], expect.stringContaining('ECONNREFUSED')]);
  });

  it('is told: a name that nobody knows', async () => {
    expect(await ask('http://broker.invalid/v2/account')).toMatchObject({ kind: 'silent', why: expect.stringMatching(/^(name_unknown|no_network)$/) as string });
  });

  it('is told: a certificate that nobody vouches for, before a key is sent', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'ms-certificate-'));
    const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '1', '-subj', '/CN=127.0.0.1'], { stdio: 'ignore' });
    let asked = 0;
    const port = await portOf(createSecureServer({ key: readFileSync(key), cert: readFileSync(cert) }, () => (asked += 1)));
    rmSync(folder, { recursive: true });
    expect(await ask(`https://127.0.0.1:${port}/v2/account`)).toEqual({ kind: 'silent', why: 'tls_failed', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(asked).toBe(0);
  });

  it('is told: encrypted words to a server that speaks in the clear', async () => {
    const port = await portOf(createServer());
    expect(await ask(`https://127.0.0.1:${port}/v2/account`)).toMatchObject({ kind: 'silent', why: 'tls_failed' });
  });

  it.each([
    ['ENOTFOUND', 'name_unknown'], ['EAI_AGAIN', 'no_network'], ['ENETUNREACH', 'no_network'], ['EHOSTUNREACH', 'no_network'], ['ECONNREFUSED', 'unreachable'], ['ECONNRESET', 'unreachable'], ['UND_ERR_SOCKET', 'unreachable'],
    ['ETIMEDOUT', 'out_of_time'], ['UND_ERR_CONNECT_TIMEOUT', 'out_of_time'], ['CERT_HAS_EXPIRED', 'tls_failed'], ['CERT_NOT_YET_VALID', 'tls_failed'], ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls_failed'], ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls_failed'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls_failed'], ['HPE_INVALID_CONSTANT', 'answer_unreadable'],
  ] as const)('is read out of what the system says: %s is %s', (code, why) => {
    const inner = Object.assign(new Error('inner'), { code });
    expect(silenceOf(new TypeError('fetch failed', { cause: inner }))).toEqual({ why, code });
    expect(silenceOf(new TypeError('fetch failed', { cause: new AggregateError([inner]) }))).toEqual({ why, code });
    const asked = { account: 'live', host: 'api.alpaca.markets', what: 'the account', limitMs: 5_000 } as const;
    expect(answerFinding(asked, { kind: 'silent', why, code })?.remedy.length).toBeGreaterThan(20);
  });

  it('is a connection that did not hold when the system says nothing known', () => {
    expect(silenceOf('odd')).toEqual({ why: 'unreachable', code: 'unknown' });
  });
});

describe('a clock', () => {
  it.each([[0, 40, null], [1_900, 40, null], [-2_500, 40, 'ahead of'], [2_500, 40, 'behind'], [2_500, 2_000, null], [3_600_000, 100, '60 min behind']])('%i ms apart over %i ms of way: %s', (differenceMs, roundTripMs, words) => {
    const found = clockFinding(differenceMs, roundTripMs);
    if (words === null) expect(found).toBeNull();
    else expect(found).toMatchObject({ kind: 'clock_off', problem: expect.stringContaining(words) as string });
  });
  it('is told in words', () => {
    expect([0, 12, -340, 15_000, -900_000].map(clockWords)).toEqual(["as the broker's", "12 ms behind the broker's", "340 ms ahead of the broker's", "15 s behind the broker's", "15 min ahead of the broker's"]);
  });
});
