/** A strategy whose code now behaves otherwise gets a new version: signals name the code that raised them. */
import * as z from 'zod';
import { invariant } from '#app/domain/errors.ts';
import { sizingSchema } from '#app/risk/sizing.ts';
import { behaviourHash } from '#app/strategy/registry.ts';
import { startRun, strategyRunSchema } from '#app/strategy/strategy.ts';
import type { Tx } from '#chassis/db.ts';
import { applyBars } from './apply-bars.ts';
import { CellCache, writeCells } from './cells.ts';
import { insertVersion, loadRoster, type Deployment } from './deployments.ts';
import { storedBars, warmUpStart } from './stored-bars.ts';

/** Wilder's averages forget slowly: ten times the formal warm-up leaves less than a part in ten thousand of the seed. */
const WARM_UP_FACTOR = 10;
const MAX_WARM_UP_BARS = 5_000;

/** Stored bars on which to warm a strategy up. */
export function warmUpCount(warmUpBars: number): number {
  return Math.min(MAX_WARM_UP_BARS, warmUpBars * WARM_UP_FACTOR);
}

const versionRow = z.object({ version: z.number().int(), code_hash: z.string(), sizing: sizingSchema });
type OldState = { symbol: string; last_open_time: number; state: unknown };

/**
 * Moves one symbol over: new indicators, warmed up on the bars that the old version had seen; the same wish, for the
 * position is the same. When the new code would have left it on those bars, it owes the exit.
 */
async function carryOver(tx: Tx, next: Deployment, old: OldState): Promise<void> {
  const previous = strategyRunSchema.safeParse(old.state);
  invariant(previous.success, 'The stored run of a strategy cannot be read', { strategyId: next.strategyId, symbol: old.symbol });
  const { wish, isExitOwed } = previous.data;
  const after = await warmUpStart(tx, { symbol: old.symbol, timeframe: next.timeframe }, old.last_open_time, warmUpCount(next.strategy.warmUpBars));
  const { bars } = await storedBars(tx, {
    stretches: [{ symbol: old.symbol, after, upTo: old.last_open_time }], timeframe: next.timeframe, limit: MAX_WARM_UP_BARS, quietUntil: old.last_open_time,
  });
  const run = { ...startRun(next.strategy), wish, isExitOwed };
  const cells = new CellCache();
  cells.adopt(next.versionId, old.symbol, { lastOpenTime: after, version: 0, run });
  const { moved } = applyBars({ deployments: [next], cells, isWatched: () => true }, bars);
  const unwarmed = { deployment: next, symbol: old.symbol, expected: 0, version: 1, lastOpenTime: old.last_open_time, run };
  await writeCells(tx, moved.length > 0 ? moved : [unwarmed]);
}

/** Compares each strategy's behaviour with its version's hash and deploys a new version where they differ. Returns the ids of the new versions. */
export async function renewVersions(tx: Tx): Promise<string[]> {
  const renewed: string[] = [];
  for (const deployment of (await loadRoster(tx)).deployments) {
    const [raw] = await tx.query('SELECT version, code_hash, sizing FROM strategy_engine.strategy_versions WHERE strategy_version_id = $1', [deployment.versionId]);
    const current = versionRow.parse(raw);
    if (current.code_hash === behaviourHash(deployment.strategy)) continue;
    const { strategyId, strategy } = deployment;
    const id = await insertVersion(tx, { strategyId, version: current.version + 1, strategy, sizing: current.sizing });
    await tx.query('UPDATE strategy_engine.strategies SET current_version_id = $2, updated_at = clock_timestamp() WHERE strategy_id = $1', [strategyId, id]);
    const states = await tx.query<OldState>('SELECT symbol, last_open_time, state FROM strategy_engine.strategy_state WHERE strategy_version_id = $1 ORDER BY symbol', [deployment.versionId]);
    for (const old of states) await carryOver(tx, { ...deployment, versionId: id, symbols: null }, old);
    renewed.push(id);
  }
  return renewed;
}
