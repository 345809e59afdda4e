/** The commands about stored bars, wired: what charts and the data page ask data_ingestion. */
import { join } from 'node:path';
import type { STORAGE_COMMANDS } from '#app/contracts/commands-storage.ts';
import { REDIS_DB } from '#chassis/bus.ts';
import type { CommandHandlers, ServiceContext } from '#chassis/service.ts';
import { readStorage } from './archive-view.ts';
import { readBars } from './bars-door.ts';
import { hotBars } from './hot-bars.ts';
import { turnstile } from './turnstile.ts';

/** Charts that are read at the same time: the others wait, so that live bars find a connection of the pool. */
const READS_AT_ONCE = 2;

/** Builds them. Hits and misses of the cache of newest bars are in the metrics. */
export function storageCommands(ctx: ServiceContext): Pick<CommandHandlers, keyof typeof STORAGE_COMMANDS> {
  const counts = { hits: 0, misses: 0 };
  const counter = (name: keyof typeof counts, help: string): { inc(): void } => {
    const metric = ctx.metrics.counter(`hot_bars_${name}_total`, help);
    return { inc() { counts[name] += 1; metric.inc(); } };
  };
  const hot = hotBars(ctx.bus.cache(REDIS_DB.marketData), { hits: counter('hits', 'Reads of newest bars that Redis answered'), misses: counter('misses', 'Reads of newest bars that went to the book') });
  const archiveFolder = join(ctx.config.dataDir, 'archive');
  const parts = { db: ctx.db, hot, archiveFolder };
  const inTurn = turnstile(READS_AT_ONCE);
  return {
    readBars: (ask) => inTurn(() => readBars(parts, ask)),
    readStorage: () => readStorage({ db: ctx.db, archiveFolder, dataFolder: ctx.config.dataDir, now: () => ctx.clock.now(), hot: () => ({ ...counts }) }),
  };
}
