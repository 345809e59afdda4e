/** What both WebSockets of the simulator share: accepted sockets, silence on demand, bounded send buffers. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Faults, StreamName } from './faults.ts';

/** A client that reads too slowly is cut off, as Alpaca does (407). */
export const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
const MAX_MESSAGE_BYTES = 1024 * 1024;
const MAX_SOCKETS = 50;

/** One connected client: what it may be sent goes through `send`, which knows about silence and slow readers. */
export type StreamClient = { readonly socket: WebSocket; readonly request: IncomingMessage; send(data: string | Uint8Array): void };

/** A WebSocket endpoint under the HTTP server's upgrade event. */
export type StreamServer = {
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  readonly clients: ReadonlySet<StreamClient>;
  close(): void;
};

/** How an endpoint treats its clients. `message` gets whole frames. */
export type StreamHandlers = { open(client: StreamClient): void; message(client: StreamClient, data: Buffer, isBinary: boolean): void; closed(client: StreamClient): void };

const asBuffer = (data: RawData): Buffer => (Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data);

/** Opens an endpoint. */
export function openStreamServer(name: StreamName, faults: Faults, handlers: StreamHandlers): StreamServer {
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, autoPong: false, perMessageDeflate: false });
  const clients = new Set<StreamClient>();
  faults.onDrop((stream) => {
    if (stream === name) for (const client of clients) client.socket.terminate();
  });
  const welcome = (socket: WebSocket, request: IncomingMessage): void => {
    const client: StreamClient = {
      socket, request,
      send: (data) => {
        if (socket.readyState !== socket.OPEN || faults.isSilent(name)) return;
        if (socket.bufferedAmount > MAX_BUFFERED_BYTES) socket.terminate();
        else socket.send(data);
      },
    };
    clients.add(client);
    socket.on('ping', (data) => {
      if (!faults.isSilent(name)) socket.pong(data);
    });
    socket.on('message', (data, isBinary) => {
      if (!faults.isSilent(name)) handlers.message(client, asBuffer(data), isBinary);
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
    accept: (request, socket, head) => {
      if (faults.isRefusing(name) || clients.size >= MAX_SOCKETS) {
        socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n');
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
