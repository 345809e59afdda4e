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
    const request = {
      symbols: query.symbols.join(','), timeframe: query.timeframe, start: new Date(query.start), end: new Date(query.end), limit: PAGE_LIMIT, adjustment: query.adjustment ?? 'raw', feed: options.feed ?? 'iex',
    } as const;
    const pages = pagesOf('bars', (token) => read(options.dataGovernor, 'bars', barsReply(query.timeframe), () => stocks.stockBarsRaw({ ...request, ...token })));
    for await (const page of pages) if (page.bars.length > 0) yield page.bars;
  }

  async function actions(query: ActionsQuery) {
    const found: BrokerAction[] = [];
    let unread = 0;
    if (query.symbols.length === 0 || query.from > query.to) return { actions: found, unread };
    const request = { symbols: query.symbols.join(','), start: noonUtc(query.from), end: noonUtc(query.to), limit: ACTIONS_LIMIT, sort: 'asc' } as const;
    const pages = pagesOf('corporate actions', (token) => read(options.dataGovernor, 'corporate actions', actionsReply, () => actionsApi.corporateActionsRaw({ ...request, ...token })));
    for await (const page of pages) {
      found.push(...page.actions);
      unread += page.unread;
    }
    return { actions: found, unread };
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

/** Asks for page after page, by the token that the one before it told, to the one that tells none. A token that comes a second time leads in a circle. @throws AppError BROKER_REPLY_INVALID; what `ask` throws */
async function* pagesOf<Page extends { readonly nextPageToken: string | null }>(what: string, ask: (token: { readonly pageToken?: string }) => Promise<Page>): AsyncGenerator<Page, void, undefined> {
  const seen = new Set<string>();
  let token: { readonly pageToken?: string } = {};
  for (let count = 0; count < MAX_PAGES; count += 1) {
    const page = await ask(token);
    yield page;
    const { nextPageToken: pageToken } = page;
    if (pageToken === null || pageToken === '') return;
    if (seen.has(pageToken)) throw new AppError('BROKER_REPLY_INVALID', `The broker's pages of ${what} lead in a circle`);
    seen.add(pageToken);
    token = { pageToken };
  }
  invariant(false, `More pages of ${what} than can be read at once`, { pages: MAX_PAGES });
}

/** The SDK sends a date as an instant: noon names the same day in New York and in UTC. */
function noonUtc(date: string): Date {
  const { year, month, day } = parseDate(date);
  return new Date(Date.UTC(year, month - 1, day, 12));
}
