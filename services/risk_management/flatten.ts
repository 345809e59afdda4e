/** Closing one position or all: cancels what builds up or holds the shares, then sells each share at market, and follows up until it is flat. */
import { createHash } from 'node:crypto';
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import { AppError } from '#app/domain/errors.ts';
import { ZERO_QUANTITY } from '#app/domain/numeric.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import type { RiskBook } from '#app/risk/book.ts';
import { answered, audit } from './audit.ts';
import { openDesk, type Desk } from './desk.ts';
import { loadBook, lockDecisions, type House } from './load-book.ts';
import { marketTime } from './market-clock.ts';
import { replyOf, storedDecisions, type DecisionReply } from './replies.ts';
import { wasLetGoOn } from './trading-state.ts';

type Ask = CommandInput<'flatten'>;
type Scope = { readonly strategyId: string | null; readonly symbol: string };

/** Shares with something to close or to cancel, in a fixed order. */
function sharesOf(book: RiskBook, { symbol, strategyId: owner }: Pick<Closing, 'symbol' | 'strategyId'>): Scope[] {
  const found = new Map<string, Scope>();
  const add = (strategyId: string, of: string): void => {
    if ((symbol === null || symbol === of) && (owner === undefined || owner === strategyId)) found.set(`${of}|${strategyId}`, { strategyId: strategyId === '' ? null : strategyId, symbol: of });
  };
  for (const [key, qty] of book.shares) {
    const [strategyId = '', of = ''] = key.split('|');
    if (!qty.isZero()) add(strategyId, of);
  }
  for (const order of book.openOrders) if (!order.isReducing || order.type !== 'market') add(order.strategyId ?? '', order.symbol);
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, scope]) => scope);
}

/** What is to be closed: one symbol or all (null), of everyone or of one strategy alone; `prefix` begins the ids of the decisions. */
export type Closing = { readonly symbol: string | null; readonly strategyId?: string | undefined; readonly prefix: string; readonly tsMarket: EpochMs };

/** Decides the exit of every share that holds or orders something, and remembers the wish to be flat where it may come true. */
export async function closeShares(desk: Desk, { symbol, strategyId: owner, prefix, tsMarket }: Closing): Promise<DecisionReply[]> {
  const decisions: DecisionReply[] = [];
  for (const { strategyId, symbol: of } of sharesOf(desk.book(), { symbol, strategyId: owner })) {
    const market = await desk.marketAt(tsMarket, [of], epochMs(tsMarket + 1));
    const decision = desk.decide(market, { kind: 'exit', decisionId: `${prefix}:${strategyId ?? 'manual'}:${of.replace('/', '-')}`, signalId: null, strategyId, symbol: of, tsMarket });
    if (decision.code !== 'TRADING_HALTED') desk.aim({ strategyId, symbol: of, target: 'flat', owed: ZERO_QUANTITY, originId: decision.decisionId, followUps: 0, tsMarket });
    decisions.push(replyOf(decision));
  }
  return decisions;
}

function decisionIdsOf(after: Record<string, unknown>, ask: Ask): string[] {
  if (after['symbol'] !== ask.symbol || (after['strategyId'] ?? undefined) !== ask.strategyId) throw new AppError('IDEMPOTENCY_CONFLICT', 'This key was used to close something else; take a new one', { context: { idempotencyKey: ask.idempotencyKey } });
  return Array.isArray(after['decisionIds']) ? after['decisionIds'].filter((id) => typeof id === 'string') : [];
}

/**
 * Closes. A share whose entry is still open is answered EXIT_PENDING: the entry is being cancelled, and what it filled is sold when it has closed.
 * While trading is halted every answer is TRADING_HALTED and the wish is not kept.
 * @throws AppError IDEMPOTENCY_CONFLICT when the key was used for another symbol; ORDER_DENIED when trading was let go on since the pull of the kill switch that asks for it.
 */
export async function flatten(house: House, ask: Ask): Promise<CommandOutput<'flatten'>> {
  return house.db.tx(async (tx) => {
    await lockDecisions(tx);
    const before = await answered(tx, 'flatten', ask.idempotencyKey);
    if (before) return { decisions: (await storedDecisions(tx, decisionIdsOf(before, ask))).map((stored) => stored.reply) };
    // The supervisor repeats what is left of a pull for minutes: what was opened after a resume is wanted.
    if (await wasLetGoOn(tx, ask.idempotencyKey)) throw new AppError('ORDER_DENIED', 'Trading was resumed after the kill switch was pulled: no position is closed for it any more. Close what you want closed, or pull it again.');
    const symbols = sharesOf((await loadBook(tx, house)).book, ask).map((scope) => scope.symbol);
    const desk = openDesk(tx, await loadBook(tx, house, { symbols: [...new Set(symbols)] }));
    // Long keys are folded, so that the broker's 128 letters always suffice.
    const folded = createHash('sha256').update(ask.idempotencyKey).digest('hex').slice(0, 24);
    const decisions = await closeShares(desk, { symbol: ask.symbol, strategyId: ask.strategyId, prefix: `flatten:${folded}`, tsMarket: await marketTime(tx, house) });
    await desk.save();
    await audit(tx, {
      actor: ask.actor, action: 'flatten', subject: ask.symbol ?? (ask.strategyId === undefined ? 'all positions' : `all positions of ${ask.strategyId}`), before: null,
      after: { idempotencyKey: ask.idempotencyKey, symbol: ask.symbol, ...(ask.strategyId === undefined ? {} : { strategyId: ask.strategyId }), decisionIds: decisions.map((decision) => decision.decisionId) },
    });
    return { decisions };
  });
}
