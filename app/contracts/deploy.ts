/** Deploying what a person wrote: gates, limits of one strategy, starting, pausing and stopping it, and what it does live. */
import * as z from 'zod';
import { symbolSchema } from '#app/domain/ids.ts';
import { decimalText, positiveDecimalText } from '#app/domain/numeric.ts';
import { timeframeSchema } from '#app/domain/time.ts';
import { projectIdSchema } from './author.ts';
import { ModeSchema } from './config.ts';
import { backtestIdSchema } from './studio.ts';

const ms = z.number().int();

/** Symbols of one deployment at most. */
export const MAX_DEPLOYED_SYMBOLS = 200;
/** Errors in a row after which a strategy is paused, when its limits say nothing else. */
export const DEFAULT_MAX_ERRORS = 3;

/** Id of a deployed strategy: small letters, digits and _. */
export const strategyIdSchema = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/);
const version = z.coerce.number().int().min(1).max(1_000_000);

/** What one strategy may do, beside the limits of the account. */
export const strategyLimitsSchema = z.strictObject({
  maxNotional: positiveDecimalText.describe('Value of everything that it holds and has ordered to open, dollars'),
  maxOrdersPerDay: z.number().int().min(1).max(10_000).describe('Entries approved for it on one exchange day'),
  maxDailyLoss: positiveDecimalText.describe('Loss since the session began, realized and open, at which it is paused, dollars'),
  maxErrors: z.number().int().min(1).max(100).default(DEFAULT_MAX_ERRORS).describe('Errors in a row at which it is paused'),
});
/** What one strategy may do. */
export type StrategyLimits = z.infer<typeof strategyLimitsSchema>;

/** The gates, in the order in which they are shown. */
export const GATES = ['source', 'look_ahead', 'backtest', 'out_of_sample', 'verdict_read', 'limits', 'paper_days'] as const;
/** A gate as it stands for one version in one market. `open`: not passed yet; `failed`: passed is impossible without a change; `not_needed`: this market does not ask for it. `action`: what passes it. */
export const gateSchema = z.object({
  gate: z.enum(GATES), title: z.string(), state: z.enum(['passed', 'open', 'failed', 'not_needed']), observed: z.string(), needed: z.string(), remedy: z.string().nullable(),
  action: z.enum(['fix_source', 'check_look_ahead', 'run_backtest', 'optimise', 'read_verdict', 'set_limits', 'deploy_to_paper', 'none']), at: ms.nullable(), backtestId: z.string().nullable(),
});
/** A gate. */
export type Gate = z.infer<typeof gateSchema>;
/** All gates of a version. `mode`: the market that runs now, into which it would go. */
export const gatesSchema = z.object({ projectId: z.string(), version: z.number().int(), hash: z.string(), mode: ModeSchema, isOpen: z.boolean(), gates: z.array(gateSchema) });
/** All gates of a version. */
export type Gates = z.infer<typeof gatesSchema>;

/** What to do with what a strategy holds when it stops. */
export const POSITIONS_ON_STOP = ['keep', 'flatten'] as const;

/** Fields of the commands and routes about deployed strategies. */
export const deployFields = {
  /** `strategyId`: an existing deployment of the same project takes the version; left out: a new one. `symbols`: names, or `*` for every watched symbol; or a screen. */
  deploy: {
    projectId: projectIdSchema, version, strategyId: strategyIdSchema.optional(), name: z.string().trim().min(1).max(80), parameters: z.record(z.string(), z.unknown()).default({}),
    symbols: z.array(z.union([symbolSchema, z.literal('*')])).min(1).max(MAX_DEPLOYED_SYMBOLS).optional(), screenId: z.string().max(64).optional(), timeframe: timeframeSchema, sizing: z.record(z.string(), z.unknown()), limits: strategyLimitsSchema,
    isStarted: z.boolean().default(true).describe('Begin at once; else it waits, paused'),
  },
  start: { strategyId: strategyIdSchema },
  pause: { strategyId: strategyIdSchema, reason: z.string().trim().max(200).default('') },
  stop: { strategyId: strategyIdSchema, positions: z.enum(POSITIONS_ON_STOP), reason: z.string().trim().max(200).default('') },
  limits: { strategyId: strategyIdSchema, limits: strategyLimitsSchema },
  readVerdict: { projectId: projectIdSchema, version, backtestId: backtestIdSchema },
};
/** What is answered to a change of a deployment. */
export const deployedSchema = z.object({ strategyId: z.string(), versionId: z.string(), state: z.enum(['running', 'paused', 'stopped']) });

/** How a deployment stands. `failed`: it cannot run at all, `problem` says why. */
export const DEPLOYMENT_STATES = ['running', 'warming_up', 'paused', 'stopped', 'failed'] as const;

/** P&L against what the back-test lets expect: per exchange day since the start, or of the last year and a half where it began before, `[day, dollars since the first of them began, low, middle, high]`, the band of 5 to 95 percent of draws from the back-test's days. `verdict` in words. */
export const expectationSchema = z.object({
  backtestId: z.string(), days: z.array(z.object({ day: z.string(), actual: z.number().nullable(), low: z.number(), middle: z.number(), high: z.number() })), standing: z.enum(['within', 'below', 'above', 'too_early']), words: z.string(),
});
/** P&L against expectation. */
export type Expectation = z.infer<typeof expectationSchema>;

/** What differed between a day as it was traded and the same day run again. `reason`: in words, by what is known. Prices in dollars. */
export const parityDifferenceSchema = z.object({
  symbol: z.string(), at: ms, kind: z.enum(['missing', 'extra', 'size', 'price', 'time', 'denied', 'partial']), live: z.string().nullable(), replayed: z.string().nullable(), reason: z.string(), priceDifferenceBps: z.number().nullable(), cost: z.number().nullable(),
});
/** A difference. */
export type ParityDifference = z.infer<typeof parityDifferenceSchema>;
/** One day of one strategy, run again over the recorded bars. `score`: 0..100, 100 = every trade the same; null = nothing to compare (`note` says why). `trades`: of both, matched and not. */
export const parityDaySchema = z.object({
  strategyId: z.string(), versionId: z.string(), day: z.string(), score: z.number().nullable(), signals: z.number().int(), signalsSame: z.number().int(), trades: z.number().int(), tradesSame: z.number().int(), differences: z.array(parityDifferenceSchema),
  note: z.string().nullable(), bars: z.number().int(), calculatedAt: ms,
});
/** One day. */
export type ParityDay = z.infer<typeof parityDaySchema>;

/** A line of a running strategy's log. */
export const strategyLogLineSchema = z.object({ seq: z.number().int(), at: ms, barTime: ms.nullable(), symbol: z.string().nullable(), level: z.enum(['info', 'warn', 'error']), line: z.string(), versionId: z.string() });
/** A line of a running strategy's log. */
export type StrategyLogLine = z.infer<typeof strategyLogLineSchema>;

/** What a strategy's process costs. A strategy of the house runs in the engine and has none of its own (null). `msPerBar`: mean of the last hundred. */
export const resourceSchema = z.object({ isOwnProcess: z.boolean(), cpuPercent: z.number().nullable(), memoryBytes: z.number().nullable(), msPerBar: z.number().nullable(), worstMsPerBar: z.number().nullable(), bars: z.number().int(), restarts: z.number().int(), at: ms });
/** What it costs. */
export type Resource = z.infer<typeof resourceSchema>;

/** One deployment in a list. Money as decimal text. */
export const deploymentCardSchema = z.object({
  strategyId: z.string(), name: z.string(), mode: ModeSchema, project: z.object({ projectId: z.string(), version: z.number().int(), newest: z.number().int() }).nullable(), kind: z.string(), versionId: z.string(), timeframe: z.string(), symbols: z.array(z.string()),
  state: z.enum(DEPLOYMENT_STATES), problem: z.string().nullable(), pausedBy: z.enum(['person', 'errors', 'daily_loss']).nullable(), pausedWhy: z.string().nullable(), since: ms, errors: z.number().int().describe('Since its version began'), errorsInARow: z.number().int(),
  signals: z.number().int(), approved: z.number().int(), denied: z.number().int(), fills: z.number().int(), openPositions: z.number().int(), realizedPnl: decimalText, openPnl: decimalText, todayPnl: decimalText.nullable(), lastSignalAt: ms.nullable(), lastBarAt: ms.nullable(),
  limits: strategyLimitsSchema.nullable(), resource: resourceSchema.nullable(), parity: z.object({ day: z.string(), score: z.number().nullable(), differences: z.number().int() }).nullable(), expectation: expectationSchema.pick({ standing: true, words: true }).extend({ earned: z.array(z.number()).max(400).optional().describe('Dollars since the start, of each exchange day that is known') }).nullable(),
});
/** One deployment. */
export type DeploymentCard = z.infer<typeof deploymentCardSchema>;

/** What a deployment does now, in full. `cells`: of each symbol (or of the whole portfolio) the last bar, indicators, wish, memory as JSON text. `signals`: newest first with what risk said. */
export const deploymentLiveSchema = z.object({
  card: deploymentCardSchema, parameters: z.record(z.string(), z.unknown()), sizing: z.record(z.string(), z.unknown()),
  cells: z.array(z.object({
    symbol: z.string(), lastBarAt: ms, bars: z.number().int(), isWarm: z.boolean(), indicators: z.array(z.object({ symbol: z.string(), name: z.string(), label: z.string(), value: z.number().nullable() })), wish: z.array(z.object({ symbol: z.string(), side: z.enum(['long', 'short', 'flat']), weight: z.number().nullable() })), state: z.string(),
  })), cellsLeftOut: z.number().int(),
  signals: z.array(z.object({ signalId: z.string(), symbol: z.string(), target: z.string(), weight: z.number().nullable(), barTime: ms, at: ms, price: z.number(), reasons: z.array(z.object({ name: z.string(), value: z.string(), threshold: z.string() })), decisionId: z.string().nullable(), outcome: z.enum(['approved', 'denied', 'undecided']), words: z.string() })),
  positions: z.array(z.object({ symbol: z.string(), qty: decimalText, avgPrice: decimalText.nullable(), openPnl: decimalText.nullable() })), expectation: expectationSchema.nullable(), at: ms,
});
/** What a deployment does now. */
export type DeploymentLive = z.infer<typeof deploymentLiveSchema>;
