/** One ticking second for the whole page, so that ages and countdowns move together. */
import { createStore, useStore } from './external-store.ts';
import { isStale, useLive, useStatus } from './live.ts';

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
/** The gateway's clock, moving once a second: what countdowns to its times count from. */
export function useServerNow(): number {
  const now = useNow();
  return now + useLive((state) => state.skewMs);
}
/** Age of an instant of the gateway's clock, corrected for the difference of clocks; null = unknown. */
export function useAge(instant: number | null): number | null {
  const now = useNow();
  const skewMs = useLive((state) => state.skewMs);
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
