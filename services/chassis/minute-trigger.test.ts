/** One run a minute, whatever the crowd, and none forgotten. */
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

  it('starts one run at once, and one for those that came behind it', () => {
    const { ask, keys } = stand();
    ask();
    expect(keys).toEqual(['2026-01-05T14:30Z']);
    vi.advanceTimersByTime(50_000);
    expect(keys).toEqual(['2026-01-05T14:30Z', '2026-01-05T14:31Z']);
    for (let n = 0; n < 1_000; n += 1) ask();
    vi.advanceTimersByTime(60_000);
    expect(keys).toEqual(['2026-01-05T14:30Z', '2026-01-05T14:31Z', '2026-01-05T14:32Z']);
    vi.advanceTimersByTime(600_000);
    expect(keys).toHaveLength(3);
    ask();
    expect(keys.at(-1)).toBe('2026-01-05T14:42Z');
    vi.advanceTimersByTime(600_000);
    expect(keys).toHaveLength(4);
  });

  it('goes on after a failure, and says nothing more when the service stops', async () => {
    const { ask, keys, stop, failNext } = stand();
    failNext();
    ask();
    await vi.advanceTimersByTimeAsync(1_000);
    failNext();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(keys).toEqual(['2026-01-05T14:31Z']);
    ask();
    stop();
    ask();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(keys).toEqual(['2026-01-05T14:31Z']);
  });
});
