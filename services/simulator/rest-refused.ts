/** Operations that are refused on purpose: in the broker's error form, with the reason, and without touching anything. */
import type { FastifyInstance } from 'fastify';
import { OPERATIONS } from './operations.ts';

const FORBIDDEN = 40_310_000;

/** A path of the broker's description as Fastify writes it: `{name}` becomes `:name`, and a colon of its own is doubled. */
export function routeOf(path: string): string {
  return path.replaceAll(':', '::').replace(/\{(\w+)\}/g, ':$1');
}

/** Registers the routes. */
export function registerRefused(app: FastifyInstance): void {
  for (const { method, path, parameters, note } of OPERATIONS) {
    if (parameters === null) app.route({ method, url: routeOf(path), handler: (_request, reply) => reply.code(403).send({ code: FORBIDDEN, message: `not simulated: ${note}` }) });
  }
}
