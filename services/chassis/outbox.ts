/** Reading outboxes: the log of every service, in the order in which it was committed. */
import { parseEnvelope, type EventEnvelope } from '#app/contracts/events.ts';
import { SERVICE_IDS, type ServiceId } from '#app/domain/ids.ts';
import type { Queryable } from './db.ts';

type OutboxRow = { seq: number; topic: string; key: string; correlation_id: string; payload: unknown; written_at: number };

/**
 * The events of a producer after `afterSeq`, at most `limit`, in order. A topic of a newer version keeps its number but is left out.
 * @throws ZodError when a stored payload does not fit its contract.
 */
export async function outboxRows(db: Queryable, producer: ServiceId, afterSeq: number, limit: number): Promise<EventEnvelope[]> {
  const rows = await db.query<OutboxRow>(
    `SELECT seq, topic, key, correlation_id, payload, written_at FROM ${producer}.outbox WHERE seq > $1 ORDER BY seq LIMIT $2`, [afterSeq, limit],
  );
  return rows
    .map((row) => parseEnvelope({ producer, seq: row.seq, topic: row.topic, key: row.key, correlationId: row.correlation_id, tsWritten: row.written_at, payload: row.payload }))
    .filter((envelope) => envelope !== null);
}

/** The last number of every producer's outbox. */
export async function outboxHeads(db: Queryable, producers: readonly ServiceId[] = SERVICE_IDS): Promise<Map<ServiceId, number>> {
  const parts = producers.map((producer) => `SELECT '${producer}' AS producer, seq FROM ${producer}.outbox_head`);
  const rows = await db.query<{ producer: ServiceId; seq: number }>(parts.join(' UNION ALL '));
  return new Map(rows.map((row) => [row.producer, row.seq]));
}
