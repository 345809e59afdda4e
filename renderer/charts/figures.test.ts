/** Charts are drawn from numbers that can be checked. */
import { describe, expect, it } from 'vitest';
import type { EquityPoint } from '#app/contracts/views.ts';
import { tokensOf } from '../theme.ts';
import { curveSummary, drawdowns, equityFigure, scaleBenchmark, ticksOf } from './equity-figure.ts';
import { withAlpha } from './figure.ts';

const NINE_THIRTY = Date.UTC(2026, 0, 2, 14, 30);
const minutes = (count: number, start = NINE_THIRTY): number[] => Array.from({ length: count }, (_none, n) => start + n * 60_000);

describe('the curve', () => {
  it('scales the benchmark to the first equity where its first close is known, and bridges gaps', () => {
    const points: EquityPoint[] = [[1, 100, null], [2, 110, 50], [3, 120, null], [4, 130, 55]];
    expect(scaleBenchmark(points)).toEqual([null, 110, 110, 121.00000000000001]);
  });
  it('measures falls from the highest value so far', () => {
    expect(drawdowns([100, 90, 120, 60])).toEqual([0, -0.09999999999999998, 0, -0.5]);
  });
  it('sums a range up', () => {
    expect(curveSummary([[1, 100, 10], [2, 80, 11], [3, 110, 12]])).toEqual({ change: 0.10000000000000009, changeUsd: 10, benchmark: expect.closeTo(0.2, 12) as number, maxDrawdown: expect.closeTo(-0.2, 12) as number });
    expect(curveSummary([])).toEqual({ change: null, changeUsd: null, benchmark: null, maxDrawdown: null });
  });
});

describe('ticks', () => {
  it('stand on the hours of a session', () => {
    expect(ticksOf(minutes(390)).map((tick) => tick.text)).toEqual(['10:00', '11:00', '12:00', '13:00', '14:00', '15:00']);
  });
  it('stand on days and months for longer ranges, and never crowd', () => {
    const days = Array.from({ length: 15 }, (_none, n) => minutes(390, NINE_THIRTY + n * 86_400_000)).flat();
    const ticks = ticksOf(days);
    expect(ticks.length).toBeLessThanOrEqual(9);
    expect(ticks[0]?.text).toBe('3 Jan');
  });
});

describe('the figure', () => {
  it('gives every time its own place, so that nights leave no hole', () => {
    const points: EquityPoint[] = [...minutes(3), ...minutes(3, NINE_THIRTY + 86_400_000)].map((time, n) => [time, 100 + n, null]);
    const figure = equityFigure(points, tokensOf('light', 'standard'), { benchmark: null });
    expect(new Set(figure.data[1]?.['x'] as string[]).size).toBe(6);
    expect((figure.layout['xaxis'] as { type: string }).type).toBe('category');
    expect(figure.data).toHaveLength(3);
  });
  it('mixes colours with opacity', () => {
    expect(withAlpha('#3b82f6', 0.5)).toBe('rgba(59, 130, 246, 0.5)');
  });
});
