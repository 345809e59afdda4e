/** Why a strategy did, or did not, trade at a bar: a part of the HTTP contract. */
import { barStorySchema, explainAskSchema } from './explain.ts';
import type { RouteContract } from './route.ts';

/** Its routes. */
export const EXPLAIN_ROUTES = {
  explain: {
    method: 'GET', path: '/api/explain', auth: 'session', movesMoney: false, input: explainAskSchema, output: barStorySchema,
    summary: 'Why strategies did, or did not, trade at a bar: every condition with its number and threshold, the signal, the rules of risk, the order and what the broker answered',
  },
} as const satisfies Record<string, RouteContract>;
