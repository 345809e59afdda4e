/** Never a flood: mails over the hourly limit are held, and one digest tells of them. */
import type { Mode } from '#app/contracts/config.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import { second } from '../letters/figures.ts';
import type { Letter } from '../letters/letter.ts';
import { queueDeliveries } from './store.ts';
import type { Severity } from './ways.ts';

/** Mails to one address within an hour. Critical ones have a limit of their own, above the other. */
export type MailLimits = { readonly perHour: number; readonly criticalPerHour: number };
/** The limits in force. */
export const MAIL_LIMITS: MailLimits = { perHour: 20, criticalPerHour: 40 };
/** What a digest is made of. `domain` is that of the sender. */
export type DigestParts = { readonly instanceId: string; readonly mode: Mode; readonly domain: string; readonly limits: MailLimits; readonly now: () => number };

const TITLES_MAX = 40;

const HOLD = `
  WITH spent AS (SELECT recipient, count(*)::int AS n FROM notification.deliveries WHERE channel = 'email' AND handed_over_at > clock_timestamp() - interval '1 hour' GROUP BY recipient)
  UPDATE notification.deliveries d SET status = 'held', updated_at = clock_timestamp(), error = 'Held: ' || spent.n || ' mails went to this address within the hour; a digest tells of it'
  FROM spent WHERE d.recipient = spent.recipient AND d.channel = 'email' AND d.status = 'queued' AND d.attempts = 0 AND d.kind <> 'digest' AND spent.n >= CASE d.severity WHEN 'critical' THEN $2::int ELSE $1::int END`;

/** Sets aside what would exceed the limits. */
export async function holdSurplus(db: Queryable, limits: MailLimits): Promise<void> {
  await db.query(HOLD, [limits.perHour, limits.criticalPerHour]);
}

const RIPE = `
  SELECT recipient FROM notification.deliveries h WHERE status = 'held' AND digest_id IS NULL
  GROUP BY recipient HAVING min(updated_at) < clock_timestamp() - interval '1 hour' OR (SELECT count(*) FROM notification.deliveries s WHERE s.channel = 'email' AND s.recipient = h.recipient AND s.handed_over_at > clock_timestamp() - interval '1 hour') <= $1::int / 2`;

type Held = { deliveryId: string; title: string; severity: Severity; createdAt: number };

function digestLetter(held: readonly Held[], mode: Mode, at: number): Letter {
  const critical = held.filter((row) => row.severity === 'critical').length;
  const noun = held.length === 1 ? 'message was' : 'messages were';
  return {
    subject: `[${mode.toUpperCase()}] ${held.length} ${noun} held back`, title: `${held.length} ${noun} held back`, severity: critical > 0 ? 'critical' : 'warning', mode, at,
    intro: [`More mails were due within an hour than this address is sent. ${held.length} ${noun} not sent one by one; this is all of them.`],
    sections: [{
      kind: 'table', title: 'What was held', source: 'Records of deliveries', asOf: at, columns: [{ label: 'What', isNumber: false }],
      rows: held.slice(0, TITLES_MAX).map((row) => [{ text: row.title, tone: row.severity === 'critical' ? 'loss' as const : null, note: `${row.severity}, ${second(row.createdAt)}` }]), more: Math.max(0, held.length - TITLES_MAX),
    }],
    footer: 'The health page of the application lists every message in full.',
  };
}

/** Queues one digest for each address whose hour has calmed down, or that has waited an hour for a flood to end; what it tells of is marked with it in the same transaction. @returns how many */
export async function queueDigests(db: Db, { instanceId, mode, domain, limits, now }: DigestParts): Promise<number> {
  const ripe = await db.query<{ recipient: string }>(RIPE, [limits.perHour]);
  for (const { recipient } of ripe) {
    await db.tx(async (tx) => {
      const held = await tx.query<Held>(`SELECT delivery_id AS "deliveryId", title, severity, created_at AS "createdAt" FROM notification.deliveries WHERE status = 'held' AND digest_id IS NULL AND recipient = $1 ORDER BY created_at, delivery_id FOR UPDATE`, [recipient]);
      const [first] = held;
      if (!first) return;
      const notificationId = `digest:${first.deliveryId}`;
      await queueDeliveries(tx, instanceId, { notificationId, kind: 'digest', letter: digestLetter(held, mode, now()) }, [{ channel: 'email', recipient, domain }]);
      await tx.query('UPDATE notification.deliveries SET digest_id = $2, updated_at = clock_timestamp() WHERE delivery_id = ANY($1::text[])', [held.map((row) => row.deliveryId), notificationId]);
    });
  }
  return ripe.length;
}
