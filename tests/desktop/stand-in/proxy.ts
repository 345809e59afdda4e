/** Chromium's only way out: it serves the scheme through the application's own handler, lets requests pass to this computer, and nothing else. */
import { createServer, request as send } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { appHostOf, SCHEME, toApp, toWeb } from './origin.ts';

/** What was registered with `protocol.handle`. */
export type SchemeHandler = (request: Request) => Response | Promise<Response>;

/** The running proxy. */
export type Proxy = { readonly address: string; /** `METHOD address` of everything that was refused because it leads outside. */ readonly refused: readonly string[]; close(): void };

const LOOPBACK = '127.0.0.1';
/** Chromium's own errands are not the page's; they are refused without a word. */
const CHROMIUMS_OWN = /googleapis\.com|google\.com|gvt1\.com/;

function flat(headers: IncomingMessage['headers'], translate: (text: string) => string): Record<string, string | string[]> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, typeof value === 'string' ? translate(value) : value.map(translate)]])));
}

async function bodyOf(incoming: IncomingMessage): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
  return chunks.length === 0 ? null : Buffer.concat(chunks).toString('utf8');
}

async function serveScheme(incoming: IncomingMessage, outgoing: ServerResponse, place: { host: string; rest: string; handler: SchemeHandler | undefined }): Promise<void> {
  if (place.handler === undefined) {
    outgoing.writeHead(502).end('No handler for the scheme');
    return;
  }
  const headers = Object.entries(flat(incoming.headers, toApp)).filter(([name]) => !['host', 'proxy-connection', 'connection'].includes(name)).map(([name, value]): [string, string] => [name, String(value)]);
  const body = await bodyOf(incoming);
  const answer = await place.handler(new Request(`${SCHEME}://${place.host}${place.rest}`, { method: incoming.method ?? 'GET', headers, ...(body === null ? {} : { body }) }));
  outgoing.writeHead(answer.status, Object.fromEntries([...answer.headers].map(([name, value]) => [name, toWeb(value)])));
  outgoing.end(Buffer.from(await answer.arrayBuffer()));
}

function passOn(incoming: IncomingMessage, outgoing: ServerResponse, url: URL): void {
  const onward = send({ host: LOOPBACK, port: url.port, path: `${url.pathname}${url.search}`, method: incoming.method, headers: flat(incoming.headers, toApp) }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, flat(answer.headers, toWeb));
    answer.pipe(outgoing);
  });
  // Nobody listens there: the page must see a failed request, not an answer.
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}

/** A WebSocket through a tunnel: its first packet is the handshake, in which the origin is translated. */
function tunnel(socket: Duplex, port: number): void {
  const onward: Socket = connect(port, LOOPBACK, () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.once('data', (first: Buffer) => {
      onward.write(first.toString('latin1').replace(/^Origin: (.*)\r$/m, (_line, origin: string) => `Origin: ${toApp(origin)}\r`), 'latin1');
      socket.pipe(onward);
    });
    onward.pipe(socket);
  });
  onward.on('error', () => socket.destroy());
  socket.on('error', () => onward.destroy());
  socket.on('close', () => onward.destroy());
}

/** Opens the proxy. `handlers` is read at each request. */
export async function openProxy(handlers: ReadonlyMap<string, SchemeHandler>): Promise<Proxy> {
  const refused: string[] = [];
  const refuse = (what: string): void => {
    if (!CHROMIUMS_OWN.test(what)) refused.push(what);
  };
  const server: Server = createServer((incoming, outgoing) => {
    const address = incoming.url ?? '';
    const parts = /^http:\/\/([^/?#]+)(.*)$/.exec(address);
    const appHost = appHostOf((parts?.[1] ?? '').replace(/:80$/, ''));
    if (appHost !== null) {
      serveScheme(incoming, outgoing, { host: appHost, rest: parts?.[2] ?? '/', handler: handlers.get(SCHEME) }).catch((error: unknown) => {
        process.stderr.write(`The handler of the scheme failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
        outgoing.destroy();
      });
    } else if (URL.canParse(address) && new URL(address).hostname === LOOPBACK) passOn(incoming, outgoing, new URL(address));
    else {
      refuse(`${incoming.method ?? ''} ${address}`);
      outgoing.writeHead(502).end();
    }
  });
  server.on('connect', (request, socket) => {
    const [host, port] = (request.url ?? '').split(':');
    if (host === LOOPBACK) tunnel(socket, Number(port));
    else {
      refuse(`CONNECT ${request.url ?? ''}`);
      socket.end('HTTP/1.1 502 Outside\r\n\r\n');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  server.unref();
  return {
    address: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`,
    refused,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
