/** One symbol's books as rows: account, shares and lots, read and written together. The account's ledger row must be locked. */
import { money, price, quantity, toText, type Price } from '#app/domain/numeric.ts';
import type { Lot } from '#app/domain/lots.ts';
import { emptyBook, type BookStep, type SymbolBook } from '#app/domain/position-book.ts';
import { flatPosition, type Position } from '#app/domain/position.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { at, type Queryable, type Tx } from '#chassis/db.ts';

/** A position as it is stored. */
export type PositionRow = { qty: string; avg_price: string | null; realized_pnl: string };

/** Row -> position; flat without a row. */
export function positionOf(symbol: string, row: PositionRow | undefined): Position {
  if (!row) return flatPosition(symbol);
  return { symbol, qty: quantity(row.qty), avgPrice: row.avg_price === null ? null : price(row.avg_price), realizedPnl: money(row.realized_pnl) };
}

/** Position -> columns qty, avg_price, realized_pnl. */
export function positionColumns(position: Position): readonly [string, string | null, string] {
  return [toText(position.qty), position.avgPrice === null ? null : toText(position.avgPrice), toText(position.realizedPnl)];
}

type LotRow = { lot_id: string; opened_seq: number; opened_at: number; qty: string; price: string };

/** The open lots of a symbol, oldest first. @param limit how many at most */
export async function readLots(db: Queryable, symbol: string, limit: number | null = null): Promise<Lot[]> {
  const rows = await db.query<LotRow>('SELECT lot_id, opened_seq, opened_at, qty, price FROM execution.lots WHERE symbol = $1 AND qty <> 0 ORDER BY opened_seq, lot_id LIMIT $2', [symbol, limit]);
  return rows.map((row) => ({ lotId: row.lot_id, openedSeq: row.opened_seq, openedAt: row.opened_at as EpochMs, qty: quantity(row.qty), price: quantity(row.price) as unknown as Price }));
}

/** A symbol's books with the version of its position (0 = none yet). */
export async function readSymbolBook(db: Queryable, symbol: string): Promise<{ book: SymbolBook; version: number }> {
  const rows = await db.query<PositionRow & { owner: string | null; version: number }>(
    `SELECT NULL AS owner, qty, avg_price, realized_pnl, version FROM execution.positions WHERE symbol = $1
     UNION ALL SELECT strategy_id, qty, avg_price, realized_pnl, 0 FROM execution.strategy_positions WHERE symbol = $1`, [symbol],
  );
  const account = rows.find((row) => row.owner === null);
  const shares = new Map(rows.flatMap((row): [string, Position][] => (row.owner === null ? [] : [[row.owner, positionOf(symbol, row)]])));
  if (!account) return { book: emptyBook(symbol), version: 0 };
  return { book: { account: positionOf(symbol, account), shares, lots: await readLots(db, symbol) }, version: account.version };
}

function isSame(a: Position | undefined, b: Position): boolean {
  return a !== undefined && JSON.stringify(positionColumns(a)) === JSON.stringify(positionColumns(b));
}

async function writeLots(tx: Tx, before: SymbolBook, after: BookStep, seq: number): Promise<void> {
  const known = new Map(before.lots.map((lot) => [lot.lotId, lot]));
  const standing = new Set(after.lots.map((lot) => lot.lotId));
  const gone = before.lots.filter((lot) => !standing.has(lot.lotId)).map((lot) => lot.lotId);
  const moved = after.lots.filter((lot) => {
    const old = known.get(lot.lotId);
    return old === undefined || !old.qty.eq(lot.qty) || !old.price.eq(lot.price);
  });
  if (gone.length > 0) await tx.query('UPDATE execution.lots SET qty = 0 WHERE lot_id = ANY($1)', [gone]);
  if (moved.length > 0) {
    await tx.query(
      `INSERT INTO execution.lots (lot_id, symbol, opened_seq, opened_at, qty_opened, qty, price)
       SELECT l.lot_id, $1, l.seq, l.opened_at, l.qty, l.qty, l.price FROM unnest($2::text[], $3::bigint[], $4::timestamptz[], $5::numeric[], $6::numeric[]) AS l(lot_id, seq, opened_at, qty, price)
       ON CONFLICT (lot_id) DO UPDATE SET qty = excluded.qty, price = excluded.price`,
      [after.account.symbol, moved.map((lot) => lot.lotId), moved.map((lot) => lot.openedSeq), moved.map((lot) => at(lot.openedAt)), moved.map((lot) => toText(lot.qty)), moved.map((lot) => toText(lot.price))],
    );
  }
  const { closures } = after;
  if (closures.length === 0) return;
  await tx.query(
    `INSERT INTO execution.lot_closures (lot_id, closed_seq, qty, open_price, close_price, realized_pnl, opened_at, closed_at)
     SELECT c.lot_id, $1, c.qty, c.open_price, c.close_price, c.realized, c.opened_at, c.closed_at
     FROM unnest($2::text[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], $7::timestamptz[], $8::timestamptz[]) AS c(lot_id, qty, open_price, close_price, realized, opened_at, closed_at)`,
    [seq, closures.map((one) => one.lotId), closures.map((one) => toText(one.qty)), closures.map((one) => toText(one.openPrice)), closures.map((one) => toText(one.closePrice)), closures.map((one) => toText(one.realizedPnl)),
      closures.map((one) => at(one.openedAt)), closures.map((one) => at(one.closedAt))],
  );
}

/** Writes what an entry changed; gives the position's new version, null when the account's position stays as it is. */
export async function writeSymbolBook(tx: Tx, { book, version }: { readonly book: SymbolBook; readonly version: number }, after: BookStep, { seq, ts }: { readonly seq: number; readonly ts: EpochMs }): Promise<number | null> {
  const { symbol } = after.account;
  const changed = [...after.shares].filter(([id, share]) => !isSame(book.shares.get(id), share));
  const hasMoved = !isSame(version === 0 ? undefined : book.account, after.account);
  if (hasMoved) {
    await tx.query(
      `INSERT INTO execution.positions (symbol, version, qty, avg_price, realized_pnl, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (symbol) DO UPDATE SET version = $2, qty = $3, avg_price = $4, realized_pnl = $5, updated_at = $6`, [symbol, version + 1, ...positionColumns(after.account), at(ts)],
    );
  }
  for (const [strategyId, share] of changed) {
    await tx.query(
      `INSERT INTO execution.strategy_positions (strategy_id, symbol, qty, avg_price, realized_pnl, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (strategy_id, symbol) DO UPDATE SET qty = $3, avg_price = $4, realized_pnl = $5, updated_at = $6`, [strategyId, symbol, ...positionColumns(share), at(ts)],
    );
  }
  await writeLots(tx, book, after, seq);
  return hasMoved ? version + 1 : null;
}
