/** How long comparing the books takes with ten thousand open orders: reading, comparing, and booking what was missed, and how long it holds up everything else in its process. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pino } from 'pino';
import { invariant } from '#app/domain/errors.ts';
import { money, price, quantity } from '#app/domain/numeric.ts';
import { epochMs } from '#app/domain/time.ts';
import { compareOrders } from '#app/execution/reconcile.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { createMetrics } from '#chassis/metrics.ts';
import type { Broker, BrokerFill, BrokerOrder } from '../services/alpaca/ports.ts';
import { createAdopter } from '../services/execution/adopt.ts';
import { createBooking } from '../services/execution/booking.ts';
import { readOrdersAtBroker, withNews } from '../services/execution/orders.ts';
import { createReconciler } from '../services/execution/reconcile.ts';
import { startBook, type Book } from '../tests/support/servers.ts';
import { figureOf, type Figure } from './lib/measure.ts';

const ORDERS = 10_000;
/** Of those: filled while nobody listened, and canceled. Orders that somebody placed elsewhere come on top. */
const FILLED = 900;
const CANCELED = 100;
const FOREIGN = 20;
const LIMIT_MS = 5_000;
const HOLD_UP_MS = 100;
const NANOSECONDS = 1e6;
const T0 = epochMs(Date.UTC(2026, 0, 5, 15));
const SYMBOLS = 50;

const symbolOf = (n: number): string => `Q${String.fromCharCode(65 + (n % SYMBOLS) % 26)}${String.fromCharCode(65 + Math.floor((n % SYMBOLS) / 26))}`;

/** Ten thousand limit orders that rest at the broker, as execution wrote them down. */
async function fillBook(book: Book): Promise<void> {
  await book.sql(`INSERT INTO execution.account_ledger (account_number, opening_cash, cash, opened_at) VALUES ('BENCH', 1000000, 1000000, $1)`, [new Date(T0).toISOString()]);
  await book.sql(`INSERT INTO execution.broker_cursors (name, position) VALUES ('fills_since', $1), ('fills_floor', ''), ('activities_before', '[]')`, [String(T0)]);
  await book.sql(
    `INSERT INTO execution.orders (order_id, client_order_id, decision_id, broker_order_id, source, strategy_id, symbol, side, type, time_in_force, qty, limit_price, is_reducing, reference_price, status, version, ts_market, approved_seq, submitted_at)
     SELECT 'o' || n, 'ms-o' || n, 'o' || n, 'b' || n, 'strategy', 's' || n % 5, s.symbol, 'buy', 'limit', 'gtc', 10, 100, false, 100, 'accepted', 3, $2, n, $2
     FROM generate_series(0, $1::int - 1) n, LATERAL (SELECT 'Q' || chr(65 + (n % ${SYMBOLS}) % 26) || chr(65 + (n % ${SYMBOLS}) / 26) AS symbol) s`, [ORDERS, new Date(T0).toISOString()],
  );
  await book.sql(
    `INSERT INTO execution.order_events (order_id, version, kind, status, filled_qty, ts_event, source, detail)
     SELECT 'o' || n, e.version, e.kind, e.status, 0, $2, 'rest', '{}' FROM generate_series(0, $1::int - 1) n, (VALUES (1, 'initialized', 'initialized'), (2, 'submitted', 'submitted'), (3, 'accepted', 'accepted')) e(version, kind, status)`,
    [ORDERS, new Date(T0).toISOString()],
  );
  await book.sql('ANALYZE execution.orders, execution.order_events');
}

type There = { readonly open: readonly BrokerOrder[]; readonly closed: ReadonlyMap<string, BrokerOrder>; readonly fills: readonly BrokerFill[] };

/** What the broker has: the same orders, of which some ended, and a few of another page. */
function broker(): { readonly broker: Broker; readonly there: There } {
  const orderOf = (n: number, fields: Partial<BrokerOrder> = {}): BrokerOrder => ({
    id: `b${n}`, clientOrderId: `ms-o${n}`, symbol: symbolOf(n), side: 'buy', type: 'limit', timeInForce: 'gtc', orderClass: 'simple', extendedHours: false, qty: quantity('10'), notional: null, limitPrice: price('100'), stopPrice: null,
    trailPrice: null, trailPercent: null, hwm: null, status: 'new', filledQty: quantity('0'), filledAvgPrice: null, replaces: null, replacedBy: null, legs: [], submittedAt: T0, expiresAt: null, updatedAt: epochMs(T0 + n), ...fields,
  });
  const filled = Array.from({ length: FILLED }, (_, n) => orderOf(n, { status: 'filled', filledQty: quantity('10'), filledAvgPrice: price('100') }));
  const canceled = Array.from({ length: CANCELED }, (_, n) => orderOf(FILLED + n, { status: 'canceled' }));
  const foreign = Array.from({ length: FOREIGN }, (_, n) => orderOf(ORDERS + n, { clientOrderId: `web-${n}` }));
  const open = [...Array.from({ length: ORDERS - FILLED - CANCELED }, (_, n) => orderOf(FILLED + CANCELED + n)), ...foreign];
  const closed = new Map([...filled, ...canceled].map((order) => [order.clientOrderId, order]));
  const fills = filled.map((order, n): BrokerFill => ({
    activityId: `20260105100000${String(n).padStart(3, '0')}::x${n}`, executionId: `x${n}`, brokerOrderId: order.id, symbol: order.symbol, side: 'buy', qty: quantity('10'), price: price('100'), cumQty: quantity('10'), at: epochMs(T0 + n),
  }));
  const positions = new Map<string, number>();
  for (const fill of fills) positions.set(fill.symbol, (positions.get(fill.symbol) ?? 0) + 10);
  const byId = new Map([...open, ...closed.values()].map((order) => [order.id, order]));
  const answers = {
    listOpen: () => Promise.resolve(open), getByClientId: (id: string) => Promise.resolve(closed.get(id) ?? null), getOrder: (id: string) => Promise.resolve(byId.get(id) ?? null), fillsAfter: () => Promise.resolve(fills),
    activitiesAfter: () => Promise.resolve([]), cancel: () => Promise.resolve('requested'), account: () => Promise.resolve({ accountNumber: 'BENCH', cash: money(String(1_000_000 - FILLED * 1_000)) }),
    positions: () => Promise.resolve([...positions].map(([symbol, qty]) => ({ symbol, qty: quantity(String(qty)), avgEntryPrice: price('100') }))),
  };
  return { broker: answers as unknown as Broker, there: { open, closed, fills } };
}

async function pureDiff(db: Db, { open, closed, fills }: There): Promise<number> {
  const ours = await withNews(db, await readOrdersAtBroker(db));
  const began = performance.now();
  const { actions } = compareOrders(ours, { open, looked: closed, fills });
  invariant(actions.length === FILLED + CANCELED + FOREIGN, 'The comparison finds everything', { actions: actions.length });
  return performance.now() - began;
}

/** Ten thousand open orders, a tenth of them with news, compared and repaired; and compared again when all is well. */
export async function benchReconcile(): Promise<Figure[]> {
  const book = await startBook();
  const db = openDb({ access: book.access('execution'), database: 'trading_system', schema: 'execution', applicationName: 'bench', max: 4, onLost: () => undefined });
  try {
    await fillBook(book);
    const { broker: theirs, there } = broker();
    const nowMs = () => epochMs(Date.now());
    const log = pino({ level: 'silent' });
    const booking = createBooking(db, createMetrics('bench'), nowMs);
    const adopter = createAdopter({ db, broker: theirs, booking, log, nowMs, monotonicMs: () => performance.now(), onFills: () => undefined, fatal: (error) => invariant(false, String(error)) });
    const reconciler = createReconciler({ db, broker: theirs, booking, adopter, log, nowMs, resolver: { unknown: () => undefined, attend: () => undefined }, onSerious: () => undefined });
    const diffMs = await pureDiff(db, there);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const timed = async (runId: string): Promise<number> => {
      const began = performance.now();
      await reconciler.run(runId);
      return performance.now() - began;
    };
    const repairing = await timed('bench:1');
    const clean = await timed('bench:2');
    delay.disable();
    const [count] = await book.sql<{ fills: number; adopted: number }>(`SELECT (SELECT count(*) FROM execution.trades) AS fills, (SELECT count(*) FROM execution.orders WHERE source = 'broker') AS adopted`);
    invariant(count?.fills === FILLED && count.adopted === FOREIGN, 'Everything was booked', { ...count });
    return [
      figureOf({ name: `${ORDERS} open orders compared, ${FILLED + CANCELED} repaired, ${FOREIGN} taken over`, unit: 'ms', values: [repairing], limit: LIMIT_MS }),
      figureOf({ name: `${ORDERS - FILLED - CANCELED} open orders compared, all well`, unit: 'ms', values: [clean], limit: LIMIT_MS }),
      figureOf({ name: 'longest hold-up of the event loop', unit: 'ms', values: [delay.max / NANOSECONDS], limit: HOLD_UP_MS }),
      figureOf({ name: '  the comparison alone', unit: 'ms', values: [diffMs] }),
    ];
  } finally {
    await db.close();
    await book.stop();
  }
}
