/** Completion, words under the cursor, sentences and filters by fields, replies of a language model. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { complete, COMPLETIONS_MAX, hover } from './completion.ts';
import { describeFormula } from './describe.ts';
import { parseFormula, printFormula } from './language.ts';
import { formulasFromModel, REPLY_MAX } from './model.ts';
import { formulas } from '../../tests/support/screener-formulas.ts';
import { filterOf, formulaOf, type Sentence } from './sentence.ts';

const labels = (text: string, at = text.length): readonly string[] => complete(text, at).map(({ label }) => label);
/** The text after the first proposal of that label was taken. */
function taken(text: string, label: string): string {
  const found = complete(text, text.length).find((proposal) => proposal.label === label) ?? expect.fail(`${label} is not proposed: ${labels(text).join(', ')}`);
  return text.slice(0, found.from) + found.insert + text.slice(found.to);
}

describe('completion', () => {
  it.each<[string, string, string]>([
    ['rs', 'rsi', 'rsi(14)'], ['close > sm', 'sma', 'close > sma(20)'], ['macd(12, 26, 9).si', 'signal', 'macd(12, 26, 9).signal'], ['macd.', 'histogram', 'macd.histogram'], ['sector = ', 'Energy', 'sector = "Energy"'], ['sector = "En', 'Energy', 'sector = "Energy"'], ['sector in ("Energy", "Ut', 'Utilities', 'sector in ("Energy", "Utilities"'],
    ['sma(20, hi', 'high', 'sma(20, high'], ['bolinger', 'bbands', 'bbands(20, 2).upper'], ['rsi(14) < 30 a', 'and', 'rsi(14) < 30 and'], ['sector ', 'in', 'sector in ("")'], ['not wat', 'watched', 'not watched'], ['crosses', 'crosses_above', 'crosses_above(close, open)'], ['count(clo', 'close', 'count(close'],
  ])('of "%s" proposes %s', (text, label, result) => {
    expect(taken(text, label)).toBe(result);
  });

  it('proposes names first by their beginning, and everything at the beginning', () => {
    expect(labels('vol').slice(0, 2)).toEqual(['volume', 'volatility']);
    expect(complete('', 0).length).toBe(COMPLETIONS_MAX);
    expect(labels('rsi(14) < 30 ').slice(0, 2)).toEqual(['and', 'or']);
    expect(labels('rsi(14) ').slice(0, 2)).toEqual(['<', '>']);
    expect(complete('avg(close, ', 11)).toMatchObject([{ label: '20', detail: 'n, 1 to 5000' }]);
    expect(complete('macd(12, ', 9)[0]).toMatchObject({ label: '26', detail: 'Slow period, 1 to 5000', insert: '26' });
    expect(labels('rsi(14, ').slice(0, 2)).toEqual(['close', 'high']);
  });

  it('replaces the whole word at the cursor and puts the cursor where writing goes on', () => {
    const [first] = complete('close > smx + 1', 10);
    expect(first).toMatchObject({ label: 'sma', from: 8, to: 11, insert: 'sma(20)' });
    const highest = complete('high', 4).find(({ label }) => label === 'highest');
    expect(highest && highest.insert.slice(0, highest.caret)).toBe('highest(');
  });

  it('answers to any text at any place with proposals that fit into it', () => {
    fc.assert(fc.property(fc.string({ maxLength: 40 }), fc.integer({ min: -3, max: 50 }), (text, at) => {
      for (const { from, to, insert, caret } of complete(text, at)) {
        expect(from >= 0 && from <= to && to <= text.length).toBe(true);
        expect(caret >= 0 && caret <= insert.length).toBe(true);
      }
      hover(text, at);
    }), { numRuns: 500, seed: 2 });
  });
});

describe('the word under the cursor', () => {
  it('is explained: a name, an alias, an output; nothing else', () => {
    expect(hover('rsi(14) < 30', 1)).toMatchObject({ from: 0, to: 3, entry: { title: 'Relative strength index', unit: 'index' }, output: null });
    expect(hover('macd(12, 26, 9).signal > 0', 18)).toMatchObject({ output: 'signal', entry: { name: 'macd' } });
    expect(hover('price > 1', 2)?.entry.name).toBe('close');
    expect(['high52', 'low52', 'from_high52', 'from_low52', 'rising', 'crosses_above'].map((name) => hover(name, 1)?.entry.title)).toEqual(['52-week high', '52-week low', 'Distance from the 52-week high', 'Distance from the 52-week low', 'Rising', 'Crosses above']);
    expect(hover('rsi(14) < 30', 9)).toBeNull();
    expect(hover('xyzzy', 2)).toBeNull();
  });
});

describe('a formula in words', () => {
  it.each([
    ['rsi(14) < 30 and volume > 1M', 'RSI(14) below 30 and volume above 1 million'], ['20 < rsi < 30', 'RSI(14) above 20 and below 30'], ['close between 5 and 20', 'close between 5 and 20'], ['sector in ("Energy", "Utilities")', 'sector is one of Energy, Utilities'], ['sector = Energy', 'sector is Energy'],
    ['crosses_above(sma(50), sma(200), 3)', 'SMA(50) crosses above SMA(200) within 3 bars'], ['not shortable', 'cannot be sold short'], ['change(5) > 5%', 'change over 5 bars above 5%'], ['close > 2 * avg(volume, 20)', 'close above 2 * average volume over 20 bars'], ['close[1] > sma(20, high)', 'close 1 bar ago above SMA(20) of high'],
    ['count(close > open, 10) >= 7', 'number of the last 10 bars with close above open at least 7'], ['name contains "bank"', 'name contains "bank"'], ['rising(close, 3) or gap > 2%', 'close rising for 3 bars or gap at the open above 2%'], ['bbands.lower > close', 'BBANDS(20, 2) lower above close'], ['30 > rsi', 'RSI(14) below 30'],
    ['volume > 100k', 'volume above 100,000'], ['close < $12345.5', 'close below $12,345.5'], ['dollar_volume > 1234T', 'dollar volume above 1,234 trillion'], ['close > 999', 'close above 999'], ['close > 0.0001234', 'close above 0.0001234'],
  ])('%s: %s', (text, words) => {
    const parsed = parseFormula(text);
    expect(parsed.ok && describeFormula(parsed.formula)).toBe(words);
  });

  it('is there for every formula', () => {
    const { number, condition } = formulas(fc);
    fc.assert(fc.property(fc.oneof(number, condition), (text) => {
      const parsed = parseFormula(text);
      if (parsed.ok) expect(describeFormula(parsed.formula)).toMatch(/^(?!.*undefined).+$/s);
    }), { numRuns: 300, seed: 9 });
  });
});

describe('a filter by fields', () => {
  const empty = { right: '', upper: null, words: [] };
  it.each<[string, Sentence]>([
    ['rsi(14) < 30', { ...empty, left: 'rsi(14)', operator: '<', right: '30' }], ['30 >= rsi', { ...empty, left: 'rsi(14)', operator: '<=', right: '30' }], ['close between 5 and 20', { ...empty, left: 'close', operator: 'between', right: '5', upper: '20' }], ['not (close between 5 and 20)', { ...empty, left: 'close', operator: 'not between', right: '5', upper: '20' }],
    ['crosses_above(sma(50), sma(200), 3)', { ...empty, left: 'sma(50)', operator: 'crosses above', right: 'sma(200)', upper: '3' }], ['crosses_below(close, vwap)', { ...empty, left: 'close', operator: 'crosses below', right: 'vwap' }], ['sector not in (Energy)', { ...empty, left: 'sector', operator: 'not in', words: ['Energy'] }], ['name contains "x y"', { ...empty, left: 'name', operator: 'contains', words: ['x y'] }],
    ['sector != "A"', { ...empty, left: 'sector', operator: '!=', words: ['A'] }], ['not shortable', { ...empty, left: 'shortable', operator: 'is false' }], ['rising(close, 3)', { ...empty, left: 'rising(close, 3)', operator: 'is true' }], ['close - open > high - low', { ...empty, left: 'close - open', operator: '>', right: 'high - low' }],
  ])('%s goes there and back', (text, sentence) => {
    expect(filterOf(text)).toEqual(sentence);
    expect(filterOf(formulaOf(sentence))).toEqual(sentence);
  });

  it('says what the formula says, whenever it can', () => {
    const { condition } = formulas(fc);
    let seen = 0;
    fc.assert(fc.property(condition, (text) => {
      const sentence = filterOf(text);
      if (sentence === null) return;
      seen += 1;
      const again = parseFormula(formulaOf(sentence));
      expect(again.ok && filterOf(printFormula(again.formula)), text).toEqual(sentence);
    }), { numRuns: 300, seed: 4 });
    expect(seen).toBeGreaterThan(60);
  });

  it.each(['rsi(14) < 30 and close > 1', 'close', '1 < close < 5', 'foo', '(close > open) = (open > low)'])('%s is edited as text', (text) => {
    expect(filterOf(text)).toBeNull();
  });
});

describe('the reply of a language model', () => {
  it.each<[string, readonly string[], string | null]>([
    ['{"filters": ["rsi(14) < 30", "volume > 1M"], "rank": {"formula": "volume", "direction": "asc"}}', ['rsi(14) < 30', 'volume > 1M'], 'volume asc'], ['```json\n{"filters":[{"formula":"close > 5"}],"rank":"change(1)"}\n```', ['close > 5'], 'change(1) desc'],
    ['Here you are: ["close > 5"] Enjoy!', ['close > 5'], null], ['1. rsi(14) < 30\n- `close > 5`\n', ['rsi(14) < 30', 'close > 5'], null], ['{"formula": "close > 5"}', ['close > 5'], null], ['{"filters": "close > 5"}', ['close > 5'], null], ['', [], null], ['{"a": 1}', [], null], ['null', [], null],
  ])('%s', (text, filters, rank) => {
    const reply = formulasFromModel(text);
    expect(reply.filters).toEqual(filters);
    expect(reply.rank && `${reply.rank.formula} ${reply.rank.direction}`).toBe(rank);
  });

  it('keeps conditions that parse alone, once, and tells of the rest', () => {
    const reply = formulasFromModel('{"filters": ["close > 5", "close > 5", "pe < 15", "close", "'.concat('x'.repeat(2_000), '"], "rank": {"formula": "sector"}}'));
    expect(reply.filters).toEqual(['close > 5']);
    expect(reply.rank).toBeNull();
    expect(reply.refused.map(({ text }) => text.slice(0, 6))).toEqual(['pe < 1', 'close', 'xxxxxx', 'sector']);
    expect(formulasFromModel('x'.repeat(REPLY_MAX + 5)).refused.length).toBeGreaterThan(0);
    const from = process.threadCpuUsage().user;
    expect(formulasFromModel(`x${'`'.repeat(REPLY_MAX - 2)}x`).refused.length).toBeGreaterThan(0);
    expect((process.threadCpuUsage().user - from) / 1_000).toBeLessThan(50);
    expect(formulasFromModel('- `close > 5`').filters).toEqual(['close > 5']);
  });
});
