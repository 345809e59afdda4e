/** The live sockets: hello within two seconds, numbered pushes, slow clients dropped. */
import type { IncomingHttpHeaders } from 'node:http';
import type { WebSocket } from 'ws';
import { BUFFERED_BYTES_MAX, HELLO_DEADLINE_MS, helloSchema, LIVE_CLOSE, LIVE_PROTOCOL, SOCKETS_MAX } from '#app/contracts/live.ts';
import type { LiveBody } from '#app/contracts/live.ts';
import { tryRead } from '#app/contracts/read.ts';
import { describeError } from '#app/domain/errors.ts';
import type { Logger } from '#chassis/log.ts';
import type { Guard } from './guard.ts';

const PING_MS = 10_000;
/** The page says hello and nothing else. */
const HELLO_BYTES_MAX = 1_024;

type Client = { readonly socket: WebSocket; seq: number; isAlive: boolean };

/** All open sockets of the gateway. */
export type Sockets = {
  /** Takes a new connection; it hears nothing before a good hello. */
  add(socket: WebSocket, headers: IncomingHttpHeaders): void;
  /** Sends to every client that said hello. */
  push(body: LiveBody): void;
  count(): number;
  close(): void;
};

/** What the sockets need. `onHello` gives what a new client sees first. */
export type SocketOptions = { readonly guard: Guard; readonly instanceId: string; readonly log: Logger; onHello(): Promise<readonly LiveBody[]>; now(): number; onDropped(): void };

/** Keeps the sockets. */
export function createSockets(options: SocketOptions): Sockets {
  const clients = new Set<Client>();
  const open = new Set<WebSocket>();
  const pinger = setInterval(() => pingAll(clients), PING_MS);
  return {
    add(socket, headers) {
      if (open.size >= SOCKETS_MAX) {
        socket.close(LIVE_CLOSE.tooMany, 'too many sockets');
        return;
      }
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      socket.on('error', (error) => options.log.debug({ error: error.message }, 'Socket error'));
      awaitHello(socket, headers, options, () => {
        welcome(socket, clients, options).catch((error: unknown) => {
          options.log.warn({ error: describeError(error) }, 'A socket got no snapshot');
          socket.close(1011, 'snapshot failed');
        });
      });
    },
    push(body) {
      if (clients.size === 0) return;
      const json = JSON.stringify(body);
      for (const client of clients) send(client, json, clients, options);
    },
    count: () => clients.size,
    close() {
      clearInterval(pinger);
      for (const socket of open) socket.close(LIVE_CLOSE.goingAway, 'the gateway stops');
    },
  };
}

/** Sends one numbered push; a client with too much in its buffer is dropped, others do not wait for it. */
function send(client: Client, json: string, clients: Set<Client>, options: SocketOptions): void {
  const { socket } = client;
  if (socket.readyState !== socket.OPEN) return;
  if (socket.bufferedAmount > BUFFERED_BYTES_MAX) {
    clients.delete(client);
    options.onDropped();
    socket.close(LIVE_CLOSE.tooSlow, 'too slow');
    // A client that does not read will not answer the close either.
    socket.terminate();
    return;
  }
  client.seq += 1;
  socket.send(`{"seq":${client.seq},"tsSent":${options.now()},"push":${json}}`);
}

async function welcome(socket: WebSocket, clients: Set<Client>, options: SocketOptions): Promise<void> {
  const client: Client = { socket, seq: 0, isAlive: true };
  const body: LiveBody = { type: 'welcome', protocol: LIVE_PROTOCOL, instanceId: options.instanceId };
  send(client, JSON.stringify(body), clients, options);
  socket.on('pong', () => {
    client.isAlive = true;
  });
  socket.on('close', () => clients.delete(client));
  // Joined before the snapshot is read: what changes meanwhile is pushed again, never missed.
  clients.add(client);
  for (const first of await options.onHello()) send(client, JSON.stringify(first), clients, options);
}

/** Runs `accept` after a good hello; closes the socket after a bad one, or none in time. */
function awaitHello(socket: WebSocket, headers: IncomingHttpHeaders, options: SocketOptions, accept: () => void): void {
  const deadline = setTimeout(() => socket.close(LIVE_CLOSE.unauthorized, 'no hello'), HELLO_DEADLINE_MS);
  socket.on('close', () => clearTimeout(deadline));
  socket.once('message', (data: Buffer) => {
    clearTimeout(deadline);
    const hello = tryRead(helloSchema, data.length <= HELLO_BYTES_MAX ? parseJson(data.toString('utf8')) : null);
    if (hello.success && hello.data.protocol === LIVE_PROTOCOL && options.guard.isSocketToken(headers, hello.data.token)) accept();
    else socket.close(LIVE_CLOSE.unauthorized, 'not signed in');
  });
}

function pingAll(clients: Set<Client>): void {
  for (const client of clients) {
    if (!client.isAlive) client.socket.terminate();
    else {
      client.isAlive = false;
      client.socket.ping();
    }
  }
}

/** Any JSON value, or null for text that is none (the schema then refuses it). */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
