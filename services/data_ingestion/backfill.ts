/** Back-fills as the book knows them: wanted, seen, steered. The lane that carries them out is backfill-lane.ts. */
import type { BulkState } from '#app/contracts/bulk.ts';
import { AppError } from '#app/domain/errors.ts';
import { HOUR_MS, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { calendarCovers, exchangeDay, sessionOn } from '#app/market/calendar.ts';
import { fromNewYorkDay, newYorkDayNumber } from '#app/market/nyse-zone.ts';
import { at, type Queryable } from '#chassis/db.ts';
import { lastCompleteOpen } from './store.ts';

/**
 * Bars of past days that somebody wants. `key`: asking twice under it is asking once; `from`, `to`: first and last open time wanted (epoch ms).
 * Series that are stored in part are read again: known bars stay as they are, missing ones are filled in.
 */
export type BackfillWant = {
  readonly key: string; readonly wantedBy: string; readonly why: string; readonly symbols: readonly string[]; readonly timeframe: Timeframe; readonly from: EpochMs; readonly to: EpochMs;
};

/** Writes a wish down; the lane takes it up by itself. @returns its id, and whether it is new. @throws AppError INPUT_INVALID for no symbols, or no time */
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

/** Minutes are the live lane's: one that a back-fill had stored first would be known when the stream brings it, and no strategy would see it. The newest hour is left to it. */
const LIVE_LANE_MS = HOUR_MS;

/** Open time of the newest bar that a back-fill may bring: a complete one, and no minute that the stream may still bring. A day is complete once its session has closed. */
export function newestComplete(marketNow: EpochMs, timeframe: Timeframe): EpochMs {
  if (timeframe === '1Min') return lastCompleteOpen(marketNow - LIVE_LANE_MS, timeframe) as EpochMs;
  if (timeframe !== '1Day') return lastCompleteOpen(marketNow, timeframe) as EpochMs;
  const session = calendarCovers(marketNow) ? sessionOn(exchangeDay(marketNow)) : null;
  const today = newYorkDayNumber(marketNow);
  return fromNewYorkDay(session && session.close <= marketNow ? today : today - 1, 0);
}

const FROM: Readonly<Record<'pause' | 'resume' | 'cancel', { readonly states: readonly BulkState[]; readonly next: BulkState }>> = {
  pause: { states: ['waiting', 'running'], next: 'paused' },
  resume: { states: ['paused', 'failed'], next: 'waiting' },
  cancel: { states: ['waiting', 'running', 'paused', 'failed'], next: 'canceled' },
};

/**
 * Pauses, resumes or cancels a back-fill or an import. Asked of one that is there already: nothing changes.
 * @throws AppError INPUT_INVALID when there is none; VERSION_CONFLICT when it has ended
 */
export async function steer(db: Queryable, table: 'backfills' | 'imports', id: string, act: 'pause' | 'resume' | 'cancel'): Promise<void> {
  const { states, next } = FROM[act];
  const key = table === 'backfills' ? 'backfill_id' : 'import_id';
  const moved = await db.query(
    `UPDATE data_ingestion.${table} SET state = $2, problem = CASE WHEN $2 = 'waiting' THEN NULL ELSE problem END, updated_at = clock_timestamp(), ended_at = CASE WHEN $2 = 'canceled' THEN clock_timestamp() ELSE NULL END
     WHERE ${key} = $1 AND state = ANY($3::text[]) RETURNING 1`, [id, next, states]);
  if (moved.length > 0) return;
  const [row] = await db.query<{ state: BulkState }>(`SELECT state FROM data_ingestion.${table} WHERE ${key} = $1`, [id]);
  if (!row) throw new AppError('INPUT_INVALID', `There is no ${table === 'backfills' ? 'back-fill' : 'import'} of this id`);
  const isThere = row.state === next || (act === 'resume' && row.state === 'running');
  if (!isThere) throw new AppError('VERSION_CONFLICT', `It has ended (${row.state}) and cannot be changed any more. Begin a new one`);
}
