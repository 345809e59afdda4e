/** A process of its own: one run of the engine over a million bars, nothing warm. Prints milliseconds of that run, of the bare loop once it is warm, and the peak of its memory. */
import { resourceUsage } from 'node:process';
import { runBacktest } from '#app/backtest/run/run.ts';
import { goldenConfig, plainMarket } from '#app/backtest/run/testing-cross.ts';
import { bareSmaCross, statistics } from './bare.ts';
import { synthetic } from './synth.ts';

const ROUNDS = 9;
const bars = synthetic({ length: 1_000_000 });
const config = goldenConfig([plainMarket('SYN', bars)], '1Min');
let start = performance.now();
statistics(runBacktest(config).equity);
const first = performance.now() - start;
const peak = resourceUsage().maxRSS / 1_024;
let bare = Infinity;
for (let n = 0; n < ROUNDS; n += 1) {
  start = performance.now();
  bareSmaCross(bars, { fast: 10, slow: 30, qty: 100, cash: 1e7, percent: 0.1 });
  bare = Math.min(bare, performance.now() - start);
}
process.stdout.write(`${JSON.stringify({ first, bare, peak })}\n`);
