/** What risk says becomes rows: approved orders to send, orders to cancel. */
import type { EventEnvelope, Payload } from '#app/contracts/events.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { price, quantity } from '#app/domain/numeric.ts';
import { normaliseOrder } from '#app/execution/normalise.ts';
import type { ConsumerSpec } from '#chassis/consumer.ts';
import type { Tx } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import { requestCancel } from './cancels.ts';
import { insertApproved, lockOrders, moveOrder } from './orders.ts';

/** What the consumer needs. The two callbacks run after the commit. */
export type ApprovalsParts = { readonly log: Logger; readonly nowMs: () => EpochMs; readonly onApproved: () => void; readonly onCancel: () => void };

async function fractionable(tx: Tx, symbols: readonly string[]): Promise<ReadonlySet<string>> {
  if (symbols.length === 0) return new Set();
  const rows = await tx.query<{ symbol: string }>('SELECT symbol FROM data_ingestion.symbols WHERE symbol = ANY($1) AND is_fractionable', [[...new Set(symbols)]]);
  return new Set(rows.map((row) => row.symbol));
}

async function approve(tx: Tx, approved: Payload<'order.approved'>, seq: number, isFractionable: boolean): Promise<void> {
  const terms = { type: approved.type, timeInForce: approved.timeInForce, qty: quantity(approved.qty), limitPrice: approved.limitPrice === null ? null : price(approved.limitPrice) };
  const normal = normaliseOrder(terms, isFractionable);
  // Even an order of which nothing is left has its row: one decision, one order.
  const order = await insertApproved(tx, approved, normal.ok ? normal.value : terms, seq);
  if (normal.ok) return;
  await moveOrder(tx, order, { event: { kind: 'denied' }, tsEvent: order.tsMarket, source: 'local', detail: { code: normal.error.code }, patch: { denialCode: normal.error.code, reason: normal.error.message } });
}

async function cancel(tx: Tx, wish: Payload<'order.cancel_requested'>, parts: ApprovalsParts): Promise<void> {
  const [order] = await lockOrders(tx, { by: 'client_order_id', ids: [wish.clientOrderId] });
  if (!order) parts.log.warn({ clientOrderId: wish.clientOrderId }, 'A cancel for an order that is not in the book');
  else await requestCancel(tx, order, { reason: wish.reason, actor: 'risk_management', now: parts.nowMs() });
}

/** The consumer of risk_management. `order.denied` is for others. */
export function approvalsConsumer(parts: ApprovalsParts): ConsumerSpec {
  return {
    producer: 'risk_management',
    topics: ['order.approved', 'order.cancel_requested'],
    async handle(tx, events: readonly EventEnvelope[]) {
      const lots = await fractionable(tx, events.flatMap((event) => (event.topic === 'order.approved' ? [event.payload.symbol] : [])));
      for (const event of events) {
        if (event.topic === 'order.approved') await approve(tx, event.payload, event.seq, lots.has(event.payload.symbol));
        if (event.topic === 'order.cancel_requested') await cancel(tx, event.payload, parts);
      }
      if (events.some((event) => event.topic === 'order.approved')) tx.afterCommit(parts.onApproved);
      if (events.some((event) => event.topic === 'order.cancel_requested')) tx.afterCommit(parts.onCancel);
    },
  };
}
