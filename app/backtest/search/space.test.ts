/** Spaces of parameters: decimal steps, coordinates, refusals. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { donchianBreakout } from '#app/strategy/built-in/donchian-breakout.ts';
import { choice, flag, integer, real } from '#app/strategy/parameters.ts';
import { strategy } from '#app/strategy/spec.ts';
import { coordinatesOf, defectAt, parametersAt, pointAt, searchSpace, stepped, wholeRanges, type SpaceRequest } from './space.ts';
import { boxSpace } from './testing-space.ts';

const cross = strategy({
  kind: 'cross', title: 'Cross', description: 'For the test.', scope: 'symbol',
  parameters: {
    fast: integer(10, { min: 2, max: 50, describe: 'fast' }), slow: integer(30, { min: 2, max: 200, step: 5, describe: 'slow' }),
    band: real(0.5, { min: 0, max: 1, step: 0.1, describe: 'band' }), side: choice(['long', 'both'], 'sides'), isLate: flag(false, 'late'),
  },
  check: ({ fast, slow }) => (fast < slow ? null : 'fast must be below slow'),
  indicators: () => ({}), initialState: () => null, state: z.null(), onBar: () => undefined,
});
const spaceOf = (request: SpaceRequest) => searchSpace(cross.parameterSet, request);

describe('a grid of decimal steps', () => {
  it('has the decimals that people mean', () => {
    expect(stepped(0, 0.3, 0.1)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(stepped(20, 66, 5)).toEqual([20, 25, 30, 35, 40, 45, 50, 55, 60, 65]);
    expect(stepped(7, 7, 1)).toEqual([7]);
  });

  it.each([[1, 0, 1], [0, 1, 0], [0, 1, -1], [0, Infinity, 1], [0, 1e9, 1], [NaN, 1, 1]])('refuses from %d to %d by %d', (from, to, step) => {
    expect(() => stepped(from, to, step)).toThrow(/cannot be made/);
  });
});

describe('a space', () => {
  it('names the parameter whose range is none', () => {
    expect(() => spaceOf({ ranges: { fast: [4, 5], slow: { from: 10, to: 9 } } })).toThrow(/cannot be made: slow: a range goes up/);
    expect(() => spaceOf({ ranges: { band: { from: 0, to: 1, step: 0.0001 } } })).toThrow(/cannot be made: band: 10001 values are too many.*wider step/);
  });

  it('steps by the parameter itself where nothing else is asked', () => {
    const space = spaceOf({ ranges: { slow: { from: 20, to: 35 }, side: ['long', 'both'] }, fixed: { fast: 4 } });
    expect(space.size).toBe(8);
    expect(parametersAt(space, 3)).toEqual({ fast: 4, slow: 25, side: 'both' });
    expect(space.axes.map(({ isOrdered }) => isOrdered)).toEqual([true, false]);
  });

  it('covers the whole strategy when asked', () => {
    expect(spaceOf({ ranges: wholeRanges(cross.parameterSet) }).size).toBe(49 * 40 * 11 * 2 * 2);
  });

  it.each([
    ['a parameter that is not there', { ranges: { speed: { from: 1, to: 2 } } }],
    ['nothing to vary', { ranges: {} }],
    ['numbers for a word', { ranges: { side: { from: 1, to: 2 } } }],
    ['values that fall', { ranges: { fast: [9, 5] } }],
    ['a value twice', { ranges: { side: ['long', 'long'] } }],
    ['a fixed value of a searched parameter', { ranges: { fast: { from: 2, to: 3 } }, fixed: { fast: 2 } }],
  ] as const)('refuses %s', (_what, request) => {
    expect(() => spaceOf(request)).toThrow(/cannot be made/);
  });

  it('finds each point again by its coordinates', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }), fc.nat(), (lengths, draw) => {
      const space = boxSpace(...lengths);
      const point = draw % space.size;
      expect(pointAt(space, coordinatesOf(space, point))).toBe(point);
    }), { numRuns: 200 });
    expect([...coordinatesOf(boxSpace(3, 4), 7)]).toEqual([1, 3]);
    expect(pointAt(boxSpace(3, 4), [3, 0])).toBe(-1);
    expect(() => coordinatesOf(boxSpace(3, 4), 12)).toThrow(/no such point/);
  });

  it('says why a strategy cannot take a point', () => {
    const space = spaceOf({ ranges: { fast: [10, 40], slow: { from: 20, to: 60, step: 20 } } });
    const defects = Array.from({ length: space.size }, (_none, point) => defectAt(cross, space, point) === null);
    expect(defects).toEqual([true, true, true, false, false, true]);
    const breakout = searchSpace(donchianBreakout.parameterSet, { ranges: { goesShort: [false, true] } });
    expect([0, 1].map((point) => defectAt(donchianBreakout, breakout, point, false))).toEqual([null, 'it sells short, which the account may not']);
    expect(defectAt(donchianBreakout, breakout, 1)).toBeNull();
    expect(defectAt(cross, space, 3)).toMatch(/fast must be below slow/);
    expect(defectAt(cross, spaceOf({ ranges: { fast: { from: 50, to: 51 } } }), 1)).toMatch(/within 2 and 50/);
  });
});
