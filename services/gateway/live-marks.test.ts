/** What an event marks, and when a gap of the wire is noticed. */
import { describe, expect, it } from 'vitest';
import type { EventEnvelope } from '#app/contracts/events.ts';
import { createGapWatch, isUrgent, mark, noMarks } from './live-marks.ts';

const head = { seq: 1, key: 'k', correlationId: 'c', tsWritten: 7 };
const bar = (isBackfill: boolean): EventEnvelope => ({ ...head, producer: 'data_ingestion', topic: 'bar.closed', payload: { symbol: 'AAPL', timeframe: '1Min', openTime: 60_000, open: '1', high: '1', low: '1', close: '2.50', volume: '1', tsSeen: 5, isBackfill } });

describe('mark', () => {
  it('takes the close of a live bar as price, and waits with it', () => {
    const marks = noMarks();
    mark(marks, bar(true));
    expect(marks.prices.size).toBe(0);
    mark(marks, bar(false));
    expect(marks.bars).toEqual([{ symbol: 'AAPL', openTime: 60_000, open: 1, high: 1, low: 1, close: 2.5, volume: 1, isRevision: false }]);
    expect([marks.prices.get('AAPL'), marks.isRevalued, isUrgent(marks)]).toEqual([{ symbol: 'AAPL', price: '2.50', tsMarket: 120_000, tsSeen: 5 }, true, false]);
  });
  it('makes a fill urgent, and its order with it', () => {
    const marks = noMarks();
    mark(marks, { ...head, producer: 'execution', topic: 'order.filled', payload: { fillId: 'f', orderId: 'o', clientOrderId: 'ms-o', strategyId: null, symbol: 'AAPL', side: 'buy', qty: '1', price: '1', fee: '0', isOrderComplete: true, tsEvent: 1, tsSeen: 42 } });
    expect([isUrgent(marks), marks.hasFills, [...marks.orders]]).toEqual([true, true, ['ms-o']]);
  });
  it('asks for the status at once when the trading state moved', () => {
    expect(mark(noMarks(), { ...head, producer: 'risk_management', topic: 'trading_state.changed', payload: { version: 2, state: 'HALTED', reason: 'r', actor: 'a' } })).toBe(true);
  });
});

describe('the gap watch', () => {
  const heads = (seq: number): Map<string, number> => new Map([['execution', seq]]);
  it('is patient for one look and then names the producer, once', () => {
    const watch = createGapWatch();
    expect(watch.look(heads(10))).toBeNull();
    expect(watch.look(heads(12))).toBeNull();
    expect(watch.look(heads(12))).toBe('execution');
    expect(watch.look(heads(12))).toBeNull();
  });
  it('is quiet while the wire keeps up', () => {
    const watch = createGapWatch();
    watch.look(heads(10));
    for (let seq = 11; seq < 20; seq += 1) {
      watch.hear('execution', seq);
      expect(watch.look(heads(seq + 1))).toBeNull();
      watch.hear('execution', seq + 1);
    }
  });
});
