/** The log page's pure parts: the address, spans on New York's clock, the held lines, and the window of rows. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LoggedLine } from '#app/contracts/logs.ts';
import { readLogsSearch } from './address.ts';
import { LINES_KEPT, listOf, textOf, withFresh, withOlder } from './line-list.ts';
import { boundsOf, fromMarketField, toMarketField } from './span.ts';
import { indexAt, offsetOf, totalHeight, visibleRows } from './window-rows.ts';

const line = (id: string, at: number, more: Partial<LoggedLine> = {}): LoggedLine => ({ id, at, unit: 'execution', level: 'info', message: id, fields: {}, ids: [], source: 'log', ...more });

describe('the address', () => {
  it('keeps a question and drops what is none', () => {
    expect(readLogsSearch({ units: 'execution,nowhere,gateway', level: 'warn', search: 123, about: 'o1', span: 'custom', from: 5, to: 9 })).toEqual({ units: 'execution,gateway', level: 'warn', search: '123', about: 'o1', span: 'custom', from: 5, to: 9 });
    expect(readLogsSearch({ units: 'x', level: 'loud', search: '', about: { a: 1 }, span: 'live', from: 5 })).toEqual({});
  });
});

describe('spans', () => {
  it('reads and writes New York time on both sides of a change of clocks', () => {
    expect(fromMarketField('2026-03-02T10:30')).toBe(Date.UTC(2026, 2, 2, 15, 30));
    expect(fromMarketField('2026-07-01T10:30')).toBe(Date.UTC(2026, 6, 1, 14, 30));
    expect(fromMarketField('2026-11-01T01:30')).toBe(Date.UTC(2026, 10, 1, 5, 30));
    expect(fromMarketField('2026-03-08T02:30')).not.toBeNull();
    expect([fromMarketField(''), fromMarketField('2026-13-01T00:00'), fromMarketField('tomorrow')]).toEqual([null, null, null]);
    for (let at = Date.UTC(2026, 0, 1, 12); at < Date.UTC(2027, 0, 1); at += 86_400_000) expect(fromMarketField(toMarketField(at))).toBe(at);
  });
  it('bounds days by New York, and leaves the live end open', () => {
    const now = Date.UTC(2026, 2, 3, 2, 0); // 21:00 on 2 March in New York.
    expect(boundsOf({ span: 'today' }, now)).toEqual({ from: Date.UTC(2026, 2, 2, 5), to: null });
    expect(boundsOf({ span: 'yesterday' }, now)).toEqual({ from: Date.UTC(2026, 2, 1, 5), to: Date.UTC(2026, 2, 2, 5) });
    expect(boundsOf({ span: '1h' }, now)).toEqual({ from: now - 3_600_000, to: null });
    expect(boundsOf({}, now)).toEqual({ from: null, to: null });
    expect(boundsOf({ span: 'custom', from: 1, to: 2 }, now)).toEqual({ from: 1, to: 2 });
  });
});

describe('the held lines', () => {
  it('puts fresh lines where their time says, each once', () => {
    const list = withFresh(listOf([line('1.2', 20), line('1.1', 10)], 'c'), [line('1.3', 30), line('2.1', 15), line('1.2', 20)]);
    expect(list.lines.map((one) => one.id)).toEqual(['1.3', '1.2', '2.1', '1.1']);
    expect(withFresh(list, [line('1.3', 30)])).toBe(list);
    expect(withFresh(listOf([], null), [line('1.900', 7), line('1.1000', 7), line('2.5', 7)]).lines.map((one) => one.id)).toEqual(['2.5', '1.1000', '1.900']);
    expect(withOlder(list, [line('1.1', 10), line('1.0', 5)], null)).toMatchObject({ cursor: null, lines: { length: 5 } });
  });
  it('lets the oldest go at its limit and knows where to fetch them again', () => {
    const full = listOf(Array.from({ length: LINES_KEPT }, (_none, n) => line(`1.${LINES_KEPT - n}`, LINES_KEPT - n)), null);
    const next = withFresh(full, [line('1.99999', 99_999), line('1.99998', 99_998)]);
    expect(next.lines).toHaveLength(LINES_KEPT);
    expect(next.cursor).toBe('3.1.3');
    expect(next.known.size).toBe(LINES_KEPT);
  });
  it('copies a line as one JSON text', () => {
    expect(JSON.parse(textOf(line('x', 0, { fields: { a: 1 }, source: 'book' })))).toEqual({ at: '1970-01-01T00:00:00.000Z', unit: 'execution', level: 'info', message: 'x', source: 'book', a: 1 });
  });
});

describe('the window of rows', () => {
  const rowsOf = fc.record({ count: fc.integer({ min: 1, max: 5_000 }), rowHeight: fc.integer({ min: 10, max: 40 }), opened: fc.array(fc.tuple(fc.nat(4_999), fc.integer({ min: 0, max: 400 })), { maxLength: 8 }) })
    .map(({ count, rowHeight, opened }) => ({ count, rowHeight, extra: new Map(opened.filter(([index]) => index < count)) }));
  it('finds the row at any place, and draws every row in sight', () => {
    fc.assert(fc.property(rowsOf, fc.nat(100), (rows, share) => {
      const top = Math.floor(((totalHeight(rows) - 1) * share) / 100);
      const index = indexAt(rows, top);
      expect(offsetOf(rows, index)).toBeLessThanOrEqual(top);
      expect(offsetOf(rows, index + 1)).toBeGreaterThan(top);
      const { start, end } = visibleRows(rows, { top, height: 300, around: 3 });
      expect(start).toBeLessThanOrEqual(index);
      expect(end).toBeGreaterThan(index);
      expect(end - start).toBeLessThanOrEqual(Math.ceil(300 / rows.rowHeight) + 10);
      if (end < rows.count) expect(offsetOf(rows, end)).toBeGreaterThanOrEqual(top + 300);
    }));
    expect(visibleRows({ count: 0, rowHeight: 20, extra: new Map() }, { top: 0, height: 300, around: 3 })).toEqual({ start: 0, end: 0 });
  });
});
