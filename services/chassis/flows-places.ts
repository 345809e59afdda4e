/** Who may run now: the places of a flow, and the gate through which executions pass while the service is up. */
import { AppError } from '#app/domain/errors.ts';
import { sleep } from './clock.ts';

/** One execution's passage through the gate. */
export type Passage = {
  /** The execution has ended. */
  leave(): void;
  /** The execution stays where it is for ever: unfinished in the book, it goes on at the next start. */
  park(): Promise<never>;
};

/** The service's stop as runs see it: once closing, no step begins; once aborted, those still running are told to end. */
export type Gate = { readonly isClosed: boolean; readonly closing: AbortSignal; readonly aborted: AbortSignal; enter(): Passage };

/** Opens the gate; `close` resolves when no execution moves any more, or at the deadline, and aborts what still runs. */
export function openGate(): Gate & { close(deadlineMs: number): Promise<void> } {
  const closing = new AbortController();
  const aborting = new AbortController();
  const moving = new Set<symbol>();
  let wake: (() => void) | null = null;
  return {
    get isClosed() {
      return closing.signal.aborted;
    },
    closing: closing.signal,
    aborted: aborting.signal,
    enter() {
      const execution = Symbol('execution');
      moving.add(execution);
      const leave = (): void => {
        moving.delete(execution);
        if (moving.size === 0) wake?.();
      };
      return {
        leave,
        park: () => {
          leave();
          return new Promise<never>(() => undefined);
        },
      };
    },
    async close(deadlineMs) {
      const quiet = new Promise<void>((resolve) => {
        wake = resolve;
      });
      closing.abort(new AppError('UNIT_TIMEOUT', 'The service is stopping'));
      if (moving.size > 0) await Promise.race([quiet, sleep(deadlineMs)]);
      aborting.abort(new AppError('UNIT_TIMEOUT', 'The service is stopping'));
    },
  };
}

/** The places of a flow: as many executions as its concurrency allows. */
export type Places = {
  readonly free: number;
  /** Takes up to `count` places; returns how many it got. */
  take(count: number): number;
  /** Waits for a place; one who comes back goes before those who are new. */
  acquire(isComingBack?: boolean): Promise<void>;
  release(): void;
};

/** Opens the places of a flow; `onFree` hears of each that nobody here waited for. */
export function openPlaces(limit: number, onFree: () => void): Places {
  const waiting: (() => void)[] = [];
  let taken = 0;
  return {
    get free() {
      return limit - taken;
    },
    take(count) {
      const got = Math.max(0, Math.min(count, limit - taken));
      taken += got;
      return got;
    },
    async acquire(isComingBack = false) {
      if (taken < limit) {
        taken += 1;
        return;
      }
      await new Promise<void>((resolve) => {
        if (isComingBack) waiting.unshift(resolve);
        else waiting.push(resolve);
      });
    },
    release() {
      const next = waiting.shift();
      if (next) return next();
      taken -= 1;
      onFree();
    },
  };
}

/** An execution's hold on its place. */
export type Hold = {
  /** Others may have the place while this one waits for its children. Calls nest: the last to come back takes a place again. */
  leave(): void;
  comeBack(): Promise<void>;
  /** Gives the place up for good; says whether it still had it. */
  end(): boolean;
};

/** The hold of an execution that has a place already. */
export function holdPlace(places: Pick<Places, 'acquire' | 'release'>): Hold {
  let away = 0;
  let hasPlace = true;
  let isEnded = false;
  let returning: Promise<void> | null = null;
  const giveUp = (): boolean => {
    if (!hasPlace) return false;
    hasPlace = false;
    places.release();
    return true;
  };
  return {
    leave() {
      away += 1;
      if (returning === null) giveUp();
    },
    async comeBack() {
      away -= 1;
      if (away > 0 || isEnded || hasPlace) return;
      returning ??= places.acquire(true).then(() => {
        returning = null;
        hasPlace = true;
        // Away again meanwhile: whom it waits for may need this very place.
        if (isEnded || away > 0) giveUp();
      });
      await returning;
    },
    end() {
      isEnded = true;
      return giveUp();
    },
  };
}
