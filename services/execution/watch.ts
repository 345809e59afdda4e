/** Looks after what stays silent: orders without news, a broker from which nothing was heard. */
import { AppError, describeError } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { Db } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import type { Broker } from '../alpaca/ports.ts';
import { createBell, startLoop, type Loop } from './async.ts';
import type { Resolver } from './resolver.ts';
import type { Submitter } from './submitter.ts';

const TICK_MS = 1_000;
const SILENT_MS = 5_000;
/** A resting order is asked about less often: the stream is the source, this is the safety net. */
const RESTING_EVERY_MS = 30_000;
const FRESH_FOR_MS = 60_000;
const PULSE_MS = 15_000;

/** What the watch needs. `lastAnswerAgeMs`: since the broker last answered anything. */
export type WatchParts = {
  readonly db: Db; readonly broker: Broker; readonly resolver: Resolver; readonly submitter: Submitter; readonly log: Logger; readonly monotonicMs: () => number; readonly nowMs: () => EpochMs;
  readonly lastAnswerAgeMs: () => number; readonly fatal: (error: unknown) => void;
};

/** Creates the watch. */
export function createWatch(parts: WatchParts): { start(): void; stop(): Promise<void> } {
  const bell = createBell();
  const askedAt = new Map<string, number>();
  let loop: Loop | null = null;
  let pulsedAt = -Infinity;

  const orders = async (): Promise<void> => {
    const rows = await parts.db.query<{ order_id: string; status: string; created_at: number }>(
      `SELECT order_id, status, created_at FROM execution.orders WHERE NOT is_closed AND status <> 'initialized' AND updated_at < clock_timestamp() - make_interval(secs => $1)`, [SILENT_MS / 1000],
    );
    const silent = new Set(rows.map((row) => row.order_id));
    for (const orderId of askedAt.keys()) if (!silent.has(orderId)) askedAt.delete(orderId);
    for (const row of rows) {
      if (parts.submitter.isInFlight(row.order_id) || parts.resolver.isBusyWith(row.order_id)) continue;
      const isResting = (row.status === 'accepted' || row.status === 'partially_filled') && parts.nowMs() - row.created_at > FRESH_FOR_MS;
      if (parts.monotonicMs() - (askedAt.get(row.order_id) ?? -Infinity) < (isResting ? RESTING_EVERY_MS : SILENT_MS)) continue;
      askedAt.set(row.order_id, parts.monotonicMs());
      if (row.status === 'submitted') parts.resolver.unknown(row.order_id);
      else parts.resolver.attend(row.order_id);
    }
  };

  const pulse = async (): Promise<void> => {
    if (parts.lastAnswerAgeMs() < PULSE_MS || parts.monotonicMs() - pulsedAt < PULSE_MS) return;
    pulsedAt = parts.monotonicMs();
    try {
      await parts.broker.clock();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      parts.log.debug({ error: describeError(error) }, 'The broker does not answer a pulse');
    }
  };

  const turn = async (): Promise<void> => {
    await orders();
    await pulse();
    await bell.wait(TICK_MS);
  };
  return {
    start() {
      loop ??= startLoop({ name: 'watch', log: parts.log, turn, wake: bell.ring, fatal: parts.fatal });
    },
    stop: async () => loop?.stop(),
  };
}
