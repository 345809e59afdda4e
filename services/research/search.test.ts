/** What a search makes of points that fail, without threads: its pool runs them where it stands. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { synthetic } from '../../bench/lib/synth.ts';
import { searchReportSchema, type SearchReportView } from '#app/contracts/search-report.ts';
import { integer } from '#app/strategy/parameters.ts';
import { strategy } from '#app/strategy/spec.ts';
import { runBacktest } from '#app/backtest/run/run.ts';
import { readJob, runConfigOf } from './job.ts';
import type { Pool } from './pool.ts';
import { searchReport, searchText, type SearchReport } from './search-report.ts';
import { runSearch, type SearchPlan, type SearchProgress } from './search.ts';
import { StudyMarkets } from './study-markets.ts';
import { Trials } from './trial.ts';
import { rowWidth, sharedBatch, WHOLE_SPAN } from './work.ts';

const bars = synthetic({ length: 600, seed: 3 });
const lateFrom = bars.time[560] ?? Infinity;

/** In and out by turns; from bar 560 on it throws where `period` is even. */
const late = strategy({
  kind: 'late', title: 'Late', description: 'For tests.', scope: 'symbol', parameters: { period: integer(2, { min: 1, max: 500, describe: 'bars' }) },
  indicators: () => ({}), history: () => 1, state: z.object({ n: z.number() }), initialState: () => ({ n: 0 }),
  onBar({ on, state, time, parameters: { period } }) {
    if (time > lateFrom && period % 2 === 0) throw new Error('too late');
    state.n += 1;
    if (state.n % (2 * period) === 1) on.long();
    else if (state.n % (2 * period) === period + 1) on.flat();
  },
});

/** A pool that is this very thread. */
const inPlace: Pick<Pool, 'run' | 'single'> = {
  async run(study, { span, points }, options) {
    const batch = sharedBatch(span, points, rowWidth(study));
    const why = new Map<number, string>();
    const trials = new Trials(study, () => late);
    for (const [place, point] of points.entries()) {
      try {
        batch.values.set(trials.run(point, span, () => true), place * rowWidth(study));
        options?.onDone?.([place], batch);
      } catch (error) {
        why.set(place, String(error));
      }
    }
    return Promise.resolve({ batch, why, isCancelled: false });
  },
  async single({ job: one, span = WHOLE_SPAN }) {
    const config = runConfigOf(one, { strategyType: () => late, barsOf: () => bars });
    const { markets, columns } = new StudyMarkets(config.markets, config.timeframe).stretch(config.strategy, span);
    return Promise.resolve(runBacktest({ ...config, markets }, { columns }));
  },
};

const job = readJob({ strategy: { kind: 'late' }, markets: [{ symbol: 'AAA', bars: 'aaa' }], timeframe: '1Min', sizing: { method: 'percent_of_equity', percent: '50' } });
const objective = { figure: 'total_return', minTrades: 0, maxDrawdown: null } as const;
const run = async (plan: SearchPlan, onProgress: (progress: SearchProgress) => void = () => undefined) => runSearch(plan, { pool: inPlace, strategyType: () => late, barsOf: () => bars, onProgress });

/** A value that nobody changes any more. */
type Frozen<T> = T extends readonly (infer E)[] ? readonly Frozen<E>[] : T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

describe('a search', () => {
  it('is reported in the words of its contract, none left out', async () => {
    const plan: SearchPlan = { job, request: { ranges: { period: [1, 3, 4] } }, method: { kind: 'grid' }, objective, walkForward: { kind: 'rolling', folds: 2, outPart: 0.25, choice: 'best' } };
    const report: SearchReport = searchReport(await run(plan), plan);
    const view: Frozen<SearchReportView> = report;
    const stored: unknown = JSON.parse(JSON.stringify(view));
    expect(searchReportSchema.parse(stored)).toEqual(stored);
    expect(report.failures.length).toBeGreaterThan(0);
  });

  it('tells of a window whose choice failed on bars that it had not seen, and of all others', async () => {
    const plan: SearchPlan = { job, request: { ranges: { period: [2, 4, 6] } }, method: { kind: 'grid' }, objective, walkForward: { kind: 'rolling', folds: 4, outPart: 0.25, choice: 'best' } };
    const result = await run(plan);
    expect(result.isComplete).toBe(true);
    const report = searchReport(result, plan);
    expect(report.failed).toBe(3);
    expect(report.walkForward?.folds.map(({ outOfSample }) => outOfSample !== null)).toEqual([true, true, true, false]);
    expect(report.walkForward?.folds.every(({ inSample }) => inSample !== null)).toBe(true);
    expect(searchText(report)).toMatch(/Chosen in window 4, it failed out of sample: .*too late/);
  });

  it('counts every point that failed', async () => {
    const seen: number[] = [];
    const periods = Array.from({ length: 260 }, (_none, n) => n + 1);
    const result = await run({ job, request: { ranges: { period: periods } }, method: { kind: 'grid' }, objective }, ({ failed }) => void seen.push(failed));
    expect(result.whole.table.failed).toBe(130);
    expect(seen.at(-1)).toBe(130);
    expect(result.failures.size, 'of so many the reasons are kept').toBe(100);
  });
});
