/** A formula said in words: `rsi(14) < 30 and volume > 1M` is "RSI(14) below 30 and volume above 1 million". */
import { indicatorById } from '#app/indicators/catalogue.ts';
import type { Formula } from './language.ts';
import { mainOutput } from './names.ts';
import { type Comparison, printTree, type Tree, TURNED } from './tree.ts';

const SIGNS: Readonly<Record<Comparison, string>> = { '<': 'below', '<=': 'at most', '>': 'above', '>=': 'at least', '=': 'equal to', '!=': 'other than' };
const FIELDS: Readonly<Record<string, string>> = { dollar_volume: 'dollar volume', hl2: 'middle price', hlc3: 'typical price', ohlc4: 'average price' };
const FLAGS: Readonly<Record<string, readonly [yes: string, no: string]>> = {
  tradable: ['can be traded', 'cannot be traded'], shortable: ['can be sold short', 'cannot be sold short'], fractionable: ['parts of a share can be bought', 'only whole shares can be bought'], watched: ['on the watch list', 'not on the watch list'],
};

const barsOf = (n: number): string => (n === 1 ? '1 bar' : `${n} bars`);

/** Digits before the point in groups of three: 100,000 and 12,345.678. What has an exponent stays as it is. */
function grouped(value: number): string {
  const [whole = '', part] = `${value}`.split('.');
  return `${value}`.includes('e') ? `${value}` : `${whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ',')}${part === undefined ? '' : `.${part}`}`;
}

/** A number as it is said: 1.5 million, 100,000. */
function sayNumber(value: number): string {
  for (const [name, size] of [['trillion', 1e12], ['billion', 1e9], ['million', 1e6]] as const) if (Math.abs(value) >= size) return `${grouped(Number((value / size).toPrecision(12)))} ${name}`;
  return grouped(value);
}

function sayIndicator({ id, values, source, output }: Extract<Tree, { kind: 'indicator' }>): string {
  const indicator = indicatorById(id);
  const name = `${id}${values.length === 0 ? '' : `(${values.join(', ')})`}`;
  const part = indicator === undefined || output === mainOutput(indicator) ? '' : ` ${output}`;
  return `${name}${part}${source === 'close' ? '' : ` of ${FIELDS[source] ?? source}`}`;
}

/** What a call says; `x`, `y`, `z` are its parts in words. */
function sayCall(name: string, [n = 0]: readonly number[], [x = '', y = '', z = '']: readonly string[]): string {
  switch (name) {
    case 'change':
      return `change over ${barsOf(n)}`;
    case 'gap':
      return 'gap at the open';
    case 'high52':
      return '52-week high';
    case 'low52':
      return '52-week low';
    case 'from_high52':
      return 'distance from the 52-week high';
    case 'from_low52':
      return 'distance from the 52-week low';
    case 'volatility':
      return `annual volatility over ${barsOf(n)}`;
    case 'atr_percent':
      return `average true range over ${barsOf(n)} as a part of the price`;
    case 'avg':
      return `average ${x} over ${barsOf(n)}`;
    case 'sum':
    case 'median':
    case 'highest':
    case 'lowest':
      return `${name} ${name === 'sum' ? 'of ' : ''}${x} over ${barsOf(n)}`;
    case 'stdev':
      return `deviation of ${x} over ${barsOf(n)}`;
    case 'crosses_above':
    case 'crosses_below':
      return `${x} crosses ${name === 'crosses_above' ? 'above' : 'below'} ${y}${n === 1 ? '' : ` within ${barsOf(n)}`}`;
    case 'since':
      return `bars since ${x}`;
    case 'count':
      return `number of the last ${barsOf(n)} with ${x}`;
    case 'any':
    case 'all':
      return `${x} in ${name === 'any' ? 'one' : 'each'} of the last ${barsOf(n)}`;
    case 'rising':
    case 'falling':
      return `${x} ${name} for ${barsOf(n)}`;
    case 'if':
      return `${y} if ${x}, else ${z}`;
    default:
      return `${name} of ${[x, y, z].filter((part) => part !== '').join(' and ')}`;
  }
}

function sayCompare(parts: readonly Tree[], signs: readonly Comparison[]): string {
  const [first, second, third] = parts.map(say);
  const [one, other] = signs;
  if (parts.length === 3 && one !== undefined && other !== undefined && parts[0]?.kind === 'number' && parts[2]?.kind === 'number') {
    if (one === '<=' && other === '<=') return `${second} between ${first} and ${third}`;
    return `${second} ${SIGNS[TURNED[one]]} ${first} and ${SIGNS[other]} ${third}`;
  }
  if (parts.length === 2 && one !== undefined && parts[0]?.kind === 'number') return `${second} ${SIGNS[TURNED[one]]} ${first}`;
  if (parts[1]?.kind === 'text') return `${first} ${one === '!=' ? 'is not' : 'is'} ${parts[1].value}`;
  return parts.map((part, n) => (n === 0 ? say(part) : `${SIGNS[signs[n - 1] ?? '=']} ${say(part)}`)).join(' ');
}

/** A part in brackets where it would be misread. */
const inner = (tree: Tree, loose: readonly Tree['kind'][]): string => (loose.includes(tree.kind) ? `(${say(tree)})` : say(tree));

function sayNot(of: Tree): string {
  if (of.kind === 'fact') return FLAGS[of.name]?.[1] ?? `not ${of.name}`;
  return `not (${say(of)})`;
}

function say(tree: Tree): string {
  switch (tree.kind) {
    case 'number':
      return tree.form === 'percent' || tree.form === 'points' ? `${grouped(tree.value)}%` : tree.form === 'dollars' ? `$${sayNumber(tree.value)}` : sayNumber(tree.value);
    case 'truth':
      return tree.value ? 'always' : 'never';
    case 'text':
      return `"${tree.value}"`;
    case 'field':
      return FIELDS[tree.name] ?? tree.name;
    case 'fact':
      return FLAGS[tree.name]?.[0] ?? tree.name;
    case 'indicator':
      return sayIndicator(tree);
    case 'call':
      return sayCall(tree.name, tree.numbers, tree.parts.map((part) => inner(part, ['and', 'or'])));
    case 'back':
      return `${inner(tree.of, ['arithmetic', 'compare', 'and', 'or', 'not'])} ${barsOf(tree.bars)} ago`;
    case 'minus':
      return `-${inner(tree.of, ['arithmetic'])}`;
    case 'not':
      return sayNot(tree.of);
    case 'arithmetic':
      return `${inner(tree.left, tree.sign === '*' || tree.sign === '/' ? ['arithmetic'] : [])} ${tree.sign} ${inner(tree.right, ['arithmetic'])}`;
    case 'and':
      return tree.parts.map((part) => inner(part, ['or'])).join(' and ');
    case 'or':
      return tree.parts.map((part) => inner(part, ['and'])).join(' or ');
    case 'compare':
      return sayCompare(tree.parts, tree.signs);
    case 'among':
      return `${say(tree.of)} is ${tree.isNot ? 'none of' : 'one of'} ${tree.values.join(', ')}`;
    case 'contains':
      return `${say(tree.of)} ${tree.isNot ? 'does not contain' : 'contains'} "${tree.value}"`;
  }
}

/** The formula as a sentence for people; for the machine, `printFormula`. */
export function describeFormula(formula: Formula): string {
  const words = say(formula.tree);
  return words === '' ? printTree(formula.tree) : words;
}
