/** The account over REST: figures, configuration, activities, portfolio history. */
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { civilFromDays, daysFromCivil, formatDate, parseDate, type EpochMs } from '#app/domain/time.ts';
import { fromNewYork } from '#app/market/calendar.ts';
import type { Broker } from './broker.ts';
import { portfolioHistory } from './portfolio-history.ts';
import { malformed, read } from './rest-common.ts';
import { wireAccount, wireActivity, wireConfigurations } from './wire-account.ts';
import type { WireObject } from './wire-common.ts';
import { parseBound } from './wire-data.ts';

const configurationBody = z.object({
  suspend_trade: z.boolean().optional(), no_shorting: z.boolean().optional(), fractional_trading: z.boolean().optional(), max_margin_multiplier: z.union([z.enum(['1', '2', '4']), z.literal([1, 2, 4]).transform(String)]).optional(),
  trade_confirm_email: z.enum(['all', 'none']).optional(), ptp_no_exception_entry: z.boolean().optional(), max_options_trading_level: z.literal([0, 1, 2, 3]).optional(), disable_overnight_trading: z.boolean().optional(),
  dtbp_check: z.enum(['both', 'entry', 'exit']).optional(), pdt_check: z.enum(['both', 'entry', 'exit']).optional(),
});
const activityQuery = z.object({
  activity_types: z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat().join(',')).optional(), category: z.enum(['trade_activity', 'non_trade_activity']).optional(),
  date: z.string().optional(), after: z.string().optional(), until: z.string().optional(),
  direction: z.enum(['asc', 'desc']).default('desc'), page_size: z.coerce.number().int().min(1).max(100).default(100), page_token: z.string().optional(),
});

/** Alpaca's groups of activity types, and what those that occur here are in the journal. */
const KINDS: Readonly<Record<string, readonly string[]>> = { TRANS: ['CSD', 'CSW'], MISC: ['FEE', 'SPLIT', 'CIL'], FILL: ['FILL'], DIV: ['DIV'], FEE: ['FEE'], SPLIT: ['SPLIT'], CSD: ['CSD'], CSW: ['CSW'] };
const KNOWN_TYPES = new Set([
  ...Object.keys(KINDS), 'ACATC', 'ACATS', 'CFEE', 'CGD', 'DIVCGL', 'DIVCGS', 'DIVFEE', 'DIVFT', 'DIVNRA', 'DIVROC', 'DIVTW', 'DIVTXEX', 'INT', 'INTNRA', 'INTTW', 'JNL', 'JNLC', 'JNLS', 'MA', 'NC', 'OPASN', 'OPCA', 'OPCSH',
  'OPEXC', 'OPEXP', 'OPTRD', 'PTC', 'PTR', 'REORG', 'SPIN', 'FOPT',
]);

function typesOf(text: string): readonly string[] {
  return text.split(',').flatMap((type) => {
    if (!KNOWN_TYPES.has(type)) throw malformed(`invalid activity type: ${type.slice(0, 20)}`);
    return KINDS[type] ?? [];
  });
}

/** A day of activities is a day of the exchange. */
function dayBounds(text: string): { readonly after: EpochMs; readonly until: EpochMs } {
  const date = parseDate(text.slice(0, 10));
  const next = formatDate(civilFromDays(daysFromCivil(date) + 1));
  return { after: (fromNewYork(formatDate(date), 0) - 1) as EpochMs, until: fromNewYork(next, 0) };
}

function listActivities(broker: Broker, raw: unknown, only: string | null): readonly WireObject[] {
  const query = read(activityQuery, raw);
  if (query.activity_types !== undefined && query.category !== undefined) throw malformed('category cannot be used with activity_types');
  const types = only ?? query.activity_types;
  const range = query.date === undefined
    ? { ...(query.after ? { after: parseBound(query.after, false) } : {}), ...(query.until ? { until: parseBound(query.until, false) } : {}) }
    : dayBounds(query.date);
  return broker.journal.activities({
    limit: query.page_size, isDescending: query.direction === 'desc', ...range, ...(query.page_token ? { pageToken: query.page_token } : {}),
    ...(types ? { types: typesOf(types) } : {}), ...(query.category ? { isTrade: query.category === 'trade_activity' } : {}),
  }).map(wireActivity);
}

async function configure(broker: Broker, raw: unknown): Promise<WireObject> {
  const { suspend_trade, no_shorting, fractional_trading, max_margin_multiplier, ...preferences } = read(configurationBody, raw);
  const now = broker.venue.state.settings;
  const multiplier = max_margin_multiplier === undefined ? now.maxMarginMultiplier : (Number(max_margin_multiplier) as 1 | 2 | 4);
  if (multiplier > broker.config.multiplier) throw malformed(`max_margin_multiplier ${multiplier} is more than this account has (${broker.config.multiplier})`);
  broker.configure({ ...now, suspendTrade: suspend_trade ?? now.suspendTrade, noShorting: no_shorting ?? now.noShorting, fractionalTrading: fractional_trading ?? now.fractionalTrading, maxMarginMultiplier: multiplier });
  broker.journal.lists.putPreferences({ ...broker.journal.lists.preferences(), ...preferences });
  await broker.settled();
  return wireConfigurations(broker);
}

/** Registers the routes. */
export function registerAccount(app: FastifyInstance, broker: Broker): void {
  app.get('/v2/account', () => wireAccount(broker));
  app.get('/v2/account/configurations', () => wireConfigurations(broker));
  app.patch('/v2/account/configurations', (request) => configure(broker, request.body));
  app.get('/v2/account/activities', (request) => listActivities(broker, request.query, null));
  app.get<{ Params: { type: string } }>('/v2/account/activities/:type', (request) => listActivities(broker, request.query, request.params.type));
  app.get('/v2/account/portfolio/history', (request) => portfolioHistory(broker, request.query));
}
