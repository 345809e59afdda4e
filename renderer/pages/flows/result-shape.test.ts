/** Results take the shape in which they are best read. */
import { describe, expect, it } from 'vitest';
import { backtestOf, outputLinks } from './result-links.ts';
import { figureOf, shapeResult, wordsOf } from './result-shape.ts';

describe('names', () => {
  it('become words', () => {
    expect(['barsStored', 'from_day', 'symbol', 'isUsable'].map(wordsOf)).toEqual(['Bars stored', 'From day', 'Symbol', 'Is usable']);
  });
  it('tell the unit of a figure', () => {
    const kinds = ([['tookMs', 1_200], ['sizeBytes', 10], ['winFraction', 0.4], ['pnlUsd', '12.50'], ['equityDollars', 1.5], ['bytes', 3], ['endedAt', 1_780_000_000_000], ['equity', '100.25'], ['isUsable', true], ['bars', 12], ['sharpe', 1.25], ['note', 'x'], ['reportPath', null]] as const).map(([name, value]) => figureOf(name, value).kind);
    expect(kinds).toEqual(['duration', 'bytes', 'fraction', 'money', 'money', 'bytes', 'time', 'decimal', 'yes_no', 'count', 'number', 'text', 'text']);
    expect(figureOf('tookMs', 1).label).toBe('Took');
    expect(figureOf('isUsable', true).label).toBe('Usable');
  });
});

describe('a result', () => {
  it('shows flat figures as tiles and says where a list is empty', () => {
    expect(shapeResult({ findings: 0, symbols: [] })).toEqual([{ kind: 'figures', title: null, figures: [{ label: 'Findings', value: 0, kind: 'count', unit: null }, { label: 'Symbols', value: 'none', kind: 'text', unit: null }] }]);
  });
  it('shows like rows as a table, words as words, groups as groups', () => {
    expect(shapeResult({ days: [{ day: '2026-01-02', bars: 3 }, { day: '2026-01-05', bars: null }], denied: ['a', 'b'], metrics: { sharpe: 1.5 } }).map((part) => part.kind)).toEqual(['table', 'words', 'figures']);
    expect(shapeResult({ stages: { fetch: { stored: 3 }, size: { sized: 1 } } }).map((part) => ('title' in part ? part.title : ''))).toEqual(['Stages: fetch', 'Stages: size']);
    expect(shapeResult({ stages: { find: { isDone: true, signals: ['a', 'b'], empty: {}, book: { used: 1 } } } })).toMatchObject([
      { kind: 'figures', title: 'Stages: find', figures: [{ label: 'Done', value: true }, { label: 'Signals', value: 2, kind: 'count' }] }, { kind: 'json', title: 'Stages: find, book', value: { used: 1 } },
    ]);
    const [table] = shapeResult({ days: [{ day: '2026-01-02', bars: 3 }] });
    expect(table).toMatchObject({ title: 'Days', columns: [{ key: 'day', isNumber: false }, { key: 'bars', isNumber: true }] });
  });
  it('falls back to JSON where nothing fits, and to nothing for nothing', () => {
    expect(shapeResult({ deep: { a: { b: { c: 1 } } }, mixed: [1, { a: 1 }], rows: [{ a: [1] }] }).map((part) => part.kind)).toEqual(['json', 'json', 'json']);
    expect([shapeResult(null), shapeResult(undefined), shapeResult({})]).toEqual([[], [], []]);
    expect(shapeResult(7)).toEqual([{ kind: 'figures', title: null, figures: [{ label: 'Result', value: 7, kind: 'count', unit: null }] }]);
  });
});

describe('links of a result', () => {
  it('lead into our own gateway only', () => {
    expect(outputLinks({ reportId: 'daily-2026-01-02', other: 'https://example.org/' })).toEqual([{ href: '/reports/daily-2026-01-02', label: 'Open the report' }]);
    expect([{ backtestId: 'bt_0123456789abcdef01234567' }, { backtestId: '/author' }, 7].map(backtestOf)).toEqual(['bt_0123456789abcdef01234567', null, null]);
    for (const reportId of ['../x', '//example.org', 'javascript:alert(1)', 7, null]) expect(outputLinks({ reportId })).toEqual([]);
  });
});
