/** One line in the log for each move of an order, with its ids: after the commit, from what the transaction told. */
import type { Db } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';

/** Listens to what this service commits. */
export function logOrderMoves(db: Db, log: Logger): void {
  db.onCommitted((envelopes) => {
    for (const envelope of envelopes) {
      if (envelope.topic !== 'order.submitted' && envelope.topic !== 'order.changed' && envelope.topic !== 'order.closed') continue;
      const { orderId, clientOrderId, decisionId, strategyId, symbol, side, role, version, event, status, qty, filledQty, reason } = envelope.payload;
      log.info({ orderId, clientOrderId, decisionId, strategyId, correlationId: envelope.correlationId, symbol, side, role, version, event, status, qty, filledQty, ...(reason === null ? {} : { reason }) }, 'Order moved');
    }
  });
}
