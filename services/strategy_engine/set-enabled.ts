/** The switch of a strategy, as a person moves it. */
import * as z from 'zod';
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Tx } from '#chassis/db.ts';
import { moveStrategy, type DeployParts } from './deploy-state.ts';

const auditAfter = z.object({ isEnabled: z.boolean() });

/** What an earlier request with the same key did; keys are remembered for a day. @throws AppError IDEMPOTENCY_CONFLICT when it asked for something else. */
async function earlierAnswer(tx: Tx, input: CommandInput<'setStrategyEnabled'>): Promise<CommandOutput<'setStrategyEnabled'> | null> {
  const [row] = await tx.query<{ subject: string; after: unknown }>(
    `SELECT subject, after FROM logging.audit_log
     WHERE at > clock_timestamp() - interval '1 day' AND action = 'strategy.set_enabled' AND after->>'idempotencyKey' = $1 ORDER BY id LIMIT 1`,
    [input.idempotencyKey],
  );
  if (!row) return null;
  const { isEnabled } = auditAfter.parse(row.after);
  if (row.subject !== input.strategyId || isEnabled !== input.isEnabled) throw new AppError('IDEMPOTENCY_CONFLICT', 'This idempotency key was used for another request; use a new one');
  return { strategyId: row.subject, isEnabled };
}

/**
 * Enables or disables a strategy, with an audit row. Disabling stops new signals and nothing else: what the strategy holds
 * stays held (flatten it by hand), open orders stay open, its indicators go on. When it is enabled again it first sells
 * what it would have left meanwhile. Once this has returned, no signal of a disabled strategy can be committed.
 * @throws AppError STRATEGY_NOT_FOUND, IDEMPOTENCY_CONFLICT
 */
export async function setStrategyEnabled(parts: DeployParts, input: CommandInput<'setStrategyEnabled'>): Promise<CommandOutput<'setStrategyEnabled'>> {
  const { strategyId, isEnabled, actor, idempotencyKey } = input;
  return parts.db.tx(async (tx) => {
    // Waits for a batch that is raising this strategy's signal right now.
    const [row] = await tx.query('SELECT 1 FROM strategy_engine.strategies WHERE strategy_id = $1 FOR UPDATE', [strategyId]);
    if (!row) throw new AppError('STRATEGY_NOT_FOUND', `There is no strategy "${strategyId}"`);
    const earlier = await earlierAnswer(tx, input);
    if (earlier) return earlier;
    await moveStrategy(tx, parts, { strategyId, to: isEnabled ? 'running' : 'paused', why: '', actor, key: idempotencyKey });
    return { strategyId, isEnabled };
  });
}
