/** Risk over a real book for its tests: signals, orders and commands as the services give them, with the other services' rows written by hand. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { COMMANDS, type CommandAsk, type CommandInput } from '#app/contracts/commands.ts';
import type { EventEnvelope } from '#app/contracts/events.ts';
import type { Arming } from '#app/domain/arming.ts';
import { invariant } from '#app/domain/errors.ts';
import { parseRfc3339, type EpochMs } from '#app/domain/time.ts';
import type { Decision } from '#app/risk/decide.ts';
import { openDb, type Db, type Tx } from '#chassis/db.ts';
import { startBook, type Book } from './servers.ts';
import { riskConsumers } from '../../services/risk_management/lane.ts';
import { ensureLimits } from '../../services/risk_management/limits.ts';
import type { House } from '../../services/risk_management/load-book.ts';

/** The open of the day on which everything happens. */
export const OPEN = parseRfc3339('2024-03-05T14:30:00Z');
/** Minutes after the open. */
export const bar = (minute: number): EpochMs => (OPEN + minute * 60_000) as EpochMs;

type Signal = EventEnvelope<'signal.raised'>['payload'];
/** A signal of the strategy sma to be long AAPL at 100. */
export const signal = (n: number, changes: Partial<Signal> = {}): Signal => ({
  signalId: `sma.v1:AAPL:${bar(n)}:0`, strategyId: 'sma', strategyVersionId: 'sma.v1', symbol: 'AAPL', timeframe: '1Min', barOpenTime: bar(n), tsMarket: bar(n + 1), tsBarSeen: bar(n + 1),
  target: 'long', weight: null, order: null, cancels: null, referencePrice: '100', atr: null, protection: null, reasons: [], ...changes,
});

/** A person's order for 10 AAPL at market, or another. */
export const ticket = (changes: Partial<CommandAsk<'manualOrder'>> = {}): CommandInput<'manualOrder'> =>
  COMMANDS.manualOrder.input.parse({ idempotencyKey: 'order-0001', actor: 'owner', symbol: 'AAPL', side: 'buy', type: 'market', timeInForce: 'day', qty: '10', ...changes });

type DecisionRow = { decision_id: string; outcome: string; code: string | null; side: string; qty: string; reserved_notional: string; is_reducing: boolean };
type OrderChanges = { readonly filled?: string; readonly status?: string; readonly closedAt?: EpochMs };

const TABLES = [
  'risk_management.risk_limits', 'risk_management.risk_decisions', 'risk_management.strategy_targets', 'risk_management.risk_events', 'risk_management.risk_lease', 'risk_management.day_open_equity', 'risk_management.outbox',
  'risk_management.peak_equity', 'risk_management.reversals', 'execution.orders', 'execution.order_events', 'execution.trades', 'execution.positions', 'execution.strategy_positions', 'execution.account_ledger', 'execution.inbox_offset',
  'execution.reconciliations', 'execution.account_snapshots', 'execution.ledger_entries',
  'data_ingestion.symbols', 'data_ingestion.market_data', 'data_ingestion.ingestion_status', 'strategy_engine.strategies', 'strategy_engine.strategy_versions', 'strategy_engine.strategy_signals', 'logging.audit_log',
];
const CLOSED = ['filled', 'canceled', 'rejected', 'expired', 'replaced'];

/** The rows that others write, and what risk wrote. */
export class TestRows {
  readonly book: Book;
  constructor(book: Book) {
    this.book = book;
  }

  decisions(): Promise<DecisionRow[]> {
    return this.book.sql('SELECT decision_id, outcome, code, side, trim_scale(qty)::text AS qty, trim_scale(reserved_notional)::text AS reserved_notional, is_reducing FROM risk_management.risk_decisions ORDER BY decided_at, decision_id');
  }

  /** Events of a topic in the order in which they were told. */
  said(topic: string): Promise<{ key: string; payload: Record<string, unknown> }[]> {
    return this.book.sql('SELECT key, payload FROM risk_management.outbox WHERE topic = $1 ORDER BY seq', [topic]);
  }

  /** Execution's side of an approval: the order row, with what was filled of it. */
  async writeOrder(decision: string, { filled = '0', status = 'accepted', closedAt }: OrderChanges = {}): Promise<void> {
    await this.book.sql(
      `INSERT INTO execution.orders (order_id, client_order_id, decision_id, source, strategy_id, symbol, side, type, time_in_force, order_class, qty, limit_price, stop_price, take_profit_limit, stop_loss_stop, is_reducing, reference_price,
         status, is_closed, filled_qty, version, ts_market, approved_seq, replaces_order_id)
       SELECT decision_id, client_order_id, decision_id, source, strategy_id, symbol, side, type, terms->>'timeInForce', terms->>'orderClass', qty, limit_price, (terms->>'stopPrice')::numeric, (terms->'takeProfit'->>'limitPrice')::numeric,
         (terms->'stopLoss'->>'stopPrice')::numeric, is_reducing, reference_price, $2, $3, $4, 2, ts_market, (SELECT seq FROM risk_management.outbox WHERE topic = 'order.approved' AND key = $1),
         (SELECT order_id FROM execution.orders o WHERE o.client_order_id = d.replaces) FROM risk_management.risk_decisions d WHERE decision_id = $1
       ON CONFLICT (order_id) DO UPDATE SET status = $2, is_closed = $3, filled_qty = $4`, [decision, status, CLOSED.includes(status), filled],
    );
    await this.book.sql(`INSERT INTO execution.inbox_offset (producer, seq) SELECT 'risk_management', seq FROM risk_management.outbox_head ON CONFLICT (producer) DO UPDATE SET seq = excluded.seq`);
    if (closedAt === undefined) return;
    await this.book.sql(`INSERT INTO execution.order_events (order_id, version, kind, status, filled_qty, ts_event, source, detail) VALUES ($1, 2, 'canceled', $2, $3, to_timestamp($4::bigint / 1000.0), 'stream', '{}') ON CONFLICT DO NOTHING`, [decision, status, filled, closedAt]);
  }

  /** The exit that the broker made of an order. */
  async writeLeg(decision: string, role: 'take_profit' | 'stop_loss', changes: { readonly qty: string; readonly status?: string }): Promise<void> {
    const isStop = role === 'stop_loss';
    await this.book.sql(
      `INSERT INTO execution.orders (order_id, client_order_id, decision_id, source, strategy_id, symbol, side, type, time_in_force, order_class, role, parent_order_id, qty, limit_price, stop_price, is_reducing, reference_price, status, is_closed, version, ts_market, approved_seq)
       SELECT order_id || ':' || $2, 'leg-' || $2, decision_id, source, strategy_id, symbol, 'sell', $3, 'gtc', order_class, $2, order_id, $4, CASE WHEN $3 = 'limit' THEN take_profit_limit END, CASE WHEN $3 = 'stop' THEN stop_loss_stop END, true, reference_price, $5, $6, 2, ts_market, approved_seq
       FROM execution.orders WHERE decision_id = $1 AND role = 'order' ON CONFLICT (order_id) DO UPDATE SET status = $5, is_closed = $6, qty = $4`,
      [decision, role, isStop ? 'stop' : 'limit', changes.qty, changes.status ?? 'held', CLOSED.includes(changes.status ?? 'held')],
    );
  }

  async hold(strategyId: string, symbol: string, qty: string, average = '100'): Promise<void> {
    await this.book.sql(`INSERT INTO execution.strategy_positions (strategy_id, symbol, qty, avg_price, realized_pnl, updated_at) VALUES ($1, $2, $3, $4, 0, now()) ON CONFLICT (strategy_id, symbol) DO UPDATE SET qty = $3`, [strategyId, symbol, qty, average]);
    await this.book.sql(`INSERT INTO execution.positions (symbol, version, qty, avg_price, realized_pnl, updated_at) SELECT $1, 1, sum(qty), $2, 0, now() FROM execution.strategy_positions WHERE symbol = $1 ON CONFLICT (symbol) DO UPDATE SET qty = excluded.qty`, [symbol, average]);
  }

  async close(symbol: string, minute: number, at: string): Promise<void> {
    const open = new Date(bar(minute)).toISOString();
    await this.book.sql(`INSERT INTO data_ingestion.market_data VALUES ($1, '1Min', $2, $3, $3, $3, $3, 1, 'test', now())`, [symbol, open, at]);
    await this.book.sql(`INSERT INTO data_ingestion.ingestion_status VALUES ($1, '1Min', $2, $3, 1, 0, now()) ON CONFLICT (symbol, timeframe) DO UPDATE SET last_open_time = $2, last_close = $3`, [symbol, open, at]);
  }

  async setCash(cash: string): Promise<void> {
    await this.book.sql(`INSERT INTO execution.account_ledger (account_number, opening_cash, cash, opened_at) VALUES ('T', 100000, $1, now()) ON CONFLICT (only_row) DO UPDATE SET cash = $1`, [cash]);
  }

  async clear(): Promise<void> {
    await this.book.sql(`TRUNCATE ${TABLES.join(', ')} CASCADE`);
    await this.book.sql('DELETE FROM risk_management.trading_state WHERE version > 1');
    await this.book.sql('UPDATE risk_management.outbox_head SET seq = 0, sent_seq = 0');
    for (const symbol of ['AAPL', 'MSFT']) {
      await this.book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable) VALUES ($1, $1, 'NASDAQ', true, true, true)`, [symbol]);
      await this.close(symbol, 0, '100');
    }
    for (const id of ['sma', 'rsi']) {
      await this.book.sql(`INSERT INTO strategy_engine.strategy_versions (strategy_version_id, strategy_id, version, kind, parameters, sizing, code_hash) SELECT $1 || '.v1', $1, 1, 'sma_cross', '{}', '{"method":"fixed_notional","notional":"5000"}', 'h'
        WHERE set_config('session_replication_role', 'replica', true) IS NOT NULL`, [id]);
    }
    await this.setCash('100000');
  }
}

/** Risk as a test holds it. `arming` may be changed; it begins each test as `not_needed`. */
export type TestHouse = {
  readonly rows: TestRows; readonly db: Db; readonly house: House; readonly observed: Decision[]; readonly told: { signals: number; fills: number }; arming: Arming;
  hear(...signals: Signal[]): Promise<void>;
  /** Hears signals within a transaction of the test's own. */
  hearWithin(tx: Tx, ...signals: Signal[]): Promise<void>;
  /** An order of execution has moved. */
  orderMoved(): Promise<void>;
};

let seq = 0;
function envelope(topic: string, payload: unknown, key: string): EventEnvelope {
  seq += 1;
  return { producer: 'strategy_engine', seq, topic, key, correlationId: key, tsWritten: 0, payload } as unknown as EventEnvelope;
}

/** Starts a book for the tests of a file and clears it before each. */
export function useTestHouse(): () => TestHouse {
  let started: TestHouse | null = null;
  const current = (): TestHouse => {
    invariant(started, 'The test house is built before the first test');
    return started;
  };
  beforeAll(async () => {
    const book = await startBook();
    await book.sql(`SELECT data_ingestion.ensure_month('2024-03-01')`);
    const db = openDb({ access: book.access('risk_management'), database: 'trading_system', schema: 'risk_management', applicationName: 'risk_management', max: 4, onLost: () => undefined });
    const observed: Decision[] = [];
    const told = { signals: 0, fills: 0 };
    const arming = (): Arming => current().arming;
    const [strategies, execution] = riskConsumers({ arming, observe: (decision) => observed.push(decision), onSignals: () => (told.signals += 1), onFills: () => (told.fills += 1) });
    invariant(strategies && execution, 'Risk hears strategies and execution');
    const hearWithin = (tx: Tx, ...signals: Signal[]): Promise<void> => strategies.handle(tx, signals.map((each) => envelope('signal.raised', each, each.signalId)));
    started = {
      rows: new TestRows(book), db, house: { db, clock: { now: () => OPEN }, arming }, observed, told, arming: 'not_needed', hearWithin,
      hear: (...signals) => db.tx((tx) => hearWithin(tx, ...signals)),
      orderMoved: () => db.tx((tx) => execution.handle(tx, [envelope('order.closed', { tsEvent: bar(3) }, `k${seq}`)])),
    };
  });
  afterAll(async () => {
    await current().db.close();
    await current().rows.book.stop();
  });
  beforeEach(async () => {
    current().arming = 'not_needed';
    await current().rows.clear();
    await ensureLimits(current().db);
  });
  return current;
}
