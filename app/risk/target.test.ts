/** Targets: what a weight means in shares, one step at a time, never through zero. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal, money, price, quantity, type Quantity } from '#app/domain/numeric.ts';
import { MARKET_TERMS } from '#app/domain/order-terms.ts';
import { exactLimits, shareKey, shareOf, type RiskBook } from './book.ts';
import { applyDecision, decide } from './decide.ts';
import { followUps } from './follow-up.ts';
import type { OrderIntent, SignalIntent, TargetIntent } from './intent.ts';
import { desiredByWeight, stepTowards, weightOf } from './target.ts';
import { IN_SESSION as T, testBook, testMarket, testOrder as open } from './testing-book.ts';

const market = testMarket();
const LIMITS = exactLimits({ maxOrderNotional: '50000', maxPositionNotional: '50000', maxGrossExposure: '90000', maxDailyLoss: '9000', allowShort: true });
const book = (changes: Parameters<typeof testBook>[0] = {}): RiskBook => testBook({ limits: LIMITS, ...changes });
const signal = (changes: Partial<SignalIntent> = {}): SignalIntent => ({
  kind: 'signal', signalId: 'sma.v1:AAPL:1:0', strategyId: 'sma', symbol: 'AAPL', target: 'long', referencePrice: price('100'), atr: null, sizing: { method: 'fixed_notional', notional: '5000' }, tsMarket: T, tsBarSeen: T, ...changes,
});
const follow = (desired: string): TargetIntent => ({ kind: 'target', decisionId: 'sma.v1:AAPL:1:0:r1', signalId: 'sma.v1:AAPL:1:0', strategyId: 'sma', symbol: 'AAPL', desired: quantity(desired), protection: null, isDaily: false, tsMarket: T });
const short = (weight?: string): SignalIntent => signal({ target: 'short', ...(weight === undefined ? {} : { weight: new Decimal(weight) }) });
const long = (weight: string): SignalIntent => signal({ weight: new Decimal(weight) });
const order = (changes: Partial<OrderIntent> = {}): OrderIntent => ({
  kind: 'order', signalId: 'sma.v1:AAPL:1:1', strategyId: 'sma', symbol: 'AAPL', side: 'buy', qty: quantity('10'), terms: MARKET_TERMS, isDaily: false, referencePrice: price('100'), tsMarket: T, tsBarSeen: T, ...changes,
});
const WHOLE = new Map([['AAPL', { isTradable: true, isFractionable: false, isShortable: true }]]);
const brief = ({ outcome, code, side, qty, isReducing, owes }: ReturnType<typeof decide>) => [outcome, code, side, qty.toString(), isReducing, owes?.toString() ?? null];

describe('a weight', () => {
  it('means shares of the equity, rounded towards nothing; short ones whole', () => {
    const facts = { equity: money('100000'), price: price('30') };
    expect(desiredByWeight(new Decimal('0.25'), { ...facts, isFractionable: false }).qty.toString()).toBe('833');
    expect(desiredByWeight(new Decimal('0.25'), { ...facts, isFractionable: true }).qty.toString()).toBe('833.333333333');
    expect(desiredByWeight(new Decimal('-0.1'), { ...facts, isFractionable: true }).qty.toString()).toBe('-333');
    expect(desiredByWeight(new Decimal('0.5'), { ...facts, equity: money('-10'), isFractionable: true }).qty.toString()).toBe('0');
    expect(weightOf(0.1 + 0.2).toString()).toBe('0.3');
  });

  it('is reached by steps that never pass through zero and never overshoot', () => {
    fc.assert(fc.property(fc.integer({ min: -200, max: 200 }), fc.integer({ min: -200, max: 200 }), (from, to) => {
      let held = new Decimal(from);
      const desired = new Decimal(to) as Quantity;
      for (let steps = 0; ; steps += 1) {
        const step = stepTowards(desired, { held: held as Quantity }, price('10'));
        if (step.kind === 'none') break;
        const before = held;
        held = step.kind === 'close' ? new Decimal(0) : held.plus(step.qty.times(step.side === 'buy' ? 1 : -1));
        expect(before.times(held).gte(0)).toBe(true);
        expect(steps).toBeLessThan(2);
      }
      expect(held.eq(desired)).toBe(true);
    }), { numRuns: 300 });
  });

  it('grows, shrinks and leaves a position, explained step by step', () => {
    const held = (qty: string) => book({ assets: WHOLE, held: { 'sma|AAPL': qty }, cash: money(String(100_000 - 100 * Number(qty))) });
    const grown = decide(held('50'), market, long('0.2'));
    expect(brief(grown)).toEqual(['approved', null, 'buy', '150', false, null]);
    expect(grown.record.sizing.map(({ step, result }) => `${step} ${result}`)).toEqual(['budget 20000', 'wanted 200', 'held 50', 'to add 150']);
    expect(brief(decide(held('200'), market, long('0.05')))).toEqual(['approved', null, 'sell', '150', true, null]);
    expect(brief(decide(held('50'), market, long('0.05')))).toEqual(['denied', 'TARGET_ALREADY_HELD', 'buy', '0', false, null]);
    expect(brief(decide(held('50'), market, signal({ target: 'flat', weight: null })))).toEqual(['approved', null, 'sell', '50', true, '0']);
    expect(brief(decide(book({ assets: WHOLE }), market, long('0.0005')))).toEqual(['denied', 'QUANTITY_ZERO', 'buy', '0', false, null]);
  });

  it('adds whole shares where the entry has exits, also to a part of a share', () => {
    const protectedLong = { ...long('0.2'), protection: { stopPrice: price('90'), takeProfitPrice: null } };
    expect(brief(decide(book({ held: { 'sma|AAPL': '50.5' }, cash: money('94950') }), market, protectedLong))).toEqual(['approved', null, 'buy', '149', false, null]);
  });

  it('leaves a part of a share alone that is worth less than a dollar', () => {
    const held = book({ held: { 'sma|AAPL': '50.009' }, cash: money('94999.1') });
    expect(decide(held, market, long('0.05001')).code).toBe('TARGET_ALREADY_HELD');
    expect(decide(held, market, long('0.0502')).qty.toString()).toBe('0.191');
  });

  it('waits for what is open of its share, which it cancels, and follows when that has closed', () => {
    const resting = open({ side: 'buy', limitPrice: price('90'), openQty: quantity('20'), reserved: money('1800') });
    const decision = decide(book({ assets: WHOLE, openOrders: [resting] }), market, long('0.2'));
    expect(brief(decision)).toEqual(['denied', 'EXIT_PENDING', 'buy', '200', false, '200']);
    expect(decision.cancels).toEqual([resting]);
    const target = { strategyId: 'sma', symbol: 'AAPL', originId: 's', followUps: 0, desired: quantity('200') };
    expect(followUps(book({ openOrders: [resting] }), [target]).due).toEqual([]);
    expect(followUps(book(), [target]).due).toEqual([target]);
    expect(followUps(book({ held: { 'sma|AAPL': '200' } }), [target]).due).toEqual([]);
    expect(brief(decide(book({ assets: WHOLE, held: { 'sma|AAPL': '20' } }), market, follow('200')))).toEqual(['approved', null, 'buy', '180', false, null]);
  });
});

describe('a short target', () => {
  it('sells short by the sizing, with exits on the other sides', () => {
    const decision = decide(book(), market, { ...short(), protection: { stopPrice: price('106'), takeProfitPrice: price('90') } });
    expect(brief(decision)).toEqual(['approved', null, 'sell', '50', false, null]);
    expect(decision).toMatchObject({ orderClass: 'bracket', timeInForce: 'gtc', message: 'Sell short 50 AAPL at market, take-profit 90, stop-loss 106 ($5000 / $100 = 50 shares)' });
    expect(decision.reservedNotional.toString()).toBe('5150');
    expect(decide(book(), market, { ...short(), protection: { stopPrice: price('94'), takeProfitPrice: null } }).code).toBe('STOP_WRONG_SIDE');
  });

  it('is denied where the limits, the broker or the account do not allow it', () => {
    expect(decide(testBook(), market, short()).message).toBe('The strategy has 0 AAPL to sell; selling short is not allowed. It can be allowed in the risk limits. Sizing: $5000 / $100 = 50 shares.');
    expect(decide(book({ assets: new Map([['AAPL', { isTradable: true, isFractionable: true, isShortable: false }]]) }), market, short()).code).toBe('SHORT_NOT_ALLOWED');
    expect(decide(book({ held: { 'other|AAPL': '5' } }), market, short()).code).toBe('SHORT_NOT_ALLOWED');
    expect(decide(book({ held: { 'sma|AAPL': '-50' } }), market, short()).code).toBe('TARGET_ALREADY_HELD');
  });

  it('passes through zero in two steps, either way', () => {
    const before = book({ held: { 'sma|AAPL': '50' } });
    expect(brief(decide(before, market, short()))).toEqual(['approved', null, 'sell', '50', true, '-50']);
    expect(brief(decide(book(), market, follow('-50')))).toEqual(['approved', null, 'sell', '50', false, null]);
    const owing = book({ held: { 'sma|AAPL': '-30' } });
    expect(brief(decide(owing, market, signal()))).toEqual(['approved', null, 'buy', '30', true, '50']);
    expect(brief(decide(owing, market, long('0.1')))).toEqual(['approved', null, 'buy', '30', true, '97']);
    expect(brief(decide(before, market, short('-0.02')))).toEqual(['approved', null, 'sell', '50', true, '-21']);
    expect(brief(decide(owing, market, signal({ target: 'flat' })))).toEqual(['approved', null, 'buy', '30', true, '0']);
  });

  it('leaves only the exit owed when its first step is denied for good', () => {
    expect(brief(decide(book({ held: { 'sma|AAPL': '50' }, tradingState: 'HALTED' }), market, short()))).toEqual(['denied', 'TRADING_HALTED', 'sell', '50', true, '0']);
    expect(brief(decide(book({ openOrders: [open()] }), market, short()))).toEqual(['denied', 'EXIT_PENDING', 'sell', '0', true, '-50']);
  });

  it('closes the other side while only reducing is allowed, and is then denied', () => {
    const reducing = book({ held: { 'sma|AAPL': '50' }, tradingState: 'REDUCING' });
    expect(decide(reducing, market, short()).outcome).toBe('approved');
    expect(brief(decide({ ...reducing, positions: new Map(), shares: new Map() }, market, follow('-50')))).toEqual(['denied', 'TRADING_REDUCING_ONLY', 'sell', '50', false, null]);
  });
});

describe('an order of a strategy\'s own', () => {
  const limit = { ...MARKET_TERMS, type: 'limit' as const, limitPrice: price('99') };
  it('meets the rules of a person\'s order and moves the strategy\'s share', () => {
    const decision = decide(book(), market, order({ terms: limit }));
    expect(decision).toMatchObject({ outcome: 'approved', source: 'strategy', strategyId: 'sma', signalId: 'sma.v1:AAPL:1:1', owes: null });
    const after = applyDecision(book(), decision);
    expect(shareOf(after, 'sma', 'AAPL').entering.toString()).toBe('10');
    expect(decide(book(), market, order({ terms: { ...limit, limitPrice: price('120') } })).code).toBe('PRICE_COLLAR_EXCEEDED');
    expect(decide(book({ held: { 'other|AAPL': '10' }, limits: testBook().limits }), market, order({ side: 'sell' })).code).toBe('SHORT_NOT_ALLOWED');
    expect(decide(book({ held: { 'sma|AAPL': '10' } }), market, order({ side: 'sell' }))).toMatchObject({ outcome: 'approved', isReducing: true });
  });

  it('may be at market at the close of the session\'s last bar, as an entry', () => {
    const closing = (T + 6 * 3_600_000) as typeof T;
    expect(decide(book(), testMarket({ AAPL: '100' }, { now: closing }), order({ tsMarket: closing })).outcome).toBe('approved');
    expect(decide(book(), testMarket({ AAPL: '100' }, { now: (closing + 60_000) as typeof T }), order({ tsMarket: (closing + 60_000) as typeof T })).code).toBe('SESSION_CLOSED');
  });

  it('ends with a later target', () => {
    const resting = open({ side: 'sell', type: 'stop', isReducing: true, openQty: quantity('50'), reserved: money('0') });
    const held = book({ held: { 'sma|AAPL': '50' }, openOrders: [resting], shares: new Map([[shareKey('sma', 'AAPL'), quantity('50')]]) });
    expect(decide(held, market, signal({ target: 'flat' })).cancels).toEqual([resting]);
    expect(decide(held, market, long('0.2')).cancels).toEqual([resting]);
  });

  it('ends with a later target that the sizing sizes, too: the entry follows when it has closed', () => {
    const resting = open({ side: 'buy', limitPrice: price('90'), openQty: quantity('20'), reserved: money('1800') });
    const decision = decide(book({ openOrders: [resting] }), market, signal());
    expect(brief(decision)).toEqual(['denied', 'EXIT_PENDING', 'buy', '50', false, '50']);
    expect(decision.cancels).toEqual([resting]);
    expect(brief(decide(book({ openOrders: [{ ...resting, side: 'sell' as const, limitPrice: price('110') }] }), market, short())).slice(1)).toEqual(['EXIT_PENDING', 'sell', '50', false, '-50']);
    const held = decide(book({ held: { 'sma|AAPL': '50' }, openOrders: [resting] }), market, signal());
    expect(brief(held)).toEqual(['denied', 'TARGET_ALREADY_HELD', 'buy', '50', false, null]);
    expect(held.cancels).toEqual([resting]);
    // An entry at market that an earlier target sent is what this one wants.
    expect(decide(book({ openOrders: [open()] }), market, signal()).cancels).toEqual([]);
  });
});

describe('the exits of what is held', () => {
  const leg = open({ side: 'sell', type: 'stop', role: 'stop_loss', orderClass: 'bracket', isReducing: true, openQty: quantity('50'), reserved: money('0') });
  const held = (changes: Parameters<typeof testBook>[0] = {}) => book({ assets: WHOLE, held: { 'sma|AAPL': '50' }, cash: money('95000'), openOrders: [leg], ...changes });

  it('are taken back where another step follows', () => {
    expect(brief(decide(held(), market, long('0.2')))).toEqual(['denied', 'EXIT_PENDING', 'buy', '150', false, '200']);
    expect(decide(held(), market, long('0.2')).cancels).toEqual([leg]);
  });

  it('stay where the target came to nothing: it is denied for good, or held already', () => {
    const halted = decide(held({ tradingState: 'HALTED' }), market, long('0.2'));
    expect([halted.code, halted.cancels, halted.owes]).toEqual(['TRADING_HALTED', [], null]);
    const less = decide(held({ tradingState: 'HALTED' }), market, long('0.02'));
    expect([less.code, less.cancels, less.owes]).toEqual(['TRADING_HALTED', [], null]);
    const same = decide(held(), market, long('0.05'));
    expect([same.code, same.cancels, same.owes]).toEqual(['TARGET_ALREADY_HELD', [], null]);
    expect(decide(held(), market, signal()).cancels).toEqual([]);
  });

  it('do not keep an entry alive that is wanted no more', () => {
    const growing = open({ openQty: quantity('50'), reserved: money('5000') });
    const same = decide(held({ openOrders: [leg, growing] }), market, long('0.05'));
    expect([same.code, same.cancels, same.owes?.toString()]).toEqual(['EXIT_PENDING', [leg, growing], '50']);
    expect(decide(held({ openOrders: [leg, growing], tradingState: 'HALTED' }), market, long('0.05')).cancels).toEqual([growing]);
  });
});
