/** What one strategy may do: its own limits hold over any sequence of decisions, exits always pass, and others are not concerned. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { money, price, quantity } from '#app/domain/numeric.ts';
import { DENIAL_CODES } from '#app/domain/limits.ts';
import { exactLimits, strategyNotional, type RiskBook, type StrategyTerms } from './book.ts';
import { entryBounds } from './bounds.ts';
import { applyDecision, decide, type Intent } from './decide.ts';
import { RULES } from './rules.ts';
import { IN_SESSION as T, testBook, testMarket, testOrder } from './testing-book.ts';

const WIDE = exactLimits({ maxOrderNotional: '1000000', maxPositionNotional: '1000000', maxGrossExposure: '1000000', maxNetExposure: '1000000', maxDailyLoss: '90000', allowShort: true });
const terms = (maxNotional: string, maxOrdersPerDay = 100, stoppedWhy: string | null = null): ReadonlyMap<string, StrategyTerms> => new Map([['sma', { limits: { maxNotional: money(maxNotional), maxOrdersPerDay }, stoppedWhy }]]);
const enter = (changes: Partial<Extract<Intent, { kind: 'signal' }>> = {}, notional = '5000'): Intent => ({
  kind: 'signal', signalId: 's1', strategyId: 'sma', symbol: 'AAPL', target: 'long', referencePrice: price('100'), atr: null, sizing: { method: 'fixed_notional', notional }, tsMarket: T, tsBarSeen: null, ...changes,
});
const book = (changes: Parameters<typeof testBook>[0]): RiskBook => testBook({ limits: WIDE, ...changes });
const market = testMarket();

describe('the value that one strategy holds', () => {
  it('may reach its limit, not a share more, and says what would have passed', () => {
    expect(decide(book({ strategies: terms('5000') }), market, enter())).toMatchObject({ outcome: 'approved' });
    const denied = decide(book({ strategies: terms('4999.99') }), market, enter());
    expect(denied).toMatchObject({ code: 'STRATEGY_NOTIONAL_EXCEEDED', message: expect.stringContaining('$5,000.00; its own limit is $4,999.99') as string });
    expect(denied.rules.find(({ rule }) => rule === 'strategy_notional')).toMatchObject({ threshold: '4999.99', observed: '5000', wouldPass: 'at most 49 shares' });
  });

  it('counts all its symbols and its open orders, and nothing of others', () => {
    const held = book({ strategies: terms('12000'), held: { 'sma|MSFT': '20', 'rsi|AAPL': '500' }, openOrders: [testOrder({ symbol: 'SPY', reserved: money('3000') }), testOrder({ clientOrderId: 'ms-o', strategyId: 'rsi', symbol: 'SPY', reserved: money('40000') })] });
    expect(strategyNotional(held, testMarket({ AAPL: '100', MSFT: '200' }), 'sma').toFixed()).toBe('7000');
    expect(decide(held, market, enter()).code).toBeNull();
    expect(decide(held, market, enter({}, '5100')).code).toBe('STRATEGY_NOTIONAL_EXCEEDED');
    expect(decide(held, market, enter({ strategyId: 'rsi', symbol: 'MSFT', referencePrice: price('200') }, '9000')).code, 'another strategy has no limits of its own').toBeNull();
  });

  it('counts short shares, and those that another strategy holds against it', () => {
    const against = { ...book({ strategies: terms('2500') }), shares: new Map([['sma|AAPL', quantity('-10')], ['rsi|AAPL', quantity('10')]]), positions: new Map() };
    expect(strategyNotional(against, market, 'sma').toFixed()).toBe('1000');
    expect(strategyNotional(against, testMarket({}), 'sma').toFixed(), 'a symbol without a price counts nothing').toBe('0');
    expect(strategyNotional(against, testMarket({}), 'sma', { symbol: 'AAPL', price: price('90') }).toFixed()).toBe('900');
  });

  it('bounds its entries as the limits of the account do', () => {
    const bounds = entryBounds(book({ strategies: terms('2550') }), market, { strategyId: 'sma', symbol: 'AAPL', price: price('100') });
    expect(bounds.find(({ rule }) => rule === 'strategy_notional')?.mostQty.toFixed()).toBe('25');
    expect(entryBounds(book({ strategies: terms('2550') }), market, { strategyId: 'rsi', symbol: 'AAPL', price: price('100') }).some(({ rule }) => rule === 'strategy_notional')).toBe(false);
  });
});

describe('its entries of a day', () => {
  it('are counted for it alone', () => {
    const asked = book({ strategies: terms('50000', 2) });
    const after = (own: number, all: number) => testMarket(undefined, { entriesToday: all, entriesByStrategy: new Map([['sma', own]]) });
    expect(decide(asked, after(1, 40), enter()).code).toBeNull();
    expect(decide(asked, after(2, 2), enter()).code).toBe('STRATEGY_ORDERS_PER_DAY_EXCEEDED');
    expect(decide(asked, after(2, 2), enter({ strategyId: 'rsi' })).code).toBeNull();
  });
});

describe('a strategy that was stopped', () => {
  const stopped = book({ strategies: terms('50000', 9, 'it is paused (three errors in a row).'), held: { 'sma|MSFT': '5' } });
  it('opens nothing, by any kind of wish', () => {
    expect(decide(stopped, market, enter())).toMatchObject({ code: 'STRATEGY_STOPPED', message: expect.stringContaining('three errors in a row') as string });
    expect(decide(stopped, market, { kind: 'target', decisionId: 't1', signalId: 's1', strategyId: 'sma', symbol: 'AAPL', desired: quantity('5'), protection: null, isDaily: false, tsMarket: T }).code).toBe('STRATEGY_STOPPED');
    expect(decide(stopped, market, enter({ strategyId: 'rsi' })).code).toBeNull();
  });

  it('still leaves what it holds', () => {
    expect(decide(stopped, market, enter({ symbol: 'MSFT', target: 'flat', referencePrice: price('200') }))).toMatchObject({ outcome: 'approved', isReducing: true });
    expect(decide(stopped, market, { kind: 'exit', decisionId: 'x1', signalId: null, strategyId: 'sma', symbol: 'MSFT', tsMarket: T })).toMatchObject({ outcome: 'approved' });
  });
});

const cents = (min: number, max: number) => fc.integer({ min, max }).map((n) => (n / 100).toFixed(2));
const wish = fc.record({ strategyId: fc.constantFrom('sma', 'sma', 'rsi'), symbol: fc.constantFrom('AAPL', 'MSFT', 'SPY'), target: fc.constantFrom('long', 'long', 'short', 'flat'), notional: cents(100, 9_000_00), isWeighted: fc.boolean() });

describe('any sequence of decisions', () => {
  it('keeps a strategy within its own limits, and denies no order that reduces', () => {
    const held = fc.dictionary(fc.constantFrom('sma|AAPL', 'sma|MSFT', 'rsi|AAPL'), fc.integer({ min: 0, max: 40 }).map(String));
    fc.assert(fc.property(cents(0, 20_000_00), fc.integer({ min: 1, max: 6 }), held, fc.array(wish, { minLength: 1, maxLength: 25 }), (maxNotional, maxOrdersPerDay, shares, wishes) => {
      let now = book({ strategies: terms(maxNotional, maxOrdersPerDay), held: shares });
      const prices = testMarket({ AAPL: '100', MSFT: '200', SPY: '50' });
      let entries = 0;
      wishes.forEach(({ isWeighted, notional, ...each }, n) => {
        const weight = isWeighted ? { weight: money(notional).div(100_000).times(each.target === 'short' ? -1 : 1) } : {};
        const decision = decide(now, { ...prices, entriesByStrategy: new Map([['sma', entries]]) }, enter({ ...each, ...(each.target === 'flat' ? {} : weight), signalId: `s${n}`, referencePrice: prices.prices.get(each.symbol) ?? price('1') }, notional));
        now = applyDecision(now, decision);
        const isOwn = each.strategyId === 'sma';
        if (decision.isReducing) expect(decision.code ?? '').not.toMatch(/^STRATEGY_/);
        if (!isOwn) expect(decision.rules.some(({ code }) => code?.startsWith('STRATEGY_') ?? false)).toBe(false);
        if (decision.outcome === 'denied' || decision.isReducing || !isOwn) return;
        entries += 1;
        expect(strategyNotional(now, prices, 'sma').lte(money(maxNotional))).toBe(true);
        expect(entries).toBeLessThanOrEqual(maxOrdersPerDay);
      });
    }), { numRuns: 300 });
  });
});

it('asks the rules in the order in which the denials are listed', () => {
  const places = RULES.map(({ code }) => DENIAL_CODES.indexOf(code));
  expect(places).toEqual([...places].sort((a, b) => a - b));
});
