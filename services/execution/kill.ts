/** The kill switch cancels: everything that is open at the broker, there, whatever the book says and however slow it is. */
import { KILL_FRESH_MS, type Latch } from '#app/contracts/kill.ts';
import { describeError, invariant } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { backoffMs, sleep } from '#chassis/clock.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import type { KillLatch } from '#chassis/latch.ts';
import type { Logger } from '#chassis/log.ts';
import type { Broker } from '../alpaca/ports.ts';
import { mayPass } from './broker-link.ts';
import type { Booking } from './booking.ts';
import { requestCancel } from './cancels.ts';
import type { Submitter } from './submitter.ts';

/** How long the broker's list is looked at for what was still on its way when the switch was pulled. */
const SWEEP_MS = 60_000;
const LOOK_MS = 250;
/** So often in a row must the list be empty: what was being sent may turn up late. */
const CLEAN_LOOKS = 3;
const AT_ONCE = 8;
const BACKOFF = { baseMs: 100, capMs: 2_000 };

/**
 * What cancelling needs. `wasPostedSince`: an order that this process sent after the pull, which allowed it (the exits of a flatten): not to be canceled. `hasPassedSince`: an order
 * went out after the pull that the pull would have stopped: somebody has let trading go on.
 */
export type KillParts = Pick<Submitter, 'inFlight' | 'wasPostedSince' | 'hasPassedSince'> & {
  readonly latch: KillLatch; readonly broker: Broker; readonly db: Db; readonly booking: Booking; readonly log: Logger; readonly nowMs: () => EpochMs; readonly monotonicMs: () => number;
  readonly onWished: () => void; readonly signal: AbortSignal; readonly fatal: (error: unknown) => void;
};

/**
 * Asks the broker alone: one request cancels everything, then its list is watched until nothing of before the pull is left open. No book is needed for that. It ends with the first
 * order that goes out after trading was let go on: the broker makes legs of it that cannot be told from older ones, and without its stop-loss the entry would stand naked.
 */
async function cancelThere(parts: KillParts, pull: Latch): Promise<void> {
  const { broker, log, monotonicMs, signal } = parts;
  const began = monotonicMs();
  let clean = 0;
  let isFirst = true;
  for (let failures = 0; clean < CLEAN_LOOKS && monotonicMs() - began < SWEEP_MS && !signal.aborted; ) {
    try {
      if (isFirst) {
        isFirst = false;
        await broker.cancelAll();
      }
      const open = (await broker.listOpen()).filter((order) => !parts.wasPostedSince(order, began));
      // Asked after the list: whatever stands in it has left before.
      if (parts.hasPassedSince(pull.state, began)) {
        log.warn({ key: pull.key }, 'Orders go out again after the kill switch: the broker is not swept any more; cancels that the book holds go on');
        return;
      }
      for (let n = 0; n < open.length; n += AT_ONCE) await Promise.all(open.slice(n, n + AT_ONCE).map((order) => broker.cancel(order.id)));
      clean = open.length > 0 || parts.inFlight() > 0 ? 0 : clean + 1;
      failures = 0;
      if (clean === 1) log.warn({ key: pull.key, tookMs: Math.round(monotonicMs() - began) }, 'Nothing is open at the broker any more');
      await sleep(LOOK_MS, signal);
    } catch (error) {
      if (!mayPass(error)) throw error;
      log.warn({ key: pull.key, error: describeError(error) }, 'The kill switch could not reach the broker; it tries again');
      await sleep(backoffMs(failures, BACKOFF), signal);
      failures += 1;
    }
  }
  if (clean < CLEAN_LOOKS && !signal.aborted) log.error({ key: pull.key }, 'Orders may still be open at the broker a minute after the kill switch; their cancels go on. Look at the orders there, too');
}

/**
 * When somebody let trading go on after the pull with this key was in the book, EpochMs by the book's clock; null while nobody has. Cancels of the pull that are carried out
 * later than that leave alone what was decided after it (`approvedUntil`): that is wanted.
 */
export async function letGoAt(db: Queryable, key: string): Promise<EpochMs | null> {
  const [row] = await db.query<{ at: EpochMs | null }>(
    `SELECT min(t.at) AS at FROM risk_management.trading_state t JOIN risk_management.trading_state h ON h.idempotency_key = $1 AND t.version > h.version WHERE t.state NOT IN ('HALTED', h.state)`, [key],
  );
  return row?.at ?? null;
}

/**
 * Of the orders `o` with their decisions `d`, those approved until an instant (the parameter named, EpochMs by the book's clock, null = all): an expression of SQL. What an approval waited
 * for on its way to the order's row does not make it newer; legs are as old as their order's, and what was placed elsewhere is as old as its row.
 */
export function approvedUntil(parameter: string): string {
  return `coalesce(d.decided_at, o.created_at) <= coalesce(to_timestamp(${parameter}::double precision / 1000), 'infinity')`;
}

/** Until when an order must have been approved to be canceled, by the book's clock, which need not be ours: only ages agree. A pull that lets exits through ends with itself. */
async function lastOrderAt(db: Db, nowMs: () => EpochMs, pull: Latch): Promise<number | null> {
  if (pull.state === 'HALTED') return letGoAt(db, pull.key);
  const [book] = await db.query<{ pulled: number }>('SELECT clock_timestamp() - make_interval(secs => $1::double precision / 1000) AS pulled', [Math.max(0, nowMs() - pull.at)]);
  invariant(book, 'A query without a table has one row');
  return book.pulled;
}

/** Writes the wish on every open order as soon as the book answers: it survives this process, and the ordinary lane goes on asking. */
export async function wishInBook({ db, booking, log, nowMs, onWished, signal }: Pick<KillParts, 'db' | 'booking' | 'log' | 'nowMs' | 'onWished' | 'signal'>, pull: Latch): Promise<void> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      const last = await lastOrderAt(db, nowMs, pull);
      const rows = await db.query<{ order_id: string }>(
        `SELECT o.order_id FROM execution.orders o LEFT JOIN risk_management.risk_decisions d USING (decision_id) WHERE NOT o.is_closed AND o.status <> 'pending_cancel' AND ${approvedUntil('$1')} ORDER BY o.approved_seq`, [last],
      );
      for (const { order_id: orderId } of rows) await booking.change(orderId, (tx, order) => requestCancel(tx, order, { reason: `kill switch: ${pull.reason}`, actor: pull.actor, now: nowMs() }));
      onWished();
      return;
    } catch (error) {
      if (!mayPass(error)) throw error;
      log.warn({ key: pull.key, error: describeError(error) }, 'The book does not take the wish to cancel yet; it is tried again');
      await sleep(backoffMs(failures, BACKOFF), signal);
    }
  }
}

/** Listens from now on, and acts on what was pulled before. */
export function watchKillSwitch(parts: KillParts): void {
  parts.latch.onLatch((pull) => {
    if (!pull.isCanceling) return;
    if (parts.nowMs() - pull.at > KILL_FRESH_MS) {
      // Told at a start, long after: what is open now was placed for other reasons. The supervisor tells the person.
      parts.log.warn({ key: pull.key }, 'The kill switch was pulled too long ago: no order is canceled for it');
      return;
    }
    for (const act of [cancelThere, wishInBook]) act(parts, pull).catch((error: unknown) => {
      if (!parts.signal.aborted) parts.fatal(error);
    });
  });
}
