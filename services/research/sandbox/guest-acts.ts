/** What a guest has said, brought before the engine's own views. What comes out of the sandbox is data from a stranger: it is read like any other input. */
import * as z from 'zod';
import { AppError } from '#app/domain/errors.ts';
import { ORDER_CLASSES, ORDER_TYPES, SIDES, TIMES_IN_FORCE } from '#app/domain/order.ts';
import type { Reason, StrategyOrder, SymbolView, TargetOptions } from '#app/strategy/context.ts';
import { HEADER, OF, ROW } from './guest.ts';

const MAX_REASONS = 50;
const MAX_REQUESTS = 1_000;
const word = z.string().max(200);
const reasonsSchema = z.array(z.object({ name: word, value: word, threshold: word.nullable() })).max(MAX_REASONS);
const number = z.number();
const orderSchema = z.object({
  side: z.enum(SIDES), qty: number, type: z.enum(ORDER_TYPES).exactOptional(), limitPrice: number.exactOptional(), stopPrice: number.exactOptional(), trailPrice: number.exactOptional(), trailPercent: number.exactOptional(),
  timeInForce: z.enum(TIMES_IN_FORCE).exactOptional(), orderClass: z.enum(ORDER_CLASSES).exactOptional(), takeProfit: z.object({ limitPrice: number }).exactOptional(),
  stopLoss: z.object({ stopPrice: number, limitPrice: number.exactOptional() }).exactOptional(),
});
const v = z.number().int().min(0);
const requestsSchema = z.array(z.discriminatedUnion('kind', [
  z.object({ v, kind: z.literal('reasons'), reasons: reasonsSchema }),
  z.object({ v, kind: z.literal('submit'), ticket: z.number().int(), order: orderSchema, reasons: reasonsSchema }),
  z.object({ v, kind: z.literal('cancel'), ticket: z.number().int() }),
])).max(MAX_REQUESTS);
/** Orders, cancels and reasons. */
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
  views.forEach((view, at) => {
    const row = HEADER + at * ROW;
    const say = box[row + OF.say] ?? 2;
    if (say === 2) return;
    const reasons = requests.find((request) => request.kind === 'reasons' && request.v === at);
    const options = optionsOf(box, row, reasons?.kind === 'reasons' ? reasons.reasons : null);
    const weight = box[row + OF.weight] ?? NaN;
    if (say === 0) view.flat(options);
    else if (Number.isFinite(weight)) view.weight(weight, options);
    else if (say > 0) view.long(options);
    else view.short(options);
  });
}

/** Hands orders and cancels on; `tickets` knows the guest's own numbers of orders by the engine's. */
export function actRequests(requests: readonly GuestRequest[], views: readonly SymbolView[], tickets: Map<number, number>): void {
  for (const request of requests) {
    const view = views[request.v];
    if (view === undefined || request.kind === 'reasons') continue;
    if (request.kind === 'submit') {
      const order: StrategyOrder = request.order;
      tickets.set(request.ticket, view.submit({ ...order, reasons: () => request.reasons }));
    } else {
      view.cancel(tickets.get(request.ticket) ?? request.ticket);
    }
  }
}

function optionsOf(box: Float64Array, row: number, reasons: readonly Reason[] | null): TargetOptions {
  const [atr, stopPrice, takeProfitPrice] = [box[row + OF.atr] ?? NaN, box[row + OF.stop] ?? NaN, box[row + OF.profit] ?? NaN];
  return {
    ...(Number.isNaN(atr) ? {} : { atr }), ...(Number.isNaN(stopPrice) ? {} : { stopPrice }), ...(Number.isNaN(takeProfitPrice) ? {} : { takeProfitPrice }),
    ...(box[row + OF.again] === 1 ? { again: true } : {}), ...(reasons === null ? {} : { reasons: () => reasons }),
  };
}
