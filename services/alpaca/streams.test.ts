/** Both streams over real sockets: order of states, silence, refused keys, reconnect, unreadable messages. */
import { decode, encode } from '@msgpack/msgpack';
import type { WebSocket } from 'ws';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { epochMs } from '#app/domain/time.ts';
import { checkAccess } from './access.ts';
import { createFeed } from './data-stream.ts';
import { KEYS_REFUSED } from './http.ts';
import type { FeedBar, FeedTick, LiveStream, TradeUpdate } from './ports.ts';
import { startStandIn, wireOrder, type StandIn } from '../../tests/support/alpaca-stand-in.ts';
import { createTradeStream } from './trade-stream.ts';

const timers = { pingIntervalMs: 100, pongWaitMs: 100, establishMs: 500, keysRetryMs: 60_000, retryCapMs: 1_000 };
let standIn: StandIn;
let open: LiveStream[] = [];
beforeEach(async () => {
  standIn = await startStandIn();
});
afterEach(async () => {
  for (const stream of open) stream.close();
  open = [];
  await standIn.close();
});

const record = <T>() => {
  const log = { states: [] as string[], reasons: [] as string[], messages: [] as T[], batches: 0, troubles: [] as string[] };
  return {
    log,
    listener: {
      onMessages: (messages: readonly T[]) => { log.messages.push(...messages); log.batches += 1; },
      onState: (state: string, reason: string) => { log.states.push(state); log.reasons.push(reason); },
      onTrouble: (message: string) => { log.troubles.push(message); },
    },
  };
};
const text = (data: unknown): Record<string, unknown> => JSON.parse(String(data)) as Record<string, unknown>;
/** Alpaca's paper stream sends JSON in binary frames. */
const send = (socket: WebSocket, message: unknown): void => socket.send(Buffer.from(JSON.stringify(message)));
const authorize = (socket: WebSocket): void => {
  socket.on('message', (data) => {
    const { action } = text(data);
    if (action === 'authenticate') send(socket, { stream: 'authorization', data: { status: 'authorized', action } });
    if (action === 'listen') send(socket, { stream: 'listening', data: { streams: ['trade_updates'] } });
  });
};
const trade = () => {
  const { log, listener } = record<TradeUpdate>();
  const stream = createTradeStream({ access: checkAccess(standIn.access, 'paper'), nowMs: () => epochMs(7), isOurs: (id) => id.startsWith('ms-'), listener, timers });
  open.push(stream);
  stream.start();
  return { log, stream };
};

describe('trade stream', () => {
  it('authenticates, listens, reads fills exactly, and opens again after a loss', async () => {
    const sockets: WebSocket[] = [];
    standIn.onSocket = (socket) => {
      sockets.push(socket);
      authorize(socket);
      socket.on('message', (data) => {
        if (text(data).action !== 'listen' || sockets.length > 1) return;
        send(socket, { stream: 'trade_updates', data: { event: 'fill', execution_id: 'e1', price: '105.8899', qty: '5', position_qty: '5', timestamp: '2026-01-05T14:30:01.5Z', order: wireOrder({ status: 'filled', filled_qty: '5', filled_avg_price: '105.88990000012' }) } });
        send(socket, { stream: 'trade_updates', data: { event: 'fill', order: wireOrder() } });
        send(socket, { stream: 'trade_updates', data: { event: 'fill', order: { client_order_id: 'other', legs: [] } } });
      });
    };
    const { log, stream } = trade();
    // All that was sent is heard before the loss: what a broken socket still held is nobody's.
    await vi.waitFor(() => expect([stream.state(), log.messages.length, log.troubles.length]).toEqual(['live', 1, 1]), 5_000);
    sockets[0]?.terminate();
    await vi.waitFor(() => expect(sockets).toHaveLength(2), 5_000);
    await vi.waitFor(() => expect(stream.state()).toBe('live'), 5_000);
    expect(log.states).toEqual(['connecting', 'authenticated', 'live', 'down', 'connecting', 'authenticated', 'live']);
    const [update] = log.messages;
    expect(log.messages).toHaveLength(1);
    expect(update?.execution?.price.toString()).toBe('105.8899');
    expect(update?.at).toBe(Date.parse('2026-01-05T14:30:01.5Z'));
    expect(log.troubles).toHaveLength(1);
  });

  it('does not hammer a broker that refuses the keys', async () => {
    let sockets = 0;
    standIn.onSocket = (socket) => {
      sockets += 1;
      socket.on('message', () => send(socket, { stream: 'authorization', data: { status: 'unauthorized', action: 'authenticate', message: 'key PKTEST is not known' } }));
    };
    const { log, stream } = trade();
    await vi.waitFor(() => expect(stream.state()).toBe('keys_rejected'), 5_000);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(sockets).toBe(1);
    // Whoever refuses keys may repeat them.
    expect(log.reasons.at(-1)).toContain(KEYS_REFUSED);
    expect(log.reasons.join()).not.toContain('PKTEST');
  });

  it('notices a socket that accepts and then is silent', async () => {
    const sockets: WebSocket[] = [];
    standIn.onSocket = (socket) => void sockets.push(socket);
    const { log } = trade();
    await vi.waitFor(() => expect(sockets.length).toBeGreaterThan(1), 5_000);
    expect(log.states.slice(0, 2)).toEqual(['connecting', 'down']);
  });

  it('notices a live socket whose other side stopped answering', async () => {
    let sockets = 0;
    standIn.onSocket = (socket) => {
      sockets += 1;
      authorize(socket);
      Reflect.set(socket, 'pong', () => undefined);
      Reflect.set(socket, '_autoPong', false);
    };
    const { log } = trade();
    await vi.waitFor(() => expect(sockets).toBe(2), 5_000);
    expect(log.states.slice(0, 4)).toEqual(['connecting', 'authenticated', 'live', 'down']);
  });
});

describe('feed', () => {
  it('keeps nothing of what a feed says that refuses the keys', async () => {
    standIn.onSocket = (socket) => {
      socket.send(encode([{ T: 'success', msg: 'connected' }]));
      socket.on('message', () => socket.send(encode([{ T: 'error', code: 402, msg: 'key PKTEST is not known' }])));
    };
    const { log, listener } = record<FeedBar>();
    const stream = createFeed({ access: checkAccess(standIn.access, 'paper'), nowMs: () => epochMs(7), listener, timers });
    open.push(stream);
    stream.start();
    await vi.waitFor(() => expect(stream.state()).toBe('keys_rejected'), 5_000);
    expect(log.reasons.at(-1)).toContain(KEYS_REFUSED);
    expect([...log.reasons, ...log.troubles].join()).not.toContain('PKTEST');
  });

  it('hands over all bars of a frame at once and keeps its list over a reconnect', async () => {
    const subscriptions: unknown[] = [];
    standIn.onSocket = (socket) => {
      const say = (message: unknown): void => socket.send(encode(message));
      say([{ T: 'success', msg: 'connected' }]);
      socket.on('message', (data) => {
        const message = decode(data as Buffer) as Record<string, unknown>;
        if (message.action === 'auth') say([{ T: 'success', msg: 'authenticated' }]);
        if (message.action !== 'subscribe') return;
        subscriptions.push(message.bars);
        say([{ T: 'subscription', trades: [], quotes: [], bars: message.bars, updatedBars: [] }]);
        const bar = { T: 'b', o: 10.1, h: 10.3, l: 10.05, c: 10.2, v: 1234, n: 3, vw: 10.15, t: new Date('2026-01-05T14:30:00Z') };
        say([{ ...bar, S: 'AAPL' }, { ...bar, S: 'MSFT' }, { ...bar, S: 'BAD', o: NaN }]);
        setTimeout(() => socket.terminate(), 30);
      });
    };
    const { log, listener } = record<FeedBar>();
    const feed = createFeed({ access: checkAccess(standIn.access, 'paper'), nowMs: () => epochMs(7), listener, timers });
    open.push(feed);
    feed.watch(['AAPL', 'MSFT']);
    feed.start();
    await vi.waitFor(() => expect(subscriptions.length).toBeGreaterThan(1), 5_000);
    expect(subscriptions[0]).toEqual(['AAPL', 'MSFT']);
    expect(subscriptions[1]).toEqual(['AAPL', 'MSFT']);
    expect(log.messages[0]).toEqual({ symbol: 'AAPL', timeframe: '1Min', openTime: Date.parse('2026-01-05T14:30:00Z'), open: '10.1', high: '10.3', low: '10.05', close: '10.2', volume: '1234', isRevision: false, tsSeen: 7 });
    expect(log.batches).toBe(log.messages.length / 2);
    expect(log.troubles.length).toBeGreaterThan(0);
  });

  /** A broker that gives quotes and trades for two symbols at most, and cuts off whoever is told to be slow. */
  const stingy = () => {
    const seen = { sockets: [] as WebSocket[], ticks: [] as string[][] };
    standIn.onSocket = (socket) => {
      const say = (message: unknown): void => socket.send(encode(message));
      const now = { trades: new Set<string>(), quotes: new Set<string>(), bars: new Set<string>() };
      seen.sockets.push(socket);
      say([{ T: 'success', msg: 'connected' }]);
      socket.on('message', (data) => {
        const message = decode(data as Buffer) as { action: string; trades?: string[]; quotes?: string[]; bars?: string[] };
        if (message.action === 'auth') return say([{ T: 'success', msg: 'authenticated' }]);
        const next = { trades: new Set([...now.trades, ...(message.trades ?? [])]), quotes: new Set([...now.quotes, ...(message.quotes ?? [])]), bars: new Set([...now.bars, ...(message.bars ?? [])]) };
        if (new Set([...next.trades, ...next.quotes]).size > 2) return say([{ T: 'error', code: 405, msg: 'symbol limit exceeded' }]);
        Object.assign(now, next);
        seen.ticks.push([...now.quotes]);
        say([{ T: 'subscription', trades: [...now.trades], quotes: [...now.quotes], bars: [...now.bars], updatedBars: [] }]);
      });
    };
    return seen;
  };
  const follow = () => {
    const { log, listener } = record<FeedBar>();
    const [limits, ticks] = [[] as (string | null)[], [] as FeedTick[]];
    const feed = createFeed({ access: checkAccess(standIn.access, 'paper'), nowMs: () => epochMs(7), listener: { ...listener, onTicks: (some) => void ticks.push(...some), onLimit: (reason) => void limits.push(reason) }, timers });
    open.push(feed);
    return { feed, log, limits, ticks };
  };

  it('asks for fewer quotes when the plan gives fewer, and for bars of all the same', async () => {
    const seen = stingy();
    const { feed, limits, log } = follow();
    feed.watch(['A', 'B', 'C', 'D', 'E']);
    feed.watchTicks(['A', 'B', 'C', 'D', 'E']);
    feed.start();
    await vi.waitFor(() => expect(seen.ticks.at(-1)).toEqual(['A', 'B']), 5_000);
    await vi.waitFor(() => expect(feed.state()).toBe('live'), 5_000);
    expect(feed.ticksFor()).toEqual(['A', 'B']);
    expect(limits).toEqual([expect.stringContaining('not give quotes and trades for 5 symbols; 2 have them now')]);
    // No repair is due: nothing was lost.
    expect(log.troubles).toEqual([]);
  });

  it('goes without quotes for a while when it was too slow for them', async () => {
    const seen = stingy();
    const { feed, limits } = follow();
    feed.watch(['A']);
    feed.watchTicks(['A']);
    feed.start();
    await vi.waitFor(() => expect(feed.ticksFor()).toEqual(['A']), 5_000);
    seen.sockets[0]?.send(encode([{ T: 'error', code: 407, msg: 'slow client' }]));
    seen.sockets[0]?.close();
    await vi.waitFor(() => expect(seen.sockets.length).toBe(2), 5_000);
    await vi.waitFor(() => expect(feed.state()).toBe('live'), 5_000);
    expect(feed.ticksFor()).toEqual([]);
    expect(limits.at(-1)).toContain('rest for ten minutes');
  });

  it('reads quotes, trades, corrections and halts, and drops what cannot be true', async () => {
    const seen = stingy();
    const { feed, ticks } = follow();
    feed.watch(['A']);
    feed.start();
    await vi.waitFor(() => expect(feed.state()).toBe('live'), 5_000);
    const at = { S: 'A', t: new Date('2026-01-05T14:30:01Z') };
    const quote = { T: 'q', ...at, bp: 10, bs: 100, ap: 10.02, as: 200, c: [], z: 'C' };
    const messages = [
      quote, { ...quote, bp: NaN }, { ...quote, ap: 0 }, { ...quote, S: 'odd name' }, { T: 't', ...at, i: 9, p: 10.01, s: 5, x: 'V', c: [] }, { T: 't', ...at, i: 9, p: -1, s: 5 },
      { T: 'c', ...at, oi: 9, op: 10, os: 5, ci: 10, cp: 10, cs: 4 }, { T: 'x', ...at, i: 9, p: 10, s: 5 }, { T: 's', ...at, sc: 'H', sm: 'Halted', rm: 'News' },
    ];
    seen.sockets[0]?.send(encode(messages));
    await vi.waitFor(() => expect(ticks.length).toBe(5), 5_000);
    const moment = Date.parse('2026-01-05T14:30:01Z');
    expect(ticks).toEqual([
      { kind: 'quote', symbol: 'A', at: moment, tsSeen: 7, bid: 10, bidSize: 100, ask: 10.02, askSize: 200 }, { kind: 'trade', symbol: 'A', at: moment, tsSeen: 7, id: '9', price: 10.01, size: 5 },
      { kind: 'correction', symbol: 'A', at: moment, tsSeen: 7 }, { kind: 'cancel', symbol: 'A', at: moment, tsSeen: 7 }, { kind: 'status', symbol: 'A', at: moment, tsSeen: 7, code: 'H', text: 'Halted: News' },
    ]);
  });
});
