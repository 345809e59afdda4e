/** Orders that stand for the same shares count once; changes of orders; and whatever is approved in whichever order, reservations keep to the limits. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { money, price, quantity, ZERO_QUANTITY, type Decimal, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import { MARKET_TERMS } from '#app/domain/order-terms.ts';
import { exactLimits, shareKey, shareOf, type RiskBook } from './book.ts';
import { countOnce, type OpenOrder } from './open-orders.ts';
import { applyDecision, decide, type Decision, type Intent } from './decide.ts';
import { changedTerms, replaceObstacle, wantedQty, type Changeable, type OrderChange } from './replace.ts';
import { IN_SESSION, testBook, testManual, testMarket, testOrder } from './testing-book.ts';

const counted = (orders: readonly OpenOrder[]): unknown => countOnce(orders).map((order) => [order.clientOrderId, order.countedQty.toString(), order.reserved.toString()]);
const exit = (role: 'take_profit' | 'stop_loss', qty: string): OpenOrder => testOrder({ clientOrderId: role, role, orderClass: 'bracket', side: 'sell', type: 'stop', isReducing: true, openQty: quantity(qty), reserved: money('0') });

describe('orders count once', () => {
  it('that take the place of another: the larger part of each', () => {
    const old = testOrder({ clientOrderId: 'old', openQty: quantity('10'), reserved: money('1000') });
    const next = (qty: string, reserved: string): OpenOrder => testOrder({ decisionId: 'e', clientOrderId: 'next', replaces: 'old', openQty: quantity(qty), reserved: money(reserved) });
    expect(counted([old, next('6', '900')])).toEqual([['old', '10', '1000'], ['next', '0', '0']]);
    expect(counted([old, next('12', '900')])).toEqual([['old', '0', '1000'], ['next', '12', '0']]);
    expect(counted([next('12', '1300')]), 'when the old one has ended').toEqual([['next', '12', '1300']]);
    expect(countOnce(countOnce([old, next('6', '900')]))).toEqual(countOnce([old, next('6', '900')]));
  });

  it('that are exits of one entry: the larger, and none while the entry is open', () => {
    expect(counted([exit('take_profit', '50'), exit('stop_loss', '50')])).toEqual([['take_profit', '50', '0'], ['stop_loss', '0', '0']]);
    expect(counted([exit('take_profit', '20'), exit('stop_loss', '50')])).toEqual([['take_profit', '0', '0'], ['stop_loss', '50', '0']]);
    expect(counted([testOrder({ orderClass: 'bracket' }), exit('take_profit', '50'), exit('stop_loss', '50')])).toEqual([['ms-d', '50', '5000'], ['take_profit', '0', '0'], ['stop_loss', '0', '0']]);
    const oco = testOrder({ orderClass: 'oco', side: 'sell', isReducing: true, reserved: money('0') });
    expect(counted([oco, { ...exit('stop_loss', '50'), orderClass: 'oco' }])).toEqual([['ms-d', '50', '0'], ['stop_loss', '0', '0']]);
  });
});

describe('the change of an order', () => {
  const old: Changeable = { order: testOrder({ limitPrice: price('99') }), status: 'accepted', qty: quantity('50'), filledQty: quantity('20'), terms: { ...MARKET_TERMS, type: 'limit', limitPrice: price('99') } };
  const nothing: OrderChange = { qty: null, limitPrice: null, stopPrice: null, trail: null };
  it.each<[RegExp | null, Partial<Changeable>, Partial<OrderChange>]>([
    [null, {}, { limitPrice: price('98') }], [null, {}, { qty: quantity('21') }], [/Nothing would change/, {}, {}], [/Nothing/, {}, { qty: quantity('50'), limitPrice: price('99') }],
    [/pending cancel/, { status: 'pending_cancel' }, { qty: quantity('60') }], [/submitted/, { status: 'submitted' }, { qty: quantity('60') }], [/filled already/, {}, { qty: quantity('20') }], [/part of a share/, {}, { qty: quantity('30.5') }],
    [/no stop price/, {}, { stopPrice: price('90') }], [/does not trail/, {}, { trail: price('1') }], [/triggers another/, { terms: { ...old.terms, orderClass: 'oto' } }, { limitPrice: price('98') }],
    [/with exits/, { terms: { ...old.terms, orderClass: 'bracket' } }, { qty: quantity('40') }], [null, { terms: { ...old.terms, orderClass: 'bracket' } }, { limitPrice: price('98') }],
  ])('%s', (obstacle, changes, change) => {
    const why = replaceObstacle({ ...old, ...changes }, { ...nothing, ...change });
    if (obstacle === null) expect(why).toBeNull();
    else expect(why).toMatch(obstacle);
  });

  it('is an order for what is left, and of a leg one without exits of its own', () => {
    expect(wantedQty(old, { ...nothing, qty: quantity('60') }).toString()).toBe('40');
    const leg: Changeable = { ...old, order: exit('stop_loss', '50'), terms: { ...MARKET_TERMS, type: 'stop', stopPrice: price('95'), orderClass: 'bracket' } };
    expect(changedTerms(leg, { ...nothing, stopPrice: price('96') })).toMatchObject({ orderClass: 'simple', stopPrice: price('96') });
  });

  it('of a stop-loss leg stays a reducing order, whatever holds its shares', () => {
    const orders = countOnce([exit('take_profit', '50'), exit('stop_loss', '50')]);
    const book = testBook({ held: { 'sma|AAPL': '50' }, openOrders: orders, tradingState: 'REDUCING' });
    const order = orders[1] ?? testOrder();
    const decision = decide(book, testMarket(), { kind: 'replace', decisionId: 'replace:x', replacing: { order, filledQty: quantity('0'), obstacle: null }, qty: quantity('50'), terms: { ...MARKET_TERMS, type: 'stop', timeInForce: 'gtc', stopPrice: price('96') }, tsMarket: IN_SESSION });
    expect(decision).toMatchObject({ outcome: 'approved', isReducing: true, replaces: 'stop_loss', message: 'Sell 50 AAPL at market once 96 is reached, in place of stop_loss' });
  });
});

/** One step of a day: somebody wants something, the broker fills a part, cancels, or settles a change. */
type Step = { readonly what: 'enter' | 'manual' | 'short' | 'replace' | 'exit' | 'fill' | 'cancel'; readonly pick: number; readonly qty: number; readonly cents: number };
const step: fc.Arbitrary<Step> = fc.record({ what: fc.constantFrom('enter', 'manual', 'short', 'replace', 'exit', 'fill', 'fill', 'cancel'), pick: fc.nat(50), qty: fc.integer({ min: 1, max: 120 }), cents: fc.integer({ min: 9_100, max: 10_900 }) });
const market = testMarket({ AAPL: '100', MSFT: '100' });

function intentOf(book: RiskBook, { what, pick, qty, cents }: Step, n: number): Intent | null {
  const symbol = pick % 2 === 0 ? 'AAPL' : 'MSFT';
  const limitPrice = price((cents / 100).toFixed(2));
  if (what === 'enter') {
    const protection = pick % 3 === 0 ? { stopPrice: price('90'), takeProfitPrice: price('120') } : null;
    return { kind: 'signal', signalId: `s${n}`, strategyId: `s${pick % 4}`, symbol, target: 'long', referencePrice: price('100'), atr: null, sizing: { method: 'fixed_notional', notional: String(qty * 100) }, protection, tsMarket: IN_SESSION, tsBarSeen: null };
  }
  if (what === 'manual') return testManual({ decisionId: `m${n}`, symbol, side: 'buy', qty: quantity(String(qty)), terms: { type: 'limit', limitPrice } });
  if (what === 'short') return testManual({ decisionId: `m${n}`, symbol, side: 'sell', qty: quantity(String(qty)), terms: pick % 3 === 0 ? { type: 'limit', limitPrice } : {} });
  if (what === 'exit') return { kind: 'exit', decisionId: `x${n}`, signalId: null, strategyId: pick % 5 === 0 ? null : `s${pick % 4}`, symbol, tsMarket: IN_SESSION };
  const order = book.openOrders.filter((each) => each.type === 'limit' && each.replaces === null && !book.openOrders.some((other) => other.replaces === each.clientOrderId))[0];
  return order === undefined ? null : { kind: 'replace', decisionId: `r${n}`, replacing: { order, filledQty: quantity('0'), obstacle: null }, qty: quantity(String(qty)), terms: { ...MARKET_TERMS, type: 'limit', limitPrice }, tsMarket: IN_SESSION };
}

/** Dollars a share that an order was reserved at, by its id. */
type Costs = ReadonlyMap<string, Money>;
const costOf = (order: OpenOrder, costs: Costs): Money => (costs.get(order.clientOrderId) ?? money('0')).times(order.openQty) as Money;
/** As the book reads them: each as it is, then counted once. */
const reread = (orders: readonly OpenOrder[], costs: Costs): readonly OpenOrder[] => countOnce(orders.map((order) => ({ ...order, countedQty: order.openQty, reserved: costOf(order, costs) })));

/** The broker fills a part of an order, or ends it. An order that fills is not changed any more; one that takes another's place has taken it when it fills. */
function settle(book: RiskBook, { what, pick, qty }: Step, costs: Costs): RiskBook {
  const order = book.openOrders[pick % Math.max(1, book.openOrders.length)];
  if (order === undefined) return book;
  const rest = book.openOrders.filter((each) => each !== order && (what === 'cancel' || (each.clientOrderId !== order.replaces && each.replaces !== order.clientOrderId)));
  if (what === 'cancel') return { ...book, openOrders: reread(rest, costs) };
  const filled = quantity(String(Math.min(qty, order.openQty.toNumber())));
  const at = order.side === 'sell' ? price('100') : ((costs.get(order.clientOrderId) ?? price('100')) as unknown as Price);
  const signed = (order.side === 'buy' ? filled : filled.negated()) as Quantity;
  const left = order.openQty.minus(filled) as Quantity;
  const key = shareKey(order.strategyId, order.symbol);
  return {
    ...book, cash: book.cash.minus(signed.times(at.isZero() ? 100 : at)) as Money, openOrders: reread(left.gt(0) ? [...rest, { ...order, replaces: null, openQty: left }] : rest, costs),
    positions: new Map(book.positions).set(order.symbol, (book.positions.get(order.symbol) ?? ZERO_QUANTITY).plus(signed) as Quantity),
    shares: new Map(book.shares).set(key, (book.shares.get(key) ?? ZERO_QUANTITY).plus(signed) as Quantity),
  };
}

/** What the open orders may cost at worst, counted without the code under test: of an order and the one in its place the dearer. */
function worstCase(book: RiskBook, costs: Costs, symbol: string | null): Money {
  const cost = (order: OpenOrder): Money => costOf(order, costs);
  let sum = money('0');
  for (const order of book.openOrders) {
    if (symbol !== null && order.symbol !== symbol) continue;
    const next = book.openOrders.find((other) => other.replaces === order.clientOrderId);
    const isNext = book.openOrders.some((other) => other.clientOrderId === order.replaces);
    if (!isNext) sum = sum.plus(next !== undefined && cost(next).gt(cost(order)) ? cost(next) : cost(order)) as Money;
  }
  return sum;
}

function expectWithin(book: RiskBook, costs: Costs, decision: Decision): void {
  if (decision.isReducing) return;
  const held = (symbol: string): Money => (book.positions.get(symbol) ?? ZERO_QUANTITY).abs().times(100) as Money;
  expect(held('AAPL').plus(held('MSFT')).plus(worstCase(book, costs, null)).lte(book.limits.maxGrossExposure)).toBe(true);
  expect(held(decision.symbol).plus(worstCase(book, costs, decision.symbol)).lte(book.limits.maxPositionNotional)).toBe(true);
  const shorts = [...book.positions.values()].reduce((sum, qty) => (qty.isNegative() ? sum.plus(qty.abs().times(150)) : sum), money('0') as Decimal);
  expect(book.cash.minus(shorts).minus(worstCase(book, costs, null)).gte(0)).toBe(true);
}

describe('any day of approvals, changes, fills and cancels', () => {
  it('keeps used and reserved within the limits at every approval, and never sells what is not there', () => {
    const limits = exactLimits({ maxOrderNotional: '9000', maxPositionNotional: '15000', maxGrossExposure: '26000', maxDailyLoss: '900000', allowShort: true, maxDrawdownPercent: '100' });
    fc.assert(fc.property(fc.array(step, { minLength: 10, maxLength: 40 }), (steps) => {
      let book = testBook({ limits, cash: money('20000') });
      const costs = new Map<string, Money>();
      steps.forEach((each, n) => {
        if (each.what === 'fill' || each.what === 'cancel') {
          book = settle(book, each, costs);
          return;
        }
        const intent = intentOf(book, each, n);
        if (intent === null) return;
        const decision = decide(book, { ...market, dayOpenEquity: money('20000') }, intent);
        book = applyDecision(book, decision);
        if (decision.clientOrderId !== null) costs.set(decision.clientOrderId, decision.reservedNotional.div(decision.qty) as Money);
        if (decision.outcome === 'approved') expectWithin(book, costs, decision);
        for (const symbol of ['AAPL', 'MSFT']) {
          for (const strategyId of ['s0', 's1', 's2', 's3', null]) {
            const { held, exiting } = shareOf(book, strategyId, symbol);
            if (strategyId !== null) expect(held.gte(0)).toBe(true);
            expect(exiting.lte(held.abs())).toBe(true);
          }
        }
      });
    }), { numRuns: 200, endOnFailure: true });
  });
});
