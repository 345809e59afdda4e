/** Closing one position or all: cancels what builds up or holds the shares, then sells each share at market, and follows up until it is flat. */
import { createHash } from 'node:crypto';
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import { AppError } from '#app/domain/errors.ts';
import { epochMs } from '#app/domain/time.ts';
import type { RiskBook } from '#app/risk/book.ts';
import { answered, audit } from './audit.ts';
import { openDesk } from './desk.ts';
import { loadBook, lockDecisions, type House, type LoadedBook } from './load-book.ts';
import { marketNow } from './load-market.ts';
import { replyOf, storedDecisions, type DecisionReply } from './replies.ts';

type Ask = CommandInput<'flatten'>;
type Scope = { readonly strategyId: string | null; readonly symbol: string };

/** Shares with something to close or to cancel, in a fixed order. */
function sharesOf(book: RiskBook, symbol: string | null): Scope[] {
  const found = new Map<string, Scope>();
  const add = (strategyId: string, of: string): void => {
    if (symbol === null || symbol === of) found.set(`${of}|${strategyId}`, { strategyId: strategyId === '' ? null : strategyId, symbol: of });
  };
  for (const [key, qty] of book.shares) {
    const [strategyId = '', of = ''] = key.split('|');
    if (!qty.isZero()) add(strategyId, of);
  }
  for (const order of book.openOrders) if (!order.isReducing || order.limitPrice !== null) add(order.strategyId ?? '', order.symbol);
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, scope]) => scope);
}

/** Long keys are folded, so that the broker's 128 letters always suffice. */
function decisionIdOf(ask: Ask, scope: Scope): string {
  const folded = createHash('sha256').update(ask.idempotencyKey).digest('hex').slice(0, 24);
  return `flatten:${folded}:${scope.strategyId ?? 'manual'}:${scope.symbol.replace('/', '-')}`;
}

function decisionIdsOf(after: Record<string, unknown>, ask: Ask): string[] {
  if (after['symbol'] !== ask.symbol) throw new AppError('IDEMPOTENCY_CONFLICT', 'This key was used to close something else; take a new one', { context: { idempotencyKey: ask.idempotencyKey } });
  return Array.isArray(after['decisionIds']) ? after['decisionIds'].filter((id) => typeof id === 'string') : [];
}

/**
 * Closes. A share whose entry is still open is answered EXIT_PENDING: the entry is being cancelled, and what it filled is sold when it has closed.
 * While trading is halted every answer is TRADING_HALTED and the wish is not kept.
 * @throws AppError IDEMPOTENCY_CONFLICT when the key was used for another symbol.
 */
export async function flatten({ db, clock, arming }: House, ask: Ask): Promise<CommandOutput<'flatten'>> {
  return db.tx(async (tx) => {
    await lockDecisions(tx);
    const before = await answered(tx, 'flatten', ask.idempotencyKey);
    if (before) return { decisions: (await storedDecisions(tx, decisionIdsOf(before, ask))).map((stored) => stored.reply) };
    const scopes = sharesOf((await loadBook(tx, arming)).book, ask.symbol);
    const loaded: LoadedBook = await loadBook(tx, arming, { symbols: [...new Set(scopes.map((scope) => scope.symbol))] });
    const desk = openDesk(tx, loaded);
    const tsMarket = (await marketNow(tx)) ?? clock.now();
    const decisions: DecisionReply[] = [];
    for (const { strategyId, symbol } of scopes) {
      const market = await desk.marketAt(tsMarket, [symbol], epochMs(tsMarket + 1));
      const decision = desk.decide(market, { kind: 'exit', decisionId: decisionIdOf(ask, { strategyId, symbol }), signalId: null, strategyId, symbol, tsMarket });
      if (decision.code !== 'TRADING_HALTED') desk.aim({ strategyId, symbol, target: 'flat', originId: decision.decisionId, followUps: 0, tsMarket });
      decisions.push(replyOf(decision));
    }
    await desk.save();
    await audit(tx, {
      actor: ask.actor, action: 'flatten', subject: ask.symbol ?? 'all positions', before: null,
      after: { idempotencyKey: ask.idempotencyKey, symbol: ask.symbol, decisionIds: decisions.map((decision) => decision.decisionId) },
    });
    return { decisions };
  });
}
