/** The wire against the broker's own description, and against the error bodies that were seen in the wild. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check, type OpenApiSchemas } from './openapi-check.ts';
import { removeTestFolder, startTestSimulator, type TestSimulator } from './testing.ts';

const here = import.meta.dirname;
const schemas = JSON.parse(readFileSync(path.join(here, 'alpaca-schemas.fixture.json'), 'utf8')) as OpenApiSchemas;
let sim: TestSimulator;
let fillId = '';
beforeAll(async () => {
  sim = await startTestSimulator();
  await sim.step(2);
  await sim.send('POST', '/v2/orders', { symbol: 'AAPL', qty: '5', side: 'buy', type: 'market', time_in_force: 'day', client_order_id: 'ms-filled' });
  await sim.send('POST', '/v2/orders', { symbol: 'KO', qty: '2', side: 'buy', type: 'limit', limit_price: '5.25', time_in_force: 'gtc', client_order_id: 'ms-resting' });
  await sim.step();
  const fills = (await (await sim.get('/v2/account/activities/FILL')).json()) as { id: string }[];
  fillId = fills[0]?.id ?? '';
});
afterAll(async () => {
  await sim.close();
  removeTestFolder(sim.folder);
});
const body = async (target: string): Promise<unknown> => (await sim.get(target)).json();

describe('replies conform to the OpenAPI description', () => {
  it.each<[string, string, 'one' | 'list']>([
    ['/v2/account', 'Account', 'one'], ['/v2/account/configurations', 'AccountConfigurations', 'one'], ['/v2/clock', 'legacy_clock', 'one'],
    ['/v2/calendar?start=2025-06-30&end=2025-07-08', 'legacy_calendar_day', 'list'], ['/v2/assets', 'Assets', 'list'], ['/v2/assets/AAPL', 'Assets', 'one'],
    ['/v2/orders?status=all', 'Order', 'list'], ['/v2/orders:by_client_order_id?client_order_id=ms-filled', 'Order', 'one'], ['/v2/positions', 'Position', 'list'], ['/v2/positions/AAPL', 'Position', 'one'],
    ['/v2/account/activities?activity_types=FILL', 'TradingActivities', 'list'], ['/v2/account/portfolio/history', 'PortfolioHistory', 'one'],
    ['/v2/stocks/bars?symbols=AAPL,KO&timeframe=1Min', 'stock_bars_resp', 'one'], ['/v2/stocks/AAPL/bars?timeframe=5Min', 'stock_bars_resp_single', 'one'],
    ['/v2/stocks/bars/latest?symbols=AAPL', 'stock_latest_bars_resp', 'one'], ['/v2/stocks/AAPL/bars/latest', 'stock_latest_bars_resp_single', 'one'],
    ['/v2/stocks/trades/latest?symbols=AAPL', 'stock_latest_trades_resp', 'one'], ['/v2/stocks/quotes/latest?symbols=AAPL', 'stock_latest_quotes_resp', 'one'],
    ['/v2/stocks/snapshots?symbols=AAPL,KO', 'stock_snapshots_resp', 'one'], ['/v2/stocks/AAPL/snapshot', 'stock_snapshots_resp_single', 'one'],
  ])('%s', async (target, name, kind) => {
    const response = await sim.get(target);
    expect(response.status).toBe(200);
    const reply: unknown = await response.json();
    const items = kind === 'list' ? (reply as unknown[]) : [reply];
    expect(items.length).toBeGreaterThan(0);
    for (const item of items) expect(check(schemas, { $ref: name }, item)).toEqual([]);
  });
  it('the trimmed description in this folder is the broker\'s own, where that is at hand', () => {
    const official = path.join(here, '../../../shared/alpaca/trading-api.json');
    const source = existsSync(official) ? (JSON.parse(readFileSync(official, 'utf8')) as { components: { schemas: OpenApiSchemas } }).components.schemas : schemas;
    for (const name of ['Account', 'Order', 'Position', 'TradingActivities']) {
      expect(Object.keys(schemas[name]?.properties ?? {}).sort()).toEqual(Object.keys(source[name]?.properties ?? {}).sort());
    }
  });
  it('an order has exactly the members that the broker sends', async () => {
    expect(Object.keys((await body('/v2/orders:by_client_order_id?client_order_id=ms-filled')) as object).sort()).toEqual([
      'asset_class', 'asset_id', 'canceled_at', 'client_order_id', 'created_at', 'expired_at', 'expires_at', 'extended_hours', 'failed_at', 'filled_at', 'filled_avg_price', 'filled_qty', 'hwm', 'id', 'legs',
      'limit_price', 'notional', 'order_class', 'order_type', 'position_intent', 'qty', 'replaced_at', 'replaced_by', 'replaces', 'side', 'source', 'status', 'stop_price', 'submitted_at', 'subtag', 'symbol',
      'time_in_force', 'trail_percent', 'trail_price', 'type', 'updated_at',
    ]);
  });
});

describe('refusals', () => {
  const post = async (order: object): Promise<[number, unknown]> => {
    const response = await sim.send('POST', '/v2/orders', order);
    return [response.status, await response.json()];
  };
  const order = { symbol: 'KO', qty: '1', side: 'buy', type: 'market', time_in_force: 'day' };
  it('keys', async () => {
    for (const headers of [{}, { 'apca-api-key-id': 'PKTESTSIMULATOR', 'apca-api-secret-key': 'wrong' }] as Record<string, string>[]) {
      const response = await fetch(`${sim.url}/v2/account`, { headers });
      expect([response.status, await response.json()]).toEqual([401, { message: 'unauthorized.' }]);
    }
    expect((await fetch(`${sim.url}/sim/state`)).status).toBe(401);
  });
  it('orders', async () => {
    expect(await post({ ...order, client_order_id: 'ms-filled' })).toEqual([422, { code: 40010001, message: 'client_order_id must be unique' }]);
    expect(await post({ ...order, client_order_id: 'ms-resting' })).toEqual([422, { code: 40010001, message: 'client_order_id must be unique' }]);
    expect(await post({ ...order, side: 'sell' })).toMatchObject([403, { code: 40310000 }]);
    expect(await post({ ...order, symbol: 'AAPL', qty: '6', side: 'sell' })).toEqual([403, { available: '5', code: 40310000, existing_qty: '5', held_for_orders: '0', message: 'insufficient qty available for order (requested: 6, available: 5)', symbol: 'AAPL' }]);
    expect(await post({ ...order, symbol: 'MSFT', qty: '10000' })).toMatchObject([403, { code: 40310000, message: 'insufficient buying power', buying_power: expect.stringMatching(/^\d/) as unknown }]);
    expect(await post({ ...order, type: 'stop', stop_price: '1' })).toMatchObject([422, { code: 42210000 }]);
    expect(await post({ symbol: 'KO' })).toMatchObject([422, { code: 40010001 }]);
    expect(await post({ ...order, qty: '1e5' })).toMatchObject([422, { code: 40010001 }]);
  });
  it('broken bodies never break the server', async () => {
    for (const raw of ['{', '[]', 'null', '"x"', '{"__proto__":{"a":1}}', '{"symbol":"A","qty":1e400,"side":"buy","type":"market","time_in_force":"day"}', `{"symbol":"${'A'.repeat(100_000)}"}`]) {
      const response = await fetch(`${sim.url}/v2/orders`, { method: 'POST', body: raw, headers: { 'apca-api-key-id': sim.access.keyId, 'apca-api-secret-key': sim.access.secretKey, 'content-type': 'application/json' } });
      expect([400, 422]).toContain(response.status);
      expect(await response.json()).toHaveProperty('message');
    }
    for (const target of ['/v2/orders?limit=0', '/v2/orders?after=yesterday', '/v2/calendar?start=1800-01-01', '/v2/account/activities?page_size=500', '/v2/stocks/bars?symbols=AAPL&timeframe=7Weeks', '/v2/stocks/bars?timeframe=1Min', '/v2/stocks/bars?symbols=AAPL&timeframe=1Min&page_token=@@']) {
      expect([400, 422]).toContain((await sim.get(target)).status);
    }
  });
  it('what is not there', async () => {
    for (const target of ['/v2/orders/7b08df51-c1ac-453c-99f9-323a5f075f0d', '/v2/orders:by_client_order_id?client_order_id=nobody', '/v2/positions/KO', '/v2/assets/NOPE', '/v2/nothing']) {
      const response = await sim.get(target);
      expect([response.status, await response.json()]).toMatchObject([404, { code: 40410000 }]);
    }
  });
});

describe('the rest of the wire', () => {
  it('counts requests against a limit and says when to come back', async () => {
    await sim.control('rate-limit', { limit: 1 });
    await sim.get('/v2/clock');
    const response = await sim.get('/v2/clock');
    expect(response.status).toBe(429);
    expect(await response.json()).toEqual({ code: 42910000, message: 'rate limit exceeded' });
    expect([response.headers.get('x-ratelimit-limit'), response.headers.get('x-ratelimit-remaining'), response.headers.get('retry-after')]).toEqual(['1', '0', '1']);
    await sim.control('rate-limit', { limit: 1_000_000 });
  });
  it('pages activities by the last id and carries the execution id in it', async () => {
    expect(fillId).toMatch(/^\d{17}::[0-9a-f-]{36}$/);
    expect(await body(`/v2/account/activities/FILL?direction=asc&page_token=${fillId}`)).toEqual([]);
    expect(await body('/v2/account/activities?activity_types=DIV')).toEqual([]);
  });
  it('never shows bars beyond the released tape', async () => {
    const reply = (await body('/v2/stocks/AAPL/bars?timeframe=1Min&end=2030-01-01&sort=desc&limit=1')) as { bars: { t: string }[] };
    expect(Date.parse(reply.bars[0]?.t ?? '')).toBe(sim.simulator.broker.released());
  });
  it('closes positions and cancels orders in bulk', async () => {
    const canceled = await sim.send('DELETE', '/v2/orders');
    expect([canceled.status, await canceled.json()]).toMatchObject([207, [{ status: 200 }]]);
    const closed = await sim.send('DELETE', '/v2/positions?cancel_orders=true');
    expect([closed.status, await closed.json()]).toMatchObject([207, [{ symbol: 'AAPL', status: 200, body: { side: 'sell', qty: '5', position_intent: 'sell_to_close' } }]]);
    await sim.step();
    expect(await body('/v2/positions')).toEqual([]);
    const account = (await body('/v2/account')) as { cash: string; equity: string };
    expect(account.cash).toBe(account.equity);
  });
});
