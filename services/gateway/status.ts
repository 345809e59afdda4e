/** The pulse of the system: units, clock, switch and verdict, read once and shared by sockets and routes. */
import { STALE_AFTER_MS } from '#app/contracts/live.ts';
import type { LiveStatus } from '#app/contracts/live.ts';
import type { StackHealth } from '#app/contracts/health.ts';
import type { MarketClock } from '#app/contracts/views.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import type { Queryable } from '#chassis/db.ts';
import type { MarketClockReader } from './market-clock.ts';
import { readPulse, readTradingState } from './queries/control.ts';
import { judge } from './verdict.ts';
import type { VerdictInput } from './verdict.ts';
import type { WaitingOrdersReader } from './waiting-orders.ts';

/** A status is read again when it is older than this. */
const FRESH_MS = 400;

/** What the status is made of. */
export type StatusSources = { readonly db: Queryable; readonly clock: MarketClockReader; readonly waitingOrders: WaitingOrdersReader; stack(): StackHealth | null; isWireUp(): boolean; /** Null where nothing needs arming. */ live(): VerdictInput['live']; now(): number };

/** Bars are late when the next one is overdue by the limit of staleness: a minute of market time at the market's speed, and 5 s. */
export function barLimitMs(market: MarketClock): number {
  return MINUTE_MS / (market.speed === null || market.speed <= 0 ? MINUTE_MS : market.speed) + STALE_AFTER_MS;
}

/** Reads the status, at most once per 0.4 s however many ask. */
export function createStatus(sources: StatusSources): { read(isForced?: boolean): Promise<LiveStatus> } {
  let last: { at: number; reading: Promise<LiveStatus> } | null = null;
  const readNow = async (): Promise<LiveStatus> => {
    const [trading, pulse, ordersWaitFor] = await Promise.all([readTradingState(sources.db), readPulse(sources.db), sources.waitingOrders.read()]);
    const market = await sources.clock.read(pulse.newestMarketAt);
    const at = sources.now();
    const stack = sources.stack();
    const isWireUp = sources.isWireUp();
    const live = sources.live();
    const newestBarAgeMs = pulse.newestBarSeenAt === null ? null : Math.max(0, at - pulse.newestBarSeenAt);
    const verdict = judge({ stack, trading, market, isWireUp, unknownOrders: pulse.unknownOrders, findings: { critical: pulse.criticalFindings, others: pulse.otherFindings }, ordersWaitFor, newestBarAgeMs, barLimitMs: barLimitMs(market), live, at });
    return { stack, market, verdict, trading, isWireUp, armedUntil: live?.armedUntil ?? null };
  };
  return {
    read(isForced = false) {
      const now = sources.now();
      if (last === null || isForced || now - last.at > FRESH_MS) last = { at: now, reading: readNow() };
      return last.reading;
    },
  };
}
