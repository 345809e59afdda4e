/** The master switch: versions that only grow, each with who and why; moved by people, by the kill switch and by risk's own breakers. */
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import type { Latch } from '#app/contracts/kill.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import { TRADING_STATES, type TradingState } from '#app/domain/trading-state.ts';
import type { Finding } from '#app/risk/monitor.ts';
import type { Db, Tx } from '#chassis/db.ts';
import { audit } from './audit.ts';
import { lockDecisions } from './load-book.ts';
import { recordRiskEvents } from './risk-events.ts';

/** Execution holds this lock shared while it makes an order `submitted`: once HALT has committed, no order can follow. */
const GATE_LOCK = 7001;

type StateRow = { readonly version: number; readonly state: TradingState };
type Move = Pick<CommandInput<'setTradingState'>, 'state' | 'reason' | 'actor' | 'idempotencyKey'>;

async function currentState(tx: Tx): Promise<StateRow> {
  const [row] = await tx.query<StateRow>('SELECT version, state FROM risk_management.trading_state ORDER BY version DESC LIMIT 1');
  invariant(row, 'The book has no trading state');
  return row;
}

/** The move that was made under this key before; takes the gate's lock for the rest of the transaction. */
async function underGateLock(tx: Tx, idempotencyKey: string): Promise<StateRow | null> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [GATE_LOCK]);
  const [known] = await tx.query<StateRow>('SELECT version, state FROM risk_management.trading_state WHERE idempotency_key = $1', [idempotencyKey]);
  return known ?? null;
}

async function write(tx: Tx, version: number, { state, reason, actor, idempotencyKey }: Move): Promise<void> {
  await tx.query('INSERT INTO risk_management.trading_state (version, state, reason, actor, idempotency_key) VALUES ($1, $2, $3, $4, $5)', [version, state, reason, actor, idempotencyKey]);
  tx.emit({ topic: 'trading_state.changed', key: String(version), correlationId: idempotencyKey, payload: { version, state, reason, actor } });
}

/** A person who resumes after the drawdown stopped trading begins a new measure from the equity of that moment. */
async function beginNewMeasure(tx: Tx): Promise<void> {
  await tx.query('UPDATE risk_management.peak_equity SET measure = measure + 1, equity = NULL, tripped_at = NULL WHERE tripped_at IS NOT NULL');
}

/** Entries that were owed when trading stopped are missed, in the moment in which it goes on: nothing that follows can send them. What lies on the wrong side is still to be closed. */
async function forgetOwedEntries(tx: Tx): Promise<void> {
  await tx.query(`
    UPDATE risk_management.strategy_targets w SET target = CASE WHEN h.qty * w.owed < 0 THEN 'flat' ELSE w.target END, owed = CASE WHEN h.qty * w.owed < 0 THEN 0 END
    FROM (SELECT t.strategy_id, t.symbol, coalesce(p.qty, 0) AS qty FROM risk_management.strategy_targets t LEFT JOIN execution.strategy_positions p USING (strategy_id, symbol)) h
    WHERE h.strategy_id = w.strategy_id AND h.symbol = w.symbol AND w.owed <> 0`);
}

/** HALT takes back the wishes to open the other side of a position. */
async function cancelReversals(tx: Tx, version: number): Promise<void> {
  const rows = await tx.query<{ id: string; symbol: string; side: string; qty: string }>(
    `UPDATE risk_management.reversals SET state = 'canceled', closed_at = clock_timestamp() WHERE state = 'waiting' RETURNING decision_id AS id, symbol, side, trim_scale(qty)::text AS qty`,
  );
  await recordRiskEvents(tx, rows.map(({ id, symbol, side, qty }) => ({
    riskEventId: `reversal_canceled:${id}`, severity: 'warning', code: 'REVERSAL_CANCELED', message: `Trading was halted before the position in ${symbol} was reversed: ${qty} shares are not ${side === 'buy' ? 'bought' : 'sold short'}.`,
    context: { decisionId: id, symbol, side, qty, tradingStateVersion: version },
  })));
}

/** Moves the switch. The same key gives the first answer again. @throws AppError IDEMPOTENCY_CONFLICT when the key asked for another state. */
export async function setTradingState(db: Db, ask: CommandInput<'setTradingState'>): Promise<CommandOutput<'setTradingState'>> {
  return db.tx(async (tx) => {
    // To go on may wait for a decision that is being made; to stop never does.
    if (ask.state === 'ACTIVE') await lockDecisions(tx);
    const known = await underGateLock(tx, ask.idempotencyKey);
    if (known) {
      if (known.state === ask.state) return known;
      throw new AppError('IDEMPOTENCY_CONFLICT', `This key was used to set ${known.state}; take a new one`, { context: { idempotencyKey: ask.idempotencyKey } });
    }
    const before = await currentState(tx);
    if (ask.onlyStricter === true && TRADING_STATES.indexOf(before.state) > TRADING_STATES.indexOf(ask.state)) return before;
    const version = before.version + 1;
    await write(tx, version, ask);
    await audit(tx, { actor: ask.actor, action: 'set_trading_state', subject: 'trading_state', before: { ...before }, after: { version, state: ask.state, reason: ask.reason, idempotencyKey: ask.idempotencyKey } });
    if (ask.state === 'ACTIVE') await beginNewMeasure(tx);
    if (ask.state === 'ACTIVE' && before.state !== 'ACTIVE') await forgetOwedEntries(tx);
    if (ask.state === 'HALTED') await cancelReversals(tx, version);
    return { version, state: ask.state };
  });
}

/**
 * Writes a pull of the kill switch under its key, once. A pull that only stops entries does not open what is halted; one that closes all positions does,
 * because its exits must go out.
 */
export async function storeLatch(db: Db, latch: Latch): Promise<void> {
  const { key, state, reason, actor, isCanceling } = latch;
  await setTradingState(db, { idempotencyKey: key, actor, state, reason, onlyStricter: !isCanceling });
}

/** Did somebody let trading go on after the pull of the kill switch with this key? False for a key that is no pull of it. In a transaction that decides, take lockDecisions first: to resume waits for it. */
export async function wasLetGoOn(tx: Tx, key: string): Promise<boolean> {
  const [row] = await tx.query<{ is_on: boolean }>(`SELECT EXISTS (SELECT FROM risk_management.trading_state t JOIN risk_management.trading_state h ON h.idempotency_key = $1 AND t.version > h.version WHERE t.state = 'ACTIVE') AS is_on`, [key]);
  return row?.is_on === true;
}

/** The longest reason that the switch keeps. */
const MAX_REASON = 200;

/** Risk's own breaker: from ACTIVE to REDUCING, once per finding; whatever a person set meanwhile stays. Only a person resumes. */
export async function turnToReducing(tx: Tx, finding: Finding): Promise<void> {
  const idempotencyKey = `risk:${finding.riskEventId}`;
  const known = await underGateLock(tx, idempotencyKey);
  const before = await currentState(tx);
  if (known !== null || before.state !== 'ACTIVE') return;
  const move: Move = { state: 'REDUCING', reason: finding.message.slice(0, MAX_REASON), actor: 'risk', idempotencyKey };
  await write(tx, before.version + 1, move);
  await audit(tx, { actor: move.actor, action: 'set_trading_state', subject: 'trading_state', before: { ...before }, after: { version: before.version + 1, ...move } });
  if (finding.code === 'DRAWDOWN_EXCEEDED') await tx.query('UPDATE risk_management.peak_equity SET tripped_at = clock_timestamp() WHERE tripped_at IS NULL');
}
