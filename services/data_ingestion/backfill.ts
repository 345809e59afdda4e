/** Back-fills as the book knows them: wanted, seen, steered. The lane that carries them out is backfill-lane.ts. */
import { AppError } from '#app/domain/errors.ts';
import type { EpochMs, Timeframe } from '#app/domain/time.ts';
import { at, type Queryable } from '#chassis/db.ts';

/**
 * Bars of past days that somebody wants. `key`: asking twice under it is asking once; `from`, `to`: first and last open time wanted (epoch ms).
 * Series that are stored in part are read again: known bars stay as they are, missing ones are filled in.
 */
export type BackfillWant = {
  readonly key: string; readonly wantedBy: string; readonly why: string; readonly symbols: readonly string[]; readonly timeframe: Timeframe; readonly from: EpochMs; readonly to: EpochMs;
};

/** Writes a wish down; the lane begins with the oldest one. @returns its id, and whether it is new */
export async function wantBackfill(tx: Queryable, want: BackfillWant): Promise<{ readonly backfillId: string; readonly isNew: boolean }> {
  const symbols = [...new Set(want.symbols)];
  if (symbols.length === 0) throw new AppError('INPUT_INVALID', 'A back-fill needs at least one symbol');
  if (want.from > want.to) throw new AppError('INPUT_INVALID', 'There is no complete bar between the two days yet: choose an earlier first day');
  const backfillId = `backfill-${want.key}`;
  // One statement, so that it needs no transaction of its own.
  const rows = await tx.query(
    `WITH wanted AS (
       INSERT INTO data_ingestion.backfills (backfill_id, wanted_by, why, timeframe, from_time, to_time) VALUES ($1, $2, $3, $4, $5::timestamptz, $6::timestamptz) ON CONFLICT DO NOTHING RETURNING backfill_id, from_time
     ), series AS (
       INSERT INTO data_ingestion.backfill_series (backfill_id, symbol, next_time) SELECT wanted.backfill_id, symbol, wanted.from_time FROM wanted, unnest($7::text[]) AS symbol
     ) SELECT backfill_id FROM wanted`,
    [backfillId, want.wantedBy, want.why, want.timeframe, at(want.from), at(want.to), symbols],
  );
  return { backfillId, isNew: rows.length === 1 };
}
