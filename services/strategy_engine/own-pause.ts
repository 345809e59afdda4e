/** Pauses of which the engine is the author: a strategy that errs again and again, or that has lost what it may lose in a day. One rule for those of the house and for authored ones. */
import type { EpochMs } from '#app/domain/time.ts';
import { exchangeDay, sessionOn } from '#app/market/calendar.ts';
import { at, type Queryable, type Tx } from '#chassis/db.ts';
import { plainText } from '#chassis/plain-text.ts';
import { newestBarAt, pnlSince } from '#chassis/share-pnl.ts';
import type { Deployment } from './deployments.ts';

const MAX_LINE = 2_000;

/** Why a strategy is paused by itself. */
export type PauseCause = { readonly deployment: Deployment; readonly by: 'errors' | 'daily_loss'; readonly why: string };

/** A line as PostgreSQL can keep it, as text and within JSON; a letter that the cut would halve is none. */
export const plainLine = (text: string): string => plainText(text).slice(0, MAX_LINE).toWellFormed();

/** Pauses strategies by themselves: they raise nothing more, what they hold stays held, and a person is told. One that a person has paused or replaced meanwhile is left as it is. Returns who was paused. */
export async function pauseThem(tx: Tx, causes: readonly PauseCause[]): Promise<string[]> {
  const paused: string[] = [];
  for (const { deployment, by, why } of causes) {
    const { strategyId, versionId } = deployment;
    const [row] = await tx.query<{ name: string }>(
      `UPDATE strategy_engine.strategies SET is_enabled = false, paused = jsonb_build_object('by', $3::text, 'why', $4::text, 'at', (extract(epoch FROM clock_timestamp()) * 1000)::bigint), updated_at = clock_timestamp() WHERE strategy_id = $1 AND current_version_id = $2 AND NOT is_stopped AND (is_enabled OR ($3 = 'errors' AND paused->>'by' IS DISTINCT FROM 'errors')) RETURNING name`,
      [strategyId, versionId, by, plainLine(why)],
    );
    if (row === undefined) continue;
    paused.push(strategyId);
    const [entry] = await tx.query<{ id: number }>(`INSERT INTO logging.audit_log (actor, action, subject, before, after) VALUES ('strategy_engine', 'strategy.set_enabled', $1, '{"isEnabled":true}', $2::jsonb) RETURNING id`, [strategyId, JSON.stringify({ isEnabled: false, state: 'paused', by, why: plainLine(why), versionId })]);
    const held = await tx.query<{ symbol: string; qty: string }>('SELECT symbol, trim_scale(qty)::text AS qty FROM execution.strategy_positions WHERE strategy_id = $1 AND qty <> 0 ORDER BY symbol LIMIT 20', [strategyId]);
    tx.emit({ topic: 'strategy.paused', key: `${versionId}:${entry?.id ?? 0}`, correlationId: strategyId, payload: { strategyId, versionId, name: row.name, by, why: plainLine(why), held: held.map(({ symbol, qty }) => ({ symbol, qty })) } });
  }
  return paused;
}

/**
 * Strategies whose limit of the daily loss is reached, by the book: since the session began on the day that the market stands in, so that bars which come late are not taken for today's.
 * Costs nothing while none of them has such a limit.
 */
export async function overDailyLoss(book: Queryable, deployments: readonly Deployment[]): Promise<PauseCause[]> {
  const limited = deployments.filter(({ isEnabled, maxDailyLoss }) => isEnabled && typeof maxDailyLoss === 'string');
  if (limited.length === 0) return [];
  const newest = await newestBarAt(book);
  const since = newest === null ? null : (sessionOn(exchangeDay(newest as EpochMs))?.open ?? null);
  if (since === null) return [];
  const pnl = await pnlSince(book, limited.map(({ strategyId }) => strategyId), since);
  return limited.flatMap((deployment): PauseCause[] => {
    const limit = deployment.maxDailyLoss;
    const made = pnl.get(deployment.strategyId);
    if (typeof limit !== 'string' || made === undefined || Number(made) > -Number(limit)) return [];
    return [{ deployment, by: 'daily_loss', why: `It has lost $${Math.abs(Number(made)).toFixed(2)} since the session began at ${at(since)}: its limit is $${limit}` }];
  });
}

/** Pauses those that have lost what they may lose in a day. Returns who was paused. */
export async function pauseLosers(tx: Tx, deployments: readonly Deployment[]): Promise<string[]> {
  const causes = await overDailyLoss(tx, deployments);
  return causes.length === 0 ? [] : pauseThem(tx, causes);
}
