/** Routes about the settings. */
import * as z from 'zod';
import { changeOutlookSchema, configurationSchema, savedChangeSchema, settingChangesSchema } from './configuration.ts';
import type { RouteContract } from './route.ts';

/** Its routes. */
export const CONFIGURATION_ROUTES = {
  configuration: { method: 'GET', path: '/api/configuration', auth: 'session', movesMoney: false, summary: 'The settings with their origin; secrets are only told to be there', input: z.object({}), output: configurationSchema },
  checkConfiguration: { method: 'POST', path: '/api/configuration/check', auth: 'session', movesMoney: false, summary: 'What a change of settings would do; nothing is changed', input: z.object({ changes: settingChangesSchema }), output: changeOutlookSchema },
  saveConfiguration: { method: 'POST', path: '/api/configuration', auth: 'session', movesMoney: true, summary: 'Save a change of settings; parts that need it start again by themselves', input: savedChangeSchema, output: changeOutlookSchema },
} as const satisfies Record<string, RouteContract>;
