/** The master switch and the limits: versions that only grow, each with who and why. */
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import { DEFAULT_RISK_LIMITS, riskLimitsSchema, type RiskLimits } from '#app/domain/limits.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import type { TradingState } from '#app/domain/trading-state.ts';
import type { Db, Tx } from '#chassis/db.ts';
import { answered, audit } from './audit.ts';
import { openDesk } from './desk.ts';
import { followUp } from './follow-ups.ts';
import { loadBook, lockDecisions, type House } from './load-book.ts';
import { marketNow } from './load-market.ts';
import { recordRiskEvents } from './risk-events.ts';

/** Execution holds this lock shared while it makes an order `submitted`: once HALT has committed, no order can follow. */
const GATE_LOCK = 7001;

type StateRow = { version: number; state: TradingState };

/** Moves the switch. The same key gives the first answer again. @throws AppError IDEMPOTENCY_CONFLICT when the key asked for another state. */
export async function setTradingState(db: Db, ask: CommandInput<'setTradingState'>): Promise<CommandOutput<'setTradingState'>> {
  return db.tx(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [GATE_LOCK]);
    const [known] = await tx.query<StateRow>('SELECT version, state FROM risk_management.trading_state WHERE idempotency_key = $1', [ask.idempotencyKey]);
    if (known) {
      if (known.state === ask.state) return known;
      throw new AppError('IDEMPOTENCY_CONFLICT', `This key was used to set ${known.state}; take a new one`, { context: { idempotencyKey: ask.idempotencyKey } });
    }
    const [before] = await tx.query<StateRow>('SELECT version, state FROM risk_management.trading_state ORDER BY version DESC LIMIT 1');
    invariant(before, 'The book has no trading state');
    const version = before.version + 1;
    await tx.query('INSERT INTO risk_management.trading_state (version, state, reason, actor, idempotency_key) VALUES ($1, $2, $3, $4, $5)', [version, ask.state, ask.reason, ask.actor, ask.idempotencyKey]);
    await audit(tx, { actor: ask.actor, action: 'set_trading_state', subject: 'trading_state', before: { ...before }, after: { version, state: ask.state, reason: ask.reason, idempotencyKey: ask.idempotencyKey } });
    tx.emit({ topic: 'trading_state.changed', key: String(version), correlationId: ask.idempotencyKey, payload: { version, state: ask.state, reason: ask.reason, actor: ask.actor } });
    return { version, state: ask.state };
  });
}

/** Exits that waited for trading to resume go out, at the market's present time. */
export async function followUpAtResume({ db, arming }: Omit<House, 'clock'>): Promise<number> {
  return db.tx(async (tx) => {
    await lockDecisions(tx);
    const desk = openDesk(tx, await loadBook(tx, arming));
    const due = await followUp(desk, (await marketNow(tx)) ?? undefined);
    await desk.save();
    return due;
  });
}

type LimitsRow = { version: number; limits: unknown };

async function newestLimits(tx: Tx): Promise<{ version: number; limits: RiskLimits } | null> {
  const [row] = await tx.query<LimitsRow>('SELECT version, limits FROM risk_management.risk_limits ORDER BY version DESC LIMIT 1');
  return row ? { version: row.version, limits: riskLimitsSchema.parse(row.limits) } : null;
}

/** Writes version 1 of the limits into a fresh book. Idempotent. */
export async function ensureLimits(db: Db): Promise<void> {
  await db.query(`INSERT INTO risk_management.risk_limits (version, limits, actor) VALUES (1, $1::jsonb, 'system') ON CONFLICT DO NOTHING`, [JSON.stringify(DEFAULT_RISK_LIMITS)]);
}

/** Sets new limits; they hold from the next decision on. The same key gives the first answer again. @throws AppError IDEMPOTENCY_CONFLICT when the key set others. */
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
    const version = (before?.version ?? 0) + 1;
    await tx.query('INSERT INTO risk_management.risk_limits (version, limits, actor) VALUES ($1, $2::jsonb, $3)', [version, JSON.stringify(ask.limits), ask.actor]);
    await audit(tx, { actor: ask.actor, action: 'set_risk_limits', subject: 'risk_limits', before, after: { version, limits: ask.limits, idempotencyKey: ask.idempotencyKey } });
    await recordRiskEvents(tx, [{ riskEventId: `risk_limits:v${version}`, severity: 'info', code: 'RISK_LIMITS_CHANGED', message: `${ask.actor} changed the risk limits.`, context: { version, limits: ask.limits } }]);
    return { version, limits: ask.limits };
  });
}
