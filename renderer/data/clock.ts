/** One ticking second for the whole page, so that ages and countdowns move together. */
import { createStore, useStore } from './external-store.ts';
import { isStale, useLive, useStatus } from './live.ts';

const SKEW_STEP_MS = 250;
const second = createStore(Date.now());
setInterval(() => second.set(Date.now()), 1_000);

/** This computer's clock, moving once a second. */
export function useNow(): number {
  return useStore(second);
}
/** Is the page older than the limit of freshness? */
export function useIsStale(): boolean {
  const now = useNow();
  return useLive((state) => isStale(state, now));
}
/** Is an instant of this computer's clock longer ago than a limit? Draws anew only when the answer changes. */
export function useIsOlder(at: number, limitMs: number): boolean {
  return useStore(second, (now) => now - at > limitMs);
}
/** The difference of clocks in steps: each push measures it a little differently, and not every age on the page must be drawn anew for that. */
function useSkew(): number {
  return useLive((state) => Math.round(state.skewMs / SKEW_STEP_MS) * SKEW_STEP_MS);
}
/** The gateway's clock, moving once a second: what countdowns to its times count from. */
export function useServerNow(): number {
  const now = useNow();
  return now + useSkew();
}
/** Is an instant of the gateway's clock nearer to now than a limit, before or after? Draws anew only when the answer changes. */
export function useIsNear(at: number, limitMs: number): boolean {
  return useStore(second, (now) => Math.abs(now - at) < limitMs);
}
/** Age of an instant of the gateway's clock, corrected for the difference of clocks; null = unknown. */
export function useAge(instant: number | null): number | null {
  const now = useNow();
  const skewMs = useSkew();
  return instant === null ? null : Math.max(0, now + skewMs - instant);
}
/** The market's clock between two pulses: runs on at the market's speed while the session is simulated. */
export function useMarketNow(): number | null {
  const now = useNow();
  const heardAt = useLive((state) => state.heardAt);
  const status = useStatus();
  if (!status || heardAt === null) return null;
  const { market } = status;
  const elapsed = Math.max(0, Math.min(2_000, now - heardAt));
  return market.isPaused || market.speed === null || market.isSimulated ? market.tsMarket : market.tsMarket + elapsed * market.speed;
}
