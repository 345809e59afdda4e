/** The running bar of the day of each symbol, kept up minute by minute. */
import type { EpochMs } from '#app/domain/time.ts';
import { latestSession } from '#app/market/calendar.ts';
import type { Broker } from './broker.ts';
import { BAR_MS, type MarketBar } from './market.ts';
import { aggregate } from './wire-data.ts';

type Running = { readonly until: EpochMs; readonly bar: MarketBar };

/** Asks for the bar of the day so far; null before the day's first minute. Only what is new since the last asking is read. */
export function createDayBars(broker: Broker): (symbol: string) => MarketBar | null {
  const known = new Map<string, Running>();
  return (symbol) => {
    const to = broker.released();
    if (to === null) return null;
    const { open } = latestSession(to);
    const before = known.get(symbol);
    const isToday = before !== undefined && before.until >= open;
    if (isToday && before.until === to) return before.bar;
    const minutes = broker.market.bars(symbol, { from: (isToday ? before.until + BAR_MS : open) as EpochMs, to, limit: 1_000 });
    const merged = aggregate(isToday ? [{ ...before.bar, openTime: before.until }, ...minutes] : minutes, { unit: 'day' }).at(-1);
    if (!merged) return null;
    known.set(symbol, { until: to, bar: merged });
    return merged;
  };
}
