/** Routes about the broker's accounts: what is stored is told and tested; keys are neither taken nor given. */
import * as z from 'zod';
import { BrokerAccountSchema, BrokerKeysSchema } from './broker-keys.ts';
import { connectionTestSchema } from './connection-test.ts';
import type { RouteContract } from './route.ts';

/** Its routes. */
export const ACCOUNT_ROUTES = {
  brokerAccounts: { method: 'GET', path: '/api/broker-accounts', auth: 'session', movesMoney: false, summary: 'For which accounts keys are stored, by their last four letters', input: z.object({}), output: BrokerKeysSchema },
  testConnection: { method: 'POST', path: '/api/broker-accounts/test', auth: 'session', movesMoney: false, timeoutMs: 25_000, summary: 'Ask the broker for account, clock and market data with the stored keys; a failed test is an answer', input: z.object({ account: BrokerAccountSchema }), output: connectionTestSchema },
} as const satisfies Record<string, RouteContract>;
