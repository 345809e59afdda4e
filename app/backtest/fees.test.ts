/** Dated fees: worked numbers by hand. */
import { describe, expect, it } from 'vitest';
import { price, quantity, toText } from '#app/domain/numeric.ts';
import { parseRfc3339 } from '#app/domain/time.ts';
import { feeOf, US_SELL_FEES } from './fees.ts';

const sell = (qty: string, at: string, limit = '50') => toText(feeOf(US_SELL_FEES, { side: 'sell', qty: quantity(qty), price: price(limit), at: parseRfc3339(at) }));

describe('fees on sells', () => {
  it('charges the rates of the day, each rounded up to the cent', () => {
    expect(sell('1000', '2026-05-01T14:00:00Z')).toBe('1.23');
    // 50,000 x 0.0000278 = 1.39; 1,000 x 0.000166 = 0.166 -> 0.17.
    expect(sell('1000', '2025-03-03T15:00:00Z')).toBe('1.56');
  });
  it('drops the SEC fee between May 2025 and April 2026', () => {
    expect(sell('1000', '2025-06-02T14:00:00Z')).toBe('0.17');
    expect(sell('1000', '2026-01-05T14:00:00Z')).toBe('0.2');
  });
  it('caps the activity fee and charges nothing before the table, on buys or without a table', () => {
    expect(sell('1000000', '2026-01-05T14:00:00Z')).toBe('9.79');
    expect(sell('1000', '2024-01-05T14:00:00Z')).toBe('0');
    const buy = { side: 'buy' as const, qty: quantity('10'), price: price('50'), at: parseRfc3339('2026-05-01T14:00:00Z') };
    expect(toText(feeOf(US_SELL_FEES, buy))).toBe('0');
    expect(toText(feeOf(null, { ...buy, side: 'sell' }))).toBe('0');
  });
});
