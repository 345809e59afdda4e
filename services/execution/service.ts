/** Execution as parts on the chassis: what is built, in which order it recovers, runs and drains. */
import { checkAccess } from '../alpaca/access.ts';
import { createBroker } from '../alpaca/broker.ts';
import { createGovernor } from '../alpaca/governor.ts';
import type { StreamState } from '../alpaca/ports.ts';
import { createTradeStream } from '../alpaca/trade-stream.ts';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import { backoffMs, monotonicMs, sleep } from '#chassis/clock.ts';
import type { ServiceContext, ServiceParts } from '#chassis/service.ts';
import { takeSnapshot, throttled } from './account.ts';
import { approvalsConsumer } from './approvals.ts';
import { createBooking } from './booking.ts';
import { observeBroker } from './broker-health.ts';
import { createCancels } from './cancels.ts';
import { cancelOrder } from './commands.ts';
import { executionFlows } from './flows.ts';
import { createHolds } from './holds.ts';
import { createReconciler } from './reconcile.ts';
import { createResolver } from './resolver.ts';
import { createSubmitLane } from './submit-lane.ts';
import { createSubmitter } from './submitter.ts';
import { createUpdates } from './updates.ts';
import { createWatch } from './watch.ts';

const LIVE_WAIT_MS = 5_000;
const EXTEND_MS = 90_000;
const RETRY = { baseMs: 500, capMs: 10_000 };
const KEYS_RETRY_MS = 60_000;

/** Errors that a repetition may outlast: everything the broker does, and a busy book. */
function mayPass(error: unknown): error is AppError {
  return error instanceof AppError && (error.code.startsWith('BROKER_') || error.family === 'temporary' || error.family === 'conflict');
}

/** Builds the service. @throws AppError BROKER_KEYS_REJECTED when keys, address and mode do not belong together. */
export function setUpExecution(ctx: ServiceContext): ServiceParts {
  const { db, log, health, metrics, signal } = ctx;
  const access = ctx.config.alpaca;
  invariant(access, 'Execution is given the access to the broker');
  checkAccess(access, ctx.config.mode);
  const nowMs = ctx.clock.now;
  const fatal = (error: unknown): void => ctx.fatal(error);
  const governor = createGovernor({ monotonicMs, nowMs });
  const holds = createHolds(() => lane.ring());
  const observed = observeBroker(createBroker({ access, governor, isOurs: (id) => id.startsWith('ms-') }), { health, holds, metrics, monotonicMs });
  const { broker } = observed;
  const booking = createBooking(db, metrics, nowMs);
  const submitter = createSubmitter({ broker, booking, log, metrics, nowMs, onDoubt: (orderId) => resolver.attend(orderId, 500), onUnknown: (orderId) => resolver.unknown(orderId) });
  const resolver = createResolver({
    db, broker, booking, submitter, holds, log, monotonicMs, fatal, performer: { db, broker, booking, nowMs },
  });
  const lane = createSubmitLane({ db, broker, submitter, holds, log, nowMs, fatal, onHeld: (why) => health.degraded('gate', why === null ? null : `Approved orders wait: ${why}`) });
  const cancels = createCancels({ db, broker, booking, log, nowMs, monotonicMs, fatal, onDoubt: (orderId) => resolver.attend(orderId) });
  const snapshots = throttled(async () => {
    try {
      await takeSnapshot(db, broker, 'fill', nowMs());
    } catch (error) {
      if (!mayPass(error)) return fatal(error);
      log.debug({ error: describeError(error) }, 'A snapshot after a fill was left out');
    }
  });
  const updates = createUpdates({ booking, log, fatal, onDoubt: (orderId, delayMs) => resolver.attend(orderId, delayMs), onFills: snapshots.ask, onOverflow: () => stream.reconnect('too many updates') });
  const reconciler = createReconciler({ db, broker, booking, resolver, log, nowMs, onSerious: (words) => health.degraded('books', words === null ? null : `Our book and the broker differ: ${words}`) });
  const watch = createWatch({ db, broker, resolver, submitter, log, monotonicMs, nowMs, fatal, lastAnswerAgeMs: observed.lastAnswerAgeMs });

  /** Counts the moments after which something may have been missed. */
  let gaps = 0;
  let hasRecovered = false;
  let isReconciling = false;
  /** New orders wait until a comparison has ended that began after the last gap. */
  const reconcileUntilDone = async (reason: string): Promise<void> => {
    gaps += 1;
    if (isReconciling) return;
    isReconciling = true;
    holds.set('reconciling', 'The books are being compared with the broker');
    for (let failures = 0; !signal.aborted; ) {
      const seen = gaps;
      try {
        await reconciler.run(`${reason}:${ctx.config.instanceId}:${nowMs()}`);
        if (seen === gaps) break;
      } catch (error) {
        if (!mayPass(error)) throw error;
        if (!hasRecovered) ctx.extend(EXTEND_MS, `waiting for the broker: ${error.message}`);
        log.warn({ error: describeError(error), failures }, 'The books cannot be compared yet');
        await sleep(error.code === 'BROKER_KEYS_REJECTED' ? KEYS_RETRY_MS : backoffMs(failures, RETRY), signal);
        failures += 1;
      }
    }
    isReconciling = false;
    if (signal.aborted) return;
    holds.set('reconciling', null);
    if (stream.state() === 'live') holds.set('stream', null);
  };

  const onState = (state: StreamState, reason: string): void => {
    log.info({ state, reason }, 'Trade stream');
    health.set('stream', { ok: state === 'live', message: reason });
    if (state === 'live') {
      health.degraded('stream', null);
      // What was said while the stream was down is not repeated: compare first, send afterwards.
      if (hasRecovered) reconcileUntilDone('reconnect').catch(fatal);
      else gaps += 1;
    } else if (state === 'down' || state === 'keys_rejected') {
      holds.set('stream', 'The stream of order updates is down');
      health.degraded('stream', state === 'down' ? 'The stream of order updates is down; new orders wait' : 'Alpaca refuses the keys on the stream of order updates. Check ALPACA_API_KEY and ALPACA_SECRET_KEY in the settings.');
    }
  };
  const stream = createTradeStream({
    access, nowMs,
    listener: {
      onMessages: updates.push,
      onState,
      onTrouble(message) {
        log.warn({ message }, 'The stream of order updates is in trouble; the books are compared');
        if (hasRecovered) reconcileUntilDone('trouble').catch(fatal);
      },
    },
  });

  return {
    async recover() {
      holds.set('stream', 'The stream of order updates is not open yet');
      stream.start();
      const until = monotonicMs() + LIVE_WAIT_MS;
      while (stream.state() !== 'live' && monotonicMs() < until && !signal.aborted) await sleep(10, signal);
      updates.start();
      await reconcileUntilDone('start');
      if (signal.aborted) return;
      hasRecovered = true;
      resolver.start();
      cancels.start();
      watch.start();
    },
    consumers: [approvalsConsumer({ log, nowMs, onApproved: () => lane.ring(), onCancel: cancels.ring })],
    commands: { cancelOrder: cancelOrder(db, cancels.ring, nowMs) },
    flows: executionFlows({ db, broker, lane, resolver, reconciler, holds, nowMs, onBlocked: (isBlocked) => health.degraded('blocked', isBlocked ? 'The broker has blocked trading for this account; ask Alpaca' : null) }),
    start() {
      if (!signal.aborted) lane.start();
      return Promise.resolve();
    },
    async drain() {
      holds.set('stopping', 'The part is stopping');
      await Promise.all([lane.stop(), watch.stop()]);
      await Promise.all([resolver.stop(), cancels.stop()]);
      stream.close();
      await updates.stop();
      await snapshots.stop();
      await booking.idle();
      governor.close();
    },
    resumed(pausedMs) {
      stream.reconnect(`the computer slept for ${Math.round(pausedMs / 1000)} s`);
      return Promise.resolve();
    },
    backlog: () => updates.queued() + resolver.pending(),
    oldestPendingAgeMs: () => {
      const seenAt = updates.oldestSeenAt();
      return seenAt === null ? null : Math.max(0, nowMs() - seenAt);
    },
    brokerMessageAgeMs: () => stream.lastMessageAgeMs(),
  };
}
