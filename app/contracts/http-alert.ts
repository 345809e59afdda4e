/** Routes about what is sent by which way. */
import * as z from 'zod';
import { alertChoiceFields, alertChoiceSchema } from './alert-settings.ts';
import type { RouteContract } from './route.ts';

/** Its routes. */
export const ALERT_ROUTES = {
  alertChoices: { method: 'GET', path: '/api/alert-choices', auth: 'session', movesMoney: false, summary: 'What is sent by which way', input: z.object({}), output: z.object({ choices: z.array(alertChoiceSchema) }) },
  setAlertChoice: { method: 'POST', path: '/api/alert-choices', auth: 'session', movesMoney: true, summary: 'Let messages of a kind take a channel, or not; it counts for the next message', input: z.object(alertChoiceFields), output: alertChoiceSchema },
} as const satisfies Record<string, RouteContract>;
