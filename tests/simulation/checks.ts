/** What must be true when a run has come to rest: the invariants of the book, and the book against what really happened at the broker. */
import { isOpenStatus } from '#app/backtest/venue-types.ts';
import { checkInvariants } from '#main/invariants/check.ts';
import { toText, money, quantity } from '#app/domain/numeric.ts';
import { activityId } from './exchange.ts';
import { world } from './world.ts';

const OURS = 'ms-';

type Head = { readonly seq: number };
/** Bars go on for ever: what was told at the last look must be heard at this one. Everybody else has nothing more to say. */
const LIVE = 'data_ingestion';

/** Looks why the run has not come to rest yet, again and again; empty when it has. */
export function watchRest(): () => string[] {
  const head = (): Head => world().book.ask<Head>(`SELECT seq FROM ${LIVE}.outbox_head`)[0] ?? { seq: 0 };
  let before = head();
  return () => {
    const reasons = unsettled(before.seq);
    before = head();
    return reasons;
  };
}

function unsettled(barsTold: number): string[] {
  const { book, units, exchange } = world();
  const reasons: string[] = [];
  for (const unit of units.values()) if (!unit.isReady()) reasons.push(`${unit.name} is not ready`);
  const orders = book.ask<{ client_order_id: string; status: string; unknown_since: number | null; filled_qty: string }>(
    `SELECT client_order_id, status, unknown_since, filled_qty FROM execution.orders WHERE NOT is_closed AND (status IN ('initialized', 'submitted', 'pending_cancel', 'pending_replace') OR unknown_since IS NOT NULL)`);
  for (const order of orders) reasons.push(`order ${order.client_order_id} is ${order.status}${order.unknown_since === null ? '' : ', outcome unknown'}`);
  for (const row of book.ask<{ service: string; n: number }>(WIRE, [barsTold])) reasons.push(`${row.n} events of ${row.service} are not sent or not heard`);
  const [ledger] = book.ask<{ cash: string }>('SELECT cash FROM execution.account_ledger');
  const { cash } = exchange.venue.figures();
  if (!ledger || !money(ledger.cash).eq(cash)) reasons.push(`cash: the book has ${ledger ? toText(money(ledger.cash)) : 'none'}, the broker ${toText(cash)}`);
  const held = new Map(book.ask<{ symbol: string; qty: string }>('SELECT symbol, qty FROM execution.positions WHERE qty <> 0').map((row) => [row.symbol, quantity(row.qty)]));
  const theirs = exchange.holdings();
  for (const symbol of new Set([...held.keys(), ...theirs.keys()])) {
    const [ours, real] = [held.get(symbol), theirs.get(symbol)];
    if (!ours || !real?.eq(ours)) reasons.push(`${symbol}: the book has ${ours ? toText(ours) : 'none'}, the broker ${real?.toFixed() ?? 'none'}`);
  }
  const local = new Map(book.ask<{ client_order_id: string; is_closed: boolean }>('SELECT client_order_id, is_closed FROM execution.orders').map((row) => [row.client_order_id, row.is_closed]));
  for (const order of exchange.open()) {
    if (order.clientOrderId.startsWith(OURS) && local.get(order.clientOrderId) !== false) reasons.push(`${order.clientOrderId} is ${order.status} at the broker, and ${local.has(order.clientOrderId) ? 'closed' : 'unknown'} in the book`);
  }
  return [...reasons, ...unheardEndings()];
}

const PRODUCERS = [LIVE, 'strategy_engine', 'risk_management', 'execution'] as const;
const LISTENERS = ['strategy_engine', 'risk_management', 'execution'] as const;
/** Events by producer that are not sent yet, or that a listener has not heard. $1: how far the bars must have come. */
const WIRE = PRODUCERS.map((producer) => `SELECT '${producer}' AS service, sum(missing) AS n FROM (SELECT ${producer === LIVE ? 'least(seq, $1::bigint)' : 'seq'} AS seq, sent_seq FROM ${producer}.outbox_head) h
  CROSS JOIN LATERAL (SELECT greatest(0, h.seq - h.sent_seq) AS missing ${LISTENERS.map((who) => `UNION ALL SELECT greatest(0, h.seq - seq) FROM ${who}.inbox_offset WHERE producer = '${producer}'`).join(' ')}) m HAVING sum(missing) > 0`).join(' UNION ALL ');

/** Every execution of ours is in the book, once, with the same numbers; and nothing else is. */
function fillsAgainstTruth(): string[] {
  const { book, exchange } = world();
  const booked = book.ask<{ client_order_id: string; qty: string; paid: string; n: number }>('SELECT o.client_order_id, sum(t.qty) AS qty, sum(t.qty * t.price) AS paid, count(*) AS n FROM execution.trades t JOIN execution.orders o USING (order_id) GROUP BY 1');
  const real = new Map<string, { qty: number; paid: number; n: number }>();
  // What happened before the ledger was opened came with the opening positions.
  const [floor] = book.ask<{ position: string }>(`SELECT position FROM execution.broker_cursors WHERE name = 'fills_floor'`);
  for (const execution of exchange.executions) {
    if (activityId(execution) <= (floor?.position ?? '')) continue;
    const { order, qty, price } = execution;
    const sum = real.get(order.clientOrderId) ?? { qty: 0, paid: 0, n: 0 };
    real.set(order.clientOrderId, { qty: sum.qty + qty.toNumber(), paid: sum.paid + qty.times(price).toNumber(), n: sum.n + 1 });
  }
  const wrong: string[] = [];
  for (const row of booked) {
    const truth = real.get(row.client_order_id);
    real.delete(row.client_order_id);
    if (!truth || truth.n !== row.n || Math.abs(truth.qty - Number(row.qty)) > 1e-9 || Math.abs(truth.paid - Number(row.paid)) > 1e-6) wrong.push(`P3 ${row.client_order_id}: booked ${row.n} fills of ${row.qty}, really ${truth?.n ?? 0} of ${truth?.qty ?? 0}`);
  }
  for (const [id, truth] of real) wrong.push(`P3 ${id}: ${truth.n} fills of ${truth.qty} are not in the book`);
  return wrong;
}

type Ending = { readonly id: string; readonly there: string; readonly here: string; readonly isOpenHere: boolean };

/** Orders that are over there, and not so here. */
function otherEndings(): Ending[] {
  const { book, exchange } = world();
  const rows = new Map(book.ask<{ client_order_id: string; broker_order_id: string | null; status: string; is_closed: boolean }>('SELECT client_order_id, broker_order_id, status, is_closed FROM execution.orders').map((row) => [row.broker_order_id ?? row.client_order_id, row]));
  return [...exchange.orders.values()].flatMap((order): Ending[] => {
    const row = rows.get(order.id) ?? rows.get(order.clientOrderId);
    return row !== undefined && !isOpenStatus(order.status) && row.status !== order.status ? [{ id: order.clientOrderId, there: order.status, here: row.status, isOpenHere: !row.is_closed }] : [];
  });
}

/** News of an ending may have got lost a moment ago: the order is asked about until it is over here, too. */
const unheardEndings = (): string[] => otherEndings().filter((one) => one.isOpenHere).map((one) => `${one.id} is ${one.there} at the broker, ${one.here} in the book`);

/** An order that is over there is over here, in the same way: a refusal that was believed too soon shows here. */
const endings = (): string[] => otherEndings().map((one) => `P2 ${one.id}: ${one.there} at the broker, ${one.here} in the book`);

/** I7 over the whole run, in the order of the book's transactions (the wall clock may jump): what was reserved for one symbol or in all never went beyond the limits by more than prices moved. A replacement and what it replaces count once: they are left out. */
function reservations(): string[] {
  const rows = world().book.ask<{ decision_id: string; symbol: string; used: string; most: string }>(`
    SELECT d.decision_id, d.symbol, u.used, (l.limits->>'maxPositionNotional') AS most FROM risk_management.risk_decisions d
    JOIN risk_management.risk_limits l ON l.version = d.limits_version
    CROSS JOIN LATERAL (SELECT coalesce(sum(e.reserved_notional), 0) AS used FROM risk_management.risk_decisions e LEFT JOIN execution.orders o ON o.decision_id = e.decision_id AND o.role = 'order'
      WHERE e.symbol = d.symbol AND e.decision_id NOT LIKE 'replace:%' AND e.outcome = 'approved' AND NOT e.is_reducing AND e.xmin::text::bigint <= d.xmin::text::bigint
        AND coalesce((SELECT min(v.xmin::text::bigint) FROM execution.order_events v WHERE v.order_id = o.order_id AND (v.kind = 'fill' OR v.status IN ('filled', 'canceled', 'expired', 'rejected', 'denied', 'replaced'))), 9223372036854775807) > d.xmin::text::bigint) u
    WHERE d.outcome = 'approved' AND NOT d.is_reducing AND d.decision_id NOT LIKE 'replace:%' AND u.used > (l.limits->>'maxPositionNotional')::numeric`);
  return rows.map((row) => `I7 ${row.decision_id}: ${row.used} were reserved in ${row.symbol} at once, ${row.most} are allowed`);
}

/** Everything that is wrong. */
export async function findBroken(): Promise<string[]> {
  const { book, exchange, faults } = world();
  const brokerOrders = [...exchange.orders.values()].map((order) => ({ id: order.id, clientOrderId: order.clientOrderId, status: order.status, filledQty: toText(order.filledQty) }));
  const results = await checkInvariants({ query: <Row>(text: string, params: readonly unknown[] = []) => Promise.resolve(book.ask<Row>(text, params)), brokerOrders, mustBeSettled: false });
  // Which of two things came first is told by the wall clock there: after a jump that says nothing. The duties see it by themselves.
  const isClockSound = !faults.struck.has('wall_clock_jump');
  const broken = results.flatMap((result) => result.violations.filter(({ id, detail }) => isClockSound || id !== 'I6' || !detail.startsWith('submitted after')).map(({ id, subject, detail }) => `${id} ${subject}: ${detail}`));
  return [...broken, ...fillsAgainstTruth(), ...endings(), ...reservations()];
}
