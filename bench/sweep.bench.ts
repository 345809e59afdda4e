/** Searches: 10 x 10 parameters on one thread and on two, against the bare loop. Wrong results have no speed: they are checked first. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import { hundredShares } from '#app/backtest/run/testing-cross.ts';
import { RUN_FIGURES } from '#app/backtest/search/figures.ts';
import { coordinatesOf, searchSpace } from '#app/backtest/search/space.ts';
import { readJob } from '../services/research/job.ts';
import { loadCsv } from '../services/research/load.ts';
import { openPool, type Pool } from '../services/research/pool.ts';
import { sharedColumns, WHOLE_SPAN, type Study } from '../services/research/work.ts';
import { bareSmaCross } from './lib/bare.ts';
import { figureOf, type Figure } from './lib/measure.ts';
import { bareOnThread } from './lib/sweep-strategy.ts';
import { synthetic } from './lib/synth.ts';

const CASH = 1e7;
const PERCENT = 0.1;
const BARS = 100_000;
const ROUNDS = 5;
const POINTS = Array.from({ length: 100 }, (_none, point) => point);
const SPACE = searchSpace(hundredShares.parameterSet, { ranges: { fast: { from: 5, to: 14 }, slow: { from: 20, to: 65, step: 5 } } });

/** The sweep of performance.md on GOOG: sum of the final equities, and the best point (10, 20). */
const GOLDEN = { sum: 1_006_575_995.471, best: 10_090_428.522, point: 50 };
const CENT = 0.005;
/** What one run of a sweep costs the peers, in bare loops over the same bars (100 runs on 100,000 bars: backtesting.py with two processes 23..27 s, vectorbt 0.37..0.80 s; a bare loop 1.75 ms). */
const BACKTESTING_PY = 143;
const VECTORBT = 3.3;

function studyOf(id: string, bars: BarColumns): Study {
  const job = readJob({
    strategy: { kind: hundredShares.kind }, markets: [{ symbol: 'GOOG', bars: id }], timeframe: bars.time.length === BARS ? '1Min' : '1Day', sizing: { method: 'percent_of_equity', percent: '100' },
    account: { cash: CASH, multiplier: 1, canShort: false, borrowPercent: 0, marginInterestPercent: 0 }, commission: { perOrder: 0, perShare: 0, percent: PERCENT, minimum: 0 }, fees: 'none',
  });
  return { id, job, bars: new Map([[id, sharedColumns(bars)]]), axes: SPACE.axes, fixed: {}, figures: RUN_FIGURES, periods: 0 };
}

type Sweep = { readonly values: Float64Array; readonly finals: Float64Array; readonly wallMs: number; readonly cpuMs: number };

async function sweep(pool: Pool, study: Study, points: readonly number[] = POINTS): Promise<Sweep> {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  const { batch, why } = await pool.run(study, { span: WHOLE_SPAN, points });
  const wallMs = performance.now() - begin;
  const { user, system } = process.cpuUsage(cpu);
  invariant(why.size === 0, 'A point of the sweep failed', { why: [...why.values()][0] });
  const width = study.figures.length;
  return { values: batch.values, finals: Float64Array.from(points, (_point, place) => batch.values[place * width] ?? NaN), wallMs, cpuMs: (user + system) / 1_000 };
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
const bytes = (values: Float64Array): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** The recorded sweep, where the file is at hand. @returns whether it was */
async function checkGolden(pool: Pool): Promise<boolean> {
  const folder = process.env['MAINSPRING_SHARED'] ?? fileURLToPath(new URL('../../shared', import.meta.url));
  const file = `${folder}/data/oracle/GOOG.csv`;
  if (!existsSync(file)) return false;
  const { finals } = await sweep(pool, studyOf('goog', loadCsv(file).bars));
  invariant(Math.abs(sum(finals) - GOLDEN.sum) < CENT, 'The sweep on GOOG has not the golden sum', { sum: sum(finals) });
  invariant(finals.indexOf(Math.max(...finals)) === GOLDEN.point && Math.abs((finals[GOLDEN.point] ?? 0) - GOLDEN.best) < CENT, 'The sweep on GOOG has not the golden best', { best: Math.max(...finals) });
  return true;
}

function bare(bars: BarColumns, point: number): number {
  const [fast = 0, slow = 0] = [...coordinatesOf(SPACE, point)].map((place, at) => Number(SPACE.axes[at]?.values[place]));
  return bareSmaCross(bars, { fast, slow, qty: 100, cash: CASH, percent: PERCENT }).final;
}

/** Milliseconds of processor time of one bare loop, mean over all points. */
function bareMs(bars: BarColumns): number {
  const begin = process.cpuUsage();
  for (const point of POINTS) bare(bars, point);
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1_000 / POINTS.length;
}

/** How much faster two threads are than one with nothing but bare loops. */
async function calibration(one: Pool, two: Pool, any: Study): Promise<number> {
  const job = { ...any.job, strategy: { kind: bareOnThread.kind, parameters: {} } };
  const study: Study = { ...any, id: 'calibration', job, axes: [{ name: 'turns', values: [5, 6], isOrdered: true }], figures: ['final_equity'] };
  const points = Array.from({ length: 16 }, () => 1);
  const single = await sweep(one, study, points);
  const double = await sweep(two, study, points);
  return single.wallMs / double.wallMs;
}

/** Milliseconds from the wish to stop to the end of the batch. */
async function stopMs(pool: Pool, study: Study): Promise<number> {
  const stop = new AbortController();
  let asked = NaN;
  setTimeout(() => {
    asked = performance.now();
    stop.abort();
  }, 50);
  const points = Array.from({ length: 100_000 }, (_none, n) => n % POINTS.length);
  const { isCancelled } = await pool.run(study, { span: WHOLE_SPAN, points }, { signal: stop.signal });
  invariant(isCancelled, 'A batch that was stopped has come to its end', {});
  return performance.now() - asked;
}

/** P12 and P13. */
export async function benchSweep(): Promise<Figure[]> {
  const entry = new URL('./lib/sweep-worker.ts', import.meta.url);
  await using one = openPool({ threads: 1, entry });
  await using two = openPool({ threads: 2, entry });
  const hasGolden = await checkGolden(two);
  process.stderr.write(hasGolden ? '  the golden sweep on GOOG is right\n' : '  the golden sweep was not checked: no recorded bars\n');
  const study = studyOf('synthetic', synthetic({ length: BARS, seed: 1 }));
  const [bars] = study.bars.values();
  invariant(bars, 'The study has bars');
  const first = await sweep(one, study);
  POINTS.forEach((point) => invariant(Math.abs((first.finals[point] ?? NaN) - bare(bars, point)) < CENT, 'The sweep and the bare loop differ', { point, sweep: first.finals[point], bare: bare(bars, point) }));
  await sweep(two, study);
  const rounds: { one: Sweep; two: Sweep; bareMs: number; free: number }[] = [];
  for (let n = 0; n < ROUNDS; n += 1) {
    const single = n % 2 === 0 ? await sweep(one, study) : null;
    const double = await sweep(two, study);
    rounds.push({ one: single ?? (await sweep(one, study)), two: double, bareMs: bareMs(bars), free: await calibration(one, two, study) });
  }
  const stops: number[] = [];
  for (let n = 0; n < ROUNDS; n += 1) stops.push(await stopMs(two, study));
  invariant(rounds.every((round) => bytes(round.one.values).equals(bytes(first.values)) && bytes(round.two.values).equals(bytes(first.values))), 'One thread and two do not find the same bits');
  const best = (of: (round: (typeof rounds)[number]) => number): number => Math.min(...rounds.map(of));
  // By processor time, which other programs hardly stretch; two threads on two cores take half of it.
  const inLoops = (ms: number): number => ms / POINTS.length / best((round) => round.bareMs);
  const perRun = inLoops(best((round) => round.two.cpuMs)) / 2;
  const scaling = best((round) => round.one.wallMs) / best((round) => round.two.wallMs);
  const free = Math.max(...rounds.map((round) => round.free));
  const figures: Figure[] = [
    figureOf({ name: 'P12 one run of a sweep / bare loop, 1 thread', unit: 'x', values: [inLoops(best((round) => round.one.cpuMs))] }),
    figureOf({ name: 'P12 against backtesting.py on 2 processes', unit: 'x faster', values: [BACKTESTING_PY / perRun], limit: 150, floor: 80, isFloor: true }),
    figureOf({ name: 'P12 against vectorbt', unit: 'x faster', values: [VECTORBT / perRun], limit: 3, floor: 1.5, isFloor: true }),
    figureOf({ name: 'P13 processor time, 2 threads / 1', unit: 'x', values: rounds.map((round) => round.two.cpuMs / round.one.cpuMs), limit: 1.12, floor: 1.25 }),
    figureOf({ name: 'P13 runs a second, 2 threads, 100,000 bars', unit: 'runs/s', values: rounds.map((round) => (POINTS.length / round.two.wallMs) * 1_000) }),
    figureOf({ name: 'from a wish to stop to the end', unit: 'ms', values: stops, limit: 100 }),
    figureOf({ name: 'P13 bare loops, 2 threads / 1 (calibration)', unit: 'x', values: [free] }),
  ];
  const isFree = free >= 1.8;
  if (!isFree) process.stderr.write(`  the machine is busy: even bare loops scale by ${free.toFixed(2)} alone, so the scaling is told without a verdict\n`);
  return [...figures, figureOf({ name: 'P13 wall time, 1 thread / 2', unit: 'x', values: [scaling], ...(isFree ? { limit: 1.8, isFloor: true } : {}) })];
}
