/** What an idle stack keeps in memory: the demo market runs, nobody looks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { figureOf, type Figure } from './lib/measure.ts';
import { byName, costsOf } from './lib/processes.ts';
import { freshDataDir, removeDir, startStack } from './lib/stack.ts';

type Look = ReturnType<typeof byName>;
const SETTLE_MS = 30_000;
const LOOKS = 3;
const LOOK_EVERY_MS = 2_000;

/** Proportional set size of every process, half a minute after the start, and processor time while idling. */
export async function benchMemory(): Promise<Figure[]> {
  const dataDir = freshDataDir();
  const stack = await startStack({ dataDir });
  try {
    await sleep(SETTLE_MS);
    const looks: Look[] = [];
    for (let n = 0; n < LOOKS; n += 1) {
      if (n > 0) await sleep(LOOK_EVERY_MS);
      looks.push(byName(costsOf(stack.pid)));
    }
    const sums = looks.map((look) => [...look.values()].reduce((sum, row) => sum + row.pssMb, 0));
    const cpu = (look: Look | undefined): number => [...(look?.values() ?? [])].reduce((sum, row) => sum + row.cpuMs, 0);
    const busy = (cpu(looks.at(-1)) - cpu(looks[0])) / ((LOOKS - 1) * LOOK_EVERY_MS);
    const rows = [...(looks.at(-1) ?? [])].sort(([, a], [, b]) => b.pssMb - a.pssMb);
    return [
      figureOf({ name: 'idle memory of everything (PSS)', unit: 'MiB', values: sums, limit: 600 }),
      ...rows.map(([name, row]) => figureOf({ name: `  ${name}${row.count > 1 ? ` (${row.count} processes)` : ''}`, unit: 'MiB', values: [row.pssMb] })),
      figureOf({ name: 'idle processor use', unit: '% of a core', values: [busy * 100] }),
    ];
  } finally {
    await stack.stop();
    removeDir(dataDir);
  }
}
