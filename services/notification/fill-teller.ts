/** Starts the runs that tell fills: one for each open batch, again when the start failed, and once more when the batch is still open long after. */
import { describeError } from '#app/domain/errors.ts';
import type { Logger } from '#chassis/log.ts';
import { batchKey } from './flows/trade-alerts.ts';

/** A batch that is open for so long was not told by the run that its first fill started. */
const LATE_MS = 180_000;
const AGAIN_MS = 2_000;

/** What it works with. `start` starts a run under a key, durably once resolved; `later` runs an act after some milliseconds. */
export type TellerParts = {
  readonly openBatch: () => Promise<{ batch: number; ageMs: number } | null>; readonly start: (key: string) => Promise<unknown>;
  readonly later: (act: () => void, ms: number) => void; readonly log: Pick<Logger, 'warn'>;
};

/** Gives the function to call when there may be fills to tell: after the commit that brought some, at the start, and about once a minute. */
export function createFillTeller({ openBatch, start, later, log }: TellerParts): () => void {
  const started = new Set<string>();
  const look = async (): Promise<void> => {
    const open = await openBatch();
    if (open === null) return;
    const late = Math.floor(open.ageMs / LATE_MS);
    const key = late === 0 ? batchKey(open.batch) : `${batchKey(open.batch)}-late-${late}`;
    if (started.has(key)) return;
    // Only keys of the open batch matter.
    started.clear();
    started.add(key);
    try {
      await start(key);
    } catch (error) {
      started.delete(key);
      throw error;
    }
  };
  let isWaiting = false;
  const tell = (): void => {
    look().catch((error: unknown) => {
      log.warn({ error: describeError(error) }, 'Fills wait to be told: the run could not be started and is started again');
      if (isWaiting) return;
      isWaiting = true;
      later(() => {
        isWaiting = false;
        tell();
      }, AGAIN_MS);
    });
  };
  return tell;
}
