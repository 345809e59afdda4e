/** The expectation of a deployment over a real book, as the gateway's role reads it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectationSchema } from '#app/contracts/deploy.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { startBook, type Book } from '../../../tests/support/servers.ts';
import { readExpectation } from './expectation.ts';

let book: Book;
let db: Db;
const iso = (ms: number): string => new Date(ms).toISOString();
const days = sessionsBetween('2024-03-04', '2024-03-11');
/** Forty days of a back-test that each made $10. */
const daily = sessionsBetween('2023-09-01', '2023-10-31').slice(0, 41).map(({ date }, n) => [date, 100_000 + 10 * n]);

async function deploy(id: string, sizing: unknown, project: string | null): Promise<void> {
  await book.sql(`INSERT INTO strategy_engine.strategies (strategy_id, name, kind, symbols, timeframe, parameters, sizing, current_version_id, project_id) VALUES ($1, $1, 'k', '{SPY}', '1Min', '{"n": 5}', '{}', $1 || '.v1', $2)`, [id, project]);
  await book.sql(`INSERT INTO strategy_engine.strategy_versions (strategy_version_id, strategy_id, version, kind, parameters, sizing, code_hash, created_at, project_id, project_version) VALUES ($1 || '.v1', $1, 1, 'k', '{"n": 5}', $2::jsonb, 'h', now() - interval '1 hour', $3, $4)`, [id, JSON.stringify(sizing), project, project === null ? null : 1]);
}

async function backtest(n: number, of: { readonly version: string; readonly project?: string; readonly parameters: unknown; readonly state?: string }): Promise<string> {
  const id = `bt_${String(n).padStart(24, '0')}`;
  const result = { daily, strategy: { sizing: { method: 'fixed_notional', notional: '1000' } } };
  await book.sql(`INSERT INTO strategy_engine.backtests (backtest_id, strategy_version_id, request, result, view, project_id, project_version, state, created_at) VALUES ($1, $2, '{}', $3::jsonb, $4::jsonb, $5, $6, $7, now() + make_interval(secs => $8))`,
    [id, of.version, JSON.stringify(result), JSON.stringify({ parameters: of.parameters }), of.project ?? null, of.project === undefined ? null : 1, of.state ?? 'done', n]);
  return id;
}

beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('gateway'), database: 'trading_system', schema: null, applicationName: 'expectation test', max: 2, onLost: (error) => { throw error; } });
  await book.sql(`BEGIN; INSERT INTO strategy_engine.projects (project_id, name, current_version) VALUES ('mine', 'Mine', 1), ('copy', 'Copy', 1);
    INSERT INTO strategy_engine.project_versions (project_id, version, files, hash, saved_by) VALUES ('mine', 1, '[]', repeat('a', 64), 'owner'), ('copy', 1, '[]', repeat('a', 64), 'owner'); COMMIT`);
  // What was written before the version began is not its doing; the market's clock is of another year.
  await book.sql(`INSERT INTO analytics.equity_curve (ts_market, equity, cash, long_value, short_value, day_pnl, recorded_at) VALUES ($1, 90000, 0, 0, 0, 0, now() - interval '2 hours')`, [iso(sessionsBetween('2024-03-01', '2024-03-01')[0]?.close ?? 0)]);
  for (const { close } of days) await book.sql(`INSERT INTO analytics.equity_curve (ts_market, equity, cash, long_value, short_value, day_pnl) VALUES ($1, 50000, 0, 0, 0, 0)`, [iso(close)]);
});
afterAll(async () => {
  await db.close();
  await book.stop();
});

describe('the expectation of a deployment', () => {
  it('is nothing without a finished back-test of what it runs', async () => {
    await deploy('house', { method: 'fixed_notional', notional: '2000' }, null);
    await backtest(1, { version: 'other.v1', parameters: { n: 5 } });
    await backtest(2, { version: 'house.v1', parameters: { n: 5 }, state: 'running' });
    expect(await readExpectation(db, 'house')).toBeNull();
    expect(await readExpectation(db, 'nobody')).toBeNull();
  });

  it('scales entries of fixed dollars, counts what was open at the start to nobody, and carries quiet days on', async () => {
    const id = await backtest(3, { version: 'house.v1', parameters: { n: 5 } });
    const pnl = (day: string | undefined, realized: number, open: number) => book.sql(`INSERT INTO analytics.strategy_performance (strategy_id, day, realized_pnl, open_pnl, fills) VALUES ('house', $1, $2, $3, 1)`, [day, realized, open]);
    await pnl('2024-02-29', 500, 40);
    await pnl(days[0]?.date, 5, 40);
    await pnl(days[2]?.date, 10, 0);
    const found = expectationSchema.parse(await readExpectation(db, 'house'));
    expect(found).toMatchObject({ backtestId: id, standing: 'below', words: expect.stringContaining('After 6 exchange days it has made -$25.00') as string });
    // Each day of the back-test made $10 by entries of $1,000; these are of $2,000.
    expect(found.days).toEqual(days.map(({ date: day }, n) => ({ day, actual: n < 2 ? 5 : -25, low: 20 * (n + 1), middle: 20 * (n + 1), high: 20 * (n + 1) })));
  });

  it('comes from any version with the same files, before all one with the same parameters, and follows the equity elsewhere', async () => {
    await deploy('authored', { method: 'percent_of_equity', percent: '10' }, 'mine');
    const same = await backtest(4, { version: 'copy.unstored', project: 'copy', parameters: { n: 5 } });
    await backtest(5, { version: 'mine.unstored', project: 'mine', parameters: { n: 6 } });
    const found = await readExpectation(db, 'authored');
    expect(found).toMatchObject({ backtestId: same, standing: 'below' });
    expect(found?.days[0]?.middle).toBeCloseTo(5, 1);
  });

  it('goes on after a year and a half: over the last 380 days, and says so', async () => {
    const long = sessionsBetween('2024-03-04', '2026-03-04').slice(0, 400);
    await book.sql(`INSERT INTO analytics.equity_curve (ts_market, equity, cash, long_value, short_value, day_pnl, recorded_at) VALUES ($1, 50000, 0, 0, 0, 0, now() + interval '1 day')`, [iso(long.at(-1)?.close ?? 0)]);
    // It lost before, and has made $7 since on a day that counts.
    await book.sql(`INSERT INTO analytics.strategy_performance (strategy_id, day, realized_pnl, open_pnl, fills) VALUES ('house', $1, 7, 0, 1)`, [long[30]?.date]);
    const found = await readExpectation(db, 'house');
    expect(found?.days).toHaveLength(380);
    expect([found?.days[0]?.day, found?.days.at(-1)?.day]).toEqual([long[20]?.date, long[399]?.date]);
    expect(found?.days.at(-1)).toMatchObject({ actual: 7, middle: 7_600 });
    expect(found?.words).toMatch(/^In the last 380 of its 400 exchange days it has made \$7\.00, less than/);
  });
});
