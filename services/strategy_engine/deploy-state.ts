/** Starting, pausing and stopping a strategy, of the house or authored: one place where its switch is moved. */
import * as z from 'zod';
import type { deployedSchema } from '#app/contracts/deploy.ts';
import type { CommandInput } from '#app/contracts/commands.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Db, Tx } from '#chassis/db.ts';
import { onceAsked } from './author-asked.ts';
import type { Engine } from './engine.ts';
import { MAX_LIVE } from './live-roster.ts';
import type { Warmer } from './live-warm.ts';

/** What is answered to a change of a deployment. */
export type Deployed = z.infer<typeof deployedSchema>;
/** What the changes work with. `engine`: both as one. */
export type DeployParts = { readonly db: Db; readonly engine: Engine; readonly warmer: Warmer };
/** How a strategy is to stand. */
export type Standing = Deployed['state'];
type Move = { readonly strategyId: string; readonly to: Standing; readonly why: string; readonly actor: string; /** Told in the audit trail beside the rest. */ readonly key?: string };

const rowSchema = z.object({ is_enabled: z.boolean(), is_stopped: z.boolean(), paused: z.object({ by: z.string() }).nullable(), current_version_id: z.string(), project_id: z.string().nullable() });

/** Strategies beyond would stand there as running and see nothing. @throws AppError INPUT_INVALID */
export async function mustFit(tx: Tx): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('strategy_engine.live', 0))`);
  const [row] = await tx.query<{ n: number }>('SELECT count(*) AS n FROM strategy_engine.strategies WHERE project_id IS NOT NULL AND NOT is_stopped');
  if ((row?.n ?? 0) >= MAX_LIVE) throw new AppError('INPUT_INVALID', `${MAX_LIVE} strategies are deployed already, each with a process of its own. Stop one of them first`);
}

/**
 * Moves the switch, under the lock that a batch with this strategy's signals holds: once it is moved, no signal that the old state allowed can be committed.
 * An authored strategy that saw no bars meanwhile is warmed up first. A stopped one stays stopped until it is started. @throws AppError STRATEGY_NOT_FOUND, INPUT_INVALID
 */
export async function moveStrategy(tx: Tx, { engine, warmer }: Omit<DeployParts, 'db'>, { strategyId, to, why, actor, key }: Move): Promise<Deployed> {
  const [raw] = await tx.query('SELECT is_enabled, is_stopped, paused, current_version_id, project_id FROM strategy_engine.strategies WHERE strategy_id = $1 FOR UPDATE', [strategyId]);
  if (raw === undefined) throw new AppError('STRATEGY_NOT_FOUND', `There is no strategy "${strategyId}"`);
  const row = rowSchema.parse(raw);
  // Stopped is more than paused: pausing it would give it bars and a process again.
  if (row.is_stopped && to === 'paused') return { strategyId, versionId: row.current_version_id, state: 'stopped' };
  if (row.is_stopped && row.project_id !== null && to === 'running') await mustFit(tx);
  const wasBlind = row.project_id !== null && (row.is_stopped || row.paused?.by === 'errors');
  const isBlind = row.project_id !== null && to === 'stopped';
  await tx.query(
    `UPDATE strategy_engine.strategies SET is_enabled = $2, is_stopped = $3, is_warm = CASE WHEN $4 THEN false ELSE is_warm END,
       paused = CASE WHEN $2 THEN NULL ELSE jsonb_build_object('by', 'person', 'why', $5::text, 'at', (extract(epoch FROM clock_timestamp()) * 1000)::bigint) END, updated_at = clock_timestamp() WHERE strategy_id = $1`,
    [strategyId, to === 'running', to === 'stopped', wasBlind && !isBlind, why],
  );
  // Whoever starts it again has looked at its errors.
  if (to === 'running') await tx.query('UPDATE strategy_engine.strategy_errors SET errors_in_a_row = 0, slow_in_a_row = 0, missed_from = NULL, updated_at = clock_timestamp() WHERE strategy_version_id = $1', [row.current_version_id]);
  await tx.query(`INSERT INTO logging.audit_log (actor, action, subject, before, after) VALUES ($1, 'strategy.set_enabled', $2, $3::jsonb, $4::jsonb)`, [
    actor, strategyId, JSON.stringify({ isEnabled: row.is_enabled, isStopped: row.is_stopped }), JSON.stringify({ isEnabled: to === 'running', state: to, why, versionId: row.current_version_id, ...(key === undefined ? {} : { idempotencyKey: key }) }),
  ]);
  tx.afterCommit(() => {
    engine.setEnabled(strategyId, to === 'running');
    if (row.project_id === null) return;
    engine.forget();
    if (to === 'stopped') engine.ended(strategyId);
    if (wasBlind && !isBlind) warmer.ask(strategyId);
  });
  return { strategyId, versionId: row.current_version_id, state: to };
}

async function asked(parts: DeployParts, input: CommandInput<'startStrategy'> & { readonly reason?: string }, to: Standing): Promise<Deployed> {
  const { strategyId, actor, reason } = input;
  return parts.db.tx((tx) => onceAsked(tx, `author.${to}`, input, async () => {
    const answer = await moveStrategy(tx, parts, { strategyId, to, why: reason ?? '', actor });
    return { subject: strategyId, before: {}, after: { state: to }, answer };
  }));
}

/** Lets a paused or stopped strategy raise signals again. @throws AppError STRATEGY_NOT_FOUND, IDEMPOTENCY_CONFLICT */
export const startStrategy = (parts: DeployParts, input: CommandInput<'startStrategy'>): Promise<Deployed> => asked(parts, input, 'running');
/** No new signals; what it holds stays held, its open orders stay open. @throws AppError STRATEGY_NOT_FOUND, IDEMPOTENCY_CONFLICT */
export const pauseStrategy = (parts: DeployParts, input: CommandInput<'pauseStrategy'>): Promise<Deployed> => asked(parts, input, 'paused');
/** Ends it: no signals, no bars, no process. What becomes of what it holds is risk's to do, by the one who asks. @throws AppError STRATEGY_NOT_FOUND, IDEMPOTENCY_CONFLICT */
export const stopStrategy = (parts: DeployParts, input: CommandInput<'stopStrategy'>): Promise<Deployed> => asked(parts, input, 'stopped');

/** Gives a strategy other limits. @throws AppError STRATEGY_NOT_FOUND, IDEMPOTENCY_CONFLICT */
export async function setStrategyLimits(parts: DeployParts, input: CommandInput<'setStrategyLimits'>): Promise<Deployed> {
  const { strategyId, limits } = input;
  return parts.db.tx((tx) => onceAsked(tx, 'author.limits', input, async () => {
    const [row] = await tx.query<{ limits: unknown; versionId: string; isEnabled: boolean; isStopped: boolean }>('SELECT limits, current_version_id AS "versionId", is_enabled AS "isEnabled", is_stopped AS "isStopped" FROM strategy_engine.strategies WHERE strategy_id = $1 FOR UPDATE', [strategyId]);
    if (row === undefined) throw new AppError('STRATEGY_NOT_FOUND', `There is no strategy "${strategyId}"`);
    await tx.query('UPDATE strategy_engine.strategies SET limits = $2::jsonb, updated_at = clock_timestamp() WHERE strategy_id = $1', [strategyId, JSON.stringify(limits)]);
    tx.afterCommit(() => parts.engine.forget());
    const state: Standing = row.isStopped ? 'stopped' : row.isEnabled ? 'running' : 'paused';
    return { subject: strategyId, before: { limits: row.limits }, after: { limits }, answer: { strategyId, versionId: row.versionId, state } };
  }));
}
