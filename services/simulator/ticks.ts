/** Trades, quotes and auctions that a minute bar tells of: what the tape knows, and no more. */
import { invariant } from '#app/domain/errors.ts';
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { BAR_MS, type MarketBar } from './market.ts';
import type { WireObject } from './wire-common.ts';

/** A print or a quote at an instant within its minute. */
export type Tick = { readonly symbol: string; readonly at: EpochMs; readonly id: number; readonly price: number; readonly size: number };

/** Where within the minute the prints lie, as fractions of it: open, first extreme, second extreme, close. */
const PLACES = [0, 0.3, 0.6, 0.999] as const;
const CENT = 0.01;
const ROUND_LOT = 100;

const round4 = (value: number): number => Math.round(value * 1e4) / 1e4;

/**
 * The prints of a minute: open, low and high in the order that the bar's direction suggests, close; their sizes sum to its volume.
 * Ids count four to the minute.
 */
export function tradesOf(bar: MarketBar): readonly Tick[] {
  const extremes = bar.close >= bar.open ? [bar.low, bar.high] : [bar.high, bar.low];
  const prices = [bar.open, ...extremes, bar.close];
  const share = Math.floor(bar.volume / PLACES.length);
  return prices.map((price, n) => ({
    symbol: bar.symbol, at: (bar.openTime + Math.floor((PLACES[n] ?? 0) * BAR_MS)) as EpochMs, id: (bar.openTime / BAR_MS) * PLACES.length + n, price,
    size: n === PLACES.length - 1 ? bar.volume - share * (PLACES.length - 1) : share,
  }));
}

/** Quotes of a minute: a cent around each print. */
export function quotesOf(bar: MarketBar): readonly Tick[] {
  return tradesOf(bar).map((tick) => ({ ...tick, size: ROUND_LOT }));
}

/** The last print of a minute, and the quote that stands at its end. */
export function lastTick(bar: MarketBar): Tick {
  const tick = tradesOf(bar).at(-1);
  invariant(tick, 'A bar has prints');
  return tick;
}

/** A trade of the REST API. */
export function wireTrade(tick: Tick): WireObject {
  return { t: toRfc3339(tick.at), x: 'V', p: tick.price, s: Math.max(1, Math.round(tick.size)), c: ['@'], i: tick.id, z: 'C' };
}

/** A quote of the REST API. Sizes are shares. */
export function wireQuote(tick: Tick): WireObject {
  return { t: toRfc3339(tick.at), bx: 'V', bp: round4(tick.price - CENT), bs: ROUND_LOT, ax: 'V', ap: round4(tick.price + CENT), as: ROUND_LOT, c: ['R'], z: 'C' };
}

/** Opening and closing auction of a day: the open of its first regular minute, the close of its last one (absent while the session goes on). */
export function wireAuctions(date: string, first: MarketBar, last: MarketBar | null): WireObject {
  const open = { t: toRfc3339(first.openTime), x: 'P', p: first.open, c: 'O' };
  const close = last === null ? [] : [{ t: toRfc3339((last.openTime + BAR_MS) as EpochMs), x: 'P', p: last.close, c: '6' }];
  return { d: date, o: [open], c: close };
}
