/** Deliveries in the book: queued once, claimed by one postman, and marked before anything irrevocable happens. */
import { createHash } from 'node:crypto';
import type { Queryable } from '#chassis/db.ts';
import { plainJson, plainText } from '#chassis/plain-text.ts';
import { letterSchema, type Letter } from '../letters/letter.ts';
import type { Way } from './ways.ts';

/** The channels that a postman serves; what the desktop shows is delivered by being recorded. */
export type CarriedChannel = 'email' | 'webhook';

/** Something to tell people, before it is put on its ways. `notificationId` is a function of what happened: one event, one notification. */
export type Message = { readonly notificationId: string; readonly kind: string; readonly letter: Letter };

/** A delivery that a postman has claimed. */
export type Claimed = {
  readonly deliveryId: string; readonly notificationId: string; readonly kind: string; readonly recipient: string; readonly attempts: number;
  readonly messageId: string; readonly createdAt: number; readonly letter: Letter;
};

/** What became of an attempt. `unknown`: it was handed over and nobody answered, so it is never repeated by itself. `isSetup`: not this message, but how the channel is set up. */
export type Outcome = { readonly status: 'sent'; readonly response: string | null } | { readonly status: 'retry' | 'failed' | 'unknown'; readonly reason: string; readonly isSetup?: boolean };

/** A delivery not sent within this time is given up. */
export const GIVE_UP_HOURS = 24;
const MAX_WORDS = 1_000;

/** The name of a delivery, the same whenever it is worked out. */
function deliveryIdOf(instanceId: string, notificationId: string, way: Way): string {
  return createHash('sha256').update([instanceId, notificationId, way.channel, way.recipient].join('\n')).digest('hex').slice(0, 32);
}

const QUEUE = `
  INSERT INTO notification.deliveries (delivery_id, notification_id, kind, severity, title, channel, recipient, status, message_id, payload, sent_at)
  SELECT d.id, $1, $2, $3, $4, d.channel, d.recipient, CASE d.channel WHEN 'desktop' THEN 'sent' ELSE 'queued' END, d.message_id, $5::jsonb, CASE d.channel WHEN 'desktop' THEN clock_timestamp() END
  FROM unnest($6::text[], $7::text[], $8::text[], $9::text[]) AS d(id, channel, recipient, message_id)
  ON CONFLICT DO NOTHING RETURNING channel`;

/** Puts a message on its ways; a way that it is on already stays as it is. @returns how many are new */
export async function queueDeliveries(db: Queryable, instanceId: string, message: Message, ways: readonly Way[]): Promise<number> {
  if (ways.length === 0) return 0;
  const { notificationId, kind, letter } = message;
  const ids = ways.map((way) => deliveryIdOf(instanceId, notificationId, way));
  const rows = await db.query(QUEUE, [
    notificationId, kind, letter.severity, plainText(letter.title), plainJson(letter), ids, ways.map((way) => way.channel), ways.map((way) => way.recipient),
    ways.map((way, n) => (way.channel === 'email' ? `<${ids[n] ?? ''}@${way.domain}>` : null)),
  ]);
  return rows.length;
}

/**
 * What an earlier process left behind. A dialogue that was not handed over has reached nobody and begins anew; a mail that was handed over
 * without an answer may have arrived. A webhook's receiver knows each key once, so its calls are repeated.
 */
export async function recoverDeliveries(db: Queryable): Promise<{ again: number; unknown: number }> {
  const again = await db.query(`UPDATE notification.deliveries SET status = 'queued', holder = NULL, next_attempt_at = clock_timestamp(), updated_at = clock_timestamp() WHERE status = 'sending' OR (status = 'handing_over' AND channel <> 'email') RETURNING 1`);
  const unknown = await db.query(
    `UPDATE notification.deliveries SET status = 'unknown', updated_at = clock_timestamp(), error = 'It was handed to the server, and this part was stopped before the server''s answer was written down. It is not sent again by itself.'
     WHERE status = 'handing_over' AND channel = 'email' RETURNING 1`,
  );
  return { again: again.length, unknown: unknown.length };
}

const CLAIM = `
  UPDATE notification.deliveries SET status = 'sending', attempts = attempts + 1, holder = $2, updated_at = clock_timestamp()
  WHERE delivery_id = (
    SELECT delivery_id FROM notification.deliveries WHERE channel = $1 AND status = 'queued' AND next_attempt_at <= clock_timestamp()
    ORDER BY severity = 'critical' DESC, created_at, delivery_id LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING delivery_id AS "deliveryId", notification_id AS "notificationId", kind, recipient, attempts, coalesce(message_id, '') AS "messageId", created_at AS "createdAt", payload AS letter`;

/** Takes the next delivery that is due, null when there is none. `holder` names this process. One whose letter cannot be read has failed: the others go on. */
export async function claimDelivery(db: Queryable, channel: CarriedChannel, holder: string): Promise<Claimed | null> {
  for (;;) {
    const [row] = await db.query<Claimed>(CLAIM, [channel, holder]);
    if (!row) return null;
    const letter = letterSchema.safeParse(row.letter);
    if (letter.success) return { ...row, letter: letter.data };
    const issue = letter.error.issues[0];
    await finishDelivery(db, { deliveryId: row.deliveryId, holder }, { status: 'failed', reason: `This version cannot read what was to be sent (${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a letter'})` }, 0);
  }
}

/** Milliseconds until the next delivery of a channel is due, at most `mostMs`. */
export async function dueInMs(db: Queryable, channel: CarriedChannel, mostMs: number): Promise<number> {
  const [row] = await db.query<{ ms: number | null }>(`SELECT (extract(epoch FROM min(next_attempt_at) - clock_timestamp()) * 1000)::float8 AS ms FROM notification.deliveries WHERE channel = $1 AND status = 'queued'`, [channel]);
  return Math.min(mostMs, Math.max(0, row?.ms ?? mostMs));
}

/** Commits that the last byte is about to leave. False when the claim is no longer ours: then it must not leave. */
export async function markHandingOver(db: Queryable, deliveryId: string, holder: string): Promise<boolean> {
  const rows = await db.query(
    `UPDATE notification.deliveries SET status = 'handing_over', handed_over_at = clock_timestamp(), updated_at = clock_timestamp() WHERE delivery_id = $1 AND holder = $2 AND status = 'sending' RETURNING 1`, [deliveryId, holder],
  );
  return rows.length === 1;
}

const FINISH = `
  UPDATE notification.deliveries SET status = $3, error = $4, response = $5, next_attempt_at = clock_timestamp() + $6::float8 * interval '1 millisecond', updated_at = clock_timestamp(),
    sent_at = CASE $3 WHEN 'sent' THEN clock_timestamp() END,
    handed_over_at = CASE WHEN $3 = 'queued' THEN NULL ELSE handed_over_at END
  WHERE delivery_id = $1 AND holder = $2 AND status IN ('sending', 'handing_over', 'unknown')`;

/** Writes down what became of an attempt; a retry is due after `delayMs`. A late answer also clears up an unknown. */
export async function finishDelivery(db: Queryable, claim: { deliveryId: string; holder: string }, outcome: Outcome, delayMs: number): Promise<void> {
  const status = outcome.status === 'retry' ? 'queued' : outcome.status;
  // The words are the receiver's: what cannot be stored must not keep the outcome from being written down.
  const words = (text: string | null): string | null => (text === null ? null : plainText(text.slice(0, MAX_WORDS)));
  const [reason, response] = outcome.status === 'sent' ? [null, words(outcome.response)] : [words(outcome.reason), null];
  await db.query(FINISH, [claim.deliveryId, claim.holder, status, reason, response, delayMs]);
}

/** Gives up what could not be sent in a day; what is told by then is no news. @returns how many */
export async function giveUpOld(db: Queryable): Promise<number> {
  const rows = await db.query(
    `UPDATE notification.deliveries SET status = 'failed', updated_at = clock_timestamp(), error = 'Given up after ${GIVE_UP_HOURS} hours' || coalesce('. The last answer: ' || error, '')
     WHERE status = 'queued' AND created_at < clock_timestamp() - interval '${GIVE_UP_HOURS} hours' RETURNING 1`,
  );
  return rows.length;
}

/** Kept for half a year; the looks at the parts, one every five minutes, for a month. */
const OLD = [
  { table: 'notification.deliveries', where: `status NOT IN ('queued', 'sending', 'handing_over') AND created_at < clock_timestamp() - interval '180 days'` },
  { table: 'notification.health_checks', where: `at < clock_timestamp() - interval '31 days'` },
] as const;
const BATCH = 5_000;
const MAX_BATCHES = 200;

/** Removes what is beyond its time, in pieces: after a long time there may be more than one statement can remove. The next day goes on. */
export async function removeOld(db: Queryable): Promise<void> {
  for (const { table, where } of OLD) {
    for (let n = 0; n < MAX_BATCHES; n += 1) {
      const [gone] = await db.query<{ rows: number }>(`WITH gone AS (DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${where} LIMIT ${BATCH})) RETURNING 1) SELECT count(*) AS rows FROM gone`);
      if ((gone?.rows ?? 0) < BATCH) break;
    }
  }
}

/** How the deliveries of some notifications stand. */
export type Standing = { readonly channel: string; readonly recipient: string; readonly status: string; readonly attempts: number; readonly error: string | null };

/** How the deliveries of notifications stand, by id. */
export function standingOf(db: Queryable, notificationIds: readonly string[]): Promise<Standing[]> {
  return db.query<Standing>('SELECT channel, recipient, status, attempts, error FROM notification.deliveries WHERE notification_id = ANY($1::text[]) ORDER BY channel, recipient', [notificationIds]);
}
