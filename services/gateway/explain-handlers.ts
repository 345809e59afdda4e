/** Answers about why a strategy did or did not trade. */
import type { EXPLAIN_ROUTES } from '#app/contracts/http-explain.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';

/** Builds them. */
export function explainHandlers(_parts: HandlerParts): Pick<Handlers, keyof typeof EXPLAIN_ROUTES> {
  return {};
}
