/** Searches for parameters: what is asked for. The result is app/backtest/search's report, stored as it is. */
import * as z from 'zod';

const value = z.union([z.number(), z.string().max(60), z.boolean()]);

/** Most points that one search may try. */
export const MAX_SEARCH_TRIALS = 20_000;

/** Which parameters to vary, how, and what is good. What is left out has the default of the command line. */
export const searchRequestSchema = z.strictObject({
  ranges: z.record(z.string().max(60), z.union([z.strictObject({ from: z.number(), to: z.number(), step: z.number().positive().optional() }), z.array(value).min(1).max(200)])).optional()
    .describe('Parameters to vary: numbers from..to by a step, or a list of values; left out: all of them over their whole range'),
  method: z.enum(['grid', 'random', 'latin', 'tpe']).default('grid').describe('grid: every point; random, latin (spread evenly) and tpe (learns where it is good): so many trials'),
  trials: z.number().int().min(1).max(MAX_SEARCH_TRIALS).default(200).describe('Points to try by random, latin and tpe'),
  objective: z.string().max(40).default('sharpe').describe('The figure that decides, for example sharpe, sortino, calmar, total_return'),
  minTrades: z.number().int().min(0).max(10_000).default(10).describe('A good score with fewer closed trades shrinks'),
  maxDrawdownPercent: z.number().min(0.1).max(100).optional().describe('A good score with a deeper fall shrinks'),
  walkForward: z.strictObject({
    kind: z.enum(['anchored', 'rolling']).default('rolling'), folds: z.number().int().min(1).max(50).default(5), outPart: z.number().min(0.05).max(0.9).default(0.25),
  }).optional().describe('Chooses on windows and tries each choice on the time behind it'),
  choose: z.enum(['best', 'sturdiest']).default('sturdiest').describe('What is taken along: the best point, or the best one on a plateau'),
});
/** What is asked of a search, filled in. */
export type SearchRequest = z.output<typeof searchRequestSchema>;
