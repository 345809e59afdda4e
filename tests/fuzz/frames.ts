/** Frames of a broker that has lost its mind, over real sockets into our own streams and the SDK below them: whatever is said, nothing is thrown where nobody catches it, and the next true message is heard. */
import { encode } from '@msgpack/msgpack';
import type { WebSocket } from 'ws';
import { epochMs } from '#app/domain/time.ts';
import { checkAccess } from '../../services/alpaca/access.ts';
import { createFeed } from '../../services/alpaca/data-stream.ts';
import type { LiveStream } from '../../services/alpaca/ports.ts';
import { createTradeStream } from '../../services/alpaca/trade-stream.ts';
import { startStandIn } from '../support/alpaca-stand-in.ts';
import { until } from '../support/servers.ts';
import { jsonOf, nastyText, oneOf, spoil, type Random } from './inputs.ts';
import type { Target } from './target.ts';
import { trueBar, trueOrder } from './truths.ts';

const TIMERS = { pingIntervalMs: 60_000, pongWaitMs: 10_000, establishMs: 5_000, keysRetryMs: 20, retryCapMs: 20 };
const HEARD_MS = 20_000;

type Frame = string | Uint8Array;

/** Values that msgpack can say. */
function packed(value: unknown): Uint8Array {
  const text = jsonOf(value);
  return encode(text === undefined ? null : JSON.parse(text), { maxDepth: 5_000 });
}

const tradeMessage = (): Record<string, unknown> => ({ stream: 'trade_updates', data: { event: 'fill', execution_id: 'e', price: '1', qty: '1', position_qty: '1', timestamp: '2026-01-05T14:30:01.5Z', order: trueOrder() } });
const AT = '2026-01-05T14:30:01Z';
const tickMessages = (): Record<string, unknown>[] => [
  { T: 'q', S: 'AAPL', bx: 'V', bp: 1, bs: 1, ax: 'V', ap: 2, as: 1, c: ['R'], z: 'C', t: AT }, { T: 't', S: 'AAPL', i: 1, x: 'V', p: 1, s: 1, c: ['@'], z: 'C', t: AT }, { T: 's', S: 'AAPL', sc: 'T', sm: 'x', rc: '', rm: '', z: 'C', t: AT },
  { T: 'c', S: 'AAPL', oi: 1, op: 1, os: 1, ci: 2, cp: 1, cs: 1, z: 'C', t: AT }, { T: 'x', S: 'AAPL', i: 1, p: 1, s: 1, a: 'C', z: 'C', t: AT },
];
const barMessage = (): Record<string, unknown>[] => [{ T: 'b', S: 'AAPL', ...trueBar() }, { T: 'u', S: 'AAPL', ...trueBar() }, ...tickMessages(), { T: 'error', code: 406, msg: 'connection limit exceeded' }];

function framesOf(random: Random, truth: () => unknown): Frame[] {
  return Array.from({ length: 1 + Math.floor(random() * 3) }, (): Frame => {
    if (random() < 0.15) return random() < 0.5 ? nastyText(random).toWellFormed() : Buffer.from(nastyText(random));
    const message = spoil(truth(), random);
    return random() < 0.5 ? packed(message) : (jsonOf(message) ?? 'null');
  });
}

/** The broker's side of both protocols, as far as a client needs it to go live. */
function greet(socket: WebSocket, path: string): void {
  if (path !== '/stream') socket.send(encode([{ T: 'success', msg: 'connected' }]));
  socket.on('message', () => {
    if (path === '/stream') {
      socket.send(JSON.stringify({ stream: 'authorization', data: { status: 'authorized', action: 'authenticate' } }));
      socket.send(JSON.stringify({ stream: 'listening', data: { streams: ['trade_updates'] } }));
    } else {
      socket.send(encode([{ T: 'success', msg: 'authenticated' }]));
      socket.send(encode([{ T: 'subscription', bars: ['AAPL'], updatedBars: ['AAPL'] }]));
    }
  });
}

async function answerOf(socket: WebSocket): Promise<void> {
  const answer = Promise.withResolvers<void>();
  const done = (): void => answer.resolve();
  socket.on('pong', done).on('close', done);
  if (socket.readyState === 1) socket.ping();
  else done();
  await answer.promise;
  socket.off('pong', done).off('close', done);
}

/** Both streams, kept open over all cases; each is one target. `close` says what was thrown unseen. */
export async function openStreams(): Promise<{ readonly targets: readonly Target[]; close(): Promise<string | null> }> {
  const standIn = await startStandIn();
  const sockets = new Map<string, WebSocket>();
  standIn.onSocket = (socket, path) => {
    sockets.set(path, socket);
    socket.on('error', () => undefined);
    greet(socket, path);
  };
  const thrown: string[] = [];
  const onThrown = (error: unknown): void => void thrown.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.on('uncaughtException', onThrown);
  const listener = { onMessages: () => undefined, onState: () => undefined, onTrouble: () => undefined };
  const access = checkAccess(standIn.access, 'paper');
  const trade = createTradeStream({ access, nowMs: () => epochMs(7), isOurs: (id) => id.startsWith('ms-'), listener, timers: TIMERS });
  const feed = createFeed({ access, nowMs: () => epochMs(7), listener, timers: TIMERS });
  feed.watch(['AAPL']);
  const target = (name: string, path: string, stream: LiveStream, truth: () => unknown): Target => ({
    name, input: (random) => oneOf(random, [framesOf(random, truth)]),
    async run(frames) {
      await until(() => stream.state() === 'live' && sockets.get(path)?.readyState === 1, `the ${name} to be live`, HEARD_MS);
      const socket = sockets.get(path);
      for (const frame of frames as Frame[]) socket?.send(frame);
      // It answers behind what it has heard, or has hung up and comes back.
      if (socket !== undefined) await answerOf(socket);
      return thrown.length === 0 ? null : `threw where nobody catches it: ${thrown.splice(0).join('\n').slice(0, 500)}`;
    },
  });
  trade.start();
  feed.start();
  return {
    targets: [target('our trading stream', '/stream', trade, tradeMessage), target('our data stream', '/v2/iex', feed, barMessage)],
    async close() {
      trade.close();
      feed.close();
      await standIn.close();
      process.off('uncaughtException', onThrown);
      return thrown.length === 0 ? null : thrown.join('\n');
    },
  };
}
