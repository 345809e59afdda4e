/** The fills of the ledger with the price on which each order was decided, read in pages. An order placed elsewhere was not decided here. */
import type { ReferencedFill } from '#app/analytics/trip-summary.ts';
import { money, price, quantity } from '#app/domain/numeric.ts';
import type { Side } from '#app/domain/order.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import { at, type Queryable } from '#chassis/db.ts';

const PAGE = 20_000;
const MAX_PAGES = 500;

type TradeRow = { strategyId: string; symbol: string; side: Side; qty: string; price: string; fee: string; tsEvent: number; ledgerSeq: number; reference: number | null };

/** All fills before an instant (null = all), in the order of the ledger. */
export async function readFills(db: Queryable, until: EpochMs | null): Promise<ReferencedFill[]> {
  const fills: ReferencedFill[] = [];
  let after = 0;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const rows = await db.query<TradeRow>(
      `SELECT coalesce(t.strategy_id, '') AS "strategyId", t.symbol, t.side, t.qty::text AS qty, t.price::text AS price, t.fee::text AS fee, t.ts_event AS "tsEvent", t.ledger_seq AS "ledgerSeq", CASE o.source WHEN 'broker' THEN NULL ELSE o.reference_price::float8 END AS reference
       FROM execution.trades t LEFT JOIN execution.orders o USING (order_id) WHERE t.ledger_seq > $1 AND t.ts_event < $2 ORDER BY t.ledger_seq LIMIT ${PAGE}`, [after, until === null ? 'infinity' : at(until)],
    );
    for (const row of rows) fills.push({ strategyId: row.strategyId, symbol: row.symbol, side: row.side, qty: quantity(row.qty), price: price(row.price), fee: money(row.fee), tsEvent: epochMs(row.tsEvent), reference: row.reference });
    after = rows.at(-1)?.ledgerSeq ?? after;
    if (rows.length < PAGE) break;
  }
  return fills;
}
