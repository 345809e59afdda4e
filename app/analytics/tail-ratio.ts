/** Tail ratio. */
import { ascending, quantile } from './quantile.ts';

/** 95 % quantile / |5 % quantile| of the returns, without unit: above 1 when the good extremes are larger (as empyrical and QuantStats). Null without returns or when the 5 % quantile is 0. tailRatio(-0.02, 0, 0.04) = 0.036 / 0.018 = 2. */
export function tailRatio(returns: ArrayLike<number>): number | null {
  const sorted = ascending(returns);
  const high = quantile(sorted, 0.95);
  const low = quantile(sorted, 0.05);
  return high === null || low === null || low === 0 ? null : Math.abs(high / low);
}
