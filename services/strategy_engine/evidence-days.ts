/** Notes the exchange days that deployments on paper have taken live, after each close and at the start of the service. */
import * as z from 'zod';
import { describeError } from '#app/domain/errors.ts';
import { MINUTE_MS, timeframeSchema, type EpochMs } from '#app/domain/time.ts';
import { latestSession, type Session } from '#app/market/calendar.ts';
import type { Mode } from '#app/contracts/config.ts';
import { at, type Db, type Queryable } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import { noteEvidence, readEvidence, type EvidenceDay } from './evidence.ts';
import { parametersHash } from './evidence-parameters.ts';
import { heardToItsEnd, tookLive } from './evidence-taken.ts';

const parametersSchema = z.record(z.string(), z.unknown());

/** How often it is looked, and how long after a close the day is over: the last bars and what they cause take a while. */
const LOOK_MS = 10 * MINUTE_MS;
const SETTLED_MS = 15 * MINUTE_MS;

/**
 * Deployed, running and warm from before the open to after the close, without an error on it: in its log, which is pruned, and in what is counted of it. One that trades bars of whole days decides
 * in the night, so that of it everything counts that happened since. $1: the open; $2: when the day was over; $3: the close.
 */
const RAN = `
  SELECT s.strategy_id AS "strategyId", v.strategy_version_id AS "versionId", s.timeframe, p.hash, v.parameters, (SELECT coalesce(sum(t.version), 0)::integer FROM strategy_engine.strategy_state t WHERE t.strategy_version_id = v.strategy_version_id) AS bars
  FROM strategy_engine.strategies s JOIN strategy_engine.strategy_versions v ON v.strategy_version_id = s.current_version_id
  JOIN strategy_engine.project_versions p ON p.project_id = v.project_id AND p.version = v.project_version
  CROSS JOIN LATERAL (SELECT CASE WHEN s.timeframe = '1Day' THEN 'infinity' ELSE $2::timestamptz END AS errors, CASE WHEN s.timeframe = '1Day' THEN 'infinity' ELSE $3::timestamptz END AS switches) until
  WHERE s.is_enabled AND s.is_warm AND s.paused IS NULL AND NOT s.is_stopped AND v.created_at < $1::timestamptz
    AND NOT EXISTS (SELECT FROM strategy_engine.strategy_log l WHERE l.strategy_id = s.strategy_id AND l.level = 'error' AND l.at >= $1::timestamptz AND l.at < until.errors)
    AND NOT EXISTS (SELECT FROM strategy_engine.strategy_errors e WHERE e.strategy_version_id = v.strategy_version_id AND e.last_error_at >= $1::timestamptz AND e.last_error_at < until.errors)
    AND NOT EXISTS (SELECT FROM logging.audit_log a WHERE a.subject = s.strategy_id AND a.action = 'strategy.set_enabled' AND a.at >= $1::timestamptz AND a.at < until.switches
      AND NOT (coalesce((a.before->>'isEnabled')::boolean, false) AND coalesce((a.after->>'isEnabled')::boolean, false)))
  ORDER BY s.strategy_id LIMIT 500`;
const rowSchema = z.object({ strategyId: z.string(), versionId: z.string(), timeframe: timeframeSchema, hash: z.string(), parameters: parametersSchema, bars: z.number().int() });

/** The last session that is over, by then. */
function lastSettled(now: EpochMs): Session {
  const settled = (now - SETTLED_MS) as EpochMs;
  const latest = latestSession(settled);
  return latest.close <= settled ? latest : latestSession((latest.open - 1) as EpochMs);
}

/** What a look works with. `missed`: the day that a version did not take live, by version: what came too late once stays so, and is not looked up again. */
type Look = { readonly libraryDir: string; readonly now: EpochMs; readonly missed?: Map<string, string> };

/** Notes the last session that is over, for those that took it live. @returns deployments of which a day was added */
export async function noteDay(book: Queryable, { libraryDir, now, missed = new Map() }: Look): Promise<number> {
  const session = lastSettled(now);
  const rows = await book.query(RAN, [at(session.open), at(session.close + SETTLED_MS), at(session.close)]);
  const isHeard = rows.length > 0 && (await heardToItsEnd(book, session));
  let added = 0;
  const failed: unknown[] = [];
  for (const raw of rows) {
    const { hash, parameters, timeframe, ...row } = rowSchema.parse(raw);
    const day: EvidenceDay = { day: session.date, ...row, notedAt: now, parameters: parametersHash(parameters) };
    if ((timeframe !== '1Day' && !isHeard) || missed.get(row.versionId) === day.day) continue;
    // It is asked every ten minutes, also when everything has been noted.
    if ((await readEvidence(libraryDir, hash)).days.some((known) => known.day === day.day && known.parameters === day.parameters)) continue;
    if (!(await tookLive(book, { versionId: row.versionId, timeframe }, session))) {
      // A bar of a whole day may still be shown.
      if (timeframe !== '1Day') missed.set(row.versionId, day.day);
      continue;
    }
    try {
      if (await noteEvidence(libraryDir, hash, [day])) added += 1;
    } catch (error) {
      // A file that cannot be written now holds up no other; it is tried again.
      failed.push(error);
    }
  }
  if (failed.length > 0) throw new AggregateError(failed, `The days of ${failed.length} deployments could not be written: ${describeError(failed[0])}`);
  return added;
}

/** What noting needs. */
export type EvidenceParts = { readonly db: Db; readonly mode: Mode; readonly libraryDir: string | null; readonly now: () => EpochMs; readonly log: Logger; readonly signal: AbortSignal };

/** Notes at once and every ten minutes, on paper alone: real money asks what paper has seen, and play money proves nothing. A look that fails is told and repeated. */
export function noteDaysOnPaper({ db, mode, libraryDir, now, log, signal }: EvidenceParts): void {
  if (mode !== 'paper' || libraryDir === null) return;
  const missed = new Map<string, string>();
  let isLooking = false;
  const look = (): void => {
    if (isLooking) return;
    isLooking = true;
    noteDay(db, { libraryDir, now: now(), missed }).then((added) => {
      if (added > 0) log.info({ deployments: added }, 'A day on paper was noted');
    }).catch((error: unknown) => {
      if (!signal.aborted) log.warn({ error: describeError(error) }, 'The day on paper could not be noted; it is tried again');
    }).finally(() => (isLooking = false));
  };
  look();
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer));
}
