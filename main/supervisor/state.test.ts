/** The unit table under every sequence of events. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXIT } from '#app/contracts/control.ts';
import { HALF_OPEN_AFTER_MS, INTENSITY_LIMIT, backoffDelayMs, countEnd } from './restart-policy.ts';
import { hasProcess, initialStatus, step } from './state.ts';
import type { UnitEffect, UnitEvent, UnitPolicy, UnitStatus } from './state.ts';

const WORKER: UnitPolicy = { isOneshot: false, startLimitMs: 30_000, stopLimitMs: 12_000 };
const ONESHOT: UnitPolicy = { ...WORKER, isOneshot: true };

/** Plays events one after the other, one second apart. */
function play(events: readonly UnitEvent[], policy = WORKER): { status: UnitStatus; effects: UnitEffect[] } {
  let status = initialStatus(0);
  const effects: UnitEffect[] = [];
  for (const [index, event] of events.entries()) {
    const result = step(policy, status, event, { now: index * 1_000, random: 0.5 });
    status = result.status;
    effects.push(...result.effects);
  }
  return { status, effects };
}

const exited = (code: number | null, signal: string | null = null): UnitEvent => ({ type: 'exited', exit: { code, signal, reason: `ended ${code ?? signal}` } });
const START: UnitEvent[] = [{ type: 'start' }, { type: 'needsReady' }];
const UP: UnitEvent[] = [...START, { type: 'ready' }];

const anyEvent: fc.Arbitrary<UnitEvent> = fc.oneof(
  fc.constant<UnitEvent>({ type: 'start' }),
  fc.constant<UnitEvent>({ type: 'stop', reason: 'test' }),
  fc.constant<UnitEvent>({ type: 'restart', reason: 'test' }),
  fc.constant<UnitEvent>({ type: 'needsReady' }),
  fc.constant<UnitEvent>({ type: 'needsLost', need: 'postgres' }),
  fc.constant<UnitEvent>({ type: 'ready' }),
  fc.constant<UnitEvent>({ type: 'degraded', reasons: ['slow'] }),
  fc.constant<UnitEvent>({ type: 'recovered' }),
  fc.constant<UnitEvent>({ type: 'extended', deadlineMs: 5_000, reason: 'waits' }),
  fc.constant<UnitEvent>({ type: 'beat' }),
  fc.constant<UnitEvent>({ type: 'silent' }),
  fc.constant<UnitEvent>({ type: 'hung' }),
  fc.constant<UnitEvent>({ type: 'timer' }),
  fc.constantFrom(0, 1, 70, 75, 78, null).map((code) => exited(code, code === null ? 'SIGKILL' : null)),
);

describe('a unit', () => {
  it('never has two processes, and has one exactly in the states that say so', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 80 }), fc.boolean(), (events, isOneshot) => {
        const policy = isOneshot ? ONESHOT : WORKER;
        let status = initialStatus(0);
        let isAlive = false;
        for (const [index, event] of events.entries()) {
          // The world: a process that is not there cannot speak, beat or end.
          if (!isAlive && ['exited', 'ready', 'degraded', 'recovered', 'extended', 'beat', 'silent', 'hung'].includes(event.type)) continue;
          if (event.type === 'exited') isAlive = false;
          const result = step(policy, status, event, { now: index * 700, random: 0.3 });
          for (const effect of result.effects) {
            if (effect.type === 'spawn') {
              expect(isAlive).toBe(false);
              expect(event.type).toBe('needsReady');
              expect(result.status.isWanted).toBe(true);
              isAlive = true;
            }
            if (effect.type === 'askStop' || effect.type === 'kill') expect(isAlive).toBe(true);
            if (effect.type === 'timer') expect(effect.ms).toBeGreaterThan(0);
          }
          status = result.status;
          expect(hasProcess(status.state)).toBe(isAlive);
          if (status.state === 'stopped') expect(status.isWanted).toBe(false);
          if (['waiting', 'backoff', 'failed', 'done'].includes(status.state)) expect(status.isWanted).toBe(true);
          expect(status.ends.length).toBeLessThanOrEqual(INTENSITY_LIMIT + 1);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('ends in stopped after a stop and the end of its process, whatever happened before', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        const { status } = play(events);
        const asked = step(WORKER, status, { type: 'stop', reason: 'test' }, { now: 1e6, random: 0 }).status;
        const ended = hasProcess(asked.state) ? step(WORKER, asked, exited(0), { now: 1e6, random: 0 }).status : asked;
        expect(ended.state).toBe('stopped');
      }),
    );
  });

  it('always has a way on: a timer, a process, a wait for needs, or a human', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        let status = initialStatus(0);
        let hasTimer = false;
        for (const [index, event] of events.entries()) {
          if (!hasProcess(status.state) && event.type === 'exited') continue;
          if (event.type === 'timer') {
            if (!hasTimer) continue;
            hasTimer = false;
          }
          const result = step(WORKER, status, event, { now: index * 900, random: 0.9 });
          if (result.status.state !== status.state) hasTimer = false;
          if (result.effects.some((effect) => effect.type === 'timer')) hasTimer = true;
          status = result.status;
          if (status.state === 'backoff') expect(hasTimer).toBe(true);
        }
      }),
    );
  });
});

describe('exit codes', () => {
  it('counts a bug and starts again after a growing delay', () => {
    const { status, effects } = play([...UP, exited(EXIT.bug)]);
    expect(status.state).toBe('backoff');
    expect(status.ends).toHaveLength(1);
    expect(effects.at(-1)).toEqual({ type: 'timer', ms: 500 });
  });

  it('treats a signal and an unasked exit 0 like a bug', () => {
    expect(play([...UP, exited(null, 'SIGKILL')]).status).toMatchObject({ state: 'backoff', ends: [3_000] });
    expect(play([...UP, exited(0)]).status).toMatchObject({ state: 'backoff', ends: [3_000] });
  });

  it('tells once what a long start waits for, and nothing of a short one', () => {
    const starting = play(START).status;
    expect(starting.state).toBe('starting');
    const extend = (status: UnitStatus, now: number) => step(WORKER, status, { type: 'extended', deadlineMs: 5_000, reason: 'waits for the broker' }, { now, random: 0.5 });
    expect(extend(starting, starting.since + 1_000).effects).toEqual([{ type: 'timer', ms: 5_000 }]);
    const told = extend(starting, starting.since + 4_000);
    expect(told.effects).toContainEqual({ type: 'notice', level: 'warn', text: 'waits for the broker' });
    expect(told.status.reasons).toEqual(['waits for the broker']);
    expect(extend(told.status, starting.since + 5_000).effects).toEqual([{ type: 'timer', ms: 5_000 }]);
  });

  it('does not count a lost dependency, but spaces the tries', () => {
    const again: UnitEvent[] = [{ type: 'timer' }, { type: 'needsReady' }, exited(EXIT.dependency)];
    const events = [...UP, exited(EXIT.dependency), ...Array.from({ length: 20 }, () => again).flat()];
    const { status, effects } = play(events);
    expect(status).toMatchObject({ state: 'backoff', ends: [] });
    expect(effects.at(-1)).toEqual({ type: 'timer', ms: 1_000 });
  });

  it('gives up at once on a bad configuration and tries again only for a human', () => {
    const { status, effects } = play([...START, exited(EXIT.config)]);
    expect(status.state).toBe('failed');
    expect(effects.filter((effect) => effect.type === 'timer')).toEqual([{ type: 'timer', ms: 30_000 }]);
    expect(step(WORKER, status, { type: 'start' }, { now: 9e5, random: 0 }).status.state).toBe('waiting');
  });

  it('gives up at the sixth end within a minute, tries once after five minutes, and gives up again', () => {
    const crash: UnitEvent[] = [{ type: 'needsReady' }, exited(1), { type: 'timer' }];
    const six = [{ type: 'start' } as const, ...Array.from({ length: 6 }, () => crash).flat()].slice(0, -1);
    const given = play(six);
    expect(given.status.state).toBe('failed');
    expect(given.effects.at(-1)).toEqual({ type: 'timer', ms: HALF_OPEN_AFTER_MS });
    const again = play([...six, { type: 'timer' }, { type: 'needsReady' }, exited(1)]);
    expect(again.status).toMatchObject({ state: 'failed', isProbation: true });
    const healed = play([...six, { type: 'timer' }, { type: 'needsReady' }, { type: 'ready' }, { type: 'timer' }]);
    expect(healed.status).toMatchObject({ state: 'ready', isProbation: false, ends: [] });
  });

  it('finishes a oneshot with exit 0 and runs it again when its need comes back', () => {
    const { status } = play([...START, exited(0)], ONESHOT);
    expect(status.state).toBe('done');
    expect(step(ONESHOT, status, { type: 'needsLost', need: 'postgres' }, { now: 1, random: 0 }).status.state).toBe('waiting');
  });
});

describe('silence', () => {
  it('turns amber, comes back with a beat, and remembers that it was degraded', () => {
    expect(play([...UP, { type: 'silent' }]).status.state).toBe('unresponsive');
    expect(play([...UP, { type: 'silent' }, { type: 'beat' }]).status.state).toBe('ready');
    expect(play([...UP, { type: 'degraded', reasons: ['feed'] }, { type: 'silent' }, { type: 'beat' }]).status).toMatchObject({ state: 'degraded', reasons: ['feed'] });
  });

  it('is killed when it goes on, and then counts as a crash', () => {
    const { effects } = play([...UP, { type: 'silent' }, { type: 'hung' }]);
    expect(effects.at(-1)).toEqual({ type: 'kill', reason: 'gave no sign of life' });
    expect(play([...UP, { type: 'silent' }, { type: 'hung' }, exited(null, 'SIGKILL')]).status.state).toBe('backoff');
  });
});

describe('restart policy', () => {
  it('stays within 20 % of 0.5 s times 2^n and never above 18 s', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000 }), fc.double({ min: 0, max: 0.999999, noNaN: true }), (attempt, random) => {
        const plain = Math.min(15_000, 500 * 2 ** Math.min(attempt, 20));
        const delay = backoffDelayMs(attempt, random);
        expect(delay).toBeGreaterThanOrEqual(Math.floor(plain * 0.8));
        expect(delay).toBeLessThanOrEqual(Math.ceil(plain * 1.2));
      }),
    );
  });

  it('forgets ends that are older than the window', () => {
    expect(countEnd([0, 30_000], 60_001)).toEqual([30_000, 60_001]);
  });
});
