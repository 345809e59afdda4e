/** Recording what a person should hear of. The desktop shows what is recorded here. */
import type { EventEnvelope } from '#app/contracts/events.ts';
import type { ConsumerSpec } from '#chassis/consumer.ts';
import type { Queryable } from '#chassis/db.ts';
import { noticeOf, type Notice } from './notices.ts';

const INSERT = `
  INSERT INTO notification.notification_logs (notification_id, kind, severity, title, body, channel, status, context)
  SELECT n.id, n.kind, n.severity, n.title, n.body, 'desktop', 'recorded', n.context::jsonb
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS n(id, kind, severity, title, body, context)
  ON CONFLICT DO NOTHING`;

/** Records notices, each id once. */
export async function record(db: Queryable, notices: readonly Notice[]): Promise<void> {
  if (notices.length === 0) return;
  await db.query(INSERT, [
    notices.map((n) => n.notificationId), notices.map((n) => n.kind), notices.map((n) => n.severity), notices.map((n) => n.title), notices.map((n) => n.body), notices.map((n) => JSON.stringify(n.context)),
  ]);
}

async function hear(db: Queryable, events: readonly EventEnvelope[]): Promise<void> {
  await record(db, events.map(noticeOf).filter((notice) => notice !== null));
}

/** The consumers of notification. */
export function notificationConsumers(): ConsumerSpec[] {
  return [
    { producer: 'execution', topics: ['order.filled', 'order.closed'], durability: 'soon', handle: hear },
    { producer: 'risk_management', topics: ['risk_event.raised', 'trading_state.changed', 'order.denied'], durability: 'soon', handle: hear },
  ];
}
