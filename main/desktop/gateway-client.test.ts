/** The feed against a real WebSocket server: numbers, interruptions, ages. */
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { LIVE_CLOSE, LIVE_PROTOCOL } from '#app/contracts/live.ts';
import type { FillView, NoticeView } from '#app/contracts/views.ts';
import { DEFAULT_RISK_LIMITS } from '#app/domain/limits.ts';
import { openGatewayFeed } from './gateway-client.ts';
import type { GatewayFeed } from './gateway-client.ts';

const TOKEN = 'token-of-this-launch';
const MS = 1_700_000_000_000;

let server: WebSocketServer;
let access: { baseUrl: string; token: string } | null;
let hellos: unknown[];
let sockets: WebSocket[];
let feed: GatewayFeed;
let fills: FillView[];
let notices: NoticeView[];
let briefs = 0;
let hasStack = true;
/** What each new client is sent after its hello. */
let greeting: (send: (push: object) => void) => void;

const ACCOUNT = {
  accountNumber: null, equity: '100010', cash: '100000', longValue: '10', shortValue: '0', feesTotal: '0', buyingPower: '1', reserved: '0', grossExposure: '0', maxGrossExposure: '1', dayPnl: '10', dayPnlFraction: null,
  dayOpenEquity: null, day: null, realizedPnl: '0', openPnl: '0', maxDailyLoss: '1', openOrders: 2, positions: 1, unpriced: [], tsSeen: null, tsMarket: null, source: 'test',
};

const STATUS = {
  stack: null, isWireUp: true, armedUntil: null,
  market: { tsMarket: MS, isSimulated: true, isPaused: false, speed: 60, session: 'open', changesAt: null, note: null },
  verdict: { canTrade: true, headline: 'yes', checks: [], at: MS },
  trading: { state: 'ACTIVE', version: 1, reason: '', actor: '', at: MS, leaseValidMs: 1, limits: DEFAULT_RISK_LIMITS, limitsVersion: 1, history: [] },
};

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 8_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error('It did not come to be');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

beforeEach(async () => {
  hellos = [];
  sockets = [];
  fills = [];
  notices = [];
  briefs = 0;
  greeting = (send) => {
    send({ type: 'welcome', protocol: LIVE_PROTOCOL, instanceId: 'i' });
    send({ type: 'account', account: ACCOUNT });
  };
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  server.on('connection', (socket) => {
    sockets.push(socket);
    let seq = 0;
    const send = (push: object): void => socket.send(JSON.stringify({ seq: (seq += 1), tsSent: MS, push }));
    Object.assign(socket, { push: send });
    socket.once('message', (data: Buffer) => {
      hellos.push(JSON.parse(data.toString()));
      greeting(send);
    });
  });
  access = { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: TOKEN };
  hasStack = true;
  feed = openGatewayFeed({ access: () => access, hasStack: () => hasStack, onFills: (more) => fills.push(...more), onNotices: (more) => notices.push(...more), onBrief: () => (briefs += 1), log: () => undefined, now: () => MS });
});
afterEach(async () => {
  feed.close();
  for (const socket of sockets) socket.terminate();
  await new Promise((resolve) => server.close(resolve));
});

const push = (index: number, body: object): void => (sockets[index] as unknown as { push(body: object): void }).push(body);
const NOTICE = { id: '1', severity: 'warning', title: 'Loss limit near', body: 'text', at: MS };
const FILL = { fillId: 'f', orderId: 'o', clientOrderId: 'c', strategyId: null, symbol: 'AAPL', side: 'buy', qty: '1', price: '2', fee: '0', ledgerSeq: 1, tsEvent: MS, tsSeen: MS, source: 'stream', referencePrice: '2', realizedPnl: null };

describe('the feed', () => {
  it('says hello with the token and hears fills and alerts', async () => {
    feed.follow();
    feed.follow();
    await until(() => briefs > 0);
    expect(hellos).toEqual([{ type: 'hello', token: TOKEN, protocol: LIVE_PROTOCOL }]);
    push(0, { type: 'fills', fills: [FILL] });
    push(0, { type: 'notices', notices: [NOTICE] });
    await until(() => notices.length === 1);
    expect(fills).toEqual([FILL]);
    // Without the pulse nobody knows whether trading is on.
    expect(feed.brief()).toBeNull();
  });

  it('begins anew when a number is missing, when a message is not of the contract, and when the gateway says so', async () => {
    feed.follow();
    await until(() => briefs === 1);
    sockets[0]?.send(JSON.stringify({ seq: 9, tsSent: MS, push: { type: 'notices', notices: [NOTICE] } }));
    await until(() => briefs === 2);
    sockets[1]?.send('{"seq":');
    await until(() => briefs === 3);
    push(2, { type: 'resync', reason: 'many' });
    await until(() => briefs === 4);
    expect(notices).toEqual([]);
    expect(server.clients.size).toBe(1);
  });

  it('comes back after the gateway was gone, and after a refusal', async () => {
    feed.follow();
    await until(() => briefs === 1);
    sockets[0]?.terminate();
    await until(() => briefs === 2);
    sockets[1]?.close(LIVE_CLOSE.unauthorized);
    await until(() => briefs === 3);
  });

  it('keeps the last figures, with their age, while the gateway is down, and forgets them with the stack', async () => {
    greeting = (send) => {
      send({ type: 'account', account: ACCOUNT });
      send({ type: 'status', status: STATUS });
    };
    feed.follow();
    await until(() => briefs === 2);
    const known = { state: 'ACTIVE', at: MS, equity: '100010', dayPnl: '10', openOrders: 2, positions: 1 };
    expect(feed.brief()).toEqual(known);
    const place = access;
    access = null;
    feed.follow();
    await until(() => server.clients.size === 0);
    expect(feed.brief()).toEqual(known);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(sockets).toHaveLength(1);
    hasStack = false;
    feed.follow();
    expect(feed.brief()).toBeNull();
    hasStack = true;
    access = place;
    feed.follow();
    await until(() => briefs === 4);
  });

  it('is silent after its end', async () => {
    feed.follow();
    feed.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(server.clients.size).toBe(0);
  });
});
