/** What a person asked for under a key is done once: the audit row of a change is also the memory of its answer. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { AppError } from '#app/domain/errors.ts';
import type { Queryable, Tx } from '#chassis/db.ts';

/** A change to be written down. `subject`: the project, or what else was changed; `answer`: what the same request gets again. */
export type Change<A extends object> = { readonly subject: string; readonly before: object; readonly after: object; readonly answer: A };

type Input = { readonly actor: string; readonly idempotencyKey: string };

const rememberedSchema = z.object({ ask: z.string(), answer: z.record(z.string(), z.unknown()) });

function fingerprint({ actor: _actor, ...ask }: { readonly actor: string }): string {
  return createHash('sha256').update(JSON.stringify(ask)).digest('hex').slice(0, 32);
}

/** What the same request under the same key was answered within a day; null when it was not asked yet. @throws AppError IDEMPOTENCY_CONFLICT when the key was used for something else */
export async function earlierAnswer<A extends object>(book: Queryable, action: string, input: Input): Promise<A | null> {
  const [row] = await book.query<{ action: string; after: unknown }>(
    `SELECT action, after FROM logging.audit_log WHERE at > clock_timestamp() - interval '1 day' AND action LIKE 'author.%' AND after->>'idempotencyKey' = $1 ORDER BY id LIMIT 1`, [input.idempotencyKey],
  );
  if (row === undefined) return null;
  const remembered = rememberedSchema.parse(row.after);
  if (row.action !== action || remembered.ask !== fingerprint(input)) throw new AppError('IDEMPOTENCY_CONFLICT', 'This idempotency key was used for another request; use a new one');
  return remembered.answer as A;
}

/**
 * Does what was asked and writes it down; the same request under the same key within a day gets the same answer, and nothing is done again.
 * @throws AppError IDEMPOTENCY_CONFLICT when the key was used for something else; whatever `act` throws
 */
export async function onceAsked<A extends object>(tx: Tx, action: string, input: Input, act: () => Promise<Change<A>>): Promise<A> {
  // Two requests with one key at the same moment: the second one waits, and finds the first one's row.
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('strategy_engine.author ' || $1, 0))`, [input.idempotencyKey]);
  const earlier = await earlierAnswer<A>(tx, action, input);
  if (earlier !== null) return earlier;
  const { subject, before, after, answer } = await act();
  await tx.query(`INSERT INTO logging.audit_log (actor, action, subject, before, after) VALUES ($1, $2, $3, $4::jsonb, $5::jsonb)`, [
    input.actor, action, subject, JSON.stringify(before), JSON.stringify({ ...after, ask: fingerprint(input), answer, idempotencyKey: input.idempotencyKey }),
  ]);
  return answer;
}
