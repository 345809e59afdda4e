/** Answers about the universe of symbols. */
import type { FEED_ROUTES } from '#app/contracts/http-feed.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';

/** Builds them. */
export function feedHandlers(_parts: HandlerParts): Pick<Handlers, keyof typeof FEED_ROUTES> {
  return {};
}
