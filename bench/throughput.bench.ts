/** How many bars a second go the whole way: stored, shown to two strategies, decided, valued. */
import { marketFolder } from './lib/folders.ts';
import { figureOf, type Figure } from './lib/measure.ts';
import { replayFolder } from './lib/replay.ts';
import { removeDir } from './lib/stack.ts';
import { bareInsertRate } from './lib/bare-insert.ts';

const SYMBOLS = 200;
const MINUTES = 60;
const ROUNDS = 3;
const LIMIT_MS = 300_000;

/** Bars a second with many symbols per minute, beside what PostgreSQL alone does with the same bars. */
export async function benchThroughput(): Promise<Figure[]> {
  const folder = marketFolder(SYMBOLS, MINUTES);
  try {
    const rates: number[] = [];
    const bare: number[] = [];
    const backlogs: number[] = [];
    const cpu: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const run = await replayFolder(folder, LIMIT_MS, { during: async (stack) => { bare.push(await bareInsertRate(stack, SYMBOLS, MINUTES)); return () => Promise.resolve(); } });
      rates.push(run.bars / run.seconds);
      backlogs.push(run.backlog);
      cpu.push([...run.cpuMs.values()].reduce((sum, ms) => sum + ms, 0) / run.bars);
    }
    return [
      figureOf({ name: 'whole pipeline, 200 symbols a minute', unit: 'bars/s', values: rates, limit: 2_000, isFloor: true }),
      figureOf({ name: '  events left unheard at the end', unit: '', values: backlogs, limit: 0 }),
      figureOf({ name: '  processor time', unit: 'ms/bar', values: cpu }),
      figureOf({ name: '  bare insert of the same bars', unit: 'bars/s', values: bare }),
      figureOf({ name: '  time of the pipeline / bare insert', unit: 'x', values: rates.map((rate, n) => (bare[n] ?? NaN) / rate) }),
    ];
  } finally {
    removeDir(folder);
  }
}
