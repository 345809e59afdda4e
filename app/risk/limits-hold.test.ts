/** Whatever is approved, the limits hold afterwards. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addMoney, addQuantity, money, price, quantity, ZERO_MONEY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import { exactLimits, grossExposure, positionNotional, reservedOn, shareKey, shareOf, type RiskBook, type RiskMarket } from './book.ts';
import { applyDecision, decide, type Intent } from './decide.ts';
import { freeCash } from './margin.ts';
import { IN_SESSION as T, testBook, testManual, testMarket } from './testing-book.ts';

const SYMBOLS = ['AAPL', 'MSFT', 'SPY'] as const;
const STRATEGIES = ['sma', 'rsi', null] as const;

const cents = (min: number, max: number) => fc.integer({ min, max }).map((n) => (n / 100).toFixed(2));
const share = fc.record({ strategyId: fc.constantFrom(...STRATEGIES), symbol: fc.constantFrom(...SYMBOLS), qty: fc.integer({ min: 0, max: 200 }) });
const world = fc.record({
  cash: cents(0, 200_000_00), shares: fc.array(share, { maxLength: 6 }), prices: fc.tuple(cents(100, 500_00), cents(100, 500_00), cents(100, 500_00)),
  limits: fc.record({ maxOrderNotional: cents(1, 30_000_00), maxPositionNotional: cents(1, 60_000_00), maxGrossExposure: cents(1, 150_000_00), maxDailyLoss: cents(1, 5_000_00) }),
  lossToday: cents(0, 6_000_00),
  tradingState: fc.constantFrom('ACTIVE', 'ACTIVE', 'ACTIVE', 'REDUCING', 'HALTED'),
  arming: fc.constantFrom('not_needed', 'not_needed', 'armed', 'disarmed'),
});
const wish = fc.record({
  kind: fc.constantFrom('signal', 'signal', 'manual', 'exit'), strategyId: fc.constantFrom('sma', 'rsi'), symbol: fc.constantFrom(...SYMBOLS), target: fc.constantFrom('long', 'long', 'flat'),
  side: fc.constantFrom('buy', 'sell'), qty: fc.integer({ min: 1, max: 150 }), reference: cents(100, 500_00), isLimit: fc.boolean(), notional: cents(100, 40_000_00),
});

type World = typeof world extends fc.Arbitrary<infer T> ? T : never;
type Wish = typeof wish extends fc.Arbitrary<infer T> ? T : never;

function bookOf(raw: World): { book: RiskBook; market: RiskMarket } {
  const shares = new Map<string, Quantity>();
  const positions = new Map<string, Quantity>();
  for (const { strategyId, symbol, qty } of raw.shares) {
    shares.set(shareKey(strategyId, symbol), (shares.get(shareKey(strategyId, symbol)) ?? quantity('0')).plus(qty) as Quantity);
    positions.set(symbol, (positions.get(symbol) ?? quantity('0')).plus(qty) as Quantity);
  }
  const prices = new Map<string, Price>(SYMBOLS.map((symbol, n) => [symbol, price(raw.prices[n] ?? '1')]));
  const book = testBook({ tradingState: raw.tradingState, arming: raw.arming, limits: exactLimits(raw.limits), cash: money(raw.cash), positions, shares });
  let equity: Money = book.cash;
  for (const [symbol, qty] of positions) equity = equity.plus(qty.times(prices.get(symbol) ?? 0)) as Money;
  return { book, market: testMarket({}, { prices, dayOpenEquity: equity.plus(raw.lossToday) as Money }) };
}

function intentOf(raw: Wish, n: number): Intent {
  if (raw.kind === 'exit') return { kind: 'exit', decisionId: `x${n}`, signalId: null, strategyId: raw.strategyId, symbol: raw.symbol, tsMarket: T };
  if (raw.kind === 'manual') {
    return testManual({ decisionId: `m${n}`, symbol: raw.symbol, side: raw.side, qty: quantity(String(raw.qty)), terms: raw.isLimit ? { type: 'limit', limitPrice: price(raw.reference) } : {} });
  }
  return {
    kind: 'signal', signalId: `s${n}`, strategyId: raw.strategyId, symbol: raw.symbol, target: raw.target, referencePrice: price(raw.reference), atr: null,
    sizing: { method: 'fixed_notional', notional: raw.notional }, tsMarket: T, tsBarSeen: null,
  };
}

describe('any sequence of decisions', () => {
  it('keeps reservations and positions within every limit, each decision seeing those before it', () => {
    fc.assert(fc.property(world, fc.array(wish, { minLength: 1, maxLength: 25 }), (raw, wishes) => {
      const start = bookOf(raw);
      let { book } = start;
      wishes.forEach((each, n) => {
        const decision = decide(book, start.market, intentOf(each, n));
        book = applyDecision(book, decision);
        if (decision.outcome === 'denied') {
          expect(decision.reservedNotional.isZero()).toBe(true);
          expect(decision.rules.find((rule) => !rule.passed)?.code).toBe(decision.code);
          return;
        }
        expect(raw.tradingState).not.toBe('HALTED');
        for (const other of book.openOrders) expect(other.symbol !== decision.symbol || other.side === decision.side || (other.limitPrice !== null && decision.limitPrice !== null)).toBe(true);
        expect(decision.rules.every((rule) => rule.passed)).toBe(true);
        expect(decision.qty.gt(0)).toBe(true);
        if (decision.isReducing) {
          expect(decision.reservedNotional.isZero()).toBe(true);
          return;
        }
        expect(raw.tradingState).toBe('ACTIVE');
        expect(raw.arming).not.toBe('disarmed');
        expect(decision.side).toBe('buy');
        expect(decision.reservedNotional.gt(0)).toBe(true);
        expect(decision.reservedNotional.lte(book.limits.maxOrderNotional)).toBe(true);
        expect(positionNotional(book, start.market, decision.symbol).plus(reservedOn(book, decision.symbol)).lte(book.limits.maxPositionNotional)).toBe(true);
        expect(grossExposure(book, start.market).lte(book.limits.maxGrossExposure)).toBe(true);
        expect(freeCash(book, start.market).gte(0)).toBe(true);
      });
      expect(book.openOrders.reduce((sum, order) => addMoney(sum, order.reserved), ZERO_MONEY).eq(reservedOn(book, null))).toBe(true);
    }), { numRuns: 400 });
  });

  it('never sells more of a share, or of the account, than is there', () => {
    fc.assert(fc.property(world, fc.array(wish, { minLength: 1, maxLength: 25 }), (raw, wishes) => {
      const start = bookOf({ ...raw, tradingState: 'ACTIVE' });
      let { book } = start;
      wishes.forEach((each, n) => {
        book = applyDecision(book, decide(book, start.market, intentOf(each, n)));
      });
      for (const symbol of SYMBOLS) {
        const sold = book.openOrders.filter((order) => order.symbol === symbol && order.side === 'sell').reduce((sum, order) => addQuantity(sum, order.openQty), quantity('0'));
        expect(sold.lte(book.positions.get(symbol) ?? 0)).toBe(true);
        for (const strategyId of STRATEGIES) {
          const { held, exiting } = shareOf(book, strategyId, symbol);
          expect(exiting.lte(held)).toBe(true);
        }
      }
    }));
  });

  it('gives the same decisions again', () => {
    fc.assert(fc.property(world, fc.array(wish, { maxLength: 10 }), (raw, wishes) => {
      const run = (): string => {
        const { book: first, market } = bookOf(raw);
        let book = first;
        return JSON.stringify(wishes.map((each, n) => {
          const decision = decide(book, market, intentOf(each, n));
          book = applyDecision(book, decision);
          return decision;
        }));
      };
      expect(run()).toBe(run());
    }), { numRuns: 50 });
  });
});
