/** Screens that run by themselves: once for each new bar of their timeframe (an hour's, a day's), told when symbols come in or leave. */
import type { SavedScreen } from '#app/contracts/screener.ts';
import { describeError } from '#app/domain/errors.ts';
import { HOUR_MS } from '#app/domain/time.ts';
import type { Db, Tx } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { savedScreen } from './screen-save.ts';
import type { Screener } from './screen-run.ts';

/** How often the book is asked whether it has bars that no scheduled screen has seen. */
const LOOK_MS = 30_000;
const MAX_TOLD = 50;
const RUNS_KEPT = 400;

type Due = { screen_id: string; schedule: SavedScreen['schedule']; newest: number };

/** The moment of the market that a run belongs to: the hour of the newest bar, or its day. Bars, not the wall clock, say when it is time, so that a replay and a sleeping PC miss nothing and repeat nothing. */
export function momentOf(schedule: SavedScreen['schedule'], newest: number): string {
  return schedule === 'hourly' ? new Date(Math.floor(newest / HOUR_MS) * HOUR_MS).toISOString().slice(0, 13) : exchangeDay(newest as EpochMs);
}

/** A run's id: one run per screen and moment, whoever is first. */
export function runIdOf(screenId: string, schedule: SavedScreen['schedule'], newest: number): string {
  return `${screenId}:${schedule}:${momentOf(schedule, newest)}`;
}

/** Who came in and who left, against the last run that found anything out. */
export function compareMembers(before: readonly string[] | null, now: readonly string[]): { readonly entered: readonly string[]; readonly left: readonly string[] } {
  if (before === null) return { entered: [], left: [] };
  const [old, fresh] = [new Set(before), new Set(now)];
  return { entered: now.filter((symbol) => !old.has(symbol)), left: before.filter((symbol) => !fresh.has(symbol)) };
}

async function dueScreens(db: Db): Promise<Due[]> {
  const rows = await db.query<Due & { last_run: string | null }>(
    `SELECT s.screen_id, s.schedule, (extract(epoch FROM n.newest) * 1000)::bigint AS newest, r.run_id AS last_run
     FROM strategy_engine.screens s
       CROSS JOIN LATERAL (SELECT max(last_open_time) AS newest FROM data_ingestion.ingestion_status WHERE timeframe = CASE s.schedule WHEN 'hourly' THEN '1Min' ELSE s.definition->>'timeframe' END) n
       LEFT JOIN LATERAL (SELECT run_id FROM strategy_engine.screen_runs WHERE screen_id = s.screen_id ORDER BY at DESC LIMIT 1) r ON true
     WHERE s.schedule <> 'off' AND n.newest IS NOT NULL ORDER BY s.screen_id`,
  );
  return rows.filter((row) => row.last_run !== runIdOf(row.screen_id, row.schedule, row.newest));
}

/** Writes a run and, where it is wished, the news; both or none. A moment that has its run already stays as it is. */
async function keep(tx: Tx, screen: SavedScreen, run: { readonly runId: string; readonly members: readonly string[]; readonly problem: string | null }): Promise<void> {
  const [last] = await tx.query<{ members: string[] }>('SELECT members FROM strategy_engine.screen_runs WHERE screen_id = $1 AND problem IS NULL ORDER BY at DESC LIMIT 1', [screen.screenId]);
  const { entered, left } = run.problem === null ? compareMembers(last?.members ?? null, run.members) : { entered: [], left: [] };
  const written = await tx.query(
    `INSERT INTO strategy_engine.screen_runs (run_id, screen_id, members, entered, left_symbols, problem) VALUES ($1, $2, $3::text[], $4::text[], $5::text[], $6) ON CONFLICT DO NOTHING RETURNING 1`,
    [run.runId, screen.screenId, run.members, entered, left, run.problem],
  );
  if (written.length === 0) return;
  await tx.query(
    `DELETE FROM strategy_engine.screen_runs WHERE screen_id = $1 AND run_id IN (SELECT run_id FROM strategy_engine.screen_runs WHERE screen_id = $1 ORDER BY at DESC OFFSET $2)`, [screen.screenId, RUNS_KEPT],
  );
  const told = { entered: screen.alerts.onEntry ? entered : [], left: screen.alerts.onExit ? left : [] };
  if (told.entered.length + told.left.length === 0) return;
  tx.emit({
    topic: 'screen.changed', key: run.runId, correlationId: screen.screenId,
    payload: { screenId: screen.screenId, name: screen.name, runId: run.runId, entered: told.entered.slice(0, MAX_TOLD), left: told.left.slice(0, MAX_TOLD), enteredTotal: told.entered.length, leftTotal: told.left.length },
  });
}

/** Runs what is due, one after the other. A screen that fails keeps its failure as its run, and a person sees it on the page. */
export async function runDueScreens(db: Db, screener: Screener, log: Logger): Promise<number> {
  let ran = 0;
  for (const { screen_id: screenId, schedule, newest } of await dueScreens(db)) {
    const screen = await savedScreen(db, screenId);
    const runId = runIdOf(screenId, schedule, newest);
    let run: { members: string[]; problem: string | null };
    try {
      // All members, not the page's part of them; a schedule looks at the present, whatever day the page was on.
      const { rows } = await screener.run({ ...screen.definition, asOf: null, limit: 2_000, columns: [] });
      run = { members: rows.map((row) => row.symbol), problem: null };
    } catch (error) {
      log.warn({ screenId, error: describeError(error) }, 'A scheduled screen could not be run');
      run = { members: [], problem: error instanceof Error ? error.message.slice(0, 500) : describeError(error) };
    }
    await db.tx((tx) => keep(tx, screen, { runId, ...run }));
    ran += 1;
  }
  return ran;
}

/** Looks every half minute, until the service stops. A look that fails is told and repeated. */
export function scheduleScreens(parts: { readonly db: Db; readonly screener: Screener; readonly log: Logger; readonly signal: AbortSignal }): void {
  const { db, screener, log, signal } = parts;
  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    runDueScreens(db, screener, log).catch((error: unknown) => {
      if (!signal.aborted) log.warn({ error: describeError(error) }, 'The scheduled screens could not be looked at; it is tried again');
    }).finally(() => (isLooking = false));
  }, LOOK_MS);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer));
}
