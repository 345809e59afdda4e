/** The books over a real PostgreSQL: orders placed elsewhere, activities, findings and their remedies, against a broker that the test plays. */
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { money, price, quantity } from '#app/domain/numeric.ts';
import { MARKET_TERMS } from '#app/domain/order-terms.ts';
import { epochMs } from '#app/domain/time.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { createMetrics } from '#chassis/metrics.ts';
import { checkPositionsAndCash } from '../../main/invariants/ledger.ts';
import { checkBrokerOrders, checkOrderPaths, checkRelations } from '../../main/invariants/orders.ts';
import { brokenInvariants } from '../../tests/support/execution-stack.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import type { BrokerActivity } from '../alpaca/activities.ts';
import type { Broker, BrokerFill, BrokerOrder } from '../alpaca/ports.ts';
import { createAdopter } from './adopt.ts';
import { createBooking } from './booking.ts';
import { readStanding } from './findings.ts';
import { applyRemedy, dismissFinding, type RemedyParts } from './guardian-commands.ts';
import { lookAfter } from './guardian.ts';
import { insertApproved, insertFound } from './order-insert.ts';
import { moveOrder } from './orders.ts';
import { createReconciler, type Reconciler } from './reconcile.ts';

const T0 = epochMs(Date.parse('2026-01-05T15:00:00Z'));
let book: Book;
let db: Db;
let reconciler: Reconciler;
let remedies: RemedyParts;
let asked: unknown[];
let isDenied: boolean;
let runs = 0;

/** What the broker has. */
const there = { open: [] as BrokerOrder[], closed: [] as BrokerOrder[], fills: [] as BrokerFill[], activities: [] as BrokerActivity[], positions: new Map<string, string>(), cash: '100000' };

const order = (id: string, fields: Partial<BrokerOrder> = {}): BrokerOrder => ({
  id, clientOrderId: `web-${id}`, symbol: 'AAPL', side: 'buy', type: 'market', timeInForce: 'day', orderClass: 'simple', extendedHours: false, qty: quantity('10'), notional: null, limitPrice: null, stopPrice: null, trailPrice: null,
  trailPercent: null, hwm: null, status: 'filled', filledQty: quantity('10'), filledAvgPrice: price('100'), replaces: null, replacedBy: null, legs: [], submittedAt: T0, expiresAt: null, updatedAt: epochMs(T0 + 2_000), ...fields,
});
let counted = 0;
const fill = (orderId: string, side: 'buy' | 'sell', [qty, at, cum = qty]: readonly [string, string, string?]): BrokerFill => {
  counted += 1;
  return { activityId: `20260105100000${String(counted).padStart(3, '0')}::x${counted}`, executionId: `x${counted}`, brokerOrderId: orderId, symbol: 'AAPL', side, qty: quantity(qty), price: price(at), cumQty: quantity(cum), at: epochMs(T0 + counted * 1_000) };
};
const activity = (type: string, fields: Partial<BrokerActivity>): BrokerActivity => {
  counted += 1;
  return { activityId: `20260105100000${String(counted).padStart(3, '0')}::a${counted}`, type, symbol: null, qty: null, price: null, netAmount: money('0'), day: '2026-01-05', at: epochMs(T0 + counted * 1_000), description: type, isExecuted: true, ...fields };
};
const broker = {
  listOpen: () => Promise.resolve(there.open),
  getByClientId: (id: string) => Promise.resolve([...there.open, ...there.closed].find((one) => one.clientOrderId === id) ?? null),
  getOrder: (id: string) => Promise.resolve([...there.open, ...there.closed].find((one) => one.id === id) ?? null),
  fillsAfter: () => Promise.resolve(there.fills), activitiesAfter: () => Promise.resolve(there.activities), newestActivityId: () => Promise.resolve(null), cancel: () => Promise.resolve('requested'),
  positions: () => Promise.resolve([...there.positions].map(([symbol, qty]) => ({ symbol, qty: quantity(qty), avgEntryPrice: price('100') }))),
  account: () => Promise.resolve({ accountNumber: 'T', cash: money(there.cash) }), clock: () => Promise.resolve({ at: T0, isOpen: true, nextOpen: T0, nextClose: T0 }),
} as unknown as Broker;

const nowMs = () => epochMs(Date.now());
const compare = () => reconciler.run(`r${(runs += 1)}`);
const one = async <Row>(sql: string, params: unknown[] = []): Promise<Row | undefined> => (await book.sql<Row>(sql, params))[0];
const shares = async () => Object.fromEntries((await book.sql<{ strategy_id: string; qty: string; realized_pnl: string }>('SELECT strategy_id, qty, realized_pnl FROM execution.strategy_positions ORDER BY strategy_id')).map((row) => [row.strategy_id, `${Number(row.qty)} ${Number(row.realized_pnl)}`]));
const sound = async () => {
  const query = <Row>(text: string, params: readonly unknown[] = []) => db.query<Row>(text, params);
  const facts = [...there.open, ...there.closed].map((one1) => ({ id: one1.id, clientOrderId: one1.clientOrderId, status: one1.status, filledQty: one1.filledQty.toFixed() }));
  expect([...(await brokenInvariants(book)), ...(await checkPositionsAndCash(query)), ...(await checkOrderPaths(query)), ...(await checkRelations(query)), ...(await checkBrokerOrders(query, facts))]).toEqual([]);
};

/** A strategy's own order with its fill, as it went through the ordinary way. */
async function strategyBuys(id: string, qty: string, at: string, withStop = false): Promise<void> {
  const theirs = order(`b-${id}`, { clientOrderId: `ms-${id}`, qty: quantity(qty), filledQty: quantity(qty), ...(withStop ? { orderClass: 'oto' } : {}) });
  there.closed.push(theirs);
  await db.tx(async (tx) => {
    const stop = withStop ? { orderClass: 'oto' as const, stopLoss: { stopPrice: price('90'), limitPrice: null } } : {};
    const fresh = await insertApproved(tx, {
      decisionId: id, clientOrderId: `ms-${id}`, source: 'strategy', signalId: null, strategyId: 'sma', symbol: 'AAPL', side: 'buy', qty, type: 'market', timeInForce: 'day', orderClass: 'simple', extendedHours: false, limitPrice: null, stopPrice: null,
      trailPrice: null, trailPercent: null, takeProfit: null, stopLoss: null, replaces: null, replacedFilledQty: '0', isReducing: false, referencePrice: at, reservedNotional: '0', tsMarket: T0, tsBarSeen: null,
    }, { ...MARKET_TERMS, ...stop, qty: quantity(qty) }, { approvedSeq: runs, replacesOrderId: null });
    await moveOrder(tx, fresh, { event: { kind: 'submitted' }, tsEvent: T0, source: 'local', detail: {} });
  });
  there.fills.push(fill(`b-${id}`, 'buy', [qty, at]));
  there.positions.set('AAPL', String(Number(there.positions.get('AAPL') ?? '0') + Number(qty)));
  there.cash = String(Number(there.cash) - Number(qty) * Number(at));
}

beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('execution'), database: 'trading_system', schema: 'execution', applicationName: 'test', max: 4, onLost: () => undefined });
  const log = pino({ level: 'silent' });
  const booking = createBooking(db, createMetrics('books'), nowMs);
  const adopter = createAdopter({ db, broker, booking, log, nowMs, monotonicMs: () => performance.now(), onFills: () => undefined, fatal: (error) => expect.unreachable(String(error)) });
  reconciler = createReconciler({ db, broker, booking, adopter, log, nowMs, resolver: { unknown: () => undefined, attend: () => undefined }, onSerious: () => undefined, steadyMs: 0, pauseMs: 5 });
  const ask: RemedyParts['ask'] = (name, input) => {
    asked.push({ name, ...input });
    return Promise.resolve({ outcome: isDenied ? 'denied' : 'approved', message: 'the rules say no', code: null, clientOrderId: 'ms-x', decisionId: 'x' } as never);
  };
  remedies = { db, broker, reconciler, nowMs, onCancel: () => undefined, ask };
});
afterAll(async () => {
  await db.close();
  await book.stop();
});
beforeEach(async () => {
  await book.sql('TRUNCATE execution.orders, execution.order_events, execution.trades, execution.positions, execution.strategy_positions, execution.account_ledger, execution.opening_positions, execution.ledger_entries, execution.findings, execution.broker_cursors, execution.reconciliations, execution.outbox CASCADE');
  Object.assign(there, { open: [], closed: [], fills: [], activities: [], positions: new Map(), cash: '100000' });
  asked = [];
  isDenied = false;
  expect((await compare()).isClean).toBe(true);
});

describe('orders placed elsewhere', () => {
  it('are in the book with their fills, once, as the manual share', async () => {
    there.closed.push(order('w1'));
    there.fills.push(fill('w1', 'buy', ['4', '99', '4']), fill('w1', 'buy', ['6', '101', '10']));
    there.open.push(order('w2', { type: 'limit', limitPrice: price('120'), side: 'sell', qty: quantity('5'), status: 'new', filledQty: quantity('0'), filledAvgPrice: null }));
    there.positions.set('AAPL', '10');
    there.cash = String(100_000 - 4 * 99 - 6 * 101);
    expect((await compare()).differences.map((difference) => difference.kind)).toEqual(['foreign_order', 'foreign_order']);
    expect((await compare()).isClean).toBe(true);
    expect(await book.sql('SELECT order_id, source, status, is_reducing FROM execution.orders ORDER BY order_id')).toEqual([
      { order_id: 'broker:w1', source: 'broker', status: 'filled', is_reducing: false }, { order_id: 'broker:w2', source: 'broker', status: 'accepted', is_reducing: true },
    ]);
    expect(await shares()).toEqual({ '': '10 0' });
    await sound();
  });

  it('that sell what a strategy holds take it from the strategy, at their price', async () => {
    await strategyBuys('s1', '10', '100');
    await compare();
    there.closed.push(order('w1', { side: 'sell', qty: quantity('7'), filledQty: quantity('7') }));
    there.fills.push(fill('w1', 'sell', ['7', '110']));
    there.positions.set('AAPL', '3');
    there.cash = String(100_000 - 1_000 + 770);
    await compare();
    expect((await compare()).isClean).toBe(true);
    expect(await shares()).toEqual({ '': '0 0', sma: '3 70' });
    expect(await one('SELECT kind, share_qty FROM execution.ledger_entries')).toEqual({ kind: 'allocation', share_qty: '7.000000000' });
    expect(await lookAfter(db)).toBe(0);
    await sound();
  });

  it('by dollars are taken over when they are done; a list of fills that lags books nothing', async () => {
    const byDollars = order('w1', { qty: null, notional: money('250'), status: 'new', filledQty: quantity('0'), filledAvgPrice: null });
    there.open.push(byDollars);
    await compare();
    expect(await book.sql('SELECT 1 FROM execution.orders')).toEqual([]);
    there.open.pop();
    there.closed.push({ ...byDollars, status: 'filled', filledQty: quantity('2.5') });
    there.positions.set('AAPL', '2.5');
    there.cash = '99750';
    await compare();
    expect((await readStanding(db)).map((finding) => [finding.kind, finding.remedy])).toEqual([['cash_mismatch', null], ['position_mismatch', null]]);
    there.fills.push(fill('w1', 'buy', ['2.5', '100']));
    await compare();
    expect((await compare()).isClean).toBe(true);
    expect(await readStanding(db)).toEqual([]);
    await sound();
  });
});

describe('activities', () => {
  it('move cash and shares once, to whom they belong', async () => {
    await strategyBuys('s1', '10', '120');
    await compare();
    there.activities.push(activity('FEE', { netAmount: money('-0.03') }), activity('DIV', { symbol: 'AAPL', qty: quantity('10'), netAmount: money('2.4') }), activity('CSD', { netAmount: money('500') }), activity('SPLIT', { symbol: 'AAPL', qty: quantity('20') }));
    there.positions.set('AAPL', '30');
    there.cash = String(100_000 - 1_200 + 502.37);
    expect((await compare()).isClean).toBe(true);
    await compare();
    expect(await one('SELECT count(*) AS n, (SELECT fees_total FROM execution.account_ledger) AS fees FROM execution.ledger_entries')).toEqual({ n: 4, fees: '0.030000000' });
    expect(await one('SELECT qty, avg_price, version FROM execution.positions')).toEqual({ qty: '30.000000000', avg_price: '40.000000000', version: 2 });
    expect(await one('SELECT qty, price FROM execution.lots')).toEqual({ qty: '30.000000000', price: '40.000000000' });
    expect((await book.sql<{ strategy_id: string }>(`SELECT strategy_id FROM execution.ledger_entries ORDER BY ledger_seq`)).map((row) => row.strategy_id)).toEqual(['', 'sma', '', '']);
    await sound();
  });
});

describe('findings', () => {
  it('of a position that no fill explains are mended by taking over the figure of the broker, checked again at that moment', async () => {
    await strategyBuys('s1', '10', '100');
    await compare();
    there.positions.set('AAPL', '4');
    await compare();
    expect(await readStanding(db)).toMatchObject([{ kind: 'position_mismatch', subject: 'AAPL', remedy: null, state: 'open' }]);
    await compare();
    const [finding] = await readStanding(db);
    const input = { findingId: finding?.findingId ?? '', idempotencyKey: 'remedy-0001', actor: 'owner' };
    expect(finding?.remedy?.words).toContain("Takes over the broker's position");
    there.positions.set('AAPL', '5');
    await expect(applyRemedy(remedies)(input)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    there.positions.set('AAPL', '4');
    expect(await applyRemedy(remedies)(input)).toEqual({ findingId: 'position_mismatch:AAPL', done: 'Our book now holds 4 AAPL' });
    await expect(applyRemedy(remedies)(input)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    expect((await compare()).isClean).toBe(true);
    expect(await shares()).toEqual({ sma: '4 0' });
    expect(await one('SELECT kind, actor, qty_change FROM execution.ledger_entries')).toEqual({ kind: 'adjustment', actor: 'owner', qty_change: '-6.000000000' });
    await sound();
  });

  it('of a position without its stop ask risk, and stand when risk says no; a dismissed one is not told again', async () => {
    await strategyBuys('s1', '10', '100', true);
    await compare();
    await book.sql(`UPDATE execution.orders SET updated_at = now() - interval '5 minutes'`);
    await lookAfter(db);
    const [finding] = await readStanding(db);
    expect(finding).toMatchObject({ kind: 'unprotected_position', subject: 'sma/AAPL', severity: 'critical', remedy: { action: { kind: 'protect', qty: '10', stopPrice: '90' } } });
    const input = { findingId: finding?.findingId ?? '', idempotencyKey: 'remedy-0002', actor: 'owner' };
    isDenied = true;
    await expect(applyRemedy(remedies)(input)).rejects.toMatchObject({ code: 'ORDER_DENIED' });
    isDenied = false;
    await applyRemedy(remedies)(input);
    expect(asked.at(-1)).toMatchObject({ name: 'manualOrder', side: 'sell', qty: '10', type: 'stop', stopPrice: '90', timeInForce: 'gtc' });
    await lookAfter(db);
    await dismissFinding(db)({ ...input, reason: 'I watch it myself' });
    await lookAfter(db);
    expect(await readStanding(db)).toMatchObject([{ state: 'dismissed' }]);
    expect((await book.sql<{ state: string }>(`SELECT payload->>'state' AS state FROM execution.outbox WHERE topic = 'finding.changed' AND payload->>'kind' = 'unprotected_position' ORDER BY seq`)).map((row) => row.state)).toEqual(['open', 'resolved', 'open', 'dismissed']);
    // Its stop shows up at last: the finding closes by itself.
    await db.tx(async (tx) => {
      const leg = await insertFound(tx, {
        orderId: 's1:stop_loss', decisionId: 's1', clientOrderId: 'leg-1', brokerOrderId: 'leg-1', source: 'strategy', strategyId: 'sma', signalId: null, symbol: 'AAPL', side: 'sell', role: 'stop_loss', parentOrderId: 's1', replacesOrderId: null,
        terms: { ...MARKET_TERMS, type: 'stop', stopPrice: price('90'), timeInForce: 'gtc', qty: quantity('10') }, isReducing: true, referencePrice: '90', tsMarket: T0, approvedSeq: 0,
      }, 'rest');
      await moveOrder(tx, leg, { event: { kind: 'accepted' }, tsEvent: T0, source: 'rest', detail: {} });
    });
    expect(await lookAfter(db)).toBe(0);
    expect(await readStanding(db)).toEqual([]);
  });
});
