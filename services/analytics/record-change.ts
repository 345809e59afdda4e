/** Writes into the book's audit log what was changed outside of the book. */
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import type { Db } from '#chassis/db.ts';

/**
 * Writes one row; the same change asked twice under one key, also at the same moment, once. Another change under that key is written too: it was made already, and the trail has to know of it.
 */
export async function recordChange(db: Db, { actor, idempotencyKey, action, subject, before, after }: CommandInput<'recordChange'>): Promise<CommandOutput<'recordChange'>> {
  await db.tx(async (tx) => {
    // The second of two requests with one key waits for the first, and then sees its row.
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('analytics.record_change ' || $1, 0))`, [idempotencyKey]);
    await tx.query(
      `INSERT INTO logging.audit_log (actor, action, subject, before, after)
       SELECT $1, $2, $3, $4::jsonb, $5::jsonb WHERE NOT EXISTS (SELECT FROM logging.audit_log WHERE at > clock_timestamp() - interval '1 day' AND action = $2 AND subject = $3 AND before = $4::jsonb AND after = $5::jsonb)`,
      [actor, action, subject, JSON.stringify(before), JSON.stringify({ ...after, idempotencyKey })],
    );
  });
  return { isRecorded: true };
}
