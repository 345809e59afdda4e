/** risk_management: no order without its decision. The wiring at a glance. */
import { describeError } from '#app/domain/errors.ts';
import type { Latch } from '#app/contracts/kill.ts';
import { retry, sleep } from '#chassis/clock.ts';
import { openDb } from '#chassis/db.ts';
import { triggerByMinute } from '#chassis/minute-trigger.ts';
import { runService, type CommandHandlers, type ServiceContext, type ServiceParts } from '#chassis/service.ts';
import { hasUntold } from './alerts.ts';
import { previewReplace, reducePosition, replaceOrder } from './change-orders.ts';
import { flatten } from './flatten.ts';
import { riskFlows } from './flows.ts';
import { followUpAtResume, lookAtWaiting } from './follow-ups.ts';
import { riskConsumers } from './lane.ts';
import { createLease } from './lease.ts';
import { ensureLimits, setRiskLimits } from './limits.ts';
import type { House, Outside } from './load-book.ts';
import { placeManualOrder, previewManualOrder } from './manual-orders.ts';
import { reversePosition } from './reversals.ts';
import { setTradingState, storeLatch } from './trading-state.ts';

/** How often exits between two attempts and positions to be reversed are looked at. */
const LOOK_EVERY_MS = 5_000;
/** A kill switch that the book does not take is tried again: soon, then ever slower. */
const LATCH_RETRY = { attempts: Infinity, baseMs: 100, capMs: 2_000, isRetryable: () => true } as const;

/** The market's clock is the wall's where the market is a real one; against the simulator, and in a replay, the newest bar tells the time. */
function outsideOf({ config, clock, arming }: ServiceContext): Outside {
  const isSimulated = config.mode === 'demo' || config.replay !== undefined || config.units.simulator !== undefined;
  return { arming: arming.now, ...(isSimulated ? {} : { wall: () => clock.now() }) };
}

async function keepLooking({ signal, log }: ServiceContext, house: House): Promise<void> {
  while (!signal.aborted) {
    await sleep(LOOK_EVERY_MS, signal);
    if (signal.aborted) return;
    try {
      await lookAtWaiting(house);
    } catch (error) {
      log.warn({ error: describeError(error) }, 'What waits for its time is looked at again in a moment');
    }
  }
}

/** Writes the kill switch into the book as soon as it answers; until then it holds in memory. */
async function keepLatch({ db, latch: switches, log, signal }: ServiceContext, latch: Latch): Promise<void> {
  try {
    await retry({ ...LATCH_RETRY, signal }, async (attempt) => {
      if (attempt > 0) log.warn({ key: latch.key, attempt }, 'The book does not take the kill switch yet; it holds in memory');
      await storeLatch(db, latch);
    });
    switches.stored(latch.key);
  } catch (error) {
    log.error({ key: latch.key, error: describeError(error) }, 'The kill switch is not in the book; it holds in memory until the next start');
  }
}

/** What people may ask. `resume` is called when trading may go on. */
function commandsOf(house: House, resume: () => void): CommandHandlers {
  return {
    manualOrder: (ask) => placeManualOrder(house, ask),
    previewOrder: (ask) => previewManualOrder(house, ask),
    replaceOrder: (ask) => replaceOrder(house, ask),
    previewReplace: (ask) => previewReplace(house, ask),
    reducePosition: (ask) => reducePosition(house, ask),
    reversePosition: (ask) => reversePosition(house, ask),
    flatten: (ask) => flatten(house, ask),
    setRiskLimits: (ask) => setRiskLimits(house.db, ask),
    async setTradingState(ask) {
      const answer = await setTradingState(house.db, ask);
      if (answer.state !== 'HALTED') resume();
      return answer;
    },
  };
}

async function setUp(ctx: ServiceContext): Promise<ServiceParts> {
  const { config, db, clock, log, health } = ctx;
  const house: House = { db, clock, ...outsideOf(ctx) };
  const decisions = ctx.metrics.counter('risk_decisions_total', 'Decisions on signals', ['outcome', 'code']);
  const latency = ctx.metrics.histogram('bar_to_decision_ms', 'From the bar that made the signal reaching us to its decision being committed');
  const checkSoon = triggerByMinute('validate_risk_limits', ctx);
  const measureSoon = triggerByMinute('monitor_portfolio_risk', ctx);
  const alertSoon = triggerByMinute('generate_risk_alerts', ctx);
  db.onCommitted((events) => {
    if (events.some((event) => event.topic === 'risk_event.raised' && event.payload.severity !== 'info')) alertSoon();
  });
  const leaseDb = openDb({
    access: config.postgres, database: config.postgres.tradingDb, schema: null, applicationName: 'risk_management.lease', max: 1, onLost: (error) => ctx.fatal(error),
  });
  const lease = createLease({
    db: leaseDb, holder: `${config.instanceId}:${process.pid}`, log, signal: ctx.signal, laneBusyForMs: () => ctx.laneBusyForMs(),
    report(reason) {
      health.set('lease', reason === null ? { ok: true } : { ok: false, message: reason });
      health.degraded('lease', reason === null ? null : `The risk lease is not renewed (${reason}): no new order is sent`);
    },
  });
  let keeping: Promise<unknown> = Promise.resolve();
  const resume = (): void => {
    followUpAtResume(house).then(
      (due) => log.info({ due }, 'Looked at exits that waited'),
      (error: unknown) => log.warn({ error: describeError(error) }, 'Waiting exits are looked at again with the next event'),
    );
  };
  return {
    async recover() {
      await ensureLimits(db);
      await lease.take();
      health.set('lease', { ok: true });
    },
    consumers: riskConsumers({
      ...outsideOf(ctx),
      onSignals: checkSoon,
      onFills: measureSoon,
      observe(decision) {
        decisions.inc({ outcome: decision.outcome, code: decision.code ?? 'none' });
        if (decision.tsBarSeen !== null) latency.observe(Math.max(0, clock.now() - decision.tsBarSeen));
      },
    }),
    commands: commandsOf(house, resume),
    flows: riskFlows(house),
    async start() {
      keeping = Promise.all([lease.keep(), keepLooking(ctx, house)]);
      ctx.latch.onLatch((latch) => void keepLatch(ctx, latch));
      // A warning that was written just before a stop or a kill has no run yet.
      if (await hasUntold(db)) alertSoon();
    },
    async drain() {
      await keeping;
      await lease.release();
      await leaseDb.close();
    },
    async resumed() {
      await lease.take();
    },
  };
}

runService({ unit: 'risk_management', pool: 6, setUp });
