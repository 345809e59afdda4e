/** Answers about what is sent by which way: read here, changed by notification. */
import type { ALERT_ROUTES } from '#app/contracts/http-alert.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';
import { readAlertChoices } from './queries/alert-choices.ts';

/** Builds them. */
export function alertHandlers({ ctx }: HandlerParts): Pick<Handlers, keyof typeof ALERT_ROUTES> {
  return {
    alertChoices: async () => ({ choices: await readAlertChoices(ctx.db) }),
    setAlertChoice: (input, { actor, idempotencyKey }) => ctx.callCommand('setAlertChoice', { ...input, actor, idempotencyKey }),
  };
}
