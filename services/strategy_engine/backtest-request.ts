/** What a back-test is asked to do, made complete from the book: strategy, symbols, days, limits. */
import { createHash } from 'node:crypto';
import { MAX_BACKTEST_BARS, type BacktestRequest } from '#app/contracts/backtest.ts';
import { AppError } from '#app/domain/errors.ts';
import { DEFAULT_RISK_LIMITS, riskLimitsSchema, type RiskLimits } from '#app/domain/limits.ts';
import { civilFromDays, daysFromCivil, formatDate, MINUTE_MS, parseDate, timeframeMs, timeframeSchema, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { exchangeDay, fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import { sizingSchema, type Sizing } from '#app/risk/sizing.ts';
import { strategyKind } from '#app/strategy/registry.ts';
import type { Queryable } from '#chassis/db.ts';

const DEFAULT_KIND = 'sma_cross';
const DEFAULT_DAYS = 60;
const DEFAULT_SIZING: Sizing = { method: 'percent_of_equity', percent: '5' };

/** A back-test that says everything: run again on the same bars it gives the same result. Plain JSON. */
export type BacktestPlan = {
  readonly strategyId: string | null; readonly versionId: string | null; readonly kind: string; readonly parameters: unknown; readonly sizing: Sizing; readonly limits: RiskLimits;
  readonly symbols: readonly string[]; readonly timeframe: Timeframe; /** Session days, both included; null: there are no bars. */ readonly from: string | null; readonly to: string | null;
  readonly startingCash: string; readonly slippageBps: number; readonly volumeCap: number | null; readonly hasFees: boolean;
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

/** Symbols with stored bars of this width: the wanted ones, else those of the strategy, else the first watched one. */
async function symbolsOf(book: Queryable, request: BacktestRequest, stored: StrategyRow | null, timeframe: Timeframe): Promise<string[]> {
  const own = stored?.symbols.includes('*') === false ? stored.symbols : null;
  const wanted = request.symbols ?? own;
  const rows = await book.query<{ symbol: string }>(
    `SELECT i.symbol FROM data_ingestion.ingestion_status i LEFT JOIN data_ingestion.symbols s USING (symbol)
     WHERE i.timeframe = $1 AND CASE WHEN $2::text[] IS NULL THEN s.is_watched ELSE i.symbol = ANY($2::text[]) END ORDER BY i.symbol COLLATE "C" LIMIT $3`, [timeframe, wanted, wanted === null ? 1 : 20],
  );
  const found = rows.map((row) => row.symbol);
  const missing = (request.symbols ?? []).find((symbol) => !found.includes(symbol));
  if (missing !== undefined) throw new AppError('SYMBOL_UNKNOWN', `No ${timeframe} bars of ${missing} are stored`);
  return found;
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

/** Completes a request. @throws AppError STRATEGY_NOT_FOUND, STRATEGY_PARAMETERS_INVALID, SYMBOL_UNKNOWN, FLOW_INPUT_INVALID */
export async function planBacktest(book: Queryable, request: BacktestRequest): Promise<BacktestPlan> {
  if (request.strategyId !== undefined && request.kind !== undefined) throw new AppError('FLOW_INPUT_INVALID', 'Name a stored strategy or a kind, not both');
  const stored = request.strategyId === undefined ? null : await storedStrategy(book, request.strategyId);
  const kind = stored?.kind ?? request.kind ?? DEFAULT_KIND;
  const { parameters } = strategyKind(kind).configure(request.parameters ?? stored?.parameters ?? {});
  const timeframe = request.timeframe ?? timeframeSchema.parse(stored?.timeframe ?? '1Min');
  const symbols = await symbolsOf(book, request, stored, timeframe);
  const newest = await newestDay(book, symbols, timeframe);
  const to = request.to ?? newest;
  const from = request.from ?? (to === null ? null : formatDate(civilFromDays(daysFromCivil(parseDate(to)) - DEFAULT_DAYS)));
  if (from !== null && to !== null && parseDate(from) && parseDate(to) && from > to) throw new AppError('FLOW_INPUT_INVALID', `from: ${from} lies after ${to}`);
  return {
    strategyId: stored?.strategy_id ?? null, versionId: stored !== null && request.parameters === undefined ? stored.current_version_id : null, kind, parameters,
    sizing: readSizing(request.sizing ?? stored?.sizing ?? DEFAULT_SIZING), limits: await limitsInForce(book), symbols, timeframe, from, to,
    startingCash: request.startingCash, slippageBps: request.slippageBps, volumeCap: request.volumeCapPercent === undefined ? null : request.volumeCapPercent / 100, hasFees: request.hasFees,
  };
}

/** Bars that open in [from, to), epoch ms. */
type Range = { readonly from: number; readonly to: number };

function dayStart(day: string, later = 0): number {
  return fromNewYork(formatDate(civilFromDays(daysFromCivil(parseDate(day)) + later)), 0);
}

function planRange(plan: BacktestPlan): Range | null {
  return plan.from === null || plan.to === null ? null : { from: dayStart(plan.from), to: dayStart(plan.to, 1) };
}

/** Bars that one query should bring, about. */
const WINDOW_BARS = 4_000;
const SESSION_MS = 390 * MINUTE_MS;

/** The plan's time in pieces of whole days with about as many bars as one query should bring: bars outside of these days do not count. */
export function planWindows(plan: BacktestPlan): Range[] {
  if (plan.from === null || plan.to === null) return [];
  const perSession = Math.max(1, Math.ceil(SESSION_MS / timeframeMs(plan.timeframe))) * Math.max(1, plan.symbols.length);
  const size = Math.max(1, Math.floor(WINDOW_BARS / perSession));
  const days = sessionsBetween(plan.from, plan.to).map((session) => session.date);
  const windows: Range[] = [];
  for (let start = 0; start < days.length; start += size) {
    const [first, last] = [days[start], days[Math.min(start + size, days.length) - 1]];
    if (first !== undefined && last !== undefined) windows.push({ from: dayStart(first), to: dayStart(last, 1) });
  }
  return windows;
}

/** Bars of the plan. @throws AppError INPUT_TOO_LARGE when there are more than one run may read */
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

/** Id of a back-test: that of its run, so that a run that is taken up again writes the same row. */
export function backtestIdOf(runId: string): string {
  return `bt_${createHash('sha256').update(runId).digest('hex').slice(0, 24)}`;
}
