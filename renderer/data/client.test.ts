/** Requests are built from the contract alone, and carry what opens the gateway. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HTTP } from '#app/contracts/http.ts';
import { buildRequest, call, hasAccess, liveAccess, onRefusedToken, setAccess } from './client.ts';

describe('buildRequest', () => {
  it('fills the path, puts the rest of a GET into the query and leaves out what is undefined', () => {
    expect(buildRequest(HTTP.orders, { scope: 'open', limit: 50, before: undefined })).toEqual({ url: '/api/orders?scope=open&limit=50', body: null });
    expect(buildRequest(HTTP.run, { runId: 'fetch_market_data:2026-01-02T15:00' })).toEqual({ url: '/api/runs/fetch_market_data%3A2026-01-02T15%3A00', body: null });
  });
  it('sends the rest of a POST as JSON', () => {
    expect(buildRequest(HTTP.setStrategyEnabled, { strategyId: 'sma_cross', isEnabled: false })).toEqual({ url: '/api/strategies/sma_cross/enabled', body: '{"isEnabled":false}' });
  });
});

describe('a window’s requests', () => {
  let server: Server;
  let base: string;
  let seen: IncomingMessage[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(request);
      const isGood = request.headers.authorization === 'Bearer good';
      response.writeHead(isGood ? 200 : 401, { 'content-type': 'application/json' });
      response.end(JSON.stringify(isGood ? { accepted: true } : { error: { code: 'TOKEN_WRONG', family: 'denied', message: 'Sign in again' } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    seen = [];
    onRefusedToken(null);
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const ask = (): Promise<unknown> => call('saveUiState', { uiState: {} });

  it('carry the bearer token, and no cookie header of the page', async () => {
    setAccess({ base, token: 'good', kind: 'bearer' });
    await ask();
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer good', 'content-type': 'application/json' });
    expect(seen[0]?.headers['x-mainspring-token']).toBeUndefined();
    expect(liveAccess()).toEqual({ url: `${base.replace('http', 'ws')}/live`, token: 'good' });
  });
  it('fetch a refused token anew, once, and ask again', async () => {
    setAccess({ base, token: 'of the last launch', kind: 'bearer' });
    onRefusedToken(() => {
      setAccess({ base, token: 'good', kind: 'bearer' });
      return Promise.resolve(true);
    });
    await expect(ask()).resolves.toEqual({ accepted: true });
    expect(seen).toHaveLength(2);
  });
  it('give up when the fresh token is refused as well', async () => {
    setAccess({ base, token: 'bad', kind: 'bearer' });
    onRefusedToken(() => Promise.resolve(true));
    await expect(ask()).rejects.toMatchObject({ status: 401, code: 'TOKEN_WRONG' });
    expect(seen).toHaveLength(2);
  });
  it('say in plain words that an answer broke off after its head', async () => {
    const half = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"acc', () => response.destroy());
    });
    await new Promise<void>((resolve) => half.listen(0, '127.0.0.1', resolve));
    setAccess({ base: `http://127.0.0.1:${(half.address() as AddressInfo).port}`, token: 'good', kind: 'bearer' });
    await expect(ask()).rejects.toMatchObject({ status: 0, code: 'NO_ANSWER', message: expect.stringContaining('does not answer') as unknown });
    await new Promise((resolve) => half.close(resolve));
  });
  it('are not sent while the gateway is known to be down', async () => {
    setAccess(null);
    expect(hasAccess()).toBe(false);
    expect(liveAccess()).toBeNull();
    await expect(ask()).rejects.toMatchObject({ status: 0, code: 'NO_ANSWER' });
    expect(seen).toHaveLength(0);
  });
});
