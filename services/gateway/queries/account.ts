/** The account: our own ledger valued at the last closes. */
import type { AccountView } from '#app/contracts/views.ts';
import { DEFAULT_RISK_LIMITS } from '#app/domain/limits.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Queryable } from '#chassis/db.ts';
import { LAST_PRICES, plain } from './rows.ts';

/**
 * One statement, hence one snapshot. A reservation lives while its order is not closed, in proportion to what is unfilled, or while
 * execution has not heard of the approval yet (risk's outbox beyond execution's offset). The day is the exchange day of the newest
 * bar; it is measured from the last point of the equity curve before it, as brokers do, and on the first day from risk's opening equity.
 */
const ACCOUNT = `
  WITH px AS (${LAST_PRICES}),
  ledger AS (SELECT account_number, cash, fees_total FROM execution.account_ledger),
  held AS (
    SELECT p.symbol, p.qty, p.avg_price, p.realized_pnl, p.updated_at, px.last_close, p.qty * px.last_close AS value, p.qty * (px.last_close - p.avg_price) AS open_pnl
    FROM execution.positions p LEFT JOIN px USING (symbol)
  ),
  sums AS (
    SELECT coalesce(sum(value) FILTER (WHERE value > 0), 0) AS long_value, coalesce(sum(value) FILTER (WHERE value < 0), 0) AS short_value, coalesce(sum(open_pnl), 0) AS open_pnl,
      coalesce(sum(realized_pnl), 0) AS realized_pnl, count(*) FILTER (WHERE qty <> 0)::int AS positions, max(updated_at) AS updated_at,
      coalesce(array_agg(symbol ORDER BY symbol) FILTER (WHERE qty <> 0 AND last_close IS NULL), '{}') AS unpriced
    FROM held
  ),
  reserved AS (
    SELECT coalesce(sum(amount), 0) AS amount, coalesce(sum(open_orders), 0)::int AS open_orders FROM (
      -- Legs reserve nothing; an order placed elsewhere has no decision and holds what it would cost.
      SELECT sum(CASE WHEN o.role <> 'order' OR o.is_reducing THEN 0 ELSE coalesce(d.reserved_notional, o.qty * coalesce(o.limit_price, o.stop_price, o.reference_price)) * (o.qty - o.filled_qty) / o.qty END) AS amount, count(*) AS open_orders
      FROM execution.orders o LEFT JOIN risk_management.risk_decisions d USING (decision_id) WHERE NOT o.is_closed
      UNION ALL
      SELECT sum((b.payload->>'reservedNotional')::numeric), 0 FROM risk_management.outbox b
      WHERE b.topic = 'order.approved' AND b.seq > coalesce((SELECT seq FROM execution.inbox_offset WHERE producer = 'risk_management'), 0)
    ) both_kinds
  ),
  market AS (SELECT max(market_at) AS at, max(seen_at) AS seen_at, (max(market_at) AT TIME ZONE 'America/New_York')::date AS day FROM px),
  opening AS (
    SELECT coalesce(
      (SELECT equity FROM analytics.equity_curve WHERE ts_market < (market.day::timestamp AT TIME ZONE 'America/New_York') ORDER BY ts_market DESC LIMIT 1),
      (SELECT equity FROM risk_management.day_open_equity WHERE day = market.day)
    ) AS equity FROM market
  ),
  limits AS (SELECT limits FROM risk_management.risk_limits ORDER BY version DESC LIMIT 1),
  total AS (SELECT coalesce(ledger.cash, 0) + sums.long_value + sums.short_value AS equity FROM sums LEFT JOIN ledger ON true)
  SELECT ledger.account_number AS "accountNumber", ${plain('total.equity')} AS equity, ${plain('coalesce(ledger.cash, 0)')} AS cash, ${plain('sums.long_value')} AS "longValue", ${plain('sums.short_value')} AS "shortValue",
    ${plain('coalesce(ledger.fees_total, 0)')} AS "feesTotal", ${plain('greatest(0, coalesce(ledger.cash, 0) - reserved.amount)')} AS "buyingPower", ${plain('reserved.amount')} AS reserved,
    ${plain('sums.long_value - sums.short_value')} AS "grossExposure", limits.limits->>'maxGrossExposure' AS "maxGrossExposure", limits.limits->>'maxDailyLoss' AS "maxDailyLoss",
    ${plain('total.equity - opening.equity')} AS "dayPnl", ((total.equity - opening.equity) / nullif(opening.equity, 0))::float8 AS "dayPnlFraction", ${plain('opening.equity')} AS "dayOpenEquity", market.day::text AS day,
    ${plain('sums.realized_pnl')} AS "realizedPnl", ${plain('sums.open_pnl')} AS "openPnl", reserved.open_orders AS "openOrders", sums.positions, sums.unpriced,
    greatest(market.seen_at, sums.updated_at) AS "tsSeen", market.at AS "tsMarket"
  FROM sums CROSS JOIN reserved CROSS JOIN total LEFT JOIN ledger ON true LEFT JOIN market ON true LEFT JOIN opening ON true LEFT JOIN limits ON true`;

type Row = Omit<AccountView, 'source' | 'maxGrossExposure' | 'maxDailyLoss'> & { maxGrossExposure: string | null; maxDailyLoss: string | null };

/** Reads the account. Before the first contact with the broker everything is zero and accountNumber null. */
export async function readAccount(db: Queryable): Promise<AccountView> {
  const [row] = await db.query<Row>(ACCOUNT);
  if (!row) throw new AppError('INVARIANT_BROKEN', 'The account query gave no row');
  return {
    ...row, maxGrossExposure: row.maxGrossExposure ?? DEFAULT_RISK_LIMITS.maxGrossExposure, maxDailyLoss: row.maxDailyLoss ?? DEFAULT_RISK_LIMITS.maxDailyLoss,
    source: row.accountNumber === null ? 'no account yet' : `ledger of account ${row.accountNumber}, last closes`,
  };
}
