/** notification: what a person should hear of, and the logs of all parts. The wiring at a glance. */
import { describeError } from '#app/domain/errors.ts';
import { runService, type ServiceContext, type ServiceParts } from '#chassis/service.ts';
import { setAlertChoice } from './alert-choice.ts';
import { createDeliveryOffice } from './delivery/office.ts';
import { createFillTeller } from './fill-teller.ts';
import { dailySummaryFlow } from './flows/daily-summary.ts';
import { healthFlow } from './flows/health.ts';
import { openBatchOf, tradeAlertsFlow } from './flows/trade-alerts.ts';
import { createHerald } from './herald.ts';
import { notificationConsumers } from './lane.ts';
import { createLogWork } from './logs/wiring.ts';
import { sendTest } from './send-test.ts';
import { failureKey, watchUnits } from './unit-watch.ts';

function setUp(ctx: ServiceContext): Promise<ServiceParts> {
  const { config, db, bus, clock, log, signal } = ctx;
  const { now } = clock;
  const { mode } = config;
  const logs = createLogWork(ctx);
  const later = (act: () => void, ms: number): void => void setTimeout(() => (signal.aborted ? undefined : act()), ms).unref();
  const tellFills = createFillTeller({ openBatch: () => openBatchOf(db), start: (key) => ctx.flows.trigger('send_trade_alerts', { gather: true }, key), later, log });
  const office = createDeliveryOffice(ctx, tellFills);
  const herald = createHerald({ config, now, onQueued: () => office.poke() });
  const units = watchUnits();
  ctx.onControl((message) => {
    if (message.type !== 'unitStates') return;
    for (const failure of units.take(message.stack)) {
      ctx.flows.trigger('monitor_system_health', failure, failureKey(failure)).catch((error: unknown) => {
        units.forget(failure.unit);
        log.warn({ failedUnit: failure.unit, error: describeError(error) }, 'The look at a failed part could not be started and is started again');
      });
    }
  });
  return Promise.resolve({
    consumers: notificationConsumers({ herald, mode, onFills: tellFills }),
    commands: { sendTest: (input) => sendTest({ db, herald, mode, now }, input), setAlertChoice: (input) => setAlertChoice(db, input) },
    flows: [tradeAlertsFlow({ db, herald, mode, now }), healthFlow({ db, herald, probe: { config, db, bus } }), dailySummaryFlow({ db, herald, config, now }), ...logs.flows],
    async start() {
      logs.start();
      await office.start();
      tellFills(); // What was heard just before a kill is still untold.
    },
    async drain(deadlineMs) {
      await Promise.all([logs.stop(), office.stop(deadlineMs)]);
    },
  });
}

runService({ unit: 'notification', pool: 4, setUp });
