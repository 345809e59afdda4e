/** Silence and pauses. */
import { describe, expect, it } from 'vitest';
import { judgeSilence, pauseOf } from './watchdog.ts';

describe('the watchdog', () => {
  it('turns amber after 5 s and gives up after 15 s', () => {
    expect([4_999, 5_000, 14_999, 15_000].map((age) => judgeSilence(age))).toEqual(['alive', 'silent', 'silent', 'hung']);
  });

  it('takes its own lateness, and sleep that stops the monotonic clock, for a pause of ours', () => {
    expect(pauseOf({ monotonicMs: 500, wallMs: 500 })).toBe(0);
    expect(pauseOf({ monotonicMs: 3_400, wallMs: 3_400 })).toBe(0);
    expect(pauseOf({ monotonicMs: 3_600_500, wallMs: 3_600_500 })).toBe(3_600_000);
    expect(pauseOf({ monotonicMs: 500, wallMs: 3_600_500 })).toBe(3_600_000);
  });

  it('is not fooled by a clock that was set back', () => {
    expect(pauseOf({ monotonicMs: 500, wallMs: -3_600_000 })).toBe(0);
  });
});
