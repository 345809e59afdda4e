/** The supervisor over drivers in memory: sleep and waking, the end of the system's session, and what it tells of exits. */
import { tmpdir } from 'node:os';
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LastExit, UnitId } from '#app/contracts/health.ts';
import type { ToWorker } from '#app/contracts/control.ts';
import { openLogs } from './logs.ts';
import { openRunFiles } from './run-files.ts';
import { Supervisor } from './supervisor.ts';
import type { UnitDriver, UnitSignals } from './unit.ts';
import { WORKER_SILENCE } from './watchdog.ts';

let folder: string;
let supervisor: Supervisor | null;
let slept: number;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'ms-supervisor-'));
  vi.useFakeTimers();
  supervisor = null;
  slept = 0;
});

afterEach(async () => {
  supervisor?.killAll();
  const ended = supervisor?.stopAll('the test ends', 1, true);
  await vi.runOnlyPendingTimersAsync();
  await ended;
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

type Fake = { readonly driver: UnitDriver; readonly heard: ToWorker[]; signals: UnitSignals | null; stops: number; kills: number };

/** A unit in memory. `isDeaf`: it does not react when it is asked to stop. */
function fake(id: UnitId, { needs = [], isDeaf = false }: { needs?: readonly UnitId[]; isDeaf?: boolean } = {}): Fake {
  const unit: Fake = {
    heard: [], signals: null, stops: 0, kills: 0,
    driver: {
      spec: { id, title: id, kind: 'worker', needs, after: [], startLimitMs: 30_000, stopLimitMs: 20_000, silence: WORKER_SILENCE, port: null },
      start: (signals) => {
        unit.signals = signals;
        return {
          stop: () => {
            unit.stops += 1;
            if (!isDeaf) setTimeout(() => signals.exited({ code: 0, signal: null, reason: 'ended with code 0' }), 10);
          },
          kill: () => {
            unit.kills += 1;
            setTimeout(() => signals.exited({ code: null, signal: 'SIGKILL', reason: 'was ended by SIGKILL' }), 1);
          },
          send: (message) => void unit.heard.push(message),
        };
      },
    },
  };
  return unit;
}

type Change = { readonly unit: UnitId; readonly exit: LastExit | null };

function supervise(units: readonly Fake[]): { changes: Change[] } {
  const changes: Change[] = [];
  supervisor = new Supervisor({
    drivers: units.map((unit) => unit.driver),
    logs: openLogs(path.join(folder, 'logs'), Date.now),
    runFiles: openRunFiles(path.join(folder, 'run'), 'test'),
    monotonic: () => performance.now(),
    wall: () => Date.now() + slept,
    random: () => 0.5,
    onRequest: () => undefined,
    onLatched: () => undefined,
    onChange: (unit, _previous, exit) => void changes.push({ unit, exit }),
    onNotice: () => undefined,
  });
  supervisor.startAll();
  for (const unit of units) unit.signals?.ready();
  return { changes };
}

const resumptions = (unit: Fake): ToWorker[] => unit.heard.filter((message) => message.type === 'resumed');
const stateOf = (id: UnitId): string | undefined => supervisor?.statusOf(id).state;

describe('an arming', () => {
  it('reaches a unit that starts and one that stops; other messages only one that is up', () => {
    const execution = fake('execution', { isDeaf: true });
    supervise([execution]);
    supervisor?.command('execution', 'restart', 'test');
    supervisor?.send('execution', { type: 'arming', armedUntil: 7 });
    execution.signals?.exited({ code: 0, signal: null, reason: 'ended with code 0' });
    expect(stateOf('execution')).toBe('starting');
    supervisor?.send('execution', { type: 'arming', armedUntil: null });
    supervisor?.send('execution', { type: 'ping', nonce: 1 });
    expect(execution.heard).toEqual([{ type: 'arming', armedUntil: 7 }, { type: 'arming', armedUntil: null }]);
  });
});

describe('sleep', () => {
  it('raises no false alarm, and each worker hears of it once', () => {
    const execution = fake('execution');
    const gateway = fake('gateway');
    supervise([execution, gateway]);
    supervisor?.suspended();
    // Awake but announced to sleep: no beats come, nobody is blamed.
    vi.advanceTimersByTime(12_000);
    expect([stateOf('execution'), execution.kills]).toEqual(['ready', 0]);
    slept = 3_600_000;
    supervisor?.resumed(3_600_000);
    vi.advanceTimersByTime(1_000);
    expect([resumptions(execution), resumptions(gateway)]).toEqual([[{ type: 'resumed', pausedMs: 3_600_000 }], [{ type: 'resumed', pausedMs: 3_600_000 }]]);
    expect(stateOf('execution')).toBe('ready');
  });

  it('is told once when a late tick noticed it before the system said so', () => {
    const execution = fake('execution');
    supervise([execution]);
    supervisor?.suspended();
    slept = 60_000;
    vi.advanceTimersByTime(600);
    expect(resumptions(execution)).toHaveLength(1);
    supervisor?.resumed(60_200);
    vi.advanceTimersByTime(1_000);
    expect(resumptions(execution)).toHaveLength(1);
  });

  it('stops every timer, and they begin anew after it', () => {
    const execution = fake('execution');
    supervise([execution]);
    supervisor?.command('execution', 'restart', 'test');
    vi.advanceTimersByTime(20);
    expect(stateOf('execution')).toBe('starting');
    vi.advanceTimersByTime(25_000);
    supervisor?.suspended();
    vi.advanceTimersByTime(10_000);
    expect(execution.kills).toBe(0);
    supervisor?.resumed(10_000);
    vi.advanceTimersByTime(29_000);
    expect(execution.kills).toBe(0);
    vi.advanceTimersByTime(2_000);
    expect(execution.kills).toBe(1);
  });

  it('that never came does not blind the watchdog for ever', () => {
    const execution = fake('execution');
    supervise([execution]);
    supervisor?.suspended();
    vi.advanceTimersByTime(31_000);
    expect(execution.kills).toBe(0);
    vi.advanceTimersByTime(16_000);
    expect(execution.kills).toBe(1);
  });
});

describe('the end of the session of the system', () => {
  it('asks everyone at once, and after the limit nobody is left', async () => {
    const execution = fake('execution', { needs: ['postgres'], isDeaf: true });
    const units = [fake('postgres'), execution];
    supervise(units);
    execution.signals?.ready();
    expect(stateOf('execution')).toBe('ready');
    const began = performance.now();
    const ended = supervisor?.stopAll('the session ends', 5_000, true);
    expect(units.map((unit) => unit.stops)).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(5_002);
    await ended;
    expect(performance.now() - began).toBeLessThan(5_010);
    expect(execution.kills).toBe(1);
    expect(units.map((unit) => stateOf(unit.driver.spec.id))).toEqual(['stopped', 'stopped']);
  });
});

describe('what is told of a change', () => {
  it('carries the exit where a process ended, and nothing elsewhere', () => {
    const execution = fake('execution');
    const { changes } = supervise([execution]);
    execution.signals?.exited({ code: 70, signal: null, reason: 'an invariant broke' });
    expect(changes.map(({ exit }) => exit?.code ?? null)).toEqual([null, null, null, 70]);
    expect(changes.at(-1)?.exit).toMatchObject({ reason: 'an invariant broke', signal: null, lastLines: [] });
  });
});
