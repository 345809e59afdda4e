/** Sends waiting orders: exits first, several at a time, those of one symbol and side one after another in the order in which risk approved them. */
import type { Arming } from '#app/domain/arming.ts';
import { describeError } from '#app/domain/errors.ts';
import type { LiveArming } from '#chassis/arming.ts';
import { isTransient } from '#chassis/clock.ts';
import { crashPoint } from '#chassis/crash-point.ts';
import type { Db, Tx } from '#chassis/db.ts';
import type { KillLatch } from '#chassis/latch.ts';
import type { Logger } from '#chassis/log.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { Broker } from '../alpaca/ports.ts';
import { createBell, startLoop, type Loop } from './async.ts';
import { watchDisarming } from './disarming.ts';
import { askGate, takeGateLock } from './gate.ts';
import type { Holds } from './holds.ts';
import type { KillGuard } from './kill-guard.ts';
import { lockOrders, moveOrder, type Order } from './orders.ts';
import { beginReplace, filledAtDecision, judgeReplace } from './replacing.ts';
import { createPlaces } from './places.ts';
import type { Submitter } from './submitter.ts';

const IDLE_MS = 1_000;
const HELD_MS = 200;
/** More never wait; the gate would stop the rest one by one. */
const MAX_WAITING = 10_000;
const LOOK_AHEAD = 64;

/** What the lane needs. `onHeld` hears why the gate holds orders (null = it does not). */
export type SubmitLaneParts = {
  readonly db: Db; readonly broker: Broker; readonly submitter: Submitter; readonly holds: Holds; readonly arming: LiveArming; readonly latch: KillLatch; readonly kill: KillGuard; readonly log: Logger;
  readonly nowMs: () => EpochMs; readonly monotonicMs: () => number; readonly onHeld: (why: string | null) => void; readonly fatal: (error: unknown) => void;
};

/** The lane. It wakes by `ring`, called after the commit that stored an order; the interval is only its safety net. */
export type SubmitLane = { ring(): void; start(): void; stop(): Promise<void> };

type Passed = { readonly kind: 'send'; readonly order: Order; readonly replaced: Order | null } | { readonly kind: 'held'; readonly why: string } | { readonly kind: 'done' };

type Waiting = { readonly order_id: string; readonly symbol: string; readonly side: string; readonly is_reducing: boolean };

async function denyAtGate(tx: Tx, order: Order, refusal: { readonly code: Order['denialCode'] & string; readonly message: string; readonly tradingStateVersion: number }): Promise<Passed> {
  const { code, message, tradingStateVersion } = refusal;
  await moveOrder(tx, order, { event: { kind: 'denied' }, tsEvent: order.tsMarket, source: 'local', detail: { code }, patch: { denialCode: code, reason: message, tradingStateVersion } });
  return { kind: 'done' };
}

/** The transaction before the POST: an order is `submitted` in the book, and told, before the broker can hear of it. */
async function pass(parts: SubmitLaneParts, orderId: string, arming: () => Arming): Promise<Passed> {
  return parts.db.tx(async (tx): Promise<Passed> => {
    await takeGateLock(tx);
    const [order] = await lockOrders(tx, { by: 'order_id', ids: [orderId] });
    if (order?.state.status !== 'initialized') return { kind: 'done' };
    const decision = await askGate(tx, order, { arming, latch: parts.latch.now });
    if (decision.kind === 'hold') return { kind: 'held', why: decision.why };
    const { tradingStateVersion } = decision;
    if (decision.kind === 'deny') return denyAtGate(tx, order, { ...decision, tradingStateVersion });
    let replaced: Order | null = null;
    if (order.replacesOrderId !== null) {
      const [old] = await lockOrders(tx, { by: 'order_id', ids: [order.replacesOrderId] });
      const judged = old ? judgeReplace(order, old, await filledAtDecision(tx, order)) : ({ kind: 'deny', code: 'ORDER_NOT_REPLACEABLE', message: 'The order to be changed is not in the book' } as const);
      if (judged.kind === 'wait') return { kind: 'held', why: judged.why };
      if (judged.kind === 'deny') return denyAtGate(tx, order, { ...judged, tradingStateVersion });
      if (old) replaced = await beginReplace(tx, order, old, judged.kind);
    }
    const submitted = await moveOrder(tx, order, { event: { kind: 'submitted' }, tsEvent: order.tsMarket, source: 'local', detail: {}, patch: { submittedAt: parts.nowMs(), tradingStateVersion } });
    crashPoint('execution.before-submit-commit');
    return { kind: 'send', order: submitted, replaced };
  });
}

/** Entries that still wait when the arming ends are denied then and there, even while something else holds them: arming again is not asking for them again. */
async function denyWaitingEntries(parts: SubmitLaneParts): Promise<void> {
  const waiting = await parts.db.query<{ order_id: string }>(`SELECT order_id FROM execution.orders WHERE NOT is_closed AND status = 'initialized' AND NOT is_reducing ORDER BY approved_seq LIMIT ${MAX_WAITING}`);
  for (const { order_id: orderId } of waiting) await pass(parts, orderId, () => 'disarmed');
}

/** The next orders to look at: exits before entries, each group in the order of approval. */
function readWaiting(db: Db): Promise<Waiting[]> {
  return db.query<Waiting>(`SELECT order_id, symbol, side, is_reducing FROM execution.orders WHERE NOT is_closed AND status = 'initialized' ORDER BY is_reducing DESC, approved_seq LIMIT ${LOOK_AHEAD}`);
}

/** Creates the lane. */
export function createSubmitLane(parts: SubmitLaneParts): SubmitLane {
  const { broker, submitter, holds, arming, kill, log } = parts;
  const bell = createBell();
  const held = new Map<string, { readonly why: string; readonly until: number }>();
  let loop: Loop | null = null;
  let isStopping = false;
  const disarming = watchDisarming(arming, bell.ring);

  /** Until what waits was denied, arming again has not happened for anybody here. */
  const armingNow = (): Arming => (disarming.isOwed() ? 'disarmed' : arming.now());
  const mustWait = (): boolean => disarming.isOwed() || holds.any() || isStopping;

  const sendOne = async (row: Waiting, onAnswer: () => void): Promise<void> => {
    // The place in the request budget comes first: between the commit and the POST there is no waiting.
    const permit = await broker.permit(row.is_reducing ? 'exit' : 'entry');
    // It may have waited for long; what ended meanwhile comes first.
    if (mustWait()) return;
    const mark = kill.mark();
    const passed = await pass(parts, row.order_id, armingNow);
    if (passed.kind === 'held') held.set(row.order_id, { why: passed.why, until: parts.monotonicMs() + HELD_MS });
    else held.delete(row.order_id);
    if (passed.kind !== 'send') return;
    crashPoint('execution.after-submit-commit');
    await submitter.post(passed.order, { permit, mark, replaced: passed.replaced, onAnswer });
  };

  const onFailure = (row: Waiting, error: unknown): void => {
    if (!isTransient(error)) return parts.fatal(error);
    log.warn({ orderId: row.order_id, error: describeError(error) }, 'An order could not be sent yet');
    held.set(row.order_id, { why: 'Something that passes by itself kept it', until: parts.monotonicMs() + HELD_MS });
  };
  const places = createPlaces(bell.ring);

  const launchAll = (waiting: readonly Waiting[]): void => places.fill(
    waiting.map((row) => ({ id: row.order_id, key: `${row.symbol} ${row.side}`, isUrgent: row.is_reducing, isHeld: (held.get(row.order_id)?.until ?? -Infinity) > parts.monotonicMs(), row })),
    ({ row }, onAnswer) => sendOne(row, onAnswer).catch((error: unknown) => onFailure(row, error)),
  );

  const turn = async (): Promise<void> => {
    await disarming.settle(() => denyWaitingEntries(parts));
    if (isStopping || holds.any()) return bell.wait(HELD_MS);
    const waiting = await readWaiting(parts.db);
    const ids = new Set(waiting.map((row) => row.order_id));
    for (const orderId of held.keys()) if (!ids.has(orderId)) held.delete(orderId);
    if (!mustWait()) launchAll(waiting);
    parts.onHeld([...held.values()][0]?.why ?? null);
    await bell.wait(held.size > 0 ? HELD_MS : IDLE_MS);
  };

  return {
    ring: bell.ring,
    start() {
      loop ??= startLoop({ name: 'submit', log, turn, wake: bell.ring, fatal: parts.fatal });
    },
    async stop() {
      isStopping = true;
      bell.ring();
      await loop?.stop();
      await places.idle();
    },
  };
}
