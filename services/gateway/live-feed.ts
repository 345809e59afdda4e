/** From the wire to the page: events say *when* to look, the book says *what* to show. */
import type { EventEnvelope } from '#app/contracts/events.ts';
import { STATUS_INTERVAL_MS } from '#app/contracts/live.ts';
import type { LiveBody, LivePrice } from '#app/contracts/live.ts';
import { barCloseTime } from '#app/domain/bar.ts';
import type { Queryable } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import { readAccount } from './queries/account.ts';
import { readHeads } from './queries/control.ts';
import { readCurveAfter, readCurveHead } from './queries/curve.ts';
import { readFillsAfter, readLedgerSeq, readOrdersById } from './queries/orders.ts';
import { readPositions } from './queries/positions.ts';
import type { createStatus } from './status.ts';

/** Orders, fills and positions go out at once, but not in more than this many waves: 1 per 10 ms. */
const WAVE_GAP_MS = 10;
/** Prices at most four times a second. */
const PRICE_INTERVAL_MS = 250;
const FILLS_PER_PUSH = 500;
const POINTS_PER_PUSH = 500;
/** More changed orders than this in one wave: the page asks for the list again. */
const ORDERS_PER_PUSH = 500;
const NOTICES_KEPT = 50;

/** What the feed needs; `onFillPushed` gets the time from the broker's message to the push. */
export type FeedOptions = {
  readonly db: Queryable; readonly log: Logger; readonly status: ReturnType<typeof createStatus>;
  push(body: LiveBody): void; count(): number; isWireUp(): boolean; now(): number; onFillPushed(ms: number): void; onFailure(error: unknown): void;
};

/** The running feed. */
export type LiveFeed = {
  start(): Promise<void>;
  hear(envelope: EventEnvelope): void;
  /** The wire was away: what it carried may be lost. */
  gap(reason: string): void;
  /** What a new client sees first. */
  snapshot(): Promise<readonly LiveBody[]>;
  stop(): void;
};

type Dirty = { orders: Set<string>; fills: boolean; fillsSeenAt: number[]; positions: boolean; isRevalued: boolean; equity: boolean; notices: Extract<LiveBody, { type: 'notices' }>['notices'] };
const clean = (): Dirty => ({ orders: new Set(), fills: false, fillsSeenAt: [], positions: false, isRevalued: false, equity: false, notices: [] });

/** Builds the feed. */
export function createLiveFeed(options: FeedOptions): LiveFeed {
  const { db, log } = options;
  let dirty = clean();
  let prices = new Map<string, LivePrice>();
  const heard = new Map<string, number>();
  let headsBefore = new Map<string, number>();
  const cursor = { ledgerSeq: 0, curve: 0 };
  let wave: Promise<void> | null = null;
  const timers: NodeJS.Timeout[] = [];
  let isStopped = false;

  const flush = async (): Promise<void> => {
    const now = dirty;
    dirty = clean();
    if (options.count() === 0) {
      // Nobody looks: only keep the place from which the next one will be told.
      if (now.fills) cursor.ledgerSeq = await readLedgerSeq(db);
      return;
    }
    if (now.orders.size > ORDERS_PER_PUSH) options.push({ type: 'resync', reason: 'many orders moved at once' });
    const [orders, fills, positions, account] = await Promise.all([
      now.orders.size > 0 && now.orders.size <= ORDERS_PER_PUSH ? readOrdersById(db, [...now.orders]) : [],
      now.fills ? readFillsAfter(db, cursor.ledgerSeq, FILLS_PER_PUSH) : [],
      now.positions ? readPositions(db) : null,
      now.positions ? readAccount(db) : null,
    ]);
    if (fills.length > 0) {
      cursor.ledgerSeq = fills.at(-1)?.ledgerSeq ?? cursor.ledgerSeq;
      options.push({ type: 'fills', fills });
      for (const seenAt of now.fillsSeenAt) options.onFillPushed(Math.max(0, options.now() - seenAt));
      if (fills.length === FILLS_PER_PUSH) dirty.fills = true;
    }
    if (orders.length > 0) options.push({ type: 'orders', orders });
    if (positions) options.push({ type: 'positions', positions });
    if (account) options.push({ type: 'account', account });
    if (now.notices.length > 0) options.push({ type: 'notices', notices: now.notices });
    // What is only revalued waits for the slower beat.
    dirty.isRevalued ||= now.isRevalued && !now.positions;
    dirty.equity ||= now.equity;
  };

  const isUrgent = (): boolean => dirty.orders.size > 0 || dirty.fills || dirty.positions || dirty.notices.length > 0;
  const run = async (): Promise<void> => {
    while (isUrgent() && !isStopped) {
      await flush();
      await new Promise((resolve) => setTimeout(resolve, WAVE_GAP_MS));
    }
  };
  const schedule = (): void => {
    if (wave !== null || isStopped) return;
    wave = run().catch(options.onFailure).finally(() => {
      wave = null;
      if (isUrgent()) schedule();
    });
  };

  const beatPrices = (): void => {
    if (prices.size === 0) return;
    const moved = [...prices.values()];
    prices = new Map();
    options.push({ type: 'prices', prices: moved });
  };

  const revalue = async (): Promise<void> => {
    if (options.count() === 0) {
      // Nobody looks; the snapshot of whoever comes sets the place in the curve.
      dirty.equity = false;
      dirty.isRevalued = false;
      cursor.curve = 0;
      return;
    }
    if (dirty.isRevalued) {
      dirty.isRevalued = false;
      const [positions, account] = await Promise.all([readPositions(db), readAccount(db)]);
      options.push({ type: 'positions', positions });
      options.push({ type: 'account', account });
    }
    if (dirty.equity) {
      dirty.equity = false;
      const points = await readCurveAfter(db, cursor.curve, POINTS_PER_PUSH);
      cursor.curve = points.at(-1)?.[0] ?? cursor.curve;
      if (points.length > 0) options.push({ type: 'equity', points });
      if (points.length === POINTS_PER_PUSH) dirty.equity = true;
    }
  };

  /** A producer wrote events a second ago that the wire has still not brought: read the book instead. */
  const compareHeads = async (): Promise<void> => {
    const heads = await readHeads(db);
    let missed: string | null = null;
    for (const [producer, head] of heads) {
      const before = headsBefore.get(producer);
      const known = heard.get(producer) ?? before ?? head;
      if (before !== undefined && before > known) {
        missed = producer;
        heard.set(producer, head);
      } else if (!heard.has(producer)) heard.set(producer, head);
    }
    headsBefore = heads;
    if (missed !== null) gap(`events of ${missed} came through the book`);
  };

  const beat = async (): Promise<void> => {
    await revalue();
    await compareHeads();
    if (options.count() > 0) options.push({ type: 'status', status: await options.status.read() });
  };

  const gap = (reason: string): void => {
    log.info({ reason }, 'Live pushes resynchronise from the book');
    Object.assign(dirty, { positions: true, fills: true, equity: true });
    options.push({ type: 'resync', reason });
    schedule();
  };

  const hear = (envelope: EventEnvelope): void => {
    heard.set(envelope.producer, Math.max(envelope.seq, heard.get(envelope.producer) ?? 0));
    switch (envelope.topic) {
      case 'bar.closed': {
        const bar = envelope.payload;
        if (bar.isBackfill) return;
        prices.set(bar.symbol, { symbol: bar.symbol, price: bar.close, tsMarket: barCloseTime(bar), tsSeen: bar.tsSeen });
        dirty.isRevalued = true;
        return;
      }
      case 'order.submitted':
      case 'order.changed':
      case 'order.closed':
        dirty.orders.add(envelope.payload.clientOrderId);
        break;
      case 'order.filled':
        dirty.fills = true;
        dirty.fillsSeenAt.push(envelope.payload.tsSeen);
        dirty.orders.add(envelope.payload.clientOrderId);
        break;
      case 'position.changed':
        dirty.positions = true;
        break;
      case 'equity.recorded':
        dirty.equity = true;
        return;
      case 'trading_state.changed':
        void pushStatus();
        return;
      case 'risk_event.raised': {
        const { riskEventId, severity, code, message } = envelope.payload;
        if (dirty.notices.length < NOTICES_KEPT) dirty.notices.push({ id: riskEventId, severity, title: code, body: message, at: envelope.tsWritten });
        break;
      }
      default:
        return;
    }
    schedule();
  };

  const pushStatus = async (): Promise<void> => {
    try {
      options.push({ type: 'status', status: await options.status.read(true) });
    } catch (error) {
      options.onFailure(error);
    }
  };

  return {
    async start() {
      cursor.ledgerSeq = await readLedgerSeq(db);
      headsBefore = await readHeads(db);
      let isBeating = false;
      timers.push(setInterval(beatPrices, PRICE_INTERVAL_MS), setInterval(() => {
        if (isBeating) return;
        isBeating = true;
        beat().catch(options.onFailure).finally(() => { isBeating = false; });
      }, STATUS_INTERVAL_MS));
    },
    hear,
    gap,
    async snapshot() {
      if (cursor.curve === 0) cursor.curve = await readCurveHead(db);
      const [status, account, positions] = await Promise.all([options.status.read(), readAccount(db), readPositions(db)]);
      return [{ type: 'status', status }, { type: 'account', account }, { type: 'positions', positions }];
    },
    stop() {
      isStopped = true;
      for (const timer of timers) clearInterval(timer);
      log.debug({ sockets: options.count() }, 'Live feed stopped');
    },
  };
}
