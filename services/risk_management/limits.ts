/** The limits: versions that only grow, each with who set them. */
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import { DEFAULT_RISK_LIMITS, riskLimitsSchema, type RiskLimits } from '#app/domain/limits.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Db, Tx } from '#chassis/db.ts';
import { answered, audit } from './audit.ts';
import { lockDecisions } from './load-book.ts';
import { recordRiskEvents } from './risk-events.ts';

type LimitsRow = { version: number; limits: unknown };

async function newestLimits(tx: Tx): Promise<{ version: number; limits: RiskLimits } | null> {
  const [row] = await tx.query<LimitsRow>('SELECT version, limits FROM risk_management.risk_limits ORDER BY version DESC LIMIT 1');
  return row ? { version: row.version, limits: riskLimitsSchema.parse(row.limits) } : null;
}

/** Writes version 1 of the limits into a fresh book. Idempotent. */
export async function ensureLimits(db: Db): Promise<void> {
  await db.query(`INSERT INTO risk_management.risk_limits (version, limits, actor) VALUES (1, $1::jsonb, 'system') ON CONFLICT DO NOTHING`, [JSON.stringify(DEFAULT_RISK_LIMITS)]);
}

/** Sets new limits; they hold from the next decision on. The same key gives the first answer again. @throws AppError IDEMPOTENCY_CONFLICT when the key set others, VERSION_CONFLICT when others were set since `base`. */
export async function setRiskLimits(db: Db, ask: CommandInput<'setRiskLimits'>): Promise<CommandOutput<'setRiskLimits'>> {
  return db.tx(async (tx) => {
    await lockDecisions(tx);
    const done = await answered(tx, 'set_risk_limits', ask.idempotencyKey);
    if (done) {
      const limits = riskLimitsSchema.parse(done['limits']);
      const isSame = Object.entries(ask.limits).every(([name, value]) => limits[name as keyof RiskLimits] === value);
      if (isSame) return { version: Number(done['version']), limits };
      throw new AppError('IDEMPOTENCY_CONFLICT', 'This key was used to set other limits; take a new one', { context: { idempotencyKey: ask.idempotencyKey } });
    }
    const before = await newestLimits(tx);
    if (ask.base !== undefined && before !== null && before.version !== ask.base) throw new AppError('VERSION_CONFLICT', `The limits were changed meanwhile (version ${before.version}). Look at them again, then change what still differs.`);
    const version = (before?.version ?? 0) + 1;
    await tx.query('INSERT INTO risk_management.risk_limits (version, limits, actor) VALUES ($1, $2::jsonb, $3)', [version, JSON.stringify(ask.limits), ask.actor]);
    await audit(tx, { actor: ask.actor, action: 'set_risk_limits', subject: 'risk_limits', before, after: { version, limits: ask.limits, idempotencyKey: ask.idempotencyKey } });
    await recordRiskEvents(tx, [{ riskEventId: `risk_limits:v${version}`, severity: 'info', code: 'RISK_LIMITS_CHANGED', message: `${ask.actor} changed the risk limits.`, context: { version, limits: ask.limits } }]);
    return { version, limits: ask.limits };
  });
}
