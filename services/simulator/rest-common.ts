/** What all REST rooms of the simulator share: errors as Alpaca writes them, keys, the rate window. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type * as z from 'zod';
import { AppError } from '#app/domain/errors.ts';
import { tryRead } from '#app/contracts/read.ts';
import { isSameSecret } from '#chassis/http.ts';
import type { WireObject } from './wire-common.ts';

/** An answer that is not 200, as the broker words it. */
export class WireError extends Error {
  readonly status: number;
  readonly body: WireObject;

  constructor(status: number, body: WireObject) {
    super(typeof body['message'] === 'string' ? body['message'] : `HTTP ${status}`);
    this.name = 'WireError';
    this.status = status;
    this.body = body;
  }
}

/** 422 with code 40010001: the request is malformed. */
export function malformed(message: string): WireError {
  return new WireError(422, { code: 40_010_001, message });
}

/** 404 with code 40410000. */
export function notFound(message: string): WireError {
  return new WireError(404, { code: 40_410_000, message });
}

/** Reads a query or body. @throws WireError 422 naming the first wrong field. */
export function read<T extends z.ZodType>(schema: T, raw: unknown): z.output<T> {
  const parsed = tryRead(schema, raw ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw malformed(`invalid ${issue?.path.join('.') || 'request'}: ${issue?.message ?? 'not understood'}`);
}

/** The key pair that is let in. */
export type KeyPair = { readonly keyId: string; readonly secretKey: string };

/** Whether headers carry the right keys: by themselves, or as basic authentication. */
export function hasKeys(keys: KeyPair, headers: FastifyRequest['headers']): boolean {
  const basic = /^Basic (\S+)$/.exec(headers.authorization ?? '')?.[1];
  const [basicId, basicSecret] = basic === undefined ? [] : Buffer.from(basic, 'base64').toString('utf8').split(':');
  const [id, secret] = [headers['apca-api-key-id'] ?? basicId, headers['apca-api-secret-key'] ?? basicSecret];
  return typeof id === 'string' && typeof secret === 'string' && isSameSecret(id, keys.keyId) && isSameSecret(secret, keys.secretKey);
}

/** Requests a minute; high by default, because a broker in the same computer shall not be what limits a replay. */
export const DEFAULT_RATE_LIMIT = 1_000_000;
const WINDOW_SECONDS = 60;

/** A fixed window of a minute. `limit` can be changed while it runs. */
export type RateWindow = { limit: number; take(nowSeconds: number): { readonly isAllowed: boolean; readonly remaining: number; readonly resetSeconds: number } };

/** Creates the window. */
export function createRateWindow(limit: number): RateWindow {
  let window = -1;
  let used = 0;
  return {
    limit,
    take(nowSeconds) {
      const current = Math.floor(nowSeconds / WINDOW_SECONDS);
      if (current !== window) [window, used] = [current, 0];
      used += 1;
      return { isAllowed: used <= this.limit, remaining: Math.max(0, this.limit - used), resetSeconds: (current + 1) * WINDOW_SECONDS };
    },
  };
}

/** Gives every thrown error its wire form; what is not expected ends up in `onBug`. */
export function installErrors(app: FastifyInstance, onBug: (error: unknown, path: string) => void): void {
  app.setErrorHandler((error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    if (error instanceof WireError) return reply.code(error.status).send(error.body);
    if (error instanceof AppError && error.family === 'invalid') return reply.code(422).send({ code: 40_010_001, message: error.message });
    const status: unknown = error instanceof Error ? Reflect.get(error, 'statusCode') : undefined;
    if (error instanceof Error && typeof status === 'number' && status >= 400 && status < 500) return reply.code(status).send({ code: 40_010_000, message: error.message });
    onBug(error, request.url);
    return reply.code(500).send({ code: 50_010_000, message: 'internal server error occurred' });
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ code: 40_410_000, message: 'endpoint not found.' }));
}
