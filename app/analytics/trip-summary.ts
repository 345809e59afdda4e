/** Round trips and fills of one group (an account, a strategy, a symbol, an hour) boiled down to the figures that tables show. */
import { toFloat } from '#app/domain/numeric.ts';
import { expectancy } from './expectancy.ts';
import { extremes } from './extremes.ts';
import { profitFactor } from './profit-factor.ts';
import { profitsOf, type OwnedFill, type RoundTrip } from './round-trips.ts';
import { slippage } from './slippage.ts';
import { winRate } from './win-rate.ts';

/** A fill with the price on which its order was decided, dollars; null when it is not known. */
export type ReferencedFill = OwnedFill & { readonly reference: number | null };

/** The figures of a group. Dollars after fees, fractions, milliseconds, basis points; null where there is too little. */
export type TripSummary = {
  readonly roundTrips: number; readonly wins: number; readonly losses: number; readonly profit: number; readonly winRate: number | null; readonly profitFactor: number | null; readonly expectancy: number | null;
  readonly best: number | null; readonly worst: number | null; readonly meanHoldingMs: number | null; readonly fills: number; readonly fees: number; readonly slippage: number | null; readonly slippageBps: number | null;
};

/** Sums a group up. The trips decide on profit, the fills on fees and slippage; a fill of a position that is still open counts there too. */
export function summariseTrips(trips: readonly RoundTrip[], fills: readonly ReferencedFill[]): TripSummary {
  const profits = profitsOf(trips);
  const ends = extremes(profits);
  const cost = slippage(fills.map((fill) => ({ side: fill.side, qty: toFloat(fill.qty), price: toFloat(fill.price), reference: fill.reference })));
  return {
    roundTrips: trips.length, wins: profits.filter((profit) => profit > 0).length, losses: profits.filter((profit) => profit < 0).length, profit: profits.reduce((sum, profit) => sum + profit, 0),
    winRate: winRate(profits), profitFactor: profitFactor(profits), expectancy: expectancy(profits), best: ends?.best ?? null, worst: ends?.worst ?? null,
    meanHoldingMs: trips.length === 0 ? null : trips.reduce((sum, trip) => sum + (trip.closedAt - trip.openedAt), 0) / trips.length,
    fills: fills.length, fees: fills.reduce((sum, fill) => sum + toFloat(fill.fee), 0), slippage: cost.dollars, slippageBps: cost.basisPoints,
  };
}
