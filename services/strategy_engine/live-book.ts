/** What is written of authored strategies at work, beside their cells and signals: log lines, errors. All in the caller's transaction. */
import type { AppError } from '#app/domain/errors.ts';
import type { Queryable } from '#chassis/db.ts';
import type { Deployment } from './deployments.ts';
import { plainLine, type PauseCause } from './own-pause.ts';

/** Lines that are kept of one strategy. */
const KEPT_LINES = 5_000;
/** Errors behind those lines that are kept for two days more: a talkative strategy must not talk away the error by which its day is judged. Its own lines may be errors too, so they have a limit. */
const KEPT_ERRORS = 1_000;
/** Batches in a row that took nearly all of the time there is, after which a strategy is paused. */
const MAX_SLOW = 3;

/** A line of a strategy's log. `barOpenTime`: epoch ms, null when it is of no bar. */
export type LogLine = { readonly deployment: Deployment; readonly barOpenTime: number | null; readonly symbol: string | null; readonly level: 'info' | 'warn' | 'error'; readonly line: string };

const INSERT_LINES = `
  INSERT INTO strategy_engine.strategy_log (strategy_id, strategy_version_id, bar_open_time, symbol, level, line)
  SELECT strategy_id, version_id, to_timestamp(bar_ms / 1000.0), symbol, level, line
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[]) WITH ORDINALITY AS l(strategy_id, version_id, bar_ms, symbol, level, line, n) ORDER BY n`;

const PRUNE = `
  WITH last AS (SELECT id FROM strategy_engine.strategy_log WHERE strategy_id = $1 ORDER BY id DESC OFFSET ${KEPT_LINES} LIMIT 1),
  kept AS (SELECT l.id FROM strategy_engine.strategy_log l, last WHERE l.strategy_id = $1 AND l.id <= last.id AND l.level = 'error' AND l.at > now() - interval '2 days' ORDER BY l.id DESC LIMIT ${KEPT_ERRORS})
  DELETE FROM strategy_engine.strategy_log WHERE strategy_id = $1 AND id <= (SELECT id FROM last) AND id NOT IN (SELECT id FROM kept)`;

/** Appends lines and lets go of those beyond the newest few thousand of each strategy, of errors only when they are old. */
export async function writeLines(tx: Queryable, lines: readonly LogLine[]): Promise<void> {
  if (lines.length === 0) return;
  await tx.query(INSERT_LINES, [
    lines.map(({ deployment }) => deployment.strategyId), lines.map(({ deployment }) => deployment.versionId), lines.map(({ barOpenTime }) => barOpenTime), lines.map(({ symbol }) => symbol), lines.map(({ level }) => level), lines.map(({ line }) => plainLine(line)),
  ]);
  for (const strategyId of new Set(lines.map(({ deployment }) => deployment.strategyId))) await tx.query(PRUNE, [strategyId]);
}

/** How a batch of bars went for a deployment. `error` null: it went well. `missedFrom`: the first bar (open time, epoch ms) on which it was to speak and could not; null for none. */
export type Course = { readonly deployment: Deployment; readonly error: AppError | null; readonly isSlow: boolean; readonly missedFrom: number | null };
const COUNT = `
  INSERT INTO strategy_engine.strategy_errors AS e (strategy_version_id, errors, errors_in_a_row, slow_in_a_row, last_error_at, missed_from)
  VALUES ($1, $2, $2, $3, CASE WHEN $2 = 1 THEN clock_timestamp() END, to_timestamp($4::bigint / 1000.0))
  ON CONFLICT (strategy_version_id) DO UPDATE SET errors = e.errors + $2, errors_in_a_row = CASE WHEN $2 = 0 THEN 0 ELSE e.errors_in_a_row + 1 END, slow_in_a_row = CASE WHEN $3 = 0 THEN 0 ELSE e.slow_in_a_row + 1 END,
    last_error_at = coalesce(excluded.last_error_at, e.last_error_at), missed_from = least(e.missed_from, excluded.missed_from), updated_at = clock_timestamp()
  WHERE $2 > 0 OR $3 > 0 OR e.errors_in_a_row > 0 OR e.slow_in_a_row > 0
  RETURNING errors_in_a_row AS "inARow", slow_in_a_row AS "slow"`;

/** Counts errors and slow batches in a row; names whom they pause. Strategies without trouble cost one look. */
export async function countCourses(tx: Queryable, courses: readonly Course[]): Promise<PauseCause[]> {
  const troubled = new Set((await tx.query<{ id: string }>('SELECT strategy_version_id AS id FROM strategy_engine.strategy_errors WHERE strategy_version_id = ANY($1::text[]) AND (errors_in_a_row > 0 OR slow_in_a_row > 0)', [courses.map(({ deployment }) => deployment.versionId)])).map(({ id }) => id));
  const causes: PauseCause[] = [];
  for (const { deployment, error, isSlow, missedFrom } of courses) {
    if (error === null && !isSlow && !troubled.has(deployment.versionId)) continue;
    const [row] = await tx.query<{ inARow: number; slow: number }>(COUNT, [deployment.versionId, error === null ? 0 : 1, isSlow ? 1 : 0, missedFrom]);
    const limit = deployment.authored?.maxErrors ?? 1;
    if (error !== null && (row?.inARow ?? 0) >= limit) causes.push({ deployment, by: 'errors', why: `${limit === 1 ? 'An error' : `${row?.inARow ?? limit} errors in a row`}, the last one: ${error.message}` });
    else if ((row?.slow ?? 0) >= MAX_SLOW) causes.push({ deployment, by: 'errors', why: `It needed nearly all of the time that a strategy has for its bars, ${MAX_SLOW} times in a row` });
  }
  return causes;
}

/**
 * Takes strategies that failed at a batch out of the lane: they are as they were before it, so that the next bars would leave a gap. What they missed is shown to them
 * from the book before they see more. Returns the ids of those that were in it.
 */
export async function takeOut(tx: Queryable, failed: readonly Deployment[]): Promise<string[]> {
  if (failed.length === 0) return [];
  const rows = await tx.query<{ id: string }>(
    'UPDATE strategy_engine.strategies SET is_warm = false, updated_at = clock_timestamp() WHERE current_version_id = ANY($1::text[]) AND is_warm AND NOT is_stopped RETURNING strategy_id AS id', [failed.map(({ versionId }) => versionId)],
  );
  return rows.map(({ id }) => id);
}
