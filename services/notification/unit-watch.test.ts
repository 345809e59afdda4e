/** A failing is reported once for each time it happens. */
import { expect, it } from 'vitest';
import type { StackHealth, UnitHealth } from '#app/contracts/health.ts';
import { failureKey, watchUnits } from './unit-watch.ts';

const unit = (state: UnitHealth['state'], since: number): UnitHealth => ({
  id: 'execution', title: 'Execution', kind: 'worker', state, since, pid: null, port: null, uptimeMs: null, restarts: 5, cpuPercent: null, memoryBytes: null, lastBeatAgeMs: null, latencyMs: null, eventLoopDelayP99Ms: null,
  backlog: null, oldestPendingAgeMs: null, brokerMessageAgeMs: null, reasons: ['it ended five times within a minute'],
  lastExit: { code: 70, signal: null, at: since, reason: 'bug', firstLines: [], lastLines: [...Array.from({ length: 30 }, (_line, n) => `line ${n}`), 'x'.repeat(1_000)] },
});
const stack = (state: UnitHealth['state'], since: number, stopping = false): StackHealth => ({ instanceId: 'i', version: '1', mode: 'demo', at: since, startedAt: 0, healthy: false, stopping, dataDir: '/', diskFreeBytes: null, units: [unit(state, since)], notices: [] });

it('reports a unit that was given up with its last words, and no other state', () => {
  const watch = watchUnits();
  expect(watch.take(stack('backoff', 1))).toEqual([]);
  const [failure] = watch.take(stack('failed', 2));
  expect(failure).toMatchObject({ unit: 'execution', since: 2, reasons: ['it ended five times within a minute'] });
  expect(failure?.lastLines).toHaveLength(20);
  expect(failure?.lastLines.at(-1)).toHaveLength(400);
  expect(failure && failureKey(failure)).toBe('execution-2');
});

it('is silent about the same failing, also when the unit is tried again in vain, until it was up', () => {
  const watch = watchUnits();
  expect(watch.take(stack('failed', 2))).toHaveLength(1);
  for (const state of ['failed', 'starting', 'failed'] as const) expect(watch.take(stack(state, 3))).toEqual([]);
  watch.take(stack('ready', 4));
  expect(watch.take(stack('failed', 5))).toHaveLength(1);
});

it('reports a failing again that could not be reported', () => {
  const watch = watchUnits();
  watch.take(stack('failed', 2));
  watch.forget('execution');
  expect(watch.take(stack('failed', 2))).toHaveLength(1);
});

it('is silent while everything is being stopped', () => {
  expect(watchUnits().take(stack('failed', 2, true))).toEqual([]);
});
