/** notification: what a person should hear of, and the logs of all parts. The wiring at a glance. */
import { describeError } from '#app/domain/errors.ts';
import type { FlowName } from '#app/contracts/flows.ts';
import { runService, type ServiceContext, type ServiceParts } from '#chassis/service.ts';
import { createDeliveryOffice } from './delivery/office.ts';
import { dailySummaryFlow } from './flows/daily-summary.ts';
import { healthFlow } from './flows/health.ts';
import { batchKey, openBatchOf, tradeAlertsFlow } from './flows/trade-alerts.ts';
import { createHerald } from './herald.ts';
import { notificationConsumers } from './lane.ts';
import { createLogWork } from './logs/wiring.ts';
import { sendTest } from './send-test.ts';
import { failureKey, watchUnits } from './unit-watch.ts';

function setUp(ctx: ServiceContext): Promise<ServiceParts> {
  const { config, db, bus, clock, log } = ctx;
  const { now } = clock;
  const logs = createLogWork(ctx);
  let toldBatch = 0;
  const trigger = (name: FlowName, input: unknown, key: string): void => {
    ctx.flows.trigger(name, input, key).catch((error: unknown) => log.warn({ flow: name, key, error: describeError(error) }, 'A run was not started by its event'));
  };
  /** Starts the run that tells the open batch; `minAgeMs` finds batches whose run did not tell them. */
  const tellFills = async (minAgeMs: number): Promise<void> => {
    const open = await openBatchOf(db);
    if (open === null || open.ageMs < minAgeMs) return;
    if (minAgeMs === 0 && open.batch === toldBatch) return;
    toldBatch = open.batch;
    trigger('send_trade_alerts', { gather: true }, minAgeMs === 0 ? batchKey(open.batch) : `${batchKey(open.batch)}-late-${Math.floor(open.ageMs / minAgeMs)}`);
  };
  const office = createDeliveryOffice(ctx, () => tellFills(LATE_MS));
  const herald = createHerald({ config, now, onQueued: () => office.poke() });
  const failedSince = watchUnits();
  ctx.onControl((message) => {
    if (message.type !== 'unitStates') return;
    for (const failure of failedSince(message.stack)) trigger('monitor_system_health', failure, failureKey(failure));
  });
  const onFills = (): void => void tellFills(0).catch((error: unknown) => log.warn({ error: describeError(error) }, 'Fills wait for the next look to be told'));
  return Promise.resolve({
    consumers: notificationConsumers({ herald, mode: config.mode, onFills }),
    commands: { sendTest: (input) => sendTest({ db, herald, mode: config.mode, now }, input) },
    flows: [tradeAlertsFlow({ db, herald, mode: config.mode, now }), healthFlow({ db, herald, probe: { config, db, bus } }), dailySummaryFlow({ db, herald, config, now }), ...logs.flows],
    async start() {
      logs.start();
      await office.start();
      await tellFills(0); // What was heard just before a kill, and is untold.
    },
    async drain(deadlineMs) {
      await Promise.all([logs.stop(), office.stop(deadlineMs)]);
    },
  });
}

/** A batch that is open for so long was not told by the run that its first fill started. */
const LATE_MS = 180_000;

runService({ unit: 'notification', pool: 4, setUp });
