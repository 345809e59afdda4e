/** Screens that run by themselves: once for each hour or session of the market whose bars are there, told when symbols come in or leave. */
import { createHash } from 'node:crypto';
import { SCREEN_ROWS_MAX, type SavedScreen } from '#app/contracts/screener.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { HOUR_MS, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { endOfDay, exchangeDay, latestSession } from '#app/market/calendar.ts';
import { isTransient } from '#chassis/clock.ts';
import type { Db, Queryable, Tx } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import { savedScreen } from './screen-save.ts';
import { completeBefore, type Screener } from './screen-run.ts';

/** How often the book is asked whether it has bars that no scheduled screen has seen. */
const LOOK_MS = 30_000;
/** Bars of one moment come one symbol after the other: a run waits until for so long none came, so that it does not compare today's bars of some with yesterday's of others. */
const QUIET_MS = 90_000;
/** Timeframes that are fetched symbol by symbol; narrower ones are streamed and never stop coming. */
const FETCHED: ReadonlySet<Timeframe> = new Set<Timeframe>(['1Hour', '1Day']);
const MAX_TOLD = 50;
const RUNS_KEPT = 400;
/** How often a run that failed for a passing reason (too many screens at once, a lost thread, no database) is tried again before its failure is kept. */
const MAX_TRIES = 5;

/** What the book says of the bars of a timeframe. `newest`: open of the newest complete one; `quietMs`: how long ago the last of them came. */
type Bars = { readonly newest: EpochMs; readonly quietMs: number };

/**
 * The moment of the market that a run belongs to, by the newest complete bar: its hour, or the last session that has closed with it. Bars, not the wall clock, say when it is time, so that a
 * replay and a sleeping PC miss nothing and repeat nothing. `present`: by when a session must have closed.
 */
export function momentOf(schedule: SavedScreen['schedule'], { timeframe, newest, present }: { readonly timeframe: Timeframe; readonly newest: EpochMs; readonly present: EpochMs }): string {
  if (schedule === 'hourly') return new Date(Math.floor(newest / HOUR_MS) * HOUR_MS).toISOString().slice(0, 13);
  const session = latestSession(timeframe === '1Day' ? ((endOfDay(exchangeDay(newest)) - 1) as EpochMs) : newest);
  return (present >= session.close ? session : latestSession((session.open - 1) as EpochMs)).date;
}

/** A run's id: one run per screen and moment, whoever is first. */
export function runIdOf(screenId: string, schedule: SavedScreen['schedule'], moment: string): string {
  return `${screenId}:${schedule}:${moment}`;
}

/** What decides who is a member. Two runs of different bases are not compared: who came in would be the doing of a person, not of the market. */
export function basisOf({ timeframe, universe, filters }: SavedScreen['definition']): string {
  const enabled = filters.filter((filter) => filter.isEnabled).map((filter) => filter.formula);
  return createHash('sha256').update(JSON.stringify([timeframe, universe, enabled])).digest('hex').slice(0, 32);
}

/** Who came in and who left, against the last run that found anything out. */
export function compareMembers(before: readonly string[] | null, now: readonly string[]): { readonly entered: readonly string[]; readonly left: readonly string[] } {
  if (before === null) return { entered: [], left: [] };
  const [old, fresh] = [new Set(before), new Set(now)];
  return { entered: now.filter((symbol) => !old.has(symbol)), left: before.filter((symbol) => !fresh.has(symbol)) };
}

/** Bars of a timeframe that are complete at the market's present. Null: there are none. Where newer ones are in the book, the moment before them is complete. */
async function barsOf(book: Queryable, timeframe: Timeframe, before: EpochMs): Promise<Bars | null> {
  const [row] = await book.query<{ newest: number | null; quiet: number | null }>(
    `SELECT (extract(epoch FROM max(last_open_time)) * 1000)::bigint AS newest, (extract(epoch FROM clock_timestamp() - max(last_seen_at)) * 1000)::float8 AS quiet
     FROM data_ingestion.ingestion_status WHERE timeframe = $1`, [timeframe],
  );
  return row?.newest === null || row?.newest === undefined ? null : { newest: Math.min(row.newest, before - 1) as EpochMs, quietMs: Math.abs(row.quiet ?? Infinity) };
}

type Due = { readonly screen: SavedScreen; readonly runId: string };

/** The screens whose moment has no run yet. A screen that cannot be read keeps the others from nothing. */
async function dueScreens(db: Db, screener: Screener, { log, quietMs }: { readonly log: Logger; readonly quietMs: number }): Promise<Due[]> {
  const ids = await db.query<{ screen_id: string }>(`SELECT screen_id FROM strategy_engine.screens WHERE schedule <> 'off' ORDER BY screen_id`);
  if (ids.length === 0) return [];
  const { now, marketNow } = await screener.present();
  const known = new Map<Timeframe, Bars | null>();
  const due: Due[] = [];
  for (const { screen_id: screenId } of ids) {
    try {
      const screen = await savedScreen(db, screenId);
      const { schedule, definition } = screen;
      // An hour is over when its minutes are, for a screen that looks at days.
      const timeframe = schedule === 'hourly' && definition.timeframe === '1Day' ? '1Min' : definition.timeframe;
      if (!known.has(timeframe)) known.set(timeframe, await barsOf(db, timeframe, completeBefore(timeframe, marketNow ?? now)));
      const bars = known.get(timeframe) ?? null;
      if (bars === null || (FETCHED.has(timeframe) && bars.quietMs < quietMs)) continue;
      const moment = momentOf(schedule, { timeframe, newest: bars.newest, present: ((marketNow ?? now) - (timeframe === '1Day' ? 0 : quietMs)) as EpochMs });
      const runId = runIdOf(screenId, schedule, moment);
      const [ran] = await db.query('SELECT 1 FROM strategy_engine.screen_runs WHERE run_id = $1', [runId]);
      if (ran === undefined) due.push({ screen, runId });
    } catch (error) {
      if (isTransient(error)) throw error;
      log.warn({ screenId, error: describeError(error) }, 'A scheduled screen could not be read');
    }
  }
  return due;
}

type Run = { readonly runId: string; readonly members: readonly string[]; readonly problem: string | null };

/** Writes a run and, where it is wished, the news; both or none. A moment that has its run already stays as it is; a screen that was deleted meanwhile has none. */
async function keep(tx: Tx, screen: SavedScreen, run: Run): Promise<void> {
  const [there] = await tx.query('SELECT 1 FROM strategy_engine.screens WHERE screen_id = $1 FOR KEY SHARE', [screen.screenId]);
  if (there === undefined) return;
  const basis = basisOf(screen.definition);
  const [last] = await tx.query<{ members: string[]; basis: string }>('SELECT members, basis FROM strategy_engine.screen_runs WHERE screen_id = $1 AND problem IS NULL ORDER BY at DESC LIMIT 1', [screen.screenId]);
  const before = last?.basis === basis ? last.members : null;
  const { entered, left } = run.problem === null ? compareMembers(before, run.members) : { entered: [], left: [] };
  const written = await tx.query(
    `INSERT INTO strategy_engine.screen_runs (run_id, screen_id, basis, members, entered, left_symbols, problem) VALUES ($1, $2, $3, $4::text[], $5::text[], $6::text[], $7) ON CONFLICT DO NOTHING RETURNING 1`,
    [run.runId, screen.screenId, basis, run.members, entered, left, run.problem],
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

/** All members, not the page's part of them; a schedule looks at the present, whatever day the page was on. @throws as Screener.run; INPUT_TOO_LARGE for more than can be followed */
async function membersOf(screener: Screener, { definition }: SavedScreen): Promise<string[]> {
  const { rows, matched } = await screener.run({ ...definition, asOf: null, limit: SCREEN_ROWS_MAX, columns: [], rank: null });
  // Part of a list would make symbols come and leave by what others do.
  if (matched > rows.length) throw new AppError('INPUT_TOO_LARGE', `It finds ${matched} symbols, and who comes and leaves can be followed for ${SCREEN_ROWS_MAX}. Narrow its filters`);
  return rows.map((row) => row.symbol);
}

/** What a look needs. `tries`: runs that failed for a passing reason, by id. `quietMs`: how long bars must have stopped coming before a session's run. */
export type ScheduleParts = { readonly db: Db; readonly screener: Screener; readonly log: Logger; readonly tries: Map<string, number>; readonly quietMs?: number; readonly signal?: AbortSignal };

/**
 * Runs what is due, one after the other. A screen that fails keeps its failure as its run, and a person sees it on the page; what failed for a passing reason is tried again at the next looks
 * first. @returns runs that were kept
 */
export async function runDueScreens({ db, screener, log, tries, quietMs = QUIET_MS, signal }: ScheduleParts): Promise<number> {
  let ran = 0;
  for (const { screen, runId } of await dueScreens(db, screener, { log, quietMs })) {
    if (signal?.aborted) break;
    let run: Run;
    try {
      run = { runId, members: await membersOf(screener, screen), problem: null };
    } catch (error) {
      if (signal?.aborted) break;
      log.warn({ screenId: screen.screenId, error: describeError(error) }, 'A scheduled screen could not be run');
      const tried = (tries.get(runId) ?? 0) + 1;
      tries.set(runId, tried);
      if (isTransient(error) && tried < MAX_TRIES) continue;
      run = { runId, members: [], problem: error instanceof Error ? error.message.slice(0, 500) : describeError(error) };
    }
    await db.tx((tx) => keep(tx, screen, run));
    tries.delete(runId);
    ran += 1;
  }
  return ran;
}

/** Looks every half minute, until the service stops. A look that fails is told and repeated. */
export function scheduleScreens(parts: { readonly db: Db; readonly screener: Screener; readonly log: Logger; readonly signal: AbortSignal }): void {
  const { log, signal } = parts;
  const tries = new Map<string, number>();
  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    runDueScreens({ ...parts, tries }).catch((error: unknown) => {
      if (!signal.aborted) log.warn({ error: describeError(error) }, 'The scheduled screens could not be looked at; it is tried again');
    }).finally(() => (isLooking = false));
  }, LOOK_MS);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer));
}
