/** From the wire to the page: events say *when* to look, the book says *what* to show. */
import type { EventEnvelope } from '#app/contracts/events.ts';
import * as z from 'zod';
import { liveBarSchema, liveQuoteSchema, STATUS_INTERVAL_MS } from '#app/contracts/live.ts';
import type { LiveBody, LiveQuote, LiveStatus } from '#app/contracts/live.ts';
import { tryRead } from '#app/contracts/read.ts';
import type { Queryable } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import { QUOTES_CHANNEL, REVISIONS_CHANNEL } from '#chassis/market-cache.ts';
import { createGapWatch, isUrgent, mark, noMarks } from './live-marks.ts';
import type { Marks } from './live-marks.ts';
import { readAccount } from './queries/account.ts';
import { readHeads } from './queries/control.ts';
import { readCurveAfter, readCurveHead } from './queries/curve.ts';
import { readFillsAfter, readLedgerSeq, readOrdersById } from './queries/orders.ts';
import { readPositions } from './queries/positions.ts';

/** Orders, fills and positions go out at once, in waves at least this far apart. */
const WAVE_GAP_MS = 5;
/** Quotes at most once a second per symbol, of so many symbols. */
const QUOTE_INTERVAL_MS = 1_000;
const QUOTES_MAX = 1_000;
const quoteList = z.array(liveQuoteSchema).max(QUOTES_MAX);
const barList = z.array(liveBarSchema).max(5_000);
/** The live channels that the feed takes in (`said`). */
export const FEED_CHANNELS: readonly string[] = [QUOTES_CHANNEL, REVISIONS_CHANNEL];
/** Prices at most four times a second. */
const PRICE_INTERVAL_MS = 250;
const FILLS_PER_PUSH = 500;
const POINTS_PER_PUSH = 500;
/** More changed orders than this in one wave: the page asks for the list again. */
const ORDERS_PER_PUSH = 500;

/** What the feed needs. `onFillPushed` gets the milliseconds from the broker's message to the push; `onFailure` what went wrong in the background. */
export type FeedOptions = {
  readonly db: Queryable; readonly log: Logger; readonly status: { read(isForced?: boolean): Promise<LiveStatus> };
  push(body: LiveBody): void; count(): number; now(): number; onFillPushed(ms: number): void; onFailure(error: unknown): void;
};

/** The running feed of all pages. */
export class LiveFeed implements Disposable {
  readonly #options: FeedOptions;
  readonly #gaps = createGapWatch();
  /** The place in the book that pages have been told up to; `curve` (market time, 0 before the first point) is null while nobody looks. */
  readonly #cursor: { ledgerSeq: number; curve: number | null } = { ledgerSeq: 0, curve: null };
  #timers: NodeJS.Timeout[] = [];
  #marks: Marks = noMarks();
  #wave: Promise<void> | null = null;
  /** Quotes that moved since the last push, by symbol. */
  readonly #quotes = new Map<string, LiveQuote>();
  #isBeating = false;
  #isStopped = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Takes its place in the book and begins to beat. */
  async start(): Promise<void> {
    const { db } = this.#options;
    this.#cursor.ledgerSeq = await readLedgerSeq(db);
    this.#gaps.look(await readHeads(db));
    this.#timers = [setInterval(() => this.#pushPrices(), PRICE_INTERVAL_MS), setInterval(() => this.#pushQuotes(), QUOTE_INTERVAL_MS), setInterval(() => this.#beat(), STATUS_INTERVAL_MS)];
  }

  /** Notes an event of the wire; what is urgent goes out within milliseconds. */
  hear(envelope: EventEnvelope): void {
    this.#gaps.hear(envelope.producer, envelope.seq);
    if (mark(this.#marks, envelope)) this.statusChanged();
    this.#schedule();
  }

  /** Takes what was said on a live channel; what cannot be read is nobody's quote. */
  said(channel: string, value: unknown): void {
    if (this.#isStopped || this.#options.count() === 0) return;
    if (channel === REVISIONS_CHANNEL) {
      const bars = tryRead(barList, value);
      if (bars.success && bars.data.length > 0) this.#options.push({ type: 'bars', bars: bars.data });
      return;
    }
    const quotes = tryRead(quoteList, value);
    if (quotes.success) for (const quote of quotes.data) this.#quotes.set(quote.symbol, quote);
  }

  /** Something that a person must see at once: reads the status anew and pushes it. */
  statusChanged(): void {
    this.#pushStatus(true).catch((error: unknown) => this.#options.onFailure(error));
  }

  /** The wire was away: what it carried may be lost, so pages ask for everything again. */
  gap(reason: string): void {
    this.#options.log.info({ reason }, 'Live pushes resynchronise from the book');
    Object.assign(this.#marks, { hasPositions: true, hasFills: true, hasEquity: true });
    this.#options.push({ type: 'resync', reason });
    this.#schedule();
  }

  /** What a new page sees first. */
  async snapshot(): Promise<readonly LiveBody[]> {
    const { db, status } = this.#options;
    this.#cursor.curve ??= await readCurveHead(db);
    const [now, account, positions] = await Promise.all([status.read(), readAccount(db), readPositions(db)]);
    return [{ type: 'status', status: now }, { type: 'account', account }, { type: 'positions', positions }];
  }

  [Symbol.dispose](): void {
    this.#isStopped = true;
    for (const timer of this.#timers) clearInterval(timer);
  }

  #schedule(): void {
    if (this.#wave !== null || this.#isStopped || !isUrgent(this.#marks)) return;
    this.#wave = this.#runWaves().catch((error: unknown) => this.#options.onFailure(error)).finally(() => {
      this.#wave = null;
      this.#schedule();
    });
  }

  async #runWaves(): Promise<void> {
    while (isUrgent(this.#marks) && !this.#isStopped) {
      await this.#flush();
      await new Promise((resolve) => setTimeout(resolve, WAVE_GAP_MS));
    }
  }

  /** Takes the urgent marks and pushes what the book says about them. */
  async #flush(): Promise<void> {
    const { db, push } = this.#options;
    const now = this.#marks;
    this.#marks = { ...noMarks(), isRevalued: now.isRevalued && !now.hasPositions, hasEquity: now.hasEquity, prices: now.prices, bars: now.bars };
    if (this.#options.count() === 0) {
      // Nobody looks: only keep the place from which the next one will be told.
      if (now.hasFills) this.#cursor.ledgerSeq = await readLedgerSeq(db);
      return;
    }
    // Each answer leaves as soon as it is there: a fill does not wait for the valuation of the account.
    await Promise.all([now.hasFills ? this.#pushFills() : undefined, this.#pushOrders(now.orders), now.hasPositions ? this.#pushHoldings() : undefined]);
    if (now.notices.length > 0) push({ type: 'notices', notices: now.notices });
    if (now.lists.size > 0) push({ type: 'changed', lists: [...now.lists] });
  }

  async #pushFills(): Promise<void> {
    const fills = await readFillsAfter(this.#options.db, this.#cursor.ledgerSeq, FILLS_PER_PUSH);
    if (fills.length === 0) return;
    this.#cursor.ledgerSeq = fills.at(-1)?.ledgerSeq ?? this.#cursor.ledgerSeq;
    this.#options.push({ type: 'fills', fills });
    for (const fill of fills) this.#options.onFillPushed(Math.max(0, this.#options.now() - fill.tsSeen));
    this.#marks.hasFills ||= fills.length === FILLS_PER_PUSH;
  }

  async #pushOrders(moved: ReadonlySet<string>): Promise<void> {
    if (moved.size === 0) return;
    if (moved.size > ORDERS_PER_PUSH) this.#options.push({ type: 'resync', reason: 'many orders moved at once' });
    else this.#options.push({ type: 'orders', orders: await readOrdersById(this.#options.db, [...moved]) });
  }

  async #pushHoldings(): Promise<void> {
    const { db, push } = this.#options;
    const [positions, account] = await Promise.all([readPositions(db), readAccount(db)]);
    push({ type: 'positions', positions });
    push({ type: 'account', account });
  }

  #pushQuotes(): void {
    if (this.#quotes.size === 0) return;
    const quotes = [...this.#quotes.values()];
    this.#quotes.clear();
    this.#options.push({ type: 'quotes', quotes });
  }

  #pushPrices(): void {
    if (this.#marks.bars.length > 0) {
      const { bars } = this.#marks;
      this.#marks.bars = [];
      this.#options.push({ type: 'bars', bars });
    }
    if (this.#marks.prices.size === 0) return;
    const prices = [...this.#marks.prices.values()];
    this.#marks.prices = new Map();
    this.#options.push({ type: 'prices', prices });
  }

  /** Once a second: values, curve, gaps and the pulse. A slow beat swallows the next one rather than pile up. */
  #beat(): void {
    if (this.#isBeating || this.#isStopped) return;
    this.#isBeating = true;
    const turn = async (): Promise<void> => {
      if (this.#options.count() > 0) await this.#revalue();
      const missed = this.#gaps.look(await readHeads(this.#options.db));
      if (missed !== null) this.gap(`events of ${missed} came through the book`);
      if (this.#options.count() > 0) await this.#pushStatus(false);
      else this.#cursor.curve = null;
    };
    turn().catch((error: unknown) => this.#options.onFailure(error)).finally(() => {
      this.#isBeating = false;
    });
  }

  async #revalue(): Promise<void> {
    const { db, push } = this.#options;
    if (this.#marks.isRevalued) {
      this.#marks.isRevalued = false;
      await this.#pushHoldings();
    }
    if (!this.#marks.hasEquity || this.#cursor.curve === null) return;
    const points = await readCurveAfter(db, this.#cursor.curve, POINTS_PER_PUSH);
    this.#cursor.curve = points.at(-1)?.[0] ?? this.#cursor.curve;
    this.#marks.hasEquity = points.length === POINTS_PER_PUSH;
    if (points.length > 0) push({ type: 'equity', points });
  }

  async #pushStatus(isForced: boolean): Promise<void> {
    this.#options.push({ type: 'status', status: await this.#options.status.read(isForced) });
  }
}
