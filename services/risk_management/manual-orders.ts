/** Orders that a person asks for: they pass the same rules as a strategy's, and asking twice under one key is asking once. */
import { isDeepStrictEqual } from 'node:util';
import type { CommandInput } from '#app/contracts/commands.ts';
import { AppError } from '#app/domain/errors.ts';
import { quantity, toText } from '#app/domain/numeric.ts';
import { readTerms, writeTerms } from '#app/domain/order-terms.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import { decide, type Intent } from '#app/risk/decide.ts';
import { audit } from './audit.ts';
import { trip } from './breakers.ts';
import { openDesk } from './desk.ts';
import { loadBook, lockDecisions, type House } from './load-book.ts';
import { loadMarket } from './load-market.ts';
import { marketTime } from './market-clock.ts';
import { replyOf, storedDecisions, type DecisionReply, type StoredDecision } from './replies.ts';

type Ask = CommandInput<'manualOrder'>;
type ManualIntent = Extract<Intent, { kind: 'manual' }>;

function decisionIdOf(ask: Ask): string {
  return `manual:${ask.idempotencyKey}`;
}

function intentOf(ask: Ask, tsMarket: EpochMs): ManualIntent {
  const { symbol, side } = ask;
  return { kind: 'manual', decisionId: decisionIdOf(ask), symbol, side, qty: quantity(ask.qty), terms: readTerms(ask), tsMarket };
}

/** The newest close counts for a person: there is no step of bars to wait for. */
function after(tsMarket: EpochMs): EpochMs {
  return epochMs(tsMarket + 1);
}

function sameOrder({ asked, reply }: StoredDecision, ask: Ask): boolean {
  const isSameTerms = asked.terms === null || isDeepStrictEqual(writeTerms(asked.terms), writeTerms(readTerms(ask)));
  return asked.symbol === ask.symbol && asked.side === ask.side && isSameTerms && reply.qty === toText(quantity(ask.qty));
}

/**
 * Decides on a person's order. The same key and order give the first answer again.
 * @throws AppError IDEMPOTENCY_CONFLICT when the key was used for another order.
 */
export async function placeManualOrder(house: House, ask: Ask): Promise<DecisionReply> {
  return house.db.tx(async (tx) => {
    await lockDecisions(tx);
    const [before] = await storedDecisions(tx, [decisionIdOf(ask)]);
    if (before) {
      if (sameOrder(before, ask)) return before.reply;
      throw new AppError('IDEMPOTENCY_CONFLICT', 'This key was used for another order; take a new one', { context: { idempotencyKey: ask.idempotencyKey } });
    }
    const desk = openDesk(tx, await loadBook(tx, house, { symbols: [ask.symbol] }));
    const tsMarket = await marketTime(tx, house);
    const market = trip(desk, await desk.marketAt(tsMarket, [ask.symbol], after(tsMarket)));
    const decision = desk.decide(market, intentOf(ask, tsMarket), ask.idempotencyKey);
    // Buying by hand takes back an earlier wish to be flat; else the follow-ups would sell what was just bought.
    if (decision.outcome === 'approved' && !decision.isReducing) {
      desk.aim({ strategyId: null, symbol: ask.symbol, target: 'long', owed: null, originId: decision.decisionId, followUps: 0, tsMarket });
    }
    await desk.save();
    const reply = replyOf(decision);
    await audit(tx, { actor: ask.actor, action: 'manual_order', subject: decision.decisionId, before: null, after: { ...ask, outcome: reply.outcome, code: reply.code } });
    return reply;
  });
}

/** What risk would say, writing nothing and waiting for nobody. */
export async function previewManualOrder(house: House, ask: Ask): Promise<DecisionReply> {
  const loaded = await loadBook(house.db, house, { symbols: [ask.symbol] });
  const tsMarket = await marketTime(house.db, house);
  const market = await loadMarket(house.db, loaded, { tsMarket, before: after(tsMarket), symbols: [ask.symbol] });
  return replyOf(decide(loaded.book, market, intentOf(ask, tsMarket)));
}
