/** Scores, rankings, plateaus and heat maps against worked numbers. */
import { describe, expect, it } from 'vitest';
import { heatMap } from './heat-map.ts';
import { scoreOf, type Objective } from './objective.ts';
import { plateauAt, sturdiest } from './plateau.ts';
import { boxSpace, sharpeTable } from './testing-space.ts';
import type { RunFigure } from './figures.ts';

describe('the score of a trial', () => {
  const objective: Objective = { figure: 'sharpe', minTrades: 10, maxDrawdown: 0.2 };
  const score = (known: Partial<Record<RunFigure, number>>, over: Partial<Objective> = {}): number => scoreOf({ ...objective, ...over }, (name) => known[name] ?? NaN);

  it('shrinks towards neutral with few trips and deep falls', () => {
    expect(score({ sharpe: 2, trades: 5, max_drawdown: -0.1 })).toBe(1);
    expect(score({ sharpe: 2, trades: 5, max_drawdown: -0.4 })).toBe(0.5);
    expect(score({ sharpe: 2, trades: 50, max_drawdown: -0.1 })).toBe(2);
    expect(score({ profit_factor: 3, trades: 5, max_drawdown: 0 }, { figure: 'profit_factor' })).toBe(2);
  });

  it('does not make a bad one better', () => {
    expect(score({ sharpe: -2, trades: 1, max_drawdown: -0.9 })).toBe(-2);
    expect(score({ profit_factor: 0.5, trades: 1, max_drawdown: 0 }, { figure: 'profit_factor' })).toBe(0.5);
  });

  it('is not known without trips, and has an end where nothing was lost', () => {
    expect(score({ sharpe: 2, trades: 0 })).toBeNaN();
    expect(score({ trades: 20 })).toBeNaN();
    expect(score({ profit_factor: Infinity, trades: 10, max_drawdown: 0 }, { figure: 'profit_factor' })).toBe(10);
  });
});

describe('the ranking', () => {
  it('puts the best first, equals by their point, and what failed last', () => {
    const table = sharpeTable({ 5: 1, 2: null, 9: 3, 0: 1 });
    expect(table.ranking()).toEqual([9, 0, 5, 2]);
    expect(table.best()).toBe(9);
    expect(table.failed).toBe(1);
    expect([...table.column('sharpe')]).toEqual([1, 1, 3]);
    expect(sharpeTable({ 1: null }).best()).toBeNull();
  });

  it('refuses a point twice', () => {
    const table = sharpeTable({ 5: 1 });
    expect(() => table.add({ point: 5, values: Float64Array.of(1, 100), why: null })).toThrow(/twice/);
  });
});

describe('the plateau', () => {
  it('is the part of the score that is left beside the point', () => {
    const line = boxSpace(5);
    expect(plateauAt(line, sharpeTable({ 1: 1, 2: 2, 3: 1.5 }), 2)).toEqual({ oneStep: 0.625, twoSteps: null, score: 0.625, judged: 2, neighbours: 4 });
    expect(plateauAt(line, sharpeTable({ 0: -4, 1: 1, 2: 2, 3: 8, 4: 0 }), 2)).toEqual({ oneStep: 0.75, twoSteps: 0, score: 0.375, judged: 4, neighbours: 4 });
  });

  it('has 4 and 8 neighbours on two axes, fewer at the border, and none among words', () => {
    const table = sharpeTable({ 12: 1, 0: 1 });
    expect(plateauAt(boxSpace(5, 5), table, 12)).toMatchObject({ judged: 0, neighbours: 12, score: null });
    expect(plateauAt(boxSpace(5, 5), table, 0)).toMatchObject({ neighbours: 5 });
    const words = { ...boxSpace(5, 5), axes: boxSpace(5, 5).axes.map((axis) => ({ ...axis, isOrdered: axis.name === 'a' })) };
    expect(plateauAt(words, table, 12)).toMatchObject({ neighbours: 4 });
  });

  it('is not asked of a point that is no better than nothing', () => {
    expect(plateauAt(boxSpace(5), sharpeTable({ 1: 1, 2: 0 }), 2)).toBeNull();
    expect(plateauAt(boxSpace(5), sharpeTable({ 1: 1 }), 2)).toBeNull();
  });

  it('prefers broad ground to a needle', () => {
    // A needle of 3 among zeros, and a hill of 2.
    const table = sharpeTable({ 0: 0, 1: 0, 2: 3, 3: 0, 4: 0, 5: 1.8, 6: 2, 7: 2.1, 8: 2, 9: 1.8, 10: 0, 11: 0 });
    expect(table.best()).toBe(2);
    expect(sturdiest(boxSpace(12), table)?.point).toBe(7);
    expect(sturdiest(boxSpace(10), sharpeTable({ 2: 3, 6: 2 }))).toBeNull();
  });
});

describe('the heat map', () => {
  const space = boxSpace(2, 3, 2);
  // Point = a * 6 + b * 2 + c.
  const table = sharpeTable({ 0: 1, 1: 3, 2: 5, 6: null, 11: -1 });

  it('has a cell for each pair of values', () => {
    const map = heatMap(space, table, { x: 'b', y: 'a', rule: 'best' });
    expect(map.cells).toEqual([[3, 5, null], [null, null, -1]]);
    expect(map.counts).toEqual([[2, 1, 0], [0, 0, 1]]);
    expect(heatMap(space, table, { x: 'b', y: 'a' }).cells[0]?.[0]).toBe(2);
    expect(heatMap(space, table, { x: 'a', y: 'b', rule: 'worst' }).cells).toEqual([[1, null], [5, null], [null, -1]]);
  });

  it('refuses what was not searched', () => {
    expect(() => heatMap(space, table, { x: 'a', y: 'z' })).toThrow(/needs two of the searched/);
    expect(() => heatMap(space, table, { x: 'a', y: 'a' })).toThrow(/needs two/);
  });
});
