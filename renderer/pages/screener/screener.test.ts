/** The pure parts of the screener: drafts, checks, addresses, days, numbers, columns, files, fields, and why nothing was found. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { screenDefinitionSchema } from '#app/contracts/screener.ts';
import type { SavedScreen, ScreenAsk, ScreenRow } from '#app/contracts/screener.ts';
import { printTree } from '#app/screener/tree.ts';
import { readScreenerSearch } from './address.ts';
import { choicesFor } from './add-filter.tsx';
import { candlePicture } from './candles.ts';
import { checkFormula, isWhole, questionOf, unitOfFormula } from './checks.ts';
import { csvCell, csvName, csvOf } from './csv.ts';
import { diagnose, diagnosisAsk } from './diagnosis.ts';
import { changeFilter, copyOf, definitionOf, draftOf, emptyDraft, follow, isChanged, savedDefinitionOf, withColumn, withFilter, withoutFilter } from './draft.ts';
import { literalOf, numbersOf, sideOf, stepOf, withLiteral, withNumber } from './fields.ts';
import { piecesOf } from './formula-pieces.ts';
import { decimalsOf, formatterOf, shortened } from './numbers.ts';
import { dayAgo, dayEnd, dayWords, isDay, onSession, stepDay } from './past.ts';
import { placeOf } from './preview-card.tsx';
import { hasSector, sectorsOf, toggleSector } from './sector-filter.ts';
import { columnsOf, fitting, nextSorting, sorted, tableFile } from './table-model.ts';
import { symbolsIn, universeChange } from './universe-change.ts';
import { echoOf } from './words-echo.ts';
import { searchNames, sentenceOf, suggestedName } from './words.ts';

const saved = (ask: ScreenAsk, more: Partial<SavedScreen> = {}): SavedScreen => ({
  screenId: 's1', name: 'Mine', definition: screenDefinitionSchema.parse(ask), schedule: 'off', alerts: { onEntry: false, onExit: false }, version: 1, createdAt: 0, updatedAt: 0, lastRunAt: null, members: null, problem: null, isBuiltIn: false, ...more,
});
const row = (symbol: string, more: Partial<ScreenRow> = {}): ScreenRow => ({ symbol, name: `${symbol} Inc.`, sector: 'Energy', exchange: 'NYSE', barTime: Date.UTC(2026, 1, 27, 5), close: 10, change: 0.01, volume: 1_000, values: [], rank: null, spark: [9, 10], badges: [], ...more });

describe('a draft', () => {
  const base = saved({ filters: [{ formula: 'rsi(14) < 30' }] });
  it('is unchanged until a line, its name or its rank changes, and again when that is taken back', () => {
    const draft = draftOf(base);
    expect(isChanged(draft)).toBe(false);
    const more = withFilter(draft, 'volume > 1M');
    expect(isChanged(more)).toBe(true);
    expect(isChanged(withoutFilter(more, more.filters.at(-1)?.id ?? 0))).toBe(false);
    expect(isChanged({ ...draft, name: 'Other' })).toBe(true);
    expect(isChanged({ ...draft, asOf: '2025-03-12' })).toBe(false);
    expect([isChanged(emptyDraft()), isChanged(copyOf(base))]).toEqual([false, true]);
  });
  it('is saved without the day that was looked at, and asked with it', () => {
    const draft = { ...draftOf(base), asOf: '2025-03-12' };
    expect([definitionOf(draft).asOf, savedDefinitionOf(draft).asOf]).toEqual(['2025-03-12', null]);
  });
  it('follows what was saved elsewhere while nobody changed it, and outlives its screen', () => {
    const newer = saved({ filters: [{ formula: 'close > 5' }] }, { version: 2 });
    expect(definitionOf(follow(draftOf(base), [newer])).filters[0]?.formula).toBe('close > 5');
    const changed = withFilter(draftOf(base), 'volume > 1M');
    expect(follow(changed, [newer])).toBe(changed);
    expect(follow(draftOf(base), [])).toMatchObject({ base: null, name: 'Mine' });
  });
  it('takes the same filter once', () => {
    const draft = draftOf(base);
    expect(withFilter(draft, ' rsi(14) < 30 ')).toBe(draft);
  });
});

describe('what is asked', () => {
  const draft = draftOf(saved({ filters: [{ formula: 'rsi(14) < 30' }, { formula: 'close > 5', isEnabled: false }] }));
  it('leaves out what is switched off and columns that are not finished', () => {
    const asked = questionOf(withColumn(withColumn(draft, 'sma('), 'sma(20)'));
    expect(asked.definition).toMatchObject({ filters: [{ formula: 'rsi(14) < 30' }], columns: [{ formula: 'sma(20)' }] });
    expect([isWhole(draft), isWhole(withColumn(draft, 'sma('))]).toEqual([true, false]);
  });
  it('is nothing while a filter is not finished or is no condition', () => {
    const [first] = draft.filters;
    expect(questionOf(changeFilter(draft, first?.id ?? 0, { formula: 'rsi(14) <' }))).toEqual({ definition: null, why: 'A filter is not finished' });
    expect(questionOf(withFilter(draft, 'sma(20)')).why).toBe('A filter is not finished');
    expect(checkFormula('sector', 'number').fault?.message).toContain('A rank is a number');
    expect([unitOfFormula('change(5)'), unitOfFormula('close'), unitOfFormula('nonsense(')]).toEqual(['fraction', 'price', null]);
  });
  it('says a name for a screen that has none', () => {
    expect(suggestedName(draft)).toBe('RSI(14) below 30');
    expect(suggestedName(emptyDraft())).toBe('All symbols');
  });
});

describe('sector chips', () => {
  it('are one filter that comes, grows, shrinks and goes', () => {
    const one = toggleSector(emptyDraft(), 'Energy');
    expect(one.filters.map((line) => line.formula)).toEqual(['sector = "Energy"']);
    const two = toggleSector(one, 'Utilities');
    expect(two.filters.map((line) => line.formula)).toEqual(['sector in ("Energy", "Utilities")']);
    expect([hasSector(two, 'Utilities'), hasSector(two, 'Materials')]).toEqual([true, false]);
    expect(toggleSector(toggleSector(two, 'Energy'), 'Utilities').filters).toEqual([]);
    expect([sectorsOf('sector = "Energy" and close > 5'), sectorsOf('sector not in ("Energy")')]).toEqual([null, null]);
  });
});

describe('fields', () => {
  it('change the numbers of a side and nothing else', () => {
    const side = sideOf('bbands(20, 2).upper');
    expect(side && numbersOf(side).map((number) => number.value)).toEqual([20, 2]);
    expect(side && printTree(withNumber(side, 1, 2.5))).toBe('bbands(20, 2.5).upper');
    expect([sideOf('close / open'), sideOf('avg(close, 20)')]).toEqual([null, null]);
  });
  it('show written numbers as they are written', () => {
    const five = sideOf('-2.5%');
    expect(five && literalOf(five)).toEqual({ shown: -2.5, suffix: '%', prefix: '' });
    expect(five && printTree(withLiteral(five, 3.3))).toBe('3.3%');
    const dollars = sideOf('$1.5M');
    expect(dollars && printTree(withLiteral(dollars, -20))).toBe('-$20');
    expect([stepOf(30), stepOf(1_000_000), stepOf(2.5)]).toEqual([1, 100_000, 0.1]);
  });
});

describe('words', () => {
  it('are found by name, title and what they say; a condition is offered as it is written', () => {
    expect(searchNames('relative strength', 3)[0]?.name).toBe('rsi');
    expect(searchNames('52', 8).map((entry) => entry.name)).toContain('from_high52');
    expect(choicesFor('rsi(14) < 30')[0]?.formula).toBe('rsi(14) < 30');
    for (const choice of choicesFor('')) expect(checkFormula(choice.formula, 'condition').fault, choice.formula).toBeNull();
    expect(sentenceOf('rsi(14) <')).toBe('rsi(14) <');
  });
  it('every name of the search brings a filter that is one', () => {
    for (const entry of searchNames('', 400)) expect(checkFormula(entry.type === 'boolean' && entry.kind === 'fact' ? entry.name : entry.example, 'condition').fault, entry.name).toBeNull();
  });
  it('of a wish are cut without losing a letter', () => {
    fc.assert(fc.property(fc.string({ maxLength: 60 }), fc.array(fc.tuple(fc.nat(70), fc.nat(70)), { maxLength: 5 }), (text, spans) => {
      const pieces = echoOf(text, { filters: spans.map(([a, b]) => ({ words: [Math.min(a, b), Math.max(a, b)] as const })), notUnderstood: [[2, 4, 'xx']] });
      expect(pieces.map((piece) => piece.text).join('')).toBe(text);
    }));
    expect(echoOf('tech dragons', { filters: [{ words: [0, 4] }], notUnderstood: [[5, 12, 'dragons']] }).map((piece) => piece.kind)).toEqual(['found', 'plain', 'missed']);
  });
  it('of a formula are coloured without losing a letter, wrong ones marked', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.nat(45), fc.nat(45), (text, a, b) => {
      const pieces = piecesOf(text, { message: '', from: Math.min(a, b), to: Math.max(a, b), hint: null, fix: null });
      expect(pieces.map((piece) => piece.text).join('')).toBe(text);
    }));
    expect(piecesOf('rsi(14) < x', { message: '', from: 10, to: 11, hint: null, fix: null }).filter((piece) => piece.isWrong).map((piece) => piece.text)).toEqual(['x']);
  });
});

describe('days', () => {
  it('end at midnight in New York, in summer and winter', () => {
    expect(dayEnd('2025-03-12')).toBe(Date.UTC(2025, 2, 13, 4));
    expect(dayEnd('2025-12-01')).toBe(Date.UTC(2025, 11, 2, 5));
  });
  it('step over weekends and holidays', () => {
    expect([stepDay('2025-04-17', 1), stepDay('2025-04-21', -1), onSession('2025-04-19')]).toEqual(['2025-04-21', '2025-04-17', '2025-04-17']);
    expect([dayAgo('2025-03-12', '1y'), dayAgo('2025-03-31', '1m'), dayAgo('2026-03-02', '1w')]).toEqual(['2024-03-12', '2025-02-28', '2026-02-23']);
    expect([isDay('2025-02-30'), isDay('1900-01-01'), isDay('2025-02-28'), dayWords('2025-03-12')]).toEqual([false, false, true, '12 Mar 2025']);
  });
  it('and screens stand in the address', () => {
    expect(readScreenerSearch({ screen: 'own', asOf: '2025-03-12', other: 1 })).toEqual({ screen: 'own', asOf: '2025-03-12' });
    expect(readScreenerSearch({ screen: 7, asOf: 'yesterday' })).toEqual({});
  });
});

describe('the table', () => {
  const ran = {
    definition: screenDefinitionSchema.parse({ filters: [], columns: [{ formula: 'change(20)', title: 'Change 20' }, { formula: 'close > 5' }], rank: { formula: 'rsi(14)' } }),
    result: { rows: [row('B', { values: [0.05, true], rank: 40, close: 7 }), row('A', { values: [null, false], rank: null, sector: '=cmd()' }), row('C', { values: [-0.0123, null], rank: 60, close: 0.5 })] },
  };
  const columns = columnsOf(ran, ['exchange', 'barTime'], unitOfFormula);
  it('has units in its headers and reads values by them', () => {
    expect(columns.map((column) => [column.title, column.unit])).toEqual([['Symbol', null], ['Name', null], ['Sector', null], ['Trend', null], ['Price', 'USD'], ['Change', '%'], ['Volume', 'shares'], ['Rank', null], ['Change 20', '%'], ['close > 5', null], ['Marks', null]]);
    expect(columns.map((column) => ran.result.rows.map((one) => column.text(one)))[8]).toEqual(['+5.00', '–', '−1.23']);
  });
  it('sorts numbers as numbers, what is lacking last both ways, and back to the order of the screen', () => {
    const by = (columnId: string, direction: 'asc' | 'desc'): string => sorted(ran.result.rows, columns, { columnId, direction }).map((one) => one.symbol).join('');
    expect([by('own-0', 'asc'), by('own-0', 'desc'), by('rank', 'desc'), by('symbol', 'asc')]).toEqual(['CBA', 'BCA', 'CBA', 'ABC']);
    const price = columns.find((column) => column.id === 'price');
    if (!price) throw new Error('There is no price');
    const first = nextSorting(null, price);
    expect([first, nextSorting(first, price), nextSorting(nextSorting(first, price), price)]).toEqual([{ columnId: 'price', direction: 'desc' }, { columnId: 'price', direction: 'asc' }, null]);
  });
  it('leaves out what matters least where room is short, never what was asked for', () => {
    expect(fitting(columns, 5_000)).toHaveLength(columns.length);
    expect(fitting(columns, 300).map((column) => column.id)).toEqual(['symbol', 'price', 'change', 'volume', 'rank', 'own-0', 'own-1', 'marks']);
  });
  it('does not show a rank twice', () => {
    const twice = { ...ran, definition: { ...ran.definition, rank: { formula: 'change(20)', direction: 'desc' as const } } };
    expect(columnsOf(twice, [], unitOfFormula).some((column) => column.id === 'rank')).toBe(false);
  });
  it('becomes a file with units, whole numbers, and nothing that a spreadsheet runs', () => {
    const { header, cells } = tableFile(ran.result.rows, columns);
    expect(header).toEqual(['Symbol', 'Name', 'Sector', 'Price (USD)', 'Change (%)', 'Volume (shares)', 'Rank', 'Change 20 (%)', 'close > 5', 'Marks', 'Bar (UTC)']);
    expect(cells[1]).toEqual(['A', 'A Inc.', '=cmd()', 10, 1, 1_000, null, null, false, '', '2026-02-27T05:00:00.000Z']);
    expect(csvOf(header, cells).split('\r\n')[2]).toBe("A,A Inc.,'=cmd(),10,1,1000,,,no,,2026-02-27T05:00:00.000Z");
    const withBars = columnsOf(ran, ['name', 'sector', 'exchange', 'marks'], unitOfFormula);
    expect(tableFile([row('D', { close: 251_981_590.499_999_97 })], withBars)).toMatchObject({ header: expect.arrayContaining(['Bar (UTC)']) as string[], cells: [expect.arrayContaining([251_981_590.5]) as unknown[]] });
    expect(tableFile([], withBars).header.filter((title) => title === 'Bar (UTC)')).toHaveLength(1);
  });
  it('says no name where the ticker is all that is known', () => {
    const name = columns.find((column) => column.id === 'name');
    expect([name?.text(row('ACN', { name: 'ACN' })), name?.value(row('ACN', { name: 'ACN' })), name?.text(row('A'))]).toEqual(['–', null, 'A Inc.']);
  });
});

describe('files', () => {
  it('guard text, never numbers', () => {
    expect(['=1+1', '+1', '-1', '@x', '\tx', '＝1', 'plain', 'a "b"', 'a,b', -1.5, null, Number.NaN].map(csvCell)).toEqual(["'=1+1", "'+1", "'-1", "'@x", "'\tx", "'＝1", 'plain', '"a ""b"""', '"a,b"', '-1.5', '', '']);
    expect([csvName('Oversold & cheap', '2025-03-12'), csvName('../..', '2025-03-12')]).toEqual(['screen-oversold-cheap-2025-03-12.csv', 'screen-new-2025-03-12.csv']);
  });
});

describe('numbers', () => {
  it('keep the decimals that tell something, the same for a column', () => {
    expect([decimalsOf([1_200, 3_400]), decimalsOf([0.0123]), decimalsOf([1.5, 22.25]), decimalsOf([])]).toEqual([0, 4, 1, 0]);
    expect([shortened(12_345_678), shortened(950), shortened(-2_500)]).toEqual(['12.35 M', '950', '−2.50 k']);
    const format = formatterOf([0.031, 0.11, null], 'ratio');
    expect([formatterOf([0.2, 0.3], 'fraction', 'volatility(20)')(0.2), formatterOf([0.2], 'fraction', 'change(5)')(0.2)]).toEqual(['20.00', '+20.00']);
    expect([format(0.031), format(null), format(true), format('x')]).toEqual(['0.031', '–', 'yes', 'x']);
  });
});

describe('nothing found', () => {
  it('names the filter without which something would be', () => {
    const ask = diagnosisAsk(screenDefinitionSchema.parse({ filters: [{ formula: 'rsi(14) < 30' }, { formula: 'rsi(14) > 90' }, { formula: 'close > 1', isEnabled: false }], rank: { formula: 'close' } }));
    expect(ask).toMatchObject({ filters: [], rank: null, columns: [{ formula: 'rsi(14) < 30' }, { formula: 'rsi(14) > 90' }] });
    const answer = { rows: [row('A', { values: [true, false] }), row('B', { values: [true, null] }), row('C', { values: [false, false] })], matched: 3 };
    expect(diagnose(ask, answer)).toEqual({ looked: 3, isPart: false, filters: [{ formula: 'rsi(14) < 30', passes: 2, lacks: 0, without: 0 }, { formula: 'rsi(14) > 90', passes: 0, lacks: 1, without: 2 }] });
  });
});

describe('a universe', () => {
  it('tells who comes, leaves and stays, and reads pasted lists', () => {
    expect(universeChange(['A', 'B', 'D'], ['B', 'C'], ['D', 'B'])).toEqual({ enters: ['C'], leaves: ['A'], stays: ['B'], held: ['D'] });
    expect(symbolsIn('aapl, brk.b\nAAPL  $$', (word) => /^[A-Z.]+$/.test(word))).toEqual({ symbols: ['AAPL', 'BRK.B'], refused: ['$$'] });
  });
});

describe('the preview', () => {
  it('stays in the window and off the row', () => {
    expect(placeOf({ top: 100, bottom: 130 }, 50, { width: 1_440, height: 900 })).toEqual({ left: 78, top: 140 });
    expect(placeOf({ top: 800, bottom: 830 }, 1_430, { width: 1_440, height: 900 })).toEqual({ left: 1_006, top: 478 });
  });
  it('draws each bar once, flat ones too', () => {
    expect(candlePicture({ open: [], high: [], low: [], close: [], volume: [] }, 100, 100)).toBeNull();
    const picture = candlePicture({ open: [10, 11, 5], high: [12, 11, 5], low: [9, 9, 5], close: [11, 10, 5], volume: [100, 50, 0] }, 90, 100);
    expect([picture?.rising.match(/z/g)?.length, picture?.falling.match(/z/g)?.length, picture?.top, picture?.bottom]).toEqual([2, 1, 12, 5]);
    expect(`${picture?.rising}${picture?.falling}`).not.toMatch(/NaN|Infinity/);
  });
});
