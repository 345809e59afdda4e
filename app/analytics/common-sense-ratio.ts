/** Common sense ratio. */
import { omega } from './omega.ts';
import { tailRatio } from './tail-ratio.ts';

/** Profit factor of the returns x tail ratio, without unit: above 1 a strategy earns in the middle and at the edges (L. Bernut, "Algorithmic Short Selling with Python", 2021). Null where one of the two is. commonSenseRatio(-0.02, 0, 0.04) = 2 x 2 = 4. */
export function commonSenseRatio(returns: ArrayLike<number>): number | null {
  const [factor, tail] = [omega(returns), tailRatio(returns)];
  return factor === null || tail === null ? null : factor * tail;
}
