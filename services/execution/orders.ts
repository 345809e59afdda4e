/** Orders in the book: reading them, writing them down, and moving them, each move with its event. */
import type { Payload } from '#app/contracts/events.ts';
import { invariant } from '#app/domain/errors.ts';
import { clientOrderId } from '#app/domain/ids.ts';
import type { DenialCode } from '#app/domain/limits.ts';
import { price, quantity, toText, type Price } from '#app/domain/numeric.ts';
import { applyOrderEvent, isClosed, type OrderClass, type OrderEvent, type OrderRole, type OrderSource, type OrderState, type OrderStatus, type OrderType, type Side, type TimeInForce } from '#app/domain/order.ts';
import type { OrderTerms } from '#app/domain/order-terms.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { Execution, FillSource, LocalOrder } from '#app/execution/news.ts';
import type { OurOrder } from '#app/execution/reconcile.ts';
import { at, type Queryable, type Tx } from '#chassis/db.ts';

/**
 * An order as a row of the book. `role` and `parentOrderId`: what it is within its class (a leg that the broker made names the order that it hangs on).
 * `replacesOrderId`: it takes the place of that order.
 */
export type Order = {
  readonly orderId: string; readonly clientOrderId: string; readonly decisionId: string; readonly brokerOrderId: string | null;
  readonly source: OrderSource; readonly strategyId: string | null; readonly signalId: string | null;
  readonly symbol: string; readonly side: Side; readonly terms: OrderTerms; readonly role: OrderRole; readonly parentOrderId: string | null; readonly replacesOrderId: string | null;
  readonly isReducing: boolean; readonly state: OrderState; readonly denialCode: DenialCode | null; readonly reason: string | null;
  readonly tsMarket: EpochMs; readonly tsBarSeen: EpochMs | null; readonly unknownSince: EpochMs | null;
};

const OUR_PREFIX = clientOrderId('');
/** Was an order placed by us? Told by its client order id, which is never reused. */
export function isOurOrder(id: string): boolean {
  return id.startsWith(OUR_PREFIX);
}

/** Where a move came from. */
export type MoveSource = 'local' | 'stream' | 'rest' | 'activity';

/** Columns that move along with an event, or alone. */
export type Patch = {
  readonly brokerOrderId?: string; readonly unknownSince?: EpochMs | null; readonly denialCode?: DenialCode; readonly reason?: string;
  readonly submittedAt?: EpochMs; readonly postedAt?: EpochMs; readonly cancelRequestedAt?: EpochMs; readonly tradingStateVersion?: number;
};

/** One move of an order. `tsEvent` is market or broker time; `detail` is kept for people and for telling repetitions apart. */
export type Move = { readonly event: OrderEvent; readonly tsEvent: EpochMs; readonly source: MoveSource; readonly detail: Readonly<Record<string, unknown>>; readonly patch?: Patch };

type Row = {
  order_id: string; client_order_id: string; decision_id: string; broker_order_id: string | null; source: OrderSource; strategy_id: string | null; signal_id: string | null;
  symbol: string; side: Side; type: OrderType; time_in_force: TimeInForce; order_class: OrderClass; extended_hours: boolean; qty: string; limit_price: string | null; stop_price: string | null;
  trail_price: string | null; trail_percent: string | null; take_profit_limit: string | null; stop_loss_stop: string | null; stop_loss_limit: string | null;
  role: OrderRole; parent_order_id: string | null; replaces_order_id: string | null; is_reducing: boolean; status: OrderStatus; filled_qty: string;
  avg_fill_price: string | null; version: number; denial_code: DenialCode | null; reason: string | null; ts_market: number; ts_bar_seen: number | null; unknown_since: number | null;
};

const COLUMNS = `order_id, client_order_id, decision_id, broker_order_id, source, strategy_id, signal_id, symbol, side, type, time_in_force, order_class, extended_hours, qty, limit_price, stop_price,
  trail_price, trail_percent, take_profit_limit, stop_loss_stop, stop_loss_limit, role, parent_order_id, replaces_order_id, is_reducing,
  status, filled_qty, avg_fill_price, version, denial_code, reason, ts_market, ts_bar_seen, unknown_since`;

const exact = (text: string | null): Price | null => (text === null ? null : price(text));

function termsOf(row: Row): OrderTerms {
  return {
    type: row.type, timeInForce: row.time_in_force, orderClass: row.order_class, extendedHours: row.extended_hours, limitPrice: exact(row.limit_price), stopPrice: exact(row.stop_price),
    trailPrice: exact(row.trail_price), trailPercent: exact(row.trail_percent), takeProfit: row.take_profit_limit === null ? null : { limitPrice: price(row.take_profit_limit) },
    stopLoss: row.stop_loss_stop === null ? null : { stopPrice: price(row.stop_loss_stop), limitPrice: exact(row.stop_loss_limit) },
  };
}

function fromRow(row: Row): Order {
  return {
    orderId: row.order_id, clientOrderId: row.client_order_id, decisionId: row.decision_id, brokerOrderId: row.broker_order_id, source: row.source, strategyId: row.strategy_id, signalId: row.signal_id,
    symbol: row.symbol, side: row.side, terms: termsOf(row), role: row.role, parentOrderId: row.parent_order_id, replacesOrderId: row.replaces_order_id, isReducing: row.is_reducing,
    state: { status: row.status, qty: quantity(row.qty), filledQty: quantity(row.filled_qty), avgFillPrice: exact(row.avg_fill_price), version: row.version },
    denialCode: row.denial_code, reason: row.reason, tsMarket: row.ts_market as EpochMs, tsBarSeen: row.ts_bar_seen as EpochMs | null, unknownSince: row.unknown_since as EpochMs | null,
  };
}

/** Which orders to read. */
export type Selection = { readonly by: 'order_id' | 'client_order_id' | 'broker_order_id' | 'parent_order_id' | 'replaces_order_id'; readonly ids: readonly string[] };

/** Reads orders without locking them. */
export async function readOrders(db: Queryable, { by, ids }: Selection): Promise<Order[]> {
  if (ids.length === 0) return [];
  return (await db.query<Row>(`SELECT ${COLUMNS} FROM execution.orders WHERE ${by} = ANY($1) ORDER BY order_id`, [ids])).map(fromRow);
}

/** Reads orders for changing them: locked until the end of the transaction, always in the same order. */
export async function lockOrders(tx: Tx, { by, ids }: Selection): Promise<Order[]> {
  if (ids.length === 0) return [];
  return (await tx.query<Row>(`SELECT ${COLUMNS} FROM execution.orders WHERE ${by} = ANY($1) ORDER BY order_id FOR UPDATE`, [ids])).map(fromRow);
}

/** All orders that may still change and are perhaps at the broker. */
export async function readOrdersAtBroker(db: Queryable): Promise<Order[]> {
  return (await db.query<Row>(`SELECT ${COLUMNS} FROM execution.orders WHERE NOT is_closed AND status <> 'initialized' ORDER BY approved_seq`)).map(fromRow);
}

type FillDetail = { readonly fillId: string; readonly qty: string; readonly price: string; readonly cumQty: string; readonly from: FillSource };

/** What is kept of a fill in its order event. */
export function fillDetail(execution: Execution): FillDetail {
  return { fillId: execution.id, qty: toText(execution.qty), price: toText(execution.price), cumQty: toText(execution.cumQty), from: execution.source };
}

/** What the broker has said of orders, as the pure core wants it: fills, and when it last spoke of cancelling and of replacing. */
async function readNews(db: Queryable, orderIds: readonly string[]): Promise<ReadonlyMap<string, Pick<LocalOrder, 'fills' | 'lastCancelNewsAt' | 'lastReplaceNewsAt'>>> {
  const rows = await db.query<{ order_id: string; kind: string; ts_event: number; detail: FillDetail }>(
    `SELECT order_id, kind, ts_event, detail FROM execution.order_events
     WHERE order_id = ANY($1) AND (kind = 'fill' OR (kind IN ('cancel_requested', 'cancel_rejected', 'replace_requested', 'replace_rejected') AND source <> 'local')) ORDER BY order_id, version`,
    [orderIds],
  );
  const found = new Map<string, { fills: Execution[]; lastCancelNewsAt: EpochMs | null; lastReplaceNewsAt: EpochMs | null }>();
  for (const { order_id: orderId, kind, ts_event: at, detail } of rows) {
    const one = found.get(orderId) ?? { fills: [], lastCancelNewsAt: null, lastReplaceNewsAt: null };
    found.set(orderId, one);
    if (kind === 'fill') one.fills.push({ id: detail.fillId, qty: quantity(detail.qty), price: price(detail.price), cumQty: quantity(detail.cumQty), source: detail.from });
    else if (kind.startsWith('cancel')) one.lastCancelNewsAt = Math.max(one.lastCancelNewsAt ?? 0, at) as EpochMs;
    else one.lastReplaceNewsAt = Math.max(one.lastReplaceNewsAt ?? 0, at) as EpochMs;
  }
  return found;
}

const NO_NEWS = { fills: [], lastCancelNewsAt: null, lastReplaceNewsAt: null };

/** The orders with their fills and news, as the pure core wants them. */
export async function withNews(db: Queryable, orders: readonly Order[]): Promise<OurOrder[]> {
  if (orders.length === 0) return [];
  const news = await readNews(db, orders.map((order) => order.orderId));
  return orders.map((order) => {
    const face = { type: order.terms.type, limitPrice: order.terms.limitPrice, isKnownToBroker: order.brokerOrderId !== null };
    return { ...order, ...face, ...(news.get(order.orderId) ?? NO_NEWS) };
  });
}

/** Tells a move of an order. For this room's files that write orders; `before`: the status before it, null for a new order. */
export function emitOrder(tx: Tx, before: OrderStatus | null, order: Order, { event, tsEvent }: Move): void {
  const { state } = order;
  const payload: Payload<'order.changed'> = {
    orderId: order.orderId, clientOrderId: order.clientOrderId, decisionId: order.decisionId, strategyId: order.strategyId, source: order.source, symbol: order.symbol, side: order.side,
    role: order.role, parentOrderId: order.parentOrderId, replacesOrderId: order.replacesOrderId, version: state.version, event: event.kind, status: state.status, isClosed: isClosed(state.status), qty: toText(state.qty), filledQty: toText(state.filledQty),
    avgFillPrice: state.avgFillPrice === null ? null : toText(state.avgFillPrice), denialCode: order.denialCode, reason: order.reason, tsEvent,
  };
  const hasClosed = payload.isClosed && (before === null || !isClosed(before));
  const topic = event.kind === 'submitted' ? 'order.submitted' : hasClosed ? 'order.closed' : 'order.changed';
  tx.emit({ topic, key: `${order.orderId}:${state.version}`, correlationId: order.signalId ?? order.decisionId, payload });
}

const instant = (value: EpochMs | null | undefined): string | null => (value === null || value === undefined ? null : at(value));

/** Column assignments of a patch from parameter `$first` on. `unknown_since` can be cleared; the others keep their first value or are replaced. */
function patchSql(first: number): string {
  const p = (offset: number): string => `$${first + offset}`;
  return `broker_order_id = coalesce(${p(0)}, broker_order_id), unknown_since = CASE WHEN ${p(1)}::boolean THEN ${p(2)}::timestamptz ELSE unknown_since END,
    denial_code = coalesce(${p(3)}, denial_code), reason = coalesce(${p(4)}, reason), submitted_at = coalesce(submitted_at, ${p(5)}::timestamptz), posted_at = coalesce(posted_at, ${p(6)}::timestamptz),
    cancel_requested_at = coalesce(cancel_requested_at, ${p(7)}::timestamptz), trading_state_version = coalesce(${p(8)}::integer, trading_state_version), updated_at = clock_timestamp()`;
}
function patchParams(patch: Patch): unknown[] {
  return [patch.brokerOrderId ?? null, patch.unknownSince !== undefined, instant(patch.unknownSince), patch.denialCode ?? null, patch.reason?.slice(0, 500) ?? null,
    instant(patch.submittedAt), instant(patch.postedAt), instant(patch.cancelRequestedAt), patch.tradingStateVersion ?? null];
}
function patched(order: Order, patch: Patch): Order {
  return {
    ...order, brokerOrderId: patch.brokerOrderId ?? order.brokerOrderId, unknownSince: patch.unknownSince === undefined ? order.unknownSince : patch.unknownSince,
    denialCode: patch.denialCode ?? order.denialCode, reason: patch.reason ?? order.reason,
  };
}

/** Changes columns without an event: facts about an order that are not moves. */
export async function patchOrder(tx: Tx, order: Order, patch: Patch): Promise<Order> {
  await tx.query(`UPDATE execution.orders SET ${patchSql(2)} WHERE order_id = $1`, [order.orderId, ...patchParams(patch)]);
  return patched(order, patch);
}

/**
 * Moves a locked order: state, history and outgoing event in one go.
 * @throws AppError ORDER_TRANSITION_ILLEGAL (bug): callers ask the transition table first.
 */
export async function moveOrder(tx: Tx, order: Order, move: Move): Promise<Order> {
  const result = applyOrderEvent(order.state, move.event);
  if (!result.ok) throw result.error;
  const state = result.value;
  const patch = move.patch ?? {};
  const rows = await tx.query(
    `WITH moved AS (
       UPDATE execution.orders SET status = $2, is_closed = $3, filled_qty = $4, avg_fill_price = $5, version = $6, qty = $20, ${patchSql(11)} WHERE order_id = $1 AND version = $6 - 1 RETURNING order_id)
     INSERT INTO execution.order_events (order_id, version, kind, status, filled_qty, ts_event, source, detail)
     SELECT order_id, $6, $7, $2, $4, $8::timestamptz, $9, $10 FROM moved RETURNING version`,
    [order.orderId, state.status, isClosed(state.status), toText(state.filledQty), state.avgFillPrice === null ? null : toText(state.avgFillPrice), state.version, move.event.kind, at(move.tsEvent), move.source,
      JSON.stringify(move.detail), ...patchParams(patch), toText(state.qty)],
  );
  invariant(rows.length === 1, 'An order changed while it was locked', { orderId: order.orderId, version: state.version });
  const after = { ...patched(order, patch), state };
  emitOrder(tx, order.state.status, after, move);
  return after;
}
