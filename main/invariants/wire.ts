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
    // A lane of its own hears a producer under a name of its own.
    const lanes = await query<{ key: string }>(`SELECT producer AS key FROM ${service}.inbox_offset WHERE producer LIKE '%/%' ORDER BY producer`);
    for (const key of [...SERVICE_IDS, ...lanes.map((lane) => lane.key)]) {
      const producer = SERVICE_IDS.find((id) => id === key.split('/')[0]);
      if (producer === undefined) continue;
      const [bad] = await query<{ unsaid: number; beyond: number; offset_seq: number; head: number; has_offset: boolean }>(`
        SELECT (SELECT count(*) FROM ${service}.inbox i WHERE i.producer = $1 AND NOT EXISTS (SELECT FROM ${producer}.outbox o WHERE o.seq = i.seq AND o.topic = i.topic AND o.key = i.key)) AS unsaid,
               (SELECT count(*) FROM ${service}.inbox i WHERE i.producer = $1 AND i.seq > coalesce((SELECT seq FROM ${service}.inbox_offset WHERE producer = $1), 0)) AS beyond,
               coalesce((SELECT seq FROM ${service}.inbox_offset WHERE producer = $1), 0) AS offset_seq, (SELECT seq FROM ${producer}.outbox_head) AS head,
               EXISTS (SELECT FROM ${service}.inbox_offset WHERE producer = $1) AS has_offset`, [key]);
      if (!bad) continue;
      const subject = `${service} <- ${key}`;
      if (bad.unsaid > 0) violations.push({ id: 'I9', subject, detail: `${bad.unsaid} inbox rows of events that were never said` });
      if (bad.beyond > 0) violations.push({ id: 'I9', subject, detail: `${bad.beyond} inbox rows beyond the offset` });
      if (bad.offset_seq > bad.head || (mustBeSettled && bad.has_offset && bad.offset_seq !== bad.head)) violations.push({ id: 'I9', subject, detail: `heard ${bad.offset_seq} of ${bad.head}` });
    }
  }
  return violations;
}

/** The key under which a stored bar is told. */
const TOLD_KEY = `m.symbol || ':' || m.timeframe || ':' || (extract(epoch FROM m.open_time) * 1000)::bigint`;
/** Series of which no bar was ever changed or taken out, and none lies in a file: what the book holds of them is what it was given. */
const UNTOUCHED = `s.revisions = 0 AND NOT EXISTS (SELECT FROM data_ingestion.archived_months a WHERE a.timeframe IN (s.timeframe, '*'))`;

/**
 * I10: bars are possible, on their grid, counted right, and those of the stream and of its repairs were told exactly once. History (back-fills, imports) is told to nobody;
 * of a series that was corrected, or of which months lie in the archive, the book holds at most what was counted.
 */
export async function checkBars(query: Query): Promise<Violation[]> {
  const impossible = await query<{ symbol: string; open_time: number }>(`
    SELECT symbol, open_time FROM data_ingestion.market_data
    WHERE NOT (low > 0 AND low <= least(open, close) AND high >= greatest(open, close) AND volume >= 0) OR (timeframe = '1Min' AND extract(second FROM open_time) <> 0) LIMIT 20`);
  const counts = await query<{ symbol: string; timeframe: string; bars: number; noted: number | null }>(`
    SELECT b.symbol, b.timeframe, b.bars, s.bars_total AS noted FROM (SELECT symbol, timeframe, count(*) AS bars, max(open_time) AS newest FROM data_ingestion.market_data GROUP BY 1, 2) b
    LEFT JOIN data_ingestion.ingestion_status s USING (symbol, timeframe)
    WHERE s.symbol IS NULL OR b.bars > s.bars_total OR b.newest > s.last_open_time OR (${UNTOUCHED} AND (b.bars <> s.bars_total OR b.newest <> s.last_open_time)) LIMIT 20`);
  const [told] = await query<{ doubled: number; untold: number; lost: number }>(`
    SELECT (SELECT count(*) - count(DISTINCT key) FROM data_ingestion.outbox WHERE topic = 'bar.closed') AS doubled,
      (SELECT count(*) FROM data_ingestion.market_data m JOIN data_ingestion.ingestion_status s USING (symbol, timeframe)
       WHERE m.source IN ('stream', 'rest') AND ${UNTOUCHED} AND NOT EXISTS (SELECT FROM data_ingestion.outbox o WHERE o.topic = 'bar.closed' AND o.key = ${TOLD_KEY})) AS untold,
      (SELECT count(*) FROM data_ingestion.outbox o JOIN data_ingestion.ingestion_status s ON s.symbol = o.payload->>'symbol' AND s.timeframe = o.payload->>'timeframe'
       WHERE o.topic = 'bar.closed' AND ${UNTOUCHED} AND NOT EXISTS (SELECT FROM data_ingestion.market_data m WHERE m.symbol = s.symbol AND m.timeframe = s.timeframe AND o.key = ${TOLD_KEY})) AS lost`);
  const wire = [[told?.doubled ?? 0, 'bars were told twice'], [told?.untold ?? 0, 'stored bars of the stream were never told'], [told?.lost ?? 0, 'bars were told that are not stored']] as const;
  return [
    ...impossible.map((row) => ({ id: 'I10', subject: `${row.symbol} ${new Date(row.open_time).toISOString()}`, detail: 'a bar that cannot be' })),
    ...counts.map((row) => ({ id: 'I10', subject: `${row.symbol} ${row.timeframe}`, detail: `${row.bars} bars are stored, ${row.noted ?? 0} were counted` })),
    ...wire.filter(([count]) => count > 0).map(([count, what]) => ({ id: 'I10', subject: 'bar.closed', detail: `${count} ${what}` })),
  ];
}
