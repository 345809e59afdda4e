/** Total return. */

/** last / first - 1, a fraction; null with fewer than two points or a first that is not positive. totalReturn(100, 90, 105) = 0.05. */
export function totalReturn(equity: ArrayLike<number>): number | null {
  const first = equity[0];
  const last = equity[equity.length - 1];
  return equity.length < 2 || first === undefined || last === undefined || !(first > 0) ? null : last / first - 1;
}
