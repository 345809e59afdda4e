/** How fast a lockstep replay goes: each minute waits until everything has settled. */
import { existsSync } from 'node:fs';
import { marketFolder } from './lib/folders.ts';
import { figureOf, type Figure } from './lib/measure.ts';
import { replayFolder } from './lib/replay.ts';
import { removeDir } from './lib/stack.ts';

const LIMIT_MS = 900_000;
const MS_PER_S = 1_000;

/** Steps of a generated folder with two symbols, or of the folder in BENCH_FOLDER. */
export async function benchReplay(): Promise<Figure[]> {
  const given = process.env['BENCH_FOLDER'];
  if (given !== undefined && !existsSync(given)) throw new Error(`BENCH_FOLDER ${given} does not exist`);
  const folder = given ?? marketFolder(2, 390, 2);
  try {
    const run = await replayFolder(folder, LIMIT_MS);
    const parts = [...run.cpuMs].filter(([, ms]) => ms > 0).sort(([, a], [, b]) => b - a);
    const cpu = parts.reduce((sum, [, ms]) => sum + ms, 0);
    return [
      figureOf({ name: `lockstep step (${run.steps} steps, ${run.bars} bars)`, unit: 'ms', values: [(run.seconds * MS_PER_S) / run.steps] }),
      figureOf({ name: '  processor time a step', unit: 'ms', values: [cpu / run.steps] }),
      ...parts.map(([name, ms]) => figureOf({ name: `    ${name}`, unit: 'ms', values: [ms / run.steps] })),
      figureOf({ name: '  events left unheard at the end', unit: '', values: [run.backlog], limit: 0 }),
    ];
  } finally {
    if (given === undefined) removeDir(folder);
  }
}
