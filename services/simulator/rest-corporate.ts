/** Corporate actions over REST: the present interface of the data API and the deprecated announcements of the trading API. */
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { daysFromCivil, parseDate } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import type { Broker } from './broker.ts';
import type { AnnouncedAction } from './journal-lists.ts';
import type { ListingChange } from './market.ts';
import { malformed, notFound, read, WireError } from './rest-common.ts';
import type { WireObject } from './wire-common.ts';

const TYPES = [
  'reverse_split', 'forward_split', 'unit_split', 'cash_dividend', 'stock_dividend', 'spin_off', 'cash_merger', 'stock_merger', 'stock_and_cash_merger', 'redemption', 'name_change', 'worthless_removal',
  'rights_distribution', 'partial_call', 'reorganization',
] as const;
const civilDay = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
const list = z.string().transform((text) => text.split(',').map((part) => part.trim()).filter((part) => part !== ''));
const actionQuery = z.object({
  symbols: list.optional(), cusips: list.optional(), types: list.pipe(z.array(z.enum(TYPES))).optional(), region: z.string().max(10).optional(), start: civilDay.optional(), end: civilDay.optional(), ids: list.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100), page_token: z.string().optional(), sort: z.enum(['asc', 'desc']).default('asc'),
});
const announcementQuery = z.object({
  ca_types: list, since: civilDay, until: civilDay, symbol: z.string().optional(), cusip: z.string().optional(), date_type: z.enum(['declaration_date', 'ex_date', 'record_date', 'payable_date']).default('ex_date'),
});
const MAX_ANNOUNCEMENT_DAYS = 90;

/** `forward_split`, `reverse_split` or `cash_dividend`. */
function typeOf(action: AnnouncedAction): (typeof TYPES)[number] {
  if (action.kind === 'cash_dividend') return 'cash_dividend';
  return Number(action.newRate) >= Number(action.oldRate) ? 'forward_split' : 'reverse_split';
}

/** What is served: splits and dividends, and changes of the listing, each with the day it is processed on and the symbols it is about. */
type Told = { readonly id: string; readonly day: string; readonly type: (typeof TYPES)[number]; readonly symbols: readonly string[]; readonly wire: WireObject };

/** Splits and dividends of the market's past, then those that were announced while the tape ran. */
function splitsAndDividends(broker: Broker): readonly AnnouncedAction[] {
  return [...[...broker.market.assets.keys()].flatMap((symbol) => broker.market.pastActions(symbol).map((one) => one.action)), ...broker.journal.lists.actions()];
}

/** Everything that happened and was announced, by day: the market's past, then the journal's. */
function everything(broker: Broker): readonly Told[] {
  const told: readonly Told[] = [
    ...splitsAndDividends(broker).map((action) => ({ id: action.id, day: action.exDate, type: typeOf(action), symbols: [action.symbol], wire: wireAction(action) })),
    ...broker.market.listingChanges.map((change) => ({ id: change.id, day: change.processDate, type: change.kind, symbols: change.kind === 'name_change' ? [change.oldSymbol, change.newSymbol] : [change.symbol], wire: wireChange(change) })),
  ];
  return told.toSorted((a, b) => (a.day === b.day ? 0 : a.day < b.day ? -1 : 1));
}

function wireChange(change: ListingChange): WireObject {
  const base = { id: change.id, process_date: change.processDate };
  switch (change.kind) {
    case 'name_change': return { ...base, old_symbol: change.oldSymbol, old_cusip: cusipOf(change.oldSymbol), new_symbol: change.newSymbol, new_cusip: cusipOf(change.newSymbol) };
    case 'cash_merger': return { ...base, acquiree_symbol: change.symbol, acquiree_cusip: cusipOf(change.symbol), rate: Number(change.rate), effective_date: change.processDate };
    default: return { ...base, symbol: change.symbol, cusip: cusipOf(change.symbol) };
  }
}

/** A stand-in for the issuer's number: nine characters that depend on the symbol alone. */
function cusipOf(symbol: string): string {
  return `SIM${symbol.replace(/[^A-Z0-9]/g, '').padEnd(6, '0').slice(0, 6)}`;
}

function wireAction(action: AnnouncedAction): WireObject {
  const dates = { ex_date: action.exDate, record_date: action.recordDate, payable_date: action.payableDate, process_date: action.exDate };
  const base = { id: action.id, symbol: action.symbol, ...dates };
  const type = typeOf(action);
  if (type === 'cash_dividend') return { ...base, cusip: cusipOf(action.symbol), rate: Number(action.cash), special: false, foreign: false };
  const rates = { new_rate: Number(action.newRate), old_rate: Number(action.oldRate) };
  return type === 'forward_split' ? { ...base, cusip: cusipOf(action.symbol), ...rates } : { ...base, old_cusip: cusipOf(action.symbol), new_cusip: cusipOf(action.symbol), ...rates };
}

function actions(broker: Broker, raw: unknown): WireObject {
  const parsed = actionQuery.safeParse(raw);
  if (!parsed.success) throw new WireError(400, { message: `invalid ${parsed.error.issues[0]?.path.join('.') ?? 'request'}` });
  const query = parsed.data;
  if (query.ids && (query.symbols ?? query.cusips ?? query.types ?? query.start ?? query.end)) throw new WireError(400, { message: 'ids cannot be combined with other filters' });
  const today = exchangeDay(broker.now());
  const [start, end] = [query.start ?? today, query.end ?? today];
  const wanted = everything(broker).filter((told) => (query.ids
    ? query.ids.includes(told.id)
    : told.day >= start && told.day <= end && (query.symbols === undefined || told.symbols.some((symbol) => query.symbols?.includes(symbol)))
      && (query.cusips === undefined || told.symbols.some((symbol) => query.cusips?.includes(cusipOf(symbol))))
      && (query.types?.includes(told.type) ?? true) && (query.region === undefined || query.region === 'us')));
  const sorted = query.sort === 'asc' ? wanted : [...wanted].reverse();
  const first = query.page_token === undefined ? 0 : sorted.findIndex((action) => action.id === query.page_token) + 1;
  if (query.page_token !== undefined && first === 0) throw new WireError(400, { message: 'invalid page_token' });
  const page = sorted.slice(first, first + query.limit);
  const groups: Record<string, WireObject[]> = {};
  for (const told of page) (groups[`${told.type}s`] ??= []).push(told.wire);
  return { corporate_actions: groups, next_page_token: first + page.length < sorted.length ? page.at(-1)?.id ?? null : null };
}

function wireAnnouncement(action: AnnouncedAction): WireObject {
  const type = typeOf(action);
  return {
    id: action.id, corporate_action_id: action.id, corporate_actions_id: action.id, ca_type: action.kind === 'split' ? 'split' : 'dividend', ca_sub_type: type === 'cash_dividend' ? 'cash' : type === 'forward_split' ? 'stock_split' : 'reverse_split',
    initiating_symbol: action.symbol, initiating_original_cusip: cusipOf(action.symbol), target_symbol: action.symbol, target_original_cusip: cusipOf(action.symbol), declaration_date: action.declaredOn,
    ex_date: action.exDate, expiration_date: action.exDate, record_date: action.recordDate, payable_date: action.payableDate, cash: action.cash ?? '0', old_rate: action.oldRate ?? '1', new_rate: action.newRate ?? '1',
  };
}

function announcements(broker: Broker, raw: unknown): readonly WireObject[] {
  const query = read(announcementQuery, raw);
  const days = daysFromCivil(parseDate(query.until)) - daysFromCivil(parseDate(query.since));
  if (days < 0 || days > MAX_ANNOUNCEMENT_DAYS) throw malformed('date range is limited to 90 days');
  const types = query.ca_types.map((type) => type.toLowerCase());
  for (const type of types) if (!['dividend', 'merger', 'spinoff', 'split'].includes(type)) throw malformed(`invalid ca_types: ${type.slice(0, 20)}`);
  const dateOf = (action: AnnouncedAction): string => ({ declaration_date: action.declaredOn, ex_date: action.exDate, record_date: action.recordDate, payable_date: action.payableDate })[query.date_type];
  return splitsAndDividends(broker).filter((action) => types.includes(action.kind === 'split' ? 'split' : 'dividend') && dateOf(action) >= query.since && dateOf(action) <= query.until
    && (query.symbol === undefined || query.symbol === action.symbol) && (query.cusip === undefined || query.cusip === cusipOf(action.symbol))).map(wireAnnouncement);
}

/** Registers the routes. */
export function registerCorporate(app: FastifyInstance, broker: Broker): void {
  app.get('/v1/corporate-actions', (request) => actions(broker, request.query));
  app.get('/v2/corporate_actions/announcements', (request) => announcements(broker, request.query));
  app.get<{ Params: { id: string } }>('/v2/corporate_actions/announcements/:id', (request) => {
    const action = splitsAndDividends(broker).find((one) => one.id === request.params.id);
    if (!action) throw notFound('announcement not found');
    return wireAnnouncement(action);
  });
}
