/** Reads orders, positions and shares for the guardian and keeps its findings. It sends no order and cancels none. */
import { price, quantity, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { OrderRole, OrderStatus, OrderType, Side } from '#app/domain/order.ts';
import { epochMs } from '#app/domain/time.ts';
import { guard, type GuardFacts, type GuardOrder, type ProtectedEntry, type Share } from '#app/execution/guardian.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import { settleFindings } from './findings.ts';

const MAX_ORDERS = 20_000;

type OrderRow = { order_id: string; symbol: string; side: Side; type: OrderType; role: OrderRole; parent_order_id: string | null; strategy_id: string | null; status: OrderStatus; is_reducing: boolean; qty: string; filled_qty: string; stop_price: string | null; updated_at: number };

async function readOpen(db: Queryable): Promise<GuardOrder[]> {
  const rows = await db.query<OrderRow>(
    `SELECT order_id, symbol, side, type, role, parent_order_id, strategy_id, status, is_reducing, qty, filled_qty, stop_price, updated_at FROM execution.orders WHERE NOT is_closed ORDER BY approved_seq, order_id LIMIT ${MAX_ORDERS}`,
  );
  return rows.map((row) => ({
    orderId: row.order_id, symbol: row.symbol, side: row.side, type: row.type, role: row.role, parentOrderId: row.parent_order_id, strategyId: row.strategy_id, status: row.status, isReducing: row.is_reducing,
    qty: quantity(row.qty), filledQty: quantity(row.filled_qty), stopPrice: row.stop_price === null ? null : price(row.stop_price), since: epochMs(row.updated_at),
  }));
}

type EntryRow = { order_id: string; symbol: string; strategy_id: string | null; filled_qty: string; exited: string; stop: string; updated_at: number; last_stop: OrderStatus | null };

/**
 * Entries with a stop that belong to what is held now: those whose fills came after the holder's share was flat for the last time. `exited`: what their own legs have sold.
 * The stop as it was last asked for: a leg that was changed by hand has its own price.
 */
const ENTRIES = `
  WITH held AS (SELECT strategy_id, symbol FROM execution.strategy_positions WHERE qty <> 0),
  parents AS (
    SELECT o.* FROM execution.orders o JOIN held h ON h.symbol = o.symbol AND h.strategy_id = coalesce(o.strategy_id, '')
    WHERE o.role = 'order' AND o.order_class IN ('bracket', 'oto') AND o.stop_loss_stop IS NOT NULL AND o.filled_qty > 0),
  flat AS (
    SELECT w.strategy_id, w.symbol, max(w.ledger_seq) FILTER (WHERE w.running = 0) AS seq FROM (
      SELECT coalesce(t.strategy_id, '') AS strategy_id, t.symbol, t.ledger_seq, sum(CASE t.side WHEN 'buy' THEN t.qty ELSE -t.qty END) OVER (PARTITION BY coalesce(t.strategy_id, ''), t.symbol ORDER BY t.ledger_seq) AS running
      FROM execution.trades t JOIN (SELECT DISTINCT coalesce(strategy_id, '') AS strategy_id, symbol FROM parents) p ON p.symbol = t.symbol AND p.strategy_id = coalesce(t.strategy_id, '')) w
    GROUP BY 1, 2)
  SELECT p.order_id, p.symbol, p.strategy_id, p.filled_qty, p.updated_at,
    coalesce((SELECT sum(l.filled_qty) FROM execution.orders l WHERE l.parent_order_id = p.order_id), 0) AS exited,
    coalesce((SELECT l.stop_price FROM execution.orders l WHERE l.parent_order_id = p.order_id AND l.role = 'stop_loss' ORDER BY l.created_at DESC, l.order_id DESC LIMIT 1), p.stop_loss_stop) AS stop,
    (SELECT l.status FROM execution.orders l WHERE l.parent_order_id = p.order_id AND l.role = 'stop_loss' ORDER BY l.created_at DESC, l.order_id DESC LIMIT 1) AS last_stop
  FROM parents p LEFT JOIN flat f ON f.symbol = p.symbol AND f.strategy_id = coalesce(p.strategy_id, '')
  WHERE EXISTS (SELECT FROM execution.trades t WHERE t.order_id = p.order_id AND t.ledger_seq > coalesce(f.seq, 0))
  ORDER BY p.approved_seq`;

async function readEntries(db: Queryable): Promise<ProtectedEntry[]> {
  return (await db.query<EntryRow>(ENTRIES)).map((row) => ({
    orderId: row.order_id, symbol: row.symbol, strategyId: row.strategy_id, filledQty: quantity(row.filled_qty), exitedQty: quantity(row.exited), stopPrice: price(row.stop), since: epochMs(row.updated_at), lastStop: row.last_stop,
  }));
}

async function readFacts(db: Queryable): Promise<GuardFacts> {
  const open = await readOpen(db);
  const parents = await db.query<{ order_id: string; status: OrderStatus }>('SELECT order_id, status FROM execution.orders WHERE order_id = ANY($1)', [[...new Set(open.flatMap((order) => (order.parentOrderId === null ? [] : [order.parentOrderId])))]]);
  const entries = await readEntries(db);
  const shares = (await db.query<{ strategy_id: string; symbol: string; qty: string }>('SELECT strategy_id, symbol, qty FROM execution.strategy_positions WHERE qty <> 0 ORDER BY symbol, strategy_id'))
    .map((row): Share => ({ strategyId: row.strategy_id, symbol: row.symbol, qty: quantity(row.qty) }));
  const account = new Map((await db.query<{ symbol: string; qty: string }>('SELECT symbol, qty FROM execution.positions WHERE qty <> 0')).map((row): [string, Quantity] => [row.symbol, quantity(row.qty)]));
  const closes = await db.query<{ symbol: string; close: string }>('SELECT DISTINCT ON (symbol) symbol, last_close::text AS close FROM data_ingestion.ingestion_status WHERE symbol = ANY($1) AND last_close > 0 ORDER BY symbol, last_open_time DESC', [[...new Set(shares.map((share) => share.symbol))]]);
  const [clock] = await db.query<{ now: number }>('SELECT clock_timestamp() AS now');
  return {
    now: epochMs(clock?.now ?? 0), open, entries, shares, account, parents: new Map(parents.map((row) => [row.order_id, row.status])), prices: new Map(closes.map((row): [string, Price] => [row.symbol, price(row.close)])),
  };
}

/** One look: what is wrong now becomes, or stays, a finding; what is gone is closed. Returns how many stand. Everything is read at one instant: a fill in between would look like trouble. */
export async function lookAfter(db: Db): Promise<number> {
  const facts = await db.tx(async (tx) => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return readFacts(tx);
  });
  const issues = guard(facts);
  return db.tx((tx) => settleFindings(tx, 'guardian', issues));
}
