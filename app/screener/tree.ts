/** What a formula says, as a tree, and how the tree is written again. */
import { invariant } from '#app/domain/errors.ts';
import { indicatorById } from '#app/indicators/catalogue.ts';
import type { PriceSource } from '#app/indicators/indicator.ts';
import { FUNCTIONS } from './functions.ts';
import type { Span } from './fault.ts';

/** What comes out of a part. */
export type ValueType = 'number' | 'boolean' | 'text';
/** Signs between two numbers. */
export type Comparison = '<' | '<=' | '>' | '>=' | '=' | '!=';
/** The same sign said from the other side: 30 < x is x > 30. */
export const TURNED = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '=': '=', '!=': '!=' } as const satisfies Readonly<Record<Comparison, Comparison>>;
/** Signs that make a number of two. */
export type Arithmetic = '+' | '-' | '*' | '/';

/** Numbers of a bar, and facts of a symbol. */
export const FIELD_NAMES = ['open', 'high', 'low', 'close', 'volume', 'dollar_volume', 'hl2', 'hlc3', 'ohlc4'] as const;
export type FieldName = (typeof FIELD_NAMES)[number];
export const TEXT_FACTS = ['symbol', 'name', 'exchange', 'sector', 'industry'] as const;
export type TextFact = (typeof TEXT_FACTS)[number];
export const FLAG_FACTS = ['tradable', 'shortable', 'fractionable', 'watched'] as const;
export type FlagFact = (typeof FLAG_FACTS)[number];

/**
 * One part with its place in the text. A number's `value` is what was written; `5%` counts as 0.05, but as 5 where it stands against something that counts in percent (`points`).
 * An indicator names its id, all of its numbers, its price and its output. A call has its series in `parts` and its counts of bars in `numbers`.
 */
export type Tree = Span & (
  | { readonly kind: 'number'; readonly value: number; readonly form: 'plain' | 'percent' | 'points' | 'dollars' }
  | { readonly kind: 'truth'; readonly value: boolean }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'field'; readonly name: FieldName }
  | { readonly kind: 'fact'; readonly name: TextFact | FlagFact }
  | { readonly kind: 'indicator'; readonly id: string; readonly values: readonly number[]; readonly source: PriceSource; readonly output: string }
  | { readonly kind: 'call'; readonly name: string; readonly parts: readonly Tree[]; readonly numbers: readonly number[] }
  | { readonly kind: 'back'; readonly of: Tree; readonly bars: number }
  | { readonly kind: 'minus' | 'not'; readonly of: Tree }
  | { readonly kind: 'arithmetic'; readonly sign: Arithmetic; readonly left: Tree; readonly right: Tree }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Tree[] }
  | { readonly kind: 'compare'; readonly parts: readonly Tree[]; readonly signs: readonly Comparison[] }
  | { readonly kind: 'among'; readonly of: Tree; readonly values: readonly string[]; readonly isNot: boolean }
  | { readonly kind: 'contains'; readonly of: Tree; readonly value: string; readonly isNot: boolean }
);

/** How tightly a part binds: a part that binds less than its place asks for is put into brackets. */
const BINDING: Readonly<Record<Tree['kind'], number>> = { or: 1, and: 2, not: 3, compare: 4, among: 4, contains: 4, arithmetic: 5, minus: 7, back: 8, number: 9, truth: 9, text: 9, field: 9, fact: 9, indicator: 9, call: 9 };
const PRODUCT = 6;
const bindingOf = (tree: Tree): number => (tree.kind === 'arithmetic' && (tree.sign === '*' || tree.sign === '/') ? PRODUCT : tree.kind === 'number' && tree.value < 0 ? BINDING.minus : BINDING[tree.kind]);

/** A number as it is written: with k, M, B or T where that is shorter, never with an exponent for what people write. 1500000 -> `1.5M`. */
export function writeNumber(value: number): string {
  const size = Math.abs(value);
  for (const [suffix, exponent] of [['T', 12], ['B', 9], ['M', 6], ['k', 3]] as const) {
    const scaled = Number(`${value}e-${exponent}`);
    // Only where it comes back as the very same number.
    if (size >= 10 ** exponent && (suffix !== 'k' || size >= 10_000) && !/e/.test(`${value}`) && Number(`${scaled}e${exponent}`) === value && `${scaled}`.length <= 6) return `${scaled}${suffix}`;
  }
  return `${value}`;
}

/** What a written number counts as: `5%` is 0.05, without the dust of a division where decimals allow. */
export function countOf({ value, form }: Pick<Extract<Tree, { kind: 'number' }>, 'value' | 'form'>): number {
  return form !== 'percent' ? value : /e/.test(`${value}`) ? value / 100 : Number(`${value}e-2`);
}

const quote = (text: string): string => (text.includes('"') ? `'${text}'` : `"${text}"`);

function writeIndicator({ id, values, source, output }: Extract<Tree, { kind: 'indicator' }>): string {
  const indicator = indicatorById(id);
  invariant(indicator !== undefined, 'The formula names an indicator that there is not', { id });
  const inside = [...values.map(String), ...(source === 'close' ? [] : [source])].join(', ');
  return `${id.toLowerCase()}${inside === '' ? '' : `(${inside})`}${indicator.outputs.length === 1 ? '' : `.${output}`}`;
}

function writeCall({ name, parts, numbers }: Extract<Tree, { kind: 'call' }>): string {
  const { parameters } = FUNCTIONS[name] ?? { parameters: [] };
  let [series, counts] = [0, 0];
  const inside: string[] = [];
  for (const parameter of parameters) {
    if (parameter.kind === 'bars') inside.push(`${numbers[counts++] ?? 0}`);
    else for (let n = 0; n < (parameter.isMany === true ? parts.length : 1); n += 1) inside.push(write(parts[series++], 0));
  }
  return inside.length === 0 ? name : `${name}(${inside.join(', ')})`;
}

function write(tree: Tree | undefined, least: number): string {
  invariant(tree !== undefined, 'A part of the formula is missing');
  const text = writePlain(tree);
  return bindingOf(tree) < least ? `(${text})` : text;
}

function writePlain(tree: Tree): string {
  switch (tree.kind) {
    case 'number':
      return tree.form === 'percent' || tree.form === 'points' ? `${tree.value}%` : tree.form === 'dollars' ? `$${writeNumber(tree.value)}` : writeNumber(tree.value);
    case 'truth':
      return String(tree.value);
    case 'text':
      return quote(tree.value);
    case 'field':
    case 'fact':
      return tree.name;
    case 'indicator':
      return writeIndicator(tree);
    case 'call':
      return writeCall(tree);
    case 'back':
      return `${write(tree.of, BINDING.back)}[${tree.bars}]`;
    case 'minus':
      return `-${write(tree.of, BINDING.minus)}`;
    case 'not':
      return `not ${write(tree.of, BINDING.not)}`;
    case 'arithmetic':
      return `${write(tree.left, bindingOf(tree))} ${tree.sign} ${write(tree.right, bindingOf(tree) + 1)}`;
    case 'and':
    case 'or':
      return tree.parts.map((part) => write(part, BINDING[tree.kind] + 1)).join(` ${tree.kind} `);
    case 'compare':
      return tree.parts.map((part, n) => `${n === 0 ? '' : ` ${tree.signs[n - 1] ?? '='} `}${write(part, BINDING.arithmetic)}`).join('');
    case 'among':
      return `${write(tree.of, BINDING.back)}${tree.isNot ? ' not' : ''} in (${tree.values.map(quote).join(', ')})`;
    case 'contains':
      return `${write(tree.of, BINDING.back)}${tree.isNot ? ' not' : ''} contains ${quote(tree.value)}`;
  }
}

/** The tree as a formula: parsed again it gives the same tree. Also the one name of equal parts. */
export function printTree(tree: Tree): string {
  return write(tree, 0);
}
