/** Keeps one of the SDK's streams open for ever: deadlines for each phase, silence, jittered backoff, refused keys. */
import { streaming } from '@alpacahq/alpaca-trade-api';
import { WebSocket } from 'ws';
import { backoffMs } from '#chassis/clock.ts';
import type { LiveStream, StreamListener, StreamState } from './ports.ts';

/** Opening, authentication and subscription together must be done after this long. */
const ESTABLISH_MS = 15_000;
const HANDSHAKE_MS = 10_000;
const MAX_FRAME_BYTES = 32 * 1024 * 1024;
/** The whole list of rejections that mean "wrong keys" on the data stream; the trading stream gives no code. */
const DATA_CODE_AUTH_FAILED = 402;
const KEYS_RETRY_MS = 60_000;
const BACKOFF = { baseMs: 250, capMs: 10_000, jitter: 0.5 };

/** The timers, in milliseconds; tests shorten them. A half-open socket is noticed after ping + pong wait. */
export type StreamTimers = { readonly pingIntervalMs: number; readonly pongWaitMs: number; readonly establishMs: number; readonly keysRetryMs: number };
export const DEFAULT_STREAM_TIMERS: StreamTimers = { pingIntervalMs: 10_000, pongWaitMs: 5_000, establishMs: ESTABLISH_MS, keysRetryMs: KEYS_RETRY_MS };

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
function escalate(fn: () => void): void {
  try {
    fn();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}

/** Starts keeping a stream. Nothing is opened before `start()`. */
export function keepStream<Message>(kind: StreamKind<Message>, listener: StreamListener<Message>, timers: StreamTimers = DEFAULT_STREAM_TIMERS): KeptStream<streaming.AlpacaWebSocket> {
  let state: StreamState = 'idle';
  let stream: streaming.AlpacaWebSocket | null = null;
  let failures = 0;
  let lastMessageAt: number | null = null;
  let retryTimer: NodeJS.Timeout | undefined;
  let establishTimer: NodeJS.Timeout | undefined;
  let held: Message[] = [];

  const move = (next: StreamState, reason: string): void => {
    if (state === next || state === 'closed') return;
    state = next;
    escalate(() => listener.onState(next, reason));
  };
  const flush = (): void => {
    const messages = held;
    held = [];
    if (messages.length > 0 && state !== 'closed') escalate(() => listener.onMessages(messages));
  };
  const deliver = (message: Message): void => {
    held.push(message);
    if (held.length === 1) queueMicrotask(flush);
  };
  const alive = (): void => {
    lastMessageAt = performance.now();
  };
  const wsFactory: streaming.WebSocketFactory = (url, codec) => {
    const socket = new WebSocket(url, {
      perMessageDeflate: false, handshakeTimeout: HANDSHAKE_MS, maxPayload: MAX_FRAME_BYTES, followRedirects: false,
      ...(codec === 'msgpack' ? { headers: { 'Content-Type': 'application/msgpack' } } : {}),
    });
    socket.on('message', alive);
    socket.on('pong', alive);
    socket.on('ping', alive);
    return socket as unknown as streaming.WebSocketLike;
  };

  const drop = (): void => {
    clearTimeout(establishTimer);
    clearTimeout(retryTimer);
    const old = stream;
    stream = null;
    old?.removeAllListeners();
    old?.disconnect();
  };
  const retryIn = (ms: number): void => {
    clearTimeout(retryTimer);
    retryTimer = setTimeout(open, ms);
  };
  const lost = (reason: string): void => {
    drop();
    move('down', reason);
    retryIn(backoffMs(failures, BACKOFF));
    failures += 1;
  };
  const refused = (reason: string): void => {
    drop();
    move('keys_rejected', reason);
    retryIn(timers.keysRetryMs);
  };
  const live = (): void => {
    clearTimeout(establishTimer);
    failures = 0;
    move('live', 'subscribed');
  };

  function open(): void {
    if (state === 'closed') return;
    drop();
    let lastError = '';
    const fresh = kind.create({ reconnect: false, pingIntervalMs: timers.pingIntervalMs, pongWaitMs: timers.pongWaitMs, wsFactory }, deliver);
    stream = fresh;
    move('connecting', 'opening');
    const isCurrent = (): boolean => stream === fresh;
    fresh.onError((message) => {
      lastError = message;
      if (isCurrent() && state === 'live') escalate(() => listener.onTrouble(message));
    });
    fresh.onConnect(() => {
      if (!isCurrent()) return;
      move('authenticated', 'authenticated');
      if (kind.hasNoSubscription?.() === true) live();
    });
    fresh.on(streaming.EVENT.SUBSCRIPTION, () => {
      if (isCurrent()) live();
    });
    fresh.onDisconnect(() => {
      // A refusal of the keys settles the typed result first; look at it before calling this an ordinary loss.
      void fresh.whenAuthenticated().then((result) => {
        if (!isCurrent()) return;
        const isRefusal = result.status === streaming.STREAM_AUTH_STATUS.SERVER_REJECTED && (result.code === undefined || result.code === DATA_CODE_AUTH_FAILED);
        if (isRefusal) refused(`the ${kind.name} stream refuses the keys: ${result.message}`);
        else lost(lastError === '' ? 'the connection was closed' : lastError);
      });
    });
    establishTimer = setTimeout(() => {
      if (isCurrent()) lost(`no subscription within ${timers.establishMs} ms`);
    }, timers.establishMs);
    fresh.connect();
  }

  return {
    start: () => {
      if (state === 'idle') open();
    },
    state: () => state,
    lastMessageAgeMs: () => (lastMessageAt === null ? null : performance.now() - lastMessageAt),
    reconnect(reason) {
      if (state === 'idle' || state === 'closed') return;
      failures = 0;
      drop();
      move('down', reason);
      open();
    },
    close() {
      drop();
      move('closed', 'closed by us');
    },
    current: () => stream,
  };
}
