/** The calendar of the coverage map. */
import { describe, expect, it } from 'vitest';
import { columnsOfYear, fullnessOf, monthMarks, placeOf } from './year-grid.ts';
import { readDataSearch } from '../address.ts';
import { monthRows } from '../month-bars.tsx';

describe('a year of weeks', () => {
  it('puts days under their weekday, week by week', () => {
    expect(placeOf('2024-01-01')).toEqual({ column: 0, row: 0 });
    expect(placeOf('2024-01-05')).toEqual({ column: 0, row: 4 });
    expect(placeOf('2024-01-08')).toEqual({ column: 1, row: 0 });
    expect(placeOf('2021-01-01')).toEqual({ column: 0, row: 4 });
    expect(placeOf('2021-01-04')).toEqual({ column: 1, row: 0 });
    expect(placeOf('1999-12-31')).toEqual({ column: 52, row: 4 });
    expect([columnsOfYear(2024), columnsOfYear(2023), columnsOfYear(2012)]).toEqual([53, 53, 54]);
  });

  it('names a month over its first weekday', () => {
    const marks = monthMarks(2021);
    // 1 May 2021 was a Saturday: May begins with the week after.
    expect(marks[4]).toEqual({ name: 'May', column: placeOf('2021-05-03').column });
    expect(marks[0]).toEqual({ name: 'Jan', column: 0 });
  });

  it('tells how whole a day is', () => {
    expect([0, 0.5, 0.97, 0.998, 1].map(fullnessOf)).toEqual(['none', 'thin', 'part', 'most', 'full']);
  });
});

describe('the address of the data page', () => {
  it('keeps what it knows', () => {
    expect(readDataSearch({ tab: 'quality', symbol: 'BRK.B' })).toEqual({ tab: 'quality', symbol: 'BRK.B' });
    expect(readDataSearch({ tab: 'coverage', symbol: '<b>' })).toEqual({});
  });
});

describe('rows by month', () => {
  it('count a month in the database or in files, never twice', () => {
    const file = { timeframe: '1Min' as const, file: 'f', bytes: 1, archivedAt: 0, restoredAt: null, isPresent: true, isParquet: true };
    const months = [{ month: '2024-02', rows: 40, bytes: 800, byTimeframe: [], isAhead: false }, { month: '2024-03', rows: 0, bytes: 80, byTimeframe: [], isAhead: true }];
    const files = [{ ...file, month: '2024-01', rows: 9, state: 'archived' as const }, { ...file, month: '2024-02', rows: 30, state: 'restored' as const }, { ...file, month: '2024-01', timeframe: '1Day' as const, rows: 1, state: 'archived' as const }];
    expect(monthRows({ months, files })).toEqual([
      { month: '2024-01', inBook: 0, inFiles: 10, bytes: 0, isAhead: false }, { month: '2024-02', inBook: 40, inFiles: 0, bytes: 800, isAhead: false }, { month: '2024-03', inBook: 0, inFiles: 0, bytes: 80, isAhead: true },
    ]);
  });
});
