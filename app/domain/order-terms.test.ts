/** What no broker takes, said before it is asked; and the way from the wire and back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { price, quantity, Decimal } from './numeric.ts';
import { ORDER_CLASSES, ORDER_TYPES, TIMES_IN_FORCE, type Side } from './order.ts';
import { MARKET_TERMS, orderTermsFields, pricesOf, readTerms, subPennyIssues, termsIssues, writeTerms, type OrderTerms } from './order-terms.ts';

const terms = (fields: Partial<OrderTerms>): OrderTerms => ({ ...MARKET_TERMS, ...fields });
const fields = (given: Partial<OrderTerms>, side: Side = 'buy', qty = '10'): string[] => termsIssues(terms(given), { side, qty: quantity(qty) }).map((issue) => issue.field);
const exits = (profit: string, stop: string): Pick<OrderTerms, 'takeProfit' | 'stopLoss'> => ({ takeProfit: { limitPrice: price(profit) }, stopLoss: { stopPrice: price(stop), limitPrice: null } });

describe('well formed', () => {
  it.each<[string, Partial<OrderTerms>, Side?, string?]>([
    ['market', {}],
    ['limit', { type: 'limit', limitPrice: price('50') }],
    ['stop', { type: 'stop', stopPrice: price('49') }, 'sell'],
    ['stop-limit', { type: 'stop_limit', stopPrice: price('49'), limitPrice: price('48.5') }, 'sell'],
    ['trailing by dollars', { type: 'trailing_stop', trailPrice: price('1.5'), timeInForce: 'gtc' }, 'sell'],
    ['trailing by percent', { type: 'trailing_stop', trailPercent: new Decimal('2.5') }, 'sell'],
    ['on the close', { timeInForce: 'cls' }],
    ['extended hours', { type: 'limit', limitPrice: price('50'), extendedHours: true }],
    ['a fraction', {}, 'buy', '0.5'],
    ['a bracket', { orderClass: 'bracket', type: 'limit', limitPrice: price('50'), timeInForce: 'gtc', ...exits('55', '48') }],
    ['a bracket that sells short', { orderClass: 'bracket', type: 'limit', limitPrice: price('50'), ...exits('45', '52') }, 'sell'],
    ['an oto', { orderClass: 'oto', stopLoss: { stopPrice: price('48'), limitPrice: price('47.9') } }],
    ['an oco that protects a long position', { orderClass: 'oco', type: 'limit', limitPrice: price('55'), stopLoss: { stopPrice: price('48'), limitPrice: null }, timeInForce: 'gtc' }, 'sell'],
  ])('%s', (_, given, side = 'buy', qty = '10') => {
    expect(fields(given, side, qty)).toEqual([]);
  });
});

describe('refused, at the field', () => {
  it.each<[string, Partial<OrderTerms>, string[], [side: Side, qty?: string]?]>([
    ['a market order with a limit', { limitPrice: price('50') }, ['limitPrice']],
    ['a limit order without', { type: 'limit' }, ['limitPrice']],
    ['a stop-limit without its stop', { type: 'stop_limit', limitPrice: price('50') }, ['stopPrice']],
    ['a trailing stop that trails in two ways', { type: 'trailing_stop', trailPrice: price('1'), trailPercent: new Decimal('1') }, ['trailPrice']],
    ['a trail of everything', { type: 'trailing_stop', trailPercent: new Decimal('100') }, ['trailPercent']],
    ['a stop at the opening', { type: 'stop', stopPrice: price('50'), timeInForce: 'opg' }, ['timeInForce']],
    ['a market order in extended hours', { extendedHours: true }, ['extendedHours']],
    ['a fraction until canceled', { timeInForce: 'gtc' }, ['timeInForce'], ['buy', '0.5']],
    ['a fraction that trails', { type: 'trailing_stop', trailPrice: price('1') }, ['qty'], ['sell', '0.5']],
    ['exits without a class', exits('55', '48'), ['orderClass']],
    ['a bracket with one exit', { orderClass: 'bracket', stopLoss: { stopPrice: price('48'), limitPrice: null } }, ['orderClass']],
    ['a bracket upside down', { orderClass: 'bracket', ...exits('48', '55') }, ['stopLoss.stopPrice']],
    ['a stop at the entry', { orderClass: 'bracket', type: 'limit', limitPrice: price('50'), ...exits('55', '50') }, ['stopLoss.stopPrice']],
    ['a target below the entry', { orderClass: 'bracket', type: 'limit', limitPrice: price('50'), ...exits('49.5', '48') }, ['takeProfit.limitPrice']],
    ['an oco at market', { orderClass: 'oco', stopLoss: { stopPrice: price('48'), limitPrice: null } }, ['orderClass'], ['sell']],
    ['a bracket that is filled at once or not at all', { orderClass: 'bracket', timeInForce: 'fok', ...exits('55', '48') }, ['timeInForce']],
    ['a price finer than a cent', { type: 'limit', limitPrice: price('50.001') }, ['limitPrice']],
    ['a price below a dollar finer than a hundredth of a cent', { type: 'limit', limitPrice: price('0.50001') }, ['limitPrice']],
  ])('%s', (_, given, expected, of) => {
    expect(fields(given, of?.[0], of?.[1])).toEqual(expected);
  });
});

describe('prices', () => {
  it('of all kinds are named as on the wire', () => {
    const all = terms({ type: 'stop_limit', limitPrice: price('1.005'), stopPrice: price('1'), ...exits('2', '0.12345') });
    expect(pricesOf(all).map(({ field }) => field)).toEqual(['limitPrice', 'stopPrice', 'takeProfit.limitPrice', 'stopLoss.stopPrice']);
    expect(subPennyIssues(all).map(({ field }) => field)).toEqual(['limitPrice', 'stopLoss.stopPrice']);
  });
});

describe('the wire', () => {
  const text = fc.integer({ min: 1, max: 10_000_000 }).map((cents) => String(cents / 100));
  const maybe = fc.option(text, { nil: null });
  const wire = fc.record({
    type: fc.constantFrom(...ORDER_TYPES), timeInForce: fc.constantFrom(...TIMES_IN_FORCE), orderClass: fc.constantFrom(...ORDER_CLASSES), extendedHours: fc.boolean(),
    limitPrice: maybe, stopPrice: maybe, trailPrice: maybe, trailPercent: maybe,
    takeProfit: fc.option(fc.record({ limitPrice: text }), { nil: null }), stopLoss: fc.option(fc.record({ stopPrice: text, limitPrice: maybe }), { nil: null }),
  });
  it('is read and written without a change, and judged without a crash', () => {
    fc.assert(fc.property(wire, fc.constantFrom<Side>('buy', 'sell'), (given, side) => {
      const parsed = z.object(orderTermsFields).parse(given);
      const exact = readTerms(parsed);
      expect(writeTerms(exact)).toEqual(given);
      expect(Array.isArray(termsIssues(exact, { side, qty: quantity('1') }))).toBe(true);
    }));
  });
  it('fills in what an older message did not say', () => {
    expect(readTerms(z.object(orderTermsFields).parse({ type: 'market', timeInForce: 'day' }))).toEqual(MARKET_TERMS);
  });
});
