/** Orders over REST: place, list, read, replace, cancel; with the faults that can strike them. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { POSITION_INTENTS, type OrderRequest, type ReplaceRequest, type VenueOrder } from '#app/backtest/venue-types.ts';
import { orderToText } from '#app/backtest/venue-snapshot.ts';
import type { Broker, Pace } from './broker.ts';
import type { Faults } from './faults.ts';
import type { OrderFault, OrderRequestKind } from './faults-schema.ts';
import type { OrderText } from './journal-queries.ts';
import { malformed, notFound, read, WireError } from './rest-common.ts';
import { parseBound } from './wire-data.ts';
import type { WireObject } from './wire-common.ts';
import { wireOrder, wireRejection, wireVenueOrder, type LegsOf } from './wire-order.ts';

const numeric = z.union([z.string().max(40), z.number()]).transform(String).nullish();
const clientOrderId = z.string().nullish();
const timeInForce = z.enum(['day', 'gtc', 'opg', 'cls', 'ioc', 'fok']);
const orderBody = z.object({
  symbol: z.string().min(1).max(40), qty: numeric, notional: numeric, side: z.enum(['buy', 'sell']), type: z.enum(['market', 'limit', 'stop', 'stop_limit', 'trailing_stop']),
  time_in_force: timeInForce, limit_price: numeric, stop_price: numeric, trail_price: numeric, trail_percent: numeric, extended_hours: z.boolean().nullish(), client_order_id: clientOrderId,
  order_class: z.enum(['', 'simple', 'bracket', 'oco', 'oto', 'mleg']).nullish(), take_profit: z.object({ limit_price: numeric }).nullish(),
  stop_loss: z.object({ stop_price: numeric, limit_price: numeric }).nullish(), position_intent: z.enum(POSITION_INTENTS).nullish(), advanced_instructions: z.unknown().optional(), legs: z.unknown().optional(),
});
const replaceBody = z.object({ qty: numeric, notional: numeric, time_in_force: timeInForce.nullish(), limit_price: numeric, stop_price: numeric, trail: numeric, client_order_id: clientOrderId, advanced_instructions: z.unknown().optional() });
const flag = z.enum(['true', 'false']).optional();
const ASSET_CLASSES = ['us_equity', 'us_option', 'crypto', 'crypto_perp', 'treasury', 'corporate', 'global_equity', 'us_index', 'us_equity_chain', 'ipo', 'all'];
const listQuery = z.object({
  status: z.enum(['open', 'closed', 'all']).default('open'), limit: z.coerce.number().int().min(1).max(500).default(50), after: z.string().optional(), until: z.string().optional(),
  direction: z.enum(['asc', 'desc']).default('desc'), symbols: z.string().optional(), side: z.enum(['buy', 'sell']).optional(), before_order_id: z.string().optional(), after_order_id: z.string().optional(), nested: flag,
  asset_class: z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat().flatMap((part) => part.split(','))).pipe(z.array(z.enum(ASSET_CLASSES))).optional(),
});

/** What the routes need. */
export type TradingParts = { readonly broker: Broker; readonly faults: Faults };

const invalid = (message: string): WireError => new WireError(422, { code: 42_210_000, message });

/**
 * The orders that hang on an order: those still worked from the venue, the others from the journal. An exit that was replaced after its entry had closed
 * is shown by what has taken its place: the closed entry is not written again.
 */
export function legsIn(broker: Broker): LegsOf {
  const current = (id: string): OrderText | null => {
    const open = broker.venue.state.open.get(id);
    const found = open ? orderToText(open) : broker.journal.orderById(id);
    return found?.status === 'replaced' && found.replacedBy !== null ? current(found.replacedBy) : found;
  };
  return ({ legs }) => legs.flatMap((id) => current(id) ?? []);
}

function requestOf(broker: Broker, raw: unknown): OrderRequest {
  const body = read(orderBody, raw);
  if (body.order_class === 'mleg' || body.legs !== undefined) throw invalid('multi-leg orders are for options, which are not simulated');
  if (body.advanced_instructions !== undefined && body.advanced_instructions !== null) throw invalid('advanced_instructions need the Elite Smart Router, which is not simulated');
  return {
    clientOrderId: body.client_order_id || randomUUID(), symbol: broker.symbolOf(body.symbol) ?? body.symbol, side: body.side, type: body.type, timeInForce: body.time_in_force,
    orderClass: body.order_class === '' ? 'simple' : body.order_class ?? 'simple', qty: body.qty ?? null, notional: body.notional ?? null, limitPrice: body.limit_price ?? null, stopPrice: body.stop_price ?? null,
    trailPrice: body.trail_price ?? null, trailPercent: body.trail_percent ?? null, extendedHours: body.extended_hours ?? false,
    takeProfit: body.take_profit ? { limitPrice: body.take_profit.limit_price ?? null } : null,
    stopLoss: body.stop_loss ? { stopPrice: body.stop_loss.stop_price ?? null, limitPrice: body.stop_loss.limit_price ?? null } : null, positionIntent: body.position_intent ?? null,
  };
}

/** Places an order as the wire asks for it; the answer is true once `broker.settled()` resolves. @throws WireError in the broker's words */
export function submit({ broker, faults }: TradingParts, raw: unknown): WireObject {
  const result = broker.submit(requestOf(broker, raw), faults.takeStuck('pending_new'));
  if (!result.ok) throw new WireError(result.error.status, wireRejection(result.error));
  const reason = faults.takeLateReject('order');
  if (reason !== null) broker.settle(result.value.id, 'rejected', reason);
  return wireVenueOrder(result.value, legsIn(broker));
}

/** The order to work on. @throws WireError 404, or 422 when it is closed */
function openOrder(broker: Broker, id: string): VenueOrder {
  const open = broker.venue.state.open.get(id);
  if (open) return open;
  const order = broker.journal.orderById(id);
  if (!order) throw notFound(`order not found for ${id}`);
  throw invalid(`order is already in "${order.status}" state`);
}

function paceOf(faults: Faults, what: 'cancel' | 'replace'): Pace {
  if (faults.takeStuck(what === 'cancel' ? 'pending_cancel' : 'pending_replace')) return 'stuck';
  return faults.takeSlow(what) ? 'slow' : 'now';
}

function replace({ broker, faults }: TradingParts, id: string, raw: unknown): WireObject {
  const body = read(replaceBody, raw);
  if (body.notional !== null && body.notional !== undefined) throw invalid('notional of an order cannot be replaced');
  if (body.advanced_instructions !== undefined && body.advanced_instructions !== null) throw invalid('advanced_instructions need the Elite Smart Router, which is not simulated');
  const order = openOrder(broker, id);
  const request: ReplaceRequest = {
    clientOrderId: body.client_order_id || randomUUID(), qty: body.qty ?? null, timeInForce: body.time_in_force ?? null, limitPrice: body.limit_price ?? null, stopPrice: body.stop_price ?? null, trail: body.trail ?? null,
  };
  const reason = faults.takeLateReject('replace');
  const result = broker.replace(order.id, request, reason === null ? paceOf(faults, 'replace') : 'slow');
  if (!result.ok) throw new WireError(result.error.status, wireRejection(result.error));
  if (reason !== null) broker.settle(result.value.id, 'rejected', reason);
  return wireVenueOrder(result.value, legsIn(broker));
}

/** Cancels an open order, through whatever fault is armed. */
function cancelOpen({ broker, faults }: TradingParts, id: string): ReturnType<Broker['cancel']> {
  const isRefusedLate = faults.takeCancelReject();
  const result = broker.cancel(id, isRefusedLate ? 'slow' : paceOf(faults, 'cancel'));
  if (isRefusedLate && result.ok) for (const { kind, order } of result.value) if (kind === 'pending_cancel') broker.settle(order.id, 'cancel_rejected', null);
  return result;
}

function cancel(parts: TradingParts, id: string): void {
  const order = openOrder(parts.broker, id);
  const result = cancelOpen(parts, order.id);
  if (!result.ok) throw new WireError(422, { code: 42_210_000, message: result.error.message });
}

/** Carries out an armed fault. Whatever it says, nothing is promised to the client. */
async function strike(fault: OrderFault, reply: FastifyReply, accept: () => Promise<unknown>): Promise<unknown> {
  if (fault.endsWith('_after')) await accept();
  if (fault === 'error_429') return reply.code(429).header('retry-after', '1').send({ code: 42_910_000, message: 'rate limit exceeded' });
  if (fault === 'error_403_before') return reply.code(403).send({ code: 40_310_000, message: 'forbidden' });
  if (fault === 'error_422_after') return reply.code(422).send({ code: 42_210_000, message: 'unprocessable entity' });
  if (fault === 'garbled_after') return reply.code(200).type('application/json').send('{"id": "7b08');
  const status = Number(/^error_(\d{3})/.exec(fault)?.[1] ?? 0);
  if (status > 0) return reply.code(status).send({ code: 50_010_000, message: 'internal server error occurred' });
  reply.hijack();
  if (fault.startsWith('reset')) reply.raw.destroy();
  return undefined;
}

/** Runs a request about an order: through the armed fault, onto the disk, then the answer. */
async function carryOut({ broker, faults }: TradingParts, on: OrderRequestKind, reply: FastifyReply, work: () => unknown): Promise<unknown> {
  const done = async (): Promise<unknown> => {
    const answer = work();
    await broker.settled();
    return answer;
  };
  const fault = faults.takeOrderFault(on);
  return fault === null ? done() : strike(fault, reply, done);
}

/** Registers the routes. */
export function registerOrders(app: FastifyInstance, parts: TradingParts): void {
  const { broker, faults } = parts;
  const { journal } = broker;
  const legsOf = legsIn(broker);
  app.post('/v2/orders', (request, reply) => carryOut(parts, 'submit', reply, () => submit(parts, request.body)));
  app.get('/v2/orders', (request) => listOrders(broker, request.query));
  app.delete('/v2/orders', async (_request, reply) => {
    const results = cancelAll(parts);
    await broker.settled();
    return reply.code(207).send(results);
  });
  const one = (order: OrderText | null, what: string, isNested: boolean): WireObject => {
    if (!order) throw notFound(`order not found for ${what}`);
    return isNested ? wireOrder(order, legsOf) : wireOrder(order);
  };
  const nested = z.object({ nested: flag });
  app.get('/v2/orders::by_client_order_id', (request) => {
    const query = read(z.object({ client_order_id: z.string().min(1), nested: flag }), request.query);
    return one(journal.orderByClientId(query.client_order_id), query.client_order_id, query.nested === 'true');
  });
  app.get<{ Params: { id: string } }>('/v2/orders/:id', (request) => one(journal.orderById(request.params.id), request.params.id, read(nested, request.query).nested === 'true'));
  app.patch<{ Params: { id: string } }>('/v2/orders/:id', (request, reply) => carryOut(parts, 'replace', reply, () => replace(parts, request.params.id, request.body)));
  app.delete<{ Params: { id: string } }>('/v2/orders/:id', (request, reply) => {
    if (faults.takeCancelTimeout()) return reply.hijack();
    return carryOut(parts, 'cancel', reply, () => {
      cancel(parts, request.params.id);
      return reply.code(204).send();
    });
  });
}

/** Cancels everything that is open; what goes with its group is told once. */
export function cancelAll(parts: TradingParts): readonly WireObject[] {
  const { broker } = parts;
  return broker.venue.openOrders().flatMap((order) => {
    // A group goes together: its other members are gone by their turn.
    if (!broker.venue.state.open.get(order.id)) return [];
    const result = cancelOpen(parts, order.id);
    return [{ id: order.id, status: result.ok ? 200 : 500, ...(result.ok ? {} : { body: wireRejection(result.error) }) }];
  });
}

function listOrders(broker: Broker, raw: unknown): readonly WireObject[] {
  const query = read(listQuery, raw);
  if (query.before_order_id !== undefined && query.after_order_id !== undefined) throw malformed('only one of before_order_id or after_order_id is accepted');
  if ((query.before_order_id ?? query.after_order_id) !== undefined && (query.after ?? query.until) !== undefined) throw malformed('before_order_id and after_order_id cannot be combined with after or until');
  if (query.asset_class && !query.asset_class.some((name) => name === 'us_equity' || name === 'all')) return [];
  const seqOf = (id: string | undefined): number | undefined => {
    const order = id === undefined ? undefined : broker.journal.orderById(id);
    if (order === null) throw notFound('order not found');
    return order?.seq;
  };
  const [beforeSeq, afterSeq] = [seqOf(query.before_order_id), seqOf(query.after_order_id)];
  const isNested = query.nested === 'true';
  const orders = broker.journal.orders({
    status: query.status, limit: query.limit, isDescending: query.direction === 'desc', isNested, ...(query.symbols ? { symbols: query.symbols.split(',').map((key) => broker.symbolOf(key) ?? key) } : {}),
    ...(query.after ? { after: parseBound(query.after, false) } : {}), ...(query.until ? { until: parseBound(query.until, false) } : {}),
    ...(query.side ? { side: query.side } : {}), ...(beforeSeq === undefined ? {} : { beforeSeq }), ...(afterSeq === undefined ? {} : { afterSeq }),
  });
  return isNested ? orders.map((order) => wireOrder(order, legsIn(broker))) : orders.map((order) => wireOrder(order));
}
