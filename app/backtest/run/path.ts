/** How a bar is walked: as one stretch of which only open and close have their place in time, in the finer bars that are given, or along an assumed way. */
import type { MarketState } from './core.ts';
import { trailingStop, type Stretch } from './prices.ts';
import type { FillRules } from './types.ts';
import { microOf } from './units.ts';

/** A stretch with its time, epoch ms. */
export type TimedStretch = { readonly stretch: Stretch; readonly at: number; readonly ms: number };

const NONE: readonly TimedStretch[] = [];

/** Reads a bar into `out`. */
export function readStretch(m: MarketState, i: number, out: Stretch): Stretch {
  const { open, high, low, close } = m.bars;
  out.open = microOf(open[i] ?? NaN);
  out.high = microOf(high[i] ?? NaN);
  out.low = microOf(low[i] ?? NaN);
  out.close = microOf(close[i] ?? NaN);
  return out;
}

/**
 * The finer bars of a bar, oldest first: those of its session within [from, to). None when they do not reach its high and its low: what they lack may be where a stop was hit,
 * and the bar alone is taken for the worse.
 */
export function detailOf(m: MarketState, bar: Stretch, from: number, to: number): readonly TimedStretch[] {
  if (m.market.detail === null) return NONE;
  const { list, session } = m.sessions;
  const found = detailWithin(m, Math.max(from, list[session[m.cursor.i] ?? 0]?.open ?? from), to);
  if (found.some(({ stretch }) => stretch.high >= bar.high) && found.some(({ stretch }) => stretch.low <= bar.low)) return found;
  m.detailMissing += 1;
  return NONE;
}

/** Moves the market's place in its finer bars. */
function detailWithin(m: MarketState, from: number, to: number): TimedStretch[] {
  const { detail } = m.market;
  const found: TimedStretch[] = [];
  if (detail === null) return found;
  const { time, open, high, low, close } = detail;
  while ((time[m.nextDetail] ?? Infinity) < from) m.nextDetail += 1;
  for (let at = time[m.nextDetail] ?? Infinity; at < to; at = time[m.nextDetail] ?? Infinity) {
    const k = m.nextDetail;
    const end = Math.min(to, time[k + 1] ?? to);
    found.push({ stretch: { open: microOf(open[k] ?? NaN), high: microOf(high[k] ?? NaN), low: microOf(low[k] ?? NaN), close: microOf(close[k] ?? NaN) }, at, ms: end - at });
    m.nextDetail += 1;
  }
  return found;
}

/** Prices at which something may happen to the orders of a market: the way is cut there, so that each piece holds one event at its end. */
function levelsOf(m: MarketState): number[] {
  return m.orders.flatMap((order) => [order.limit, order.stop, order.band, Number.isNaN(order.best) ? NaN : trailingStop(order, order.best)]).filter((level) => !Number.isNaN(level));
}

/** A part of a millisecond that doubles of today's instants still tell apart. */
const MOMENT = 1 / 1024;

/** The assumed way through a bar, cut at the levels: each piece goes one way only. */
export function wayThrough(m: MarketState, bar: Stretch, rules: FillRules['intrabar'], at: number): TimedStretch[] {
  const isHighFirst = rules === 'open_high_low_close' || (rules === 'adaptive' && bar.high - bar.open <= bar.open - bar.low);
  const turns = isHighFirst ? [bar.open, bar.high, bar.low, bar.close] : [bar.open, bar.low, bar.high, bar.close];
  const levels = levelsOf(m);
  const points: number[] = [bar.open];
  for (let n = 1; n < turns.length; n += 1) {
    const [from, to] = [turns[n - 1] ?? 0, turns[n] ?? 0];
    const between = levels.filter((level) => (level - from) * (level - to) < 0);
    points.push(...[...new Set(between)].sort((a, b) => (to > from ? a - b : b - a)), to);
  }
  return points.slice(1).map((to, n) => {
    const from = points[n] ?? to;
    return { stretch: { open: from, high: Math.max(from, to), low: Math.min(from, to), close: to }, at: at + n * MOMENT, ms: MOMENT };
  });
}
