/** Filters out of a language model's reply: only what our own parser understands is kept, whatever else the reply says is told. */
import * as z from 'zod';
import { FORMULA_LENGTH_MAX, type Formula, parseFormula } from './language.ts';
import type { Rank } from './words/found.ts';

/** What was kept of a reply, and what was not, each with the reason. */
export type FromModel = { readonly filters: readonly string[]; readonly rank: Rank | null; readonly refused: readonly { readonly text: string; readonly reason: string }[] };

/** Longest reply that is read, characters; most filters that are kept, most refusals that are told. */
export const REPLY_MAX = 20_000;
const KEPT_MAX = 30;
const TOLD_MAX = 20;
const SHOWN = 200;

const entry = z.union([z.string(), z.object({ formula: z.string() }).transform(({ formula }) => formula)]);
const rankSchema = z.union([z.string().transform((formula) => ({ formula, direction: 'desc' as const })), z.object({ formula: z.string(), direction: z.enum(['asc', 'desc']).catch('desc') })]);
const replySchema = z.union([
  z.array(entry).transform((filters) => ({ filters, rank: null })),
  z.object({ formula: z.string() }).transform(({ formula }) => ({ filters: [formula], rank: null })),
  z.object({ filters: z.union([z.array(entry), entry.transform((one) => [one])]).catch([]), rank: rankSchema.nullable().catch(null).default(null) }),
]);
type Reply = { readonly filters: readonly string[]; readonly rank: Rank | null };

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** From the first bracket to the last: what a model puts around its JSON is left out. */
function within(text: string, open: string, close: string): string | null {
  const [from, to] = [text.indexOf(open), text.lastIndexOf(close)];
  return from >= 0 && to > from ? text.slice(from, to + 1) : null;
}

function structured(text: string): Reply | null {
  const object = within(text, '{', '}');
  const list = within(text, '[', ']');
  for (const candidate of [text, object, list]) {
    const parsed = candidate === null ? undefined : replySchema.safeParse(jsonOf(candidate));
    // An object of another shape has neither filters nor an order: it says nothing.
    if (parsed?.success === true && (parsed.data.filters.length > 0 || parsed.data.rank !== null)) return parsed.data;
  }
  return null;
}

/** A line without what lists and code fences put around it. A row of backticks is looked at from its beginning alone: from each of its places it would take the square of its length. */
const bare = (line: string): string => line.trim().replace(/^(?:[-*•]|\d{1,2}[.)])\s+/, '').replace(/^`+|(?<!`)`+$/g, '').replace(/;$/, '').trim();

function lines(text: string): Reply {
  return { filters: text.split('\n').map(bare).filter((line) => line !== '' && !/^(```|[a-z]+$)/i.test(line)), rank: null };
}

/** A filter must be a condition: why a text is none, null when it is one. */
function reasonAgainst(text: string, wanted: Formula['type']): string | null {
  if (text.length > FORMULA_LENGTH_MAX) return `longer than ${FORMULA_LENGTH_MAX} characters`;
  const parsed = parseFormula(text);
  if (!parsed.ok) return parsed.fault.message;
  if (parsed.formula.type === wanted) return null;
  return wanted === 'boolean' ? 'this is no condition: it must be true or false' : 'symbols are ranked by a number';
}

/** Reads a reply: JSON ({"filters": [...], "rank": {"formula", "direction"}}, or a list), also inside of other text, or a formula a line. Never throws. */
export function formulasFromModel(text: string): FromModel {
  const cut = text.slice(0, REPLY_MAX);
  const reply = structured(cut) ?? lines(cut);
  const filters: string[] = [];
  const refused: { text: string; reason: string }[] = [];
  const refuse = (formula: string, reason: string): void => void (refused.length < TOLD_MAX && refused.push({ text: formula.slice(0, SHOWN), reason }));
  for (const raw of reply.filters) {
    const formula = raw.trim();
    const reason = filters.length >= KEPT_MAX ? `more than ${KEPT_MAX} filters` : reasonAgainst(formula, 'boolean');
    if (reason !== null) refuse(formula, reason);
    else if (!filters.includes(formula)) filters.push(formula);
  }
  const wrongRank = reply.rank === null ? null : reasonAgainst(reply.rank.formula, 'number');
  if (reply.rank !== null && wrongRank !== null) refuse(reply.rank.formula, wrongRank);
  if (text.length > REPLY_MAX) refuse(text.slice(REPLY_MAX), `the reply is longer than ${REPLY_MAX} characters`);
  return { filters, rank: wrongRank === null ? reply.rank : null, refused };
}
