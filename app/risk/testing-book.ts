/** Books and markets for the tests of risk: an account with $100,000 on a trading day, and what differs from it. */
import { money, price, quantity, type Price, type Quantity } from '#app/domain/numeric.ts';
import { MARKET_TERMS, type OrderTerms } from '#app/domain/order-terms.ts';
import { parseRfc3339, type EpochMs } from '#app/domain/time.ts';
import { DEFAULT_EXACT_LIMITS, NO_FACTS, shareKey, type Asset, type RiskBook, type RiskMarket } from './book.ts';
import type { OpenOrder } from './open-orders.ts';
import type { Intent } from './decide.ts';

/** 10:00 in New York on a trading day. */
export const IN_SESSION: EpochMs = parseRfc3339('2024-03-05T15:00:00Z');

/** An asset with which everything can be done. */
export const ANY_ASSET: Asset = { isTradable: true, isFractionable: true, isShortable: true };

/** A book; `held` are shares by `strategy|SYMBOL`. */
export function testBook(changes: Partial<RiskBook> & { readonly held?: Readonly<Record<string, string>> } = {}): RiskBook {
  const { held = {}, ...rest } = changes;
  const shares = new Map<string, Quantity>();
  const positions = new Map<string, Quantity>();
  for (const [key, qty] of Object.entries(held)) {
    const [strategyId = '', symbol = ''] = key.split('|');
    shares.set(shareKey(strategyId, symbol), quantity(qty));
    positions.set(symbol, (positions.get(symbol) ?? quantity('0')).plus(qty) as Quantity);
  }
  return {
    tradingState: 'ACTIVE', arming: 'not_needed', limits: DEFAULT_EXACT_LIMITS, cash: money('100000'), margin: null, positions, brokerPositions: new Map(), shares, openOrders: [], strategies: new Map(), facts: NO_FACTS,
    assets: new Map([['AAPL', ANY_ASSET], ['MSFT', ANY_ASSET], ['SPY', ANY_ASSET], ['HALT', { isTradable: false, isFractionable: false, isShortable: false }]]), ...rest,
  };
}

/** A market with these prices, all of them fresh. */
export function testMarket(prices: Readonly<Record<string, string>> = { AAPL: '100', MSFT: '200' }, changes: Partial<RiskMarket> = {}): RiskMarket {
  return {
    prices: new Map(Object.entries(prices).map(([symbol, at]): [string, Price] => [symbol, price(at)])), priceTimes: new Map(Object.keys(prices).map((symbol) => [symbol, IN_SESSION])), now: IN_SESSION,
    dayOpenEquity: money('100000'), isDailyLossTripped: false, entriesToday: 0, entriesByStrategy: new Map(), peakEquity: null, ...changes,
  };
}

/** An open order: 50 AAPL bought at market by the strategy sma. */
export function testOrder(changes: Partial<OpenOrder> = {}): OpenOrder {
  const order: OpenOrder = {
    decisionId: 'd', clientOrderId: 'ms-d', strategyId: 'sma', symbol: 'AAPL', side: 'buy', type: changes.limitPrice ? 'limit' : 'market', orderClass: 'simple', role: 'order', replaces: null, limitPrice: null,
    isReducing: false, openQty: quantity('50'), countedQty: quantity('50'), reserved: money('5000'), ...changes,
  };
  return { ...order, countedQty: changes.countedQty ?? order.openQty };
}

/** A person's order: 10 AAPL bought at market. */
export function testManual({ terms = {}, ...changes }: Partial<Omit<Extract<Intent, { kind: 'manual' }>, 'terms'>> & { readonly terms?: Partial<OrderTerms> } = {}): Extract<Intent, { kind: 'manual' }> {
  return { kind: 'manual', decisionId: 'manual:abcdefgh', symbol: 'AAPL', side: 'buy', qty: quantity('10'), terms: { ...MARKET_TERMS, ...terms }, tsMarket: IN_SESSION, ...changes };
}
