/** analytics: what the trading came to. The wiring at a glance. */
import { runService, type ServiceContext, type ServiceParts } from '#chassis/service.ts';
import { deleteChartLayout, deleteDrawing, saveChartLayout, saveDrawing } from './charts.ts';
import { analyticsFlows } from './flows.ts';
import { analyticsConsumers } from './lane.ts';
import { recordChange } from './record-change.ts';
import { createStrategyDays } from './strategy-days.ts';

async function setUp(ctx: ServiceContext): Promise<ServiceParts> {
  const days = createStrategyDays();
  return {
    recover: () => days.rebuild(ctx.db),
    consumers: analyticsConsumers(days),
    commands: {
      saveChartLayout: (input) => saveChartLayout(ctx.db, input), deleteChartLayout: (input) => deleteChartLayout(ctx.db, input),
      saveDrawing: (input) => saveDrawing(ctx.db, input), deleteDrawing: (input) => deleteDrawing(ctx.db, input),
      recordChange: (input) => recordChange(ctx.db, input),
    },
    flows: analyticsFlows({ db: ctx.db, days, config: ctx.config, clock: ctx.clock }),
  };
}

runService({ unit: 'analytics', setUp });
