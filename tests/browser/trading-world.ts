/** A small, coherent afternoon of trading, as a gateway would tell it. */
import { DEFAULT_RISK_LIMITS } from '#app/domain/limits.ts';
import type { RuleResult } from '#app/domain/limits.ts';
import type { RouteOutput } from '#app/contracts/http.ts';
import type { LiveBody } from '#app/contracts/live.ts';
import type { FindingView, FillView, OrderStory, OrderView, PositionView, ReconciliationView, TradingStateView } from '#app/contracts/views.ts';
import { anOrder } from '../../renderer/data/an-order.ts';
import type { Script } from './scripted-gateway.ts';

/** Market time of the afternoon. */
export const MARKET_NOW = Date.parse('2026-03-02T18:31:00Z');
const now = (): number => Date.now();
const PRICES: Readonly<Record<string, string>> = { AAPL: '182.44', KO: '61.2', MSFT: '402.11', SPY: '510.02' };

const position = (symbol: string, qty: string, avgPrice: string, change: Partial<PositionView> = {}): PositionView => {
  const last = Number(PRICES[symbol]);
  return {
    symbol, qty, avgPrice, lastPrice: String(last), marketValue: (Number(qty) * last).toFixed(2), openPnl: (Number(qty) * (last - Number(avgPrice))).toFixed(2), openPnlFraction: (last / Number(avgPrice) - 1) * Math.sign(Number(qty)), realizedPnl: '0', weight: (Math.abs(Number(qty)) * last) / 100_000,
    priceSeenAt: now(), priceMarketAt: MARKET_NOW, updatedAt: now(), fifoPrice: avgPrice, protection: { stopQty: '0', stopPrice: null, targetQty: '0', targetPrice: null }, holders: [{ strategyId: '', qty }], ...change,
  };
};

/** What is held: one without a stop, one with part of a stop, one short and protected. */
export const POSITIONS: readonly PositionView[] = [
  position('AAPL', '40', '180.1', { fifoPrice: '179.55', protection: { stopQty: '40', stopPrice: '175', targetQty: '40', targetPrice: '195' }, holders: [{ strategyId: 'momentum', qty: '30' }, { strategyId: '', qty: '10' }], realizedPnl: '112.4' }),
  position('KO', '100', '61.9'),
  position('MSFT', '-12', '405.5', { protection: { stopQty: '5', stopPrice: '412', targetQty: '0', targetPrice: null } }),
];

const at = (minutesAgo: number): Partial<OrderView> => ({ createdAt: now() - minutesAgo * 60_000, updatedAt: now() - minutesAgo * 60_000, tsMarket: MARKET_NOW - minutesAgo * 60_000, submittedAt: now() - minutesAgo * 60_000 });
const done = (status: OrderView['status'], filledQty = '0'): Partial<OrderView> => ({ status, isClosed: true, filledQty });

/** Orders of the afternoon: a bracket with its exits, a changed order, one whose answer is not known, one rejected. */
export const ORDERS: readonly OrderView[] = [
  anOrder('limit-ko', { ...at(1), symbol: 'KO', type: 'limit', limitPrice: '60.5', qty: '50', filledQty: '20', avgFillPrice: '60.5', referencePrice: '60.48', status: 'partially_filled', timeInForce: 'gtc', source: 'manual', strategyId: null, replacesOrderId: 'limit-ko-1', version: 4 }),
  anOrder('limit-ko-1', { ...at(4), ...done('replaced'), symbol: 'KO', type: 'limit', limitPrice: '60.1', qty: '50', timeInForce: 'gtc', source: 'manual', strategyId: null, replacedByOrderId: 'limit-ko' }),
  anOrder('unknown', { ...at(2), symbol: 'SPY', qty: '3', status: 'submitted', unknownSince: now() - 9_000, strategyId: 'reversion' }),
  anOrder('entry', { ...at(22), ...done('filled', '40'), qty: '40', orderClass: 'bracket', avgFillPrice: '180.1', referencePrice: '180.04', strategyId: 'momentum', takeProfit: { limitPrice: '195' }, stopLoss: { stopPrice: '175', limitPrice: null } }),
  anOrder('entry:take_profit', { ...at(22), role: 'take_profit', parentOrderId: 'entry', decisionId: 'entry', side: 'sell', qty: '40', type: 'limit', limitPrice: '195', timeInForce: 'gtc', strategyId: 'momentum', isReducing: true }),
  anOrder('entry:stop_loss', { ...at(22), role: 'stop_loss', parentOrderId: 'entry', decisionId: 'entry', side: 'sell', qty: '40', type: 'stop', stopPrice: '175', timeInForce: 'gtc', status: 'held', strategyId: 'momentum', isReducing: true }),
  anOrder('trail', { ...at(35), symbol: 'MSFT', qty: '5', type: 'trailing_stop', trailPercent: '2.5', timeInForce: 'gtc', source: 'broker', strategyId: null }),
  anOrder('refused', { ...at(48), ...done('rejected'), symbol: 'KO', side: 'sell', qty: '500', source: 'manual', strategyId: null, reason: 'insufficient qty available for order (requested: 500, available: 100)' }),
];

/** An order list as the gateway gives it. */
export function orderList(orders: readonly OrderView[] = ORDERS): RouteOutput<'orders'> {
  return { orders: [...orders], openTotal: orders.filter((order) => !order.isClosed).length, total: orders.length };
}

const rule = (name: string, passed: boolean, change: Partial<RuleResult> = {}): RuleResult => ({ rule: name, passed, threshold: null, observed: null, unit: 'none', code: null, wouldPass: null, ...change });
/** Rules as risk asks them. `isPassed` false: the order is too large. */
export function rules(isPassed: boolean): RuleResult[] {
  return [
    rule('trading_state', true, { threshold: 'ACTIVE', observed: 'ACTIVE', unit: 'state' }), rule('data_fresh', true, { threshold: '180', observed: '42', unit: 'seconds' }), rule('price_collar', true, { threshold: '10', observed: '0.4', unit: 'percent' }),
    rule('order_notional', isPassed, { threshold: '10000', observed: isPassed ? '612' : '25501', unit: 'USD', ...(isPassed ? {} : { code: 'ORDER_NOTIONAL_EXCEEDED' as const, wouldPass: 'at most 19 shares' }) }), rule('gross_exposure', true, { threshold: '80000', observed: '18100', unit: 'USD' }), rule('orders_per_day', true, { threshold: '2000', observed: '31', unit: 'count' }),
  ];
}
/** What risk answers. */
export function decision(isApproved: boolean): RouteOutput<'placeOrder'> {
  return {
    decisionId: 'limit-ko', outcome: isApproved ? 'approved' : 'denied', clientOrderId: isApproved ? 'ms-limit-ko' : null, code: isApproved ? null : 'ORDER_NOTIONAL_EXCEEDED', message: isApproved ? 'Every rule passed.' : 'The order is larger than the largest one allowed.', rules: rules(isApproved), qty: isApproved ? '10' : null, reservedNotional: isApproved ? '612' : '0',
    record: { inputs: [{ name: 'last_price', value: '61.2', unit: 'USD', source: 'newest bar', asOf: MARKET_NOW, ageMs: 42_000 }, { name: 'buying_power', value: '71400', unit: 'USD', source: 'our ledger', asOf: null, ageMs: 900 }], sizing: [] },
  };
}

/** The timeline of the changed order. */
export function story(): OrderStory {
  const base = now() - 60_000;
  type Event = OrderStory['events'][number];
  const event = (version: number, kind: Event['kind'], ms: number, change: Partial<Event>): Event => ({ version, kind, status: 'accepted', filledQty: kind === 'fill' ? '20' : '0', tsEvent: MARKET_NOW - 60_000 + ms, tsSeen: base + ms, source: 'local', detail: {}, ...change });
  const order = ORDERS[0] ?? anOrder('none');
  const fill: FillView = { fillId: '20260302183012::7f1c', orderId: order.orderId, clientOrderId: order.clientOrderId, strategyId: null, symbol: 'KO', side: 'buy', qty: '20', price: '60.5', fee: '0.02', ledgerSeq: 41, tsEvent: MARKET_NOW, tsSeen: now(), source: 'stream', referencePrice: '61.2', realizedPnl: null };
  return {
    order, signal: null, fills: [fill], relatives: ORDERS.filter((other) => other.orderId === 'limit-ko-1'),
    events: [event(1, 'initialized', 0, { status: 'initialized' }), event(2, 'submitted', 12, { status: 'submitted' }), event(3, 'accepted', 57, { source: 'stream', detail: { brokerOrderId: 'b-1', message: 'accepted for bidding' } }), event(4, 'fill', 1_840, { source: 'stream', status: 'partially_filled' })],
    decision: { ...decision(true), source: 'manual', signalId: null, strategyId: null, symbol: 'KO', side: 'buy', type: 'limit', limitPrice: '60.5', qty: '50', isReducing: false, referencePrice: '61.2', limitsVersion: 3, tsMarket: MARKET_NOW - 60_000, decidedAt: base },
  };
}

/** What is wrong: one that can be mended, one that cannot. */
export const FINDINGS: readonly FindingView[] = [
  { findingId: 'unprotected_position:KO', kind: 'unprotected_position', severity: 'warning', subject: 'KO', message: 'KO: 100 shares have no stop at the broker; the last one expired at the close.', remedy: 'Places a stop for 100 shares at 58.81, good until canceled.', state: 'open', firstSeenAt: now() - 720_000, lastSeenAt: now() },
  { findingId: 'stuck_order:unknown', kind: 'stuck_order', severity: 'critical', subject: 'unknown', message: 'An order for 3 SPY has waited 9 s for the broker’s answer.', remedy: null, state: 'open', firstSeenAt: now() - 9_000, lastSeenAt: now() },
];
/** Comparisons: the newest is even, one was not. */
export const RECONCILIATIONS: readonly ReconciliationView[] = [0, 1, 2, 3, 4].map((n) => ({
  runId: `run-${n}`, at: now() - 12_000 - n * 300_000, isClean: n !== 2, compared: { orders: 8, fills: 41, positions: 3, tookMs: 14 },
  differences: n !== 2 ? [] : [{ kind: 'fill_missing', subject: 'limit-ko', ours: '0', theirs: '20 @ 60.50', action: 'booked from the broker’s activities' }, { kind: 'order_adopted', subject: 'trail', ours: null, theirs: 'sell 5 MSFT trailing', action: 'adopted' }],
}));

/** The master switch and the limits. */
export const TRADING: TradingStateView = { state: 'ACTIVE', version: 1, reason: 'First start', actor: 'system', at: now(), leaseValidMs: 9_000, limits: DEFAULT_RISK_LIMITS, limitsVersion: 3, history: [] };
/** The pulse. */
export function pulse(): LiveBody {
  const market = { tsMarket: MARKET_NOW, isSimulated: true, isPaused: false, speed: 60, session: 'open' as const, changesAt: MARKET_NOW + 8_940_000, note: null };
  return { type: 'status', status: { stack: null, market, verdict: { canTrade: true, headline: 'Yes: everything is ready', checks: [], at: now() }, trading: TRADING, isWireUp: true, armedUntil: null } };
}

/** The newest prices. */
export function ticks(): LiveBody {
  return { type: 'prices', prices: Object.entries(PRICES).map(([symbol, price]) => ({ symbol, price, tsMarket: MARKET_NOW, tsSeen: now() })) };
}

/** What every route answers in this afternoon; a test changes what it is about. */
export const WORLD: Script = {
  session: () => ({ token: 'scripted', mode: 'demo', version: '0.1.0', instanceId: 'scripted', actor: 'owner', uiState: {}, serverTime: now() }), saveUiState: () => ({ accepted: true }),
  account: () => ({ accountNumber: 'SIM1', equity: '101240.55', cash: '86020.1', longValue: '13417.6', shortValue: '-4825.32', feesTotal: '4.12', buyingPower: '82995.1', reserved: '3025', grossExposure: '18242.92', maxGrossExposure: '80000', dayPnl: '412.7', dayPnlFraction: 0.0041, dayOpenEquity: '100827.85', day: '2026-03-02', realizedPnl: '112.4', openPnl: '64.2', maxDailyLoss: '2000', openOrders: 5, positions: 3, unpriced: [], tsSeen: now(), tsMarket: MARKET_NOW, source: 'our ledger' }),
  equity: ({ range }) => ({ range, benchmark: null, points: Array.from({ length: 120 }, (_none, n) => [MARKET_NOW - (120 - n) * 60_000, 100_800 + Math.sin(n / 9) * 120 + n * 3, null] as [number, number, number | null]), isThinned: false }),
  positions: () => ({ positions: [...POSITIONS] }), orders: ({ scope }) => { const list = orderList(); return { ...list, orders: list.orders.filter((order) => scope === 'all' || (scope === 'open') !== order.isClosed) }; },
  orderStory: story, decisions: () => ({ decisions: [], approvedTotal: 0, deniedTotal: 0 }), fills: () => ({ fills: story().fills, total: 1 }), pnlByDay: () => ({ days: [] }), strategies: () => ({ strategies: [], manual: { fills: 0, realizedPnl: '0', openPnl: '0' } }),
  tradingState: () => TRADING, symbols: ({ query }) => ({ symbols: Object.entries(PRICES).filter(([symbol]) => symbol.startsWith(query.toUpperCase())).map(([symbol, lastPrice]) => ({ symbol, name: `${symbol} Inc.`, exchange: 'NASDAQ', isTradable: true, isWatched: true, lastPrice, priceMarketAt: MARKET_NOW, priceSeenAt: now() })) }),
  notices: () => ({ notices: [] }), deliveries: () => ({ deliveries: [], week: { queued: 0, sending: 0, handing_over: 0, sent: 0, failed: 0, unknown: 0, held: 0 }, at: now() }),
  previewOrder: () => decision(true), placeOrder: () => decision(true), replaceOrder: () => decision(true), previewReplaceOrder: () => decision(true), reducePosition: () => decision(true), reversePosition: () => ({ decisions: [decision(true), decision(true)] }), flatten: () => ({ decisions: [decision(true)] }), cancelOrder: ({ clientOrderId }) => ({ requested: clientOrderId === null ? [] : [clientOrderId] }),
  kill: () => ({ stoppedAfterMs: 38, steps: [{ step: 'latch', ok: true, message: 'No order leaves execution any more.' }, { step: 'cancel', ok: false, message: 'Canceling 5 open orders; 2 are not confirmed yet.' }] }),
  reconciliations: ({ only }) => ({ reconciliations: RECONCILIATIONS.filter((run) => only === 'all' || !run.isClean) }), findings: () => ({ findings: [...FINDINGS] }), applyRemedy: ({ findingId }) => ({ findingId, done: 'A stop for 100 KO at 58.81 was placed.' }), dismissFinding: ({ findingId }) => ({ findingId }),
  ledgerEntries: () => ({ entries: [{ entryId: 'a1', kind: 'DIV', symbol: 'KO', cashChange: '48.5', qtyChange: '0', description: 'Dividend 0.485 a share', ledgerSeq: 39, tsEvent: MARKET_NOW - 9_000_000, source: 'activities' }] }),
  proof: () => ({ proof: { version: '0.1.0', at: now() - 86_400_000, faultsSurvived: 18_240, doubled: 0, lost: 0, parts: [{ name: 'simulation', what: '1,000 seeds of virtual weeks', runs: 1_000, faults: 18_011, orders: 402_114, fills: 380_020, doubled: 0, lost: 0, seconds: 331 }, { name: 'chaos', what: 'kill -9, power cut, partition, full disk', runs: 14, faults: 229, orders: 6_120, fills: 5_990, doubled: 0, lost: 0, seconds: 540 }] } }),
  pipeline: () => ({ watermarks: [], at: now() }), invariants: () => ({ invariants: [], tookMs: 12, at: now() }), unitHistory: () => ({ incidents: [] }), reports: () => ({ reports: [] }), projects: () => ({ projects: [] }), backtests: () => ({ backtests: [], hasMore: false }), deployed: () => ({ deployed: [], at: now() }), deployments: () => ({ deployments: [] }), flowDays: () => ({ days: [] }), runs: () => ({ runs: [], nextCursor: null, tookMs: 1 }),
};
