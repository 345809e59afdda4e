/** An order for tests of pages. */
import type { OrderView } from '#app/contracts/views.ts';

/** An accepted market order of strategy `s` for 10 AAPL, with changes. */
export function anOrder(orderId: string, change: Partial<OrderView> = {}): OrderView {
  return {
    orderId, clientOrderId: `ms-${orderId}`, decisionId: orderId, brokerOrderId: null, source: 'strategy', strategyId: 's', signalId: null, symbol: 'AAPL', side: 'buy', qty: '10', filledQty: '0', avgFillPrice: null, referencePrice: '100',
    type: 'market', timeInForce: 'day', orderClass: 'simple', extendedHours: false, limitPrice: null, stopPrice: null, trailPrice: null, trailPercent: null, takeProfit: null, stopLoss: null, role: 'order', parentOrderId: null, replacesOrderId: null, replacedByOrderId: null,
    isReducing: false, status: 'accepted', isClosed: false, version: 1, denialCode: null, reason: null, unknownSince: null, tsMarket: Date.parse('2026-03-02T15:00:00Z'), createdAt: 1, submittedAt: null, updatedAt: 1, ...change,
  };
}
