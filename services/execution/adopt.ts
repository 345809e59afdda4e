/** Orders that were placed elsewhere (the broker's own page, another program) become rows of our book, so that their fills are in the ledger and risk sees them. */
import { AppError, describeError } from '#app/domain/errors.ts';
import { quantity, toText, type Quantity } from '#app/domain/numeric.ts';
import { signedQuantity } from '#app/domain/position.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import type { News } from '#app/execution/news.ts';
import { compareOrders, isOpenThere, newsOfOrder } from '#app/execution/reconcile.ts';
import { backoffMs, isTransient } from '#chassis/clock.ts';
import type { Db, Queryable, Tx } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import type { Broker, BrokerOrder } from '../alpaca/ports.ts';
import { createBell, createSerial, startLoop, type Loop } from './async.ts';
import type { Booking } from './booking.ts';
import { termsAtBroker } from './legs.ts';
import { insertFound } from './order-insert.ts';

/** What adopting needs. */
export type AdopterParts = {
  readonly db: Db; readonly broker: Broker; readonly booking: Booking; readonly log: Logger; readonly nowMs: () => EpochMs; readonly monotonicMs: () => number;
  readonly onFills: () => void; readonly fatal: (error: unknown) => void;
};

/** The adopter. */
export type Adopter = {
  /** Writes the order down and books its news; the number of new fills. An order that is in the book already is left to its own news. */
  adopt(order: BrokerOrder, qty: Quantity, news: readonly News[]): Promise<number>;
  /** The stream told of an order that is not in our book: it is looked at at once. It may be a leg of ours that is not stored yet: then it is nobody else's. */
  consider(brokerOrderId: string): void;
  pending(): number;
  start(): void;
  stop(): Promise<void>;
};

const IDLE_MS = 1_000;
const BACKOFF = { baseMs: 250, capMs: 5_000 };
/** By then a comparison looks at it. */
const MAX_LOOKS = 12;

/** The price beside which an adopted order is shown, and by which what it may cost is reserved: its own, else what it paid, else the last close, else the last price that the book knows; dollars. */
async function referenceOf(db: Queryable, order: BrokerOrder): Promise<string> {
  const own = order.limitPrice ?? order.stopPrice ?? order.filledAvgPrice;
  if (own !== null) return toText(own);
  const [row] = await db.query<{ price: string | null }>(
    `SELECT coalesce((SELECT last_close FROM data_ingestion.ingestion_status WHERE symbol = $1 AND last_close > 0 ORDER BY last_open_time DESC LIMIT 1),
       (SELECT price FROM execution.trades WHERE symbol = $1 ORDER BY ledger_seq DESC LIMIT 1), (SELECT nullif(avg_price, 0) FROM execution.positions WHERE symbol = $1))::text AS price`, [order.symbol],
  );
  return row?.price ?? '0';
}

async function isReducing(db: Queryable, order: BrokerOrder, qty: Quantity): Promise<boolean> {
  const [row] = await db.query<{ qty: string }>('SELECT qty FROM execution.positions WHERE symbol = $1', [order.symbol]);
  const [held, change] = [quantity(row?.qty ?? '0'), signedQuantity(order.side, qty)];
  return !held.isZero() && held.s !== change.s && change.abs().lte(held.abs());
}

async function write(tx: Tx, order: BrokerOrder, qty: Quantity): Promise<boolean> {
  const terms = termsAtBroker({ ...order, qty });
  if (terms === null) return false;
  // Two that look at once write one row: the ledger's row is the lock.
  await tx.query('SELECT 1 FROM execution.account_ledger FOR UPDATE');
  if ((await tx.query('SELECT 1 FROM execution.orders WHERE client_order_id = $1 OR broker_order_id = $2', [order.clientOrderId, order.id])).length > 0) return true;
  const id = `broker:${order.id}`;
  await insertFound(tx, {
    orderId: id, decisionId: id, clientOrderId: order.clientOrderId, brokerOrderId: order.id, source: 'broker', strategyId: null, signalId: null, symbol: order.symbol, side: order.side, terms: { ...terms, orderClass: 'simple' }, role: 'order',
    parentOrderId: null, replacesOrderId: null, isReducing: await isReducing(tx, order, qty), referencePrice: await referenceOf(tx, order), tsMarket: order.submittedAt ?? order.updatedAt, approvedSeq: 0,
  }, 'rest', { orderClass: order.orderClass, notional: order.notional === null ? null : toText(order.notional) });
  return true;
}

/** Which of these broker ids our book has, under any order. */
export async function knownBrokerIds(db: Queryable, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  return new Set((await db.query<{ id: string }>('SELECT broker_order_id AS id FROM execution.orders WHERE broker_order_id = ANY($1)', [ids])).map((row) => row.id));
}

/** Orders of ours in these symbols that the broker makes legs of and that are not all stored. `id` null: its POST is on its way. */
const PARENTS = `
  SELECT o.broker_order_id AS id FROM execution.orders o
  WHERE o.symbol = ANY($1) AND o.order_class <> 'simple' AND o.role = 'order' AND o.source <> 'broker' AND o.status NOT IN ('initialized', 'denied', 'rejected')
    AND (SELECT count(DISTINCT l.role) FROM execution.orders l WHERE l.parent_order_id = o.order_id) < CASE o.order_class WHEN 'bracket' THEN 2 ELSE 1 END
    AND NOT EXISTS (SELECT FROM execution.orders r WHERE r.replaces_order_id = o.order_id)`;

/**
 * Which of these orders belong to ours: legs that were not stored yet (they are then), and what took the place of one that we know. `isSettled` false: an order of
 * ours is on its way whose legs nobody can tell yet.
 */
export async function relativesOfOurs({ db, broker, booking, nowMs }: Pick<AdopterParts, 'db' | 'broker' | 'booking' | 'nowMs'>, orders: readonly BrokerOrder[]): Promise<{ readonly ids: ReadonlySet<string>; readonly isSettled: boolean }> {
  const ids = new Set<string>();
  if (orders.length === 0) return { ids, isSettled: true };
  const replaced = await db.query<{ id: string }>(`SELECT broker_order_id AS id FROM execution.orders WHERE broker_order_id = ANY($1) AND source <> 'broker'`, [orders.flatMap((order) => (order.replaces === null ? [] : [order.replaces]))]);
  const olds = new Set(replaced.map((row) => row.id));
  for (const order of orders) if (order.replaces !== null && olds.has(order.replaces)) ids.add(order.id);
  const rows = await db.query<{ id: string | null }>(PARENTS, [[...new Set(orders.map((order) => order.symbol))]]);
  for (const { id } of rows) {
    if (id === null) continue;
    const parent = await broker.getOrder(id, 'exit');
    if (parent === null || parent.legs.length === 0) continue;
    for (const leg of parent.legs) ids.add(leg.id);
    await booking.book([{ clientOrderId: parent.clientOrderId, brokerOrderId: parent.id, news: [newsOfOrder(parent)], source: 'rest', tsSeen: nowMs(), legs: parent.legs }]);
  }
  return { ids, isSettled: rows.every((row) => row.id !== null) };
}

type Case = { looks: number; nextAt: number };
type Seen = 'done' | 'again';

async function look(parts: AdopterParts, adopt: Adopter['adopt'], brokerOrderId: string): Promise<Seen> {
  const { db, broker, log } = parts;
  if ((await knownBrokerIds(db, [brokerOrderId])).size > 0) return 'done';
  const order = await broker.getOrder(brokerOrderId, 'exit');
  if (order === null) return 'again';
  const { ids, isSettled } = await relativesOfOurs(parts, [order]);
  if (ids.has(order.id)) return 'done';
  if (!isSettled) return 'again';
  const all = order.filledQty.isZero() ? [] : (await broker.fillsAfter({ at: ((order.submittedAt ?? order.updatedAt) - MINUTE_MS) as EpochMs })).filter((fill) => fill.brokerOrderId === order.id);
  // What was filled before the ledger was opened is in the opening position: booking it again would double it.
  const [cursor] = await db.query<{ position: string }>(`SELECT position FROM execution.broker_cursors WHERE name = 'fills_floor'`);
  const fills = all.filter((fill) => fill.activityId > (cursor?.position ?? ''));
  if (fills.length < all.length && !isOpenThere(order)) return 'done';
  const { actions } = compareOrders([], { open: [], looked: new Map(), fills, found: [order] });
  for (const action of actions) {
    if (action.kind !== 'adopt') continue;
    if ((await adopt(order, action.qty, action.news)) > 0) parts.onFills();
    log.warn({ brokerOrderId, symbol: order.symbol, side: order.side, status: order.status }, 'An order that was placed elsewhere is taken over into our book');
  }
  // Without an action it waits: for its end (by dollars), or for the activities to tell its fills.
  return actions.length > 0 || (order.qty === null && order.filledQty.isZero() && ['canceled', 'expired', 'rejected', 'replaced'].includes(order.status)) ? 'done' : 'again';
}

/** Creates the adopter. */
export function createAdopter(parts: AdopterParts): Adopter {
  const serial = createSerial();
  const bell = createBell();
  const cases = new Map<string, Case>();
  let loop: Loop | null = null;

  const adopt: Adopter['adopt'] = (order, qty, news) => serial.run(async () => {
    if (!(await parts.db.tx((tx) => write(tx, order, qty)))) {
      parts.log.error({ brokerOrderId: order.id, type: order.type, timeInForce: order.timeInForce }, 'An order that was placed elsewhere is of a kind that our book cannot hold');
      return 0;
    }
    return (await parts.booking.book([{ clientOrderId: order.clientOrderId, brokerOrderId: order.id, news, source: 'rest', tsSeen: parts.nowMs(), filledThere: order.filledQty }])).booked;
  });

  const handle = async (id: string, one: Case): Promise<void> => {
    one.looks += 1;
    try {
      if ((await look(parts, adopt, id)) === 'done' || one.looks >= MAX_LOOKS) cases.delete(id);
    } catch (error) {
      if (!(error instanceof AppError) || (!isTransient(error) && error.family !== 'operator' && error.family !== 'unknown' && error.family !== 'denied')) throw error;
      parts.log.debug({ brokerOrderId: id, error: describeError(error) }, 'A look at an order that was placed elsewhere failed');
      if (one.looks >= MAX_LOOKS) cases.delete(id);
    }
    one.nextAt = parts.monotonicMs() + backoffMs(one.looks, BACKOFF);
  };

  const turn = async (): Promise<void> => {
    const now = parts.monotonicMs();
    for (const [id, one] of [...cases]) if (one.nextAt <= now) await handle(id, one);
    const next = Math.min(...[...cases.values()].map((one) => one.nextAt), now + IDLE_MS);
    await bell.wait(Math.max(5, next - parts.monotonicMs()));
  };

  return {
    adopt,
    consider(brokerOrderId) {
      const known = cases.get(brokerOrderId);
      // News of it: what was waited for may be there now.
      if (known) Object.assign(known, { looks: 0, nextAt: Math.min(known.nextAt, parts.monotonicMs() + BACKOFF.baseMs) });
      else cases.set(brokerOrderId, { looks: 0, nextAt: parts.monotonicMs() });
      bell.ring();
    },
    pending: () => cases.size,
    start() {
      loop ??= startLoop({ name: 'adopt', log: parts.log, turn, wake: bell.ring, fatal: parts.fatal });
    },
    stop: async () => loop?.stop(),
  };
}
