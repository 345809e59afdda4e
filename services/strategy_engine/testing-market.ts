/** Test support: a seeded market of minute bars, and what the pure strategies say to it. */
import { barFromWire, type BarWire } from '#app/domain/bar.ts';
import { toFloat } from '#app/domain/numeric.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import { NO_HOST_FACTS, openHost, type StrategyHost } from '#app/strategy/host.ts';
import { strategyType } from '#app/strategy/registry.ts';

/** The symbols of the test market, in the order of the wire. */
export const MARKET_SYMBOLS = ['AAPL', 'QQQ', 'SPY'] as const;
const EXTENDED_MINUTES = 5;

/** A walk in cents: the first `days` sessions from 2024-07-01 (the third is a half day), in the order of the wire, with five minutes of extended hours on both sides. */
export function testMarket(days: number, seed = 7): BarWire[] {
  let state = seed;
  const random = (range: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * range);
  };
  const text = (cents: number): string => (cents / 100).toFixed(2);
  const closes = new Map<string, number>();
  const bars: BarWire[] = [];
  for (const session of sessionsBetween('2024-07-01', '2024-09-30').slice(0, days)) {
    const [from, to] = [session.open - EXTENDED_MINUTES * MINUTE_MS, session.close + EXTENDED_MINUTES * MINUTE_MS];
    for (let openTime = from; openTime < to; openTime += MINUTE_MS) {
      for (const symbol of MARKET_SYMBOLS) {
        const open = closes.get(symbol) ?? 10_000;
        const close = Math.max(1_000, open + random(41) - 20);
        closes.set(symbol, close);
        bars.push({
          symbol, timeframe: '1Min', openTime, open: text(open), high: text(Math.max(open, close) + random(5)), low: text(Math.min(open, close) - random(5)), close: text(close),
          volume: String(100 + random(900)),
        });
      }
    }
  }
  return bars;
}

/** A signal, as far as the tests compare it. */
export type SaidSignal = { readonly signal_id: string; readonly target: string; readonly reference_price: string };

/** Opening minutes of the half day and of the full days of the test market, by the UTC clock of summer. */
function isRegularMinute(openTime: number): boolean {
  const [date = '', time = ''] = new Date(openTime).toISOString().split('T');
  return time >= '13:30' && time < (date === '2024-07-03' ? '17:00' : '20:00');
}

/** What the built-in strategies with default parameters say to these bars, in the order of the wire: without engine, book or calendar. */
export function saidBy(kinds: readonly string[], bars: readonly BarWire[]): SaidSignal[] {
  const hosts = new Map<string, StrategyHost>();
  const signals: SaidSignal[] = [];
  for (const wire of bars) {
    if (!isRegularMinute(wire.openTime)) continue;
    const bar = barFromWire(wire);
    const numbers = { time: wire.openTime, open: toFloat(bar.open), high: toFloat(bar.high), low: toFloat(bar.low), close: toFloat(bar.close), volume: toFloat(bar.volume) };
    for (const kind of kinds) {
      const host = hosts.get(`${kind} ${wire.symbol}`) ?? openHost(strategyType(kind).bind({}), [wire.symbol]);
      hosts.set(`${kind} ${wire.symbol}`, host);
      const moment = { openTime: wire.openTime, closeTime: wire.openTime + MINUTE_MS, bars: new Map([[wire.symbol, numbers]]) };
      for (const { target, n } of host.advance(moment, 'live', NO_HOST_FACTS)) signals.push({ signal_id: `${kind}.v1:${wire.symbol}:${wire.openTime}:${n}`, target, reference_price: wire.close });
    }
  }
  return signals;
}
