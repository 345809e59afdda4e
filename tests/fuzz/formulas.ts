/** The family of what people and language models write into the screener: formulas, wishes in plain words, replies. */
import { barColumns } from '#app/domain/bar-columns.ts';
import { complete, hover } from '#app/screener/completion.ts';
import { describeFormula } from '#app/screener/describe.ts';
import { parseFormula, printFormula } from '#app/screener/language.ts';
import { formulasFromModel } from '#app/screener/model.ts';
import { compile } from '#app/screener/program.ts';
import { filterOf, formulaOf } from '#app/screener/sentence.ts';
import { VOCABULARY } from '#app/screener/vocabulary.ts';
import { askInWords } from '#app/screener/words/ask.ts';
import { jsonOf, nasty, nastyText, oneOf, type Random } from './inputs.ts';
import { parses, pure, type OpenFamily } from './target.ts';

const EXAMPLES = VOCABULARY.flatMap(({ name, example, snippet }) => [name, example, snippet]);
const SIGNS = [' and ', ' or ', ' not ', ' < ', ' >= ', ' = ', ' + ', ' / ', '(', ')', '[', ']', ', ', '.', ' between ', ' in ', ' contains ', '5%', '1M', '"', "'", ' '];
const WORDS = 'tech energy stocks rsi below above 30 20 1 million volume price 50 day average crossed golden cross in the last 3 days not or and near their 52 week high gap up down 5% today sorted by dollar oversold between to under $20 twice its at least healthcare most volatile first excluding row'.split(' ');
const BARS = 40;
const bars = barColumns(BARS);
for (let n = 0; n < BARS; n += 1) [bars.time[n], bars.open[n], bars.high[n], bars.low[n], bars.close[n], bars.volume[n]] = [n * 86_400_000, 10 + (n % 7), 12 + (n % 7), 9 + (n % 5), 10 + (n % 6), 1_000 * (n % 9)];
const FACTS = { symbol: 'A', name: 'A', exchange: 'X', sector: null, industry: 'Oil', isTradable: true, isShortable: false, isFractionable: true, isWatched: false } as const;

const some = (random: Random, most: number, list: readonly string[], joint: string): string => Array.from({ length: Math.floor(random() * most) }, () => (random() < 0.05 ? nastyText(random) : oneOf(random, list))).join(joint);
const formulaText = (random: Random): string => (random() < 0.1 ? nastyText(random) : some(random, 10, random() < 0.5 ? EXAMPLES : [...EXAMPLES.slice(0, 60), ...SIGNS, ...SIGNS, ...SIGNS], random() < 0.5 ? ' and ' : ''));
const cursor = (random: Random): number => Math.floor(random() * 60) - 5;

/** Reads a formula and does with it all that the screener does. @throws Error when it says something else the second time */
function everything(text: string, at: number): void {
  complete(text, at);
  hover(text, at);
  const parsed = parseFormula(text);
  if (!parsed.ok) return;
  const again = parseFormula(printFormula(parsed.formula));
  // Written out in full it may be too long.
  if (again.ok && printFormula(again.formula) !== printFormula(parsed.formula)) throw new Error('The formula says something else when it is written again');
  describeFormula(parsed.formula);
  const sentence = filterOf(text);
  if (sentence !== null) formulaOf(sentence);
  compile([parsed.formula]).evaluate({ bars, facts: FACTS });
}

/** Formulas, wishes and replies. */
export function formulaFamily(): OpenFamily {
  return pure([
    { name: 'formula', input: (random) => [formulaText(random), cursor(random)], run: parses((raw) => everything(...(raw as [string, number]))) },
    {
      name: 'wish', input: (random) => (random() < 0.1 ? nastyText(random) : some(random, 25, WORDS, ' ')),
      run: parses((raw) => {
        for (const { formula } of askInWords(raw as string).filters) if (!parseFormula(formula).ok) throw new Error(`A wish became what is no formula: ${formula}`);
      }),
    },
    { name: 'reply of a model', input: (random) => (random() < 0.5 ? (jsonOf(random() < 0.5 ? nasty(random) : { filters: [formulaText(random), nasty(random)], rank: nasty(random) }) ?? '') : some(random, 6, EXAMPLES, '\n')), run: parses((raw) => formulasFromModel(raw as string)) },
  ]);
}
