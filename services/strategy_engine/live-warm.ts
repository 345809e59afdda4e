/** Warming up: an authored strategy is shown the stored bars that it needs, quietly, before the lane shows it its first. */
import { backoffMs, isTransient, sleep } from '#chassis/clock.ts';
import type { Db, Queryable, Tx } from '#chassis/db.ts';
import { FRESH_MS } from './catch-up.ts';
import { loadCells, type CellCache, cellName, seenUpTo } from './cells.ts';
import { readWatched, type Deployment } from './deployments.ts';
import type { LiveEngine } from './live-engine.ts';
import { loadAuthored } from './live-roster.ts';
import { warmUpCount } from './renew-versions.ts';
import { storedBars, warmUpStart, type Stretch } from './stored-bars.ts';

const BARS_PER_TRANSACTION = 2_000;
/** Some thousand symbols on some thousand bars each. */
const MAX_TRANSACTIONS = 10_000;
/** Between two attempts that failed. */
const RETRY = { baseMs: 200, capMs: 10_000 };
const QUIET = Number.MAX_SAFE_INTEGER;

/** The lane's batches wait while this row is locked: what was told is then in the book, and what will be told comes after. */
const HOLD_LANE = `SELECT seq FROM strategy_engine.inbox_offset WHERE producer = 'data_ingestion/authored' FOR UPDATE`;
const NEWEST = `SELECT symbol, last_open_time AS "upTo" FROM data_ingestion.ingestion_status WHERE timeframe = $1 AND symbol = ANY($2::text[]) ORDER BY symbol COLLATE "C"`;

/** What warming up works with. */
export type WarmParts = { readonly db: Db; readonly live: LiveEngine };

async function symbolsNow(book: Queryable, { symbols }: Deployment): Promise<readonly string[]> {
  if (symbols !== null) return [...symbols];
  return [...(await readWatched(book))];
}

function seen(cells: CellCache, deployment: Deployment, symbol: string): number | null {
  const cell = cells.get(deployment.versionId, cellName(deployment, symbol));
  return cell === undefined ? null : seenUpTo(cell, symbol);
}

/** `after`: bars up to there were read before, though some of them no strategy sees. */
async function stretches(tx: Tx, deployment: Deployment, cells: CellCache, after: number): Promise<Stretch[]> {
  const found: Stretch[] = [];
  for (const { symbol, upTo } of await tx.query<{ symbol: string; upTo: number }>(NEWEST, [deployment.timeframe, await symbolsNow(tx, deployment)])) {
    const from = Math.max(after, seen(cells, deployment, symbol) ?? (await warmUpStart(tx, { symbol, timeframe: deployment.timeframe }, upTo, warmUpCount(deployment))));
    if (from < upTo) found.push({ symbol, after: from, upTo });
  }
  return found;
}

/**
 * Until which bar it stays quiet. One that was at work, and failed, has not spoken yet on the bars that it missed: on those that are still fresh it does.
 */
async function quietUntil(tx: Tx, { versionId }: Deployment, wanted: readonly Stretch[]): Promise<number> {
  const [row] = await tx.query<{ from: number | null }>('SELECT missed_from AS "from" FROM strategy_engine.strategy_errors WHERE strategy_version_id = $1', [versionId]);
  const from = row?.from ?? null;
  return from === null ? QUIET : Math.max(from - 1, ...wanted.map(({ upTo }) => upTo - FRESH_MS));
}

type Page = { readonly hasMore: boolean; readonly hasFailed: boolean; readonly after: number };

async function showPage({ db, live }: WarmParts, deployment: Deployment, { after, isLast }: { readonly after: number; readonly isLast: boolean }): Promise<Page> {
  return db.tx(async (tx) => {
    if (isLast) {
      await tx.query(HOLD_LANE);
      // Before the lane goes on, not only after: its next batch must look who is warm.
      live.forget();
    }
    const cells = await loadCells(tx, [deployment], true);
    const wanted = await stretches(tx, deployment, cells, after);
    const page = await storedBars(tx, { stretches: wanted, timeframe: deployment.timeframe, limit: BARS_PER_TRANSACTION, quietUntil: await quietUntil(tx, deployment, wanted) });
    const outcome = await live.replay(tx, { deployments: [deployment], cells, isWatched: () => true }, page.bars);
    const hasFailed = outcome.failures.length > 0;
    if (isLast && !page.hasMore && !hasFailed) {
      await tx.query('UPDATE strategy_engine.strategies SET is_warm = true, updated_at = clock_timestamp() WHERE strategy_id = $1 AND current_version_id = $2', [deployment.strategyId, deployment.versionId]);
      await tx.query('UPDATE strategy_engine.strategy_errors SET missed_from = NULL WHERE strategy_version_id = $1 AND missed_from IS NOT NULL', [deployment.versionId]);
      tx.afterCommit(() => live.forget());
    }
    // The moment at which a page was cut is read once more: others of its bars may follow.
    return { hasMore: page.hasMore, hasFailed, after: page.newest === null ? after : page.newest - 1 };
  });
}

/**
 * Warms one strategy up and hands it to the lane. A strategy that fails on its way is counted like any other that does, tried again, and paused in the end. Returns when
 * it is warm, or not at work any more, or `signal` aborts.
 */
export async function warmUp(parts: WarmParts, strategyId: string, signal: AbortSignal): Promise<void> {
  let [after, isLast, failed] = [-1, false, 0];
  for (let round = 0; round < MAX_TRANSACTIONS && !signal.aborted; round += 1) {
    const deployment = (await loadAuthored(parts.db)).cold.find((candidate) => candidate.strategyId === strategyId);
    if (deployment === undefined) return;
    try {
      const page = await showPage(parts, deployment, { after, isLast });
      if (isLast && !page.hasMore && !page.hasFailed) return;
      after = page.hasFailed ? -1 : page.after;
      isLast = !page.hasMore;
      failed = page.hasFailed ? failed + 1 : 0;
    } catch (error) {
      if (!isTransient(error)) throw error;
      failed += 1;
    }
    if (failed > 0) await sleep(backoffMs(failed - 1, RETRY), signal);
  }
}

/** Warms strategies up, one after the other, beside the lane. */
export type Warmer = {
  /** Soon; a strategy that waits already is not put in line twice. */
  ask(strategyId: string): void;
  /** Everyone who is cold. */
  askAll(): Promise<void>;
  /** When nobody waits any more. */
  idle(): Promise<void>;
};

/** Creates it. `onError`: what no strategy is to blame for. */
export function createWarmer(parts: WarmParts, signal: AbortSignal, onError: (error: unknown) => void): Warmer {
  const waiting = new Set<string>();
  let running: Promise<void> = Promise.resolve();
  const ask = (strategyId: string): void => {
    if (waiting.has(strategyId) || signal.aborted) return;
    waiting.add(strategyId);
    running = running.then(async () => {
      waiting.delete(strategyId);
      if (!signal.aborted) await warmUp(parts, strategyId, signal);
    }).catch((error: unknown) => {
      if (!signal.aborted) onError(error);
    });
  };
  return {
    ask,
    async askAll() {
      for (const { strategyId } of (await loadAuthored(parts.db)).cold) ask(strategyId);
    },
    async idle() {
      await running;
    },
  };
}
