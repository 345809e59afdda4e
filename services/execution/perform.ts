/** Carries out what a comparison of the two books asks for. */
import { invariant } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { Comparison } from '#app/execution/reconcile.ts';
import type { Db } from '#chassis/db.ts';
import type { Broker, BrokerOrder } from '../alpaca/ports.ts';
import type { Booking } from './booking.ts';
import { readOrders } from './orders.ts';

/** What carrying out needs. */
export type Performer = { readonly db: Db; readonly broker: Broker; readonly booking: Booking; readonly nowMs: () => EpochMs };

/** Books the news and cancels the strays; `remaining` are the orders that must be looked up (again). `theirs`: the broker's orders by our order id. */
export async function perform(parts: Performer, comparison: Comparison, theirs: ReadonlyMap<string, BrokerOrder>): Promise<{ remaining: readonly string[]; booked: number }> {
  const remaining = new Set<string>();
  const news = comparison.actions.filter((action) => action.kind === 'news');
  const orders = new Map((await readOrders(parts.db, { by: 'order_id', ids: news.map((action) => action.orderId) })).map((order) => [order.orderId, order]));
  let booked = 0;
  for (const action of news) {
    const [order, match] = [orders.get(action.orderId), theirs.get(action.orderId)];
    invariant(order && match, 'News is about an order in both books', { orderId: action.orderId });
    const result = await parts.booking.book([{ clientOrderId: order.clientOrderId, brokerOrderId: match.id, news: action.news, source: 'rest', tsSeen: parts.nowMs(), filledThere: match.filledQty }]);
    booked += result.booked;
    if (result.doubts.some(({ doubt }) => doubt !== 'fills_missing')) remaining.add(action.orderId);
  }
  for (const action of comparison.actions) {
    if (action.kind === 'look_up') remaining.add(action.orderId);
    if (action.kind === 'cancel') await parts.broker.cancel(action.brokerOrderId);
  }
  return { remaining: [...remaining], booked };
}
