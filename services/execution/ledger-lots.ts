/** Lots of a ledger that was written before there were lots: worked out once, from its fills. */
import { money, price, quantity, toText, ZERO_MONEY, type Price } from '#app/domain/numeric.ts';
import type { Side } from '#app/domain/order.ts';
import { openingBook } from '#app/domain/position-book.ts';
import { foldLedger, type LedgerLine } from '#app/domain/position-fold.ts';
import { epochMs } from '#app/domain/time.ts';
import { at, type Db, type Queryable } from '#chassis/db.ts';

type Trade = { fill_id: string; strategy_id: string | null; symbol: string; side: Side; qty: string; price: string; ts_event: number; ledger_seq: number };

async function readLines(db: Queryable): Promise<LedgerLine[]> {
  const trades = await db.query<Trade>('SELECT fill_id, strategy_id, symbol, side, qty, price, ts_event, ledger_seq FROM execution.trades ORDER BY ledger_seq');
  return trades.map((row): LedgerLine => ({
    line: 'fill', fill: { fillId: row.fill_id, seq: row.ledger_seq, at: epochMs(row.ts_event), symbol: row.symbol, side: row.side, qty: quantity(row.qty), price: price(row.price), fee: ZERO_MONEY, strategyId: row.strategy_id ?? '' },
  }));
}

/** Writes the lots of a ledger that has positions or fills but never had a lot; any other is left as it is. */
export async function rebuildLots(db: Db): Promise<void> {
  const [state] = await db.query<{ isOld: boolean }>(
    `SELECT NOT EXISTS (SELECT FROM execution.lots) AND NOT EXISTS (SELECT FROM execution.ledger_entries) AND EXISTS (SELECT FROM execution.positions WHERE qty <> 0) AS "isOld"`,
  );
  if (state?.isOld !== true) return;
  await db.tx(async (tx) => {
    await tx.query('SELECT 1 FROM execution.account_ledger FOR UPDATE');
    const openings = await tx.query<{ symbol: string; qty: string; avg_price: string; opened_at: number }>('SELECT symbol, qty, avg_price, opened_at FROM execution.opening_positions');
    const { books } = foldLedger(openings.map((row) => openingBook({ symbol: row.symbol, qty: quantity(row.qty), avgPrice: money(row.avg_price) as unknown as Price, at: epochMs(row.opened_at) })), await readLines(tx));
    const lots = [...books].flatMap(([symbol, book]) => book.lots.map((lot) => ({ symbol, ...lot })));
    await tx.query(
      `INSERT INTO execution.lots (lot_id, symbol, opened_seq, opened_at, qty_opened, qty, price)
       SELECT l.lot_id, l.symbol, l.seq, l.opened_at, l.qty, l.qty, l.price FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::numeric[], $6::numeric[]) AS l(lot_id, symbol, seq, opened_at, qty, price)
       ON CONFLICT DO NOTHING`,
      [lots.map((lot) => lot.lotId), lots.map((lot) => lot.symbol), lots.map((lot) => lot.openedSeq), lots.map((lot) => at(lot.openedAt)), lots.map((lot) => toText(lot.qty)), lots.map((lot) => toText(lot.price))],
    );
  });
}
