/** Collected lines for readers: a page of them, and the live tail of all parts as newline-delimited JSON. */
import { Readable } from 'node:stream';
import type { LogFilter, LogPage, LogQuery, LogTailMessage } from '#app/contracts/logs.ts';
import { AppError } from '#app/domain/errors.ts';
import { monotonicMs, sleep } from '#chassis/clock.ts';
import type { Queryable } from '#chassis/db.ts';
import { resolveMatter } from './queries/log-matter.ts';
import { newestSeq, readLogs, readLogsAfter } from './queries/logs.ts';

const LOOK_MS = 400;
/** Silence is told too: a reader must know that nothing happens from nothing arriving. */
const HEARTBEAT_MS = 3_000;
/** An order that is followed may get new ids: its broker's, its fills'. */
const RESOLVE_MS = 5_000;
/** A tail ends by itself after this long; the page opens it again. */
const LIFE_MS = 30 * 60_000;
const TAILS_MAX = 16;

/** Answers from the collected lines. */
export type LogBook = { page(query: LogQuery): Promise<LogPage>; /** New lines that pass the filter, until the reader goes. @throws AppError RATE_LIMITED beyond 16 tails */ follow(filter: LogFilter, afterSeq: number | undefined): Readable };

/** Opens the collected lines for reading. `signal` ends all tails. */
export function createLogBook({ db, now, signal }: { db: Queryable; now: () => number; signal: AbortSignal }): LogBook {
  let open = 0;
  async function* tail(filter: LogFilter, afterSeq: number | undefined): AsyncGenerator<string> {
    open += 1;
    try {
      const endsAt = monotonicMs() + LIFE_MS;
      let seq = afterSeq ?? (await newestSeq(db));
      let matter = filter.about === '' ? null : await resolveMatter(db, filter.about);
      let resolvedAt = monotonicMs();
      let toldAt = -Infinity;
      while (monotonicMs() < endsAt && !signal.aborted) {
        if (matter && monotonicMs() - resolvedAt > RESOLVE_MS) {
          matter = await resolveMatter(db, filter.about);
          resolvedAt = monotonicMs();
        }
        const fresh = await readLogsAfter(db, filter, { matter, afterSeq: seq });
        seq = fresh.seq;
        if (fresh.lines.length > 0 || monotonicMs() - toldAt > HEARTBEAT_MS) {
          toldAt = monotonicMs();
          yield `${JSON.stringify({ lines: fresh.lines, seq, at: now() } satisfies LogTailMessage)}\n`;
        }
        if (!fresh.isMore) await sleep(LOOK_MS, signal);
      }
    } finally {
      open -= 1;
    }
  }
  return {
    page: (query) => readLogs(db, query),
    follow(filter, afterSeq) {
      if (open >= TAILS_MAX) throw new AppError('RATE_LIMITED', `${TAILS_MAX} live tails are open already; close one`);
      return Readable.from(tail(filter, afterSeq));
    },
  };
}
