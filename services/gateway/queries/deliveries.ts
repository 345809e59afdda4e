/** Deliveries, newest first. */
import { DELIVERY_STATES, type DeliveryList, type DeliveryState, type DeliveryView } from '#app/contracts/deliveries.ts';
import type { Queryable } from '#chassis/db.ts';

const LIST = `
  SELECT delivery_id AS "deliveryId", notification_id AS "notificationId", kind, severity, title, channel, recipient, status, attempts, CASE WHEN status = 'queued' THEN next_attempt_at END AS "nextAttemptAt", error, response,
    digest_id IS NOT NULL AS "isInDigest", created_at AS "createdAt", updated_at AS "updatedAt", sent_at AS "sentAt"
  FROM notification.deliveries WHERE $2 OR channel <> 'desktop' ORDER BY created_at DESC, delivery_id LIMIT $1`;
const WEEK = `SELECT status, count(*)::int AS n FROM notification.deliveries WHERE created_at > clock_timestamp() - interval '7 days' AND ($1 OR channel <> 'desktop') GROUP BY status`;

/** Reads the list with the numbers of the last seven days. `now` is EpochMs. */
export async function readDeliveries(db: Queryable, query: { scope: 'outside' | 'all'; limit: number }, now: number): Promise<DeliveryList> {
  const isAll = query.scope === 'all';
  const [deliveries, counts] = await Promise.all([db.query<DeliveryView>(LIST, [query.limit, isAll]), db.query<{ status: DeliveryState; n: number }>(WEEK, [isAll])]);
  const week = Object.fromEntries(DELIVERY_STATES.map((state) => [state, counts.find((row) => row.status === state)?.n ?? 0])) as Record<DeliveryState, number>;
  return { deliveries, week, at: now };
}
