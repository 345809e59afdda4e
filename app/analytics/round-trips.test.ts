/** Round trips from fills: entry to exit, partial exits, reversals. */
import { describe, expect, it } from 'vitest';
import { money, price, quantity } from '#app/domain/numeric.ts';
import type { Side } from '#app/domain/order.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { profitsOf, roundTrips, type OwnedFill } from './round-trips.ts';

/** `what` reads shares@price. */
const fill = (tsEvent: number, side: Side, what: string, rest: { strategyId?: string; fee?: string } = {}): OwnedFill => ({
  symbol: 'AAPL', side, qty: quantity(what.split('@')[0] ?? ''), price: price(what.split('@')[1] ?? ''), fee: money(rest.fee ?? '0'), strategyId: rest.strategyId ?? 'sma', tsEvent: tsEvent as EpochMs,
});

describe('round trips', () => {
  it('go from flat to flat, after fees (the worked number)', () => {
    const trips = roundTrips([fill(1, 'buy', '10@5', { fee: '1' }), fill(2, 'sell', '4@6', { fee: '1' }), fill(3, 'sell', '6@7', { fee: '1' })]);
    expect(trips).toHaveLength(1);
    expect(trips[0]).toMatchObject({ openedAt: 1, closedAt: 3, fills: 3, strategyId: 'sma' });
    expect([...profitsOf(trips)]).toEqual([13]);
  });

  it('are kept apart by strategy, and an open one does not count', () => {
    const trips = roundTrips([fill(1, 'buy', '10@5'), fill(2, 'buy', '10@5', { strategyId: 'rsi' }), fill(3, 'sell', '10@4', { strategyId: 'rsi' })]);
    expect(trips.map((trip) => [trip.strategyId, trip.profit.toString()])).toEqual([['rsi', '-10']]);
  });

  it('close what was taken over with the account', () => {
    const position = { symbol: 'AAPL', qty: quantity('10'), avgPrice: price('4'), realizedPnl: money('0') };
    const trips = roundTrips([fill(9, 'sell', '10@5', { strategyId: '' })], [{ strategyId: '', position, openedAt: 1 as EpochMs }]);
    expect(trips.map((trip) => [trip.openedAt, trip.closedAt, trip.fills, trip.profit.toString()])).toEqual([[1, 9, 1, '10']]);
  });

  it('end and begin in a fill that crosses zero', () => {
    const trips = roundTrips([fill(1, 'buy', '10@5'), fill(2, 'sell', '15@6', { fee: '2' }), fill(3, 'buy', '5@7')]);
    expect(trips.map((trip) => [trip.openedAt, trip.closedAt, trip.fills, trip.profit.toString()])).toEqual([[1, 2, 2, '8'], [2, 3, 2, '-5']]);
  });
});
