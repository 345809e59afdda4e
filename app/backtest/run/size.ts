/** How many shares a budget buys, rounded down. */
import { MICRO, NANO } from './units.ts';

/** Whole shares for micro-dollars at a price in micro-dollars, 0 when there are none. $5,000 at $50 = 100. */
export function floorShares(budget: number, price: number): number {
  if (!(budget > 0) || !(price > 0)) return 0;
  const shares = Math.floor(budget / price);
  // The quotient may have been rounded up to a whole number, or down from one.
  if (shares * price > budget) return shares - 1;
  return (shares + 1) * price <= budget ? shares + 1 : shares;
}

/** Percent of micro-dollars; the percentage as decimal text. */
export function percentBudget(micro: number, percent: string): number {
  return (micro * Math.round(Number(percent) * MICRO)) / (100 * MICRO);
}

/** 1e-9 shares for micro-dollars: whole shares, or down to a billionth of one. */
export function shareBudget(budget: number, price: number, isFractionable: boolean): number {
  if (!isFractionable) return floorShares(budget, price) * NANO;
  return budget > 0 && price > 0 ? Math.floor((budget / price) * NANO) : 0;
}
