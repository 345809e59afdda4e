/** Orders of all kinds over a real book: changed, reduced, reversed, protected, made elsewhere; each reserved once and explained. */
import { describe, expect, it } from 'vitest';
import { COMMANDS, type CommandAsk, type CommandInput } from '#app/contracts/commands.ts';
import { DEFAULT_RISK_LIMITS, type RiskLimits } from '#app/domain/limits.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { bar, signal, ticket, useTestHouse } from '../../tests/support/risk-house.ts';
import { reducePosition, replaceOrder } from './change-orders.ts';
import { flatten } from './flatten.ts';
import { lookAtWaiting } from './follow-ups.ts';
import { setRiskLimits } from './limits.ts';
import { marketTime } from './market-clock.ts';
import { placeManualOrder, previewManualOrder } from './manual-orders.ts';
import { reversePosition } from './reversals.ts';
import { setTradingState, storeLatch } from './trading-state.ts';

const at = useTestHouse();

const change = (changes: Partial<CommandAsk<'replaceOrder'>>): CommandInput<'replaceOrder'> => COMMANDS.replaceOrder.input.parse({ idempotencyKey: 'change-01', actor: 'owner', clientOrderId: 'ms-manual:order-0001', ...changes });
const limitTicket = ticket({ type: 'limit', limitPrice: '99', qty: '10' });
const setLimits = (limits: Partial<RiskLimits>): Promise<unknown> => setRiskLimits(at().db, { idempotencyKey: 'limits-99', actor: 'test', limits: { ...DEFAULT_RISK_LIMITS, ...limits } });
const reservedBefore = async (key: string): Promise<string | undefined> =>
  (await previewManualOrder(at().house, ticket({ idempotencyKey: key }))).record.inputs.find((input) => input.name === 'reserved')?.value;

describe('an open order', () => {
  it('is changed by another in its place, once per key, and the larger of both reservations counts until one has ended', async () => {
    const { rows, house } = at();
    await placeManualOrder(house, limitTicket);
    await rows.writeOrder('manual:order-0001', { filled: '4', status: 'partially_filled' });
    expect(await reservedBefore('preview-1')).toBe('594');
    const reply = await replaceOrder(house, change({ limitPrice: '99.5', qty: '12' }));
    expect(reply).toMatchObject({ outcome: 'approved', clientOrderId: 'ms-replace:change-01', qty: '8', reservedNotional: '796', message: 'Buy 8 AAPL at 99.5 or better, in place of ms-manual:order-0001' });
    expect((await rows.said('order.approved'))[1]?.payload).toMatchObject({ replaces: 'ms-manual:order-0001', type: 'limit', limitPrice: '99.5', qty: '8', isReducing: false, replacedFilledQty: '4' });
    expect(await replaceOrder(house, change({ limitPrice: '99.5', qty: '12' }))).toEqual(reply);
    await expect(replaceOrder(house, change({ limitPrice: '99.6' }))).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    expect(await reservedBefore('preview-2'), 'both are open, unheard').toBe('796');
    await rows.writeOrder('manual:order-0001', { filled: '4', status: 'pending_replace' });
    await rows.writeOrder('replace:change-01');
    expect(await reservedBefore('preview-3'), 'both are open, heard').toBe('796');
    await rows.writeOrder('manual:order-0001', { filled: '4', status: 'replaced', closedAt: bar(2) });
    expect(await reservedBefore('preview-4')).toBe('796');
  });

  it('cannot be changed into what the broker would not take, or what risk does not allow', async () => {
    const { rows, house } = at();
    await placeManualOrder(house, limitTicket);
    await expect(replaceOrder(house, change({ clientOrderId: 'ms-unknown', qty: '1' }))).rejects.toMatchObject({ code: 'ORDER_NOT_FOUND' });
    await rows.writeOrder('manual:order-0001');
    const ask = async (n: number, changes: Partial<CommandAsk<'replaceOrder'>>): Promise<unknown> => (await replaceOrder(house, change({ idempotencyKey: `change-9${n}`, ...changes }))).code;
    expect(await ask(1, { stopPrice: '90' })).toBe('ORDER_NOT_REPLACEABLE');
    expect(await ask(2, { limitPrice: '99' })).toBe('ORDER_NOT_REPLACEABLE');
    expect(await ask(3, { qty: '9.5' })).toBe('ORDER_NOT_REPLACEABLE');
    expect(await ask(4, { limitPrice: '111' })).toBe('PRICE_COLLAR_EXCEEDED');
    expect(await ask(5, { limitPrice: '99.001' })).toBe('SUB_PENNY');
    expect(await ask(6, { qty: '500' })).toBe('ORDER_NOTIONAL_EXCEEDED');
    await rows.writeOrder('manual:order-0001', { status: 'canceled' });
    expect(await ask(7, { qty: '5' })).toBe('ORDER_NOT_REPLACEABLE');
    expect(await rows.said('order.approved')).toHaveLength(1);
  });
});

describe('a position', () => {
  it('is reduced by a part of one share, never by more than is free', async () => {
    const { rows, house } = at();
    await rows.hold('sma', 'AAPL', '20');
    await rows.hold('', 'AAPL', '5');
    const ask = { idempotencyKey: 'reduce-01', actor: 'owner', symbol: 'AAPL', strategyId: 'sma', qty: '8' };
    const reply = await reducePosition(house, ask);
    expect(reply).toMatchObject({ outcome: 'approved', qty: '8', reservedNotional: '0', message: 'Sell 8 AAPL at market' });
    expect(await reducePosition(house, ask)).toEqual(reply);
    expect(await reducePosition(house, { ...ask, idempotencyKey: 'reduce-02', qty: '13' })).toMatchObject({ outcome: 'denied', code: 'SHORT_NOT_ALLOWED' });
    expect(await reducePosition(house, { ...ask, idempotencyKey: 'reduce-03', strategyId: null, qty: '5' })).toMatchObject({ outcome: 'approved' });
    expect(await reducePosition(house, { ...ask, idempotencyKey: 'reduce-04', strategyId: 'rsi', qty: '1' })).toMatchObject({ code: 'NOTHING_TO_EXIT' });
    expect((await rows.said('order.approved')).map((event) => [event.payload['strategyId'], event.payload['isReducing'], event.payload['source']])).toEqual([['sma', true, 'manual'], [null, true, 'manual']]);
  });

  it('is closed by no more than the broker said it has', async () => {
    const { rows, house } = at();
    await rows.hold('sma', 'AAPL', '20');
    await rows.book.sql(`INSERT INTO execution.reconciliations (run_id, at, is_clean, differences) VALUES ('r', now(), false, '[{"kind":"position","subject":"AAPL","ours":"20","theirs":"12","action":""}]')`);
    const { decisions } = await flatten(house, { idempotencyKey: 'flatten-9', actor: 'owner', symbol: 'AAPL' });
    expect(decisions.map((reply) => reply.qty)).toEqual(['12']);
  });

  it('is reversed: closed, then opened on the other side when it is flat', async () => {
    const { rows, house } = at();
    await setLimits({ allowShort: true });
    await rows.hold('sma', 'AAPL', '20');
    const ask = { idempotencyKey: 'reverse-1', actor: 'owner', symbol: 'AAPL' };
    const answer = await reversePosition(house, ask);
    expect(answer.decisions.map((reply) => [reply.outcome, reply.qty])).toEqual([['approved', '20']]);
    expect(await reversePosition(house, ask)).toEqual(answer);
    await lookAtWaiting(house);
    expect(await rows.decisions()).toHaveLength(1);
    await rows.writeOrder(answer.decisions[0]?.decisionId ?? '', { filled: '20', status: 'filled', closedAt: bar(2) });
    await rows.hold('sma', 'AAPL', '0');
    await rows.setCash('102000');
    await at().orderMoved();
    await lookAtWaiting(house);
    expect((await rows.decisions()).at(-1)).toMatchObject({ decision_id: 'reverse:reverse-1', outcome: 'approved', side: 'sell', qty: '20', is_reducing: false, reserved_notional: '2060' });
    expect(await rows.book.sql('SELECT state FROM risk_management.reversals')).toEqual([{ state: 'done' }]);
    await rows.writeOrder('reverse:reverse-1', { filled: '20', status: 'filled', closedAt: bar(3) });
    await rows.hold('', 'AAPL', '-20');
    const back = await flatten(house, { idempotencyKey: 'flatten-8', actor: 'owner', symbol: 'AAPL' });
    expect(back.decisions).toMatchObject([{ outcome: 'approved', qty: '20', message: 'Buy 20 AAPL at market' }]);
  });

  it('stays as it is when the other side would be denied; HALT and time take the wish back', async () => {
    const { rows, house, db } = at();
    await rows.hold('', 'AAPL', '20');
    expect((await reversePosition(house, { idempotencyKey: 'reverse-2', actor: 'owner', symbol: 'AAPL' })).decisions).toMatchObject([{ outcome: 'denied', code: 'SHORT_NOT_ALLOWED', decisionId: 'reverse:reverse-2' }]);
    expect(await rows.said('order.approved')).toEqual([]);
    await setLimits({ allowShort: true });
    await reversePosition(house, { idempotencyKey: 'reverse-3', actor: 'owner', symbol: 'AAPL' });
    await setTradingState(db, { idempotencyKey: 'halt-0009', actor: 'owner', state: 'HALTED', reason: 'test' });
    expect(await rows.book.sql('SELECT state FROM risk_management.reversals')).toEqual([{ state: 'canceled' }]);
    await setTradingState(db, { idempotencyKey: 'resume-09', actor: 'owner', state: 'ACTIVE', reason: 'test' });
    await rows.hold('', 'MSFT', '20');
    await reversePosition(house, { idempotencyKey: 'reverse-4', actor: 'owner', symbol: 'MSFT' });
    await rows.book.sql(`UPDATE risk_management.reversals SET expires_at = now() WHERE state = 'waiting'`);
    await lookAtWaiting(house);
    expect((await rows.said('risk_event.raised')).map((event) => event.key).slice(1)).toEqual(['reversal_canceled:reverse:reverse-3', 'reversal_canceled:reverse:reverse-4']);
    expect((await rows.decisions()).some((row) => row.decision_id === 'reverse:reverse-4')).toBe(false);
  });
});

describe('an entry with exits at the broker', () => {
  const entry = signal(1, { protection: { stopPrice: '95', takeProfitPrice: '110.005' } });

  it('is a bracket that reserves itself alone, and its exit cancels the legs first', async () => {
    const { rows } = at();
    await at().hear(entry);
    expect((await rows.said('order.approved'))[0]?.payload).toMatchObject({ orderClass: 'bracket', timeInForce: 'gtc', type: 'market', stopLoss: { stopPrice: '95' }, takeProfit: { limitPrice: '110' }, reservedNotional: '5000' });
    await rows.writeOrder(entry.signalId);
    for (const role of ['take_profit', 'stop_loss'] as const) await rows.writeLeg(entry.signalId, role, { qty: '50' });
    expect(await reservedBefore('preview-5')).toBe('5000');
    await rows.writeOrder(entry.signalId, { filled: '50', status: 'filled', closedAt: bar(2) });
    await rows.hold('sma', 'AAPL', '50');
    await rows.hold('', 'AAPL', '7');
    expect(await reservedBefore('preview-6')).toBe('0');
    expect((await placeManualOrder(at().house, ticket({ side: 'sell', qty: '7' }))), 'the legs hold 50 shares, not 100').toMatchObject({ outcome: 'approved' });
    await at().hear(signal(2, { target: 'flat' }));
    expect((await rows.decisions()).at(-1)).toMatchObject({ code: 'EXIT_PENDING' });
    expect((await rows.said('order.cancel_requested')).map((event) => event.payload['clientOrderId'])).toEqual(['leg-stop_loss', 'leg-take_profit']);
    for (const role of ['take_profit', 'stop_loss'] as const) await rows.writeLeg(entry.signalId, role, { qty: '50', status: 'canceled' });
    await at().orderMoved();
    expect((await rows.decisions()).at(-1)).toMatchObject({ decision_id: `${signal(2).signalId}:r1`, outcome: 'approved', qty: '50' });
  });

  it('is denied when a stop lies on the wrong side', async () => {
    await at().hear(signal(1, { protection: { stopPrice: '101', takeProfitPrice: null } }));
    expect((await at().rows.decisions()).map((row) => row.code)).toEqual(['STOP_WRONG_SIDE']);
  });
});

describe('the record of a decision', () => {
  it('is kept with what was looked at, its ages and the sizing, and an order placed at the broker counts', async () => {
    const { rows } = at();
    await rows.book.sql(`INSERT INTO execution.orders (order_id, client_order_id, decision_id, source, symbol, side, type, time_in_force, qty, limit_price, is_reducing, reference_price, status, version, ts_market, approved_seq)
      VALUES ('broker:x', 'web-1', 'broker:x', 'broker', 'MSFT', 'buy', 'limit', 'day', 10, 98, false, 100, 'accepted', 2, now(), 0)`);
    await rows.close('AAPL', 4, '100');
    await at().hear(signal(2));
    const [row] = await rows.book.sql<{ terms: { type: string }; record: { inputs: { name: string; value: string; ageMs: number | null }[]; sizing: { result: string }[] } }>('SELECT terms, record FROM risk_management.risk_decisions');
    const input = (name: string): unknown => row?.record.inputs.find((each) => each.name === name);
    expect(row?.terms).toMatchObject({ type: 'market' });
    expect(input('price')).toMatchObject({ value: '100', unit: 'USD', asOf: bar(3), ageMs: 120_000 });
    expect(input('reserved')).toMatchObject({ value: '980' });
    expect(input('session')).toMatchObject({ value: 'open' });
    expect(row?.record.sizing.map((step) => step.result)).toEqual(['5000', '50']);
    await rows.close('AAPL', 9, '100');
    await at().hear(signal(3, { signalId: 'late', strategyId: 'rsi', symbol: 'MSFT' }));
    expect((await rows.decisions()).at(-1), 'six minutes behind the market').toMatchObject({ decision_id: 'late', code: 'DATA_STALE' });
  });
});

describe('the clock of a real market', () => {
  it("is the wall's, so that a dead feed is noticed; bars that come from another time bring their clock along", async () => {
    const { rows, db } = at();
    const wall = (): EpochMs => (bar(0) + 3_600_000) as EpochMs;
    await rows.book.sql('UPDATE data_ingestion.ingestion_status SET last_seen_at = $1', [new Date(bar(1)).toISOString()]);
    const reply = await previewManualOrder({ ...at().house, wall }, ticket());
    expect(reply).toMatchObject({ outcome: 'denied', code: 'DATA_STALE' });
    expect(reply.rules.find((rule) => rule.rule === 'data_fresh')?.observed).toBe('3540');
    await rows.book.sql(`UPDATE data_ingestion.ingestion_status SET last_seen_at = $1::timestamptz + interval '900 days'`, [new Date(bar(1)).toISOString()]);
    expect(await marketTime(db, { clock: at().house.clock, wall: () => (bar(2) + 900 * 86_400_000) as EpochMs })).toBe(bar(2));
  });
});

describe('the kill switch', () => {
  it('is written once under its key, and a weaker pull does not open what is halted', async () => {
    const { db, rows } = at();
    const pull = { key: 'kill-0001', state: 'HALTED', isCanceling: false, reason: 'pulled', actor: 'tray', at: 1 } as const;
    await storeLatch(db, pull);
    await storeLatch(db, pull);
    await storeLatch(db, { ...pull, key: 'kill-0002', state: 'REDUCING' });
    expect((await rows.said('trading_state.changed')).map((event) => event.payload)).toEqual([{ version: 2, state: 'HALTED', reason: 'pulled', actor: 'tray' }]);
    await storeLatch(db, { ...pull, key: 'kill-0003', state: 'REDUCING', isCanceling: true });
    expect((await rows.said('trading_state.changed')).at(-1)?.payload).toMatchObject({ version: 3, state: 'REDUCING' });
  });
});
