/** Invariants of orders and decisions: I4, I5, I6, I7, I8 and the promises P1 and P2. */
import { ORDER_TRANSITIONS, isClosed, type OrderEventKind, type OrderStatus } from '#app/domain/order.ts';
import type { BrokerOrderFact, Query, Violation } from './types.ts';

type EventRow = { order_id: string; version: number; kind: OrderEventKind; status: OrderStatus };

function stepViolation(previous: EventRow | null, event: EventRow): string | null {
  if (previous === null) {
    // What was found at the broker (a leg, an order placed elsewhere) begins there.
    const isFirst = event.version === 1 && ((event.kind === 'initialized' && event.status === 'initialized') || (event.kind === 'adopted' && event.status === 'submitted'));
    return isFirst ? null : `the first event is ${event.kind} with version ${event.version}`;
  }
  if (event.version !== previous.version + 1) return `version ${event.version} follows ${previous.version}`;
  if (isClosed(previous.status) && event.status !== previous.status) return `closed as ${previous.status}, then ${event.status}`;
  if (event.kind === 'fill') {
    const may: readonly OrderStatus[] = ['partially_filled', 'filled', 'pending_cancel', 'pending_replace'];
    return may.includes(event.status) || isClosed(previous.status) ? null : `a fill led to ${event.status}`;
  }
  const next = ORDER_TRANSITIONS[previous.status][event.kind];
  // Restated to what it has filled, an order is done: that the two agree is I1.
  if (event.kind === 'restated' && next !== undefined && event.status === 'filled') return null;
  if (next === undefined) return `${event.kind} is not allowed after ${previous.status}`;
  const open: readonly OrderStatus[] = ['accepted', 'partially_filled'];
  const isRight = next === 'same' ? event.status === previous.status : next === 'open' ? open.includes(event.status) : event.status === next;
  return isRight ? null : `${event.kind} after ${previous.status} led to ${event.status}`;
}

/** I4 and I8: every order's path is in the transition table, versions run 1..n, closed stays closed, the row agrees with its last event. */
export async function checkOrderPaths(query: Query): Promise<Violation[]> {
  const events = await query<EventRow>('SELECT order_id, version, kind, status FROM execution.order_events ORDER BY order_id, version');
  const violations: Violation[] = [];
  let previous: EventRow | null = null;
  for (const event of events) {
    if (previous !== null && previous.order_id !== event.order_id) previous = null;
    const wrong = stepViolation(previous, event);
    if (wrong !== null) violations.push({ id: 'I4', subject: event.order_id, detail: wrong });
    previous = event;
  }
  const stale = await query<{ order_id: string; status: string; version: number; last_status: string | null; last_version: number | null }>(`
    SELECT o.order_id, o.status, o.version, e.status AS last_status, e.version AS last_version FROM execution.orders o
    LEFT JOIN LATERAL (SELECT status, version FROM execution.order_events WHERE order_id = o.order_id ORDER BY version DESC LIMIT 1) e ON true
    WHERE e.version IS DISTINCT FROM o.version OR e.status IS DISTINCT FROM o.status`);
  for (const row of stale) violations.push({ id: 'I8', subject: row.order_id, detail: `the row is ${row.status} v${row.version}, its last event ${row.last_status ?? 'none'} v${row.last_version ?? 0}` });
  return violations;
}

/** P1, P2 and the book's half of I5: every order has exactly one approved decision, every approved decision that was heard has its order. */
export async function checkDecisions(query: Query): Promise<Violation[]> {
  const orphans = await query<{ order_id: string }>(`
    SELECT o.order_id FROM execution.orders o LEFT JOIN risk_management.risk_decisions d ON d.decision_id = o.decision_id AND d.outcome = 'approved'
    WHERE d.decision_id IS NULL AND o.source <> 'broker'`);
  const lost = await query<{ decision_id: string }>(`
    SELECT d.decision_id FROM risk_management.risk_decisions d
    JOIN risk_management.outbox x ON x.topic = 'order.approved' AND x.payload->>'decisionId' = d.decision_id
    LEFT JOIN execution.orders o ON o.decision_id = d.decision_id
    WHERE d.outcome = 'approved' AND o.order_id IS NULL AND x.seq <= coalesce((SELECT seq FROM execution.inbox_offset WHERE producer = 'risk_management'), 0)`);
  const unsaid = await query<{ decision_id: string }>(`
    SELECT d.decision_id FROM risk_management.risk_decisions d
    WHERE d.outcome = 'approved' AND NOT EXISTS (SELECT FROM risk_management.outbox x WHERE x.topic = 'order.approved' AND x.key = d.decision_id)`);
  const twice = await query<{ signal_id: string; orders: number }>(`
    SELECT signal_id, count(*) AS orders FROM execution.orders WHERE signal_id IS NOT NULL AND source = 'strategy' AND role = 'order' AND replaces_order_id IS NULL GROUP BY signal_id HAVING count(*) > 1`);
  return [
    ...orphans.map((row) => ({ id: 'P1', subject: row.order_id, detail: 'an order without an approved decision' })),
    ...lost.map((row) => ({ id: 'I5', subject: row.decision_id, detail: 'an approved decision was heard by execution and has no order' })),
    ...unsaid.map((row) => ({ id: 'I5', subject: row.decision_id, detail: 'an approved decision was never told' })),
    ...twice.map((row) => ({ id: 'P2', subject: row.signal_id, detail: `${row.orders} strategy orders for one signal` })),
  ];
}

/** I5 of legs and replacements: a leg hangs on an order that has legs, in its symbol and on its decision; what was replaced has its successor, on the same side of the same symbol. */
export async function checkRelations(query: Query): Promise<Violation[]> {
  const legs = await query<{ order_id: string }>(`
    SELECT l.order_id FROM execution.orders l JOIN execution.orders p ON p.order_id = l.parent_order_id
    WHERE p.order_class = 'simple' OR p.role <> 'order' OR l.symbol <> p.symbol OR l.decision_id <> p.decision_id OR l.strategy_id IS DISTINCT FROM p.strategy_id`);
  const successors = await query<{ order_id: string }>(`
    SELECT n.order_id FROM execution.orders n JOIN execution.orders o ON o.order_id = n.replaces_order_id
    WHERE n.symbol <> o.symbol OR n.side <> o.side OR (o.status = 'replaced' AND n.status = 'initialized')`);
  const doubled = await query<{ order_id: string; n: number }>(`
    SELECT replaces_order_id AS order_id, count(*) AS n FROM execution.orders WHERE replaces_order_id IS NOT NULL AND filled_qty > 0 AND parent_order_id IS NULL GROUP BY 1 HAVING count(*) > 1`);
  return [
    ...legs.map((row) => ({ id: 'I5', subject: row.order_id, detail: 'a leg that does not belong to the order on which it hangs' })),
    ...successors.map((row) => ({ id: 'I5', subject: row.order_id, detail: 'it does not fit the order whose place it takes' })),
    ...doubled.map((row) => ({ id: 'P2', subject: row.order_id, detail: `${row.n} orders that took its place have filled` })),
  ];
}

/** The broker's half of I5: every order of ours at the broker is one local order with the same fills, and the other way round. Legs and adopted orders have ids of the broker's own making. */
export async function checkBrokerOrders(query: Query, atBroker: readonly BrokerOrderFact[]): Promise<Violation[]> {
  const local = await query<{ client_order_id: string; broker_order_id: string | null; status: string; filled_qty: string; is_closed: boolean; posted: boolean }>(
    `SELECT client_order_id, broker_order_id, status, filled_qty, is_closed, submitted_at IS NOT NULL AS posted FROM execution.orders`);
  const byClientId = new Map(local.map((row) => [row.client_order_id, row]));
  const byBrokerId = new Map(local.flatMap((row): [string, (typeof local)[number]][] => (row.broker_order_id === null ? [] : [[row.broker_order_id, row]])));
  const violations: Violation[] = [];
  const seen = new Map<string, number>();
  const ids = new Set<string>();
  for (const order of atBroker) {
    ids.add(order.id);
    const row = byClientId.get(order.clientOrderId) ?? byBrokerId.get(order.id);
    if (order.clientOrderId.startsWith('ms-')) seen.set(order.clientOrderId, (seen.get(order.clientOrderId) ?? 0) + 1);
    if (!row && order.clientOrderId.startsWith('ms-')) violations.push({ id: 'I5', subject: order.clientOrderId, detail: 'the broker has an order that the book does not know' });
    if (row && Number(row.filled_qty) !== Number(order.filledQty)) violations.push({ id: 'P3', subject: order.clientOrderId, detail: `the broker filled ${order.filledQty}, the book ${row.filled_qty}` });
  }
  for (const [id, count] of seen) if (count > 1) violations.push({ id: 'P2', subject: id, detail: `${count} orders at the broker under one id` });
  for (const row of local) if (row.broker_order_id !== null && !ids.has(row.broker_order_id)) violations.push({ id: 'I5', subject: row.client_order_id, detail: 'the book says the broker has it; the broker does not' });
  return violations;
}

/** I6: every order was submitted under a trading state that allowed it, and under the newest one. */
export async function checkTradingState(query: Query): Promise<Violation[]> {
  const rows = await query<{ order_id: string; state: string | null }>(`
    SELECT o.order_id, s.state FROM execution.orders o LEFT JOIN risk_management.trading_state s ON s.version = o.trading_state_version
    WHERE o.submitted_at IS NOT NULL AND (s.state IS NULL OR s.state = 'HALTED' OR (s.state = 'REDUCING' AND NOT o.is_reducing))`);
  const late = await query<{ order_id: string; version: number }>(`
    SELECT o.order_id, n.version FROM execution.orders o JOIN risk_management.trading_state n ON n.version > o.trading_state_version AND n.at < o.submitted_at`);
  const holes = await query<{ n: number; newest: number }>('SELECT count(*) AS n, coalesce(max(version), 0) AS newest FROM risk_management.trading_state');
  return [
    ...rows.map((row) => ({ id: 'I6', subject: row.order_id, detail: `submitted under trading state ${row.state ?? 'unknown'}` })),
    ...late.map((row) => ({ id: 'I6', subject: row.order_id, detail: `submitted after trading state version ${row.version} was in force` })),
    ...holes.filter((row) => row.n !== row.newest).map((row) => ({ id: 'I8', subject: 'trading_state', detail: `${row.n} versions, the newest is ${row.newest}` })),
  ];
}

/** I7: no approval whose own rules say no; what was reserved and used stayed within the limits that it records. */
export async function checkReservations(query: Query): Promise<Violation[]> {
  const rows = await query<{ decision_id: string; rule: string; threshold: string | null; observed: string | null }>(`
    SELECT d.decision_id, r->>'rule' AS rule, r->>'threshold' AS threshold, r->>'observed' AS observed
    FROM risk_management.risk_decisions d CROSS JOIN LATERAL jsonb_array_elements(d.rules) r
    WHERE d.outcome = 'approved' AND NOT (r->>'passed')::boolean`);
  const over = await query<{ decision_id: string }>(`
    SELECT d.decision_id FROM risk_management.risk_decisions d JOIN risk_management.risk_limits l ON l.version = d.limits_version
    WHERE d.outcome = 'approved' AND NOT d.is_reducing AND d.reserved_notional > (l.limits->>'maxOrderNotional')::numeric`);
  return [
    ...rows.map((row) => ({ id: 'I7', subject: row.decision_id, detail: `approved although ${row.rule} saw ${row.observed ?? 'nothing'} against ${row.threshold ?? 'nothing'}` })),
    ...over.map((row) => ({ id: 'I7', subject: row.decision_id, detail: 'reserved more than one order may be' })),
  ];
}
