/** The column engine against the exact venue: random orders of every kind, the same to the last unit; `npm run differential` runs as many as asked. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bothSayTheSame, noCentIsMade } from '../../../tests/support/venue-differential.ts';

describe('the column engine under rules that the venue does not have', () => {
  it('loses and makes no cent: the end is the beginning and what trips, dividends and interest brought; of two exits one fills; the same every time', () => {
    expect(() => fc.assert(noCentIsMade(), { numRuns: 150 })).not.toThrow();
  }, 60_000);
});

describe('the column engine and the exact venue', () => {
  it('say the same of everything that can be ordered', () => {
    const seen = { fills: 0, refused: 0, exits: 0 };
    fc.assert(bothSayTheSame(seen), { numRuns: 250 });
    expect(seen.fills).toBeGreaterThan(1_000);
    expect(seen.exits).toBeGreaterThan(20);
    expect(seen.refused).toBeGreaterThan(1_000);
  }, 60_000);
});
