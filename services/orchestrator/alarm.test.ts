/** The scheduler is woken on the minute, and when the clock is changed under it; never twice at the same time. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { openAlarm } from './alarm.ts';

const CHECK_MS = 5;
const PATIENCE = { timeout: 20_000, interval: 5 };
const stops: (() => Promise<void>)[] = [];
let wall: number;
let monotonic: number;
let checks = 0;
const changes: number[] = [];

function alarm(wake: () => Promise<void>): ReturnType<typeof openAlarm> {
  const opened = openAlarm({ clock: { now: () => wall as EpochMs }, monotonicMs: () => ((checks += 1), monotonic), checkEveryMs: CHECK_MS, wake, onClockChange: (movedMs) => void changes.push(movedMs) });
  stops.push(() => opened.stop());
  return opened;
}
function pass(ms: number): void {
  wall += ms;
  monotonic += ms;
}

describe('the alarm', () => {
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
    changes.length = 0;
  });

  it('notices that a minute has begun even when its timer did not, once a minute', async () => {
    [wall, monotonic] = [1_700_000_010_000, 0];
    let wakes = 0;
    const opened = alarm(() => Promise.resolve(void (wakes += 1)));
    opened.start();
    await vi.waitFor(() => expect(wakes).toBe(1), PATIENCE);
    pass(MINUTE_MS);
    await vi.waitFor(() => expect(wakes).toBe(2), PATIENCE);
    const before = checks;
    await vi.waitFor(() => expect(checks).toBeGreaterThan(before + 5), PATIENCE);
    expect(wakes).toBe(2);
    expect(changes).toEqual([]);
  });

  it.each([['back by an hour', -3_600_000], ['forward by a day', 86_400_000], ['back by three seconds', -3_000]])('wakes at once when the clock is set %s, and tells by how much', async (_what, movedMs) => {
    [wall, monotonic] = [1_700_000_010_000, 0];
    let wakes = 0;
    const opened = alarm(() => Promise.resolve(void (wakes += 1)));
    opened.start();
    await vi.waitFor(() => expect(wakes).toBe(1), PATIENCE);
    wall += movedMs;
    await vi.waitFor(() => expect(wakes).toBeGreaterThan(1), PATIENCE);
    expect(changes).toEqual([movedMs]);
  });

  it('does not look twice at the same time: who asks meanwhile gets a look of its own afterwards', async () => {
    [wall, monotonic] = [1_700_000_010_000, 0];
    let [going, most, wakes] = [0, 0, 0];
    let release: () => void = () => undefined;
    const opened = alarm(async () => {
      wakes += 1;
      going += 1;
      most = Math.max(most, going);
      await new Promise<void>((resolve) => (release = resolve));
      going -= 1;
    });
    const first = opened.look();
    const others = [opened.look(), opened.look(), opened.look()];
    release();
    await vi.waitFor(() => expect(wakes).toBe(2), PATIENCE);
    release();
    await Promise.all([first, ...others]);
    expect([most, wakes]).toEqual([1, 2]);
  });

  it('stops, and waits for the look under way', async () => {
    [wall, monotonic] = [1_700_000_010_000, 0];
    let isDone = false;
    const opened = alarm(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      isDone = true;
    });
    opened.start();
    void opened.look();
    await opened.stop();
    expect(isDone).toBe(true);
  });
});
