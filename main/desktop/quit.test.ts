/** The way out: asked, in order, by force. */
import { describe, expect, it } from 'vitest';
import { createQuit, stopQuestion } from './quit.ts';
import type { Standing, StopQuestion } from './quit.ts';

const RUNNING: Standing = { phase: 'running', mode: 'paper', openOrders: 0, positions: 2 };

/** A way out whose parts are played by hand. */
function scene(standing: Standing, answer: boolean | 'later' = true) {
  const log: string[] = [];
  const asked: StopQuestion[] = [];
  const doors: { answer: (isSure: boolean) => void; stopped: (() => void)[] } = { answer: () => undefined, stopped: [] };
  const clock = { now: 0 };
  const quit = createQuit({
    standing: () => standing,
    ask: (question) => {
      asked.push(question);
      return answer === 'later' ? new Promise((resolve) => (doors.answer = resolve)) : Promise.resolve(answer);
    },
    stop: (reason, isAtOnce) => {
      log.push(`${isAtOnce ? 'force' : 'stop'}: ${reason}`);
      return new Promise((resolve) => doors.stopped.push(resolve));
    },
    leave: () => log.push('leave'),
    monotonic: () => clock.now,
  });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { quit, log, asked, doors, clock, settle };
}

describe('quitting', () => {
  it('asks nothing when no order is open, stops in order and leaves', async () => {
    const { quit, log, asked, doors, settle } = scene(RUNNING);
    const done = quit.request('Quit');
    expect(quit.isLeaving()).toBe(true);
    expect(log).toEqual(['stop: Quit']);
    doors.stopped[0]?.();
    await done;
    await settle();
    expect(asked).toEqual([]);
    expect(log).toEqual(['stop: Quit', 'leave']);
  });

  it('asks when orders are open, and goes on running when the person changes their mind', async () => {
    const { quit, log, asked } = scene({ ...RUNNING, openOrders: 3 }, false);
    await quit.request('Quit');
    expect(asked).toHaveLength(1);
    expect(log).toEqual([]);
    expect(quit.isLeaving()).toBe(false);
    await quit.request('Quit');
    expect(asked).toHaveLength(2);
  });

  it('asks once, however often it is asked', async () => {
    const { quit, log, asked, doors, settle } = scene({ ...RUNNING, openOrders: null }, 'later');
    void quit.request('Quit');
    void quit.request('Quit');
    await settle();
    expect(asked).toHaveLength(1);
    doors.answer(true);
    await settle();
    expect(log).toEqual(['stop: Quit']);
  });

  it('takes a double click for one, and a later wish for force', async () => {
    const { quit, log, doors, clock, settle } = scene(RUNNING);
    void quit.request('Quit');
    clock.now = 500;
    await quit.request('Quit');
    expect(log).toEqual(['stop: Quit']);
    clock.now = 3_000;
    void quit.request('Quit');
    void quit.request('Quit');
    expect(log).toEqual(['stop: Quit', 'force: Quit, asked again']);
    for (const stopped of doors.stopped) stopped();
    await settle();
    expect(log.filter((line) => line === 'leave').length).toBeGreaterThan(0);
  });

  it('stays after an update whose installer did not start, and quits as ever later', async () => {
    const { quit, log, doors, settle } = scene(RUNNING);
    const stopped = quit.stopFor('update');
    expect(quit.isLeaving()).toBe(true);
    doors.stopped[0]?.();
    await stopped;
    quit.stay();
    expect(quit.isLeaving()).toBe(false);
    const done = quit.request('Quit');
    doors.stopped[1]?.();
    await done;
    await settle();
    expect(log).toEqual(['stop: update', 'stop: Quit', 'leave']);
  });

  it('does not stay when somebody ends by force meanwhile', () => {
    const { quit } = scene(RUNNING);
    void quit.stopFor('update');
    void quit.now('The computer shuts down');
    quit.stay();
    expect(quit.isLeaving()).toBe(true);
  });

  it('does not ask when the computer shuts down', () => {
    const { quit, log, asked } = scene({ ...RUNNING, openOrders: 5 });
    void quit.now('The computer shuts down');
    expect(asked).toEqual([]);
    expect(log).toEqual(['force: The computer shuts down']);
  });
});

describe('the question', () => {
  it('is not put when nothing is at stake', () => {
    expect(stopQuestion(RUNNING)).toBeNull();
    for (const phase of ['stopped', 'failed', 'stopping'] as const) expect(stopQuestion({ ...RUNNING, phase, openOrders: null })).toBeNull();
  });

  it('says what stays open, and where', () => {
    expect(stopQuestion({ ...RUNNING, mode: 'live', openOrders: 1 })).toEqual({
      message: '1 order is open on your live account at Alpaca.',
      detail: 'Stopping cancels nothing: it stays with the broker and may be filled while Mainspring does not watch. Fills are read at the next start. 2 positions stay open as well.',
    });
    expect(stopQuestion({ ...RUNNING, mode: 'demo', openOrders: 2, positions: 1 })?.detail).toBe('The demo market stands still until the next start; they wait in it. 1 position stays open as well.');
    expect(stopQuestion({ ...RUNNING, phase: 'starting', openOrders: null })?.message).toBe('It is not known whether orders are open.');
  });
});
