/** Answers about the settings: the supervisor keeps them, the book remembers who changed what. */
import type { CONFIGURATION_ROUTES } from '#app/contracts/http-configuration.ts';
import { describeError } from '#app/domain/errors.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';

/** Builds them. */
export function configurationHandlers({ ctx }: HandlerParts): Pick<Handlers, keyof typeof CONFIGURATION_ROUTES> {
  return {
    configuration: () => ctx.request('settings', {}),
    checkConfiguration: (input) => ctx.request('checkSettings', input),
    async saveConfiguration(input, { actor, idempotencyKey }) {
      const outlook = await ctx.request('saveSettings', { ...input, actor });
      if (outlook.diff.length === 0) return outlook;
      try {
        await ctx.callCommand('recordChange', {
          actor, idempotencyKey, action: 'settings.saved', subject: 'settings',
          before: Object.fromEntries(outlook.diff.map(({ key, before }) => [key, before])), after: Object.fromEntries(outlook.diff.map(({ key, after }) => [key, after])),
        });
      } catch (error) {
        // The change is made, and stands in the supervisor's own record: a page that says "failed" would be wrong.
        ctx.log.error({ err: describeError(error), actor }, 'A change of settings is not in the audit log of the book');
      }
      return outlook;
    },
  };
}
