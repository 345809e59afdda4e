/** Answers about the universe of symbols, quotes and corporate actions. */
import { lastQuoteSchema, type LastQuote, type UniverseRow } from '#app/contracts/universe.ts';
import type { FEED_ROUTES } from '#app/contracts/http-feed.ts';
import { tryRead } from '#app/contracts/read.ts';
import { AppError } from '#app/domain/errors.ts';
import { REDIS_DB, type Cache } from '#chassis/bus.ts';
import { quoteKey } from '#chassis/market-cache.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';
import { readActions, readSymbol, readUniverse } from './queries/universe.ts';

/** Actions that a symbol's page shows. */
const SYMBOL_ACTIONS = 100;

/** What the cache has of a symbol; a cache that was erased, or holds what cannot be read, knows nothing. */
async function lastQuote(cache: Cache, symbol: string): Promise<LastQuote> {
  const read = tryRead(lastQuoteSchema, await cache.get(quoteKey(symbol)));
  return read.success && read.data.symbol === symbol ? read.data : { symbol, quote: null, trade: null };
}

/** What a person must know of a symbol first. */
function noteOn(row: UniverseRow): string | null {
  if (row.renamedTo !== null) return `${row.symbol} is called ${row.renamedTo} now. What is stored under the old name stays readable here; new bars come under ${row.renamedTo}.`;
  if (row.status === 'inactive') return `${row.symbol} is no longer listed at the broker: no new bars come, and orders for it would be refused. What is stored stays.`;
  return row.isTradable ? null : `The broker lists ${row.symbol} but does not let it be traded now.`;
}

/** Builds them. */
export function feedHandlers({ ctx }: HandlerParts): Pick<Handlers, keyof typeof FEED_ROUTES> {
  const { db } = ctx;
  const cache = ctx.bus.cache(REDIS_DB.marketData);
  return {
    universe: (input) => readUniverse(db, input),
    async symbolDetail({ symbol }) {
      const known = await readSymbol(db, symbol);
      if (!known) throw new AppError('SYMBOL_UNKNOWN', `The broker has never listed ${symbol}`);
      const [last, { actions }] = await Promise.all([lastQuote(cache, symbol), readActions(db, { symbol, limit: SYMBOL_ACTIONS })]);
      return { ...known, note: noteOn(known.row), last, actions };
    },
    setWatched: (input, { actor, idempotencyKey }) => ctx.callCommand('setWatched', { ...input, actor, idempotencyKey }),
    setSectors: (input, { actor, idempotencyKey }) => ctx.callCommand('setSectors', { ...input, actor, idempotencyKey }),
    quotes: async ({ symbols }) => ({ quotes: await Promise.all(symbols.map((symbol) => lastQuote(cache, symbol))), at: ctx.clock.now() }),
    corporateActions: (input) => readActions(db, input),
    feedState: () => ctx.callCommand('feedState', {}),
  };
}
