/** Finds out what became of orders about which something is not known: asks by client order id until there is an answer. */
import { AppError, describeError } from '#app/domain/errors.ts';
import { isClosed } from '#app/domain/order.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { compareOrders } from '#app/execution/reconcile.ts';
import type { LiveArming } from '#chassis/arming.ts';
import { backoffMs, isTransient } from '#chassis/clock.ts';
import { crashPoint } from '#chassis/crash-point.ts';
import type { Db, Tx } from '#chassis/db.ts';
import type { KillLatch } from '#chassis/latch.ts';
import type { Logger } from '#chassis/log.ts';
import type { Broker, BrokerFill, BrokerOrder } from '../alpaca/ports.ts';
import { createBell, startLoop, type Loop } from './async.ts';
import type { Booking } from './booking.ts';
import { askGate, takeGateLock, type GateSenses } from './gate.ts';
import type { Holds } from './holds.ts';
import type { KillGuard } from './kill-guard.ts';
import { moveOrder, readOrders, withNews, type Order } from './orders.ts';
import { perform, type Performer } from './perform.ts';
import { releaseReplaced, releaseUnreplaced } from './replacing.ts';
import type { Submitter } from './submitter.ts';

/** "It does not exist" is believed after so many answers over at least so long: a POST may still be on its way inside the broker. */
const MIN_NOT_FOUND = 3;
const GRACE_MS = 5_000;
const BACKOFF = { baseMs: 250, capMs: 5_000 };
const KEYS_BACKOFF_MS = 30_000;
const IDLE_MS = 1_000;
const MAX_LOOK_UPS = 40;
/** A broker that is silent about one order keeps nobody from asking about the next. */
const AT_ONCE = 4;

/** What the resolver needs. */
export type ResolverParts = {
  readonly db: Db; readonly broker: Broker; readonly booking: Booking; readonly submitter: Submitter; readonly holds: Holds; readonly arming: LiveArming; readonly latch: KillLatch; readonly kill: KillGuard; readonly log: Logger; readonly performer: Performer;
  readonly monotonicMs: () => number; readonly fatal: (error: unknown) => void;
};

/** The resolver. */
export type Resolver = {
  /** The outcome of this order's POST is unknown: nothing new is posted until it is known. */
  unknown(orderId: string): void;
  /** Something about this order does not add up; look at it after `delayMs`. */
  attend(orderId: string, delayMs?: number): void;
  isBusyWith(orderId: string): boolean;
  pending(): number;
  start(): void;
  stop(): Promise<void>;
};

/** The broker works the order; it is not on its way to another status. */
const WORKING: ReadonlySet<string> = new Set(['new', 'accepted', 'partially_filled', 'held']);

type Case = { isUnknown: boolean; since: number; notFound: number; lookUps: number; failures: number; nextAt: number };
type Settled = 'settled' | 'again';

/** Backoff, but an order that was not found is asked about again as soon as its grace is over: until then nothing new is posted. */
function nextLookUp(one: Case, now: number): number {
  const backedOff = now + backoffMs(one.lookUps, BACKOFF);
  return one.isUnknown && one.notFound > 0 ? Math.min(backedOff, Math.max(now + BACKOFF.baseMs, one.since + GRACE_MS)) : backedOff;
}

/** The broker has the order: what it says is booked, fills that we miss are read from the activities. */
async function found({ db, broker, booking, performer, log }: ResolverParts, order: Order, theirs: BrokerOrder): Promise<Settled> {
  if (theirs.legs.length > 0) await booking.book([{ clientOrderId: order.clientOrderId, brokerOrderId: theirs.id, news: [], source: 'rest', tsSeen: theirs.updatedAt, legs: theirs.legs }]);
  const needsFills = !theirs.filledQty.eq(order.state.filledQty);
  const fills: readonly BrokerFill[] = needsFills ? (await broker.fillsAfter({ at: ((theirs.submittedAt ?? theirs.updatedAt) - MINUTE_MS) as EpochMs })).filter((fill) => fill.brokerOrderId === theirs.id) : [];
  const comparison = compareOrders(await withNews(db, [order]), { open: [], looked: new Map([[order.clientOrderId, theirs]]), fills });
  const { remaining } = await perform(performer, comparison, { ours: new Map([[order.orderId, theirs]]), foreign: new Map() });
  for (const difference of comparison.differences) log.warn({ ...difference }, 'An order differed from the broker');
  // An order with our id and other fields is a defect somewhere: nothing is adopted and nothing new is sent until a person has looked.
  if (comparison.differences.some((one) => one.kind === 'order_fields')) return 'again';
  if (order.state.status === 'pending_replace' && WORKING.has(theirs.status)) await booking.change(order.orderId, (tx, current) => releaseUnreplaced(tx, current, { status: theirs.status, at: theirs.updatedAt }));
  if (comparison.actions.length === 0 && (order.unknownSince !== null || order.brokerOrderId === null)) await booking.book([{ clientOrderId: order.clientOrderId, brokerOrderId: theirs.id, news: [], source: 'rest', tsSeen: theirs.updatedAt }]);
  return remaining.length > 0 ? 'again' : 'settled';
}

/** What becomes of an order that the broker has never had. The gate is asked again, as for any order that is about to go out. A change is not asked for twice: the old order lives on. */
async function decideAgain(tx: Tx, order: Order, senses: GateSenses): Promise<Order | Settled> {
  if (isClosed(order.state.status) || order.brokerOrderId !== null) return 'settled';
  const close = async (kind: 'canceled' | 'expired', reason: string): Promise<Settled> => {
    await moveOrder(tx, order, { event: { kind }, tsEvent: order.tsMarket, source: 'local', detail: { reason: 'the broker never received it' }, patch: { reason, unknownSince: null } });
    await releaseReplaced(tx, order, reason);
    return 'settled';
  };
  if (order.state.status === 'pending_cancel') return close('canceled', `Canceled before the broker received it${order.reason === null ? '' : `: ${order.reason}`}`);
  if (order.replacesOrderId !== null && !(await wasPosted(tx, order.replacesOrderId))) return close('canceled', 'The broker never received the change; the order stays as it was');
  await takeGateLock(tx);
  const decision = await askGate(tx, order, senses);
  if (decision.kind === 'hold') return 'again';
  if (decision.kind === 'deny') return close(decision.code === 'APPROVAL_EXPIRED' ? 'expired' : 'canceled', `The broker never received it, and now: ${decision.message}`);
  return moveOrder(tx, order, { event: { kind: 'outcome_unknown' }, tsEvent: order.tsMarket, source: 'local', detail: { action: 'posted again under the same id' } });
}

/** A replacement whose old order never reached the broker went out as an order of its own. */
async function wasPosted(tx: Tx, oldOrderId: string): Promise<boolean> {
  const [old] = await readOrders(tx, { by: 'order_id', ids: [oldOrderId] });
  return old?.brokerOrderId === null && isClosed(old.state.status);
}

async function neverArrived({ db, broker, booking, submitter, arming, latch, kill, log }: ResolverParts, order: Order): Promise<Settled> {
  const permit = await broker.permit(order.isReducing ? 'exit' : 'entry');
  const mark = kill.mark();
  const again = await booking.change(order.orderId, (tx, current) => decideAgain(tx, current, { arming: arming.now, latch: latch.now }));
  if (typeof again === 'string') return again;
  log.warn({ orderId: order.orderId }, 'An order that never arrived is posted again under its id');
  crashPoint('execution.before-repost');
  await submitter.post(again, { permit, mark, replaced: null });
  const [after] = await readOrders(db, { by: 'order_id', ids: [order.orderId] });
  return after !== undefined && after.brokerOrderId === null && !isClosed(after.state.status) ? 'again' : 'settled';
}

/** By the broker's own id its answer shows the legs, too. */
function ask({ broker }: ResolverParts, order: Order, isUnknown: boolean): Promise<BrokerOrder | null> {
  const priority = isUnknown ? 'cancel' : 'poll';
  return order.brokerOrderId === null ? broker.getByClientId(order.clientOrderId, priority) : broker.getOrder(order.brokerOrderId, priority);
}

async function lookUp(parts: ResolverParts, orderId: string, one: Case): Promise<Settled> {
  if (parts.submitter.isInFlight(orderId)) return 'again';
  const [order] = await readOrders(parts.db, { by: 'order_id', ids: [orderId] });
  if (!order || order.state.status === 'initialized') return 'settled';
  const theirs = await ask(parts, order, one.isUnknown);
  one.lookUps += 1;
  if (theirs !== null) return found(parts, order, theirs);
  if (isClosed(order.state.status)) return 'settled';
  one.notFound += 1;
  if (order.brokerOrderId !== null) {
    parts.log.error({ orderId, brokerOrderId: order.brokerOrderId, status: order.state.status }, 'The broker does not know an order that it had confirmed');
    return 'again';
  }
  if (one.notFound < MIN_NOT_FOUND || parts.monotonicMs() - one.since < GRACE_MS) return 'again';
  const settled = await neverArrived(parts, order);
  if (settled === 'again') Object.assign(one, { since: parts.monotonicMs(), notFound: 0 });
  return settled;
}

/** Creates the resolver. */
export function createResolver(parts: ResolverParts): Resolver {
  const { holds, log } = parts;
  const cases = new Map<string, Case>();
  const bell = createBell();
  let loop: Loop | null = null;

  const hold = (): void => {
    const unknown = [...cases.values()].filter((one) => one.isUnknown).length;
    holds.set('unknown_outcome', unknown === 0 ? null : `${unknown} order(s) with an unknown outcome are being looked up at the broker`);
  };
  const open = (orderId: string, isUnknown: boolean, delayMs: number): void => {
    const known = cases.get(orderId);
    if (known) known.isUnknown ||= isUnknown;
    else cases.set(orderId, { isUnknown, since: parts.monotonicMs(), notFound: 0, lookUps: 0, failures: 0, nextAt: parts.monotonicMs() + delayMs });
    hold();
    bell.ring();
  };

  const handle = async (orderId: string, one: Case): Promise<void> => {
    try {
      const settled = await lookUp(parts, orderId, one);
      one.failures = 0;
      if (settled === 'settled' || (!one.isUnknown && one.lookUps >= MAX_LOOK_UPS)) cases.delete(orderId);
      else one.nextAt = nextLookUp(one, parts.monotonicMs());
    } catch (error) {
      // A broken database ends the process elsewhere; what the broker does to us is waited out.
      if (!(error instanceof AppError) || (!isTransient(error) && error.family !== 'operator' && error.family !== 'unknown' && error.family !== 'denied')) throw error;
      log.debug({ orderId, error: describeError(error) }, 'A look-up failed');
      one.nextAt = parts.monotonicMs() + (error.family === 'operator' ? KEYS_BACKOFF_MS : backoffMs(one.failures, BACKOFF));
      one.failures += 1;
    }
    hold();
  };

  const turn = async (): Promise<void> => {
    const now = parts.monotonicMs();
    const due = [...cases].filter(([, one]) => one.nextAt <= now);
    for (let n = 0; n < due.length; n += AT_ONCE) await Promise.all(due.slice(n, n + AT_ONCE).map(([orderId, one]) => handle(orderId, one)));
    const next = Math.min(...[...cases.values()].map((one) => one.nextAt), now + IDLE_MS);
    await bell.wait(Math.max(5, next - parts.monotonicMs()));
  };

  return {
    unknown(orderId) {
      // The POST will tell by itself how it ended; until then nothing is in doubt.
      if (!parts.submitter.isInFlight(orderId)) open(orderId, true, BACKOFF.baseMs);
    },
    attend: (orderId, delayMs = 0) => open(orderId, false, delayMs),
    isBusyWith: (orderId) => cases.has(orderId),
    pending: () => cases.size,
    start() {
      loop ??= startLoop({ name: 'resolver', log, turn, wake: bell.ring, fatal: parts.fatal });
    },
    stop: async () => loop?.stop(),
  };
}
