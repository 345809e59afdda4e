/** What a search looks for: one figure, and what is taken off it. */
import { invariant } from '#app/domain/errors.ts';
import type { RunFigure } from './figures.ts';

/** Figures by which trials may be ranked. A drawdown is none: not trading at all would be best. */
export const OBJECTIVES = ['sharpe', 'sortino', 'cagr', 'total_return', 'calmar', 'profit_factor', 'sqn', 'expectancy'] as const satisfies readonly RunFigure[];
/** One of them. */
export type ObjectiveFigure = (typeof OBJECTIVES)[number];

/** `minTrades`: closed round trips below which a good score shrinks; `maxDrawdown`: deepest fall that is borne, a fraction such as 0.3; null = any. */
export type Objective = { readonly figure: ObjectiveFigure; readonly minTrades: number; readonly maxDrawdown: number | null };

/** What most people mean: Sharpe, with ten trips to speak of. */
export const DEFAULT_OBJECTIVE: Objective = { figure: 'sharpe', minTrades: 10, maxDrawdown: null };

/** Beyond it a profit factor tells of few trades, not of a better strategy. */
const PROFIT_FACTOR_CAP = 10;

/** The score of a strategy that neither wins nor loses: where good begins. 1 for the profit factor, 0 for all others. */
export function neutralScore(figure: ObjectiveFigure): number {
  return figure === 'profit_factor' ? 1 : 0;
}

/**
 * Score of a trial, higher is better: the figure; its distance above neutral shrunk by trades / minTrades when there are fewer, and by maxDrawdown / |drawdown| when it fell deeper.
 * Scores below neutral are not shrunk, since that would improve them. NaN when the figure is not known, and without a single trip.
 * Worked: Sharpe 2 with 5 of 10 trips = 1; with a drawdown of 40 % where 20 % is borne, 0.5.
 */
export function scoreOf(objective: Objective, figure: (name: RunFigure) => number): number {
  const value = figure(objective.figure);
  const trades = figure('trades');
  if (Number.isNaN(value) || !(trades > 0)) return NaN;
  const known = objective.figure === 'profit_factor' ? Math.min(value, PROFIT_FACTOR_CAP) : value;
  invariant(Number.isFinite(known), 'An objective has no finite value', { figure: objective.figure, value });
  const neutral = neutralScore(objective.figure);
  if (known <= neutral) return known;
  const fallen = objective.maxDrawdown === null ? 0 : Math.abs(figure('max_drawdown'));
  const byTrades = objective.minTrades > 0 ? Math.min(1, trades / objective.minTrades) : 1;
  const byFall = objective.maxDrawdown !== null && fallen > objective.maxDrawdown ? objective.maxDrawdown / fallen : 1;
  return neutral + (known - neutral) * byTrades * byFall;
}

/** Figures that a score of this objective needs: a search must keep them. */
export function figuresNeeded(objective: Objective): readonly RunFigure[] {
  return objective.maxDrawdown === null ? [objective.figure, 'trades'] : [objective.figure, 'trades', 'max_drawdown'];
}
