/** Arming of the real account: for a limited time a person lets orders go that open or enlarge a position there. */
import { HOUR_MS, type EpochMs } from './time.ts';

/** `not_needed` outside of mode live; there `disarmed` lets only orders pass that reduce a position (and every cancel). */
export type Arming = 'not_needed' | 'armed' | 'disarmed';

/** Nothing is armed for longer, whatever was asked. */
export const ARMED_MAX_MS = 8 * HOUR_MS;

/** Both clocks at one moment: `wall` as people read it, `monotonic` in milliseconds that never go back. */
export type Instant = { readonly wall: EpochMs; readonly monotonic: number };

/** The end of an arming by both clocks; the earlier counts, so that a clock set back prolongs nothing and a slept-through hour ends it. */
export type ArmedDeadline = { readonly wall: EpochMs; readonly monotonic: number };

/** The deadline of an arming that was told `now`; null when it is over already, or never began. */
export function armedDeadline(armedUntil: number | null, now: Instant): ArmedDeadline | null {
  const left = armedUntil === null ? 0 : Math.min(armedUntil - now.wall, ARMED_MAX_MS);
  return left > 0 ? { wall: (now.wall + left) as EpochMs, monotonic: now.monotonic + left } : null;
}

/** Milliseconds until the arming ends; 0 = disarmed. */
export function armedForMs(deadline: ArmedDeadline | null, now: Instant): number {
  return deadline === null ? 0 : Math.max(0, Math.min(deadline.wall - now.wall, deadline.monotonic - now.monotonic));
}

/** May an order be sent while this holds? Orders that reduce a position always may. */
export function maySendLive(arming: Arming, isReducing: boolean): boolean {
  return arming !== 'disarmed' || isReducing;
}
