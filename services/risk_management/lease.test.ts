/** The dead man's lease stops with a stuck lane. */
import { describe, expect, it } from 'vitest';
import { laneWatch } from './lease.ts';

const row = (heard: number, written: number): { producer: string; heard: number; written: number } => ({ producer: 'strategy_engine', heard, written });

describe('the watch over the lane', () => {
  it('is content with an idle lane and with one that moves', () => {
    const watch = laneWatch();
    for (let n = 0; n < 20; n += 1) expect(watch([row(5, 5)], null, n * 2_000)).toBeNull();
    for (let n = 0; n < 20; n += 1) expect(watch([row(5 + n, 100)], 300, 40_000 + n * 2_000)).toBeNull();
  });

  it('calls a lane stuck when a batch takes too long', () => {
    expect(laneWatch()([row(5, 5)], 5_001, 0)).toContain('one batch');
  });

  it('calls a lane stuck when events lie unheard, and forgives when it moves again', () => {
    const watch = laneWatch();
    expect(watch([row(5, 6)], null, 0)).toBeNull();
    expect(watch([row(5, 6)], null, 4_000)).toBeNull();
    expect(watch([row(5, 9)], null, 6_000)).toContain('strategy_engine');
    expect(watch([row(9, 9)], null, 8_000)).toBeNull();
    expect(watch([row(9, 10)], null, 60_000)).toBeNull();
    expect(watch([row(9, 10)], null, 62_000)).toBeNull();
  });
});
