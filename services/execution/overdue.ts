/** Orders that should have ended: their time in force is over, or they are older than a person allows. Pure. */
import type { TimeInForce } from '#app/domain/order.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { orderTimes } from '#app/backtest/order-times.ts';

/** The broker ends day orders at the close by itself, and tells; only what is still open after this long is overdue. */
const GRACE_MS = 5 * MINUTE_MS;

/** What is looked at. `since`: when the broker took the order, by the broker's clock; `isReducing`: it only shrinks a position. */
export type OpenSince = { readonly timeInForce: TimeInForce; readonly extendedHours: boolean; readonly since: EpochMs; readonly isReducing: boolean };

/**
 * Why an order should not be open any more at an instant of the broker's clock, in words; null when it may be. A day order belongs to the session whose
 * close comes next after the broker took it: one of Saturday to Monday, however old the bar is by which it was approved; for extended hours the after-hours session
 * counts, for an auction the auction, and at once is at once. `maxAgeMs` (null = none)
 * holds for orders that open or add; the wish to get out does not age.
 */
export function overdueReason(order: OpenSince, now: EpochMs, maxAgeMs: number | null): string | null {
  const isAtOnce = order.timeInForce === 'ioc' || order.timeInForce === 'fok';
  const ends = isAtOnce ? order.since : orderTimes(order, order.since).expiresAt;
  if (order.timeInForce !== 'gtc' && now > ends + GRACE_MS) return isAtOnce ? 'It was to be filled at once and was still open' : 'Its session is over and the order was still open';
  if (maxAgeMs !== null && !order.isReducing && now - order.since > maxAgeMs) return `It was open for more than ${Math.round(maxAgeMs / MINUTE_MS)} minutes`;
  return null;
}
