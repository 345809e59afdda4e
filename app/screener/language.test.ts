/** The formula language: what it reads, how it is written again, and where it says what is wrong. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Formula, parseFormula, printFormula } from './language.ts';
import { formulas } from '../../tests/support/screener-formulas.ts';
import { editDistance, nearestOf } from './nearest.ts';
import { DEPTH_MAX, NODES_MAX } from './reader.ts';
import type { Tree } from './tree.ts';
import { VOCABULARY } from './vocabulary.ts';

function formulaOf(text: string): Formula {
  const parsed = parseFormula(text);
  return parsed.ok ? parsed.formula : expect.fail(`${text}: ${parsed.fault.message}`);
}
/** The tree without its places. */
const shapeOf = (tree: Tree): unknown => JSON.parse(JSON.stringify(tree, (key, value: unknown) => (key === 'from' || key === 'to' ? undefined : value)));

describe('a formula', () => {
  it.each([
    ['RSI < 30 AND Volume > 1m', 'rsi(14) < 30 and volume > 1M'], ['price > sma(50)', 'close > sma(50)'], ['macd.signal > 0', 'macd(12, 26, 9).signal > 0'], ['sma(20, HIGH)', 'sma(20, high)'], ['crosses_above(macd, macd.signal, within 3)', 'crosses_above(macd(12, 26, 9).macd, macd(12, 26, 9).signal, 3)'],
    ['close between 5 and 20 or gap', null], ['close between 5 and 20', '5 <= close <= 20'], ['not shortable && watched || tradable', 'not shortable and watched or tradable'], ['sector in (Technology, "Health Care")', 'sector in ("Technology", "Health Care")'], ['close == open', 'close = open'], ['close <> open', 'close != open'],
    ['(close + open) / 2 - (high - low)', '(close + open) / 2 - (high - low)'], ['-(close - 1)', '-(close - 1)'], ['(close > open)[1]', '(close > open)[1]'], ['natr(14) > 3%', 'natr(14) > 3%'], ['volume > 1234567', 'volume > 1234567'], ['volume > 2500000', 'volume > 2.5M'], ['close > $20', 'close > $20'], ['vwap', 'vwap'], ['kst()', 'kst(10, 15, 20, 30, 10, 10, 10, 15, 9).kst'],
    ['max(30)', 'max(30)'], ['max(close, 30)', 'max(close, 30)'], ['median(20)', 'median(20)'], ['median(volume, 20)', 'median(volume, 20)'], ['median(20, hl2)', 'median(20, hl2)'], ['!shortable', 'not shortable'], ['3 ≤ close', '3 <= close'],
  ])('%s is written %s', (text, written) => {
    const parsed = parseFormula(text);
    if (written === null) expect(parsed.ok).toBe(false);
    else expect(printFormula(formulaOf(text))).toBe(written);
  });

  it('is the same formula when it is printed and read again', () => {
    const { number, condition } = formulas(fc);
    let read = 0;
    fc.assert(fc.property(fc.oneof(number, condition), (text) => {
      const parsed = parseFormula(text);
      // The generator may exceed the limits of size; it writes nothing else that is refused.
      if (!parsed.ok) return void expect(parsed.fault.message).toMatch(/too many parts|nested too deeply|takes \d+ steps|needs \d+ bars|at most 1000/);
      read += 1;
      const again = formulaOf(printFormula(parsed.formula));
      expect(shapeOf(again.tree)).toEqual(shapeOf(parsed.formula.tree));
      return void expect([again.type, again.unit, again.bars, again.cost]).toEqual([parsed.formula.type, parsed.formula.unit, parsed.formula.bars, parsed.formula.cost]);
    }), { numRuns: 500, seed: 5 });
    expect(read).toBeGreaterThan(450);
  });

  it('of every example of the vocabulary is read without a warning, and so is every snippet', () => {
    for (const { example, snippet, kind } of VOCABULARY) {
      expect(formulaOf(example).warnings, example).toEqual([]);
      if (kind !== 'word') expect(formulaOf(snippet).warnings, snippet).toEqual([]);
    }
    expect(VOCABULARY.filter(({ kind }) => kind === 'indicator').length).toBeGreaterThan(130);
  });

  it.each<[string, Formula['type'], Formula['unit'], number]>([
    ['close', 'number', 'price', 1], ['close / open', 'number', 'ratio', 1], ['close * volume', 'number', 'dollars', 1], ['change(5)', 'number', 'fraction', 6], ['sma(20, volume)', 'number', 'shares', 20], ['avg(volume, 20)[5]', 'number', 'shares', 25], ['natr(14)', 'number', 'percent', 423], ['sector', 'text', null, 1],
    ['rsi(14) < 30', 'boolean', null, 423], ['high52', 'number', 'price', 252], ['since(close > open, 10)', 'number', 'bars', 10], ['obv', 'number', 'shares', 20_000], ['crosses_above(sma(50), sma(200), 3)', 'boolean', null, 203],
  ])('%s is a %s in %s and needs %i bars', (text, type, unit, bars) => {
    expect(formulaOf(text)).toMatchObject({ type, unit, bars });
  });
});

/** What is refused: the words of the reason, the text it points at, what to write instead. */
const FAULTS: readonly (readonly [text: string, reason: string, place: string, fix: string | null])[] = [
  ['', 'Write a formula', '', null], ['sma20 > close', 'There is no "sma20"', 'sma20', 'sma(20)'], ['ema_50 > close', 'There is no "ema_50"', 'ema_50', 'ema(50)'], ['rsi 14 < 30', 'Put the number into brackets', 'rsi 14', 'rsi(14)'], ['slma(20) > 1', 'There is no "slma"', 'slma', 'sma'], ['volme > 1', 'There is no "volme"', 'volme', 'volume'],
  ['xyzzy', 'There is no "xyzzy"', 'xyzzy', null], ['rsi(0) < 30', 'period must lie within 1 and 5000', 'rsi(0)', null], ['rsi(14.5) < 30', 'must be a whole number', 'rsi(14.5)', null], ['rsi(14, 3) < 30', 'takes at most 1 numbers', '3', null], ['rsi(close) < 30', '', '', null],
  ['bbands(20, 2) > close', 'has 3 values', 'bbands(20, 2)', 'bbands(20, 2).upper'], ['macd.sginal > 0', 'has no "sginal"', 'sginal', 'signal'], ['rsi(14).value2', 'has one value', '.value2', null], ['atr(14, high)', 'takes no price', 'high', null], ['sma(20, hgih)', 'takes written numbers', 'hgih', 'high'],
  ['close > 1,000', 'Write thousands without commas', '1,000', '1000'], ['close > 5 and volume', 'joins conditions: this is a number', 'volume', null], ['not close', 'turns a condition round', 'close', null], ['close > sector', 'cannot be compared', 'sector', null], ['sector > "A"', 'compared with = and != alone', 'sector > "A"', null],
  ['sector = ', 'A text comes here', '=', null], ['close in ("A")', '"in" asks a text', 'close', null], ['close contains "x"', '"contains" asks a text', 'close', null], ['name contains ""', 'empty text', 'contains ""', null], ['sector + 1', 'takes numbers', 'sector', null], ['name = "abc', 'no closing quote', '"abc', '"abc"'],
  ['(close > 1', 'not closed', '(', null], ['close > 1)', 'never opened', ')', null], ['close >', 'ends too early', '>', null], ['> 5', 'A value is missing', '>', null], ['close > 5 volume > 1', 'does not belong here', 'volume', null], ['close 5', 'does not belong here', '5', null], ['close(5)', 'takes no numbers', '(', null],
  ['close[-1]', 'whole number of bars', '-', null], ['close[1.5]', 'whole number of bars', '1.5', null], ['close[9999]', 'whole number of bars', '9999', null], ['close[1', 'Close the number of bars', '[', null], ['sector[1]', 'no history', 'sector', null], ['highest(high)', 'needs a number of bars', 'highest(high)', null], ['highest(high, close)', 'written whole number', 'close', null],
  ['highest(high, 5001)', 'must lie within 1 and 5000', '5001', null], ['count(close, 5)', 'is a condition here', 'close', null], ['avg(close > 1, 5)', 'is a number here', 'close > 1', null], ['min(close)', 'two numbers or more', 'min(close)', null], ['change(5', 'closing bracket is missing', '(', null], ['gap(3)', 'takes nothing in brackets', '3', null],
  ['close between 5', 'takes two numbers', 'between 5', null], ['10q > close', 'is no number', '10q', null], ['close # 5', 'means nothing', '#', null], ['5x', 'is no number', '5x', null], ['and', 'A value is missing', 'and', null], ['ema(5000)', 'needs 30000 bars', 'ema(5000)', null], ['avg(avg(close, 700), 2000)', 'steps for each symbol', 'avg(avg(close, 700), 2000)', null],
];

describe('a fault', () => {
  it.each(FAULTS.filter(([, reason]) => reason !== ''))('of "%s" says "%s"', (text, reason, place, fix) => {
    const parsed = parseFormula(text);
    if (parsed.ok) expect.fail(`${text} was read as ${printFormula(parsed.formula)}`);
    expect(parsed.fault.message).toContain(reason);
    expect(text.slice(parsed.fault.from, parsed.fault.to)).toBe(place);
    expect([parsed.fault.fix, parsed.fault.hint]).toEqual([fix, fix === null ? null : `Did you mean ${fix}?`]);
  });

  it('comes of too much of everything, quickly', () => {
    for (const text of ['('.repeat(500), 'not '.repeat(250), `${'-'.repeat(900)}1`, `1${' + 1'.repeat(240)}`, `close${'[1]'.repeat(300)}`, 'abs('.repeat(240), `1>0${' and 1>0'.repeat(120)}`, 'x'.repeat(5_000), `1${'0'.repeat(900)}`]) {
      const parsed = parseFormula(text);
      expect(parsed.ok, text.slice(0, 40)).toBe(false);
    }
    expect(formulaOf(`${'('.repeat(DEPTH_MAX - 2)}close${')'.repeat(DEPTH_MAX - 2)}`).type).toBe('number');
    expect(NODES_MAX).toBeGreaterThan(200);
  });

  it('does not come of crossings inside of crossings: equal parts are worked out once', () => {
    const nested = Array.from({ length: 12 }).reduce<string>((text) => `if(crosses_above(${text}, 1), 1, 0)`, 'close');
    expect(formulaOf(nested).cost).toBeLessThan(5_000);
  });

  it('of any text is a value with a place in it, never an exception', () => {
    const words = VOCABULARY.flatMap(({ name, signature, example }) => [name, signature, example]);
    const piece = fc.oneof(fc.constantFrom(...words), fc.constantFrom(...'()[],.<>=!+-*/%$"\' \n'.split('')), fc.constantFrom('and', 'or', 'not', 'between', 'in', 'contains', 'within'), fc.integer().map(String), fc.string({ maxLength: 5 }));
    fc.assert(fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join(' ');
      const parsed = parseFormula(text);
      if (parsed.ok) return;
      expect(parsed.fault.from).toBeGreaterThanOrEqual(0);
      expect(parsed.fault.to).toBeGreaterThanOrEqual(parsed.fault.from);
      expect(parsed.fault.to).toBeLessThanOrEqual(text.length);
    }), { numRuns: 2_000, seed: 3 });
  });
});

describe('a warning', () => {
  it.each<[string, string, string | null]>([
    ['close > volume', 'This compares a price with a number of shares', null], ['change(5) > 5', 'The left side is a fraction: 5 is 500 percent', '5%'], ['5 < gap', 'The left side is a fraction: 5 is 500 percent', '5%'], ['rsi(14) < 30%', 'The other side is an index', '30'], ['close > 5%', 'The other side is a price', '5'],
    ['volume > $5', 'not money', null], ['crosses_above(close, volume)', 'This compares', null], ['close + volume > 1', 'This adds', null], ['natr(14) > change(5)', 'This compares percent with a fraction', null],
  ])('of %s: %s', (text, message, fix) => {
    const [first] = formulaOf(text).warnings;
    expect(first?.message).toContain(message);
    expect(first?.fix ?? null).toBe(fix);
  });
});

describe('the nearest word', () => {
  it('is counted in letters changed, added, taken away or swapped', () => {
    expect(editDistance('slma', 'sma')).toBe(1);
    expect(editDistance('ris', 'rsi')).toBe(1);
    expect(editDistance('', 'abc')).toBe(3);
    expect(nearestOf('clsoe', ['open', 'close'])).toBe('close');
    expect(nearestOf('zebra', ['open', 'close'])).toBeNull();
    expect(nearestOf('x'.repeat(100), ['open'])).toBeNull();
  });
});
