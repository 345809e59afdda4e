/** notification: what a person should hear of. The wiring at a glance. */
import { runService, type ServiceContext, type ServiceParts } from '#chassis/service.ts';
import { notificationFlows } from './flows.ts';
import { notificationConsumers } from './lane.ts';
import { createLogWork } from './logs/wiring.ts';

function setUp(ctx: ServiceContext): Promise<ServiceParts> {
  const { config, db, bus } = ctx;
  const logs = createLogWork(ctx);
  return Promise.resolve({
    consumers: notificationConsumers(),
    flows: [...notificationFlows(db, { config, db, bus }), ...logs.flows],
    start() {
      logs.start();
      return Promise.resolve();
    },
    drain: () => logs.stop(),
  });
}

runService({ unit: 'notification', pool: 3, setUp });
