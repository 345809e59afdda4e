/** Answers about quality of the stored bars. */
import type { QUALITY_ROUTES } from '#app/contracts/http-quality.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';

/** Builds them. */
export function qualityHandlers(_parts: HandlerParts): Pick<Handlers, keyof typeof QUALITY_ROUTES> {
  return {};
}
