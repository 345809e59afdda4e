/** Legs, replaces and the kill switch against the real simulator and a real book: never two orders where one was wanted, and nothing guessed. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Payload } from '#app/contracts/events.ts';
import type { Latch } from '#app/contracts/kill.ts';
import { until } from '../../tests/support/servers.ts';
import type { TestWorker } from '../../tests/support/worker.ts';
import { brokenInvariants, idMaker, startStack, type Stack } from '../../tests/support/execution-stack.ts';

let stack: Stack;
let worker: TestWorker;
const nextId = idMaker();
const run = async (crashAt?: string): Promise<void> => {
  worker = stack.start(crashAt);
  await worker.ready(40_000);
};
type Fields = Partial<Payload<'order.approved'>>;
const LIMIT: Fields = { type: 'limit', limitPrice: '1', timeInForce: 'gtc' };
type Row = { order_id: string; status: string; role: string; parent_order_id: string | null; replaces_order_id: string | null; client_order_id: string; decision_id: string; is_reducing: boolean; qty: string; filled_qty: string; reason: string | null };
const rows = (where: string, params: readonly unknown[]) => stack.book.sql<Row>(`SELECT * FROM execution.orders WHERE ${where} ORDER BY order_id`, params);
const openAt = async (symbol: string): Promise<{ client_order_id: string; limit_price: string | null; qty: string }[]> => (await stack.call(`/v2/orders?status=open&limit=500&symbols=${symbol}`)) as unknown as { client_order_id: string; limit_price: string | null; qty: string }[];
/** A resting order, and another that is to take its place. */
const rest = async (symbol: string): Promise<string> => {
  const id = nextId(`old-${symbol}`);
  await stack.approve(id, { ...LIMIT, symbol });
  await stack.reaches(id, 'accepted');
  return id;
};
const change = async (old: string, fields: Fields = {}): Promise<string> => {
  const id = nextId(`new-${old}`);
  await stack.approve(id, { ...LIMIT, limitPrice: '2', replaces: `ms-${old}`, replacedFilledQty: '0', ...fields });
  return id;
};

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

const EXITS: Fields = { orderClass: 'bracket', timeInForce: 'gtc', takeProfit: { limitPrice: '9000' }, stopLoss: { stopPrice: '0.5', limitPrice: null } };

describe('legs', () => {
  it('are in the book as soon as the broker shows them, and move by their own news to the end of the group', async () => {
    const id = nextId('bracket');
    await stack.approve(id, { ...EXITS, symbol: 'MSFT' });
    await stack.reaches(id, 'accepted');
    const legs = await rows('parent_order_id = $1', [id]);
    expect(legs.map((leg) => [leg.order_id, leg.role, leg.status, leg.decision_id, leg.is_reducing, Number(leg.qty)])).toEqual([
      [`${id}:stop_loss`, 'stop_loss', 'held', id, true, 3], [`${id}:take_profit`, 'take_profit', 'held', id, true, 3],
    ]);
    await stack.sim('step', { count: 1 });
    await stack.reaches(id, 'filled');
    await stack.reaches(`${id}:take_profit`, 'accepted');
    expect((await stack.order(`${id}:stop_loss`))?.status).toBe('held');
    const events = await stack.book.sql<{ kind: string }>('SELECT kind FROM execution.order_events WHERE order_id = $1 ORDER BY version', [`${id}:take_profit`]);
    expect(events.map((event) => event.kind)).toEqual(['adopted', 'held', 'accepted']);
    // One of the two is canceled by a person: the broker ends the other, and says so.
    const body = { idempotencyKey: nextId('key-12345'), actor: 'ann', clientOrderId: legs[1]?.client_order_id };
    expect((await stack.command('cancelOrder', body)).status).toBe(200);
    for (const role of ['take_profit', 'stop_loss']) await stack.reaches(`${id}:${role}`, 'canceled');
  }, 60_000);

  it('end with an entry that is canceled, by the word of the broker; all are found again after the updates were lost', async () => {
    const id = nextId('oto');
    await stack.sim('faults', { kind: 'updates', fault: 'drop', count: 6 });
    await stack.approve(id, { ...LIMIT, ...EXITS, orderClass: 'oto', takeProfit: null, symbol: 'NVDA' });
    await stack.reaches(id, 'accepted');
    await stack.requestCancel(id);
    for (const one of [id, `${id}:stop_loss`]) await stack.reaches(one, 'canceled', 30_000);
    expect(await openAt('NVDA')).toEqual([]);
  }, 60_000);
});

describe('replacing', () => {
  it('puts one order in the place of another, which ends as replaced', async () => {
    const old = await rest('AMZN');
    const id = await change(old, { symbol: 'AMZN', qty: '5' });
    await stack.reaches(old, 'replaced');
    await stack.reaches(id, 'accepted');
    expect((await openAt('AMZN')).map((order) => [order.client_order_id, Number(order.limit_price), Number(order.qty)])).toEqual([[`ms-${id}`, 2, 5]]);
    expect((await rows('order_id = $1', [id]))[0]?.replaces_order_id).toBe(old);
  });

  it.each<[string, object, string, string]>([
    ['the answer is lost', { kind: 'order', on: 'replace', fault: 'reset_after' }, 'replaced', 'accepted'],
    ['a refusal although it went through', { kind: 'order', on: 'replace', fault: 'error_422_after' }, 'replaced', 'accepted'],
    ['the answer is broken', { kind: 'order', on: 'replace', fault: 'garbled_after' }, 'replaced', 'accepted'],
    ['refused outright', { kind: 'order', on: 'replace', fault: 'error_403_before' }, 'accepted', 'rejected'],
    ['refused late, on the stream', { kind: 'reject_replace' }, 'accepted', 'rejected'],
    ['the request is lost', { kind: 'order', on: 'replace', fault: 'reset_before' }, 'accepted', 'canceled'],
  ])('%s: exactly one of the two is open', async (name, fault, oldStatus, newStatus) => {
    const old = await rest('GOOGL');
    await stack.sim('faults', fault);
    const id = await change(old, { symbol: 'GOOGL' });
    await stack.reaches(id, newStatus, 30_000);
    await stack.reaches(old, oldStatus, 30_000);
    const open = await openAt('GOOGL');
    expect([name, open.map((order) => order.client_order_id)]).toEqual([name, [`ms-${newStatus === 'accepted' ? id : old}`]]);
    await stack.requestCancel(newStatus === 'accepted' ? id : old);
    await stack.reaches(newStatus === 'accepted' ? id : old, 'canceled');
  }, 60_000);

  it('the word of the late refusal is lost: the old order is found working, and can be changed again', async () => {
    const old = await rest('NVDA');
    await stack.sim('faults', { kind: 'reject_replace' });
    await stack.sim('faults', { kind: 'updates', fault: 'drop', count: 20 });
    const id = await change(old, { symbol: 'NVDA' });
    await stack.reaches(id, 'rejected', 60_000);
    await stack.reaches(old, 'accepted', 30_000);
    await stack.sim('faults', { kind: 'clear' });
    const again = await change(old, { symbol: 'NVDA', limitPrice: '3' });
    await stack.reaches(old, 'replaced');
    await stack.requestCancel(again);
    await stack.reaches(again, 'canceled');
  }, 90_000);

  it('whoever cancels the new one while it is on its way wants neither of the two', async () => {
    const old = await rest('TSLA');
    await stack.sim('faults', { kind: 'order', on: 'replace', fault: 'reset_before' });
    const id = await change(old, { symbol: 'TSLA' });
    await stack.reaches(old, 'pending_replace');
    await stack.requestCancel(id);
    for (const one of [id, old]) await stack.reaches(one, 'canceled', 30_000);
    expect(await openAt('TSLA')).toEqual([]);
  }, 60_000);

  it('is denied when the old order is closed, not known, or being changed already', async () => {
    const old = await rest('META');
    await stack.sim('faults', { kind: 'slow_replace' });
    const first = await change(old, { symbol: 'META' });
    await stack.reaches(old, 'pending_replace');
    const second = await change(old, { symbol: 'META', limitPrice: '3' });
    expect((await stack.reaches(second, 'denied')).denial_code).toBe('ORDER_NOT_REPLACEABLE');
    // A cancel meanwhile is meant for what takes its place, too.
    await stack.requestCancel(old);
    await stack.reaches(old, 'pending_cancel');
    await stack.sim('step', { count: 2 });
    await until(async () => (await rows('order_id = ANY($1) AND NOT is_closed', [[old, first]])).length === 0, 'both to end', 30_000);
    expect(await openAt('META')).toEqual([]);
    for (const closed of [old, 'nobody']) {
      const late = await change(closed, { symbol: 'META' });
      expect((await stack.reaches(late, 'denied')).denial_code).toBe('ORDER_NOT_REPLACEABLE');
    }
  }, 60_000);

  it('takes over, as one of ours, what somebody puts in the place of an order of ours at the broker', async () => {
    const old = await rest('TSLA');
    const { broker_order_id: brokerOrderId } = (await stack.order(old)) ?? {};
    const theirs = await stack.call(`/v2/orders/${brokerOrderId}`, { limit_price: '4' }, 'PATCH');
    await stack.reaches(old, 'replaced');
    const taken = await until(async () => (await rows(`replaces_order_id = $1 AND status = 'accepted'`, [old]))[0], 'the new order');
    expect(taken).toMatchObject({ order_id: `broker:${String(theirs['id'])}`, source: 'broker', strategy_id: 'sma_cross' });
    // A cancel of the order that it was is one of what it has become.
    await stack.requestCancel(old);
    await stack.reaches(taken.order_id, 'canceled');
  });

  it('is denied when the old order filled after the decision: the new one would fill beyond what was wanted', async () => {
    const old = await rest('SPY');
    // The book has a fill that the decision did not know of, in whatever way it is told.
    const { broker_order_id: brokerOrderId } = (await stack.order(old)) ?? {};
    await stack.book.sql(`UPDATE execution.orders SET filled_qty = 0.5, status = 'partially_filled', avg_fill_price = 1, version = 4 WHERE order_id = $1`, [old]);
    await stack.book.sql(`INSERT INTO execution.order_events (order_id, version, kind, status, filled_qty, ts_event, source, detail) VALUES ($1, 4, 'accepted', 'partially_filled', 0.5, now(), 'rest', '{}')`, [old]);
    for (const fields of [{ replacedFilledQty: '0' }, { replacedFilledQty: undefined }]) {
      const id = await change(old, { symbol: 'SPY', ...fields });
      expect(await stack.reaches(id, 'denied')).toMatchObject({ denial_code: 'ORDER_NOT_REPLACEABLE', reason: expect.stringContaining('filled 0.5 meanwhile') as string });
    }
    expect(brokerOrderId).toBeTruthy();
    await stack.book.sql(`DELETE FROM execution.order_events WHERE order_id = $1 AND version = 4`, [old]);
    await stack.book.sql(`UPDATE execution.orders SET filled_qty = 0, status = 'accepted', avg_fill_price = NULL, version = 3 WHERE order_id = $1`, [old]);
  });

  it.each([['before the request', 'after-submit-commit', 'accepted', 'canceled'], ['after the answer', 'after-post', 'replaced', 'accepted']])('killed %s: one of the two is open, no human', async (_, point, oldStatus, newStatus) => {
    const old = await rest('JPM');
    expect(await worker.stop()).toBe(0);
    await run(`execution.${point}`);
    const id = await change(old, { symbol: 'JPM' });
    expect(await worker.exited(30_000)).toBe('SIGKILL');
    await run();
    await stack.reaches(id, newStatus, 30_000);
    await stack.reaches(old, oldStatus, 30_000);
    const open = newStatus === 'accepted' ? id : old;
    expect((await openAt('JPM')).map((order) => order.client_order_id)).toEqual([`ms-${open}`]);
    await stack.requestCancel(open);
    await stack.reaches(open, 'canceled');
  }, 90_000);
});

describe('the kill switch', () => {
  const latch = (fields: Partial<Latch>): Latch => ({ key: nextId('kill-switch'), state: 'HALTED', isCanceling: true, reason: 'test', actor: 'ann', at: Date.now(), ...fields });
  it('cancels at the broker within a second while no transaction gets through, and nothing leaves any more', async () => {
    const ids = [await rest('KO'), await rest('XOM')];
    await stack.book.sql('BEGIN');
    await stack.book.sql('LOCK TABLE execution.orders IN ACCESS EXCLUSIVE MODE');
    const late = nextId('late');
    const began = performance.now();
    try {
      worker.send({ type: 'latch', latch: latch({}) });
      for (const symbol of ['KO', 'XOM']) await until(async () => (await openAt(symbol)).length === 0, `${symbol} to be free`, 5_000);
      expect(performance.now() - began).toBeLessThan(2_000);
    } finally {
      await stack.book.sql('COMMIT');
    }
    for (const id of ids) await stack.reaches(id, 'canceled');
    await stack.approve(late, { ...LIMIT, symbol: 'KO' });
    expect((await stack.reaches(late, 'denied')).denial_code).toBe('TRADING_HALTED');
    expect(await openAt('KO')).toEqual([]);
    expect(await worker.stop()).toBe(0);
    await run();
  }, 60_000);
  it('leaves the stop-loss of an entry alone that goes out after a resume, although the broker still works at the cancels of before', async () => {
    const old = await rest('GE');
    await stack.sim('faults', { kind: 'slow_cancel', count: 1 });
    const pull = latch({});
    worker.send({ type: 'latch', latch: pull });
    await stack.reaches(old, 'pending_cancel');
    await stack.setState('HALTED');
    worker.send({ type: 'unlatch', key: pull.key });
    await stack.setState('ACTIVE');
    // Asked for again until the worker has heard that the book holds the pull.
    const entry = await until(async () => {
      const id = nextId('resumed');
      await stack.approve(id, { ...EXITS, symbol: 'BAC' });
      await stack.reaches(id, 'accepted', 2_000);
      return id;
    }, 'an entry to go out again', 15_000);
    const began = performance.now();
    // Several looks of the sweep long.
    await until(async () => {
      const open = (await rows('parent_order_id = $1', [entry])).map((leg) => leg.status);
      expect(open).toEqual(['held', 'held']);
      return performance.now() - began > 1_500;
    }, 'the sweep to have had its time');
    await stack.sim('step', { count: 1 });
    await stack.reaches(old, 'canceled');
    await stack.reaches(entry, 'filled');
    await stack.reaches(`${entry}:take_profit`, 'accepted');
    expect((await stack.order(`${entry}:stop_loss`))?.status).toBe('held');
  }, 60_000);
});
