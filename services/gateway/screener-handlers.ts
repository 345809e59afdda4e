/** Answers about screens: what is asked goes to the strategy engine, what is saved is read from the book. */
import type { SCREENER_ROUTES } from '#app/contracts/http-screener.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';
import { readScreenRuns, readScreens } from './queries/screens.ts';

/** Builds them. */
export function screenerHandlers({ ctx }: HandlerParts): Pick<Handlers, keyof typeof SCREENER_ROUTES> {
  return {
    screens: async () => ({ screens: await readScreens(ctx.db) }),
    screenRuns: async ({ screenId, limit }) => ({ runs: await readScreenRuns(ctx.db, screenId, limit) }),
    runScreen: (input) => ctx.callCommand('runScreen', input),
    saveScreen: (input, { actor, idempotencyKey }) => ctx.callCommand('saveScreen', { ...input, actor, idempotencyKey }),
    async deleteScreen({ screenId }, { actor, idempotencyKey }) {
      await ctx.callCommand('deleteScreen', { screenId, actor, idempotencyKey });
      return { accepted: true };
    },
    askScreen: (input) => ctx.callCommand('askScreen', input),
    screenModel: () => ctx.callCommand('screenModel', {}),
    async screenToStrategy(input, { actor, idempotencyKey }) {
      const given = await ctx.callCommand('screenToStrategy', { ...input, actor, idempotencyKey });
      // A strategy sees the bars of followed symbols alone.
      const { refused } = await ctx.callCommand('setWatched', { symbols: given.symbols, isWatched: true, actor, idempotencyKey });
      return { ...given, skipped: [...given.skipped, ...refused] };
    },
  };
}
