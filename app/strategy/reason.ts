/** Numbers of reasons as people read them. */

/** A statistic as text for a reason: six digits after the point, without trailing zeros. reasonNumber(30.125) = "30.125". */
export function reasonNumber(value: number): string {
  if (!Number.isFinite(value)) return 'unknown';
  const text = value.toFixed(6);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
