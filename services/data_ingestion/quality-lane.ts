/** What follows from stored bars and actions, kept up to date beside the validations: adjustment factors and coverage. */
import { isTransient, sleep } from '#chassis/clock.ts';
import type { Db } from '#chassis/db.ts';
import { updateCoverage } from './coverage.ts';
import { computeFactors } from './factors.ts';
import { validateSeriesWhole, type LookOptions } from './validate.ts';

/** The first look waits until the service has caught up; then this often, so that neither charts nor the data page wait for an hourly validation. */
const FIRST_LOOK_MS = 15_000;
const LOOK_EVERY_MS = 300_000;
/** What is known to have changed is looked at this soon; changes that come together are one look. */
const SOON_MS = 500;
/** Day series that are looked at again at once because splits or payouts of them came to light. */
const MAX_AGAIN = 200;

/** Computes the factors whose actions or closes changed, and looks again at the day bars of these symbols: a cliff that is explained now is none, a split that the prices do not show is one. @returns symbols with other factors */
export async function refreshFactors(db: Db, options: LookOptions): Promise<number> {
  const { changed } = await computeFactors(db, options.signal);
  for (const symbol of changed.slice(0, MAX_AGAIN)) await validateSeriesWhole(db, { symbol, timeframe: '1Day' }, options);
  return changed.length;
}

/** What factors are computed from, in one mark: actions, and bars of days. Closes that minutes alone tell are looked at by each validation. */
async function inputsOf(db: Db): Promise<string> {
  const [row] = await db.query<{ mark: string }>(
    `SELECT concat_ws(' ', a.n, a.at, d.bars, d.revisions) AS mark FROM (SELECT count(*) AS n, max(greatest(seen_at, changed_at)) AS at FROM data_ingestion.corporate_actions) a,
       (SELECT sum(bars_total) AS bars, sum(revisions) AS revisions FROM data_ingestion.ingestion_status WHERE timeframe = '1Day') d`);
  return row?.mark ?? '';
}

/** The running lane. `soon`: actions, or closes of past days, have changed. */
export type QualityLane = { soon(): void };

/** Keeps factors and coverage for as long as the service runs. `onError` hears what is no passing trouble of the database; it is tried again all the same. */
export function keepQuality(db: Db, options: { readonly signal: AbortSignal; readonly onError: (error: unknown) => void }): QualityLane {
  let wake = new AbortController();
  const woken = (): AbortSignal => AbortSignal.any([wake.signal, options.signal]);
  void looks(db, options, async (ms) => {
    await sleep(ms, woken());
    if (!wake.signal.aborted) return;
    wake = new AbortController();
    await sleep(SOON_MS, options.signal);
  });
  return { soon: () => wake.abort() };
}

async function looks(db: Db, { signal, onError }: { readonly signal: AbortSignal; readonly onError: (error: unknown) => void }, pauseFor: (ms: number) => Promise<void>): Promise<void> {
  let known: string | null = null;
  for (let pause = FIRST_LOOK_MS; !signal.aborted; pause = LOOK_EVERY_MS) {
    await pauseFor(pause);
    if (signal.aborted) return;
    try {
      // The close before each of thousands of actions is not asked for again while nothing moves.
      const inputs = await inputsOf(db);
      if (inputs !== known) await refreshFactors(db, { signal, now: null });
      known = inputs;
      await updateCoverage(db, { signal });
    } catch (error) {
      if (!signal.aborted && !isTransient(error)) onError(error);
    }
  }
}
