/** Statistics against worked numbers and independent libraries. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cagr, cagrOfReturns } from './cagr.ts';
import { calmar } from './calmar.ts';
import { expectancy, payoffRatio } from './expectancy.ts';
import { maxDrawdown } from './max-drawdown.ts';
import { deviation, mean } from './moments.ts';
import { profitFactor } from './profit-factor.ts';
import { ratePerPeriod, simpleReturns } from './returns.ts';
import { sharpe } from './sharpe.ts';
import { slippage } from './slippage.ts';
import { sortino } from './sortino.ts';
import { totalReturn } from './total-return.ts';
import { volatility } from './volatility.ts';
import { winRate } from './win-rate.ts';
import { describeRecorded, sharedPath } from '../../tests/support/recorded.ts';

describe('the worked numbers of the doc comments', () => {
  it.each<[string, number | null, number]>([
    ['mean', mean([1, 2, 6]), 3],
    ['deviation', deviation([2, 4, 6]), 2],
    ['rate per period', ratePerPeriod(0.04, 252), 0.00015565],
    ['total return', totalReturn([100, 90, 105]), 0.05],
    ['cagr', cagr([100, 121], 730.5 * 86_400_000), 0.1],
    ['cagr of returns', cagrOfReturns([0.1, 0.1], 1), 0.1],
    ['volatility', volatility([0.01, -0.01, 0.03]), 0.31749],
    ['sharpe', sharpe([0.01, -0.01, 0.03]), 7.937254],
    ['sortino', sortino([0.02, -0.01, 0.02]), 27.495454],
    ['maximum drawdown', maxDrawdown([100, 120, 90, 130]), -0.25],
    ['profit factor', profitFactor([30, -10, 5, -4]), 2.5],
    ['win rate', winRate([5, -1, 0, 2]), 2 / 3],
    ['calmar', calmar(0.12, -0.08), 1.5],
    ['expectancy', expectancy([30, -10, 5, -5]), 5],
    ['payoff ratio', payoffRatio([30, -10, 10, -10]), 2],
    ['slippage in dollars', slippage([{ side: 'buy', qty: 10, price: 101, reference: 100 }, { side: 'sell', qty: 10, price: 99.5, reference: 100 }, { side: 'buy', qty: 5, price: 7, reference: null }]).dollars, 15],
    ['slippage in basis points', slippage([{ side: 'buy', qty: 10, price: 101, reference: 100 }, { side: 'sell', qty: 10, price: 99.5, reference: 100 }]).basisPoints, 75],
  ])('%s', (_name, value, expected) => {
    expect(value).toBeCloseTo(expected, 6);
  });

  it('simple returns', () => {
    expect([...simpleReturns([100, 110, 99])].map((value) => value.toFixed(12))).toEqual(['0.100000000000', '-0.100000000000']);
  });
});

describe('too little data gives null, never a number', () => {
  it.each([
    ['mean', mean([])], ['deviation', deviation([1])], ['total return', totalReturn([100])], ['total return of nothing', totalReturn([0, 100])],
    ['cagr', cagr([100], 1)], ['cagr without time', cagr([100, 110], 0)], ['cagr after ruin', cagr([100, 0], 1000)], ['cagr of no returns', cagrOfReturns([])],
    ['volatility', volatility([0.1])], ['sharpe', sharpe([0.1])], ['sharpe of a constant', sharpe([0.1, 0.1, 0.1])],
    ['sortino', sortino([0.1])], ['sortino without a loss', sortino([0.1, 0.2])], ['drawdown', maxDrawdown([])],
    ['profit factor without a loss', profitFactor([1, 2])], ['win rate', winRate([0])],
    ['calmar without a fall', calmar(0.1, 0)], ['calmar without growth', calmar(null, -0.1)], ['expectancy', expectancy([])], ['payoff without a loser', payoffRatio([1])], ['slippage without a reference', slippage([]).basisPoints],
  ])('%s', (_name, value) => {
    expect(value).toBeNull();
  });

  it('returns on nothing', () => {
    expect(simpleReturns([100, 0, 5]).length).toBe(0);
  });
});

const METRICS = sharedPath('golden/metrics.json');
const SERIES = sharedPath('golden/indicators.json');

/** QuantStats' figures on real closes; where the golden files are not at hand, the closed forms below and the worked numbers above stand alone. */
describeRecorded([METRICS, SERIES], 'agrees with an independent library', () => {
  const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
  const closes = (read(SERIES) as { c: number[] }).c;
  const golden = (read(METRICS) as { metrics: Record<string, number> }).metrics;
  const returns = simpleReturns(closes);
  it.each<[string, number | null]>([
    ['comp', totalReturn(closes)], ['cagr', cagrOfReturns(returns)], ['sharpe rf0', sharpe(returns)], ['sharpe rf4%', sharpe(returns, { riskFree: 0.04 })],
    ['sortino', sortino(returns)], ['max_drawdown', maxDrawdown(closes)], ['calmar', calmar(cagrOfReturns(returns), maxDrawdown(closes))], ['volatility', volatility(returns)],
  ])('%s', (name, value) => {
    expect(value).not.toBeNull();
    expect(Math.abs((value ?? 0) / (golden[name] ?? 0) - 1)).toBeLessThan(1e-9);
  });
});

describe('laws', () => {
  const returns = fc.array(fc.double({ min: -0.2, max: 0.2, noNaN: true }), { minLength: 3, maxLength: 60 });
  it('scaling equity changes no statistic; drawdown is between -1 and 0', () => {
    fc.assert(fc.property(returns, fc.double({ min: 0.01, max: 1000, noNaN: true }), (raw, scale) => {
      const equity = raw.reduce<number[]>((points, each) => [...points, (points.at(-1) ?? 1) * (1 + each)], [1000]);
      const scaled = equity.map((value) => value * scale);
      expect(totalReturn(scaled)).toBeCloseTo(totalReturn(equity) ?? 0, 9);
      const deepest = maxDrawdown(scaled) ?? 1;
      expect(deepest).toBeCloseTo(maxDrawdown(equity) ?? 0, 9);
      expect(deepest).toBeLessThanOrEqual(0);
      expect(deepest).toBeGreaterThan(-1);
    }));
  });
  it('sharpe changes its sign with the returns', () => {
    fc.assert(fc.property(returns, (raw) => {
      const value = sharpe(raw);
      const mirrored = sharpe(raw.map((each) => -each));
      if (value === null) expect(mirrored).toBeNull();
      else expect(mirrored).toBeCloseTo(-value, 6);
    }));
  });
});
