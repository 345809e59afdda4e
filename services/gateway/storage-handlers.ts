/** Answers about stored bars. */
import type { STORAGE_ROUTES } from '#app/contracts/http-storage.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';

/** Builds them. */
export function storageHandlers({ ctx }: HandlerParts): Pick<Handlers, keyof typeof STORAGE_ROUTES> {
  return { bars: (input) => ctx.callCommand('readBars', input), storage: () => ctx.callCommand('readStorage', {}) };
}
