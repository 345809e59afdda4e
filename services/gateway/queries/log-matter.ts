/** What an id stands for: every id of one order (or signal, or run), and what the book says happened to it. */
import type { LoggedLine, LogMatter } from '#app/contracts/logs.ts';
import type { LogLevel } from '#app/contracts/config.ts';
import { FLOW_OWNERS } from '#app/contracts/flows.ts';
import type { FlowName } from '#app/contracts/flows.ts';
import { parseDate } from '#app/domain/time.ts';
import type { Queryable } from '#chassis/db.ts';
import { plain } from './rows.ts';

const MAX_ROWS = 200;
const MAX_FACTS = 1_000;

/** The rows of one matter. */
type Roots = { readonly signalIds: readonly string[]; readonly decisionIds: readonly string[]; readonly orderIds: readonly string[]; readonly clientOrderIds: readonly string[] };

/** A matter: its ids, its words, and its rows in the book (none for a run or an unknown id). */
export type Matter = LogMatter & { readonly roots: Roots };

type DecisionRow = { decisionId: string; clientOrderId: string | null; signalId: string | null; symbol: string; side: string | null; qty: string | null };
type OrderRow = { orderId: string; clientOrderId: string; decisionId: string; brokerOrderId: string | null; signalId: string | null; symbol: string; side: string; qty: string };

const DECISION = `decision_id AS "decisionId", client_order_id AS "clientOrderId", signal_id AS "signalId", symbol, side, ${plain('qty')} AS qty`;
const ORDER = `order_id AS "orderId", client_order_id AS "clientOrderId", decision_id AS "decisionId", broker_order_id AS "brokerOrderId", signal_id AS "signalId", symbol, side, ${plain('qty')} AS qty`;
const NO_ROOTS: Roots = { signalIds: [], decisionIds: [], orderIds: [], clientOrderIds: [] };

const SYMBOL_MINUTE = /^([A-Za-z][A-Za-z0-9./]{0,14})[ @]+(((?:19|20)\d\d-\d\d-\d\d)[ T](?:[01]\d|2[0-3]):[0-5]\d)$/;
/** Signals of a symbol whose bar opened or whose moment came in a minute of New York's clock. */
const SIGNALS_OF_MINUTE = `
  SELECT signal_id AS id FROM strategy_engine.strategy_signals
  WHERE symbol = $1 AND bar_open_time >= ($2::timestamp AT TIME ZONE 'America/New_York') - interval '1 day' AND bar_open_time < ($2::timestamp AT TIME ZONE 'America/New_York') + interval '1 minute'
    AND (bar_open_time >= $2::timestamp AT TIME ZONE 'America/New_York' OR (ts_market >= $2::timestamp AT TIME ZONE 'America/New_York' AND ts_market < ($2::timestamp AT TIME ZONE 'America/New_York') + interval '1 minute'))
  LIMIT ${MAX_ROWS}`;

function unique(values: readonly (string | null)[]): string[] {
  return [...new Set(values.filter((value) => value !== null && value !== ''))] as string[];
}

/** From any ids to all that belong to them: decisions through their own, their orders' and their signals' ids, then orders, then the signals above. */
async function spread(db: Queryable, ids: readonly string[]): Promise<{ decisions: DecisionRow[]; orders: OrderRow[]; signals: string[]; fills: string[] }> {
  const [first, given] = await Promise.all([
    db.query<DecisionRow>(`SELECT ${DECISION} FROM risk_management.risk_decisions WHERE decision_id = ANY($1) OR client_order_id = ANY($1) OR signal_id = ANY($1) ORDER BY decided_at LIMIT ${MAX_ROWS}`, [ids]),
    db.query<OrderRow>(`SELECT ${ORDER} FROM execution.orders WHERE order_id = ANY($1) OR client_order_id = ANY($1) OR broker_order_id = ANY($1) OR order_id = ANY (ARRAY(SELECT order_id FROM execution.trades WHERE fill_id = ANY($1))) LIMIT ${MAX_ROWS}`, [ids]),
  ]);
  const known = new Set(first.map((row) => row.decisionId));
  const above = given.map((row) => row.decisionId).filter((id) => !known.has(id));
  const [more, orders] = await Promise.all([
    above.length === 0 ? [] : db.query<DecisionRow>(`SELECT ${DECISION} FROM risk_management.risk_decisions WHERE decision_id = ANY($1)`, [above]),
    db.query<OrderRow>(`SELECT ${ORDER} FROM execution.orders WHERE decision_id = ANY($1) ORDER BY created_at LIMIT ${MAX_ROWS}`, [[...known, ...above]]),
  ]);
  const decisions = [...first, ...more];
  const candidates = unique([...decisions.map((row) => row.signalId), ...orders.map((row) => row.signalId), ...(decisions.length === 0 && orders.length === 0 ? ids : [])]);
  const [signals, fills] = await Promise.all([
    candidates.length === 0 ? [] : db.query<{ id: string }>('SELECT signal_id AS id FROM strategy_engine.strategy_signals WHERE signal_id = ANY($1)', [candidates]),
    orders.length === 0 ? [] : db.query<{ id: string }>(`SELECT fill_id AS id FROM execution.trades WHERE order_id = ANY($1) LIMIT ${MAX_ROWS}`, [orders.map((row) => row.orderId)]),
  ]);
  return { decisions, orders, signals: signals.map((row) => row.id), fills: fills.map((row) => row.id) };
}

function titleOf(about: string, decisions: readonly DecisionRow[], orders: readonly OrderRow[], signals: readonly string[]): string {
  const subject = orders[0] ?? decisions[0];
  const more = Math.max(orders.length, decisions.length) - 1;
  if (subject) return `${orders.length > 0 ? 'Order' : 'Decision'}: ${[subject.side, subject.qty, subject.symbol].filter((word) => word !== null).join(' ')}${more > 0 ? ` and ${more} more` : ''}`;
  if (signals.length > 0) return signals.length === 1 ? 'A signal without a decision' : `${signals.length} signals without a decision`;
  return `Lines that name ${about}`;
}

/** Finds what an id, or a symbol and its minute, stands for. @throws AppError INPUT_INVALID for a day that does not exist */
export async function resolveMatter(db: Queryable, about: string): Promise<Matter> {
  const flow = about.split(':', 1)[0] ?? '';
  if (Object.hasOwn(FLOW_OWNERS, flow)) return { ids: [about], title: `Run of ${(flow as FlowName).replaceAll('_', ' ')}`, roots: NO_ROOTS };
  const minute = SYMBOL_MINUTE.exec(about);
  if (minute?.[3] !== undefined) parseDate(minute[3]);
  const start = minute ? (await db.query<{ id: string }>(SIGNALS_OF_MINUTE, [minute[1]?.toUpperCase(), minute[2]])).map((row) => row.id) : [about];
  const { decisions, orders, signals, fills } = start.length === 0 ? { decisions: [], orders: [], signals: [], fills: [] } : await spread(db, start);
  const roots = {
    signalIds: signals, decisionIds: unique([...decisions.map((row) => row.decisionId), ...orders.map((row) => row.decisionId)]), orderIds: orders.map((row) => row.orderId),
    clientOrderIds: unique([...orders.map((row) => row.clientOrderId), ...decisions.map((row) => row.clientOrderId)]),
  };
  const ids = unique([...roots.orderIds, ...roots.clientOrderIds, ...orders.map((row) => row.brokerOrderId), ...roots.decisionIds, ...signals, ...fills]);
  if (minute) return { ids, title: ids.length === 0 ? `No signal on ${about}` : `${titleOf(about, decisions, orders, signals)} · ${about}`, roots };
  return { ids, title: titleOf(about, decisions, orders, signals), roots };
}

type Fact = { id: string; at: number; unit: string; level: LogLevel; message: string; fields: Record<string, unknown>; ids: string[] };

/** The book's facts, each as a line: when we saw it (wall clock), whose it is, what it says. A fill is told once, by its ledger entry. */
const FACTS = `
  SELECT 'signal:' || s.signal_id AS id, s.raised_at AS at, 'strategy_engine' AS unit, 'info' AS level, 'Signal: ' || s.strategy_id || ' wants to be ' || s.target AS message,
    jsonb_build_object('symbol', s.symbol, 'timeframe', s.timeframe, 'referencePrice', ${plain('s.reference_price')}, 'reasons', s.reasons) AS fields, ARRAY[s.signal_id] AS ids
  FROM strategy_engine.strategy_signals s WHERE s.signal_id = ANY($1)
  UNION ALL
  SELECT 'decision:' || d.decision_id, d.decided_at, 'risk_management', CASE d.outcome WHEN 'denied' THEN 'warn' ELSE 'info' END, CASE d.outcome WHEN 'denied' THEN 'Risk denied: ' ELSE 'Risk approved: ' END || d.message,
    jsonb_strip_nulls(jsonb_build_object('code', d.code, 'limitsVersion', d.limits_version, 'reservedNotional', ${plain('d.reserved_notional')},
      'failedRules', (SELECT jsonb_agg(r->'rule') FROM jsonb_array_elements(d.rules) r WHERE r->>'passed' = 'false'))), array_remove(ARRAY[d.decision_id, d.client_order_id, d.signal_id], NULL)
  FROM risk_management.risk_decisions d WHERE d.decision_id = ANY($2)
  UNION ALL
  SELECT 'event:' || e.order_id || ':' || e.version, e.ts_seen, 'execution', CASE WHEN e.status IN ('rejected', 'unknown') OR e.kind IN ('rejected', 'unknown') THEN 'warn' ELSE 'info' END, 'Order ' || replace(e.kind, '_', ' '),
    jsonb_build_object('status', e.status, 'source', e.source, 'version', e.version) || e.detail, array_remove(ARRAY[o.order_id, o.client_order_id, o.broker_order_id], NULL)
  FROM execution.order_events e JOIN execution.orders o USING (order_id) WHERE e.order_id = ANY($3) AND e.kind <> 'fill'
  UNION ALL
  SELECT 'fill:' || t.fill_id, t.ts_seen, 'execution', 'info', 'Filled ' || ${plain('t.qty')} || ' ' || t.symbol || ' at ' || ${plain('t.price')}, jsonb_build_object('ledgerSeq', t.ledger_seq, 'fee', ${plain('t.fee')}, 'source', t.source), ARRAY[t.fill_id, t.order_id]
  FROM execution.trades t WHERE t.order_id = ANY($3)
  UNION ALL
  SELECT 'audit:' || a.id, a.at, a.service, 'info', 'Asked by ' || a.actor || ': ' || a.action, jsonb_strip_nulls(jsonb_build_object('before', a.before, 'after', a.after)), ARRAY[a.subject]
  FROM logging.audit_log a WHERE a.subject = ANY($4)`;

/** What the book says about a matter, newest first. */
export async function readFacts(db: Queryable, { roots }: Matter): Promise<LoggedLine[]> {
  const subjects = [...roots.clientOrderIds, ...roots.decisionIds, ...roots.orderIds];
  if (subjects.length === 0 && roots.signalIds.length === 0) return [];
  const facts = await db.query<Fact>(`SELECT * FROM (${FACTS}) f ORDER BY at DESC, id DESC LIMIT ${MAX_FACTS}`, [roots.signalIds, roots.decisionIds, roots.orderIds, subjects]);
  return facts.map((fact) => ({ ...fact, source: 'book' as const }));
}
