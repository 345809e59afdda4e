/** The ledger begins before the first fill of an order that will fill on. */
import { describe, expect, it } from 'vitest';
import { money, price, quantity } from '#app/domain/numeric.ts';
import { epochMs } from '#app/domain/time.ts';
import type { BrokerFill, BrokerOrder } from '../alpaca/ports.ts';
import { beforeOpenOrders, openingInWords, type Opening } from './opening.ts';

const AT = 1_700_000_000_000;
const fill = (n: number, order: string, fields: Partial<BrokerFill> = {}): BrokerFill =>
  ({ activityId: `2023111422132${n}000::e${n}`, executionId: `e${n}`, brokerOrderId: order, symbol: 'AAA', side: 'buy', qty: quantity('1'), price: price('10'), cumQty: quantity('1'), at: epochMs(AT + n), ...fields });
const FILLS = [fill(1, 'old'), fill(2, 'open'), fill(3, 'sold', { symbol: 'BBB', side: 'sell', qty: quantity('4'), price: price('5') }), fill(4, 'open', { price: price('11') })];
const opening: Opening = { cash: money('1000'), positions: [{ symbol: 'AAA', qty: quantity('3'), avgEntryPrice: price('10') }], newest: '20231114221324000::e4', since: epochMs(AT + 9) };
const broker = (open: readonly { id: string; filled: string }[], fills: readonly BrokerFill[] = FILLS) => ({
  listOpen: () => Promise.resolve(open.map(({ id, filled }) => ({ id, filledQty: quantity(filled), submittedAt: epochMs(AT), updatedAt: epochMs(AT) }) as BrokerOrder)),
  fillsAfter: () => Promise.resolve(fills),
});

describe('the opening', () => {
  it('is what was read while no open order has filled', async () => {
    expect(await beforeOpenOrders(broker([{ id: 'open', filled: '0' }]), opening)).toBe(opening);
  });
  it('lies before the first fill of an order that will fill on, whatever else filled since', async () => {
    const begun = await beforeOpenOrders(broker([{ id: 'open', filled: '2' }]), opening);
    // 1000 + 10 + 11 paid since, less 20 for four BBB sold since; one AAA was there before, and the four BBB.
    expect(openingInWords(begun)).toEqual({ cash: '1001', positions: 2, newest: '20231114221321000::e1' });
    expect(begun.positions.map(({ symbol, qty }) => [symbol, qty.toString()])).toEqual([['AAA', '1'], ['BBB', '4']]);
    expect(begun.since).toBe(AT + 1);
  });
  it('begins at an instant when the very first fill is its own, and does not take fills that came while it read', async () => {
    const begun = await beforeOpenOrders(broker([{ id: 'open', filled: '1' }], [fill(2, 'open'), fill(5, 'open')]), opening);
    expect(openingInWords(begun)).toEqual({ cash: '1010', positions: 1, newest: '20231114221322000' });
    expect(fill(2, 'open').activityId > (begun.newest ?? '')).toBe(true);
  });
});
