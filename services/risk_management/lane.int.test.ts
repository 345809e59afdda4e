/** What risk hears over a real book: what it decides, reserves, follows up and remembers. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_RISK_LIMITS } from '#app/domain/limits.ts';
import { followUpAtResume, lookAtWaiting } from './follow-ups.ts';
import { setRiskLimits } from './limits.ts';
import { bar, signal, useTestHouse } from '../../tests/support/risk-house.ts';
import { setTradingState } from './trading-state.ts';

const at = useTestHouse();

describe('signals', () => {
  it('are told to who looks at them once per batch, after its commit only', async () => {
    Object.assign(at().told, { signals: 0, fills: 0 });
    await at().hear(signal(1), signal(2, { signalId: 'second', symbol: 'MSFT' }));
    expect(at().told).toEqual({ signals: 1, fills: 0 });
    await expect(at().db.tx((tx) => at().hearWithin(tx, signal(3)).then(() => Promise.reject(new Error('planted'))))).rejects.toThrow('planted');
    await at().orderMoved();
    expect(at().told).toEqual({ signals: 1, fills: 0 });
    expect(await at().rows.decisions()).toHaveLength(2);
  });

  it('become approvals with a reservation, or denials that say why, once each', async () => {
    await at().hear(signal(1), signal(1, { signalId: 'b', symbol: 'MSFT', strategyId: 'rsi', strategyVersionId: 'rsi.v1' }), signal(1, { signalId: 'c', symbol: 'ZZZ' }), signal(1, { signalId: 'd', strategyVersionId: 'gone' }));
    await at().hear(signal(1));
    expect((await at().rows.decisions()).map((row) => [row.decision_id, row.outcome, row.code, row.qty, row.reserved_notional])).toEqual([
      [signal(1).signalId, 'approved', null, '50', '5000'], ['b', 'approved', null, '50', '5000'], ['c', 'denied', 'SYMBOL_NOT_TRADABLE', '50', '0'], ['d', 'denied', 'QUANTITY_ZERO', '0', '0'],
    ]);
    // With the trading state that they were decided under: a stop after it ends them.
    expect((await at().rows.said('order.approved')).map(({ payload }) => [payload['clientOrderId'], payload['tradingStateVersion']])).toEqual([[`ms-${signal(1).signalId}`, 1], ['ms-b', 1]]);
    expect((await at().rows.said('order.denied')).map((event) => event.payload['code'])).toEqual(['SYMBOL_NOT_TRADABLE', 'QUANTITY_ZERO']);
    expect(await at().rows.book.sql(`SELECT day::text AS day, trim_scale(equity)::text AS equity FROM risk_management.day_open_equity`)).toEqual([{ day: '2024-03-05', equity: '100000' }]);
  });

  it('see the reservations of approvals that execution has not heard, has heard, and has partly filled', async () => {
    await setRiskLimits(at().db, { idempotencyKey: 'limits-01', actor: 'test', limits: { ...DEFAULT_RISK_LIMITS, maxGrossExposure: '12000' } });
    await at().hear(signal(1));
    const next = (id: string): Promise<void> => at().hear(signal(2, { signalId: id, strategyId: 'rsi', strategyVersionId: 'rsi.v1', symbol: 'MSFT', referencePrice: '141' }));
    const gross = async (id: string): Promise<unknown> => (await at().rows.book.sql<{ seen: string }>(`SELECT r->>'observed' AS seen FROM risk_management.risk_decisions, jsonb_array_elements(rules) r WHERE decision_id = $1 AND r->>'rule' = 'max_gross_exposure'`, [id]))[0]?.seen;
    await next('n1');
    expect(await gross('n1')).toBe('9935');
    await at().rows.book.sql(`DELETE FROM risk_management.outbox WHERE key = 'n1'`);
    await at().rows.writeOrder(signal(1).signalId);
    await at().hear(signal(3, { signalId: 'n2', strategyId: 'other', strategyVersionId: 'rsi.v1', symbol: 'MSFT', referencePrice: '141' }));
    expect(await gross('n2')).toBe('9935');
    await at().rows.book.sql(`DELETE FROM risk_management.outbox WHERE key = 'n2'`);
    await at().rows.writeOrder(signal(1).signalId, { filled: '20', status: 'partially_filled' });
    await at().rows.hold('sma', 'AAPL', '20');
    await at().hear(signal(4, { signalId: 'n3', strategyId: 'third', strategyVersionId: 'rsi.v1', symbol: 'MSFT', referencePrice: '141' }));
    expect(await gross('n3')).toBe('9935');
  });

  it('meet the same answers whether they are heard together or one by one', async () => {
    const symbols = ['AAPL', 'MSFT'];
    const many = Array.from({ length: 30 }, (_, n) => signal(1, {
      signalId: `m${n}`, strategyId: `s${n % 11}`, symbol: symbols[n % 2] ?? '', referencePrice: String(90 + n), target: n % 7 === 6 ? 'flat' : 'long', strategyVersionId: n % 3 === 0 ? 'rsi.v1' : 'sma.v1',
    }));
    await at().rows.hold('s6', 'AAPL', '30');
    const answers = (): Promise<unknown[]> => at().rows.book.sql('SELECT decision_id, outcome, code, qty, reserved_notional, message, rules FROM risk_management.risk_decisions ORDER BY decision_id');
    await at().hear(...many);
    const together = await answers();
    expect(new Set(together.map((row) => (row as { code: string | null }).code)).size).toBeGreaterThan(3);
    await at().rows.book.sql('TRUNCATE risk_management.risk_decisions, risk_management.outbox, risk_management.strategy_targets, risk_management.day_open_equity');
    for (const each of many) await at().hear(each);
    expect(await answers()).toEqual(together);
    expect(at().observed.length).toBeGreaterThanOrEqual(60);
  });

  it('are valued before their own instant, so that it does not matter how much of the step is stored', async () => {
    await at().rows.hold('rsi', 'MSFT', '100');
    await at().rows.close('MSFT', 1, '110');
    const observe = async (id: string): Promise<string | undefined> => {
      await at().hear(signal(2, { signalId: id, strategyId: id }));
      return (await at().rows.book.sql<{ seen: string }>(`SELECT r->>'observed' AS seen FROM risk_management.risk_decisions, jsonb_array_elements(rules) r WHERE decision_id = $1 AND r->>'rule' = 'max_gross_exposure'`, [id]))[0]?.seen;
    };
    expect(await observe('before')).toBe('16000');
    await at().rows.close('MSFT', 2, '500');
    await at().rows.book.sql(`DELETE FROM risk_management.outbox WHERE key = 'before'`);
    expect(await observe('after')).toBe('16000');
  });

  it('meet the breaker of the day: the first that sees the loss names it, then trading is reducing until a person resumes, and the limit holds for the day', async () => {
    const { rows, db } = at();
    await at().hear(signal(1, { signalId: 'opens-the-day', symbol: 'ZZZ' }));
    await rows.setCash('97900');
    await at().hear(signal(2, { signalId: 's2' }), signal(2, { signalId: 's3', symbol: 'MSFT' }));
    await rows.setCash('100000');
    await at().hear(signal(3, { signalId: 's4' }));
    await setTradingState(db, { idempotencyKey: 'resume-01', actor: 'owner', state: 'ACTIVE', reason: 'looked at it' });
    await at().hear(signal(4, { signalId: 's5' }));
    await setRiskLimits(db, { idempotencyKey: 'limits-02', actor: 'test', limits: { ...DEFAULT_RISK_LIMITS, maxDailyLoss: '5000' } });
    await at().hear(signal(5, { signalId: 's6' }));
    expect((await rows.decisions()).map((row) => row.code)).toEqual(['SYMBOL_NOT_TRADABLE', 'DAILY_LOSS_EXCEEDED', 'TRADING_REDUCING_ONLY', 'TRADING_REDUCING_ONLY', 'DAILY_LOSS_EXCEEDED', null]);
    expect((await rows.said('risk_event.raised')).map((event) => event.key)).toEqual(['daily_loss:2024-03-05:v1', 'risk_limits:v2']);
    expect((await rows.said('trading_state.changed')).map((event) => [event.payload['state'], event.payload['actor']])).toEqual([['REDUCING', 'risk'], ['ACTIVE', 'owner']]);
  });

  it('meet the breaker of the drawdown: measured from the highest equity, withdrawals aside; a person who resumes begins a new measure', async () => {
    const { rows, db } = at();
    await setRiskLimits(db, { idempotencyKey: 'limits-04', actor: 'test', limits: { ...DEFAULT_RISK_LIMITS, maxDailyLoss: '90000', maxDrawdownPercent: '10' } });
    const peak = (): Promise<unknown[]> => rows.book.sql('SELECT measure, trim_scale(equity)::text AS equity, tripped_at IS NOT NULL AS tripped FROM risk_management.peak_equity');
    await at().hear(signal(1, { signalId: 'd1', symbol: 'ZZZ' }));
    await rows.setCash('110000');
    await at().hear(signal(2, { signalId: 'd2', symbol: 'ZZZ' }));
    await rows.book.sql(`INSERT INTO execution.ledger_entries (entry_id, kind, cash_change, description, source, ts_event, ts_seen, ledger_seq) VALUES ('w', 'transfer', -10000, 'withdrawal', 'broker', $1, now(), 1)`, [new Date(bar(2)).toISOString()]);
    await rows.setCash('91000');
    await at().hear(signal(3, { signalId: 'd3' }));
    expect((await rows.decisions()).at(-1)?.code, '9 % below').toBeNull();
    expect(await peak()).toEqual([{ measure: 1, equity: '110000', tripped: false }]);
    await rows.setCash('90000');
    await at().hear(signal(4, { signalId: 'd4', strategyId: 'rsi', symbol: 'MSFT' }));
    await at().hear(signal(5, { signalId: 'd5', strategyId: 'rsi', symbol: 'MSFT' }));
    expect((await rows.decisions()).slice(-2).map((row) => row.code)).toEqual(['DRAWDOWN_EXCEEDED', 'TRADING_REDUCING_ONLY']);
    expect((await rows.said('risk_event.raised')).at(-1)).toMatchObject({ key: 'drawdown:T:1', payload: { code: 'DRAWDOWN_EXCEEDED' } });
    await setTradingState(db, { idempotencyKey: 'resume-02', actor: 'owner', state: 'ACTIVE', reason: 'accepted' });
    await at().hear(signal(6, { signalId: 'd6', strategyId: 'rsi', symbol: 'MSFT' }));
    expect((await rows.decisions()).at(-1)?.code).toBeNull();
    expect(await peak()).toEqual([{ measure: 2, equity: '90000', tripped: false }]);
  });

  it('begin the day with what was held before it, whatever was traded since', async () => {
    await at().rows.hold('sma', 'AAPL', '50');
    await at().rows.setCash('94800');
    await at().rows.book.sql(`INSERT INTO execution.trades (fill_id, order_id, symbol, side, qty, price, ts_event, ts_seen, source, ledger_seq)
      SELECT 'f1', 'o', 'AAPL', 'buy', 50, 104, $1, now(), 'stream', 1 WHERE set_config('session_replication_role', 'replica', true) IS NOT NULL`, [new Date(bar(1)).toISOString()]);
    await at().hear(signal(2, { symbol: 'MSFT' }));
    expect(await at().rows.book.sql(`SELECT trim_scale(equity)::text AS equity FROM risk_management.day_open_equity`)).toEqual([{ equity: '100000' }]);
  });
});

describe('exits', () => {
  it('cancel the open entry first and sell what it filled when it has closed, under one id per attempt', async () => {
    await at().hear(signal(1));
    const entry = signal(1).signalId;
    await at().rows.writeOrder(entry, { filled: '20', status: 'partially_filled' });
    await at().rows.hold('sma', 'AAPL', '20');
    await at().hear(signal(2, { target: 'flat' }));
    expect((await at().rows.said('order.cancel_requested')).map((event) => event.payload['clientOrderId'])).toEqual([`ms-${entry}`]);
    await at().orderMoved();
    expect((await at().rows.said('order.approved')).length).toBe(1);
    await at().rows.writeOrder(entry, { filled: '20', status: 'canceled', closedAt: bar(3) });
    await at().orderMoved();
    await at().orderMoved();
    const rows = await at().rows.decisions();
    expect(rows.map((row) => [row.decision_id, row.outcome, row.code, row.qty])).toEqual([
      [entry, 'approved', null, '50'], [signal(2).signalId, 'denied', 'EXIT_PENDING', '20'], [`${signal(2).signalId}:r1`, 'approved', null, '20'],
    ]);
    expect((await at().rows.said('order.approved'))[1]?.payload).toMatchObject({ source: 'risk', isReducing: true, side: 'sell', tsMarket: bar(3), reservedNotional: '0', strategyId: 'sma' });
  });

  it('wait for the entry of another strategy that they would trade against, and go out when it has filled', async () => {
    await at().rows.hold('sma', 'AAPL', '20');
    await at().hear(signal(1, { signalId: 'entry', strategyId: 'rsi', strategyVersionId: 'rsi.v1' }), signal(1, { signalId: 'exit', target: 'flat' }));
    await at().orderMoved();
    expect((await at().rows.decisions()).map((row) => [row.decision_id, row.code])).toEqual([['entry', null], ['exit', 'OPPOSITE_ORDER_OPEN']]);
    await at().rows.writeOrder('entry', { filled: '50', status: 'filled', closedAt: bar(2) });
    await at().rows.hold('rsi', 'AAPL', '50');
    await at().orderMoved();
    expect((await at().rows.decisions()).at(-1)).toMatchObject({ decision_id: 'exit:r1', outcome: 'approved', side: 'sell', qty: '20' });
  });

  it('are tried three times more with pauses of market time, then a person is told once', async () => {
    const { rows } = at();
    const origin = signal(2).signalId;
    const ids = async (): Promise<string[]> => (await rows.decisions()).map((row) => row.decision_id.replace(origin, ''));
    const refuse = async (minute: number): Promise<void> => {
      await rows.writeOrder((await rows.decisions()).at(-1)?.decision_id ?? '', { status: 'rejected', closedAt: bar(minute) });
      await at().orderMoved();
    };
    await rows.hold('sma', 'AAPL', '20');
    await at().hear(signal(2, { target: 'flat' }));
    await refuse(3);
    expect(await ids(), 'at once').toEqual(['', ':r1']);
    await refuse(3);
    expect(await ids(), 'not before 30 s').toEqual(['', ':r1']);
    await rows.close('AAPL', 3, '100');
    await lookAtWaiting(at().house);
    expect(await ids(), 'when the market has moved on').toEqual(['', ':r1', ':r2']);
    await refuse(4);
    await rows.close('AAPL', 4, '100');
    await lookAtWaiting(at().house);
    expect(await ids(), 'not before two minutes').toHaveLength(3);
    await rows.close('AAPL', 6, '100');
    await lookAtWaiting(at().house);
    expect(await ids()).toEqual(['', ':r1', ':r2', ':r3']);
    await refuse(8);
    await at().orderMoved();
    expect(await ids()).toHaveLength(4);
    expect((await rows.said('risk_event.raised')).map((event) => event.key)).toEqual([`exit_failed:${origin}`]);
  });

  it('wait while trading is halted and go out when it resumes', async () => {
    await at().rows.hold('sma', 'AAPL', '20');
    await setTradingState(at().db, { idempotencyKey: 'halt-0001', actor: 'test', state: 'HALTED', reason: 'test' });
    await at().hear(signal(2, { target: 'flat' }));
    await at().orderMoved();
    expect((await at().rows.decisions()).map((row) => row.code)).toEqual(['TRADING_HALTED']);
    await setTradingState(at().db, { idempotencyKey: 'resume-01', actor: 'test', state: 'REDUCING', reason: 'test' });
    expect(await followUpAtResume(at().house)).toBe(1);
    expect((await at().rows.decisions()).at(-1)).toMatchObject({ decision_id: `${signal(2).signalId}:r1`, outcome: 'approved', is_reducing: true });
  });
});
