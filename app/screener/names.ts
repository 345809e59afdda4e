/** Names that a formula may use, and what a name that there is not was probably meant to be. */
import { INDICATORS } from '#app/indicators/catalogue.ts';
import { type AnyIndicator, PRICE_SOURCES } from '#app/indicators/indicator.ts';
import { FUNCTIONS } from './functions.ts';
import { nearestOf } from './nearest.ts';
import { FIELD_NAMES, FLAG_FACTS, TEXT_FACTS } from './tree.ts';

/** Words with a meaning of their own. */
export const KEYWORDS = ['and', 'or', 'not', 'in', 'between', 'contains', 'within', 'true', 'false'] as const;
/** Other words for a field. */
export const ALIASES: Readonly<Record<string, string>> = { price: 'close', last: 'close', vol: 'volume', turnover: 'dollar_volume' };

/** The indicators by their lower-case ids. */
export const INDICATOR_NAMES: ReadonlyMap<string, AnyIndicator> = new Map(INDICATORS.map((indicator) => [indicator.id.toLowerCase(), indicator]));

/** Every name, each once. */
export const ALL_NAMES: readonly string[] = [...new Set([...FIELD_NAMES, ...TEXT_FACTS, ...FLAG_FACTS, ...Object.keys(FUNCTIONS), ...Object.keys(ALIASES), ...INDICATOR_NAMES.keys()])];

/** Whether an indicator can be made of another price than the close. */
export function takesSource(indicator: AnyIndicator): boolean {
  return indicator.inputs.length === 1 && indicator.inputs[0] === 'close';
}

/** Outputs that carry the name of the whole, so that nobody needs to write them. */
const MAIN_OUTPUTS: readonly string[] = ['value', 'macd', 'k', 'kst', 'fisher', 'oscillator', 'line', 'pivot'];

/** The output that is meant when none is written: null where each is as likely (the bands of a channel). */
export function mainOutput(indicator: AnyIndicator): string | null {
  const [first = null] = indicator.outputs;
  return indicator.outputs.length === 1 || (first !== null && MAIN_OUTPUTS.includes(first)) ? first : null;
}

/** Whether something may stand in brackets behind a name. */
export function takesNumbers(name: string): boolean {
  return (INDICATOR_NAMES.get(name)?.parameters.length ?? FUNCTIONS[name]?.parameters.length ?? 0) > 0;
}

/** What an unknown name was probably meant to be: `sma20` and `ema_20` with their number in brackets, else the nearest name. */
export function meantBy(word: string): string | null {
  const [, name = '', count = ''] = /^([a-z]+[a-z_]*?)_?(\d{1,4})$/.exec(word) ?? [];
  const known = name === '' ? null : ALL_NAMES.includes(name) ? name : nearestOf(name, ALL_NAMES);
  if (known !== null && takesNumbers(known)) return `${known}(${Number(count)})`;
  return nearestOf(word, [...ALL_NAMES, ...KEYWORDS, ...PRICE_SOURCES]);
}
