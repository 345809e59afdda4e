/** Every name of the formula language with what people are told of it: for completion, for the words under the cursor, for the list of all there is. */
import type { AnyIndicator } from '#app/indicators/indicator.ts';
import { FUNCTIONS, type Unit } from './functions.ts';
import { ALIASES, INDICATOR_NAMES, mainOutput, takesSource } from './names.ts';
import { signatureOf, signatureOfFunction } from './parser-names.ts';
import { SECTOR_NAMES } from './sectors.ts';
import type { ValueType } from './tree.ts';

/** What a name takes in brackets. `default` null: it must be written. */
export type VocabularyParameter = { readonly name: string; readonly title: string; readonly kind: 'series' | 'condition' | 'whole' | 'number' | 'price'; readonly default: number | string | null; readonly min: number | null; readonly max: number | null };

/** One name. `group`: the shelf it stands on; `signature`: how it is written in full; `snippet`: what to insert; `values`: what a text is one of. */
export type VocabularyEntry = {
  readonly name: string; readonly kind: 'field' | 'fact' | 'function' | 'indicator' | 'word'; readonly group: string; readonly type: ValueType; readonly unit: Unit;
  readonly title: string; readonly signature: string; readonly snippet: string; readonly parameters: readonly VocabularyParameter[]; readonly outputs: readonly string[];
  readonly explanation: string; readonly source: string | null; readonly example: string; readonly values: readonly string[];
};

/** capital('rising') = 'Rising' */
const capital = (text: string): string => text.replace(/^./, (letter) => letter.toUpperCase());
const plain = { parameters: [], outputs: [], source: null, values: [] } as const;

function field(name: string, unit: Unit, title: string, explanation: string): VocabularyEntry {
  const examples: Readonly<Record<string, string>> = { volume: 'volume > 1M', dollar_volume: 'dollar_volume > 20M' };
  return { ...plain, name, kind: 'field', group: 'price and volume', type: 'number', unit, title, signature: name, snippet: name, explanation, example: examples[name] ?? `${name} > ${name}[1]` };
}

const FIELDS: readonly VocabularyEntry[] = [
  field('open', 'price', 'Open', 'First price of the bar, dollars, freed of splits.'),
  field('high', 'price', 'High', 'Highest price of the bar, dollars, freed of splits.'),
  field('low', 'price', 'Low', 'Lowest price of the bar, dollars, freed of splits.'),
  field('close', 'price', 'Close', 'Last price of the bar, dollars, freed of splits. "price" and "last" say the same.'),
  field('volume', 'shares', 'Volume', 'Shares traded in the bar.'),
  field('dollar_volume', 'dollars', 'Dollar volume', 'Close times volume: about the money that changed hands in the bar.'),
  field('hl2', 'price', 'Middle price', '(high + low) / 2, dollars.'),
  field('hlc3', 'price', 'Typical price', '(high + low + close) / 3, dollars.'),
  field('ohlc4', 'price', 'Average price', '(open + high + low + close) / 4, dollars.'),
];

function fact(name: string, type: 'text' | 'boolean', explanation: string, example: string): VocabularyEntry {
  return { ...plain, name, kind: 'fact', group: 'symbol', type, unit: type === 'boolean' ? 'flag' : null, title: capital(name), signature: name, snippet: name, explanation, example, values: name === 'sector' ? SECTOR_NAMES : [] };
}

const FACTS: readonly VocabularyEntry[] = [
  fact('symbol', 'text', 'Letters under which it is traded.', 'symbol in ("AAPL", "MSFT")'),
  fact('name', 'text', 'Name of the company or fund.', 'name contains "bank"'),
  fact('exchange', 'text', 'Exchange on which it is listed.', 'exchange = "NASDAQ"'),
  fact('sector', 'text', 'One of eleven sectors; other common names are understood (Tech, Healthcare). No answer where the sector is not known.', 'sector in ("Energy", "Utilities")'),
  fact('industry', 'text', 'Industry within the sector. No answer where it is not known.', 'industry contains "semiconductor"'),
  fact('tradable', 'boolean', 'The broker takes orders for it.', 'tradable'),
  fact('shortable', 'boolean', 'The broker lends it, so that it can be sold short.', 'shortable and rsi(14) > 80'),
  fact('fractionable', 'boolean', 'Parts of a share can be bought.', 'fractionable'),
  fact('watched', 'boolean', 'It is on the watch list.', 'watched and change(1) < -3%'),
];

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  'change and distance': ['change', 'gap', 'high52', 'low52', 'from_high52', 'from_low52', 'volatility', 'atr_percent'],
  'last n bars': ['highest', 'lowest', 'avg', 'sum', 'stdev', 'median', 'rising', 'falling'],
  conditions: ['crosses_above', 'crosses_below', 'since', 'count', 'any', 'all', 'if'],
};
/** What a function is called where its bare name would read like code. */
const TITLES: Readonly<Record<string, string>> = {
  gap: 'Gap at the open', high52: '52-week high', low52: '52-week low', from_high52: 'Distance from the 52-week high', from_low52: 'Distance from the 52-week low', volatility: 'Annual volatility', atr_percent: 'Average true range, part of the price',
  avg: 'Average', stdev: 'Standard deviation', abs: 'Size without the sign', min: 'Smallest of', max: 'Largest of', sqrt: 'Square root', log: 'Natural logarithm', exp: 'e to the power of', since: 'Bars since', count: 'Number of bars with', any: 'In any of the last bars', all: 'In all of the last bars', if: 'One value or another',
};
const groupOf = (name: string): string => Object.entries(GROUPS).find(([, names]) => names.includes(name))?.[0] ?? 'arithmetic';

function functionEntry(name: string): VocabularyEntry {
  const { parameters = [], result = 'number', unit = null, explanation = '', example = '' } = FUNCTIONS[name] ?? {};
  const inside = parameters.flatMap((parameter) => (parameter.isMany === true ? ['close', 'open'] : parameter.kind === 'condition' ? ['close > open'] : parameter.kind === 'series' ? [parameter.name === 'b' ? 'open' : 'close'] : parameter.default === undefined || name === 'change' ? [`${parameter.default ?? 20}`] : []));
  return {
    ...plain, name, kind: 'function', group: groupOf(name), type: result, unit: unit === 'first' ? null : unit, title: TITLES[name] ?? capital(name.replaceAll('_', ' ')), signature: signatureOfFunction(name, { parameters, result, unit, explanation, example }),
    snippet: inside.length === 0 ? name : `${name}(${inside.join(', ')})`, explanation, example,
    parameters: parameters.map((parameter) => ({ name: parameter.name, title: parameter.name, kind: parameter.kind === 'bars' ? 'whole' : parameter.kind, default: parameter.default ?? null, min: parameter.min ?? null, max: parameter.max ?? null })),
  };
}

const EXAMPLES: Readonly<Record<string, string>> = { RSI: 'rsi(14) < 30', MACD: 'crosses_above(macd.macd, macd.signal)', BBANDS: 'close < bbands(20, 2).lower', RVOL: 'rvol(20) > 2', SUPERTREND: 'supertrend.direction > 0', ADX: 'adx(14) > 25', MFI: 'mfi(14) < 20', STOCH: 'stoch.k < 20' };

function exampleOf(indicator: AnyIndicator): string {
  const given = EXAMPLES[indicator.id];
  if (given !== undefined) return given;
  const asked = snippetOf(indicator);
  if (indicator.isCumulative === true) return `rising(${asked}, 5)`;
  return indicator.group === 'pattern' ? `${asked} != 0` : indicator.unit === 'price' && ['overlap', 'channel'].includes(indicator.group) ? `close > ${asked}` : `${asked} > ${asked}[1]`;
}

function snippetOf(indicator: AnyIndicator): string {
  const inside = indicator.parameters.map((parameter) => parameter.default).join(', ');
  return `${indicator.id.toLowerCase()}${inside === '' ? '' : `(${inside})`}${indicator.outputs.length === 1 ? '' : `.${mainOutput(indicator) ?? indicator.outputs[0] ?? ''}`}`;
}

function indicatorEntry(name: string, indicator: AnyIndicator): VocabularyEntry {
  const price: VocabularyParameter = { name: 'price', title: 'Price it is made of', kind: 'price', default: 'close', min: null, max: null };
  const warning = indicator.isCumulative === true ? ' It counts from the first bar on: its level says nothing, its changes do.' : '';
  return {
    name, kind: 'indicator', group: indicator.group, type: 'number', unit: indicator.unit, title: indicator.title, signature: signatureOf(indicator), snippet: snippetOf(indicator), outputs: indicator.outputs.length === 1 ? [] : indicator.outputs,
    explanation: `${indicator.formula}.${warning}`, source: indicator.source, example: exampleOf(indicator), values: [],
    parameters: [...indicator.parameters.map((parameter) => ({ name: parameter.name, title: parameter.title, kind: parameter.isWhole ? ('whole' as const) : ('number' as const), default: parameter.default, min: parameter.min, max: parameter.max })), ...(takesSource(indicator) ? [price] : [])],
  };
}

function word(name: string, explanation: string, example: string): VocabularyEntry {
  return { ...plain, name, kind: 'word', group: 'words', type: 'boolean', unit: null, title: name, signature: name, snippet: name, explanation, example };
}

const WORDS: readonly VocabularyEntry[] = [
  word('and', 'Both are true.', 'rsi(14) < 30 and volume > 1M'),
  word('or', 'At least one is true.', 'gap > 3% or change(1) > 5%'),
  word('not', 'The opposite.', 'not shortable'),
  word('between', 'Within two numbers, both included.', 'close between 5 and 20'),
  word('in', 'One of a list of texts.', 'sector in ("Energy", "Utilities")'),
  word('contains', 'The text has these letters in it, large or small.', 'name contains "bank"'),
];

/** All names, each once: where a function and an indicator share a name (min, max, median), the function. */
export const VOCABULARY: readonly VocabularyEntry[] = [
  ...FIELDS, ...FACTS, ...Object.keys(FUNCTIONS).map(functionEntry), ...[...INDICATOR_NAMES].filter(([name]) => FUNCTIONS[name] === undefined).map(([name, indicator]) => indicatorEntry(name, indicator)), ...WORDS,
];

const byName: ReadonlyMap<string, VocabularyEntry> = new Map(VOCABULARY.map((entry) => [entry.name, entry]));

/** What there is to say of a name, large or small letters, aliases too; undefined when it is none. */
export function entryOf(name: string): VocabularyEntry | undefined {
  const plainName = name.toLowerCase();
  return byName.get(ALIASES[plainName] ?? plainName);
}
