/** `npm run bench [-- name ...]`: how fast and how small the built product is. Told, never tested: a busy computer must not fail a check. */
import { machine, type Figure } from './lib/measure.ts';
import { printReport, writeReport, type Report } from './lib/report.ts';
import { benchBars } from './bars.bench.ts';
import { benchChart } from './chart.bench.ts';
import { benchEngine } from './engine.bench.ts';
import { benchFlows } from './flows.bench.ts';
import { benchIndicators } from './indicators.bench.ts';
import { benchIngest } from './ingest.bench.ts';
import { benchLatency } from './latency.bench.ts';
import { benchLogs } from './logs.bench.ts';
import { benchMemory } from './memory.bench.ts';
import { benchProcess } from './process.bench.ts';
import { benchReconcile } from './reconcile.bench.ts';
import { benchSandbox } from './sandbox.bench.ts';
import { benchReplay } from './replay.bench.ts';
import { benchRunsList } from './runs-list.bench.ts';
import { benchSchedules } from './schedules.bench.ts';
import { benchScreener } from './screener.bench.ts';
import { benchSimulator } from './simulator.bench.ts';
import { benchStartup } from './startup.bench.ts';
import { benchStatistics } from './statistics.bench.ts';
import { benchStudio } from './studio.bench.ts';
import { benchSubmit } from './submit.bench.ts';
import { benchSweep } from './sweep.bench.ts';
import { benchThroughput } from './throughput.bench.ts';
import { benchVenue } from './venue.bench.ts';

const BENCHMARKS: Readonly<Record<string, () => Promise<Figure[]>>> = { startup: benchStartup, memory: benchMemory, latency: benchLatency, chart: benchChart, submit: benchSubmit, throughput: benchThroughput, reconcile: benchReconcile, replay: benchReplay, runs: benchRunsList, flows: benchFlows, schedules: benchSchedules, logs: benchLogs, sandbox: benchSandbox, simulator: benchSimulator, venue: benchVenue, engine: benchEngine, indicators: benchIndicators, sweep: benchSweep, statistics: benchStatistics, ingest: benchIngest, bars: benchBars, screener: benchScreener, process: benchProcess, studio: benchStudio };

async function main(wanted: readonly string[]): Promise<number> {
  const unknown = wanted.filter((name) => !Object.hasOwn(BENCHMARKS, name));
  if (unknown.length > 0) {
    process.stderr.write(`Unknown: ${unknown.join(', ')}. Benchmarks: ${Object.keys(BENCHMARKS).join(', ')}\n`);
    return 64;
  }
  const start = machine();
  const benchmarks: Report['benchmarks'][number][] = [];
  for (const [name, run] of Object.entries(BENCHMARKS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    process.stderr.write(`${name} ...\n`);
    const { load } = machine();
    benchmarks.push({ name, load, figures: await run() });
  }
  const report: Report = { at: new Date().toISOString(), machine: start, benchmarks };
  printReport(report);
  writeReport(report);
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
