/** Orders and fills, and the story of one decision. */
import type { DecisionView, FillView, OrderStory, OrderView, SignalView } from '#app/contracts/views.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Queryable } from '#chassis/db.ts';
import { plain } from './rows.ts';

const ORDER = `
  o.order_id AS "orderId", o.client_order_id AS "clientOrderId", o.decision_id AS "decisionId", o.broker_order_id AS "brokerOrderId", o.source, o.strategy_id AS "strategyId", o.signal_id AS "signalId",
  o.symbol, o.side, o.type, o.time_in_force AS "timeInForce", ${plain('o.qty')} AS qty, ${plain('o.limit_price')} AS "limitPrice", ${plain('o.filled_qty')} AS "filledQty", ${plain('o.avg_fill_price')} AS "avgFillPrice",
  o.order_class AS "orderClass", o.extended_hours AS "extendedHours", ${plain('o.stop_price')} AS "stopPrice", ${plain('o.trail_price')} AS "trailPrice", ${plain('o.trail_percent')} AS "trailPercent",
  CASE WHEN o.take_profit_limit IS NOT NULL THEN json_build_object('limitPrice', ${plain('o.take_profit_limit')}::text) END AS "takeProfit",
  CASE WHEN o.stop_loss_stop IS NOT NULL THEN json_build_object('stopPrice', ${plain('o.stop_loss_stop')}::text, 'limitPrice', ${plain('o.stop_loss_limit')}::text) END AS "stopLoss",
  o.role, o.parent_order_id AS "parentOrderId", o.replaces_order_id AS "replacesOrderId", (SELECT n.order_id FROM execution.orders n WHERE n.replaces_order_id = o.order_id AND n.status NOT IN ('rejected', 'denied') LIMIT 1) AS "replacedByOrderId",
  ${plain('o.reference_price')} AS "referencePrice", o.is_reducing AS "isReducing", o.status, o.is_closed AS "isClosed", o.version, o.denial_code AS "denialCode", o.reason, o.unknown_since AS "unknownSince",
  o.ts_market AS "tsMarket", o.created_at AS "createdAt", o.submitted_at AS "submittedAt", o.updated_at AS "updatedAt"`;

const FILL = `
  t.fill_id AS "fillId", t.order_id AS "orderId", o.client_order_id AS "clientOrderId", t.strategy_id AS "strategyId", t.symbol, t.side, ${plain('t.qty')} AS qty, ${plain('t.price')} AS price, ${plain('t.fee')} AS fee,
  t.ledger_seq AS "ledgerSeq", t.ts_event AS "tsEvent", t.ts_seen AS "tsSeen", t.source, ${plain('o.reference_price')} AS "referencePrice",
  (SELECT ${plain('sum(c.realized_pnl)')} FROM execution.lot_closures c WHERE c.closed_seq = t.ledger_seq) AS "realizedPnl"`;

const DECISION = `
  d.decision_id AS "decisionId", d.client_order_id AS "clientOrderId", d.source, d.signal_id AS "signalId", d.strategy_id AS "strategyId", d.symbol, d.side, d.type, ${plain('d.qty')} AS qty, ${plain('d.limit_price')} AS "limitPrice",
  d.outcome, d.code, d.message, d.is_reducing AS "isReducing", ${plain('d.reference_price')} AS "referencePrice", ${plain('d.reserved_notional')} AS "reservedNotional", d.limits_version AS "limitsVersion", d.rules, d.record,
  d.ts_market AS "tsMarket", d.decided_at AS "decidedAt"`;

/** Which orders. `before` = orderId of the last row seen: instants alone would lose those of one transaction, which are equal. */
export type OrdersPage = { readonly scope: 'open' | 'closed' | 'all'; readonly limit: number; readonly before?: string | undefined };

/** A page of orders, newest first, with the totals. */
export async function readOrders(db: Queryable, page: OrdersPage): Promise<{ orders: OrderView[]; openTotal: number; total: number }> {
  const scope = page.scope === 'all' ? 'true' : page.scope === 'open' ? 'NOT o.is_closed' : 'o.is_closed';
  const [orders, totals] = await Promise.all([
    db.query<OrderView>(`SELECT ${ORDER} FROM execution.orders o WHERE ${scope} AND ($2::text IS NULL OR (o.created_at, o.approved_seq, o.order_id) < (SELECT l.created_at, l.approved_seq, l.order_id FROM execution.orders l WHERE l.order_id = $2))
      ORDER BY o.created_at DESC, o.approved_seq DESC, o.order_id DESC LIMIT $1`, [page.limit, page.before ?? null]),
    db.query<{ openTotal: number; total: number }>('SELECT count(*) FILTER (WHERE NOT is_closed)::int AS "openTotal", count(*)::int AS total FROM execution.orders'),
  ]);
  return { orders, openTotal: totals[0]?.openTotal ?? 0, total: totals[0]?.total ?? 0 };
}

/** The orders with these client ids as they are now. */
export function readOrdersById(db: Queryable, clientOrderIds: readonly string[]): Promise<OrderView[]> {
  return db.query<OrderView>(`SELECT ${ORDER} FROM execution.orders o WHERE o.client_order_id = ANY($1)`, [clientOrderIds]);
}

/** A page of fills, newest first. `before` = ledgerSeq of the last row seen. */
export async function readFills(db: Queryable, page: { limit: number; before?: number | undefined }): Promise<{ fills: FillView[]; total: number }> {
  const [fills, totals] = await Promise.all([
    db.query<FillView>(`SELECT ${FILL} FROM execution.trades t JOIN execution.orders o USING (order_id) WHERE $2::bigint IS NULL OR t.ledger_seq < $2 ORDER BY t.ledger_seq DESC LIMIT $1`, [page.limit, page.before ?? null]),
    db.query<{ total: number }>('SELECT count(*)::int AS total FROM execution.trades'),
  ]);
  return { fills, total: totals[0]?.total ?? 0 };
}

/** Fills after a ledger number, oldest first. */
export function readFillsAfter(db: Queryable, ledgerSeq: number, limit: number): Promise<FillView[]> {
  return db.query<FillView>(`SELECT ${FILL} FROM execution.trades t JOIN execution.orders o USING (order_id) WHERE t.ledger_seq > $1 ORDER BY t.ledger_seq LIMIT $2`, [ledgerSeq, limit]);
}

/** The newest ledger number, 0 before the first fill. */
export async function readLedgerSeq(db: Queryable): Promise<number> {
  const rows = await db.query<{ seq: number }>('SELECT coalesce(max(ledger_seq), 0) AS seq FROM execution.trades');
  return rows[0]?.seq ?? 0;
}

/** A page of decisions of risk, newest first, with the totals. `before` = decisionId of the last row seen. */
export async function readDecisions(db: Queryable, page: { outcome: 'approved' | 'denied' | 'all'; limit: number; before?: string | undefined }): Promise<{ decisions: DecisionView[]; approvedTotal: number; deniedTotal: number }> {
  const [decisions, totals] = await Promise.all([
    db.query<DecisionView>(`SELECT ${DECISION} FROM risk_management.risk_decisions d WHERE ($2 = 'all' OR d.outcome = $2) AND ($3::text IS NULL OR (d.decided_at, d.decision_id) < (SELECT l.decided_at, l.decision_id FROM risk_management.risk_decisions l WHERE l.decision_id = $3))
      ORDER BY d.decided_at DESC, d.decision_id DESC LIMIT $1`, [page.limit, page.outcome, page.before ?? null]),
    db.query<{ approved: number; denied: number }>(`SELECT count(*) FILTER (WHERE outcome = 'approved')::int AS approved, count(*) FILTER (WHERE outcome = 'denied')::int AS denied FROM risk_management.risk_decisions`),
  ]);
  return { decisions, approvedTotal: totals[0]?.approved ?? 0, deniedTotal: totals[0]?.denied ?? 0 };
}

/** Signals as views; a WHERE about `s` follows. */
export const SIGNALS = `
  SELECT s.signal_id AS "signalId", s.strategy_id AS "strategyId", s.strategy_version_id AS "strategyVersionId", s.symbol, s.timeframe, s.bar_open_time AS "barOpenTime", s.ts_market AS "tsMarket", s.target, ${plain('s.weight')} AS weight, s.own_order AS "order",
    ${plain('s.reference_price')} AS "referencePrice", ${plain('s.atr')} AS atr, s.protection, s.reasons, s.raised_at AS "raisedAt"
  FROM strategy_engine.strategy_signals s`;
const EVENTS = `
  SELECT e.version, e.kind, e.status, ${plain('e.filled_qty')} AS "filledQty", e.ts_event AS "tsEvent", e.ts_seen AS "tsSeen", e.source, e.detail
  FROM execution.order_events e WHERE e.order_id = $1 ORDER BY e.version LIMIT 500`;

/** The same decision's orders, the group, and the chain of replaces in both directions; the order itself excluded. */
const RELATIVES = `
  WITH RECURSIVE family AS (
    SELECT o.order_id FROM execution.orders o WHERE o.order_id = $1
    UNION
    SELECT n.order_id FROM family f JOIN execution.orders o ON o.order_id = f.order_id
    JOIN execution.orders n ON n.replaces_order_id = o.order_id OR n.order_id = o.replaces_order_id OR n.parent_order_id = o.order_id OR n.order_id = o.parent_order_id
      OR n.parent_order_id = o.parent_order_id)
  SELECT ${ORDER} FROM execution.orders o JOIN family USING (order_id) WHERE o.order_id <> $1 ORDER BY o.created_at, o.order_id LIMIT 100`;

/** The project and version that raised a signal; no row = the house's own code. */
const PROJECT = `
  SELECT v.project_id AS "projectId", coalesce(p.name, v.project_id) AS name, v.project_version AS version
  FROM strategy_engine.strategy_signals s JOIN strategy_engine.strategy_versions v ON v.strategy_version_id = s.strategy_version_id LEFT JOIN strategy_engine.projects p ON p.project_id = v.project_id
  WHERE s.signal_id = $1 AND v.project_id IS NOT NULL`;

/**
 * Signal, decision, order, events and fills. `id` names a decision or an order: a leg shares its entry's decision and is found by its own id.
 * @throws AppError ORDER_NOT_FOUND when there is neither a decision nor an order with this id.
 */
export async function readStory(db: Queryable, id: string): Promise<OrderStory> {
  const [order = null] = await db.query<OrderView>(`SELECT ${ORDER} FROM execution.orders o WHERE o.order_id = $1 OR o.decision_id = $1 ORDER BY o.order_id = $1 DESC, o.role = 'order' DESC LIMIT 1`, [id]);
  const [decision = null] = await db.query<DecisionView>(`SELECT ${DECISION} FROM risk_management.risk_decisions d WHERE d.decision_id = $1`, [order?.decisionId ?? id]);
  if (!decision && !order) throw new AppError('ORDER_NOT_FOUND', 'There is no decision with this id; it may belong to another data folder');
  const signalId = decision?.signalId ?? order?.signalId ?? null;
  const [signals, events, fills, relatives, projects] = await Promise.all([
    signalId === null ? [] : db.query<SignalView>(`${SIGNALS} WHERE s.signal_id = $1`, [signalId]),
    order ? db.query<OrderStory['events'][number]>(EVENTS, [order.orderId]) : [],
    order ? db.query<FillView>(`SELECT ${FILL} FROM execution.trades t JOIN execution.orders o USING (order_id) WHERE t.order_id = $1 ORDER BY t.ledger_seq LIMIT 500`, [order.orderId]) : [],
    order ? db.query<OrderView>(RELATIVES, [order.orderId]) : [],
    signalId === null ? [] : db.query<NonNullable<OrderStory['project']>>(PROJECT, [signalId]),
  ]);
  return { decision, signal: signals[0] ?? null, order, events, fills, relatives, project: projects[0] ?? null };
}
