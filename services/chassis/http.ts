/** The small HTTP door of a worker: /health, /metrics and its commands, on loopback. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { timingSafeEqual } from 'node:crypto';
import { COMMANDS, type CommandName } from '#app/contracts/commands.ts';
import type { WorkerHealth } from '#app/contracts/health.ts';
import type { CommandContract } from '#app/contracts/request.ts';
import { AppError, type ErrorFamily } from '#app/domain/errors.ts';
import type { Endpoint } from '#app/contracts/config.ts';
import { START_PATH } from './flows-wire.ts';

const MAX_BODY_BYTES = 262_144;
const STATUS_OF_FAMILY: Readonly<Record<ErrorFamily, number>> = { invalid: 400, denied: 409, conflict: 409, temporary: 503, unknown: 502, operator: 500, bug: 500 };

/** An error as HTTP shows it. `code` and `message` are for people and programs; context and causes stay in the log. */
export type HttpError = { readonly status: number; readonly body: { readonly error: { readonly code: string; readonly message: string; readonly family: ErrorFamily } } };

/** The HTTP form of any thrown value. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof AppError) {
    const status = error.code.startsWith('AUTH_') ? 401 : error.code.endsWith('_NOT_FOUND') ? 404 : (STATUS_OF_FAMILY[error.family]);
    return { status, body: { error: { code: error.code, message: error.message, family: error.family } } };
  }
  return { status: 500, body: { error: { code: 'INVARIANT_BROKEN', message: 'Something went wrong inside; the log of this part says what', family: 'bug' } } };
}

/** Compares secrets in constant time. */
export function isSameSecret(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The token of an `Authorization: Bearer` header, or ''. */
export function bearerOf(header: string | undefined): string {
  return /^Bearer (\S+)$/.exec(header ?? '')?.[1] ?? '';
}

/** What the door serves. `command` gets the name and the parsed JSON body. */
export type DoorParts = {
  health(): WorkerHealth;
  metrics(): Promise<{ contentType: string; text: string }>;
  command(name: string, input: unknown): Promise<unknown>;
  /** Takes a run of one of the service's flows; false when it cannot be started now. */
  startFlow(run: unknown): Promise<boolean>;
  readonly internalToken: string;
  onError(error: unknown, path: string): void;
};

/** Largest body of a command; of anything else what any request may have. */
function limitOf(name: string): number {
  const command: CommandContract | undefined = Object.hasOwn(COMMANDS, name) ? COMMANDS[name as CommandName] : undefined;
  return command?.bodyBytes ?? MAX_BODY_BYTES;
}

async function readJson(request: IncomingMessage, most: number): Promise<unknown> {
  if (request.headers['content-type']?.split(';')[0] !== 'application/json') throw new AppError('INPUT_INVALID', 'Send JSON with Content-Type: application/json');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) throw new AppError('INPUT_TOO_LARGE', `A request may have at most ${most} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new AppError('INPUT_INVALID', 'The request is not valid JSON', { cause: error });
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  response.end(JSON.stringify(body));
}

async function answer(request: IncomingMessage, response: ServerResponse, parts: DoorParts): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://door').pathname;
  if (request.method === 'GET' && path === '/health') {
    const health = parts.health();
    sendJson(response, health.ready ? 200 : 503, health);
  } else if (request.method === 'GET' && path === '/metrics') {
    const metrics = await parts.metrics();
    response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' });
    response.end(metrics.text);
  } else if (request.method === 'POST' && (path.startsWith('/commands/') || path === START_PATH)) {
    if (!isSameSecret(bearerOf(request.headers.authorization), parts.internalToken)) throw new AppError('AUTH_INVALID', 'Commands need the internal token');
    const name = path === START_PATH ? '' : path.slice('/commands/'.length);
    const body = await readJson(request, limitOf(name));
    sendJson(response, 200, path === START_PATH ? { started: await parts.startFlow(body) } : await parts.command(name, body));
  } else {
    throw new AppError('ROUTE_NOT_FOUND', `There is nothing at ${request.method} ${path}`);
  }
}

/** Opens the door. @throws the listen error (EADDRINUSE and the like) */
export async function openDoor(endpoint: Endpoint, parts: DoorParts): Promise<Server> {
  const server = createServer((request, response) => {
    answer(request, response, parts).catch((error: unknown) => {
      const { status, body } = toHttpError(error);
      if (status >= 500) parts.onError(error, request.url ?? '');
      if (response.headersSent) response.destroy();
      else sendJson(response, status, body);
    });
  });
  server.requestTimeout = 10_000;
  server.headersTimeout = 5_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(endpoint.port, endpoint.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}
