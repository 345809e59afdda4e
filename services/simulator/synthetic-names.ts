/** The listed names of the synthetic market and how each of them moves. */
import type { ListedAsset } from './market.ts';

/** How a synthetic symbol behaves: `anchor` dollars around which it wanders, `beta` to the market, own volatility a year, shares a day. */
export type SyntheticName = ListedAsset & { readonly anchor: number; readonly beta: number; readonly annualVolatility: number; readonly dailyShares: number };

const name = (symbol: string, title: string, exchange: ListedAsset['exchange'], [anchor, beta, annualVolatility, dailyShares]: readonly [number, number, number, number]): SyntheticName => ({
  symbol, name: title, exchange, anchor, beta, annualVolatility, dailyShares,
});

/** The whole list, in the order in which it is shown. */
export const SYNTHETIC_NAMES: readonly SyntheticName[] = [
  name('AAPL', 'Apple Inc. Common Stock', 'NASDAQ', [212, 1.1, 0.18, 5.2e7]),
  name('MSFT', 'Microsoft Corporation Common Stock', 'NASDAQ', [430, 1.0, 0.16, 2.1e7]),
  name('AMZN', 'Amazon.com, Inc. Common Stock', 'NASDAQ', [198, 1.2, 0.22, 4.1e7]),
  name('NVDA', 'NVIDIA Corporation Common Stock', 'NASDAQ', [134, 1.7, 0.38, 2.2e8]),
  name('GOOGL', 'Alphabet Inc. Class A Common Stock', 'NASDAQ', [176, 1.1, 0.2, 2.8e7]),
  name('META', 'Meta Platforms, Inc. Class A Common Stock', 'NASDAQ', [560, 1.25, 0.26, 1.5e7]),
  name('TSLA', 'Tesla, Inc. Common Stock', 'NASDAQ', [262, 1.8, 0.45, 9.5e7]),
  name('SPY', 'SPDR S&P 500 ETF Trust', 'ARCA', [572, 1.0, 0.02, 5.8e7]),
  name('QQQ', 'Invesco QQQ Trust, Series 1', 'NASDAQ', [488, 1.15, 0.05, 3.9e7]),
  name('JPM', 'JPMorgan Chase & Co. Common Stock', 'NYSE', [221, 0.9, 0.18, 9.2e6]),
  name('XOM', 'Exxon Mobil Corporation Common Stock', 'NYSE', [117, 0.6, 0.2, 1.6e7]),
  name('KO', 'The Coca-Cola Company Common Stock', 'NYSE', [68, 0.45, 0.12, 1.4e7]),
];
