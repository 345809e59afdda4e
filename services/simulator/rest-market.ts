/** What the data API says of the market as a whole: most active, movers, condition codes, exchanges, news. */
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { fromNewYork, latestSession } from '#app/market/calendar.ts';
import type { Broker } from './broker.ts';
import type { DayBars } from './day-bars.ts';
import { BAR_MS, type MarketBar } from './market.ts';
import { readData } from './data-pages.ts';
import { WireError } from './rest-common.ts';
import type { WireObject } from './wire-common.ts';
import { parseBound } from './wire-data.ts';

const round = (value: number, places: number): number => Math.round(value * 10 ** places) / 10 ** places;

/** The latest session's bar of every symbol so far. */
function todayOf(broker: Broker, dayBars: DayBars): readonly MarketBar[] {
  const edge = broker.released() ?? ((broker.market.startTime - BAR_MS) as EpochMs);
  const midnight = fromNewYork(latestSession(edge).date, 0);
  return [...broker.market.assets.keys()].flatMap((symbol) => dayBars.range(symbol, { from: midnight, to: midnight, edge }));
}

function mostActives(broker: Broker, dayBars: DayBars, raw: unknown): WireObject {
  const query = readData(z.object({ by: z.enum(['volume', 'trades']).default('volume'), top: z.coerce.number().int().min(1).max(100).default(10) }), raw);
  const measure = (bar: MarketBar): number => (query.by === 'volume' ? bar.volume : bar.trades);
  const list = [...todayOf(broker, dayBars)].sort((a, b) => measure(b) - measure(a)).slice(0, query.top);
  return { most_actives: list.map((bar) => ({ symbol: bar.symbol, volume: Math.round(bar.volume), trade_count: bar.trades })), last_updated: toRfc3339(broker.now()) };
}

function movers({ broker, dayBars }: { readonly broker: Broker; readonly dayBars: DayBars }, market: string, raw: unknown): WireObject {
  if (market !== 'stocks') throw new WireError(400, { message: `market type ${market.slice(0, 20)} is not simulated` });
  const { top } = readData(z.object({ top: z.coerce.number().int().min(1).max(50).default(10) }), raw);
  const list = todayOf(broker, dayBars).flatMap((bar) => {
    const before = broker.previousClose(bar.symbol);
    if (before === null) return [];
    return [{ symbol: bar.symbol, percent_change: round(((bar.close - before) / before) * 100, 2), change: round(bar.close - before, 2), price: bar.close }];
  }).sort((a, b) => b.percent_change - a.percent_change);
  return {
    gainers: list.filter((one) => one.percent_change > 0).slice(0, top), losers: list.filter((one) => one.percent_change < 0).reverse().slice(0, top), market_type: 'stocks', last_updated: toRfc3339(broker.now()),
  };
}

const newsQuery = z.object({
  start: z.string().optional(), end: z.string().optional(), sort: z.enum(['asc', 'desc']).optional(), symbols: z.string().optional(), limit: z.coerce.number().int().min(1).max(50).optional(),
  include_content: z.enum(['true', 'false']).optional(), exclude_contentless: z.enum(['true', 'false']).optional(), page_token: z.string().optional(),
});

/** Codes that occur on the tape. */
const CONDITIONS: Readonly<Record<string, WireObject>> = { trade: { '@': 'Regular Sale', O: 'Opening Prints', '6': 'Closing Prints' }, quote: { R: 'Regular Market Maker Open' } };

/** Registers the routes. */
export function registerMarket(app: FastifyInstance, broker: Broker, dayBars: DayBars): void {
  app.get('/v1beta1/screener/stocks/most-actives', (request) => mostActives(broker, dayBars, request.query));
  app.get<{ Params: { market: string } }>('/v1beta1/screener/:market/movers', (request) => movers({ broker, dayBars }, request.params.market, request.query));
  app.get('/v1beta1/news', (request) => {
    const query = readData(newsQuery, request.query);
    for (const bound of [query.start, query.end]) if (bound !== undefined) parseBound(bound, false);
    return { news: [], next_page_token: null };
  });
  app.get('/v2/stocks/meta/exchanges', () => ({ V: 'IEX', P: 'NYSE Arca' }));
  app.get<{ Params: { type: string } }>('/v2/stocks/meta/conditions/:type', (request) => {
    readData(z.object({ tape: z.enum(['A', 'B', 'C']) }), request.query);
    const codes = CONDITIONS[request.params.type];
    if (!codes) throw new WireError(400, { message: 'ticktype must be trade or quote' });
    return codes;
  });
}
