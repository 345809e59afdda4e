/** Runs of the author studio: back-tests in a list, one in full, its log, and its bars one by one. */
import * as z from 'zod';
import { symbolSchema } from '#app/domain/ids.ts';
import { backtestResultSchema, backtestVerdictSchema } from './backtest.ts';
import { projectIdSchema } from './author.ts';
import { explainedCheckSchema } from './explain.ts';

const ms = z.number().int();

/** Lines of a strategy's log that a run keeps; what comes beyond is counted. Most characters of a line. */
export const MAX_LOG_LINES = 5_000;
export const MAX_LOG_CHARACTERS = 500;
/** Bars that one question to the stepper answers at most. */
export const MAX_STEPS = 200;
/** Runs on one page of the list. */
export const MAX_BACKTEST_PAGE = 100;

/** The id of a back-test: made of its run's id. */
export const backtestIdSchema = z.string().regex(/^bt_[0-9a-f]{24}$/);
/** `running`: no curve yet; `ran`: curve and trades are there, judgement and statistics follow. */
export const BACKTEST_STATES = ['running', 'ran', 'done', 'failed', 'cancelled'] as const;

/** Why a run failed, with the place in the author's file where there is one. */
export const runProblemSchema = z.object({ code: z.string(), message: z.string(), path: z.string().nullable(), line: z.number().int().nullable(), column: z.number().int().nullable(), symbol: z.string().nullable(), openTime: ms.nullable() });
/** Why a run failed. */
export type RunProblem = z.infer<typeof runProblemSchema>;

/** A back-test in a list. `project` null: a strategy of the house. Fractions, dollars, epoch ms; figures are null until the state is `done`. `trials`: points of its search. */
export const backtestViewSchema = z.object({
  backtestId: backtestIdSchema, runId: z.string().nullable(), state: z.enum(BACKTEST_STATES), problem: runProblemSchema.nullable(),
  project: z.object({ projectId: z.string(), version: z.number().int(), hash: z.string().nullable() }).nullable(), strategyId: z.string().nullable(), versionId: z.string().nullable(), kind: z.string(),
  parameters: z.record(z.string(), z.unknown()), symbols: z.array(z.string()), screenId: z.string().nullable(), timeframe: z.string(), from: ms.nullable(), to: ms.nullable(), startedAt: ms, finishedAt: ms.nullable(),
  startEquity: z.number(), endEquity: z.number().nullable(), totalReturn: z.number().nullable(), benchmark: z.string().nullable(), benchmarkReturn: z.number().nullable(), sharpe: z.number().nullable(), maxDrawdown: z.number().nullable(), trips: z.number().int().nullable(),
  belief: backtestVerdictSchema.shape.belief.nullable(), headline: z.string().nullable(), hasSearch: z.boolean(), trials: z.number().int().nullable(), manifestHash: z.string().nullable(), barsSeen: z.number().int(),
  /** Milliseconds from the start to the curve, and to the end. */ ranMs: z.number().nullable(), tookMs: z.number().nullable(), /** Milliseconds of the run alone, without starting and loading: what a search takes for each of its points. Left out by runs of older versions. */ engineMs: z.number().optional(),
});
/** A back-test in a list. */
export type BacktestView = z.infer<typeof backtestViewSchema>;

/** Bands of what the same trades could have given: of each step (from 0 = begin to 1 = end of the run) the equity below which so many percent of the draws lie, dollars. `lossPart`: draws that end below the start; `ruinPart`: that fall by `ruinFall`. */
export const monteCarloViewSchema = z.object({
  method: z.string(), draws: z.number().int(), seed: z.number().int(), at: z.array(z.number()), p5: z.array(z.number()), p25: z.array(z.number()), p50: z.array(z.number()), p75: z.array(z.number()), p95: z.array(z.number()),
  maxDrawdown: z.object({ p5: z.number(), p50: z.number(), p95: z.number() }), lossPart: z.number(), ruinPart: z.number(), ruinFall: z.number(),
});
/** Bands of what could have been. */
export type MonteCarloView = z.infer<typeof monteCarloViewSchema>;

/** One back-test in full. `benchmarkCurve`: `[epoch ms, dollars]` brought to the same start. `request`: as it was asked, to be run again. */
export const backtestDetailSchema = z.object({
  view: backtestViewSchema, request: z.record(z.string(), z.unknown()), result: backtestResultSchema.nullable(), monteCarlo: monteCarloViewSchema.nullable(), benchmarkCurve: z.array(z.tuple([ms, z.number()])).nullable(),
  log: z.object({ lines: z.number().int(), dropped: z.number().int() }), progress: z.object({ done: z.number(), total: z.number() }).nullable(),
});
/** One back-test in full. */
export type BacktestDetail = z.infer<typeof backtestDetailSchema>;

/** A line that the strategy wrote. `barTime`: close of the bar, epoch ms. `line`: text. */
export const runLogLineViewSchema = z.object({ seq: z.number().int(), barTime: ms.nullable(), symbol: z.string().nullable(), level: z.enum(['info', 'warn', 'error']), line: z.string() });
/** A line that the strategy wrote. */
export type RunLogLineView = z.infer<typeof runLogLineViewSchema>;

const wish = z.object({ symbol: z.string(), side: z.enum(['long', 'short', 'flat']), weight: z.number().nullable() });
/** What became of an order at a bar. `id`: of the run. */
export const stepOrderSchema = z.object({
  id: z.number().int(), symbol: z.string(), what: z.enum(['placed', 'filled', 'cancelled', 'expired', 'denied', 'rejected', 'changed']), side: z.enum(['buy', 'sell']), qty: z.number(), type: z.string(), price: z.number().nullable(), note: z.string(),
});
/** One bar of a run, as the strategy lived it: prices, what it saw, what it remembered, what it said, what became of its orders. `state`: JSON text. */
export const runStepSchema = z.object({
  openTime: ms, closeTime: ms, bars: z.array(z.object({ symbol: z.string(), open: z.number(), high: z.number(), low: z.number(), close: z.number(), volume: z.number() })), wasAsked: z.boolean(),
  indicators: z.array(z.object({ symbol: z.string(), name: z.string(), label: z.string(), value: z.number().nullable() })), checks: z.array(explainedCheckSchema), state: z.object({ before: z.string(), after: z.string() }),
  said: z.array(wish.extend({ what: z.enum(['target', 'order', 'cancel']), reasons: z.array(z.object({ name: z.string(), value: z.string(), threshold: z.string() })) })), orders: z.array(stepOrderSchema),
  positions: z.array(z.object({ symbol: z.string(), qty: z.number(), averagePrice: z.number().nullable(), openProfit: z.number() })), cash: z.number(), equity: z.number(), log: z.array(z.string()),
});
/** One bar of a run. */
export type RunStep = z.infer<typeof runStepSchema>;

/** Which bars: `count` from the bar that opens at or after `from` (epoch ms; left out: the first at which the strategy is asked). `only`: bars at which it spoke or an order changed. */
export const stepAskFields = { backtestId: backtestIdSchema, symbol: symbolSchema.optional(), from: z.coerce.number().int().min(0).optional(), count: z.coerce.number().int().min(1).max(MAX_STEPS).default(50), only: z.enum(['all', 'acts']).default('all') };
/** Steps, oldest first. `isSame`: the run gave the same orders as when it was stored (same bars, same code). */
export const stepAnswerSchema = z.object({ steps: z.array(runStepSchema), total: z.number().int(), first: ms.nullable(), last: ms.nullable(), isSame: z.boolean(), note: z.string().nullable(), tookMs: z.number() });

/** Which runs: of a project, of a deployed strategy, or all. */
export const backtestListFields = { projectId: projectIdSchema.optional(), strategyId: z.string().max(64).optional(), limit: z.coerce.number().int().min(1).max(MAX_BACKTEST_PAGE).default(50), before: backtestIdSchema.optional() };
