/** Compound annual growth rate. */
import { DAY_MS } from '#app/domain/time.ts';
import { TRADING_DAYS_PER_YEAR } from './returns.ts';

const DAYS_PER_YEAR = 365.25;

function compounded(growth: number, exponent: number): number | null {
  return growth > 0 && Number.isFinite(exponent) && exponent > 0 ? growth ** exponent - 1 : null;
}

/**
 * (V_T / V_0)^(365.25 / calendar days) - 1, a fraction per year: the form for a ledger, where time passes at weekends too.
 * `spanMs`: from the first to the last point. Null without a positive growth or span. 100 -> 121 in 730.5 days = 0.1.
 */
export function cagr(equity: ArrayLike<number>, spanMs: number): number | null {
  const first = equity[0];
  const last = equity[equity.length - 1];
  return equity.length < 2 || first === undefined || last === undefined || !(first > 0) ? null : compounded(last / first, (DAYS_PER_YEAR * DAY_MS) / spanMs);
}

/** (1 + R)^(periods a year / periods) - 1 over simple returns: the form that back-tests show. Null without returns. Two returns of 0.1 at one period a year = 0.1. */
export function cagrOfReturns(returns: ArrayLike<number>, periodsPerYear: number = TRADING_DAYS_PER_YEAR): number | null {
  if (returns.length === 0) return null;
  let growth = 1;
  for (let n = 0; n < returns.length; n += 1) growth *= 1 + (returns[n] ?? 0);
  return compounded(growth, periodsPerYear / returns.length);
}
