/** Targets over a real book: short ones, weights, steps that are owed, orders of a strategy's own. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_RISK_LIMITS } from '#app/domain/limits.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { bar, signal, useTestHouse } from '../../tests/support/risk-house.ts';
import { followUpAtResume, isSomethingWaiting, lookAtWaiting } from './follow-ups.ts';
import { setRiskLimits } from './limits.ts';
import { setTradingState } from './trading-state.ts';

const at = useTestHouse();

const allowShort = (): Promise<unknown> => setRiskLimits(at().db, { idempotencyKey: 'limits-short', actor: 'test', limits: { ...DEFAULT_RISK_LIMITS, maxOrderNotional: '40000', maxPositionNotional: '40000', allowShort: true } });
const brief = async (): Promise<unknown[]> => (await at().rows.decisions()).map((row) => [row.decision_id, row.outcome, row.code, row.side, row.qty]);
const owed = async (): Promise<unknown[]> => (await at().rows.book.sql<{ owed: string | null; target: string; follow_ups: number }>('SELECT target, trim_scale(owed)::text AS owed, follow_ups FROM risk_management.strategy_targets')).map((row) => [row.target, row.owed, row.follow_ups]);
const id = (n: number): string => signal(n).signalId;

/** The signal's row, as strategy_engine writes it. */
async function raised(n: number, changes: Parameters<typeof signal>[1] = {}): Promise<void> {
  const { signalId, strategyId, strategyVersionId, symbol, barOpenTime, tsMarket, target, weight, order, cancels, protection } = signal(n, changes);
  await at().rows.book.sql(
    `INSERT INTO strategy_engine.strategy_signals (signal_id, strategy_id, strategy_version_id, symbol, timeframe, bar_open_time, ts_market, target, reference_price, reasons, weight, own_order, cancels, protection)
     VALUES ($1, $2, $3, $4, '1Min', to_timestamp($5::bigint / 1000.0), to_timestamp($6::bigint / 1000.0), $7, 100, '[]', $8, $9::jsonb, $10, $11::jsonb)`,
    [signalId, strategyId, strategyVersionId, symbol, barOpenTime, tsMarket, target, weight, order === null ? null : JSON.stringify(order), cancels, protection === null ? null : JSON.stringify(protection)],
  );
  await at().hear(signal(n, changes));
}

describe('a target on the other side', () => {
  it('is reached in two steps: the exit, and when that has filled the entry, as many shares as were worked out at the signal', async () => {
    await allowShort();
    await at().rows.hold('sma', 'AAPL', '50');
    await raised(1, { target: 'short', protection: { stopPrice: '130', takeProfitPrice: null } });
    expect(await brief()).toEqual([[id(1), 'approved', null, 'sell', '50']]);
    expect(await owed()).toEqual([['short', '-50', 0]]);
    await at().rows.writeOrder(id(1), { filled: '50', status: 'filled', closedAt: bar(2) });
    await at().rows.hold('sma', 'AAPL', '0');
    await at().rows.setCash('105000');
    await at().rows.close('AAPL', 1, '120');
    await at().orderMoved();
    await at().orderMoved();
    expect((await brief()).slice(1)).toEqual([[`${id(1)}:r1`, 'approved', null, 'sell', '50']]);
    expect((await at().rows.said('order.approved'))[1]?.payload).toMatchObject({ source: 'risk', strategyId: 'sma', signalId: id(1), isReducing: false, orderClass: 'oto', stopLoss: { stopPrice: '130' } });
    expect(await owed()).toEqual([['short', null, 1]]);
    expect(await isSomethingWaiting(at().db)).toBe(false);
  });

  it('leaves only the exit when trading was halted meanwhile: an entry never comes out of a halt', async () => {
    await allowShort();
    await at().rows.hold('sma', 'AAPL', '50');
    await raised(1, { target: 'short' });
    await setTradingState(at().db, { idempotencyKey: 'halt-0001', actor: 'owner', state: 'HALTED', reason: 'wait' });
    await at().rows.writeOrder(id(1), { filled: '20', status: 'canceled', closedAt: bar(2) });
    await at().rows.hold('sma', 'AAPL', '30');
    await at().orderMoved();
    expect(await brief()).toHaveLength(1);
    await setTradingState(at().db, { idempotencyKey: 'resume-001', actor: 'owner', state: 'ACTIVE', reason: 'go on' });
    expect(await followUpAtResume(at().house)).toBe(1);
    expect((await brief()).at(-1)).toEqual([`${id(1)}:r1`, 'approved', null, 'sell', '30']);
    expect(await owed()).toEqual([['flat', '0', 1]]);
  });

  it('sends no entry after a halt, whatever comes first after it', async () => {
    await allowShort();
    await at().rows.hold('sma', 'AAPL', '50');
    await raised(1, { target: 'short' });
    await setTradingState(at().db, { idempotencyKey: 'halt-0002', actor: 'owner', state: 'HALTED', reason: 'wait' });
    await at().rows.writeOrder(id(1), { filled: '50', status: 'filled', closedAt: bar(2) });
    await at().rows.hold('sma', 'AAPL', '0');
    await at().rows.setCash('105000');
    await setTradingState(at().db, { idempotencyKey: 'resume-002', actor: 'owner', state: 'ACTIVE', reason: 'go on' });
    // An event of an order is heard before the waiting steps are looked at.
    await at().orderMoved();
    await followUpAtResume(at().house);
    expect(await brief()).toHaveLength(1);
    expect(await owed()).toEqual([['short', null, 0]]);
  });

  it('is missed when its entry could not follow within minutes', async () => {
    await allowShort();
    await at().rows.hold('sma', 'AAPL', '50');
    await raised(1, { target: 'short' });
    await at().rows.writeOrder(id(1), { filled: '50', status: 'filled', closedAt: bar(2) });
    await at().rows.hold('sma', 'AAPL', '0');
    await at().rows.close('AAPL', 30, '100');
    await at().orderMoved();
    expect(await brief()).toHaveLength(1);
    expect(await owed()).toEqual([['short', null, 0]]);
  });
});

describe('a weight', () => {
  it('is traded as the difference to what is held', async () => {
    await at().rows.hold('sma', 'AAPL', '50');
    await at().rows.setCash('95000');
    await raised(1, { weight: '0.08' });
    await at().rows.writeOrder(id(1), { filled: '30', status: 'filled' });
    await at().rows.hold('sma', 'AAPL', '80');
    await at().rows.setCash('92000');
    await raised(2, { weight: '0.025' });
    expect(await brief()).toEqual([[id(1), 'approved', null, 'buy', '30'], [id(2), 'approved', null, 'sell', '55']]);
    expect((await at().rows.said('order.approved'))[1]?.payload).toMatchObject({ isReducing: true, reservedNotional: '0' });
  });

  it('takes the place of what is open: that is cancelled, and the difference follows when it has closed', async () => {
    await raised(1, { weight: '0.05' });
    await at().rows.writeOrder(id(1), { filled: '20', status: 'partially_filled' });
    await at().rows.hold('sma', 'AAPL', '20');
    await at().rows.setCash('98000');
    await raised(2, { weight: '0.09' });
    expect((await at().rows.said('order.cancel_requested')).map((event) => event.payload)).toEqual([{ clientOrderId: `ms-${id(1)}`, reason: 'The strategy wants 90 AAPL now' }]);
    expect((await brief()).at(-1)).toEqual([id(2), 'denied', 'EXIT_PENDING', 'buy', '70']);
    await at().orderMoved();
    await at().rows.writeOrder(id(1), { filled: '25', status: 'canceled', closedAt: bar(3) });
    await at().rows.hold('sma', 'AAPL', '25');
    await at().rows.close('AAPL', 2, '100');
    await at().orderMoved();
    expect((await brief()).at(-1)).toEqual([`${id(2)}:r1`, 'approved', null, 'buy', '65']);
    await lookAtWaiting(at().house);
    expect(await brief()).toHaveLength(3);
  });
});

describe('an order of a strategy\'s own', () => {
  const order = { orderId: 7, side: 'buy' as const, qty: '10', type: 'limit' as const, timeInForce: 'day' as const, orderClass: 'simple' as const, extendedHours: false, limitPrice: '99', stopPrice: null, trailPrice: null, trailPercent: null, takeProfit: null, stopLoss: null };

  it('is decided with its terms, and is taken back by its number', async () => {
    await raised(1, { target: 'flat', order });
    expect((await at().rows.said('order.approved'))[0]?.payload).toMatchObject({ source: 'strategy', strategyId: 'sma', type: 'limit', limitPrice: '99', qty: '10', signalId: id(1) });
    // Nothing is owed: its wish to be flat, if there was one, is taken back.
    expect(await owed()).toEqual([['long', null, 0]]);
    await raised(2, { target: 'flat', cancels: 7 });
    await raised(3, { target: 'flat', cancels: 8 });
    expect((await at().rows.said('order.cancel_requested')).map((event) => event.payload['clientOrderId'])).toEqual([`ms-${id(1)}`]);
    expect(await brief()).toHaveLength(1);
  });

  it('is taken back also when both came in one batch: the order is told first', async () => {
    const { book } = at().rows;
    for (const [n, changes] of [[1, { target: 'flat', order }], [2, { target: 'flat', cancels: 7 }]] as const) {
      await book.sql(
        `INSERT INTO strategy_engine.strategy_signals (signal_id, strategy_id, strategy_version_id, symbol, timeframe, bar_open_time, ts_market, target, reference_price, reasons, own_order, cancels)
         VALUES ($1, 'sma', 'sma.v1', 'AAPL', '1Min', now(), now(), 'flat', 100, '[]', $2::jsonb, $3)`, [id(n), 'order' in changes ? JSON.stringify(order) : null, 'cancels' in changes ? changes.cancels : null],
      );
    }
    await at().hear(signal(1, { target: 'flat', order }), signal(2, { target: 'flat', cancels: 7 }));
    const told = await book.sql<{ topic: string; id: string }>(`SELECT topic, payload->>'clientOrderId' AS id FROM risk_management.outbox ORDER BY seq`);
    expect(told).toEqual([{ topic: 'order.approved', id: `ms-${id(1)}` }, { topic: 'order.cancel_requested', id: `ms-${id(1)}` }]);
  });

  it('takes back an earlier wish to be flat: what it buys is not sold by a follow-up', async () => {
    await at().rows.hold('sma', 'AAPL', '50');
    await at().rows.setCash('95000');
    await raised(1, { target: 'flat' });
    await at().rows.writeOrder(id(1), { filled: '50', status: 'filled', closedAt: bar(1) });
    await at().rows.hold('sma', 'AAPL', '0');
    await at().rows.setCash('100000');
    await raised(2, { target: 'flat', order });
    expect(await owed()).toEqual([['long', null, 0]]);
    await at().rows.writeOrder(id(2), { filled: '10', status: 'filled', closedAt: bar(2) });
    await at().rows.hold('sma', 'AAPL', '10');
    await at().rows.setCash('99000');
    await at().rows.close('AAPL', 2, '100');
    await at().orderMoved();
    await at().orderMoved();
    expect((await brief()).map((row) => (row as string[])[0])).toEqual([id(1), id(2)]);
    // A new wish to be flat closes it.
    await raised(3, { target: 'flat' });
    expect((await brief()).at(-1)).toEqual([id(3), 'approved', null, 'sell', '10']);
  });

  it('leaves a wish to be flat alone that has not come true', async () => {
    await at().rows.hold('sma', 'AAPL', '50');
    await raised(1, { target: 'flat' });
    await raised(2, { target: 'flat', order });
    expect(await owed()).toEqual([['flat', '0', 0]]);
  });

  it('meets the collar, and comes as late as its bar', async () => {
    await raised(1, { target: 'flat', order: { ...order, limitPrice: '150' } });
    await raised(2, { target: 'flat', order, signalId: 'late', tsMarket: bar(3) - 10 * MINUTE_MS });
    expect((await brief()).map((row) => (row as string[])[2])).toEqual(['PRICE_COLLAR_EXCEEDED', expect.stringMatching(/SESSION_CLOSED|DATA_STALE/)]);
  });
});
