/** Sends waiting orders one at a time, in the order in which risk approved them. */
import type { Arming } from '#app/domain/arming.ts';
import { isClosed } from '#app/domain/order.ts';
import type { LiveArming } from '#chassis/arming.ts';
import { crashPoint } from '#chassis/crash-point.ts';
import type { Db } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { Broker } from '../alpaca/ports.ts';
import { createBell, startLoop, type Loop } from './async.ts';
import { watchDisarming } from './disarming.ts';
import { askGate, takeGateLock } from './gate.ts';
import type { Holds } from './holds.ts';
import { lockOrders, moveOrder, type Order } from './orders.ts';
import type { Submitter } from './submitter.ts';

const IDLE_MS = 1_000;
const HELD_MS = 200;
/** More never wait; the gate would stop the rest one by one. */
const MAX_WAITING = 10_000;

/** What the lane needs. `onHeld` hears why the gate holds orders (null = it does not). */
export type SubmitLaneParts = {
  readonly db: Db; readonly broker: Broker; readonly submitter: Submitter; readonly holds: Holds; readonly arming: LiveArming; readonly log: Logger; readonly nowMs: () => EpochMs;
  readonly onHeld: (why: string | null) => void; readonly fatal: (error: unknown) => void;
};

/** The lane. It wakes by `ring`, called after the commit that stored an order; the interval is only its safety net. */
export type SubmitLane = { ring(): void; start(): void; stop(): Promise<void> };

type Passed = { readonly kind: 'send'; readonly order: Order } | { readonly kind: 'held'; readonly why: string } | { readonly kind: 'done' };

/** The transaction before the POST: an order is `submitted` in the book, and told, before the broker can hear of it. */
async function pass(parts: SubmitLaneParts, orderId: string, arming: () => Arming): Promise<Passed> {
  return parts.db.tx(async (tx): Promise<Passed> => {
    await takeGateLock(tx);
    const [order] = await lockOrders(tx, { by: 'order_id', ids: [orderId] });
    if (order?.state.status !== 'initialized') return { kind: 'done' };
    const decision = await askGate(tx, order, arming);
    if (decision.kind === 'hold') return { kind: 'held', why: decision.why };
    const { tradingStateVersion } = decision;
    if (decision.kind === 'deny') {
      await moveOrder(tx, order, { event: { kind: 'denied' }, tsEvent: order.tsMarket, source: 'local', detail: { code: decision.code }, patch: { denialCode: decision.code, reason: decision.message, tradingStateVersion } });
      parts.log.warn({ orderId, code: decision.code }, 'An approved order was denied at the gate');
      return { kind: 'done' };
    }
    const submitted = await moveOrder(tx, order, { event: { kind: 'submitted' }, tsEvent: order.tsMarket, source: 'local', detail: {}, patch: { submittedAt: parts.nowMs(), tradingStateVersion } });
    crashPoint('execution.before-submit-commit');
    return { kind: 'send', order: submitted };
  });
}

/** Entries that still wait when the arming ends are denied then and there, even while something else holds them: arming again is not asking for them again. */
async function denyWaitingEntries(parts: SubmitLaneParts): Promise<void> {
  const waiting = await parts.db.query<{ order_id: string }>(`SELECT order_id FROM execution.orders WHERE NOT is_closed AND status = 'initialized' AND NOT is_reducing ORDER BY approved_seq LIMIT ${MAX_WAITING}`);
  for (const { order_id: orderId } of waiting) await pass(parts, orderId, () => 'disarmed');
}

/** Creates the lane. */
export function createSubmitLane(parts: SubmitLaneParts): SubmitLane {
  const { db, broker, submitter, holds, arming } = parts;
  const bell = createBell();
  let loop: Loop | null = null;
  let isStopping = false;
  const disarming = watchDisarming(arming, bell.ring);

  /** Until what waits was denied, arming again has not happened for anybody here. */
  const armingNow = (): Arming => (disarming.isOwed() ? 'disarmed' : arming.now());

  const turn = async (): Promise<void> => {
    await disarming.settle(() => denyWaitingEntries(parts));
    if (isStopping || holds.any()) return bell.wait(HELD_MS);
    const [next] = await db.query<{ order_id: string; is_reducing: boolean; status: 'initialized' }>(`SELECT order_id, is_reducing, status FROM execution.orders WHERE NOT is_closed AND status = 'initialized' ORDER BY approved_seq LIMIT 1`);
    if (!next || isClosed(next.status)) {
      parts.onHeld(null);
      return bell.wait(IDLE_MS);
    }
    // The place in the request budget comes first: between the commit and the POST there is no waiting.
    const permit = await broker.permit(next.is_reducing ? 'exit' : 'entry');
    // It may have waited for long; what ended meanwhile comes first.
    if (disarming.isOwed() || holds.any() || isStopping) return;
    const passed = await pass(parts, next.order_id, armingNow);
    parts.onHeld(passed.kind === 'held' ? passed.why : null);
    if (passed.kind === 'held') return bell.wait(HELD_MS);
    if (passed.kind === 'done') return;
    crashPoint('execution.after-submit-commit');
    await submitter.post(passed.order, permit);
  };

  return {
    ring: bell.ring,
    start() {
      loop ??= startLoop({ name: 'submit', log: parts.log, turn, wake: bell.ring, fatal: parts.fatal });
    },
    async stop() {
      isStopping = true;
      bell.ring();
      await loop?.stop();
    },
  };
}
