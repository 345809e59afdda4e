/** One POST and what came of it: the only caller of the broker's submit. */
import { maySendLive } from '#app/domain/arming.ts';
import { describeError, AppError } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { newsOfOrder } from '#app/execution/reconcile.ts';
import type { LiveArming } from '#chassis/arming.ts';
import { crashPoint } from '#chassis/crash-point.ts';
import type { Logger } from '#chassis/log.ts';
import type { Metrics } from '#chassis/metrics.ts';
import type { Broker, BrokerOrder, OrderTicket, Permit, SubmitOutcome, UnknownCause } from '../alpaca/ports.ts';
import type { Booking } from './booking.ts';
import { moveOrder, type Order } from './orders.ts';

/** What the submitter needs. `onDoubt`: the resolver must look at the order; `onUnknown`: its outcome is not known, nothing may be posted meanwhile. */
export type SubmitterParts = {
  readonly broker: Broker; readonly booking: Booking; readonly arming: LiveArming; readonly log: Logger; readonly metrics: Metrics; readonly nowMs: () => EpochMs;
  readonly onDoubt: (orderId: string) => void; readonly onUnknown: (orderId: string, cause: UnknownCause, message: string) => void;
};

/** Posts orders that the book holds as `submitted`. */
export type Submitter = {
  post(order: Order, permit: Permit): Promise<void>;
  /** True while a POST of this order is on its way: nobody else may judge it then. */
  isInFlight(orderId: string): boolean;
};

/** The order as it goes to the broker. */
export function ticketOf(order: Order): OrderTicket {
  return { clientOrderId: order.clientOrderId, symbol: order.symbol, side: order.side, qty: order.state.qty, terms: order.terms };
}

/** Creates the submitter. */
export function createSubmitter(parts: SubmitterParts): Submitter {
  const { broker, booking, log } = parts;
  const inFlight = new Set<string>();
  const barToPost = parts.metrics.histogram('bar_to_post_ms', 'From the arrival of the bar to the POST of the order it caused');
  const outcomes = parts.metrics.counter('submit_outcomes_total', 'How posted orders ended', ['outcome']);

  const adopt = async (order: Order, theirs: BrokerOrder, postedAt: EpochMs): Promise<void> => {
    const { doubts } = await booking.book([{ clientOrderId: order.clientOrderId, brokerOrderId: theirs.id, news: [newsOfOrder(theirs)], source: 'rest', tsSeen: parts.nowMs(), patch: { postedAt } }]);
    if (doubts.length > 0) parts.onDoubt(order.orderId);
  };

  const markUnknown = async (order: Order, cause: UnknownCause, message: string): Promise<void> => {
    const isStillOpen = await booking.change(order.orderId, async (tx, current) => {
      // The stream may have been faster than the reply that never came.
      if (current.brokerOrderId !== null || (current.state.status !== 'submitted' && current.state.status !== 'pending_cancel')) return false;
      await moveOrder(tx, current, { event: { kind: 'outcome_unknown' }, tsEvent: current.tsMarket, source: 'local', detail: { cause, message }, patch: { unknownSince: parts.nowMs() } });
      return true;
    });
    log.warn({ orderId: order.orderId, cause, message }, 'The outcome of a submit is unknown');
    if (isStillOpen) parts.onUnknown(order.orderId, cause, message);
  };

  /** A refusal is believed after the broker has confirmed that it does not have the order: Alpaca has answered 4xx to orders that went through. */
  const confirmRejected = async (order: Order, outcome: Extract<SubmitOutcome, { kind: 'rejected' }>, postedAt: EpochMs): Promise<void> => {
    let found: BrokerOrder | null;
    try {
      found = await broker.getByClientId(order.clientOrderId, 'exit');
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      await markUnknown(order, 'uncoded_refusal', `refused with ${outcome.code}, and then could not be asked: ${describeError(error)}`);
      return;
    }
    if (found !== null && found.status !== 'rejected') {
      await adopt(order, found, postedAt);
      return;
    }
    await booking.change(order.orderId, async (tx, current) => {
      if (current.brokerOrderId !== null || (current.state.status !== 'submitted' && current.state.status !== 'pending_cancel')) return;
      await moveOrder(tx, current, { event: { kind: 'rejected' }, tsEvent: current.tsMarket, source: 'rest', detail: { code: outcome.code, status: outcome.status }, patch: { reason: outcome.message, postedAt, unknownSince: null } });
    });
    log.warn({ orderId: order.orderId, code: outcome.code, message: outcome.message }, 'The broker rejected an order');
  };

  /** The arming ended between the commit and the POST: nothing was sent in this try, and whatever was tried before has been looked up. */
  const withdraw = async (order: Order): Promise<void> => {
    await booking.change(order.orderId, async (tx, current) => {
      if (current.brokerOrderId !== null || (current.state.status !== 'submitted' && current.state.status !== 'pending_cancel')) return;
      const reason = 'The real account was disarmed before the order left';
      await moveOrder(tx, current, { event: { kind: 'canceled' }, tsEvent: current.tsMarket, source: 'local', detail: { code: 'LIVE_DISARMED' }, patch: { denialCode: 'LIVE_DISARMED', reason, unknownSince: null } });
    });
    outcomes.inc({ outcome: 'withdrawn' });
    log.warn({ orderId: order.orderId }, 'An order was withdrawn before its POST: the real account was disarmed');
  };

  return {
    isInFlight: (orderId) => inFlight.has(orderId),
    async post(order, permit) {
      inFlight.add(order.orderId);
      try {
        if (!maySendLive(parts.arming.now(), order.isReducing)) return await withdraw(order);
        const postedAt = parts.nowMs();
        if (order.tsBarSeen !== null) barToPost.observe(Math.max(0, postedAt - order.tsBarSeen));
        crashPoint('execution.before-post');
        const outcome = await broker.submit(ticketOf(order), permit);
        crashPoint('execution.after-post');
        outcomes.inc({ outcome: outcome.kind });
        if (outcome.kind === 'accepted') await adopt(order, outcome.order, postedAt);
        else if (outcome.kind === 'rejected') await confirmRejected(order, outcome, postedAt);
        else await markUnknown(order, outcome.cause, outcome.message);
      } finally {
        inFlight.delete(order.orderId);
      }
    },
  };
}
