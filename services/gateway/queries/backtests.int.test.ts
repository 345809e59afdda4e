/** Back-tests read from a real book, as the gateway's own role: a thousand of them in a list, and what belongs to one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlowRun } from '#app/contracts/flows.ts';
import { backtestIdOf } from '#chassis/backtest-id.ts';
import { openDb, type Db, type Queryable } from '#chassis/db.ts';
import { startBook, type Book } from '../../../tests/support/servers.ts';
import type { HandlerParts } from '../handler-types.ts';
import { studioHandlers } from '../studio-handlers.ts';
import { readBacktest, readBacktestLog, readBacktests, readBacktestSearch } from './backtests.ts';

let book: Book;
let db: Db;
const RUNS = 1_000;
const idOf = (n: number): string => `bt_${n.toString(16).padStart(24, '0')}`;
const view = {
  hash: 'a'.repeat(64), strategyId: null, versionId: null, kind: 'my_cross', parameters: { fast: 10 }, symbols: ['AAPL'], screenId: null, timeframe: '1Day', from: 1, to: 2, startEquity: 100_000, endEquity: 110_000, totalReturn: 0.1,
  benchmark: null, benchmarkReturn: null, sharpe: 1.2, maxDrawdown: -0.05, trips: 12, belief: 'doubtful', headline: 'Doubtful: there are few trades', hasSearch: false, trials: null, manifestHash: 'b'.repeat(64), barsSeen: 2_500,
};

beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('gateway'), database: 'trading_system', schema: null, applicationName: 'test', max: 2, onLost: () => undefined });
  // Results that PostgreSQL cannot make small: 5 kB each, which it keeps beside the rows.
  await book.sql(
    `INSERT INTO strategy_engine.backtests (backtest_id, run_id, strategy_version_id, request, asked, view, result, state, project_id, project_version, created_at, ran_at, finished_at)
     SELECT 'bt_' || lpad(to_hex(n), 24, '0'), 'backtest_strategy:' || n, 'p@1', '{}', '{"seed": 3}', $1::jsonb, jsonb_build_object('curve', (SELECT string_agg(md5(n || ':' || m), '') FROM generate_series(1, 150) m)), 'done',
       CASE WHEN n % 2 = 0 THEN 'even' ELSE 'odd' END, 1, now() - make_interval(secs => $2 - n), now() - make_interval(secs => $2 - n - 0.5), now() - make_interval(secs => $2 - n - 2)
     FROM generate_series(1, $2) n`, [JSON.stringify(view), RUNS],
  );
  await book.sql('ANALYZE strategy_engine.backtests');
}, 60_000);
afterAll(async () => {
  await db.close();
  await book.stop();
});

/** An orchestrator that knows of these runs. */
function orchestratorWith(runs: readonly FlowRun[], inputs: Readonly<Record<string, unknown>>): HandlerParts['orchestrator'] {
  const answers: Readonly<Record<string, (input: { readonly runId?: string }) => unknown>> = { runs: () => ({ runs, nextCursor: null, tookMs: 1 }), run: ({ runId = '' }) => ({ ...runs.find((one) => one.runId === runId), input: inputs[runId] ?? {} }) };
  return { ask: (name, input) => Promise.resolve(answers[name]?.(input as { runId?: string })) } as HandlerParts['orchestrator'];
}
const runOf = (runId: string, state: FlowRun['state']): FlowRun => ({ runId, flow: 'backtest_strategy', owner: 'strategy_engine', state, trigger: 'manual', scheduledFor: null, parentRunId: null, createdAt: 5, startedAt: null, endedAt: null, error: null, progress: null, latenessMs: null });

describe('back-tests', () => {
  it('that wait for their turn stand first in the list, without a row', async () => {
    const runs = [runOf('backtest_strategy:third', 'PENDING'), runOf('backtest_strategy:other', 'SCHEDULED'), runOf('backtest_strategy:gone', 'CANCELLED')];
    const orchestrator = orchestratorWith(runs, { 'backtest_strategy:third': { project: { projectId: 'even', version: 2 }, symbols: ['SPY'] }, 'backtest_strategy:other': { kind: 'sma_cross' } });
    const { backtests } = studioHandlers({ ctx: { db }, orchestrator } as HandlerParts);
    const page = await backtests({ projectId: 'even', limit: 2 }, {} as Parameters<typeof backtests>[1]);
    expect(page.backtests.map(({ backtestId }) => backtestId)).toEqual([backtestIdOf('backtest_strategy:third'), idOf(RUNS), idOf(RUNS - 2)]);
    expect(page.backtests[0]).toMatchObject({ runId: 'backtest_strategy:third', state: 'running', project: { projectId: 'even', version: 2 }, symbols: ['SPY'], startedAt: 5 });
    expect((await backtests({ projectId: 'even', limit: 2, before: idOf(RUNS - 2) }, {} as Parameters<typeof backtests>[1])).backtests).toHaveLength(2);
    expect((await backtests({ limit: 1 }, {} as Parameters<typeof backtests>[1])).backtests).toHaveLength(3);
  });

  it('are listed page by page, newest first, each once', async () => {
    const seen: string[] = [];
    for (let before: string | undefined; ; ) {
      const page = await readBacktests(db, { projectId: 'even', limit: 100, before });
      seen.push(...page.backtests.map(({ backtestId }) => backtestId));
      before = seen.at(-1);
      if (!page.hasMore) break;
    }
    expect(seen).toEqual(Array.from({ length: RUNS / 2 }, (_none, n) => idOf(RUNS - 2 * n)));
  });

  it('are listed without what they came to: a result is megabytes', async () => {
    const asked: string[] = [];
    const listening: Queryable = { query(text, params) { asked.push(text); return db.query(text, params); } };
    expect((await readBacktests(listening, { limit: 100 })).backtests).toHaveLength(100);
    expect(asked.filter((sql) => /b\.(result|request|log|monte_carlo|benchmark)\b/.test(sql))).toEqual([]);
  });

  it('are told with their times, and who made them', async () => {
    const { backtests: [newest] } = await readBacktests(db, { limit: 1 });
    expect(newest).toMatchObject({ backtestId: idOf(RUNS), runId: `backtest_strategy:${RUNS}`, state: 'done', project: { projectId: 'even', version: 1, hash: 'a'.repeat(64) }, sharpe: 1.2, ranMs: expect.closeTo(500, 3) as unknown, tookMs: expect.closeTo(2_000, 3) as unknown });
    expect(await readBacktests(db, { limit: 5, strategyId: 'nobody' })).toEqual({ backtests: [], hasMore: false });
  });

  it('are read in full; one that is not there is not', async () => {
    const found = await readBacktest(db, idOf(4));
    expect(found).toMatchObject({ view: { backtestId: idOf(4) }, request: { seed: 3 }, monteCarlo: null, benchmarkCurve: null, log: { lines: 0, dropped: 0 } });
    expect(found?.result).toHaveProperty('curve');
    expect(await readBacktest(db, idOf(5_000))).toBeNull();
    await expect(readBacktestSearch(db, idOf(4))).rejects.toMatchObject({ code: 'BACKTEST_NOT_FOUND' });
    await expect(readBacktestLog(db, idOf(5_000), 0)).rejects.toMatchObject({ code: 'BACKTEST_NOT_FOUND' });
  });

  it('have their log by the thousand lines', async () => {
    const lines = Array.from({ length: 1_500 }, (_none, n) => ({ barTime: n, symbol: 'AAPL', level: 'info', line: `line ${n + 1}` }));
    await book.sql('UPDATE strategy_engine.backtests SET log = $2::jsonb WHERE backtest_id = $1', [idOf(6), JSON.stringify({ lines, dropped: 7 })]);
    const first = await readBacktestLog(db, idOf(6), 0);
    const rest = await readBacktestLog(db, idOf(6), first.lines.at(-1)?.seq ?? 0);
    expect([first.lines.length, rest.lines.length, rest.total, rest.dropped]).toEqual([1_000, 500, 1_500, 7]);
    expect(rest.lines.at(-1)).toEqual({ seq: 1_500, barTime: 1_499, symbol: 'AAPL', level: 'info', line: 'line 1500' });
    expect((await readBacktestLog(db, idOf(6), 1_500)).lines).toEqual([]);
  });
});
