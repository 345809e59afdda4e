/** The listed names of the synthetic market and how each of them moves. */
import type { ListedAsset } from './market.ts';

/**
 * How a synthetic symbol behaves: `anchor` dollars around which it wanders, `beta` to the market, own volatility a year, shares a day, and what it pays a year as a part of its price
 * (0 = nothing; in its past only: while the tape runs, dividends come on command).
 */
export type SyntheticName = ListedAsset & { readonly anchor: number; readonly beta: number; readonly annualVolatility: number; readonly dailyShares: number; readonly dividendYield: number };

type Figures = readonly [anchor: number, beta: number, annualVolatility: number, dailyShares: number, dividendYield?: number];
const name = (symbol: string, title: string, exchange: ListedAsset['exchange'], [anchor, beta, annualVolatility, dailyShares, dividendYield = 0]: Figures): SyntheticName => ({
  symbol, name: title, exchange, anchor, beta, annualVolatility, dailyShares, dividendYield,
});

/** Names that are on the tape minute by minute; the others behind them are listed, tradable and made when somebody asks. */
export const TAPE_SIZE = 12;

/** The whole list, in the order in which it is shown. The first ones are the tape: what is appended changes nothing of them. */
export const SYNTHETIC_NAMES: readonly SyntheticName[] = [
  name('AAPL', 'Apple Inc. Common Stock', 'NASDAQ', [212, 1.1, 0.18, 5.2e7, 0.005]),
  name('MSFT', 'Microsoft Corporation Common Stock', 'NASDAQ', [430, 1.0, 0.16, 2.1e7, 0.007]),
  name('AMZN', 'Amazon.com, Inc. Common Stock', 'NASDAQ', [198, 1.2, 0.22, 4.1e7]),
  name('NVDA', 'NVIDIA Corporation Common Stock', 'NASDAQ', [134, 1.7, 0.38, 2.2e8]),
  name('GOOGL', 'Alphabet Inc. Class A Common Stock', 'NASDAQ', [176, 1.1, 0.2, 2.8e7]),
  name('META', 'Meta Platforms, Inc. Class A Common Stock', 'NASDAQ', [560, 1.25, 0.26, 1.5e7]),
  name('TSLA', 'Tesla, Inc. Common Stock', 'NASDAQ', [262, 1.8, 0.45, 9.5e7]),
  name('SPY', 'SPDR S&P 500 ETF Trust', 'ARCA', [572, 1.0, 0.02, 5.8e7, 0.013]),
  name('QQQ', 'Invesco QQQ Trust, Series 1', 'NASDAQ', [488, 1.15, 0.05, 3.9e7, 0.006]),
  name('JPM', 'JPMorgan Chase & Co. Common Stock', 'NYSE', [221, 0.9, 0.18, 9.2e6, 0.023]),
  name('XOM', 'Exxon Mobil Corporation Common Stock', 'NYSE', [117, 0.6, 0.2, 1.6e7, 0.033]),
  name('KO', 'The Coca-Cola Company Common Stock', 'NYSE', [68, 0.45, 0.12, 1.4e7, 0.029]),

  name('AVGO', 'Broadcom Inc. Common Stock', 'NASDAQ', [182, 1.4, 0.34, 2.4e7, 0.012]),
  name('AMD', 'Advanced Micro Devices, Inc. Common Stock', 'NASDAQ', [158, 1.7, 0.4, 4.6e7]),
  name('INTC', 'Intel Corporation Common Stock', 'NASDAQ', [31, 1.1, 0.33, 5.5e7, 0.015]),
  name('CRM', 'Salesforce, Inc. Common Stock', 'NYSE', [282, 1.2, 0.26, 6.1e6, 0.006]),
  name('ORCL', 'Oracle Corporation Common Stock', 'NYSE', [141, 1.0, 0.24, 8.8e6, 0.011]),
  name('CSCO', 'Cisco Systems, Inc. Common Stock', 'NASDAQ', [51, 0.85, 0.15, 1.8e7, 0.03]),
  name('UNH', 'UnitedHealth Group Incorporated Common Stock', 'NYSE', [524, 0.6, 0.19, 3.4e6, 0.015]),
  name('JNJ', 'Johnson & Johnson Common Stock', 'NYSE', [156, 0.5, 0.12, 6.9e6, 0.031]),
  name('LLY', 'Eli Lilly and Company Common Stock', 'NYSE', [790, 0.5, 0.27, 3.1e6, 0.006]),
  name('PFE', 'Pfizer Inc. Common Stock', 'NYSE', [29, 0.6, 0.2, 3.6e7, 0.056]),
  name('ABBV', 'AbbVie Inc. Common Stock', 'NYSE', [176, 0.55, 0.16, 5.3e6, 0.034]),
  name('BAC', 'Bank of America Corporation Common Stock', 'NYSE', [41, 1.15, 0.2, 3.9e7, 0.025]),
  name('V', 'Visa Inc. Class A Common Stock', 'NYSE', [277, 0.9, 0.14, 6.0e6, 0.008]),
  name('MA', 'Mastercard Incorporated Class A Common Stock', 'NYSE', [462, 0.95, 0.15, 2.6e6, 0.006]),
  name('GS', 'The Goldman Sachs Group, Inc. Common Stock', 'NYSE', [468, 1.2, 0.2, 2.1e6, 0.024]),
  name('BRK.B', 'Berkshire Hathaway Inc. Class B Common Stock', 'NYSE', [431, 0.8, 0.09, 3.7e6]),
  name('HD', 'The Home Depot, Inc. Common Stock', 'NYSE', [372, 0.95, 0.16, 3.3e6, 0.024]),
  name('NKE', 'NIKE, Inc. Class B Common Stock', 'NYSE', [84, 1.0, 0.25, 1.1e7, 0.018]),
  name('SBUX', 'Starbucks Corporation Common Stock', 'NASDAQ', [91, 0.9, 0.21, 8.7e6, 0.026]),
  name('NFLX', 'Netflix, Inc. Common Stock', 'NASDAQ', [640, 1.3, 0.32, 3.9e6]),
  name('DIS', 'The Walt Disney Company Common Stock', 'NYSE', [98, 1.05, 0.22, 1.1e7, 0.008]),
  name('T', 'AT&T Inc. Common Stock', 'NYSE', [20, 0.6, 0.17, 3.5e7, 0.055]),
  name('VZ', 'Verizon Communications Inc. Common Stock', 'NYSE', [41, 0.45, 0.15, 1.7e7, 0.065]),
  name('CAT', 'Caterpillar Inc. Common Stock', 'NYSE', [342, 1.1, 0.2, 2.6e6, 0.016]),
  name('BA', 'The Boeing Company Common Stock', 'NYSE', [182, 1.4, 0.3, 6.9e6]),
  name('GE', 'GE Aerospace Common Stock', 'NYSE', [164, 1.15, 0.22, 5.2e6, 0.007]),
  name('HON', 'Honeywell International Inc. Common Stock', 'NASDAQ', [206, 0.9, 0.13, 2.9e6, 0.021]),
  name('UPS', 'United Parcel Service, Inc. Class B Common Stock', 'NYSE', [135, 0.9, 0.18, 3.8e6, 0.048]),
  name('PG', 'The Procter & Gamble Company Common Stock', 'NYSE', [167, 0.45, 0.11, 6.2e6, 0.024]),
  name('PEP', 'PepsiCo, Inc. Common Stock', 'NASDAQ', [171, 0.45, 0.12, 5.4e6, 0.031]),
  name('WMT', 'Walmart Inc. Common Stock', 'NYSE', [76, 0.5, 0.14, 1.5e7, 0.011]),
  name('COST', 'Costco Wholesale Corporation Common Stock', 'NASDAQ', [860, 0.75, 0.15, 1.9e6, 0.005]),
  name('CVX', 'Chevron Corporation Common Stock', 'NYSE', [153, 0.65, 0.19, 7.6e6, 0.042]),
  name('COP', 'ConocoPhillips Common Stock', 'NYSE', [112, 0.75, 0.24, 5.7e6, 0.028]),
  name('SLB', 'Schlumberger Limited Common Stock', 'NYSE', [45, 0.95, 0.27, 1.2e7, 0.024]),
  name('NEE', 'NextEra Energy, Inc. Common Stock', 'NYSE', [77, 0.55, 0.2, 1.0e7, 0.027]),
  name('DUK', 'Duke Energy Corporation Common Stock', 'NYSE', [108, 0.35, 0.13, 3.2e6, 0.038]),
  name('SO', 'The Southern Company Common Stock', 'NYSE', [84, 0.35, 0.12, 4.3e6, 0.034]),
  name('PLD', 'Prologis, Inc. Common Stock', 'NYSE', [118, 1.05, 0.2, 3.6e6, 0.033]),
  name('AMT', 'American Tower Corporation Common Stock', 'NYSE', [212, 0.75, 0.19, 2.2e6, 0.031]),
  name('LIN', 'Linde plc Ordinary Shares', 'NASDAQ', [451, 0.8, 0.12, 1.9e6, 0.012]),
  name('FCX', 'Freeport-McMoRan Inc. Common Stock', 'NYSE', [45, 1.4, 0.31, 1.3e7, 0.013]),
  name('NEM', 'Newmont Corporation Common Stock', 'NYSE', [47, 0.4, 0.28, 9.4e6, 0.022]),
  name('IWM', 'iShares Russell 2000 ETF', 'ARCA', [214, 1.2, 0.07, 2.9e7, 0.012]),
  name('DIA', 'SPDR Dow Jones Industrial Average ETF Trust', 'ARCA', [418, 0.9, 0.04, 3.3e6, 0.017]),
  name('GLD', 'SPDR Gold Shares', 'ARCA', [242, 0.05, 0.13, 8.1e6]),
  name('TLT', 'iShares 20+ Year Treasury Bond ETF', 'NASDAQ', [94, -0.2, 0.13, 3.7e7, 0.039]),
  name('XLF', 'Financial Select Sector SPDR Fund', 'ARCA', [46, 1.0, 0.06, 3.8e7, 0.015]),
];

/** Names that were listed once: renamed, taken over, worthless. Nothing trades in them. */
export const DELISTED_NAMES: readonly ListedAsset[] = [
  { symbol: 'FB', name: 'Meta Platforms, Inc. Class A Common Stock (now META)', exchange: 'NASDAQ' },
  { symbol: 'SIVBQ', name: 'SVB Financial Group Common Stock', exchange: 'NASDAQ' },
  { symbol: 'TWTR', name: 'Twitter, Inc. Common Stock', exchange: 'NYSE' },
];
