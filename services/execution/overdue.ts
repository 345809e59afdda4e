/** Orders that should have ended: their time in force is over, or they are older than a person allows. Pure. */
import type { TimeInForce } from '#app/domain/order.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { nextClose } from '#app/market/calendar.ts';

/** The broker ends day orders at the close by itself, and tells; only what is still open after this long is overdue. */
const GRACE_MS = 5 * MINUTE_MS;

/** What is looked at: market time of the approval, and how long the order may live. */
export type OpenSince = { readonly timeInForce: TimeInForce; readonly tsMarket: EpochMs };

/**
 * Why an order should not be open any more at an instant of market time, in words; null when it may be. A day order belongs to the session whose
 * close comes next after its approval: one of 16:00 sharp to the next session. `maxAgeMs` null = no limit of age.
 */
export function overdueReason(order: OpenSince, now: EpochMs, maxAgeMs: number | null): string | null {
  if (order.timeInForce !== 'gtc' && now > nextClose(order.tsMarket) + GRACE_MS) return 'Its session is over and the order was still open';
  if (maxAgeMs !== null && now - order.tsMarket > maxAgeMs) return `It was open for more than ${Math.round(maxAgeMs / MINUTE_MS)} minutes`;
  return null;
}
