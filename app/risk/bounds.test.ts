/** The bounds of an entry agree with the rules that deny it; the standing adds up what is used and reserved. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { money, price, quantity, toText } from '#app/domain/numeric.ts';
import { boundInWords, entryBounds, tightest } from './bounds.ts';
import { exactLimits, shareKey, type RiskMarket } from './book.ts';
import { decide } from './decide.ts';
import { standingOf } from './standing.ts';
import { testBook as bookOf, testManual, testMarket, testOrder } from './testing-book.ts';

const open: typeof testOrder = (changes = {}) => testOrder({ symbol: 'MSFT', openQty: quantity('10'), reserved: money('2000'), ...changes });
const marketOf = (prices: Record<string, string>, dayOpenEquity = '100000'): RiskMarket => testMarket(prices, { dayOpenEquity: money(dayOpenEquity) });

describe('the bounds of an entry', () => {
  it('are the worked numbers', () => {
    const book = bookOf({ cash: money('10000'), limits: exactLimits({ maxOrderNotional: '4000', maxPositionNotional: '3000', maxGrossExposure: '100000', maxDailyLoss: '2000' }) });
    const bounds = entryBounds(book, marketOf({}), { strategyId: null, symbol: 'AAPL', price: price('50') });
    expect(bounds.map((one) => [one.rule, one.mostQty.toNumber()])).toEqual([['buying_power', 196], ['max_order_notional', 80], ['max_order_qty', 100_000], ['max_position_notional', 60], ['max_gross_exposure', 2000], ['max_net_exposure', 20_000]]);
    expect(tightest(bounds)?.rule).toBe('max_position_notional');
    expect(bounds.map(boundInWords)[3]).toEqual({ rule: 'max_position_notional', leavesDollars: '3000', mostShares: '60' });
  });

  it('leave nothing where a limit is used up', () => {
    const book = bookOf({ cash: money('-5'), positions: new Map([['AAPL', quantity('250')]]) });
    const bounds = entryBounds(book, marketOf({ AAPL: '100' }), { strategyId: null, symbol: 'AAPL', price: price('100') });
    expect(bounds.map((one) => [one.rule, toText(one.leaves), one.mostQty.toNumber()])).toEqual([
      ['buying_power', '0', 0], ['max_order_notional', '10000', 100], ['max_order_qty', '10000000', 100_000], ['max_position_notional', '0', 0], ['max_gross_exposure', '55000', 550], ['max_net_exposure', '975000', 9750],
    ]);
  });

  it('are exact: at the tightest bound the rules pass, one share more and that rule denies', () => {
    const cents = (min: number, max: number) => fc.integer({ min, max }).map((n) => (n / 100).toFixed(2));
    fc.assert(fc.property(fc.record({ cash: cents(500_00, 200_000_00), held: fc.integer({ min: 0, max: 100 }), at: cents(100, 400_00), order: cents(500_00, 30_000_00), position: cents(500_00, 60_000_00), gross: cents(500_00, 150_000_00), reserved: cents(0, 3_000_00) }), (raw) => {
      const limits = exactLimits({ maxOrderNotional: raw.order, maxPositionNotional: raw.position, maxGrossExposure: raw.gross, maxDailyLoss: '1000000' });
      const book = bookOf({ cash: money(raw.cash), limits, positions: new Map([['AAPL', quantity(String(raw.held))]]), shares: new Map([[shareKey('rsi', 'AAPL'), quantity(String(raw.held))]]), openOrders: [open({ symbol: 'AAPL', strategyId: 'rsi', reserved: money(raw.reserved) })] });
      const market = marketOf({ AAPL: raw.at });
      const most = tightest(entryBounds(book, market, { strategyId: null, symbol: 'AAPL', price: price(raw.at) }));
      const ask = (qty: number) => decide(book, market, testManual({ qty: quantity(String(qty)) }));
      if (most === null) throw new Error('An entry has bounds');
      const failed = (qty: number) => ask(qty).rules.filter((rule) => !rule.passed).map((rule) => rule.rule);
      if (most.mostQty.gt(0)) expect(failed(most.mostQty.toNumber())).toEqual([]);
      expect(failed(most.mostQty.toNumber() + 1)).toContain(most.rule);
    }), { numRuns: 300 });
  });
});

describe('the standing of the book', () => {
  it('adds what is reserved to what is used', () => {
    const book = bookOf({ cash: money('1500'), positions: new Map([['AAPL', quantity('190')], ['SPY', quantity('0')]]), openOrders: [open(), open({ symbol: 'AAPL', reserved: money('1100'), limitPrice: price('100') })] });
    const { limits, isWithin, largestPositionPercent, equityDollars } = standingOf(book, marketOf({ AAPL: '100' }, '21000'));
    expect(limits.map((one) => [one.limit, one.subject, one.usedDollars, one.reservedDollars, one.usedPercent, one.isWithin])).toEqual([
      ['gross_exposure', 'account', '19000', '3100', 27.6, true], ['net_exposure', 'account', '22100', '0', 2.2, true], ['position', 'AAPL', '19000', '1100', 100.5, false], ['position', 'MSFT', '0', '2000', 10, true],
      ['daily_loss', 'account', '500', '0', 25, true], ['cash', 'account', '0', '3140', 209.3, false],
    ]);
    expect({ isWithin, largestPositionPercent, equityDollars }).toEqual({ isWithin: false, largestPositionPercent: 92.7, equityDollars: '20500' });
  });

  it('is within its limits when nothing is held', () => {
    expect(standingOf(bookOf(), marketOf({}))).toMatchObject({ isWithin: true, largestPositionPercent: 0 });
  });
});
