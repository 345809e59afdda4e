/** The schedules of all flows as the services write them, without starting a service. */
import { FLOW_NAMES, type FlowName } from '#app/contracts/flows.ts';
import { scheduleSchema, type FlowSchedule } from '#app/contracts/flow-schedules.ts';
import type { FlowDefinition } from '#chassis/flows.ts';
import { analyticsFlows } from '../../services/analytics/flows.ts';
import { ingestionFlows } from '../../services/data_ingestion/flows.ts';
import { executionFlows } from '../../services/execution/flows.ts';
import { dailySummaryFlow } from '../../services/notification/flows/daily-summary.ts';
import { healthFlow } from '../../services/notification/flows/health.ts';
import { tradeAlertsFlow } from '../../services/notification/flows/trade-alerts.ts';
import { logFlows } from '../../services/notification/logs/flow.ts';
import { riskFlows } from '../../services/risk_management/flows.ts';
import { strategyFlows } from '../../services/strategy_engine/flows.ts';

/** Whatever a flow is built from: it is asked for when a run begins, and none does here. */
const later: never = new Proxy(() => undefined, { get: () => later, apply: () => later }) as never;

/** All flows of the six services. */
export function realFlows(): FlowDefinition[] {
  const rooms: readonly ((parts: never) => FlowDefinition | FlowDefinition[])[] = [ingestionFlows, strategyFlows, executionFlows, riskFlows, analyticsFlows, tradeAlertsFlow, healthFlow, dailySummaryFlow, logFlows];
  return rooms.flatMap((flows) => flows(later));
}

/** The flows that run by themselves, in the order of mission M2. */
export function realSchedules(): { readonly name: FlowName; readonly schedule: FlowSchedule }[] {
  const definitions = new Map(realFlows().map((definition) => [definition.name, definition]));
  return FLOW_NAMES.flatMap((name) => {
    const schedule = definitions.get(name)?.schedule ?? null;
    return schedule === null ? [] : [{ name, schedule: scheduleSchema.parse(schedule) }];
  });
}
