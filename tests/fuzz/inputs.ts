/** Inputs that hurt: true ones made from a schema, then spoiled somewhere with what breaks parsers. Seeded: a case can be made again from its number. */
import * as z from 'zod';
import { seeded } from '../support/recorded-bars.ts';

/** Numbers in [0, 1). */
export type Random = () => number;

const SYMBOL = 'AAPL';
/** Texts that are right somewhere, so that a spoiled message is right everywhere else. */
const PLAUSIBLE = [SYMBOL, '1.5', '100', '2026-01-05T14:30:00Z', '2026-01-05', 'ms-1', 'day', 'limit', 'buy', 'http://127.0.0.1:8000', 'a1b2c3d4e5f6', '09:30', 'key-12345', '61e69015-8549-4bfd-b9c3-01e75843f47d'] as const;
const NASTY_TEXTS = [
  '', ' ', 'NaN', 'Infinity', '-Infinity', '1e400', '-1e400', '1e-400', '-1', '-0', '0', '00', '0x10', '1,000', '1.', '.5', '1_000', '9'.repeat(400), '0.'.padEnd(200, '0'), '1.0000000001', '\u0000', '\uFEFF', '\u202E', '🚀', '\uD800', 'ı', '١٢٣',
  '__proto__', 'constructor', 'prototype', 'toString', 'null', 'undefined', 'true', '[object Object]', '../../etc/passwd', '%00', '%', '%E0%A4%A', "'; DROP TABLE orders; --", '{{7*7}}', '<script>', 'a'.repeat(10_000), '{"a":', '[[[[[[', '2026-02-31', '9999-99-99T99:99:99Z', '2026-03-08T02:30:00', '0001-01-01T00:00:00Z', '+275760-09-13T00:00:00.001Z', '24:00', '0 0 31 2 *', '* * * * * * *', '\r\nX: y',
] as const;
const NASTY_VALUES: readonly unknown[] = [
  null, undefined, true, false, 0, -0, -1, 1.5, NaN, Infinity, -Infinity, 1e308, -1e308, 5e-324, 2 ** 53, -(2 ** 53), 2 ** 63, [], {}, [[]], [null], { length: 1e9 }, Object.create(null), new Date(NaN), new Date(8.64e15), Symbol.iterator, 10n, () => 1, JSON.parse('{"__proto__":{"qty":"1"}}'), JSON.parse('{"constructor":{"prototype":{"a":1}}}'),
  JSON.parse('{"length":{"toString":1,"valueOf":1}}'), JSON.parse('{"toString":1,"valueOf":1,"then":1,"toJSON":1}'),
];

/** One of a list. */
export function oneOf<T>(random: Random, list: readonly T[]): T {
  const value = list[Math.floor(random() * list.length)];
  if (value === undefined && list.length === 0) throw new RangeError('There is nothing to choose from');
  return value as T;
}

function deep(random: Random): unknown {
  let value: unknown = 'bottom';
  for (let depth = 0; depth < 1_000; depth += 1) value = random() < 0.5 ? [value] : { a: value };
  return value;
}

function noise(random: Random): string {
  return Array.from({ length: Math.floor(random() * 40) }, () => String.fromCharCode(Math.floor(random() * (random() < 0.7 ? 128 : 65_536)))).join('');
}

/** Any value at all. */
export function nasty(random: Random): unknown {
  const which = random();
  if (which < 0.45) return oneOf(random, NASTY_TEXTS);
  if (which < 0.85) return oneOf(random, NASTY_VALUES);
  if (which < 0.95) return noise(random);
  if (which < 0.96) return deep(random);
  return Array.from({ length: Math.floor(random() * 50) }, () => oneOf(random, NASTY_VALUES));
}

/** A text that hurts. */
export function nastyText(random: Random): string {
  return random() < 0.7 ? oneOf(random, NASTY_TEXTS) : noise(random);
}

type Shape = { readonly type?: string; readonly properties?: Readonly<Record<string, Shape>>; readonly items?: Shape; readonly enum?: readonly unknown[]; readonly const?: unknown; readonly anyOf?: readonly Shape[]; readonly oneOf?: readonly Shape[]; readonly allOf?: readonly Shape[]; readonly minimum?: number; readonly maximum?: number; readonly pattern?: string };

const matching = new Map<string, readonly string[]>();
/** The texts that a pattern lets through; all when it lets none through. */
function plausible(pattern: string | undefined): readonly string[] {
  if (pattern === undefined) return PLAUSIBLE;
  const known = matching.get(pattern) ?? PLAUSIBLE.filter((text) => new RegExp(pattern, 'u').test(text));
  matching.set(pattern, known);
  return known.length > 0 ? known : PLAUSIBLE;
}

function valueOf(shape: Shape, random: Random, depth = 0): unknown {
  const choices = shape.anyOf ?? shape.oneOf;
  if (choices !== undefined && choices.length > 0) return valueOf(oneOf(random, choices), random, depth);
  if (shape.const !== undefined) return shape.const;
  if (shape.enum !== undefined && shape.enum.length > 0) return oneOf(random, shape.enum);
  if (shape.properties !== undefined) return Object.fromEntries(Object.entries(shape.properties).filter(() => random() < 0.99).map(([key, inner]) => [key, valueOf(inner, random, depth + 1)]));
  if (shape.type === 'array') return depth > 6 ? [] : Array.from({ length: Math.floor(random() * 3) }, () => valueOf(shape.items ?? {}, random, depth + 1));
  if (shape.type === 'integer' || shape.type === 'number') return Math.max(shape.minimum ?? 0, Math.min(shape.maximum ?? 1_000, Math.floor(random() * 1_000)));
  if (shape.type === 'boolean') return random() < 0.5;
  if (shape.type === 'null') return null;
  return shape.type === 'string' || shape.type === undefined ? oneOf(random, plausible(shape.pattern)) : {};
}

/** Makes inputs that look like what the schema wants, most of them spoiled somewhere. */
export function nearly(schema: z.ZodType): (random: Random) => unknown {
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape;
  return (random) => (random() < 0.05 ? nasty(random) : spoil(valueOf(shape, random), random));
}

/** Puts something wrong into a value, in none to three places. The value is changed. */
export function spoil(value: unknown, random: Random): unknown {
  let spoiled = value;
  for (let times = Math.floor(random() * 4); times > 0; times -= 1) spoiled = spoilOnce(spoiled, random);
  return spoiled;
}

function spoilOnce(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random() < 0.1) return nasty(random);
  const keys = Object.keys(value);
  if (random() < 0.1) {
    Object.defineProperty(value, oneOf(random, ['__proto__', 'constructor', 'extra', 'toString']), { value: nasty(random), enumerable: true, configurable: true, writable: true });
    return value;
  }
  if (keys.length === 0 || Object.isFrozen(value)) return nasty(random);
  const key = oneOf(random, keys);
  const next = random() < 0.1 ? undefined : spoilOnce(Reflect.get(value, key), random);
  Object.defineProperty(value, key, { value: next, enumerable: true, configurable: true, writable: true });
  return value;
}

/** The random numbers of one case. */
export function randomOf(seed: number, n: number): Random {
  return seeded((seed * 2_654_435_761 + n * 40_503) >>> 0);
}

/** As JSON text; undefined for what JSON cannot say. */
export function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' || typeof inner === 'symbol' || typeof inner === 'function' ? String(inner) : inner));
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}
