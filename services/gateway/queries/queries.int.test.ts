/** The gateway's queries on a real book, as the gateway's own role: one account worked by hand, number by number. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HTTP } from '#app/contracts/http.ts';
import { openDb } from '#chassis/db.ts';
import type { Db } from '#chassis/db.ts';
import { startBook } from '../../../tests/support/servers.ts';
import type { Book } from '../../../tests/support/servers.ts';
import { readAccount } from './account.ts';
import { readFindings, readLedgerEntries, readReconciliations } from './books.ts';
import { readHeads, readInvariants, readNotices, readPulse, readSymbols, readTradingState, readWatermarks } from './control.ts';
import { readCurve, readCurveAfter, readCurveHead } from './curve.ts';
import { readDecisions, readFills, readFillsAfter, readLedgerSeq, readOrders, readOrdersById, readStory } from './orders.ts';
import { readDays, readStrategies } from './performance.ts';
import { readPositions } from './positions.ts';
import { readActions, readSymbol, readUniverse } from './universe.ts';

let book: Book;
let db: Db;
/** Friday 2 January 2026, 09:30 in New York. */
const OPEN = Date.UTC(2026, 0, 2, 14, 30);
const iso = (ms: number): string => new Date(ms).toISOString();
const decision = (id: string, change: Record<string, unknown> = {}): unknown[] => {
  const row = { outcome: 'approved', code: null, reserved: '0', signal: null, strategy: null, source: 'manual', ...change };
  return [id, `ms-${id}`, row.source, row.signal, row.strategy, row.outcome, row.code, row.reserved, JSON.stringify([{ rule: 'max_order_notional', passed: row.outcome === 'approved', threshold: '10000', observed: '1000', unit: 'USD', code: null }]), iso(OPEN)];
};

/**
 * Opening cash 10,000. Bought 10 AAPL at 100 (fee 1), sold 4 at 110: cash 10,000 - 1,000 - 1 + 440 = 9,439; 6 AAPL at 100, last 105.
 * An open buy of 10 KO reserves 700, 3 of them filled at 70: reserved 490, cash 9,439 - 210 = 9,229, 3 KO, last 69.
 */
async function fill(): Promise<void> {
  const run = (text: string, params: unknown[] = []): Promise<unknown> => book.sql(text, params);
  await run(`SELECT data_ingestion.ensure_month('2026-01-01')`);
  for (const [symbol, close] of [['AAPL', '105'], ['KO', '69'], ['SPY', '600']]) {
    await run(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ($1, $1 || ' Inc.', 'NASDAQ', true, true, false, true)`, [symbol]);
    await run(`INSERT INTO data_ingestion.ingestion_status (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at) VALUES ($1, '1Min', $3, $2, 2, now())`, [symbol, close, iso(OPEN + 60_000)]);
    for (const n of [0, 1]) await run(`INSERT INTO data_ingestion.market_data VALUES ($1, '1Min', $3, $2, $2, $2, $2, 1, 'test', now())`, [symbol, close, iso(OPEN + n * 60_000)]);
  }
  await run(`INSERT INTO risk_management.risk_limits (version, limits, actor) VALUES (1, '{"maxOrderNotional":"10000","maxPositionNotional":"20000","maxGrossExposure":"80000","maxDailyLoss":"2000"}', 'test')`);
  await run(`INSERT INTO risk_management.risk_lease (holder, renewed_at, expires_at) VALUES ('r', now(), now() + interval '10 s')`);
  await run(`INSERT INTO strategy_engine.strategies (strategy_id, name, kind, symbols, timeframe, parameters, sizing, current_version_id) VALUES ('sma', 'SMA', 'sma_cross', '{*}', '1Min', '{}', '{}', 'sma.v1')`);
  await run(`INSERT INTO strategy_engine.strategy_signals (signal_id, strategy_id, strategy_version_id, symbol, timeframe, bar_open_time, ts_market, target, reference_price, reasons) VALUES ('s1', 'sma', 'sma.v1', 'AAPL', '1Min', $1, $1, 'long', 100, '[{"name":"SMA(10)","value":"101","threshold":"100"}]')`, [iso(OPEN)]);
  const decisionSql = `INSERT INTO risk_management.risk_decisions (decision_id, client_order_id, source, signal_id, strategy_id, symbol, side, type, qty, outcome, code, message, reserved_notional, limits_version, rules, ts_market) VALUES ($1, $2, $3, $4, $5, 'AAPL', 'buy', 'market', 10, $6, $7, 'm', $8, 1, $9::jsonb, $10)`;
  for (const row of [decision('d1', { signal: 's1', strategy: 'sma', source: 'strategy' }), decision('d2'), decision('d3', { reserved: '700' }), decision('d4', { outcome: 'denied', code: 'ORDER_NOTIONAL_EXCEEDED' })]) await run(decisionSql, row);
  const orderSql = `INSERT INTO execution.orders (order_id, client_order_id, decision_id, source, strategy_id, signal_id, symbol, side, type, time_in_force, qty, limit_price, is_reducing, reference_price, status, is_closed, filled_qty, avg_fill_price, version, ts_market, approved_seq, created_at) VALUES ($1, 'ms-' || $2, $2, $3, $4, $5, $6, $7, $8, 'day', $9, $10, $7 = 'sell', 100, $11, $12, $13, $14, $15, $16, $17, $18)`;
  await run(orderSql, ['o1', 'd1', 'strategy', 'sma', 's1', 'AAPL', 'buy', 'market', 10, null, 'filled', true, 10, 100, 4, iso(OPEN), 1, iso(OPEN)]);
  await run(orderSql, ['o2', 'd2', 'manual', null, null, 'AAPL', 'sell', 'market', 4, null, 'filled', true, 4, 110, 4, iso(OPEN), 2, iso(OPEN + 1_000)]);
  await run(orderSql, ['o3', 'd3', 'manual', null, null, 'KO', 'buy', 'limit', 10, 70, 'partially_filled', false, 3, 70, 4, iso(OPEN), 3, iso(OPEN + 2_000)]);
  for (const order of ['o1', 'o2', 'o3']) for (const [version, kind] of [[1, 'initialized'], [2, 'submitted'], [3, 'accepted'], [4, 'fill']]) await run(`INSERT INTO execution.order_events (order_id, version, kind, status, filled_qty, ts_event, source, detail) VALUES ($1, $2, $3, 'accepted', 0, $4, 'stream', '{}')`, [order, version, kind, iso(OPEN)]);
  const tradeSql = `INSERT INTO execution.trades (fill_id, order_id, strategy_id, symbol, side, qty, price, fee, ts_event, ts_seen, source, ledger_seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now(), 'stream', $10)`;
  await run(tradeSql, ['f1', 'o1', 'sma', 'AAPL', 'buy', 10, 100, 1, iso(OPEN), 1]);
  await run(tradeSql, ['f2', 'o2', '', 'AAPL', 'sell', 4, 110, 0, iso(OPEN), 2]);
  await run(tradeSql, ['f3', 'o3', '', 'KO', 'buy', 3, 70, 0, iso(OPEN), 3]);
  await run(`INSERT INTO execution.positions VALUES ('AAPL', 2, 6, 100, 40, now()), ('KO', 1, 3, 70, 0, now()), ('SPY', 2, 0, NULL, 5, now())`);
  await run(`INSERT INTO execution.strategy_positions VALUES ('sma', 'AAPL', 10, 100, 0, now()), ('', 'AAPL', -4, 110, 0, now()), ('', 'KO', 3, 70, 0, now())`);
  await run(`INSERT INTO execution.lots (lot_id, symbol, opened_seq, opened_at, qty_opened, qty, price) VALUES ('l1', 'AAPL', 1, now(), 4, 0, 99), ('l2', 'AAPL', 1, now(), 6, 6, 100), ('l3', 'KO', 3, now(), 3, 3, 70)`);
  await run(`INSERT INTO execution.lot_closures (lot_id, closed_seq, qty, open_price, close_price, realized_pnl, opened_at, closed_at) VALUES ('l1', 2, 4, 99, 110, 44, now(), now())`);
  await run(`INSERT INTO execution.account_ledger (account_number, opening_cash, cash, fees_total, ledger_seq, opened_at) VALUES ('A1', 10000, 9229, 1, 3, now())`);
  await run(`INSERT INTO analytics.equity_curve (ts_market, equity, cash, long_value, short_value, day_pnl) SELECT t, 10000 + n, 0, 0, 0, 0 FROM (SELECT n, $1::timestamptz - interval '18 hours' + n * interval '1 minute' AS t FROM generate_series(0, 9) n) earlier`, [iso(OPEN)]);
  await run(`INSERT INTO analytics.equity_curve (ts_market, equity, cash, long_value, short_value, day_pnl) VALUES ($1, 10050, 0, 0, 0, 0), ($2, 10066, 0, 0, 0, 0)`, [iso(OPEN + 60_000), iso(OPEN + 120_000)]);
  await run(`INSERT INTO risk_management.risk_events (risk_event_id, severity, code, message, context) VALUES ('e1', 'critical', 'EXIT_FAILED', 'words', '{}')`);
}

beforeAll(async () => {
  book = await startBook();
  await book.sql(`ALTER ROLE gateway PASSWORD '${book.password}'`);
  await fill();
  db = openDb({ access: book.access('gateway'), database: 'trading_system', schema: null, applicationName: 'gateway', max: 3, onLost: () => undefined });
});
afterAll(async () => {
  await db.close();
  await book.stop();
});

describe('the account', () => {
  it('is what the hand calculation says', async () => {
    const account = HTTP.account.output.parse(await readAccount(db));
    // 9,229 + 6 x 105 + 3 x 69 = 10,066; the day began after a last point of 10,009.
    expect(account).toMatchObject({
      accountNumber: 'A1', equity: '10066', cash: '9229', longValue: '837', shortValue: '0', grossExposure: '837', reserved: '490', buyingPower: '8739', feesTotal: '1', realizedPnl: '45', openPnl: '27',
      day: '2026-01-02', dayOpenEquity: '10009', dayPnl: '57', openOrders: 1, positions: 2, unpriced: [], maxGrossExposure: '80000',
    });
  });
  it('reserves what risk has approved and execution has not heard of yet', async () => {
    await book.sql(`INSERT INTO risk_management.outbox (seq, topic, key, correlation_id, payload) VALUES (1, 'order.approved', 'k', 'c', '{"decisionId":"d9","reservedNotional":"100.5"}')`);
    expect((await readAccount(db)).reserved).toBe('590.5');
    await book.sql(`INSERT INTO execution.inbox_offset (producer, seq) VALUES ('risk_management', 1)`);
    expect((await readAccount(db)).reserved).toBe('490');
    await book.sql(`DELETE FROM risk_management.outbox`);
    await book.sql(`DELETE FROM execution.inbox_offset`);
  });
});

describe('lists', () => {
  it('positions have value, weight and holders', async () => {
    const { positions } = HTTP.positions.output.parse({ positions: await readPositions(db) });
    expect(positions.map(({ symbol, marketValue, openPnl, holders }) => [symbol, marketValue, openPnl, holders])).toEqual([
      ['AAPL', '630', '30', [{ strategyId: '', qty: '-4' }, { strategyId: 'sma', qty: '10' }]], ['KO', '207', '-3', [{ strategyId: '', qty: '3' }]],
    ]);
    expect(positions[0]?.weight).toBeCloseTo(630 / 10_066, 12);
    expect([positions[0]?.fifoPrice, positions[0]?.protection]).toEqual(['100', { stopQty: '0', stopPrice: null, targetQty: '0', targetPrice: null }]);
  });
  it('orders come newest first, by scope and page', async () => {
    const all = HTTP.orders.output.parse(await readOrders(db, { scope: 'all', limit: 10 }));
    expect([all.orders.map((order) => order.orderId), all.openTotal, all.total]).toEqual([['o3', 'o2', 'o1'], 1, 3]);
    expect((await readOrders(db, { scope: 'open', limit: 10 })).orders.map((order) => order.orderId)).toEqual(['o3']);
    expect((await readOrders(db, { scope: 'all', limit: 1, before: 'o3' })).orders.map((order) => order.orderId)).toEqual(['o2']);
    expect((await readOrdersById(db, ['ms-d1', 'none'])).map((order) => order.orderId)).toEqual(['o1']);
  });
  it('pages lose no order of one transaction, which all have the same instant', async () => {
    const same = `INSERT INTO execution.orders (order_id, client_order_id, decision_id, source, symbol, side, type, time_in_force, qty, is_reducing, reference_price, status, is_closed, version, ts_market, approved_seq, created_at)
      SELECT 'b' || n, 'ms-b' || n, 'b' || n, 'manual', 'KO', 'buy', 'market', 'day', 1, false, 70, 'canceled', true, 1, now(), 10 + n, now() - interval '9 years' FROM generate_series(1, 5) n`;
    await book.sql(same);
    const seen: string[] = [];
    for (let before: string | undefined = 'o1'; before !== undefined;) {
      const { orders } = await readOrders(db, { scope: 'all', limit: 2, before });
      seen.push(...orders.map((order) => order.orderId));
      before = orders.at(-1)?.orderId;
    }
    expect(seen).toEqual(['b5', 'b4', 'b3', 'b2', 'b1']);
    await book.sql(`DELETE FROM execution.orders WHERE order_id LIKE 'b%'`);
  });
  it('a bracket shows its legs, what they protect, and the order that took the place of one', async () => {
    const leg = `INSERT INTO execution.orders (order_id, client_order_id, decision_id, broker_order_id, source, symbol, side, type, time_in_force, qty, limit_price, stop_price, is_reducing, reference_price, status, is_closed, version, ts_market, approved_seq, role, parent_order_id, replaces_order_id) VALUES ($1, $1, 'd1', $1, 'strategy', 'AAPL', 'sell', $2, 'gtc', 5, $3, $4, true, 100, $5, $6, 1, now(), 1, $7, 'o1', $8)`;
    await book.sql(`UPDATE execution.orders SET order_class = 'bracket', take_profit_limit = 120, stop_loss_stop = 90.5 WHERE order_id = 'o1'`);
    await book.sql(leg, ['o1:take_profit', 'limit', 120, null, 'replaced', true, 'take_profit', null]);
    await book.sql(leg, ['o1:take_profit:2', 'limit', 118, null, 'accepted', false, 'take_profit', 'o1:take_profit']);
    await book.sql(leg, ['o1:stop_loss', 'stop', null, 90.5, 'held', false, 'stop_loss', null]);
    const story = HTTP.orderStory.output.parse(await readStory(db, 'd1'));
    expect([story.order?.orderId, story.order?.orderClass, story.order?.takeProfit, story.order?.stopLoss]).toEqual(['o1', 'bracket', { limitPrice: '120' }, { stopPrice: '90.5', limitPrice: null }]);
    expect(story.relatives.map(({ orderId, replacedByOrderId }) => [orderId, replacedByOrderId])).toEqual([['o1:take_profit', 'o1:take_profit:2'], ['o1:take_profit:2', null], ['o1:stop_loss', null]]);
    expect((await readStory(db, 'o1:stop_loss')).order?.role).toBe('stop_loss');
    expect(HTTP.positions.output.parse({ positions: await readPositions(db) }).positions[0]?.protection).toEqual({ stopQty: '5', stopPrice: '90.5', targetQty: '5', targetPrice: '118' });
    await book.sql(`UPDATE execution.orders SET is_closed = false, status = 'accepted' WHERE order_id = 'o1'`);
    expect((await readPositions(db))[0]?.protection, 'an exit whose entry still waits').toMatchObject({ stopQty: '0', stopPrice: null });
    await book.sql(`UPDATE execution.orders SET is_closed = true, status = 'filled' WHERE order_id = 'o1'`);
    // Legs hold shares, never money.
    expect((await readAccount(db)).reserved).toBe('490');
    await book.sql(`DELETE FROM execution.orders WHERE role <> 'order' AND replaces_order_id IS NOT NULL`);
    await book.sql(`DELETE FROM execution.orders WHERE role <> 'order'`);
  });
  it('findings come open and worst first, comparisons newest first', async () => {
    const finding = `INSERT INTO execution.findings (finding_id, reporter, kind, severity, subject, message, remedy, action, state, version) VALUES ($1, 'guardian', 'unprotected_position', $2, 'AAPL', 'words', $3, $4, $5, 1)`;
    await book.sql(finding, ['f-warning', 'warning', null, null, 'open']);
    await book.sql(finding, ['f-critical', 'critical', 'Sell 6 AAPL at market', '{"kind":"exit"}', 'open']);
    await book.sql(finding, ['f-old', 'critical', null, null, 'resolved']);
    expect(HTTP.findings.output.parse({ findings: await readFindings(db, { state: 'all', limit: 10 }) }).findings.map((one) => one.findingId)).toEqual(['f-critical', 'f-warning', 'f-old']);
    expect((await readFindings(db, { state: 'open', limit: 1 })).map((one) => [one.findingId, one.remedy])).toEqual([['f-critical', 'Sell 6 AAPL at market']]);
    expect(await readPulse(db)).toMatchObject({ criticalFindings: 1, otherFindings: 1 });
    await book.sql(`INSERT INTO execution.reconciliations (run_id, at, is_clean, differences, compared) VALUES ('r1', now() - interval '1 hour', true, '[]', NULL), ('r2', now(), false, '[{"kind":"cash","subject":"USD","ours":"1","theirs":"2","action":"looked"}]', '{"orders":3,"fills":3,"positions":2,"tookMs":41}')`);
    expect(HTTP.reconciliations.output.parse({ reconciliations: await readReconciliations(db, { only: 'all', limit: 10 }) }).reconciliations.map((one) => [one.runId, one.compared?.tookMs ?? null])).toEqual([['r2', 41], ['r1', null]]);
    expect((await readReconciliations(db, { only: 'different', limit: 10 })).map((one) => one.runId)).toEqual(['r2']);
  });
  it('fills come newest first, and after a ledger number oldest first', async () => {
    expect(HTTP.fills.output.parse(await readFills(db, { limit: 2 })).fills.map((row) => row.fillId)).toEqual(['f3', 'f2']);
    // f2 sold 4 of the first lot, which had cost 99: 4 x (110 - 99). Both were decided at 100.
    expect((await readFills(db, { limit: 3 })).fills.map((row) => [row.referencePrice, row.realizedPnl])).toEqual([['100', null], ['100', '44'], ['100', null]]);
    expect((await readFillsAfter(db, 1, 10)).map((row) => row.fillId)).toEqual(['f2', 'f3']);
    expect(await readLedgerSeq(db)).toBe(3);
  });
  it('a story tells signal, rules, events and fills; a denied one has no order', async () => {
    const story = HTTP.orderStory.output.parse(await readStory(db, 'd1'));
    expect([story.signal?.reasons[0]?.name, story.decision?.rules[0]?.rule, story.events.map((event) => event.kind), story.fills.map((row) => row.fillId)]).toEqual(['SMA(10)', 'max_order_notional', ['initialized', 'submitted', 'accepted', 'fill'], ['f1']]);
    expect(story.project).toBeNull();
    await book.sql(`INSERT INTO strategy_engine.strategy_versions (strategy_version_id, strategy_id, version, kind, parameters, sizing, code_hash, project_id, project_version) VALUES ('sma.v1', 'sma', 1, 'project', '{}', '{}', 'h', 'trend', 3)`);
    expect(HTTP.orderStory.output.parse(await readStory(db, 'd1')).project).toEqual({ projectId: 'trend', name: 'trend', version: 3 });
    await book.sql(`DELETE FROM strategy_engine.strategy_versions WHERE strategy_version_id = 'sma.v1'`);
    const denied = HTTP.orderStory.output.parse(await readStory(db, 'd4'));
    expect([denied.order, denied.decision?.code]).toEqual([null, 'ORDER_NOTIONAL_EXCEEDED']);
    await expect(readStory(db, 'nothing')).rejects.toMatchObject({ code: 'ORDER_NOT_FOUND' });
    expect(HTTP.decisions.output.parse(await readDecisions(db, { outcome: 'denied', limit: 5 }))).toMatchObject({ approvedTotal: 3, deniedTotal: 1 });
    const newest = (await readDecisions(db, { outcome: 'all', limit: 2 })).decisions.map((one) => one.decisionId);
    const older = (await readDecisions(db, { outcome: 'all', limit: 5, before: newest[1] })).decisions.map((one) => one.decisionId);
    expect([newest, older]).toEqual([['d4', 'd3'], ['d2', 'd1']]);
  });
  it('strategies, symbols and notices', async () => {
    const { strategies, manual } = HTTP.strategies.output.parse(await readStrategies(db));
    expect([strategies[0]?.signals, strategies[0]?.approved, strategies[0]?.fills, strategies[0]?.openPnl, manual.fills]).toEqual([1, 1, 1, '50', 2]);
    expect((await readSymbols(db, 'ko', 5)).map((row) => row.symbol)).toEqual(['KO']);
    expect(HTTP.notices.output.parse({ notices: await readNotices(db, 5) }).notices[0]).toMatchObject({ severity: 'critical', title: 'EXIT_FAILED' });
  });
});

describe('the curve', () => {
  it('of a day begins with the last point before it, and carries the benchmark of its minute', async () => {
    const curve = await readCurve(db, '1D', 'SPY');
    expect(curve.points.map((point) => point[1])).toEqual([10_009, 10_050, 10_066]);
    expect(curve.points.at(-1)).toEqual([OPEN + 120_000, 10_066, 600]);
    expect(curve.benchmark).toBe('SPY');
    expect((await readCurve(db, '1D', 'NONE')).benchmark).toBeNull();
    expect([await readCurveHead(db), (await readCurveAfter(db, OPEN + 60_000, 5)).length]).toEqual([OPEN + 120_000, 1]);
  });
  it('of years is thinned to at most 2,000 points and keeps its ends', async () => {
    await book.sql(`INSERT INTO analytics.equity_curve (ts_market, equity, cash, long_value, short_value, day_pnl) SELECT $1::timestamptz - interval '2 years' + n * interval '3 minutes', 9000 + n / 1000.0, 0, 0, 0, 0 FROM generate_series(0, 99999) n`, [iso(OPEN)]);
    const began = performance.now();
    const curve = await readCurve(db, 'ALL', 'SPY');
    expect(performance.now() - began).toBeLessThan(2_000);
    expect([curve.isThinned, curve.points.length <= 2_000, curve.points.length > 500, curve.points.at(-1)?.[1]]).toEqual([true, true, true, 10_066]);
  });
  it('gives the P&L of each day against the last point before it', async () => {
    const [today, before] = HTTP.pnlByDay.output.parse({ days: await readDays(db, 5) }).days;
    expect([today?.day, today?.pnl, today?.fills, before?.day]).toEqual(['2026-01-02', '57', 3, '2026-01-01']);
  });
});

describe('control', () => {
  it('the switch, the lease and the pulse', async () => {
    const state = HTTP.tradingState.output.parse(await readTradingState(db));
    expect([state.state, state.limits.maxDailyLoss, (state.leaseValidMs ?? 0) <= 10_000]).toEqual(['ACTIVE', '2000', true]);
    expect(await readPulse(db)).toMatchObject({ unknownOrders: 0, newestMarketAt: OPEN + 120_000 });
    expect((await readHeads(db)).size).toBe(6);
    expect(HTTP.pipeline.output.parse({ watermarks: await readWatermarks(db), at: 1 }).watermarks).toEqual([]);
  });
  it('the checks hold on this book, and each notices what breaks it', async () => {
    const broken = async (): Promise<string[]> => (await readInvariants(db)).filter((row) => row.violations > 0).map((row) => row.id);
    expect(await broken()).toEqual([]);
    await book.sql(`INSERT INTO execution.opening_positions VALUES ('IBM', 5, 200, now())`);
    await book.sql(`INSERT INTO execution.positions VALUES ('IBM', 1, 5, 200, 0, now())`);
    await book.sql(`INSERT INTO execution.strategy_positions VALUES ('', 'IBM', 5, 200, 0, now())`);
    expect(await broken()).toEqual(['lots']);
    await book.sql(`INSERT INTO execution.lots (lot_id, symbol, opened_seq, opened_at, qty_opened, qty, price) VALUES ('l4', 'IBM', 0, now(), 5, 5, 200)`);
    expect(await broken()).toEqual([]);
    // A dividend of 12.50 and a stock dividend of one share, each with what it did to cash and shares.
    await book.sql(`INSERT INTO execution.ledger_entries (entry_id, kind, symbol, cash_change, qty_change, description, source, ts_event, ts_seen, ledger_seq) VALUES ('div', 'dividend', 'IBM', 12.5, 0, 'Dividend', 'activity', now(), now(), 4), ('stk', 'shares', 'IBM', 0, 1, 'Stock dividend', 'activity', now(), now(), 5)`);
    expect(await broken()).toEqual(['I2', 'I3']);
    await book.sql(`UPDATE execution.account_ledger SET cash = cash + 12.5`);
    await book.sql(`UPDATE execution.positions SET qty = 6 WHERE symbol = 'IBM'`);
    await book.sql(`UPDATE execution.strategy_positions SET qty = 6 WHERE symbol = 'IBM'`);
    await book.sql(`UPDATE execution.lots SET qty = 6 WHERE symbol = 'IBM'`);
    expect(await broken()).toEqual([]);
    expect(HTTP.ledgerEntries.output.parse({ entries: await readLedgerEntries(db, 10) }).entries.map((entry) => [entry.entryId, entry.cashChange, entry.qtyChange])).toEqual([['stk', '0', '1'], ['div', '12.5', '0']]);
    await book.sql(`UPDATE execution.account_ledger SET cash = cash + 1`);
    expect(await broken()).toEqual(['I3']);
    await book.sql(`UPDATE execution.account_ledger SET cash = cash - 1`);
    await book.sql(`UPDATE execution.positions SET qty = 7 WHERE symbol = 'AAPL'`);
    expect(await broken()).toEqual(['I2', 'I7', 'lots']);
    await book.sql(`UPDATE execution.positions SET qty = 6 WHERE symbol = 'AAPL'`);
    await book.sql(`UPDATE execution.orders SET filled_qty = 4, version = 5 WHERE order_id = 'o3'`);
    expect(await broken()).toEqual(['I1', 'I8']);
  });
  it('the gateway cannot write', async () => {
    await expect(db.query(`UPDATE execution.orders SET status = 'filled'`)).rejects.toThrow(/permission denied/);
    await expect(db.query(`INSERT INTO risk_management.trading_state (version, state, reason, actor) VALUES (2, 'ACTIVE', 'x', 'x')`)).rejects.toThrow(/permission denied/);
  });
});

describe('the universe', () => {
  const ask = (over: object = {}) => readUniverse(db, HTTP.universe.input.parse(over));
  beforeAll(async () => {
    await book.sql(`UPDATE data_ingestion.symbols SET sector = 'Consumer Staples', industry = 'Beverages', sector_source = 'built-in list' WHERE symbol = 'KO'`);
    await book.sql(`UPDATE data_ingestion.symbols SET is_watched = false WHERE symbol = 'SPY'`);
    await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, status, renamed_to) VALUES ('AAPLW', 'Old Apple', 'NASDAQ', false, false, false, 'inactive', 'AAPL')`);
    await book.sql(`INSERT INTO data_ingestion.ingestion_status (symbol, timeframe, last_open_time, first_open_time, last_close, bars_total, last_seen_at) VALUES ('AAPL', '1Day', '2025-12-31T05:00:00Z', '2024-01-02T05:00:00Z', 103, 500, now())`);
    await book.sql(`INSERT INTO data_ingestion.corporate_actions (action_id, symbol, kind, ex_date, terms, source) VALUES ('a1', 'AAPL', 'forward_split', '2020-08-31', '{"new_rate": "4", "old_rate": "1"}', 'alpaca'),
      ('a2', 'AAPL', 'cash_dividend', '2025-11-10', '{"rate": "0.26", "special": false}', 'alpaca'), ('a3', 'AAPLW', 'name_change', '2010-01-04', '{"new_symbol": "AAPL"}', 'import')`);
  });
  it('is listed by symbol with prices, sectors and what is stored, page by page', async () => {
    const page = HTTP.universe.output.parse(await ask({ limit: 2 }));
    expect(page).toMatchObject({ total: 3, nextAfter: 'KO', watchedTotal: 2, sectors: [{ sector: 'Consumer Staples', symbols: 1, watched: 1 }, { sector: null, symbols: 2, watched: 1 }] });
    // The newest price is the minute's, not that of the day before.
    expect(page.rows.map((row) => [row.symbol, row.lastPrice, row.barsTotal, row.dailyFrom === null])).toEqual([['AAPL', '105', 502, false], ['KO', '69', 2, true]]);
    expect((await ask({ limit: 2, after: 'KO' })).rows.map((row) => row.symbol)).toEqual(['SPY']);
  });
  it('is searched by ticker, name, sector, and what is followed or stored', async () => {
    const found = async (over: object): Promise<string[]> => (await ask(over)).rows.map((row) => row.symbol);
    expect(await found({ query: 'aa' })).toEqual(['AAPL']);
    expect(await found({ query: 'old app', status: 'all' })).toEqual(['AAPLW']);
    expect(await found({ sector: 'Consumer Staples' })).toEqual(['KO']);
    expect(await found({ sector: 'none', watched: 'no' })).toEqual(['SPY']);
    expect(await found({ status: 'all', stored: 'no' })).toEqual(['AAPLW']);
    expect(await found({ query: "'; DROP TABLE x; --" })).toEqual([]);
  });
  it('tells everything about one symbol, and corporate actions in words', async () => {
    const detail = await readSymbol(db, 'AAPL');
    expect(detail?.formerNames).toEqual([{ symbol: 'AAPLW', until: '2010-01-04' }]);
    expect(detail?.series.map((one) => [one.timeframe, one.bars, one.revisions])).toEqual([['1Min', 2, 0], ['1Day', 500, 0]]);
    expect(await readSymbol(db, 'NOPE')).toBeNull();
    const actions = HTTP.corporateActions.output.parse(await readActions(db, { symbol: 'AAPL', limit: 1 }));
    expect(actions).toMatchObject({ total: 2, actions: [{ actionId: 'a2', text: 'Dividend $0.26', exDate: '2025-11-10', changedAt: null }] });
    expect((await readActions(db, { kind: 'forward_split', to: '2021-01-01', limit: 9 })).actions.map((one) => one.text)).toEqual(['Split 4:1']);
    expect((await readActions(db, { from: '2026-01-01', limit: 9 })).total).toBe(0);
  });
});
