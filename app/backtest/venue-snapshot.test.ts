/** What older journals hold is read as it was then. */
import { describe, expect, it } from 'vitest';
import { readSnapshot, takeSnapshot, venueOperationSchema } from './venue-snapshot.ts';
import { DEFAULT_VENUE_CONFIG } from './venue-types.ts';
import { openVenue } from './venue.ts';

const AT = 1_719_840_600_000;
const OLD_ORDER = {
  id: '11111111-2222-4333-9444-000000000001', clientOrderId: 'a', seq: 1, symbol: 'AAPL', side: 'buy', type: 'limit', timeInForce: 'gtc', qty: '5', notional: null, limitPrice: '99.5', extendedHours: false, status: 'new',
  filledQty: '0', filledAvgPrice: null, reservePrice: '99.5', createdAt: AT, updatedAt: AT, expiresAt: AT + 1e9, filledAt: null, canceledAt: null, expiredAt: null,
};
const OLD_STATE = {
  now: AT, orderSeq: 1, executionSeq: 3, cash: '90000', realizedPnl: '12.5', feesPaid: '0', lastEquity: '99000',
  positions: [{ symbol: 'XOM', qty: '100', avgPrice: '90', realizedPnl: '12.5', mark: '95' }], overnight: [{ symbol: 'XOM', qty: '100' }], open: [OLD_ORDER],
};

describe('a state from before there were groups, margin and stops', () => {
  it('becomes a venue that goes on', () => {
    const venue = openVenue(DEFAULT_VENUE_CONFIG, readSnapshot(OLD_STATE));
    expect(venue.openOrders()).toMatchObject([{ orderClass: 'simple', role: 'order', positionIntent: 'buy_to_open', parentId: null, legs: [], submittedAt: AT }]);
    expect(venue.figures().reserved.toString()).toBe('497.5');
    expect(venue.figures().equity.toString()).toBe('99500');
    const step = venue.apply({ op: 'step', at: AT as typeof venue.state.now, barMs: 60_000, isRegular: true, bars: [{ symbol: 'AAPL', open: '99', high: '99', low: '99', close: '99', volume: '10' }] });
    expect(step.ok && step.value.events.map((event) => [event.kind, event.fill?.executionId.slice(-12)])).toEqual([['fill', '000000000004']]);
    expect(takeSnapshot(readSnapshot(takeSnapshot(venue.state)))).toEqual(takeSnapshot(venue.state));
  });
  it('and an operation of then', () => {
    const operation = venueOperationSchema.parse({
      op: 'submit', request: { clientOrderId: 'a', symbol: 'AAPL', side: 'buy', type: 'market', timeInForce: 'day', qty: '1', notional: null, limitPrice: null, extendedHours: false },
      context: { at: AT, isOpen: true, expiresAt: AT + 1000, lastPrice: '100', asset: { isTradable: true, isFractionable: true, isShortable: true } },
    });
    expect(openVenue(DEFAULT_VENUE_CONFIG).apply(operation)).toMatchObject({ ok: true });
  });
});
