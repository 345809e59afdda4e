/** The formula language: a text becomes a formula, or a fault that says where and what to do instead. */
import type { FormulaFault } from './fault.ts';
import type { Unit } from './functions.ts';
import { parseTree } from './parser.ts';
import { HISTORY_MAX, planOf } from './plan.ts';
import { printTree, type Tree, type ValueType } from './tree.ts';
import { typeOf, unitOf, unitWarnings } from './units.ts';

/** Longest formula, characters. */
export const FORMULA_LENGTH_MAX = 1_000;
/** Most elementary steps of one formula for one symbol: a thousand symbols take some seconds. */
export const COST_MAX = 1_000_000;

/**
 * A formula that can be worked out. `text`: as it was written; `type`: what comes out, a condition gives `boolean`; `unit` of a number, null for a bare one.
 * `bars`: how much history it needs, the warming up of its indicators included; `cost`: elementary steps a symbol. `neverForgets`: one of its indicators counts from its
 * first bar on, so its level depends on where the history begins. `warnings`: what is odd, though not wrong.
 */
export type Formula = {
  readonly text: string; readonly type: ValueType; readonly unit: Unit; readonly tree: Tree;
  readonly bars: number; readonly cost: number; readonly needsFacts: boolean; readonly neverForgets: boolean; readonly warnings: readonly FormulaFault[];
};

/** A formula, or why it is none. */
export type Parsed = { readonly ok: true; readonly formula: Formula } | { readonly ok: false; readonly fault: FormulaFault };

const fault = (message: string, from: number, to: number): Parsed => ({ ok: false, fault: { message, from, to, hint: null, fix: null } });

/** Reads a formula. Never throws, whatever the text is; takes time in proportion to it. */
export function parseFormula(text: string): Parsed {
  if (text.length > FORMULA_LENGTH_MAX) return fault(`A formula has at most ${FORMULA_LENGTH_MAX} characters, this one ${text.length}`, FORMULA_LENGTH_MAX, text.length);
  const tree = parseTree(text);
  if ('message' in tree) return { ok: false, fault: tree };
  const { bars, cost, needsFacts, neverForgets } = planOf([tree]);
  if (bars > HISTORY_MAX) return fault(`This needs ${bars} bars of history, at most ${HISTORY_MAX} are looked at: take shorter periods`, tree.from, tree.to);
  if (cost > COST_MAX) return fault(`This takes ${cost} steps for each symbol, at most ${COST_MAX} are allowed: take shorter windows inside of windows`, tree.from, tree.to);
  const unit = typeOf(tree) === 'number' ? unitOf(tree) : null;
  return { ok: true, formula: { text, type: typeOf(tree), unit, tree, bars, cost, needsFacts, neverForgets, warnings: unitWarnings(tree) } };
}

/** The formula in the house's own writing: lower case, all numbers written out. Parsed again it is the same formula. */
export function printFormula(formula: Formula): string {
  return printTree(formula.tree);
}
