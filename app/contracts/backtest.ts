/** Back-tests: what is asked for, and the stored result that statistics, pages and reports are made of. */
import * as z from 'zod';
import { symbolSchema } from '#app/domain/ids.ts';
import { decimalText, positiveDecimalText } from '#app/domain/numeric.ts';
import { sideSchema } from '#app/domain/order.ts';
import { timeframeSchema } from '#app/domain/time.ts';

/** Most bars that one back-test may read. */
export const MAX_BACKTEST_BARS = 1_000_000;
/** Most points of the stored equity curve; a longer run keeps every 2nd, 4th, 8th ... bar, and always the first and the last. */
export const MAX_EQUITY_POINTS = 2_000;
/** Most trades that are stored; a run with more says so and keeps the first of them. Its hash is of all. */
export const MAX_STORED_TRADES = 20_000;
/** Results that are kept; the oldest beyond them go when a new one is stored. */
export const MAX_KEPT_BACKTESTS = 1_000;
/** Most session days in the stored daily curve: forty years. */
export const MAX_BACKTEST_DAYS = 10_100;

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day such as 2024-07-01');

/**
 * What to run: a stored strategy (`strategyId`), or a built-in kind with parameters. Everything has a default, so that `{}` runs the
 * moving-average crossover over the newest stored sessions of one watched symbol. `from` and `to` are session days, both included.
 */
export const backtestRequestSchema = z.strictObject({
  strategyId: z.string().min(1).max(64).optional().describe('A stored strategy with its parameters, sizing and timeframe; leave out to name a kind'),
  kind: z.string().min(1).max(64).optional().describe('A built-in kind such as sma_cross or rsi_reversion; only without a stored strategy'),
  parameters: z.record(z.string(), z.unknown()).optional().describe('Parameters of the kind; what is left out has its default. With a stored strategy: instead of its own'),
  symbols: z.array(symbolSchema).min(1).max(20).optional().describe('Symbols to trade; left out: the first watched symbol that has bars'),
  timeframe: timeframeSchema.optional().describe('Width of the stored bars; left out: the strategy\'s own'),
  from: day.optional().describe('First session day; left out: 60 days before the last'),
  to: day.optional().describe('Last session day; left out: the newest stored one'),
  startingCash: positiveDecimalText.default('100000').describe('Cash at the beginning, dollars'),
  sizing: z.record(z.string(), z.unknown()).optional().describe('How many shares an entry has, as in the strategy\'s settings; left out: the stored strategy\'s, or 5 percent of equity'),
  slippageBps: z.number().min(0).max(1_000).default(0).describe('Market orders fill this many basis points worse than the open of the next bar'),
  volumeCapPercent: z.number().min(0.01).max(100).optional().describe('Largest part of a bar\'s volume that may be traded, percent; left out: no cap'),
  hasFees: z.boolean().default(true).describe('Charge the regulatory fees on sells'),
});
/** What to run, filled in. */
export type BacktestRequest = z.output<typeof backtestRequestSchema>;

const at = z.number().int();

/** One execution. `tsMarket`: epoch ms; decimals as exact text, `fee` in dollars. */
export const backtestTradeSchema = z.object({ symbol: symbolSchema, side: sideSchema, qty: positiveDecimalText, price: positiveDecimalText, fee: decimalText, tsMarket: at, orderId: z.string(), signalId: z.string().nullable() });
/** One execution. */
export type BacktestTrade = z.infer<typeof backtestTradeSchema>;

/** From flat to flat in one symbol. `profit`: dollars after fees. */
export const backtestRoundTripSchema = z.object({ symbol: symbolSchema, openedAt: at, closedAt: at, fills: z.number().int(), profit: decimalText });
/** From flat to flat. */
export type BacktestRoundTrip = z.infer<typeof backtestRoundTripSchema>;

/** What came of it. Floats are statistics (dollars); decimal text is the ledger's. */
export const backtestResultSchema = z.object({
  backtestId: z.string(),
  strategy: z.object({ strategyId: z.string().nullable(), versionId: z.string().nullable(), kind: z.string(), parameters: z.unknown(), sizing: z.unknown() }),
  symbols: z.array(symbolSchema), timeframe: timeframeSchema,
  /** Open of the first bar and close of the last, epoch ms; null when there were no bars. */ from: at.nullable(), to: at.nullable(),
  startEquity: positiveDecimalText, endEquity: decimalText, feesPaid: decimalText,
  /** `[close of the bar, dollars]`, marked at the closes; at most MAX_EQUITY_POINTS. */ equity: z.array(z.tuple([at, z.number()])).max(MAX_EQUITY_POINTS),
  /** `[session day, dollars at its last bar]`: what daily returns are made of. */ daily: z.array(z.tuple([day, z.number()])).max(MAX_BACKTEST_DAYS),
  /** Largest fall from a peak over every bar, a fraction <= 0 of the peak (-0.1 = 10 %). */ maxDrawdown: z.number().max(0),
  trades: z.array(backtestTradeSchema).max(MAX_STORED_TRADES), isTruncated: z.boolean(), roundTrips: z.array(backtestRoundTripSchema).max(MAX_STORED_TRADES),
  /** Positions that are open at the end, marked in endEquity. */ openPositions: z.array(z.object({ symbol: symbolSchema, qty: decimalText, avgPrice: positiveDecimalText })),
  /** Signals, approved orders and denials by code. */ signals: z.number().int(), orders: z.number().int(), fills: z.number().int(), denied: z.record(z.string(), z.number().int()),
  /** SHA-256 of the canonical list of orders and fills: the same bars and request give the same hash on every machine. */ ordersHash: z.string(),
  barsSeen: z.number().int(), /** Bars outside of regular trading, which strategies do not see. */ barsLeftOut: z.number().int(),
});
/** What came of it. */
export type BacktestResult = z.infer<typeof backtestResultSchema>;

/** Output of the flow `backtest_strategy`; the whole result stands in `strategy_engine.backtests` under its id. */
export const backtestRunOutputSchema = backtestResultSchema.pick({ backtestId: true, symbols: true, timeframe: true, from: true, to: true, startEquity: true, endEquity: true, maxDrawdown: true, signals: true, orders: true, fills: true, ordersHash: true, barsSeen: true });
