/** Reversing a position: close it, and open the other side once it is flat. The wish is kept in the book, ends after a while, and by HALT at once. */
import { createHash } from 'node:crypto';
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import { AppError } from '#app/domain/errors.ts';
import { quantity, toText, ZERO_QUANTITY, type Quantity } from '#app/domain/numeric.ts';
import { MARKET_TERMS } from '#app/domain/order-terms.ts';
import type { Side } from '#app/domain/order.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import type { RiskBook, RiskMarket } from '#app/risk/book.ts';
import { decide, type Intent } from '#app/risk/decide.ts';
import type { Tx } from '#chassis/db.ts';
import { answered, audit } from './audit.ts';
import { openDesk, type Desk } from './desk.ts';
import { closeShares } from './flatten.ts';
import { loadBook, lockDecisions, type House } from './load-book.ts';
import { marketTime } from './market-clock.ts';
import { replyOf, storedDecisions, type DecisionReply } from './replies.ts';

/** How long the other side is waited for; a position that is not flat by then has a reason that a person should look at. */
const VALID_FOR = "interval '15 minutes'";

/** Symbols that are to be reversed. */
export const WAITING_REVERSALS = `SELECT DISTINCT symbol FROM risk_management.reversals WHERE state = 'waiting'`;

type Ask = CommandInput<'reversePosition'>;
type Reversal = { readonly decisionId: string; readonly symbol: string; readonly side: Side; readonly qty: string; readonly isExpired: boolean };

function opening({ decisionId, symbol, side, qty }: Omit<Reversal, 'isExpired' | 'qty'> & { readonly qty: Quantity }, tsMarket: EpochMs): Intent {
  return { kind: 'manual', decisionId, symbol, side, qty, terms: MARKET_TERMS, tsMarket };
}

/** The book as it would be with the symbol flat and nothing open in it, its value in cash. */
function withoutSymbol(book: RiskBook, market: RiskMarket, symbol: string): RiskBook {
  const position = book.positions.get(symbol) ?? ZERO_QUANTITY;
  const price = market.prices.get(symbol);
  return {
    ...book, cash: (price === undefined ? book.cash : book.cash.plus(position.times(price))) as RiskBook['cash'],
    positions: new Map([...book.positions].filter(([of]) => of !== symbol)), shares: new Map([...book.shares].filter(([key]) => !key.endsWith(`|${symbol}`))),
    openOrders: book.openOrders.filter((order) => order.symbol !== symbol), brokerPositions: new Map(),
  };
}

/**
 * Closes every share of the symbol and keeps the wish to open as many whole shares on the other side. When the other side would be denied (short sales that
 * are not allowed), nothing is closed and that denial is the answer.
 * @throws AppError IDEMPOTENCY_CONFLICT when the key reversed another symbol; INPUT_INVALID when there is not one whole share to reverse.
 */
export async function reversePosition(house: House, ask: Ask): Promise<CommandOutput<'reversePosition'>> {
  const { symbol, idempotencyKey, actor } = ask;
  return house.db.tx(async (tx) => {
    await lockDecisions(tx);
    const before = await answered(tx, 'reverse_position', idempotencyKey);
    if (before) {
      if (before['symbol'] !== symbol) throw new AppError('IDEMPOTENCY_CONFLICT', 'This key was used to reverse something else; take a new one', { context: { idempotencyKey } });
      const ids = Array.isArray(before['decisionIds']) ? before['decisionIds'].filter((id) => typeof id === 'string') : [];
      return { decisions: (await storedDecisions(tx, ids)).map((stored) => stored.reply) };
    }
    const desk = openDesk(tx, await loadBook(tx, house, { symbols: [symbol] }));
    const position = desk.book().positions.get(symbol) ?? ZERO_QUANTITY;
    const qty = position.abs().floor() as Quantity;
    if (qty.isZero()) throw new AppError('INPUT_INVALID', `There is not one whole share of ${symbol} to reverse`, { context: { symbol, position: toText(position) } });
    const tsMarket = await marketTime(tx, house);
    const decisions = await carryOut(tx, { desk, ask, tsMarket, reversal: { decisionId: `reverse:${idempotencyKey}`, symbol, side: position.gt(0) ? 'sell' : 'buy', qty } });
    await desk.save();
    await audit(tx, { actor, action: 'reverse_position', subject: symbol, before: { position: toText(position) }, after: { idempotencyKey, symbol, decisionIds: decisions.map((decision) => decision.decisionId) } });
    return { decisions };
  });
}

type Carried = { readonly desk: Desk; readonly ask: Ask; readonly tsMarket: EpochMs; readonly reversal: Omit<Reversal, 'isExpired' | 'qty'> & { readonly qty: Quantity } };

async function carryOut(tx: Tx, { desk, ask, tsMarket, reversal }: Carried): Promise<DecisionReply[]> {
  const { symbol, decisionId, side, qty } = reversal;
  const market = await desk.marketAt(tsMarket, [symbol], epochMs(tsMarket + 1));
  const would = decide(withoutSymbol(desk.book(), market, symbol), market, opening(reversal, tsMarket));
  if (would.outcome === 'denied') {
    desk.refuse(would, ask.idempotencyKey);
    return [replyOf(would)];
  }
  const folded = createHash('sha256').update(ask.idempotencyKey).digest('hex').slice(0, 24);
  const decisions = await closeShares(desk, { symbol, prefix: `reverse:${folded}`, tsMarket });
  await tx.query(
    `INSERT INTO risk_management.reversals (decision_id, idempotency_key, actor, symbol, side, qty, state, expires_at) VALUES ($1, $2, $3, $4, $5, $6, 'waiting', clock_timestamp() + ${VALID_FOR})`,
    [decisionId, ask.idempotencyKey, ask.actor, symbol, side, toText(qty)],
  );
  return decisions;
}

async function end(tx: Tx, { decisionId }: Reversal, state: 'done' | 'canceled'): Promise<void> {
  await tx.query('UPDATE risk_management.reversals SET state = $2, closed_at = clock_timestamp() WHERE decision_id = $1', [decisionId, state]);
}

/** Opens the other side of positions that are flat now, and gives up on those that took too long. The opening is a decision like any other; a denial ends the wish too. */
export async function completeReversals(tx: Tx, desk: Desk, now: EpochMs): Promise<void> {
  const waiting = await tx.query<Reversal>(
    `SELECT decision_id AS "decisionId", symbol, side, qty::text AS qty, expires_at <= clock_timestamp() AS "isExpired" FROM risk_management.reversals WHERE state = 'waiting' ORDER BY requested_at, decision_id FOR UPDATE`,
  );
  for (const reversal of waiting) {
    const { symbol, decisionId, side, qty, isExpired } = reversal;
    const { positions, shares, openOrders, tradingState } = desk.book();
    const isFlat = (positions.get(symbol)?.isZero() ?? true) && ![...shares.keys()].some((key) => key.endsWith(`|${symbol}`)) && !openOrders.some((order) => order.symbol === symbol);
    if (isExpired || tradingState === 'HALTED') {
      await end(tx, reversal, 'canceled');
      desk.tell({
        riskEventId: `reversal_canceled:${decisionId}`, severity: 'warning', code: 'REVERSAL_CANCELED',
        message: `${symbol} was not flat in time: its position is not reversed, ${qty} shares are not ${side === 'buy' ? 'bought' : 'sold short'}.`, context: { decisionId, symbol, side, qty },
      });
    } else if (isFlat) {
      await end(tx, reversal, 'done');
      const market = await desk.marketAt(now, [symbol], epochMs(now + 1));
      desk.decide(market, opening({ decisionId, symbol, side, qty: quantity(qty) }, now));
      desk.aim({ strategyId: null, symbol, target: 'long', owed: null, originId: decisionId, followUps: 0, tsMarket: now });
    }
  }
}
