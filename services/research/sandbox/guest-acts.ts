/** What a guest has said, brought before the engine's own views. What comes out of the sandbox is data from a stranger: it is read like any other input. */
import * as z from 'zod';
import { AppError, invariant } from '#app/domain/errors.ts';
import { ORDER_CLASSES, ORDER_TYPES, SIDES, TIMES_IN_FORCE } from '#app/domain/order.ts';
import type { StrategyOrder, SymbolView, TargetOptions } from '#app/strategy/context.ts';
import { plainText } from '#chassis/plain-text.ts';
import { GUEST_HEADER, GUEST_OF, GUEST_ROW } from './guest.ts';

const MAX_REASONS = 50;
const MAX_REQUESTS = 1_000;
/** Plain from here on: they are written into the book. */
const word = z.string().max(200).transform(plainText);
/** Reasons, as they come out of the sandbox. */
export const reasonsSchema = z.array(z.object({ name: word, value: word, threshold: word.nullable() })).max(MAX_REASONS);
const number = z.number();
/** An order in a strategy's own words, as it comes out of the sandbox. */
export const orderSchema = z.object({
  side: z.enum(SIDES), qty: number, type: z.enum(ORDER_TYPES).exactOptional(), limitPrice: number.exactOptional(), stopPrice: number.exactOptional(), trailPrice: number.exactOptional(), trailPercent: number.exactOptional(),
  timeInForce: z.enum(TIMES_IN_FORCE).exactOptional(), orderClass: z.enum(ORDER_CLASSES).exactOptional(), takeProfit: z.object({ limitPrice: number }).exactOptional(),
  stopLoss: z.object({ stopPrice: number, limitPrice: number.exactOptional() }).exactOptional(),
});
const v = z.number().int().min(0);
const requestsSchema = z.array(z.discriminatedUnion('kind', [
  z.object({ v, kind: z.literal('reasons'), reasons: reasonsSchema }),
  z.object({ v, kind: z.literal('submit'), ticket: z.number().int(), order: orderSchema, reasons: reasonsSchema }),
  z.object({ v, kind: z.literal('cancel'), ticket: z.number().int() }),
  z.object({ v, kind: z.literal('check'), name: word, isMet: z.boolean(), value: number.nullable(), threshold: number.nullable() }),
])).max(MAX_REQUESTS);
/** Orders, cancels, reasons and conditions. */
export type GuestRequest = z.infer<typeof requestsSchema>[number];

/** Reads orders, cancels and reasons. @throws AppError STRATEGY_FAILED, naming what is wrong with them */
export function readRequests(raw: unknown): readonly GuestRequest[] {
  const read = requestsSchema.safeParse(raw);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new AppError('STRATEGY_FAILED', `The strategy asked for something that cannot be done: ${issue?.path.slice(1).join('.') ?? ''} ${issue?.message ?? ''}`);
}

/** Says the targets in the box to the views. */
export function actTargets(box: Float64Array, views: readonly SymbolView[], requests: readonly GuestRequest[]): void {
  views.forEach((view, at) => actTarget(view, box.subarray(GUEST_HEADER + at * GUEST_ROW + GUEST_OF.say, GUEST_HEADER + (at + 1) * GUEST_ROW), requests.filter(({ v }) => v === at)));
}

/** Says a target to its view. `said`: the numbers of a symbol's row from `say` on. */
export function actTarget(view: SymbolView, said: Float64Array, requests: readonly GuestRequest[]): void {
  const [say = 2, weight = NaN, atr = NaN, stopPrice = NaN, takeProfitPrice = NaN, again = 0] = said;
  if (say === 2) return;
  const reasons = requests.find((request) => request.kind === 'reasons');
  const options: TargetOptions = {
    ...(Number.isNaN(atr) ? {} : { atr }), ...(Number.isNaN(stopPrice) ? {} : { stopPrice }), ...(Number.isNaN(takeProfitPrice) ? {} : { takeProfitPrice }),
    ...(again === 1 ? { again: true } : {}), ...(reasons === undefined ? {} : { reasons: () => reasons.reasons }),
  };
  if (say === 0) view.flat(options);
  else if (Number.isFinite(weight)) view.weight(weight, options);
  else if (say > 0) view.long(options);
  else view.short(options);
}

/** Hands orders and cancels on. A guest counts its orders as its engine does: their numbers are the same. */
export function actRequests(requests: readonly GuestRequest[], views: readonly SymbolView[]): void {
  for (const request of requests) {
    const view = views[request.v];
    if (view === undefined || request.kind === 'reasons') continue;
    if (request.kind === 'check') {
      view.check(request.name, request.isMet, request.value ?? NaN, request.threshold ?? NaN);
      continue;
    }
    if (request.kind === 'cancel') {
      view.cancel(request.ticket);
      continue;
    }
    const order: StrategyOrder = request.order;
    const id = view.submit({ ...order, reasons: () => request.reasons });
    invariant(id === request.ticket, 'A strategy and its engine count its orders differently', { id, ticket: request.ticket });
  }
}
