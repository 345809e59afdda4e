/** The trading API of the simulator: account, orders, positions, assets, clock, calendar, activities. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { Decimal, toText } from '#app/domain/numeric.ts';
import { DAY_MS, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import type { OrderRequest } from '#app/backtest/venue-types.ts';
import type { Broker } from './broker.ts';
import type { Faults, OrderFault } from './faults.ts';
import type { OrderText } from './journal-queries.ts';
import { assetIdOf } from './market.ts';
import { malformed, notFound, read, WireError } from './rest-common.ts';
import { parseBound } from './wire-data.ts';
import { wireAccount, wireActivity, wireAsset, wireCalendar, wireClock, wireConfigurations, wireOrder, wirePosition, wireRejection, wireVenueOrder, type WireObject } from './wire-trading.ts';

const numeric = z.union([z.string(), z.number()]).transform(String).nullish();
const orderBody = z.object({
  symbol: z.string().min(1).max(40), qty: numeric, notional: numeric, side: z.enum(['buy', 'sell']), type: z.enum(['market', 'limit', 'stop', 'stop_limit', 'trailing_stop']),
  time_in_force: z.enum(['day', 'gtc', 'opg', 'cls', 'ioc', 'fok']), limit_price: numeric, stop_price: numeric, trail_price: numeric, trail_percent: numeric,
  extended_hours: z.boolean().nullish(), client_order_id: z.string().nullish(), order_class: z.enum(['', 'simple', 'bracket', 'oco', 'oto', 'mleg']).nullish(),
});
const flag = z.enum(['true', 'false']).optional();
const listQuery = z.object({
  status: z.enum(['open', 'closed', 'all']).default('open'), limit: z.coerce.number().int().min(1).max(500).default(50), after: z.string().optional(), until: z.string().optional(),
  direction: z.enum(['asc', 'desc']).default('desc'), symbols: z.string().optional(), side: z.enum(['buy', 'sell']).optional(), before_order_id: z.string().optional(), after_order_id: z.string().optional(), nested: flag,
});
const activityQuery = z.object({
  activity_types: z.string().optional(), category: z.enum(['trade_activity', 'non_trade_activity']).optional(), date: z.string().optional(), after: z.string().optional(), until: z.string().optional(),
  direction: z.enum(['asc', 'desc']).default('desc'), page_size: z.coerce.number().int().min(1).max(100).default(100), page_token: z.string().optional(),
});

/** What the routes need. */
export type TradingParts = { readonly broker: Broker; readonly faults: Faults };

/** Registers the trading routes. */
export function registerTrading(app: FastifyInstance, parts: TradingParts): void {
  const { broker } = parts;
  app.get('/v2/account', () => wireAccount(broker));
  app.get('/v2/account/configurations', () => wireConfigurations(broker));
  app.get('/v2/clock', () => wireClock(broker.now()));
  app.get('/v2/calendar', (request) => {
    const query = read(z.object({ start: z.string().optional(), end: z.string().optional(), date_type: z.string().optional() }), request.query);
    const today = exchangeDay(broker.now());
    const from = query.start?.slice(0, 10) ?? exchangeDay((broker.now() - 365 * DAY_MS) as EpochMs);
    return wireCalendar(from, query.end?.slice(0, 10) ?? (from > today ? from : exchangeDay((broker.now() + 365 * DAY_MS) as EpochMs)));
  });
  app.get('/v2/assets', (request) => {
    const query = read(z.object({ status: z.string().optional(), asset_class: z.string().optional(), exchange: z.string().optional(), attributes: z.string().optional() }), request.query);
    if ((query.asset_class ?? 'us_equity') !== 'us_equity' || (query.status ?? 'active') !== 'active' || query.attributes) return [];
    return [...broker.market.assets.values()].filter((asset) => query.exchange === undefined || asset.exchange === query.exchange).map(wireAsset);
  });
  app.get<{ Params: { key: string } }>('/v2/assets/:key', (request) => {
    const symbol = symbolOf(broker, request.params.key);
    const asset = symbol === null ? undefined : broker.market.assets.get(symbol);
    if (!asset) throw notFound(`asset not found for ${request.params.key}`);
    return wireAsset(asset);
  });
  registerOrders(app, parts);
  registerPositions(app, parts);
  registerActivities(app, broker);
}

function symbolOf(broker: Broker, key: string): string | null {
  if (broker.market.assets.has(key)) return key;
  return [...broker.market.assets.keys()].find((symbol) => assetIdOf(symbol) === key) ?? null;
}

function requestOf(broker: Broker, raw: unknown): OrderRequest {
  const body = read(orderBody, raw);
  if (body.order_class && body.order_class !== 'simple') throw new WireError(422, { code: 42_210_000, message: `order_class ${body.order_class} is not simulated` });
  if (body.type !== 'market' && body.type !== 'limit') throw new WireError(422, { code: 42_210_000, message: `order type ${body.type} is not simulated` });
  if (body.time_in_force !== 'day' && body.time_in_force !== 'gtc') throw new WireError(422, { code: 42_210_000, message: `time_in_force ${body.time_in_force} is not simulated` });
  if (body.type === 'market' && (body.stop_price ?? body.limit_price ?? null) !== null) throw malformed('market orders require no stop or limit price');
  return {
    clientOrderId: body.client_order_id || randomUUID(), symbol: symbolOf(broker, body.symbol) ?? body.symbol, side: body.side, type: body.type, timeInForce: body.time_in_force,
    qty: body.qty ?? null, notional: body.notional ?? null, limitPrice: body.limit_price ?? null, extendedHours: body.extended_hours ?? false,
  };
}

function submit(broker: Broker, raw: unknown): WireObject {
  const result = broker.submit(requestOf(broker, raw));
  if (!result.ok) throw new WireError(result.error.status, wireRejection(result.error));
  return wireVenueOrder(result.value);
}

/** Carries out an armed fault on POST. Returns true when the reply was taken over. */
function strike(fault: OrderFault, reply: FastifyReply, accept: () => WireObject): unknown {
  if (fault.endsWith('_after')) accept();
  if (fault === 'error_429') return reply.code(429).header('retry-after', '1').send({ code: 42_910_000, message: 'rate limit exceeded' });
  if (fault.startsWith('error_500')) return reply.code(500).send({ code: 50_010_000, message: 'internal server error occurred' });
  if (fault === 'garbled_after') return reply.code(200).type('application/json').send('{"id": "7b08');
  reply.hijack();
  if (fault.startsWith('reset')) reply.raw.destroy();
  return undefined;
}

function cancel({ broker, faults }: TradingParts, id: string): void {
  const order = broker.journal.orderById(id);
  if (!order) throw notFound(`order not found for ${id}`);
  const result = broker.cancel(id, faults.takeSlowCancel());
  if (!result.ok) throw new WireError(422, { code: 42_210_000, message: `order is already in "${order.status}" state` });
}

function registerOrders(app: FastifyInstance, parts: TradingParts): void {
  const { broker, faults } = parts;
  const { journal } = broker;
  app.post('/v2/orders', (request, reply) => {
    const fault = faults.takeOrderFault();
    return fault ? strike(fault, reply, () => submit(broker, request.body)) : submit(broker, request.body);
  });
  app.get('/v2/orders', (request) => {
    const query = read(listQuery, request.query);
    const seqOf = (id: string | undefined): number | undefined => {
      const order = id === undefined ? undefined : journal.orderById(id);
      if (order === null) throw notFound('order not found');
      return order?.seq;
    };
    const [beforeSeq, afterSeq] = [seqOf(query.before_order_id), seqOf(query.after_order_id)];
    return journal.orders({
      status: query.status, limit: query.limit, isDescending: query.direction === 'desc', ...(query.symbols ? { symbols: query.symbols.split(',') } : {}),
      ...(query.after ? { after: parseBound(query.after, false) } : {}), ...(query.until ? { until: parseBound(query.until, false) } : {}),
      ...(query.side ? { side: query.side } : {}), ...(beforeSeq === undefined ? {} : { beforeSeq }), ...(afterSeq === undefined ? {} : { afterSeq }),
    }).map(wireOrder);
  });
  app.delete('/v2/orders', (_request, reply) => {
    const results = broker.venue.openOrders().map((order) => {
      const result = broker.cancel(order.id, faults.takeSlowCancel());
      return { id: order.id, status: result.ok ? 200 : 500 };
    });
    return reply.code(207).send(results);
  });
  const one = (order: OrderText | null, what: string): WireObject => {
    if (!order) throw notFound(`order not found for ${what}`);
    return wireOrder(order);
  };
  app.get('/v2/orders::by_client_order_id', (request) => {
    const query = read(z.object({ client_order_id: z.string().min(1) }), request.query);
    return one(journal.orderByClientId(query.client_order_id), query.client_order_id);
  });
  app.get<{ Params: { id: string } }>('/v2/orders/:id', (request) => one(journal.orderById(request.params.id), request.params.id));
  app.delete<{ Params: { id: string } }>('/v2/orders/:id', (request, reply) => {
    if (faults.takeCancelTimeout()) return reply.hijack();
    cancel(parts, request.params.id);
    return reply.code(204).send();
  });
}

const closeQuery = z.object({ qty: z.string().optional(), percentage: z.string().regex(/^\d{1,3}(\.\d{1,9})?$/).optional() });

function closePosition(broker: Broker, key: string, query: z.output<typeof closeQuery>): WireObject {
  const symbol = symbolOf(broker, key);
  const position = broker.venue.positions().find((one) => one.symbol === symbol);
  if (!position) throw notFound('position does not exist');
  if (query.qty !== undefined && query.percentage !== undefined) throw malformed('only one of qty or percentage is accepted');
  const held = position.qty.abs();
  const share = query.percentage === undefined ? held : held.times(query.percentage).div(100).toDecimalPlaces(held.isInteger() ? 0 : 9, Decimal.ROUND_DOWN);
  return submit(broker, { symbol: position.symbol, qty: query.qty ?? toText(share), side: position.qty.gt(0) ? 'sell' : 'buy', type: 'market', time_in_force: 'day' });
}

function registerPositions(app: FastifyInstance, { broker, faults }: TradingParts): void {
  app.get('/v2/positions', () => broker.venue.positions().map((position) => wirePosition(broker, position)));
  app.get<{ Params: { key: string } }>('/v2/positions/:key', (request) => {
    const symbol = symbolOf(broker, request.params.key);
    const position = broker.venue.positions().find((one) => one.symbol === symbol);
    if (!position) throw notFound('position does not exist');
    return wirePosition(broker, position);
  });
  app.delete<{ Params: { key: string } }>('/v2/positions/:key', (request) => closePosition(broker, request.params.key, read(closeQuery, request.query)));
  app.delete('/v2/positions', (request, reply) => {
    const query = read(z.object({ cancel_orders: flag }), request.query);
    if (query.cancel_orders === 'true') for (const order of broker.venue.openOrders()) broker.cancel(order.id, faults.takeSlowCancel());
    const results = broker.venue.positions().map(({ symbol }) => {
      try {
        return { symbol, status: 200, body: closePosition(broker, symbol, {}) };
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        return { symbol, status: error.status, body: error.body };
      }
    });
    return reply.code(207).send(results);
  });
}

function registerActivities(app: FastifyInstance, broker: Broker): void {
  const list = (raw: unknown, only: string | null): readonly WireObject[] => {
    const query = read(activityQuery, raw);
    const types = only ?? query.activity_types;
    if ((types !== undefined && !types.split(',').includes('FILL')) || query.category === 'non_trade_activity') return [];
    const after = query.date === undefined ? (query.after === undefined ? undefined : parseBound(query.after, false)) : ((parseBound(query.date.slice(0, 10), false) - 1) as EpochMs);
    const until = query.date === undefined ? (query.until === undefined ? undefined : parseBound(query.until, false)) : ((parseBound(query.date.slice(0, 10), true) + 1) as EpochMs);
    return broker.journal.activities({
      limit: query.page_size, isDescending: query.direction === 'desc', ...(after === undefined ? {} : { after }), ...(until === undefined ? {} : { until }),
      ...(query.page_token ? { pageToken: query.page_token } : {}),
    }).map(wireActivity);
  };
  app.get('/v2/account/activities', (request) => list(request.query, null));
  app.get<{ Params: { type: string } }>('/v2/account/activities/:type', (request) => list(request.query, request.params.type));
  app.get('/v2/account/portfolio/history', () => {
    const base = Number(broker.config.startingCash);
    const past = broker.journal.equityHistory(366).map((point) => ({ at: point.at as number, equity: Number(point.equity) }));
    const points = [...past, { at: broker.now() as number, equity: broker.venue.figures().equity.toNumber() }];
    return {
      timestamp: points.map((point) => Math.floor(point.at / 1000)), equity: points.map((point) => point.equity), profit_loss: points.map((point) => Math.round((point.equity - base) * 100) / 100),
      profit_loss_pct: points.map((point) => Math.round(((point.equity - base) / base) * 1e6) / 1e6), base_value: base, base_value_asof: exchangeDay(broker.market.startTime), timeframe: '1D', cashflow: {},
    };
  });
}
