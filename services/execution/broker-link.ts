/** The connection to the broker as a whole: the stream of updates, and comparing the books after everything that may have been missed. */
import { AppError, describeError } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { backoffMs, monotonicMs, sleep } from '#chassis/clock.ts';
import type { Health } from '#chassis/health.ts';
import type { Logger } from '#chassis/log.ts';
import { retryCapMs, type CheckedAccess } from '../alpaca/access.ts';
import { KEYS_REFUSED, KEYS_RETRY_MS } from '../alpaca/http.ts';
import type { LiveStream, StreamState, TradeUpdate } from '../alpaca/ports.ts';
import { createTradeStream } from '../alpaca/trade-stream.ts';
import type { Holds } from './holds.ts';
import { isOurOrder } from './orders.ts';
import type { Reconciler } from './reconcile.ts';

/** How long a start waits for the stream before it compares the books without it; orders then wait for the stream. */
const LIVE_WAIT_MS = 5_000;
const EXTEND_MS = 90_000;
const RETRY_BASE_MS = 250;

/** What the link needs. `extend` asks the supervisor for patience while the start waits for the broker. */
export type LinkParts = {
  readonly access: CheckedAccess; readonly instanceId: string; readonly reconciler: Reconciler; readonly holds: Holds; readonly health: Health; readonly log: Logger; readonly nowMs: () => EpochMs;
  readonly signal: AbortSignal; readonly onUpdates: (updates: readonly TradeUpdate[]) => void; readonly extend: (deadlineMs: number, reason: string) => void; readonly onCompared: (runId: string) => void; readonly fatal: (error: unknown) => void;
};

/** The link. */
export type BrokerLink = {
  /**
   * Opens the stream and compares the books; resolves when they have been compared (or the worker is stopping). Until then no order goes out.
   * Refused keys do not hold up the start: a person has to see the part and change them. The comparison is still tried, and orders wait for it.
   */
  recover(): Promise<void>;
  /** Something may have been missed: reconnect, and compare. */
  reconnect(reason: string): void;
  lastMessageAgeMs(): number | null;
  close(): void;
};

/** Errors that a repetition may outlast: everything the broker does, and a busy book. */
export function mayPass(error: unknown): error is AppError {
  return error instanceof AppError && (error.code.startsWith('BROKER_') || error.family === 'temporary' || error.family === 'conflict');
}

type Attempt = { readonly reason: string; readonly failures: number; readonly hasRecovered: boolean; readonly onKeysRefused: () => void };

/** Compares the books once; false when that failed in a way that may pass, after the pause that it asks for. */
async function compareOnce(parts: LinkParts, { reason, failures, hasRecovered, onKeysRefused }: Attempt): Promise<boolean> {
  const runId = `${reason}:${parts.instanceId}:${parts.nowMs()}`;
  try {
    await parts.reconciler.run(runId);
    parts.onCompared(runId);
    return true;
  } catch (error) {
    if (!mayPass(error)) throw error;
    const isRefused = error.code === 'BROKER_KEYS_REJECTED';
    if (isRefused) onKeysRefused();
    else if (!hasRecovered) parts.extend(EXTEND_MS, `waits for the broker: ${error.message}`);
    parts.log.warn({ error: describeError(error), failures }, 'The books cannot be compared yet');
    await sleep(isRefused ? KEYS_RETRY_MS : backoffMs(failures, { baseMs: RETRY_BASE_MS, capMs: retryCapMs(parts.access) }), parts.signal);
    return false;
  }
}

/** Creates the link. */
export function createBrokerLink(parts: LinkParts): BrokerLink {
  const { holds, health, log, signal } = parts;
  /** Counts the moments after which something may have been missed. */
  let gaps = 0;
  let hasRecovered = false;
  let isComparing = false;
  const keysRefused = Promise.withResolvers<void>();

  /** New orders wait until a comparison has ended that began after the last gap. */
  const compare = async (reason: string): Promise<void> => {
    gaps += 1;
    if (isComparing) return;
    isComparing = true;
    holds.set('reconciling', 'The books are being compared with the broker');
    for (let failures = 0, seen = -1; seen !== gaps && !signal.aborted; ) {
      const begun = gaps;
      if (await compareOnce(parts, { reason, failures, hasRecovered, onKeysRefused: keysRefused.resolve })) seen = begun;
      else failures += 1;
    }
    isComparing = false;
    if (signal.aborted) return;
    holds.set('reconciling', null);
    if (stream.state() === 'live') holds.set('stream', null);
  };
  const missed = (reason: string): void => {
    if (hasRecovered) compare(reason).catch(parts.fatal);
    else gaps += 1;
  };

  const onState = (state: StreamState, reason: string): void => {
    log.info({ state, reason }, 'Trade stream');
    health.set('stream', { ok: state === 'live', message: reason });
    if (state === 'live') {
      health.degraded('stream', null);
      // What was said while the stream was down is not repeated: compare first, send afterwards.
      missed('reconnect');
    } else if (state === 'down' || state === 'keys_rejected') {
      holds.set('stream', 'The stream of order updates is down');
      health.degraded('stream', state === 'down' ? 'The stream of order updates is down; new orders wait' : KEYS_REFUSED);
    }
  };
  const onTrouble = (message: string): void => {
    log.warn({ message }, 'The stream of order updates is in trouble; the books are compared');
    missed('trouble');
  };
  const stream: LiveStream = createTradeStream({ access: parts.access, nowMs: parts.nowMs, isOurs: isOurOrder, listener: { onMessages: parts.onUpdates, onState, onTrouble } });

  return {
    async recover() {
      holds.set('stream', 'The stream of order updates is not open yet');
      stream.start();
      const until = monotonicMs() + LIVE_WAIT_MS;
      while (stream.state() !== 'live' && stream.state() !== 'keys_rejected' && monotonicMs() < until && !signal.aborted) await sleep(10, signal);
      const compared = compare('start');
      await Promise.race([compared, keysRefused.promise]);
      hasRecovered = true;
      compared.catch(parts.fatal);
    },
    reconnect: (reason) => stream.reconnect(reason),
    lastMessageAgeMs: () => stream.lastMessageAgeMs(),
    close: () => stream.close(),
  };
}
