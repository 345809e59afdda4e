/** The flows of execution between a real book and the real simulator: they push, look after and compare, and never send an order of their own. */
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventEnvelope, Payload } from '#app/contracts/events.ts';
import { MARKET_TERMS, writeTerms } from '#app/domain/order-terms.ts';
import type { FlowName } from '#app/contracts/flows.ts';
import { createArming } from '#chassis/arming.ts';
import { monotonicMs, systemClock } from '#chassis/clock.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { createHealth } from '#chassis/health.ts';
import { createLatch } from '#chassis/latch.ts';
import { createMetrics } from '#chassis/metrics.ts';
import type { ServiceContext, ServiceParts } from '#chassis/service.ts';
import { brokenInvariants, startStack, type Stack } from '../../tests/support/execution-stack.ts';
import { Killed, runFlowByHand, type FlowRunOptions } from '../../tests/support/flow-context.ts';
import { until } from '../../tests/support/servers.ts';
import { simulatorAccess, testConfig } from '../../tests/support/worker.ts';
import { setUpExecution } from './service.ts';

let stack: Stack;
let db: Db;
let parts: ServiceParts;
const abort = new AbortController();
const triggered: string[] = [];
/** The market's time at the start, by the simulator's clock. */
let now = 0;

beforeAll(async () => {
  stack = await startStack();
  const log = pino({ level: 'silent' });
  db = openDb({ access: stack.book.access('execution'), database: 'trading_system', schema: 'execution', applicationName: 'execution', max: 4, onLost: () => undefined });
  const none = (): never => {
    throw new Error('Execution does not use this here');
  };
  const ctx: ServiceContext = {
    unit: 'execution', config: testConfig('execution', stack, stack.units, { alpaca: simulatorAccess(stack.units) }), log, clock: systemClock, db, metrics: createMetrics('execution'), health: createHealth(() => undefined),
    flows: { trigger: (name: FlowName) => Promise.resolve(`${name}:${triggered.push(name)}`) }, signal: abort.signal, laneBusyForMs: () => null, extend: () => undefined, request: none, onControl: none, callCommand: none, healthReport: none,
    arming: createArming({ mode: 'demo', configured: undefined, clocks: () => ({ wall: systemClock.now(), monotonic: monotonicMs() }), log }),
    latch: createLatch({ configured: [], log, send: () => undefined }),
    get bus() {
      return none();
    },
    fatal(error) {
      throw error;
    },
  };
  parts = setUpExecution(ctx);
  now = Date.parse(String((await stack.call('/v2/clock'))['timestamp']));
  await parts.recover?.();
  await parts.start?.();
}, 60_000);
afterAll(async () => {
  abort.abort();
  await parts.drain?.(5_000);
  await db.close();
  await stack.stop();
});

let seq = 0;
/** Risk's approval, heard by execution. */
async function approve(id: string, fields: Partial<Payload<'order.approved'>> = {}): Promise<void> {
  const payload = { decisionId: id, clientOrderId: `ms-${id}`, source: 'strategy', signalId: `s-${id}`, strategyId: 'sma_cross', symbol: 'AAPL', side: 'buy', qty: '3', ...writeTerms(MARKET_TERMS), replaces: null, isReducing: false, referencePrice: '200', reservedNotional: '600', tsMarket: now, tsBarSeen: null, ...fields };
  const envelope = { producer: 'risk_management', seq: (seq += 1), topic: 'order.approved', key: id, correlationId: id, tsWritten: 0, payload } as unknown as EventEnvelope;
  await db.tx((tx) => parts.consumers?.[0]?.handle(tx, [envelope]) ?? Promise.reject(new Error('no lane')));
}
const run = async (name: FlowName, options: FlowRunOptions = {}): Promise<Record<string, unknown>> => (await runFlowByHand(parts.flows ?? [], name, options)).output as Record<string, unknown>;
const ordersThere = async (): Promise<number> => ((await stack.call('/v2/orders?status=all&limit=500')) as unknown as unknown[]).length;

describe('execute_trades', () => {
  it('follows an approval, waits until the broker has the order, and sends it once', async () => {
    await approve('push-1');
    await until(() => triggered.includes('execute_trades'), 'the run that follows the approval');
    expect(await run('execute_trades')).toMatchObject({ after: { waiting: 0, unresolved: 0, heldBecause: [] } });
    expect(await run('execute_trades')).toMatchObject({ before: { waiting: 0, unresolved: 0 } });
    expect((await stack.atBroker('push-1')).length).toBe(1);
    await stack.sim('step', { count: 1 });
    await stack.reaches('push-1', 'filled');
    expect(await ordersThere()).toBe(1);
  });
});

describe('manage_orders', () => {
  it('leaves alone what may be open, and says so', async () => {
    await approve('rest-day', { type: 'limit', limitPrice: '1' });
    await approve('rest-gtc', { type: 'limit', limitPrice: '1', timeInForce: 'gtc' });
    for (const id of ['rest-day', 'rest-gtc']) await stack.reaches(id, 'accepted');
    const { output, skipped } = await runFlowByHand(parts.flows ?? [], 'manage_orders');
    expect(output).toMatchObject({ openOrders: 2, unknownOutcomes: 0, cancelRequested: [], strangeOrders: [], foreignOrders: [], differences: null });
    expect(skipped).toEqual([{ name: 'cancel what is overdue', reason: 'Every open order may be open' }]);
  });

  it('cancels, by the ordinary way and once, what is older than a person allows', async () => {
    await stack.sim('step', { count: 6 });
    await approve('rest-young', { type: 'limit', limitPrice: '1', timeInForce: 'gtc', tsMarket: now + 6 * 60_000 });
    await stack.reaches('rest-young', 'accepted');
    const options = { input: { maxAgeMinutes: 5 }, runId: 'manage_orders:k', memory: new Map<string, unknown>() };
    await expect(run('manage_orders', { ...options, killAfter: 'cancel what is overdue' })).rejects.toThrow(Killed);
    await run('manage_orders', options);
    for (const id of ['rest-day', 'rest-gtc']) expect((await stack.reaches(id, 'canceled')).reason).toContain('open for more than 5 minutes');
    expect((await stack.order('rest-young'))?.status).toBe('accepted');
    const [events] = await stack.book.sql<{ n: number }>(`SELECT count(*) AS n FROM execution.order_events WHERE kind = 'cancel_requested' AND order_id IN ('rest-day', 'rest-gtc')`);
    expect(events).toEqual({ n: 2 });
    expect(await run('manage_orders', { input: { maxAgeMinutes: 5 } })).toMatchObject({ openOrders: 1, cancelRequested: [] });
  });

  it('leaves alone a day order that the broker took in this session, however old the bar behind it is, and exits of any age', async () => {
    await approve('by-old-bar', { type: 'limit', limitPrice: '1', tsMarket: now - 4 * 86_400_000 });
    await approve('long-exit', { type: 'limit', limitPrice: '900', timeInForce: 'gtc', side: 'sell', qty: '1', isReducing: true });
    for (const id of ['by-old-bar', 'long-exit']) await stack.reaches(id, 'accepted');
    expect(await run('manage_orders')).toMatchObject({ openOrders: 3, cancelRequested: [] });
    await stack.sim('step', { count: 6 });
    expect(await run('manage_orders', { input: { maxAgeMinutes: 5 }, runId: 'manage_orders:old' })).toMatchObject({ cancelRequested: ['ms-rest-young', 'ms-by-old-bar'] });
    await stack.reaches('by-old-bar', 'canceled');
    expect((await stack.order('long-exit'))?.status).toBe('accepted');
  });

  it('has the books compared when the broker shows orders that ours do not, which takes them over', async () => {
    const strangers = ['ms-stranger', 'by-hand'];
    // The stream tells of them, too, and they would be taken over by that alone.
    await stack.sim('faults', { kind: 'updates', fault: 'drop', count: 20 });
    for (const id of strangers) await stack.call('/v2/orders', { symbol: 'AAPL', side: 'buy', type: 'limit', limit_price: '1', time_in_force: 'gtc', qty: '1', client_order_id: id });
    expect(await run('manage_orders', { runId: 'manage_orders:strange' })).toMatchObject({ strangeOrders: ['ms-stranger'], foreignOrders: ['by-hand'], differences: 2 });
    await stack.sim('faults', { kind: 'clear' });
    expect(await stack.book.sql(`SELECT is_clean FROM execution.reconciliations WHERE run_id = 'manage_orders:strange'`)).toEqual([{ is_clean: false }]);
    expect(await run('manage_orders', { runId: 'manage_orders:after' })).toMatchObject({ strangeOrders: [], foreignOrders: [], differences: null });
    const taken = await stack.book.sql<{ order_id: string; broker_order_id: string; status: string; source: string }>('SELECT order_id, broker_order_id, status, source FROM execution.orders WHERE client_order_id = ANY($1)', [strangers]);
    expect(taken.map(({ status, source }) => [status, source])).toEqual([['accepted', 'broker'], ['accepted', 'broker']]);
    for (const { order_id: orderId, broker_order_id: id } of taken) {
      expect((await fetch(`${simulatorAccess(stack.units).tradingUrl}/v2/orders/${id}`, { method: 'DELETE', headers: { 'apca-api-key-id': 'PKTEST', 'apca-api-secret-key': 'test-secret' } })).status).toBe(204);
      await stack.reaches(orderId, 'canceled');
    }
  });
});

describe('update_positions and reconcile_trades', () => {
  it('show a thousand differences at most, and do not break off over more', async () => {
    const differences = [...Array.from({ length: 1_200 }, (_, n) => ({ kind: 'foreign_order', subject: `x${n}`, ours: null, theirs: 'buy', action: 'left alone' })), { kind: 'position', subject: 'AAPL', ours: '1', theirs: '2', action: 'look' }];
    await stack.book.sql(`INSERT INTO execution.reconciliations (run_id, is_clean, differences) VALUES ('reconcile_trades:crowd', false, $1)`, [JSON.stringify(differences)]);
    const result = (await run('reconcile_trades', { runId: 'reconcile_trades:crowd' })) as { differences: string[] };
    expect([result.differences.length, result.differences[0], result.differences.at(-1)]).toEqual([1_001, '201 more, which the table of comparisons holds', 'position AAPL: look']);
  });

  it('agree with the broker and keep one comparison per run', async () => {
    const before = await ordersThere();
    expect(await run('update_positions')).toMatchObject({ positions: 1, positionsAgree: true, equityDollars: expect.stringMatching(/^\d+/) as unknown });
    const [snapshot] = await stack.book.sql<{ source: string }>(`SELECT source FROM execution.account_snapshots ORDER BY id DESC LIMIT 1`);
    expect(snapshot?.source).toBe('update_positions');
    await until(async () => ((await stack.call('/v2/orders?status=open')) as unknown as unknown[]).length === 1, 'only the young order to be open');
    expect(await run('reconcile_trades', { runId: 'reconcile_trades:1' })).toEqual({ isClean: true, differences: [] });
    expect(await run('reconcile_trades', { runId: 'reconcile_trades:1' })).toEqual({ isClean: true, differences: [] });
    expect(await stack.book.sql(`SELECT count(*) AS n FROM execution.reconciliations WHERE run_id = 'reconcile_trades:1'`)).toEqual([{ n: 1 }]);
    expect(await ordersThere()).toBe(before);
    expect(await brokenInvariants(stack.book)).toEqual([]);
  });

  it('find within the minute what was traded elsewhere and never told', async () => {
    await stack.sim('faults', { kind: 'updates', fault: 'drop', count: 20 });
    await stack.call('/v2/orders', { client_order_id: 'web-unheard', symbol: 'AAPL', qty: '1', side: 'sell', type: 'market', time_in_force: 'day' });
    await stack.sim('step', { count: 1 });
    expect(await stack.book.sql(`SELECT 1 FROM execution.orders WHERE client_order_id = 'web-unheard'`)).toEqual([]);
    expect(await run('update_positions', { runId: 'update_positions:unheard' })).toMatchObject({ positionsAgree: true, isClean: false });
    await stack.sim('faults', { kind: 'clear' });
    expect(await stack.book.sql(`SELECT source, filled_qty::text FROM execution.orders WHERE client_order_id = 'web-unheard'`)).toEqual([{ source: 'broker', filled_qty: '1.000000000' }]);
    expect(await brokenInvariants(stack.book)).toEqual([]);
  });
});
