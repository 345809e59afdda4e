/** What is not the account's over REST: assets, clocks and calendars, both generations. */
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { DAY_MS, parseRfc3339, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay, sessionsBetween } from '#app/market/calendar.ts';
import { invariant } from '#app/domain/errors.ts';
import type { Broker } from './broker.ts';
import type { Faults } from './faults.ts';
import { malformed, notFound, read } from './rest-common.ts';
import type { WireObject } from './wire-common.ts';
import { US_MARKETS, wireAsset, wireDelisted, wireCalendar, wireCalendarDay, wireClock, wireMarketClock } from './wire-reference.ts';

const EXCHANGES = ['AMEX', 'ARCA', 'BATS', 'NYSE', 'NASDAQ', 'NYSEARCA', 'OTC'] as const;
const ATTRIBUTES = ['ptp_no_exception', 'ptp_with_exception', 'ipo', 'has_options', 'options_late_close', 'fractional_eh_enabled', 'overnight_tradable', 'overnight_halted'];
const assetQuery = z.object({
  status: z.enum(['active', 'inactive']).optional(), asset_class: z.string().max(40).default('us_equity'), exchange: z.enum(EXCHANGES).optional(),
  attributes: z.string().transform((text) => text.split(',').filter((part) => part !== '')).pipe(z.array(z.enum(ATTRIBUTES))).optional(),
});
const civilDay = z.string().regex(/^\d{4}-\d{2}-\d{2}/).transform((text) => text.slice(0, 10));
const FIRST_DAY = '1970-01-01';
const LAST_DAY = '2029-12-31';

function assetOf(broker: Broker, symbol: string): WireObject {
  const gone = broker.market.delisted.get(symbol);
  if (gone) return wireDelisted(gone);
  const [listed, said] = [broker.market.assets.get(symbol), broker.asset(symbol)];
  invariant(listed && said, 'A listed symbol has an asset', { symbol });
  return wireAsset(listed, said);
}

function listAssets(broker: Broker, raw: unknown): readonly WireObject[] {
  const query = read(assetQuery, raw);
  // Everything that is listed is a share, and without special attributes.
  if (query.asset_class !== 'us_equity' || (query.attributes?.length ?? 0) > 0) return [];
  const exchange = query.exchange === 'NYSEARCA' ? 'ARCA' : query.exchange;
  const { assets, delisted } = broker.market;
  return [...(query.status === 'inactive' ? [] : assets.values()), ...(query.status === 'active' ? [] : delisted.values())].filter((asset) => exchange === undefined || asset.exchange === exchange)
    .sort((a, b) => (a.exchange + a.symbol < b.exchange + b.symbol ? -1 : 1)).map((asset) => assetOf(broker, asset.symbol));
}

function legacyCalendar(now: EpochMs, raw: unknown): readonly WireObject[] {
  const query = read(z.object({ start: civilDay.optional(), end: civilDay.optional(), date_type: z.enum(['TRADING', 'SETTLEMENT']).default('TRADING') }), raw);
  const today = exchangeDay(now);
  const from = query.start ?? exchangeDay((now - 365 * DAY_MS) as EpochMs);
  const to = query.end ?? (from > today ? from : exchangeDay((now + 365 * DAY_MS) as EpochMs));
  if (from < FIRST_DAY || to > LAST_DAY) throw malformed('the calendar covers 1970 to 2029');
  if (to < from) throw malformed('end must not be before start');
  return wireCalendar(from, to, query.date_type);
}

function marketOf(name: string): WireObject {
  const market = US_MARKETS[name.toUpperCase()];
  if (!market) throw malformed(`market ${name.slice(0, 20)} is not simulated: only ${Object.keys(US_MARKETS).join(', ')}`);
  return market;
}

/** Registers the routes. */
export function registerReference(app: FastifyInstance, broker: Broker, faults: Faults): void {
  const now = (): EpochMs => (broker.now() + faults.skewMs()) as EpochMs;
  app.get('/v2/clock', () => wireClock(now()));
  app.get('/v2/calendar', (request) => legacyCalendar(broker.now(), request.query));
  app.get('/v2/assets', (request) => listAssets(broker, request.query));
  app.get<{ Params: { key: string } }>('/v2/assets/:key', (request) => {
    const { key } = request.params;
    const symbol = broker.symbolOf(key) ?? (broker.market.delisted.has(key) ? key : null);
    if (symbol === null) throw notFound(`asset not found for ${request.params.key}`);
    return assetOf(broker, symbol);
  });
  app.get('/v3/clock', (request) => {
    const query = read(z.object({ markets: z.string().min(1).default('NYSE,NASDAQ'), time: z.string().optional() }), request.query);
    const at = query.time === undefined ? now() : parseRfc3339(query.time);
    return { clocks: query.markets.split(',').map((name) => wireMarketClock(marketOf(name.trim()), at)) };
  });
  app.get<{ Params: { market: string } }>('/v3/calendar/:market', (request) => {
    const query = read(z.object({ start: civilDay.optional(), end: civilDay.optional(), timezone: z.enum(['UTC']).optional() }), request.query);
    const from = query.start ?? exchangeDay(broker.now());
    const to = query.end ?? exchangeDay((Date.parse(`${from}T12:00:00Z`) + 7 * DAY_MS) as EpochMs);
    if (to < from || from < FIRST_DAY || to > LAST_DAY) throw malformed('end must not be before start, within 1970 to 2029');
    return { market: marketOf(request.params.market), calendar: sessionsBetween(from, to).map((session) => wireCalendarDay(session, query.timezone === 'UTC')) };
  });
}
