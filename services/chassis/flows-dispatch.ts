/** From the queues into executions: at once when a place is free, and as soon as one becomes free; the engine's own look once a second stays the safety net. */
import { randomUUID } from 'node:crypto';
import { WorkflowQueue } from '@dbos-inc/dbos-sdk/internal/wfqueue';
import type { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor';
import { describeError } from '#app/domain/errors.ts';
import type { FlowBook } from './flows-book.ts';
import type { Places } from './flows-places.ts';
import type { Logger } from './log.ts';

const LOOK_MS = 1_000;
/** A claimed run that has not begun by now will not (it was given up, or cancelled in between): its place goes back. */
const BEGIN_MS = 2_000;

/** A queue and the places of its flow. */
export type ServedQueue = { readonly name: string; readonly places: Places };

/** The dispatcher. */
export type Dispatcher = {
  /** Something waits on this queue. */
  kick(queue: string): void;
  /** A place has become free. */
  freed(queue: string): void;
  /** Looks at all queues now. */
  look(): void;
  /** The execution of a run begins: true when one of these places was taken for it already. */
  arrive(runId: string, places: Places): boolean;
  /** Is this run claimed and on its way? */
  isExpected(runId: string): boolean;
  stop(): void;
};

type Served = ServedQueue & { isDraining: boolean; mayHoldMore: boolean };

/** What the dispatcher works with. */
export type DispatchParts = { readonly engine: DBOSExecutor; readonly appVersion: string; readonly book: FlowBook; readonly log: Logger };

/** A queue as the engine's claim wants it: nothing but how many to take. */
function claimOf(name: string, count: number): WorkflowQueue {
  return new WorkflowQueue({
    name, concurrency: null, workerConcurrency: count, rateLimitMax: null, rateLimitPeriodSec: null, partitionQueue: false, partitionConcurrency: null, partitionWorkerConcurrency: null,
    partitionRateLimitMax: null, partitionRateLimitPeriodSec: null, pollingIntervalSec: 1,
  });
}

/** Claimed runs whose place is taken and whose execution has not begun. */
type Coming = Map<string, Places>;

function giveBack(coming: Coming, runIds: readonly string[]): void {
  for (const runId of runIds) {
    const places = coming.get(runId);
    if (places && coming.delete(runId)) places.release();
  }
}

/** Takes all free places, claims as many runs and starts them; says whether the queue may hold more. */
async function claim({ engine, appVersion }: DispatchParts, { name, places }: ServedQueue, coming: Coming): Promise<boolean> {
  const count = places.take(Infinity);
  if (count === 0) return true;
  const mark = randomUUID();
  let runIds: readonly string[] = [];
  try {
    runIds = await engine.systemDatabase.findAndMarkStartableWorkflows(claimOf(name, count), engine.executorID, appVersion, undefined, 0, 0, mark);
  } finally {
    for (const runId of runIds) coming.set(runId, places);
    for (let spare = count - runIds.length; spare > 0; spare -= 1) places.release();
  }
  if (runIds.length === 0) return false;
  await engine.dispatchDequeuedWorkflows([...runIds], mark);
  if (runIds.some((runId) => coming.has(runId))) setTimeout(() => giveBack(coming, runIds), BEGIN_MS).unref();
  return runIds.length === count;
}

/** Starts to serve queues. */
export function startDispatcher(parts: DispatchParts, queues: readonly ServedQueue[]): Dispatcher {
  const { book, log } = parts;
  const served = new Map<string, Served>(queues.map((queue) => [queue.name, { ...queue, isDraining: false, mayHoldMore: false }]));
  const coming: Coming = new Map();
  let isStopped = false;
  let isLooking = false;

  const drain = async (queue: Served): Promise<void> => {
    if (queue.isDraining) return;
    queue.isDraining = true;
    try {
      while (queue.mayHoldMore && queue.places.free > 0 && !isStopped) {
        queue.mayHoldMore = false;
        if (await claim(parts, queue, coming)) queue.mayHoldMore = true;
      }
    } catch (error) {
      log.debug({ queue: queue.name, error: describeError(error) }, 'A queue could not be served; it is looked at again');
    } finally {
      queue.isDraining = false;
    }
  };
  const kick = (name: string): void => {
    const queue = served.get(name);
    if (!queue) return;
    queue.mayHoldMore = true;
    void drain(queue);
  };
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      const idle = [...served.values()].filter((queue) => !queue.isDraining && queue.places.free > 0).map((queue) => queue.name);
      if (idle.length > 0) for (const name of await book.waiting(idle)) kick(name);
    } catch (error) {
      log.debug({ error: describeError(error) }, 'The queues could not be looked at; they are looked at again');
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  timer.unref();
  return {
    kick,
    freed(name) {
      const queue = served.get(name);
      if (queue?.mayHoldMore) void drain(queue);
    },
    look: () => void look(),
    arrive(runId, places) {
      const taken = coming.get(runId);
      if (taken === places) return coming.delete(runId);
      giveBack(coming, [runId]);
      return false;
    },
    isExpected: (runId) => coming.has(runId),
    stop() {
      isStopped = true;
      clearInterval(timer);
    },
  };
}
