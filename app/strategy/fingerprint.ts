/** The fingerprint of what a strategy does: a hash over its signals on a fixed walk of bars. */
import type { NumericBar } from '#app/indicators/indicator.ts';
import { HOUR_MS } from '#app/domain/time.ts';
import { NO_HOST_FACTS, openHost, type HostFacts } from './host.ts';
import { warmUpBars, type BoundStrategy } from './spec.ts';
import type { WideBars } from './tape.ts';

const PROBE_BARS_MIN = 1_500;
const PROBE_SYMBOLS_MIN = 4;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over two lanes with different starts, as 16 hexadecimal digits. Not for secrets: it tells versions apart. */
function fingerprint(parts: readonly string[]): string {
  const lane = (seed: number): string => {
    let hash = seed;
    for (const part of parts) {
      for (let i = 0; i < part.length; i += 1) hash = Math.imul(hash ^ part.charCodeAt(i), FNV_PRIME);
      hash = Math.imul(hash ^ 0x1f, FNV_PRIME);
    }
    return (hash >>> 0).toString(16).padStart(8, '0');
  };
  return lane(FNV_OFFSET) + lane(FNV_OFFSET ^ 0x5bd1e995);
}

/** Fixed walks of hourly bars in cents around $50, one a symbol, half of each step common to all, with quiet stretches: the same numbers on every machine. */
function* probeMoments(count: number, symbols: readonly string[]): Generator<ReadonlyMap<string, NumericBar>> {
  let seed = 20_240_102;
  const next = (range: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 4_294_967_296) * range);
  };
  const closes = new Map(symbols.map((symbol) => [symbol, 5_000]));
  for (let i = 0; i < count; i += 1) {
    const bars = new Map<string, NumericBar>();
    const common = next(31) - 15;
    for (const symbol of symbols) {
      const open = closes.get(symbol) ?? 5_000;
      const close = i % 97 > 4 ? Math.max(500, open + common + next(31) - 15 + (open < 5_000 ? 1 : -1)) : open;
      closes.set(symbol, close);
      const high = Math.max(open, close) + next(15);
      const low = Math.min(open, close) - next(15);
      bars.set(symbol, { time: i * HOUR_MS, open: open / 100, high: high / 100, low: low / 100, close: close / 100, volume: 100 + next(10_000) });
    }
    yield bars;
  }
}

/** Twenty-four hours make a day here: what a strategy does with wide bars shows, whatever the sessions are. */
const PROBE_WIDE: WideBars = {
  start: () => ({ bars: 0, wide: null }),
  readState: (_timeframe, raw) => raw,
  add(state, bar) {
    const open = state as { bars: number; wide: NumericBar | null };
    const { wide } = open;
    open.wide = wide === null ? bar : { ...wide, high: Math.max(wide.high, bar.high), low: Math.min(wide.low, bar.low), close: bar.close, volume: wide.volume + bar.volume };
    open.bars += 1;
    if (open.bars < 24) return [];
    const closed = open.wide;
    [open.bars, open.wide] = [0, null];
    return [closed];
  },
};

/**
 * Fingerprint of a strategy's behaviour: a hash of every signal with its reasons that it raises on a fixed series of bars. It is the `code_hash` of a strategy version: bundling and renaming leave
 * it alone, a change of what the strategy does changes it. The account is a fixed one: $100,000 and nothing held, so what a strategy makes of its positions shows only in so far as it asks. 16 hexadecimal digits.
 */
export function behaviourHash(strategy: BoundStrategy): string {
  const [min, max] = strategy.symbols;
  const symbols = Array.from({ length: Math.min(max, Math.max(min, PROBE_SYMBOLS_MIN)) }, (_, n) => `PROBE${String(n).padStart(4, '0')}`);
  const host = openHost(strategy, symbols, { wide: PROBE_WIDE });
  const facts: HostFacts = NO_HOST_FACTS;
  const parts = [strategy.kind, JSON.stringify(strategy.parameters)];
  let i = 0;
  for (const bars of probeMoments(PROBE_BARS_MIN + 4 * warmUpBars(strategy, '1Hour'), symbols)) {
    for (const signal of host.advance({ openTime: i * HOUR_MS, closeTime: (i + 1) * HOUR_MS, bars }, 'live', facts)) parts.push(`${i} ${JSON.stringify(signal)}`);
    i += 1;
  }
  parts.push(JSON.stringify(host.save()));
  return fingerprint(parts);
}
