/** kill -9 in the middle of trading: what the broker has said is still true afterwards. And what must not kill it: clients that vanish while they are refused. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { freePorts, simulatorSettings, startWorker, type TestWorker } from '../../tests/support/worker.ts';
import { until } from '../../tests/support/servers.ts';
import { removeTestFolder, startTestSimulator } from './testing.ts';

const TOKEN = 'test-internal-token-0123456789abcdef';
let worker: TestWorker | null = null;
afterEach(async () => {
  await worker?.kill();
});

async function configOf(): Promise<RuntimeConfig> {
  const units = await freePorts();
  return {
    unit: 'simulator', instanceId: 'test', version: '0', dataDir: '/nonexistent', mode: 'demo', units, internalToken: TOKEN, logLevel: 'warn', logRetentionDays: 1, simulator: { ...simulatorSettings(), speed: 3_000 },
    postgres: { host: '127.0.0.1', port: 1, tradingDb: 'none', orchestratorDb: 'none', user: 'none', password: '' }, redis: { host: '127.0.0.1', port: 1, tls: false },
  };
}

describe('a simulator that is killed', () => {
  it('keeps every acknowledged order and fill, its cash, and its market time, three times in a row', async () => {
    const config = await configOf();
    const url = `http://127.0.0.1:${config.units.simulator?.port}`;
    const call = (method: string, target: string, body?: object): Promise<Response> => fetch(`${url}${target}`, {
      method, headers: { 'apca-api-key-id': 'PKTEST', 'apca-api-secret-key': 'test-secret', ...(body ? { 'content-type': 'application/json' } : {}) }, ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const read = async (target: string) => (await call('GET', target)).json() as Promise<Record<string, string>[] & Record<string, string>>;
    const acknowledged = new Map<string, string>();
    let [clock, fills] = ['', new Map<string, string>()];
    for (let life = 0; life < 3; life += 1) {
      worker = startWorker(config);
      await worker.ready();
      expect(((await read('/v2/clock'))['timestamp'] ?? '') >= clock).toBe(true);
      const known = new Map((await read('/v2/orders?status=all&limit=500')).map((order) => [order['client_order_id'], order['id']]));
      for (const [id, brokerId] of acknowledged) expect(known.get(id)).toBe(brokerId);
      const now = new Map((await read('/v2/account/activities/FILL?direction=asc')).map((fill) => [fill['id'] ?? '', `${fill['order_id']} ${fill['qty']} ${fill['price']}`]));
      for (const [id, text] of fills) expect(now.get(id)).toBe(text);
      // Orders stream in; the kill comes somewhere among them.
      for (let n = 0; n < 12; n += 1) {
        const id = `k${life}-${n}`;
        const reply = await call('POST', '/v2/orders', { symbol: ['KO', 'XOM', 'JPM'][n % 3], qty: '1', side: 'buy', type: 'market', time_in_force: 'day', client_order_id: id });
        if (reply.ok) acknowledged.set(id, ((await reply.json()) as { id: string }).id);
        if (n === 6) {
          await until(async () => (await read('/v2/account/activities/FILL')).length > 0, 'a fill');
          [clock, fills] = [(await read('/v2/clock'))['timestamp'] ?? '', new Map((await read('/v2/account/activities/FILL?direction=asc')).map((fill) => [fill['id'] ?? '', `${fill['order_id']} ${fill['qty']} ${fill['price']}`]))];
        }
      }
      await worker.kill();
    }
    expect(new Set(acknowledged.values()).size).toBe(acknowledged.size);
    expect(acknowledged.size).toBeGreaterThan(30);
    worker = startWorker(config);
    await worker.ready();
    // Every fill once, and the cash is what they say.
    await until(async () => (await read('/v2/orders?status=open')).length === 0, 'the open orders to fill');
    const all: Record<string, string>[] = [];
    for (let page = await read('/v2/account/activities/FILL?direction=asc'); page.length > 0; page = await read(`/v2/account/activities/FILL?direction=asc&page_token=${all.at(-1)?.['id']}`)) all.push(...page);
    expect(new Set(all.map((fill) => fill['order_id'])).size).toBe(all.length);
    const spent = all.reduce((sum, fill) => sum + Math.round(Number(fill['price']) * 100) * Number(fill['qty']), 0);
    expect(Math.round(Number((await read('/v2/account'))['cash']) * 100)).toBe(10_000_000 - spent);
    expect(await worker.stop()).toBe(0);
  });
  it('does not start on a replay that cannot be read, and says why and what to do', async () => {
    await expect(startTestSimulator({ options: { replay: { folder: '/no/such/folder', speed: 'max' }, book: { query: async () => [] } } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID', message: expect.stringMatching(/^The replay cannot start\. \/no\/such\/folder: cannot be read .* give --replay the folder/) as unknown,
    });
  });
});

describe('a simulator whose journal cannot be written any more', () => {
  it('gives back its port when it is closed: it neither trades nor stays', async () => {
    const first = await startTestSimulator();
    const second = await startTestSimulator({ folder: first.folder });
    await first.step();
    const step = second.step().then(() => 'passed', () => 'cut');
    await until(() => second.simulator.broker.journal.settled().then(() => false, () => true), 'the two to meet in the file');
    await expect(second.close()).rejects.toMatchObject({ code: 'DATA_FOLDER_UNUSABLE' });
    expect(await step).toBe('cut');
    await expect(second.get('/v2/clock')).rejects.toThrow();
    await first.step();
    await first.close();
    removeTestFolder(first.folder);
  });
});

/** Asks for a stream and is gone, with a reset, before an answer can have come. */
async function vanish(port: number, target: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  await new Promise((done) => socket.write(`GET ${target} HTTP/1.1\r\nHost: simulator\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2ltdWxhdG9yLXRlc3QtMQ==\r\n\r\n`, done));
  socket.resetAndDestroy();
}

/** Asks for a stream, keeps its own half open, and resolves with what was said when the other end has closed. */
async function refusal(port: number, target: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).setEncoding('utf8');
  let said = '';
  socket.on('data', (text) => (said += String(text)));
  socket.write(`GET ${target} HTTP/1.1\r\nHost: simulator\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  await once(socket, 'end');
  // Not the word alone: the other end lets go of the socket although this one never says that it has done.
  let isGone = false;
  socket.on('error', () => (isGone = true));
  await until(() => {
    socket.write('still here');
    return isGone;
  }, 'the socket to be let go');
  return said.split('\r\n')[0] ?? '';
}

describe('clients that are refused', () => {
  it('may be gone before they hear it, wherever they wanted to go', async () => {
    const config = await configOf();
    const port = config.units.simulator?.port ?? 0;
    worker = startWorker(config);
    await worker.ready();
    const armed = await fetch(`http://127.0.0.1:${port}/sim/faults`, { method: 'POST', headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }, body: JSON.stringify({ kind: 'refuse_streams', streams: 'all', ms: 600_000 }) });
    expect(armed.ok).toBe(true);
    for (const [target, answer] of [['/stream', '503'], ['/v2/iex', '503'], ['/nowhere', '404'], ['//', '404']] as const) {
      for (let round = 0; round < 20; round += 1) await Promise.all(Array.from({ length: 10 }, () => vanish(port, target)));
      expect(await refusal(port, target)).toContain(answer);
    }
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    expect(worker.child.exitCode).toBeNull();
  });
});
