/** One POST (or the PATCH that puts an order in another's place) and what came of it: the only caller of the broker's submit and replace. */
import { maySendLive } from '#app/domain/arming.ts';
import { describeError, AppError } from '#app/domain/errors.ts';
import type { DenialCode } from '#app/domain/limits.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { mayTrade, type TradingState } from '#app/domain/trading-state.ts';
import { newsOfOrder } from '#app/execution/reconcile.ts';
import type { LiveArming } from '#chassis/arming.ts';
import { crashPoint } from '#chassis/crash-point.ts';
import type { Tx } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import type { Metrics } from '#chassis/metrics.ts';
import type { Broker, BrokerOrder, OrderTicket, Permit, SubmitOutcome, UnknownCause } from '../alpaca/ports.ts';
import type { Booking } from './booking.ts';
import type { KillGuard } from './kill-guard.ts';
import { moveOrder, type Order, type Patch } from './orders.ts';
import { releaseReplaced, replaceTicketOf } from './replacing.ts';

/** What the submitter needs. `onDoubt`: the resolver must look at the order; `onUnknown`: its outcome is not known, nothing may be posted meanwhile. */
export type SubmitterParts = {
  readonly broker: Broker; readonly booking: Booking; readonly arming: LiveArming; readonly kill: KillGuard; readonly log: Logger; readonly metrics: Metrics; readonly nowMs: () => EpochMs; readonly monotonicMs: () => number;
  readonly onDoubt: (orderId: string) => void; readonly onUnknown: (orderId: string) => void;
};

/** What a POST goes with. `mark`: of the kill switch, taken before the transaction. `replaced`: the order whose place it takes, as it is after that transaction. `onAnswer`: the broker has answered; booking follows. */
export type Passport = { readonly permit: Permit; readonly mark: number; readonly replaced: Order | null; readonly onAnswer?: () => void };

/** Posts orders that the book holds as `submitted`. */
export type Submitter = {
  post(order: Order, passport: Passport): Promise<void>;
  /** True while a POST of this order is on its way: nobody else may judge it then. */
  isInFlight(orderId: string): boolean;
  inFlight(): number;
  /** Was this order of the broker's, or the order whose leg it is, posted by this process at or after an instant of the monotonic clock? */
  wasPostedSince(theirs: Pick<BrokerOrder, 'id' | 'clientOrderId'>, sinceMs: number): boolean;
  /** Was an order posted at or after an instant of the monotonic clock that this trading state does not let pass? */
  hasPassedSince(state: TradingState, sinceMs: number): boolean;
};

const MAX_REMEMBERED = 10_000;

/** The order as it goes to the broker. */
function ticketOf(order: Order): OrderTicket {
  return { clientOrderId: order.clientOrderId, symbol: order.symbol, side: order.side, qty: order.state.qty, terms: order.terms };
}

/** True while the broker may not have heard of the order yet, as far as the book knows: nobody was faster. */
function isUnheard({ brokerOrderId, state }: Order): boolean {
  return brokerOrderId === null && (state.status === 'submitted' || state.status === 'pending_cancel');
}

type Ending = { readonly kind: 'rejected' | 'canceled'; readonly source: 'rest' | 'local'; readonly detail: Readonly<Record<string, unknown>>; readonly patch: Patch };

/** Closes an order that the broker does not have, and lets the order live on whose place it should have taken. */
async function closeUnheard(tx: Tx, current: Order, { kind, source, detail, patch }: Ending): Promise<boolean> {
  if (!isUnheard(current)) return false;
  await moveOrder(tx, current, { event: { kind }, tsEvent: current.tsMarket, source, detail, patch: { ...patch, unknownSince: null } });
  await releaseReplaced(tx, current, patch.reason ?? 'The change did not take place');
  return true;
}

type Memory = Pick<Submitter, 'wasPostedSince' | 'hasPassedSince'> & { post(order: Order): number; legs(theirs: BrokerOrder, postedAtMs: number): void };

/** When this process posted which orders, by our client order id or, for the legs that the broker made of one, by its own; the oldest are forgotten. */
function createMemory(monotonicMs: () => number): Memory {
  const posted = new Map<string, number>();
  const newest = { entry: -Infinity, exit: -Infinity };
  const add = (id: string, atMs: number): void => {
    posted.set(id, atMs);
    for (const oldest of posted.keys()) {
      if (posted.size <= MAX_REMEMBERED) break;
      posted.delete(oldest);
    }
  };
  const isSince = (id: string, sinceMs: number): boolean => (posted.get(id) ?? -Infinity) >= sinceMs;
  return {
    post({ clientOrderId, isReducing }) {
      const atMs = monotonicMs();
      add(clientOrderId, atMs);
      newest[isReducing ? 'exit' : 'entry'] = atMs;
      return atMs;
    },
    legs(theirs, postedAtMs) {
      for (const leg of theirs.legs) add(leg.id, postedAtMs);
    },
    wasPostedSince: ({ id, clientOrderId }, sinceMs) => isSince(clientOrderId, sinceMs) || isSince(id, sinceMs),
    hasPassedSince: (state, sinceMs) => (!mayTrade(state, false) && newest.entry >= sinceMs) || (!mayTrade(state, true) && newest.exit >= sinceMs),
  };
}

/** Creates the submitter. */
export function createSubmitter(parts: SubmitterParts): Submitter {
  const { broker, booking, log } = parts;
  const inFlight = new Set<string>();
  const posted = createMemory(parts.monotonicMs);
  const barToPost = parts.metrics.histogram('bar_to_post_ms', 'From the arrival of the bar to the POST of the order it caused');
  const outcomes = parts.metrics.counter('submit_outcomes_total', 'How posted orders ended', ['outcome']);

  const adopt = async (order: Order, theirs: BrokerOrder, postedAt: EpochMs): Promise<void> => {
    const { doubts } = await booking.book([{ clientOrderId: order.clientOrderId, brokerOrderId: theirs.id, news: [newsOfOrder(theirs)], source: 'rest', tsSeen: parts.nowMs(), patch: { postedAt }, legs: theirs.legs }]);
    for (const { orderId } of doubts) parts.onDoubt(orderId);
    // The old order ends by its own news; it is asked about in case they get lost.
    if (order.replacesOrderId !== null) parts.onDoubt(order.replacesOrderId);
  };

  const markUnknown = async (order: Order, cause: UnknownCause, message: string): Promise<void> => {
    // From here on nothing is posted, however long the book takes to write it down.
    inFlight.delete(order.orderId);
    parts.onUnknown(order.orderId);
    log.warn({ orderId: order.orderId, cause, message }, 'The outcome of a submit is unknown');
    await booking.change(order.orderId, async (tx, current) => {
      // The stream may have been faster than the reply that never came.
      if (!isUnheard(current)) return;
      await moveOrder(tx, current, { event: { kind: 'outcome_unknown' }, tsEvent: current.tsMarket, source: 'local', detail: { cause, message }, patch: { unknownSince: parts.nowMs() } });
    });
  };

  /** A refusal is believed after the broker has confirmed that it does not have the order: Alpaca has answered 4xx to orders that went through. */
  const confirmRejected = async (order: Order, outcome: Extract<SubmitOutcome, { kind: 'rejected' }>, postedAt: EpochMs): Promise<void> => {
    let found: BrokerOrder | null;
    try {
      found = await broker.getByClientId(order.clientOrderId, 'exit');
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return markUnknown(order, 'uncoded_refusal', `refused with ${outcome.code}, and then could not be asked: ${describeError(error)}`);
    }
    if (found !== null && found.status !== 'rejected') return adopt(order, found, postedAt);
    const detail = { code: outcome.code, status: outcome.status };
    await booking.change(order.orderId, (tx, current) => closeUnheard(tx, current, { kind: 'rejected', source: 'rest', detail, patch: { reason: outcome.message, postedAt } }));
    log.warn({ orderId: order.orderId, code: outcome.code, message: outcome.message }, 'The broker rejected an order');
    if (order.replacesOrderId !== null) parts.onDoubt(order.replacesOrderId);
  };

  /** The arming ended, or the kill switch was pulled, between the commit and the POST: nothing was sent in this try, and whatever was tried before has been looked up. */
  const withdraw = async (order: Order, code: DenialCode, reason: string): Promise<void> => {
    await booking.change(order.orderId, (tx, current) => closeUnheard(tx, current, { kind: 'canceled', source: 'local', detail: { code }, patch: { denialCode: code, reason } }));
    outcomes.inc({ outcome: 'withdrawn' });
    log.warn({ orderId: order.orderId, code }, 'An order was withdrawn before its POST');
  };

  const send = async (order: Order, { permit, mark, replaced, onAnswer }: Passport): Promise<void> => {
    if (!maySendLive(parts.arming.now(), order.isReducing)) return withdraw(order, 'LIVE_DISARMED', 'The real account was disarmed before the order left');
    const killed = parts.kill.forbids(mark, order.isReducing);
    if (killed !== null) return withdraw(order, killed.code, killed.message);
    const postedAt = parts.nowMs();
    if (order.tsBarSeen !== null) barToPost.observe(Math.max(0, postedAt - order.tsBarSeen));
    crashPoint('execution.before-post');
    const postedAtMs = posted.post(order);
    const outcome = replaced === null ? await broker.submit(ticketOf(order), permit) : await broker.replace(replaceTicketOf(order, replaced), permit);
    crashPoint('execution.after-post');
    outcomes.inc({ outcome: outcome.kind });
    if (outcome.kind === 'accepted') posted.legs(outcome.order, postedAtMs);
    if (outcome.kind !== 'unknown') onAnswer?.();
    if (outcome.kind === 'accepted') await adopt(order, outcome.order, postedAt);
    else if (outcome.kind === 'rejected') await confirmRejected(order, outcome, postedAt);
    else await markUnknown(order, outcome.cause, outcome.message);
  };

  return {
    isInFlight: (orderId) => inFlight.has(orderId),
    inFlight: () => inFlight.size,
    wasPostedSince: posted.wasPostedSince, hasPassedSince: posted.hasPassedSince,
    async post(order, passport) {
      inFlight.add(order.orderId);
      try {
        await send(order, passport);
      } finally {
        inFlight.delete(order.orderId);
      }
    },
  };
}
