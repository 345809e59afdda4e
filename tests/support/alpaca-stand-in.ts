/** A tiny stand-in for Alpaca in the adapter's own tests: answers what the test tells it to, keeps what it was asked. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { AlpacaAccess } from '#app/contracts/config.ts';

/** One request as it came. */
export type Seen = { readonly method: string; readonly path: string; readonly query: URLSearchParams; readonly headers: IncomingMessage['headers']; readonly body: unknown };
/** What to answer: status and JSON (or raw text), or do as you like with the response. */
export type Answer = { status: number; body?: unknown; text?: string; headers?: Record<string, string> } | ((response: ServerResponse) => void);

/** The running stand-in. */
export type StandIn = { readonly access: AlpacaAccess; readonly seen: Seen[]; answer: (request: Seen) => Answer; onSocket: (socket: WebSocket, path: string) => void; close(): Promise<void> };

async function read(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? null : JSON.parse(text);
}

/** Starts it on a free port. */
export async function startStandIn(): Promise<StandIn> {
  const server: Server = createServer((request, response) => void handle(request, response));
  const sockets = new WebSocketServer({ server });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const standIn: StandIn = {
    access: {
      tradingUrl: `http://127.0.0.1:${port}`, dataUrl: `http://127.0.0.1:${port}`, tradingStreamUrl: `ws://127.0.0.1:${port}/stream`, dataStreamUrl: `ws://127.0.0.1:${port}/v2/iex`,
      keyId: 'PKTEST', secretKey: 'secret',
    },
    seen: [],
    answer: () => ({ status: 404, body: { code: 40410000, message: 'order not found' } }),
    onSocket: () => undefined,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://x');
    const seen: Seen = { method: request.method ?? '', path: url.pathname, query: url.searchParams, headers: request.headers, body: await read(request) };
    standIn.seen.push(seen);
    const answer = standIn.answer(seen);
    if (typeof answer === 'function') return answer(response);
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.text ?? (answer.body === undefined ? undefined : JSON.stringify(answer.body)));
  };
  sockets.on('connection', (socket, request) => standIn.onSocket(socket, request.url ?? ''));
  return standIn;
}

/** An order of the wire with the fields that Alpaca sends. */
export function wireOrder(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id: '61e69015-8549-4bfd-b9c3-01e75843f47d', client_order_id: 'ms-1', created_at: '2026-01-05T14:30:00.123456789Z', updated_at: '2026-01-05T14:30:00.223456789Z', submitted_at: '2026-01-05T14:30:00.123456789Z',
    filled_at: null, expired_at: null, canceled_at: null, failed_at: null, replaced_at: null, replaced_by: null, replaces: null, asset_id: 'b0b6dd9d-8b9b-48a9-ba46-b9d54906e415', symbol: 'AAPL', asset_class: 'us_equity',
    notional: null, qty: '10', filled_qty: '0', filled_avg_price: null, order_class: '', order_type: 'market', type: 'market', side: 'buy', time_in_force: 'day', limit_price: null, stop_price: null, status: 'accepted', extended_hours: false, legs: null,
    trail_percent: null, trail_price: null, hwm: null, ...fields,
  };
}
