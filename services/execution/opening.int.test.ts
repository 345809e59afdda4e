/** First contact with an account, and everything about an account that is not as it should be. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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
  it('refused keys: not ready, says what to do, asks rarely', async () => {
    worker = stack.start(undefined, { secretKey: 'wrong' });
    await until(async () => (await stack.health()).reasons.some((reason) => reason.includes('ALPACA_SECRET_KEY')), 'the remedy', 20_000);
    expect((await stack.health()).ready).toBe(false);
    await until(() => worker.messages.some((message) => message.type === 'extend'), 'the wish for patience');
    await worker.kill();
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

  it('orders of other programs are reported and not booked', async () => {
    await elsewhere('web-2', {});
    await elsewhere('web-3', { type: 'limit', limit_price: '1', time_in_force: 'gtc', symbol: 'MSFT' });
    await stack.sim('step', { count: 1 });
    worker = stack.start();
    await worker.ready(40_000);
    const [latest] = await stack.book.sql<{ is_clean: boolean; differences: { kind: string; subject: string }[] }>('SELECT is_clean, differences FROM execution.reconciliations ORDER BY at DESC LIMIT 1');
    expect(latest?.is_clean).toBe(false);
    expect(latest?.differences.map((one) => one.kind).sort()).toEqual(['cash', 'foreign_fill', 'foreign_order', 'position']);
    expect((await stack.health()).reasons.join()).toContain('position AAPL');
    expect(await stack.book.sql('SELECT 1 FROM execution.trades')).toHaveLength(1);
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
