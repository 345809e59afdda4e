/** Invariants of the wire and of the bars: I8 of the outboxes, I9, I10. */
import { SERVICE_IDS } from '#app/domain/ids.ts';
import type { Query, Violation } from './types.ts';

/** I8 and I9: outboxes are numbered 1..n and sent, inboxes hold each event once and nothing that was never said; with `mustBeSettled` nothing waits. */
export async function checkWire(query: Query, mustBeSettled: boolean): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const service of SERVICE_IDS) {
    const [row] = await query<{ n: number; newest: number; seq: number; sent_seq: number }>(
      `SELECT (SELECT count(*) FROM ${service}.outbox) AS n, (SELECT coalesce(max(seq), 0) FROM ${service}.outbox) AS newest, seq, sent_seq FROM ${service}.outbox_head`);
    if (!row) continue;
    if (row.n !== row.newest || row.newest !== row.seq) violations.push({ id: 'I8', subject: `${service}.outbox`, detail: `${row.n} rows, newest ${row.newest}, head ${row.seq}` });
    if (row.sent_seq > row.seq || (mustBeSettled && row.sent_seq !== row.seq)) violations.push({ id: 'I9', subject: `${service}.outbox`, detail: `sent ${row.sent_seq} of ${row.seq}` });
    for (const producer of SERVICE_IDS) {
      const [bad] = await query<{ unsaid: number; beyond: number; offset_seq: number; head: number; has_offset: boolean }>(`
        SELECT (SELECT count(*) FROM ${service}.inbox i WHERE i.producer = $1 AND NOT EXISTS (SELECT FROM ${producer}.outbox o WHERE o.seq = i.seq AND o.topic = i.topic AND o.key = i.key)) AS unsaid,
               (SELECT count(*) FROM ${service}.inbox i WHERE i.producer = $1 AND i.seq > coalesce((SELECT seq FROM ${service}.inbox_offset WHERE producer = $1), 0)) AS beyond,
               coalesce((SELECT seq FROM ${service}.inbox_offset WHERE producer = $1), 0) AS offset_seq, (SELECT seq FROM ${producer}.outbox_head) AS head,
               EXISTS (SELECT FROM ${service}.inbox_offset WHERE producer = $1) AS has_offset`, [producer]);
      if (!bad) continue;
      const subject = `${service} <- ${producer}`;
      if (bad.unsaid > 0) violations.push({ id: 'I9', subject, detail: `${bad.unsaid} inbox rows of events that were never said` });
      if (bad.beyond > 0) violations.push({ id: 'I9', subject, detail: `${bad.beyond} inbox rows beyond the offset` });
      if (bad.offset_seq > bad.head || (mustBeSettled && bad.has_offset && bad.offset_seq !== bad.head)) violations.push({ id: 'I9', subject, detail: `heard ${bad.offset_seq} of ${bad.head}` });
    }
  }
  return violations;
}

/** I10: bars are possible, on their grid, counted right, and each was told exactly once. */
export async function checkBars(query: Query): Promise<Violation[]> {
  const impossible = await query<{ symbol: string; open_time: number }>(`
    SELECT symbol, open_time FROM data_ingestion.market_data
    WHERE NOT (low > 0 AND low <= least(open, close) AND high >= greatest(open, close) AND volume >= 0) OR (timeframe = '1Min' AND extract(second FROM open_time) <> 0) LIMIT 20`);
  const counts = await query<{ symbol: string; timeframe: string; bars: number; noted: number | null }>(`
    SELECT b.symbol, b.timeframe, b.bars, s.bars_total AS noted FROM (SELECT symbol, timeframe, count(*) AS bars, max(open_time) AS newest FROM data_ingestion.market_data GROUP BY 1, 2) b
    LEFT JOIN data_ingestion.ingestion_status s USING (symbol, timeframe) WHERE s.bars_total IS DISTINCT FROM b.bars OR s.last_open_time IS DISTINCT FROM b.newest`);
  const [told] = await query<{ bars: number; told: number }>(`
    SELECT (SELECT count(*) FROM data_ingestion.market_data) AS bars, (SELECT count(*) FROM data_ingestion.outbox WHERE topic = 'bar.closed') AS told`);
  return [
    ...impossible.map((row) => ({ id: 'I10', subject: `${row.symbol} ${new Date(row.open_time).toISOString()}`, detail: 'a bar that cannot be' })),
    ...counts.map((row) => ({ id: 'I10', subject: `${row.symbol} ${row.timeframe}`, detail: `${row.bars} bars are stored, ${row.noted ?? 0} were counted` })),
    ...(told && told.bars !== told.told ? [{ id: 'I10', subject: 'bar.closed', detail: `${told.bars} bars are stored, ${told.told} were told` }] : []),
  ];
}
