/** Positions over REST: all, one, close a part, close everything. */
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { Decimal, toText } from '#app/domain/numeric.ts';
import type { Position } from '#app/domain/position.ts';
import type { Broker } from './broker.ts';
import { malformed, notFound, read, WireError } from './rest-common.ts';
import { cancelAll, submit, type TradingParts } from './rest-orders.ts';
import { wirePosition } from './wire-account.ts';
import type { WireObject } from './wire-common.ts';

const closeQuery = z.object({ qty: z.string().regex(/^\d{1,15}(\.\d{1,9})?$/).optional(), percentage: z.string().regex(/^\d{1,3}(\.\d{1,9})?$/).optional() });

function positionOf(broker: Broker, key: string): Position {
  const symbol = broker.symbolOf(key);
  const position = broker.venue.positions().find((one) => one.symbol === symbol);
  if (!position) throw notFound('position does not exist');
  return position;
}

function closePosition(parts: TradingParts, key: string, query: z.output<typeof closeQuery>): WireObject {
  const position = positionOf(parts.broker, key);
  if (query.qty !== undefined && query.percentage !== undefined) throw malformed('only one of qty or percentage is accepted');
  if (query.percentage !== undefined && !(Number(query.percentage) > 0 && Number(query.percentage) <= 100)) throw malformed('percentage must be between 0 and 100');
  const held = position.qty.abs();
  const share = query.percentage === undefined ? held : held.times(query.percentage).div(100).toDecimalPlaces(held.isInteger() ? 0 : 9, Decimal.ROUND_DOWN);
  return submit(parts, { symbol: position.symbol, qty: query.qty ?? toText(share), side: position.qty.gt(0) ? 'sell' : 'buy', type: 'market', time_in_force: 'day' });
}

/** Registers the routes. */
export function registerPositions(app: FastifyInstance, parts: TradingParts): void {
  const { broker } = parts;
  app.get('/v2/positions', () => broker.venue.positions().map((position) => wirePosition(broker, position)));
  app.get<{ Params: { key: string } }>('/v2/positions/:key', (request) => wirePosition(broker, positionOf(broker, request.params.key)));
  app.delete<{ Params: { key: string } }>('/v2/positions/:key', async (request) => {
    const order = closePosition(parts, request.params.key, read(closeQuery, request.query));
    await broker.settled();
    return order;
  });
  app.delete('/v2/positions', async (request, reply) => {
    const query = read(z.object({ cancel_orders: z.enum(['true', 'false']).optional() }), request.query);
    if (query.cancel_orders === 'true') cancelAll(parts);
    const results = broker.venue.positions().map(({ symbol }) => {
      try {
        return { symbol, status: 200, body: closePosition(parts, symbol, {}) };
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        return { symbol, status: error.status, body: error.body };
      }
    });
    await broker.settled();
    return reply.code(207).send(results);
  });
}
