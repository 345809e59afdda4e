/** Analytics over a real book: the equity curve is a function of bars and fills, whatever order they are heard in. */
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EventEnvelope } from '#app/contracts/events.ts';
import { parseRfc3339, type EpochMs } from '#app/domain/time.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { runFlowByHand } from '../../tests/support/flow-context.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { analyticsFlows } from './flows.ts';
import { analyticsConsumers } from './lane.ts';
import { createStrategyDays } from './strategy-days.ts';
import { ACCOUNT_FIGURES } from './performance.ts';
import { recordChange } from './record-change.ts';

let book: Book;
let db: Db;
let days = createStrategyDays();
const OPEN = parseRfc3339('2024-03-05T14:30:00Z');
const minute = (n: number): EpochMs => (OPEN + n * 60_000) as EpochMs;
const iso = (at: number): string => new Date(at).toISOString();
const HALF_DAY_MS = 43_200_000;

let seq = 0;
const envelope = (topic: 'bar.closed' | 'order.filled', payload: Record<string, unknown>): EventEnvelope =>
  ({ producer: topic === 'bar.closed' ? 'data_ingestion' : 'execution', seq: (seq += 1), topic, key: `k${seq}`, correlationId: 'c', tsWritten: 0, payload }) as unknown as EventEnvelope;
async function hear(events: EventEnvelope[]): Promise<void> {
  const [fills, bars] = analyticsConsumers(days);
  await db.tx((tx) => (events[0]?.topic === 'bar.closed' ? bars : fills)?.handle(tx, events) ?? Promise.reject(new Error('no lane')));
}

/** data_ingestion's side: the bar is in the book before it is told. */
async function bar(symbol: string, openTime: EpochMs, close: string, changes: { isBackfill?: boolean } = {}): Promise<EventEnvelope> {
  await book.sql(`INSERT INTO data_ingestion.market_data VALUES ($1, '1Min', $2, $3, $3, $3, $3, 1, 'test', now()) ON CONFLICT DO NOTHING`, [symbol, iso(openTime), close]);
  await book.sql(`INSERT INTO data_ingestion.ingestion_status VALUES ($1, '1Min', $2, $3, 1, 0, now()) ON CONFLICT (symbol, timeframe) DO UPDATE SET last_close = CASE WHEN excluded.last_open_time > ingestion_status.last_open_time THEN excluded.last_close ELSE ingestion_status.last_close END,
    last_open_time = greatest(ingestion_status.last_open_time, excluded.last_open_time)`, [symbol, iso(openTime), close]);
  return envelope('bar.closed', { symbol, timeframe: '1Min', openTime, open: close, high: close, low: close, close, volume: '1', tsSeen: 0, isBackfill: changes.isBackfill ?? false });
}
let fillCount = 0;
/** Execution's side: the fill is in the ledger before it is told. `what` reads shares@price, negative shares sell. */
async function fill(strategyId: string, symbol: string, tsEvent: number, what: string): Promise<EventEnvelope> {
  const [shares = '0', at = '0'] = what.split('@');
  const n = (fillCount += 1);
  const side = shares.startsWith('-') ? 'sell' : 'buy';
  const qty = shares.replace('-', '');
  await book.sql(`INSERT INTO execution.trades (fill_id, order_id, strategy_id, symbol, side, qty, price, ts_event, ts_seen, source, ledger_seq)
    SELECT $1, 'o', $2, $3, $4, $5, $6, $7, now(), 'stream', $8 WHERE set_config('session_replication_role', 'replica', true) IS NOT NULL`, [`f${n}`, strategyId, symbol, side, qty, at, iso(tsEvent), n]);
  await book.sql(`INSERT INTO execution.positions (symbol, version, qty, avg_price, realized_pnl, updated_at) VALUES ($1, 1, $2, $3, 0, now()) ON CONFLICT (symbol) DO UPDATE SET qty = positions.qty + excluded.qty`, [symbol, shares, at]);
  await book.sql(`UPDATE execution.account_ledger SET cash = cash - $1::numeric * $2::numeric`, [shares, at]);
  return envelope('order.filled', { fillId: `f${n}`, orderId: 'o', clientOrderId: 'c', strategyId: strategyId === '' ? null : strategyId, symbol, side, qty, price: at, fee: '0', isOrderComplete: true, tsEvent, tsSeen: 0 });
}
type Point = { at: number; equity: string; cash: string; long_value: string; day_pnl: string };
const curve = (): Promise<Point[]> => book.sql(`SELECT ts_market AS at, trim_scale(equity)::text AS equity, trim_scale(cash)::text AS cash, trim_scale(long_value)::text AS long_value, trim_scale(day_pnl)::text AS day_pnl FROM analytics.equity_curve ORDER BY ts_market`);
const equities = async (): Promise<string[]> => (await curve()).map((point) => point.equity);

beforeAll(async () => {
  book = await startBook();
  await book.sql(`SELECT data_ingestion.ensure_month('2024-03-01')`);
  db = openDb({ access: book.access('analytics'), database: 'trading_system', schema: 'analytics', applicationName: 'analytics', max: 3, onLost: () => undefined });
});
afterAll(async () => {
  await db.close();
  await book.stop();
});
beforeEach(async () => {
  await book.sql(`TRUNCATE analytics.equity_curve, analytics.strategy_performance, analytics.performance_metrics, analytics.outbox, analytics.inbox_offset, execution.trades, execution.opening_positions, execution.positions, execution.account_ledger, execution.outbox,
    data_ingestion.market_data, data_ingestion.ingestion_status, risk_management.day_open_equity CASCADE`);
  await book.sql('UPDATE analytics.outbox_head SET seq = 0, sent_seq = 0');
  await book.sql(`INSERT INTO execution.account_ledger (account_number, opening_cash, cash, opened_at) VALUES ('T', 10000, 10000, now())`);
  days = createStrategyDays();
});

describe('the equity curve', () => {
  it('has one point per minute: cash and positions as they were, at the closes known then', async () => {
    await hear([await bar('AAPL', minute(0), '100')]);
    await hear([await fill('sma', 'AAPL', minute(1), '10@101')]);
    await hear([await bar('AAPL', minute(1), '102'), await bar('MSFT', minute(1), '50')]);
    await hear([await bar('AAPL', minute(2), '90')]);
    expect(await curve()).toEqual([
      { at: minute(1), equity: '10000', cash: '10000', long_value: '0', day_pnl: '0' },
      { at: minute(2), equity: '10010', cash: '8990', long_value: '1020', day_pnl: '10' },
      { at: minute(3), equity: '9890', cash: '8990', long_value: '900', day_pnl: '-110' },
    ]);
    const told = await book.sql<{ payload: Record<string, string> }>(`SELECT payload FROM analytics.outbox WHERE topic = 'equity.recorded' ORDER BY seq`);
    expect(told.map((event) => event.payload['equity'])).toEqual(['10000', '10010', '9890']);
    expect(told.at(-1)?.payload).toMatchObject({ grossExposure: '900', cash: '8990' });
  });

  it('is the same when all is heard at once, and when a fill is heard late', async () => {
    const first = [await bar('AAPL', minute(0), '100')];
    const bought = await fill('sma', 'AAPL', minute(1), '10@101');
    const later = [await bar('AAPL', minute(1), '102'), await bar('AAPL', minute(2), '90')];
    const sold = await fill('sma', 'AAPL', minute(3), '-10@95');
    const last = [await bar('AAPL', minute(3), '300')];
    await hear([...first, ...later, ...last]);
    await hear([bought, sold]);
    expect(await equities()).toEqual(['10000', '10010', '9890', '9940']);
    expect((await curve()).map((point) => point.day_pnl)).toEqual(['0', '10', '-110', '-60']);
  });

  it('corrects the points that were drawn before a late fill was booked', async () => {
    await hear([await bar('AAPL', minute(0), '100'), await bar('AAPL', minute(1), '102'), await bar('AAPL', minute(2), '90')]);
    expect(await equities()).toEqual(['10000', '10000', '10000']);
    await hear([await fill('sma', 'AAPL', minute(1), '10@101')]);
    expect(await equities()).toEqual(['10000', '10010', '9890']);
  });

  it('counts the day from its opening equity', async () => {
    await book.sql(`INSERT INTO risk_management.day_open_equity (day, equity) VALUES ('2024-03-05', 9000)`);
    await hear([await bar('AAPL', minute(0), '100'), await bar('AAPL', minute(24 * 60), '100')]);
    expect((await curve()).map((point) => point.day_pnl)).toEqual(['1000', '0']);
  });

  it('has no points for history that was read before trading, nor before there is an account', async () => {
    await hear([await bar('AAPL', minute(0), '100', { isBackfill: true })]);
    await book.sql('TRUNCATE execution.account_ledger');
    await hear([await bar('AAPL', minute(1), '100')]);
    expect(await curve()).toEqual([]);
  });

  it('keeps up with bursts', async () => {
    const symbols = Array.from({ length: 20 }, (_, n) => `S${String.fromCharCode(65 + n)}`);
    await book.sql(`INSERT INTO data_ingestion.market_data SELECT s, '1Min', t, 10, 10, 10, 10, 1, 'test', now() FROM unnest($1::text[]) s, generate_series($2::timestamptz, $2::timestamptz + interval '299 minutes', interval '1 minute') t`, [symbols, iso(OPEN)]);
    await book.sql(`INSERT INTO data_ingestion.ingestion_status SELECT s, '1Min', $2, 10, 1, 0, now() FROM unnest($1::text[]) s`, [symbols, iso(minute(299))]);
    await book.sql(`INSERT INTO execution.positions SELECT s, 1, 5, 10, 0, now() FROM unnest($1::text[]) s`, [symbols]);
    const events = Array.from({ length: 300 }, (_, n) => symbols.map((symbol) => envelope('bar.closed', { symbol, timeframe: '1Min', openTime: minute(n), open: '10', high: '10', low: '10', close: '10', volume: '1', tsSeen: 0, isBackfill: false }))).flat();
    const began = performance.now();
    for (let start = 0; start < events.length; start += 512) await hear(events.slice(start, start + 512));
    const perSecond = events.length / ((performance.now() - began) / 1000);
    expect((await curve()).length).toBe(300);
    expect(perSecond).toBeGreaterThan(2_000);
    process.stdout.write(`analytics: ${Math.round(perSecond)} bars/s in bursts with 20 positions\n`);
  });
});

describe('profit by strategy and day', () => {
  const rows = (): Promise<unknown[]> => book.sql(`SELECT strategy_id, day::text AS day, trim_scale(realized_pnl)::text AS realized, trim_scale(open_pnl)::text AS open, fills FROM analytics.strategy_performance ORDER BY strategy_id, day`);

  it('falls on the day of the fill, also in one batch over midnight and after a restart in between', async () => {
    await bar('AAPL', minute(0), '107');
    const next = minute(0) + 2 * HALF_DAY_MS;
    const first = [await fill('sma', 'AAPL', minute(1), '10@100'), await fill('sma', 'AAPL', minute(2), '-4@105'), await fill('', 'AAPL', minute(2), '2@100')];
    const second = [await fill('sma', 'AAPL', next, '-3@110'), await fill('sma', 'AAPL', next, '-3@90')];
    await hear([...first, ...second]);
    const expected = [
      { strategy_id: '', day: '2024-03-05', realized: '0', open: '14', fills: 1 },
      { strategy_id: 'sma', day: '2024-03-05', realized: '20', open: '0', fills: 2 },
      { strategy_id: 'sma', day: '2024-03-06', realized: '0', open: '0', fills: 2 },
    ];
    expect(await rows()).toEqual(expected);

    await book.sql('TRUNCATE analytics.strategy_performance');
    days = createStrategyDays();
    const unheard = first.concat(second);
    await book.sql(`INSERT INTO execution.outbox (seq, topic, key, correlation_id, payload) SELECT n, 'order.filled', fill_id, 'c', '{}' FROM (SELECT fill_id, row_number() OVER (ORDER BY ledger_seq) AS n FROM execution.trades) t`);
    await days.rebuild(db);
    await hear(unheard.slice(0, 3));
    await book.sql(`INSERT INTO analytics.inbox_offset (producer, seq) VALUES ('execution', 3)`);
    days = createStrategyDays();
    await days.rebuild(db);
    await hear(unheard.slice(3));
    expect((await rows()).map((row) => ({ ...(row as object), open: '0' }))).toEqual(expected.map((row) => ({ ...row, open: '0' })));
  });

  it('knows what was taken over with the account, also when it was opened after the start', async () => {
    await bar('AAPL', minute(0), '100');
    await days.rebuild(db);
    await book.sql(`INSERT INTO execution.opening_positions VALUES ('AAPL', 10, 90, $1)`, [iso(minute(0))]);
    await hear([await fill('', 'AAPL', minute(1), '-4@100')]);
    expect(await rows()).toEqual([{ strategy_id: '', day: '2024-03-05', realized: '40', open: '60', fills: 1 }]);
  });

  it('is not counted twice when a batch fails and runs again', async () => {
    await bar('AAPL', minute(0), '100');
    const events = [await fill('sma', 'AAPL', minute(1), '10@100'), await fill('sma', 'AAPL', minute(2), '-10@101')];
    const [fills] = analyticsConsumers(days);
    await expect(db.tx(async (tx) => {
      await fills?.handle(tx, events);
      throw new Error('planted');
    })).rejects.toThrow('planted');
    await hear(events);
    expect(await rows()).toEqual([{ strategy_id: 'sma', day: '2024-03-05', realized: '10', open: '0', fills: 2 }]);
  });
});

describe('calculate_performance', () => {
  const parts = () => ({ db, days, config: { dataDir: tmpdir(), mode: 'demo' as const, version: '0.0.0-test' }, clock: { now: () => minute(0) } });
  const run = async (): Promise<unknown> => (await runFlowByHand(analyticsFlows(parts()), 'calculate_performance', { runId: 'r1' })).output;

  it('says that nothing was traded', async () => {
    expect(await run()).toEqual({ measured: false });
  });

  it('measures the curve and the round trips, and keeps yearly figures empty while the days are few', async () => {
    await hear([await bar('AAPL', minute(0), '100')]);
    await hear([await fill('sma', 'AAPL', minute(1), '10@100')]);
    await hear([await bar('AAPL', minute(1), '80'), await bar('AAPL', minute(2), '120')]);
    await hear([await fill('sma', 'AAPL', minute(3), '-10@120')]);
    await hear([await bar('AAPL', minute(3), '120')]);
    expect(await run()).toMatchObject({ measured: true, day: '2024-03-05', metrics: { total_return: expect.closeTo(0.02, 12) as number, max_drawdown: expect.closeTo(-0.02, 12) as number, win_rate: 1, profit_factor: null, round_trips: 1, fills: 2, trading_days: 1, sharpe: null, cagr: null, calmar: null, expectancy: 200, best_day: expect.closeTo(0.02, 12) as number } });
    await run();
    expect(await book.sql(`SELECT count(*) AS n FROM analytics.performance_metrics`)).toEqual([{ n: ACCOUNT_FIGURES.length }]);
  });
});

describe('a change outside of the book', () => {
  const record = (idempotencyKey: string, level: string) => recordChange(db, { actor: 'ann', idempotencyKey, action: 'settings.saved', subject: 'settings', before: { LOG_LEVEL: 'info' }, after: { LOG_LEVEL: level } });

  it('is written once, also when it is told twice at the same moment; another one under the same key is written too', async () => {
    await Promise.all([record('change-0001', 'warn'), record('change-0001', 'warn'), record('change-0001', 'warn')]);
    await record('change-0001', 'warn');
    await record('change-0001', 'debug');
    await record('change-0002', 'warn');
    const rows = await book.sql<{ level: string; key: string }>(`SELECT after->>'LOG_LEVEL' AS level, after->>'idempotencyKey' AS key FROM logging.audit_log WHERE action = 'settings.saved' ORDER BY id`);
    expect(rows).toEqual([{ level: 'warn', key: 'change-0001' }, { level: 'debug', key: 'change-0001' }, { level: 'warn', key: 'change-0002' }]);
  });
});
