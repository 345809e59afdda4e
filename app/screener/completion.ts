/** What can come next in a formula that is being written, and what the name under the cursor means. */
import { FaultSignal } from './fault.ts';
import { KEYWORDS } from './names.ts';
import { nearestOf } from './nearest.ts';
import { type Token, tokensOf } from './tokens.ts';
import { entryOf, VOCABULARY, type VocabularyEntry } from './vocabulary.ts';

/** One proposal: `insert` replaces the characters `from` to `to`, then the cursor stands `caret` characters behind `from`. */
export type Completion = { readonly label: string; readonly kind: VocabularyEntry['kind'] | 'output' | 'value' | 'price' | 'operator'; readonly detail: string; readonly explanation: string; readonly insert: string; readonly from: number; readonly to: number; readonly caret: number };

/** What a name means. */
export type Hover = { readonly from: number; readonly to: number; readonly entry: VocabularyEntry; readonly output: string | null };

/** Most proposals at a time. */
export const COMPLETIONS_MAX = 40;
const LONGEST = 1_000;

/** The pieces of a text, as far as it can be cut: a half-written number or quote ends it. */
function piecesOf(text: string): readonly Token[] {
  const cut = text.slice(0, LONGEST);
  try {
    return tokensOf(cut).filter((token) => token.kind !== 'end');
  } catch (error) {
    if (!(error instanceof FaultSignal)) throw error;
    return error.fault.from > 0 ? piecesOf(cut.slice(0, error.fault.from)) : [];
  }
}

type Place = { readonly before: readonly Token[]; readonly typed: string; readonly from: number; readonly to: number };

/** What stands before the cursor, and the word that is being written there. */
function placeOf(text: string, at: number): Place {
  const pieces = piecesOf(text.slice(0, at));
  const last = pieces.at(-1);
  if (last?.kind !== 'word' || last.to !== at) return { before: pieces, typed: '', from: at, to: at };
  // The rest of the word behind the cursor is replaced too.
  const rest = /^[A-Za-z0-9_]*/.exec(text.slice(at))?.[0].length ?? 0;
  return { before: pieces.slice(0, -1), typed: last.text, from: last.from, to: at + rest };
}

const isSign = (token: Token | undefined, ...signs: readonly string[]): boolean => token?.kind === 'sign' && signs.includes(token.text);

/** The name of which an output is asked for: `macd(12, 26, 9).`, `macd.`. */
function ownerOf(before: readonly Token[]): VocabularyEntry | undefined {
  let n = before.length - 2;
  if (isSign(before[n], ')')) {
    let open = 1;
    for (n -= 1; n >= 0 && open > 0; n -= 1) open += isSign(before[n], ')') ? 1 : isSign(before[n], '(') ? -1 : 0;
  }
  const name = before[n];
  return name?.kind === 'word' ? entryOf(name.text) : undefined;
}

/** The name in whose brackets the cursor stands, and at which of its arguments; null outside of brackets. */
function callOf(before: readonly Token[]): { readonly entry: VocabularyEntry; readonly argument: number } | null {
  let [open, argument] = [0, 0];
  for (let n = before.length - 1; n >= 0; n -= 1) {
    const token = before[n];
    if (isSign(token, ')')) open += 1;
    else if (isSign(token, ',') && open === 0) argument += 1;
    else if (isSign(token, '(') && open > 0) open -= 1;
    else if (isSign(token, '(')) {
      const name = before[n - 1];
      const entry = name?.kind === 'word' ? entryOf(name.text) : undefined;
      return entry === undefined ? null : { entry, argument };
    }
  }
  return null;
}

/** The text fact whose value is asked for: `sector =`, `sector in ("Energy",`. */
function factOf(before: readonly Token[]): VocabularyEntry | null {
  let n = before.length - 1;
  if (isSign(before[n], '(', ',')) {
    while (n >= 0 && (isSign(before[n], ',') || before[n]?.kind === 'quoted' || (before[n]?.kind === 'word' && isSign(before[n - 1], ',', '(')))) n -= 1;
    if (!isSign(before[n], '(')) return null;
    n -= 1;
  }
  const operator = before[n];
  const isOperator = isSign(operator, '=', '!=') || (operator?.kind === 'word' && (operator.text === 'in' || operator.text === 'contains'));
  if (!isOperator) return null;
  const name = before[before[n - 1]?.kind === 'word' && (before[n - 1] as { text: string }).text === 'not' ? n - 2 : n - 1];
  const entry = name?.kind === 'word' ? entryOf(name.text) : undefined;
  return entry?.kind === 'fact' && entry.type === 'text' ? entry : null;
}

/** Whether a whole value stands before the cursor: then an operator comes next. */
function endsValue(before: readonly Token[]): boolean {
  const last = before.at(-1);
  if (last === undefined) return false;
  if (last.kind === 'number' || last.kind === 'quoted' || isSign(last, ')', ']')) return true;
  return last.kind === 'word' && !(KEYWORDS as readonly string[]).slice(0, -2).includes(last.text);
}

const completion = ({ from, to }: Place, given: Pick<Completion, 'label' | 'kind' | 'detail' | 'explanation'> & { readonly insert?: string; readonly caret?: number }): Completion => {
  const { insert = given.label, caret = insert.length } = given;
  return { label: given.label, kind: given.kind, detail: given.detail, explanation: given.explanation, insert, from, to, caret };
};

/** How well a name answers to what was typed: 0 the same, 1 begins with it, 2 has it in it or in its title, 3 is near; null not at all. */
function rankOf({ name, title }: VocabularyEntry, typed: string): number | null {
  if (typed === '') return 1;
  if (name === typed) return 0;
  if (name.startsWith(typed)) return 1;
  if (name.includes(typed) || title.toLowerCase().includes(typed)) return 2;
  return typed.length >= 3 && nearestOf(typed, [name, ...title.toLowerCase().split(/[^a-z]+/)]) !== null ? 3 : null;
}

const KINDS: readonly VocabularyEntry['kind'][] = ['field', 'fact', 'function', 'indicator', 'word'];

function names(place: Place, wanted: (entry: VocabularyEntry) => boolean): Completion[] {
  const ranked = VOCABULARY.filter(wanted).flatMap((entry) => {
    const rank = rankOf(entry, place.typed);
    return rank === null ? [] : [{ entry, rank }];
  });
  ranked.sort((a, b) => a.rank - b.rank || KINDS.indexOf(a.entry.kind) - KINDS.indexOf(b.entry.kind) || (a.entry.name < b.entry.name ? -1 : 1));
  return ranked.map(({ entry }) => completion(place, { label: entry.name, kind: entry.kind, detail: entry.signature, explanation: entry.explanation, insert: entry.snippet, caret: caretOf(entry) }));
}

/** Behind the opening bracket where something must be written there, else behind all of it. */
function caretOf({ snippet, parameters }: VocabularyEntry): number {
  return parameters[0]?.default === null && snippet.includes('(') ? snippet.indexOf('(') + 1 : snippet.length;
}

const OPERATORS: Readonly<Record<'number' | 'text' | 'boolean', readonly (readonly [string, string])[]>> = {
  number: [['<', 'less than'], ['>', 'more than'], ['<=', 'at most'], ['>=', 'at least'], ['=', 'equal to'], ['!=', 'other than'], ['between', 'within two numbers'], ['and', 'both are true'], ['or', 'one is true']],
  text: [['=', 'the same'], ['!=', 'another one'], ['in', 'one of a list'], ['contains', 'has these letters in it']],
  boolean: [['and', 'both are true'], ['or', 'one is true']],
};

/** Whether the value before the cursor is the right side of a comparison. */
function isCompared(before: readonly Token[]): boolean {
  let open = 0;
  for (let n = before.length - 1; n >= 0; n -= 1) {
    const token = before[n];
    if (isSign(token, ')', ']')) open += 1;
    else if (isSign(token, '(', '[')) open -= 1;
    if (open < 0) return false;
    if (open === 0 && isSign(token, '<', '<=', '>', '>=', '=', '!=')) return true;
    if (open === 0 && token?.kind === 'word' && (token.text === 'or' || token.text === 'not' || token.text === 'and')) return false;
  }
  return false;
}

function operators(place: Place): Completion[] {
  const last = place.before.at(-1);
  const type = last?.kind === 'word' ? (entryOf(last.text)?.type ?? 'number') : last?.kind === 'quoted' ? 'boolean' : 'number';
  const inserts: Readonly<Record<string, string>> = { in: 'in ("")', contains: 'contains ""', between: 'between  and ' };
  const carets: Readonly<Record<string, number>> = { in: 5, contains: 10, between: 8 };
  const isDone = type === 'number' && isCompared(place.before);
  return OPERATORS[isDone ? 'boolean' : type].filter(([sign]) => sign.startsWith(place.typed)).map(([sign, explanation]) => completion(place, { label: sign, kind: 'operator', detail: sign, explanation, insert: inserts[sign] ?? sign, ...(carets[sign] === undefined ? {} : { caret: carets[sign] }) }));
}

/** `closing`: what ends a text whose quote is open already; null where it wants quotes of its own. */
function values(place: Place, entry: VocabularyEntry, closing: string | null): Completion[] {
  return entry.values.filter((value) => value.toLowerCase().includes(place.typed)).map((value) => completion(place, { label: value, kind: 'value', detail: entry.title, explanation: '', insert: closing === null ? `"${value}"` : `${value}${closing}` }));
}

/** Bars for a function that has no usual number of them. */
const USUAL_BARS = 20;

/** The usual number for the argument at the cursor, with its range. */
function countAt(place: Place, { entry, argument }: { readonly entry: VocabularyEntry; readonly argument: number }): Completion | null {
  const parameter = entry.parameters[argument];
  if (parameter === undefined || place.typed !== '' || (parameter.kind !== 'whole' && parameter.kind !== 'number')) return null;
  const usual = `${parameter.default ?? USUAL_BARS}`;
  return completion(place, { label: usual, kind: 'value', detail: `${parameter.title}, ${parameter.min ?? 1} to ${parameter.max ?? ''}`, explanation: '' });
}

/** A quote that is open at the cursor: what was written in it so far. */
function openQuote(text: string, at: number): { readonly from: number; readonly typed: string } | null {
  let from = -1;
  for (let i = 0; i < at; i += 1) {
    const letter = text[i];
    if (letter !== '"' && letter !== "'") continue;
    if (from < 0) from = i;
    else if (text[from] === letter) from = -1;
  }
  return from < 0 ? null : { from, typed: text.slice(from + 1, at) };
}

/** What can stand at the cursor, best first; at most 40. `at`: characters before the cursor. Never throws. */
export function complete(text: string, at: number): readonly Completion[] {
  return proposals(text, Math.max(0, Math.min(at, text.length))).slice(0, COMPLETIONS_MAX);
}

function proposals(text: string, at: number): Completion[] {
  const quote = openQuote(text, at);
  if (quote !== null) {
    const before = piecesOf(text.slice(0, quote.from));
    const entry = factOf(before);
    const closing = text.indexOf(text[quote.from] ?? '"', at);
    return entry === null ? [] : values({ before, typed: quote.typed.toLowerCase(), from: quote.from + 1, to: closing < 0 ? text.length : closing }, entry, closing < 0 ? (text[quote.from] ?? '"') : '');
  }
  const place = placeOf(text, at);
  const { before, typed } = place;
  if (isSign(before.at(-1), '.')) {
    const owner = ownerOf(before);
    return (owner?.outputs ?? []).filter((output) => output.toLowerCase().startsWith(typed)).map((output) => completion(place, { label: output, kind: 'output', detail: owner?.title ?? '', explanation: owner?.explanation ?? '' }));
  }
  const fact = factOf(before);
  if (fact !== null) return values(place, fact, null);
  if (endsValue(before)) return operators(place);
  const call = callOf(before);
  const parameter = call?.entry.parameters[Math.min(call.argument, call.entry.parameters.length - 1)];
  const count = call === null ? null : countAt(place, call);
  if (call?.entry.kind === 'indicator') return [...(count === null ? [] : [count]), ...names(place, (entry) => entry.kind === 'field' && entry.name !== 'dollar_volume' && call.entry.parameters.at(-1)?.kind === 'price')];
  if (parameter?.kind === 'whole') return count === null ? [] : [count];
  return names(place, (entry) => entry.kind !== 'word' || entry.name === 'not');
}

/** The name at a place of the text, with what there is to say of it; null where no known name stands. */
export function hover(text: string, at: number): Hover | null {
  const pieces = piecesOf(text);
  const n = pieces.findIndex((token) => token.kind === 'word' && token.from <= at && at <= token.to);
  const token = pieces[n];
  if (token?.kind !== 'word') return null;
  if (isSign(pieces[n - 1], '.')) {
    const owner = ownerOf(pieces.slice(0, n));
    const output = owner?.outputs.find((known) => known.toLowerCase() === token.text);
    return owner === undefined || output === undefined ? null : { from: token.from, to: token.to, entry: owner, output };
  }
  const entry = entryOf(token.text);
  return entry === undefined ? null : { from: token.from, to: token.to, entry, output: null };
}
