/** Names in a formula: fields, facts, functions with their arguments, indicators with their numbers, price and output. */
import { type AnyIndicator, parameterDefect, PRICE_SOURCES, type PriceSource } from '#app/indicators/indicator.ts';
import { refuse, type Span } from './fault.ts';
import { FUNCTIONS, type FunctionSpec, type Parameter } from './functions.ts';
import { ALIASES, INDICATOR_NAMES, KEYWORDS, mainOutput, meantBy, takesSource } from './names.ts';
import { nearestOf } from './nearest.ts';
import type { Reader } from './reader.ts';
import { FIELD_NAMES, type FieldName, FLAG_FACTS, type FlagFact, TEXT_FACTS, type TextFact, type Tree } from './tree.ts';
import { typeOf } from './units.ts';

type ParseWhole = (reader: Reader) => Tree;
type Word = Span & { readonly text: string };

const isField = (word: string): word is FieldName => (FIELD_NAMES as readonly string[]).includes(word);
const isFact = (word: string): word is TextFact | FlagFact => ([...TEXT_FACTS, ...FLAG_FACTS] as readonly string[]).includes(word);
const isSource = (word: string): word is PriceSource => (PRICE_SOURCES as readonly string[]).includes(word);

/** Reads what begins with a word. @throws FaultSignal for a name that there is not, or arguments that it does not take */
export function parseNamed(reader: Reader, parseWhole: ParseWhole): Tree {
  const token = reader.take();
  if (token.kind !== 'word') return refuse('A name comes here', token);
  const { from, to } = token;
  const name = ALIASES[token.text] ?? token.text;
  const word = { text: name, from, to };
  if (name === 'true' || name === 'false') return { kind: 'truth', value: name === 'true', from, to };
  if ((KEYWORDS as readonly string[]).includes(name)) return refuse(`A value is missing before "${name}"`, word);
  if (isField(name)) return leaf(reader, { kind: 'field', name, from, to });
  if (isFact(name)) return leaf(reader, { kind: 'fact', name, from, to });
  const indicator = INDICATOR_NAMES.get(name);
  const spec = FUNCTIONS[name];
  if (indicator !== undefined && (spec === undefined || isShortForm(reader, name))) return parseIndicator(reader, indicator, word);
  if (spec !== undefined) return parseCall(reader, spec, word, parseWhole);
  return refuse(`There is no "${reader.source(word).slice(0, 40)}"`, word, meantBy(name));
}

/** A name that takes nothing in brackets. */
function leaf(reader: Reader, tree: Extract<Tree, { kind: 'field' | 'fact' }>): Tree {
  if (reader.isSign('(')) refuse(tree.kind === 'field' ? `${tree.name} takes no numbers: ${tree.name}[1] is the one before, avg(${tree.name}, 20) its mean` : `${tree.name} takes nothing in brackets`, reader.token());
  return tree;
}

/** `max(30)`, `median(20)` and `median(20, high)` are the indicators; with anything else in the brackets these names are functions. */
function isShortForm(reader: Reader, name: string): boolean {
  if (!reader.isSign('(')) return true;
  const [number, sign, price] = reader.ahead();
  if (number.kind !== 'number' || sign.kind !== 'sign') return false;
  return sign.text === ')' || (name === 'median' && sign.text === ',' && price.kind === 'word' && isSource(price.text));
}

function parseIndicator(reader: Reader, indicator: AnyIndicator, word: Word): Tree {
  const values = indicator.parameters.map((parameter) => parameter.default);
  let source: PriceSource = 'close';
  let end: Span = word;
  if (reader.isSign('(')) {
    const open = reader.take();
    for (let n = 0; !reader.isSign(')'); n += 1) {
      if (n > 0) reader.expect(',', `A comma or a closing bracket is missing after the numbers of ${word.text}`, open);
      const given = readArgument(reader, indicator, n);
      if (typeof given === 'number') values[n] = given;
      else source = given;
      if (typeof given !== 'number' && !reader.isSign(')')) refuse(`The price comes last: ${signatureOf(indicator)}`, reader.token());
    }
    end = reader.take();
  }
  const span = { from: word.from, to: end.to };
  const defect = parameterDefect(indicator, values);
  if (defect !== null) refuse(`${word.text}: ${defect}`, span);
  const output = parseOutput(reader, indicator, { ...word, to: end.to });
  return { kind: 'indicator', id: indicator.id, values, source, output: output.name, from: word.from, to: output.to };
}

/** One argument of an indicator: a written number, or the price it is made of. */
function readArgument(reader: Reader, indicator: AnyIndicator, n: number): number | PriceSource {
  const isMinus = reader.isSign('-');
  const first = isMinus ? reader.take() : reader.token();
  const token = reader.token();
  if (token.kind === 'number') {
    const parameter = indicator.parameters[n];
    if (parameter === undefined) refuse(indicator.parameters.length === 0 ? `${indicator.id.toLowerCase()} takes no numbers` : `${indicator.id.toLowerCase()} takes at most ${indicator.parameters.length} numbers: ${signatureOf(indicator)}`, token);
    if (token.form !== 'plain') refuse(`${parameter?.name ?? 'The number'} is a bare number here`, token, String(token.value));
    reader.take();
    return isMinus ? -token.value : token.value;
  }
  const word = token.kind === 'word' ? (ALIASES[token.text] ?? token.text) : '';
  if (!isMinus && isSource(word)) {
    if (!takesSource(indicator)) refuse(`${indicator.id.toLowerCase()} is made of ${indicator.inputs.join(', ')}: it takes no price`, token);
    reader.take();
    return word;
  }
  const prices = takesSource(indicator) ? `, then a price (${PRICE_SOURCES.join(', ')})` : '';
  return refuse(`${indicator.id.toLowerCase()} takes written numbers${prices}: ${signatureOf(indicator)}`, token.kind === 'end' ? first : token, word === '' ? null : nearestOf(word, PRICE_SOURCES));
}

function parseOutput(reader: Reader, indicator: AnyIndicator, word: Word): { readonly name: string; readonly to: number } {
  const main = mainOutput(indicator);
  const { outputs } = indicator;
  if (!reader.isSign('.')) {
    if (main === null) return refuse(`${word.text} has ${outputs.length} values: say which, like ${word.text}.${outputs[0] ?? ''} (${outputs.join(', ')})`, word, `${reader.source(word)}.${outputs[0] ?? ''}`);
    return { name: main, to: word.to };
  }
  const dot = reader.take();
  const token = reader.token();
  const asked = token.kind === 'word' ? token.text : '';
  const name = outputs.find((output) => output.toLowerCase() === asked);
  const span = token.kind === 'end' ? dot : token;
  if (outputs.length === 1 && name === undefined) refuse(`${word.text} has one value: nothing follows it after a point`, { from: dot.from, to: span.to });
  if (name === undefined) return refuse(`${word.text} has no "${asked}": ${outputs.join(', ')}`, span, nearestOf(asked, outputs));
  reader.take();
  return { name, to: token.to };
}

function parseCall(reader: Reader, spec: FunctionSpec, word: Word, parseWhole: ParseWhole): Tree {
  const parts: Tree[] = [];
  const numbers: number[] = [];
  const signature = `${signatureOfFunction(word.text, spec)}`;
  const queue: Parameter[] = [...spec.parameters];
  let end: Span = word;
  if (reader.isSign('(')) {
    const open = reader.take();
    for (let n = 0; !reader.isSign(')'); n += 1) {
      if (n > 0) reader.expect(',', `A comma or a closing bracket is missing: ${signature}`, open);
      const parameter = queue[0];
      if (parameter === undefined) return refuse(spec.parameters.length === 0 ? `${word.text} takes nothing in brackets` : `${word.text} takes at most ${spec.parameters.length}: ${signature}`, reader.token());
      if (parameter.isMany !== true) queue.shift();
      if (parameter.kind === 'bars') numbers.push(readBars(reader, parameter, signature));
      else parts.push(readSeries(parameter, reader.nested(() => parseWhole(reader)), signature));
    }
    end = reader.take();
  }
  const span = { from: word.from, to: end.to };
  for (const parameter of queue) {
    if (parameter.isMany === true && parts.length >= 2) continue;
    if (parameter.default === undefined) refuse(parameter.isMany === true ? `${word.text} takes two numbers or more` : `${word.text} needs ${parameter.name === 'n' ? 'a number of bars' : parameter.name}: ${signature}`, span);
    else numbers.push(parameter.default);
  }
  return { kind: 'call', name: word.text, parts, numbers, ...span };
}

function readSeries(parameter: Parameter, part: Tree, signature: string): Tree {
  const [type, wanted] = [typeOf(part), parameter.kind === 'condition' ? 'boolean' : 'number'];
  if (type !== wanted) refuse(`${parameter.name} is ${wanted === 'boolean' ? 'a condition' : 'a number'} here: ${signature}`, part);
  return part;
}

/** A whole number that is written out, so that everybody knows how far back a formula looks. */
function readBars(reader: Reader, parameter: Parameter, signature: string): number {
  if (reader.isWord('within')) reader.take();
  const token = reader.token();
  const { min = 1, max = Infinity } = parameter;
  if (token.kind !== 'number' || token.form !== 'plain' || !Number.isInteger(token.value)) return refuse(`${parameter.name} is a written whole number: ${signature}`, token);
  if (token.value < min || token.value > max) refuse(`${parameter.name} must lie within ${min} and ${max}`, token);
  reader.take();
  return token.value;
}

/** How an indicator is written: `macd(fast = 12, slow = 26, signal = 9)`. */
export function signatureOf(indicator: AnyIndicator): string {
  const inside = [...indicator.parameters.map((parameter) => `${parameter.name} = ${parameter.default}`), ...(takesSource(indicator) ? ['price = close'] : [])].join(', ');
  const outputs = indicator.outputs.length === 1 ? '' : `.${indicator.outputs.join(' | .')}`;
  return `${indicator.id.toLowerCase()}${inside === '' ? '' : `(${inside})`}${outputs}`;
}

/** How a function is written: `crosses_above(a, b, within = 1)`. */
export function signatureOfFunction(name: string, spec: FunctionSpec): string {
  const inside = spec.parameters.map((parameter) => (parameter.isMany === true ? 'a, b, ...' : parameter.default === undefined ? parameter.name : `${parameter.name} = ${parameter.default}`)).join(', ');
  return inside === '' ? name : `${name}(${inside})`;
}
