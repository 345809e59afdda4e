/** Formulas and names in people's words. Pure. */
import { entryOf, VOCABULARY } from '#app/screener/vocabulary.ts';
import type { VocabularyEntry } from '#app/screener/vocabulary.ts';
import { describeFormula } from '#app/screener/describe.ts';
import { checkFormula } from './checks.ts';
import type { ScreenDraft } from './draft.ts';

/** Longest name that is suggested; a saved one may have 80 characters. */
const NAME_MAX = 60;

/** A formula as a sentence; what is none stays as it is written. */
export function sentenceOf(text: string): string {
  const { formula } = checkFormula(text, 'value');
  return formula === null ? text : describeFormula(formula);
}

/** A name for a screen that has none: what its first filters say. */
export function suggestedName(draft: ScreenDraft): string {
  const said = draft.filters.filter((line) => line.isEnabled).map((line) => sentenceOf(line.formula));
  let name = said[0] ?? 'All symbols';
  for (const next of said.slice(1)) {
    if (name.length + next.length + 2 > NAME_MAX) break;
    name = `${name}, ${next}`;
  }
  return name.length > NAME_MAX ? `${name.slice(0, NAME_MAX - 1).trimEnd()}…` : name;
}

/** Can a name stand on a side of a simple filter: a number that needs no other series? */
function isSide({ kind, type, parameters }: VocabularyEntry): boolean {
  return (kind === 'field' || kind === 'indicator' || kind === 'function') && type === 'number' && parameters.every((parameter) => parameter.kind !== 'series' && parameter.kind !== 'condition');
}
/** The names that can stand on a side of a simple filter. */
export const SIDES: readonly VocabularyEntry[] = VOCABULARY.filter(isSide);

/** The name that is completed to a whole value, such as macd.macd. */
export function snippetOf(name: string): string {
  return entryOf(name)?.snippet ?? name;
}
/** A whole filter with the name in it. */
export function exampleOf(name: string): string {
  return entryOf(name)?.example ?? name;
}

/** Names in which every typed word is found, best first: those whose name or title begins with it. */
export function searchNames(query: string, most: number): readonly VocabularyEntry[] {
  const words = query.toLowerCase().split(/[\s_]+/).filter((word) => word !== '');
  const [first] = words;
  const ranked = VOCABULARY.filter((entry) => entry.kind !== 'word').flatMap((entry) => {
    const name = `${entry.name.replaceAll('_', ' ')} ${entry.title.toLowerCase()}`;
    const whole = `${name} ${entry.group} ${entry.explanation.toLowerCase()}`;
    if (!words.every((word) => whole.includes(word))) return [];
    const rank = first === undefined ? 0 : entry.name.startsWith(first) ? 0 : entry.title.toLowerCase().startsWith(first) ? 1 : words.every((word) => name.includes(word)) ? 2 : 3;
    return [{ entry, rank }];
  });
  return ranked.sort((a, b) => a.rank - b.rank || a.entry.name.length - b.entry.name.length).slice(0, most).map(({ entry }) => entry);
}
