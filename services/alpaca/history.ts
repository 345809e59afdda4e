/** Bars and reference data over Alpaca's REST APIs. */
import { marketData, trading } from '@alpacahq/alpaca-trade-api';
import type * as z from 'zod';
import { AppError, invariant } from '#app/domain/errors.ts';
import { parseDate } from '#app/domain/time.ts';
import { retry } from '#chassis/clock.ts';
import type { CheckedAccess } from './access.ts';
import { tradingConfiguration } from './broker.ts';
import type { Governor } from './governor.ts';
import { callOnce, REQUEST_TIMEOUT_MS, toAppError, type RawCall } from './http.ts';
import { actionsReply } from './corporate-actions.ts';
import type { ActionsQuery, BarsQuery, BrokerAction, MarketHistory } from './ports.ts';
import { assetsReply, barsReply, calendarReply, clockReply } from './wire.ts';

const PAGE_LIMIT = 10_000;
const MAX_PAGES = 10_000;
const ACTIONS_LIMIT = 1_000;
const READ_RETRY = { attempts: 4, baseMs: 250, capMs: 5_000 };
/** A page of ten thousand bars takes longer than an order. */
const PAGE_TIMEOUT_MS = 30_000;

/** What history needs. `tradingGovernor` is the budget of the trading API (assets, clock, calendar), `dataGovernor` that of the data API; `feed` as the plan allows. */
export type HistoryOptions = { readonly access: CheckedAccess; readonly tradingGovernor: Governor; readonly dataGovernor: Governor; readonly feed?: 'iex' | 'sip'; readonly signal?: AbortSignal };

/** Builds the reader. Each page is tried up to four times while the failure is temporary. */
export function createHistory(options: HistoryOptions): MarketHistory {
  const { access } = options;
  const data = new marketData.Configuration({ keyId: access.keyId, secret: access.secretKey, basePath: access.dataUrl, timeoutMs: PAGE_TIMEOUT_MS, retry: { maxRetries: 0 }, redirect: 'error' });
  const stocks = new marketData.StockApi(data);
  const actionsApi = new marketData.CorporateActionsApi(data);
  const configuration = tradingConfiguration(access, REQUEST_TIMEOUT_MS * 4);
  const assetsApi = new trading.AssetsApi(configuration);
  const clockApi = new trading.ClockApi(configuration);
  const calendarApi = new trading.CalendarApi(configuration);

  const read = <S extends z.ZodType>(governor: Governor, what: string, schema: S, call: RawCall): Promise<z.output<S>> =>
    retry({ ...READ_RETRY, ...(options.signal ? { signal: options.signal } : {}) }, async () => {
      const reply = await callOnce(governor, await governor.acquire('poll'), schema, call);
      if (!reply.ok) throw toAppError(reply.failure, what, reply.cause);
      return reply.value;
    });

  async function* bars(query: BarsQuery) {
    if (query.symbols.length === 0 || query.start > query.end) return;
    let pageToken: string | undefined;
    const next = tokenFollower('bars');
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const request = {
        symbols: query.symbols.join(','), timeframe: query.timeframe, start: new Date(query.start), end: new Date(query.end), limit: PAGE_LIMIT,
        adjustment: query.adjustment ?? 'raw', feed: options.feed ?? 'iex', ...(pageToken === undefined ? {} : { pageToken }),
      } as const;
      const reply = await read(options.dataGovernor, 'bars', barsReply(query.timeframe), () => stocks.stockBarsRaw(request));
      if (reply.bars.length > 0) yield reply.bars;
      pageToken = next(reply.nextPageToken);
      if (pageToken === undefined) return;
    }
    invariant(false, 'More pages of bars than can be read at once', { pages: MAX_PAGES });
  }

  async function actions(query: ActionsQuery) {
    const found: BrokerAction[] = [];
    let unread = 0;
    if (query.symbols.length === 0 || query.from > query.to) return { actions: found, unread };
    const next = tokenFollower('corporate actions');
    let pageToken: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const request = { symbols: query.symbols.join(','), start: noonUtc(query.from), end: noonUtc(query.to), limit: ACTIONS_LIMIT, sort: 'asc', ...(pageToken === undefined ? {} : { pageToken }) } as const;
      const reply = await read(options.dataGovernor, 'corporate actions', actionsReply, () => actionsApi.corporateActionsRaw(request));
      found.push(...reply.actions);
      unread += reply.unread;
      pageToken = next(reply.nextPageToken);
      if (pageToken === undefined) return { actions: found, unread };
    }
    invariant(false, 'More pages of corporate actions than can be read at once', { pages: MAX_PAGES });
  }

  return {
    bars, actions,
    assets: () => read(options.tradingGovernor, 'assets', assetsReply, () => assetsApi.getV2AssetsRaw({ status: 'active', assetClass: 'us_equity' })),
    clock: () => read(options.tradingGovernor, 'clock', clockReply, () => clockApi.legacyClockRaw()),
    calendar(startDate, endDate) {
      const range = { start: noonUtc(startDate), end: noonUtc(endDate) };
      return read(options.tradingGovernor, 'calendar', calendarReply, () => calendarApi.legacyCalendarRaw(range));
    },
  };
}

/** Follows page tokens to the last one, undefined. A token that comes a second time leads in a circle. @throws AppError BROKER_REPLY_INVALID */
function tokenFollower(what: string): (token: string | null) => string | undefined {
  const seen = new Set<string>();
  return (token) => {
    if (token === null || token === '') return undefined;
    if (seen.has(token)) throw new AppError('BROKER_REPLY_INVALID', `The broker's pages of ${what} lead in a circle`);
    seen.add(token);
    return token;
  };
}

/** The SDK sends a date as an instant: noon names the same day in New York and in UTC. */
function noonUtc(date: string): Date {
  const { year, month, day } = parseDate(date);
  return new Date(Date.UTC(year, month - 1, day, 12));
}
