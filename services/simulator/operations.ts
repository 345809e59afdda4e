/** Every operation of the broker's two APIs: served, with how each parameter is treated, or refused on purpose with the reason. */

/** How parameters are treated: '' = honoured as documented; other text says what is different. */
export type Parameters = Readonly<Record<string, string>>;
/** An operation by its name in the broker's OpenAPI description. Path as there, with `{name}` for parameters. */
export type Operation = {
  readonly id: string; readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'; readonly path: string;
  /** Null = refused. Query and body parameters; those of the path are always honoured. */
  readonly parameters: Parameters | null;
  /** Why it is refused; for a served one what the tape cannot tell, or ''. */
  readonly note: string;
};

type Method = Operation['method'];
const HONOURED = '';
const all = (...names: string[]): Parameters => Object.fromEntries(names.map((name) => [name, HONOURED]));
type Request = `${Method} /${string}`;
const serve = (id: string, request: Request, parameters: Parameters = {}, note = ''): Operation => {
  const [method, path] = request.split(' ') as [Method, string];
  return { id, method, path, parameters, note };
};

const ORDER_BODY: Parameters = {
  ...all('symbol', 'qty', 'notional', 'side', 'type', 'time_in_force', 'limit_price', 'stop_price', 'trail_price', 'trail_percent', 'extended_hours', 'client_order_id', 'order_class', 'take_profit', 'stop_loss', 'position_intent'),
  advanced_instructions: 'refused with 422: no Elite Smart Router here', legs: 'refused with 422: multi-leg orders are for options',
};
const FEED = { feed: 'one tape stands for iex and sip (the free plan gets sip 15 minutes late, and 403 for a recent end); otc, boats and overnight are refused', currency: 'USD; others are refused' };
const SERIES: Parameters = { ...all('start', 'end', 'limit', 'page_token', 'sort'), ...FEED, asof: 'read; no symbol changes its meaning on the tape' };
const BARS: Parameters = { ...SERIES, timeframe: HONOURED, adjustment: 'raw and split (all counts as split: no dividends or spin-offs in the prices)' };
const TICKS_NOTE = 'four prints a minute, made of the bar: open, low, high, close, with its volume';
const CONFIGURATION = {
  ...all('suspend_trade', 'no_shorting', 'fractional_trading', 'max_margin_multiplier'), trade_confirm_email: 'kept, without effect', ptp_no_exception_entry: 'kept; no partnerships on the tape',
  max_options_trading_level: 'kept; no options', disable_overnight_trading: 'kept; no overnight session', dtbp_check: 'kept; deprecated', pdt_check: 'kept; deprecated',
};

const TRADING: readonly Operation[] = [
  serve('getAccount', 'GET /v2/account'),
  serve('getAccountConfig', 'GET /v2/account/configurations'),
  serve('patchAccountConfig', 'PATCH /v2/account/configurations', CONFIGURATION),
  serve('getAccountPortfolioHistory', 'GET /v2/account/portfolio/history', all('period', 'timeframe', 'intraday_reporting', 'start', 'end', 'pnl_reset', 'extended_hours', 'cashflow_types')),
  serve('getAccountActivities', 'GET /v2/account/activities', all('activity_types', 'category', 'date', 'until', 'after', 'direction', 'page_size', 'page_token')),
  serve('getAccountActivitiesByActivityType', 'GET /v2/account/activities/{activity_type}', all('date', 'until', 'after', 'direction', 'page_size', 'page_token')),
  serve('postOrder', 'POST /v2/orders', ORDER_BODY),
  serve('getAllOrders', 'GET /v2/orders', all('status', 'limit', 'after', 'until', 'direction', 'nested', 'symbols', 'side', 'asset_class', 'before_order_id', 'after_order_id')),
  serve('deleteAllOrders', 'DELETE /v2/orders'),
  serve('getOrderByOrderID', 'GET /v2/orders/{order_id}', all('nested')),
  serve('patchOrderByOrderId', 'PATCH /v2/orders/{order_id}', {
    ...all('qty', 'time_in_force', 'limit_price', 'stop_price', 'trail', 'client_order_id'), notional: 'refused with 422, as the broker does outside IPOs', advanced_instructions: 'refused with 422: no Elite Smart Router here',
  }),
  serve('deleteOrderByOrderID', 'DELETE /v2/orders/{order_id}'),
  serve('getOrderByClientOrderId', 'GET /v2/orders:by_client_order_id', all('client_order_id')),
  serve('getAllOpenPositions', 'GET /v2/positions'),
  serve('deleteAllOpenPositions', 'DELETE /v2/positions', all('cancel_orders')),
  serve('getOpenPosition', 'GET /v2/positions/{symbol_or_asset_id}'),
  serve('deleteOpenPosition', 'DELETE /v2/positions/{symbol_or_asset_id}', all('qty', 'percentage')),
  serve('get-v2-assets', 'GET /v2/assets', { ...all('status', 'exchange'), asset_class: 'us_equity; others give an empty list', attributes: 'checked; nothing on the tape has one' }),
  serve('get-v2-assets-symbol_or_asset_id', 'GET /v2/assets/{symbol_or_asset_id}'),
  serve('LegacyClock', 'GET /v2/clock'),
  serve('LegacyCalendar', 'GET /v2/calendar', all('start', 'end', 'date_type')),
  serve('Clock', 'GET /v3/clock', { markets: 'NYSE, NASDAQ, IEX, OTC and their codes; others are refused', time: HONOURED }),
  serve('Calendar', 'GET /v3/calendar/{market}', all('start', 'end', 'timezone')),
  serve('get-v2-corporate_actions-announcements', 'GET /v2/corporate_actions/announcements', all('ca_types', 'since', 'until', 'symbol', 'cusip', 'date_type')),
  serve('get-v2-corporate_actions-announcements-id', 'GET /v2/corporate_actions/announcements/{id}'),
  serve('getWatchlists', 'GET /v2/watchlists'),
  serve('postWatchlist', 'POST /v2/watchlists', all('name', 'symbols')),
  serve('getWatchlistById', 'GET /v2/watchlists/{watchlist_id}'),
  serve('updateWatchlistById', 'PUT /v2/watchlists/{watchlist_id}', all('name', 'symbols')),
  serve('addAssetToWatchlist', 'POST /v2/watchlists/{watchlist_id}', all('symbol')),
  serve('deleteWatchlistById', 'DELETE /v2/watchlists/{watchlist_id}'),
  serve('removeAssetFromWatchlist', 'DELETE /v2/watchlists/{watchlist_id}/{symbol}'),
  serve('getWatchlistByName', 'GET /v2/watchlists:by_name', all('name')),
  serve('updateWatchlistByName', 'PUT /v2/watchlists:by_name', all('name', 'symbols')),
  serve('addAssetToWatchlistByName', 'POST /v2/watchlists:by_name', all('name', 'symbol')),
  serve('deleteWatchlistByName', 'DELETE /v2/watchlists:by_name', all('name')),
];

const series = (kind: string, [many, single]: readonly [string, string], parameters: Parameters, note = ''): readonly Operation[] => [
  serve(many, `GET /v2/stocks/${kind}`, { symbols: HONOURED, ...parameters }, note), serve(single, `GET /v2/stocks/{symbol}/${kind}`, parameters, note),
];
const QUOTE_NOTE = 'a cent around the last print: the tape has no quotes';

const DATA: readonly Operation[] = [
  ...series('bars', ['StockBars', 'StockBarSingle'], BARS),
  ...series('trades', ['StockTrades', 'StockTradeSingle'], SERIES, TICKS_NOTE),
  ...series('quotes', ['StockQuotes', 'StockQuoteSingle'], SERIES, QUOTE_NOTE),
  ...series('auctions', ['StockAuctions', 'StockAuctionSingle'], { ...SERIES, feed: 'sip only, as documented' }, 'the open of the first regular minute, the close of the last'),
  ...series('bars/latest', ['StockLatestBars', 'StockLatestBarSingle'], FEED),
  ...series('trades/latest', ['StockLatestTrades', 'StockLatestTradeSingle'], FEED, TICKS_NOTE),
  ...series('quotes/latest', ['StockLatestQuotes', 'StockLatestQuoteSingle'], FEED, QUOTE_NOTE),
  serve('StockSnapshots', 'GET /v2/stocks/snapshots', { symbols: HONOURED, ...FEED }),
  serve('StockSnapshotSingle', 'GET /v2/stocks/{symbol}/snapshot', FEED),
  serve('StockMetaExchanges', 'GET /v2/stocks/meta/exchanges', {}, 'the codes that occur here'),
  serve('StockMetaConditions', 'GET /v2/stocks/meta/conditions/{ticktype}', all('tape'), 'the codes that occur here'),
  serve('CorporateActions', 'GET /v1/corporate-actions', { ...all('symbols', 'cusips', 'types', 'start', 'end', 'ids', 'limit', 'page_token', 'sort'), region: 'us' }, 'splits and cash dividends that were announced with POST /sim/corporate-actions'),
  serve('MostActives', 'GET /v1beta1/screener/stocks/most-actives', all('by', 'top')),
  serve('Movers', 'GET /v1beta1/screener/{market_type}/movers', all('top'), 'stocks; crypto is refused with 400'),
  serve('News', 'GET /v1beta1/news', Object.fromEntries(['start', 'end', 'sort', 'symbols', 'limit', 'include_content', 'exclude_contentless', 'page_token'].map((name) => [name, 'checked; the list is always empty'])), 'an empty list: nobody writes about a simulated market'),
];

const refuse = (note: string, operations: readonly (readonly [string, Method, string])[]): readonly Operation[] => operations.map(([id, method, path]) => ({ id, method, path, parameters: null, note }));
const crypto = (name: string): string => `/v1beta3/crypto/{loc}/${name}`;
const perp = (name: string): string => `/v1beta1/crypto-perps/{loc}/latest/${name}`;

const REFUSED: readonly Operation[] = [
  ...refuse('hard-to-borrow locates are not simulated: easy-to-borrow shares only', [
    ['listLocates', 'GET', '/v1/locates'], ['createLocates', 'POST', '/v1/locates'], ['getLocate', 'GET', '/v1/locates/{locate_id}'], ['listLocateQuotes', 'GET', '/v1/locates/quotes'],
  ]),
  ...refuse('server-sent activities are in beta; the trade_updates stream and GET /v2/account/activities say the same', [['subscribeToActivitiesSSE', 'GET', '/v2beta1/events/activities']]),
  ...refuse('bonds are not simulated: shares of the tape only', [['UsCorporates', 'GET', '/v2/assets/fixed_income/us_corporates'], ['UsTreasuries', 'GET', '/v2/assets/fixed_income/us_treasuries']]),
  ...refuse('options are not simulated', [
    ['get-options-contracts', 'GET', '/v2/options/contracts'], ['get-option-contract-symbol_or_id', 'GET', '/v2/options/contracts/{symbol_or_id}'],
    ['optionDoNotExercise', 'POST', '/v2/positions/{symbol_or_contract_id}/do-not-exercise'], ['optionExercise', 'POST', '/v2/positions/{symbol_or_contract_id}/exercise'],
    ['optionBars', 'GET', '/v1beta1/options/bars'], ['OptionMetaConditions', 'GET', '/v1beta1/options/meta/conditions/{ticktype}'], ['OptionMetaExchanges', 'GET', '/v1beta1/options/meta/exchanges'],
    ['OptionLatestQuotes', 'GET', '/v1beta1/options/quotes/latest'], ['OptionSnapshots', 'GET', '/v1beta1/options/snapshots'], ['OptionChain', 'GET', '/v1beta1/options/snapshots/{underlying_symbol}'],
    ['OptionTrades', 'GET', '/v1beta1/options/trades'], ['OptionLatestTrades', 'GET', '/v1beta1/options/trades/latest'],
  ]),
  ...refuse('crypto perpetuals are not simulated', [
    ['getCryptoPerpAccountVitals', 'GET', '/v2/perpetuals/account_vitals'], ['getCryptoPerpAccountLeverage', 'GET', '/v2/perpetuals/leverage'], ['setCryptoPerpAccountLeverage', 'POST', '/v2/perpetuals/leverage'],
    ['listCryptoPerpFundingWallets', 'GET', '/v2/perpetuals/wallets'], ['getCryptoPerpTransferEstimate', 'GET', '/v2/perpetuals/wallets/fees/estimate'], ['listCryptoPerpFundingTransfers', 'GET', '/v2/perpetuals/wallets/transfers'],
    ['createCryptoPerpTransferForAccount', 'POST', '/v2/perpetuals/wallets/transfers'], ['getCryptoPerpFundingTransfer', 'GET', '/v2/perpetuals/wallets/transfers/{transfer_id}'],
    ['listWhitelistedPerpAddress', 'GET', '/v2/perpetuals/wallets/whitelists'], ['createWhitelistedPerpAddress', 'POST', '/v2/perpetuals/wallets/whitelists'],
    ['deleteWhitelistedPerpAddress', 'DELETE', '/v2/perpetuals/wallets/whitelists/{whitelisted_address_id}'],
    ['CryptoPerpLatestBars', 'GET', perp('bars')], ['CryptoPerpLatestOrderbooks', 'GET', perp('orderbooks')], ['CryptoPerpLatestFuturesPricing', 'GET', perp('pricing')],
    ['CryptoPerpLatestQuotes', 'GET', perp('quotes')], ['CryptoPerpLatestTrades', 'GET', perp('trades')],
  ]),
  ...refuse('tokenization is not simulated', [['postTokenizationMint', 'POST', '/v2/tokenization/mint'], ['getTokenizationRequests', 'GET', '/v2/tokenization/requests']]),
  ...refuse('crypto is not simulated', [
    ['listCryptoFundingWallets', 'GET', '/v2/wallets'], ['getCryptoTransferEstimate', 'GET', '/v2/wallets/fees/estimate'], ['listCryptoFundingTransfers', 'GET', '/v2/wallets/transfers'],
    ['createCryptoTransferForAccount', 'POST', '/v2/wallets/transfers'], ['getCryptoFundingTransfer', 'GET', '/v2/wallets/transfers/{transfer_id}'], ['listWhitelistedAddress', 'GET', '/v2/wallets/whitelists'],
    ['createWhitelistedAddress', 'POST', '/v2/wallets/whitelists'], ['deleteWhitelistedAddress', 'DELETE', '/v2/wallets/whitelists/{whitelisted_address_id}'],
    ['CryptoBars', 'GET', crypto('bars')], ['CryptoLatestBars', 'GET', crypto('latest/bars')], ['CryptoLatestOrderbooks', 'GET', crypto('latest/orderbooks')], ['CryptoLatestQuotes', 'GET', crypto('latest/quotes')],
    ['CryptoLatestTrades', 'GET', crypto('latest/trades')], ['CryptoQuotes', 'GET', crypto('quotes')], ['CryptoSnapshots', 'GET', crypto('snapshots')], ['CryptoTrades', 'GET', crypto('trades')],
  ]),
  ...refuse('the tape holds shares only: no bonds, currencies or indices', [
    ['FixedIncomeLatestPrices', 'GET', '/v1beta1/fixed_income/latest/prices'], ['FixedIncomeLatestQuotes', 'GET', '/v1beta1/fixed_income/latest/quotes'], ['LatestRates', 'GET', '/v1beta1/forex/latest/rates'],
    ['Rates', 'GET', '/v1beta1/forex/rates'], ['IndexLatestValues', 'GET', '/v1beta1/indices/latest/values'], ['IndexValues', 'GET', '/v1beta1/indices/values'],
  ]),
  ...refuse('logos belong to the companies; a simulated market has none', [['Logos', 'GET', '/v1beta1/logos/{symbol}']]),
];

/** All operations, those of the trading API first. */
export const OPERATIONS: readonly Operation[] = [...TRADING, ...DATA, ...REFUSED];
