/** The stream's updates on their way into the book: in order, batched, none dropped while the book is busy. */
import { AppError } from '#app/domain/errors.ts';
import { newsKindOf, type Execution } from '#app/execution/news.ts';
import type { Logger } from '#chassis/log.ts';
import type { BrokerOrder, TradeUpdate } from '../alpaca/ports.ts';
import { createBell, startLoop, type Loop } from './async.ts';
import type { Booking, Report } from './booking.ts';

const BATCH = 128;
const MAX_QUEUED = 20_000;
const IDLE_MS = 1_000;

/** What the lane needs. `onOverflow`: more came than can be kept; everything must be compared over REST. */
export type UpdatesParts = { readonly booking: Booking; readonly log: Logger; readonly onDoubt: (orderId: string) => void; /** An order that is not in the book: a leg that was not shown yet, or one placed elsewhere. */ readonly onStranger: (order: BrokerOrder) => Promise<void>; readonly onFills: () => void; readonly onOverflow: () => void; readonly fatal: (error: unknown) => void };

/** The lane. */
export type Updates = { push(updates: readonly TradeUpdate[]): void; queued(): number; /** Wall-clock instant of the oldest one that waits, null when none does. */ oldestSeenAt(): number | null; start(): void; stop(): Promise<void> };

/** An update as news for the booking lane. */
export function reportOf(update: TradeUpdate): Report {
  const execution: Execution | null = update.execution === null ? null : { ...update.execution, cumQty: update.order.filledQty, source: 'stream' };
  return { clientOrderId: update.order.clientOrderId, brokerOrderId: update.order.id, source: 'stream', tsSeen: update.tsSeen, news: [{ kind: newsKindOf(update.event), at: update.at, filledQty: update.order.filledQty, execution, qty: update.order.qty }], legs: update.order.legs };
}

/** The reply to the POST was faster. */
function isOldNews(report: Report, booking: Booking): boolean {
  return (report.legs ?? []).length === 0 && report.news.every((news) => news.kind === 'accepted' && news.filledQty.isZero()) && booking.isConfirmed(report.clientOrderId);
}

/** Creates the lane. */
export function createUpdates(parts: UpdatesParts): Updates {
  let queue: TradeUpdate[] = [];
  const bell = createBell();
  let loop: Loop | null = null;
  let isStopping = false;

  const turn = async (): Promise<void> => {
    const batch = queue.slice(0, BATCH);
    if (batch.length === 0) return isStopping ? undefined : bell.wait(IDLE_MS);
    const reports = batch.map(reportOf).filter((report) => !isOldNews(report, parts.booking));
    if (reports.length === 0) {
      queue = queue.slice(batch.length);
      return;
    }
    const result = await parts.booking.book(reports);
    queue = queue.slice(batch.length);
    for (const { orderId, doubt } of result.doubts) {
      if (doubt !== 'fills_missing') parts.log.warn({ orderId, doubt }, "The broker's news does not follow what we know; asking");
      parts.onDoubt(orderId);
    }
    for (const clientOrderId of new Set(result.strangers)) {
      const stranger = batch.findLast((update) => update.order.clientOrderId === clientOrderId);
      if (stranger) await parts.onStranger(stranger.order);
    }
    if (result.booked > 0) parts.onFills();
  };

  return {
    push(updates) {
      if (queue.length + updates.length > MAX_QUEUED) {
        parts.log.error({ queued: queue.length }, 'Too many updates wait; the books are compared instead');
        parts.onOverflow();
        return;
      }
      queue.push(...updates);
      bell.ring();
    },
    queued: () => queue.length,
    oldestSeenAt: () => queue[0]?.tsSeen ?? null,
    start() {
      loop ??= startLoop({ name: 'updates', log: parts.log, turn, wake: bell.ring, fatal: (error) => parts.fatal(error instanceof AppError ? error : new AppError('INVARIANT_BROKEN', 'Booking an update failed', { cause: error })) });
    },
    async stop() {
      isStopping = true;
      bell.ring();
      await loop?.stop();
    },
  };
}
