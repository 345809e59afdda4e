/** A back-test as plain JSON: what crosses threads, lies in files and is asked for on the command line, made into a RunConfig. */
import * as z from 'zod';
import { barCount, type BarColumns } from '#app/domain/bar-columns.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import { symbolSchema } from '#app/domain/ids.ts';
import { riskLimitsSchema } from '#app/domain/limits.ts';
import { money, positiveDecimalText } from '#app/domain/numeric.ts';
import { timeframeSchema, type EpochMs } from '#app/domain/time.ts';
import { exactLimits, type StrategyTerms } from '#app/risk/book.ts';
import { sizingSchema } from '#app/domain/sizing.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import { US_SELL_FEES } from '#app/backtest/fees.ts';
import { CASH_ACCOUNT, NO_COMMISSION, STRICT_FILLS } from '#app/backtest/run/defaults.ts';
import type { DatedAction, Market, RunConfig } from '#app/backtest/run/types.ts';

const MAX_MARKETS = 1_000;
const MAX_ACTIONS = 10_000;
const MAX_REF = 4_096;

const amount = z.number().nonnegative();
const percent = z.number().min(0).max(1_000);
const instant = z.number().int().transform((value) => value as EpochMs);

/** Names a stretch of bars. What it means (a column file, a CSV file, a name that the caller gave to shared columns) is the business of who resolves it. */
const barsRefSchema = z.string().min(1).max(MAX_REF);

const actionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('split'), symbol: symbolSchema, oldRate: positiveDecimalText, newRate: positiveDecimalText }),
  z.strictObject({ kind: z.literal('cash_dividend'), symbol: symbolSchema, rate: positiveDecimalText, payableAt: instant }),
]);

const marketSchema = z.strictObject({
  symbol: symbolSchema,
  bars: barsRefSchema,
  detail: barsRefSchema.nullable().default(null),
  actions: z.array(z.strictObject({ at: z.number().int(), action: actionSchema })).max(MAX_ACTIONS).default([]),
  isShortable: z.boolean().default(false),
  isFractionable: z.boolean().default(false),
});

const slippageSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('bps'), bps: amount.max(10_000) }),
  z.strictObject({ kind: z.literal('spread'), bps: amount.max(10_000) }),
  z.strictObject({ kind: z.literal('volume_share'), impact: amount.max(100) }),
  z.strictObject({ kind: z.literal('atr'), multiple: amount.max(100), period: z.number().int().min(1).max(1_000) }),
  z.strictObject({ kind: z.literal('square_root'), coefficient: amount.max(100) }),
]);

const feesSchema = z.union([z.literal('us'), z.literal('none')]);

/** The strategy: a kind of the registry with its parameters, which the kind itself checks. */
const jobStrategySchema = z.strictObject({ kind: z.string().regex(/^[a-z][a-z0-9_]{0,59}$/), parameters: z.record(z.string().max(60), z.union([z.number(), z.boolean(), z.string().max(200)])).default({}) });

/** Everything that a back-test's outcome depends on, but the bars themselves, which are named. Dollars; percent where a name says so. */
export const jobSchema = z.strictObject({
  strategy: jobStrategySchema,
  markets: z.array(marketSchema).min(1).max(MAX_MARKETS),
  timeframe: timeframeSchema,
  sizing: sizingSchema,
  account: z.strictObject({ cash: z.number().positive().max(1e12), multiplier: z.union([z.literal(1), z.literal(2), z.literal(4)]), canShort: z.boolean(), borrowPercent: percent, marginInterestPercent: percent }).default({ ...CASH_ACCOUNT }),
  fills: z.strictObject({
    marketAt: z.enum(['next_open', 'this_close']), sizedAt: z.enum(['signal', 'fill']).default('signal'), limit: z.enum(['through', 'touch']), intrabar: z.enum(['pessimistic', 'open_high_low_close', 'open_low_high_close', 'adaptive']), volumeCap: z.number().positive().max(1).nullable(),
  }).default({ ...STRICT_FILLS, sizedAt: 'signal' }),
  slippage: slippageSchema.default({ kind: 'none' }),
  commission: z.strictObject({ perOrder: amount, perShare: amount, percent: amount.max(100), minimum: amount }).default({ ...NO_COMMISSION }),
  fees: feesSchema.default('us'),
  desk: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('plain') }),
    z.strictObject({ kind: z.literal('house'), limits: riskLimitsSchema, strategyLimits: z.strictObject({ maxNotional: positiveDecimalText, maxOrdersPerDay: z.number().int().min(1) }).optional().describe('Of the strategy alone'), strategyId: z.string().min(1).max(64), versionId: z.string().min(1).max(64) }),
  ]).default({ kind: 'plain' }),
  isBrokerStrict: z.boolean().default(false),
});
/** A checked job. */
export type Job = z.output<typeof jobSchema>;
/** A job as it is written, defaults left out. */
export type JobInput = z.input<typeof jobSchema>;

/** What a job leaves to its surroundings: who knows strategies by kind, and where named bars are. */
export type JobSurroundings = { strategyType(kind: string): StrategyType; barsOf(ref: string): BarColumns };

/** Reads a job from anywhere. @throws AppError INPUT_INVALID, naming the field */
export function readJob(raw: unknown): Job {
  const job = jobSchema.safeParse(raw);
  if (job.success) return job.data;
  const issue = job.error.issues[0];
  throw new AppError('INPUT_INVALID', `The back-test cannot be run: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not a job'}`);
}

/** Finds bars by the names that a job gives them. @throws AppError INVARIANT_BROKEN for a name that is not among them */
export function barsAmong(bars: ReadonlyMap<string, BarColumns>): JobSurroundings['barsOf'] {
  return (ref) => {
    const found = bars.get(ref);
    invariant(found, 'The bars that a job names are not at hand', { ref });
    return found;
  };
}

/** All names of bars that a job speaks of, each once. */
export function barsRefsOf(job: Job): readonly string[] {
  return [...new Set(job.markets.flatMap(({ bars, detail }) => (detail === null ? [bars] : [bars, detail])))];
}

function ownLimits({ strategyLimits }: Extract<Job['desk'], { kind: 'house' }>): StrategyTerms['limits'] {
  return strategyLimits === undefined ? null : { maxNotional: money(strategyLimits.maxNotional), maxOrdersPerDay: strategyLimits.maxOrdersPerDay };
}

function marketOf(market: Job['markets'][number], barsOf: JobSurroundings['barsOf']): Market {
  const bars = barsOf(market.bars);
  invariant(barCount(bars) > 0, 'There are no bars to run on', { symbol: market.symbol, bars: market.bars });
  const actions: readonly DatedAction[] = market.actions;
  return { symbol: market.symbol, bars, detail: market.detail === null ? null : barsOf(market.detail), actions, isShortable: market.isShortable, isFractionable: market.isFractionable };
}

/**
 * What the engine takes; markets in the order of their symbols. @throws AppError STRATEGY_NOT_FOUND, STRATEGY_PARAMETERS_INVALID; INPUT_INVALID for a symbol that is named
 * twice and for a number of symbols that the strategy does not take; what `barsOf` throws.
 */
export function runConfigOf(job: Job, { strategyType, barsOf }: JobSurroundings): RunConfig {
  const symbols = job.markets.map(({ symbol }) => symbol);
  if (new Set(symbols).size !== symbols.length) throw new AppError('INPUT_INVALID', 'A symbol is named twice');
  const strategy = strategyType(job.strategy.kind).bind(job.strategy.parameters);
  const [least, most] = strategy.symbols;
  if (strategy.scope === 'portfolio' && (symbols.length < least || symbols.length > most)) throw new AppError('INPUT_INVALID', `The strategy ${strategy.kind} takes ${least === most ? least : `${least} to ${most}`} symbols, not ${symbols.length}`);
  const markets = [...job.markets].sort((a, b) => (a.symbol < b.symbol ? -1 : 1)).map((market) => marketOf(market, barsOf));
  const { timeframe, sizing, account, fills, slippage, commission, isBrokerStrict } = job;
  return {
    strategy, markets, timeframe, sizing, account, fills, slippage, commission, isBrokerStrict,
    fees: job.fees === 'us' ? US_SELL_FEES : null,
    desk: job.desk.kind === 'plain' ? job.desk : { kind: 'house', limits: exactLimits(job.desk.limits), strategyLimits: ownLimits(job.desk), strategyId: job.desk.strategyId, versionId: job.desk.versionId },
  };
}
