/** What is worked out once for a decision is what adding everything up each time would give, to the last digit. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { money, price, quantity, toText } from '#app/domain/numeric.ts';
import { equityOf, forOneDecision, grossExposure, netExposure } from './book.ts';
import { testBook, testMarket, testOrder } from './testing-book.ts';

const SYMBOLS = ['AAPL', 'MSFT', 'SPY', 'QQQ'] as const;
const cents = fc.integer({ min: 1, max: 50_000_000 });
const inDollars = (amount: number): string => (amount / 100).toFixed(2);
const accounts = fc.record({
  cash: cents, prices: fc.tuple(cents, cents, cents, cents), shares: fc.tuple(...SYMBOLS.map(() => fc.integer({ min: -900, max: 900 }))), reserved: fc.array(fc.record({ amount: cents, isBuy: fc.boolean() }), { maxLength: 4 }),
  asked: fc.array(fc.record({ n: fc.integer({ min: 0, max: 3 }), at: fc.option(cents) }), { minLength: 1, maxLength: 5 }),
});

it('sums of a decision are the sums of the book', () => {
  fc.assert(fc.property(accounts, ({ cash, prices, shares, reserved, asked }) => {
    const held = Object.fromEntries(SYMBOLS.map((symbol, n) => [`sma|${symbol}`, String(shares[n])]));
    const openOrders = reserved.map(({ amount, isBuy }) => testOrder({ reserved: money(inDollars(amount)), side: isBuy ? 'buy' : 'sell', openQty: quantity('1') }));
    const book = forOneDecision(testBook({ held, cash: money(inDollars(cash)), openOrders }));
    const market = testMarket(Object.fromEntries(SYMBOLS.map((symbol, n) => [symbol, inDollars(prices[n] ?? 1)])));
    expect(forOneDecision(book)).toBe(book);
    const own = SYMBOLS.map((_symbol, n) => (shares[n] ?? 0) * (prices[n] ?? 0));
    expect(toText(equityOf(book, market))).toBe(toText(money(inDollars(own.reduce((sum, value) => sum + value, cash)))));
    for (const { n, at } of asked) {
      // Only a higher price counts.
      const sizes = SYMBOLS.map((_symbol, m) => Math.abs(shares[m] ?? 0) * Math.max(prices[m] ?? 0, m === n ? (at ?? 0) : 0));
      const newer = at === null ? undefined : { symbol: SYMBOLS[n] ?? 'AAPL', price: price(inDollars(at)) };
      const gross = sizes.reduce((sum, size) => sum + size, 0) + reserved.reduce((sum, { amount }) => sum + amount, 0);
      const net = sizes.reduce((sum, size, m) => sum + Math.sign(shares[m] ?? 0) * size, 0) + reserved.reduce((sum, { amount, isBuy }) => sum + (isBuy ? amount : -amount), 0);
      expect([toText(grossExposure(book, market, newer)), toText(netExposure(book, market, newer))]).toEqual([toText(money(inDollars(gross))), toText(money(inDollars(net)))]);
    }
    // Who made the market may have added up what is held: the sums are those.
    const signed = own.reduce((sum, value) => sum + value, 0);
    const summed = { ...market, valued: { value: money(inDollars(signed)), size: money(inDollars(own.reduce((sum, value) => sum + Math.abs(value), 0))) } };
    expect([equityOf(book, summed), grossExposure(book, summed), netExposure(book, summed)].map(toText)).toEqual([equityOf(book, market), grossExposure(book, market), netExposure(book, market)].map(toText));
    // Another market is another question.
    const dearer = testMarket(Object.fromEntries(SYMBOLS.map((symbol, m) => [symbol, inDollars((prices[m] ?? 1) + 100)])));
    expect(toText(equityOf(book, dearer))).toBe(toText(money(inDollars(SYMBOLS.reduce((sum, _symbol, m) => sum + (shares[m] ?? 0) * ((prices[m] ?? 0) + 100), cash)))));
  }));
});
