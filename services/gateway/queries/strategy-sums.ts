/** What each strategy did and holds, as SQL over a strategy `s`: one piece for the cards of deployments and for the table of the portfolio. */
import { LAST_PRICES, plain } from './rows.ts';

/** Tables that the sums need, to stand behind WITH: last prices, and what each strategy holds now. */
export const SUMS_WITH = `
  px AS (${LAST_PRICES}),
  held AS (
    SELECT strategy_id, sum(p.realized_pnl) AS realized, coalesce(sum(p.qty * (px.last_close - p.avg_price)), 0) AS open, count(*) FILTER (WHERE p.qty <> 0)::int AS positions
    FROM execution.strategy_positions p LEFT JOIN px USING (symbol) GROUP BY strategy_id
  )`;

/** Counted strategy by strategy out of the indexes alone: whoever asks for one does not pay for the history of all, and none reads the rows of a year. `said`: its newest signal. */
export const SUMS_OF = `
  LEFT JOIN held ON held.strategy_id = s.strategy_id
  CROSS JOIN LATERAL (
    SELECT (SELECT count(*)::int FROM strategy_engine.strategy_signals g WHERE g.strategy_id = s.strategy_id) AS signals,
      (SELECT count(*)::int FROM risk_management.risk_decisions d WHERE d.strategy_id = s.strategy_id AND d.outcome = 'approved') AS approved,
      (SELECT count(*)::int FROM risk_management.risk_decisions d WHERE d.strategy_id = s.strategy_id AND d.outcome = 'denied') AS denied,
      (SELECT count(*)::int FROM execution.trades t WHERE t.strategy_id = s.strategy_id) AS fills
  ) counted
  LEFT JOIN LATERAL (SELECT g.raised_at, g.ts_market FROM strategy_engine.strategy_signals g WHERE g.strategy_id = s.strategy_id ORDER BY g.raised_at DESC LIMIT 1) said ON true`;

/** The sums as columns of a card and of a row. */
export const SUMS_COLUMNS = `
  counted.signals, counted.approved, counted.denied, counted.fills, coalesce(held.positions, 0) AS "openPositions", ${plain('coalesce(held.realized, 0)')} AS "realizedPnl", ${plain('coalesce(held.open, 0)')} AS "openPnl"`;
