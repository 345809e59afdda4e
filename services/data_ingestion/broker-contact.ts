/** The first contact with the broker, which may be away or refuse the keys; and the stream's health as a person reads it. */
import { AppError, describeError } from '#app/domain/errors.ts';
import { isInSession } from '#app/market/calendar.ts';
import { monotonicMs, retry } from '#chassis/clock.ts';
import type { ServiceContext } from '#chassis/service.ts';
import { KEYS_REFUSED, KEYS_RETRY_MS } from '../alpaca/http.ts';
import type { Feed } from '../alpaca/ports.ts';

const FIRST_CONTACT = { attempts: 1_000, baseMs: 250, capMs: 10_000 };
const EXTEND_MS = 20_000;
/** A start that waits longer than this says so. */
const PATIENCE_MS = 5_000;
/** In session, bars of liquid symbols come every minute: silence longer than this is worth a word. */
const SILENCE_MS = 150_000;
const LOOK_MS = 5_000;

/** The first contact may wait for a broker that is away, as long as it takes; the supervisor, and through it the person, is told what we wait for. */
export async function reachBroker(ctx: ServiceContext, refreshSymbols: () => Promise<unknown>): Promise<void> {
  let reason = 'waits for the broker: no answer yet';
  const patience = setInterval(() => ctx.extend(EXTEND_MS, reason), PATIENCE_MS);
  const attempt = async (): Promise<void> => {
    try {
      await refreshSymbols();
    } catch (error) {
      reason = `waits for the broker: ${error instanceof Error ? error.message : String(error)}`;
      ctx.health.set('broker', { ok: false, message: describeError(error) });
      ctx.log.warn({ error: describeError(error) }, 'The broker cannot be reached yet');
      throw error;
    }
  };
  try {
    await retry({ ...FIRST_CONTACT, signal: ctx.signal, isRetryable: (error) => !ctx.signal.aborted && isWaitable(error) }, attempt);
  } catch (error) {
    // Refused keys need a person, who must be able to see this part: it comes up degraded, and asks rarely.
    if (!isKeysRefused(error)) throw error;
    askAgain(ctx, refreshSymbols);
  } finally {
    clearInterval(patience);
  }
}

/** Shows refused keys to the broker again once a minute, until it takes them. */
function askAgain(ctx: ServiceContext, refreshSymbols: () => Promise<unknown>): void {
  ctx.health.degraded('keys', KEYS_REFUSED);
  const timer = setInterval(() => {
    refreshSymbols().then(() => {
      clearInterval(timer);
      ctx.health.degraded('keys', null);
    }, (error: unknown) => {
      ctx.log.warn({ error: describeError(error) }, 'The broker still refuses the keys');
      if (!isKeysRefused(error) && !isWaitable(error) && !ctx.signal.aborted) ctx.fatal(error);
    });
  }, KEYS_RETRY_MS);
  ctx.signal.addEventListener('abort', () => clearInterval(timer));
}

function isKeysRefused(error: unknown): boolean {
  return error instanceof AppError && error.code === 'BROKER_KEYS_REJECTED';
}

/** Unreachable or throttled brokers are waited for; what only a person can change is not. */
function isWaitable(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, 'family') !== 'operator';
}

/** A live stream that brings no bars during a session may have lost its subscription: read over REST and say so. */
export function watchSilence(ctx: ServiceContext, stream: Feed, repair: (why: string) => void): void {
  if (ctx.config.mode === 'demo') return; // The simulator's market has its own time and may stand still.
  let lastRepairAt = 0;
  const timer = setInterval(() => {
    const age = stream.lastMessageAgeMs();
    const isSilent = isInSession(ctx.clock.now()) && age !== null && age > SILENCE_MS;
    ctx.health.degraded('silence', isSilent ? `No market data for ${Math.round(age / 1000)} s in session` : null);
    if (isSilent && monotonicMs() - lastRepairAt > SILENCE_MS) {
      lastRepairAt = monotonicMs();
      repair('silence in session');
    }
  }, LOOK_MS);
  ctx.signal.addEventListener('abort', () => clearInterval(timer));
}
