/** Outlier ratios: how far the extremes stand from the ordinary. */
import { mean } from './moments.ts';
import { ascending, quantile } from './quantile.ts';

function ratio(returns: ArrayLike<number>, p: number, isOrdinary: (value: number) => boolean): number | null {
  const extreme = quantile(ascending(returns), p);
  const ordinary = mean(Array.from(returns).filter(isOrdinary));
  return extreme === null || ordinary === null || ordinary === 0 ? null : extreme / ordinary;
}

/** 99 % quantile of the returns / mean of those >= 0, without unit (as QuantStats). Null without one. outlierWinRatio(-0.01, 0.01, 0.03) = 0.0296 / 0.02 = 1.48. */
export function outlierWinRatio(returns: ArrayLike<number>): number | null {
  return ratio(returns, 0.99, (value) => value >= 0);
}

/** 1 % quantile of the returns / mean of those < 0, without unit (as QuantStats). Null without one. outlierLossRatio(-0.03, -0.01, 0.01) = -0.0296 / -0.02 = 1.48. */
export function outlierLossRatio(returns: ArrayLike<number>): number | null {
  return ratio(returns, 0.01, (value) => value < 0);
}
