/** Types and units of the parts of a formula: a price is not a number of shares. */
import { indicatorById } from '#app/indicators/catalogue.ts';
import { faultAt, type FormulaFault } from './fault.ts';
import { FUNCTIONS, type Unit } from './functions.ts';
import { FLAG_FACTS, type Tree, type ValueType } from './tree.ts';

/** What comes out of a part. */
export function typeOf(tree: Tree): ValueType {
  switch (tree.kind) {
    case 'number':
    case 'field':
    case 'indicator':
    case 'minus':
    case 'arithmetic':
      return 'number';
    case 'text':
      return 'text';
    case 'fact':
      return (FLAG_FACTS as readonly string[]).includes(tree.name) ? 'boolean' : 'text';
    case 'call':
      return FUNCTIONS[tree.name]?.result ?? 'number';
    case 'back':
      return typeOf(tree.of);
    default:
      return 'boolean';
  }
}

function unitOfProduct(left: Unit, right: Unit): Unit {
  const both = [left, right];
  if (both.includes('price') && both.includes('shares')) return 'dollars';
  const bare = (unit: Unit): boolean => unit === null || unit === 'ratio' || unit === 'fraction';
  return bare(right) ? left : bare(left) ? right : null;
}

function unitOfQuotient(left: Unit, right: Unit): Unit {
  if (left !== null && left === right) return 'ratio';
  if (left === 'dollars') return right === 'shares' ? 'price' : right === 'price' ? 'shares' : right === null || right === 'ratio' ? 'dollars' : null;
  return right === null || right === 'ratio' || right === 'fraction' ? left : null;
}

/** The unit of what comes out of a part; null for a bare number. */
export function unitOf(tree: Tree): Unit {
  switch (tree.kind) {
    case 'field':
      return tree.name === 'volume' ? 'shares' : tree.name === 'dollar_volume' ? 'dollars' : 'price';
    case 'indicator':
      return indicatorUnit(tree);
    case 'number':
      return null;
    case 'back':
    case 'minus':
      return unitOf(tree.of);
    case 'call': {
      const { unit = null } = FUNCTIONS[tree.name] ?? {};
      const [first] = tree.parts;
      if (tree.name === 'if') return tree.parts[1] ? unitOf(tree.parts[1]) : null;
      return unit === 'first' ? (first ? unitOf(first) : null) : unit;
    }
    case 'arithmetic': {
      const [left, right] = [unitOf(tree.left), unitOf(tree.right)];
      if (tree.sign === '*') return unitOfProduct(left, right);
      if (tree.sign === '/') return unitOfQuotient(left, right);
      return left ?? right;
    }
    default:
      return 'flag';
  }
}

function indicatorUnit({ id, source, output }: Extract<Tree, { kind: 'indicator' }>): Unit {
  const unit = indicatorById(id)?.unit ?? null;
  if (id === 'SUPERTREND' && output === 'direction') return 'flag';
  if (id === 'MAXAGO' || id === 'MINAGO') return 'bars';
  // An average of volumes is a number of shares.
  return unit === 'price' && source === 'volume' ? 'shares' : unit;
}

const NAMES: Readonly<Record<Exclude<Unit, null>, string>> = {
  price: 'a price', shares: 'a number of shares', dollars: 'an amount of money', fraction: 'a fraction', percent: 'percent', ratio: 'a ratio', index: 'an index', bars: 'a number of bars', flag: 'a flag',
};
/** Units that may stand beside each other. An index says nothing of its size. */
const ALIKE: readonly (readonly Unit[])[] = [['fraction', 'ratio', 'index'], ['percent', 'index'], ['ratio', 'index', 'flag', 'bars']];

function mislead(left: Unit, right: Unit): boolean {
  return left !== null && right !== null && left !== right && !ALIKE.some((group) => group.includes(left) && group.includes(right));
}

/** The number that is written out in a part, without its sign; null when it is none. */
function literalOf(tree: Tree): Extract<Tree, { kind: 'number' }> | null {
  return tree.kind === 'number' ? tree : tree.kind === 'minus' ? literalOf(tree.of) : null;
}

/** Largest bare number against which a fraction is probably meant: more is 100 % and above. */
const FRACTION_MAX = 1;

/** Why a comparison of two parts probably does not say what was meant; null when nothing is odd. */
function oddity(one: Tree, other: Tree): FormulaFault | null {
  const [left, right] = [unitOf(one), unitOf(other)];
  const span = { from: one.from, to: other.to };
  if (mislead(left, right)) return faultAt(`This compares ${left === null ? '' : NAMES[left]} with ${right === null ? '' : NAMES[right]}`, span);
  const literal = literalOf(other);
  if (literal === null) return null;
  if (left === 'fraction' && literal.form === 'plain' && literal.value >= FRACTION_MAX) return faultAt(`The left side is a fraction: ${literal.value} is ${literal.value * 100} percent`, literal, `${literal.value}%`);
  if (literal.form === 'percent' && left !== null && left !== 'fraction' && left !== 'ratio') return faultAt(`The other side is ${NAMES[left]}: a percentage counts as a hundredth here`, literal, `${literal.value}`);
  if (literal.form === 'dollars' && left !== null && left !== 'price' && left !== 'dollars') return faultAt(`The other side is ${NAMES[left]}, not money`, literal, null);
  return null;
}

/** What is odd about the units of a formula; nothing of it is forbidden. */
export function unitWarnings(tree: Tree): readonly FormulaFault[] {
  const found: FormulaFault[] = [];
  const note = (one: Tree | undefined, other: Tree | undefined): void => {
    const fault = one && other ? (oddity(one, other) ?? (literalOf(one) ? oddity(other, one) : null)) : null;
    if (fault !== null) found.push(fault.from > fault.to ? { ...fault, from: fault.to, to: fault.from } : fault);
  };
  const walk = (part: Tree): void => {
    if (part.kind === 'compare') part.signs.forEach((_sign, n) => note(part.parts[n], part.parts[n + 1]));
    if (part.kind === 'call' && (part.name === 'crosses_above' || part.name === 'crosses_below')) note(part.parts[0], part.parts[1]);
    if (part.kind === 'arithmetic' && (part.sign === '+' || part.sign === '-') && mislead(unitOf(part.left), unitOf(part.right))) found.push(faultAt(`This ${part.sign === '+' ? 'adds' : 'subtracts'} what has different units`, part));
    childrenOf(part).forEach(walk);
  };
  walk(tree);
  return found;
}

/** The parts of a part. */
export function childrenOf(tree: Tree): readonly Tree[] {
  switch (tree.kind) {
    case 'call':
    case 'and':
    case 'or':
    case 'compare':
      return tree.parts;
    case 'back':
    case 'minus':
    case 'not':
    case 'among':
    case 'contains':
      return [tree.of];
    case 'arithmetic':
      return [tree.left, tree.right];
    default:
      return [];
  }
}
