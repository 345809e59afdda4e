/** The rules about an order's terms, hour, price and money, one by one: what they deny, at which edge, and what they say would have passed. */
import { describe, expect, it } from 'vitest';
import type { RiskLimits } from '#app/domain/limits.ts';
import { DEFAULT_RISK_LIMITS } from '#app/domain/limits.ts';
import { Decimal, money, price, quantity, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { OrderTerms } from '#app/domain/order-terms.ts';
import { parseRfc3339, type EpochMs } from '#app/domain/time.ts';
import { exactLimits, type RiskBook } from './book.ts';
import type { OpenOrder } from './open-orders.ts';
import { decide, type Intent } from './decide.ts';
import { maintenanceOf } from './margin.ts';
import { ANY_ASSET, IN_SESSION, testBook, testManual, testMarket, testOrder } from './testing-book.ts';

type Terms = Partial<OrderTerms>;
const manual = (terms: Terms, changes: Omit<Parameters<typeof testManual>[0] & object, 'terms'> = {}): Intent => testManual({ terms, ...changes });
const limits = (changes: Partial<RiskLimits>): Pick<RiskBook, 'limits'> => ({ limits: exactLimits({ ...DEFAULT_RISK_LIMITS, ...changes }) });
const market = testMarket();
const ask = (book: RiskBook, intent: Intent, at = market) => decide(book, at, intent);
const code = (intent: Intent, book = testBook()) => ask(book, intent).code;
const wouldPass = (intent: Intent, book = testBook()): string | null | undefined => ask(book, intent).rules.find((rule) => !rule.passed)?.wouldPass;
const p = (text: string): Price => price(text);
const newYork = (text: string): EpochMs => parseRfc3339(text);

describe('terms', () => {
  it.each<[string | null, Terms, string]>([
    [null, { type: 'limit', limitPrice: p('99') }, '10'], [null, { type: 'stop', stopPrice: p('105') }, '10'], [null, { type: 'trailing_stop', trailPercent: new Decimal(5) }, '10'],
    [null, { type: 'limit', limitPrice: p('100'), orderClass: 'bracket', timeInForce: 'gtc', takeProfit: { limitPrice: p('110') }, stopLoss: { stopPrice: p('95'), limitPrice: null } }, '10'],
    ['ORDER_TERMS_INVALID', { type: 'limit' }, '10'], ['ORDER_TERMS_INVALID', { type: 'trailing_stop' }, '10'], ['ORDER_TERMS_INVALID', { timeInForce: 'gtc', type: 'limit', limitPrice: p('99') }, '1.5'],
    ['ORDER_TERMS_INVALID', { extendedHours: true }, '10'], ['ORDER_TERMS_INVALID', { type: 'limit', limitPrice: p('120'), orderClass: 'oco', stopLoss: { stopPrice: p('95'), limitPrice: null } }, '10'],
    ['SUB_PENNY', { type: 'limit', limitPrice: p('99.001') }, '10'], ['SUB_PENNY', { type: 'stop', stopPrice: p('105.005') }, '10'],
  ])('%s for %o', (expected, terms, qty) => {
    expect(code(manual(terms, { qty: quantity(qty) }))).toBe(expected);
  });

  it('let two exits of which one cancels the other close what is free, and only that', () => {
    const oco: Terms = { type: 'limit', limitPrice: p('120'), orderClass: 'oco', timeInForce: 'gtc', stopLoss: { stopPrice: p('95'), limitPrice: null } };
    const book = testBook({ held: { '|AAPL': '10' } });
    expect(ask(book, manual(oco, { side: 'sell' }))).toMatchObject({ outcome: 'approved', isReducing: true });
    expect(code(manual(oco, { side: 'sell', qty: quantity('11') }), book)).toBe('ORDER_TERMS_INVALID');
    expect(code(manual({ orderClass: 'bracket', timeInForce: 'gtc', takeProfit: { limitPrice: p('90') }, stopLoss: { stopPrice: p('110'), limitPrice: null } }, { side: 'sell' }), book)).toBe('ORDER_TERMS_INVALID');
  });
});

describe('prices', () => {
  it('may lie 10 % on the costly side, not a cent more', () => {
    const limit = (text: string, side: 'buy' | 'sell' = 'buy') => manual({ type: 'limit', limitPrice: p(text) }, { side });
    const held = testBook({ held: { '|AAPL': '10' } });
    expect([code(limit('110')), code(limit('110.01')), code(limit('5'))]).toEqual([null, 'PRICE_COLLAR_EXCEEDED', null]);
    expect([code(limit('90', 'sell'), held), code(limit('89.99', 'sell'), held), code(limit('900', 'sell'), held)]).toEqual([null, 'PRICE_COLLAR_EXCEEDED', null]);
    expect(wouldPass(limit('111'))).toBe('a limit of at most $110.00');
    expect(code(manual({ type: 'stop_limit', stopPrice: p('105'), limitPrice: p('115.5') }))).toBeNull();
    expect(code(manual({ type: 'stop_limit', stopPrice: p('105'), limitPrice: p('115.51') }))).toBe('PRICE_COLLAR_EXCEEDED');
    expect(code(manual({ type: 'stop', stopPrice: p('70') }, { side: 'sell' }), held), 'a protective stop may lie far away').toBeNull();
  });

  it('of stops and exits lie at least a cent on their side of the market', () => {
    expect([code(manual({ type: 'stop', stopPrice: p('100.01') })), code(manual({ type: 'stop', stopPrice: p('100') }))]).toEqual([null, 'STOP_WRONG_SIDE']);
    const exits = (stop: string, profit: string): Intent => manual({ orderClass: 'bracket', takeProfit: { limitPrice: p(profit) }, stopLoss: { stopPrice: p(stop), limitPrice: null } });
    expect([code(exits('99.99', '100.01')), code(exits('100', '101')), code(exits('99', '100'))]).toEqual([null, 'STOP_WRONG_SIDE', 'STOP_WRONG_SIDE']);
    expect(wouldPass(exits('100', '101'))).toBe('a stop-loss of at most $99.99');
  });

  it('are old after 180 s of an open market, for entries alone', () => {
    const later = (ms: number) => testMarket({ AAPL: '100' }, { now: (IN_SESSION + ms) as EpochMs });
    const book = testBook({ held: { '|AAPL': '10' } });
    expect(ask(book, manual({}), later(180_000)).code).toBeNull();
    expect(ask(book, manual({}), later(180_001)).code).toBe('DATA_STALE');
    expect(ask(book, manual({}, { side: 'sell' }), later(900_000)).code).toBeNull();
    expect(ask(book, manual({ type: 'limit', limitPrice: p('99') }), testMarket({ AAPL: '100' }, { now: newYork('2024-03-06T02:00:00Z') })).code, 'at night no price is fresh').toBeNull();
  });
});

describe('the hour', () => {
  const night = newYork('2024-03-06T02:00:00Z');
  it.each<[string | null, Terms, EpochMs]>([
    ['SESSION_CLOSED', {}, night], [null, { type: 'limit', limitPrice: p('99') }, night], [null, { type: 'limit', limitPrice: p('99'), extendedHours: true }, night], [null, { timeInForce: 'opg' }, night],
    ['SESSION_CLOSED', { type: 'limit', limitPrice: p('99'), timeInForce: 'ioc' }, night], ['SESSION_CLOSED', { timeInForce: 'opg' }, newYork('2024-03-05T14:28:00Z')], [null, { timeInForce: 'opg' }, newYork('2024-03-05T14:27:59Z')],
    ['SESSION_CLOSED', { timeInForce: 'cls' }, newYork('2024-03-05T20:50:00Z')], [null, { timeInForce: 'cls' }, newYork('2024-03-05T20:49:59Z')], ['SESSION_CLOSED', { timeInForce: 'cls' }, newYork('2024-07-03T16:50:00Z')],
    [null, {}, newYork('2024-07-03T16:59:59Z')], ['SESSION_CLOSED', {}, newYork('2024-07-03T17:00:00Z')],
  ])('%s for %o', (expected, terms, tsMarket) => {
    expect(code(manual(terms, { tsMarket }))).toBe(expected);
  });

  it('lets a strategy enter up to the close of its last bar, days whenever they end, and exits always', () => {
    const signal = (tsMarket: EpochMs, more: object = {}): Intent => ({ kind: 'signal', signalId: 's', strategyId: 'sma', symbol: 'AAPL', target: 'long', referencePrice: p('100'), atr: null, sizing: { method: 'fixed_notional', notional: '5000' }, tsMarket, tsBarSeen: null, ...more });
    const [close, after] = [newYork('2024-03-05T21:00:00Z'), newYork('2024-03-05T21:01:00Z')];
    expect([code(signal(close)), code(signal(after)), code(signal(after, { isDaily: true }))]).toEqual([null, 'SESSION_CLOSED', null]);
    expect(code(signal(after, { target: 'flat' }), testBook({ held: { 'sma|AAPL': '5' } }))).toBeNull();
    expect(wouldPass(signal(after))).toBe('after 09:30 New York time on 2024-03-06');
  });
});

describe('wash trades', () => {
  const opposite = (changes: Partial<OpenOrder>) => testBook({ openOrders: [testOrder({ strategyId: null, side: 'sell', isReducing: true, reserved: money('0'), ...changes })] });
  it.each<[string | null, Partial<OpenOrder>, Terms]>([
    ['OPPOSITE_ORDER_OPEN', {}, {}], ['OPPOSITE_ORDER_OPEN', { type: 'stop' }, { type: 'limit', limitPrice: p('90') }], ['OPPOSITE_ORDER_OPEN', { limitPrice: p('99') }, { type: 'limit', limitPrice: p('99') }],
    [null, { limitPrice: p('99.01') }, { type: 'limit', limitPrice: p('99') }], [null, { type: 'trailing_stop' }, {}], [null, { type: 'stop', role: 'stop_loss', orderClass: 'bracket' }, {}], [null, {}, { type: 'trailing_stop', trailPrice: p('2') }],
    [null, {}, { orderClass: 'oto', timeInForce: 'gtc', stopLoss: { stopPrice: p('95'), limitPrice: null } }],
  ])('%s against %o', (expected, open, terms) => {
    expect(code(manual(terms), opposite(open))).toBe(expected);
  });
});

describe('short sales', () => {
  const short = (changes: object = {}): Intent => manual({}, { side: 'sell', ...changes });
  const allowed = limits({ allowShort: true });
  it('need to be allowed, lent, whole, covered, and never pass through zero', () => {
    expect(ask(testBook(allowed), short())).toMatchObject({ outcome: 'approved', isReducing: false, reservedNotional: money('1030') });
    expect(code(short())).toBe('SHORT_NOT_ALLOWED');
    expect(code(short(), testBook({ ...allowed, assets: new Map([['AAPL', { ...ANY_ASSET, isShortable: false }]]) }))).toBe('SHORT_NOT_ALLOWED');
    expect(code(short({ qty: quantity('1.5') }), testBook(allowed))).toBe('SHORT_NOT_ALLOWED');
    expect(ask(testBook({ ...allowed, cash: money('1999') }), short(), testMarket({ AAPL: '100' }, { dayOpenEquity: money('1999') })).code).toBe('SHORT_NOT_ALLOWED');
    expect(code(short(), testBook({ ...allowed, held: { '|AAPL': '4' } })), 'flip').toBe('SHORT_NOT_ALLOWED');
    expect(code(short(), testBook({ ...allowed, held: { 'sma|AAPL': '4' } })), "a strategy's shares").toBe('SHORT_NOT_ALLOWED');
    const isShort = testBook({ ...allowed, held: { '|AAPL': '-8' }, cash: money('100800') });
    expect(ask(isShort, manual({}, { qty: quantity('8') }))).toMatchObject({ outcome: 'approved', isReducing: true });
    expect(wouldPass(manual({}), isShort)).toBe('at most 8 shares');
  });

  it('bind half their value beside their proceeds', () => {
    const book = testBook({ ...allowed, held: { '|MSFT': '-100' }, cash: money('31000') });
    const at = testMarket(undefined, { dayOpenEquity: money('11000') });
    // 31000 - 1.5 x 20000 = 1000 free; 9 x 100 x 1.02 = 918, 10 x 102 = 1020.
    expect(ask(book, manual({}, { qty: quantity('9') }), at).code).not.toBe('BUYING_POWER_EXCEEDED');
    expect(ask(book, manual({}), at)).toMatchObject({ code: 'BUYING_POWER_EXCEEDED' });
  });
});

describe('money', () => {
  it("is own cash, or with margin the broker's word less what was approved since", () => {
    const margin = { buyingPower: money('2000'), approvedSince: money('1000') };
    const tight = { cash: money('500') };
    const at = testMarket({ AAPL: '100' }, { dayOpenEquity: money('500') });
    expect(ask(testBook({ ...tight, margin }), manual({}, { qty: quantity('5') }), at).code).toBe('BUYING_POWER_EXCEEDED');
    // 2000 - 1000 x 1.02 = 980 free, 9 x 102 = 918; but the account must keep 10 % of 500 above 30 % of 900.
    expect(ask(testBook({ ...tight, margin, ...limits({ allowMargin: true }) }), manual({}, { qty: quantity('9') }), at).code).toBeNull();
    expect(ask(testBook({ ...tight, margin, ...limits({ allowMargin: true }) }), manual({}), at).code).toBe('BUYING_POWER_EXCEEDED');
    expect(ask(testBook({ ...tight, margin: { ...margin, buyingPower: money('90000') }, ...limits({ allowMargin: true }) }), manual({}, { qty: quantity('16') }), at).code).toBe('MARGIN_HEADROOM_EXCEEDED');
  });

  it.each<[string, string, string]>([['10', '100', '300'], ['10', '2.4', '24'], ['-10', '100', '300'], ['-10', '6', '50'], ['-10', '4', '40'], ['-10', '1', '25']])('needs for %s shares at %s a maintenance margin of %s', (qty, at, needed) => {
    expect(maintenanceOf(quantity(qty) as Quantity, p(at)).toString()).toBe(needed);
  });

  it.each<[string, Partial<RiskLimits>, string | null]>([
    ['ORDER_QUANTITY_EXCEEDED', { maxOrderQty: '9' }, 'at most 9 shares'], ['ORDER_NOTIONAL_EXCEEDED', { maxOrderNotional: '950' }, 'at most 9 shares'], ['NET_EXPOSURE_EXCEEDED', { maxNetExposure: '500' }, 'at most 5 shares'],
    ['GROSS_EXPOSURE_EXCEEDED', { maxGrossExposure: '199' }, 'at most 1 share'], ['POSITION_NOTIONAL_EXCEEDED', { maxPositionNotional: '99' }, null],
  ])('%s says what would have passed', (expected, changes, words) => {
    const book = testBook(limits(changes));
    expect([code(manual({}), book), wouldPass(manual({}), book)]).toEqual([expected, words]);
  });

  it('counts the entries of a day, not what reduces', () => {
    const book = testBook({ ...limits({ maxOrdersPerDay: 3 }), held: { '|AAPL': '10' } });
    expect(ask(book, manual({}), testMarket(undefined, { entriesToday: 2 })).code).toBeNull();
    expect(ask(book, manual({}), testMarket(undefined, { entriesToday: 3 })).code).toBe('ORDERS_PER_DAY_EXCEEDED');
    expect(ask(book, manual({}, { side: 'sell' }), testMarket(undefined, { entriesToday: 3 })).code).toBeNull();
  });

  it('stops entries at the fall from the highest equity', () => {
    const fallen = (peak: string) => testMarket(undefined, { peakEquity: money(peak) });
    expect(ask(testBook(), manual({}), fallen('124999')).code).toBeNull();
    expect(ask(testBook(), manual({}), fallen('125000'))).toMatchObject({ code: 'DRAWDOWN_EXCEEDED' });
    expect(ask(testBook({ held: { '|AAPL': '10' } }), manual({}, { side: 'sell' }), fallen('900000')).code).toBeNull();
  });
});
