/** What the broker's streams refuse: their error codes, limits and time-outs; and what else they carry. */
import { decode, encode } from '@msgpack/msgpack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../../tests/support/servers.ts';
import type { SimulatorOptions } from './simulator.ts';
import { removeTestFolder, startTestSimulator, type TestSimulator } from './testing.ts';

type Message = Readonly<Record<string, unknown>> & { readonly T?: string; readonly code?: number };
type Ear = { readonly socket: WebSocket; readonly heard: Message[]; readonly ended: Promise<void>; say(message: object): void; has(wanted: (message: Message) => boolean): Promise<Message> };
const sims: TestSimulator[] = [];
let sim: TestSimulator;
async function simulator(strictness: NonNullable<SimulatorOptions['strictness']>): Promise<TestSimulator> {
  const made = await startTestSimulator({ options: { strictness } });
  sims.push(made);
  return made;
}
beforeAll(async () => {
  sim = await simulator({});
});
afterAll(async () => {
  for (const one of sims) {
    await one.close();
    removeTestFolder(one.folder);
  }
});

async function connect(at: TestSimulator, target: string, options: { readonly headers?: Record<string, string>; readonly isMsgpack?: boolean } = {}): Promise<Ear> {
  const socket = new WebSocket(`${at.url.replace('http', 'ws')}${target}`, { perMessageDeflate: options.isMsgpack === true, headers: { ...options.headers, ...(options.isMsgpack ? { 'Content-Type': 'application/msgpack' } : {}) } });
  const heard: Message[] = [];
  socket.on('message', (data: Buffer) => heard.push(...[(options.isMsgpack ? decode(data) : JSON.parse(data.toString())) as Message | Message[]].flat()));
  const ended = new Promise<void>((done) => socket.once('close', () => done()));
  await new Promise((done, fail) => {
    socket.once('open', done);
    socket.once('error', fail);
  });
  return {
    socket, heard, ended, say: (message) => socket.send(options.isMsgpack ? encode(message) : JSON.stringify(message)),
    has: (wanted) => until(() => heard.find(wanted), `a message; heard ${JSON.stringify(heard).slice(0, 300)}`, 20_000),
  };
}
const keysOf = (at: TestSimulator): Record<string, string> => ({ 'APCA-API-KEY-ID': at.access.keyId, 'APCA-API-SECRET-KEY': at.access.secretKey });
const error = (code: number) => (message: Message): boolean => message.T === 'error' && message.code === code;
/** Connected and let in by headers. */
const enter = async (at: TestSimulator, target = '/v2/iex', isMsgpack = false): Promise<Ear> => {
  const ear = await connect(at, target, { headers: keysOf(at), isMsgpack });
  await ear.has((message) => message['msg'] === 'authenticated');
  return ear;
};

describe('market data', () => {
  it('404: waits for keys only so long', async () => {
    const ear = await connect(await simulator({ authTimeoutMs: 100 }), '/v2/iex');
    await ear.has(error(404));
    await ear.ended;
  });
  it('405: thirty symbols of trades and quotes on the free plan, bars without end; what was subscribed stays', async () => {
    const ear = await enter(sim);
    const names = Array.from({ length: 30 }, (_none, n) => `S${n}`);
    ear.say({ action: 'subscribe', trades: names, bars: ['*'] });
    await ear.has((message) => message.T === 'subscription');
    ear.say({ action: 'subscribe', quotes: ['KO'] });
    await ear.has(error(405));
    ear.say({ action: 'unsubscribe', trades: ['S0'] });
    await until(() => ear.heard.findLast((message) => message.T === 'subscription' && (message['trades'] as string[]).length === 29 && (message['quotes'] as string[]).length === 0), 'the set without the refused one');
    ear.socket.close();
    await ear.ended;
  });
  it('406: one connection an endpoint; 409: the free plan has no sip', async () => {
    const first = await enter(sim);
    const second = await connect(sim, '/v2/iex', { headers: keysOf(sim) });
    await second.has(error(406));
    await second.ended;
    const sip = await connect(sim, '/v2/sip', { headers: keysOf(sim) });
    await sip.has(error(409));
    const paid = await enter(await simulator({ plan: 'plus' }), '/v2/sip');
    for (const ear of [first, paid]) {
      ear.socket.close();
      await ear.ended;
    }
  });
  it('407: a client that does not read is told so and cut off', async () => {
    const strict = await simulator({ maxBufferedBytes: 2_000, plan: 'plus' });
    const ear = await enter(strict);
    ear.say({ action: 'subscribe', bars: ['*'], dailyBars: ['*'], trades: ['*'], quotes: ['*'] });
    await ear.has((message) => message.T === 'subscription');
    ear.socket.pause();
    // More than the buffers of both ends hold.
    for (let n = 0; n < 6; n += 1) await strict.step(130);
    ear.socket.resume();
    await ear.has(error(407));
    await ear.ended;
  });
  it('410: the test feed has one symbol, which trades around the clock', async () => {
    const ear = await enter(sim, '/v2/test');
    ear.say({ action: 'subscribe', trades: ['AAPL'] });
    await ear.has(error(410));
    ear.say({ action: 'subscribe', trades: ['FAKEPACA'], quotes: ['FAKEPACA'], bars: ['FAKEPACA'] });
    for (const kind of ['t', 'q', 'b']) expect(await ear.has((message) => message.T === kind)).toMatchObject({ S: 'FAKEPACA' });
    ear.socket.close();
    await ear.ended;
  });
  it('carries prints, quotes, bars, day bars and corrected bars, in msgpack with real times', async () => {
    const ear = await enter(sim, '/v2/iex', true);
    ear.say({ action: 'subscribe', trades: ['KO'], quotes: ['KO'], bars: ['KO'], dailyBars: ['KO'], updatedBars: ['KO'] });
    await ear.has((message) => message.T === 'subscription');
    await sim.step(2);
    await until(() => ear.heard.filter((message) => message.T === 'd').length === 2, 'two day bars');
    const bars = ear.heard.filter((message) => message.T === 'b');
    const prints = ear.heard.filter((message) => message.T === 't');
    expect([bars.length, prints.length, ear.heard.filter((message) => message.T === 'q').length]).toEqual([2, 8, 8]);
    expect(prints.slice(0, 4).reduce((sum, print) => sum + Number(print['s']), 0)).toBe(bars[0]?.['v']);
    expect([prints[0]?.['p'], prints[3]?.['p'], (bars[0]?.['t'] as Date).getTime() + 60_000]).toEqual([bars[0]?.['o'], bars[0]?.['c'], (bars[1]?.['t'] as Date).getTime()]);
    const day = ear.heard.findLast((message) => message.T === 'd');
    const snapshot = (await (await sim.get('/v2/stocks/KO/snapshot')).json()) as { dailyBar: { v: number; h: number } };
    expect([day?.['v'], day?.['h']]).toEqual([snapshot.dailyBar.v, snapshot.dailyBar.h]);
    await sim.control('updated-bars');
    await ear.has((message) => message.T === 'u');
    await sim.arm({ kind: 'bars', fault: 'drop' });
    await sim.step();
    await sim.arm({ kind: 'bars', fault: 'duplicate' });
    await sim.step();
    await until(() => ear.heard.filter((message) => message.T === 'b').length === 4, 'one step missing and one doubled');
    ear.socket.close();
    await ear.ended;
  });
});

describe('trade updates', () => {
  it('speak msgpack when asked, refuse before authentication, answer nonsense with an error', async () => {
    const ear = await connect(sim, '/stream', { isMsgpack: true });
    ear.say({ action: 'listen', data: { streams: ['trade_updates'] } });
    await ear.has((message) => (message['data'] as { action?: string; status?: string }).status === 'unauthorized');
    ear.say({ action: 'dance' });
    await ear.has((message) => message['action'] === 'error');
    ear.say({ action: 'authenticate', data: { key_id: sim.access.keyId, secret_key: sim.access.secretKey } });
    ear.say({ action: 'listen', data: { streams: ['trade_updates'] } });
    await ear.has((message) => message['stream'] === 'listening');
    await sim.send('POST', '/v2/orders', { symbol: 'KO', qty: '1', side: 'buy', type: 'limit', limit_price: '5', time_in_force: 'day', order_class: 'bracket', take_profit: { limit_price: '6' }, stop_loss: { stop_price: '4' } });
    const update = (await ear.has((message) => message['stream'] === 'trade_updates')) as { data?: { event: string; order: { legs: { status: string }[] } } };
    expect([update.data?.event, update.data?.order.legs.map((leg) => leg.status)]).toEqual(['new', ['held', 'held']]);
    ear.socket.terminate();
  });
});
