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

/** Can this order be changed now? A market order trades at once and has no price to change; what is under way must settle first; the broker changes no order that triggers another, nor the one that it triggers. */
export function isEditable(order: Pick<OrderView, 'status' | 'unknownSince' | 'type' | 'orderClass' | 'role'>): boolean {
  return order.type !== 'market' && order.unknownSince === null && order.orderClass !== 'oto' && (order.status === 'accepted' || order.status === 'partially_filled' || order.status === 'held');
}

/** Can its quantity be changed? Not that of an order with exits, of such an exit, or of a part of a share. */
function hasFreeQuantity(order: Pick<OrderView, 'role' | 'orderClass' | 'qty'>): boolean {
  return order.role === 'order' && order.orderClass !== 'bracket' && quantity(order.qty).isInteger();
}

/** The order's fields as they stand: those that the broker lets be changed. */
export function editOf(order: OrderView): Edit {
  return {
    ...(hasFreeQuantity(order) ? { qty: order.qty } : {}), ...(order.stopPrice === null ? {} : { stopPrice: order.stopPrice }), ...(order.limitPrice === null ? {} : { limitPrice: order.limitPrice }),
    ...(order.type === 'trailing_stop' ? { trail: order.trailPercent ?? order.trailPrice ?? '' } : {}),
  };
}

/** What is wrong with no field of its own stands at the first one. */
function firstField(edit: Edit): EditField {
  return (Object.keys(edit) as EditField[])[0] ?? 'qty';
}

/** The change in a sentence: "Change buy KO: quantity 50 to 40, limit 60.50 to 60.00". */
export function changeWords(order: OrderView, change: RouteInput<'replaceOrder'>): string {
  const parts: [string, string | null, string | null | undefined][] = [
    ['quantity', order.qty, change.qty], ['limit', order.limitPrice, change.limitPrice], ['stop', order.stopPrice, change.stopPrice], ['trail', order.trailPercent ?? order.trailPrice, change.trail],
  ];
  const said = parts.flatMap(([name, before, after]) => (after === null || after === undefined ? [] : [`${name} ${before ?? '–'} to ${after}`]));
  return `Change ${order.side} ${order.symbol}: ${said.join(', ')}`;
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
  if (differing.qty !== undefined && !quantity(qty).isInteger()) errors.qty = 'Whole shares only: a change to a part of a share is not taken';
  else if (quantity(qty).lte(order.filledQty)) errors.qty = `${order.filledQty} are filled: leave more than that, or cancel the rest`;
  const trail = differing.trail ?? null;
  const terms = readTerms({
    ...order, ...(differing.limitPrice === undefined ? {} : { limitPrice: differing.limitPrice }), ...(differing.stopPrice === undefined ? {} : { stopPrice: differing.stopPrice }),
    ...(trail === null ? {} : order.trailPercent !== null ? { trailPercent: trail } : { trailPrice: trail }),
    // A leg is an order by itself; its entry's class says nothing about it.
    ...(order.role === 'order' ? {} : { orderClass: 'simple' as const, takeProfit: null, stopLoss: null }),
  });
  const named: Readonly<Record<string, EditField>> = { limitPrice: 'limitPrice', stopPrice: 'stopPrice', trailPrice: 'trail', trailPercent: 'trail' };
  for (const issue of termsIssues(terms, { side: order.side, qty: quantity(qty) })) {
    const own = named[issue.field] ?? (issue.field.includes('.') ? 'limitPrice' : 'qty');
    const field = before[own] === undefined ? firstField(before) : own;
    errors[field] ??= issue.message;
  }
  if (Object.keys(errors).length > 0 || Object.keys(differing).length === 0) return { change: null, errors };
  return { change: { clientOrderId: order.clientOrderId, qty: differing.qty ?? null, limitPrice: differing.limitPrice ?? null, stopPrice: differing.stopPrice ?? null, trail }, errors };
}
