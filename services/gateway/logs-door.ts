/** `/logs`: one address for programs (a part's captured output, lines of the book, live tails) and for people (the log page). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { logQuerySchema } from '#app/contracts/logs.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Guard } from './guard.ts';
import type { LogBook } from './log-follow.ts';
import { streamLogs } from './log-tail.ts';
import type { LogSource } from './log-tail.ts';

/** What the door reads from. */
export type LogsDoor = { readonly guard: Guard; readonly logs: LogSource; readonly logBook: LogBook; /** The dashboard, when a person comes; null when it is not built. */ showPage(reply: FastifyReply): FastifyReply | null };

const NDJSON = 'application/x-ndjson';
const follow = z.enum(['0', '1']).default('0');
const afterSeq = z.coerce.number().int().min(0).optional();
const unitQuery = z.object({ unit: z.string().max(60), lines: z.coerce.number().int().min(1).max(500).default(200), afterSeq: z.coerce.number().int().optional(), follow });
const bookQuery = logQuerySchema.extend({ follow, afterSeq });

function parse<S extends z.ZodType>(schema: S, query: unknown): z.output<S> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AppError('INPUT_INVALID', `${issue?.path.join('.') || 'The request'}: ${issue?.message ?? 'is not valid'}`);
}

/** Answers `/logs`. With `unit` the captured output of one part, also while PostgreSQL is down; without it the collected lines of all. */
export function mountLogs(app: FastifyInstance, door: LogsDoor): void {
  app.get('/logs', { config: { access: 'public' } }, async (request: FastifyRequest, reply) => {
    const page = request.headers.accept?.includes('text/html') ? door.showPage(reply) : null;
    if (page) return page;
    request.caller = door.guard.admit(request.headers, 'session');
    if (typeof Reflect.get(Object(request.query), 'unit') === 'string') {
      const query = parse(unitQuery, request.query);
      if (query.follow === '1') {
        const gone = new AbortController();
        reply.raw.once('close', () => gone.abort());
        return reply.header('content-type', NDJSON).send(streamLogs(door.logs, query, gone.signal));
      }
      return reply.send({ lines: await door.logs.read(query.unit, query.lines, query.afterSeq) });
    }
    const query = parse(bookQuery, request.query);
    if (query.follow === '1') return reply.header('content-type', NDJSON).send(door.logBook.follow(query, query.afterSeq));
    return reply.send(await door.logBook.page(query));
  });
}
