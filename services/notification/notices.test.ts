/** Events put into words for people. */
import { describe, expect, it } from 'vitest';
import type { EventEnvelope } from '#app/contracts/events.ts';
import { noticeOf } from './notices.ts';

const event = (topic: EventEnvelope['topic'], payload: Record<string, unknown>): EventEnvelope => ({ producer: 'execution', seq: 1, topic, key: 'k', correlationId: 'c', tsWritten: 0, payload }) as unknown as EventEnvelope;
const order = { orderId: 'o', clientOrderId: 'ms-o', decisionId: 'o', strategyId: 'sma', symbol: 'AAPL', side: 'buy', qty: '10', denialCode: null };

describe('notices', () => {
  it.each<[string, EventEnvelope, [severity: string, title: string, body: string]]>([
    ['a fill', event('order.filled', { ...order, fillId: 'f', price: '101.5', isOrderComplete: true, strategyId: null }), ['info', 'Bought 10 AAPL at $101.5', 'Ordered by hand; the order is complete.']],
    ['a rejection', event('order.closed', { ...order, status: 'rejected', reason: 'insufficient qty available' }), ['warning', 'Buy order in AAPL rejected', 'The broker rejected the order over 10 AAPL (by sma): insufficient qty available.']],
    ['a stop at the gate', event('order.closed', { ...order, status: 'denied', reason: null, denialCode: 'APPROVAL_EXPIRED' }), ['warning', 'Buy order in AAPL denied', 'The gate before the broker stopped the order over 10 AAPL (by sma): APPROVAL_EXPIRED.']],
    ['a denial by a limit', event('order.denied', { ...order, code: 'GROSS_EXPOSURE_EXCEEDED', message: 'Too much.' }), ['warning', 'No order in AAPL', 'Too much. (Asked by sma.)']],
    ['an ordinary denial', event('order.denied', { ...order, code: 'TARGET_ALREADY_HELD', message: 'Held.' }), ['info', 'No order in AAPL', 'Held. (Asked by sma.)']],
    ['a fact about risk', event('risk_event.raised', { riskEventId: 'r', severity: 'critical', code: 'EXIT_FAILED', message: 'Look.', context: {} }), ['critical', 'EXIT_FAILED', 'Look.']],
    ['a finding', event('finding.changed', { findingId: 'unprotected:AAPL', kind: 'unprotected_position', severity: 'critical', subject: 'AAPL', message: '10 AAPL have no stop.', remedy: 'Place a stop at 95.', state: 'open', isNews: true }), ['critical', 'Look at AAPL', '10 AAPL have no stop. Proposed: Place a stop at 95.']],
    ['a screen', event('screen.changed', { screenId: 's', name: 'Mine', runId: 'r', entered: ['A', 'B'], left: ['C'], enteredTotal: 5, leftTotal: 1 }), ['info', 'Screen "Mine": 5 came in, 1 left', 'Came in: A, B and 3 more. Left: C.']],
    ['a screen of which only who leaves is wished for', event('screen.changed', { screenId: 's', name: 'Mine', runId: 'r', entered: [], left: ['C'], enteredTotal: 0, leftTotal: 1 }), ['info', 'Screen "Mine": 1 left', 'Left: C.']],
    ['a strategy that paused itself', event('strategy.paused', { strategyId: 'mine', versionId: 'mine.v1', name: 'Mine', by: 'errors', why: '3 errors in a row, the last one: Line 4', held: [{ symbol: 'AAPL', qty: '10' }] }), ['warning', 'Mine is paused: it made errors', '3 errors in a row, the last one: Line 4. It goes on holding 10 AAPL. It stays paused until you start it again.']],
    ['a halt', event('trading_state.changed', { version: 2, state: 'HALTED', reason: 'lunch', actor: 'owner' }), ['critical', 'Trading is halted', 'owner: lunch']],
  ])('tell of %s', (_name, heard, [severity, title, body]) => {
    expect(noticeOf(heard)).toMatchObject({ severity, title, body, notificationId: `${heard.topic}:k` });
  });

  it('are silent about a finding that was told before', () => {
    expect(noticeOf(event('finding.changed', { findingId: 'f', kind: 'k', severity: 'critical', subject: 'AAPL', message: 'm', remedy: null, state: 'open', isNews: false }))).toBeNull();
  });

  it.each(['filled', 'canceled', 'expired'])('are silent about an order that is %s', (status) => {
    expect(noticeOf(event('order.closed', { ...order, status, reason: null }))).toBeNull();
  });
});
