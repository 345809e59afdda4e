/** Looks after executions: tells those that are no longer theirs to end, frees the places of those that do not listen, brings back what a dead worker left. */
import { describeError } from '#app/domain/errors.ts';
import type { ServiceId } from '#app/domain/ids.ts';
import { monotonicMs } from './clock.ts';
import type { FlowBook, PendingRun } from './flows-book.ts';
import type { Hold } from './flows-places.ts';
import { sessionNameOf } from './flows-wire.ts';
import type { Logger } from './log.ts';

const LOOK_MS = 1_000;
/** `deafAfterMs`: a step that goes on this long after its run has ended is deaf. `searchMs`: how often left-over runs are looked for; what is left over twice in a row is brought back. */
export type Patience = { readonly deafAfterMs: number; readonly searchMs: number };
/** How patient the watch is. */
const PATIENCE: Patience = { deafAfterMs: 5_000, searchMs: 5_000 };

/** An execution as it is looked after. */
export type Watched = { readonly runId: string; readonly flow: string; readonly controller: AbortController; readonly hold: Hold };

/** What the watch works with. `degraded` says (or with null takes back) in words for people why this service is not well. */
export type WatchParts = {
  readonly book: FlowBook;
  readonly owner: ServiceId;
  readonly executorId: string;
  readonly log: Logger;
  readonly patience: Patience | undefined;
  /** True: also brings back what other workers of the service left when they died. */
  readonly isKeeper: boolean;
  degraded(key: string, reason: string | null): void;
  cancel(runId: string): Promise<void>;
  /** Runs have been put back on their queues. */
  onPutBack(): void;
  /** Is this run on its way into an execution here, or out of it? */
  isExpected(runId: string): boolean;
};

/** The watch. */
export type Watch = {
  /** Looks after an execution until the returned function is called. */
  begin(execution: Watched): () => void;
  stop(): void;
};

type Entry = Watched & { abortedAt: number | null; isDeaf: boolean };

/** The search for runs that say they run and do not: `here` are those that this process executes. Found twice in a row, they go back on their queue. */
function openSearch(parts: WatchParts): (here: ReadonlySet<string>) => Promise<void> {
  const { book, log } = parts;
  let before = new Set<string>();
  const keyOf = (run: PendingRun): string => `${run.runId} ${run.owner ?? ''}`;
  return async (here) => {
    const pending = await book.pending(parts.owner);
    const sessions = pending.length === 0 ? new Set<string>() : await book.sessions();
    const found = pending.filter((run) => {
      if (run.executorId === parts.executorId) return !here.has(run.runId) && !parts.isExpected(run.runId);
      return parts.isKeeper && !sessions.has(sessionNameOf(parts.owner, run.executorId));
    });
    const again = found.filter((run) => before.has(keyOf(run)));
    before = new Set(found.map(keyOf));
    for (const run of again) {
      if (!(await book.putBack(run))) continue;
      log.warn({ runId: run.runId, executor: run.executorId }, 'A run was left unfinished by a worker that is gone; it goes on');
      parts.onPutBack();
    }
  };
}

/** Starts the watch: a question a second while something runs, one in five seconds otherwise. */
export function startWatch(parts: WatchParts): Watch {
  const { book, log, patience = PATIENCE } = parts;
  const entries = new Set<Entry>();
  const search = openSearch(parts);
  let searchedAt = monotonicMs();
  let isLooking = false;

  const tellDeaf = (): void => {
    const deaf = [...entries].filter((entry) => entry.isDeaf);
    const names = [...new Set(deaf.map((entry) => entry.flow))].join(', ');
    parts.degraded('flows-deaf', deaf.length === 0 ? null : `${deaf.length} step(s) of ${names} go on although their run has ended; the flow must heed its signal`);
  };
  const freeDeaf = (): void => {
    for (const entry of entries) {
      if (entry.isDeaf || entry.abortedAt === null || monotonicMs() - entry.abortedAt < patience.deafAfterMs) continue;
      entry.isDeaf = true;
      entry.hold.end();
      log.error({ runId: entry.runId, flow: entry.flow }, 'A step does not heed its signal: its run has ended, its place is given to others');
      tellDeaf();
    }
  };
  const lookAtExecutions = async (): Promise<void> => {
    freeDeaf();
    const runIds = [...entries].filter((entry) => entry.abortedAt === null).map((entry) => entry.runId);
    if (runIds.length === 0) return;
    for (const orphan of await book.orphans(runIds)) await parts.cancel(orphan);
    const lost = new Set(await book.lost(runIds, parts.executorId));
    for (const entry of entries) {
      if (!lost.has(entry.runId) || entry.abortedAt !== null) continue;
      entry.abortedAt = monotonicMs();
      entry.controller.abort(new Error('The run was cancelled, has run out of time, or is in other hands'));
    }
  };
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      if (entries.size > 0) await lookAtExecutions();
      if (monotonicMs() - searchedAt >= patience.searchMs) {
        searchedAt = monotonicMs();
        await search(new Set([...entries].map((entry) => entry.runId)));
      }
    } catch (error) {
      log.debug({ error: describeError(error) }, 'The watch over runs could not look; it looks again');
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  timer.unref();
  return {
    begin(execution) {
      const entry: Entry = { ...execution, abortedAt: null, isDeaf: false };
      entries.add(entry);
      return () => {
        entries.delete(entry);
        if (entry.isDeaf) tellDeaf();
      };
    },
    stop: () => clearInterval(timer),
  };
}
