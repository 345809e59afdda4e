/** The figures of closed round trips. */
import type { Figures } from './catalogue.ts';
import { expectancy, multiplesOfRisk, payoffRatio } from './expectancy.ts';
import { extremes } from './extremes.ts';
import { kelly } from './kelly.ts';
import { mean } from './moments.ts';
import { profitFactor } from './profit-factor.ts';
import { riskOfRuin } from './risk-of-ruin.ts';
import { streaks } from './streaks.ts';
import { systemQuality } from './system-quality.ts';
import { winRate } from './win-rate.ts';

/** Closed round trips as columns of one length, in order of their exits. Dollars after fees, milliseconds; a column that nobody knows is left out. `side`: 1 long, -1 short; `risk` NaN without a stop. */
export type TripFacts = {
  readonly profit: Float64Array; readonly holdingMs?: Float64Array; readonly mae?: Float64Array; readonly mfe?: Float64Array; readonly risk?: Float64Array; readonly side?: Int8Array; readonly cost?: Float64Array;
  /** Profit as a part of the equity before the entry. */ readonly onEquity?: Float64Array;
};

/** Names of the figures that round trips alone decide. */
type TripFigureName = 'round_trips' | 'win_rate' | 'break_even_trips' | 'average_win' | 'average_loss' | 'best_trip' | 'worst_trip' | 'payoff_ratio' | 'profit_factor' | 'expectancy' | 'expectancy_r' | 'system_quality' | 'kelly' | 'half_kelly'
  | 'risk_of_ruin' | 'winning_streak' | 'losing_streak' | 'average_holding' | 'longest_holding' | 'average_mae' | 'average_mfe' | 'cost_of_gains' | 'long_trips' | 'long_profit' | 'long_win_rate' | 'short_trips' | 'short_profit' | 'short_win_rate';

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Trips, profit and win rate of one side; all null where sides are not known. */
function ofSide({ profit, side }: TripFacts, wanted: 1 | -1): { readonly trips: number | null; readonly profit: number | null; readonly winRate: number | null } {
  if (side === undefined) return { trips: null, profit: null, winRate: null };
  const profits = profit.filter((_value, n) => side[n] === wanted);
  return { trips: profits.length, profit: sumOf(profits), winRate: winRate(profits) };
}

/** R where every trip has its risk, dollars where not. */
function qualityOf(profit: Float64Array, multiples: Float64Array | null): number | null {
  return systemQuality(multiples !== null && multiples.length === profit.length ? multiples : profit);
}

function costOfGains({ profit, cost }: TripFacts): number | null {
  if (cost === undefined) return null;
  const paid = sumOf(cost);
  const gained = sumOf(profit) + paid;
  return gained > 0 ? paid / gained : null;
}

/** Measures the trips. `capital`: dollars at the start, for the risk of ruin where the equity before each trip is not known. */
export function tripFigures(trips: TripFacts, capital: number): Pick<Figures, TripFigureName> {
  const { profit, holdingMs, mae, mfe, risk, onEquity } = trips;
  const [wins, losses] = [profit.filter((value) => value > 0), profit.filter((value) => value < 0)];
  const [winners, payoff, ends, runs] = [winRate(profit), payoffRatio(profit), extremes(profit), streaks(profit)];
  const part = kelly(winners, payoff);
  const multiples = risk === undefined ? null : multiplesOfRisk(profit, risk);
  const [long, short] = [ofSide(trips, 1), ofSide(trips, -1)];
  return {
    round_trips: profit.length, win_rate: winners, break_even_trips: profit.length - wins.length - losses.length, average_win: mean(wins), average_loss: mean(losses),
    best_trip: ends?.best ?? null, worst_trip: ends?.worst ?? null, payoff_ratio: payoff, profit_factor: profitFactor(profit), expectancy: expectancy(profit),
    expectancy_r: multiples === null ? null : mean(multiples), system_quality: qualityOf(profit, multiples), kelly: part, half_kelly: part === null ? null : part / 2,
    risk_of_ruin: onEquity === undefined ? riskOfRuin(profit, capital) : riskOfRuin(onEquity, 1), winning_streak: runs.wins, losing_streak: runs.losses,
    average_holding: holdingMs === undefined ? null : mean(holdingMs), longest_holding: holdingMs === undefined ? null : (extremes(holdingMs)?.best ?? null),
    average_mae: mae === undefined ? null : mean(mae), average_mfe: mfe === undefined ? null : mean(mfe), cost_of_gains: costOfGains(trips),
    long_trips: long.trips, long_profit: long.profit, long_win_rate: long.winRate, short_trips: short.trips, short_profit: short.profit, short_win_rate: short.winRate,
  };
}
