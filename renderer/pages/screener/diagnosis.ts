/** Why nothing was found: how many symbols each filter lets through, and which one alone stands in the way. Pure. */
import type { ScreenDefinition, ScreenResult } from '#app/contracts/screener.ts';
import { COLUMNS_MAX, SCREEN_ROWS_MAX } from '#app/contracts/screener.ts';

/** One filter. `passes`: symbols for which it is true; `lacks`: for which it has no value; `without`: symbols that would be found were it switched off. */
export type FilterFacts = { readonly formula: string; readonly passes: number; readonly lacks: number; readonly without: number };
/** All of them. `looked`: symbols that were asked; less than all when there are more than one answer holds. */
export type Diagnosis = { readonly filters: readonly FilterFacts[]; readonly looked: number; readonly isPart: boolean };

/** The question that tells it: no filter, and each filter as a column. */
export function diagnosisAsk(definition: ScreenDefinition): ScreenDefinition {
  const formulas = definition.filters.filter((filter) => filter.isEnabled).slice(0, COLUMNS_MAX);
  return { ...definition, filters: [], rank: null, columns: formulas.map(({ formula }) => ({ formula, title: null })), limit: SCREEN_ROWS_MAX };
}

/** What its answer says. */
export function diagnose(ask: ScreenDefinition, result: Pick<ScreenResult, 'rows' | 'matched'>): Diagnosis {
  const filters = ask.columns.map(({ formula }, n): FilterFacts => {
    let [passes, lacks, without] = [0, 0, 0];
    for (const { values } of result.rows) {
      if (values[n] === true) passes += 1;
      if (values[n] === null || values[n] === undefined) lacks += 1;
      if (values.every((value, other) => other === n || value === true)) without += 1;
    }
    return { formula, passes, lacks, without };
  });
  return { filters, looked: result.rows.length, isPart: result.matched > result.rows.length };
}
