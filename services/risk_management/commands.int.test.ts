/** What people ask of risk over a real book, once per key; the master switch, the lease and the monitor. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { DEFAULT_RISK_LIMITS } from '#app/domain/limits.ts';
import { openDb } from '#chassis/db.ts';
import { runFlowByHand } from '../../tests/support/flow-context.ts';
import { until } from '../../tests/support/servers.ts';
import { flatten } from './flatten.ts';
import { riskFlows } from './flows.ts';
import { createLease } from './lease.ts';
import { setRiskLimits } from './limits.ts';
import { placeManualOrder, previewManualOrder } from './manual-orders.ts';
import { bar, signal, ticket, useTestHouse } from '../../tests/support/risk-house.ts';
import { setTradingState, storeLatch } from './trading-state.ts';

const at = useTestHouse();

describe('a person', () => {
  const ask = ticket();
  it('asks twice under one key and gets one order; another order under that key is refused', async () => {
    const preview = await previewManualOrder(at().house, ask);
    expect(await at().rows.decisions()).toEqual([]);
    const first = await placeManualOrder(at().house, ask);
    expect(first).toMatchObject({ outcome: 'approved', qty: '10', reservedNotional: '1000', clientOrderId: 'ms-manual:order-0001' });
    expect(preview).toEqual({ ...first, record: expect.anything() as unknown });
    expect(first.record.inputs.map((input) => input.name)).toEqual(preview.record.inputs.map((input) => input.name));
    expect(await placeManualOrder(at().house, ask)).toEqual(first);
    expect((await at().rows.said('order.approved')).length).toBe(1);
    await expect(placeManualOrder(at().house, { ...ask, qty: '11' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    expect((await at().rows.book.sql<{ actor: string }>('SELECT actor FROM logging.audit_log')).map((row) => row.actor)).toEqual(['owner']);
  });

  it('meets a disarmed real account: no entry, the reason in the story, and a way out', async () => {
    at().arming = 'disarmed';
    const denied = await placeManualOrder(at().house, ask);
    expect(denied).toMatchObject({ outcome: 'denied', code: 'LIVE_DISARMED', clientOrderId: null });
    expect(denied.rules.find(({ rule }) => rule === 'live_armed')).toMatchObject({ passed: false, observed: 'disarmed' });
    expect(await previewManualOrder(at().house, ask)).toEqual({ ...denied, record: expect.anything() as unknown });
    await at().rows.hold('', 'AAPL', '10');
    await at().rows.hold('sma', 'MSFT', '5');
    expect(await placeManualOrder(at().house, { ...ask, idempotencyKey: 'order-0002', side: 'sell' })).toMatchObject({ outcome: 'approved' });
    await at().hear(signal(1, { signalId: 'in', symbol: 'AAPL' }), signal(1, { signalId: 'out', symbol: 'MSFT', target: 'flat' }));
    expect((await at().rows.decisions()).map((row) => [row.decision_id, row.outcome, row.code])).toEqual([
      ['manual:order-0001', 'denied', 'LIVE_DISARMED'], ['manual:order-0002', 'approved', null], ['in', 'denied', 'LIVE_DISARMED'], ['out', 'approved', null],
    ]);
    expect((await at().rows.said('order.denied')).map((event) => event.payload['code'])).toEqual(['LIVE_DISARMED', 'LIVE_DISARMED']);
    at().arming = 'armed';
    expect(await placeManualOrder(at().house, { ...ask, idempotencyKey: 'order-0003', symbol: 'MSFT' })).toMatchObject({ outcome: 'denied', code: 'OPPOSITE_ORDER_OPEN' });
    expect(await placeManualOrder(at().house, ask), 'the first answer stays under its key').toEqual(denied);
  });

  it('cannot outrun another by asking at the same time', async () => {
    await at().rows.setCash('5000');
    const replies = await Promise.all(Array.from({ length: 8 }, (_, n) => placeManualOrder(at().house, { ...ask, idempotencyKey: `rush-000${n}` })));
    expect(replies.filter((reply) => reply.outcome === 'approved').length).toBe(4);
    expect(new Set(replies.filter((reply) => reply.outcome === 'denied').map((reply) => reply.code))).toEqual(new Set(['BUYING_POWER_EXCEEDED']));
  });

  it('flattens every share once per key, and an open entry is cancelled and followed up', async () => {
    await at().hear(signal(1, { signalId: 'entry', symbol: 'MSFT' }));
    await at().rows.hold('sma', 'AAPL', '20');
    await at().rows.hold('', 'AAPL', '5.5');
    const request = { idempotencyKey: 'flatten-1', actor: 'owner', symbol: null };
    const answer = await flatten(at().house, request);
    expect(answer.decisions.map((reply) => [reply.decisionId.replace(/^flatten:[0-9a-f]{24}:/, ''), reply.outcome, reply.code, reply.qty])).toEqual([
      ['manual:AAPL', 'approved', null, '5.5'], ['sma:AAPL', 'approved', null, '20'], ['sma:MSFT', 'denied', 'EXIT_PENDING', null],
    ]);
    expect(await flatten(at().house, request)).toEqual(answer);
    expect((await at().rows.said('order.cancel_requested')).map((event) => event.payload['clientOrderId'])).toEqual(['ms-entry']);
    for (const reply of answer.decisions) if (reply.outcome === 'approved') await at().rows.writeOrder(reply.decisionId);
    await at().rows.writeOrder('entry', { filled: '7', status: 'canceled', closedAt: bar(2) });
    await at().rows.hold('sma', 'MSFT', '7');
    await at().orderMoved();
    expect((await at().rows.decisions()).at(-1)).toMatchObject({ outcome: 'approved', qty: '7', side: 'sell' });
    await expect(flatten(at().house, { ...request, symbol: 'AAPL' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('buys again after a flatten without being sold out', async () => {
    await at().rows.hold('', 'AAPL', '5');
    await flatten(at().house, { idempotencyKey: 'flatten-2', actor: 'owner', symbol: 'AAPL' });
    expect((await placeManualOrder(at().house, { ...ask, idempotencyKey: 'too-early' })).code).toBe('OPPOSITE_ORDER_OPEN');
    const sold = (await at().rows.decisions()).find((row) => row.side === 'sell');
    await at().rows.writeOrder(sold?.decision_id ?? '', { filled: '5', status: 'filled', closedAt: bar(1) });
    await at().rows.hold('', 'AAPL', '0');
    const bought = await placeManualOrder(at().house, ask);
    await at().rows.writeOrder(bought.decisionId, { filled: '10', status: 'filled', closedAt: bar(2) });
    await at().rows.hold('', 'AAPL', '10');
    await at().orderMoved();
    expect((await at().rows.decisions()).filter((row) => row.outcome === 'approved').map((row) => row.side)).toEqual(['sell', 'buy']);
  });

  it('moves the switch in versions, each once per key, and the trail names who', async () => {
    const ask = { idempotencyKey: 'halt-0002', actor: 'owner', state: 'HALTED', reason: 'lunch' } as const;
    expect(await setTradingState(at().db, ask)).toEqual({ version: 2, state: 'HALTED' });
    expect(await setTradingState(at().db, ask)).toEqual({ version: 2, state: 'HALTED' });
    await expect(setTradingState(at().db, { ...ask, state: 'ACTIVE' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    expect((await at().rows.said('trading_state.changed')).map((event) => event.payload)).toEqual([{ version: 2, state: 'HALTED', reason: 'lunch', actor: 'owner' }]);
    expect(await at().rows.book.sql('SELECT service, actor, action FROM logging.audit_log')).toEqual([{ service: 'risk_management', actor: 'owner', action: 'set_trading_state' }]);
  });

  it('is not opened by a pull that only stops entries: neither by the supervisor nor by what risk stores itself', async () => {
    await setTradingState(at().db, { idempotencyKey: 'halt-0009', actor: 'owner', state: 'HALTED', reason: 'stop' });
    const pull = { key: 'pull-0001', state: 'REDUCING', isCanceling: false, reason: 'stop entries', actor: 'owner', at: 0 } as const;
    await storeLatch(at().db, pull);
    expect(await setTradingState(at().db, { idempotencyKey: pull.key, actor: 'owner', state: 'REDUCING', reason: 'stop entries', onlyStricter: true })).toEqual({ version: 2, state: 'HALTED' });
    await storeLatch(at().db, { ...pull, key: 'pull-0002', isCanceling: true });
    expect(await at().rows.book.sql('SELECT state FROM risk_management.trading_state ORDER BY version DESC LIMIT 1')).toEqual([{ state: 'REDUCING' }]);
  });

  it('halts only after every order that was being submitted', async () => {
    const submitting = openDb({ access: at().rows.book.access('execution'), database: 'trading_system', schema: 'execution', applicationName: 'execution', max: 1, onLost: () => undefined });
    let finish: () => void = () => undefined;
    const gate = submitting.tx(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock_shared(7001)');
      await new Promise<void>((done) => {
        finish = done;
      });
    });
    let isHalted = false;
    await until(async () => (await at().rows.book.sql<{ n: number }>(`SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND objid = 7001 AND granted`))[0]?.n === 1, 'the gate to be held');
    const halt = setTradingState(at().db, { idempotencyKey: 'halt-0003', actor: 'o', state: 'HALTED', reason: 'r' }).then(() => {
      isHalted = true;
    });
    await until(async () => (await at().rows.book.sql<{ n: number }>(`SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND objid = 7001 AND NOT granted`))[0]?.n === 1, 'the halt to wait');
    expect(isHalted).toBe(false);
    finish();
    await Promise.all([gate, halt]);
    expect(isHalted).toBe(true);
    await submitting.close();
  });

  it('keeps one version of the limits per key', async () => {
    const limits = { ...DEFAULT_RISK_LIMITS, maxOrderNotional: '7000' };
    const request = { idempotencyKey: 'limits-03', actor: 'owner', limits };
    expect(await setRiskLimits(at().db, request)).toEqual({ version: 2, limits });
    expect(await setRiskLimits(at().db, request)).toEqual({ version: 2, limits });
    await expect(setRiskLimits(at().db, { ...request, limits: DEFAULT_RISK_LIMITS })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('does not let limits be overwritten that the person has not seen', async () => {
    const limits = { ...DEFAULT_RISK_LIMITS, maxOrderNotional: '6000' };
    const ask = (key: string, base: number): ReturnType<typeof setRiskLimits> => setRiskLimits(at().db, { idempotencyKey: key, actor: 'owner', limits, base });
    const { version } = await ask('limits-10', 1);
    await expect(ask('limits-11', 1)).rejects.toMatchObject({ code: 'VERSION_CONFLICT', message: `The limits were changed meanwhile (version ${version}). Look at them again, then change what still differs.` });
  });
});

describe('the lease', () => {
  it('is good for ten seconds by the database, given back at the end, and not renewed for a stuck lane', async () => {
    const abort = new AbortController();
    let busyForMs: number | null = null;
    const reasons: (string | null)[] = [];
    const lease = createLease({ db: at().db, holder: 'me', log: pino({ level: 'silent' }), signal: abort.signal, laneBusyForMs: () => busyForMs, report: (reason) => reasons.push(reason) });
    const validFor = async (): Promise<number> => Number((await at().rows.book.sql<{ s: string }>('SELECT extract(epoch FROM expires_at - clock_timestamp())::text AS s FROM risk_management.risk_lease'))[0]?.s);
    await lease.take();
    expect(await validFor()).toBeGreaterThan(9);
    busyForMs = 6_000;
    await at().rows.book.sql(`UPDATE risk_management.risk_lease SET expires_at = clock_timestamp()`);
    const keeping = lease.keep();
    await until(() => reasons.length > 0, 'a first look');
    expect(await validFor()).toBeLessThanOrEqual(0);
    expect(reasons[0]).toContain('one batch');
    abort.abort();
    await keeping;
    await lease.take();
    await lease.release();
    expect(await validFor()).toBeLessThanOrEqual(0);
  });
});

describe('monitor_portfolio_risk', () => {
  it('warns once of each fact', async () => {
    await at().rows.hold('sma', 'AAPL', '190');
    const run = async (): Promise<unknown> => (await runFlowByHand(riskFlows(at().house), 'monitor_portfolio_risk')).output;
    expect(await run()).toMatchObject({ measured: true, newFindings: expect.arrayContaining(['position_near:AAPL:2024-03-05', 'lease_stale:never']) as unknown });
    expect(await run()).toMatchObject({ newFindings: [] });
    expect((await at().rows.said('risk_event.raised')).length).toBe(2);
  });

  it('turns trading to reducing when the loss has reached its limit and no signal comes', async () => {
    await at().rows.book.sql(`INSERT INTO risk_management.day_open_equity (day, equity) VALUES ('2024-03-05', 100000)`);
    await at().rows.setCash('97000');
    for (let run = 0; run < 2; run += 1) await runFlowByHand(riskFlows(at().house), 'monitor_portfolio_risk');
    expect((await at().rows.said('trading_state.changed')).map((event) => [event.payload['version'], event.payload['state'], event.payload['actor']])).toEqual([[2, 'REDUCING', 'risk']]);
  });
});
