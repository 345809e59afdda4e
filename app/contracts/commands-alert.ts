/** The command about what is sent by which way. */
import * as z from 'zod';
import { alertChoiceFields, alertChoiceSchema } from './alert-settings.ts';
import { request, type CommandContract } from './request.ts';

/** Its commands. */
export const ALERT_COMMANDS = {
  /** Whether messages of a kind take a channel, and from which severity on. It counts for the next message. */
  setAlertChoice: { service: 'notification', input: z.object({ ...request, ...alertChoiceFields }), output: alertChoiceSchema },
} as const satisfies Record<string, CommandContract>;
