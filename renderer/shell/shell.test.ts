/** What the window makes of the shell's words: answers, screens, and the clock of a start. */
import { describe, expect, it } from 'vitest';
import type { UnitHealth, UnitId, UnitState } from '#app/contracts/health.ts';
import type { ShellStatus } from '#app/contracts/shell.ts';
import { ClientError } from '../data/client.ts';
import { readAnswer } from './bridge.ts';
import { noteTimes, partsOf } from './parts.ts';
import { gatewayAway, screenOf } from './screen.ts';

/** A unit as the supervisor tells it. */
function unit(id: UnitId, state: UnitState, facts: Partial<UnitHealth> = {}): UnitHealth {
  return {
    id, title: id, kind: 'worker', state, since: 0, pid: null, port: null, uptimeMs: null, restarts: 0, cpuPercent: null, memoryBytes: null, lastBeatAgeMs: null, latencyMs: null,
    eventLoopDelayP99Ms: null, backlog: null, oldestPendingAgeMs: null, brokerMessageAgeMs: null, reasons: [], lastExit: null, ...facts,
  };
}

describe('an answer of the shell', () => {
  it('gives its result, checked', () => {
    expect(readAnswer('saveDiagnostics', { ok: true, result: { path: 'C:\\d.zip' } })).toEqual({ path: 'C:\\d.zip' });
  });
  it('turns a refusal into an error with its words, code and meaning', () => {
    const refuse = (): unknown => readAnswer('setMode', { ok: false, error: { code: 'ORDERS_OPEN', family: 'conflict', message: '3 orders are open' } });
    expect(refuse).toThrow(ClientError);
    try {
      refuse();
    } catch (error) {
      expect(error).toMatchObject({ message: '3 orders are open', code: 'ORDERS_OPEN', status: 409 });
    }
  });
  it('refuses what breaks the contract', () => {
    for (const raw of [undefined, 'yes', { ok: true, result: { path: 7 } }, { ok: false, error: 'no' }]) expect(() => readAnswer('saveDiagnostics', raw)).toThrow(/does not understand/);
  });
});

describe('the screen', () => {
  it('follows the phase, and the welcome comes before everything', () => {
    expect(screenOf(null, false)).toBe('quiet');
    expect(screenOf({ phase: 'stopped', isWelcomeDone: false }, false)).toBe('welcome');
    expect(screenOf({ phase: 'starting', isWelcomeDone: true }, false)).toBe('starting');
    expect(screenOf({ phase: 'failed', isWelcomeDone: true }, false)).toBe('failed');
    expect(screenOf({ phase: 'running', isWelcomeDone: true }, false)).toBe('dashboard');
  });
  it('lets people into the dashboard while a part cannot start, never while nothing runs', () => {
    expect(screenOf({ phase: 'starting', isWelcomeDone: true }, true)).toBe('dashboard');
    expect(screenOf({ phase: 'stopped', isWelcomeDone: true }, true)).toBe('stopped');
  });
});

describe('the gateway', () => {
  const stackWith = (state: UnitState): ShellStatus['stack'] => ({ instanceId: 'i', version: '1', mode: 'demo', at: 1, startedAt: 1, healthy: false, stopping: false, dataDir: '/d', diskFreeBytes: null, units: [unit('gateway', state)], notices: [] });
  it('is away with its state, or as stopped while nothing runs', () => {
    expect(gatewayAway({ gatewayUrl: 'http://127.0.0.1:8000', stack: stackWith('ready') })).toBeNull();
    expect(gatewayAway({ gatewayUrl: null, stack: stackWith('backoff') })).toBe('backoff');
    expect(gatewayAway({ gatewayUrl: null, stack: null })).toBe('stopped');
  });
  it('that is late with its beats is not away yet', () => {
    expect(gatewayAway({ gatewayUrl: null, stack: stackWith('unresponsive') })).toBeNull();
  });
});

describe('the clock of a start', () => {
  it('knows a simulator in the demo alone', () => {
    expect(partsOf('demo').map((part) => part.id)).toContain('simulator');
    expect(partsOf('paper').map((part) => part.id)).not.toContain('simulator');
  });
  it('measures from the change to starting to the change to ready', () => {
    const first = noteTimes(null, { startedAt: 1_000, at: 1_300, units: [unit('postgres', 'starting', { since: 1_100 }), unit('redis', 'waiting', { since: 1_000 })] });
    expect(first.spans.get('postgres')).toEqual({ begin: 1_100, end: null });
    expect(first.spans.get('redis')).toEqual({ begin: null, end: null });
    const second = noteTimes(first, { startedAt: 1_000, at: 1_900, units: [unit('postgres', 'ready', { since: 1_600, uptimeMs: 700 })] });
    expect(second.spans.get('postgres')).toEqual({ begin: 1_100, end: 1_600 });
  });
  it('takes the age of the process when the start itself was not seen, and forgets an earlier start', () => {
    const known = noteTimes(null, { startedAt: 1, at: 5, units: [unit('postgres', 'starting', { since: 2 })] });
    const next = noteTimes(known, { startedAt: 1_000, at: 3_000, units: [unit('postgres', 'ready', { since: 1_500, uptimeMs: 1_900 })] });
    expect(next.spans.get('postgres')).toEqual({ begin: 1_100, end: 1_500 });
  });
});
