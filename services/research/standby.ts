/** Research threads that stay warm between runs: a thread takes a third of a second to start, a run over a decade of days less. */
import { AppError } from '#app/domain/errors.ts';
import { openPool, type Pool } from './pool.ts';

/** `most`: threads that are lent at one time. `restMs`: how long an idle one is kept. */
export type StandbyOptions = { readonly most: number; readonly restMs?: number; readonly entry?: URL };

/** A thread that is lent; dispose of it to give it back. */
export type Lent = AsyncDisposable & { readonly pool: Pick<Pool, 'ask' | 'single'> };

/** The threads. Dispose of it when the service drains. */
export type Standby = AsyncDisposable & {
  /** Lends a thread. @throws AppError INVARIANT_BROKEN when more are wanted than there are */
  lend(): Lent;
};

const REST_MS = 600_000;

/** Opens them; threads start with their first work. */
export function openStandby({ most, restMs = REST_MS, entry }: StandbyOptions): Standby {
  const idle: { readonly pool: Pool; readonly timer: NodeJS.Timeout }[] = [];
  const lent = new Set<Pool>();
  let isClosed = false;

  const giveBack = async (pool: Pool): Promise<void> => {
    lent.delete(pool);
    if (isClosed) return pool[Symbol.asyncDispose]();
    const place = { pool, timer: setTimeout(() => {
      idle.splice(idle.indexOf(place), 1);
      void pool[Symbol.asyncDispose]();
    }, restMs).unref() };
    idle.push(place);
  };
  return {
    lend() {
      if (isClosed || lent.size >= most) throw new AppError('INVARIANT_BROKEN', 'More research threads are wanted than the service has', { context: { most, isClosed } });
      const place = idle.pop();
      clearTimeout(place?.timer);
      const pool = place?.pool ?? openPool({ threads: 1, ...(entry === undefined ? {} : { entry }) });
      lent.add(pool);
      return { pool, [Symbol.asyncDispose]: () => giveBack(pool) };
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      const all = [...idle.splice(0).map(({ pool, timer }) => {
        clearTimeout(timer);
        return pool;
      }), ...lent];
      await Promise.all(all.map((pool) => pool[Symbol.asyncDispose]()));
    },
  };
}
