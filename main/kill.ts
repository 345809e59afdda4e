/** The kill switch: stops execution in memory first, then brings the book, the broker and the positions after; what cannot be done yet is tried again. */
import type { ToWorker } from '#app/contracts/control.ts';
import type { UnitId } from '#app/contracts/health.ts';
import type { KillOutcome, KillWish, Latch } from '#app/contracts/kill.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { openPulls } from './kill-pulls.ts';
import { carryOut, type StepPorts } from './kill-steps.ts';
import type { ControlStore } from './store/control-store.ts';

/** Who must know of a pull. */
const LATCHED_WORKERS = ['execution', 'risk_management'] as const satisfies readonly UnitId[];

/** Execution answers within milliseconds; after this it counts as not answering. */
const ANSWER_LIMIT_MS = 1_500;
/** How long a person waits for what follows; the rest is reported as under way. */
const STEPS_LIMIT_MS = 3_000;
const RETRY_MS = 2_000;
/** Pulls that are remembered for a repeated question. */
const MAX_KNOWN = 100;

/** What the kill switch works with. `wall` is EpochMs, `monotonic` milliseconds. */
export type KillPorts = Omit<StepPorts, 'onStored'> & {
  readonly store: Pick<ControlStore, 'kept' | 'keep'>;
  readonly send: (unit: UnitId, message: Extract<ToWorker, { type: 'latch' | 'unlatch' }>) => void;
  readonly hasProcess: (unit: UnitId) => boolean;
  readonly monotonic: () => number;
};

/** The kill switch of one run. */
export type KillSwitch = {
  /**
   * Pulls it. The same key again is the same pull: it is carried on with, and one that is done gives its first answer again.
   * @throws AppError IDEMPOTENCY_CONFLICT when the key pulled it as far as another level; UNIT_TIMEOUT (temporary) when neither execution nor the book has answered in time; both are told again until they do.
   */
  pull(wish: KillWish): Promise<KillOutcome>;
  /** Pulls that the book may not have: for workers that start. */
  latches(): readonly Latch[];
  /** A worker answers. */
  latched(unit: UnitId, key: string, isStored: boolean): void;
  close(): void;
};

/** Resolves with the promise, or with null after `limitMs`. */
async function within<T>(promise: Promise<T>, limitMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([promise, new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), limitMs)))]);
  } finally {
    clearTimeout(timer);
  }
}

/** Opens the kill switch; what an earlier run left undone is taken up. */
export function openKillSwitch(ports: KillPorts): KillSwitch {
  const pulls = openPulls(ports.store, ports.tell);
  const waiting = new Map<string, PromiseWithResolvers<true>>();
  const busy = new Map<string, Promise<void>>();
  /** How soon execution had stopped, by the keys of the pulls of this run. */
  const known = new Map<string, { readonly level: KillWish['level']; readonly afterMs: number | null }>();
  const sendAll = (message: Parameters<KillPorts['send']>[1]): void => {
    for (const unit of LATCHED_WORKERS) ports.send(unit, message);
  };
  const onStored = (key: string): void => sendAll({ type: 'unlatch', key });
  const attempt = (key: string): Promise<void> => {
    const running = busy.get(key) ?? carryOut({ ...ports, onStored }, pulls, key).finally(() => busy.delete(key));
    busy.set(key, running);
    return running;
  };
  const timer = setInterval(() => {
    for (const { latch } of pulls.all()) attempt(latch.key).catch((error: unknown) => ports.tell('error', `The kill switch met a defect: ${describeError(error)}`));
  }, RETRY_MS).unref();

  /** Tells execution and waits for its answer. `afterMs` null = none came; `isThere`: it runs. */
  const stopExecution = async (latch: Latch): Promise<{ readonly isThere: boolean; readonly afterMs: number | null }> => {
    const began = ports.monotonic();
    const isThere = ports.hasProcess('execution');
    const answer = waiting.get(latch.key) ?? Promise.withResolvers<true>();
    waiting.set(latch.key, answer);
    sendAll({ type: 'latch', latch });
    const isHeard = isThere && (await within(answer.promise, ANSWER_LIMIT_MS)) === true;
    waiting.delete(latch.key);
    return { isThere, afterMs: isHeard ? Math.round(ports.monotonic() - began) : null };
  };

  return {
    async pull(wish) {
      const before = known.get(wish.key);
      const level = pulls.find(wish.key)?.level ?? before?.level ?? wish.level;
      if (level !== wish.level) throw new AppError('IDEMPOTENCY_CONFLICT', `This key pulled the kill switch as "${level.replace('_', ' ')}"; take a new one for "${wish.level.replace('_', ' ')}"`);
      if (before !== undefined && pulls.find(wish.key) === null) return pulls.outcomeOf(wish, before.afterMs);
      const { latch, left } = pulls.take(wish, ports.wall());
      // Once the book has the state it alone decides: latched again by a second question, execution would stay stopped after a person has resumed.
      const stopping = left.includes('state') ? stopExecution(latch) : null;
      ports.tell('warn', `Kill switch (${wish.level.replace('_', ' ')}) by ${wish.actor}: ${wish.reason}`);
      const { isThere, afterMs } = (await stopping) ?? { isThere: false, afterMs: before?.afterMs ?? null };
      await within(attempt(wish.key), STEPS_LIMIT_MS);
      if (isThere && afterMs === null && pulls.find(wish.key)?.left.includes('state') === true) {
        throw new AppError('UNIT_TIMEOUT', 'Neither execution nor the book has answered the kill switch yet. Both are told again until they do; to be sure at once, stop everything.');
      }
      known.set(wish.key, before ?? { level: wish.level, afterMs });
      if (known.size > MAX_KNOWN) known.delete([...known.keys()][0] ?? '');
      return pulls.outcomeOf(wish, afterMs);
    },
    latches: () => pulls.all().filter((pull) => pull.left.includes('state')).map((pull) => pull.latch),
    latched(unit, key, isStored) {
      if (unit === 'execution') waiting.get(key)?.resolve(true);
      if (!isStored) return;
      if (pulls.find(key)?.left.includes('state') === true) pulls.done(key, 'state', 'the book has it');
      // Also when that was known: who was told of the pull after everybody had let go must let go, too.
      onStored(key);
    },
    close: () => clearInterval(timer),
  };
}
