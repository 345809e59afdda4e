/** What the window answers about trading while the gateway is away. */
import { describe, expect, it } from 'vitest';
import type { UnitHealth, UnitId } from '#app/contracts/health.ts';
import type { ShellStatus } from '#app/contracts/shell.ts';
import { shellVerdict } from './shell-verdict.ts';
import { exitWords } from './unit-words.ts';

const IDS: readonly UnitId[] = ['postgres', 'redis', 'execution', 'risk_management', 'data_ingestion', 'strategy_engine', 'gateway'];

function unit(id: UnitId, state: UnitHealth['state']): UnitHealth {
  return {
    id, title: id, kind: 'worker', state, since: 0, pid: null, port: null, uptimeMs: null, restarts: 0, cpuPercent: null, memoryBytes: null, lastBeatAgeMs: null, latencyMs: null,
    eventLoopDelayP99Ms: null, backlog: null, oldestPendingAgeMs: null, brokerMessageAgeMs: null, reasons: [], lastExit: null,
  };
}

function statusWith(change: Partial<ShellStatus>, states: Partial<Record<UnitId, UnitHealth['state']>> = {}): ShellStatus {
  const units = IDS.map((id) => unit(id, states[id] ?? (id === 'gateway' ? 'stopped' : 'ready')));
  return {
    at: 5, phase: 'running', problem: null, mode: 'demo', homeDir: '/h', dataDir: '/h/demo', gatewayUrl: null, armedUntil: null, isWelcomeDone: true,
    trading: { state: 'ACTIVE', equity: '1', dayPnl: null, openOrders: 0, positions: 0, at: 4 }, update: { state: 'off', version: null, percent: null, message: null },
    stack: { instanceId: 'i', version: '1', mode: 'demo', at: 5, startedAt: 1, healthy: false, stopping: false, dataDir: '/h/demo', diskFreeBytes: null, units, notices: [] }, ...change,
  };
}

describe('the verdict without the gateway', () => {
  it('says that trading goes on when every part of it is ready, and that the gateway is away', () => {
    const verdict = shellVerdict(statusWith({}), 'ACTIVE');
    expect(verdict.canTrade).toBe(true);
    expect(verdict.checks.find((check) => check.name === 'Gateway')).toMatchObject({ ok: false, level: 'caution', observed: 'stopped' });
  });
  it('says no when a part that trading needs is down, when halted, and when live is disarmed', () => {
    expect(shellVerdict(statusWith({}, { execution: 'backoff' }), 'ACTIVE').canTrade).toBe(false);
    expect(shellVerdict(statusWith({}), 'HALTED').canTrade).toBe(false);
    expect(shellVerdict(statusWith({ mode: 'live' }), 'ACTIVE').canTrade).toBe(false);
    expect(shellVerdict(statusWith({ mode: 'live', armedUntil: 9 }), 'ACTIVE').canTrade).toBe(true);
  });
  it('does not hide that it has not heard of the trading state', () => {
    expect(shellVerdict(statusWith({}), null).checks.find((check) => check.name === 'Trading state')).toMatchObject({ ok: false, observed: 'not known here' });
  });
  it('counts a degraded part as a caution', () => {
    const verdict = shellVerdict(statusWith({}, { data_ingestion: 'degraded' }), 'ACTIVE');
    expect(verdict.canTrade).toBe(true);
    expect(verdict.checks.find((check) => check.name === 'Data ingestion')?.level).toBe('caution');
  });
});

describe('the end of a process in words', () => {
  it('knows our exit codes and signals', () => {
    expect(exitWords({ code: 75, signal: null })).toBe('code 75: lost what it needs');
    expect(exitWords({ code: null, signal: 'SIGKILL' })).toBe('killed by SIGKILL');
    expect([exitWords({ code: 3, signal: null }), exitWords({ code: null, signal: null })]).toEqual(['code 3', 'ended']);
  });
});
