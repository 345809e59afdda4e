/** Quality of the stored bars: coverage, findings, quarantine, reports: a part of the HTTP contract. */
import type { RouteContract } from './route.ts';

/** Its routes. */
export const QUALITY_ROUTES = {} as const satisfies Record<string, RouteContract>;
