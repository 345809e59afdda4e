/** The market-data stream: msgpack or JSON by Content-Type, auth within ten seconds, bars of a step in one frame. */
import { decode, encode } from '@msgpack/msgpack';
import * as z from 'zod';
import { toRfc3339 } from '#app/domain/time.ts';
import { isSameSecret } from '#chassis/http.ts';
import type { Faults } from './faults.ts';
import type { MarketBar } from './market.ts';
import type { KeyPair } from './rest-common.ts';
import { openStreamServer, type StreamClient, type StreamServer } from './stream-common.ts';
import { streamBar } from './wire-data.ts';

const symbols = z.array(z.string().min(1).max(20)).max(10_000).optional();
const CHANNELS = ['trades', 'quotes', 'bars', 'updatedBars', 'dailyBars', 'statuses', 'lulds', 'corrections', 'cancelErrors', 'imbalances'] as const;
type Channel = (typeof CHANNELS)[number];
const channels = Object.fromEntries(CHANNELS.map((channel) => [channel, symbols])) as Record<Channel, typeof symbols>;
const messageSchema = z.discriminatedUnion('action', [
  z.object({ action: z.literal('auth'), key: z.string(), secret: z.string() }),
  z.object({ action: z.literal('subscribe'), ...channels }),
  z.object({ action: z.literal('unsubscribe'), ...channels }),
]);
type Message = z.infer<typeof messageSchema>;

const AUTH_TIMEOUT_MS = 10_000;
const ERRORS = { 400: 'invalid syntax', 401: 'not authenticated', 402: 'auth failed', 403: 'already authenticated', 404: 'auth timeout' } as const;

type Subscriber = { readonly isMsgpack: boolean; isAuthenticated: boolean; timer: NodeJS.Timeout; readonly subscriptions: Record<Channel, Set<string>> };

/** The endpoint `/v2/<feed>`. */
export type DataStream = StreamServer & {
  /** Sends a step's bars, each client what it subscribed, in one frame. */
  pushBars(bars: readonly MarketBar[], kind?: 'b' | 'u'): void;
  /** Authenticated clients with a subscription to bars. */
  subscribers(): number;
};

const headerKeys = (client: StreamClient): { key: string; secret: string } | null => {
  const [key, secret] = [client.request.headers['apca-api-key-id'], client.request.headers['apca-api-secret-key']];
  return typeof key === 'string' && typeof secret === 'string' ? { key, secret } : null;
};

/** Opens the endpoint. `onSubscribe` is told when a client has changed its subscription to bars. */
export function openDataStream(keys: KeyPair, faults: Faults, onSubscribe: () => void): DataStream {
  const states = new Map<StreamClient, Subscriber>();
  const say = (client: StreamClient, state: Subscriber, frame: unknown): void => client.send(state.isMsgpack ? encode(frame) : JSON.stringify(frame));
  const fail = (client: StreamClient, state: Subscriber, code: keyof typeof ERRORS): void => say(client, state, [{ T: 'error', code, msg: ERRORS[code] }]);
  const authenticate = (client: StreamClient, state: Subscriber, given: { key: string; secret: string }): void => {
    if (state.isAuthenticated) return fail(client, state, 403);
    if (!isSameSecret(given.key, keys.keyId) || !isSameSecret(given.secret, keys.secretKey)) return fail(client, state, 402);
    clearTimeout(state.timer);
    state.isAuthenticated = true;
    say(client, state, [{ T: 'success', msg: 'authenticated' }]);
  };
  const change = (client: StreamClient, state: Subscriber, message: Exclude<Message, { action: 'auth' }>): void => {
    if (!state.isAuthenticated) return fail(client, state, 401);
    for (const channel of CHANNELS) {
      for (const symbol of message[channel] ?? []) {
        if (message.action === 'subscribe') state.subscriptions[channel].add(symbol);
        else if (symbol === '*') state.subscriptions[channel].clear();
        else state.subscriptions[channel].delete(symbol);
      }
    }
    // Corrections and cancel errors follow the trades by themselves.
    for (const channel of ['corrections', 'cancelErrors'] as const) state.subscriptions[channel] = new Set(state.subscriptions.trades);
    say(client, state, [{ T: 'subscription', ...Object.fromEntries(CHANNELS.map((channel) => [channel, [...state.subscriptions[channel]]])) }]);
    if (state.subscriptions.bars.size > 0) onSubscribe();
  };
  const server = openStreamServer('data', faults, {
    open: (client) => {
      const isMsgpack = (client.request.headers['content-type'] ?? '').includes('msgpack');
      const state: Subscriber = {
        isMsgpack, isAuthenticated: false, subscriptions: Object.fromEntries(CHANNELS.map((channel) => [channel, new Set<string>()])) as Record<Channel, Set<string>>,
        timer: setTimeout(() => {
          fail(client, state, 404);
          client.socket.close();
        }, AUTH_TIMEOUT_MS),
      };
      states.set(client, state);
      say(client, state, [{ T: 'success', msg: 'connected' }]);
      const given = headerKeys(client);
      if (given) authenticate(client, state, given);
    },
    closed: (client) => {
      clearTimeout(states.get(client)?.timer);
      states.delete(client);
    },
    message: (client, data, isBinary) => {
      const state = states.get(client);
      if (!state) return;
      const parsed = messageSchema.safeParse(parseFrame(data, isBinary && state.isMsgpack));
      if (!parsed.success) fail(client, state, 400);
      else if (parsed.data.action === 'auth') authenticate(client, state, parsed.data);
      else change(client, state, parsed.data);
    },
  });
  const subscribed = (): [StreamClient, Subscriber][] => [...states].filter(([, state]) => state.isAuthenticated && state.subscriptions.bars.size > 0);
  return {
    ...server,
    subscribers: () => subscribed().length,
    pushBars: (bars, kind = 'b') => {
      for (const [client, state] of subscribed()) {
        const wanted = kind === 'b' ? state.subscriptions.bars : state.subscriptions.updatedBars;
        const own = wanted.has('*') ? bars : bars.filter((bar) => wanted.has(bar.symbol));
        if (own.length > 0) say(client, state, own.map((bar) => streamBar(kind, bar, state.isMsgpack ? new Date(bar.openTime) : toRfc3339(bar.openTime).replace('.000Z', 'Z'))));
      }
    },
  };
}

/** Undefined for what cannot be read: the schema refuses it then. */
function parseFrame(data: Buffer, isMsgpack: boolean): unknown {
  try {
    return isMsgpack ? decode(data) : JSON.parse(data.toString('utf8'));
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
