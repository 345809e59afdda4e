/** Every fault does what it says, from one JSON line, and ends when it is told to. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../../tests/support/servers.ts';
import type { FaultInput } from './faults-schema.ts';
import { removeTestFolder, startTestSimulator, type TestSimulator } from './testing.ts';

let sim: TestSimulator;
beforeAll(async () => {
  sim = await startTestSimulator({ options: { account: { multiplier: 2, isShortingEnabled: true } } });
  await sim.step();
});
afterAll(async () => {
  await sim.close();
  removeTestFolder(sim.folder);
});

type Order = { readonly id: string; readonly status: string; readonly filled_qty: string; readonly replaced_by: string | null };
let made = 0;
const LIMIT = { symbol: 'KO', qty: '2', side: 'buy', type: 'limit', limit_price: '5', time_in_force: 'day' };
/** Places an order; `id` is the broker's, also when the answer did not come. */
async function place(over: object = {}): Promise<{ readonly status: number; readonly clientId: string; read(): Promise<Order> }> {
  made += 1;
  const clientId = `f${made}`;
  const response = await sim.send('POST', '/v2/orders', { ...LIMIT, client_order_id: clientId, ...over });
  return { status: response.status, clientId, read: async () => (await (await sim.get(`/v2/orders:by_client_order_id?client_order_id=${clientId}`)).json()) as Order };
}
const line = async (text: string): Promise<void> => sim.arm(JSON.parse(text) as FaultInput);
const read = async (id: string): Promise<Order> => (await (await sim.get(`/v2/orders/${id}`)).json()) as Order;
/** Listens to trade updates; `events` grows. */
async function listen(): Promise<{ readonly socket: WebSocket; readonly events: string[]; readonly times: string[]; readonly ended: Promise<void> }> {
  const socket = new WebSocket(sim.access.tradingStreamUrl);
  const [events, times]: [string[], string[]] = [[], []];
  let isListening = false;
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as { stream: string; data: { event?: string; order?: { client_order_id: string }; timestamp?: string } };
    if (message.stream === 'listening') isListening = true;
    if (message.stream !== 'trade_updates') return;
    events.push(`${message.data.event} ${message.data.order?.client_order_id}`);
    times.push(message.data.timestamp ?? '');
  });
  socket.on('error', () => socket.terminate());
  const ended = new Promise<void>((done) => socket.once('close', () => done()));
  await new Promise((done) => socket.once('open', done));
  socket.send(JSON.stringify({ action: 'authenticate', data: { key_id: sim.access.keyId, secret_key: sim.access.secretKey } }));
  socket.send(JSON.stringify({ action: 'listen', data: { streams: ['trade_updates'] } }));
  await until(() => isListening, 'the stream to listen');
  return { socket, events, times, ended };
}

describe('stuck orders', () => {
  it('pending_new: taken, never worked, until all is well again', async () => {
    await line('{"kind":"stuck","state":"pending_new"}');
    const order = await place({ type: 'market', limit_price: undefined });
    await sim.step(2);
    expect(await order.read()).toMatchObject({ status: 'pending_new', filled_qty: '0' });
    await line('{"kind":"clear"}');
    await sim.step();
    expect(await order.read()).toMatchObject({ status: 'filled' });
  });
  it('pending_cancel: neither gone nor back, and survives a restart', async () => {
    const order = await place();
    const { id } = await order.read();
    await line('{"kind":"stuck","state":"pending_cancel"}');
    expect((await sim.send('DELETE', `/v2/orders/${id}`)).status).toBe(204);
    await sim.step(2);
    expect(await order.read()).toMatchObject({ status: 'pending_cancel' });
    await sim.close();
    sim = await startTestSimulator({ folder: sim.folder, options: { account: { multiplier: 2, isShortingEnabled: true } } });
    await sim.step();
    expect(await order.read()).toMatchObject({ status: 'pending_cancel' });
    await line('{"kind":"clear"}');
    expect(await order.read()).toMatchObject({ status: 'canceled' });
  });
  it('pending_replace: the old order is worked on, the new one waits', async () => {
    const order = await place();
    const { id } = await order.read();
    await line('{"kind":"stuck","state":"pending_replace"}');
    const next = (await (await sim.send('PATCH', `/v2/orders/${id}`, { limit_price: '6' })).json()) as Order;
    await sim.step(2);
    expect([(await read(id)).status, (await read(next.id)).status]).toEqual(['pending_replace', 'pending_new']);
    await line('{"kind":"clear"}');
    expect([(await read(id)).status, (await read(id)).replaced_by, (await read(next.id)).status]).toEqual(['replaced', next.id, 'new']);
  });
});

describe('late words', () => {
  it('an order is rejected after it was taken, a replacement after it was answered', async () => {
    const ear = await listen();
    await line('{"kind":"reject_accepted","reason":"halted"}');
    const order = await place();
    expect([order.status, (await order.read()).status]).toEqual([200, 'rejected']);
    const other = await place();
    const { id } = await other.read();
    await line('{"kind":"reject_replace"}');
    const next = (await (await sim.send('PATCH', `/v2/orders/${id}`, { qty: '3', client_order_id: 'never' })).json()) as Order;
    expect([(await read(id)).status, (await read(next.id)).status]).toEqual(['new', 'rejected']);
    await until(() => ear.events.includes('rejected never'), `the updates; heard ${ear.events.join()}`);
    expect(ear.events).toEqual([`new ${order.clientId}`, `rejected ${order.clientId}`, `new ${other.clientId}`, `pending_replace ${other.clientId}`, 'pending_new never', `order_replace_rejected ${other.clientId}`, 'rejected never']);
    ear.socket.terminate();
  });
  it('a cancel is refused after it was answered: the order stays at work', async () => {
    const ear = await listen();
    const order = await place({ type: 'market', limit_price: undefined });
    const { id } = await order.read();
    await line('{"kind":"reject_cancel"}');
    expect((await sim.send('DELETE', `/v2/orders/${id}`)).status).toBe(204);
    expect((await read(id)).status).toBe('new');
    await sim.step();
    expect((await read(id)).status).toBe('filled');
    await until(() => ear.events.includes(`fill ${order.clientId}`), 'the fill');
    expect(ear.events).toEqual(['new', 'pending_cancel', 'order_cancel_rejected', 'fill'].map((event) => `${event} ${order.clientId}`));
    ear.socket.terminate();
  });
  it('a slow replacement lets the old order fill first', async () => {
    const order = await place({ type: 'market', limit_price: undefined });
    const { id } = await order.read();
    await line('{"kind":"slow_replace"}');
    const next = (await (await sim.send('PATCH', `/v2/orders/${id}`, { qty: '5' })).json()) as Order;
    await sim.step();
    expect([(await read(id)).status, (await read(next.id)).status]).toEqual(['filled', 'rejected']);
  });
});

describe('answers that are not what they seem', () => {
  it.each([
    ['{"kind":"order","fault":"error_422_after"}', 422, true], ['{"kind":"order","fault":"error_504_after"}', 504, true], ['{"kind":"order","fault":"error_503_before"}', 503, false], ['{"kind":"order","fault":"error_403_before"}', 403, false],
    ['{"kind":"http","status":502}', 502, false],
  ])('%s', async (text, status, isTaken) => {
    await line(text);
    const order = await place();
    expect(order.status).toBe(status);
    expect((await sim.get(`/v2/orders:by_client_order_id?client_order_id=${order.clientId}`)).status).toBe(isTaken ? 200 : 404);
  });
  it('strikes replacing and canceling too', async () => {
    const { id } = await (await place()).read();
    await line('{"kind":"order","on":"replace","fault":"error_500_after"}');
    expect((await sim.send('PATCH', `/v2/orders/${id}`, { qty: '9' })).status).toBe(500);
    const next = (await read(id)).replaced_by ?? '';
    expect((await read(next)).status).toBe('new');
    await line('{"kind":"order","on":"cancel","fault":"error_500_before"}');
    expect((await sim.send('DELETE', `/v2/orders/${next}`)).status).toBe(500);
    expect((await read(next)).status).toBe('new');
  });
  it('is late, and then is not', async () => {
    await line('{"kind":"delay","what":"orders","byMs":300,"ms":60000}');
    const began = performance.now();
    const order = await place();
    expect([order.status, performance.now() - began >= 290]).toEqual([200, true]);
    await line('{"kind":"clear"}');
  });
});

describe('the broker as a whole', () => {
  it('is out: nothing is answered, streams are cut and refused', async () => {
    const ear = await listen();
    await line('{"kind":"outage","ms":60000}');
    await ear.ended;
    await expect(sim.get('/v2/clock')).rejects.toThrow();
    await expect(listenOrFail()).rejects.toThrow(/503/);
    await line('{"kind":"clear"}');
    expect((await sim.get('/v2/clock')).status).toBe(200);
  });
  it('has sockets that are dead and do not know it, while new ones work', async () => {
    const [dead, alive] = [await listen(), await line('{"kind":"half_open","streams":"trading"}').then(listen)];
    const order = await place();
    await until(() => alive.events.includes(`new ${order.clientId}`), 'the new socket to hear');
    expect([dead.events, dead.socket.readyState]).toEqual([[], WebSocket.OPEN]);
    for (const { socket } of [dead, alive]) socket.terminate();
  });
  it('does not count a dead market-data socket against the one connection that is allowed', async () => {
    const connect = async (): Promise<{ readonly socket: WebSocket; readonly heard: string[] }> => {
      const socket = new WebSocket(sim.access.dataStreamUrl, { headers: { 'apca-api-key-id': sim.access.keyId, 'apca-api-secret-key': sim.access.secretKey } });
      const heard: string[] = [];
      socket.on('message', (data: Buffer) => void heard.push(...(JSON.parse(data.toString()) as { msg: string }[]).map((message) => message.msg)));
      await until(() => heard.length === 2, 'an answer to the keys');
      return { socket, heard };
    };
    const dead = await connect();
    expect((await connect()).heard).toEqual(['connected', 'connection limit exceeded']);
    await line('{"kind":"half_open","streams":"data"}');
    const alive = await connect();
    expect([alive.heard, dead.socket.readyState]).toEqual([['connected', 'authenticated'], WebSocket.OPEN]);
    for (const { socket } of [dead, alive]) socket.terminate();
  });
  it('tells an update that came alone behind the next one', async () => {
    const ear = await listen();
    await line('{"kind":"updates","fault":"reorder"}');
    const order = await place({ type: 'market', limit_price: undefined });
    await sim.step();
    await until(() => ear.events.length === 2, 'both updates');
    expect(ear.events).toEqual([`fill ${order.clientId}`, `new ${order.clientId}`]);
    ear.socket.terminate();
  });
  it('has a clock that is wrong', async () => {
    const clock = async (): Promise<number> => Date.parse(((await (await sim.get('/v2/clock')).json()) as { timestamp: string }).timestamp);
    const right = await clock();
    const ear = await listen();
    await line('{"kind":"clock_skew","byMs":-90000,"ms":60000}');
    expect((await clock()) - right).toBe(-90_000);
    await place();
    await until(() => ear.times.length > 0, 'an update');
    expect(Date.parse(ear.times[0] ?? '') - sim.simulator.broker.now()).toBe(-90_000);
    ear.socket.terminate();
    await line('{"kind":"clear"}');
  });
  it('lists a share otherwise', async () => {
    await line('{"kind":"asset","symbol":"XOM","isTradable":false,"isEasyToBorrow":false}');
    expect(await (await sim.get('/v2/assets/XOM')).json()).toMatchObject({ tradable: false, borrow_status: 'hard_to_borrow' });
    expect((await place({ symbol: 'XOM' })).status).toBe(422);
    await line('{"kind":"clear"}');
    expect((await place({ symbol: 'XOM' })).status).toBe(200);
  });
  it('refuses what is no fault', async () => {
    const response = await fetch(`${sim.url}/sim/faults`, { method: 'POST', headers: { authorization: 'Bearer test-token-test-token-test-token-test', 'content-type': 'application/json' }, body: '{"kind":"earthquake"}' });
    expect(response.status).toBe(422);
  });
});

async function listenOrFail(): Promise<void> {
  await new Promise<void>((done, fail) => {
    const socket = new WebSocket(sim.access.tradingStreamUrl);
    socket.once('open', () => done());
    socket.once('error', fail);
  });
}
