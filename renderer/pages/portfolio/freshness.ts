/** When a price is late. */
import { STALE_AFTER_MS } from '#app/contracts/live.ts';
import type { MarketClock } from '#app/contracts/views.ts';
import { MINUTE_MS } from '#app/domain/time.ts';

/** Bars come once a market minute; one is late when the next is overdue by the limit of staleness. Real milliseconds. */
export function barLimitMs(market: MarketClock): number {
  return (market.speed === null || market.speed <= 0 ? 0 : MINUTE_MS / market.speed) + STALE_AFTER_MS;
}
