/** Back-tests of versions that were written here, over a real book: told by their row, the same as the house's, refused with the place, searched, looked at bar by bar. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backtestResultSchema, type BacktestResult } from '#app/contracts/backtest.ts';
import { searchReportSchema } from '#app/contracts/search-report.ts';
import { monteCarloViewSchema, runStepSchema, type RunProblem, type RunStep } from '#app/contracts/studio.ts';
import { openDb, type Db } from '#chassis/db.ts';
import type { FlowDefinition } from '#chassis/flows.ts';
import { hashOfFiles } from '#chassis/project-files.ts';
import { runFlowByHand, type HandOptions } from '../../tests/support/run-flow.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { SMA_CROSS } from '../research/sandbox/testing-sources.ts';
import { barSource } from './backtest-bars.ts';
import { backtestFlow } from './backtest-flow.ts';
import { createStepper } from './backtest-steps.ts';
import { noteBegin, settleLost } from './backtest-store.ts';
import { testMarket } from './testing-market.ts';

let book: Book;
let db: Db;
let flow: FlowDefinition;
let step: ReturnType<typeof createStepper>;
const folder = mkdtempSync(path.join(tmpdir(), 'ms-studio-'));
const THROWS = SMA_CROSS.replace("import { atr,", "import { log, atr,").replace("if (side === 0 || side === before) return;", "if (fast.now > 100.5) { log('about to throw'); throw new Error('too high for me'); }\n    if (side === 0 || side === before) return;");
const LOGS = SMA_CROSS.replace("import { atr,", "import { log, atr,").replace("state.side = side;\n    if (before", "state.side = side;\n    log(['side', side].join(' '));\n    if (before");
const SOURCES: Readonly<Record<string, string>> = { my_cross: SMA_CROSS, thrower: THROWS, logger: LOGS };
const DAYS = { timeframe: '1Min', from: '2024-07-01', to: '2024-07-09' } as const;

type Row = { state: string; problem: RunProblem | null; result: unknown; view: Record<string, unknown>; log: { lines: { line: string; barTime: number }[]; dropped: number } | null; monteCarlo: unknown; manifest: { hash: string } | null; ran: number | null };

async function run(request: Record<string, unknown>, options: HandOptions = {}): Promise<string> {
  const { output } = await runFlowByHand(flow, { ...DAYS, hasChecks: false, ...request }, { runId: `studio:${JSON.stringify(request)}`, ...options });
  return (output as { backtestId: string }).backtestId;
}
const rows = (): Promise<Row[]> => book.sql<Row>('SELECT state, problem, result, view, log, monte_carlo AS "monteCarlo", manifest, ran_at AS ran FROM strategy_engine.backtests ORDER BY created_at DESC');
async function newest(): Promise<Row> {
  const [row] = await rows();
  if (row === undefined) throw new Error('There is no back-test');
  return row;
}
const resultOf = ({ result }: Row): BacktestResult => backtestResultSchema.parse(result);

beforeAll(async () => {
  book = await startBook();
  const access = book.access('strategy_engine');
  db = openDb({ access, database: 'trading_system', schema: 'strategy_engine', applicationName: 'test', max: 4, onLost: () => undefined });
  const bulk = { access, database: 'trading_system', applicationName: 'test' };
  flow = backtestFlow({ db, folder, bulk, screened: (screenId) => Promise.resolve(screenId === 'none' ? [] : ['SPY', 'AAPL', 'UNSTORED']) });
  step = createStepper({ db, source: barSource({ db, bulk, folder }) });
  const bars = testMarket(6);
  await book.sql(`SELECT data_ingestion.ensure_month('2024-07-01')`);
  await book.sql(
    `INSERT INTO data_ingestion.market_data SELECT b.symbol, '1Min', to_timestamp(b.ms / 1000.0), b.open, b.high, b.low, b.close, b.volume, 'test', to_timestamp(b.ms / 1000.0 + 60)
     FROM unnest($1::text[], $2::bigint[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[]) AS b(symbol, ms, open, high, low, close, volume)`,
    [bars.map((b) => b.symbol), bars.map((b) => b.openTime), bars.map((b) => b.open), bars.map((b) => b.high), bars.map((b) => b.low), bars.map((b) => b.close), bars.map((b) => b.volume)],
  );
  await book.sql(`INSERT INTO data_ingestion.ingestion_status (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at, first_open_time) SELECT symbol, timeframe, max(open_time), 1, count(*), now(), min(open_time) FROM data_ingestion.market_data GROUP BY 1, 2`);
  for (const [projectId, text] of Object.entries(SOURCES)) {
    const files = [{ path: 'strategy.ts', text }];
    await book.sql('INSERT INTO strategy_engine.projects (project_id, name, current_version) VALUES ($1, $1, 1)', [projectId]);
    await book.sql(`INSERT INTO strategy_engine.project_versions (project_id, version, files, hash, saved_by) VALUES ($1, 1, $2::jsonb, $3, 'test')`, [projectId, JSON.stringify(files), hashOfFiles(files)]);
  }
}, 60_000);
afterAll(async () => {
  await db.close();
  await book.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a back-test of what was written here', { timeout: 120_000 }, () => {
  it('trades as the built-in one does, order by order, and is told with its version', async () => {
    await run({ kind: 'sma_cross', symbols: ['AAPL', 'SPY'] });
    const house = resultOf(await newest());
    const backtestId = await run({ project: { projectId: 'my_cross', version: 1 }, symbols: ['AAPL', 'SPY'], benchmark: 'QQQ' });
    const row = await newest();
    const own = resultOf(row);
    expect(own.ordersHash).toBe(house.ordersHash);
    expect(own.trades.length).toBeGreaterThan(20);
    expect(own).toMatchObject({ backtestId, trades: house.trades, roundTrips: house.roundTrips, equity: house.equity, endEquity: house.endEquity, strategy: { kind: 'my_cross', project: { projectId: 'my_cross', version: 1 } } });
    expect(row).toMatchObject({ state: 'done', problem: null, view: { hash: hashOfFiles([{ path: 'strategy.ts', text: SMA_CROSS }]), trips: own.roundTrips.length, benchmark: 'QQQ', totalReturn: own.figures['total_return'] as number, headline: own.verdict?.headline as string } });
    expect(row.ran).not.toBeNull();
    expect(Object.keys(own.figures).length).toBeGreaterThan(20);
  });

  it('is judged with the same further runs as the house\'s', async () => {
    await run({ project: { projectId: 'my_cross', version: 1 }, symbols: ['AAPL'], hasChecks: true });
    const findings = resultOf(await newest()).verdict?.reasons ?? [];
    expect(findings).toContainEqual(expect.objectContaining({ grade: 'good', finding: 'No signal changes when later bars are taken away.' }));
    expect(resultOf(await newest()).warnings.filter((words) => words.includes('could not be found out'))).toEqual([]);
  });

  it('that throws fails with the file, the line, the symbol and the bar', async () => {
    await expect(run({ project: { projectId: 'thrower', version: 1 }, symbols: ['AAPL'] })).rejects.toMatchObject({ code: 'STRATEGY_FAILED' });
    const { state, problem, result, log } = await newest();
    expect(log?.lines.at(-1)?.line).toBe('about to throw');
    expect({ state, result }).toEqual({ state: 'failed', result: null });
    expect(problem).toMatchObject({ code: 'STRATEGY_FAILED', message: expect.stringContaining('too high for me') as unknown, path: 'strategy.ts', line: THROWS.split('\n').findIndex((line) => line.includes('too high')) + 1, symbol: 'AAPL', openTime: expect.any(Number) as unknown });
  });

  it('keeps what it wrote into its log', async () => {
    await run({ project: { projectId: 'logger', version: 1 }, symbols: ['SPY'] });
    const { log } = await newest();
    expect(log?.lines.length).toBeGreaterThan(5);
    expect(log?.lines[0]).toMatchObject({ symbol: 'SPY', level: 'info', line: expect.stringMatching(/^side -?1$/) as unknown });
    expect(log?.dropped).toBe(0);
  });

  it('takes the symbols that a screen finds, of which there are bars', async () => {
    await run({ project: { projectId: 'my_cross', version: 1 }, screenId: 'gaps' });
    expect(await newest()).toMatchObject({ state: 'done', view: { symbols: ['AAPL', 'SPY'], screenId: 'gaps' } });
    await expect(run({ kind: 'sma_cross', screenId: 'none' })).rejects.toThrow(/finds no symbol/);
    await expect(run({ kind: 'sma_cross', screenId: 'gaps', symbols: ['SPY'] })).rejects.toThrow(/not both/);
    await expect(run({ kind: 'sma_cross', project: { projectId: 'my_cross', version: 1 } })).rejects.toThrow(/one of these/);
    await expect(run({ project: { projectId: 'my_cross', version: 9 } })).rejects.toMatchObject({ code: 'PROJECT_NOT_FOUND' });
  });

  it('searches its parameters in its sandbox to the same result as the native engine', async () => {
    const search = { ranges: { fast: { from: 5, to: 20, step: 5 }, slow: { from: 10, to: 30, step: 10 } }, objective: 'total_return', minTrades: 0, walkForward: { folds: 2 } };
    const reportOf = async (id: string) => searchReportSchema.parse((await book.sql<{ result: unknown }>('SELECT result FROM strategy_engine.searches WHERE backtest_id = $1', [id]))[0]?.result);
    const native = await reportOf(await run({ kind: 'sma_cross', symbols: ['SPY'], search }));
    const seen: number[] = [];
    const own = await reportOf(await run({ project: { projectId: 'my_cross', version: 1 }, symbols: ['SPY'], search }, { onProgress: (done) => void seen.push(done) }));
    expect(own.unusable).toBeGreaterThan(0);
    const figures = ({ unusable, trials, failed, best, top, maps, walkForward, sharpes, overfitting }: typeof own): unknown => JSON.parse(JSON.stringify({ unusable, trials, failed, best, top, maps, walkForward, sharpes, overfitting }, (name, value: unknown) => (name === 'parameters' && typeof value === 'object' && value !== null ? { fast: Reflect.get(value, 'fast') as unknown, slow: Reflect.get(value, 'slow') as unknown } : value)));
    expect(figures(own)).toEqual(figures(native));
    expect(seen.length).toBeGreaterThan(2);
    expect(await newest()).toMatchObject({ state: 'done', view: { hasSearch: true, trials: own.trials } });
  });

  it('goes on with a search that was interrupted, from its journal', async () => {
    const search = { ranges: { fast: { from: 2, to: 7, step: 1 }, slow: { from: 20, to: 60, step: 20 } }, objective: 'total_return', minTrades: 0 };
    const request = { project: { projectId: 'my_cross', version: 1 }, symbols: ['SPY'], search };
    const reportOf = async (id: string): Promise<unknown> => ({ ...searchReportSchema.parse((await book.sql<{ result: unknown }>('SELECT result FROM strategy_engine.searches WHERE backtest_id = $1', [id]))[0]?.result) });
    const whole = await reportOf(await run(request, { runId: 'studio:whole' }));
    const cancel = new AbortController();
    await expect(run(request, { runId: 'studio:broken', signal: cancel.signal, onProgress: (done) => void (done > 250 && cancel.abort(new Error('the power failed'))) })).rejects.toThrow('the power failed');
    const journals = readdirSync(path.join(folder, 'searches'));
    expect(journals).toHaveLength(1);
    const seen: number[] = [];
    const again = await run(request, { runId: 'studio:broken', onProgress: (done) => void seen.push(done) });
    // The first word of the search tells what was found in the journal beside what is new.
    expect(seen.find((done) => done > 50)).toBeGreaterThan(250);
    expect(await reportOf(again)).toEqual(whole);
    expect(readdirSync(path.join(folder, 'searches'))).toEqual([]);
  });

  it('has its row when it repeats another run from the step that failed', async () => {
    const request = { kind: 'sma_cross', symbols: ['AAPL'], seed: 21 };
    const first = await runFlowByHand(flow, { ...DAYS, hasChecks: false, ...request }, { runId: 'studio:first' });
    const { remembered } = first;
    remembered.delete('replay the bars');
    const again = await run(request, { runId: 'studio:again', remembered });
    expect(again).not.toBe((first.output as { backtestId: string }).backtestId);
    expect(await newest()).toMatchObject({ state: 'done', result: { backtestId: again }, view: { symbols: ['AAPL'] } });
  });

  it('ends when it is cancelled, and says so', async () => {
    const cancel = new AbortController();
    const running = run({ project: { projectId: 'my_cross', version: 1 }, symbols: ['AAPL'], seed: 9 }, { signal: cancel.signal, onProgress: () => cancel.abort(new Error('cancelled by hand')) });
    await expect(running).rejects.toThrow('cancelled by hand');
    expect(await newest()).toMatchObject({ state: 'cancelled', problem: null });
  });
});

describe('a run, bar by bar', { timeout: 120_000 }, () => {
  it.each([['of the house', { kind: 'sma_cross' }], ['written here', { project: { projectId: 'my_cross', version: 1 } }]])('%s, tells every fill of the run that is stored', async (_whose, named) => {
    const backtestId = await run({ ...named, symbols: ['SPY'], seed: 5 });
    const stored = resultOf(await newest());
    const steps: RunStep[] = [];
    for (let from: number | undefined; ; ) {
      const page = await step({ backtestId, only: 'acts', count: 40, ...(from === undefined ? {} : { from }) });
      expect(page.isSame).toBe(true);
      steps.push(...page.steps.map((one) => runStepSchema.parse(one)));
      if (page.steps.length < 40) break;
      from = (page.steps.at(-1)?.openTime ?? 0) + 1;
    }
    const fills = steps.flatMap((one) => one.orders.filter(({ what }) => what === 'filled'));
    expect(fills.map(({ side, qty, price }) => `${side} ${qty} ${price ?? NaN}`)).toEqual(stored.trades.map(({ side, qty, price }) => `${side} ${Number(qty)} ${Number(price)}`));
    const spoke = steps.find(({ said }) => said.length > 0);
    expect(spoke?.indicators.map(({ name }) => name)).toEqual(expect.arrayContaining(['fast', 'slow']));
    expect(spoke?.state.before).not.toBe(spoke?.state.after);
    // A page that lies within what was told before is there at once.
    const again = await step({ backtestId, only: 'acts', count: 5 });
    expect(again.steps).toEqual(steps.slice(0, 5));
  });

  it('is the same run on a day that has gone on since: what came after it is none of its bars', async () => {
    const copy = (condition: string) => book.sql(`INSERT INTO data_ingestion.market_data SELECT 'NEWS', timeframe, open_time, open, high, low, close, volume, source, ts_seen FROM data_ingestion.market_data WHERE symbol = 'SPY' AND timeframe = '1Min' AND ${condition}`);
    const tell = () => book.sql(`INSERT INTO data_ingestion.ingestion_status (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at, first_open_time) SELECT symbol, timeframe, max(open_time), 1, count(*), now(), min(open_time) FROM data_ingestion.market_data WHERE symbol = 'NEWS' GROUP BY 1, 2
      ON CONFLICT (symbol, timeframe) DO UPDATE SET last_open_time = excluded.last_open_time, bars_total = excluded.bars_total`);
    await copy(`open_time < '2024-07-09 15:00+00'`);
    await tell();
    const backtestId = await run({ project: { projectId: 'my_cross', version: 1 }, symbols: ['NEWS'] });
    const { to, barsSeen, ordersHash } = resultOf(await newest());
    await copy(`open_time >= '2024-07-09 15:00+00'`);
    await tell();
    expect(await step({ backtestId, only: 'all', count: 5 })).toMatchObject({ isSame: true, note: null, total: barsSeen, last: (to ?? 0) - 60_000 });
    // A run of today is another one.
    await run({ project: { projectId: 'my_cross', version: 1 }, symbols: ['NEWS'], seed: 2 });
    expect(resultOf(await newest()).barsSeen).toBeGreaterThan(barsSeen);
    expect(resultOf(await newest()).ordersHash).not.toBe(ordersHash);
  });

  it('is not told of a run that is not there', async () => {
    await expect(step({ backtestId: `bt_${'0'.repeat(24)}`, only: 'all', count: 5 })).rejects.toMatchObject({ code: 'BACKTEST_NOT_FOUND' });
  });
});

describe('rows', () => {
  it('of runs that ended without a word long ago are settled; the younger ones are not', async () => {
    const request = { startingCash: '1', slippageBps: 0, hasFees: true, desk: 'house', hasChecks: true, seed: 1 } as const;
    for (const backtestId of ['bt_old', 'bt_young']) await noteBegin(db, { backtestId, runId: `run:${backtestId}`, request });
    await book.sql(`UPDATE strategy_engine.backtests SET created_at = now() - interval '6 hours' WHERE backtest_id = 'bt_old'`);
    expect(await settleLost(db)).toBe(1);
    expect(await book.sql(`SELECT backtest_id AS id, state FROM strategy_engine.backtests WHERE backtest_id IN ('bt_old', 'bt_young') ORDER BY 1`)).toEqual([{ id: 'bt_old', state: 'failed' }, { id: 'bt_young', state: 'running' }]);
  });

  it('beyond a thousand go, the oldest first; of a deployed version the newest twenty stay', async () => {
    await book.sql(`INSERT INTO strategy_engine.strategies (strategy_id, name, kind, symbols, timeframe, parameters, sizing, current_version_id) VALUES ('kept', 'Kept', 'my_cross', '{SPY}', '1Min', '{}', '{}', 'kept.v1')`);
    await book.sql(`INSERT INTO strategy_engine.strategy_versions (strategy_version_id, strategy_id, version, kind, parameters, sizing, code_hash, project_id, project_version) VALUES ('kept.v1', 'kept', 1, 'my_cross', '{}', '{}', '', 'kept', 1)`);
    const plant = (projectId: string, count: number, years: number): Promise<unknown> => book.sql(
      `INSERT INTO strategy_engine.backtests (backtest_id, strategy_version_id, request, state, project_id, project_version, created_at) SELECT $1 || n, 'x', '{}', 'done', $1, 1, now() - make_interval(years => $3, secs => n) FROM generate_series(1, $2) n`, [projectId, count, years]);
    await plant('kept', 30, 3);
    await plant('other', 30, 2);
    await plant('newer', 1_000, 1);
    await run({ kind: 'sma_cross', symbols: ['SPY'], seed: 77 });
    const counts = await book.sql<{ project: string | null; n: number }>(`SELECT project_id AS project, count(*) AS n FROM strategy_engine.backtests WHERE project_id IN ('kept', 'other') GROUP BY 1`);
    expect(counts).toEqual([{ project: 'kept', n: 20 }]);
    expect((await book.sql(`SELECT 1 FROM strategy_engine.backtests WHERE backtest_id = 'kept1'`)).length).toBe(1);
  });

  it('hold bands of what could have been, where the days are enough', async () => {
    expect(monteCarloViewSchema.nullable().parse((await rows()).find(({ state }) => state === 'done')?.monteCarlo)).toBeNull();
  });
});
