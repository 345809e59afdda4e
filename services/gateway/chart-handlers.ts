/** Answers about the chart's own things. */
import type { CHART_ROUTES } from '#app/contracts/http-chart.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';

/** Builds them. */
export function chartHandlers(_parts: HandlerParts): Pick<Handlers, keyof typeof CHART_ROUTES> {
  return {};
}
