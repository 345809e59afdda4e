/** Bars that are told anew after they were stored: revised in the book, said to whoever draws them. No strategy sees a bar twice. */
import type { LiveBar } from '#app/contracts/live.ts';
import type { BarWire } from '#app/domain/bar.ts';
import { MINUTE_MS, timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import type { Broadcast } from '#chassis/bus.ts';
import type { Db, Tx } from '#chassis/db.ts';
import { REVISIONS_CHANNEL } from '#chassis/market-cache.ts';
import type { MarketHistory } from '../alpaca/ports.ts';
import { reviseBars, storeBars, type SeenBar } from './store.ts';

/** Minutes that wait to be read again; what comes beyond is found by the next repair or validation. */
const MAX_SUSPECTS = 2_000;
/** Prints are corrected in bursts: a minute is read again this long after the last word about any. */
const SETTLE_MS = 2_000;

const liveBar = (bar: BarWire): LiveBar => ({
  symbol: bar.symbol, openTime: bar.openTime, open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close), volume: Number(bar.volume), isRevision: true,
});

/** The last word about each bar of a batch. */
function lastWords(bars: readonly SeenBar[]): SeenBar[] {
  return [...new Map(bars.map((bar) => [`${bar.symbol} ${bar.timeframe} ${bar.openTime}`, bar])).values()];
}

/**
 * Changes stored bars to what the broker tells of them now, in the caller's transaction. One that was never stored is, as history: nobody trades on it.
 * `broadcast`: whoever draws bars hears of those that changed, after the commit.
 */
export async function applyRevisions(tx: Tx, bars: readonly SeenBar[], from: { readonly source: string; readonly broadcast: Broadcast }): Promise<number> {
  if (bars.length === 0) return 0;
  const words = lastWords(bars);
  const { revised, missing } = await reviseBars(tx, words, { kind: 'bar_revised', source: from.source });
  const unknown = new Set(missing.map((key) => `${key.symbol} ${key.openTime}`));
  const late = words.filter((bar) => unknown.has(`${bar.symbol} ${bar.openTime}`));
  if (late.length > 0) await storeBars(tx, late, { source: 'stream', isBackfill: true });
  if (revised > 0) tx.afterCommit(() => void from.broadcast(REVISIONS_CHANNEL, words.filter((bar) => !late.includes(bar)).map(liveBar)));
  return revised;
}

/** Minutes of which a print was corrected or taken back, until they are read again. */
export type Suspects = {
  /** Notes the minute of an instant. */
  add(symbol: string, at: number): void;
  /** May they be taken: has the talk about them settled? */
  isDue(): boolean;
  /** All of them, oldest first; they are not kept any longer. */
  take(): readonly { readonly symbol: string; readonly openTime: number }[];
};

/** Keeps them. `onDue`: something may be taken. */
export function keepSuspects(onDue: () => void): Suspects {
  const held = new Map<string, { readonly symbol: string; readonly openTime: number }>();
  let timer: NodeJS.Timeout | null = null;
  let isDue = false;
  return {
    add(symbol, at) {
      const openTime = Math.floor(at / MINUTE_MS) * MINUTE_MS;
      if (held.size < MAX_SUSPECTS) held.set(`${symbol} ${openTime}`, { symbol, openTime });
      if (timer !== null) clearTimeout(timer);
      timer = setTimeout(() => {
        isDue = true;
        onDue();
      }, SETTLE_MS);
      timer.unref();
    },
    isDue: () => isDue && held.size > 0,
    take() {
      isDue = false;
      const due = [...held.values()].sort((a, b) => a.openTime - b.openTime);
      held.clear();
      return due;
    },
  };
}

/** What reading again needs. */
export type RereadParts = { readonly db: Db; readonly history: Pick<MarketHistory, 'bars'>; readonly timeframe: Timeframe; readonly broadcast: Broadcast };

/** Reads minutes again over REST and revises those that are others there. @returns how many were. @throws what reading and writing throw */
export async function reread(parts: RereadParts, suspects: readonly { readonly symbol: string; readonly openTime: number }[]): Promise<number> {
  const width = timeframeMs(parts.timeframe);
  const bySymbol = new Map<string, number[]>();
  for (const { symbol, openTime } of suspects) bySymbol.set(symbol, [...(bySymbol.get(symbol) ?? []), Math.floor(openTime / width) * width]);
  let revised = 0;
  for (const [symbol, times] of bySymbol) {
    const wanted = new Set(times);
    const told: SeenBar[] = [];
    for await (const page of parts.history.bars({ symbols: [symbol], timeframe: parts.timeframe, start: Math.min(...times) as EpochMs, end: Math.max(...times) as EpochMs })) {
      for (const bar of page) if (bar.symbol === symbol && wanted.has(bar.openTime)) told.push({ ...bar, tsSeen: Date.now() });
    }
    revised += await parts.db.tx((tx) => applyRevisions(tx, told, { source: 'rest', broadcast: parts.broadcast }));
  }
  return revised;
}
