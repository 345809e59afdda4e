/** Pulls and turns as stretches of the axis. */
import { describe, expect, it } from 'vitest';
import { pulledView, turnedView } from './chart-hand.ts';

describe('the hand', () => {
  it('pulls what is there along with it', () => {
    expect(pulledView([0, 100], 50, 500)).toEqual([-10, 90]);
  });

  it('keeps what is under the pointer where it is, and takes no leap for a notch', () => {
    const [from, to] = turnedView([0, 100], 0.5, 400);
    expect(from).toBeCloseTo(-8.09, 2);
    expect(to).toBeCloseTo(108.09, 2);
    const [left, right] = turnedView([0, 100], 0.2, -40);
    expect(left + (right - left) * 0.2).toBeCloseTo(20, 9);
    expect(right - left).toBeCloseTo(100 * Math.exp(-0.1), 9);
  });
});
