/** The command setAlertChoice: whether messages of a kind take a channel, and from which severity on, with an audit row. */
import * as z from 'zod';
import { alertChoiceSchema } from '#app/contracts/alert-settings.ts';
import type { AlertChoice } from '#app/contracts/alert-settings.ts';
import type { CommandInput } from '#app/contracts/commands.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Db, Tx } from '#chassis/db.ts';

const ACTION = 'notification.alert_choice';
const storedSchema = z.object({ isEnabled: z.boolean(), settings: z.record(z.string(), z.unknown()) });

/** What an earlier request with the same key did; keys are remembered for a day. @throws AppError IDEMPOTENCY_CONFLICT when it asked for something else */
async function earlierAnswer(tx: Tx, key: string, choice: AlertChoice): Promise<boolean> {
  const [row] = await tx.query<{ after: unknown }>(`SELECT after FROM logging.audit_log WHERE at > clock_timestamp() - interval '1 day' AND action = $1 AND after->>'idempotencyKey' = $2 ORDER BY id LIMIT 1`, [ACTION, key]);
  if (!row) return false;
  const done = alertChoiceSchema.parse(row.after);
  if (done.kind !== choice.kind || done.channel !== choice.channel || done.isEnabled !== choice.isEnabled || done.leastSeverity !== choice.leastSeverity) throw new AppError('IDEMPOTENCY_CONFLICT', 'This idempotency key was used for another request; use a new one');
  return true;
}

/** Writes the choice; whatever else the row's settings hold stays. Messages read it as they are put on their way. @throws AppError IDEMPOTENCY_CONFLICT */
export async function setAlertChoice(db: Db, { actor, idempotencyKey, ...choice }: CommandInput<'setAlertChoice'>): Promise<AlertChoice> {
  const { kind, channel, isEnabled, leastSeverity } = choice;
  return db.tx(async (tx) => {
    // Two requests with one key, then two changes of one choice, at the same moment: the second waits for the first. Always in this order, so that no two wait for each other.
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('notification.alert_choice key ' || $1, 0))`, [idempotencyKey]);
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('notification.alert_choice ' || $1, 0))`, [`${kind}:${channel}`]);
    if (await earlierAnswer(tx, idempotencyKey, choice)) return choice;
    const [stored] = storedSchema.array().parse(await tx.query('SELECT is_enabled AS "isEnabled", settings FROM notification.alert_configs WHERE alert_id = $1', [`${kind}:${channel}`]));
    await tx.query(
      `INSERT INTO notification.alert_configs (alert_id, kind, channel, settings, is_enabled) VALUES ($1, $2, $3, $4::jsonb, $5)
       ON CONFLICT (alert_id) DO UPDATE SET settings = EXCLUDED.settings, is_enabled = EXCLUDED.is_enabled, updated_at = clock_timestamp()`,
      [`${kind}:${channel}`, kind, channel, JSON.stringify({ ...stored?.settings, leastSeverity }), isEnabled],
    );
    await tx.query('INSERT INTO logging.audit_log (actor, action, subject, before, after) VALUES ($1, $2, $3, $4::jsonb, $5::jsonb)', [
      actor, ACTION, `${kind}:${channel}`, JSON.stringify(stored === undefined ? {} : { isEnabled: stored.isEnabled, ...stored.settings }), JSON.stringify({ ...choice, idempotencyKey }),
    ]);
    return choice;
  });
}
