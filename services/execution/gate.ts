/** The gate in the book: switch, lease and market time (and the arming of the real account) are read in the very transaction that makes an order `submitted`. */
import type { Latch } from '#app/contracts/kill.ts';
import type { Arming } from '#app/domain/arming.ts';
import { invariant } from '#app/domain/errors.ts';
import { quantity } from '#app/domain/numeric.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { tradingStateSchema } from '#app/domain/trading-state.ts';
import { decideGate, stricterState, uncoveredExit, type GateAnswer } from '#app/execution/gate.ts';
import type { Tx } from '#chassis/db.ts';
import type { Order } from './orders.ts';

/** risk_management takes this lock exclusively when it moves the switch: after HALT is committed, no transaction that began before can still submit. */
export const TRADING_STATE_LOCK = 7001;

/** The gate's answer with the version of the trading state it was given under. */
export type GateDecision = GateAnswer & { readonly tradingStateVersion: number };

/** Takes the shared lock; call it before anything is read that the answer depends on. */
export async function takeGateLock(tx: Tx): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock_shared($1)', [TRADING_STATE_LOCK]);
}

/** What the gate asks in memory, at the moment of its answer: the arming of the real account, and the kill switch. */
export type GateSenses = { readonly arming: () => Arming; readonly latch: () => Latch | null };

/**
 * Asks the gate about an order. By versions of the trading state, not by instants: an approval that read ACTIVE while a HALT was being written is older than that HALT, whenever it was
 * written itself. The lock must be held; the statement's snapshot is then newer than any committed HALT.
 * The senses are asked last, after the book has answered: that may have taken a while.
 */
export async function askGate(tx: Tx, order: Order, senses: GateSenses): Promise<GateDecision> {
  const [row] = await tx.query<{ state: string; version: number; states_since: string[]; is_lease_fresh: boolean; last_open_time: number | null; held: string; waited: number | null }>(
    `SELECT t.state, t.version,
       ARRAY(SELECT DISTINCT s.state FROM risk_management.trading_state s WHERE s.version > (a.detail->>'tradingStateVersion')::integer) AS states_since,
       coalesce((SELECT expires_at > clock_timestamp() FROM risk_management.risk_lease), false) AS is_lease_fresh,
       (SELECT max(last_open_time) FROM data_ingestion.ingestion_status WHERE timeframe = '1Min') AS last_open_time,
       coalesce((SELECT qty FROM execution.positions WHERE symbol = $1), 0) AS held,
       (extract(epoch FROM clock_timestamp()) * 1000 - coalesce((a.detail->>'decidedAt')::double precision, extract(epoch FROM a.ts_seen) * 1000))::bigint AS waited
     FROM (SELECT state, version FROM risk_management.trading_state ORDER BY version DESC LIMIT 1) t LEFT JOIN execution.order_events a ON a.order_id = $2 AND a.version = 1`, [order.symbol, order.orderId],
  );
  invariant(row, 'The trading state has at least its first version');
  // A change of an exit adds nothing to what the broker has already; a leg may wait for its entry.
  const isExit = order.isReducing && order.replacesOrderId === null;
  const answer = decideGate({
    uncovered: isExit ? uncoveredExit({ symbol: order.symbol, side: order.side, qty: order.state.qty }, quantity(row.held)) : null,
    tradingState: stricterState(tradingStateSchema.parse(row.state), senses.latch()?.state ?? null),
    strictestSince: row.states_since.map((state) => tradingStateSchema.parse(state)).reduce(stricterState, 'ACTIVE'), arming: senses.arming(), isLeaseFresh: row.is_lease_fresh, isReducing: order.isReducing, approvedAt: order.tsMarket, waitedMs: order.source === 'manual' ? row.waited : null,
    marketNow: row.last_open_time === null ? null : ((row.last_open_time + MINUTE_MS) as EpochMs),
  });
  return { ...answer, tradingStateVersion: row.version };
}
