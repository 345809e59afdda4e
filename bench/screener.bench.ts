/** A screen over a whole market through the program of the screener: ten indicators of 500 symbols over ten years as columns, on one thread and on two, and the newest values of 10,000 symbols. */
import { Worker } from 'node:worker_threads';
import { barColumns, type BarColumns, sliceColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import { bareSmaCross } from './lib/bare.ts';
import { figureOf, type Figure } from './lib/measure.ts';
import { pair } from './lib/pair.ts';
import { screenPart, topOf, type Ranked } from './lib/screen.ts';
import { synthetic } from './lib/synth.ts';

const SYMBOLS = 500;
const BARS = 2_520;
const TOP = 20;
const ROUNDS = 7;
/** pandas symbol by symbol takes 2,440 ms; a bare loop over 1 M bars 14.7..18 ms (reference/performance.md, 3.2 and 4): 150 of them. 80 ms are 5 of them, 45 ms are 2.8, 200 ms are 12. */
const PANDAS_IN_BARE_LOOPS = 150;
const MANY = 10_000;
const NEWEST = 300;
/** How far the newest values may be from the ends of whole columns, as a part of the score. */
const TOLERANCE = 1e-9;

function market(): BarColumns[] {
  const bars = Array.from({ length: SYMBOLS }, (_none, n) => ({ made: synthetic({ length: BARS, seed: n + 1 }), kept: barColumns(BARS, true) }));
  for (const { made, kept } of bars) for (const name of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) kept[name].set(made[name]);
  return bars.map(({ kept }) => kept);
}

/** A thread that screens its part when it is told to. */
class Screener {
  private readonly worker: Worker;

  constructor(bars: readonly BarColumns[], first: number) {
    this.worker = new Worker(new URL('./lib/screen.ts', import.meta.url), { workerData: { bars, first } });
  }

  async screen(): Promise<Ranked[]> {
    const answer = new Promise<Ranked[]>((resolve, reject) => {
      this.worker.once('message', resolve);
      this.worker.once('error', reject);
    });
    this.worker.postMessage('screen');
    return answer;
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }
}

/** Best wall of some rounds on two threads, ms, after one to warm up. */
async function onTwo(bars: readonly BarColumns[], expected: readonly Ranked[]): Promise<number> {
  const half = bars.length / 2;
  const threads = [new Screener(bars.slice(0, half), 0), new Screener(bars.slice(half), half)];
  try {
    let best = Infinity;
    for (let round = 0; round <= ROUNDS; round += 1) {
      const begin = performance.now();
      const top = topOf((await Promise.all(threads.map((thread) => thread.screen()))).flat(), TOP);
      if (round > 0) best = Math.min(best, performance.now() - begin);
      invariant(JSON.stringify(top) === JSON.stringify(expected), 'Two threads rank otherwise than one');
    }
    return best;
  } finally {
    await Promise.all(threads.map((thread) => thread.end()));
  }
}

/** Ten thousand symbols with three hundred bars each, on their own memory: stretches of the market's histories. */
function manySymbols(bars: readonly BarColumns[]): BarColumns[] {
  return Array.from({ length: MANY }, (_none, n) => {
    const from = (n * 7) % (BARS - NEWEST);
    const part = sliceColumns(bars[n % SYMBOLS] ?? barColumns(BARS), from, from + NEWEST);
    const kept = barColumns(NEWEST, true);
    for (const name of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) kept[name].set(part[name]);
    return kept;
  });
}

/** The newest values out of the last bars are the ends of the whole columns. */
function proveEqual(bars: readonly BarColumns[]): void {
  const [whole, newest] = [screenPart(bars, 0), screenPart(bars, 0, 'latest')];
  invariant(whole.length === newest.length && whole.every(({ symbol, score }, n) => newest[n]?.symbol === symbol && Math.abs(score - (newest[n]?.score ?? NaN)) <= TOLERANCE * Math.max(1, Math.abs(score))), 'The newest values are not the ends of the columns');
}

/** P14 of the performance paper. */
export async function benchScreener(): Promise<Figure[]> {
  const bars = market();
  const screen = (): Ranked[] => topOf(screenPart(bars, 0), TOP);
  const begin = performance.now();
  const first = screen();
  const firstMs = performance.now() - begin;
  invariant(first.length === TOP && JSON.stringify(screen()) === JSON.stringify(first), 'The screen is not the same twice');
  proveEqual(bars);
  const million = synthetic({ length: 1_000_000 });
  const bare = (): unknown => bareSmaCross(million, { fast: 10, slow: 30, qty: 100, cash: 1e7, percent: 0.1 });
  const one = pair(screen, bare, { rounds: ROUNDS });
  const twoMs = await onTwo(bars, first);
  const newest = pair(() => topOf(screenPart(bars, 0, 'latest'), TOP), bare, { rounds: ROUNDS });
  const symbols = manySymbols(bars);
  const many = pair(() => topOf(screenPart(symbols, 0, 'latest'), TOP), bare, { rounds: ROUNDS });
  return [
    figureOf({ name: `screen of ${SYMBOLS} x ${BARS} bars, ten indicators, ranked`, unit: 'ms', values: [one.a] }),
    figureOf({ name: '  pandas / ours, by the bare loop', unit: 'x', values: [PANDAS_IN_BARE_LOOPS / one.best], limit: 30, floor: 15, isFloor: true }),
    figureOf({ name: '  first screen of the process', unit: 'ms', values: [firstMs] }),
    figureOf({ name: '  on two threads', unit: 'ms', values: [twoMs] }),
    figureOf({ name: '  pandas / ours on two threads, by the bare loop', unit: 'x', values: [(PANDAS_IN_BARE_LOOPS * one.b) / twoMs], limit: 54, floor: 15, isFloor: true }),
    figureOf({ name: '  one thread / two', unit: 'x', values: [one.a / twoMs] }),
    figureOf({ name: '  newest values alone', unit: 'ms', values: [newest.a] }),
    figureOf({ name: `newest values of ${MANY} symbols x ${NEWEST} bars, ten indicators, ranked`, unit: 'ms', values: [many.a] }),
    figureOf({ name: '  in bare loops', unit: 'x', values: [many.best], limit: 12, floor: 24 }),
  ];
}
