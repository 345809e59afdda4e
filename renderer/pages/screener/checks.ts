/** What of a screen can be asked: which formulas say something, and which of them what is wanted in their place. Pure. */
import type { ScreenDefinition } from '#app/contracts/screener.ts';
import type { FormulaFault } from '#app/screener/fault.ts';
import type { Unit } from '#app/screener/functions.ts';
import { parseFormula } from '#app/screener/language.ts';
import type { Formula } from '#app/screener/language.ts';
import { definitionOf } from './draft.ts';
import type { ScreenDraft } from './draft.ts';

/** What a formula must give in its place: a condition for a filter, a number for the rank, anything for a column. */
export type Wanted = 'condition' | 'number' | 'value';
/** A formula in its place. `formula`: there even where another kind is wanted. */
export type Checked = { readonly formula: Formula | null; readonly fault: FormulaFault | null };

const KNOWN_MAX = 400;
const known = new Map<string, Checked>();

function check(text: string, wanted: Wanted): Checked {
  const parsed = parseFormula(text);
  if (!parsed.ok) return { formula: null, fault: parsed.fault };
  const { formula } = parsed;
  const whole = { from: 0, to: text.length, hint: null, fix: null };
  if (wanted === 'condition' && formula.type !== 'boolean') return { formula, fault: { ...whole, message: formula.type === 'number' ? 'A filter is true or false: compare this number with something, like > 1' : 'A filter is true or false: compare this text, like = "Energy"' } };
  if (wanted === 'number' && formula.type !== 'number') return { formula, fault: { ...whole, message: 'A rank is a number, like dollar_volume or change(20)' } };
  return { formula, fault: null };
}

/** Reads a formula for its place; each text once. */
export function checkFormula(text: string, wanted: Wanted): Checked {
  const key = `${wanted} ${text}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= KNOWN_MAX) known.clear();
  const checked = check(text, wanted);
  known.set(key, checked);
  return checked;
}

/** The unit of what a formula gives; null for bare numbers and for what is no formula. */
export function unitOfFormula(text: string): Unit {
  return checkFormula(text, 'value').formula?.unit ?? null;
}

/** A question that can be asked, or why there is none. */
export type Question = { readonly definition: ScreenDefinition; readonly why: null } | { readonly definition: null; readonly why: string };

/** What the service is asked about a draft: filters that are switched off are left out, and so are columns that are not finished. */
export function questionOf(draft: ScreenDraft): Question {
  const whole = definitionOf(draft);
  const filters = whole.filters.filter((filter) => filter.isEnabled);
  const wrong = filters.filter((filter) => checkFormula(filter.formula, 'condition').fault !== null).length;
  if (wrong > 0) return { definition: null, why: wrong === 1 ? 'A filter is not finished' : `${wrong} filters are not finished` };
  if (whole.rank !== null && checkFormula(whole.rank.formula, 'number').fault !== null) return { definition: null, why: 'The rank is not finished' };
  return { definition: { ...whole, filters, columns: whole.columns.filter((column) => checkFormula(column.formula, 'value').fault === null) }, why: null };
}

/** Does every formula of a draft say something, those that are switched off too? Only then can it be saved. */
export function isWhole(draft: ScreenDraft): boolean {
  return draft.filters.every((line) => checkFormula(line.formula.trim(), 'condition').fault === null) && draft.columns.every((line) => checkFormula(line.formula.trim(), 'value').fault === null)
    && (draft.rank === null || checkFormula(draft.rank.formula.trim(), 'number').fault === null);
}
