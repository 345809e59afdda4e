/** What a step of the tape is on the market-data stream: trades, quotes, bars and running day bars for one client's subscription. */
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import type { MarketBar } from './market.ts';
import { quotesOf, tradesOf, wireQuote, wireTrade, type Tick } from './ticks.ts';
import type { WireObject } from './wire-common.ts';

/** Channels that a client can subscribe to. */
export const CHANNELS = ['trades', 'quotes', 'bars', 'updatedBars', 'dailyBars', 'statuses', 'lulds', 'corrections', 'cancelErrors', 'imbalances'] as const;
/** One of them. */
export type Channel = (typeof CHANNELS)[number];
/** What a client has subscribed: symbols, or `*`. */
export type Subscriptions = Record<Channel, Set<string>>;

/** The fields that the stream writes with a time of its own: text in JSON, a timestamp in msgpack. */
type Stamp = (at: EpochMs) => Date | string;

/** Times as the client's encoding has them. */
export function stampOf(isMsgpack: boolean): Stamp {
  return isMsgpack ? (at) => new Date(at) : (at) => toRfc3339(at).replace('.000Z', 'Z');
}

function bar(kind: 'b' | 'u' | 'd', one: MarketBar, stamp: Stamp): WireObject {
  return { T: kind, S: one.symbol, o: one.open, h: one.high, l: one.low, c: one.close, v: one.volume, n: one.trades, vw: one.vwap, t: stamp(one.openTime) };
}

const tick = (kind: 't' | 'q', one: Tick, wire: (tick: Tick) => WireObject, stamp: Stamp): WireObject => ({ T: kind, S: one.symbol, ...wire(one), t: stamp(one.at) });
const has = (symbols: ReadonlySet<string>, symbol: string): boolean => symbols.has('*') || symbols.has(symbol);

/** A released step. `dayBar`: the running bar of the day of a symbol. */
export type StepFrame = { readonly bars: readonly MarketBar[]; readonly kind: 'b' | 'u'; dayBar(symbol: string): MarketBar | null };

/** The messages of a step for one client: prints and quotes in the order of time, then bars. */
export function messagesOf(step: StepFrame, subscriptions: Subscriptions, isMsgpack: boolean): readonly WireObject[] {
  const stamp = stampOf(isMsgpack);
  if (step.kind === 'u') return step.bars.filter((one) => has(subscriptions.updatedBars, one.symbol)).map((one) => bar('u', one, stamp));
  const ticks: { readonly at: EpochMs; readonly message: WireObject }[] = [];
  if (subscriptions.trades.size > 0 || subscriptions.quotes.size > 0) {
    for (const one of step.bars) {
      if (has(subscriptions.quotes, one.symbol)) ticks.push(...quotesOf(one).map((each) => ({ at: each.at, message: tick('q', each, wireQuote, stamp) })));
      if (has(subscriptions.trades, one.symbol)) ticks.push(...tradesOf(one).map((each) => ({ at: each.at, message: tick('t', each, wireTrade, stamp) })));
    }
    ticks.sort((a, b) => a.at - b.at);
  }
  const minutes = subscriptions.bars.size === 0 ? [] : step.bars.filter((one) => has(subscriptions.bars, one.symbol)).map((one) => bar('b', one, stamp));
  const days = subscriptions.dailyBars.size === 0 ? [] : step.bars.flatMap((one) => {
    const day = has(subscriptions.dailyBars, one.symbol) ? step.dayBar(one.symbol) : null;
    return day ? [bar('d', day, stamp)] : [];
  });
  return [...ticks.map((each) => each.message), ...minutes, ...days];
}
