/** The market-data stream: minute bars and halts of the watched symbols, quotes and trades of as many as the plan allows. */
import { streaming } from '@alpacahq/alpaca-trade-api';
import { describeError } from '#app/domain/errors.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import type { CheckedAccess } from './access.ts';
import type { Feed, FeedBar, FeedListener, FeedTick, StreamListener } from './ports.ts';
import { escalate, keepStream, streamTimers, type StreamTimers } from './stream-keeper.ts';
import { barFromNumbers } from './wire.ts';

/** The broker's words (the SDK gives no code) for its two limits: 405, the subscription stays as it was; 407, the connection ends. */
const SYMBOL_LIMIT = 'symbol limit exceeded';
const SLOW_CLIENT = 'slow client';
/** Who was too slow for quotes and trades goes without them for so long. */
const REST_MS = 600_000;
/** No tick is from beyond this year (2100). */
const MAX_INSTANT = 4_102_444_800_000;
/** Ticks that wait for one turn of the loop; older ones are given up, for only the last of each symbol matter. */
const MAX_HELD = 50_000;

/** A bar as the SDK hands it over -> domain. @throws AppError BROKER_REPLY_INVALID when it cannot be a bar */
export function barFromSdk(bar: streaming.StreamBar, isRevision: boolean, tsSeen: EpochMs): FeedBar {
  return { ...barFromNumbers(bar.symbol, '1Min', epochMs(bar.timestamp.getTime()), bar), isRevision, tsSeen };
}

const isSymbol = (value: unknown): boolean => typeof value === 'string' && /^[A-Z][A-Z0-9./]{0,14}$/.test(value);
const isPrice = (value: number): boolean => Number.isFinite(value) && value > 0;
const isSize = (value: number): boolean => Number.isFinite(value) && value >= 0;
/** The id of a print, '' when it has none: numbers beyond 2^53 come as text too. */
const idOf = ({ idRaw, id }: { readonly idRaw?: unknown; readonly id: unknown }): string => (typeof idRaw === 'string' ? idRaw.slice(0, 40) : typeof id === 'number' ? String(id) : '');
/** When it was, where it is about a symbol and has a time that can be. */
const instantOf = ({ symbol, timestamp }: { readonly symbol: string; readonly timestamp: Date }): EpochMs | null => (isSymbol(symbol) && timestamp.getTime() > 0 && timestamp.getTime() < MAX_INSTANT ? epochMs(timestamp.getTime()) : null);

/** Quotes, trades and the rest of the SDK's listeners -> domain; null when a number cannot be true (one side of a quote may be empty: then it is none). */
export const TICKS = {
  quote(raw: streaming.StreamQuote, tsSeen: EpochMs): FeedTick | null {
    const at = instantOf(raw);
    if (at === null || !isPrice(raw.bidPrice) || !isPrice(raw.askPrice) || !isSize(raw.bidSize) || !isSize(raw.askSize)) return null;
    return { kind: 'quote', symbol: raw.symbol, at, tsSeen, bid: raw.bidPrice, bidSize: raw.bidSize, ask: raw.askPrice, askSize: raw.askSize };
  },
  trade(raw: streaming.StreamTrade, tsSeen: EpochMs): FeedTick | null {
    const at = instantOf(raw);
    return at === null || !isPrice(raw.price) || !isSize(raw.size) ? null : { kind: 'trade', symbol: raw.symbol, at, tsSeen, id: idOf(raw), price: raw.price, size: raw.size };
  },
  correction(raw: streaming.StreamCorrection, tsSeen: EpochMs): FeedTick | null {
    const at = instantOf(raw);
    return at === null ? null : { kind: 'correction', symbol: raw.symbol, at, tsSeen };
  },
  cancel(raw: streaming.StreamCancelError, tsSeen: EpochMs): FeedTick | null {
    const at = instantOf(raw);
    return at === null ? null : { kind: 'cancel', symbol: raw.symbol, at, tsSeen };
  },
  status(raw: streaming.StreamStatus, tsSeen: EpochMs): FeedTick | null {
    const at = instantOf(raw);
    const text = [raw.statusMessage, raw.reasonMessage].filter((part) => typeof part === 'string' && part !== '').join(': ').slice(0, 200);
    return at === null || typeof raw.statusCode !== 'string' ? null : { kind: 'status', symbol: raw.symbol, at, tsSeen, code: raw.statusCode.slice(0, 8), text };
  },
};

/** How the feed is opened. `nowMs`: the wall clock. */
export type FeedOptions = { readonly access: CheckedAccess; readonly nowMs: () => EpochMs; readonly listener: StreamListener<FeedBar> & Partial<FeedListener>; readonly timers?: StreamTimers };

/** Hands over all ticks of a turn of the loop at once. */
function createBatcher(onTicks: (ticks: readonly FeedTick[]) => void): (tick: FeedTick) => void {
  let held: FeedTick[] = [];
  return (tick) => {
    held.push(tick);
    if (held.length > MAX_HELD) held = held.slice(-MAX_HELD / 2);
    if (held.length > 1) return;
    queueMicrotask(() => {
      const ticks = held;
      held = [];
      escalate(() => onTicks(ticks));
    });
  };
}

/** Which symbols have quotes and trades: as many of the wish as the broker lets us have. */
class TickWish {
  readonly #onLimit: (reason: string | null) => void;
  readonly #now: () => EpochMs;
  #wished: readonly string[] = [];
  #most = Infinity;
  #restsUntil = 0;
  #open: readonly string[] = [];

  constructor(onLimit: (reason: string | null) => void, now: () => EpochMs) {
    [this.#onLimit, this.#now] = [onLimit, now];
  }

  wish(symbols: readonly string[]): void {
    this.#wished = [...new Set(symbols)];
  }

  /** What is asked for now. */
  open(): readonly string[] {
    return this.#open;
  }

  /** A new connection has none. */
  forget(): void {
    this.#open = [];
  }

  /** The broker allows fewer: half as many are asked for from now on. Once the connection is new. */
  tooMany(): void {
    this.#most = Math.floor(this.#open.length / 2);
    this.#onLimit(`The broker does not give quotes and trades for ${this.#open.length} symbols; ${this.#most} have them now. Bars come for all.`);
  }

  tooSlow(): void {
    this.#restsUntil = this.#now() + REST_MS;
    this.#onLimit('The broker cut us off because quotes and trades were not read quickly enough; they rest for ten minutes. Bars come for all.');
  }

  /** Brings a connection to what is wanted. */
  apply(stream: streaming.StockDataStream): void {
    const isResting = this.#now() < this.#restsUntil;
    if (!isResting && this.#restsUntil > 0) {
      this.#restsUntil = 0;
      this.#onLimit(null);
    }
    const wanted = isResting ? [] : this.#wished.slice(0, this.#most);
    const removed = this.#open.filter((symbol) => !wanted.includes(symbol));
    const added = wanted.filter((symbol) => !this.#open.includes(symbol));
    if (removed.length > 0) {
      stream.unsubscribeFromTrades([...removed]);
      stream.unsubscribeFromQuotes([...removed]);
    }
    if (added.length > 0) {
      stream.subscribeForTrades([...added]);
      stream.subscribeForQuotes([...added]);
    }
    this.#open = wanted;
  }
}

/** Reads everything that the SDK's stream tells, each into the words of the domain. */
function hear(stream: streaming.StockDataStream, { listener, nowMs }: FeedOptions, { deliver, deliverTick }: { readonly deliver: (bar: FeedBar) => void; readonly deliverTick: (tick: FeedTick) => void }): void {
  const takeBar = (isRevision: boolean) => (raw: streaming.StreamBar): void => {
    let bar: FeedBar;
    try {
      bar = barFromSdk(raw, isRevision, nowMs());
    } catch (error) {
      listener.onTrouble(describeError(error).slice(0, 300));
      return;
    }
    deliver(bar);
  };
  const takeTick = <Raw>(read: (raw: Raw, tsSeen: EpochMs) => FeedTick | null) => (raw: Raw): void => {
    const tick = read(raw, nowMs());
    if (tick !== null) deliverTick(tick);
  };
  stream.onBar(takeBar(false)).onUpdatedBar(takeBar(true));
  stream.onQuote(takeTick(TICKS.quote)).onTrade(takeTick(TICKS.trade)).onCorrection(takeTick(TICKS.correction)).onCancelError(takeTick(TICKS.cancel)).onStatus(takeTick(TICKS.status));
}

/** Creates the feed; `start()` opens it. A bar that cannot be true is told as trouble and left out; so is a tick, without a word. */
export function createFeed(options: FeedOptions): Feed {
  const { access, listener, nowMs } = options;
  const ticks = new TickWish((reason) => listener.onLimit?.(reason), nowMs);
  const deliverTick = createBatcher((batch) => listener.onTicks?.(batch));
  let wished: readonly string[] = [];
  const current = (): streaming.StockDataStream | null => {
    const stream = kept.current();
    return stream instanceof streaming.StockDataStream ? stream : null;
  };
  const onLive = (): void => {
    const stream = current();
    // Only now: bars must not be refused together with quotes of which there are too many.
    if (stream !== null && kept.state() === 'live') ticks.apply(stream);
  };
  const kept = keepStream<FeedBar>(
    {
      name: 'market data',
      create(connection, deliver) {
        const stream = new streaming.StockDataStream({ ...connection, credentials: { keyId: access.keyId, secret: access.secretKey }, url: access.dataStreamUrl });
        ticks.forget();
        hear(stream, options, { deliver, deliverTick });
        if (wished.length > 0) follow(stream, wished);
        return stream;
      },
      hasNoSubscription: () => wished.length === 0,
    },
    {
      onMessages: (bars) => listener.onMessages(bars),
      onState(state, reason) {
        if (state === 'live') onLive();
        listener.onState(state, reason);
      },
      onTrouble(message) {
        if (message === SLOW_CLIENT) ticks.tooSlow();
        if (message !== SYMBOL_LIMIT || ticks.open().length === 0) return listener.onTrouble(message);
        // What is subscribed after a refusal hangs on the order of two messages: a new connection knows it from the start.
        ticks.tooMany();
        kept.reconnect(message);
      },
    },
    options.timers ?? streamTimers(access),
  );
  return {
    start: () => kept.start(), state: () => kept.state(), lastMessageAgeMs: () => kept.lastMessageAgeMs(), reconnect: (reason) => kept.reconnect(reason), close: () => kept.close(), ticksFor: () => ticks.open(),
    watch(symbols) {
      const before = wished;
      wished = [...new Set(symbols)];
      const stream = current();
      if (stream === null) return;
      const removed = before.filter((symbol) => !wished.includes(symbol));
      const added = wished.filter((symbol) => !before.includes(symbol));
      if (removed.length > 0) {
        stream.unsubscribeFromBars(removed);
        stream.unsubscribeFromUpdatedBars(removed);
        stream.unsubscribeFromStatuses(removed);
      }
      if (added.length > 0) follow(stream, added);
    },
    watchTicks(symbols) {
      ticks.wish(symbols);
      onLive();
    },
  };
}

function follow(stream: streaming.StockDataStream, symbols: readonly string[]): void {
  stream.subscribeForBars([...symbols]);
  stream.subscribeForUpdatedBars([...symbols]);
  stream.subscribeForStatuses([...symbols]);
}
