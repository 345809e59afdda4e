/** What a back-test is asked to do, made complete from the book: strategy, symbols, days, limits. */
import { MAX_BACKTEST_BARS, MAX_BACKTEST_SYMBOLS, type BacktestRequest } from '#app/contracts/backtest.ts';
import { AppError } from '#app/domain/errors.ts';
import { DEFAULT_RISK_LIMITS, riskLimitsSchema, type RiskLimits } from '#app/domain/limits.ts';
import { civilFromDays, daysFromCivil, formatDate, parseDate, timeframeSchema, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { endOfDay, exchangeDay, fromNewYork } from '#app/market/calendar.ts';
import { sizingSchema, type Sizing } from '#app/domain/sizing.ts';
import type { ParameterValues } from '#app/strategy/parameters.ts';
import { strategyType } from '#app/strategy/registry.ts';
import type { BoundStrategy, StrategyType } from '#app/strategy/spec.ts';
import type { Queryable } from '#chassis/db.ts';

const DEFAULT_KIND = 'sma_cross';
const DEFAULT_DAYS = 60;
const DEFAULT_SIZING: Sizing = { method: 'percent_of_equity', percent: '5' };

/** A back-test that says everything: run again on the same bars it gives the same result. Plain JSON. */
export type BacktestPlan = Pick<BacktestRequest, 'slippageBps' | 'slippage' | 'commission' | 'fills' | 'account' | 'hasFees' | 'desk' | 'benchmark' | 'hasChecks' | 'seed' | 'search'> & {
  readonly strategyId: string | null; readonly versionId: string | null; readonly kind: string; readonly parameters: ParameterValues; readonly sizing: Sizing; readonly limits: RiskLimits;
  readonly symbols: readonly string[]; readonly timeframe: Timeframe; /** Session days, both included; null: there are no bars. */ readonly from: string | null; readonly to: string | null;
  readonly startingCash: string; readonly volumeCap: number | null;
  /** The version of a strategy that was written here; null: a strategy of the house. `hash`: of its files. */ readonly project: { readonly projectId: string; readonly version: number; readonly hash: string } | null;
  /** The saved screen that found the symbols. */ readonly screenId: string | null;
};

/** What a plan needs beside the book. `authored`: the strategy of a project's version, with the hash of its files; `screened`: the symbols that a saved screen finds now, best first. */
export type PlanMeans = {
  authored(project: { readonly projectId: string; readonly version: number }): Promise<{ readonly type: StrategyType; readonly hash: string }>;
  screened(screenId: string): Promise<readonly string[]>;
};

type StrategyRow = { strategy_id: string; kind: string; symbols: string[]; timeframe: string; parameters: unknown; sizing: unknown; current_version_id: string };

async function storedStrategy(book: Queryable, strategyId: string): Promise<StrategyRow> {
  const [row] = await book.query<StrategyRow>('SELECT strategy_id, kind, symbols, timeframe, parameters, sizing, current_version_id FROM strategy_engine.strategies WHERE strategy_id = $1', [strategyId]);
  if (!row) throw new AppError('STRATEGY_NOT_FOUND', `There is no strategy "${strategyId}"`);
  return row;
}

function readSizing(raw: unknown): Sizing {
  const parsed = sizingSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AppError('FLOW_INPUT_INVALID', `sizing ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'cannot be read'}`);
}

type Ask = { readonly wanted: readonly string[] | null; readonly timeframe: Timeframe; /** How many the strategy needs. */ readonly least: number };

/** Symbols with stored bars of this width: the wanted ones, else the first watched ones. @throws AppError SYMBOL_UNKNOWN */
async function symbolsOf(book: Queryable, { wanted, timeframe, least }: Ask): Promise<string[]> {
  const rows = await book.query<{ symbol: string }>(
    `SELECT i.symbol FROM data_ingestion.ingestion_status i LEFT JOIN data_ingestion.symbols s USING (symbol)
     WHERE i.timeframe = $1 AND CASE WHEN $2::text[] IS NULL THEN s.is_watched ELSE i.symbol = ANY($2::text[]) END ORDER BY i.symbol COLLATE "C" LIMIT $3`, [timeframe, wanted, wanted === null ? least : MAX_BACKTEST_SYMBOLS],
  );
  const found = rows.map((row) => row.symbol);
  const missing = (wanted ?? []).find((symbol) => !found.includes(symbol));
  if (missing !== undefined) throw new AppError('SYMBOL_UNKNOWN', `No ${timeframe} bars of ${missing} are stored`);
  return found;
}

/** A portfolio takes so many symbols and no others; without any bars nothing is run, and nothing refused. */
function checkSymbols({ kind, scope, symbols: [least, most] }: BoundStrategy, symbols: readonly string[]): void {
  if (symbols.length === 0 || scope === 'symbol' || (symbols.length >= least && symbols.length <= most)) return;
  throw new AppError('FLOW_INPUT_INVALID', `symbols: the strategy ${kind} takes ${least === most ? least : `${least} to ${most}`} symbols together, not ${symbols.length}`);
}

async function newestDay(book: Queryable, symbols: readonly string[], timeframe: Timeframe): Promise<string | null> {
  const [row] = await book.query<{ newest: number | null }>('SELECT max(last_open_time) AS newest FROM data_ingestion.ingestion_status WHERE timeframe = $1 AND symbol = ANY($2::text[])', [timeframe, symbols]);
  const newest = row?.newest ?? null;
  return newest === null ? null : exchangeDay(newest as EpochMs);
}

async function limitsInForce(book: Queryable): Promise<RiskLimits> {
  const [row] = await book.query<{ limits: unknown }>('SELECT limits FROM risk_management.risk_limits ORDER BY version DESC LIMIT 1');
  return row ? riskLimitsSchema.parse(row.limits) : DEFAULT_RISK_LIMITS;
}

/** First and last day. @throws AppError FLOW_INPUT_INVALID */
function daysOf({ from: first, to: last }: BacktestRequest, newest: string | null): Pick<BacktestPlan, 'from' | 'to'> {
  for (const [name, day] of [['from', first], ['to', last]] as const) if (day !== undefined && !isDay(day)) throw new AppError('FLOW_INPUT_INVALID', `${name}: there is no day ${day}`);
  const to = last ?? newest;
  const from = first ?? (to === null ? null : formatDate(civilFromDays(daysFromCivil(parseDate(to)) - DEFAULT_DAYS)));
  if (from !== null && to !== null && from > to) throw new AppError('FLOW_INPUT_INVALID', `from: ${from} lies after ${to}`);
  return { from, to };
}

function isDay(day: string): boolean {
  try {
    return formatDate(civilFromDays(daysFromCivil(parseDate(day)))) === day;
  } catch {
    return false;
  }
}

/** One way to name the strategy, one to name the symbols. @throws AppError FLOW_INPUT_INVALID */
function checkNames({ strategyId, kind, project, symbols, screenId }: BacktestRequest): void {
  if ([strategyId, kind, project].filter((named) => named !== undefined).length > 1) throw new AppError('FLOW_INPUT_INVALID', 'Name one of these: a stored strategy, a kind, or a version of a project');
  if (symbols !== undefined && screenId !== undefined) throw new AppError('FLOW_INPUT_INVALID', 'Name symbols or a screen, not both');
}

/** The symbols of a screen of which there are bars of this width, as many as a back-test takes. @throws AppError FLOW_INPUT_INVALID when none are left */
async function screenSymbols(book: Queryable, found: readonly string[], timeframe: Timeframe): Promise<string[]> {
  if (found.length === 0) throw new AppError('FLOW_INPUT_INVALID', 'screenId: the screen finds no symbol now. Widen its filters, or name symbols');
  const rows = await book.query<{ symbol: string }>('SELECT symbol FROM data_ingestion.ingestion_status WHERE timeframe = $1 AND symbol = ANY($2::text[])', [timeframe, found]);
  const stored = new Set(rows.map(({ symbol }) => symbol));
  const symbols = found.filter((symbol) => stored.has(symbol)).slice(0, MAX_BACKTEST_SYMBOLS);
  if (symbols.length === 0) throw new AppError('FLOW_INPUT_INVALID', `screenId: no ${timeframe} bars are stored of any of the ${found.length} symbols that the screen finds. Take another width of bars`);
  return symbols.sort();
}

type Named = Pick<BacktestPlan, 'strategyId' | 'versionId' | 'project'> & { readonly type: StrategyType; readonly stored: StrategyRow | null };

async function namedStrategy(book: Queryable, { strategyId, kind, project, parameters }: BacktestRequest, means: PlanMeans): Promise<Named> {
  if (project !== undefined) {
    const { type, hash } = await means.authored(project);
    return { type, stored: null, strategyId: null, versionId: null, project: { ...project, hash } };
  }
  const stored = strategyId === undefined ? null : await storedStrategy(book, strategyId);
  const type = strategyType(stored?.kind ?? kind ?? DEFAULT_KIND);
  return { type, stored, strategyId: stored?.strategy_id ?? null, versionId: stored !== null && parameters === undefined ? stored.current_version_id : null, project: null };
}

/** Completes a request. @throws AppError STRATEGY_NOT_FOUND, STRATEGY_PARAMETERS_INVALID, SYMBOL_UNKNOWN, FLOW_INPUT_INVALID; what `means` throw */
export async function planBacktest(book: Queryable, request: BacktestRequest, means: PlanMeans): Promise<BacktestPlan> {
  checkNames(request);
  const { type, stored, ...named } = await namedStrategy(book, request, means);
  const strategy = type.bind(request.parameters ?? stored?.parameters ?? {});
  const timeframe = request.timeframe ?? timeframeSchema.parse(stored?.timeframe ?? (named.project === null ? '1Min' : '1Day'));
  const own = stored?.symbols.includes('*') === false ? stored.symbols : null;
  const { screenId } = request;
  const symbols = screenId === undefined ? await symbolsOf(book, { wanted: request.symbols ?? own, timeframe, least: strategy.symbols[0] }) : await screenSymbols(book, await means.screened(screenId), timeframe);
  checkSymbols(strategy, symbols);
  const { benchmark, startingCash, slippageBps, slippage, commission, fills, account, hasFees, desk, hasChecks, seed, search } = request;
  if (benchmark !== undefined) await symbolsOf(book, { wanted: [benchmark], timeframe, least: 1 });
  return {
    ...named, kind: type.kind, parameters: strategy.parameters, screenId: screenId ?? null,
    sizing: readSizing(request.sizing ?? stored?.sizing ?? DEFAULT_SIZING), limits: await limitsInForce(book), symbols, timeframe, ...daysOf(request, await newestDay(book, symbols, timeframe)),
    startingCash, slippageBps, volumeCap: request.volumeCapPercent === undefined ? null : request.volumeCapPercent / 100, hasFees, desk, hasChecks, seed,
    ...(benchmark === undefined ? {} : { benchmark }), ...(slippage === undefined ? {} : { slippage }), ...(commission === undefined ? {} : { commission }), ...(fills === undefined ? {} : { fills }),
    ...(account === undefined ? {} : { account }), ...(search === undefined ? {} : { search }),
  };
}

/** Bars that open in [from, to), epoch ms. */
type Range = { readonly from: number; readonly to: number };

/** The time of a plan; null when there are no bars. */
export function planRange(plan: BacktestPlan): Range | null {
  return plan.from === null || plan.to === null ? null : { from: fromNewYork(plan.from, 0), to: endOfDay(plan.to) };
}

/** Bars of the plan that lie in the database: too many are refused before a file is read. Those of the archive are counted as they are loaded (loadAll). @throws AppError INPUT_TOO_LARGE when there are more than one run may read */
export async function countBars(book: Queryable, plan: BacktestPlan): Promise<number> {
  const range = planRange(plan);
  if (!range) return 0;
  const [row] = await book.query<{ bars: number }>(
    `SELECT count(*) AS bars FROM (SELECT 1 FROM data_ingestion.market_data WHERE symbol = ANY($1::text[]) AND timeframe = $2 AND open_time >= to_timestamp($3::bigint / 1000.0) AND open_time < to_timestamp($4::bigint / 1000.0) LIMIT $5) AS capped`,
    [plan.symbols, plan.timeframe, range.from, range.to, MAX_BACKTEST_BARS + 1],
  );
  const bars = row?.bars ?? 0;
  if (bars > MAX_BACKTEST_BARS) throw new AppError('INPUT_TOO_LARGE', `The period holds more than ${MAX_BACKTEST_BARS} bars. Take fewer symbols or days, or wider bars`);
  return bars;
}
