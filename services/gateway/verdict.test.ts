/** The verdict "can I trade now?" on its deciding cases. */
import { describe, expect, it } from 'vitest';
import { UNIT_IDS } from '#app/contracts/health.ts';
import type { StackHealth, UnitState } from '#app/contracts/health.ts';
import { DEFAULT_RISK_LIMITS } from '#app/domain/limits.ts';
import { judge } from './verdict.ts';
import type { VerdictInput } from './verdict.ts';

function stack(states: Partial<Record<string, UnitState>> = {}, diskFreeBytes = 5e10): StackHealth {
  const units = UNIT_IDS.map((id) => ({ id, title: id, kind: 'worker' as const, state: states[id] ?? ('ready' as const), since: 0, pid: 1, port: 1, uptimeMs: 1, restarts: 0, cpuPercent: 0, memoryBytes: 0, lastBeatAgeMs: 0, latencyMs: 0, eventLoopDelayP99Ms: 0, backlog: 0, oldestPendingAgeMs: null, brokerMessageAgeMs: null, reasons: [], lastExit: null }));
  return { instanceId: 'i', version: '1', mode: 'demo', at: 0, startedAt: 0, healthy: true, stopping: false, dataDir: '/d', diskFreeBytes, units, notices: [] };
}
function input(change: Partial<VerdictInput> = {}): VerdictInput {
  return {
    stack: stack(), isWireUp: true, unknownOrders: 0, findings: { critical: 0, others: 0 }, ordersWaitFor: null, newestBarAgeMs: 500, barLimitMs: 6_000, live: null, at: 1,
    trading: { state: 'ACTIVE', version: 1, reason: 'first start', actor: 'system', at: 0, leaseValidMs: 8_000, limits: DEFAULT_RISK_LIMITS, limitsVersion: 1, history: [] },
    market: { tsMarket: 1, isSimulated: true, isPaused: false, speed: 60, session: 'open', changesAt: 2, note: null }, ...change,
  };
}

describe('judge', () => {
  it('says yes when everything is ready', () => {
    expect(judge(input())).toMatchObject({ canTrade: true, headline: 'Yes, everything is ready' });
  });
  it.each([
    ['halted', { trading: { ...input().trading, state: 'HALTED' as const } }, 'trading state'],
    ['a stale lease', { trading: { ...input().trading, leaseValidMs: -3_000 } }, 'risk lease'],
    ['a lease never taken', { trading: { ...input().trading, leaseValidMs: null } }, 'risk lease'],
    ['execution gone', { stack: stack({ execution: 'backoff' }) }, 'execution'],
    ['PostgreSQL gone', { stack: stack({ postgres: 'starting' }) }, 'postgres'],
    ['the real account disarmed', { live: { armedUntil: null } }, 'live trading'],
    ['its arming over', { live: { armedUntil: 1 } }, 'live trading'],
    ['refused keys', { ordersWaitFor: 'The broker refused the keys', stack: stack({ execution: 'degraded' }) }, 'orders to the broker'],
    ['a full disk', { stack: stack({}, 1e8) }, 'disk'],
  ])('says no: %s', (_name, change, reason) => {
    const verdict = judge(input(change));
    expect(verdict.canTrade).toBe(false);
    expect(verdict.headline).toContain(reason);
    expect(verdict.checks.filter((check) => !check.ok).every((check) => check.remedy !== null)).toBe(true);
  });
  it.each([
    ['reducing', { trading: { ...input().trading, state: 'REDUCING' as const } }],
    ['late bars in session', { newestBarAgeMs: 60_000 }],
    ['a closed market', { market: { ...input().market, session: 'closed' as const } }],
    ['the wire down', { isWireUp: false }],
    ['an order without an answer', { unknownOrders: 1 }],
    ['an unprotected position', { findings: { critical: 1, others: 0 } }],
    ['execution degraded', { stack: stack({ execution: 'degraded' }) }],
  ])('says yes, with care: %s', (_name, change) => {
    expect(judge(input(change))).toMatchObject({ canTrade: true, headline: expect.stringMatching(/^Yes, with care/) as string });
  });
  it('names the arming in live alone, with the time that is left', () => {
    const live = (change: Partial<VerdictInput>) => judge(input(change)).checks.find((check) => check.name === 'Live trading');
    expect(live({})).toBeUndefined();
    expect(live({ live: { armedUntil: 3_600_001 } })).toEqual({ name: 'Live trading', ok: true, level: 'hindrance', observed: 'armed for 60 min more', remedy: null });
    expect(live({ live: { armedUntil: null } })?.remedy).toContain('Arm live trading');
  });
  it('does not call bars late while the market is closed', () => {
    const verdict = judge(input({ market: { ...input().market, session: 'closed' }, newestBarAgeMs: 1e9 }));
    expect(verdict.checks.find((check) => check.name === 'Prices')?.ok).toBe(true);
  });
  it('without a report of the supervisor it says no, for nothing is known', () => {
    expect(judge(input({ stack: null })).canTrade).toBe(false);
  });
});
