/** For contract tests: one example request of every served operation, with a value that each parameter takes and one that it refuses. */

/** Values known only when the simulator runs. */
export type ExampleIds = { readonly order: string; readonly replaceable: readonly string[]; readonly watchlist: string; readonly action: string; readonly day: string; readonly start: string };
/** Values of one operation. `base`: sent with every request. A good value that is an object is merged into it. `bad`: is refused with 4xx. `isQuery`: parameters of the path's own that go into the query of a POST. */
export type Example = { readonly path?: Readonly<Record<string, string>>; readonly base?: Readonly<Record<string, unknown>>; readonly good?: Readonly<Record<string, unknown>>; readonly bad?: Readonly<Record<string, unknown>>; readonly query?: Readonly<Record<string, string>> };

const MARKET_ORDER = { symbol: 'KO', qty: '1', side: 'buy', type: 'market', time_in_force: 'day' };
const LIMIT_ORDER = { symbol: 'KO', qty: '1', side: 'buy', type: 'limit', limit_price: '5', time_in_force: 'day' };
const REFUSED_INSTRUCTIONS = { advanced_instructions: { algorithm: 'TWAP' } };

const orderBody: Example = {
  base: MARKET_ORDER,
  good: {
    symbol: 'XOM', qty: '2', notional: { qty: undefined, notional: '10' }, side: 'buy', type: LIMIT_ORDER, time_in_force: { ...LIMIT_ORDER, time_in_force: 'gtc' }, limit_price: { ...LIMIT_ORDER, limit_price: '6' },
    stop_price: { type: 'stop', stop_price: '500' }, trail_price: { type: 'trailing_stop', trail_price: '1' }, trail_percent: { type: 'trailing_stop', trail_percent: '2' }, extended_hours: { ...LIMIT_ORDER, extended_hours: true },
    client_order_id: 'example-1', order_class: { ...LIMIT_ORDER, order_class: 'bracket', take_profit: { limit_price: '6' }, stop_loss: { stop_price: '4' } },
    take_profit: { ...LIMIT_ORDER, order_class: 'oto', take_profit: { limit_price: '6' } }, stop_loss: { ...LIMIT_ORDER, order_class: 'oto', stop_loss: { stop_price: '4' } }, position_intent: 'buy_to_open',
  },
  bad: {
    symbol: 'NOSUCH', qty: '-1', notional: '10', side: 'hold', type: 'iceberg', time_in_force: 'forever', limit_price: '5', stop_price: '5', trail_price: '1', trail_percent: '1', extended_hours: true, client_order_id: 'x'.repeat(129),
    order_class: 'bracket', take_profit: { order_class: 'oto', take_profit: { limit_price: '0' } }, stop_loss: { order_class: 'oto', stop_loss: {} }, position_intent: 'sell_to_close', ...REFUSED_INSTRUCTIONS, legs: [],
  },
};

const seriesOf = (start: string): { readonly good: Record<string, unknown>; readonly bad: Record<string, unknown> } => ({
  good: { start, end: { start, end: start }, limit: '3', page_token: undefined, sort: 'desc', feed: 'iex', currency: 'USD', asof: '2025-01-02' },
  bad: { start: 'yesterday', end: 'tomorrow', limit: '0', page_token: '@@', sort: 'up', feed: 'boats', currency: 'EUR', asof: 'now' },
});
const LATEST = { good: { feed: 'iex', currency: 'USD' }, bad: { feed: 'moon', currency: 'EUR' } };

function seriesExamples(start: string): Readonly<Record<string, Example>> {
  const { good, bad } = seriesOf(start);
  const examples: Record<string, Example> = {};
  for (const [many, single, more, moreBad] of [
    ['StockBars', 'StockBarSingle', { timeframe: '5Min', adjustment: 'split' }, { timeframe: '7Weeks', adjustment: 'none' }], ['StockTrades', 'StockTradeSingle', {}, {}], ['StockQuotes', 'StockQuoteSingle', {}, {}],
    ['StockAuctions', 'StockAuctionSingle', { feed: 'sip' }, {}],
  ] as const) {
    const base = many === 'StockBars' ? { start, timeframe: '1Min' } : { start };
    examples[many] = { base: { symbols: 'AAPL,KO', ...base }, good: { ...good, ...more, symbols: 'KO' }, bad: { ...bad, ...moreBad, symbols: ',' } };
    examples[single] = { path: { symbol: 'KO' }, base, good: { ...good, ...more }, bad: { ...bad, ...moreBad } };
  }
  for (const kind of ['Bar', 'Trade', 'Quote']) {
    examples[`StockLatest${kind}s`] = { base: { symbols: 'AAPL' }, good: { ...LATEST.good, symbols: 'KO' }, bad: { ...LATEST.bad, symbols: ',' } };
    examples[`StockLatest${kind}Single`] = { path: { symbol: 'KO' }, ...LATEST };
  }
  return {
    ...examples, StockSnapshots: { base: { symbols: 'AAPL,KO' }, good: { ...LATEST.good, symbols: 'KO' }, bad: { ...LATEST.bad, symbols: ',' } }, StockSnapshotSingle: { path: { symbol: 'KO' }, ...LATEST },
    StockMetaConditions: { path: { ticktype: 'trade' }, base: { tape: 'A' }, good: { tape: 'C' }, bad: { tape: 'Z' } }, StockMetaExchanges: {},
    MostActives: { good: { by: 'trades', top: '3' }, bad: { by: 'price', top: '101' } }, Movers: { path: { market_type: 'stocks' }, good: { top: '3' }, bad: { top: '51' } },
    News: {
      good: { start: '2025-01-02', end: '2025-01-03', sort: 'asc', symbols: 'AAPL', limit: '5', include_content: 'true', exclude_contentless: 'true', page_token: 'x' },
      bad: { start: 'x', end: 'x', sort: 'up', limit: '51', include_content: 'maybe', exclude_contentless: 'maybe' },
    },
  };
}

const WATCHLIST_BODY = { good: { name: undefined, symbols: ['KO', 'XOM'] }, bad: { name: '', symbols: ['NOSUCH'] } };

function accountExamples(ids: ExampleIds): Readonly<Record<string, Example>> {
  const activities = { date: ids.day, until: '2035-01-01', after: '2020-01-01', direction: 'asc', page_size: '5', page_token: '20200101000000000::x' };
  const badActivities = { date: 'monday', until: 'x', after: 'x', direction: 'up', page_size: '101' };
  return {
    getAccount: {}, getAccountConfig: {},
    patchAccountConfig: {
      good: {
        suspend_trade: false, no_shorting: true, fractional_trading: true, max_margin_multiplier: '1', trade_confirm_email: 'all', ptp_no_exception_entry: true, max_options_trading_level: 2, disable_overnight_trading: false, dtbp_check: 'both', pdt_check: 'exit',
      },
      bad: {
        suspend_trade: 'yes', no_shorting: 1, fractional_trading: 'no', max_margin_multiplier: '3', trade_confirm_email: 'some', ptp_no_exception_entry: 1, max_options_trading_level: 9, disable_overnight_trading: 'x', dtbp_check: 'x', pdt_check: 'x',
      },
    },
    getAccountPortfolioHistory: {
      good: {
        period: '1W', timeframe: '15Min', intraday_reporting: 'extended_hours', start: ids.start, end: { start: ids.start, end: ids.start }, pnl_reset: 'no_reset', extended_hours: 'true', cashflow_types: 'ALL',
      },
      bad: {
        period: '1Y', timeframe: '2Min', intraday_reporting: 'night', start: { start: ids.start, end: ids.start, period: '1D' }, end: 'x', pnl_reset: 'x', extended_hours: 'x', cashflow_types: 'x',
      },
    },
    getAccountActivities: { good: { ...activities, activity_types: 'FILL,DIV', category: 'trade_activity' }, bad: { ...badActivities, activity_types: 'LUNCH', category: { category: 'trade_activity', activity_types: 'FILL' } } },
    getAccountActivitiesByActivityType: { path: { activity_type: 'FILL' }, good: activities, bad: badActivities },
    getWatchlists: {}, postWatchlist: { base: { name: 'made', symbols: ['KO'] }, good: { name: 'another', symbols: { name: 'third', symbols: ['KO', 'XOM'] } }, bad: WATCHLIST_BODY.bad },
    getWatchlistById: { path: { watchlist_id: ids.watchlist } }, updateWatchlistById: { path: { watchlist_id: ids.watchlist }, base: { name: 'mine' }, ...WATCHLIST_BODY },
    addAssetToWatchlist: { path: { watchlist_id: ids.watchlist }, base: { symbol: 'AAPL' }, good: { symbol: 'MSFT' }, bad: { symbol: 'NOSUCH' } },
    removeAssetFromWatchlist: { path: { watchlist_id: ids.watchlist, symbol: 'AAPL' } },
    getWatchlistByName: { base: { name: 'mine' }, good: { name: 'mine' }, bad: { name: 'nobody' } }, updateWatchlistByName: { query: { name: 'mine' }, base: { name: 'mine' }, good: { name: undefined, symbols: ['KO'] }, bad: { name: '', symbols: ['NOSUCH'] } },
    addAssetToWatchlistByName: { query: { name: 'mine' }, base: { symbol: 'JPM' }, good: { name: undefined, symbol: 'SPY' }, bad: { symbol: '' } },
  };
}

/** All examples, in an order in which each finds what it needs. */
export function operationExamples(ids: ExampleIds): Readonly<Record<string, Example>> {
  return {
    ...accountExamples(ids), ...seriesExamples(ids.start),
    postOrder: orderBody,
    getAllOrders: {
      good: { status: 'all', limit: '5', after: '2020-01-01T00:00:00Z', until: '2035-01-01', direction: 'asc', nested: 'true', symbols: 'KO,AAPL', side: 'buy', asset_class: 'us_equity', before_order_id: ids.order, after_order_id: ids.order },
      bad: {
        status: 'some', limit: '501', after: 'x', until: 'x', direction: 'up', nested: 'maybe', side: 'hold', asset_class: 'gold', before_order_id: { before_order_id: ids.order, after_order_id: ids.order }, after_order_id: { after_order_id: ids.order, after: '2020-01-01' },
      },
    },
    getOrderByOrderID: { path: { order_id: ids.order }, good: { nested: 'true' }, bad: { nested: 'maybe' } },
    getOrderByClientOrderId: { base: { client_order_id: 'resting' }, good: { client_order_id: 'resting' }, bad: { client_order_id: 'nobody' } },
    patchOrderByOrderId: {
      path: { order_id: '' }, base: { limit_price: '4.5' }, good: { qty: '3', time_in_force: 'gtc', limit_price: '4.25', stop_price: undefined, trail: undefined, client_order_id: 'replaced-1' },
      bad: { qty: '0', time_in_force: 'never', limit_price: '4.123', stop_price: '5', trail: '1', client_order_id: 'x'.repeat(129), notional: '5', ...REFUSED_INSTRUCTIONS },
    },
    getAllOpenPositions: {}, getOpenPosition: { path: { symbol_or_asset_id: 'AAPL' } },
    deleteOpenPosition: { path: { symbol_or_asset_id: 'AAPL' }, base: { qty: '1' }, good: { qty: '2', percentage: { qty: undefined, percentage: '10' } }, bad: { qty: '-1', percentage: '101' } },
    'get-v2-assets': { good: { status: 'active', exchange: 'NASDAQ', asset_class: 'us_equity', attributes: 'ipo' }, bad: { status: 'dead', exchange: 'LSE', attributes: 'shiny' } }, 'get-v2-assets-symbol_or_asset_id': { path: { symbol_or_asset_id: 'AAPL' } },
    LegacyClock: {}, LegacyCalendar: { base: { start: '2025-07-01', end: '2025-07-10' }, good: { start: '2025-07-03', end: '2025-07-08', date_type: 'SETTLEMENT' }, bad: { start: '1800-01-01', end: '2999-01-01', date_type: 'LUNAR' } },
    Clock: { good: { markets: 'NYSE,XNAS', time: '2025-07-03T18:00:00Z' }, bad: { markets: 'TADAWUL', time: 'noon' } },
    Calendar: { path: { market: 'NYSE' }, good: { start: '2025-07-01', end: { start: '2025-07-01', end: '2025-07-10' }, timezone: 'UTC' }, bad: { start: 'x', end: { start: '2025-07-10', end: '2025-07-01' }, timezone: 'CET' } },
    CorporateActions: {
      base: { start: '2020-01-01', end: '2035-01-01' }, good: { symbols: 'KO', cusips: 'SIMKO0000', types: 'forward_split,cash_dividend', start: '2021-01-01', end: '2034-01-01', ids: { start: undefined, end: undefined, ids: ids.action }, limit: '1', page_token: ids.action, sort: 'desc', region: 'us' },
      bad: { types: 'party', start: 'x', end: 'x', ids: ids.action, limit: '0', page_token: 'nobody', sort: 'up', symbols: undefined, cusips: undefined },
    },
    'get-v2-corporate_actions-announcements': {
      base: { ca_types: 'Split,Dividend', since: ids.day, until: ids.day, date_type: 'declaration_date' }, good: { ca_types: 'Split', since: ids.day, until: ids.day, symbol: 'KO', cusip: 'SIMKO0000', date_type: 'declaration_date' },
      bad: { ca_types: 'Party', since: '2020-01-01', until: '2020-01-01', date_type: 'x' },
    },
    'get-v2-corporate_actions-announcements-id': { path: { id: ids.action } },
    deleteOrderByOrderID: { path: { order_id: '' } }, deleteAllOpenPositions: { good: { cancel_orders: 'true' }, bad: { cancel_orders: 'perhaps' } }, deleteAllOrders: {},
    deleteWatchlistById: { path: { watchlist_id: ids.watchlist } }, deleteWatchlistByName: { base: { name: 'made' }, good: { name: 'another' }, bad: { name: 'nobody' } },
  };
}
