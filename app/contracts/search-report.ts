/** What a search found, as it is stored in strategy_engine.searches and drawn by pages. Made by services/research/search-report.ts. */
import * as z from 'zod';

const ms = z.number().int();
const known = z.number().nullable();
const axisValue = z.union([z.number(), z.string(), z.boolean()]);
const parameters = z.record(z.string(), axisValue);
const figures = z.record(z.string(), known);

/** One trial. `plateau`: how much of its score its neighbours keep, 0..1. */
export const trialReportSchema = z.object({
  parameters, score: known, figures, plateau: z.object({ oneStep: known, twoSteps: known, score: known, judged: z.number().int(), neighbours: z.number().int() }).nullable(),
});
/** One trial. */
export type TrialView = z.infer<typeof trialReportSchema>;

/** Two parameters as a map of scores: `cells[y][x]`, null where nothing was judged. */
export const heatMapSchema = z.object({ x: z.string(), y: z.string(), xValues: z.array(axisValue), yValues: z.array(axisValue), cells: z.array(z.array(known)), counts: z.array(z.array(z.number())), rule: z.enum(['best', 'median', 'worst']) });
/** Two parameters as a map. */
export type HeatMapView = z.infer<typeof heatMapSchema>;

/** One window of a walk forward. Epoch ms. */
export const foldSchema = z.object({ inFrom: ms, outFrom: ms, outTo: ms, parameters: parameters.nullable(), inSample: figures.nullable(), outOfSample: figures.nullable() });

/** The whole search. */
export const searchReportSchema = z.object({
  identity: z.string(), strategy: z.string(), symbols: z.array(z.string()), timeframe: z.string(), method: z.looseObject({ kind: z.enum(['grid', 'random', 'latin', 'tpe']) }),
  objective: z.object({ figure: z.string(), minTrades: z.number(), maxDrawdown: known }), points: z.number().int(), unusable: z.number().int(), trials: z.number().int(), runs: z.number().int(), failed: z.number().int(), isComplete: z.boolean(),
  best: trialReportSchema.nullable(), sturdy: trialReportSchema.nullable(), top: z.array(trialReportSchema), maps: z.array(heatMapSchema),
  overfitting: z.object({ probability: z.number(), chanceOfLoss: z.number(), slope: known, medianRank: z.number(), splits: z.number().int(), blocks: z.number().int(), trials: z.number().int() }).nullable(), sharpes: z.array(known),
  failures: z.array(z.object({ parameters, why: z.string() })),
  walkForward: z.object({
    folds: z.array(foldSchema), efficiency: z.object({ growth: known, objective: known }), paths: z.array(z.object({ name: z.string(), values: z.array(axisValue), stability: z.number(), isAtEdge: z.boolean() })), isComplete: z.boolean(),
    curve: z.object({ cash: z.number(), at: z.array(ms), equity: z.array(z.number()) }),
  }).nullable(),
});
/** The whole search. */
export type SearchReportView = z.infer<typeof searchReportSchema>;
