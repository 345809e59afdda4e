/** notification: what a person should hear of. The wiring at a glance. */
import { runService, type ServiceContext, type ServiceParts } from '#chassis/service.ts';
import { notificationFlows } from './flows.ts';
import { notificationConsumers } from './lane.ts';

async function setUp({ config, db, bus }: ServiceContext): Promise<ServiceParts> {
  return { consumers: notificationConsumers(), flows: notificationFlows(db, { config, db, bus }) };
}

runService({ unit: 'notification', pool: 3, setUp });
