/** What risk says becomes rows: approved orders to send, orders to cancel. */
import type { EventEnvelope, Payload } from '#app/contracts/events.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { quantity } from '#app/domain/numeric.ts';
import { MARKET_TERMS, readTerms, termsIssues } from '#app/domain/order-terms.ts';
import { normaliseOrder, type SizedTerms, type Unsendable } from '#app/execution/normalise.ts';
import type { ConsumerSpec } from '#chassis/consumer.ts';
import type { Tx } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import { requestCancel } from './cancels.ts';
import { insertApproved } from './order-insert.ts';
import { lockOrders, moveOrder } from './orders.ts';

/** What the consumer needs. The two callbacks run after the commit. */
export type ApprovalsParts = { readonly log: Logger; readonly nowMs: () => EpochMs; readonly onApproved: () => void; readonly onCancel: () => void };

async function fractionable(tx: Tx, symbols: readonly string[]): Promise<ReadonlySet<string>> {
  if (symbols.length === 0) return new Set();
  const rows = await tx.query<{ symbol: string }>('SELECT symbol FROM data_ingestion.symbols WHERE symbol = ANY($1) AND is_fractionable', [[...new Set(symbols)]]);
  return new Set(rows.map((row) => row.symbol));
}

/** Terms that break no rule of the table, for an order that is written down only to be denied. */
const storable = (approved: Payload<'order.approved'>): SizedTerms => ({ ...MARKET_TERMS, timeInForce: approved.timeInForce, qty: quantity(approved.qty) });

type Ready = { readonly terms: SizedTerms; readonly refusal: Unsendable | null };

/** What can be sent of an approval. Risk has checked the terms; what no broker takes is denied here all the same. */
function readyOf(approved: Payload<'order.approved'>, isFractionable: boolean): Ready {
  const terms: SizedTerms = { ...readTerms(approved), qty: quantity(approved.qty) };
  const order = { side: approved.side, qty: terms.qty };
  const normal = normaliseOrder(terms, isFractionable);
  const [issue] = termsIssues(normal.ok ? normal.value : terms, normal.ok ? { ...order, qty: normal.value.qty } : order);
  if (normal.ok && issue === undefined) return { terms: normal.value, refusal: null };
  const refusal: Unsendable = normal.ok ? { code: 'ORDER_TERMS_INVALID', message: issue?.message ?? 'The terms cannot be sent' } : normal.error;
  return { terms: issue === undefined ? terms : storable(approved), refusal };
}

async function approve(tx: Tx, { payload: approved, seq, tsWritten }: EventEnvelope<'order.approved'>, isFractionable: boolean): Promise<void> {
  const ready = readyOf(approved, isFractionable);
  const [replaced] = approved.replaces === null ? [] : await lockOrders(tx, { by: 'client_order_id', ids: [approved.replaces] });
  const refusal: Unsendable | null = approved.replaces !== null && !replaced ? { code: 'ORDER_NOT_REPLACEABLE', message: 'The order to be changed is not in the book' } : ready.refusal;
  // Even an order of which nothing is left has its row: one decision, one order.
  const order = await insertApproved(tx, approved, ready.terms, { approvedSeq: seq, replacesOrderId: replaced?.orderId ?? null, decidedAt: tsWritten });
  if (refusal === null) return;
  await moveOrder(tx, order, { event: { kind: 'denied' }, tsEvent: order.tsMarket, source: 'local', detail: { code: refusal.code }, patch: { denialCode: refusal.code, reason: refusal.message } });
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
        if (event.topic === 'order.approved') await approve(tx, event, lots.has(event.payload.symbol));
        if (event.topic === 'order.cancel_requested') await cancel(tx, event.payload, parts);
      }
      if (events.some((event) => event.topic === 'order.approved')) tx.afterCommit(parts.onApproved);
      if (events.some((event) => event.topic === 'order.cancel_requested')) tx.afterCommit(parts.onCancel);
    },
  };
}
