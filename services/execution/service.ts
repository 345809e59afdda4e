/** Execution as parts on the chassis: what is built, in which order it recovers, runs and drains. */
import { describeError, invariant } from '#app/domain/errors.ts';
import { monotonicMs } from '#chassis/clock.ts';
import { triggerByMinute } from '#chassis/minute-trigger.ts';
import type { ServiceContext, ServiceParts } from '#chassis/service.ts';
import { checkAccess } from '../alpaca/access.ts';
import { createBroker } from '../alpaca/broker.ts';
import { createGovernor } from '../alpaca/governor.ts';
import { takeSnapshot, throttled } from './account.ts';
import { createAdopter } from './adopt.ts';
import { approvalsConsumer } from './approvals.ts';
import { createBooking } from './booking.ts';
import { observeBroker } from './broker-health.ts';
import { createBrokerLink, mayPass } from './broker-link.ts';
import { createCancels } from './cancels.ts';
import { cancelOrder } from './commands.ts';
import { executionFlows } from './flows.ts';
import { applyRemedy, dismissFinding, riskDoor } from './guardian-commands.ts';
import { createHolds } from './holds.ts';
import { createKillGuard } from './kill-guard.ts';
import { watchKillSwitch } from './kill.ts';
import { logOrderMoves } from './order-log.ts';
import { rebuildLots } from './ledger-lots.ts';
import { isOurOrder } from './orders.ts';
import { createReconciler } from './reconcile.ts';
import { createResolver } from './resolver.ts';
import { receiveStranger } from './strangers.ts';
import { createSubmitLane } from './submit-lane.ts';
import { createSubmitter } from './submitter.ts';
import { createUpdates } from './updates.ts';
import { createWatch } from './watch.ts';

/** Fills that came out of order are usually complete a moment later. */
const DOUBT_DELAY_MS = 500;
const FLOWS_UP_MS = 5_000;

/** Comparisons made outside of a flow get their run in the history too, once the service runs; failing to record one harms nobody. */
function createComparisonLog({ flows, log }: ServiceContext): { push(runId: string): void; open(): void } {
  const waiting: string[] = [];
  let isOpen = false;
  const record = (runId: string): void => {
    flows.trigger('reconcile_trades', { comparison: runId }, runId).catch((error: unknown) => log.warn({ runId, error: describeError(error) }, 'A comparison is not in the history of flows'));
  };
  return {
    push: (runId) => (isOpen ? record(runId) : void waiting.push(runId)),
    open() {
      // By then the flow engine runs, and a run is started in it; before, each would need a connection of its own.
      setTimeout(() => {
        isOpen = true;
        for (const runId of waiting.splice(0)) record(runId);
      }, FLOWS_UP_MS).unref();
    },
  };
}

function build(ctx: ServiceContext) {
  const { db, log, health, metrics, arming, latch } = ctx;
  invariant(ctx.config.alpaca, 'Execution is given the access to the broker');
  const access = checkAccess(ctx.config.alpaca, ctx.config.mode);
  const nowMs = ctx.clock.now;
  const fatal = (error: unknown): void => ctx.fatal(error);
  const governor = createGovernor({ monotonicMs, nowMs, metrics });
  const holds = createHolds(() => lane.ring(), (reasons) => health.set('orders', reasons.length === 0 ? { ok: true } : { ok: false, message: reasons.join('; ') }));
  const { broker, lastAnswerAgeMs } = observeBroker(createBroker({ access, governor, isOurs: isOurOrder }), { health, holds, metrics, monotonicMs });
  logOrderMoves(db, log);
  const booking = createBooking(db, metrics, nowMs);
  const kill = createKillGuard(latch);
  const attendSoon = (orderId: string): void => resolver.attend(orderId, DOUBT_DELAY_MS);
  const submitter = createSubmitter({ broker, booking, arming, kill, log, metrics, nowMs, monotonicMs, onDoubt: attendSoon, onUnknown: (orderId) => resolver.unknown(orderId) });
  const resolver = createResolver({ db, broker, booking, submitter, holds, arming, latch, kill, log, monotonicMs, fatal, performer: { db, broker, booking, nowMs } });
  const lane = createSubmitLane({ db, broker, submitter, holds, arming, latch, kill, log, nowMs, monotonicMs, fatal, onHeld: (why) => health.degraded('gate', why === null ? null : `Approved orders wait: ${why}`) });
  const cancels = createCancels({ arming, db, broker, booking, log, nowMs, monotonicMs, fatal, onDoubt: (orderId) => resolver.attend(orderId) });
  watchKillSwitch({ latch, broker, db, booking, log, nowMs, monotonicMs, fatal, inFlight: submitter.inFlight, wasPostedSince: submitter.wasPostedSince, hasPassedSince: submitter.hasPassedSince, onWished: cancels.ring, signal: ctx.signal });
  const onBlocked = (isBlocked: boolean): void => health.degraded('blocked', isBlocked ? 'The broker has blocked trading for this account; ask Alpaca' : null);
  const snapshot = async (source: string): Promise<void> => {
    try {
      onBlocked((await takeSnapshot(db, broker, source, nowMs())).isTradingBlocked);
    } catch (error) {
      if (!mayPass(error)) return fatal(error);
      log.debug({ error: describeError(error) }, 'A snapshot of the account was left out');
    }
  };
  const snapshots = throttled(() => snapshot('fill'));
  const adopter = createAdopter({ db, broker, booking, log, nowMs, monotonicMs, fatal, onFills: snapshots.ask });
  const strangers = { db, booking, log, nowMs, attend: attendSoon, consider: adopter.consider };
  const updates = createUpdates({ booking, log, fatal, onDoubt: attendSoon, onStranger: (order) => receiveStranger(strangers, order), onFills: snapshots.ask, onOverflow: () => link.reconnect('too many updates') });
  const reconciler = createReconciler({ db, broker, booking, resolver, adopter, log, nowMs, onSerious: (words) => health.degraded('books', words === null ? null : `Our book and the broker differ: ${words}`) });
  const compared = createComparisonLog(ctx);
  const link = createBrokerLink({ access, instanceId: ctx.config.instanceId, reconciler, holds, health, log, nowMs, fatal, signal: ctx.signal, onUpdates: updates.push, extend: ctx.extend, onCompared: compared.push });
  const watch = createWatch({ db, broker, resolver, submitter, log, monotonicMs, nowMs, fatal, lastAnswerAgeMs });
  return { db, broker, log, nowMs, governor, holds, booking, resolver, lane, cancels, adopter, snapshot, snapshots, updates, reconciler, compared, link, watch, onBlocked };
}

/** Builds the service. @throws AppError BROKER_KEYS_REJECTED when keys, address and mode do not belong together. */
export function setUpExecution(ctx: ServiceContext): ServiceParts {
  const parts = build(ctx);
  const pushSoon = triggerByMinute('execute_trades', ctx);
  const { db, log, nowMs, lane, cancels, updates, resolver, adopter, link, watch } = parts;
  const onApproved = (): void => {
    lane.ring();
    pushSoon();
  };
  return {
    async recover() {
      // Before the first fill can be booked: a book that has lots counts as one that always had them.
      await rebuildLots(db);
      updates.start();
      await link.recover();
      if (ctx.signal.aborted) return;
      await parts.snapshot('start');
      for (const loop of [resolver, cancels, adopter, watch]) loop.start();
    },
    consumers: [approvalsConsumer({ log, nowMs, onApproved, onCancel: cancels.ring })],
    commands: {
      cancelOrder: cancelOrder(db, cancels.ring, nowMs), dismissFinding: dismissFinding(db),
      applyRemedy: applyRemedy({ db, broker: parts.broker, reconciler: parts.reconciler, nowMs, onCancel: cancels.ring, ask: riskDoor(ctx.config) }),
    },
    flows: executionFlows({ ...parts, onCancel: cancels.ring }),
    start() {
      if (!ctx.signal.aborted) lane.start();
      parts.compared.open();
      return Promise.resolve();
    },
    async drain() {
      parts.holds.set('stopping', 'The part is stopping');
      await Promise.all([lane.stop(), watch.stop()]);
      await Promise.all([resolver.stop(), cancels.stop(), adopter.stop()]);
      link.close();
      await updates.stop();
      await parts.snapshots.stop();
      await parts.booking.idle();
      parts.governor.close();
    },
    resumed(pausedMs) {
      link.reconnect(`the computer slept for ${Math.round(pausedMs / 1000)} s`);
      return Promise.resolve();
    },
    backlog: () => updates.queued() + resolver.pending(),
    oldestPendingAgeMs: () => {
      const seenAt = updates.oldestSeenAt();
      return seenAt === null ? null : Math.max(0, nowMs() - seenAt);
    },
    brokerMessageAgeMs: link.lastMessageAgeMs,
  };
}
