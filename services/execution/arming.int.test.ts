/** The arming of the real account in a real worker: the simulator poses as the account, the test as the supervisor. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { brokenInvariants, startStack, type Stack } from '../../tests/support/execution-stack.ts';
import { until } from '../../tests/support/servers.ts';
import type { TestWorker } from '../../tests/support/worker.ts';

let stack: Stack;
let worker: TestWorker;
let n = 0;
const nextId = (name: string): string => `${name}-${(n += 1)}`;
const HOUR = 3_600_000;
const exit = { side: 'sell', isReducing: true, qty: '1' } as const;

const run = async (armedUntil: number | null | undefined, crashAt?: string): Promise<void> => {
  worker = stack.start(crashAt, { config: { mode: 'live', ...(armedUntil === undefined ? {} : { live: { armedUntil } }) } });
  await worker.ready(40_000);
};
const arm = (armedUntil: number | null): void => worker.send({ type: 'arming', armedUntil });
const approved = async (name: string, fields: Parameters<Stack['approve']>[1] = {}): Promise<string> => {
  const id = nextId(name);
  await stack.approve(id, { qty: '2', ...fields });
  return id;
};
const isDenied = async (id: string): Promise<void> => {
  const order = await stack.reaches(id, 'denied');
  expect([order.denial_code, order.reason]).toEqual(['LIVE_DISARMED', expect.stringContaining('not armed')]);
  expect(await stack.atBroker(id)).toEqual([]);
};
const isFilled = async (id: string): Promise<void> => {
  await stack.reaches(id, 'accepted');
  await stack.sim('step', { count: 1 });
  await stack.reaches(id, 'filled');
  expect((await stack.atBroker(id)).map((order) => order.status)).toEqual(['filled']);
};

const isCanceledThere = async (id: string): Promise<void> => {
  const order = await stack.reaches(id, 'canceled');
  expect(order.reason).toContain('The real account was disarmed');
  expect((await stack.atBroker(id)).map((one) => one.status)).toEqual(['canceled']);
  expect(await stack.book.sql(`SELECT 1 FROM execution.order_events WHERE order_id = $1 AND kind = 'cancel_requested' AND source = 'local'`, [id])).toHaveLength(1);
};

beforeAll(async () => {
  stack = await startStack({ keyId: 'AKTEST' });
}, 90_000);
afterEach(async () => {
  await stack.sim('faults', { kind: 'clear' });
  if (worker.child.exitCode === null && worker.child.signalCode === null) expect(await worker.stop()).toBe(0);
  expect(await brokenInvariants(stack.book)).toEqual([]);
});
afterAll(() => stack.stop());

describe('the real account', () => {
  it('begins disarmed, takes entries while it is armed, and none from the moment it is disarmed; exits and cancels always pass', async () => {
    await run(undefined);
    await isDenied(await approved('begins-disarmed'));
    arm(Date.now() + HOUR);
    await isFilled(await approved('armed'));
    const resting = await approved('resting', { type: 'limit', limitPrice: '1', timeInForce: 'gtc' });
    await stack.reaches(resting, 'accepted');
    arm(null);
    await isDenied(await approved('disarmed'));
    await isCanceledThere(resting);
    await isFilled(await approved('exit', exit));
  });

  it('disarms itself when the time is over, without another word from the supervisor', async () => {
    await run(null);
    const armedUntil = Date.now() + 5_000;
    arm(armedUntil);
    const inTime = await approved('in-time');
    await isFilled(inTime);
    await until(() => Date.now() > armedUntil, 'the time to be over');
    await isDenied(await approved('too-late'));
    await isFilled(await approved('exit', exit));
  });

  it('is what the supervisor says at each start: armed again after a crash, disarmed after a new launch', async () => {
    const armedUntil = Date.now() + HOUR;
    await run(armedUntil);
    await worker.kill();
    await run(armedUntil);
    await isFilled(await approved('after-a-crash'));
    await worker.kill();
    await run(null);
    await isDenied(await approved('after-a-launch'));
  });

  it('an approved entry that waits when the arming ends is denied, also across a crash of the part; an exit waits on', async () => {
    await run(Date.now() + HOUR);
    await stack.lease(false);
    const [entry, way] = [await approved('waits'), await approved('exit', exit)];
    await until(async () => (await stack.health()).reasons.some((reason) => reason.includes('lease')), 'the orders to wait');
    arm(null);
    await isDenied(entry);
    expect((await stack.order(way))?.status).toBe('initialized');
    arm(Date.now() + HOUR);
    const later = await approved('waits-too');
    await stack.reaches(later, 'initialized');
    await worker.kill();
    await run(null);
    await isDenied(later);
    await stack.lease(true);
    await isFilled(way);
  });

  it('an entry whose outcome is unknown is not posted again after the arming ended, however soon a new one begins; one that arrived is cancelled there', async () => {
    await run(Date.now() + HOUR);
    await stack.sim('faults', { kind: 'order', fault: 'reset_before' });
    const lost = await approved('lost');
    await until(async () => (await stack.order(lost))?.unknown_since, 'the unknown outcome');
    arm(null);
    const order = await stack.reaches(lost, 'canceled', 30_000);
    expect(order.reason).toContain('The real account was disarmed');
    expect(await stack.atBroker(lost)).toEqual([]);
    arm(Date.now() + HOUR);
    await stack.sim('faults', { kind: 'order', fault: 'reset_after' });
    const arrived = await approved('arrived');
    await until(async () => (await stack.atBroker(arrived)).length > 0, 'the order at the broker');
    arm(null);
    await isCanceledThere(arrived);
    arm(Date.now() + HOUR);
    await stack.sim('faults', { kind: 'order', fault: 'reset_before' });
    const older = await approved('older');
    await until(async () => (await stack.order(older))?.unknown_since, 'the unknown outcome');
    arm(null);
    arm(Date.now() + HOUR);
    await stack.reaches(older, 'canceled', 30_000);
    expect(await stack.atBroker(older)).toEqual([]);
  }, 90_000);

  it('an entry that rests at the broker is cancelled when the time is over, and by a start that finds the account disarmed; an exit rests on', async () => {
    const limit = { type: 'limit', timeInForce: 'gtc' } as const;
    const armedUntil = Date.now() + 8_000;
    await run(armedUntil);
    const way = await approved('rests', { ...exit, ...limit, limitPrice: '9999' });
    const overtime = await approved('overtime', { ...limit, limitPrice: '1' });
    for (const id of [way, overtime]) await stack.reaches(id, 'accepted');
    await isCanceledThere(overtime);
    expect(Date.now()).toBeGreaterThanOrEqual(armedUntil);
    arm(Date.now() + HOUR);
    const left = await approved('left', { ...limit, limitPrice: '1' });
    await stack.reaches(left, 'accepted');
    await worker.kill();
    await run(Date.now() + HOUR);
    expect((await stack.order(left))?.status).toBe('accepted');
    await worker.kill();
    await run(null);
    await isCanceledThere(left);
    expect((await stack.order(way))?.status).toBe('accepted');
    await stack.requestCancel(way);
    await stack.reaches(way, 'canceled');
  }, 90_000);

  it('a crash between the commit and the POST of an entry ends without a POST when the arming is gone', async () => {
    await run(Date.now() + HOUR, 'execution.after-submit-commit');
    const id = await approved('crashed');
    expect(await worker.exited(30_000)).toBe('SIGKILL');
    await run(null);
    const order = await stack.reaches(id, 'canceled', 30_000);
    expect(order.reason).toContain('The real account was disarmed');
    expect(await stack.atBroker(id)).toEqual([]);
  }, 90_000);
});

it('paper keys in mode live end the part before it has sent a byte, with the setting to change', async () => {
  worker = stack.start(undefined, { access: { keyId: 'PKTEST' }, config: { mode: 'live', live: { armedUntil: Date.now() + HOUR } } });
  expect(await worker.exited()).toBe(78);
  expect(worker.messages.find((message) => message.type === 'exiting')?.reason).toContain('ALPACA_API_KEY');
  expect(worker.output()).not.toContain('PKTEST');
});
