/** Execution when the broker goes wrong: every way ends in one order and one fill. */
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
  await run();
}, 90_000);
afterEach(async () => {
  await stack.sim('faults', { kind: 'clear' });
  expect(await brokenInvariants(stack.book)).toEqual([]);
});
afterAll(async () => {
  expect(await worker.stop()).toBe(0);
  await stack.stop();
});

describe('the broker goes wrong', () => {
  it('every way in which a POST goes wrong, side by side: one order, one fill each', async () => {
    const symbols = ['AAPL', 'MSFT', 'AMZN', 'NVDA', 'GOOGL', 'META', 'TSLA', 'JPM', 'XOM'];
    const faults = ['timeout_before', 'timeout_after', 'reset_before', 'reset_after', 'error_500_before', 'error_500_after', 'error_422_after', 'error_429', 'garbled_after'];
    for (const fault of faults) await stack.sim('faults', { kind: 'order', fault });
    const ids = faults.map(nextId);
    for (const [index, id] of ids.entries()) await stack.approve(id, { symbol: symbols[index] ?? 'KO' });
    await areFilledOnce(stack, ids);
  }, 120_000);

  it.each(['duplicate', 'drop', 'reorder'])('updates %s: the same ledger', async (fault) => {
    await stack.sim('faults', { kind: 'updates', fault, count: 10 });
    const id = nextId(fault);
    await stack.approve(id);
    await isFilledOnce(id);
  }, 60_000);

  it('a fill that happens while the stream is down is booked after the reconnect, before anything new goes out', async () => {
    const id = nextId('away');
    await stack.approve(id);
    await stack.reaches(id, 'accepted');
    await stack.sim('faults', { kind: 'refuse_streams', ms: 2_000, streams: 'trading' });
    const later = nextId('later');
    await stack.approve(later);
    await stack.sim('step', { count: 1 });
    await stack.reaches(id, 'filled', 30_000);
    await isFilledOnce(later);
  }, 60_000);

  it('REST is down: the order waits unknown, nothing new is posted, all is well when it is back', async () => {
    await stack.sim('faults', { kind: 'rest_down', ms: 3_000 });
    const ids = [nextId('down'), nextId('down')];
    for (const id of ids) await stack.approve(id);
    await stack.reaches(ids[0] ?? '', 'submitted');
    expect((await stack.order(ids[1] ?? ''))?.status).toBe('initialized');
    for (const id of ids) await isFilledOnce(id);
  }, 60_000);

  it('HALT while the outcome is unknown: an order that never arrived is not posted again', async () => {
    await stack.sim('faults', { kind: 'order', fault: 'reset_before' });
    const id = nextId('halt-unknown');
    await stack.approve(id);
    await until(async () => (await stack.order(id))?.unknown_since, 'the unknown outcome');
    await stack.setState('HALTED');
    await stack.reaches(id, 'canceled', 30_000);
    expect(await stack.atBroker(id)).toEqual([]);
    await stack.setState('ACTIVE');
  }, 60_000);
});
