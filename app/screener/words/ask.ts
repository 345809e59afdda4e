/** A wish in plain words as visible filters. It knows what it knows: what it does not understand is told, never guessed. */
import { type Formula, parseFormula } from '../language.ts';
import { aComparison } from './comparisons.ts';
import type { Found, Rank } from './found.ts';
import { aGroup } from './groups.ts';
import { aMove } from './moves.ts';
import { aLack } from './lacks.ts';
import { longest, type Rule } from './phrases.ts';
import { aRanking } from './ranking.ts';
import { aState } from './states.ts';
import { WISH_MAX, type Word, wordsOf } from './words.ts';

/** A filter, and the characters of the wish that it was made of. */
export type AskedFilter = { readonly formula: string; readonly words: readonly [from: number, to: number] };

/** What a wish says. `notUnderstood`: stretches of it with their text; `questions`: what was assumed where a word can mean more than one thing. */
export type Asked = { readonly filters: readonly AskedFilter[]; readonly rank: Rank | null; readonly notUnderstood: readonly (readonly [from: number, to: number, text: string])[]; readonly questions: readonly string[] };

/** Words around the wish that ask for nothing. */
const FILLERS: ReadonlySet<string> = new Set(('a an the i me my we us you all any every each some of in on at for with within and but also that which whose who where are is was were be been being has have had having do does did it its they their them this these those there so then than please show find give list get search screen scan look looking want need like see ' +
  'stock stocks share shares company companies name names symbol symbols ticker tickers equity equities security securities us american listed trading traded trade currently now right only just still very sector sectors industry industries market markets price priced today daily by from to as up-to other others both ones one candidates ideas setups setup , what whats can could would filter filters most more').split(' '));
const NOT: ReadonlySet<string> = new Set(['not', 'no', 'non', 'without', 'excluding', 'exclude', 'except', 'isnt', 'arent', 'never', 'ignore', 'ignoring', 'avoid', 'wasnt', 'hasnt', 'havent', 'outside', 'neither', 'nor']);

const anything: Rule<Found> = longest([aMove, aComparison, aState, aGroup, aRanking, aLack]);

/** Words at which a new thought begins. */
const BREAKS: ReadonlySet<string> = new Set([',', 'and', 'but', 'or', 'with', 'nor', 'on']);

/** One thing that was read. `isOr`: the word before it was "or"; `clause`: the number of the thought that it stands in. */
type Piece = { readonly found: Found; readonly isNot: boolean; readonly isOr: boolean; readonly from: number; readonly to: number; readonly clause: number };

type Reading = { readonly pieces: readonly Piece[]; readonly lost: [number, number][] };

function read(words: readonly Word[]): Reading {
  const reading: { readonly pieces: Piece[]; readonly lost: [number, number][] } = { pieces: [], lost: [] };
  const unclear = new Set<number>();
  let [at, isNot, isOr, clause] = [0, false, false, 0];
  let notAt: Word | null = null;
  while (at < words.length) {
    const word = words[at];
    if (word === undefined) break;
    const found = anything(words, at);
    if (found !== null) {
      const [first, last] = [notAt ?? word, words[found.next - 1] ?? word];
      reading.pieces.push({ found: found.value, isNot, isOr, from: first.from, to: last.to, clause });
      [at, isOr] = [found.next, false];
      // "not tech or energy" leaves both out.
      if (!(isNot && found.value.kind === 'group' && joinsGroup(words, at))) [isNot, notAt] = [false, null];
      continue;
    }
    if (BREAKS.has(word.text)) clause += 1;
    if (NOT.has(word.text)) [isNot, notAt] = [true, notAt ?? word];
    else if (word.text === 'or') isOr = true;
    else if (!FILLERS.has(word.text)) {
      reading.lost.push([notAt?.from ?? word.from, word.to]);
      unclear.add(clause);
      [isNot, isOr, notAt] = [false, false, null];
    }
    at += 1;
  }
  if (notAt !== null) reading.lost.push([notAt.from, notAt.to]);
  const isUnclear = (piece: Piece): boolean => piece.found.kind === 'filter' && piece.found.isWeak === true && unclear.has(piece.clause);
  return { pieces: reading.pieces.filter((piece) => !isUnclear(piece)), lost: [...reading.lost, ...reading.pieces.filter(isUnclear).map(({ from, to }): [number, number] => [from, to])] };
}

/** Whether another group of the same list follows: "energy, utilities and tech". */
function joinsGroup(words: readonly Word[], at: number): boolean {
  let next = at;
  while (['or', 'and', ',', 'nor', 'stocks', 'shares', '&'].includes(words[next]?.text ?? '')) next += 1;
  return next > at && aGroup(words, next) !== null;
}

const quote = (name: string): string => `"${name}"`;

/** Filters of one meaning: groups of one kind are a list, alternatives are joined by "or". */
type Draft = { formula: string; from: number; to: number; readonly group: { readonly of: string; readonly isNot: boolean; readonly names: string[] } | null };

function formulaOfGroup({ of, isNot, names }: { readonly of: string; readonly isNot: boolean; readonly names: readonly string[] }): string {
  const [only = ''] = names;
  if (of === 'industry') {
    const any = names.map((name) => `industry contains ${quote(name)}`).join(' or ');
    return isNot ? (names.length === 1 ? `industry not contains ${quote(only)}` : `not (${any})`) : any;
  }
  if (names.length === 1) return `${of} ${isNot ? '!=' : '='} ${quote(only)}`;
  return `${of} ${isNot ? 'not in' : 'in'} (${names.map(quote).join(', ')})`;
}

const isSimple = (formula: string): boolean => {
  const parsed = parseFormula(formula);
  return parsed.ok && !['and', 'or', 'not', 'compare', 'among', 'contains'].includes(parsed.formula.tree.kind);
};
const bracketed = (formula: string): string => (isSimple(formula) ? formula : `(${formula})`);

function addGroup(drafts: Draft[], piece: Piece, found: Extract<Found, { kind: 'group' }>): void {
  const same = drafts.find(({ group }) => group !== null && group.of === found.of && group.isNot === piece.isNot);
  const last = drafts.at(-1);
  // "banks or energy": an industry or a sector.
  if (same !== undefined && same.group !== null) {
    if (!same.group.names.includes(found.name)) same.group.names.push(found.name);
    same.formula = formulaOfGroup(same.group);
    [same.from, same.to] = [Math.min(same.from, piece.from), Math.max(same.to, piece.to)];
    return;
  }
  const group = { of: found.of, isNot: piece.isNot, names: [found.name] };
  const formula = formulaOfGroup(group);
  if (piece.isOr && last !== undefined) either(last, formula, piece);
  else drafts.push({ formula, from: piece.from, to: piece.to, group });
}

function either(draft: Draft, formula: string, { from, to }: Pick<Piece, 'from' | 'to'>): void {
  draft.formula = `${bracketed(draft.formula)} or ${bracketed(formula)}`;
  [draft.from, draft.to] = [Math.min(draft.from, from), Math.max(draft.to, to)];
}

/** Makes filters of what was read, in its order. */
function assemble(pieces: readonly Piece[]): { readonly drafts: readonly Draft[]; readonly rank: Rank | null; readonly questions: readonly string[]; readonly left: readonly Piece[] } {
  const drafts: Draft[] = [];
  const questions: string[] = [];
  const left: Piece[] = [];
  let rank: Rank | null = null;
  for (const piece of pieces) {
    const { found, isNot } = piece;
    if (found.kind !== 'group' && found.note !== undefined) questions.push(found.note);
    if (found.kind === 'lacking') {
      left.push(piece);
      continue;
    }
    if (found.kind === 'group') {
      addGroup(drafts, piece, found);
      continue;
    }
    if (found.kind === 'rank' && (isNot || rank !== null)) {
      left.push(piece);
      continue;
    }
    if (found.kind === 'rank') rank = found.rank;
    if (found.formula === undefined) continue;
    const formula = isNot ? `not ${bracketed(found.formula)}` : found.formula;
    const last = drafts.at(-1);
    if (piece.isOr && last !== undefined) either(last, formula, piece);
    else drafts.push({ formula, from: piece.from, to: piece.to, group: null });
  }
  return { drafts, rank, questions, left };
}

/** Stretches that touch, or have only blanks between them, are one. */
function merged(text: string, stretches: readonly (readonly [number, number])[]): readonly (readonly [number, number, string])[] {
  const sorted = [...stretches].sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && text.slice(last[1], from).trim() === '') last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined.map(([from, to]) => [from, to, text.slice(from, to)] as const);
}

/** What is joined by "and" are filters of their own: each can be switched off. */
function partsOf(text: string, { tree }: Formula): readonly string[] {
  return tree.kind === 'and' ? tree.parts.map(({ from, to }) => text.slice(from, to)) : [text];
}

/**
 * Reads a wish. Always the same answer for the same words; never throws. Each formula parses.
 * "tech stocks with RSI below 30 and volume above 1 million" gives sector = "Information Technology", rsi(14) < 30, volume > 1M.
 */
export function askInWords(text: string): Asked {
  const { pieces, lost } = read(wordsOf(text));
  const { drafts, rank, questions, left } = assemble(pieces);
  const filters: AskedFilter[] = [];
  const stretches: [number, number][] = [...lost, ...left.map(({ from, to }): [number, number] => [from, to])];
  for (const { formula, from, to } of drafts) {
    const parsed = parseFormula(formula);
    if (!parsed.ok || parsed.formula.type !== 'boolean') stretches.push([from, to]);
    else for (const one of partsOf(formula, parsed.formula)) if (!filters.some((known) => known.formula === one)) filters.push({ formula: one, words: [from, to] });
  }
  if (text.length > WISH_MAX) stretches.push([WISH_MAX, text.length]);
  return { filters, rank: rank !== null && parseFormula(rank.formula).ok ? rank : null, notUnderstood: merged(text, stretches), questions: [...new Set(questions)] };
}
