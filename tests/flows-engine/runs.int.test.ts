/** Runs of flows are durable: finished steps are not repeated, failing ones are tried again, people can run, cancel and repeat them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStand, type Stand, type Worker } from './stand.ts';
import { until } from '../support/servers.ts';

let stand: Stand;
let worker: Worker;

describe('runs of flows', () => {
  beforeAll(async () => {
    stand = await startStand();
    worker = await stand.worker();
  });
  afterAll(() => stand.stop());

  it('runs now: within seconds, with steps, progress, log and output', async () => {
    const began = performance.now();
    const runId = await stand.run({ tag: 'now' });
    await stand.ended(runId);
    expect(performance.now() - began).toBeLessThan(5_000);
    const run = await stand.see(runId, 'its reports', (seen) => seen.logs.length > 0 && seen.progress?.done === 3 && seen.steps.every((step) => step.attempts !== null));
    expect(run).toMatchObject({ flow: 'reconcile_trades', owner: 'execution', state: 'COMPLETED', trigger: 'manual', scheduledFor: null, input: { tag: 'now' }, output: { second: 'two after 1', scheduledFor: null }, error: null });
    expect(run.steps.map(({ name, state, attempts }) => ({ name, state, attempts }))).toEqual(['one', 'two', 'three'].map((name) => ({ name, state: 'COMPLETED', attempts: 1 })));
    expect(run.logs[0]).toMatchObject({ level: 'info', message: 'The run begins' });
    expect(stand.effects('now')).toEqual(['one', 'two#1', 'three']);
  });

  it('survives kill -9 in step two: step one is not repeated, the rest is done', async () => {
    const runId = await stand.run({ tag: 'killed', waitFor: 'killed' });
    const before = await stand.see(runId, 'step two to run', (run) => run.steps.some((step) => step.name === 'two' && step.state === 'RUNNING'));
    expect(before.state).toBe('RUNNING');
    await worker.kill();
    const orphan = await stand.see(runId, 'to be seen as crashed', (run) => run.state === 'CRASHED');
    expect(orphan.error).toMatch(/worker is gone/);
    stand.release('killed');
    worker = await stand.worker();
    const run = await stand.ended(runId);
    expect(run.state).toBe('COMPLETED');
    expect(stand.effects('killed')).toEqual(['one', 'two#1', 'two#1', 'three']);
    expect((run.output as { firstPid: number }).firstPid).not.toBe(worker.child.pid);
  });

  it('leaves a run to the next start when the service stops in the middle of a step', async () => {
    const runId = await stand.run({ tag: 'stopped', waitFor: 'stopped' });
    await stand.see(runId, 'step two to run', (run) => run.steps.some((step) => step.name === 'two'));
    const began = performance.now();
    expect(await worker.stop()).toBe(0);
    expect(performance.now() - began).toBeLessThan(6_000);
    expect((await stand.see(runId, 'to be unfinished', () => true)).state).toBe('CRASHED');
    stand.release('stopped');
    worker = await stand.worker();
    expect((await stand.ended(runId)).state).toBe('COMPLETED');
    expect(stand.effects('stopped')).toEqual(['one', 'two#1', 'two#1', 'three']);
  });

  it('tries a failing step again with growing waits, and shows it', async () => {
    const runId = await stand.run({ tag: 'retried', failures: 2 });
    await stand.ended(runId);
    const run = await stand.see(runId, 'its attempts', (seen) => seen.steps[1]?.attempts === 3);
    expect(run).toMatchObject({ state: 'COMPLETED', output: { second: 'two after 3' } });
    expect(stand.effects('retried')).toEqual(['one', 'two#1', 'two#2', 'two#3', 'three']);
  });

  it('fails with the error of the step when the attempts are used up, and goes on from there when run again', async () => {
    const runId = await stand.run({ tag: 'failed', failures: 3, family: 'plain' });
    const run = await stand.ended(runId);
    expect(run).toMatchObject({ state: 'FAILED', error: 'planted failure 3', output: null });
    expect(run.steps.map((step) => step.state)).toEqual(['COMPLETED', 'FAILED']);
    const again = await stand.call('POST', `/api/runs/${encodeURIComponent(runId)}/retry`);
    expect(again.status).toBe(200);
    expect((await stand.ended(String(again.body.runId))).state).toBe('FAILED');
    expect(stand.effects('failed')).toEqual(['one', 'two#1', 'two#2', 'two#3', 'two#1', 'two#2', 'two#3']);
  });

  it('does not repeat a step whose error says that repeating cannot help', async () => {
    const run = await stand.ended(await stand.run({ tag: 'invalid', failures: 3, family: 'invalid' }));
    expect(run).toMatchObject({ state: 'FAILED', error: 'planted failure 1' });
    expect(stand.effects('invalid')).toEqual(['one', 'two#1']);
  });

  it('cancels a run while a step waits, and refuses to cancel it twice', async () => {
    const runId = await stand.run({ tag: 'cancelled', waitFor: 'never' });
    await stand.see(runId, 'step two to run', (run) => run.steps.some((step) => step.name === 'two'));
    const path = `/api/runs/${encodeURIComponent(runId)}/cancel`;
    expect((await stand.call('POST', path)).status).toBe(200);
    const run = await stand.ended(runId);
    expect(run).toMatchObject({ state: 'CANCELLED', error: null });
    expect(run.steps.at(-1)).toMatchObject({ name: 'two', state: 'CANCELLED' });
    expect((await stand.call('POST', path)).status).toBe(409);
    // The step heard of it: the place on the queue is free again for two runs at a time.
    const others = await Promise.all([stand.run({ tag: 'after-a' }), stand.run({ tag: 'after-b' })]);
    for (const other of others) expect((await stand.ended(other)).state).toBe('COMPLETED');
    expect(stand.effects('cancelled')).toEqual(['one', 'two#1']);
  });

  it('keeps to the concurrency of the flow', async () => {
    const runIds = await Promise.all(['q1', 'q2', 'q3'].map((tag) => stand.run({ tag, waitFor: 'queue' })));
    await until(() => ['q1', 'q2', 'q3'].filter((tag) => stand.effects(tag).length > 0).length === 2, 'two runs at a time');
    const states = await until(async () => {
      const seen = await Promise.all(runIds.map((runId) => stand.see(runId, 'it', () => true)));
      const sorted = seen.map((run) => run.state).sort();
      return sorted.join() === 'PENDING,RUNNING,RUNNING' ? sorted : null;
    }, 'one run to wait');
    expect(states).toHaveLength(3);
    stand.release('queue');
    for (const runId of runIds) expect((await stand.ended(runId)).state).toBe('COMPLETED');
  });

  it('gives one run for one event, however often it is told', async () => {
    worker.send({ trigger: { tag: 'event', key: 'order:1', times: 5 } });
    const run = await stand.ended('execute_trades:order:1');
    expect(run).toMatchObject({ state: 'COMPLETED', trigger: 'event', output: 'event' });
    worker.send({ trigger: { tag: 'event', key: 'order:1', times: 1 } });
    worker.send({ trigger: { tag: 'event2', key: 'order:2', times: 1 } });
    await stand.ended('execute_trades:order:2');
    expect(stand.effects('event')).toEqual(['only']);
  });

  it('starts a run for an event at once, and never more at a time than the flow allows', async () => {
    const began = performance.now();
    worker.send({ trigger: { tag: 'soon', key: 'soon', times: 1 } });
    await until(() => stand.effects('soon').length === 1, 'the effect', 5_000);
    expect(performance.now() - began).toBeLessThan(500);
    for (let n = 0; n < 20; n += 1) worker.send({ trigger: { tag: 'crowd', key: `crowd-${n}`, times: 2 } });
    await until(() => stand.effects('crowd').length === 20, 'all runs of the crowd');
    for (let n = 0; n < 20; n += 1) expect((await stand.ended(`execute_trades:crowd-${n}`)).state).toBe('COMPLETED');
    expect(stand.effects('crowd')).toHaveLength(20);
  });

  it('takes a run that was started at once up again after a kill', async () => {
    worker.send({ start: { tag: 'direct', waitFor: 'direct', key: 'direct' } });
    await stand.see('reconcile_trades:direct', 'step two to run', (run) => run.steps.some((step) => step.name === 'two'));
    await worker.kill();
    stand.release('direct');
    worker = await stand.worker();
    expect(await stand.ended('reconcile_trades:direct')).toMatchObject({ state: 'COMPLETED', trigger: 'event' });
    expect(stand.effects('direct')).toEqual(['one', 'two#1', 'two#1', 'three']);
  });
});
