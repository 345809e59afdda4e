/** One side of a simple filter as fields: a name with its numbers, or a written number. Pure. */
import { FUNCTIONS } from '#app/screener/functions.ts';
import { INDICATOR_NAMES, takesSource } from '#app/screener/names.ts';
import { parseFormula } from '#app/screener/language.ts';
import type { Tree } from '#app/screener/tree.ts';
import { unitOf } from '#app/screener/units.ts';

/** One number that a side takes: bars, deviations, digits. */
export type FieldNumber = { readonly name: string; readonly title: string; readonly value: number; readonly min: number; readonly max: number; readonly isWhole: boolean };

const NOWHERE = { from: 0, to: 0 } as const;

/** A side as a tree, when it can be shown by fields: a number, a name, or a name with numbers. Null for everything that says more. */
export function sideOf(text: string): Tree | null {
  const parsed = parseFormula(text);
  if (!parsed.ok || parsed.formula.type !== 'number') return null;
  const { tree } = parsed.formula;
  switch (tree.kind) {
    case 'number': case 'field': case 'indicator': return tree;
    case 'minus': return tree.of.kind === 'number' ? tree : null;
    case 'call': return tree.parts.length === 0 ? tree : null;
    default: return null;
  }
}

/** The numbers that a side takes, in their order. */
export function numbersOf(tree: Tree): readonly FieldNumber[] {
  if (tree.kind === 'indicator') {
    const { parameters = [] } = INDICATOR_NAMES.get(tree.id.toLowerCase()) ?? {};
    return parameters.map(({ name, title, min, max, isWhole }, n) => ({ name, title, min, max, isWhole, value: tree.values[n] ?? 0 }));
  }
  if (tree.kind !== 'call') return [];
  const { parameters = [] } = FUNCTIONS[tree.name] ?? {};
  return parameters.filter((parameter) => parameter.kind === 'bars').map(({ name, min = 1, max = 5_000 }, n) => ({ name, title: name === 'n' ? 'bars' : name, min, max, isWhole: true, value: tree.numbers[n] ?? 0 }));
}

/** A side with one of its numbers changed. */
export function withNumber(tree: Tree, at: number, value: number): Tree {
  const put = (numbers: readonly number[]): number[] => numbers.map((number, n) => (n === at ? value : number));
  if (tree.kind === 'indicator') return { ...tree, values: put(tree.values) };
  return tree.kind === 'call' ? { ...tree, numbers: put(tree.numbers) } : tree;
}

/** What a side can be made of, and which of its values is meant; empty where there is no choice. */
export function choicesOf(tree: Tree): { readonly outputs: readonly string[]; readonly hasSource: boolean } {
  const indicator = tree.kind === 'indicator' ? INDICATOR_NAMES.get(tree.id.toLowerCase()) : undefined;
  return { outputs: indicator !== undefined && indicator.outputs.length > 1 ? indicator.outputs : [], hasSource: indicator !== undefined && takesSource(indicator) };
}

/** The name of a side without its numbers; null for a written number. */
export function nameOf(tree: Tree): string | null {
  switch (tree.kind) {
    case 'field': return tree.name;
    case 'indicator': return tree.id.toLowerCase();
    case 'call': return tree.name;
    default: return null;
  }
}

/** A written number as it stands in its field: `shown` 5 and `suffix` % for 5%. Null for a side that is none. */
export function literalOf(tree: Tree): { readonly shown: number; readonly suffix: string; readonly prefix: string } | null {
  if (tree.kind === 'minus') {
    const inner = literalOf(tree.of);
    return inner === null ? null : { ...inner, shown: -inner.shown };
  }
  if (tree.kind !== 'number') return null;
  return { shown: tree.value, suffix: tree.form === 'percent' || tree.form === 'points' ? '%' : '', prefix: tree.form === 'dollars' ? '$' : '' };
}

/** A written number with another value, written as before. */
export function withLiteral(tree: Tree, shown: number): Tree {
  const written = tree.kind === 'minus' ? tree.of : tree;
  if (written.kind !== 'number') return tree;
  const number: Tree = { ...written, value: Math.abs(shown) };
  return shown < 0 ? { kind: 'minus', of: number, ...NOWHERE } : number;
}

/** A step for the arrows of a number's field: a tenth of its size, at least one of its kind. stepOf(30) = 1, stepOf(1_000_000) = 100_000 */
export function stepOf(value: number): number {
  const size = Math.abs(value);
  return size < 10 ? (Number.isInteger(value) ? 1 : 0.1) : 10 ** Math.floor(Math.log10(size) - 1);
}

/** Do two sides count in the same, so that a new left side may keep the old right one? */
export function isAlike(one: Tree, other: Tree): boolean {
  return unitOf(one) === unitOf(other);
}
