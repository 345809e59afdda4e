/** Cancelling: the wish is written first, then the broker is asked until the order is closed. Nothing ever holds a cancel back. */
import { AppError, describeError } from '#app/domain/errors.ts';
import { isClosed } from '#app/domain/order.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { isOpenThere, newsOfOrder } from '#app/execution/reconcile.ts';
import type { LiveArming } from '#chassis/arming.ts';
import type { Db, Tx } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import type { Broker } from '../alpaca/ports.ts';
import { createBell, startLoop, type Loop } from './async.ts';
import type { Booking } from './booking.ts';
import { watchDisarming } from './disarming.ts';
import { lockOrders, moveOrder, type Order } from './orders.ts';
import { lockReplacement } from './replacing.ts';

const IDLE_MS = 500;
/** A cancel that was asked for and not answered by the stream is asked for again after this long. */
const AGAIN_MS = 5_000;
const FAILED_MS = 1_000;
const KEYS_REFUSED_MS = 15_000;
/** On their way to another status the broker cancels none: that is no refusal, it is asked again. */
const NOT_YET: ReadonlySet<string> = new Set(['pending_new', 'pending_cancel', 'pending_replace']);
const SWEEP_MS = 5_000;
const AT_ONCE = 8;

type Wish = { readonly reason: string; readonly actor: string; readonly now: EpochMs };

/** Writes the wish on this one order alone; true when it is, or was, to be canceled. */
async function wishOn(tx: Tx, order: Order, wish: Wish): Promise<boolean> {
  const { status } = order.state;
  if (isClosed(status)) return false;
  if (status === 'pending_cancel') return true;
  const kind = status === 'initialized' ? 'canceled' : 'cancel_requested';
  await moveOrder(tx, order, { event: { kind }, tsEvent: order.tsMarket, source: 'local', detail: { actor: wish.actor, reason: wish.reason }, patch: { reason: wish.reason, cancelRequestedAt: wish.now } });
  return true;
}

/** What has taken, or is to take, the order's place, and so on to the newest. */
async function wishOnSuccessors(tx: Tx, order: Order, wish: Wish): Promise<boolean> {
  const { status } = order.state;
  const next = status === 'pending_replace' || status === 'replaced' ? await lockReplacement(tx, order) : null;
  if (next === null) return false;
  const isFollowed = await wishOnSuccessors(tx, next, wish);
  return (await wishOn(tx, next, wish)) || isFollowed;
}

/**
 * Writes the wish to cancel on a locked order: one that was never sent is closed at once, one that is at the broker becomes `pending_cancel`. Whoever wants an order gone
 * wants gone what has taken, or is to take, its place; and, while the change is on its way, the order that it was to replace: that one would live on.
 * False when there is nothing to cancel any more.
 */
export async function requestCancel(tx: Tx, order: Order, wish: Wish): Promise<boolean> {
  const isFollowed = await wishOnSuccessors(tx, order, wish);
  const wasSent = order.state.status !== 'initialized' && !isClosed(order.state.status);
  const isWished = await wishOn(tx, order, wish);
  if (wasSent && order.replacesOrderId !== null) {
    const [old] = await lockOrders(tx, { by: 'order_id', ids: [order.replacesOrderId] });
    if (old?.state.status === 'pending_replace') await wishOn(tx, old, wish);
  }
  return isWished || isFollowed;
}

/** Asks to cancel what is, or may be, at the broker and would open or enlarge a position: the end of the arming ends it there too, and arming again is not asking for it again. */
async function cancelEntries({ db, booking, log, nowMs }: CancelsParts): Promise<void> {
  const rows = await db.query<{ order_id: string }>(`SELECT order_id FROM execution.orders WHERE NOT is_closed AND status <> 'pending_cancel' AND NOT is_reducing AND source <> 'broker' ORDER BY approved_seq`);
  for (const { order_id: orderId } of rows) {
    const isRequested = await booking.change(orderId, async (tx, order) => {
      // The submit lane denies what has not left; one that it was just sending is `submitted` by the time its lock is free.
      if (order.state.status === 'initialized') return false;
      return requestCancel(tx, order, { reason: 'The real account was disarmed', actor: 'execution', now: nowMs() });
    });
    if (isRequested) log.warn({ orderId }, 'An entry is cancelled: the real account was disarmed');
  }
}

/** What the lane needs. */
export type CancelsParts = { readonly arming: LiveArming; readonly db: Db; readonly broker: Broker; readonly booking: Booking; readonly log: Logger; readonly nowMs: () => EpochMs; readonly monotonicMs: () => number; readonly onDoubt: (orderId: string) => void; readonly fatal: (error: unknown) => void };

/** The lane. */
export type Cancels = { ring(): void; start(): void; stop(): Promise<void> };

/** Creates the lane. */
export function createCancels(parts: CancelsParts): Cancels {
  const { db, broker, booking, log } = parts;
  const bell = createBell();
  const nextAskAt = new Map<string, number>();
  let loop: Loop | null = null;
  let sweptAt = -Infinity;
  const disarming = watchDisarming(parts.arming, bell.ring);

  const refused = async (order: { order_id: string; client_order_id: string; broker_order_id: string }): Promise<void> => {
    const theirs = await broker.getOrder(order.broker_order_id, 'cancel');
    if (theirs === null) return parts.onDoubt(order.order_id);
    const { doubts } = await booking.book([{ clientOrderId: order.client_order_id, brokerOrderId: theirs.id, news: [newsOfOrder(theirs)], source: 'rest', tsSeen: parts.nowMs() }]);
    if (doubts.length > 0) parts.onDoubt(order.order_id);
    if (!isOpenThere(theirs) || NOT_YET.has(theirs.status)) return;
    await booking.change(order.order_id, async (tx, current) => {
      if (current.state.status !== 'pending_cancel') return;
      await moveOrder(tx, current, { event: { kind: 'cancel_rejected' }, tsEvent: theirs.updatedAt, source: 'rest', detail: { status: theirs.status } });
    });
    log.warn({ orderId: order.order_id, status: theirs.status }, 'The broker refused to cancel an order');
  };

  const ask = async (order: { order_id: string; client_order_id: string; broker_order_id: string }): Promise<void> => {
    try {
      const outcome = await broker.cancel(order.broker_order_id);
      nextAskAt.set(order.order_id, parts.monotonicMs() + AGAIN_MS);
      if (outcome === 'gone') parts.onDoubt(order.order_id);
      if (outcome === 'not_cancelable') await refused(order);
    } catch (error) {
      if (!(error instanceof AppError) || !(error.code.startsWith('BROKER_') || error.code === 'RATE_LIMITED')) throw error;
      log.warn({ orderId: order.order_id, error: describeError(error) }, 'A cancel could not be delivered; it is tried again');
      nextAskAt.set(order.order_id, parts.monotonicMs() + (error.code === 'BROKER_KEYS_REJECTED' ? KEYS_REFUSED_MS : FAILED_MS));
    }
  };

  /** Disarmed, entries are looked for again and again: a cancel that the broker refused is not forgotten, nor is an order that it confirmed late. */
  const sweep = async (): Promise<void> => {
    await disarming.settle(() => cancelEntries(parts));
    if (parts.arming.now() !== 'disarmed' || parts.monotonicMs() - sweptAt < SWEEP_MS) return;
    sweptAt = parts.monotonicMs();
    await cancelEntries(parts);
  };

  const turn = async (): Promise<void> => {
    await sweep();
    const rows = await db.query<{ order_id: string; client_order_id: string; broker_order_id: string }>(
      `SELECT order_id, client_order_id, broker_order_id FROM execution.orders WHERE NOT is_closed AND status = 'pending_cancel' AND broker_order_id IS NOT NULL ORDER BY approved_seq`,
    );
    const wished = new Set(rows.map((row) => row.order_id));
    for (const orderId of nextAskAt.keys()) if (!wished.has(orderId)) nextAskAt.delete(orderId);
    const due = rows.filter((row) => (nextAskAt.get(row.order_id) ?? -Infinity) <= parts.monotonicMs());
    for (let n = 0; n < due.length; n += AT_ONCE) await Promise.all(due.slice(n, n + AT_ONCE).map(ask));
    await bell.wait(IDLE_MS);
  };

  return {
    ring: bell.ring,
    start() {
      loop ??= startLoop({ name: 'cancels', log, turn, wake: bell.ring, fatal: parts.fatal });
    },
    stop: async () => loop?.stop(),
  };
}
