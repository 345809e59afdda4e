/** Wishes in plain words: what they become, what is assumed, and what is told not to be understood. */
import { describe, expect, it } from 'vitest';
import { parseFormula } from '../language.ts';
import { askInWords } from './ask.ts';
import { wordsOf } from './words.ts';

/** A wish, its filters, and the order of the rows where one is asked for. */
const WISHES: [wish: string, filters: readonly string[], rank?: string][] = [
  ['tech stocks with RSI below 30 and volume above 1 million', ['sector = "Information Technology"', 'rsi(14) < 30', 'volume > 1M']],
  ['stocks under $20 up more than 5% today on unusual volume', ['close < 20', 'change(1) > 5%', 'rvol(20) > 2']],
  ['near their 52 week high', ['from_high52 >= -5%']],
  ['golden cross in the last 3 days', ['crosses_above(sma(50), sma(200), 3)']],
  ['healthcare or energy, price above the 200 day average, sorted by dollar volume', ['sector in ("Health Care", "Energy")', 'close > sma(200)'], 'dollar_volume desc'],
  ['oversold large gaps down', ['rsi(14) < 30', 'gap <= -5%']],
  ['not tech, price between 5 and 20 dollars', ['sector != "Information Technology"', 'close between 5 and 20']],
  ['shortable stocks down 3 days in a row', ['shortable', 'falling(close, 3)']],
  ['biggest losers this week', ['change(5) < 0'], 'change(5) asc'],
  ['top gainers', ['change(1) > 0'], 'change(1) desc'],
  ['50 day average above 200 day average', ['sma(50) > sma(200)']],
  ['price above 50 ema and 200 sma', ['close > ema(50)', 'close > sma(200)']],
  ['price above the 50 day average and the 20 day average above the 200 day average', ['close > sma(50)', 'sma(20) > sma(200)']],
  ['price crossed above the 50 day moving average in the last 5 days', ['crosses_above(close, sma(50), 5)']],
  ['crossed below its 20-day EMA', ['crosses_below(close, ema(20))']],
  ['death cross this week', ['crosses_below(sma(50), sma(200), 5)']],
  ['MACD crossed above signal', ['crosses_above(macd(12, 26, 9).macd, macd(12, 26, 9).signal)']],
  ['bullish macd crossover within 2 days', ['crosses_above(macd(12, 26, 9).macd, macd(12, 26, 9).signal, 2)']],
  ['volume at least twice its average', ['rvol(20) >= 2']],
  ['3x average volume', ['rvol(20) >= 3']],
  ['volume above average', ['rvol(20) > 1']],
  ['double the usual volume', ['rvol(20) >= 2']],
  ['average volume over 1 million', ['volsma(20) > 1M']],
  ['with at least 2 million shares traded', ['volume >= 2M']],
  ['more than 500k shares', ['volume > 500k']],
  ['volume of at least 2m', ['volume >= 2M']],
  ['dollar volume over $50 million', ['dollar_volume > 50M']],
  ['RSI 2 below 10', ['rsi(2) < 10']],
  ['14-day RSI over seventy', ['rsi(14) > 70']],
  ['rsi between 30 and 50 or gap up more than 3%', ['(rsi(14) between 30 and 50) or (gap > 3%)']],
  ['rsi < 30, close > 10', ['rsi(14) < 30', 'close > 10']],
  ['rsi 30 or lower', ['rsi(14) <= 30']],
  ['most volatile stocks over $10', ['close > 10'], 'volatility(20) desc'],
  ['$10-$20 with more than 500k shares', ['close between 10 and 20', 'volume > 500k']],
  ['trading above $5 and below $50', ['close > 5', 'close < 50']],
  ['semiconductors or banks on nasdaq', ['industry contains "semiconductor" or industry contains "bank"', 'exchange = "NASDAQ"']],
  ['NYSE listed utilities', ['exchange = "NYSE"', 'sector = "Utilities"']],
  ['within 3% of the 52-week low', ['from_low52 <= 3%']],
  ['20% below their 52 week high', ['from_high52 <= -20%']],
  ['making new 52 week highs on heavy volume', ['high >= high52', 'rvol(20) > 2']],
  ['new 20 day high', ['high >= highest(high, 20)']],
  ['close above the 20 day high', ['close > highest(high, 20)']],
  ['excluding utilities and real estate, uptrend', ['sector not in ("Utilities", "Real Estate")', 'close > sma(50)', 'sma(50) > sma(200)']],
  ['up 10% this month', ['change(21) >= 10%']],
  ['gained between 5 and 10 percent over the last 20 days', ['change(20) between 5% and 10%']],
  ['down less than 3% this week', ['-3% < change(5) < 0']],
  ['energy stocks that fell 5% yesterday', ['sector = "Energy"', 'change(1)[1] <= -5%']],
  ['up more than two percent since the open', ['close / open - 1 > 2%']],
  ['up today', ['change(1) > 0']],
  ['lost more than 20% in 3 months', ['change(63) < -20%']],
  ['three consecutive green days', ['rising(close, 3)']],
  ['rising for 5 days', ['rising(close, 5)']],
  ['gap of more than 3%', ['abs(gap) > 3%']],
  ['gapped down at least 4 percent', ['gap <= -4%']],
  ['bullish engulfing on my watchlist', ['cdlengulfing > 0', 'watched']],
  ['hammer below the lower bollinger band', ['cdlhammer != 0', 'close < bbands(20, 2).lower']],
  ['adx over 25', ['adx(14) > 25']],
  ['atr above 3%', ['atr_percent(14) > 3%']],
  ['volatility less than 20%', ['volatility(20) < 20%']],
  ['stochastic below 20', ['stoch(14, 3, 3).k < 20']],
  ['macd histogram above 0', ['macd(12, 26, 9).histogram > 0']],
  ['not overbought', ['not (rsi(14) > 70)']],
  ['penny stocks with a volume spike', ['close < 5', 'rvol(20) > 3']],
  ['closing near the high of the day', ['close >= low + 0.8 * (high - low)']],
  ['lowest rsi first', [], 'rsi(14) asc'],
  ['financials ranked by 20 day change, lowest first', ['sector = "Financials"'], 'change(20) asc'],
  ['top 20 by volume', [], 'volume desc'],
  ['most active stocks', [], 'volume desc'],
  ['best performing this quarter', [], 'change(63) desc'],
  ['bollinger squeeze in telecom', ['bbwidth(20, 2) <= lowest(bbwidth(20, 2), 120)', 'sector = "Communication Services"']],
  ['rsi above 70 but below 80', ['rsi(14) > 70', 'rsi(14) < 80']],
  ['sma 20 above sma 50 above sma 200', ['sma(20) > sma(50)', 'sma(50) > sma(200)']],
  ['price is 10% above the 200 day average', ['close / sma(200) - 1 >= 10%']],
  ['price within 2% of the 50 day moving average', ['abs(close / sma(50) - 1) <= 2%']],
  ['at least 5 dollars and at most 100', ['close >= 5', 'close <= 100']],
  ['under $20 and over 1 million shares', ['close < 20', 'volume > 1M']],
  ['drop of 10% in a week', ['change(5) <= -10%']],
  ['up on the week but down on the day', ['change(5) > 0', 'change(1) < 0']],
  ['closed above yesterday\'s high', ['close > high[1]']],
  ['hit a 52 week low this week', ['any(low <= low52, 5)']],
  ['neither overbought nor oversold', ['not (rsi(14) > 70)', 'not (rsi(14) < 30)']],
  ['weekly gainers', ['change(5) > 0'], 'change(5) desc'],
  ['more volatile than 60%', ['volatility(20) > 60%']],
  ['rsi rising', ['rising(rsi(14), 3)']],
  ['closed up three days in a row on increasing volume', ['rising(close, 3)', 'rising(volume, 3)']],
  ['tech and not semiconductors', ['sector = "Information Technology"', 'industry not contains "semiconductor"']],
  ['with volume over 1 million or dollar volume over 20 million', ['(volume > 1M) or (dollar_volume > 20M)']],
  ['Show me all the companies that are in a downtrend and not shortable', ['close < sma(50)', 'sma(50) < sma(200)', 'not shortable']],
];

describe('a wish', () => {
  it.each<[wish: string, filters: readonly string[], rank?: string]>(WISHES)('%s', (wish, filters, rank) => {
    const asked = askInWords(wish);
    expect(asked.filters.map(({ formula }) => formula)).toEqual(filters);
    expect(asked.rank && `${asked.rank.formula} ${asked.rank.direction}`).toEqual(rank ?? null);
    expect(asked.notUnderstood).toEqual([]);
  });

  it('becomes conditions that parse without a warning, each with its words', () => {
    for (const [wish] of WISHES) {
      for (const { formula, words: [from, to] } of askInWords(wish).filters) {
        const parsed = parseFormula(formula);
        expect(parsed.ok && [parsed.formula.type, parsed.formula.warnings], formula).toEqual(['boolean', []]);
        expect(wish.slice(from, to).trim(), wish).not.toBe('');
      }
    }
  });
});

/** What is not understood, word for word; what else there was is still found. */
const LACKS: readonly (readonly [wish: string, lost: readonly string[], filters: readonly string[]])[] = [
  ['stocks with a P/E below 15', ['P/E below 15'], []],
  ['market cap over 10 billion and rsi below 30', ['market cap over 10 billion'], ['rsi(14) < 30']],
  ['all time highs', ['all time highs'], []],
  ['dividend stocks in energy', ['dividend'], ['sector = "Energy"']],
  ['frobnicated stocks under $5', ['frobnicated'], ['close < 5']],
  ['price above 30%', ['above 30%'], []],
  ['volume above $20', ['volume'], ['close > 20']],
  ['up 3 of the last 5 days', ['up 3', 'last 5 days'], []],
  ['volume dried up', ['volume dried up'], []],
  ['fallen angel', ['fallen angel'], []],
  ['lost at least a third', ['lost', 'least', 'third'], []],
  ['short squeeze', ['short squeeze'], []],
  ['stocks beating the S&P 500', ['beating', 'S&P 500'], []],
  ['volume 2 million', ['volume 2 million'], []],
  ['', [], []],
  ['\u0000 🚀 to the moon', ['moon'], []],
];

describe('what is not understood', () => {
  it.each(LACKS)('of "%s" is told', (wish, lost, filters) => {
    const asked = askInWords(wish);
    expect(asked.notUnderstood.map(([, , text]) => text)).toEqual(lost);
    expect(asked.filters.map(({ formula }) => formula)).toEqual(filters);
  });

  it('stands where it is said to stand', () => {
    for (const [wish] of LACKS) for (const [from, to, text] of askInWords(wish).notUnderstood) expect(wish.slice(from, to)).toBe(text);
  });

  it('is also what lies beyond the length of a wish', () => {
    const wish = `${'rsi below 30 and '.repeat(30)}volume above 1 million`;
    expect(askInWords(wish).notUnderstood.some(([, to]) => to === wish.length)).toBe(true);
  });
});

describe('what is assumed', () => {
  it('is told: words that mean a number here, periods that are no days', () => {
    expect(askInWords('oversold').questions).toEqual(['"oversold" is taken as rsi(14) < 30']);
    expect(askInWords('up 5% this month').questions).toEqual(['"this month" is taken as 21 bars of a day']);
    expect(askInWords('market cap over 1 billion').questions).toEqual(['There is no data here on market value']);
  });
});

describe('words', () => {
  it.each<[string, number[]]>([['twenty five', [25]], ['twenty-five', [25]], ['two hundred', [200]], ['1.5 million', [1_500_000]], ['2.3b', [2_300_000_000]], ['10,000', [10_000]], ['-5%', [-5]], ['5-10', [5, 10]], ['half', []]])('%s', (text, numbers) => {
    expect(wordsOf(text).flatMap(({ value }) => (value === null ? [] : [value]))).toEqual(numbers);
  });
});
