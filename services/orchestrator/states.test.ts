/** The engine's statuses as the states that people see. */
import { describe, expect, it } from 'vitest';
import { RUN_STATES } from '#app/contracts/flows.ts';
import { ENGINE_STATUSES, explain, stateOf, STATUSES_OF, type RunFacts } from './states.ts';

const NOW = 1_700_000_000_000;
const facts = (change: Partial<RunFacts>): RunFacts => ({ status: 'PENDING', createdAt: NOW - 5_000, scheduledFor: null, endedAt: null, deadlineAt: NOW + 60_000, dispatches: 1, isCancelRequested: false, isWaitingForRetry: false, isOwnerAlive: true, ...change });

describe('the state of a run', () => {
  it.each([
    ['RUNNING', {}],
    ['RETRYING', { isWaitingForRetry: true }],
    ['CRASHED', { isOwnerAlive: false }],
    ['SCHEDULED', { status: 'DELAYED', dispatches: 0 }],
    ['PENDING', { status: 'ENQUEUED', dispatches: 0 }],
    ['LATE', { status: 'ENQUEUED', dispatches: 0, createdAt: NOW - 61_000 }],
    ['LATE', { status: 'ENQUEUED', dispatches: 0, scheduledFor: NOW - 61_000 }],
    ['RETRYING', { status: 'ENQUEUED', dispatches: 1, createdAt: NOW - 90_000 }],
    ['COMPLETED', { status: 'SUCCESS', endedAt: NOW }],
    ['FAILED', { status: 'ERROR', endedAt: NOW }],
    ['CRASHED', { status: 'MAX_RECOVERY_ATTEMPTS_EXCEEDED', dispatches: 11 }],
    ['CANCELLED', { status: 'CANCELLED', endedAt: NOW, isCancelRequested: true }],
    ['CANCELLED', { status: 'CANCELLED', endedAt: NOW, deadlineAt: NOW - 1, isCancelRequested: true }],
    ['CANCELLED', { status: 'CANCELLED', endedAt: NOW, deadlineAt: NOW + 1 }],
    ['FAILED', { status: 'CANCELLED', endedAt: NOW, deadlineAt: NOW - 400 }],
  ] as const)('is %s for %o', (state, change) => {
    expect(stateOf(facts(change), NOW)).toBe(state);
  });

  it('is found again among the statuses it can come from', () => {
    for (const status of ENGINE_STATUSES) {
      for (const flags of [{}, { isOwnerAlive: false }, { isWaitingForRetry: true }, { dispatches: 0 }, { dispatches: 0, createdAt: 0 }, { endedAt: NOW, deadlineAt: 1 }]) {
        const state = stateOf(facts({ status, ...flags }), NOW);
        expect(STATUSES_OF[state]).toContain(status);
      }
    }
    expect(Object.keys(STATUSES_OF).sort()).toEqual([...RUN_STATES].sort());
  });

  it('is explained in words where it needs to be', () => {
    expect(explain(facts({ status: 'ERROR' }), new Error('the broker said no'), 1)).toBe('the broker said no');
    expect(explain(facts({ status: 'CANCELLED', endedAt: NOW, deadlineAt: NOW - 1 }), undefined, 90_000)).toBe('It ran longer than its limit of 90 s');
    expect(explain(facts({ status: 'MAX_RECOVERY_ATTEMPTS_EXCEEDED', dispatches: 11 }), undefined, 1)).toMatch(/died 10 times/);
    expect(explain(facts({ status: 'SUCCESS' }), undefined, 1)).toBeNull();
  });
});
