/** Prices between which a bar cannot touch any open order of a market: on such bars there is nothing to match. */
import { DAY_MS } from '#app/domain/time.ts';
import type { MarketState } from './core.ts';
import type { Order } from './order.ts';
import { MICRO } from './units.ts';

/** Good-until-canceled orders live at least so long. */
const GTC_SURELY_MS = 80 * DAY_MS;

/** The price at which an order may do something, micro-dollars, and whether it lies above the market; null when any bar may move it. */
function reachOf(order: Order): { readonly price: number; readonly isAbove: boolean } | null {
  const { type, side, timeInForce: tif } = order;
  if (tif !== 'day' && tif !== 'gtc') return null;
  if (type === 'limit' || (type === 'stop_limit' && order.isTriggered)) return { price: order.limit, isAbove: side < 0 };
  if ((type === 'stop' || type === 'stop_limit') && !order.isTriggered) return { price: order.stop, isAbove: side > 0 };
  return null;
}

/** Works out the bounds of a market in dollars, and until when they hold. To be called when its bar has been matched. */
export function findBounds(m: MarketState): void {
  m.quietUntil = -1;
  let above = Infinity;
  let below = -Infinity;
  let until = Infinity;
  for (const order of m.orders) {
    // A leg waits for its entry, whatever the price.
    const isWaiting = order.state === 'held' && order.parent !== null && order.orderClass !== 'oco' && order.parent.state !== 'closed';
    const reach = isWaiting ? undefined : reachOf(order);
    if (reach === null) return;
    until = Math.min(until, Number.isNaN(order.expiresAt) ? order.placedAt + GTC_SURELY_MS : order.expiresAt);
    if (reach === undefined) continue;
    // A micro-dollar of room: columns are not rounded before they are compared.
    if (reach.isAbove) above = Math.min(above, reach.price - 1);
    else below = Math.max(below, reach.price + 1);
  }
  m.quietAbove = above / MICRO;
  m.quietBelow = below / MICRO;
  m.quietUntil = until;
}
