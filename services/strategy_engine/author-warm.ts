/** A sandbox that waits while somebody writes: none is there before the first check, and none after a while without one. */
import { warmSandboxes, type WarmSandboxes } from '../research/sandbox/warm.ts';

/** Longer than a person thinks about one line. */
const IDLE_MS = 600_000;

/** Keeps one ready from the first taking on, until nobody has taken one for ten minutes. */
export function warmWhileWritten(idleMs = IDLE_MS): WarmSandboxes {
  let pool: WarmSandboxes | null = null;
  let idle: NodeJS.Timeout | null = null;
  let isClosed = false;
  const close = (): void => {
    pool?.[Symbol.dispose]();
    pool = null;
  };
  return {
    take(kind) {
      if (isClosed) return null;
      pool ??= warmSandboxes(1);
      if (idle !== null) clearTimeout(idle);
      idle = setTimeout(close, idleMs);
      idle.unref();
      return pool.take(kind);
    },
    [Symbol.dispose]() {
      isClosed = true;
      if (idle !== null) clearTimeout(idle);
      close();
    },
  };
}
