/** Orders that a fault holds in a pending state: what lets them go on. */
import type { Broker } from './broker.ts';

/** Lets every stuck order go on: new ones are worked, cancels and replacements are carried out. */
export function releaseStuck(broker: Broker): void {
  const { stuck } = broker.venue.state;
  for (const order of broker.venue.openOrders()) if (stuck.has(order.id) || (order.status === 'pending_new' && order.replaces === null)) broker.settle(order.id, 'new', null);
}
