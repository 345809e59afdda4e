/** Notes the exchange days that deployments on paper have run through, after each close and at the start of the service. */
import * as z from 'zod';
import { describeError } from '#app/domain/errors.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { fromNewYork, latestSession } from '#app/market/calendar.ts';
import type { Mode } from '#app/contracts/config.ts';
import { at, type Db, type Queryable } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import { noteEvidence, type EvidenceDay } from './evidence.ts';
import { parametersHash } from './evidence-parameters.ts';

const parametersSchema = z.record(z.string(), z.unknown());

/** How often it is looked, and how long after a close the day is over: the last bars and what they cause take a while. */
const LOOK_MS = 10 * MINUTE_MS;
const SETTLED_MS = 15 * MINUTE_MS;

/** Deployed and running from before the open to after the close, with a bar of the day, and without an error on it. $4: the close. */
const RAN = `
  SELECT s.strategy_id AS "strategyId", v.strategy_version_id AS "versionId", p.hash, v.parameters, (SELECT coalesce(sum(t.version), 0)::integer FROM strategy_engine.strategy_state t WHERE t.strategy_version_id = v.strategy_version_id) AS bars
  FROM strategy_engine.strategies s JOIN strategy_engine.strategy_versions v ON v.strategy_version_id = s.current_version_id
  JOIN strategy_engine.project_versions p ON p.project_id = v.project_id AND p.version = v.project_version
  WHERE s.is_enabled AND s.paused IS NULL AND NOT s.is_stopped AND v.created_at < $1::timestamptz
    AND EXISTS (SELECT FROM strategy_engine.strategy_state t WHERE t.strategy_version_id = v.strategy_version_id AND t.last_open_time >= $3::timestamptz)
    AND NOT EXISTS (SELECT FROM strategy_engine.strategy_log l WHERE l.strategy_id = s.strategy_id AND l.level = 'error' AND l.at >= $1::timestamptz AND l.at < $2::timestamptz)
    AND NOT EXISTS (SELECT FROM logging.audit_log a WHERE a.subject = s.strategy_id AND a.action = 'strategy.set_enabled' AND a.at >= $1::timestamptz AND a.at < $4::timestamptz
      AND NOT (coalesce((a.before->>'isEnabled')::boolean, false) AND coalesce((a.after->>'isEnabled')::boolean, false)))
  ORDER BY s.strategy_id LIMIT 500`;
type RanRow = { readonly strategyId: string; readonly versionId: string; readonly hash: string; readonly parameters: unknown; readonly bars: number };

/** Notes the last session that is over. @returns deployments of which a day was added */
export async function noteDay(book: Queryable, { libraryDir, now }: { readonly libraryDir: string; readonly now: EpochMs }): Promise<number> {
  const settled = (now - SETTLED_MS) as EpochMs;
  const latest = latestSession(settled);
  const session = latest.close <= settled ? latest : latestSession((latest.open - 1) as EpochMs);
  // A bar of a whole day opens at midnight.
  const rows = await book.query<RanRow>(RAN, [at(session.open), at(session.close + SETTLED_MS), at(fromNewYork(session.date, 0)), at(session.close)]);
  let added = 0;
  const failed: unknown[] = [];
  for (const { hash, parameters, ...row } of rows) {
    const day: EvidenceDay = { day: session.date, ...row, notedAt: now, parameters: parametersHash(parametersSchema.parse(parameters)) };
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
  let isLooking = false;
  const look = (): void => {
    if (isLooking) return;
    isLooking = true;
    noteDay(db, { libraryDir, now: now() }).then((added) => {
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
