/** Catching up: bars that are in the book but that a strategy has not seen, once the wire has nothing left to say about them. */
import { AppError } from '#app/domain/errors.ts';
import { MINUTE_MS, timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { calendarCovers, isRegularBar, nextOpen } from '#app/market/calendar.ts';
import { monotonicMs, sleep } from '#chassis/clock.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import { trades } from './apply-bars.ts';
import { cellName, loadCells, seenUpTo, type CellCache } from './cells.ts';
import type { Deployment } from './deployments.ts';
import type { Engine } from './engine.ts';
import { warmUpCount } from './renew-versions.ts';
import { storedBars, warmUpStart, type Stretch } from './stored-bars.ts';

/** Signals on bars that closed longer before the newest market time than this would be acted upon too late: they stay quiet. */
export const FRESH_MS = 5 * MINUTE_MS;
const BARS_PER_TRANSACTION = 5_000;
const MAX_TRANSACTIONS = 200;
const WAIT_LIMIT_MS = 30_000;
const WAIT_STEP_MS = 20;

/** A symbol of which a strategy may lack bars. `upTo`: the newest stored bar; `lastOpenTime`: the newest bar seen, null before the first. */
export type Lag = { readonly symbol: string; readonly upTo: number; readonly lastOpenTime: number | null };
/** What was found in the book at one moment. Plain JSON. `heardSeq`: once the wire has been heard that far, whatever is still missing was missed. */
export type Look = {
  readonly heardSeq: number;
  readonly strategies: readonly { readonly strategyId: string; readonly symbols: number; readonly lags: readonly Lag[]; readonly newestClose: number | null }[];
};
/** What catching up did for one strategy. */
export type CaughtUp = { readonly strategyId: string; readonly bars: number; readonly signals: number };

type Status = { symbol: string; timeframe: Timeframe; last_open_time: number };

/** Whether a regular bar may lie after `last` and not after `newest`: the hours after a close are no lag. */
function mayLack(last: number, newest: number, timeframe: Timeframe): boolean {
  if (!calendarCovers(last as EpochMs)) return false;
  const next = (last + timeframeMs(timeframe)) as EpochMs;
  return isRegularBar(next, timeframe) ? next <= newest : nextOpen(last as EpochMs) < newest + timeframeMs(timeframe);
}

/** The newest bar of a symbol that a strategy has seen; null before the first. */
function lastSeen(cells: CellCache, deployment: Deployment, symbol: string): number | null {
  const cell = cells.get(deployment.versionId, cellName(deployment, symbol));
  return cell === undefined ? null : seenUpTo(cell, symbol);
}

/** Compares what is stored with what each strategy (or only one) has seen. @throws AppError STRATEGY_NOT_FOUND */
export async function lookForLag(book: Queryable, engine: Engine, strategyId: string | null): Promise<Look> {
  const wanted = engine.deployments().filter((deployment) => strategyId === null || deployment.strategyId === strategyId);
  if (strategyId !== null && wanted.length === 0) throw new AppError('STRATEGY_NOT_FOUND', `There is no strategy "${strategyId}" that can run`);
  const watched = await engine.refreshWatched(book);
  const cells = await loadCells(book, wanted);
  const statuses = await book.query<Status>('SELECT symbol, timeframe, last_open_time FROM data_ingestion.ingestion_status ORDER BY symbol COLLATE "C"');
  // Read after the statuses: every bar they speak of was committed together with an event up to this number.
  const [head] = await book.query<{ seq: number }>('SELECT seq FROM data_ingestion.outbox_head');
  const strategies = wanted.map((deployment) => {
    const traded = statuses.filter((status) => status.timeframe === deployment.timeframe && trades(deployment, status.symbol, (symbol) => watched.has(symbol)));
    const lags: Lag[] = [];
    for (const status of traded) {
      const last = lastSeen(cells, deployment, status.symbol);
      if (last === null || mayLack(last, status.last_open_time, deployment.timeframe)) lags.push({ symbol: status.symbol, upTo: status.last_open_time, lastOpenTime: last });
    }
    const newest = Math.max(...traded.map((status) => status.last_open_time));
    return { strategyId: deployment.strategyId, symbols: traded.length, lags, newestClose: traded.length === 0 ? null : newest + timeframeMs(deployment.timeframe) };
  });
  return { heardSeq: head?.seq ?? 0, strategies };
}

/** Waits until this service has handled data_ingestion's events up to `seq`. @throws AppError UNIT_TIMEOUT (temporary) */
export async function untilHeard(book: Queryable, seq: number, signal: AbortSignal): Promise<void> {
  const end = monotonicMs() + WAIT_LIMIT_MS;
  while (!signal.aborted && monotonicMs() < end) {
    const [row] = await book.query<{ seq: number }>(`SELECT min(seq) AS seq FROM strategy_engine.inbox_offset WHERE producer IN ('data_ingestion', 'data_ingestion/authored')`);
    if ((row?.seq ?? 0) >= seq) return;
    await sleep(WAIT_STEP_MS, signal);
  }
  throw new AppError('UNIT_TIMEOUT', 'The strategy engine is still working through newer bars; trying again later');
}

async function stretchesOf(book: Queryable, deployment: Deployment, lags: readonly Lag[], lastOf: (symbol: string) => number | null): Promise<Stretch[]> {
  const stretches: Stretch[] = [];
  for (const { symbol, upTo } of lags) {
    const after = lastOf(symbol) ?? (await warmUpStart(book, { symbol, timeframe: deployment.timeframe }, upTo, warmUpCount(deployment)));
    if (after < upTo) stretches.push({ symbol, after, upTo });
  }
  return stretches;
}

/** Shows one strategy the stored bars that it lacks, a few thousand in a transaction, over the cells as the book has them. */
export async function catchUp(parts: { db: Db; engine: Engine }, look: Look['strategies'][number], signal: AbortSignal): Promise<CaughtUp> {
  const total = { strategyId: look.strategyId, bars: 0, signals: 0 };
  const quietUntil = look.newestClose === null ? Infinity : look.newestClose - FRESH_MS;
  for (let round = 0; round < MAX_TRANSACTIONS && !signal.aborted; round += 1) {
    const deployment = parts.engine.deployments().find((candidate) => candidate.strategyId === look.strategyId);
    if (!deployment || look.lags.length === 0) return total;
    const hasMore = await parts.db.tx(async (tx) => {
      const cells = await loadCells(tx, [deployment], true);
      const stretches = await stretchesOf(tx, deployment, look.lags, (symbol) => lastSeen(cells, deployment, symbol));
      if (stretches.length === 0) return false;
      const width = timeframeMs(deployment.timeframe);
      const page = await storedBars(tx, { stretches, timeframe: deployment.timeframe, limit: BARS_PER_TRANSACTION, quietUntil: Math.min(quietUntil - width, Number.MAX_SAFE_INTEGER) });
      const outcome = await parts.engine.replay(tx, { deployments: [deployment], cells, isWatched: () => true }, page.bars);
      tx.afterCommit(() => {
        total.bars += outcome.applied;
        total.signals += outcome.signals.length;
      });
      return page.hasMore && outcome.applied > 0;
    });
    if (!hasMore) break;
  }
  return total;
}
