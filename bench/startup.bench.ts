/** How long a person waits: the first start, warm starts, stops. */
import { figureOf, type Figure } from './lib/measure.ts';
import { freshDataDir, removeDir, startStack } from './lib/stack.ts';

const WARM_STARTS = 5;
const MS_PER_S = 1_000;

/** First start in a new data folder, then warm starts of the same folder; every stop counts. */
export async function benchStartup(): Promise<Figure[]> {
  const dataDir = freshDataDir();
  const first: number[] = [];
  const warm: number[] = [];
  const stops: number[] = [];
  try {
    for (let n = 0; n <= WARM_STARTS; n += 1) {
      const stack = await startStack({ dataDir });
      (n === 0 ? first : warm).push(stack.healthyMs / MS_PER_S);
      stops.push((await stack.stop()) / MS_PER_S);
    }
  } finally {
    removeDir(dataDir);
  }
  return [
    figureOf({ name: 'first start, to all healthy', unit: 's', values: first, limit: 12 }),
    figureOf({ name: 'warm start, to all healthy', unit: 's', values: warm, limit: 4 }),
    figureOf({ name: 'stop', unit: 's', values: stops, limit: 10 }),
  ];
}
