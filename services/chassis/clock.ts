/** Time as the workers see it: the wall clock for stamps, the monotonic clock for durations, and waiting. */
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '#app/domain/errors.ts';
import type { Clock, EpochMs } from '#app/domain/time.ts';

/** The wall clock. */
export const systemClock: Clock = { now: () => Date.now() as EpochMs };

/** Milliseconds on a clock that never goes back; only differences mean something. */
export function monotonicMs(): number {
  return performance.now();
}

/** Waits; resolves early (without error) when the signal aborts. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  try {
    await delay(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    if (!(error instanceof Error && error.name === 'AbortError')) throw error;
  }
}

/** How often and how patiently to try again. `jitter` 0.2 = +-20 %. `isRetryable` defaults to the families temporary and conflict. */
export type RetryOptions = { readonly attempts: number; readonly baseMs: number; readonly capMs: number; readonly jitter?: number; readonly signal?: AbortSignal; readonly isRetryable?: (error: unknown) => boolean };

/** Is trying again the right answer to this error? */
export function isTransient(error: unknown): boolean {
  return error instanceof AppError && (error.family === 'temporary' || error.family === 'conflict');
}

/** The wait before attempt n+1 (n from 0): base x 2^n with jitter, capped. */
export function backoffMs(n: number, options: { baseMs: number; capMs: number; jitter?: number }): number {
  const jitter = options.jitter ?? 0.2;
  const spread = 1 + jitter * (2 * Math.random() - 1);
  return Math.min(options.capMs, options.baseMs * 2 ** Math.min(n, 30)) * spread;
}

/** Runs `fn` until it succeeds, the error is not worth a retry, the attempts are used up or the signal aborts; then throws the last error. */
export async function retry<T>(options: RetryOptions, fn: (attempt: number) => Promise<T>): Promise<T> {
  const isRetryable = options.isRetryable ?? isTransient;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await fn(attempt);
    } catch (error) {
      if (attempt + 1 >= options.attempts || options.signal?.aborted || !isRetryable(error)) throw error;
      await sleep(backoffMs(attempt, options), options.signal);
    }
  }
}
