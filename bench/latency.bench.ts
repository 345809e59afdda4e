/** How fast a bar becomes an order and a fill reaches the page, at ten market minutes a second with a page looking on. */
import { marketFolder } from './lib/folders.ts';
import { figureOf, type Figure } from './lib/measure.ts';
import { histogramQuantile, openPage, type Bucket } from './lib/page.ts';
import { replayFolder } from './lib/replay.ts';
import { removeDir } from './lib/stack.ts';

const SYMBOLS = 20;
const MINUTES = 300;
const SPEED = 600;
const LIMIT_MS = 300_000;

/** Medians and 95th percentiles of both paths. */
export async function benchLatency(): Promise<Figure[]> {
  const folder = marketFolder(SYMBOLS, MINUTES);
  let posts: readonly Bucket[] = [];
  let pushes: readonly number[] = [];
  try {
    const run = await replayFolder(folder, LIMIT_MS, {
      speed: SPEED,
      during: async (stack) => {
        const page = await openPage(stack.dashboard);
        pushes = page.fillToPushMs;
        return async () => {
          posts = await page.histogram('bar_to_post_ms');
          page.close();
        };
      },
    });
    return [
      figureOf({ name: 'bar received -> order posted, p50', unit: 'ms', values: [histogramQuantile(posts, 0.5)] }),
      figureOf({ name: 'bar received -> order posted, p95', unit: 'ms', values: [histogramQuantile(posts, 0.95)], limit: 100 }),
      figureOf({ name: 'fill received -> at the page, p50', unit: 'ms', values: pushes }),
      figureOf({ name: 'fill received -> at the page, p95', unit: 'ms', values: pushes, p: 0.95, limit: 50 }),
      figureOf({ name: '  orders', unit: '', values: [run.orders] }),
      figureOf({ name: '  fills seen by the page', unit: '', values: [pushes.length] }),
    ];
  } finally {
    removeDir(folder);
  }
}
