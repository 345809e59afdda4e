/** What the book has of a strategy's day: signals, decisions, orders and fills, and when it was switched off. */
import type { ParityTrade } from '#app/analytics/parity.ts';
import { at, type Queryable } from '#chassis/db.ts';
import type { DayPlan } from './parity-plan.ts';
import { IS_GIVEN, tradesOf, type Execution } from './parity-replay.ts';

/** A signal of the book. `price`: the close that it was raised on. */
export type LiveSignal = { readonly signalId: string; readonly symbol: string; readonly openTime: number; readonly target: string; readonly weight: string | null; readonly price: string; readonly versionId: string };
/** A decision of risk. `equity`: dollars that it was sized on, null where it was not kept. */
export type LiveDecision = { readonly decisionId: string; readonly outcome: 'approved' | 'denied'; readonly message: string; readonly equity: string | null };
/** What became of an order. */
export type LiveOrder = { readonly decisionId: string; readonly status: string; readonly reason: string | null };
/** A change of the switch, wall clock. */
export type Switching = { readonly at: number; readonly isEnabled: boolean; readonly actor: string };
/** An error that the strategy made. `barTime`: open of the bar, market time. */
export type LiveError = { readonly barTime: number | null; readonly symbol: string | null; readonly line: string };
/** All of it. `switchings`: oldest first; `isEnabled`: now. */
export type LiveDay = {
  readonly trades: readonly ParityTrade[]; readonly signals: ReadonlyMap<string, LiveSignal>; readonly decisions: ReadonlyMap<string, LiveDecision>; readonly orders: ReadonlyMap<string, LiveOrder>;
  readonly switchings: readonly Switching[]; readonly errors: readonly LiveError[];
};

/** Reads the day. */
export async function liveDay(book: Queryable, { strategyId, begin, end }: DayPlan): Promise<LiveDay> {
  const span = [strategyId, at(begin), at(end)];
  const executions = await book.query<Execution>(
    `SELECT o.decision_id AS "decisionId", o.role, o.symbol, o.side, t.qty::float8 AS qty, o.qty::float8 AS ordered, t.price::float8 AS price, t.ts_event AS at
     FROM execution.trades t JOIN execution.orders o USING (order_id) WHERE o.strategy_id = $1 AND t.ts_event >= $2 AND t.ts_event < $3 AND NOT ${IS_GIVEN} ORDER BY t.ledger_seq`, span,
  );
  const signals = await book.query<LiveSignal>(
    `SELECT signal_id AS "signalId", symbol, bar_open_time AS "openTime", target, trim_scale(weight)::text AS weight, trim_scale(reference_price)::text AS price, strategy_version_id AS "versionId"
     FROM strategy_engine.strategy_signals WHERE strategy_id = $1 AND ts_market >= $2 AND ts_market < $3 AND cancels IS NULL`, span,
  );
  const decisions = await book.query<LiveDecision>(
    `SELECT decision_id AS "decisionId", outcome, message, (SELECT i->>'value' FROM jsonb_array_elements(record->'inputs') i WHERE i->>'name' = 'equity' LIMIT 1) AS equity
     FROM risk_management.risk_decisions WHERE strategy_id = $1 AND ts_market >= $2 AND ts_market < $3`, span,
  );
  const orders = await book.query<LiveOrder>(
    `SELECT decision_id AS "decisionId", status, reason FROM execution.orders WHERE strategy_id = $1 AND role = 'order' AND ts_market >= $2 AND ts_market < $3`, span,
  );
  const switchings = await book.query<Switching>(
    `SELECT at, (after->>'isEnabled')::boolean AS "isEnabled", actor FROM logging.audit_log WHERE action = 'strategy.set_enabled' AND subject = $1 AND after ? 'isEnabled' ORDER BY id`, [strategyId],
  );
  const errors = await book.query<LiveError>(
    `SELECT bar_open_time AS "barTime", symbol, line FROM strategy_engine.strategy_log WHERE strategy_id = $1 AND level = 'error' AND bar_open_time >= $2 AND bar_open_time < $3 ORDER BY id LIMIT 100`, span,
  );
  const byId = <T extends { readonly decisionId: string }>(rows: readonly T[]): ReadonlyMap<string, T> => new Map(rows.map((row) => [row.decisionId, row]));
  return {
    trades: tradesOf(executions), signals: new Map(signals.map((row) => [row.signalId, row])), decisions: byId(decisions), orders: byId(orders), switchings, errors,
  };
}

const OFF = `
  SELECT NOT s.is_enabled AND NOT EXISTS (SELECT FROM strategy_engine.strategy_signals g WHERE g.strategy_id = s.strategy_id AND g.ts_market >= $2 AND g.ts_market < $3)
    AND coalesce((SELECT max(a.at) FROM logging.audit_log a WHERE a.subject = s.strategy_id AND a.action = 'strategy.set_enabled')
      < (SELECT min(m.ts_seen) FROM data_ingestion.market_data m WHERE m.symbol = ANY($4::text[]) AND m.timeframe = $5 AND m.open_time >= $2 AND m.open_time < $3), true) AS "isOff"
  FROM strategy_engine.strategies s WHERE s.strategy_id = $1`;

/** Whether a strategy was switched off from before the day's first bar until now, and said nothing on it. By the wall clock at which the bars were seen: a replay has another time than the market's. */
export async function wasOffAllDay(book: Queryable, { strategyId, begin, end, timeframe }: DayPlan, symbols: readonly string[]): Promise<boolean> {
  const [row] = await book.query<{ isOff: boolean }>(OFF, [strategyId, at(begin), at(end), symbols, timeframe]);
  return row?.isOff === true;
}
