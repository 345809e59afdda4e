/** Orders of the stream that our book has not: legs that were not shown yet, changes that somebody made at the broker to orders of ours, and orders of others. */
import { newsOfOrder } from '#app/execution/reconcile.ts';
import { toText } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { Db, Tx } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import type { BrokerOrder } from '../alpaca/ports.ts';
import type { Booking } from './booking.ts';
import { insertLeg, termsAtBroker } from './legs.ts';
import { insertFound } from './order-insert.ts';
import { lockOrders, type Order } from './orders.ts';

/** What is needed. `attend`: has the broker asked about an order of ours by its id, whose answer shows its legs. `consider`: somebody else's, perhaps. */
export type StrangersParts = { readonly db: Db; readonly booking: Booking; readonly log: Logger; readonly nowMs: () => EpochMs; readonly attend: (orderId: string) => void; readonly consider: (brokerOrderId: string) => void };

/** Orders of ours in a symbol that the broker makes legs of and that are not all known. */
const PARENTS = `
  SELECT o.order_id FROM execution.orders o
  WHERE o.symbol = $1 AND o.order_class <> 'simple' AND o.role = 'order' AND o.broker_order_id IS NOT NULL AND o.status NOT IN ('denied', 'rejected')
    AND (SELECT count(*) FROM execution.orders l WHERE l.parent_order_id = o.order_id) < CASE o.order_class WHEN 'bracket' THEN 2 ELSE 1 END
  ORDER BY o.approved_seq DESC LIMIT 20`;

/** Somebody changed an order of ours at the broker: what takes its place belongs to the same strategy. Null when our book has no words for it. */
async function writeReplacement(tx: Tx, old: Order, theirs: BrokerOrder): Promise<Order | null> {
  if (old.parentOrderId !== null) {
    const [parent] = await lockOrders(tx, { by: 'order_id', ids: [old.parentOrderId] });
    return parent ? insertLeg(tx, parent, theirs, 'rest') : null;
  }
  const terms = termsAtBroker(theirs);
  if (terms === null) return null;
  const id = `broker:${theirs.id}`;
  const price = terms.limitPrice ?? terms.stopPrice;
  const [row] = await tx.query<{ approved_seq: number; reference_price: string }>('SELECT approved_seq, reference_price FROM execution.orders WHERE order_id = $1', [old.orderId]);
  return insertFound(tx, {
    orderId: id, decisionId: id, clientOrderId: theirs.clientOrderId, brokerOrderId: theirs.id, source: 'broker', strategyId: old.strategyId, signalId: old.signalId, symbol: theirs.symbol, side: theirs.side, terms,
    role: 'order', parentOrderId: null, replacesOrderId: old.orderId, isReducing: old.isReducing, referencePrice: price === null ? (row?.reference_price ?? '0') : toText(price),
    tsMarket: theirs.submittedAt ?? theirs.updatedAt, approvedSeq: row?.approved_seq ?? 0,
  }, 'rest');
}

async function takeReplacement({ db, booking, log, nowMs, attend }: StrangersParts, theirs: BrokerOrder): Promise<boolean> {
  if (theirs.replaces === null) return false;
  const oldBrokerId = theirs.replaces;
  const taken = await db.tx(async (tx) => {
    const [old] = await lockOrders(tx, { by: 'broker_order_id', ids: [oldBrokerId] });
    if (!old) return null;
    const [known] = await lockOrders(tx, { by: 'broker_order_id', ids: [theirs.id] });
    const order = known ?? (await writeReplacement(tx, old, theirs));
    return order === null ? null : { order, oldOrderId: old.orderId };
  });
  if (taken === null) return false;
  const { order, oldOrderId } = taken;
  log.warn({ orderId: order.orderId, replaces: oldOrderId, brokerOrderId: theirs.id }, 'An order was changed at the broker; what takes its place is in our book');
  await booking.book([{ clientOrderId: order.clientOrderId, brokerOrderId: theirs.id, news: [{ ...newsOfOrder(theirs), qty: theirs.qty }], source: 'rest', tsSeen: nowMs() }]);
  for (const orderId of [oldOrderId, order.orderId]) attend(orderId);
  return true;
}

/** Finds out where an unknown order belongs. */
export async function receiveStranger(parts: StrangersParts, theirs: BrokerOrder): Promise<void> {
  if (await takeReplacement(parts, theirs)) return;
  const parents = await parts.db.query<{ order_id: string }>(PARENTS, [theirs.symbol]);
  for (const { order_id: orderId } of parents) parts.attend(orderId);
  parts.consider(theirs.id);
}
