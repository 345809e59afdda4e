/** Orders that should have ended: their time in force is over, or they are older than a person allows. Pure. */
import type { TimeInForce } from '#app/domain/order.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { nextClose } from '#app/market/calendar.ts';

/** The broker ends day orders at the close by itself, and tells; only what is still open after this long is overdue. */
const GRACE_MS = 5 * MINUTE_MS;

/** What is looked at. `since`: when the broker took the order, by the broker's clock; `isReducing`: it only shrinks a position. */
export type OpenSince = { readonly timeInForce: TimeInForce; readonly since: EpochMs; readonly isReducing: boolean };

/**
 * Why an order should not be open any more at an instant of the broker's clock, in words; null when it may be. A day order belongs to the session whose
 * close comes next after the broker took it: one of Saturday to Monday, however old the bar is by which it was approved. `maxAgeMs` (null = none)
 * holds for orders that open or add; the wish to get out does not age.
 */
export function overdueReason(order: OpenSince, now: EpochMs, maxAgeMs: number | null): string | null {
  if (order.timeInForce !== 'gtc' && now > nextClose(order.since) + GRACE_MS) return 'Its session is over and the order was still open';
  if (maxAgeMs !== null && !order.isReducing && now - order.since > maxAgeMs) return `It was open for more than ${Math.round(maxAgeMs / MINUTE_MS)} minutes`;
  return null;
}
