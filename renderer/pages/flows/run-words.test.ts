/** Durations, countdowns and lateness as people read them. */
import { describe, expect, it } from 'vitest';
import { duration, isEnded, isStepEnded, latenessWords, tookMs, untilWords } from './run-words.ts';

describe('duration', () => {
  it('is exact where it is short and never shows sixty of anything', () => {
    expect([0, 43, 999, 1_250, 9_994, 9_996, 59_949, 59_951, 125_000, 3_599_400, 3_600_000, 90_000_000].map(duration)).toEqual([
      '0 ms', '43 ms', '999 ms', '1.25 s', '9.99 s', '10.0 s', '59.9 s', '1 m 00 s', '2 m 05 s', '59 m 59 s', '1 h 00 m', '1 d 01 h',
    ]);
    expect(duration(null)).toBe('–');
  });
});

describe('countdowns', () => {
  it('are m:ss, then h:mm:ss, then days', () => {
    expect([-5, 0, 400, 65_000, 3_600_000, 90_061_000].map(untilWords)).toEqual(['now', 'now', '0:01', '1:05', '1:00:00', '1 d 1 h']);
  });
});

describe('lateness', () => {
  it('forgives what the schedule promises', () => {
    expect([null, 0, 250, 400].map(latenessWords)).toEqual([null, 'on time', 'on time', '400 ms late']);
  });
});

describe('tookMs', () => {
  it('counts to now while a run has no end, and knows nothing before its start', () => {
    expect(tookMs({ startedAt: 10, endedAt: 15 }, 100)).toBe(5);
    expect(tookMs({ startedAt: 10, endedAt: null }, 100)).toBe(90);
    expect(tookMs({ startedAt: null, endedAt: null }, 100)).toBeNull();
  });
});

describe('an end', () => {
  it('is what the run has, whatever its state: one whose worker is gone goes on when that is back', () => {
    expect([isEnded({ endedAt: null }), isEnded({ endedAt: 5 })]).toEqual([false, true]);
  });

  it('of a step that was cut short is its state', () => {
    expect([isStepEnded('CRASHED'), isStepEnded('RETRYING')]).toEqual([true, false]);
  });
});
