/** The market-data stream: msgpack or JSON by Content-Type, auth within ten seconds, one connection an endpoint, a step in one frame. */
import { encode } from '@msgpack/msgpack';
import * as z from 'zod';
import type { EpochMs } from '#app/domain/time.ts';
import { tryRead } from '#app/contracts/read.ts';
import { isSameSecret } from '#chassis/http.ts';
import type { Faults } from './faults.ts';
import type { MessageFault } from './faults-schema.ts';
import type { MarketBar } from './market.ts';
import type { KeyPair } from './rest-common.ts';
import { openStreamServer, wantsMsgpack, type StreamClient, type StreamServer } from './stream-common.ts';
import { CHANNELS, messagesOf, type Channel, type StepFrame, type Subscriptions } from './stream-frames.ts';
import { DATA_ERRORS, type DataErrorCode } from './stream-messages.ts';
import { parseFrame } from './stream-trading.ts';

const symbols = z.array(z.string().min(1).max(20)).max(10_000).optional();
const channels = Object.fromEntries(CHANNELS.map((channel) => [channel, symbols])) as Record<Channel, typeof symbols>;
const messageSchema = z.discriminatedUnion('action', [
  z.object({ action: z.literal('auth'), key: z.string(), secret: z.string() }),
  z.object({ action: z.literal('subscribe'), ...channels }),
  z.object({ action: z.literal('unsubscribe'), ...channels }),
]);
type Message = z.infer<typeof messageSchema>;

const AUTH_TIMEOUT_MS = 10_000;
/** Symbols with trades or quotes that the free plan allows. */
const BASIC_SYMBOLS = 30;
const TEST_PATH = '/v2/test';
const TEST_SYMBOL = 'FAKEPACA';
const TEST_CHANNELS: ReadonlySet<Channel> = new Set<Channel>(['trades', 'quotes', 'bars']);
/** Channels that a step of the tape is on. */
const STEP_CHANNELS = ['trades', 'quotes', 'bars', 'dailyBars'] as const;
const TEST_EVERY_MS = 1_000;
/** `delayed_sip` is a quarter of an hour late. */
const DELAYED_PATH = '/v2/delayed_sip';
const DELAYED_STEPS = 15;

type Subscriber = { readonly isMsgpack: boolean; isAuthenticated: boolean; readonly timer: NodeJS.Timeout; subscriptions: Subscriptions };

/** The endpoints `/v2/<feed>`. */
export type DataStream = StreamServer & {
  /** Sends a step's bars, each client what it subscribed, in one frame. `u`: bars that are corrected. */
  pushBars(bars: readonly MarketBar[], kind?: 'b' | 'u'): void;
  /** Sends one message to everyone who follows the symbol on the channel. `message` makes it for the encoding of times that the client wants. */
  pushMessage(channel: Channel, symbol: string, message: (isMsgpack: boolean) => object): void;
  /** Symbols that somebody follows by name or, with `*`, all: what a step must carry beside the tape. */
  followed(): { readonly isAll: boolean; readonly symbols: ReadonlySet<string> };
  /** Authenticated clients with a subscription to bars. */
  subscribers(): number;
};

/** How the endpoints are set up. `maxConnections`: authenticated clients an endpoint. */
export type DataStreamParts = {
  readonly keys: KeyPair; readonly faults: Faults; readonly plan: 'basic' | 'plus'; readonly maxConnections: number; readonly maxBufferedBytes?: number | undefined; readonly authTimeoutMs?: number | undefined;
  /** The running bar of the day. */
  dayBar(symbol: string): MarketBar | null;
  /** Is told when a client has changed its subscription to bars. */
  onSubscribe(): void;
};

const nothing = (): Subscriptions => Object.fromEntries(CHANNELS.map((channel) => [channel, new Set<string>()])) as Subscriptions;

class DataEndpoints {
  readonly server: StreamServer;
  readonly #parts: DataStreamParts;
  readonly #states = new Map<StreamClient, Subscriber>();
  readonly #late: StepFrame[] = [];
  #testTimer: NodeJS.Timeout | undefined;
  #testTicks = 0;

  constructor(parts: DataStreamParts) {
    this.#parts = parts;
    this.server = openStreamServer({ name: 'data', faults: parts.faults, maxBufferedBytes: parts.maxBufferedBytes }, {
      open: (client) => this.#open(client),
      closed: (client) => this.#closed(client),
      message: (client, data, isBinary) => this.#message(client, data, isBinary),
      slow: (client) => this.#frame(client, [{ T: 'error', code: 407, msg: DATA_ERRORS[407] }]),
    });
  }

  #frame(client: StreamClient, messages: readonly object[]): string | Uint8Array {
    return this.#states.get(client)?.isMsgpack ? encode(messages) : JSON.stringify(messages);
  }

  #say(client: StreamClient, messages: readonly object[]): void {
    client.send(this.#frame(client, messages));
  }

  #fail(client: StreamClient, code: DataErrorCode, isEnd = false): void {
    this.#say(client, [{ T: 'error', code, msg: DATA_ERRORS[code] }]);
    if (isEnd) client.socket.close();
  }

  #open(client: StreamClient): void {
    const timer = setTimeout(() => this.#fail(client, 404, true), this.#parts.authTimeoutMs ?? AUTH_TIMEOUT_MS);
    this.#states.set(client, { isMsgpack: wantsMsgpack(client.request), isAuthenticated: false, subscriptions: nothing(), timer });
    this.#say(client, [{ T: 'success', msg: 'connected' }]);
    const { 'apca-api-key-id': key, 'apca-api-secret-key': secret } = client.request.headers;
    if (typeof key === 'string' && typeof secret === 'string') this.#authenticate(client, { key, secret });
  }

  #closed(client: StreamClient): void {
    clearTimeout(this.#states.get(client)?.timer);
    this.#states.delete(client);
    this.#keepTest();
  }

  #message(client: StreamClient, data: Buffer, isBinary: boolean): void {
    const state = this.#states.get(client);
    if (!state) return;
    const parsed = tryRead(messageSchema, parseFrame(data, isBinary && state.isMsgpack));
    if (!parsed.success) this.#fail(client, 400);
    else if (parsed.data.action === 'auth') this.#authenticate(client, parsed.data);
    else this.#change(client, state, parsed.data);
  }

  #authenticate(client: StreamClient, given: { readonly key: string; readonly secret: string }): void {
    const { keys, plan, maxConnections } = this.#parts;
    const state = this.#states.get(client);
    if (!state) return;
    if (state.isAuthenticated) return this.#fail(client, 403);
    if (!isSameSecret(given.key, keys.keyId) || !isSameSecret(given.secret, keys.secretKey)) return this.#fail(client, 402);
    const others = [...this.#states].filter(([other, one]) => other.path === client.path && one.isAuthenticated && !this.server.isDead(other)).length;
    if (others >= maxConnections) return this.#fail(client, 406, true);
    if (plan === 'basic' && client.path === '/v2/sip') return this.#fail(client, 409, true);
    clearTimeout(state.timer);
    state.isAuthenticated = true;
    this.#say(client, [{ T: 'success', msg: 'authenticated' }]);
  }

  #change(client: StreamClient, state: Subscriber, message: Exclude<Message, { action: 'auth' }>): void {
    if (!state.isAuthenticated) return this.#fail(client, 401);
    const next = nothing();
    for (const channel of CHANNELS) {
      const set = (next[channel] = new Set(state.subscriptions[channel]));
      for (const symbol of message[channel] ?? []) {
        if (client.path === TEST_PATH && message.action === 'subscribe' && (symbol !== TEST_SYMBOL || !TEST_CHANNELS.has(channel))) return this.#fail(client, 410);
        if (message.action === 'subscribe') set.add(symbol);
        else if (symbol === '*') set.clear();
        else set.delete(symbol);
      }
    }
    const counted = new Set([...next.trades, ...next.quotes]);
    if (this.#parts.plan === 'basic' && message.action === 'subscribe' && (counted.has('*') || counted.size > BASIC_SYMBOLS)) return this.#fail(client, 405);
    // Corrections and cancel errors follow the trades by themselves.
    for (const channel of ['corrections', 'cancelErrors'] as const) next[channel] = new Set(next.trades);
    state.subscriptions = next;
    this.#say(client, [{ T: 'subscription', ...Object.fromEntries(CHANNELS.map((channel) => [channel, [...next[channel]]])) }]);
    this.#keepTest();
    if (next.bars.size > 0) this.#parts.onSubscribe();
  }

  /** The test symbol trades around the clock, once a second, whatever the tape does. */
  #keepTest(): void {
    const isWanted = [...this.#states].some(([client, state]) => client.path === TEST_PATH && [...TEST_CHANNELS].some((channel) => state.subscriptions[channel].size > 0));
    if (isWanted) this.#testTimer ??= setInterval(() => this.#testTick(), TEST_EVERY_MS);
    else {
      clearInterval(this.#testTimer);
      this.#testTimer = undefined;
    }
  }

  #testTick(): void {
    this.#testTicks += 1;
    const openTime = (Math.floor(Date.now() / 1_000) * 1_000) as EpochMs;
    const price = 133 + (this.#testTicks % 7) / 100;
    this.#send({ bars: [{ symbol: TEST_SYMBOL, openTime, open: price, high: price, low: price, close: price, volume: 400, trades: 4, vwap: price }], kind: 'b', dayBar: () => null }, (path) => path === TEST_PATH, null);
  }

  #send(step: StepFrame, isFor: (path: string) => boolean, fault: MessageFault | null): void {
    if (fault === 'drop') return;
    for (const [client, state] of this.#states) {
      if (!state.isAuthenticated || !isFor(client.path)) continue;
      const messages = messagesOf(step, state.subscriptions, state.isMsgpack);
      if (messages.length === 0) continue;
      this.#say(client, fault === 'reorder' ? [...messages].reverse() : messages);
      if (fault === 'duplicate') this.#say(client, messages);
    }
  }

  push(bars: readonly MarketBar[], kind: 'b' | 'u'): void {
    const step: StepFrame = { bars, kind, dayBar: this.#parts.dayBar };
    this.#send(step, (path) => path !== TEST_PATH && path !== DELAYED_PATH, this.#parts.faults.takeMessageFault('data'));
    if (kind === 'u' || ![...this.#states.keys()].some((client) => client.path === DELAYED_PATH)) return;
    this.#late.push(step);
    const due = this.#late.length > DELAYED_STEPS ? this.#late.shift() : undefined;
    if (due) this.#send(due, (path) => path === DELAYED_PATH, null);
  }

  pushMessage(channel: Channel, symbol: string, message: (isMsgpack: boolean) => object): void {
    for (const [client, state] of this.#states) {
      const followed = state.subscriptions[channel];
      if (state.isAuthenticated && client.path !== TEST_PATH && (followed.has('*') || followed.has(symbol))) this.#say(client, [message(state.isMsgpack)]);
    }
  }

  followed(): { readonly isAll: boolean; readonly symbols: ReadonlySet<string> } {
    const symbols = new Set<string>();
    for (const [client, state] of this.#states) {
      if (!state.isAuthenticated || client.path === TEST_PATH) continue;
      for (const channel of STEP_CHANNELS) for (const symbol of state.subscriptions[channel]) symbols.add(symbol);
    }
    return { isAll: symbols.has('*'), symbols };
  }

  subscribers(): number {
    return [...this.#states].filter(([client, state]) => client.path !== TEST_PATH && state.isAuthenticated && state.subscriptions.bars.size > 0).length;
  }

  close(): void {
    clearInterval(this.#testTimer);
    for (const state of this.#states.values()) clearTimeout(state.timer);
    this.server.close();
  }
}

/** Opens the endpoints. */
export function openDataStream(parts: DataStreamParts): DataStream {
  const endpoints = new DataEndpoints(parts);
  return {
    ...endpoints.server, close: () => endpoints.close(), subscribers: () => endpoints.subscribers(), followed: () => endpoints.followed(), pushMessage: (channel, symbol, message) => endpoints.pushMessage(channel, symbol, message), pushBars: (bars, kind = 'b') => endpoints.push(bars, kind),
  };
}
