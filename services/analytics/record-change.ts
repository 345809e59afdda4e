/** Writes into the book's audit log what was changed outside of the book. */
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import type { Db } from '#chassis/db.ts';

/** Writes one row; asked twice under one key, once. */
export async function recordChange(db: Db, { actor, idempotencyKey, action, subject, before, after }: CommandInput<'recordChange'>): Promise<CommandOutput<'recordChange'>> {
  await db.query(
    `INSERT INTO logging.audit_log (actor, action, subject, before, after)
     SELECT $1, $2, $3, $4::jsonb, $5::jsonb WHERE NOT EXISTS (SELECT FROM logging.audit_log WHERE at > clock_timestamp() - interval '1 day' AND action = $2 AND after->>'idempotencyKey' = $6)`,
    [actor, action, subject, JSON.stringify(before), JSON.stringify({ ...after, idempotencyKey }), idempotencyKey],
  );
  return { isRecorded: true };
}
