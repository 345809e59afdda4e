/** The sweep of a kill switch: what it cancels at the broker, and where it ends. */
import { setImmediate } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Latch } from '#app/contracts/kill.ts';
import { quantity } from '#app/domain/numeric.ts';
import { MARKET_TERMS } from '#app/domain/order-terms.ts';
import { epochMs } from '#app/domain/time.ts';
import { createLatch } from '#chassis/latch.ts';
import { createMetrics } from '#chassis/metrics.ts';
import { until } from '../../tests/support/servers.ts';
import type { Broker, BrokerOrder, OrderTicket } from '../alpaca/ports.ts';
import type { Booking } from './booking.ts';
import { createKillGuard } from './kill-guard.ts';
import { watchKillSwitch } from './kill.ts';
import type { Order } from './orders.ts';
import { createSubmitter } from './submitter.ts';

const there = (id: string, clientOrderId: string, legs: readonly BrokerOrder[] = []): BrokerOrder => ({ id, clientOrderId, status: 'new', filledQty: quantity('0'), filledAvgPrice: null, legs, updatedAt: epochMs(1) }) as unknown as BrokerOrder;
const order = (id: string, isReducing: boolean): Order => ({
  orderId: id, clientOrderId: `ms-${id}`, isReducing, symbol: 'AAPL', side: 'buy', terms: MARKET_TERMS, replacesOrderId: null, tsBarSeen: null, brokerOrderId: null, state: { status: 'submitted', qty: quantity('1') },
}) as unknown as Order;

let ended: AbortController;
beforeEach(() => {
  ended = new AbortController();
});
afterEach(() => ended.abort());

/** A broker with one order that does not go away, so that the sweep goes on; every order that is posted there gets two legs, of which it lists the ids alone. */
function killed(state: Latch['state']) {
  const open = [there('old', 'ms-old')];
  const canceled: string[] = [];
  let looks = 0;
  const broker = {
    cancelAll: () => Promise.resolve(),
    listOpen: () => Promise.resolve([...open]).finally(() => (looks += 1)),
    cancel: (id: string) => Promise.resolve(canceled.push(id)),
    submit: ({ clientOrderId }: OrderTicket) => {
      const legs = ['stop', 'profit'].map((leg) => there(`${clientOrderId}-${leg}`, `made-by-broker-${leg}`));
      open.push(there(`at-broker-${clientOrderId}`, clientOrderId), ...legs);
      return Promise.resolve({ kind: 'accepted', order: there(`at-broker-${clientOrderId}`, clientOrderId, legs) });
    },
  } as unknown as Broker;
  const log = pino({ level: 'silent' });
  const latch = createLatch({ configured: [], log, send: () => undefined });
  const kill = createKillGuard(latch);
  const booking = { book: () => Promise.resolve({ doubts: [] }), change: () => Promise.resolve() } as unknown as Booking;
  const clocks = { nowMs: () => epochMs(Date.now()), monotonicMs: () => performance.now() };
  const arming = { now: () => 'not_needed' as const, armedUntil: () => null, onChange: () => undefined };
  const submitter = createSubmitter({ ...clocks, broker, booking, arming, kill, log, metrics: createMetrics('test-kill'), onDoubt: () => undefined, onUnknown: () => undefined });
  const db = { query: () => Promise.resolve([{ at: null, pulled: 0 }]) } as unknown as Parameters<typeof watchKillSwitch>[0]['db'];
  watchKillSwitch({ ...clocks, ...submitter, latch, broker, db, booking, log, onWished: () => undefined, signal: ended.signal, fatal: (error) => expect.unreachable(String(error)) });
  latch.tell({ key: 'kill-00001', state, isCanceling: true, reason: 'test', actor: 'ann', at: Date.now() });
  /** Waits until the list has been looked at so often more, and what came of it is done. */
  const lookedAgain = async (more: number): Promise<void> => {
    const before = looks;
    await until(() => looks >= before + more, 'another look at the list');
    await setImmediate();
  };
  const post = (id: string, isReducing: boolean): Promise<void> => submitter.post(order(id, isReducing), { permit: { priority: 'exit' }, mark: kill.mark(), replaced: null });
  return { latch, canceled, lookedAgain, post };
}

describe('the sweep of a kill switch', () => {
  it('cancels what is open, again and again', async () => {
    const { canceled, lookedAgain } = killed('HALTED');
    await lookedAgain(2);
    expect(canceled).toEqual(['old', 'old']);
  });
  it('leaves the exits of a flatten alone, with the legs that the broker made of them, and goes on with the rest', async () => {
    const { canceled, lookedAgain, post } = killed('REDUCING');
    await lookedAgain(1);
    await post('exit', true);
    await lookedAgain(2);
    expect(canceled).toEqual(['old', 'old', 'old']);
  });
  it.each(['HALTED', 'REDUCING'] as const)('of %s ends with the first entry that goes out after a resume: its stop-loss stays', async (state) => {
    const { latch, canceled, lookedAgain, post } = killed(state);
    await lookedAgain(1);
    // The book holds the pull, and a person has resumed.
    latch.release('kill-00001');
    await post('entry', false);
    await lookedAgain(1);
    expect(canceled).toEqual(['old']);
  });
  it('does not end for an order that was on its way when the switch was pulled', async () => {
    const { canceled, lookedAgain, post } = killed('HALTED');
    await lookedAgain(1);
    await post('forbidden', false);
    await lookedAgain(1);
    expect(canceled).toEqual(['old', 'old']);
  });
});
