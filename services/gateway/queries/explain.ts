/** What the book has of a symbol within one bar: strategies, signals, decisions, orders, and the master switch. */
import type { BarStory } from '#app/contracts/explain.ts';
import type { SignalView } from '#app/contracts/views.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { at, type Queryable } from '#chassis/db.ts';
import { SIGNALS } from './orders.ts';

/** Signals of one bar of a chart, over all strategies, that are read at most. */
const SIGNALS_MAX = 200;
const DECISIONS_MAX = 400;
const STRATEGIES_MAX = 500;
const EVERY_WATCHED_SYMBOL = '*';

/** A stretch of one symbol: [from, until), epoch ms of the market. */
export type Stretch = { readonly symbol: string; readonly from: number; readonly until: number };

/** A strategy, and whether it trades the symbol now. */
export type Candidate = { readonly strategyId: string; readonly name: string; readonly kind: string; readonly timeframe: Timeframe; readonly isEnabled: boolean; readonly isWatching: boolean };

/** The strategies of the book, by name of id; `strategyId` null = all. */
export function readCandidates(db: Queryable, symbol: string, strategyId: string | null): Promise<Candidate[]> {
  return db.query<Candidate>(
    `SELECT s.strategy_id AS "strategyId", s.name, s.kind, s.timeframe, s.is_enabled AS "isEnabled",
       CASE WHEN $3 = ANY(s.symbols) THEN coalesce((SELECT is_watched FROM data_ingestion.symbols y WHERE y.symbol = $1), false) ELSE $1 = ANY(s.symbols) END AS "isWatching"
     FROM strategy_engine.strategies s WHERE $2::text IS NULL OR s.strategy_id = $2 ORDER BY s.strategy_id COLLATE "C" LIMIT $4`, [symbol, strategyId, EVERY_WATCHED_SYMBOL, STRATEGIES_MAX],
  );
}

/** The signals on bars that open within the stretch, oldest first. `covering`: also those of wider bars that it lies in, back to this instant. */
export async function readSignals(db: Queryable, { symbol, from, until }: Stretch, covering: number): Promise<SignalView[]> {
  return db.query<SignalView>(
    `${SIGNALS} WHERE s.symbol = $1 AND s.bar_open_time < $3 AND (s.bar_open_time >= $2 OR (s.bar_open_time >= $4 AND s.ts_market > $2 AND s.bar_open_time < $2)) ORDER BY s.bar_open_time, s.signal_id COLLATE "C" LIMIT $5`,
    [symbol, at(from), at(until), at(covering), SIGNALS_MAX],
  );
}

/** The decisions on signals, oldest first: `[signal, decision]`. */
export async function readDecisionsOf(db: Queryable, signalIds: readonly string[]): Promise<readonly (readonly [signalId: string, decisionId: string])[]> {
  if (signalIds.length === 0) return [];
  const rows = await db.query<{ signal_id: string; decision_id: string }>(`SELECT signal_id, decision_id FROM risk_management.risk_decisions WHERE signal_id = ANY($1::text[]) ORDER BY decided_at, decision_id COLLATE "C" LIMIT $2`, [signalIds, DECISIONS_MAX]);
  return rows.map((row) => [row.signal_id, row.decision_id] as const);
}

/** What was decided, or placed at the broker beside us, without a strategy's signal while the market stood in (from, until]: ids of decisions and orders, oldest first. */
export async function readOthers(db: Queryable, { symbol, from, until }: Stretch, limit: number): Promise<readonly string[]> {
  const rows = await db.query<{ id: string }>(
    `SELECT id FROM (
       SELECT decision_id AS id, decided_at AS told FROM risk_management.risk_decisions WHERE symbol = $1 AND ts_market > $2 AND ts_market <= $3 AND source <> 'strategy'
       UNION ALL SELECT order_id, created_at FROM execution.orders WHERE symbol = $1 AND ts_market > $2 AND ts_market <= $3 AND source = 'broker' AND parent_order_id IS NULL
     ) AS found ORDER BY told, id LIMIT $4`, [symbol, at(from), at(until), limit],
  );
  return rows.map((row) => row.id);
}

/** The master switch as it stood at an instant of our clock. */
export async function readSwitchAt(db: Queryable, when: number): Promise<NonNullable<BarStory['trading']> | null> {
  const [row] = await db.query<NonNullable<BarStory['trading']>>('SELECT state, reason, actor, at FROM risk_management.trading_state WHERE at <= $1 ORDER BY version DESC LIMIT 1', [at(when)]);
  return row ?? null;
}
