/** The indicator unit: a chain of dependent arithmetic that takes the same time in C and in V8. Indicators are measured in units. */

/** `e = (x[i] - e) * k + e` into `out`, one number after another. Returns the last. */
export function unit(x: Float64Array, out: Float64Array, k = 2 / 21): number {
  let e = x[0] ?? 0;
  const { length } = x;
  for (let i = 0; i < length; i += 1) {
    e = ((x[i] ?? 0) - e) * k + e;
    out[i] = e;
  }
  return e;
}
