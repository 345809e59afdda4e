/** What a worker says about itself: one entry per dependency, and the reasons why it is degraded. */
import type { HealthDetail } from '#app/contracts/health.ts';

/** The health of this worker. */
export type Health = {
  /** Notes how a dependency is. */
  set(part: string, detail: HealthDetail): void;
  /** Gives (or with null takes back) a reason for being degraded, in words for people. */
  degraded(key: string, reason: string | null): void;
  details(): Record<string, HealthDetail>;
  reasons(): string[];
};

/** Creates the health book; `onChange` hears the reasons whenever they change. */
export function createHealth(onChange: (reasons: readonly string[]) => void): Health {
  const details = new Map<string, HealthDetail>();
  const reasons = new Map<string, string>();
  return {
    set: (part, detail) => {
      details.set(part, detail);
    },
    degraded(key, reason) {
      if ((reasons.get(key) ?? null) === reason) return;
      if (reason === null) reasons.delete(key);
      else reasons.set(key, reason);
      onChange([...reasons.values()]);
    },
    details: () => Object.fromEntries(details),
    reasons: () => [...reasons.values()],
  };
}
