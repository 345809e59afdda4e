/** What stands on the page while the book does not have it yet. */
import { describe, expect, it } from 'vitest';
import type { Drawing } from '#app/contracts/charts.ts';
import { withUnkept } from './drawing-outbox.ts';

const line = (drawingId: string, symbol = 'AAPL', price = 1): Drawing => ({ drawingId, symbol, kind: 'horizontal', points: [{ time: 0, price }], colour: null, text: '' });

describe('drawings that are not kept yet', () => {
  it('stand over what the book answers, of their own symbol only', () => {
    const moved = line('a', 'AAPL', 2);
    const unkept = new Map([['a', { symbol: 'AAPL', after: moved, isRefused: false }], ['b', { symbol: 'AAPL', after: null, isRefused: false }], ['m', { symbol: 'MSFT', after: line('m', 'MSFT'), isRefused: true }]]);
    expect(withUnkept([line('a'), line('b'), line('c'), line('x', 'KO')], 'AAPL', unkept)).toEqual([line('c'), moved]);
    expect(withUnkept([], 'MSFT', unkept)).toEqual([line('m', 'MSFT')]);
  });
});
