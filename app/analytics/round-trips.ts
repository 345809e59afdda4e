/** Round trips: from flat to flat, out of the fills of one strategy in one symbol. */
import { addMoney, subtractMoney, toFloat, ZERO_MONEY, type Money } from '#app/domain/numeric.ts';
import { applyFillToPosition, flatPosition, type Fill, type Position } from '#app/domain/position.ts';
import type { EpochMs } from '#app/domain/time.ts';

/** A fill with the strategy that owns it ('' = manual) and its time. */
export type OwnedFill = Fill & { readonly strategyId: string; readonly tsEvent: EpochMs };

/** An entry and its complete exit. `profit` in dollars after all fees. */
export type RoundTrip = { readonly strategyId: string; readonly symbol: string; readonly openedAt: EpochMs; readonly closedAt: EpochMs; readonly fills: number; readonly profit: Money };

/** A position that was there before the first fill, with its owner ('' = manual). */
export type HeldBefore = { readonly strategyId: string; readonly position: Position; readonly openedAt: EpochMs };

type Running = { position: Position; openedAt: EpochMs; fills: number; fees: Money; realizedBefore: Money };

/**
 * Closed round trips in the order in which they closed; fills in the order of the ledger. A position still open is no round trip.
 * `held`: positions taken over with the account; closing one is a round trip that began when it was taken over.
 * A fill that crosses zero closes one and opens the next; its fee belongs to the one that it closes.
 * buy 10 at 5, sell 4 at 6, sell 6 at 7, each with a fee of 1 = one round trip of 4 + 12 - 3 = 13.
 */
export function roundTrips(fills: Iterable<OwnedFill>, held: readonly HeldBefore[] = []): RoundTrip[] {
  const open = new Map(held.map(({ strategyId, position, openedAt }): [string, Running] => [
    `${strategyId}|${position.symbol}`, { position, openedAt, fills: 0, fees: ZERO_MONEY, realizedBefore: position.realizedPnl },
  ]));
  const closed: RoundTrip[] = [];
  for (const fill of fills) {
    const key = `${fill.strategyId}|${fill.symbol}`;
    const before = open.get(key) ?? { position: flatPosition(fill.symbol), openedAt: fill.tsEvent, fills: 0, fees: ZERO_MONEY, realizedBefore: ZERO_MONEY };
    const position = applyFillToPosition(before.position, fill);
    const running: Running = { ...before, position, fills: before.fills + 1, fees: addMoney(before.fees, fill.fee) };
    const hasCrossed = !before.position.qty.isZero() && !position.qty.isZero() && position.qty.s !== before.position.qty.s;
    if (!position.qty.isZero() && !hasCrossed) {
      open.set(key, running);
      continue;
    }
    const gained = subtractMoney(position.realizedPnl, before.realizedBefore);
    closed.push({ strategyId: fill.strategyId, symbol: fill.symbol, openedAt: before.openedAt, closedAt: fill.tsEvent, fills: running.fills, profit: subtractMoney(gained, running.fees) });
    if (hasCrossed) open.set(key, { position, openedAt: fill.tsEvent, fills: 1, fees: ZERO_MONEY, realizedBefore: position.realizedPnl });
    else open.delete(key);
  }
  return closed;
}

/** The profits of round trips in the statistics world, dollars. */
export function profitsOf(trips: readonly RoundTrip[]): Float64Array {
  return Float64Array.from(trips, (trip) => toFloat(trip.profit));
}

/** How long each was held, ms. */
export function holdingsOf(trips: readonly RoundTrip[]): Float64Array {
  return Float64Array.from(trips, (trip) => trip.closedAt - trip.openedAt);
}
