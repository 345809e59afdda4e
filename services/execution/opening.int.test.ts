/** First contact with an account, and everything about an account that is not as it should be. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startStandIn } from '../../tests/support/alpaca-stand-in.ts';
import { until } from '../../tests/support/servers.ts';
import type { TestWorker } from '../../tests/support/worker.ts';
import { brokenInvariants, startStack, type Stack } from '../../tests/support/execution-stack.ts';

let stack: Stack;
let worker: TestWorker;
const elsewhere = (id: string, fields: object): Promise<unknown> => stack.call('/v2/orders', { client_order_id: id, symbol: 'AAPL', qty: '5', side: 'buy', type: 'market', time_in_force: 'day', ...fields });

beforeAll(async () => {
  stack = await startStack();
}, 90_000);
afterEach(async () => {
  if (worker.child.exitCode === null && worker.child.signalCode === null) expect(await worker.stop()).toBe(0);
  expect(await brokenInvariants(stack.book)).toEqual([]);
});
afterAll(() => stack.stop());

describe('the account', () => {
  it('refused keys: comes up degraded, says what to do, sends nothing', async () => {
    worker = stack.start(undefined, { access: { secretKey: 'wrong' } });
    await worker.ready(20_000);
    const { reasons } = await stack.health();
    expect(reasons.join()).toContain('The broker refused the keys. Enter them again');
    await stack.approve('refused');
    await until(async () => (await stack.order('refused'))?.status === 'initialized', 'the order to be written down');
    await until(() => worker.messages.filter((message) => message.type === 'beat').length >= 2, 'two more seconds');
    expect([(await stack.order('refused'))?.status, await stack.atBroker('refused')]).toEqual(['initialized', []]);
    await stack.requestCancel('refused');
    await stack.reaches('refused', 'canceled');
    expect(await worker.stop()).toBe(0);
  });

  it.each([[401, 'unauthorized.'], [403, 'forbidden.']])('a broker that answers %i to everything is asked a handful of times, not a storm', async (status, message) => {
    const standIn = await startStandIn();
    standIn.answer = () => ({ status, body: { message } });
    let sockets = 0;
    standIn.onSocket = (socket) => {
      sockets += 1;
      socket.on('message', () => socket.send(JSON.stringify({ stream: 'authorization', data: { status: 'unauthorized', action: 'authenticate' } })));
    };
    worker = stack.start(undefined, { access: standIn.access });
    await worker.ready(20_000);
    await until(() => worker.messages.filter((one) => one.type === 'beat').length >= 8, 'eight seconds');
    expect((await stack.health()).reasons.join()).toContain('The broker refused the keys');
    expect(standIn.seen.filter((request) => request.method !== 'GET')).toEqual([]);
    expect(standIn.seen.length, standIn.seen.map((request) => request.path).join(' ')).toBeLessThanOrEqual(4);
    expect(sockets).toBe(1);
    expect(await worker.stop()).toBe(0);
    await standIn.close();
  });

  it('what it held before becomes opening positions, and trading goes on from there', async () => {
    await elsewhere('web-1', {});
    await stack.sim('step', { count: 1 });
    worker = stack.start();
    await worker.ready(40_000);
    const [opening] = await stack.book.sql<{ symbol: string; qty: string; avg_price: string }>('SELECT symbol, qty, avg_price FROM execution.opening_positions');
    expect(opening).toMatchObject({ symbol: 'AAPL', qty: '5.000000000' });
    const [account] = [await stack.call('/v2/account')];
    const [ledger] = await stack.book.sql<{ cash: string }>('SELECT cash FROM execution.account_ledger');
    expect(Number(ledger?.cash)).toBe(Number(account.cash));
    await stack.approve('exit-1', { side: 'sell', qty: '5', isReducing: true, source: 'manual', strategyId: null });
    await stack.reaches('exit-1', 'accepted');
    await stack.sim('step', { count: 1 });
    await stack.reaches('exit-1', 'filled');
    expect(await stack.book.sql('SELECT qty, avg_price FROM execution.positions')).toEqual([{ qty: '0.000000000', avg_price: null }]);
    expect(await stack.book.sql('SELECT is_clean, differences FROM execution.reconciliations')).toEqual([{ is_clean: true, differences: [] }]);
    expect(await stack.book.sql('SELECT source FROM execution.account_snapshots ORDER BY id LIMIT 1')).toEqual([{ source: 'start' }]);
  }, 60_000);

  it('orders of other programs are taken over with their fills', async () => {
    await elsewhere('web-2', {});
    await elsewhere('web-3', { type: 'limit', limit_price: '1', time_in_force: 'gtc', symbol: 'MSFT' });
    await stack.sim('step', { count: 1 });
    worker = stack.start();
    await worker.ready(40_000);
    const [latest] = await stack.book.sql<{ is_clean: boolean; differences: { kind: string; subject: string }[]; compared: { orders: number; fills: number } }>('SELECT is_clean, differences, compared FROM execution.reconciliations ORDER BY at DESC LIMIT 1');
    expect(latest?.differences.map((one) => one.kind)).toEqual(['foreign_order', 'foreign_order']);
    expect(latest?.compared).toMatchObject({ fills: 2 });
    expect(await stack.book.sql(`SELECT client_order_id, source, status FROM execution.orders WHERE source = 'broker' ORDER BY client_order_id`)).toEqual([
      { client_order_id: 'web-2', source: 'broker', status: 'filled' }, { client_order_id: 'web-3', source: 'broker', status: 'accepted' },
    ]);
    expect(await stack.book.sql('SELECT 1 FROM execution.trades')).toHaveLength(2);
    // While it listens, the stream is enough.
    await elsewhere('web-4', {});
    await stack.sim('step', { count: 1 });
    await until(async () => (await stack.book.sql(`SELECT 1 FROM execution.trades t JOIN execution.orders o USING (order_id) WHERE o.client_order_id = 'web-4'`)).length > 0, 'the order of the other page in the book');
    // Money that comes without an order is read with the next comparison.
    await stack.sim('transfer', { amount: '500' });
    await worker.kill();
    worker = stack.start();
    await worker.ready(40_000);
    expect(await stack.book.sql('SELECT kind, activity_type, cash_change FROM execution.ledger_entries')).toEqual([{ kind: 'transfer', activity_type: 'CSD', cash_change: '500.000000000' }]);
    const [again] = await stack.book.sql<{ is_clean: boolean }>('SELECT is_clean FROM execution.reconciliations ORDER BY at DESC LIMIT 1');
    expect(again?.is_clean).toBe(true);
    expect(await brokenInvariants(stack.book)).toEqual([]);
  }, 60_000);

  it('a half-open stream is noticed, and what it kept back is booked', async () => {
    worker = stack.start();
    await worker.ready(40_000);
    await stack.sim('faults', { kind: 'silent_streams', streams: 'trading', ms: 20_000 });
    await stack.approve('quiet-1', { qty: '1', symbol: 'MSFT' });
    await until(async () => (await stack.order('quiet-1'))?.broker_order_id, 'the reply over REST');
    await stack.sim('step', { count: 1 });
    await stack.reaches('quiet-1', 'filled', 30_000);
    await stack.sim('faults', { kind: 'clear' });
  }, 60_000);

  it('another account than that of the ledger: stops for a person', async () => {
    await stack.book.sql(`UPDATE execution.account_ledger SET account_number = 'PA-OTHER'`);
    worker = stack.start();
    expect(await worker.exited(30_000)).toBe(78);
    expect(worker.output()).toContain('another data folder');
  });
});
