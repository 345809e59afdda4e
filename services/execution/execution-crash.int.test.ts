/** Execution killed at each point of an order's life: one order, one fill, no human. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../tests/support/servers.ts';
import type { TestWorker } from '../../tests/support/worker.ts';
import { areFilledOnce, brokenInvariants, idMaker, startStack, type Stack } from '../../tests/support/execution-stack.ts';

let stack: Stack;
let worker: TestWorker;
const nextId = idMaker();
const run = async (crashAt?: string): Promise<void> => {
  worker = stack.start(crashAt);
  await worker.ready(40_000);
};
const isFilledOnce = (id: string): Promise<void> => areFilledOnce(stack, [id]);

beforeAll(async () => {
  stack = await startStack();
}, 90_000);
afterEach(async () => {
  await stack.sim('faults', { kind: 'clear' });
  if (worker.child.exitCode === null && worker.child.signalCode === null) expect(await worker.stop()).toBe(0);
  expect(await brokenInvariants(stack.book)).toEqual([]);
});
afterAll(() => stack.stop());

describe('killed at each point', () => {
  it.each(['before-submit-commit', 'before-post', 'after-post', 'before-booking-commit', 'after-booking-commit'])('%s: one order, one fill, no human', async (point) => {
    await run(`execution.${point}`);
    const id = nextId(point);
    await stack.approve(id);
    expect(await worker.exited(30_000)).toBe('SIGKILL');
    await run();
    await isFilledOnce(id);
  }, 90_000);

  it('in the middle of reconciling, and before an order is posted again', async () => {
    await run('execution.after-submit-commit');
    const id = nextId('twice');
    await stack.approve(id);
    expect(await worker.exited(30_000)).toBe('SIGKILL');
    worker = stack.start('execution.in-reconcile');
    expect(await worker.exited(30_000)).toBe('SIGKILL');
    await run('execution.before-repost');
    expect(await worker.exited(30_000)).toBe('SIGKILL');
    await run();
    await isFilledOnce(id);
  }, 90_000);

  it('with fills while it was dead, and the broker killed too', async () => {
    await run();
    const id = nextId('dead');
    await stack.approve(id);
    await stack.reaches(id, 'accepted');
    await worker.kill();
    await stack.sim('step', { count: 1 });
    await stack.restartSimulator();
    await run();
    await stack.reaches(id, 'filled');
    expect((await stack.atBroker(id)).map((order) => order.filled_qty)).toEqual(['3']);
  }, 60_000);

  it('starts while the broker is away: says so, is not ready, and becomes ready by itself', async () => {
    await stack.simulator().kill();
    worker = stack.start();
    await until(async () => {
      const health = await stack.health();
      return !health.ready && health.reasons.length > 0;
    }, 'the health to say why', 20_000);
    expect(worker.messages.some((message) => message.type === 'ready')).toBe(false);
    await stack.restartSimulator();
    await worker.ready(40_000);
  }, 90_000);
});
