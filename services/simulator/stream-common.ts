/** What both WebSockets of the simulator share: accepted sockets, silence and lateness on demand, bounded send buffers. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Faults } from './faults.ts';
import type { StreamName } from './faults-schema.ts';

/** A client that reads too slowly is cut off, as Alpaca does (407). */
export const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
const MAX_MESSAGE_BYTES = 1024 * 1024;
const MAX_SOCKETS = 50;
/** Small frames are not worth compressing. */
const DEFLATE_FROM_BYTES = 1_024;

/** One connected client: what it may be sent goes through `send`, which knows about silence, lateness and slow readers. */
export type StreamClient = { readonly socket: WebSocket; readonly request: IncomingMessage; readonly path: string; send(data: string | Uint8Array): void };

/** A WebSocket endpoint under the HTTP server's upgrade event. */
export type StreamServer = {
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  readonly clients: ReadonlySet<StreamClient>;
  /** Whether a client is given up without knowing it (half open): the broker does not count it any more. */
  isDead(client: StreamClient): boolean;
  close(): void;
};

/** How an endpoint treats its clients. `message` gets whole frames; `slow` may say a last word to a client that is cut off. */
export type StreamHandlers = { open(client: StreamClient): void; message(client: StreamClient, data: Buffer, isBinary: boolean): void; closed(client: StreamClient): void; slow?(client: StreamClient): string | Uint8Array };
/** How an endpoint is set up. */
export type StreamOptions = { readonly name: StreamName; readonly faults: Faults; readonly maxBufferedBytes?: number | undefined };

const asBuffer = (data: RawData): Buffer => (Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data);

/**
 * Says why a socket that asked for a stream gets none, and lets go of it. Node has taken its own listener off by then: without one here,
 * a client that is gone already would end the process.
 */
export function refuseUpgrade(socket: Duplex, status: '404 Not Found' | '503 Service Unavailable'): void {
  socket.on('error', () => socket.destroy());
  // Its other end may keep its half open for ever.
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
}

/** Opens an endpoint. */
export function openStreamServer(options: StreamOptions, handlers: StreamHandlers): StreamServer {
  const { name, faults } = options;
  const limit = options.maxBufferedBytes ?? MAX_BUFFERED_BYTES;
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, autoPong: false, perMessageDeflate: { threshold: DEFLATE_FROM_BYTES } });
  const clients = new Set<StreamClient>();
  /** Sockets whose other end is given up without knowing it. */
  const dead = new WeakSet<StreamClient>();
  faults.onDrop((stream, how) => {
    if (stream !== name) return;
    for (const client of clients) {
      if (how === 'cut') client.socket.terminate();
      else dead.add(client);
    }
  });
  const isMute = (client: StreamClient): boolean => dead.has(client) || faults.isSilent(name);
  const give = (client: StreamClient, data: string | Uint8Array): void => {
    const { socket } = client;
    if (socket.readyState !== socket.OPEN || isMute(client)) return;
    if (socket.bufferedAmount <= limit) return socket.send(data);
    const word = handlers.slow?.(client);
    if (word === undefined) return socket.terminate();
    socket.send(word);
    socket.close();
  };
  const welcome = (socket: WebSocket, request: IncomingMessage): void => {
    const client: StreamClient = {
      socket, request, path: new URL(request.url ?? '/', 'http://simulator').pathname,
      send: (data) => {
        const late = faults.delayOf(name === 'trading' ? 'updates' : 'bars');
        if (late > 0) setTimeout(() => give(client, data), late).unref();
        else give(client, data);
      },
    };
    clients.add(client);
    socket.on('ping', (data) => {
      if (!isMute(client)) socket.pong(data);
    });
    socket.on('message', (data, isBinary) => {
      if (!isMute(client)) handlers.message(client, asBuffer(data), isBinary);
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      clients.delete(client);
      handlers.closed(client);
    });
    handlers.open(client);
  };
  return {
    clients,
    isDead: (client) => dead.has(client),
    accept: (request, socket, head) => {
      if (faults.isRefusing(name) || clients.size >= MAX_SOCKETS) {
        refuseUpgrade(socket, '503 Service Unavailable');
        return;
      }
      server.handleUpgrade(request, socket, head, (accepted) => welcome(accepted, request));
    },
    close: () => {
      for (const client of clients) client.socket.terminate();
      server.close();
    },
  };
}

/** Whether a client wants msgpack, by its Content-Type. */
export function wantsMsgpack(request: IncomingMessage): boolean {
  return (request.headers['content-type'] ?? '').includes('msgpack');
}
