/** Execution against the real simulator and a real book: the ordinary way, the gate, cancels. */
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

describe('the ordinary way', () => {
  it('opens the ledger, sends in the order of approval, books fills, agrees with the broker', async () => {
    const ids = ['a', 'b', 'c'].map(nextId);
    for (const id of ids) await stack.approve(id);
    for (const id of ids) await stack.reaches(id, 'accepted');
    const orders = await Promise.all(ids.map((id) => stack.atBroker(id)));
    expect(orders.map((list) => list.length)).toEqual([1, 1, 1]);
    await stack.sim('step', { count: 1 });
    for (const id of ids) await stack.reaches(id, 'filled');
    const [reconciliation] = await stack.book.sql<{ is_clean: boolean; differences: unknown }>('SELECT is_clean, differences FROM execution.reconciliations ORDER BY at LIMIT 1');
    expect(reconciliation).toEqual({ is_clean: true, differences: [] });
    expect((await stack.health()).reasons).toEqual([]);
  });

  it('sells, realizes, and stays equal to the broker to the last digit', async () => {
    const id = nextId('sell');
    await stack.approve(id, { side: 'sell', isReducing: true, qty: '3' });
    await isFilledOnce(id);
    expect(await worker.stop()).toBe(0);
    await run();
    const [latest] = await stack.book.sql<{ is_clean: boolean; differences: unknown }>('SELECT is_clean, differences FROM execution.reconciliations ORDER BY at DESC LIMIT 1');
    expect(latest).toEqual({ is_clean: true, differences: [] });
  });

  it('keeps a rejection with its reason, after asking whether it is one', async () => {
    const id = nextId('too-much');
    await stack.approve(id, { qty: '1000000' });
    const order = await stack.reaches(id, 'rejected');
    expect(order.reason).toContain('buying power');
    expect(await stack.atBroker(id)).toEqual([]);
  });
});

describe('the gate', () => {
  it('halted: denies; lease stale: keeps and sends later; both survive', async () => {
    await stack.setState('HALTED');
    const denied = nextId('halted');
    await stack.approve(denied);
    expect((await stack.reaches(denied, 'denied')).denial_code).toBe('TRADING_HALTED');
    await stack.setState('REDUCING');
    const entry = nextId('entry');
    await stack.approve(entry);
    expect((await stack.reaches(entry, 'denied')).denial_code).toBe('TRADING_REDUCING_ONLY');
    await stack.setState('ACTIVE');
    await stack.lease(false);
    const held = nextId('held');
    await stack.approve(held);
    await until(async () => (await stack.health()).reasons.some((reason) => reason.includes('lease')), 'the health to say why');
    expect((await stack.order(held))?.status).toBe('initialized');
    await stack.lease(true);
    await isFilledOnce(held);
    expect(await stack.atBroker(denied)).toEqual([]);
    expect(await stack.atBroker(entry)).toEqual([]);
  });

  it('an entry that was approved before a halt does not go out after the resume, although execution was away for all of it', async () => {
    const version = async (): Promise<number> => (await stack.book.sql<{ version: number }>('SELECT max(version) AS version FROM risk_management.trading_state'))[0]?.version ?? 0;
    const [before, after] = [nextId('before-halt'), nextId('after-resume')];
    expect(await worker.stop()).toBe(0);
    await stack.approve(before, { tradingStateVersion: await version() });
    await stack.setState('HALTED');
    await stack.setState('ACTIVE');
    await stack.approve(after, { tradingStateVersion: await version() });
    await run();
    const denied = await stack.reaches(before, 'denied');
    expect([denied.denial_code, denied.reason]).toEqual(['TRADING_HALTED', expect.stringContaining('approved')]);
    await isFilledOnce(after);
    expect(await stack.atBroker(before)).toEqual([]);
  }, 60_000);

  it('denies an approval that is older than two minutes of market time', async () => {
    await stack.book.sql(`INSERT INTO data_ingestion.ingestion_status VALUES ('AAPL', '1Min', to_timestamp(1767623400) + interval '61 seconds', 1, 1, 0, now())`);
    const id = nextId('old');
    await stack.approve(id);
    expect((await stack.reaches(id, 'denied')).denial_code).toBe('APPROVAL_EXPIRED');
    await stack.book.sql('DELETE FROM data_ingestion.ingestion_status');
  });
});

describe('cancels', () => {
  const limit = { type: 'limit', limitPrice: '1', timeInForce: 'gtc' } as const;
  it('by risk, by a person, twice, while halted', async () => {
    const [byRisk, byHand] = [nextId('cancel'), nextId('cancel')];
    for (const id of [byRisk, byHand]) {
      await stack.approve(id, limit);
      await stack.reaches(id, 'accepted');
    }
    await stack.setState('HALTED');
    await stack.requestCancel(byRisk);
    await stack.requestCancel(byRisk);
    await stack.reaches(byRisk, 'canceled');
    const body = { idempotencyKey: 'key-12345', actor: 'ann', clientOrderId: null };
    expect(await (await stack.command('cancelOrder', body)).json()).toEqual({ requested: [`ms-${byHand}`] });
    await stack.reaches(byHand, 'canceled');
    expect(await (await stack.command('cancelOrder', { ...body, clientOrderId: `ms-${byHand}` })).json()).toEqual({ requested: [] });
    expect((await stack.command('cancelOrder', { ...body, clientOrderId: 'ms-nobody' })).status).toBe(404);
    await stack.setState('ACTIVE');
    for (const id of [byRisk, byHand]) expect((await stack.atBroker(id)).map((order) => order.status)).toEqual(['canceled']);
  });

  it('a fill that wins the race against a cancel is booked', async () => {
    const id = nextId('race');
    await stack.approve(id);
    await stack.reaches(id, 'accepted');
    await stack.sim('faults', { kind: 'slow_cancel', count: 5 });
    await stack.requestCancel(id);
    await stack.reaches(id, 'pending_cancel');
    await stack.sim('step', { count: 1 });
    await stack.reaches(id, 'filled');
  });

  it('a cancel that is not answered is asked for again', async () => {
    const id = nextId('cancel-lost');
    await stack.approve(id, limit);
    await stack.reaches(id, 'accepted');
    await stack.sim('faults', { kind: 'cancel_timeout' });
    await stack.requestCancel(id);
    await stack.reaches(id, 'canceled', 30_000);
  }, 60_000);
});
