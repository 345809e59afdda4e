/** The chart's own things: marks, layouts, drawings: a part of the HTTP contract. */
import type { RouteContract } from './route.ts';

/** Its routes. */
export const CHART_ROUTES = {} as const satisfies Record<string, RouteContract>;
