/** Last quotes and trades of the followed symbols: in the cache for whoever asks, on the live channel once a second for whoever looks. Never in the book. */
import type { FeedState, LastQuote } from '#app/contracts/universe.ts';
import type { LiveQuote } from '#app/contracts/live.ts';
import { describeError } from '#app/domain/errors.ts';
import { HOUR_MS } from '#app/domain/time.ts';
import type { Broadcast, Cache } from '#chassis/bus.ts';
import type { Logger } from '#chassis/log.ts';
import { QUOTES_CHANNEL, quoteKey } from '#chassis/market-cache.ts';
import type { FeedTick } from '../alpaca/ports.ts';

/** How often what moved is told: the promise is once a second per symbol at most. */
const FLUSH_MS = 1_000;
/** A quote of a day ago is no quote: whoever reads it sees its age, and after this long nothing. */
const CACHED_MS = 20 * HOUR_MS;
/** Symbols with quotes that are remembered. */
const MAX_SYMBOLS = 5_000;
const MAX_HALTS = 200;
/** Codes of the two tapes: trading is halted or paused; trading goes on. The others (indications, imbalances, short-sale restrictions) change neither. */
const HALT_CODES: ReadonlySet<string> = new Set(['2', 'H', 'P']);
const TRADING_CODES: ReadonlySet<string> = new Set(['3', 'T']);

/** What the keeper works with. */
export type QuoteParts = { readonly cache: Cache; readonly broadcast: Broadcast; readonly log: Logger; readonly onSuspect: (symbol: string, at: number) => void };
/** Keeps last quotes and trades. */
export type Quotes = {
  /** Takes what the feed told, in any order. */
  take(ticks: readonly FeedTick[]): void;
  /** A bar of a symbol: who traded in a minute after its halt is halted no more, also when the word of its end was missed. */
  traded(symbol: string, openTime: number): void;
  /** What was counted since the start, and which symbols do not trade now. */
  state(): { readonly counts: Pick<FeedState['counts'], 'quotes' | 'trades' | 'corrections' | 'statuses' | 'late' | 'duplicates'>; readonly halts: FeedState['halts'] };
  /** Writes what moved; by itself once a second. */
  flush(): Promise<void>;
  stop(): void;
};

type Counts = { quotes: number; trades: number; corrections: number; statuses: number; late: number; duplicates: number };
type Known = { quote: LastQuote['quote']; trade: (NonNullable<LastQuote['trade']> & { readonly id: string }) | null };
type Halt = FeedState['halts'][number];

/** Is this news later than what is known? What came twice or too late changes nothing. */
function isNews(counts: Counts, known: { readonly tsMarket: number } | null, at: number, isSame: boolean): boolean {
  if (known !== null && isSame) counts.duplicates += 1;
  else if (known !== null && at < known.tsMarket) counts.late += 1;
  else return true;
  return false;
}

class QuoteKeeper implements Quotes {
  readonly #parts: QuoteParts;
  readonly #last = new Map<string, Known>();
  readonly #moved = new Set<string>();
  readonly #halts = new Map<string, Halt>();
  readonly #counts: Counts = { quotes: 0, trades: 0, corrections: 0, statuses: 0, late: 0, duplicates: 0 };
  readonly #timer: NodeJS.Timeout;
  #isFlushing = false;

  constructor(parts: QuoteParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => {
      if (this.#isFlushing) return;
      this.#isFlushing = true;
      this.flush().catch((error: unknown) => parts.log.debug({ error: describeError(error) }, 'Quotes were not told')).finally(() => {
        this.#isFlushing = false;
      });
    }, FLUSH_MS);
  }

  take(ticks: readonly FeedTick[]): void {
    for (const tick of ticks) this.#takeOne(tick);
  }

  traded(symbol: string, openTime: number): void {
    const halt = this.#halts.get(symbol);
    if (halt && openTime > halt.tsMarket) this.#halts.delete(symbol);
  }

  #takeOne(tick: FeedTick): void {
    switch (tick.kind) {
      case 'quote': return this.#quote(tick);
      case 'trade': return this.#trade(tick);
      case 'status': return this.#status(tick);
      default:
        this.#counts.corrections += 1;
        this.#parts.onSuspect(tick.symbol, tick.at);
    }
  }

  #knownOf(symbol: string): Known {
    let known = this.#last.get(symbol);
    if (!known) {
      if (this.#last.size >= MAX_SYMBOLS) this.#last.clear();
      this.#last.set(symbol, (known = { quote: null, trade: null }));
    }
    return known;
  }

  #quote(tick: Extract<FeedTick, { kind: 'quote' }>): void {
    this.#counts.quotes += 1;
    const known = this.#knownOf(tick.symbol);
    const { bid, bidSize, ask, askSize } = tick;
    const isSame = known.quote?.tsMarket === tick.at && known.quote.bid === bid && known.quote.ask === ask && known.quote.bidSize === bidSize && known.quote.askSize === askSize;
    if (!isNews(this.#counts, known.quote, tick.at, isSame)) return;
    known.quote = { bid, bidSize, ask, askSize, tsMarket: tick.at, tsSeen: tick.tsSeen };
    this.#moved.add(tick.symbol);
  }

  #trade(tick: Extract<FeedTick, { kind: 'trade' }>): void {
    this.#counts.trades += 1;
    const known = this.#knownOf(tick.symbol);
    if (!isNews(this.#counts, known.trade, tick.at, tick.id !== '' && known.trade?.id === tick.id)) return;
    known.trade = { price: tick.price, size: tick.size, tsMarket: tick.at, tsSeen: tick.tsSeen, id: tick.id };
    this.#moved.add(tick.symbol);
  }

  #status({ symbol, code, text, at }: Extract<FeedTick, { kind: 'status' }>): void {
    this.#counts.statuses += 1;
    const known = this.#halts.get(symbol);
    if (known && known.tsMarket > at) return;
    if (TRADING_CODES.has(code)) this.#halts.delete(symbol);
    if (!HALT_CODES.has(code)) return;
    if (this.#halts.size >= MAX_HALTS) this.#halts.clear();
    this.#halts.set(symbol, { symbol, code, text: text === '' ? `Trading status ${code}` : text, tsMarket: at });
    this.#parts.log.warn({ symbol, code, text }, 'The exchange halted a symbol');
  }

  async flush(): Promise<void> {
    if (this.#moved.size === 0) return;
    const symbols = [...this.#moved];
    this.#moved.clear();
    const moved: LiveQuote[] = [];
    const stored: Promise<void>[] = [];
    for (const symbol of symbols) {
      const known = this.#last.get(symbol);
      if (!known) continue;
      if (known.quote) moved.push({ symbol, ...known.quote });
      const { trade } = known;
      const last: LastQuote = { symbol, quote: known.quote, trade: trade === null ? null : { price: trade.price, size: trade.size, tsMarket: trade.tsMarket, tsSeen: trade.tsSeen } };
      stored.push(this.#parts.cache.set(quoteKey(symbol), last, CACHED_MS));
    }
    if (moved.length > 0) stored.push(this.#parts.broadcast(QUOTES_CHANNEL, moved));
    await Promise.all(stored);
  }

  state(): ReturnType<Quotes['state']> {
    return { counts: { ...this.#counts }, halts: [...this.#halts.values()] };
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Starts keeping. */
export function keepQuotes(parts: QuoteParts): Quotes {
  return new QuoteKeeper(parts);
}
