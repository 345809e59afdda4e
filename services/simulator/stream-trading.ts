/** The trade_updates stream: JSON in binary frames, authenticate and listen, no replay of what was missed. */
import * as z from 'zod';
import type { VenueEvent } from '#app/backtest/venue-types.ts';
import { isSameSecret } from '#chassis/http.ts';
import type { Faults } from './faults.ts';
import type { KeyPair } from './rest-common.ts';
import { openStreamServer, type StreamClient, type StreamServer } from './stream-common.ts';
import { wireTradeUpdate, type WireObject } from './wire-trading.ts';

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

/** Opens the endpoint. `onListen` is told when a client begins to listen. */
export function openTradingStream(keys: KeyPair, faults: Faults, onListen: () => void): TradingStream {
  const isAuthenticated = new WeakSet<StreamClient>();
  const listening = new Set<StreamClient>();
  const say = (client: StreamClient, body: WireObject): void => client.send(Buffer.from(JSON.stringify(body)));
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
    if (known.length > 0) onListen();
  };
  const server = openStreamServer('trading', faults, {
    open: () => undefined,
    closed: (client) => {
      listening.delete(client);
    },
    message: (client, data) => {
      const parsed = messageSchema.safeParse(parseJson(data));
      if (!parsed.success) {
        say(client, { action: 'error', data: { error_message: 'internal server error' } });
      } else if (parsed.data.action === 'listen') listen(client, parsed.data.data.streams);
      else if (parsed.data.action === 'auth') authenticate(client, parsed.data.key, parsed.data.secret);
      else authenticate(client, parsed.data.data.key_id, parsed.data.data.secret_key);
    },
  });
  return {
    ...server,
    listeners: () => listening.size,
    push: (events) => {
      const fault = faults.takeUpdateFault();
      if (fault === 'drop') return;
      const messages = events.map((event) => Buffer.from(JSON.stringify(wireTradeUpdate(event))));
      const ordered = fault === 'reorder' ? messages.reverse() : fault === 'duplicate' ? messages.flatMap((message) => [message, message]) : messages;
      for (const client of listening) for (const message of ordered) client.send(message);
    },
  };
}

/** Undefined for what is not JSON: the schema refuses it then. */
function parseJson(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
