/** Bands of the equity that could have been: what must hold for every history, and one that can be worked by hand. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equityBands } from './equity-bands.ts';

const returnsOf = (values: readonly number[]): Float64Array => Float64Array.from(values);
const histories = fc.array(fc.double({ min: -0.2, max: 0.2, noNaN: true }), { minLength: 20, maxLength: 300 });

describe('bands of the equity', () => {
  it('are the one way that there is when all days are the same', () => {
    const bands = equityBands(new Float64Array(20).fill(0.01), { seed: 1, start: 1_000, draws: 50 });
    expect(bands?.at).toEqual([0, ...Array.from({ length: 20 }, (_none, n) => (n + 1) / 20)]);
    expect(bands?.p5.at(-1)).toBeCloseTo(1_220.190_04, 5);
    expect(bands?.p95).toEqual(bands?.p5);
    expect(bands).toMatchObject({ lossPart: 0, ruinPart: 0, maxDrawdown: { p5: 0, p50: 0, p95: 0 } });
  });

  it('count what is lost for ever', () => {
    const bands = equityBands(returnsOf([-1, ...new Array<number>(19).fill(0.5)]), { seed: 3, start: 100, draws: 400, block: 1 });
    // A path without the one ruinous day: (19 / 20)^20 = 0.358 of them; all others end with nothing.
    expect(bands?.lossPart).toBeGreaterThan(0.57);
    expect(bands?.lossPart).toBeLessThan(0.71);
    expect(bands?.ruinPart).toBe(bands?.lossPart);
    expect(bands?.p5.at(-1)).toBe(0);
  });

  it('lie in their order, begin at the start, and are the same for the same seed', () => {
    fc.assert(fc.property(histories, fc.integer({ min: 0, max: 0xffff_ffff }), (values, seed) => {
      const bands = equityBands(returnsOf(values), { seed, start: 500, draws: 40 });
      if (bands === null) throw new Error('There are enough days');
      expect(equityBands(returnsOf(values), { seed, start: 500, draws: 40 })).toEqual(bands);
      expect([bands.p5[0], bands.p50[0], bands.p95[0], bands.at[0], bands.at.at(-1)]).toEqual([500, 500, 500, 0, 1]);
      for (let n = 0; n < bands.at.length; n += 1) {
        const column = [bands.p5, bands.p25, bands.p50, bands.p75, bands.p95].map((band) => band[n] ?? NaN);
        expect(column).toEqual([...column].sort((a, b) => a - b));
      }
      expect(bands.maxDrawdown.p5).toBeLessThanOrEqual(bands.maxDrawdown.p95);
      expect(bands.lossPart).toBeGreaterThanOrEqual(0);
      expect(bands.lossPart).toBeLessThanOrEqual(1);
    }), { numRuns: 60 });
  });

  it('say nothing of a few days', () => {
    expect(equityBands(new Float64Array(19).fill(0.01), { seed: 1, start: 1 })).toBeNull();
  });
});
