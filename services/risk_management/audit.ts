/** The audit trail: who changed what; and, by the caller's key, what was answered the first time. */
import type { Queryable, Tx } from '#chassis/db.ts';

/** What a person did. `after` must contain the idempotencyKey when `answered` is to find it again. */
export type AuditEntry = { readonly actor: string; readonly action: string; readonly subject: string; readonly before: unknown; readonly after: Readonly<Record<string, unknown>> };

/** Appends to the trail in the same transaction as the change. */
export async function audit(tx: Tx, entry: AuditEntry): Promise<void> {
  await tx.query('INSERT INTO logging.audit_log (actor, action, subject, before, after) VALUES ($1, $2, $3, $4::jsonb, $5::jsonb)', [
    entry.actor, entry.action, entry.subject, entry.before === null ? null : JSON.stringify(entry.before), JSON.stringify(entry.after),
  ]);
}

/** For how long the same key means the same request. */
const KEY_DAYS = 7;

/** The `after` of an action that was done under this key before; null when it was not. */
export async function answered(db: Queryable, action: string, idempotencyKey: string): Promise<Record<string, unknown> | null> {
  const [row] = await db.query<{ after: Record<string, unknown> }>(
    `SELECT after FROM logging.audit_log WHERE at > clock_timestamp() - make_interval(days => ${KEY_DAYS}) AND service = current_user AND action = $1 AND after->>'idempotencyKey' = $2 ORDER BY id LIMIT 1`,
    [action, idempotencyKey],
  );
  return row?.after ?? null;
}
