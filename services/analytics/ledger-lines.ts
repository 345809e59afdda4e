/** Lines of the ledger, fills and entries, as analytics reads them out of the book. */
import { money, price, quantity } from '#app/domain/numeric.ts';
import type { Side } from '#app/domain/order.ts';
import type { EntryKind } from '#app/domain/position-book.ts';
import type { LedgerLine } from '#app/domain/position-fold.ts';
import { epochMs } from '#app/domain/time.ts';
import type { Queryable } from '#chassis/db.ts';

type Row = {
  kind: EntryKind | 'fill'; id: string; strategyId: string; toStrategyId: string | null; symbol: string | null; side: Side | null; qty: string; price: string | null; fee: string; cash: string; shareQty: string; tsEvent: number; ledgerSeq: number;
};

const FILLS = `SELECT 'fill' AS kind, t.fill_id AS id, coalesce(t.strategy_id, '') AS "strategyId", NULL AS "toStrategyId", t.symbol, t.side, t.qty::text AS qty, t.price::text AS price, t.fee::text AS fee, '0' AS cash, '0' AS "shareQty", t.ts_event AS "tsEvent", t.ledger_seq AS "ledgerSeq"
  FROM execution.trades t`;
const ENTRIES = `SELECT e.kind, e.entry_id AS id, e.strategy_id AS "strategyId", e.to_strategy_id AS "toStrategyId", e.symbol, NULL AS side, e.qty_change::text AS qty, e.price::text AS price, '0' AS fee, e.cash_change::text AS cash, e.share_qty::text AS "shareQty", e.ts_event AS "tsEvent", e.ledger_seq AS "ledgerSeq"
  FROM execution.ledger_entries e`;

/** Not heard yet: said, and behind what this service has taken from its inbox. */
const unheard = (topic: string, id: string): string => `NOT EXISTS (
  SELECT FROM execution.outbox b WHERE b.topic = '${topic}' AND b.key = ${id} AND b.seq > coalesce((SELECT seq FROM analytics.inbox_offset WHERE producer = 'execution'), 0))`;

function lineOf(row: Row): LedgerLine {
  const at = epochMs(row.tsEvent);
  if (row.kind === 'fill') {
    return { line: 'fill', fill: { fillId: row.id, seq: row.ledgerSeq, at, strategyId: row.strategyId, symbol: row.symbol ?? '', side: row.side ?? 'buy', qty: quantity(row.qty), price: price(row.price ?? '0'), fee: money(row.fee) } };
  }
  return {
    line: 'entry', entry: {
      entryId: row.id, seq: row.ledgerSeq, at, kind: row.kind, symbol: row.symbol, strategyId: row.strategyId, toStrategyId: row.toStrategyId, cashChange: money(row.cash), qtyChange: quantity(row.qty), shareQty: quantity(row.shareQty),
      price: row.price === null ? null : price(row.price),
    },
  };
}

/** A page of the lines that this service has heard already, in the order of the ledger, behind number `after`. */
export async function readHeardLines(db: Queryable, after: number, limit: number): Promise<LedgerLine[]> {
  const rows = await db.query<Row>(
    `SELECT * FROM (${FILLS} WHERE t.ledger_seq > $1 AND ${unheard('order.filled', 't.fill_id')} UNION ALL ${ENTRIES} WHERE e.ledger_seq > $1 AND ${unheard('ledger.entered', 'e.entry_id')}) l ORDER BY "ledgerSeq" LIMIT $2`, [after, limit],
  );
  return rows.map(lineOf);
}

/** The lines of these fills and entries, in the order of the ledger. */
export async function readLines(db: Queryable, { fillIds, entryIds }: { readonly fillIds: readonly string[]; readonly entryIds: readonly string[] }): Promise<LedgerLine[]> {
  const rows = await db.query<Row>(`SELECT * FROM (${FILLS} WHERE t.fill_id = ANY($1) UNION ALL ${ENTRIES} WHERE e.entry_id = ANY($2)) l ORDER BY "ledgerSeq"`, [fillIds, entryIds]);
  return rows.map(lineOf);
}
