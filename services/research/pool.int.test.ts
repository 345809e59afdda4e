/** Searches on real threads: the same bits on any number of them, whatever a point does, and after an interruption. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { synthetic } from '../../bench/lib/synth.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { figuresOf } from '#app/backtest/search/figures.ts';
import { parametersAt } from '#app/backtest/search/space.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import { readJob, type Job } from './job.ts';
import { openJournal } from './journal.ts';
import { openPool, type Pool } from './pool.ts';
import { searchReport, searchText } from './search-report.ts';
import { runSearch, type SearchMeans, type SearchPlan, type SearchResult } from './search.ts';
import { MOODS, testingStrategy, type Mood } from './testing-strategy.ts';
import { sharedColumns, WHOLE_SPAN, type Study } from './work.ts';

const entry = new URL('./testing-worker.ts', import.meta.url);
const objective = { figure: 'total_return', minTrades: 0, maxDrawdown: null } as const;
let bars: BarColumns;
/** Three threads for all tests that do not need some of their own: a thread takes a third of a second to start. */
let shared: Pool;
const pools: Pool[] = [];
const folders: string[] = [];

beforeAll(() => {
  bars = sharedColumns(synthetic({ length: 2_000, seed: 5 }));
  shared = openPool({ threads: 3, entry });
});
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool[Symbol.asyncDispose]();
});
afterAll(async () => {
  await shared[Symbol.asyncDispose]();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function poolOf(threads: number, pointTimeoutMs = 60_000): Pool {
  const pool = openPool({ threads, entry, pointTimeoutMs });
  pools.push(pool);
  return pool;
}

function folderOf(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pool-'));
  folders.push(folder);
  return folder;
}

const jobOf = (kind = 'testing'): Job => readJob({ strategy: { kind }, markets: [{ symbol: 'AAA', bars: 'aaa' }], timeframe: '1Min', sizing: { method: 'percent_of_equity', percent: '50' }, commission: { perOrder: 0, perShare: 0, percent: 0.01, minimum: 0 } });

/** A study of one axis: the moods of its points. */
const moods = (...wanted: readonly Mood[]): Study => ({ id: wanted.join(), job: jobOf(), bars: new Map([['aaa', bars]]), axes: [{ name: 'mood', values: MOODS, isOrdered: false }], fixed: { period: 10 }, figures: ['final_equity', 'trades'], periods: 0 });
const pointsOf = (...wanted: readonly Mood[]): number[] => wanted.map((mood) => MOODS.indexOf(mood));

const planOf = (over: Partial<SearchPlan> = {}): SearchPlan => ({ job: jobOf(), request: { ranges: { period: { from: 2, to: 21 }, band: { from: 0, to: 16, step: 4 } } }, method: { kind: 'grid' }, objective, ...over });
const meansOf = (pool: Pool, over: Partial<SearchMeans> = {}): SearchMeans => ({ pool, strategyType: (): StrategyType => testingStrategy(() => undefined), barsOf: () => bars, ...over });

/** Everything that a search found, as text: to the last bit. */
function bits({ whole, walkForward }: SearchResult): string {
  const rows = (result: SearchResult['whole']): unknown => result.table.all().map(({ point, values, why }) => [point, Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex'), why]);
  return JSON.stringify([rows(whole), walkForward?.folds.map(({ found, chosen }) => [rows(found), chosen]), walkForward && [...walkForward.curve.equity]]);
}

describe('the threads of a search', () => {
  it('find the same to the last bit, however many they are, by every method and through a walk-forward', async () => {
    const one = poolOf(1);
    for (const method of [{ kind: 'grid' }, { kind: 'latin', trials: 12, seed: 4 }, { kind: 'tpe', trials: 40, seed: 4 }] as const) {
      const plan = planOf({ method, request: { ranges: { period: { from: 2, to: 11 }, band: { from: 0, to: 16, step: 4 } } }, ...(method.kind === 'grid' ? { walkForward: { kind: 'rolling', folds: 2, outPart: 0.25, choice: 'best' } } : {}) });
      const first = await runSearch(plan, meansOf(one));
      const second = await runSearch(plan, meansOf(shared));
      expect(bits(second)).toBe(bits(first));
      expect(first.isComplete).toBe(true);
      expect(first.trials).toBe(method.kind === 'grid' ? 50 : method.trials);
      if (first.walkForward) expect(first.walkForward.folds.length).toBe(2);
    }
  });

  it('run what is well beside what throws, dies and hangs', async () => {
    const pool = poolOf(2, 5_000);
    const wanted = ['throws', 'well', 'dies', 'hangs', 'well'] as const;
    const { batch, why, isCancelled } = await pool.run(moods(...wanted), { span: WHOLE_SPAN, points: pointsOf(...wanted) });
    expect(isCancelled).toBe(false);
    expect(new Set(why.keys())).toEqual(new Set([0, 2, 3]));
    expect(why.get(0)).toMatch(/has thrown/);
    expect(why.get(2)).toMatch(/ended its thread 2 times/);
    expect(batch.values[2]).toBeGreaterThan(0);
    expect(batch.values[8]).toBe(batch.values[2]);
    // And the pool is none the worse for it.
    const again = await pool.run(moods('well'), { span: WHOLE_SPAN, points: pointsOf('well') });
    expect(again.batch.values[0]).toBe(batch.values[2]);
  });

  it('try a point again whose thread died by accident', async () => {
    const kind = `testing_${process.pid}`;
    const mark = path.join(os.tmpdir(), `${kind}.mark`);
    try {
      const study: Study = { ...moods('flaky'), job: jobOf(kind) };
      const { batch, why } = await shared.run(study, { span: WHOLE_SPAN, points: pointsOf('flaky', 'well') });
      expect(existsSync(mark)).toBe(true);
      expect(why.size).toBe(0);
      expect(batch.values[0]).toBe(batch.values[2]);
    } finally {
      rmSync(mark, { force: true });
    }
  });

  it('bring the whole result of a single run', async () => {
    const pool = shared;
    const job = { ...jobOf(), strategy: { kind: 'testing', parameters: { period: 10 } } };
    const seen: number[] = [];
    const result = await pool.single({ job, bars: new Map([['aaa', bars]]), hasLines: true }, { onProgress: (done) => seen.push(done) });
    expect(result.time.length).toBe(2_000);
    expect(result.fills.length).toBeGreaterThan(10);
    expect(result.fills.price.length).toBe(result.fills.length);
    expect(result.lines.length).toBeGreaterThan(0);
    expect(seen.every((done) => done >= 0 && done <= 1)).toBe(true);
    // What is handed over is gone from the thread; the next run over the same times needs none of it.
    expect(await pool.single({ job, bars: new Map([['aaa', bars]]), hasLines: true })).toEqual(result);
    await expect(pool.single({ job: { ...job, strategy: { kind: 'testing', parameters: { mood: 'throws' } } }, bars: new Map([['aaa', bars]]) })).rejects.toMatchObject({ code: 'STRATEGY_FAILED' });
    await expect(pool.single({ job: { ...job, strategy: { kind: 'testing', parameters: { period: 99 } } }, bars: new Map([['aaa', bars]]) })).rejects.toMatchObject({ code: 'STRATEGY_PARAMETERS_INVALID' });
    await expect(pool.single({ job: { ...job, strategy: { kind: 'testing', parameters: { mood: 'dies' } } }, bars: new Map([['aaa', bars]]) })).rejects.toMatchObject({ code: 'STRATEGY_OUT_OF_TIME' });
  });

  it('are given up when they cannot be started', async () => {
    const pool = openPool({ threads: 2, entry: new URL('./no-such-worker.ts', import.meta.url) });
    pools.push(pool);
    await expect(pool.run(moods('well'), { span: WHOLE_SPAN, points: pointsOf('well', 'well') })).rejects.toThrow(/cannot be started/);
  });
});

describe('a search that was interrupted', () => {
  it('goes on where it stopped and finds what it would have found', async () => {
    const file = path.join(folderOf(), 'search.journal');
    const pool = shared;
    const plan = planOf({ method: { kind: 'tpe', trials: 40, seed: 2 } });
    const untouched = await runSearch(plan, meansOf(pool));
    const stop = new AbortController();
    const journal: SearchMeans['journal'] = (options) => openJournal(file, options);
    const first = await runSearch(plan, meansOf(pool, { journal, signal: stop.signal, onProgress: ({ done }) => void (done >= 20 && stop.abort()) }));
    expect(first.isComplete).toBe(false);
    expect(first.fresh).toBeGreaterThanOrEqual(20);
    const second = await runSearch(plan, meansOf(pool, { journal }));
    expect(second.isComplete).toBe(true);
    expect(second.fresh).toBe(40 - first.fresh);
    expect(bits(second)).toBe(bits(untouched));
    expect((await runSearch(plan, meansOf(pool, { journal }))).fresh).toBe(0);
  });

  it('does not take the points of other bars', async () => {
    const file = path.join(folderOf(), 'search.journal');
    const pool = shared;
    const plan = planOf({ method: { kind: 'random', trials: 3, seed: 2 } });
    const journal: SearchMeans['journal'] = (options) => openJournal(file, options);
    await runSearch(plan, meansOf(pool, { journal }));
    const other = synthetic({ length: 2_000, seed: 6 });
    await expect(runSearch(plan, meansOf(pool, { journal, barsOf: () => other }))).rejects.toThrow(/another search/);
  });
});

describe('what a search tells', () => {
  it('is what a single run of the same parameters tells', async () => {
    const plan = planOf({ method: { kind: 'latin', trials: 6, seed: 1 } });
    const { whole, study, space } = await runSearch(plan, meansOf(shared));
    for (const { point, values } of whole.table.all()) {
      const job = { ...jobOf(), strategy: { kind: 'testing', parameters: parametersAt(space, point) } };
      const result = await shared.single({ job, bars: new Map([['aaa', bars]]) });
      expect([...figuresOf(result, job.account.cash, { names: study.figures })]).toEqual([...values]);
    }
  });

  it('counts what could not be used and what failed, and survives JSON', async () => {
    const pool = shared;
    const request = { ranges: { period: { from: 12, to: 14 }, band: { from: 12, to: 14 }, mood: ['well', 'throws'] } } as const;
    const plan = planOf({ request, walkForward: { kind: 'anchored', folds: 2, outPart: 0.3, choice: 'sturdiest' } });
    const report = searchReport(await runSearch(plan, meansOf(pool)), plan);
    expect(report).toMatchObject({ points: 18, unusable: 2, trials: 8, failed: 8, isComplete: true });
    expect(report.best?.parameters).toMatchObject({ mood: 'well' });
    expect(report.maps.map(({ x, y }) => [y, x])).toEqual([['period', 'band'], ['period', 'mood'], ['band', 'mood']]);
    expect(report.walkForward?.folds.length).toBe(2);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(report.overfitting).toMatchObject({ trials: 8, blocks: 12 });
    expect(searchText(report)).toMatch(/8 trials by grid, objective total_return, 2 points unusable, 8 failed/);
  });

  it('has nothing best where nothing was traded', async () => {
    const plan = planOf({ request: { ranges: { period: [5, 6] }, fixed: { mood: 'throws' } } });
    const report = searchReport(await runSearch(plan, meansOf(shared)), plan);
    expect(report).toMatchObject({ best: null, sturdy: null, failed: 2, trials: 0 });
    expect(report.failures[0]?.why).toMatch(/has thrown/);
  });
});

describe('threads that are in the middle of something', () => {
  it.each(['slow', 'hangs'] as const)('stop when they are asked to, though a point %s', async (mood) => {
    const pool = shared;
    await pool.run(moods('well'), { span: WHOLE_SPAN, points: pointsOf('well') });
    const stop = new AbortController();
    const study: Study = { ...moods(mood), fixed: { period: 40 } };
    let asked = NaN;
    setTimeout(() => {
      asked = performance.now();
      stop.abort();
    }, 50);
    const { isCancelled } = await pool.run(study, { span: WHOLE_SPAN, points: Array.from({ length: 5_000 }, () => MOODS.indexOf(mood)) }, { signal: stop.signal });
    // A tenth of a second on a quiet machine; the batch would take minutes, and with a point that hangs no end.
    expect(performance.now() - asked).toBeLessThan(3_000);
    expect(isCancelled).toBe(true);
  });
});
