/** Formulas in simpler words: what one function says through others, so that few parts must be worked out and equal parts are worked out once. */
import { invariant } from '#app/domain/errors.ts';
import { YEAR_BARS } from './functions.ts';
import type { Arithmetic, Comparison, FieldName, Tree } from './tree.ts';

const NOWHERE = { from: 0, to: 0 } as const;
const field = (name: FieldName): Tree => ({ kind: 'field', name, ...NOWHERE });
const number = (value: number): Tree => ({ kind: 'number', value, form: 'plain', ...NOWHERE });
const back = (of: Tree, bars: number): Tree => ({ kind: 'back', of, bars, ...NOWHERE });
const arithmetic = (left: Tree, sign: Arithmetic, right: Tree): Tree => ({ kind: 'arithmetic', sign, left, right, ...NOWHERE });
const compare = (left: Tree, sign: Comparison, right: Tree): Tree => ({ kind: 'compare', parts: [left, right], signs: [sign], ...NOWHERE });
const call = (name: string, parts: readonly Tree[], numbers: readonly number[]): Tree => ({ kind: 'call', name, parts, numbers, ...NOWHERE });
const indicator = (id: string, values: readonly number[]): Tree => ({ kind: 'indicator', id, values, source: 'close', output: 'value', ...NOWHERE });
const relative = (value: Tree, base: Tree): Tree => arithmetic(arithmetic(value, '/', base), '-', number(1));
const HUNDRED = number(100);

const yearHigh = call('highest', [field('high')], [YEAR_BARS]);
const yearLow = call('lowest', [field('low')], [YEAR_BARS]);

function crossing(parts: readonly Tree[], within: number, isAbove: boolean): Tree {
  const [one, other] = parts;
  invariant(one !== undefined && other !== undefined, 'A crossing has two sides');
  const both: Tree = { kind: 'and', parts: [compare(back(one, 1), isAbove ? '<=' : '>=', back(other, 1)), compare(one, isAbove ? '>' : '<', other)], ...NOWHERE };
  return within === 1 ? both : call('any', [both], [within]);
}

/** The mean of equal fields is what these fields say. */
function meanOf(names: readonly FieldName[]): Tree {
  const [first = 'close', ...others] = names;
  return arithmetic(others.reduce((sum, name) => arithmetic(sum, '+', field(name)), field(first)), '/', number(names.length));
}

/** A call in simpler words; null when it is one of them. */
function lowerCall(name: string, parts: readonly Tree[], [n = 1]: readonly number[]): Tree | null {
  switch (name) {
    case 'change':
      return relative(field('close'), back(field('close'), n));
    case 'gap':
      return relative(field('open'), back(field('close'), 1));
    case 'high52':
      return yearHigh;
    case 'low52':
      return yearLow;
    case 'from_high52':
      return relative(field('close'), yearHigh);
    case 'from_low52':
      return relative(field('close'), yearLow);
    case 'volatility':
      return arithmetic(indicator('HISTVOL', [n, YEAR_BARS]), '/', HUNDRED);
    case 'atr_percent':
      return arithmetic(indicator('NATR', [n]), '/', HUNDRED);
    case 'crosses_above':
    case 'crosses_below':
      return crossing(parts, n, name === 'crosses_above');
    default:
      return null;
  }
}

/** The tree in simpler words; it says the same. */
export function lower(tree: Tree): Tree {
  switch (tree.kind) {
    case 'field':
      if (tree.name === 'dollar_volume') return arithmetic(field('close'), '*', field('volume'));
      if (tree.name === 'hl2') return meanOf(['high', 'low']);
      if (tree.name === 'hlc3') return meanOf(['high', 'low', 'close']);
      return tree.name === 'ohlc4' ? meanOf(['open', 'high', 'low', 'close']) : tree;
    case 'call': {
      const parts = tree.parts.map(lower);
      return lowerCall(tree.name, parts, tree.numbers) ?? { ...tree, parts };
    }
    case 'back':
      return tree.bars === 0 ? lower(tree.of) : { ...tree, of: lower(tree.of) };
    case 'minus':
    case 'not':
    case 'among':
    case 'contains':
      return { ...tree, of: lower(tree.of) };
    case 'arithmetic':
      return { ...tree, left: lower(tree.left), right: lower(tree.right) };
    case 'and':
    case 'or':
    case 'compare':
      return { ...tree, parts: tree.parts.map(lower) };
    default:
      return tree;
  }
}
