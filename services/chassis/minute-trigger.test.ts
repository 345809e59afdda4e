/** One run a minute, whatever the crowd and whatever the clock, and none forgotten. */
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { epochMs, parseRfc3339 } from '#app/domain/time.ts';
import { triggerByMinute } from './minute-trigger.ts';

const START = parseRfc3339('2026-01-05T14:30:10Z');

function stand(): { ask: () => void; keys: string[]; stop: () => void; failNext: () => void } {
  const keys: string[] = [];
  const controller = new AbortController();
  let fails = false;
  const trigger = (_name: string, _input: unknown, key: string): Promise<string> => {
    if (fails) return Promise.reject(new Error('planted'));
    keys.push(key);
    return Promise.resolve(key);
  };
  const ask = triggerByMinute('execute_trades', { flows: { trigger }, clock: { now: () => epochMs(Date.now()) }, log: pino({ level: 'silent' }), signal: controller.signal });
  return { ask, keys, stop: () => controller.abort(), failNext: () => (fails = !fails) };
}

describe('a crowd of events', () => {
  beforeEach(() => void vi.useFakeTimers({ now: START }));
  afterEach(() => void vi.useRealTimers());

  it('starts one run soon, when the event itself is through, and one for those that came behind it', () => {
    const { ask, keys } = stand();
    ask();
    expect(keys).toEqual([]);
    vi.advanceTimersByTime(500);
    expect(keys).toEqual(['2026-01-05T14:30:10.500Z']);
    vi.advanceTimersByTime(300_000);
    expect(keys).toHaveLength(1);
    for (let n = 0; n < 1_000; n += 1) ask();
    vi.advanceTimersByTime(500);
    for (let n = 0; n < 1_000; n += 1) ask();
    vi.advanceTimersByTime(59_000);
    expect(keys).toHaveLength(2);
    vi.advanceTimersByTime(1_000);
    expect(keys.slice(1)).toEqual(['2026-01-05T14:35:11.000Z', '2026-01-05T14:36:11.000Z']);
    vi.advanceTimersByTime(600_000);
    expect(keys).toHaveLength(3);
  });

  it.each([-3_600_000, 3_600_000, -40])('keeps to one run a minute under another key when the clock moves by %i ms', (movedMs) => {
    const { ask, keys } = stand();
    for (let n = 0; n < 5; n += 1) {
      ask();
      vi.advanceTimersByTime(60_000);
      vi.setSystemTime(Date.now() + movedMs);
    }
    vi.advanceTimersByTime(120_000);
    expect(keys).toHaveLength(5);
    expect(new Set(keys).size).toBe(5);
  });

  it('tries again after a failure, and says nothing more when the service stops', async () => {
    const { ask, keys, stop, failNext } = stand();
    failNext();
    ask();
    await vi.advanceTimersByTimeAsync(1_000);
    failNext();
    await vi.advanceTimersByTimeAsync(61_000);
    expect(keys).toEqual(['2026-01-05T14:31:10.500Z']);
    ask();
    stop();
    ask();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(keys).toEqual(['2026-01-05T14:31:10.500Z']);
  });
});
