/** Recursive descent over the pieces of a formula: every refusal says where and what to do instead. */
import { faultAt, FaultSignal, type FormulaFault, refuse, type Span } from './fault.ts';
import { takesNumbers } from './names.ts';
import { parseNamed } from './parser-names.ts';
import { type Reader, readerOf } from './reader.ts';
import { WINDOW_MAX } from './functions.ts';
import type { Comparison, Tree } from './tree.ts';
import { typeOf, unitOf } from './units.ts';

const COMPARISONS: readonly string[] = ['<', '<=', '>', '>=', '=', '!='];
const isComparison = (text: string): text is Comparison => COMPARISONS.includes(text);
/** Characters of a wrong piece that are repeated in a message. */
const SHOWN = 40;
const TYPE_NAMES = { number: 'a number', boolean: 'a condition', text: 'a text' } as const;

const spanOf = (first: Span, last: Span): Span => ({ from: first.from, to: last.to });

/** Parts of one kind, joined by a word: `a and b and c`. */
function chain(reader: Reader, kind: 'and' | 'or', next: (reader: Reader) => Tree): Tree {
  const first = next(reader);
  const parts = [first];
  while (reader.isWord(kind) || reader.isSign(kind === 'and' ? '&&' : '||')) {
    const word = reader.take();
    wantCondition(first, `The word "${kind}" joins conditions`);
    const part = next(reader);
    wantCondition(part, `The word "${kind}" joins conditions`);
    parts.push(part);
    reader.count(word);
  }
  return parts.length === 1 ? first : { kind, parts, ...spanOf(first, parts.at(-1) ?? first) };
}

/** @throws FaultSignal unless the part is true or false */
function wantCondition(part: Tree, rule: string): void {
  const type = typeOf(part);
  if (type !== 'boolean') refuse(`${rule}: this is ${TYPE_NAMES[type]}. Compare it with something, like rsi(14) < 30`, part);
}

/** @throws FaultSignal unless the part is a number */
function wantNumber(part: Tree, rule: string): void {
  const type = typeOf(part);
  if (type !== 'number') refuse(`${rule}: this is ${TYPE_NAMES[type]}`, part);
}

const parseOr = (reader: Reader): Tree => reader.nested(() => chain(reader, 'or', (inner) => chain(inner, 'and', parseNot)));

function parseNot(reader: Reader): Tree {
  if (!reader.isWord('not') && !reader.isSign('!')) return parseComparison(reader);
  const { from } = reader.take();
  const of = reader.nested(() => parseNot(reader));
  wantCondition(of, '"not" turns a condition round');
  return { kind: 'not', of, from, to: of.to };
}

function parseComparison(reader: Reader): Tree {
  const first = parseSum(reader);
  const isNot = reader.isWord('not') && ['in', 'contains', 'between'].includes(reader.wordAfter());
  if (isNot) reader.take();
  if (reader.isWord('in')) return parseAmong(reader, first, isNot);
  if (reader.isWord('contains')) return parseContains(reader, first, isNot);
  if (reader.isWord('between')) return parseBetween(reader, first, isNot);
  const parts = [first];
  const signs: Comparison[] = [];
  for (let sign = reader.sign(); sign !== null && isComparison(sign); sign = reader.sign()) {
    const at = reader.take();
    parts.push(typeOf(first) === 'text' && first.kind !== 'text' ? parseText(reader, at) : parseSum(reader));
    signs.push(sign);
  }
  if (signs.length === 0) return first;
  checkComparison(parts, signs);
  return { kind: 'compare', parts: inPoints(parts), signs, ...spanOf(first, parts.at(-1) ?? first) };
}

function checkComparison(parts: readonly Tree[], signs: readonly Comparison[]): void {
  const [first] = parts;
  if (first === undefined) return;
  const type = typeOf(first);
  for (const part of parts) if (typeOf(part) !== type) refuse(`${TYPE_NAMES[type]} cannot be compared with ${TYPE_NAMES[typeOf(part)]}`.replace(/^./, (letter) => letter.toUpperCase()), part);
  const wrong = signs.find((sign) => sign !== '=' && sign !== '!=');
  if (type !== 'number' && (signs.length > 1 || wrong !== undefined)) refuse(`${type === 'text' ? 'Texts' : 'Conditions'} are compared with = and != alone, two at a time`, spanOf(first, parts.at(-1) ?? first));
}

/** Percentages that stand against something that counts in percent count in percent. */
function inPoints(parts: readonly Tree[]): readonly Tree[] {
  if (!parts.some((part) => unitOf(part) === 'percent')) return parts;
  const points = (part: Tree): Tree => (part.kind === 'number' && part.form === 'percent' ? { ...part, form: 'points' } : part.kind === 'minus' ? { ...part, of: points(part.of) } : part);
  return parts.map(points);
}

/** A text to compare with: quoted, or one bare word. */
function parseText(reader: Reader, before: Span): Extract<Tree, { kind: 'text' }> {
  const token = reader.token();
  if (token.kind !== 'word' && token.kind !== 'quoted') return refuse('A text comes here, in quotes, like sector = "Energy"', token.kind === 'end' ? before : token);
  reader.take();
  return { kind: 'text', value: token.kind === 'quoted' ? token.text : reader.source(token), from: token.from, to: token.to };
}

function parseAmong(reader: Reader, of: Tree, isNot: boolean): Tree {
  const word = reader.take();
  if (typeOf(of) !== 'text') refuse('"in" asks a text, like sector in ("Energy", "Utilities"). For numbers write between', of);
  reader.expect('(', 'A list in brackets follows "in", like ("Energy", "Utilities")', word);
  const values = [parseText(reader, word).value];
  while (reader.isSign(',')) values.push(parseText(reader, reader.take()).value);
  values.forEach(() => reader.count(word));
  const end = reader.expect(')', 'The list is not closed: write )', word);
  return { kind: 'among', of, values, isNot, from: of.from, to: end.to };
}

function parseContains(reader: Reader, of: Tree, isNot: boolean): Tree {
  const word = reader.take();
  if (typeOf(of) !== 'text') refuse('"contains" asks a text, like name contains "bank"', of);
  const { value, to } = parseText(reader, word);
  if (value === '') refuse('Every text contains the empty text', { from: word.from, to });
  return { kind: 'contains', of, value, isNot, from: of.from, to };
}

function parseBetween(reader: Reader, of: Tree, isNot: boolean): Tree {
  const word = reader.take();
  wantNumber(of, '"between" asks a number');
  const low = parseSum(reader);
  if (!reader.isWord('and')) refuse('"between" takes two numbers: x between 1 and 2', spanOf(word, low));
  reader.take();
  const high = parseSum(reader);
  for (const part of [low, high]) wantNumber(part, '"between" takes two numbers');
  const inside: Tree = { kind: 'compare', parts: inPoints([low, of, high]), signs: ['<=', '<='], ...spanOf(of, high) };
  return isNot ? { kind: 'not', of: inside, ...spanOf(of, high) } : inside;
}

function parseSum(reader: Reader): Tree {
  return arithmetic(reader, ['+', '-'], (inner) => arithmetic(inner, ['*', '/'], parseMinus));
}

function arithmetic(reader: Reader, signs: readonly string[], next: (reader: Reader) => Tree): Tree {
  let left = next(reader);
  for (let sign = reader.sign(); sign !== null && signs.includes(sign); sign = reader.sign()) {
    const at = reader.take();
    const right = next(reader);
    for (const part of [left, right]) wantNumber(part, `"${sign}" takes numbers`);
    left = { kind: 'arithmetic', sign: sign as '+' | '-' | '*' | '/', left, right, ...spanOf(left, right) };
    reader.deepen(at);
  }
  return left;
}

function parseMinus(reader: Reader): Tree {
  if (!reader.isSign('-')) return parseBack(reader);
  const { from } = reader.take();
  const of = reader.nested(() => parseMinus(reader));
  wantNumber(of, 'A minus takes a number');
  return { kind: 'minus', of, from, to: of.to };
}

function parseBack(reader: Reader): Tree {
  let of = parsePrimary(reader);
  while (reader.isSign('[')) {
    const open = reader.take();
    if (typeOf(of) === 'text') refuse('A text has no history', of);
    const token = reader.token();
    if (token.kind !== 'number' || token.form !== 'plain' || !Number.isInteger(token.value) || token.value > WINDOW_MAX) refuse(`A whole number of bars up to ${WINDOW_MAX} stands in [ ]: close[1] is the close one bar before`, token.kind === 'end' ? open : token);
    const bars = token.kind === 'number' ? token.value : 0;
    reader.take();
    const end = reader.expect(']', 'Close the number of bars: write ]', open);
    reader.deepen(open);
    of = { kind: 'back', of, bars, from: of.from, to: end.to };
  }
  return of;
}

function parsePrimary(reader: Reader): Tree {
  const token = reader.token();
  reader.count(token);
  switch (token.kind) {
    case 'number': {
      const { value, form, from, to } = token;
      reader.take();
      return { kind: 'number', value, form, from, to };
    }
    case 'quoted':
      reader.take();
      return { kind: 'text', value: token.text, from: token.from, to: token.to };
    case 'word':
      return parseNamed(reader, parseOr);
    case 'sign':
      if (token.text === '(') return parseBracket(reader);
      return refuse(`A value is missing before "${token.text}"`, token);
    case 'end':
      return refuse(token.to === 0 ? 'Write a formula, like rsi(14) < 30' : 'The formula ends too early: a value is missing', { from: Math.max(0, token.from - 1), to: token.to });
  }
}

function parseBracket(reader: Reader): Tree {
  const open = reader.take();
  const inside = parseOr(reader);
  const end = reader.expect(')', 'A bracket is not closed: write )', open);
  return { ...inside, from: open.from, to: end.to };
}

/** The tree of a text. @returns the fault that ends the reading */
export function parseTree(text: string): Tree | FormulaFault {
  try {
    const reader = readerOf(text);
    const tree = parseOr(reader);
    const left = reader.token();
    if (left.kind !== 'end') return leftOver(reader, tree);
    return tree;
  } catch (error) {
    if (error instanceof FaultSignal) return error.fault;
    throw error;
  }
}

/** What stands behind the formula's end, and why it does not belong there. */
function leftOver(reader: Reader, tree: Tree): FormulaFault {
  const left = reader.token();
  if (left.kind === 'sign' && left.text === ')') return faultAt('This bracket was never opened', left);
  // `rsi 14`: the number wants brackets.
  if (left.kind === 'number' && tree.to <= left.from) {
    const before = reader.textBefore(left);
    if (before !== null && takesNumbers(before.text)) return faultAt(`Put the number into brackets: ${before.text}(${reader.source(left)})`, { from: before.from, to: left.to }, `${before.text}(${reader.source(left)})`);
  }
  return faultAt(`"${reader.source(left).slice(0, SHOWN)}" does not belong here: join conditions with and, or`, left);
}
