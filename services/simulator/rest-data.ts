/** The market-data API of the simulator: historical and latest bars, trades, quotes and snapshots, never beyond the released tape. */
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { AppError } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { exchangeDay, fromNewYork } from '#app/market/calendar.ts';
import type { Broker } from './broker.ts';
import { BAR_MS, type MarketBar } from './market.ts';
import { read, WireError } from './rest-common.ts';
import { aggregate, parseBound, parseTimeframe, readPageToken, wireBar, wireQuote, wireTrade, writePageToken, type PageToken, type WireTimeframe } from './wire-data.ts';
import type { WireObject } from './wire-trading.ts';

const barsQuery = z.object({
  symbols: z.string().optional(), timeframe: z.string(), start: z.string().optional(), end: z.string().optional(), limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
  adjustment: z.string().optional(), asof: z.string().optional(), feed: z.string().optional(), currency: z.string().optional(), page_token: z.string().optional(), sort: z.enum(['asc', 'desc']).default('asc'),
});
const latestQuery = z.object({ symbols: z.string().min(1), feed: z.string().optional(), currency: z.string().optional() });

/** Most minutes that one answer may be made of. */
const MAX_MINUTES = 400_000;
const MAX_SYMBOLS = 1_000;

type Page = { readonly bars: ReadonlyMap<string, readonly MarketBar[]>; readonly nextPageToken: string | null };
type PageQuery = { readonly symbols: readonly string[]; readonly timeframe: WireTimeframe; readonly from: EpochMs; readonly to: EpochMs; readonly limit: number; readonly isDescending: boolean; readonly token: PageToken | null };

function invalidRequest(error: unknown): never {
  if (error instanceof AppError && error.family === 'invalid') throw new WireError(400, { message: error.message });
  throw error;
}

function symbolsOf(text: string | undefined): string[] {
  const symbols = [...new Set((text ?? '').split(',').map((symbol) => symbol.trim()).filter((symbol) => symbol !== ''))].sort();
  if (symbols.length === 0) throw new WireError(400, { message: 'symbols is required' });
  if (symbols.length > MAX_SYMBOLS) throw new WireError(400, { message: `too many symbols, at most ${MAX_SYMBOLS}` });
  return symbols;
}

/** All bars of one symbol in the asked timeframe and direction, after the token, at most `most` + 1. */
function seriesOf(broker: Broker, symbol: string, query: PageQuery, most: number): readonly MarketBar[] {
  const isMinute = query.timeframe.unit === 'minutes' && query.timeframe.minutes * 60_000 === BAR_MS;
  let [from, to] = [query.from as number, query.to as number];
  if (query.token?.symbol === symbol) {
    if (query.isDescending) to = Math.min(to, query.token.openTime - 1);
    else if (isMinute) from = Math.max(from, query.token.openTime + 1);
  }
  const minutes = broker.market.bars(symbol, { from: from as EpochMs, to: to as EpochMs, limit: isMinute ? most + 1 : MAX_MINUTES, isDescending: isMinute && query.isDescending });
  if (isMinute) return minutes;
  // Only bars that begin in the range count: when it begins inside a wider bar, that bar is not among them.
  const after = query.token?.symbol === symbol && !query.isDescending ? query.token.openTime : query.from - 1;
  const merged = aggregate(minutes, query.timeframe).filter((bar) => bar.openTime > after);
  return query.isDescending ? [...merged].reverse() : merged;
}

/** One page over all symbols, symbol by symbol, as Alpaca sorts. */
function pageOf(broker: Broker, query: PageQuery): Page {
  const bars = new Map<string, readonly MarketBar[]>();
  let left = query.limit;
  for (const symbol of query.symbols) {
    if (query.token && symbol < query.token.symbol) continue;
    const series = seriesOf(broker, symbol, query, left);
    const taken = series.slice(0, left);
    if (taken.length > 0) bars.set(symbol, taken);
    left -= taken.length;
    const last = taken.at(-1) ?? [...bars.values()].at(-1)?.at(-1);
    if (series.length > taken.length && last) return { bars, nextPageToken: writePageToken({ symbol: last.symbol, openTime: last.openTime }) };
    if (left === 0 && symbol !== query.symbols.at(-1) && last) return { bars, nextPageToken: writePageToken({ symbol: last.symbol, openTime: last.openTime }) };
  }
  return { bars, nextPageToken: null };
}

function readBars(broker: Broker, raw: unknown, symbols: readonly string[]): Page {
  const query = read(barsQuery, raw);
  try {
    const timeframe = parseTimeframe(query.timeframe);
    const released = broker.released();
    const edge = (released ?? broker.market.startTime - BAR_MS) as EpochMs;
    const today = fromNewYork(exchangeDay(broker.now()), 0);
    const start = query.start ? parseBound(query.start, false) : today;
    const end = query.end ? parseBound(query.end, true) : edge;
    return pageOf(broker, {
      symbols, timeframe, from: start, to: Math.min(end, edge) as EpochMs, limit: query.limit, isDescending: query.sort === 'desc', token: query.page_token ? readPageToken(query.page_token) : null,
    });
  } catch (error) {
    return invalidRequest(error);
  }
}

function snapshotOf(broker: Broker, symbol: string): WireObject | null {
  const last = broker.lastBar(symbol);
  if (!last) return null;
  const [today, before] = dailyBars(broker, symbol);
  return {
    latestTrade: wireTrade(last), latestQuote: wireQuote(last), minuteBar: wireBar(last), ...(today ? { dailyBar: wireBar(today) } : {}), ...(before ? { prevDailyBar: wireBar(before) } : {}),
  };
}

function dailyBars(broker: Broker, symbol: string): readonly MarketBar[] {
  const to = broker.released() ?? ((broker.market.startTime - BAR_MS) as EpochMs);
  const minutes = [...broker.market.bars(symbol, { from: 0 as EpochMs, to, limit: 2_000, isDescending: true })].reverse();
  return [...aggregate(minutes, { unit: 'day' })].reverse();
}

/** Registers the data routes. */
export function registerData(app: FastifyInstance, broker: Broker): void {
  app.get('/v2/stocks/bars', (request) => {
    const { symbols } = read(z.object({ symbols: z.string().optional() }), request.query);
    const page = readBars(broker, request.query, symbolsOf(symbols));
    return { bars: Object.fromEntries([...page.bars].map(([symbol, bars]) => [symbol, bars.map(wireBar)])), next_page_token: page.nextPageToken };
  });
  app.get<{ Params: { symbol: string } }>('/v2/stocks/:symbol/bars', (request) => {
    const { symbol } = request.params;
    const page = readBars(broker, request.query, [symbol]);
    return { bars: (page.bars.get(symbol) ?? []).map(wireBar), symbol, next_page_token: page.nextPageToken };
  });
  registerLatest(app, broker, { path: 'bars', field: 'bar', wire: wireBar });
  registerLatest(app, broker, { path: 'trades', field: 'trade', wire: wireTrade });
  registerLatest(app, broker, { path: 'quotes', field: 'quote', wire: wireQuote });
  app.get('/v2/stocks/snapshots', (request) => {
    const symbols = symbolsOf(read(latestQuery, request.query).symbols);
    return Object.fromEntries(symbols.flatMap((symbol) => {
      const snapshot = snapshotOf(broker, symbol);
      return snapshot ? [[symbol, snapshot]] : [];
    }));
  });
  app.get<{ Params: { symbol: string } }>('/v2/stocks/:symbol/snapshot', (request) => {
    const snapshot = snapshotOf(broker, request.params.symbol);
    if (!snapshot) throw new WireError(404, { message: `no snapshot found for ${request.params.symbol}` });
    return { symbol: request.params.symbol, ...snapshot };
  });
}

function registerLatest(app: FastifyInstance, broker: Broker, kind: { readonly path: string; readonly field: string; readonly wire: (bar: MarketBar) => WireObject }): void {
  app.get(`/v2/stocks/${kind.path}/latest`, (request) => {
    const symbols = symbolsOf(read(latestQuery, request.query).symbols);
    const found = symbols.flatMap((symbol) => {
      const bar = broker.lastBar(symbol);
      return bar ? [[symbol, kind.wire(bar)] as const] : [];
    });
    return { [kind.path]: Object.fromEntries(found) };
  });
  app.get<{ Params: { symbol: string } }>(`/v2/stocks/:symbol/${kind.path}/latest`, (request) => {
    const bar = broker.lastBar(request.params.symbol);
    if (!bar) throw new WireError(404, { message: `no ${kind.field} found for ${request.params.symbol}` });
    return { symbol: request.params.symbol, [kind.field]: kind.wire(bar) };
  });
}
