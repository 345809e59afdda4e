/** Pages of historical data: symbol by symbol, then by time, with the broker's tokens, feeds and adjustments. */
import * as z from 'zod';
import { AppError } from '#app/domain/errors.ts';
import { DAY_MS, MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay, fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import type { Broker } from './broker.ts';
import { BAR_MS, type MarketBar } from './market.ts';
import { adjusterOf, type Adjustments } from './adjusted-bars.ts';
import type { DayBars } from './day-bars.ts';
import { WireError } from './rest-common.ts';
import { wireAuctions, type Tick } from './ticks.ts';
import type { WireObject } from './wire-common.ts';
import { aggregate, aggregateDays, parseBound, parseTimeframe, readPageToken, wireBar, writePageToken, type PageToken, type WireTimeframe } from './wire-data.ts';

const FEEDS = ['iex', 'sip', 'otc', 'boats', 'delayed_sip', 'overnight'] as const;
const currency = z.literal('USD').optional();
const ADJUSTMENTS = ['raw', 'split', 'dividend', 'spin-off', 'all'];
const pageQuery = z.object({
  symbols: z.string().optional(), start: z.string().optional(), end: z.string().optional(), limit: z.coerce.number().int().min(1).max(10_000).default(1_000), asof: z.string().regex(/^(\d{4}-\d{2}-\d{2}|-)?$/).optional(),
  feed: z.enum(FEEDS).optional(), currency, page_token: z.string().optional(), sort: z.enum(['asc', 'desc']).default('asc'),
});
const barsQuery = pageQuery.extend({ timeframe: z.string(), adjustment: z.string().transform((text) => text.split(',')).pipe(z.array(z.enum(ADJUSTMENTS))).default(['raw']) });
/** Query of the latest of anything. */
export const latestQuery = z.object({ symbols: z.string().optional(), feed: z.enum(FEEDS).optional(), currency });

/** Most minutes that one answer may be made of. */
const MAX_MINUTES = 400_000;
const MAX_SYMBOLS = 1_000;
const SIP_DELAY_MS = 15 * MINUTE_MS;

/** Which data the account has paid for. `basic`: no consolidated tape younger than 15 minutes. */
export type Feeds = { readonly plan: 'basic' | 'plus' };

type Page<T> = { readonly items: ReadonlyMap<string, readonly T[]>; readonly nextPageToken: string | null };
/** `to`: the last open time that is asked for; `edge`: the last minute that may be shown at all. */
type Range = { readonly from: EpochMs; readonly to: EpochMs; readonly edge: EpochMs; readonly limit: number; readonly isDescending: boolean; readonly token: PageToken | null };

/** Reads a query as the data API does. @throws WireError 400 */
export function readData<T extends z.ZodType>(schema: T, raw: unknown): z.output<T> {
  const parsed = schema.safeParse(raw ?? {});
  if (parsed.success) return parsed.data;
  throw new WireError(400, { message: `invalid ${parsed.error.issues[0]?.path.join('.') || 'request'}: ${parsed.error.issues[0]?.message ?? 'not understood'}` });
}

/** The symbols of a comma-separated list, sorted. @throws WireError 400 for none or too many */
export function symbolsOf(text: string | undefined): string[] {
  const symbols = [...new Set((text ?? '').split(',').map((symbol) => symbol.trim()).filter((symbol) => symbol !== ''))].sort();
  if (symbols.length === 0) throw new WireError(400, { message: 'symbols is required' });
  if (symbols.length > MAX_SYMBOLS) throw new WireError(400, { message: `too many symbols, at most ${MAX_SYMBOLS}` });
  return symbols;
}

function rangeOf(broker: Broker, feeds: Feeds, query: z.output<typeof pageQuery>): Range {
  const edge = broker.released() ?? ((broker.market.startTime - BAR_MS) as EpochMs);
  const start = query.start ? parseBound(query.start, false) : fromNewYork(exchangeDay(broker.now()), 0);
  const end = query.end ? parseBound(query.end, true) : edge;
  if (feeds.plan === 'basic' && query.feed === 'sip' && query.end !== undefined && end > broker.now() - SIP_DELAY_MS) throw new WireError(403, { message: 'subscription does not permit querying recent SIP data' });
  if (query.feed === 'otc' || query.feed === 'boats' || query.feed === 'overnight') throw new WireError(400, { message: `feed ${query.feed} is not on the simulated tape` });
  if (start > end && query.start !== undefined && query.end !== undefined) throw new WireError(400, { message: 'end should not be before start' });
  const last = feeds.plan === 'basic' && query.feed === 'sip' && query.end === undefined ? Math.min(edge, broker.now() - SIP_DELAY_MS) : edge;
  return { from: start, to: Math.min(end, last) as EpochMs, edge: last as EpochMs, limit: query.limit, isDescending: query.sort === 'desc', token: query.page_token ? readPageToken(query.page_token) : null };
}

/** One page over all symbols, symbol by symbol, as Alpaca sorts. `series` gives at most `most` + 1 items after the token. */
function pageOf<T>(symbols: readonly string[], range: Range, parts: { series(symbol: string, most: number): readonly T[]; time(item: T): EpochMs }): Page<T> {
  const items = new Map<string, readonly T[]>();
  let left = range.limit;
  let last: PageToken | null = null;
  for (const symbol of symbols) {
    if (range.token && symbol < range.token.symbol) continue;
    const series = parts.series(symbol, left);
    const taken = series.slice(0, left);
    if (taken.length > 0) items.set(symbol, taken);
    left -= taken.length;
    const end = taken.at(-1);
    if (end !== undefined) last = { symbol, openTime: parts.time(end) };
    const isCut = series.length > taken.length || (left === 0 && symbol !== symbols.at(-1));
    if (isCut && last) return { items, nextPageToken: writePageToken(last) };
  }
  return { items, nextPageToken: null };
}

type BarQuery = Range & { readonly timeframe: WireTimeframe; readonly wanted: Adjustments };
/** Where bars come from. */
export type BarParts = { readonly broker: Broker; readonly dayBars: DayBars; readonly feeds: Feeds };

/** All bars of one symbol in the asked timeframe and direction, after the token, at most `most` + 1. */
function barSeries({ broker, dayBars }: BarParts, symbol: string, query: BarQuery, most: number): readonly MarketBar[] {
  if (query.timeframe.unit !== 'minutes') return daySeries({ broker, dayBars }, symbol, { ...query, timeframe: query.timeframe });
  const isMinute = query.timeframe.minutes * 60_000 === BAR_MS;
  let [from, to] = [query.from as number, query.to as number];
  if (query.token?.symbol === symbol) {
    if (query.isDescending) to = Math.min(to, query.token.openTime - 1);
    else if (isMinute) from = Math.max(from, query.token.openTime + 1);
  }
  const raw = broker.market.bars(symbol, { from: from as EpochMs, to: to as EpochMs, limit: isMinute ? most + 1 : MAX_MINUTES, isDescending: isMinute && query.isDescending });
  const minutes = raw.map(adjusterOf(broker, symbol, query.wanted));
  if (isMinute) return minutes;
  // Only bars that begin in the range count: when it begins inside a wider bar, that bar is not among them.
  const after = query.token?.symbol === symbol && !query.isDescending ? query.token.openTime : query.from - 1;
  const merged = aggregate(minutes, query.timeframe).filter((bar) => bar.openTime > after);
  return query.isDescending ? [...merged].reverse() : merged;
}

type DayQuery = Range & { readonly timeframe: Exclude<WireTimeframe, { readonly unit: 'minutes' }>; readonly wanted: Adjustments };

/** Days, weeks or months that begin in the range, whole as far as the tape has come, in the asked direction. */
function daySeries({ broker, dayBars }: Omit<BarParts, 'feeds'>, symbol: string, query: DayQuery): readonly MarketBar[] {
  const token = query.token?.symbol === symbol ? query.token.openTime : null;
  const [from, to] = [token !== null && !query.isDescending ? token + 1 : query.from, token !== null && query.isDescending ? token - 1 : query.to];
  const width = query.timeframe.unit === 'month' ? 31 * query.timeframe.months : query.timeframe.unit === 'week' ? 7 : 0;
  const days = dayBars.range(symbol, { from: from as EpochMs, to: (to + width * DAY_MS) as EpochMs, edge: query.edge });
  // A week whose Monday lies before the range is not in it.
  const merged = aggregateDays(days.map(adjusterOf(broker, symbol, query.wanted)), query.timeframe).filter((bar) => bar.openTime >= from && bar.openTime <= to);
  return query.isDescending ? [...merged].reverse() : merged;
}

/** Bars. @throws WireError 400, 403 */
export function barPage(parts: BarParts, raw: unknown, symbols: readonly string[]): Page<WireObject> {
  const query = readData(barsQuery, raw);
  const timeframe = parseTimeframe(query.timeframe);
  const has = (kind: string): boolean => query.adjustment.includes(kind) || query.adjustment.includes('all');
  const range = { ...rangeOf(parts.broker, parts.feeds, query), timeframe, wanted: { splits: has('split'), dividends: has('dividend') } };
  const page = pageOf<MarketBar>(symbols, range, { series: (symbol, most) => barSeries(parts, symbol, range, most), time: (bar) => bar.openTime });
  return { items: new Map([...page.items].map(([symbol, bars]) => [symbol, bars.map(wireBar)])), nextPageToken: page.nextPageToken };
}

/** What a page of prints or quotes is made of. */
export type TickParts = { readonly broker: Broker; readonly feeds: Feeds; readonly ticks: (bar: MarketBar) => readonly Tick[]; readonly wire: (tick: Tick) => WireObject };

/** Trades or quotes. */
export function tickPage({ broker, feeds, ticks, wire }: TickParts, raw: unknown, symbols: readonly string[]): Page<WireObject> {
  const range = rangeOf(broker, feeds, readData(pageQuery, raw));
  const page = pageOf<Tick>(symbols, range, {
    time: (tick) => tick.at,
    series: (symbol, most) => {
      const token = range.token?.symbol === symbol ? range.token.openTime : null;
      const [from, to] = [token !== null && !range.isDescending ? token + 1 : range.from, token !== null && range.isDescending ? token - 1 : range.to + BAR_MS - 1];
      // A minute holds several: one more than wanted is enough to see whether there is a next page.
      const bars = broker.market.bars(symbol, { from: (Math.floor(from / BAR_MS) * BAR_MS) as EpochMs, to: Math.min(to, range.to) as EpochMs, limit: most + 2, isDescending: range.isDescending });
      const all = bars.flatMap((bar) => (range.isDescending ? [...ticks(bar)].reverse() : ticks(bar)));
      return all.filter((tick) => tick.at >= from && tick.at <= to).slice(0, most + 1);
    },
  });
  return { items: new Map([...page.items].map(([symbol, list]) => [symbol, list.map(wire)])), nextPageToken: page.nextPageToken };
}

/** Opening and closing auctions, a day each. */
export function auctionPage(broker: Broker, raw: unknown, symbols: readonly string[]): Page<WireObject> {
  const query = readData(pageQuery, raw);
  if (query.feed !== undefined && query.feed !== 'sip') throw new AppError('INPUT_INVALID', 'only sip is valid for auctions');
  const range = rangeOf(broker, { plan: 'plus' }, query);
  type Day = { readonly at: EpochMs; readonly wire: WireObject };
  const days = sessionsBetween(exchangeDay(range.from), exchangeDay(range.to));
  const page = pageOf<Day>(symbols, range, {
    time: (day) => day.at,
    series: (symbol, most) => {
      const found: Day[] = [];
      for (const session of range.isDescending ? [...days].reverse() : days) {
        const token = range.token?.symbol === symbol ? range.token.openTime : null;
        if (token !== null && (range.isDescending ? session.open >= token : session.open <= token)) continue;
        const [first] = broker.market.bars(symbol, { from: session.open, to: Math.min(session.close - 1, range.to) as EpochMs, limit: 1 });
        if (!first || first.openTime < range.from) continue;
        const [last] = broker.market.bars(symbol, { from: session.open, to: Math.min(session.close - 1, range.to) as EpochMs, limit: 1, isDescending: true });
        found.push({ at: session.open, wire: wireAuctions(session.date, first, broker.now() >= session.close ? last ?? null : null) });
        if (found.length > most) break;
      }
      return found;
    },
  });
  return { items: new Map([...page.items].map(([symbol, list]) => [symbol, list.map((day) => day.wire)])), nextPageToken: page.nextPageToken };
}
