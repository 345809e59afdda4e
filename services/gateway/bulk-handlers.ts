/** Answers about filling the book. */
import type { BULK_ROUTES } from '#app/contracts/http-bulk.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';

/** Builds them. */
export function bulkHandlers(_parts: HandlerParts): Pick<Handlers, keyof typeof BULK_ROUTES> {
  return {};
}
