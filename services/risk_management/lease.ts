/** The dead-man's lease: while it is fresh, execution may send new orders. It proves that the lane which decides is alive, not merely the process. */
import { describeError } from '#app/domain/errors.ts';
import { monotonicMs, sleep } from '#chassis/clock.ts';
import type { Db } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';

/** Seconds that a renewal is good for, by the database's clock. */
export const LEASE_VALID_SECONDS = 10;
const RENEW_MS = 2_000;
/** A lane that handles one batch, or lets events lie, for longer than this is stuck. */
const STUCK_MS = 5_000;

/** What the lease needs; `db` should be a connection of its own, so that busy commands cannot hold the renewal up. */
export type LeaseParts = {
  readonly db: Db;
  readonly holder: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  laneBusyForMs(): number | null;
  /** Hears whether the lease is kept, and why not. */
  report(reason: string | null): void;
};

/** The lease of this process. */
export type Lease = {
  /** Takes or renews it now. */
  take(): Promise<void>;
  /** Renews it every 2 s until the signal aborts, as long as the lane is alive. */
  keep(): Promise<void>;
  /** Gives it back: nothing new is sent while we are away. */
  release(): Promise<void>;
};

const TAKE = `
  INSERT INTO risk_management.risk_lease AS l (only_row, holder, renewed_at, expires_at) VALUES (true, $1, clock_timestamp(), clock_timestamp() + interval '${LEASE_VALID_SECONDS} seconds')
  ON CONFLICT (only_row) DO UPDATE SET holder = excluded.holder, renewed_at = excluded.renewed_at, expires_at = excluded.expires_at`;
const RELEASE = 'UPDATE risk_management.risk_lease SET expires_at = clock_timestamp() WHERE holder = $1';
const HEARD = `
  SELECT h.producer, h.seq AS written, coalesce(o.seq, 0) AS heard
  FROM (SELECT 'strategy_engine' AS producer, seq FROM strategy_engine.outbox_head UNION ALL SELECT 'execution', seq FROM execution.outbox_head) h
  LEFT JOIN risk_management.inbox_offset o USING (producer)`;

type Progress = { readonly heard: number; readonly sinceMs: number };

/** Why the lane counts as stuck, or null. Remembers per producer since when nothing was heard although something lay there. */
export function laneWatch(): (rows: readonly { producer: string; written: number; heard: number }[], busyForMs: number | null, nowMs: number) => string | null {
  const progress = new Map<string, Progress>();
  return (rows, busyForMs, nowMs) => {
    if (busyForMs !== null && busyForMs > STUCK_MS) return `one batch of events is being handled for ${Math.round(busyForMs / 1000)} s`;
    let reason: string | null = null;
    for (const { producer, written, heard } of rows) {
      const before = progress.get(producer);
      if (heard >= written) progress.delete(producer);
      else if (before?.heard !== heard) progress.set(producer, { heard, sinceMs: nowMs });
      else if (nowMs - before.sinceMs > STUCK_MS) reason = `events of ${producer} are not heard for ${Math.round((nowMs - before.sinceMs) / 1000)} s`;
    }
    return reason;
  };
}

/** Makes the lease of this process; nothing is taken yet. */
export function createLease(parts: LeaseParts): Lease {
  const { db, holder, log, signal } = parts;
  const watch = laneWatch();
  const take = async (): Promise<void> => {
    await db.query(TAKE, [holder]);
  };
  const renew = async (): Promise<void> => {
    const rows = await db.query<{ producer: string; written: number; heard: number }>(HEARD);
    const stuck = watch(rows, parts.laneBusyForMs(), monotonicMs());
    if (stuck === null) await take();
    parts.report(stuck);
  };
  return {
    take,
    async keep() {
      while (!signal.aborted) {
        try {
          await renew();
        } catch (error) {
          // The lease runs out by itself, which is its point; the chassis ends the process when PostgreSQL is gone.
          if (!signal.aborted) log.warn({ error: describeError(error) }, 'The risk lease could not be renewed');
          parts.report('the lease could not be renewed');
        }
        await sleep(RENEW_MS, signal);
      }
    },
    async release() {
      await db.query(RELEASE, [holder]);
    },
  };
}
