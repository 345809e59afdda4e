/** Decisions: targets become orders, rules explain themselves. */
import { describe, expect, it } from 'vitest';
import { DENIAL_CODES } from '#app/domain/limits.ts';
import { money, price, quantity } from '#app/domain/numeric.ts';
import { shareOf, type RiskBook, type RiskMarket } from './book.ts';
import { applyDecision, decide, reservationLeft, type Decision, type Intent } from './decide.ts';
import { followUps } from './follow-up.ts';
import { freeCash } from './margin.ts';
import { RULES } from './rules.ts';
import { IN_SESSION as T, testBook as bookOf, testManual as manual, testMarket, testOrder as open } from './testing-book.ts';

const market = testMarket();

type SignalIntent = Extract<Intent, { kind: 'signal' }>;
const signal = (changes: Partial<SignalIntent> = {}): SignalIntent => ({
  kind: 'signal', signalId: 'sma.v1:AAPL:1:0', strategyId: 'sma', symbol: 'AAPL', target: 'long', referencePrice: price('100'), atr: null,
  sizing: { method: 'fixed_notional', notional: '5000' }, protection: null, tsMarket: T, tsBarSeen: T, ...changes,
});

describe('a decision', () => {
  it('approves an entry, reserves its notional and explains itself rule by rule', () => {
    const decision = decide(bookOf(), market, signal());
    expect(decision).toMatchObject({ outcome: 'approved', code: null, side: 'buy', clientOrderId: 'ms-sma.v1:AAPL:1:0', isReducing: false, source: 'strategy' });
    expect([decision.qty.toString(), decision.reservedNotional.toString()]).toEqual(['50', '5000']);
    expect(decision.message).toBe('Buy 50 AAPL at market ($5000 / $100 = 50 shares)');
    expect(decision.rules.find((rule) => rule.rule === 'max_order_notional')).toEqual({ rule: 'max_order_notional', passed: true, threshold: '10000', observed: '5000', unit: 'USD', code: null, wouldPass: null });
    expect(decision.rules.every((rule) => rule.passed)).toBe(true);
  });

  it.each<[string, RiskBook, RiskMarket, Intent]>([
    ['TRADING_HALTED', bookOf({ tradingState: 'HALTED' }), market, signal()],
    ['TRADING_HALTED', bookOf({ tradingState: 'HALTED', held: { 'sma|AAPL': '50' } }), market, signal({ target: 'flat' })],
    ['TRADING_REDUCING_ONLY', bookOf({ tradingState: 'REDUCING' }), market, signal()],
    ['LIVE_DISARMED', bookOf({ arming: 'disarmed' }), market, signal()],
    ['LIVE_DISARMED', bookOf({ arming: 'disarmed' }), market, manual()],
    ['TRADING_HALTED', bookOf({ arming: 'armed', tradingState: 'HALTED' }), market, signal()],
    ['SYMBOL_NOT_TRADABLE', bookOf(), market, signal({ symbol: 'HALT' })],
    ['SYMBOL_NOT_TRADABLE', bookOf(), market, signal({ symbol: 'ZZZ' })],
    ['ORDER_TERMS_INVALID', bookOf(), market, manual({ qty: quantity('0.5'), terms: { timeInForce: 'gtc' } })],
    ['SYMBOL_NOT_TRADABLE', bookOf({ assets: new Map([['AAPL', { isTradable: true, isFractionable: false, isShortable: true }]]) }), market, manual({ qty: quantity('0.5') })],
    ['PRICE_MISSING', bookOf(), { ...market, prices: new Map() }, manual()],
    ['QUANTITY_ZERO', bookOf(), market, signal({ sizing: { method: 'fixed_notional', notional: '99' } })],
    ['QUANTITY_ZERO', bookOf(), market, signal({ sizing: null })],
    ['NOTHING_TO_EXIT', bookOf({ held: { '|AAPL': '10' } }), market, signal({ target: 'flat' })],
    ['EXIT_PENDING', bookOf({ held: { 'sma|AAPL': '50' }, openOrders: [open({ side: 'sell', isReducing: true, reserved: money('0') })] }), market, signal({ target: 'flat' })],
    ['EXIT_PENDING', bookOf({ openOrders: [open()] }), market, signal({ target: 'flat' })],
    ['EXIT_PENDING', bookOf({ held: { 'sma|AAPL': '50' }, openOrders: [open({ side: 'sell', isReducing: true, reserved: money('0') })] }), market, signal()],
    ['EXIT_PENDING', bookOf({ held: { 'sma|AAPL': '50' }, positions: new Map() }), market, signal({ target: 'flat' })],
    ['TARGET_ALREADY_HELD', bookOf({ held: { 'sma|AAPL': '50' } }), market, signal()],
    ['TARGET_ALREADY_HELD', bookOf({ openOrders: [open()] }), market, signal()],
    ['OPPOSITE_ORDER_OPEN', bookOf({ held: { 'sma|AAPL': '50' }, openOrders: [open({ strategyId: 'other' })] }), market, signal({ target: 'flat' })],
    ['OPPOSITE_ORDER_OPEN', bookOf({ held: { 'other|AAPL': '50' }, openOrders: [open({ strategyId: 'other', side: 'sell', isReducing: true, reserved: money('0') })] }), market, signal()],
    ['OPPOSITE_ORDER_OPEN', bookOf({ openOrders: [open({ strategyId: null, side: 'sell', isReducing: true, limitPrice: price('99') })] }), market, manual({ terms: { type: 'limit', limitPrice: price('99') } })],
    ['SHORT_NOT_ALLOWED', bookOf({ held: { 'sma|AAPL': '50' } }), market, manual({ side: 'sell' })],
    ['SHORT_NOT_ALLOWED', bookOf({ held: { '|AAPL': '9' } }), market, manual({ side: 'sell' })],
    ['BUYING_POWER_EXCEEDED', bookOf({ cash: money('5099.99') }), market, signal()],
    ['ORDER_NOTIONAL_EXCEEDED', bookOf(), market, signal({ sizing: { method: 'fixed_notional', notional: '10100' } })],
    ['POSITION_NOTIONAL_EXCEEDED', bookOf({ held: { 'other|AAPL': '151' } }), market, signal()],
    ['GROSS_EXPOSURE_EXCEEDED', bookOf({ held: { 'other|MSFT': '376' } }), { ...market, dayOpenEquity: money('175200') }, signal()],
    ['DAILY_LOSS_EXCEEDED', bookOf({ cash: money('98000') }), market, signal()],
    ['DAILY_LOSS_EXCEEDED', bookOf(), { ...market, isDailyLossTripped: true }, signal()],
  ])('is denied with %s', (code, book, at, intent) => {
    const decision = decide(book, at, intent);
    expect(decision).toMatchObject({ outcome: 'denied', code, clientOrderId: null });
    expect(decision.reservedNotional.isZero()).toBe(true);
    expect(decision.message.length).toBeGreaterThan(10);
    expect(applyDecision(book, decision)).toBe(book);
  });

  it('passes at each limit exactly', () => {
    expect(decide(bookOf({ cash: money('5100') }), { ...market, dayOpenEquity: money('5100') }, signal()).outcome).toBe('approved');
    expect(decide(bookOf(), market, signal({ sizing: { method: 'fixed_notional', notional: '10000' } })).outcome).toBe('approved');
    expect(decide(bookOf({ held: { 'other|AAPL': '150' } }), market, signal()).outcome).toBe('approved');
    expect(decide(bookOf({ cash: money('98000.01') }), market, signal()).outcome).toBe('approved');
  });

  it('never holds up an exit by exposure, order size, cash or the daily loss', () => {
    const book = bookOf({ held: { 'sma|AAPL': '5000' }, cash: money('-100000'), tradingState: 'REDUCING' });
    const decision = decide(book, { ...market, dayOpenEquity: money('900000'), isDailyLossTripped: true }, signal({ target: 'flat' }));
    expect(decision).toMatchObject({ outcome: 'approved', side: 'sell', isReducing: true });
    expect([decision.qty.toString(), decision.reservedNotional.toString()]).toEqual(['5000', '0']);
  });

  it('asks for the arming in live alone, shows it in the story, and lets everything out that reduces', () => {
    const live = (arming: RiskBook['arming'], intent: Intent) => decide(bookOf({ arming, held: { 'sma|AAPL': '50', '|AAPL': '10' } }), market, intent);
    const rule = (decision: ReturnType<typeof decide>) => decision.rules.find(({ rule: name }) => name === 'live_armed');
    expect(rule(live('not_needed', signal({ symbol: 'MSFT' })))).toBeUndefined();
    const entry = live('disarmed', signal({ symbol: 'MSFT' }));
    expect(rule(entry)).toEqual({ rule: 'live_armed', passed: false, threshold: 'armed, or the order reduces a position', observed: 'disarmed', unit: 'state', code: 'LIVE_DISARMED', wouldPass: 'the same order while live trading is armed' });
    expect(entry.message).toContain('Arm live trading');
    expect(rule(live('armed', signal({ symbol: 'MSFT' })))).toMatchObject({ passed: true, observed: 'armed', code: null });
    const exits: Intent[] = [signal({ target: 'flat' }), manual({ side: 'sell' }), { kind: 'exit', decisionId: 'x', signalId: null, strategyId: 'sma', symbol: 'AAPL', tsMarket: T }];
    for (const exit of exits) expect(live('disarmed', exit)).toMatchObject({ outcome: 'approved', isReducing: true });
    expect(live('disarmed', manual({ side: 'sell', qty: quantity('11') })).code).toBe('LIVE_DISARMED');
  });

  it('cancels an open entry before the exit, even while trading is halted', () => {
    const entry = open();
    for (const tradingState of ['ACTIVE', 'HALTED'] as const) {
      expect(decide(bookOf({ tradingState, openOrders: [entry, open({ strategyId: 'other' })] }), market, signal({ target: 'flat' })).cancels).toEqual([entry]);
    }
  });

  it('lets limits stand on both sides as long as they cannot meet', () => {
    const resting = open({ strategyId: null, side: 'sell', isReducing: true, limitPrice: price('99'), reserved: money('0') });
    expect(decide(bookOf({ openOrders: [resting] }), market, manual({ terms: { type: 'limit', limitPrice: price('98.99') } })).outcome).toBe('approved');
  });

  it('closes only the share of the strategy that asked', () => {
    const decision = decide(bookOf({ held: { 'sma|AAPL': '50', 'rsi|AAPL': '30', '|AAPL': '7' } }), market, signal({ target: 'flat' }));
    expect(decision.qty.toString()).toBe('50');
  });

  it('sells by hand what was bought by hand, as a reducing order', () => {
    const decision = decide(bookOf({ held: { 'sma|AAPL': '50', '|AAPL': '10' }, tradingState: 'REDUCING' }), market, manual({ side: 'sell', terms: { type: 'limit', limitPrice: price('120') } }));
    expect(decision).toMatchObject({ outcome: 'approved', isReducing: true, source: 'manual' });
    expect(decision.message).toBe('Sell 10 AAPL at 120 or better');
  });

  it('reserves a limit order at its limit', () => {
    const decision = decide(bookOf(), market, manual({ terms: { type: 'limit', limitPrice: price('90') }, qty: quantity('11') }));
    expect(decision.reservedNotional.toString()).toBe('990');
  });

  it('says with a denial how many shares were meant', () => {
    expect(decide(bookOf(), market, signal({ sizing: { method: 'fixed_notional', notional: '10100' } })).message)
      .toBe('The order is worth $10,100.00; one order may be $10,000.00 at most. Sizing: $10100 / $100 = 101 shares.');
  });

  it('gives no exit at a price that is not known, and does not stumble over shares that cost nothing', () => {
    const free: RiskMarket = { ...market, prices: new Map([['AAPL', price('0')]]) };
    expect(decide(bookOf({ held: { '|AAPL': '5' } }), free, { kind: 'exit', decisionId: 'x', signalId: null, strategyId: null, symbol: 'AAPL', tsMarket: T }).code).toBe('PRICE_MISSING');
    expect(decide(bookOf({ held: { '|AAPL': '5' } }), free, signal()).outcome).toBe('approved');
  });

  it('asks the rules in the order of the denial codes', () => {
    const positions = RULES.map((rule) => DENIAL_CODES.indexOf(rule.code));
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
  });
});

describe('the book between decisions', () => {
  it('shows the next decision what the one before reserved', () => {
    const book = bookOf({ cash: money('10000') });
    const first = decide(book, { ...market, dayOpenEquity: money('10000') }, signal());
    const after = applyDecision(book, first);
    expect(freeCash(after, market).toString()).toBe('4900');
    expect(decide(after, { ...market, dayOpenEquity: money('10000') }, signal({ signalId: 'b', strategyId: 'rsi' })).code).toBe('BUYING_POWER_EXCEEDED');
  });

  it('releases a reservation with the fills', () => {
    expect(reservationLeft(money('100'), quantity('10'), quantity('4')).toString()).toBe('60');
    expect(reservationLeft(money('100'), quantity('10'), quantity('10')).toString()).toBe('0');
    expect(reservationLeft(money('100'), quantity('3'), quantity('1')).toString()).toBe('66.666666667');
  });

  it('lets no two exits sell the same shares', () => {
    const book = bookOf({ held: { '|AAPL': '10' } });
    const after = applyDecision(book, decide(book, market, manual({ side: 'sell', qty: quantity('6') })));
    expect(shareOf(after, null, 'AAPL').free.toString()).toBe('4');
    expect(decide(after, market, manual({ decisionId: 'manual:other123', side: 'sell', qty: quantity('5') })).code).toBe('SHORT_NOT_ALLOWED');
  });

  it('leaves the shares that a short sale from before they were bought will take when it fills', () => {
    const resting = open({ clientOrderId: 'ms-short', strategyId: null, side: 'sell', limitPrice: price('107'), openQty: quantity('23') });
    const book = bookOf({ held: { '|AAPL': '50', 'sma|AAPL': '58' }, openOrders: [resting] });
    expect(shareOf(book, null, 'AAPL').free.toString()).toBe('27');
    expect(shareOf(book, 'sma', 'AAPL').free.toString()).toBe('58');
    const sell = (qty: string): Decision => decide(book, market, manual({ decisionId: `manual:sell-${qty}`, side: 'sell', qty: quantity(qty) }));
    expect([sell('27').isReducing, sell('27').outcome, sell('28').isReducing, sell('28').code]).toEqual([true, 'approved', false, 'SHORT_NOT_ALLOWED']);
    // Of another share of the account it takes what the broker would not let go twice.
    expect(shareOf(bookOf({ held: { 'sma|AAPL': '58' }, openOrders: [resting] }), 'sma', 'AAPL').free.toString()).toBe('35');
  });
});

describe('follow-ups', () => {
  const target = { strategyId: 'sma', symbol: 'AAPL', originId: 's1', followUps: 0, desired: quantity('0') };
  it('are due when shares are left and nothing is on its way', () => {
    const book = bookOf({ held: { 'sma|AAPL': '50' } });
    expect(followUps(book, [target]).due).toEqual([target]);
    expect(followUps(book, [{ ...target, followUps: 3 }])).toEqual({ due: [], exhausted: [{ ...target, followUps: 3 }] });
  });
  it('wait for open orders of the share, and for trading to resume', () => {
    const held = { 'sma|AAPL': '50' };
    for (const book of [bookOf(), bookOf({ held, openOrders: [open()] }), bookOf({ held, openOrders: [open({ side: 'sell', isReducing: true, openQty: quantity('10') })] }), bookOf({ held, tradingState: 'HALTED' }), bookOf({ held, openOrders: [open({ strategyId: 'other' })] })]) {
      expect(followUps(book, [target])).toEqual({ due: [], exhausted: [] });
    }
  });
});
