/** Rolling windows, correlations pair by pair, and seasons, by worked numbers. */
import { describe, expect, it } from 'vitest';
import { commonReturns, correlationMatrix } from './correlation-matrix.ts';
import { rolledOver } from './rolling-window.ts';
import { monthTable, seasonsOf } from './seasonality.ts';

describe('a rolling window', () => {
  const values = [1, 2, 3, 4, 5];
  const sum = (from: number, to: number): number => values.slice(from, to).reduce((total, value) => total + value, 0);

  it('measures the last so many values at each end', () => {
    expect(rolledOver({ length: 5, window: 3, most: 100 }, sum)).toEqual({ ends: [2, 3, 4], values: [6, 9, 12] });
  });

  it('keeps to the most points, with the newest end among them', () => {
    expect(rolledOver({ length: 5, window: 3, most: 2 }, sum)).toEqual({ ends: [2, 4], values: [6, 12] });
    expect(rolledOver({ length: 5, window: 2, most: 1 }, sum)).toEqual({ ends: [4], values: [9] });
  });

  it('has nothing to say of fewer values than a window', () => {
    expect(rolledOver({ length: 2, window: 3, most: 9 }, sum)).toEqual({ ends: [], values: [] });
    expect(rolledOver({ length: 2, window: 0, most: 9 }, sum)).toEqual({ ends: [], values: [] });
  });
});

describe('correlations of several series', () => {
  it('look at the times that both have', () => {
    const common = commonReturns({ time: [1, 2, 3], close: [10, 11, 12] }, { time: [1, 3], close: [5, 6] });
    expect([...common.at]).toEqual([3]);
    expect(common.one[0]).toBeCloseTo(0.2, 12);
    expect(common.other[0]).toBeCloseTo(0.2, 12);
  });

  it('are told pair by pair, with how much they are made of', () => {
    const series = (closes: readonly number[], from = 0): { time: number[]; close: readonly number[] } => ({ time: closes.map((_close, n) => from + n), close: closes });
    const twice = series([100, 102, 100.98, 103.0]);
    const matrix = correlationMatrix([series([50, 51, 50.49, 51.5]), twice, series([9], 40)], 2);
    expect(matrix[0]?.[1]?.value).toBeCloseTo(1, 9);
    expect(matrix[0]?.[1]).toBe(matrix[1]?.[0]);
    expect(matrix[0]?.[1]?.count).toBe(3);
    expect(matrix[2]?.map(({ value }) => value)).toEqual([null, null, 1]);
  });

  it('have no value where one does not move, or too little is common', () => {
    expect(correlationMatrix([{ time: [1, 2, 3], close: [5, 5, 5] }, { time: [1, 2, 3], close: [5, 6, 7] }], 2)[0]?.[1]).toEqual({ value: null, count: 2 });
    expect(correlationMatrix([{ time: [1, 2, 3], close: [5, 6, 5] }, { time: [1, 2, 3], close: [5, 6, 7] }], 3)[0]?.[1]).toEqual({ value: null, count: 2 });
  });
});

describe('seasons', () => {
  it('have the mean of their returns', () => {
    expect(seasonsOf([0.01, 0.03, -0.02, NaN], [1, 1, 2, 2])).toEqual([{ key: 1, mean: 0.02, upShare: 1, count: 2 }, { key: 2, mean: -0.02, upShare: 0, count: 1 }]);
  });

  it('make a table of months by year', () => {
    const [row, next] = monthTable([{ key: 2024 * 12, value: 0.1 }, { key: 2024 * 12 + 2, value: 0.1 }, { key: 2025 * 12 + 11, value: -0.5 }]);
    expect(row?.months).toEqual([0.1, null, 0.1, ...Array.from({ length: 9 }, () => null)]);
    expect(row?.total).toBeCloseTo(0.21, 12);
    expect([next?.year, next?.months[11], next?.total]).toEqual([2025, -0.5, -0.5]);
  });
});
