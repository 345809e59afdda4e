/** The two WebSockets to the letter, and how they go wrong on demand. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { invariant } from '#app/domain/errors.ts';
import { removeTestFolder, startTestSimulator, type TestSimulator } from './testing.ts';

let sim: TestSimulator;
beforeAll(async () => {
  sim = await startTestSimulator();
  await sim.step();
});
afterAll(async () => {
  await sim.close();
  removeTestFolder(sim.folder);
});

type Ear = { readonly socket: WebSocket; readonly heard: { body: unknown; isBinary: boolean }[]; next(): Promise<unknown>; say(body: object): void; readonly closed: Promise<void> };
async function open(url: string): Promise<Ear> {
  const socket = new WebSocket(url);
  const heard: Ear['heard'] = [];
  let taken = 0;
  socket.on('message', (data, isBinary) => heard.push({ body: JSON.parse((data as Buffer).toString('utf8')), isBinary }));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  const next = async (): Promise<unknown> => {
    const deadline = performance.now() + 3_000;
    while (heard.length <= taken) {
      invariant(performance.now() < deadline, 'Nothing was heard within 3 s');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    taken += 1;
    return heard[taken - 1]?.body;
  };
  return { socket, heard, next, closed, say: (body) => socket.send(JSON.stringify(body)) };
}
const buy = (id: string, over: object = {}) => sim.send('POST', '/v2/orders', { symbol: 'KO', qty: '1', side: 'buy', type: 'market', time_in_force: 'day', client_order_id: id, ...over });
async function listening(): Promise<Ear> {
  const ear = await open(sim.access.tradingStreamUrl);
  ear.say({ action: 'authenticate', data: { key_id: sim.access.keyId, secret_key: sim.access.secretKey } });
  await ear.next();
  ear.say({ action: 'listen', data: { streams: ['trade_updates'] } });
  await ear.next();
  return ear;
}
const eventsOf = (ear: Ear): string[] => ear.heard.flatMap(({ body }) => {
  const { stream, data } = body as { stream?: string; data?: { event?: string; order?: { client_order_id?: string } } };
  return stream === 'trade_updates' ? [`${data?.event} ${data?.order?.client_order_id}`] : [];
});

describe('trade updates', () => {
  it('refuses to listen before authentication and wrong keys', async () => {
    const ear = await open(sim.access.tradingStreamUrl);
    ear.say({ action: 'listen', data: { streams: ['trade_updates'] } });
    expect(await ear.next()).toEqual({ stream: 'authorization', data: { status: 'unauthorized', action: 'listen' } });
    ear.say({ action: 'authenticate', data: { key_id: 'PK', secret_key: 'no' } });
    expect(await ear.next()).toEqual({ stream: 'authorization', data: { status: 'unauthorized', action: 'authenticate' } });
    ear.socket.terminate();
  });
  it('tells the life of an order in binary frames, and stops when told to', async () => {
    const ear = await listening();
    expect(ear.heard.map((one) => one.body)).toEqual([
      { stream: 'authorization', data: { status: 'authorized', action: 'authenticate' } }, { stream: 'listening', data: { streams: ['trade_updates'] } },
    ]);
    await buy('s1');
    await sim.step();
    expect(await ear.next()).toMatchObject({ stream: 'trade_updates', data: { event: 'new', order: { status: 'new' } } });
    expect(await ear.next()).toMatchObject({ data: { event: 'fill', qty: '1', position_qty: '1', execution_id: expect.any(String) as unknown, price: expect.any(String) as unknown, order: { status: 'filled', filled_qty: '1' } } });
    expect(ear.heard.every((one) => one.isBinary)).toBe(true);
    ear.say({ action: 'listen', data: { streams: [] } });
    expect(await ear.next()).toEqual({ stream: 'listening', data: { streams: [] } });
    await buy('s2');
    await sim.step();
    expect(eventsOf(ear)).toEqual(['new s1', 'fill s1']);
    ear.socket.terminate();
  });
  it('doubles, drops and reorders on demand', async () => {
    const ear = await listening();
    await sim.arm({ kind: 'updates', fault: 'duplicate', count: 1 });
    await buy('d1');
    await sim.arm({ kind: 'updates', fault: 'drop', count: 1 });
    await buy('d2');
    await sim.arm({ kind: 'updates', fault: 'reorder', count: 1 });
    await sim.step();
    for (let n = 0; n < 4; n += 1) await ear.next();
    expect(eventsOf(ear)).toEqual(['new d1', 'new d1', 'fill d2', 'fill d1']);
    ear.socket.terminate();
  });
  it('falls silent without closing, then can be cut and refused', async () => {
    const ear = await listening();
    let pongs = 0;
    ear.socket.on('pong', () => (pongs += 1));
    await sim.arm({ kind: 'silent_streams', streams: 'trading', ms: 60_000 });
    ear.socket.ping();
    await buy('q1');
    await sim.step();
    expect([pongs, eventsOf(ear)]).toEqual([0, []]);
    await sim.arm({ kind: 'refuse_streams', streams: 'trading', ms: 60_000 });
    await ear.closed;
    await expect(open(sim.access.tradingStreamUrl)).rejects.toThrow(/503/);
    await sim.arm({ kind: 'clear' });
    const again = await listening();
    await sim.arm({ kind: 'drop_streams', streams: 'trading' });
    await again.closed;
  });
});

describe('orders that go wrong', () => {
  it.each([['reset_before', false], ['reset_after', true], ['error_500_before', false], ['error_500_after', true], ['garbled_after', true], ['error_429', false]] as const)('%s', async (fault, isTaken) => {
    await sim.arm({ kind: 'order', fault, count: 1 });
    const outcome = await buy(`f-${fault}`).then((response) => response.status, () => 'cut');
    expect(outcome).toBe(fault.startsWith('reset') ? 'cut' : fault.startsWith('error_500') ? 500 : fault === 'error_429' ? 429 : 200);
    expect((await sim.get(`/v2/orders:by_client_order_id?client_order_id=f-${fault}`)).status).toBe(isTaken ? 200 : 404);
  });
  it.each([['timeout_before', false], ['timeout_after', true]] as const)('%s', async (fault, isTaken) => {
    await sim.arm({ kind: 'order', fault, count: 1 });
    const quick = fetch(`${sim.url}/v2/orders`, {
      method: 'POST', signal: AbortSignal.timeout(300), headers: { 'apca-api-key-id': sim.access.keyId, 'apca-api-secret-key': sim.access.secretKey, 'content-type': 'application/json' },
      body: JSON.stringify({ symbol: 'KO', qty: '1', side: 'buy', type: 'market', time_in_force: 'day', client_order_id: `f-${fault}` }),
    });
    await expect(quick).rejects.toThrow();
    expect((await sim.get(`/v2/orders:by_client_order_id?client_order_id=f-${fault}`)).status).toBe(isTaken ? 200 : 404);
  });
  it('a slow cancel races with the fill, and a broker that is down says so', async () => {
    const placed = (await (await buy('race')).json()) as { id: string };
    await sim.arm({ kind: 'slow_cancel', count: 1 });
    expect((await sim.send('DELETE', `/v2/orders/${placed.id}`)).status).toBe(204);
    await sim.step();
    expect(await (await sim.get(`/v2/orders/${placed.id}`)).json()).toMatchObject({ status: 'filled' });
    await sim.arm({ kind: 'rest_down', ms: 60_000 });
    expect((await sim.get('/v2/clock')).status).toBe(503);
    await sim.arm({ kind: 'clear' });
    expect((await sim.get('/v2/clock')).status).toBe(200);
  });
});

describe('market data in JSON', () => {
  it('speaks the protocol with its error codes', async () => {
    const ear = await open(sim.access.dataStreamUrl);
    expect(await ear.next()).toEqual([{ T: 'success', msg: 'connected' }]);
    ear.socket.send('{not json');
    expect(await ear.next()).toEqual([{ T: 'error', code: 400, msg: 'invalid syntax' }]);
    ear.say({ action: 'subscribe', bars: ['KO'] });
    expect(await ear.next()).toEqual([{ T: 'error', code: 401, msg: 'not authenticated' }]);
    ear.say({ action: 'auth', key: 'PK', secret: 'no' });
    expect(await ear.next()).toEqual([{ T: 'error', code: 402, msg: 'auth failed' }]);
    ear.say({ action: 'auth', key: sim.access.keyId, secret: sim.access.secretKey });
    expect(await ear.next()).toEqual([{ T: 'success', msg: 'authenticated' }]);
    ear.say({ action: 'auth', key: sim.access.keyId, secret: sim.access.secretKey });
    expect(await ear.next()).toEqual([{ T: 'error', code: 403, msg: 'already authenticated' }]);
    ear.say({ action: 'subscribe', bars: ['*'], trades: ['AAPL'] });
    expect(await ear.next()).toMatchObject([{ T: 'subscription', bars: ['*'], trades: ['AAPL'], corrections: ['AAPL'], cancelErrors: ['AAPL'], quotes: [] }]);
    await sim.step();
    const frame = (await ear.next()) as { T: string; S: string; t: string }[];
    expect(frame.map((message) => message.T).join('')).toBe(`tttt${'b'.repeat(sim.simulator.broker.market.assets.size)}`);
    expect(frame[4]).toMatchObject({ T: 'b', S: 'AAPL', t: new Date(sim.simulator.broker.released() ?? 0).toISOString().replace('.000Z', 'Z') });
    ear.say({ action: 'unsubscribe', bars: ['*'] });
    expect(await ear.next()).toMatchObject([{ bars: [] }]);
    ear.socket.terminate();
  });
});
