/** Answers about the broker's accounts: the supervisor holds the keys and asks the broker; the gateway never sees them. */
import type { ACCOUNT_ROUTES } from '#app/contracts/http-accounts.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';

/** Three questions to the broker, five seconds each, and the way there. */
const TEST_TIMEOUT_MS = 20_000;

/** Builds them. */
export function accountHandlers({ ctx }: HandlerParts): Pick<Handlers, keyof typeof ACCOUNT_ROUTES> {
  return {
    brokerAccounts: () => ctx.request('brokerKeys', {}),
    testConnection: (input) => ctx.request('testConnection', input, TEST_TIMEOUT_MS),
  };
}
