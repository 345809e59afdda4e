/** A change of an open order while it is being written: which fields it has, and whether the broker could take it. Pure. */
import type { RouteInput } from '#app/contracts/http.ts';
import type { OrderView } from '#app/contracts/views.ts';
import { quantity, toText } from '#app/domain/numeric.ts';
import { readTerms, termsIssues } from '#app/domain/order-terms.ts';
import { exact } from '../ticket/draft.ts';

/** The fields that a change can have. */
export type EditField = 'qty' | 'limitPrice' | 'stopPrice' | 'trail';
/** What is typed, by field. */
export type Edit = Partial<Record<EditField, string>>;

/** Can this order be changed now? A market order trades at once and has no price to change; what is under way must settle first. */
export function isEditable(order: Pick<OrderView, 'status' | 'unknownSince' | 'type'>): boolean {
  return order.type !== 'market' && order.unknownSince === null && (order.status === 'accepted' || order.status === 'partially_filled' || order.status === 'held');
}

/** The order's fields as they stand. */
export function editOf(order: OrderView): Edit {
  return {
    qty: order.qty, ...(order.limitPrice === null ? {} : { limitPrice: order.limitPrice }), ...(order.stopPrice === null ? {} : { stopPrice: order.stopPrice }),
    ...(order.type === 'trailing_stop' ? { trail: order.trailPercent ?? order.trailPrice ?? '' } : {}),
  };
}

const NOT_A_NUMBER = 'Needs a number greater than zero';

/** The change as it is sent, or what is wrong by field; null and no errors = nothing differs. */
export function readEdit(order: OrderView, edit: Edit): { change: RouteInput<'replaceOrder'> | null; errors: Edit } {
  const before = editOf(order);
  const errors: Edit = {};
  const differing: Edit = {};
  for (const field of Object.keys(before) as EditField[]) {
    const value = exact(edit[field] ?? '');
    if (value === null) errors[field] = NOT_A_NUMBER;
    else if (!value.eq(before[field] ?? '0')) differing[field] = toText(value);
  }
  if (Object.keys(errors).length > 0) return { change: null, errors };
  const qty = differing.qty ?? order.qty;
  if (quantity(qty).lte(order.filledQty)) errors.qty = `${order.filledQty} are filled: leave more than that, or cancel the rest`;
  const trail = differing.trail ?? null;
  const terms = readTerms({
    ...order, ...(differing.limitPrice === undefined ? {} : { limitPrice: differing.limitPrice }), ...(differing.stopPrice === undefined ? {} : { stopPrice: differing.stopPrice }),
    ...(trail === null ? {} : order.trailPercent !== null ? { trailPercent: trail } : { trailPrice: trail }),
    // A leg is an order by itself; its entry's class says nothing about it.
    ...(order.role === 'order' ? {} : { orderClass: 'simple' as const, takeProfit: null, stopLoss: null }),
  });
  const named: Readonly<Record<string, EditField>> = { limitPrice: 'limitPrice', stopPrice: 'stopPrice', trailPrice: 'trail', trailPercent: 'trail' };
  for (const issue of termsIssues(terms, { side: order.side, qty: quantity(qty) })) {
    const field = named[issue.field] ?? (before.limitPrice !== undefined && issue.field.includes('.') ? 'limitPrice' : 'qty');
    errors[field] ??= issue.message;
  }
  if (Object.keys(errors).length > 0 || Object.keys(differing).length === 0) return { change: null, errors };
  return { change: { clientOrderId: order.clientOrderId, qty: differing.qty ?? null, limitPrice: differing.limitPrice ?? null, stopPrice: differing.stopPrice ?? null, trail }, errors };
}
