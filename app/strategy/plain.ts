/** Plain JSON values: copied without a detour over text. */

/** A copy that shares nothing with the value. Plain JSON alone: numbers, texts, flags, null, lists, named values. */
export function copyPlain(value: unknown): unknown {
  if (Array.isArray(value)) return typeof value[0] === 'object' ? value.map(copyPlain) : value.slice();
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = copyPlain(Reflect.get(value, key));
  return copy;
}

/** Where a value is no plain JSON (`.held.sigma is NaN`), null when it is: what JSON would change on its way through the book. */
export function plainDefect(value: unknown, path = ''): string | null {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return null;
  if (typeof value === 'number') return Number.isFinite(value) ? null : `${path} is ${value}`;
  if (typeof value !== 'object') return `${path} is ${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`}`;
  const isList = Array.isArray(value);
  if (!isList && Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return `${path} is no list and no named values`;
  for (const key of Object.keys(value)) {
    const defect = plainDefect(Reflect.get(value, key), isList ? `${path}[${key}]` : `${path}.${key}`);
    if (defect !== null) return defect;
  }
  return null;
}

/** The letter zero, and a half of a letter that stands alone. */
const UNKEPT = /[\0\p{Surrogate}]/u;

/** Where a plain value holds a text that the book cannot keep (the letter zero, half a letter), null when it holds none: changed there, a strategy would go on with another memory after a restart. */
export function textDefect(value: unknown, path = ''): string | null {
  if (typeof value === 'string') return UNKEPT.test(value) ? `${path} holds the letter zero or half a letter` : null;
  if (typeof value !== 'object' || value === null) return null;
  for (const key of Object.keys(value)) {
    const inner = `${path}.${key}`;
    const defect = textDefect(key, inner) ?? textDefect(Reflect.get(value, key), inner);
    if (defect !== null) return defect;
  }
  return null;
}
