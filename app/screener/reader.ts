/** The pieces of a formula read one by one, within limits that no text can exceed. */
import { refuse, type Span } from './fault.ts';
import { type Token, tokensOf } from './tokens.ts';

/** Deepest nesting of a formula. */
export const DEPTH_MAX = 60;
/** Most values, names and operators of a formula. */
export const NODES_MAX = 250;

/** Where the parser stands. */
export type Reader = {
  token(): Token;
  /** The piece where it stands; goes on to the next. */
  take(): Token;
  isWord(word: string): boolean;
  isSign(sign: string): boolean;
  /** The sign where it stands, null for anything else. */
  sign(): string | null;
  /** The word behind the piece where it stands; empty when there is none. */
  wordAfter(): string;
  /** The three pieces behind an opening bracket where it stands. */
  ahead(): readonly [Token, Token, Token];
  /** @throws FaultSignal with the rule when another piece stands here; at its place, or at `near` when the text ends */
  expect(sign: string, rule: string, near: Span): Token;
  /** What was written there. */
  source(span: Span): string;
  /** The bare word right before a piece, null when something else stands there. */
  textBefore(token: Token): (Span & { readonly text: string }) | null;
  /** Counts one more part. @throws FaultSignal for too many */
  count(at: Span): void;
  /** One level deeper for good: a chain of operators leans to the left. @throws FaultSignal for too many */
  deepen(at: Span): void;
  /** Reads one level deeper. @throws FaultSignal when that is too deep */
  nested<T>(read: () => T): T;
};

/** Opens a text. @throws FaultSignal for what is no piece of a formula */
export function readerOf(text: string): Reader {
  const tokens = tokensOf(text);
  const end: Token = { kind: 'end', from: text.length, to: text.length };
  let at = 0;
  let [nodes, depth] = [0, 0];
  const token = (): Token => tokens[at] ?? end;
  const reader: Reader = {
    token,
    take() {
      const taken = token();
      at += 1;
      return taken;
    },
    isWord(word) {
      const here = token();
      return here.kind === 'word' && here.text === word;
    },
    isSign: (sign) => reader.sign() === sign,
    sign() {
      const here = token();
      return here.kind === 'sign' ? here.text : null;
    },
    wordAfter() {
      const after = tokens[at + 1];
      return after?.kind === 'word' ? after.text : '';
    },
    ahead: () => [tokens[at + 1] ?? end, tokens[at + 2] ?? end, tokens[at + 3] ?? end],
    expect(sign, rule, near) {
      const here = token();
      if (!reader.isSign(sign)) refuse(rule, here.kind === 'end' ? near : here);
      return reader.take();
    },
    source: ({ from, to }) => text.slice(from, to),
    textBefore(behind) {
      const before = tokens[tokens.indexOf(behind) - 1];
      return before?.kind === 'word' ? { from: before.from, to: before.to, text: before.text } : null;
    },
    count(span) {
      nodes += 1;
      if (nodes > NODES_MAX) refuse(`The formula has too many parts: at most ${NODES_MAX}. Make two filters of it`, span);
    },
    deepen(span) {
      reader.count(span);
    },
    nested(read) {
      depth += 1;
      if (depth > DEPTH_MAX) refuse(`The formula is nested too deeply: at most ${DEPTH_MAX} levels`, token());
      const value = read();
      depth -= 1;
      return value;
    },
  };
  return reader;
}
