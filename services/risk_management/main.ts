/** risk_management: no order without its decision. The wiring at a glance. */
import { describeError } from '#app/domain/errors.ts';
import { openDb } from '#chassis/db.ts';
import { triggerByMinute } from '#chassis/minute-trigger.ts';
import { runService, type ServiceContext, type ServiceParts } from '#chassis/service.ts';
import { hasUntold } from './alerts.ts';
import { flatten } from './flatten.ts';
import { riskFlows } from './flows.ts';
import { riskConsumers } from './lane.ts';
import { createLease } from './lease.ts';
import type { House } from './load-book.ts';
import { placeManualOrder, previewManualOrder } from './manual-orders.ts';
import { ensureLimits, followUpAtResume, setRiskLimits, setTradingState } from './switch.ts';

async function setUp(ctx: ServiceContext): Promise<ServiceParts> {
  const { config, db, clock, log, health } = ctx;
  const house: House = { db, clock, arming: ctx.arming.now };
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
  let keeping: Promise<void> = Promise.resolve();
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
      arming: ctx.arming.now,
      onSignals: checkSoon,
      onFills: measureSoon,
      observe(decision) {
        decisions.inc({ outcome: decision.outcome, code: decision.code ?? 'none' });
        if (decision.tsBarSeen !== null) latency.observe(Math.max(0, clock.now() - decision.tsBarSeen));
      },
    }),
    commands: {
      manualOrder: (ask) => placeManualOrder(house, ask),
      previewOrder: (ask) => previewManualOrder(house, ask),
      flatten: (ask) => flatten(house, ask),
      setRiskLimits: (ask) => setRiskLimits(db, ask),
      async setTradingState(ask) {
        const answer = await setTradingState(db, ask);
        if (answer.state !== 'HALTED') resume();
        return answer;
      },
    },
    flows: riskFlows(house),
    async start() {
      keeping = lease.keep();
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
