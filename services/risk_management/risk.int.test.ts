/** Risk over a real book: what it decides, reserves, follows up and remembers, with the other services' rows written by hand. */
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EventEnvelope } from '#app/contracts/events.ts';
import type { Arming } from '#app/domain/arming.ts';
import { DEFAULT_RISK_LIMITS } from '#app/domain/limits.ts';
import { parseRfc3339, type EpochMs } from '#app/domain/time.ts';
import type { Decision } from '#app/risk/decide.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { runFlowByHand } from '../../tests/support/flow-context.ts';
import { startBook, until, type Book } from '../../tests/support/servers.ts';
import { flatten } from './flatten.ts';
import { riskFlows } from './flows.ts';
import { riskConsumers } from './lane.ts';
import { createLease } from './lease.ts';
import type { House } from './load-book.ts';
import { placeManualOrder, previewManualOrder } from './manual-orders.ts';
import { ensureLimits, followUpAtResume, setRiskLimits, setTradingState } from './switch.ts';

let book: Book;
let db: Db;
const OPEN = parseRfc3339('2024-03-05T14:30:00Z');
const bar = (minute: number): EpochMs => (OPEN + minute * 60_000) as EpochMs;
const clock = { now: () => OPEN };
let arming: Arming = 'not_needed';
let house: House;
const observed: Decision[] = [];
let heard = { signals: 0, fills: 0 };
const [strategyLane, executionLane] = riskConsumers({ arming: () => arming, observe: (decision) => observed.push(decision), onSignals: () => (heard.signals += 1), onFills: () => (heard.fills += 1) });

type Signal = EventEnvelope<'signal.raised'>['payload'];
const signal = (n: number, changes: Partial<Signal> = {}): Signal => ({
  signalId: `sma.v1:AAPL:${bar(n)}:0`, strategyId: 'sma', strategyVersionId: 'sma.v1', symbol: 'AAPL', timeframe: '1Min', barOpenTime: bar(n), tsMarket: bar(n + 1), tsBarSeen: bar(n + 1),
  target: 'long', referencePrice: '100', atr: null, reasons: [], ...changes,
});
let seq = 0;
const envelope = <T extends EventEnvelope['topic']>(topic: T, payload: Extract<EventEnvelope, { topic: T }>['payload'], key: string): EventEnvelope =>
  ({ producer: 'strategy_engine', seq: (seq += 1), topic, key, correlationId: key, tsWritten: 0, payload }) as unknown as EventEnvelope;
const hear = (...signals: Signal[]): Promise<void> => db.tx((tx) => strategyLane?.handle(tx, signals.map((each) => envelope('signal.raised', each, each.signalId))) ?? Promise.reject(new Error('no lane')));
const orderMoved = (): Promise<void> =>
  db.tx((tx) => executionLane?.handle(tx, [{ producer: 'execution', seq: (seq += 1), topic: 'order.closed', key: `k${seq}`, correlationId: 'c', tsWritten: 0, payload: { tsEvent: bar(3) } } as unknown as EventEnvelope]) ?? Promise.reject(new Error('no lane')));

type DecisionRow = { decision_id: string; outcome: string; code: string | null; side: string; qty: string; reserved_notional: string; is_reducing: boolean };
const decisions = (): Promise<DecisionRow[]> => book.sql<DecisionRow>('SELECT decision_id, outcome, code, side, trim_scale(qty)::text AS qty, trim_scale(reserved_notional)::text AS reserved_notional, is_reducing FROM risk_management.risk_decisions ORDER BY decided_at, decision_id');
const said = (topic: string): Promise<{ key: string; payload: Record<string, unknown> }[]> => book.sql('SELECT key, payload FROM risk_management.outbox WHERE topic = $1 ORDER BY seq', [topic]);

/** Execution's side of an approval: the order row, with what was filled of it. */
async function writeOrder(decision: string, changes: { filled?: string; status?: string; closedAt?: EpochMs } = {}): Promise<void> {
  const filled = changes.filled ?? '0';
  const status = changes.status ?? 'accepted';
  const isClosed = ['filled', 'canceled', 'rejected', 'expired'].includes(status);
  await book.sql(
    `INSERT INTO execution.orders (order_id, client_order_id, decision_id, source, strategy_id, symbol, side, type, time_in_force, qty, limit_price, is_reducing, reference_price, status, is_closed, filled_qty, version, ts_market, approved_seq)
     SELECT decision_id, client_order_id, decision_id, source, strategy_id, symbol, side, type, 'day', qty, limit_price, is_reducing, reference_price, $2, $3, $4, 2, ts_market,
       (SELECT seq FROM risk_management.outbox WHERE topic = 'order.approved' AND key = $1) FROM risk_management.risk_decisions WHERE decision_id = $1
     ON CONFLICT (order_id) DO UPDATE SET status = $2, is_closed = $3, filled_qty = $4`, [decision, status, isClosed, filled],
  );
  await book.sql(`INSERT INTO execution.inbox_offset (producer, seq) SELECT 'risk_management', seq FROM risk_management.outbox_head ON CONFLICT (producer) DO UPDATE SET seq = excluded.seq`);
  if (changes.closedAt !== undefined) {
    await book.sql(`INSERT INTO execution.order_events (order_id, version, kind, status, filled_qty, ts_event, source, detail) VALUES ($1, 2, 'canceled', $2, $3, to_timestamp($4::bigint / 1000.0), 'stream', '{}') ON CONFLICT DO NOTHING`, [decision, status, filled, changes.closedAt]);
  }
}
async function hold(strategyId: string, symbol: string, qty: string, average = '100'): Promise<void> {
  await book.sql(`INSERT INTO execution.strategy_positions (strategy_id, symbol, qty, avg_price, realized_pnl, updated_at) VALUES ($1, $2, $3, $4, 0, now()) ON CONFLICT (strategy_id, symbol) DO UPDATE SET qty = $3`, [strategyId, symbol, qty, average]);
  await book.sql(`INSERT INTO execution.positions (symbol, version, qty, avg_price, realized_pnl, updated_at) SELECT $1, 1, sum(qty), $2, 0, now() FROM execution.strategy_positions WHERE symbol = $1 ON CONFLICT (symbol) DO UPDATE SET qty = excluded.qty`, [symbol, average]);
}
async function close(symbol: string, minute: number, at: string): Promise<void> {
  const open = new Date(bar(minute)).toISOString();
  await book.sql(`INSERT INTO data_ingestion.market_data VALUES ($1, '1Min', $2, $3, $3, $3, $3, 1, 'test', now())`, [symbol, open, at]);
  await book.sql(`INSERT INTO data_ingestion.ingestion_status VALUES ($1, '1Min', $2, $3, 1, 0, now()) ON CONFLICT (symbol, timeframe) DO UPDATE SET last_open_time = $2, last_close = $3`, [symbol, open, at]);
}
const setCash = (cash: string): Promise<unknown> => book.sql(`INSERT INTO execution.account_ledger (account_number, opening_cash, cash, opened_at) VALUES ('T', 100000, $1, now()) ON CONFLICT (only_row) DO UPDATE SET cash = $1`, [cash]);

const TABLES = [
  'risk_management.risk_limits', 'risk_management.risk_decisions', 'risk_management.strategy_targets', 'risk_management.risk_events', 'risk_management.risk_lease', 'risk_management.day_open_equity', 'risk_management.outbox',
  'execution.orders', 'execution.order_events', 'execution.trades', 'execution.positions', 'execution.strategy_positions', 'execution.account_ledger', 'execution.inbox_offset',
  'data_ingestion.symbols', 'data_ingestion.market_data', 'data_ingestion.ingestion_status', 'strategy_engine.strategy_versions', 'logging.audit_log',
];

beforeAll(async () => {
  book = await startBook();
  await book.sql(`SELECT data_ingestion.ensure_month('2024-03-01')`);
  db = openDb({ access: book.access('risk_management'), database: 'trading_system', schema: 'risk_management', applicationName: 'risk_management', max: 4, onLost: () => undefined });
  house = { db, clock, arming: () => arming };
});
afterAll(async () => {
  await db.close();
  await book.stop();
});
beforeEach(async () => {
  arming = 'not_needed';
  await book.sql(`TRUNCATE ${TABLES.join(', ')} CASCADE`);
  await book.sql('DELETE FROM risk_management.trading_state WHERE version > 1');
  await book.sql('UPDATE risk_management.outbox_head SET seq = 0, sent_seq = 0');
  for (const symbol of ['AAPL', 'MSFT']) {
    await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable) VALUES ($1, $1, 'NASDAQ', true, true, false)`, [symbol]);
    await close(symbol, 0, '100');
  }
  for (const id of ['sma', 'rsi']) {
    await book.sql(`INSERT INTO strategy_engine.strategy_versions (strategy_version_id, strategy_id, version, kind, parameters, sizing, code_hash) SELECT $1 || '.v1', $1, 1, 'sma_cross', '{}', '{"method":"fixed_notional","notional":"5000"}', 'h'
      WHERE set_config('session_replication_role', 'replica', true) IS NOT NULL`, [id]);
  }
  await setCash('100000');
  await ensureLimits(db);
});

describe('signals', () => {
  it('are told to who looks at them once per batch, after its commit only', async () => {
    heard = { signals: 0, fills: 0 };
    await hear(signal(1), signal(2, { signalId: 'second', symbol: 'MSFT' }));
    expect(heard).toEqual({ signals: 1, fills: 0 });
    await expect(db.tx(async (tx) => strategyLane?.handle(tx, [envelope('signal.raised', signal(3), 'third')]).then(() => Promise.reject(new Error('planted'))))).rejects.toThrow('planted');
    await orderMoved();
    expect(heard).toEqual({ signals: 1, fills: 0 });
    expect(await decisions()).toHaveLength(2);
  });

  it('become approvals with a reservation, or denials that say why, once each', async () => {
    await hear(signal(1), signal(1, { signalId: 'b', symbol: 'MSFT', strategyId: 'rsi', strategyVersionId: 'rsi.v1' }), signal(1, { signalId: 'c', symbol: 'ZZZ' }), signal(1, { signalId: 'd', strategyVersionId: 'gone' }));
    await hear(signal(1));
    expect((await decisions()).map((row) => [row.decision_id, row.outcome, row.code, row.qty, row.reserved_notional])).toEqual([
      [signal(1).signalId, 'approved', null, '50', '5000'], ['b', 'approved', null, '50', '5000'], ['c', 'denied', 'SYMBOL_NOT_TRADABLE', '50', '0'], ['d', 'denied', 'QUANTITY_ZERO', '0', '0'],
    ]);
    expect((await said('order.approved')).map((event) => event.payload['clientOrderId'])).toEqual([`ms-${signal(1).signalId}`, 'ms-b']);
    expect((await said('order.denied')).map((event) => event.payload['code'])).toEqual(['SYMBOL_NOT_TRADABLE', 'QUANTITY_ZERO']);
    expect(await book.sql(`SELECT day::text AS day, trim_scale(equity)::text AS equity FROM risk_management.day_open_equity`)).toEqual([{ day: '2024-03-05', equity: '100000' }]);
  });

  it('see the reservations of approvals that execution has not heard, has heard, and has partly filled', async () => {
    await setRiskLimits(db, { idempotencyKey: 'limits-01', actor: 'test', limits: { ...DEFAULT_RISK_LIMITS, maxGrossExposure: '12000' } });
    await hear(signal(1));
    const next = (id: string): Promise<void> => hear(signal(2, { signalId: id, strategyId: 'rsi', strategyVersionId: 'rsi.v1', symbol: 'MSFT', referencePrice: '141' }));
    const gross = async (id: string): Promise<unknown> => (await book.sql<{ seen: string }>(`SELECT r->>'observed' AS seen FROM risk_management.risk_decisions, jsonb_array_elements(rules) r WHERE decision_id = $1 AND r->>'rule' = 'max_gross_exposure'`, [id]))[0]?.seen;
    await next('n1');
    expect(await gross('n1')).toBe('9935');
    await book.sql(`DELETE FROM risk_management.outbox WHERE key = 'n1'`);
    await writeOrder(signal(1).signalId);
    await hear(signal(3, { signalId: 'n2', strategyId: 'other', strategyVersionId: 'rsi.v1', symbol: 'MSFT', referencePrice: '141' }));
    expect(await gross('n2')).toBe('9935');
    await book.sql(`DELETE FROM risk_management.outbox WHERE key = 'n2'`);
    await writeOrder(signal(1).signalId, { filled: '20', status: 'partially_filled' });
    await hold('sma', 'AAPL', '20');
    await hear(signal(4, { signalId: 'n3', strategyId: 'third', strategyVersionId: 'rsi.v1', symbol: 'MSFT', referencePrice: '141' }));
    expect(await gross('n3')).toBe('9935');
  });

  it('meet the same answers whether they are heard together or one by one', async () => {
    const symbols = ['AAPL', 'MSFT'];
    const many = Array.from({ length: 30 }, (_, n) => signal(1, {
      signalId: `m${n}`, strategyId: `s${n % 11}`, symbol: symbols[n % 2] ?? '', referencePrice: String(90 + n), target: n % 7 === 6 ? 'flat' : 'long', strategyVersionId: n % 3 === 0 ? 'rsi.v1' : 'sma.v1',
    }));
    await hold('s6', 'AAPL', '30');
    const answers = (): Promise<unknown[]> => book.sql('SELECT decision_id, outcome, code, qty, reserved_notional, message, rules FROM risk_management.risk_decisions ORDER BY decision_id');
    await hear(...many);
    const together = await answers();
    expect(new Set(together.map((row) => (row as { code: string | null }).code)).size).toBeGreaterThan(3);
    await book.sql('TRUNCATE risk_management.risk_decisions, risk_management.outbox, risk_management.strategy_targets, risk_management.day_open_equity');
    for (const each of many) await hear(each);
    expect(await answers()).toEqual(together);
    expect(observed.length).toBeGreaterThanOrEqual(60);
  });

  it('are valued before their own instant, so that it does not matter how much of the step is stored', async () => {
    await hold('rsi', 'MSFT', '100');
    await close('MSFT', 1, '110');
    const observe = async (id: string): Promise<string | undefined> => {
      await hear(signal(2, { signalId: id, strategyId: id }));
      return (await book.sql<{ seen: string }>(`SELECT r->>'observed' AS seen FROM risk_management.risk_decisions, jsonb_array_elements(rules) r WHERE decision_id = $1 AND r->>'rule' = 'max_gross_exposure'`, [id]))[0]?.seen;
    };
    expect(await observe('before')).toBe('16000');
    await close('MSFT', 2, '500');
    await book.sql(`DELETE FROM risk_management.outbox WHERE key = 'before'`);
    expect(await observe('after')).toBe('16000');
  });

  it('meet the breaker: the first that sees the loss trips it for the day, new limits reset it', async () => {
    await hear(signal(1, { signalId: 'opens-the-day', symbol: 'ZZZ' }));
    await setCash('97900');
    await hear(signal(2, { signalId: 's2' }));
    await setCash('100000');
    await hear(signal(3, { signalId: 's3' }));
    await setRiskLimits(db, { idempotencyKey: 'limits-02', actor: 'test', limits: { ...DEFAULT_RISK_LIMITS, maxDailyLoss: '5000' } });
    await hear(signal(4, { signalId: 's4' }));
    const codes = (await decisions()).map((row) => row.code);
    expect(codes).toEqual(['SYMBOL_NOT_TRADABLE', 'DAILY_LOSS_EXCEEDED', 'DAILY_LOSS_EXCEEDED', null]);
    expect((await said('risk_event.raised')).map((event) => event.key)).toEqual(['daily_loss:2024-03-05:v1', 'risk_limits:v2']);
  });

  it('begin the day with what was held before it, whatever was traded since', async () => {
    await hold('sma', 'AAPL', '50');
    await setCash('94800');
    await book.sql(`INSERT INTO execution.trades (fill_id, order_id, symbol, side, qty, price, ts_event, ts_seen, source, ledger_seq)
      SELECT 'f1', 'o', 'AAPL', 'buy', 50, 104, $1, now(), 'stream', 1 WHERE set_config('session_replication_role', 'replica', true) IS NOT NULL`, [new Date(bar(1)).toISOString()]);
    await hear(signal(2, { symbol: 'MSFT' }));
    expect(await book.sql(`SELECT trim_scale(equity)::text AS equity FROM risk_management.day_open_equity`)).toEqual([{ equity: '100000' }]);
  });
});

describe('exits', () => {
  it('cancel the open entry first and sell what it filled when it has closed, under one id per attempt', async () => {
    await hear(signal(1));
    const entry = signal(1).signalId;
    await writeOrder(entry, { filled: '20', status: 'partially_filled' });
    await hold('sma', 'AAPL', '20');
    await hear(signal(2, { target: 'flat' }));
    expect((await said('order.cancel_requested')).map((event) => event.payload['clientOrderId'])).toEqual([`ms-${entry}`]);
    await orderMoved();
    expect((await said('order.approved')).length).toBe(1);
    await writeOrder(entry, { filled: '20', status: 'canceled', closedAt: bar(3) });
    await orderMoved();
    await orderMoved();
    const rows = await decisions();
    expect(rows.map((row) => [row.decision_id, row.outcome, row.code, row.qty])).toEqual([
      [entry, 'approved', null, '50'], [signal(2).signalId, 'denied', 'EXIT_PENDING', '20'], [`${signal(2).signalId}:r1`, 'approved', null, '20'],
    ]);
    expect((await said('order.approved'))[1]?.payload).toMatchObject({ source: 'risk', isReducing: true, side: 'sell', tsMarket: bar(3), reservedNotional: '0', strategyId: 'sma' });
  });

  it('wait for the entry of another strategy that they would trade against, and go out when it has filled', async () => {
    await hold('sma', 'AAPL', '20');
    await hear(signal(1, { signalId: 'entry', strategyId: 'rsi', strategyVersionId: 'rsi.v1' }), signal(1, { signalId: 'exit', target: 'flat' }));
    await orderMoved();
    expect((await decisions()).map((row) => [row.decision_id, row.code])).toEqual([['entry', null], ['exit', 'OPPOSITE_ORDER_OPEN']]);
    await writeOrder('entry', { filled: '50', status: 'filled', closedAt: bar(2) });
    await hold('rsi', 'AAPL', '50');
    await orderMoved();
    expect((await decisions()).at(-1)).toMatchObject({ decision_id: 'exit:r1', outcome: 'approved', side: 'sell', qty: '20' });
  });

  it('are tried three times more, then a person is told once', async () => {
    await hold('sma', 'AAPL', '20');
    await hear(signal(2, { target: 'flat' }));
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const last = (await decisions()).at(-1);
      await writeOrder(last?.decision_id ?? '', { status: 'rejected', closedAt: bar(3 + attempt) });
      await orderMoved();
    }
    const origin = signal(2).signalId;
    expect((await decisions()).map((row) => row.decision_id)).toEqual([origin, `${origin}:r1`, `${origin}:r2`, `${origin}:r3`]);
    expect((await said('risk_event.raised')).map((event) => event.key)).toEqual([`exit_failed:${origin}`]);
  });

  it('wait while trading is halted and go out when it resumes', async () => {
    await hold('sma', 'AAPL', '20');
    await setTradingState(db, { idempotencyKey: 'halt-0001', actor: 'test', state: 'HALTED', reason: 'test' });
    await hear(signal(2, { target: 'flat' }));
    await orderMoved();
    expect((await decisions()).map((row) => row.code)).toEqual(['TRADING_HALTED']);
    await setTradingState(db, { idempotencyKey: 'resume-01', actor: 'test', state: 'REDUCING', reason: 'test' });
    expect(await followUpAtResume(house)).toBe(1);
    expect((await decisions()).at(-1)).toMatchObject({ decision_id: `${signal(2).signalId}:r1`, outcome: 'approved', is_reducing: true });
  });
});

describe('a person', () => {
  const ask = { idempotencyKey: 'order-0001', actor: 'owner', symbol: 'AAPL', side: 'buy', type: 'market', timeInForce: 'day', qty: '10', limitPrice: null } as const;
  it('asks twice under one key and gets one order; another order under that key is refused', async () => {
    const preview = await previewManualOrder(house, ask);
    expect(await decisions()).toEqual([]);
    const first = await placeManualOrder(house, ask);
    expect(first).toMatchObject({ outcome: 'approved', qty: '10', reservedNotional: '1000', clientOrderId: 'ms-manual:order-0001' });
    expect(preview).toEqual(first);
    expect(await placeManualOrder(house, ask)).toEqual(first);
    expect((await said('order.approved')).length).toBe(1);
    await expect(placeManualOrder(house, { ...ask, qty: '11' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    expect((await book.sql<{ actor: string }>('SELECT actor FROM logging.audit_log')).map((row) => row.actor)).toEqual(['owner']);
  });

  it('meets a disarmed real account: no entry, the reason in the story, and a way out', async () => {
    arming = 'disarmed';
    const denied = await placeManualOrder(house, ask);
    expect(denied).toMatchObject({ outcome: 'denied', code: 'LIVE_DISARMED', clientOrderId: null });
    expect(denied.rules.find(({ rule }) => rule === 'live_armed')).toMatchObject({ passed: false, observed: 'disarmed' });
    expect(await previewManualOrder(house, ask)).toEqual(denied);
    await hold('', 'AAPL', '10');
    await hold('sma', 'MSFT', '5');
    expect(await placeManualOrder(house, { ...ask, idempotencyKey: 'order-0002', side: 'sell' })).toMatchObject({ outcome: 'approved' });
    await hear(signal(1, { signalId: 'in', symbol: 'AAPL' }), signal(1, { signalId: 'out', symbol: 'MSFT', target: 'flat' }));
    expect((await decisions()).map((row) => [row.decision_id, row.outcome, row.code])).toEqual([
      ['manual:order-0001', 'denied', 'LIVE_DISARMED'], ['manual:order-0002', 'approved', null], ['in', 'denied', 'LIVE_DISARMED'], ['out', 'approved', null],
    ]);
    expect((await said('order.denied')).map((event) => event.payload['code'])).toEqual(['LIVE_DISARMED', 'LIVE_DISARMED']);
    arming = 'armed';
    expect(await placeManualOrder(house, { ...ask, idempotencyKey: 'order-0003', symbol: 'MSFT' })).toMatchObject({ outcome: 'denied', code: 'OPPOSITE_ORDER_OPEN' });
    expect(await placeManualOrder(house, ask), 'the first answer stays under its key').toEqual(denied);
  });

  it('cannot outrun another by asking at the same time', async () => {
    await setCash('5000');
    const replies = await Promise.all(Array.from({ length: 8 }, (_, n) => placeManualOrder(house, { ...ask, idempotencyKey: `rush-000${n}` })));
    expect(replies.filter((reply) => reply.outcome === 'approved').length).toBe(4);
    expect(new Set(replies.filter((reply) => reply.outcome === 'denied').map((reply) => reply.code))).toEqual(new Set(['BUYING_POWER_EXCEEDED']));
  });

  it('flattens every share once per key, and an open entry is cancelled and followed up', async () => {
    await hear(signal(1, { signalId: 'entry', symbol: 'MSFT' }));
    await hold('sma', 'AAPL', '20');
    await hold('', 'AAPL', '5.5');
    const request = { idempotencyKey: 'flatten-1', actor: 'owner', symbol: null };
    const answer = await flatten(house, request);
    expect(answer.decisions.map((reply) => [reply.decisionId.replace(/^flatten:[0-9a-f]{24}:/, ''), reply.outcome, reply.code, reply.qty])).toEqual([
      ['manual:AAPL', 'approved', null, '5.5'], ['sma:AAPL', 'approved', null, '20'], ['sma:MSFT', 'denied', 'EXIT_PENDING', null],
    ]);
    expect(await flatten(house, request)).toEqual(answer);
    expect((await said('order.cancel_requested')).map((event) => event.payload['clientOrderId'])).toEqual(['ms-entry']);
    for (const reply of answer.decisions) if (reply.outcome === 'approved') await writeOrder(reply.decisionId);
    await writeOrder('entry', { filled: '7', status: 'canceled', closedAt: bar(2) });
    await hold('sma', 'MSFT', '7');
    await orderMoved();
    expect((await decisions()).at(-1)).toMatchObject({ outcome: 'approved', qty: '7', side: 'sell' });
    await expect(flatten(house, { ...request, symbol: 'AAPL' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('buys again after a flatten without being sold out', async () => {
    await hold('', 'AAPL', '5');
    await flatten(house, { idempotencyKey: 'flatten-2', actor: 'owner', symbol: 'AAPL' });
    expect((await placeManualOrder(house, { ...ask, idempotencyKey: 'too-early' })).code).toBe('OPPOSITE_ORDER_OPEN');
    const sold = (await decisions()).find((row) => row.side === 'sell');
    await writeOrder(sold?.decision_id ?? '', { filled: '5', status: 'filled', closedAt: bar(1) });
    await hold('', 'AAPL', '0');
    const bought = await placeManualOrder(house, ask);
    await writeOrder(bought.decisionId, { filled: '10', status: 'filled', closedAt: bar(2) });
    await hold('', 'AAPL', '10');
    await orderMoved();
    expect((await decisions()).filter((row) => row.outcome === 'approved').map((row) => row.side)).toEqual(['sell', 'buy']);
  });

  it('moves the switch in versions, each once per key, and the trail names who', async () => {
    const ask = { idempotencyKey: 'halt-0002', actor: 'owner', state: 'HALTED', reason: 'lunch' } as const;
    expect(await setTradingState(db, ask)).toEqual({ version: 2, state: 'HALTED' });
    expect(await setTradingState(db, ask)).toEqual({ version: 2, state: 'HALTED' });
    await expect(setTradingState(db, { ...ask, state: 'ACTIVE' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    expect((await said('trading_state.changed')).map((event) => event.payload)).toEqual([{ version: 2, state: 'HALTED', reason: 'lunch', actor: 'owner' }]);
    expect(await book.sql('SELECT service, actor, action FROM logging.audit_log')).toEqual([{ service: 'risk_management', actor: 'owner', action: 'set_trading_state' }]);
  });

  it('halts only after every order that was being submitted', async () => {
    const submitting = openDb({ access: book.access('execution'), database: 'trading_system', schema: 'execution', applicationName: 'execution', max: 1, onLost: () => undefined });
    let finish: () => void = () => undefined;
    const gate = submitting.tx(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock_shared(7001)');
      await new Promise<void>((done) => {
        finish = done;
      });
    });
    let isHalted = false;
    await until(async () => (await book.sql<{ n: number }>(`SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND objid = 7001 AND granted`))[0]?.n === 1, 'the gate to be held');
    const halt = setTradingState(db, { idempotencyKey: 'halt-0003', actor: 'o', state: 'HALTED', reason: 'r' }).then(() => {
      isHalted = true;
    });
    await until(async () => (await book.sql<{ n: number }>(`SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND objid = 7001 AND NOT granted`))[0]?.n === 1, 'the halt to wait');
    expect(isHalted).toBe(false);
    finish();
    await Promise.all([gate, halt]);
    expect(isHalted).toBe(true);
    await submitting.close();
  });

  it('keeps one version of the limits per key', async () => {
    const limits = { ...DEFAULT_RISK_LIMITS, maxOrderNotional: '7000' };
    const request = { idempotencyKey: 'limits-03', actor: 'owner', limits };
    expect(await setRiskLimits(db, request)).toEqual({ version: 2, limits });
    expect(await setRiskLimits(db, request)).toEqual({ version: 2, limits });
    await expect(setRiskLimits(db, { ...request, limits: DEFAULT_RISK_LIMITS })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });
});

describe('the lease', () => {
  it('is good for ten seconds by the database, given back at the end, and not renewed for a stuck lane', async () => {
    const abort = new AbortController();
    let busyForMs: number | null = null;
    const reasons: (string | null)[] = [];
    const lease = createLease({ db, holder: 'me', log: pino({ level: 'silent' }), signal: abort.signal, laneBusyForMs: () => busyForMs, report: (reason) => reasons.push(reason) });
    const validFor = async (): Promise<number> => Number((await book.sql<{ s: string }>('SELECT extract(epoch FROM expires_at - clock_timestamp())::text AS s FROM risk_management.risk_lease'))[0]?.s);
    await lease.take();
    expect(await validFor()).toBeGreaterThan(9);
    busyForMs = 6_000;
    await book.sql(`UPDATE risk_management.risk_lease SET expires_at = clock_timestamp()`);
    const keeping = lease.keep();
    await until(() => reasons.length > 0, 'a first look');
    expect(await validFor()).toBeLessThanOrEqual(0);
    expect(reasons[0]).toContain('one batch');
    abort.abort();
    await keeping;
    await lease.take();
    await lease.release();
    expect(await validFor()).toBeLessThanOrEqual(0);
  });
});

describe('monitor_portfolio_risk', () => {
  it('warns once of each fact', async () => {
    await hold('sma', 'AAPL', '190');
    const run = async (): Promise<unknown> => (await runFlowByHand(riskFlows(house), 'monitor_portfolio_risk')).output;
    expect(await run()).toMatchObject({ measured: true, newFindings: expect.arrayContaining(['position_near:AAPL:2024-03-05', 'lease_stale:never']) as unknown });
    expect(await run()).toMatchObject({ newFindings: [] });
    expect((await said('risk_event.raised')).length).toBe(2);
  });
});
