/** Simple filters as fields that can be edited one by one, and back: `rsi(14) < 30` is left, operator and right. */
import { parseFormula } from './language.ts';
import { type Comparison, printTree, type Tree, TURNED } from './tree.ts';
import { typeOf } from './units.ts';

/** What stands between the two sides. */
export const OPERATORS = ['<', '<=', '>', '>=', '=', '!=', 'between', 'not between', 'crosses above', 'crosses below', 'in', 'not in', 'contains', 'not contains', 'is true', 'is false'] as const;
export type Operator = (typeof OPERATORS)[number];

/**
 * A filter in one line. `left` and `right` are formulas; `right` is empty where there is none. `upper`: the upper end of `between`, or within how many bars something crosses
 * (a number; null is 1). `words`: the texts of `in`, `contains`, and of `=` and `!=` with a text.
 */
export type Sentence = { readonly left: string; readonly operator: Operator; readonly right: string; readonly upper: string | null; readonly words: readonly string[] };

const sentence = (left: Tree, operator: Operator, more: Partial<Sentence> = {}): Sentence => ({ left: printTree(left), operator, right: '', upper: null, words: [], ...more });

function ofCompare(parts: readonly Tree[], signs: readonly Comparison[], isNot: boolean): Sentence | null {
  const [first, second, third] = parts;
  const [sign = '='] = signs;
  if (first === undefined || second === undefined) return null;
  if (third !== undefined) return parts.length === 3 && signs.every((each) => each === '<=') ? sentence(second, isNot ? 'not between' : 'between', { right: printTree(first), upper: printTree(third) }) : null;
  if (isNot || typeOf(first) === 'boolean') return null;
  if (second.kind === 'text') return sentence(first, sign, { words: [second.value] });
  if (first.kind === 'text') return sentence(second, sign, { words: [first.value] });
  return first.kind === 'number' && second.kind !== 'number' ? sentence(second, TURNED[sign], { right: printTree(first) }) : sentence(first, sign, { right: printTree(second) });
}

function ofTree(tree: Tree, isNot = false): Sentence | null {
  switch (tree.kind) {
    case 'compare':
      return ofCompare(tree.parts, tree.signs, isNot);
    case 'among':
      return isNot ? null : sentence(tree.of, tree.isNot ? 'not in' : 'in', { words: tree.values });
    case 'contains':
      return isNot ? null : sentence(tree.of, tree.isNot ? 'not contains' : 'contains', { words: [tree.value] });
    case 'fact':
      return typeOf(tree) === 'boolean' ? sentence(tree, isNot ? 'is false' : 'is true') : null;
    case 'not':
      return isNot ? null : ofTree(tree.of, true);
    case 'call': {
      const [left, right] = tree.parts;
      if (tree.name.startsWith('crosses_') && !isNot && left && right) return sentence(left, tree.name === 'crosses_above' ? 'crosses above' : 'crosses below', { right: printTree(right), upper: (tree.numbers[0] ?? 1) === 1 ? null : String(tree.numbers[0]) });
      return typeOf(tree) === 'boolean' ? sentence(tree, isNot ? 'is false' : 'is true') : null;
    }
    default:
      return null;
  }
}

/** A formula as one line of fields; null when it says more than one line can, or is no formula: then it is edited as text. */
export function filterOf(text: string): Sentence | null {
  const parsed = parseFormula(text);
  return parsed.ok ? ofTree(parsed.formula.tree) : null;
}

const quote = (word: string): string => (word.includes('"') ? `'${word.replaceAll("'", '')}'` : `"${word}"`);
/** A side that is itself a comparison or an `and` would be read otherwise without brackets. */
function side(text: string): string {
  const parsed = parseFormula(text);
  return parsed.ok && ['compare', 'and', 'or', 'not', 'among', 'contains'].includes(parsed.formula.tree.kind) ? `(${text})` : text;
}

/** The fields as a formula. What somebody typed into them stands in it as it is: it must still be parsed. */
export function formulaOf({ left, operator, right, upper, words }: Sentence): string {
  switch (operator) {
    case 'between':
    case 'not between':
      return `${side(left)} ${operator} ${side(right)} and ${side(upper ?? right)}`;
    case 'crosses above':
    case 'crosses below':
      return `${operator.replace(' ', '_')}(${left}, ${right}${upper === null ? '' : `, ${upper}`})`;
    case 'in':
    case 'not in':
      return `${left} ${operator} (${words.map(quote).join(', ')})`;
    case 'contains':
    case 'not contains':
      return `${left} ${operator} ${quote(words[0] ?? '')}`;
    case 'is true':
      return left;
    case 'is false':
      return `not ${side(left)}`;
    default:
      return words.length > 0 ? `${left} ${operator} ${quote(words[0] ?? '')}` : `${side(left)} ${operator} ${side(right)}`;
  }
}
