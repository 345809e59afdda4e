/** Facts about risk that a person should know: written once by their id, and told on the wire when they are new. */
import type { Finding } from '#app/risk/monitor.ts';
import type { Tx } from '#chassis/db.ts';

const INSERT = `
  INSERT INTO risk_management.risk_events (risk_event_id, severity, code, message, context)
  SELECT e.id, e.severity, e.code, e.message, e.context::jsonb FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS e(id, severity, code, message, context)
  ON CONFLICT DO NOTHING RETURNING risk_event_id`;

/** Writes what is not known yet and emits it. Returns the ids that were new. */
export async function recordRiskEvents(tx: Tx, found: readonly Finding[]): Promise<string[]> {
  if (found.length === 0) return [];
  const rows = await tx.query<{ risk_event_id: string }>(INSERT, [
    found.map((f) => f.riskEventId), found.map((f) => f.severity), found.map((f) => f.code), found.map((f) => f.message), found.map((f) => JSON.stringify(f.context)),
  ]);
  const fresh = new Set(rows.map((row) => row.risk_event_id));
  for (const { riskEventId, severity, code, message, context } of found) {
    if (!fresh.delete(riskEventId)) continue;
    tx.emit({ topic: 'risk_event.raised', key: riskEventId, correlationId: riskEventId, payload: { riskEventId, severity, code, message, context: { ...context } } });
  }
  return rows.map((row) => row.risk_event_id);
}
