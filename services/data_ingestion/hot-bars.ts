/** The newest bars of series in Redis: what a chart asks for again and again. Derived: Redis may be erased at any time, and nothing else changes. */
import * as z from 'zod';
import { tryRead } from '#app/contracts/read.ts';
import type { Timeframe } from '#app/domain/time.ts';
import type { Cache } from '#chassis/bus.ts';

/** Rows of a series as text, a line a bar: `time,open,high,low,close,volume`, time in epoch ms and TEXT_SHIFT_MS. `source`: fingerprint of the book's state they are of; `from`: they are all that open since then. */
export type HotRows = { readonly source: string; readonly from: number; readonly rows: string; readonly sources: readonly string[] };

const hotRowsSchema = z.object({ source: z.string(), from: z.number(), rows: z.string(), sources: z.array(z.string()) });
/** Nobody looks at it again that day. */
const KEPT_MS = 6 * 3_600_000;
/** Longer pieces are not worth their room: they are read from the book. */
const MAX_CHARS = 600_000;

/** Counts of what was found there and what was not. */
export type HotCounters = { readonly hits: { inc(): void }; readonly misses: { inc(): void } };

/** The cache of hot bars. */
export type HotBars = {
  /** The rows since `from`, when they are there and of this state. */
  get(series: { readonly symbol: string; readonly timeframe: Timeframe }, state: { readonly source: string; readonly from: number }): Promise<HotRows | null>;
  /** Keeps them for the next one who asks. */
  set(series: { readonly symbol: string; readonly timeframe: Timeframe }, rows: HotRows): Promise<void>;
};

function keyOf({ symbol, timeframe }: { readonly symbol: string; readonly timeframe: Timeframe }): string {
  return `rows:${symbol}:${timeframe}`;
}

/** Over Redis (logical database 1). */
export function hotBars(cache: Cache, counters: HotCounters): HotBars {
  return {
    async get(series, { source, from }) {
      const read = tryRead(hotRowsSchema, await cache.get(keyOf(series)));
      const found = read.success && read.data.source === source && read.data.from <= from ? read.data : null;
      (found === null ? counters.misses : counters.hits).inc();
      return found;
    },
    async set(series, rows) {
      if (rows.rows.length <= MAX_CHARS) await cache.set(keyOf(series), rows, KEPT_MS);
    },
  };
}
