/** Keeps one of the SDK's streams open for ever: deadlines for each phase, silence, jittered backoff, refused keys. */
import { streaming } from '@alpacahq/alpaca-trade-api';
import { WebSocket } from 'ws';
import type { AlpacaAccess } from '#app/contracts/config.ts';
import { backoffMs } from '#chassis/clock.ts';
import { retryCapMs } from './access.ts';
import { KEYS_REFUSED, KEYS_RETRY_MS } from './http.ts';
import type { LiveStream, StreamListener, StreamState } from './ports.ts';

/** Opening, authentication and subscription together must be done after this long. */
const ESTABLISH_MS = 15_000;
const HANDSHAKE_MS = 10_000;
const MAX_FRAME_BYTES = 32 * 1024 * 1024;
/** The whole list of rejections that mean "wrong keys" on the data stream; the trading stream gives no code. */
const DATA_CODE_AUTH_FAILED = 402;
const BACKOFF = { baseMs: 250, jitter: 0.5 };

/** The timers, in milliseconds; tests shorten them. A half-open socket is noticed after ping + pong wait. */
export type StreamTimers = { readonly pingIntervalMs: number; readonly pongWaitMs: number; readonly establishMs: number; readonly keysRetryMs: number; readonly retryCapMs: number };
export function streamTimers(access: AlpacaAccess): StreamTimers {
  return { pingIntervalMs: 10_000, pongWaitMs: 5_000, establishMs: ESTABLISH_MS, keysRetryMs: KEYS_RETRY_MS, retryCapMs: retryCapMs(access) };
}

/** What every connection of a stream is made with. The SDK's own reconnecting is off: it gives up silently and cannot tell refused keys from a slow start. */
export type ConnectionOptions = {
  readonly reconnect: false; readonly pingIntervalMs: number; readonly pongWaitMs: number;
  readonly wsFactory: streaming.WebSocketFactory;
};

/** How a kind of stream is made. `create` builds a fresh SDK stream and hands over each message. */
export type StreamKind<Message> = {
  readonly name: string;
  create(options: ConnectionOptions, deliver: (message: Message) => void): streaming.AlpacaWebSocket;
  /** True when there is nothing to subscribe to: authenticated is then as live as it gets. */
  hasNoSubscription?(): boolean;
};

/** A kept stream, with its present connection for those who change subscriptions. */
export type KeptStream<Socket> = LiveStream & { current(): Socket | null };

/** Runs a listener; what it throws must not vanish in the SDK, so it is thrown where nobody catches it. */
export function escalate(fn: () => void): void {
  try {
    fn();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}

/** Opens a socket whose every sign of life is noted, and whose handshake cannot hang. */
function socketFactory(alive: () => void): streaming.WebSocketFactory {
  return (url, codec) => {
    const socket = new WebSocket(url, {
      perMessageDeflate: false, handshakeTimeout: HANDSHAKE_MS, maxPayload: MAX_FRAME_BYTES, followRedirects: false,
      ...(codec === 'msgpack' ? { headers: { 'Content-Type': 'application/msgpack' } } : {}),
    });
    for (const sign of ['message', 'pong', 'ping']) socket.on(sign, alive);
    return socket as unknown as streaming.WebSocketLike;
  };
}

function isKeysRefusal(result: streaming.StreamAuthResult): boolean {
  return result.status === streaming.STREAM_AUTH_STATUS.SERVER_REJECTED && (result.code === undefined || result.code === DATA_CODE_AUTH_FAILED);
}

/** One stream and its life. Each connection is a fresh stream of the SDK: what an old one still says is not heard. */
class StreamKeeper<Message> implements KeptStream<streaming.AlpacaWebSocket> {
  readonly #kind: StreamKind<Message>;
  readonly #listener: StreamListener<Message>;
  readonly #timers: StreamTimers;
  #state: StreamState = 'idle';
  #stream: streaming.AlpacaWebSocket | null = null;
  #failures = 0;
  #lastMessageAt: number | null = null;
  #lastError = '';
  #retryTimer: NodeJS.Timeout | undefined;
  #establishTimer: NodeJS.Timeout | undefined;
  #held: Message[] = [];

  constructor(kind: StreamKind<Message>, listener: StreamListener<Message>, timers: StreamTimers) {
    this.#kind = kind;
    this.#listener = listener;
    this.#timers = timers;
  }

  start(): void {
    if (this.#state === 'idle') this.#open();
  }
  state(): StreamState {
    return this.#state;
  }
  current(): streaming.AlpacaWebSocket | null {
    return this.#stream;
  }
  lastMessageAgeMs(): number | null {
    return this.#lastMessageAt === null ? null : performance.now() - this.#lastMessageAt;
  }
  reconnect(reason: string): void {
    if (this.#state === 'idle' || this.#state === 'closed') return;
    this.#failures = 0;
    this.#drop();
    this.#move('down', reason);
    this.#open();
  }
  close(): void {
    this.#drop();
    this.#move('closed', 'closed by us');
  }

  #move(next: StreamState, reason: string): void {
    if (this.#state === next || this.#state === 'closed') return;
    this.#state = next;
    escalate(() => this.#listener.onState(next, reason));
  }

  /** Messages of one frame, and of frames that came together, are handed over at once. */
  #deliver(message: Message): void {
    this.#held.push(message);
    if (this.#held.length > 1) return;
    queueMicrotask(() => {
      const messages = this.#held;
      this.#held = [];
      if (this.#state !== 'closed') escalate(() => this.#listener.onMessages(messages));
    });
  }

  #drop(): void {
    clearTimeout(this.#establishTimer);
    clearTimeout(this.#retryTimer);
    const old = this.#stream;
    this.#stream = null;
    old?.removeAllListeners();
    old?.disconnect();
  }

  #lost(reason: string): void {
    this.#drop();
    this.#move('down', reason);
    this.#retryTimer = setTimeout(() => this.#open(), backoffMs(this.#failures, { ...BACKOFF, capMs: this.#timers.retryCapMs }));
    this.#failures += 1;
  }

  /** In our own words: whoever refuses keys may repeat them. */
  #refused(): void {
    this.#drop();
    this.#move('keys_rejected', `the ${this.#kind.name} stream: ${KEYS_REFUSED}`);
    this.#retryTimer = setTimeout(() => this.#open(), this.#timers.keysRetryMs);
  }

  #live(): void {
    clearTimeout(this.#establishTimer);
    this.#failures = 0;
    this.#move('live', 'subscribed');
  }

  #open(): void {
    if (this.#state === 'closed') return;
    this.#drop();
    this.#lastError = '';
    const { pingIntervalMs, pongWaitMs, establishMs } = this.#timers;
    const wsFactory = socketFactory(() => {
      this.#lastMessageAt = performance.now();
    });
    const fresh = this.#kind.create({ reconnect: false, pingIntervalMs, pongWaitMs, wsFactory }, (message) => this.#deliver(message));
    this.#stream = fresh;
    this.#move('connecting', 'opening');
    this.#listen(fresh);
    this.#establishTimer = setTimeout(() => this.#lost(`no subscription within ${establishMs} ms`), establishMs);
    fresh.connect();
  }

  #listen(fresh: streaming.AlpacaWebSocket): void {
    fresh.onError((message) => {
      this.#lastError = message;
      if (this.#stream === fresh && this.#state === 'live') escalate(() => this.#listener.onTrouble(message));
    });
    fresh.onConnect(() => {
      if (this.#stream !== fresh) return;
      this.#move('authenticated', 'authenticated');
      if (this.#kind.hasNoSubscription?.() === true) this.#live();
    });
    fresh.on(streaming.EVENT.SUBSCRIPTION, () => {
      if (this.#stream === fresh) this.#live();
    });
    fresh.onDisconnect(() => {
      // A refusal of the keys settles the typed result first; look at it before calling this an ordinary loss.
      void fresh.whenAuthenticated().then((result) => {
        if (this.#stream !== fresh) return;
        if (isKeysRefusal(result)) this.#refused();
        else this.#lost(this.#lastError === '' ? 'the connection was closed' : this.#lastError);
      });
    });
  }
}

/** Starts keeping a stream. Nothing is opened before `start()`. */
export function keepStream<Message>(kind: StreamKind<Message>, listener: StreamListener<Message>, timers: StreamTimers): KeptStream<streaming.AlpacaWebSocket> {
  return new StreamKeeper(kind, listener, timers);
}
