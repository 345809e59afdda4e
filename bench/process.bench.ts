/** A whole back-test from the command line: start, load, run, judge, print, end. In the form that is shipped, one file with its code compiled before, and as it stands in the repository. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { invariant } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { toNewYork } from '#app/market/nyse-zone.ts';
import { runProgram } from '../tests/support/run-program.ts';
import { bareSmaCross } from './lib/bare.ts';
import { figureOf, type Figure } from './lib/measure.ts';
import { ROOT } from './lib/stack.ts';
import { synthetic } from './lib/synth.ts';

const DAYS = 2_148;
const RUNS = 9;
/** Bare loops a round: the first ones are slow, the best counts. */
const WARM = 8;
const MILLION = 1_000_000;
/** The process of backtesting.py on GOOG takes 0.566 s where a bare loop over 1 M bars takes 14.7..18 ms (reference/performance.md, 3): 34.6 of them. */
const BACKTESTING_PY = 34.6;

/** Days that look like GOOG's: every price counts. */
function daysFile(folder: string): string {
  const bars = synthetic({ length: DAYS * 390 });
  const rows = ['Date,Open,High,Low,Close,Volume'];
  for (let n = 0; n < bars.time.length; n += 390) rows.push(`${toNewYork((bars.time[n] ?? 0) as EpochMs).date},${bars.open[n]},${bars.high[n]},${bars.low[n]},${bars.close[n]},${bars.volume[n]}`);
  const file = path.join(folder, 'days.csv');
  writeFileSync(file, `${rows.join('\n')}\n`);
  return file;
}

/** The tool as one program beside its parts. */
async function shipped(folder: string): Promise<string> {
  await build({
    entryPoints: [path.join(ROOT, 'services/research/backtest-tool.ts')], bundle: true, splitting: true, minify: true, platform: 'node', format: 'esm', outdir: path.join(folder, 'services/research'), outExtension: { '.js': '.mjs' }, logLevel: 'error',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  return path.join(folder, 'services/research/backtest-tool.mjs');
}

/** Wall of one process, ms, and the identity of its orders. */
function run(tool: string, data: string, cache: string): { readonly ms: number; readonly orders: string } {
  const begin = performance.now();
  const text = runProgram(tool, ['--strategy', 'ma-crossover', '--data', data, '--param', 'fast=10', '--param', 'slow=20', '--commission', '0.2%'], { NODE_COMPILE_CACHE: cache });
  return { ms: performance.now() - begin, orders: /^Orders +([0-9a-f]{64})$/m.exec(text)?.[1] ?? '' };
}

/** P18 of the performance paper. */
export async function benchProcess(): Promise<Figure[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-process-'));
  try {
    const data = daysFile(folder);
    const tools = [await shipped(folder), path.join(ROOT, 'services/research/backtest-tool.ts')];
    const cache = path.join(folder, 'cache');
    const million = synthetic({ length: MILLION });
    const empty = path.join(folder, 'empty.mjs');
    writeFileSync(empty, '');
    const first = tools.map((tool) => run(tool, data, cache));
    invariant(first[0]?.orders !== '' && first[0]?.orders === first[1]?.orders, 'The shipped tool trades otherwise than the one in the repository');
    const [bundle, source, nothing, bare]: number[][] = [[], [], [], []];
    for (let n = 0; n < RUNS; n += 1) {
      bundle?.push(run(tools[0] ?? '', data, cache).ms);
      source?.push(run(tools[1] ?? '', data, cache).ms);
      let begin = performance.now();
      runProgram(empty, []);
      nothing?.push(performance.now() - begin);
      for (let again = 0; again < WARM; again += 1) {
        begin = performance.now();
        bareSmaCross(million, { fast: 10, slow: 30, qty: 100, cash: 1e7, percent: 0.1 });
        bare?.push(performance.now() - begin);
      }
    }
    const best = Math.min(...(bundle ?? []));
    const unit = Math.min(...(bare ?? []));
    return [
      figureOf({ name: `back-test of ${DAYS} days, whole process`, unit: 'ms', values: bundle ?? [], p: 0 }),
      figureOf({ name: '  / the process of backtesting.py, by the bare loop', unit: 'x', values: [best / unit / BACKTESTING_PY], limit: 0.8 }),
      figureOf({ name: '  / a Node that does nothing', unit: 'x', values: [best / Math.min(...(nothing ?? []))] }),
      figureOf({ name: '  the first time, nothing compiled', unit: 'ms', values: [first[0]?.ms ?? NaN] }),
      figureOf({ name: '  from the sources', unit: 'ms', values: source ?? [], p: 0 }),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
