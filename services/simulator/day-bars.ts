/** Daily bars: the running one of each symbol, kept up minute by minute, and those of the past. */
import type { EpochMs } from '#app/domain/time.ts';
import { exchangeDay, fromNewYork, latestSession, sessionsBetween, type Session } from '#app/market/calendar.ts';
import type { Broker } from './broker.ts';
import { BAR_MS, type MarketBar } from './market.ts';
import { aggregate } from './wire-data.ts';

type Running = { readonly until: EpochMs; readonly bar: MarketBar };
/** Days that are kept; more are forgotten all at once and made again when they are asked for. */
const MAX_DAYS = 100_000;

/** Asks for days. Their openTime is New York's midnight. */
export type DayBars = {
  /** The bar of the day so far; null before the day's first minute. Only what is new since the last asking is read. */
  running(symbol: string): MarketBar | null;
  /** Daily bars with from <= openTime <= to, oldest first, made of minutes up to `edge` (the last that may be shown). */
  range(symbol: string, range: { readonly from: EpochMs; readonly to: EpochMs; readonly edge: EpochMs }): readonly MarketBar[];
};

/** Opens the days of a broker's market. */
export function createDayBars(broker: Broker): DayBars {
  const known = new Map<string, Running>();
  const ended = new Map<string, MarketBar | null>();
  const dayOf = (symbol: string, session: Session, to: EpochMs): MarketBar | null =>
    aggregate(broker.market.bars(symbol, { from: session.open, to: Math.min(to, session.close - 1) as EpochMs, limit: 1_000 }), { unit: 'day' })[0] ?? null;
  const endedDay = (symbol: string, session: Session): MarketBar | null => {
    const key = `${symbol} ${session.date}`;
    let bar = ended.get(key);
    if (bar === undefined) {
      bar = dayOf(symbol, session, session.close);
      if (ended.size >= MAX_DAYS) ended.clear();
      ended.set(key, bar);
    }
    return bar;
  };
  return {
    running(symbol) {
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
    },
    range(symbol, { from, to, edge }) {
      const { market } = broker;
      const days = [...market.olderDays(symbol, { from, to })];
      const first = Math.max(from, fromNewYork(exchangeDay(market.firstMinute), 0)) as EpochMs;
      const last = Math.min(to, edge) as EpochMs;
      if (first > last || !market.assets.has(symbol)) return days;
      for (const session of sessionsBetween(exchangeDay(first), exchangeDay(last))) {
        const midnight = fromNewYork(session.date, 0);
        if (midnight < first || midnight > to) continue;
        const bar = session.close - BAR_MS <= edge ? endedDay(symbol, session) : dayOf(symbol, session, edge);
        if (bar) days.push(bar);
      }
      return days;
    },
  };
}
