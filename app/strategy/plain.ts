/** Plain JSON values: copied without a detour over text. */

/** A copy that shares nothing with the value. Plain JSON alone: numbers, texts, flags, null, lists, named values. */
export function copyPlain(value: unknown): unknown {
  if (Array.isArray(value)) return typeof value[0] === 'object' ? value.map(copyPlain) : value.slice();
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = copyPlain(Reflect.get(value, key));
  return copy;
}
