/** The market-data API of the simulator: historical and latest bars, trades, quotes, auctions and snapshots, never beyond the released tape. */
import type { FastifyInstance } from 'fastify';
import { AppError } from '#app/domain/errors.ts';
import { DAY_MS, type EpochMs } from '#app/domain/time.ts';
import type { Broker } from './broker.ts';
import type { DayBars } from './day-bars.ts';
import { BAR_MS, type MarketBar } from './market.ts';
import { WireError } from './rest-common.ts';
import { auctionPage, barPage, latestQuery, readData, symbolsOf, tickPage, type BarParts } from './data-pages.ts';
import { lastTick, quotesOf, tradesOf, wireQuote, wireTrade } from './ticks.ts';
import type { WireObject } from './wire-common.ts';
import { wireBar } from './wire-data.ts';

/** Bars as the latest of a kind. */
type Latest = { readonly path: string; readonly field: string; readonly wire: (bar: MarketBar) => WireObject };

function snapshotOf(broker: Broker, dayBars: DayBars, symbol: string): WireObject | null {
  const last = broker.lastBar(symbol);
  if (!last) return null;
  const [today, before] = dailyBars(broker, dayBars, symbol);
  return {
    latestTrade: wireTrade(lastTick(last)), latestQuote: wireQuote(lastTick(last)), minuteBar: wireBar(last), ...(today ? { dailyBar: wireBar(today) } : {}), ...(before ? { prevDailyBar: wireBar(before) } : {}),
  };
}

/** A snapshot has the last two sessions: a week holds them. */
const SNAPSHOT_MS = 8 * DAY_MS;

/** Newest first. */
function dailyBars(broker: Broker, dayBars: DayBars, symbol: string): readonly MarketBar[] {
  const to = broker.released() ?? ((broker.market.startTime - BAR_MS) as EpochMs);
  return [...dayBars.range(symbol, { from: (to - SNAPSHOT_MS) as EpochMs, to, edge: to })].reverse();
}

/** What cannot be read is the data API's 400. */
function asked<T>(ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    if (error instanceof AppError && error.family === 'invalid') throw new WireError(400, { message: error.message });
    throw error;
  }
}

type Series = { readonly path: 'bars' | 'trades' | 'quotes' | 'auctions'; readonly page: (raw: unknown, symbols: readonly string[]) => { readonly items: ReadonlyMap<string, readonly WireObject[]>; readonly nextPageToken: string | null } };

/** Registers the data routes. */
export function registerData(app: FastifyInstance, parts: BarParts): void {
  const { broker, dayBars, feeds } = parts;
  const series: readonly Series[] = [
    { path: 'bars', page: (raw, symbols) => barPage(parts, raw, symbols) },
    { path: 'trades', page: (raw, symbols) => tickPage({ broker, feeds, ticks: tradesOf, wire: wireTrade }, raw, symbols) },
    { path: 'quotes', page: (raw, symbols) => tickPage({ broker, feeds, ticks: quotesOf, wire: wireQuote }, raw, symbols) },
    { path: 'auctions', page: (raw, symbols) => auctionPage(broker, raw, symbols) },
  ];
  for (const { path, page } of series) {
    app.get<{ Querystring: { symbols?: string } }>(`/v2/stocks/${path}`, (request) => asked(() => {
      const { items, nextPageToken } = page(request.query, symbolsOf(request.query.symbols));
      return { [path]: Object.fromEntries(items), next_page_token: nextPageToken };
    }));
    app.get<{ Params: { symbol: string } }>(`/v2/stocks/:symbol/${path}`, (request) => asked(() => {
      const { symbol } = request.params;
      const { items, nextPageToken } = page(request.query, [symbol]);
      return { [path]: items.get(symbol) ?? [], symbol, next_page_token: nextPageToken };
    }));
  }
  registerLatest(app, broker, { path: 'bars', field: 'bar', wire: wireBar });
  registerLatest(app, broker, { path: 'trades', field: 'trade', wire: (bar) => wireTrade(lastTick(bar)) });
  registerLatest(app, broker, { path: 'quotes', field: 'quote', wire: (bar) => wireQuote(lastTick(bar)) });
  app.get<{ Querystring: { symbols?: string } }>('/v2/stocks/snapshots', (request) => {
    readData(latestQuery, request.query);
    return Object.fromEntries(symbolsOf(request.query.symbols).flatMap((symbol) => {
      const snapshot = snapshotOf(broker, dayBars, symbol);
      return snapshot ? [[symbol, snapshot]] : [];
    }));
  });
  app.get<{ Params: { symbol: string } }>('/v2/stocks/:symbol/snapshot', (request) => {
    readData(latestQuery, request.query);
    const snapshot = snapshotOf(broker, dayBars, request.params.symbol);
    if (!snapshot) throw new WireError(404, { message: `no snapshot found for ${request.params.symbol}` });
    return { symbol: request.params.symbol, ...snapshot };
  });
}

function registerLatest(app: FastifyInstance, broker: Broker, kind: Latest): void {
  app.get<{ Querystring: { symbols?: string } }>(`/v2/stocks/${kind.path}/latest`, (request) => {
    readData(latestQuery, request.query);
    const found = symbolsOf(request.query.symbols).flatMap((symbol) => {
      const bar = broker.lastBar(symbol);
      return bar ? [[symbol, kind.wire(bar)] as const] : [];
    });
    return { [kind.path]: Object.fromEntries(found) };
  });
  app.get<{ Params: { symbol: string } }>(`/v2/stocks/:symbol/${kind.path}/latest`, (request) => {
    readData(latestQuery, request.query);
    const bar = broker.lastBar(request.params.symbol);
    if (!bar) throw new WireError(404, { message: `no ${kind.field} found for ${request.params.symbol}` });
    return { symbol: request.params.symbol, [kind.field]: kind.wire(bar) };
  });
}
