/** Carries out what a comparison of the two books asks for. */
import { invariant } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { Action, Comparison } from '#app/execution/reconcile.ts';
import type { Db } from '#chassis/db.ts';
import type { Broker, BrokerOrder } from '../alpaca/ports.ts';
import type { Adopter } from './adopt.ts';
import type { Booking, Report } from './booking.ts';
import { readOrders } from './orders.ts';

/** What carrying out needs. `adopter` is missing where a comparison is about orders of ours alone. */
export type Performer = { readonly db: Db; readonly broker: Broker; readonly booking: Booking; readonly nowMs: () => EpochMs; readonly adopter?: Adopter };

/** The broker's orders: by our order id, and those placed elsewhere by its own. */
export type TheirOrders = { readonly ours: ReadonlyMap<string, BrokerOrder>; readonly foreign: ReadonlyMap<string, BrokerOrder> };

/** Orders whose news are booked in one transaction. */
const AT_ONCE = 200;

async function bookNews(parts: Performer, news: readonly Extract<Action, { kind: 'news' }>[], theirs: TheirOrders, remaining: Set<string>): Promise<number> {
  let booked = 0;
  for (let start = 0; start < news.length; start += AT_ONCE) {
    const part = news.slice(start, start + AT_ONCE);
    const orders = new Map((await readOrders(parts.db, { by: 'order_id', ids: part.map((action) => action.orderId) })).map((order) => [order.orderId, order]));
    const reports = part.map((action): Report => {
      const [order, match] = [orders.get(action.orderId), theirs.ours.get(action.orderId)];
      invariant(order && match, 'News is about an order in both books', { orderId: action.orderId });
      return { clientOrderId: order.clientOrderId, brokerOrderId: match.id, news: action.news, source: 'rest', tsSeen: parts.nowMs(), filledThere: match.filledQty, legs: match.legs };
    });
    const result = await parts.booking.book(reports);
    booked += result.booked;
    for (const { orderId, doubt } of result.doubts) if (doubt !== 'fills_missing') remaining.add(orderId);
  }
  return booked;
}

/** Books the news, takes over what was placed elsewhere, and cancels the strays; `remaining` are the orders that must be looked up (again). */
export async function perform(parts: Performer, { actions }: Comparison, theirs: TheirOrders): Promise<{ remaining: readonly string[]; booked: number }> {
  const remaining = new Set<string>();
  let booked = await bookNews(parts, actions.filter((action) => action.kind === 'news'), theirs, remaining);
  for (const action of actions) {
    if (action.kind === 'look_up') remaining.add(action.orderId);
    if (action.kind === 'cancel') await parts.broker.cancel(action.brokerOrderId);
    const foreign = action.kind === 'adopt' ? theirs.foreign.get(action.brokerOrderId) : undefined;
    if (action.kind === 'adopt' && foreign && parts.adopter) booked += await parts.adopter.adopt(foreign, action.qty, action.news);
  }
  return { remaining: [...remaining], booked };
}
