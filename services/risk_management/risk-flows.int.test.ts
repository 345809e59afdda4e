/** The flows of risk over a real book, with the other services' rows written by hand and every number worked out beside it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseRfc3339, type EpochMs } from '#app/domain/time.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { Killed, runFlowByHand } from '../../tests/support/flow-context.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { alertOf, hasUntold } from './alerts.ts';
import { riskFlows } from './flows.ts';
import { recordRiskEvents } from './risk-events.ts';
import { ensureLimits } from './limits.ts';

let book: Book;
let db: Db;
const OPEN = parseRfc3339('2024-03-05T14:30:00Z');
const iso = (minute: number): string => new Date(OPEN + minute * 60_000).toISOString();
const flows = (): ReturnType<typeof riskFlows> => riskFlows({ db, arming: () => 'not_needed' });

async function close(symbol: string, minute: number, at: string): Promise<void> {
  await book.sql(`INSERT INTO data_ingestion.market_data VALUES ($1, '1Min', $2, $3, $3, $3, $3, 1, 'test', now()) ON CONFLICT DO NOTHING`, [symbol, iso(minute), at]);
  await book.sql(`INSERT INTO data_ingestion.ingestion_status VALUES ($1, '1Min', $2, $3, 1, 0, now()) ON CONFLICT (symbol, timeframe) DO UPDATE SET last_open_time = $2, last_close = $3`, [symbol, iso(minute), at]);
}
async function strategy(id: string, sizing: string, symbols: string[]): Promise<void> {
  await book.sql(`INSERT INTO strategy_engine.strategies (strategy_id, name, kind, symbols, timeframe, parameters, sizing, current_version_id) VALUES ($1, $1, 'sma_cross', $2, '1Min', '{"fast":2,"slow":3,"atrPeriod":2}', $3, $1 || '.v1')`, [id, symbols, sizing]);
  await book.sql(`INSERT INTO strategy_engine.strategy_versions (strategy_version_id, strategy_id, version, kind, parameters, sizing, code_hash) VALUES ($1 || '.v1', $1, 1, 'sma_cross', '{"fast":2,"slow":3,"atrPeriod":2}', $2, 'h')`, [id, sizing]);
}
const signal = (id: string, changes: { strategyId?: string; symbol?: string; target?: string; price?: string; minute?: number } = {}): Promise<unknown> =>
  book.sql(`INSERT INTO strategy_engine.strategy_signals (signal_id, strategy_id, strategy_version_id, symbol, timeframe, bar_open_time, ts_market, target, reference_price, reasons) VALUES ($1, $2, $2 || '.v1', $3, '1Min', $4, $5, $6, $7, '[]')`,
    [id, changes.strategyId ?? 'sma', changes.symbol ?? 'AAPL', iso(changes.minute ?? 1), iso((changes.minute ?? 1) + 1), changes.target ?? 'long', changes.price ?? '100']);
const decided = (id: string, outcome: 'approved' | 'denied', code: string | null = null): Promise<unknown> =>
  book.sql(`INSERT INTO risk_management.risk_decisions (decision_id, client_order_id, source, signal_id, strategy_id, symbol, side, qty, outcome, code, message, limits_version, rules, ts_market) VALUES ($1, $2, 'strategy', $1, 'sma', 'AAPL', 'buy', 30, $3, $4, 'as it was decided', 1, '[]', now())`,
    [id, outcome === 'approved' ? `ms-${id}` : null, outcome, code]);

const TABLES = ['risk_management.risk_limits', 'risk_management.risk_decisions', 'risk_management.risk_events', 'risk_management.risk_alerts', 'risk_management.alerted_events', 'risk_management.position_sizes', 'risk_management.day_open_equity',
  'risk_management.outbox', 'execution.orders', 'execution.positions', 'execution.strategy_positions', 'execution.account_ledger', 'execution.trades', 'data_ingestion.symbols', 'data_ingestion.market_data', 'data_ingestion.ingestion_status',
  'strategy_engine.strategies', 'strategy_engine.strategy_versions', 'strategy_engine.strategy_signals', 'strategy_engine.strategy_state'];

beforeAll(async () => {
  book = await startBook();
  await book.sql(`SELECT data_ingestion.ensure_month('2024-03-01')`);
  await book.sql(`SELECT set_config('session_replication_role', 'replica', false)`);
  db = openDb({ access: book.access('risk_management'), database: 'trading_system', schema: 'risk_management', applicationName: 'risk_management', max: 4, onLost: () => undefined });
});
afterAll(async () => {
  await db.close();
  await book.stop();
});
beforeEach(async () => {
  await book.sql(`TRUNCATE ${TABLES.join(', ')} CASCADE`);
  await book.sql('UPDATE risk_management.outbox_head SET seq = 0, sent_seq = 0');
  await book.sql(`INSERT INTO risk_management.risk_lease (holder, renewed_at, expires_at) VALUES ('test', now(), now() + interval '1 day') ON CONFLICT DO NOTHING`);
  await book.sql(`INSERT INTO execution.account_ledger (account_number, opening_cash, cash, opened_at) VALUES ('T', 100000, 100000, now())`);
  for (const symbol of ['AAPL', 'MSFT']) await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable) VALUES ($1, $1, 'X', true, true, false)`, [symbol]);
  await ensureLimits(db);
});

describe('calculate_position_size', () => {
  const sizesOf = (output: unknown): unknown[] => (output as { sizes: { item: string; shares: string; mostShares: string; binding: string; outcome: string; code: string | null }[] }).sizes.map(({ item, shares, mostShares, binding, outcome, code }) => [item, shares, mostShares, binding, outcome, code]);

  it('says that there is no price before the first bar', async () => {
    expect((await runFlowByHand(flows(), 'calculate_position_size')).output).toEqual({ sized: 0, sizes: [] });
  });

  it('sizes every enabled strategy at the newest close, each with its tightest limit', async () => {
    await close('AAPL', 0, '100');
    await strategy('sma', '{"method":"fixed_notional","notional":"5000"}', ['AAPL', 'MSFT']);
    await book.sql(`UPDATE data_ingestion.symbols SET is_watched = symbol = 'AAPL'`);
    await strategy('big', '{"method":"percent_of_equity","percent":"15"}', ['*']);
    await strategy('range', '{"method":"atr_risk","riskPercent":"1","atrMultiple":"2","maxPercent":"9"}', ['AAPL']);
    // Its newest signal had an average true range of 25: 1 % of 100000 / (2 x 25) = 20 shares, the cap of 9 % would allow 90.
    await book.sql(`INSERT INTO strategy_engine.strategy_signals (signal_id, strategy_id, strategy_version_id, symbol, timeframe, bar_open_time, ts_market, target, reference_price, atr, reasons) VALUES ('range.v1:AAPL:0:0', 'range', 'range.v1', 'AAPL', '1Min', $1, $1, 'flat', 100, 25, '[]')`, [iso(0)]);
    const { output } = await runFlowByHand(flows(), 'calculate_position_size', { runId: 'r1' });
    // 15 % of 100000 / 100 = 150 shares = 15000, above 10000 an order; cash 100000 / 1.02 / 100 = 980; position 200; gross 800.
    expect(sizesOf(output)).toEqual([
      ['big:AAPL', '150', '100', 'max_order_notional', 'would_deny', 'ORDER_NOTIONAL_EXCEEDED'], ['range:AAPL', '20', '100', 'max_order_notional', 'would_approve', null],
      ['sma:AAPL', '50', '100', 'max_order_notional', 'would_approve', null], ['sma:MSFT', '0', '0', null, 'would_deny', 'PRICE_MISSING'],
    ]);
    const [row] = await book.sql<{ bounds: unknown; qty: string; why: string }>(`SELECT bounds, trim_scale(qty)::text AS qty, why FROM risk_management.position_sizes WHERE item = 'sma:AAPL'`);
    expect(row).toEqual({ qty: '50', why: 'Buy 50 AAPL at market ($5000 / $100 = 50 shares)', bounds: [
      { rule: 'buying_power', leavesDollars: '100000', mostShares: '980' }, { rule: 'max_order_notional', leavesDollars: '10000', mostShares: '100' }, { rule: 'max_order_qty', leavesDollars: '10000000', mostShares: '100000' },
      { rule: 'max_position_notional', leavesDollars: '20000', mostShares: '200' }, { rule: 'max_gross_exposure', leavesDollars: '80000', mostShares: '800' }, { rule: 'max_net_exposure', leavesDollars: '1000000', mostShares: '10000' }] });
    expect(await book.sql('SELECT count(*) AS n FROM risk_management.risk_decisions')).toEqual([{ n: 0 }]);
    expect(await book.sql('SELECT count(*) AS n FROM risk_management.outbox')).toEqual([{ n: 0 }]);
  });

  it('shows the size of a strategy that has named no range yet as none, and goes on', async () => {
    await close('AAPL', 0, '100');
    await strategy('range', '{"method":"atr_risk","riskPercent":"1","atrMultiple":"2","maxPercent":"9"}', ['AAPL']);
    await strategy('sma', '{"method":"fixed_notional","notional":"5000"}', ['AAPL']);
    expect(sizesOf((await runFlowByHand(flows(), 'calculate_position_size')).output)).toEqual([
      ['range:AAPL', '0', '100', 'max_order_notional', 'would_deny', 'QUANTITY_ZERO'], ['sma:AAPL', '50', '100', 'max_order_notional', 'would_approve', null],
    ]);
  });

  it('gives a decided signal the size it was given, and writes its rows once however often it is killed', async () => {
    await close('AAPL', 0, '100');
    await strategy('sma', '{"method":"fixed_notional","notional":"5000"}', ['AAPL']);
    await signal('decided');
    await signal('waiting', { minute: 2, price: '125' });
    await decided('decided', 'approved');
    await book.sql(`INSERT INTO risk_management.position_sizes (run_id, item, strategy_id, symbol, method, equity, qty, most_qty, bounds, outcome, why, calculated_at) VALUES ('old', 'x', 's', 'X', 'm', 1, 1, 1, '[]', 'approved', 'w', now() - interval '91 days')`);
    const options = { runId: 'r2', input: { signalIds: ['decided', 'waiting', 'unheard-of'] }, memory: new Map<string, unknown>() };
    await expect(runFlowByHand(flows(), 'calculate_position_size', { ...options, killAfter: 'write' })).rejects.toThrow(Killed);
    const { output } = await runFlowByHand(flows(), 'calculate_position_size', options);
    expect(sizesOf(output)).toEqual([['decided', '30', '100', 'max_order_notional', 'approved', null], ['waiting', '40', '80', 'max_order_notional', 'would_approve', null]]);
    expect(output).toMatchObject({ sized: 2, fits: 2, unknownSignals: 1 });
    expect(await book.sql('SELECT item FROM risk_management.position_sizes ORDER BY item')).toEqual([{ item: 'decided' }, { item: 'waiting' }]);
  });
});

describe('validate_risk_limits', () => {
  it('waits for a decision that is on its way, and tells who was denied and why', async () => {
    await close('AAPL', 0, '100');
    await signal('a');
    await signal('b');
    await decided('b', 'denied', 'BUYING_POWER_EXCEEDED');
    setTimeout(() => void decided('a', 'approved'), 150);
    const { output } = await runFlowByHand(flows(), 'validate_risk_limits', { input: { signalIds: ['a', 'b'] } });
    expect(output).toMatchObject({ decided: 2, approved: ['ms-a'], denied: [{ signalId: 'b', code: 'BUYING_POWER_EXCEEDED' }], undecided: [], isWithinLimits: true, newRiskEvents: [] });
  });

  it('keeps little of many signals: the newest when none are named, all that are named', async () => {
    await close('AAPL', 0, '100');
    await book.sql(`INSERT INTO strategy_engine.strategy_signals (signal_id, strategy_id, strategy_version_id, symbol, timeframe, bar_open_time, ts_market, target, reference_price, reasons, raised_at)
      SELECT 'a.strategy.with.a.name:SYMBOL:1709649000000:' || n, 'sma', 'sma.v1', 'AAPL', '1Min', $1::timestamptz + n * interval '1 second', $1::timestamptz, 'long', 100, '[]', now() - n * interval '1 millisecond' FROM generate_series(1, 5000) n`, [iso(0)]);
    const named = (await book.sql<{ id: string }>('SELECT signal_id AS id FROM strategy_engine.strategy_signals')).map((row) => row.id);
    const { output } = await runFlowByHand(flows(), 'validate_risk_limits', { input: { signalIds: named, waitMs: 0 } });
    expect((output as { undecided: string[] }).undecided).toHaveLength(5_000);
    expect((await runFlowByHand(flows(), 'validate_risk_limits', { input: { waitMs: 0 } })).output).toMatchObject({ decided: 0, undecided: { length: 500 } });
  });

  it('tells a person of a signal that nobody decided, once', async () => {
    await close('AAPL', 0, '100');
    await signal('lost');
    const run = (): Promise<{ output: unknown }> => runFlowByHand(flows(), 'validate_risk_limits', { input: { waitMs: 120 } });
    expect((await run()).output).toMatchObject({ decided: 0, undecided: ['lost'], newRiskEvents: ['signal_undecided:lost'] });
    expect((await run()).output).toMatchObject({ undecided: ['lost'], newRiskEvents: [] });
    expect(await book.sql(`SELECT severity, code FROM risk_management.risk_events`)).toEqual([{ severity: 'critical', code: 'SIGNAL_UNDECIDED' }]);
  });

  it('shows a limit that the book exceeds, with what is reserved counted in', async () => {
    await close('AAPL', 0, '100');
    await book.sql(`INSERT INTO execution.positions (symbol, version, qty, avg_price, realized_pnl, updated_at) VALUES ('AAPL', 1, 190, 100, 0, now())`);
    await book.sql(`UPDATE execution.account_ledger SET cash = 81000`);
    await signal('order');
    await book.sql(`INSERT INTO risk_management.risk_decisions (decision_id, client_order_id, source, symbol, side, qty, outcome, message, limits_version, rules, reserved_notional, ts_market) VALUES ('d', 'ms-d', 'manual', 'AAPL', 'buy', 20, 'approved', 'm', 1, '[]', 2000, now())`);
    await book.sql(`INSERT INTO execution.orders (order_id, client_order_id, decision_id, source, symbol, side, type, time_in_force, qty, is_reducing, reference_price, status, version, ts_market, approved_seq) VALUES ('d', 'ms-d', 'd', 'manual', 'AAPL', 'buy', 'market', 'day', 20, false, 100, 'accepted', 2, now(), 1)`);
    const { output } = await runFlowByHand(flows(), 'validate_risk_limits', { input: { signalIds: [] } });
    expect(output).toMatchObject({ decided: 0, isWithinLimits: false, largestPositionPercent: 19, newRiskEvents: ['position_near:AAPL:2024-03-05'] });
    expect((output as { limits: object[] }).limits).toContainEqual({ limit: 'position', subject: 'AAPL', usedDollars: '19000', reservedDollars: '2000', allowedDollars: '20000', usedPercent: 105, isWithin: false });
  });
});

describe('generate_risk_alerts', () => {
  const finding = (id: string, severity: 'info' | 'warning' | 'critical', code = 'POSITION_NEAR') => ({ riskEventId: id, severity, code, message: `Message of ${id}.`, context: {} });
  const alerts = (): Promise<{ payload: Record<string, unknown> }[]> => book.sql(`SELECT payload FROM risk_management.outbox WHERE topic = 'alert.raised' ORDER BY seq`);

  it('tells each warning in one alert, critical ones first, and nothing twice', async () => {
    await db.tx((tx) => recordRiskEvents(tx, [finding('near-a', 'warning'), finding('near-b', 'warning'), finding('noted', 'info'), finding('loss', 'critical', 'DAILY_LOSS_EXCEEDED')]));
    const first = await runFlowByHand(flows(), 'generate_risk_alerts', { runId: 'generate_risk_alerts:1' });
    expect(first.output).toEqual({ alertId: 'risk:generate_risk_alerts:1', events: 3, severity: 'critical', title: '3 risk events, 1 of them critical' });
    expect((await runFlowByHand(flows(), 'generate_risk_alerts', { runId: 'generate_risk_alerts:2' })).output).toMatchObject({ alertId: null, events: 0 });
    await db.tx((tx) => recordRiskEvents(tx, [finding('near-a', 'warning'), finding('near-c', 'warning')]));
    expect((await runFlowByHand(flows(), 'generate_risk_alerts', { runId: 'generate_risk_alerts:3' })).output).toMatchObject({ events: 1, title: 'Message of near-c.', severity: 'warning' });
    const told = await alerts();
    expect(await hasUntold(db)).toBe(false);
    expect(told.map(({ payload }) => [payload['alertId'], payload['items']])).toEqual([
      ['risk:generate_risk_alerts:1', [{ label: 'daily loss exceeded', value: 'critical', note: 'Message of loss.' }, { label: 'position near', value: 'warning, 2 times', note: 'Message of near-b.' }]],
      ['risk:generate_risk_alerts:3', [{ label: 'position near', value: 'warning', note: 'Message of near-c.' }]],
    ]);
  });

  it('raises one alert when it is killed after its commit, and when two run at once', async () => {
    await db.tx((tx) => recordRiskEvents(tx, [finding('seen', 'info')]));
    expect(await hasUntold(db)).toBe(false);
    await db.tx((tx) => recordRiskEvents(tx, [finding('x', 'critical')]));
    expect(await hasUntold(db)).toBe(true);
    const options = { runId: 'generate_risk_alerts:k', memory: new Map<string, unknown>() };
    await expect(runFlowByHand(flows(), 'generate_risk_alerts', { ...options, killAfter: 'tell' })).rejects.toThrow(Killed);
    expect((await runFlowByHand(flows(), 'generate_risk_alerts', options)).output).toMatchObject({ alertId: 'risk:generate_risk_alerts:k', events: 1 });
    await db.tx((tx) => recordRiskEvents(tx, [finding('y', 'warning')]));
    const both = await Promise.all(['p', 'q'].map((key) => runFlowByHand(flows(), 'generate_risk_alerts', { runId: `generate_risk_alerts:${key}` })));
    expect(both.map(({ output }) => (output as { events: number }).events).sort((a, b) => a - b)).toEqual([0, 1]);
    expect(await alerts()).toHaveLength(2);
  });

  it('keeps within what the wire allows, however many events there are', () => {
    const many = Array.from({ length: 1_000 }, (_, n) => ({ id: `e${n}`, severity: 'warning' as const, code: `CODE_${n % 300}`, message: 'm'.repeat(900), at: n as EpochMs }));
    const alert = alertOf('a', many);
    expect([alert.items.length, alert.body.length <= 4_000, alert.title]).toEqual([100, true, '1000 risk events']);
  });
});

describe('monitor_portfolio_risk', () => {
  it('tells a position that comes near its limit, once a day', async () => {
    await close('AAPL', 0, '100');
    await book.sql(`INSERT INTO execution.positions (symbol, version, qty, avg_price, realized_pnl, updated_at) VALUES ('AAPL', 1, 170, 100, 0, now())`);
    await book.sql(`UPDATE execution.account_ledger SET cash = 83000`);
    expect((await runFlowByHand(flows(), 'monitor_portfolio_risk')).output).toMatchObject({ measured: true, risk: { equity: '100000', grossExposure: '17000' }, newFindings: ['position_near:AAPL:2024-03-05'] });
    expect((await runFlowByHand(flows(), 'monitor_portfolio_risk')).output).toMatchObject({ newFindings: [] });
  });
});
