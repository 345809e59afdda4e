/** The trade_updates stream: JSON in binary frames (or msgpack), authenticate and listen, no replay of what was missed. */
import { decode, encode } from '@msgpack/msgpack';
import * as z from 'zod';
import type { VenueEvent } from '#app/backtest/venue-types.ts';
import { tryRead } from '#app/contracts/read.ts';
import { isSameSecret } from '#chassis/http.ts';
import type { Faults } from './faults.ts';
import type { KeyPair } from './rest-common.ts';
import { openStreamServer, wantsMsgpack, type StreamClient, type StreamServer } from './stream-common.ts';
import type { WireObject } from './wire-common.ts';
import { wireTradeUpdate, type LegsOf } from './wire-order.ts';

const messageSchema = z.discriminatedUnion('action', [
  z.object({ action: z.literal('authenticate'), data: z.object({ key_id: z.string(), secret_key: z.string() }) }),
  z.object({ action: z.literal('auth'), key: z.string(), secret: z.string() }),
  z.object({ action: z.literal('listen'), data: z.object({ streams: z.array(z.string()).max(20) }) }),
]);

/** The endpoint `/stream`. */
export type TradingStream = StreamServer & {
  /** Tells all listening clients, through whatever fault is armed. */
  push(events: readonly VenueEvent[]): void;
  /** Authenticated clients that listen to trade_updates. */
  listeners(): number;
};

/** What the endpoint is made of. */
export type TradingStreamParts = { readonly keys: KeyPair; readonly faults: Faults; readonly legsOf: LegsOf };

/** Opens the endpoint. */
export function openTradingStream({ keys, faults, legsOf }: TradingStreamParts): TradingStream {
  const isAuthenticated = new WeakSet<StreamClient>();
  const listening = new Set<StreamClient>();
  // The paper host sends binary frames, the live one text; a live key poses as the live host.
  const isText = keys.keyId.startsWith('AK');
  const frame = (client: StreamClient, body: WireObject): string | Uint8Array => {
    if (wantsMsgpack(client.request)) return encode(body);
    return isText ? JSON.stringify(body) : Buffer.from(JSON.stringify(body));
  };
  const say = (client: StreamClient, body: WireObject): void => client.send(frame(client, body));
  const authenticate = (client: StreamClient, key: string, secret: string): void => {
    const isRight = isSameSecret(key, keys.keyId) && isSameSecret(secret, keys.secretKey);
    if (isRight) isAuthenticated.add(client);
    say(client, { stream: 'authorization', data: { status: isRight ? 'authorized' : 'unauthorized', action: 'authenticate' } });
  };
  const listen = (client: StreamClient, streams: readonly string[]): void => {
    if (!isAuthenticated.has(client)) {
      say(client, { stream: 'authorization', data: { status: 'unauthorized', action: 'listen' } });
      return;
    }
    const known = streams.filter((stream) => stream === 'trade_updates');
    listening.delete(client);
    if (known.length > 0) listening.add(client);
    say(client, { stream: 'listening', data: { streams: known } });
  };
  const server = openStreamServer({ name: 'trading', faults }, {
    open: () => undefined,
    closed: (client) => {
      listening.delete(client);
    },
    message: (client, data, isBinary) => {
      const parsed = tryRead(messageSchema, parseFrame(data, isBinary && wantsMsgpack(client.request)));
      if (!parsed.success) {
        say(client, { action: 'error', data: { error_message: 'internal server error' } });
      } else if (parsed.data.action === 'listen') listen(client, parsed.data.data.streams);
      else if (parsed.data.action === 'auth') authenticate(client, parsed.data.key, parsed.data.secret);
      else authenticate(client, parsed.data.data.key_id, parsed.data.data.secret_key);
    },
  });
  const tell = (messages: readonly WireObject[]): void => {
    for (const client of listening) for (const message of messages) say(client, message);
  };
  /** A batch of one that shall come out of order: it comes behind the next batch. */
  let overtaken: readonly WireObject[] = [];
  faults.onClear(() => {
    tell(overtaken);
    overtaken = [];
  });
  return {
    ...server,
    listeners: () => listening.size,
    push: (events) => {
      const fault = faults.takeMessageFault('trading');
      if (fault === 'drop' || listening.size === 0) return;
      const messages = events.map((event) => wireTradeUpdate(event, legsOf, faults.skewMs()));
      if (fault === 'reorder' && messages.length === 1 && overtaken.length === 0) {
        overtaken = messages;
        return;
      }
      const ordered = fault === 'reorder' ? messages.reverse() : fault === 'duplicate' ? messages.flatMap((message) => [message, message]) : messages;
      tell([...ordered, ...overtaken]);
      overtaken = [];
    },
  };
}

/** Undefined for what cannot be read: the schema refuses it then. */
export function parseFrame(data: Buffer, isMsgpack: boolean): unknown {
  try {
    return isMsgpack ? decode(data) : JSON.parse(data.toString('utf8'));
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
