/** The ledger over a real book: whatever order and repetition fills come in, each is there once; and HALT beats an order at the gate. */
import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Arming } from '#app/domain/arming.ts';
import { price, quantity } from '#app/domain/numeric.ts';
import { MARKET_TERMS, writeTerms } from '#app/domain/order-terms.ts';
import { epochMs } from '#app/domain/time.ts';
import type { News } from '#app/execution/news.ts';
import type { LiveArming } from '#chassis/arming.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { createLatch } from '#chassis/latch.ts';
import { createMetrics } from '#chassis/metrics.ts';
import { brokenInvariants } from '../../tests/support/execution-stack.ts';
import { startBook, until, type Book } from '../../tests/support/servers.ts';
import type { Broker, OrderTicket } from '../alpaca/ports.ts';
import { createBooking, type Report } from './booking.ts';
import { cancelOrder } from './commands.ts';
import { createHolds, type Holds } from './holds.ts';
import { insertApproved } from './order-insert.ts';
import { moveOrder } from './orders.ts';
import { wishInBook } from './kill.ts';
import { createKillGuard } from './kill-guard.ts';
import { createSubmitLane, type SubmitLane } from './submit-lane.ts';
import { createSubmitter } from './submitter.ts';

let book: Book;
let db: Db;
let risk: Db;
const open = (user: 'execution' | 'risk_management'): Db => openDb({ access: book.access(user), database: 'trading_system', schema: user, applicationName: 'test', max: 4, onLost: () => undefined });
beforeAll(async () => {
  book = await startBook();
  db = open('execution');
  risk = open('risk_management');
});
afterAll(async () => {
  await db.close();
  await risk.close();
  await book.stop();
});
beforeEach(async () => {
  await book.sql('TRUNCATE execution.orders, execution.order_events, execution.trades, execution.positions, execution.strategy_positions, execution.account_ledger, execution.ledger_entries, execution.findings, execution.outbox CASCADE');
  await book.sql(`INSERT INTO execution.account_ledger (account_number, opening_cash, cash, opened_at) VALUES ('T', 1000000, 1000000, now())`);
});

let seq = 0;
const nowMs = () => epochMs(Date.now());
async function stored(id: string, fields: { side: 'buy' | 'sell'; strategyId: string | null; qty: string; isReducing?: boolean; tradingStateVersion?: number }, isSubmitted: boolean): Promise<void> {
  seq += 1;
  await db.tx(async (tx) => {
    const order = await insertApproved(tx, {
      decisionId: id, clientOrderId: `ms-${id}`, source: 'strategy', signalId: null, strategyId: fields.strategyId, symbol: 'AAPL', side: fields.side, qty: fields.qty, ...writeTerms(MARKET_TERMS), replaces: null,
      isReducing: fields.isReducing ?? false, tradingStateVersion: fields.tradingStateVersion, referencePrice: '100', reservedNotional: '0', tsMarket: 1, tsBarSeen: null,
    }, { ...MARKET_TERMS, qty: quantity(fields.qty) }, { approvedSeq: seq, replacesOrderId: null });
    if (isSubmitted) await moveOrder(tx, order, { event: { kind: 'submitted' }, tsEvent: order.tsMarket, source: 'local', detail: {} });
  });
}

const fill = (id: string, source: 'stream' | 'activity', [qty, cum, dollars]: readonly [string, string, string]): News =>
  ({ kind: 'fill', at: epochMs(1_000), filledQty: quantity(cum), execution: { id: source === 'stream' ? id : `activity-${id}`, qty: quantity(qty), price: price(dollars), cumQty: quantity(cum), source } });
const reportsOf = (id: string, parts: readonly number[], cents: number): Report[] => {
  let cum = 0;
  const told = parts.flatMap((part, index): News[] => {
    cum += part;
    const facts = [String(part), String(cum), String((10_000 + cents * (index + 1)) / 100)] as const;
    return [fill(`${id}-e${index}`, 'stream', facts), fill(`${id}-e${index}`, 'activity', facts)];
  });
  return [{ kind: 'accepted', at: epochMs(1), filledQty: quantity('0'), execution: null } satisfies News, ...told].map((news) => ({ clientOrderId: `ms-${id}`, brokerOrderId: `b-${id}`, news: [news], source: news.execution?.source ?? 'stream', tsSeen: epochMs(2_000) }));
};

describe('the ledger', () => {
  const orders = fc.array(fc.record({ side: fc.constantFrom('buy' as const, 'sell' as const), strategyId: fc.constantFrom('one', 'two', null), parts: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }), cents: fc.integer({ min: -50, max: 50 }) }), { minLength: 1, maxLength: 4 });

  it('holds each fill once, told by stream and activities, twice, shuffled, in batches of any size', async () => {
    const booking = createBooking(db, createMetrics(`test-${seq}`), nowMs);
    let run = 0;
    await fc.assert(fc.asyncProperty(orders, fc.infiniteStream(fc.nat(1_000)), fc.integer({ min: 1, max: 7 }), async (wishes, noise, size) => {
      run += 1;
      const made = wishes.map((wish, index) => ({ ...wish, id: `r${run}-${index}`, qty: wish.parts.reduce((sum, part) => sum + part, 0) }));
      for (const one of made) await stored(one.id, { side: one.side, strategyId: one.strategyId, qty: String(one.qty) }, true);
      const once = made.flatMap((one) => reportsOf(one.id, one.parts, one.cents));
      const told = [...once, ...once].map((report) => ({ report, key: Number(noise.next().value) })).sort((a, b) => a.key - b.key).map(({ report }) => report);
      for (let start = 0; start < told.length; start += size) await booking.book(told.slice(start, start + size));
      for (const one of made) {
        const [row] = await book.sql<{ status: string; filled_qty: string; fills: number }>('SELECT status, filled_qty, (SELECT count(*) FROM execution.trades t WHERE t.order_id = o.order_id) AS fills FROM execution.orders o WHERE order_id = $1', [one.id]);
        expect(row).toEqual({ status: 'filled', filled_qty: `${one.qty}.000000000`, fills: one.parts.length });
      }
      expect(await brokenInvariants(book)).toEqual([]);
    }), { numRuns: 25 });
  }, 120_000);

  it('ends an order only when its fills are here: until then its shares could be sold twice', async () => {
    const booking = createBooking(db, createMetrics('test-end'), nowMs);
    await stored('early', { side: 'buy', strategyId: 'one', qty: '3' }, true);
    const [accepted, filled] = reportsOf('early', [2], 1);
    const canceled = { ...(accepted as Report), news: [{ kind: 'canceled' as const, at: epochMs(2_000), filledQty: quantity('2'), execution: null }] };
    expect(await booking.book([canceled])).toMatchObject({ doubts: [{ orderId: 'early', doubt: 'fills_missing' }], booked: 0 });
    expect(await book.sql(`SELECT status FROM execution.orders WHERE order_id = 'early'`)).toEqual([{ status: 'accepted' }]);
    expect(await booking.book([filled as Report, canceled])).toMatchObject({ doubts: [], booked: 1 });
    expect(await book.sql(`SELECT status, filled_qty::float AS filled FROM execution.orders WHERE order_id = 'early'`)).toEqual([{ status: 'canceled', filled: 2 }]);
    expect(await brokenInvariants(book)).toEqual([]);
  });

  it('rolls a whole batch back when one piece cannot be written, and books it when it is told again', async () => {
    const booking = createBooking(db, createMetrics('test-rollback'), nowMs);
    await stored('whole', { side: 'buy', strategyId: 'one', qty: '3' }, true);
    await book.sql(`ALTER TABLE execution.trades ADD CONSTRAINT planted CHECK (price < 100.03)`);
    const reports = reportsOf('whole', [1, 1, 1], 1);
    await expect(booking.book(reports)).rejects.toThrow('planted');
    expect(await book.sql('SELECT 1 FROM execution.trades')).toEqual([]);
    await book.sql('ALTER TABLE execution.trades DROP CONSTRAINT planted');
    expect((await booking.book(reports)).booked).toBe(3);
    expect(await brokenInvariants(book)).toEqual([]);
  });
});

describe('the kill switch in the book', () => {
  const wish = async (state: 'HALTED' | 'REDUCING'): Promise<unknown> => {
    const parts = { db, booking: createBooking(db, createMetrics(`test-wish-${state}-${seq}`), nowMs), log: pino({ level: 'silent' }), nowMs, onWished: () => undefined, signal: new AbortController().signal };
    await wishInBook(parts, { key: 'kill-book', state, isCanceling: true, reason: 'test', actor: 'ann', at: Date.now() - 20_000 });
    return book.sql('SELECT order_id AS id, status FROM execution.orders ORDER BY approved_seq');
  };
  /** Orders by their age in seconds; the pull was 20 seconds ago. */
  const aged = async (ages: Readonly<Record<string, number>>): Promise<void> => {
    for (const [id, age] of Object.entries(ages)) {
      await stored(id, { side: 'buy', strategyId: 'one', qty: '1' }, false);
      await book.sql(`UPDATE execution.orders SET created_at = clock_timestamp() - make_interval(secs => $2) WHERE order_id = $1`, [id, age]);
    }
  };
  const switched = (version: number, state: string, age: number, key: string | null = null) =>
    book.sql(`INSERT INTO risk_management.trading_state (version, state, reason, actor, idempotency_key, at) VALUES ($1, $2, 'test', 'ann', $4, clock_timestamp() - make_interval(secs => $3))`, [version, state, age, key]);
  /** When risk decided about an order, in seconds before now: it may have come into the book long after. */
  const decided = (id: string, age: number) => book.sql(
    `INSERT INTO risk_management.risk_decisions (decision_id, source, symbol, outcome, message, limits_version, rules, ts_market, decided_at) VALUES ($1, 'strategy', 'AAPL', 'approved', 'test', 1, '[]', now(), clock_timestamp() - make_interval(secs => $2))`, [id, age]);
  afterEach(() => book.sql('DELETE FROM risk_management.trading_state WHERE version > 1; DELETE FROM risk_management.risk_decisions'));
  beforeEach(() => book.sql(`UPDATE risk_management.trading_state SET at = clock_timestamp() - interval '1 hour'`));

  it('a halt cancels what came until trading was let go on, however late the book answers, and nothing that was placed after that', async () => {
    // A breaker of risk that was a moment sooner lets nothing go on.
    await switched(2, 'REDUCING', 19.5);
    await switched(3, 'HALTED', 19, 'kill-book');
    await switched(4, 'ACTIVE', 5);
    await aged({ before: 30, meanwhile: 10, resumed: 1 });
    expect(await wish('HALTED')).toEqual([{ id: 'before', status: 'canceled' }, { id: 'meanwhile', status: 'canceled' }, { id: 'resumed', status: 'initialized' }]);
  });
  it('the cancels that the supervisor repeats for a pull leave what was placed after the resume, too; asked by a person, all are cancelled', async () => {
    await switched(2, 'HALTED', 19, 'kill-book');
    await switched(3, 'ACTIVE', 5);
    await aged({ meanwhile: 10, resumed: 1 });
    const cancelAll = cancelOrder(db, () => undefined, nowMs);
    expect(await cancelAll({ clientOrderId: null, idempotencyKey: 'kill-book', actor: 'ann' })).toEqual({ requested: ['ms-meanwhile'] });
    expect(await cancelAll({ clientOrderId: null, idempotencyKey: 'a-person-1', actor: 'ann' })).toEqual({ requested: ['ms-resumed'] });
  });
  it('what was approved before the resume and came into the book after it is as old as its decision, to both', async () => {
    await switched(2, 'HALTED', 19, 'kill-book');
    await switched(3, 'ACTIVE', 5);
    await aged({ 'late-wish': 1, wanted: 1 });
    await decided('late-wish', 30);
    await decided('wanted', 2);
    expect(await wish('HALTED')).toEqual([{ id: 'late-wish', status: 'canceled' }, { id: 'wanted', status: 'initialized' }]);
    await aged({ 'late-cancel': 1 });
    await decided('late-cancel', 30);
    expect(await cancelOrder(db, () => undefined, nowMs)({ clientOrderId: null, idempotencyKey: 'kill-book', actor: 'ann' })).toEqual({ requested: ['ms-late-cancel'] });
  });
  it('a halt that still holds cancels everything', async () => {
    await switched(2, 'HALTED', 19, 'kill-book');
    await aged({ before: 30, now: 0 });
    expect(await wish('HALTED')).toEqual([{ id: 'before', status: 'canceled' }, { id: 'now', status: 'canceled' }]);
  });
  it('a flatten cancels what was there before it, not its own exits', async () => {
    await switched(2, 'REDUCING', 19, 'kill-book');
    await aged({ before: 30, exit: 10, late: 1 });
    await decided('late', 30);
    expect(await wish('REDUCING')).toEqual([{ id: 'before', status: 'canceled' }, { id: 'exit', status: 'initialized' }, { id: 'late', status: 'canceled' }]);
  });
});

/** A gate's parts with a broker that counts what it is sent and answers nothing. */
function gateParts(arming: LiveArming): { lane: SubmitLane; holds: Holds; sent: string[] } {
  const sent: string[] = [];
  const broker = {
    permit: (priority: 'exit') => Promise.resolve({ priority }),
    submit: (ticket: OrderTicket) => Promise.resolve({ kind: 'unknown', cause: 'timeout', message: `nothing came back ${sent.push(ticket.clientOrderId)}` }),
  } as unknown as Broker;
  counted += 1;
  const holds = createHolds(() => undefined);
  const booking = createBooking(db, createMetrics(`test-gate-${counted}`), nowMs);
  const log = pino({ level: 'silent' });
  const latch = createLatch({ configured: [], log, send: () => undefined });
  const clocked = { latch, kill: createKillGuard(latch), nowMs, monotonicMs: () => performance.now() };
  const submitter = createSubmitter({ ...clocked, broker, booking, arming, log, metrics: createMetrics(`test-submit-${counted}`), onDoubt: () => undefined, onUnknown: () => undefined });
  return { sent, holds, lane: createSubmitLane({ ...clocked, db, broker, submitter, arming, log, holds, onHeld: () => undefined, fatal: (error) => expect.unreachable(String(error)) }) };
}
let counted = 0;
const freshLease = () => book.sql(`INSERT INTO risk_management.risk_lease (holder, renewed_at, expires_at) VALUES ('test', now(), now() + interval '1 day') ON CONFLICT (only_row) DO UPDATE SET expires_at = excluded.expires_at`);
/** A position that an exit can close. */
const holds100 = () => book.sql(`INSERT INTO execution.positions (symbol, version, qty, avg_price, realized_pnl, updated_at) VALUES ('AAPL', 1, 100, 100, 0, now())`);
const statusOf = async (id: string) => (await book.sql<{ status: string; denial_code: string | null }>('SELECT status, denial_code FROM execution.orders WHERE order_id = $1', [id]))[0];
const becomes = (id: string, status: string) => until(async () => (await statusOf(id))?.status === status, `${id} to be ${status}`);
/** An arming that says what the test wants: each answer once, the last one for ever. */
function armingThatSays(...answers: Arming[]): LiveArming & { become(next: Arming): void } {
  const listeners: ((arming: Arming) => void)[] = [];
  return {
    now: () => (answers.length > 1 ? answers.shift() : answers[0]) ?? 'disarmed', armedUntil: () => null, onChange: (listener) => void listeners.push(listener),
    become(next) {
      answers.splice(0, answers.length, next);
      for (const listener of listeners) listener(next);
    },
  };
}

describe('the gate of the real account', () => {
  it('posts no entry when the arming ends between the commit and the POST, and keeps the book consistent', async () => {
    await freshLease();
    const { lane, sent } = gateParts(armingThatSays('armed', 'armed', 'disarmed'));
    await stored('between', { side: 'buy', strategyId: 'one', qty: '1' }, false);
    lane.start();
    await becomes('between', 'canceled');
    await lane.stop();
    expect(sent).toEqual([]);
    expect((await statusOf('between'))?.denial_code).toBe('LIVE_DISARMED');
    expect(await book.sql(`SELECT kind FROM execution.order_events WHERE order_id = 'between' ORDER BY version`)).toEqual([{ kind: 'initialized' }, { kind: 'submitted' }, { kind: 'canceled' }]);
    expect(await brokenInvariants(book)).toEqual([]);
  });
  it('posts an exit all the same', async () => {
    await freshLease();
    const { lane, sent } = gateParts(armingThatSays('disarmed'));
    await holds100();
    await stored('exit', { side: 'sell', strategyId: 'one', qty: '1', isReducing: true }, false);
    lane.start();
    await until(() => sent.length === 1, 'the POST of the exit');
    await lane.stop();
    expect([sent, (await statusOf('exit'))?.status]).toEqual([['ms-exit'], 'submitted']);
  });
  it('denies an exit whose position has gone since risk decided, whole or in part: it would open one on the other side', async () => {
    await freshLease();
    const { lane, sent } = gateParts(armingThatSays('not_needed'));
    await book.sql(`INSERT INTO execution.positions (symbol, version, qty, avg_price, realized_pnl, updated_at) VALUES ('AAPL', 1, 2, 100, 0, now())`);
    await stored('too-much', { side: 'sell', strategyId: 'one', qty: '3', isReducing: true }, false);
    await stored('wrong-way', { side: 'buy', strategyId: 'one', qty: '1', isReducing: true }, false);
    lane.start();
    for (const id of ['too-much', 'wrong-way']) await becomes(id, 'denied');
    await lane.stop();
    expect([sent, (await statusOf('too-much'))?.denial_code]).toEqual([[], 'NOTHING_TO_EXIT']);
  });
  it('denies entries that something else held when the arming ended, although it is armed again before they could go', async () => {
    await freshLease();
    const arming = armingThatSays('armed');
    const { lane, holds, sent } = gateParts(arming);
    holds.set('stream', 'test');
    await stored('held', { side: 'buy', strategyId: 'one', qty: '1' }, false);
    await holds100();
    await stored('held-exit', { side: 'sell', strategyId: 'one', qty: '1', isReducing: true }, false);
    lane.start();
    arming.become('disarmed');
    arming.become('armed');
    await becomes('held', 'denied');
    expect([(await statusOf('held'))?.denial_code, (await statusOf('held-exit'))?.status]).toEqual(['LIVE_DISARMED', 'initialized']);
    holds.set('stream', null);
    await until(() => sent.length === 1, 'the POST of the exit');
    await lane.stop();
    expect(sent).toEqual(['ms-held-exit']);
  });
});

describe('the gate', () => {
  const switched = (version: number, state: string) => book.sql(`INSERT INTO risk_management.trading_state (version, state, reason, actor) VALUES ($1, $2, 'test', 'test')`, [version, state]);
  afterEach(() => book.sql('DELETE FROM risk_management.trading_state WHERE version > 1'));
  it.each([['HALTED', 'TRADING_HALTED'], ['REDUCING', 'TRADING_REDUCING_ONLY']])('lets no entry out that was approved before %s, however soon trading was resumed; exits, and what was approved after, go', async (state, code) => {
    await freshLease();
    await holds100();
    const { lane, holds, sent } = gateParts(armingThatSays('not_needed'));
    holds.set('stream', 'test');
    const id = (name: string): string => `${state}-${name}`;
    lane.start();
    await switched(2, state);
    // Decided under version 1, and written only while trading was stopped: a stop does not wait for a decision that is being made.
    await stored(id('before'), { side: 'buy', strategyId: 'one', qty: '1', tradingStateVersion: 1 }, false);
    await stored(id('exit'), { side: 'sell', strategyId: 'one', qty: '1', isReducing: true, tradingStateVersion: 1 }, false);
    await switched(3, 'ACTIVE');
    await stored(id('after'), { side: 'buy', strategyId: 'one', qty: '1', tradingStateVersion: 3 }, false);
    holds.set('stream', null);
    await becomes(id('before'), 'denied');
    await until(() => sent.length === 2, 'the exit and the later entry to go out');
    await lane.stop();
    expect([sent.toSorted(), (await statusOf(id('before')))?.denial_code]).toEqual([[`ms-${id('after')}`, `ms-${id('exit')}`], code]);
  });
  it('waits for a HALT that is being written, and then lets nothing out', async () => {
    const { lane, sent } = gateParts(armingThatSays('not_needed'));
    await freshLease();
    await stored('late', { side: 'buy', strategyId: 'one', qty: '1' }, false);
    await risk.tx(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock(7001)');
      await tx.query(`INSERT INTO risk_management.trading_state (version, state, reason, actor) VALUES (2, 'HALTED', 'test', 'test')`);
      lane.start();
      await until(async () => (await book.sql<{ n: number }>(`SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND objid = 7001 AND NOT granted`))[0]?.n === 1, 'the order to wait at the gate');
    });
    await becomes('late', 'denied');
    await lane.stop();
    expect(sent).toEqual([]);
  });
});
