/** A place among rising numbers. */
import { describe, expect, it } from 'vitest';
import { firstAtOrAfter } from './bar-columns.ts';

describe('the first number that is not below', () => {
  it('is found among rising ones', () => {
    expect([0, 1, 2, 5, 9, 10].map((at) => firstAtOrAfter([1, 2, 2, 5, 9], at))).toEqual([0, 0, 1, 3, 4, 5]);
  });
});
