/** Formulas cut into words, numbers and signs, each with its place. */
import { refuse } from './fault.ts';

/** How a number was written: bare, as a percentage, as dollars. */
export type NumberForm = 'plain' | 'percent' | 'dollars';

/** One piece. Words are in lower case, `text` of a quoted piece is what stands between the quotes. A number of form `percent` holds what was written: 5 for `5%`. */
export type Token =
  | { readonly kind: 'word'; readonly text: string; readonly from: number; readonly to: number }
  | { readonly kind: 'number'; readonly value: number; readonly form: NumberForm; readonly from: number; readonly to: number }
  | { readonly kind: 'quoted'; readonly text: string; readonly from: number; readonly to: number }
  | { readonly kind: 'sign'; readonly text: string; readonly from: number; readonly to: number }
  | { readonly kind: 'end'; readonly from: number; readonly to: number };

/** Most pieces of one formula. */
const TOKENS_MAX = 1_000;
const SPACE = /[ \t\r\n]+/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /(\$?)(\d{1,25}(?:\.\d{1,25})?|\.\d{1,25})(?:[eE]([+-]?\d{1,2}))?/y;
const SUFFIX = /(?:([kKmMbBtT])(?![A-Za-z0-9_]))|(%)/y;
const QUOTED = /"([^"]*)"|'([^']*)'/y;
const SIGN = /<=|>=|==|!=|<>|&&|\|\||[-+*/()[\],.<>=!]/y;
const THOUSANDS = /\d{1,3}(?:,\d{3})+(?![\d])/y;
const SCALE: Readonly<Record<string, number>> = { k: 3, m: 6, b: 9, t: 12 };
/** Ways to write one sign. */
const SAME_SIGN: Readonly<Record<string, string>> = { '==': '=', '<>': '!=', '≤': '<=', '≥': '>=', '≠': '!=' };

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function numberAt(text: string, at: number, found: RegExpExecArray): Token {
  const [whole, dollar = '', digits = '0', exponent] = found;
  let to = at + whole.length;
  const [thousands] = match(THOUSANDS, text, at + dollar.length) ?? [];
  if (thousands !== undefined && !isInsideCall(text, at)) refuse('Write thousands without commas', { from: at, to: at + dollar.length + thousands.length }, dollar + thousands.replaceAll(',', ''));
  let value = Number(exponent === undefined ? digits : `${digits}e${exponent}`);
  const [tail = '', scale, percent] = match(SUFFIX, text, to) ?? [];
  to += tail.length;
  // Decimal shifts of a power of ten are exact through the parser of numbers, not through a product: 2.3M is 2300000.
  if (scale !== undefined) value = exponent === undefined ? Number(`${digits}e${SCALE[scale.toLowerCase()] ?? 0}`) : value * 10 ** (SCALE[scale.toLowerCase()] ?? 0);
  if (!Number.isFinite(value)) refuse('This number is too large', { from: at, to });
  const next = match(WORD, text, to);
  if (next !== null) refuse(`"${text.slice(at, to + next[0].length)}" is no number: suffixes are k, M, B, T and %`, { from: at, to: to + next[0].length }, null);
  if (percent !== undefined && dollar !== '') refuse('A number is either dollars or percent', { from: at, to }, `${digits}%`);
  return { kind: 'number', value, form: percent !== undefined ? 'percent' : dollar !== '' ? 'dollars' : 'plain', from: at, to };
}

/** Whether a comma here parts arguments: some bracket is open before. */
function isInsideCall(text: string, at: number): boolean {
  let open = 0;
  for (let i = 0; i < at; i += 1) open += text[i] === '(' ? 1 : text[i] === ')' ? -1 : 0;
  return open > 0;
}

function tokenAt(text: string, at: number): Token {
  const word = match(WORD, text, at);
  if (word !== null) return { kind: 'word', text: word[0].toLowerCase(), from: at, to: at + word[0].length };
  const quoted = match(QUOTED, text, at);
  if (quoted !== null) return { kind: 'quoted', text: quoted[1] ?? quoted[2] ?? '', from: at, to: at + quoted[0].length };
  const number = match(NUMBER, text, at);
  if (number !== null) return numberAt(text, at, number);
  const sign = match(SIGN, text, at)?.[0] ?? (SAME_SIGN[text[at] ?? ''] === undefined ? undefined : text[at]);
  if (sign !== undefined) return { kind: 'sign', text: SAME_SIGN[sign] ?? sign, from: at, to: at + sign.length };
  if (text[at] === '"' || text[at] === "'") return refuse('The text has no closing quote', { from: at, to: text.length }, `${text.slice(at)}${text[at]}`);
  return refuse(`"${String.fromCodePoint(text.codePointAt(at) ?? 32)}" means nothing in a formula`, { from: at, to: at + 1 });
}

/** Cuts a formula into pieces, the last one of kind `end`. @throws FaultSignal for what is no piece, and for more than 1,000 of them */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += match(SPACE, text, at)?.[0].length ?? 0;
    if (at >= text.length) break;
    if (tokens.length >= TOKENS_MAX) refuse(`A formula has at most ${TOKENS_MAX} words and signs`, { from: at, to: text.length });
    const token = tokenAt(text, at);
    tokens.push(token);
    at = token.to;
  }
  return [...tokens, { kind: 'end', from: text.length, to: text.length }];
}
