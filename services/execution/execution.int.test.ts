/** Execution against the real simulator and a real book: every way in which a submit can go wrong ends in one order and one fill. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../tests/support/servers.ts';
import type { TestWorker } from '../../tests/support/worker.ts';
import { brokenInvariants, startStack, type Stack } from '../../tests/support/execution-stack.ts';

let stack: Stack;
let worker: TestWorker;
let n = 0;
const nextId = (name: string): string => `${name.replaceAll(/[^a-z0-9]/gi, '-')}-${(n += 1)}`;
const run = async (crashAt?: string): Promise<void> => {
  worker = stack.start(crashAt);
  await worker.ready(40_000);
};
/** The order is at the broker once, and filled once, here and there. */
const isFilledOnce = async (id: string): Promise<void> => {
  await until(async () => (await stack.atBroker(id)).length > 0, `${id} at the broker`, 25_000);
  await until(async () => (await stack.order(id))?.broker_order_id, `${id} to be confirmed`, 25_000);
  await stack.sim('step', { count: 1 });
  await stack.reaches(id, 'filled');
  const seen = await stack.atBroker(id);
  expect(seen.map((order) => [order.status, order.filled_qty])).toEqual([['filled', '3']]);
  const fills = await stack.book.sql('SELECT qty FROM execution.trades WHERE order_id = $1', [id]);
  expect(fills).toEqual([{ qty: '3.000000000' }]);
};

beforeAll(async () => {
  stack = await startStack();
}, 90_000);
afterEach(async () => {
  await stack.sim('faults', { kind: 'clear' });
  if (worker.child.exitCode === null && worker.child.signalCode === null) expect(await worker.stop()).toBe(0);
  expect(await brokenInvariants(stack.book)).toEqual([]);
});
afterAll(() => stack.stop());

describe('the ordinary way', () => {
  it('opens the ledger, sends in the order of approval, books fills, agrees with the broker', async () => {
    await run();
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
    await run();
    const id = nextId('sell');
    await stack.approve(id, { side: 'sell', isReducing: true, qty: '3' });
    await isFilledOnce(id);
    expect(await worker.stop()).toBe(0);
    await run();
    const [latest] = await stack.book.sql<{ is_clean: boolean; differences: unknown }>('SELECT is_clean, differences FROM execution.reconciliations ORDER BY at DESC LIMIT 1');
    expect(latest).toEqual({ is_clean: true, differences: [] });
  });

  it('keeps a rejection with its reason, after asking whether it is one', async () => {
    await run();
    const id = nextId('too-much');
    await stack.approve(id, { qty: '1000000' });
    const order = await stack.reaches(id, 'rejected');
    expect(order.reason).toContain('buying power');
    expect(await stack.atBroker(id)).toEqual([]);
  });
});

describe('the gate', () => {
  it('halted: denies; lease stale: keeps and sends later; both survive', async () => {
    await run();
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

  it('denies an approval that is older than two minutes of market time', async () => {
    await run();
    await stack.book.sql(`INSERT INTO data_ingestion.ingestion_status VALUES ('AAPL', '1Min', to_timestamp(1767623400) + interval '61 seconds', 1, 1, 0, now())`);
    const id = nextId('old');
    await stack.approve(id);
    expect((await stack.reaches(id, 'denied')).denial_code).toBe('APPROVAL_EXPIRED');
    await stack.book.sql('DELETE FROM data_ingestion.ingestion_status');
  });
});

describe('the broker goes wrong', () => {
  it.each(['timeout_before', 'timeout_after', 'reset_before', 'reset_after', 'error_500_before', 'error_500_after', 'error_429', 'garbled_after'])('%s: one order, one fill', async (fault) => {
    await run();
    await stack.sim('faults', { kind: 'order', fault });
    const id = nextId(fault);
    await stack.approve(id);
    await isFilledOnce(id);
  }, 90_000);

  it.each(['duplicate', 'drop', 'reorder'])('updates %s: the same ledger', async (fault) => {
    await run();
    await stack.sim('faults', { kind: 'updates', fault, count: 10 });
    const id = nextId(fault);
    await stack.approve(id);
    await isFilledOnce(id);
  }, 60_000);

  it('a fill that happens while the stream is down is booked after the reconnect, before anything new goes out', async () => {
    await run();
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
    await run();
    await stack.sim('faults', { kind: 'rest_down', ms: 3_000 });
    const ids = [nextId('down'), nextId('down')];
    for (const id of ids) await stack.approve(id);
    await stack.reaches(ids[0] ?? '', 'submitted');
    expect((await stack.order(ids[1] ?? ''))?.status).toBe('initialized');
    for (const id of ids) await isFilledOnce(id);
  }, 60_000);

  it('HALT while the outcome is unknown: an order that never arrived is not posted again', async () => {
    await run();
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

describe('cancels', () => {
  const limit = { type: 'limit', limitPrice: '1', timeInForce: 'gtc' } as const;
  it('by risk, by a person, twice, while halted', async () => {
    await run();
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
    await run();
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
    await run();
    const id = nextId('cancel-lost');
    await stack.approve(id, limit);
    await stack.reaches(id, 'accepted');
    await stack.sim('faults', { kind: 'cancel_timeout' });
    await stack.requestCancel(id);
    await stack.reaches(id, 'canceled', 30_000);
  }, 60_000);
});

describe('killed at each point', () => {
  it.each(['before-submit-commit', 'after-submit-commit', 'before-post', 'after-post', 'before-booking-commit', 'after-booking-commit'])('%s: one order, one fill, no human', async (point) => {
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
