/** The flows of analytics over a real book: numbers worked out by hand beside each, one file and the same rows however often a run is killed. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIGURES } from '#app/analytics/catalogue.ts';
import type { BacktestResult } from '#app/contracts/backtest.ts';
import { parseRfc3339, type EpochMs } from '#app/domain/time.ts';
import { openDb, type Db } from '#chassis/db.ts';
import type { FlowDefinition } from '#chassis/flows.ts';
import { Killed, runFlowByHand, type FlowRunOptions } from '../../tests/support/flow-context.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { readCurve } from './curve.ts';
import { analyticsFlows } from './flows.ts';
import { createStrategyDays } from './strategy-days.ts';

let book: Book;
let db: Db;
let flows: readonly FlowDefinition[];
let folder: string;
const NOW = parseRfc3339('2024-03-06T23:00:00Z');

/** Two days: 5 March 2024 loses 50, 6 March wins 250, on 10,000. */
const POINTS: readonly (readonly [string, number, number])[] = [['2024-03-05T14:31:00Z', 10_000, 0], ['2024-03-05T18:00:00Z', 9_900, -100], ['2024-03-05T21:00:00Z', 9_950, -50], ['2024-03-06T14:31:00Z', 10_000, 50], ['2024-03-06T21:00:00Z', 10_200, 250]];
/** symbol, strategy, side, shares, price, reference, fee, time. */
const FILLS = [
  ['AAPL', 'sma', 'buy', 10, 101, 100, 0, '2024-03-05T15:00:00Z'], ['AAPL', 'sma', 'sell', 10, 96, 96.5, 1, '2024-03-05T16:30:00Z'],
  ['MSFT', '<b>evil</b>', 'buy', 5, 200, 200, 0, '2024-03-06T15:00:00Z'], ['MSFT', '<b>evil</b>', 'sell', 5, 250, 249, 2, '2024-03-06T19:00:00Z'],
  ['AAPL', 'sma', 'buy', 4, 100, 100, 0, '2024-03-06T20:00:00Z'],
] as const;

beforeAll(async () => {
  book = await startBook();
  folder = mkdtempSync(join(tmpdir(), 'ms-report-'));
  db = openDb({ access: book.access('analytics'), database: 'trading_system', schema: 'analytics', applicationName: 'analytics', max: 3, onLost: () => undefined });
  flows = analyticsFlows({ db, days: createStrategyDays(), config: { dataDir: folder, mode: 'live', version: '9.9.9' }, clock: { now: () => NOW } });
  await book.sql(`SELECT set_config('session_replication_role', 'replica', false)`);
});
afterAll(async () => {
  await db.close();
  await book.stop();
});

/** Children are run as the engine runs them: by their own flows. */
const run = async (name: 'generate_reports' | 'analyze_trades' | 'calculate_performance' | 'run_backtest', options: FlowRunOptions = {}): Promise<Record<string, unknown>> =>
  (await runFlowByHand(flows, name, {
    runId: `${name}:1`, child: (child, input) => runFlowByHand(flows, child, { runId: `${options.runId ?? `${name}:1`}/${child}`, input }).then(({ output }) => output), ...options,
  })).output as Record<string, unknown>;

describe('before anything was traded', () => {
  it('every flow says so, and the report is a page that says so', async () => {
    expect(await run('calculate_performance')).toEqual({ measured: false });
    expect(await run('analyze_trades')).toEqual({ analysed: false, groups: 0, parity: null });
    expect(await run('generate_reports')).toMatchObject({ reportId: 'daily-2024-03-06', file: '2024-03-06.html', equityDollars: null, dayPnlDollars: null, fills: 0 });
    expect(readFileSync(join(folder, 'reports', '2024-03-06.html'), 'utf8')).toContain('Nothing has been traded yet');
    await book.sql('TRUNCATE analytics.reports');
  });
});

describe('two days of trading', () => {
  beforeAll(async () => {
    await book.sql(`INSERT INTO execution.account_ledger (account_number, opening_cash, cash, opened_at) VALUES ('T', 10000, 10000, now())`);
    for (const [at, equity, day] of POINTS) await book.sql('INSERT INTO analytics.equity_curve (ts_market, equity, cash, long_value, short_value, day_pnl) VALUES ($1, $2, $2, 0, 0, $3)', [at, equity, day]);
    for (const [n, [symbol, strategy, side, qty, price, reference, fee, at]] of FILLS.entries()) {
      await book.sql(`INSERT INTO execution.orders (order_id, client_order_id, decision_id, source, strategy_id, symbol, side, type, time_in_force, qty, is_reducing, reference_price, status, is_closed, version, ts_market, approved_seq)
        VALUES ($1, $1, $1, 'strategy', $2, $3, $4, 'market', 'day', $5, false, $6, 'filled', true, 3, $7, $8)`, [`o${n}`, strategy, symbol, side, qty, reference, at, n]);
      await book.sql(`INSERT INTO execution.trades (fill_id, order_id, strategy_id, symbol, side, qty, price, fee, ts_event, ts_seen, source, ledger_seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now(), 'stream', $10)`, [`f${n}`, `o${n}`, strategy, symbol, side, qty, price, fee, at, n + 1]);
    }
    await book.sql(`INSERT INTO analytics.strategy_performance (strategy_id, day, realized_pnl, open_pnl, fills) VALUES ('sma', '2024-03-05', -50, 0, 2), ('<b>evil</b>', '2024-03-06', 250, 0, 2), ('sma', '2024-03-06', 0, 4, 1)`);
    await book.sql(`INSERT INTO execution.positions (symbol, version, qty, avg_price, realized_pnl, updated_at) VALUES ('AAPL', 3, 4, 100, -50, now())`);
    await book.sql(`INSERT INTO data_ingestion.ingestion_status VALUES ('AAPL', '1Min', '2024-03-06T20:59:00Z', 101, 1, 0, now())`);
    await book.sql(`INSERT INTO risk_management.risk_events (risk_event_id, severity, code, message, context, at) VALUES ('e', 'warning', 'POSITION_NEAR', 'Look at <script>alert(1)</script>', '{}', $1)`, [new Date(NOW - 3_600_000).toISOString()]);
  });

  it('analyze_trades: by strategy, symbol and hour, after fees, against the reference prices', async () => {
    // AAPL: (96 - 101) x 10 - 1 = -51; MSFT: 50 x 5 - 2 = 248. Slippage: 10 x 1 + 10 x 0.5 + 0 - 5 x 1 + 0 = 10 dollars on 1000 + 965 + 1000 + 1245 + 400.
    await book.sql(`INSERT INTO analytics.trade_analysis (run_id, scope, subject, round_trips, wins, losses, profit, fills, fees, calculated_at) SELECT 'old' || days, 'account', '', 0, 0, 0, 0, 0, 0, now() - days * interval '1 day' FROM unnest(ARRAY[399, 401]) days`);
    const output = await run('analyze_trades');
    expect(await book.sql(`DELETE FROM analytics.trade_analysis WHERE run_id LIKE 'old%' RETURNING run_id`)).toEqual([{ run_id: 'old399' }]);
    expect(output).toMatchObject({ analysed: true, account: {
      roundTrips: 2, wins: 1, losses: 1, profit: 197, winRate: 0.5, profitFactor: expect.closeTo(248 / 51, 12) as number, expectancy: 98.5, best: 248, worst: -51,
      meanHoldingMs: (1.5 + 4) * 3_600_000 / 2, fills: 5, fees: 3, slippage: expect.closeTo(10, 9) as number, slippageBps: expect.closeTo((10 / 4610) * 10_000, 9) as number } });
    const rows = await book.sql<{ scope: string; subject: string; n: number; profit: number }>(`SELECT scope, subject, round_trips AS n, profit FROM analytics.trade_analysis WHERE run_id = 'analyze_trades:1' ORDER BY scope, subject`);
    expect(rows.map(({ scope, subject, n, profit }) => [scope, subject, n, profit])).toEqual([
      ['account', '', 2, 197], ['hour', '10', 0, 0], ['hour', '11', 1, -51], ['hour', '14', 1, 248], ['hour', '15', 0, 0],
      ['strategy', '<b>evil</b>', 1, 248], ['strategy', 'sma', 1, -51], ['strategy_symbol', '<b>evil</b>|MSFT', 1, 248], ['strategy_symbol', 'sma|AAPL', 1, -51], ['symbol', 'AAPL', 1, -51], ['symbol', 'MSFT', 1, 248],
    ]);
  });

  it('calculate_performance: up to a day, or to the end', async () => {
    expect(await run('calculate_performance')).toMatchObject({ day: '2024-03-06', metrics: {
      total_return: expect.closeTo(0.02, 12) as number, max_drawdown: expect.closeTo(-0.01, 12) as number, best_day: expect.closeTo(10_200 / 9_950 - 1, 12) as number, worst_day: expect.closeTo(-0.005, 12) as number, payoff_ratio: expect.closeTo(248 / 51, 12) as number, trading_days: 2 } });
    expect(await run('calculate_performance', { runId: 'older', input: { day: '2024-03-05' } })).toMatchObject({ day: '2024-03-05', strategies: 0, metrics: { total_return: expect.closeTo(-0.005, 12) as number, round_trips: 1, trading_days: 1 } });
  });

  it('generate_reports: one file and one row, killed after each step, with what is in the book', async () => {
    await book.sql(`INSERT INTO strategy_engine.author_profile (name, contact) VALUES ('Ada Lovelace', 'ada@example.com')`);
    const options = { runId: 'generate_reports:k', memory: new Map<string, unknown>() };
    for (const killAfter of ['choose the day', 'write the report']) await expect(run('generate_reports', { ...options, killAfter })).rejects.toThrow(Killed);
    const output = await run('generate_reports', options);
    expect(output).toMatchObject({ reportId: 'daily-2024-03-06', file: '2024-03-06.html', equityDollars: 10_200, dayPnlDollars: 250, fills: 3, roundTrips: 1, mode: 'live' });
    expect(readdirSync(join(folder, 'reports'))).toEqual(['2024-03-06.html']);
    const content = readFileSync(join(folder, 'reports', '2024-03-06.html'));
    const [row, ...others] = await book.sql<{ sha256: string; bytes: number; content: { totalReturn: number } }>('SELECT sha256, bytes, content FROM analytics.reports');
    expect([others.length, row?.sha256, row?.bytes]).toEqual([0, createHash('sha256').update(content).digest('hex'), content.length]);
    const page = content.toString('utf8');
    for (const words of ['Wednesday, 6 March 2024', 'LIVE<small>real money</small>', '<b>$250.00</b> (+2.51 %)', '<b>$10,200.00</b>', '3 fills; one position was closed, with a profit', '+$248.00', '−$51.00', 'Signed by <b>Ada Lovelace</b>, ada@example.com', 'Sharpe, Journal of Portfolio Management 21(1), 1994']) expect(page).toContain(words);
  });

  it('lets nothing from outside speak: no script, no address, no markup', () => {
    const page = readFileSync(join(folder, 'reports', '2024-03-06.html'), 'utf8');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).toContain('&lt;b&gt;evil&lt;/b&gt;');
    expect(page).not.toMatch(/<script|<b>evil|https?:|src=|href=|url\(|@import|javascript:|\son\w+=/i);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('a report of an older day shows that day, and leaves what is held now out', async () => {
    expect(await run('generate_reports', { runId: 'generate_reports:old', input: { day: '2024-03-05' } })).toMatchObject({ reportId: 'daily-2024-03-05', equityDollars: 9_950, dayPnlDollars: -50, fills: 2, roundTrips: 1 });
    const page = readFileSync(join(folder, 'reports', '2024-03-05.html'), 'utf8');
    expect(page).toContain('Positions are shown in the report of the newest day only');
    expect(page).not.toContain('evil');
  });

  it('a report that comes a day late is that of its day', async () => {
    expect(await run('generate_reports', { runId: 'generate_reports:late', scheduledFor: parseRfc3339('2024-03-05T23:00:00Z') })).toMatchObject({ reportId: 'daily-2024-03-05', equityDollars: 9_950, fills: 2 });
    expect(await run('generate_reports', { runId: 'generate_reports:due', scheduledFor: parseRfc3339('2024-03-06T23:00:00Z') })).toMatchObject({ reportId: 'daily-2024-03-06' });
    // The newest day of a book that has stood still is what there is to tell.
    expect(await run('generate_reports', { runId: 'generate_reports:still', scheduledFor: parseRfc3339('2024-03-08T23:00:00Z') })).toMatchObject({ reportId: 'daily-2024-03-06' });
  });
});

describe('a long curve', () => {
  it('is read in pages and thinned for the picture, with its deepest fall kept', async () => {
    await book.sql('TRUNCATE analytics.equity_curve');
    // 30,000 minutes up by a dollar each, but for one that falls to 90 % of the highest before.
    await book.sql(`INSERT INTO analytics.equity_curve (ts_market, equity, cash, long_value, short_value, day_pnl) SELECT timestamptz '2024-01-02T14:30:00Z' + n * interval '1 minute', e, e, 0, 0, 0 FROM (SELECT n, CASE n WHEN 21000 THEN (10000 + 20999) * 0.9 ELSE 10000 + n END AS e FROM generate_series(1, 30000) n) s`);
    const curve = await readCurve(db, null);
    expect(curve?.line.length).toBeGreaterThan(600);
    expect(curve?.line.length).toBeLessThanOrEqual(1_200);
    expect(Math.min(...(curve?.line ?? []).map((point) => point.drawdown))).toBeCloseTo(-0.1, 9);
    expect([curve?.line.at(-1)?.equity, curve?.days.at(-1)?.close, curve?.drawdown.deepest.toFixed(9), curve?.days.length]).toEqual([40_000, 40_000, '-0.100000000', 22]);
  });
});

describe('run_backtest', () => {
  it('measures the stored result of its child with the figures of the account, once', async () => {
    const at = (day: number): EpochMs => parseRfc3339(`2024-03-0${day}T21:00:00Z`);
    const result: BacktestResult = {
      backtestId: 'b1', strategy: { strategyId: null, versionId: null, kind: 'sma_cross', parameters: {}, sizing: {}, project: null }, symbols: ['AAPL'], timeframe: '1Min', from: at(4), to: at(6), startEquity: '1000', endEquity: '1045', feesPaid: '0', dividends: 0, carry: 0,
      equity: [[at(4), 1_100], [at(5), 990], [at(6), 1_045]], daily: [['2024-03-04', 1_100], ['2024-03-05', 990], ['2024-03-06', 1_045]], maxDrawdown: -0.1, trades: [], isTruncated: false, roundTrips: [], openPositions: [],
      signals: 4, orders: 4, fills: 4, denied: {}, ordersHash: 'h', manifest: null, barsSeen: 3, barsLeftOut: 0, warnings: [], figures: { total_return: 0.045, max_drawdown: -0.1, sharpe: null, unheard_of: 7 }, tearSheet: null, verdict: null, searchId: null,
    };
    await book.sql(`INSERT INTO strategy_engine.backtests (backtest_id, strategy_version_id, request, result) VALUES ('b1', '', '{}', $1)`, [JSON.stringify(result)]);
    await book.sql(`INSERT INTO analytics.backtest_metrics (backtest_id, name, value, unit) VALUES ('let go', 'cagr', 1, '')`);
    const child = (): Promise<unknown> => Promise.resolve({ ...result, manifestHash: null, headline: null });
    const options: FlowRunOptions = { child, memory: new Map(), input: { kind: 'sma_cross' } };
    await expect(run('run_backtest', { ...options, killAfter: 'measure' })).rejects.toThrow(Killed);
    // The figures of the tear sheet by the names of the catalogue, no more and no fewer.
    expect(await run('run_backtest', options)).toMatchObject({ backtestId: 'b1', metrics: { total_return: 0.045, max_drawdown: -0.1, sharpe: null, calmar: null } });
    expect(await book.sql('SELECT count(*) AS n, count(value) AS known FROM analytics.backtest_metrics')).toEqual([{ n: FIGURES.length, known: 2 }]);
  });
});
