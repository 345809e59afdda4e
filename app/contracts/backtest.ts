/** Back-tests: what is asked for, and the stored result that statistics, pages and reports are made of. */
import * as z from 'zod';
import { symbolSchema } from '#app/domain/ids.ts';
import { decimalText, positiveDecimalText } from '#app/domain/numeric.ts';
import { sideSchema } from '#app/domain/order.ts';
import { timeframeSchema } from '#app/domain/time.ts';
import { projectIdSchema } from './author.ts';
import { searchRequestSchema } from './search.ts';

/** Most bars that one back-test may read, over all its symbols: 48 bytes each in memory. */
export const MAX_BACKTEST_BARS = 5_000_000;
/** Most symbols of one back-test. */
export const MAX_BACKTEST_SYMBOLS = 100;
/** Most points of the stored equity curve; a longer run keeps every 2nd, 4th, 8th ... bar, and always the first and the last. */
export const MAX_EQUITY_POINTS = 2_000;
/** Most trades and round trips that are stored; a run with more says so and keeps the first of them. Its hash and its figures are of all. */
export const MAX_STORED_TRADES = 20_000;
/** Results that are kept; the oldest beyond them go when a new one is stored. */
export const MAX_KEPT_BACKTESTS = 1_000;
/** Most session days in the stored daily curve: forty years. */
export const MAX_BACKTEST_DAYS = 10_100;

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day such as 2024-07-01');
const amount = z.number().min(0);

/** How much worse than the reference price an order that takes liquidity fills; the engine's models, each with its source in app/backtest/run/types.ts. */
const slippageSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('bps'), bps: amount.max(1_000) }).describe('So many hundredths of a percent'),
  z.strictObject({ kind: z.literal('spread'), bps: amount.max(1_000) }).describe('Half of a spread of so many hundredths of a percent'),
  z.strictObject({ kind: z.literal('volume_share'), impact: amount.max(100) }).describe('Impact times the square of the share of the bar\'s volume'),
  z.strictObject({ kind: z.literal('atr'), multiple: amount.max(100), period: z.number().int().min(1).max(1_000) }).describe('A part of the average true range'),
  z.strictObject({ kind: z.literal('square_root'), coefficient: amount.max(100) }).describe('Coefficient times daily volatility times the root of the share of the volume'),
]);
const commissionSchema = z.strictObject({
  perOrder: amount.max(1_000).default(0).describe('Dollars an order'), perShare: amount.max(100).default(0).describe('Dollars a share'), percent: amount.max(10).default(0).describe('Percent of the value'),
  minimum: amount.max(1_000).default(0).describe('At least so many dollars an order'),
});
const fillsSchema = z.strictObject({
  marketAt: z.enum(['next_open', 'this_close']).default('next_open').describe('Where market orders fill; this_close is what no market grants'),
  limit: z.enum(['through', 'touch']).default('through').describe('Whether a limit must be traded through, or touched'),
  intrabar: z.enum(['pessimistic', 'open_high_low_close', 'open_low_high_close', 'adaptive']).default('pessimistic').describe('What comes first within a bar'),
});
const accountSchema = z.strictObject({
  multiplier: z.union([z.literal(1), z.literal(2), z.literal(4)]).describe('1 = cash account, 2 = margin'), canShort: z.boolean(),
  borrowPercent: amount.max(1_000).default(0).describe('Fee for borrowed shares, percent a year'), marginInterestPercent: amount.max(1_000).default(0).describe('Interest on debt, percent a year'),
});

/**
 * What to run: a stored strategy (`strategyId`), or a built-in kind with parameters. Everything has a default, so that `{}` runs the
 * moving-average crossover over the newest stored sessions of one watched symbol. `from` and `to` are session days, both included.
 */
export const backtestRequestSchema = z.strictObject({
  strategyId: z.string().min(1).max(64).optional().describe('A stored strategy with its parameters, sizing and timeframe; leave out to name a kind'),
  kind: z.string().min(1).max(64).optional().describe('A built-in kind such as sma_cross or rsi_reversion; only without a stored strategy'),
  project: z.strictObject({ projectId: projectIdSchema, version: z.number().int().min(1) }).optional().describe('A version of a strategy that was written here; instead of a stored strategy or a kind'),
  screenId: z.string().min(1).max(64).optional().describe('A saved screen whose symbols of now are traded; instead of symbols'),
  parameters: z.record(z.string(), z.unknown()).optional().describe('Parameters of the kind; what is left out has its default. With a stored strategy: instead of its own'),
  symbols: z.array(symbolSchema).min(1).max(MAX_BACKTEST_SYMBOLS).optional().describe('Symbols to trade; left out: the first watched symbols that have bars, as many as the strategy needs'),
  timeframe: timeframeSchema.optional().describe('Width of the stored bars; left out: the strategy\'s own'),
  from: day.optional().describe('First session day; left out: 60 days before the last'),
  to: day.optional().describe('Last session day; left out: the newest stored one'),
  startingCash: positiveDecimalText.default('100000').describe('Cash at the beginning, dollars'),
  sizing: z.record(z.string(), z.unknown()).optional().describe('How many shares an entry has, as in the strategy\'s settings; left out: the stored strategy\'s, or 5 percent of equity'),
  slippageBps: z.number().min(0).max(1_000).default(0).describe('Market orders fill this many basis points worse than the open of the next bar'),
  slippage: slippageSchema.optional().describe('Another model of slippage, instead of slippageBps'),
  commission: commissionSchema.optional().describe('What the broker takes; left out: nothing'),
  fills: fillsSchema.optional().describe('Rules of filling; left out: the next open, and the worse of what cannot be known'),
  account: accountSchema.optional().describe('Left out: a cash account; for strategies that sell short a margin account'),
  volumeCapPercent: z.number().min(0.01).max(100).optional().describe('Largest part of a bar\'s volume that may be traded, percent; left out: no cap'),
  hasFees: z.boolean().default(true).describe('Charge the regulatory fees on sells'),
  desk: z.enum(['house', 'plain']).default('house').describe('house: orders by the live risk rules with the limits in force; plain: by sizing alone'),
  benchmark: symbolSchema.optional().describe('A symbol to compare with, of which bars of the same width are stored'),
  hasChecks: z.boolean().default(true).describe('Also run it with later bars taken away, with noise on the prices and with parameters beside, where the bars are few enough: the verdict leans on that'),
  seed: z.number().int().min(0).max(0xffff_ffff).default(1).describe('Seed of the draws behind confidence intervals and searches'),
  search: searchRequestSchema.optional().describe('Searches the parameters first, then runs the ones that were found'),
});
/** What to run, filled in. */
export type BacktestRequest = z.output<typeof backtestRequestSchema>;

const at = z.number().int();

/** One execution. `tsMarket`: epoch ms; decimals as exact text, `fee` (commissions and fees) in dollars; `orderId` counts the orders of the run. */
export const backtestTradeSchema = z.object({ symbol: symbolSchema, side: sideSchema, qty: positiveDecimalText, price: positiveDecimalText, fee: decimalText, tsMarket: at, orderId: z.number().int() });
/** One execution. */
export type BacktestTrade = z.infer<typeof backtestTradeSchema>;

/** From flat to flat in one symbol. Dollars, `profit` after costs; `mae` <= 0 <= `mfe`: furthest fall and rise while it was held; `risk`: dollars at risk at the entry, null without a stop. */
export const backtestRoundTripSchema = z.object({
  symbol: symbolSchema, side: z.enum(['long', 'short']), openedAt: at, closedAt: at, qty: z.number(), entryPrice: z.number(), exitPrice: z.number(), profit: z.number(), cost: z.number(), mae: z.number(), mfe: z.number(),
  risk: z.number().nullable(),
});
/** From flat to flat. */
export type BacktestRoundTrip = z.infer<typeof backtestRoundTripSchema>;

const hash = z.string().regex(/^[0-9a-f]{16,64}$/);
/**
 * What the outcome depends on, hashed: a run of the same manifest gives the same orders. `engine`: version of the engine; `code`: behaviour of the strategy; `data`: the bars, by symbol; `parameters`;
 * `rules`: account, costs, fills, sizing, limits; `seed`: of random draws (the engine makes none); `hash`: of all of these.
 */
export const backtestManifestSchema = z.object({ engine: z.string(), code: hash, data: z.record(z.string(), hash), parameters: hash, rules: hash, seed: z.number().int(), hash });
/** What the outcome depends on. */
export type BacktestManifest = z.infer<typeof backtestManifestSchema>;

/** Whether to believe it, in words; reasons by weight. */
export const backtestVerdictSchema = z.object({
  belief: z.enum(['believe', 'doubtful', 'do_not_believe']), headline: z.string(), reasons: z.array(z.object({ grade: z.enum(['good', 'weak', 'bad', 'unknown']), finding: z.string(), remedy: z.string() })),
});

/** What came of it. Floats are statistics (dollars); decimal text is the ledger's. */
export const backtestResultSchema = z.object({
  backtestId: z.string(),
  strategy: z.object({ strategyId: z.string().nullable(), versionId: z.string().nullable(), kind: z.string(), parameters: z.unknown(), sizing: z.unknown(), project: z.object({ projectId: z.string(), version: z.number().int() }).nullable().default(null) }),
  symbols: z.array(symbolSchema), timeframe: timeframeSchema,
  /** Open of the first bar and close of the last, epoch ms; null when there were no bars. */ from: at.nullable(), to: at.nullable(),
  startEquity: positiveDecimalText, endEquity: decimalText, /** Commissions and fees. */ feesPaid: decimalText, /** Dividends less those owed; interest and borrow fees. */ dividends: z.number(), carry: z.number(),
  /** `[close of the bar, dollars]`, marked at the closes; at most MAX_EQUITY_POINTS. */ equity: z.array(z.tuple([at, z.number()])).max(MAX_EQUITY_POINTS),
  /** `[session day, dollars at its last bar]`: what daily returns are made of. */ daily: z.array(z.tuple([day, z.number()])).max(MAX_BACKTEST_DAYS),
  /** Largest fall from a peak over every bar, a fraction <= 0 of the peak (-0.1 = 10 %). */ maxDrawdown: z.number().max(0),
  trades: z.array(backtestTradeSchema).max(MAX_STORED_TRADES), isTruncated: z.boolean(), roundTrips: z.array(backtestRoundTripSchema).max(MAX_STORED_TRADES),
  /** Positions that are open at the end, marked in endEquity; short ones below 0. */ openPositions: z.array(z.object({ symbol: symbolSchema, qty: z.number(), avgPrice: z.number() })),
  /** Signals, approved orders and denials by code. */ signals: z.number().int(), orders: z.number().int(), fills: z.number().int(), denied: z.record(z.string(), z.number().int()),
  /** SHA-256 of the canonical list of orders and fills: the same bars and request give the same hash on every machine. */ ordersHash: z.string(),
  manifest: backtestManifestSchema.nullable(),
  barsSeen: z.number().int(), /** Bars outside of regular trading, which strategies do not see. */ barsLeftOut: z.number().int(),
  /** What a reader should know: splits that look unadjusted, and the like. */ warnings: z.array(z.string()),
  /** Every figure of the statistics' catalogue by name; null where it has no meaning. */ figures: z.record(z.string(), z.number().nullable()),
  /** The whole tear sheet (app/analytics/tear-sheet-types.ts); null without bars. */ tearSheet: z.record(z.string(), z.unknown()).nullable(),
  verdict: backtestVerdictSchema.nullable(),
  /** The search that found the parameters: strategy_engine.searches. */ searchId: z.string().nullable(),
});
/** What came of it. */
export type BacktestResult = z.infer<typeof backtestResultSchema>;

/** Output of the flow `backtest_strategy`; the whole result stands in `strategy_engine.backtests` under its id. */
export const backtestRunOutputSchema = backtestResultSchema.pick({
  backtestId: true, symbols: true, timeframe: true, from: true, to: true, startEquity: true, endEquity: true, maxDrawdown: true, signals: true, orders: true, fills: true, ordersHash: true, barsSeen: true, searchId: true,
}).extend({ manifestHash: z.string().nullable(), headline: z.string().nullable() });
