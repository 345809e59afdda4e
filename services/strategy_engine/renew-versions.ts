/** A strategy whose code now behaves otherwise gets a new version: signals name the code that raised them. */
import * as z from 'zod';
import { sizingSchema } from '#app/domain/sizing.ts';
import { behaviourHash } from '#app/strategy/fingerprint.ts';
import { warmUpBars } from '#app/strategy/spec.ts';
import type { Tx } from '#chassis/db.ts';
import { applyBars } from './apply-bars.ts';
import { CellCache, cellName, freshCell, wishesOf, writeCells } from './cells.ts';
import { insertVersion, loadRoster, type Deployment } from './deployments.ts';
import { storedBars, warmUpStart, type Stretch } from './stored-bars.ts';

const MAX_WARM_UP_BARS = 5_000;

/** Stored bars on which to warm a strategy up: until where they began no longer shows. */
export function warmUpCount(deployment: Pick<Deployment, 'strategy' | 'timeframe'>): number {
  return Math.min(MAX_WARM_UP_BARS, warmUpBars(deployment.strategy, deployment.timeframe));
}

const versionRow = z.object({ version: z.number().int(), code_hash: z.string(), sizing: sizingSchema });
type OldState = { symbol: string; last_open_time: number; state: unknown };

/**
 * Moves one cell over: new indicators, warmed up on the bars that the old version had seen; the same wishes, for the
 * positions are the same. When the new code would have left one on those bars, it owes the exit.
 */
async function carryOver(tx: Tx, next: Deployment, old: OldState): Promise<void> {
  const { strategy, timeframe, versionId } = next;
  const count = warmUpCount(next);
  const symbols = strategy.scope === 'portfolio' ? [...(next.symbols ?? [])] : [old.symbol];
  const stretches: Stretch[] = [];
  for (const symbol of symbols) stretches.push({ symbol, after: await warmUpStart(tx, { symbol, timeframe }, old.last_open_time, count), upTo: old.last_open_time });
  const { bars } = await storedBars(tx, { stretches, timeframe, limit: count * symbols.length, quietUntil: old.last_open_time });
  const name = cellName(next, old.symbol);
  const cells = new CellCache();
  const fresh = freshCell(next, name, wishesOf(old));
  cells.adopt(versionId, name, fresh);
  // A strategy that fails on these bars begins unwarmed; at its first bar it is stopped, and a person told.
  const { moved } = applyBars({ deployments: [next], cells, isWatched: () => true }, bars);
  const unwarmed = { ...fresh, deployment: next, name, expected: 0, version: 1, lastOpenTime: old.last_open_time };
  await writeCells(tx, moved.length > 0 ? moved.map((cell) => ({ ...cell, lastOpenTime: Math.max(cell.lastOpenTime, old.last_open_time), moment: null })) : [unwarmed]);
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
    for (const old of states) await carryOver(tx, { ...deployment, versionId: id }, old);
    renewed.push(id);
  }
  return renewed;
}
