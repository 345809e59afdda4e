/** Figures of risk and ratios against the worked numbers of their comments. */
import { describe, expect, it } from 'vitest';
import { commonSenseRatio } from './common-sense-ratio.ts';
import { cpcIndex } from './cpc-index.ts';
import { downsideDeviation, downsideDeviationPerPeriod } from './downside-deviation.ts';
import { expectedReturn } from './expected-return.ts';
import { extremes } from './extremes.ts';
import { gainToPain } from './gain-to-pain.ts';
import { excessKurtosis } from './kurtosis.ts';
import { centralMoments } from './moments.ts';
import { omega } from './omega.ts';
import { outlierLossRatio, outlierWinRatio } from './outlier-ratio.ts';
import { recoveryFactor } from './recovery-factor.ts';
import { riskReturnRatio } from './risk-return-ratio.ts';
import { serenityRatio } from './serenity-ratio.ts';
import { skewness } from './skewness.ts';
import { autocorrelation, autocorrelationPenalty, smartSharpe } from './smart-sharpe.ts';
import { adjustedSortino } from './sortino.ts';
import { tailRatio } from './tail-ratio.ts';
import { fallsOf, martinRatio, ulcerIndex } from './ulcer-index.ts';
import { expectedShortfall, normalShortfall, normalValueAtRisk, valueAtRisk } from './value-at-risk.ts';

const FIVE = [-0.03, -0.01, 0, 0.01, 0.02];
const THREE = [0.01, -0.01, 0.03];

describe('the worked numbers of the doc comments', () => {
  it.each<[string, number | null, number]>([
    ['skewness', skewness([1, 2, 6]), 0.59517],
    ['excess kurtosis', excessKurtosis([1, 2, 3, 10]), -0.7696],
    ['downside deviation of a period', downsideDeviationPerPeriod([0.02, -0.01, 0.02], 0), 0.005774],
    ['downside deviation', downsideDeviation([0.02, -0.01, 0.02]), 0.091652],
    ['sortino on the scale of sharpe', adjustedSortino([0.02, -0.01, 0.02]), 19.442222],
    ['value at risk', valueAtRisk(FIVE, 0.75), -0.01],
    ['expected shortfall', expectedShortfall(FIVE, 0.75), -0.02],
    ['normal value at risk', normalValueAtRisk(THREE, 0.95), -0.022897],
    ['normal shortfall', normalShortfall(THREE, 0.95), -0.031254],
    ['tail ratio', tailRatio([-0.02, 0, 0.04]), 2],
    ['outlier wins', outlierWinRatio([-0.01, 0.01, 0.03]), 1.48],
    ['outlier losses', outlierLossRatio([-0.03, -0.01, 0.01]), 1.48],
    ['recovery factor', recoveryFactor(0.3, -0.1), 3],
    ['ulcer index', ulcerIndex([0, 0, -0.25, 0]), 0.125],
    ['martin ratio', martinRatio(0.12, 0.02, 0.05), 2],
    ['serenity ratio', serenityRatio({ growth: 0.1, riskFree: 0.02, volatility: 0.2, falls: [0, 0, -0.25, 0] }), 0.512],
    ['autocorrelation', autocorrelation([1, 2, 3, 4]), 0.25],
    ['autocorrelation penalty', autocorrelationPenalty(0.5, 2), 1.224745],
    ['smart sharpe', smartSharpe(THREE), 11.224972],
    ['omega', omega([0.02, -0.01, 0.01]), 3],
    ['return per risk', riskReturnRatio(THREE), 0.5],
    ['gain to pain', gainToPain([0.02, -0.01, 0.01]), 2],
    ['common sense ratio', commonSenseRatio([-0.02, 0, 0.04]), 4],
    ['cpc index', cpcIndex(2, 0.5, 1.5), 1.5],
    ['expected return', expectedReturn([0.21, 0]), 0.1],
    ['best', extremes([0.01, -0.02, 0])?.best ?? null, 0.01],
    ['worst', extremes([0.01, -0.02, 0])?.worst ?? null, -0.02],
  ])('%s', (_name, value, expected) => {
    expect(value).toBeCloseTo(expected, 6);
  });
  it('falls', () => {
    expect([...fallsOf([100, 120, 90])]).toEqual([0, 0, -0.25]);
  });
});

describe('too little data gives null, never a number', () => {
  it.each([
    ['skewness of two', skewness([1, 2])], ['skewness of a constant', skewness([0.1, 0.1, 0.1])], ['kurtosis of three', excessKurtosis([1, 2, 3])], ['kurtosis of a constant', excessKurtosis([2, 2, 2, 2])], ['moments of one', centralMoments([1])],
    ['downside deviation', downsideDeviation([0.1])], ['downside deviation of nothing', downsideDeviationPerPeriod([], 0)], ['sortino on the scale of sharpe', adjustedSortino([0.1, 0.2])],
    ['value at risk', valueAtRisk([], 0.95)], ['expected shortfall', expectedShortfall([], 0.95)], ['normal value at risk', normalValueAtRisk([0.1], 0.95)], ['normal shortfall', normalShortfall([0.1], 0.95)],
    ['tail ratio', tailRatio([])], ['tail ratio without a tail', tailRatio([0, 0])], ['outlier wins', outlierWinRatio([-1])], ['outlier losses', outlierLossRatio([1])],
    ['recovery without a fall', recoveryFactor(0.1, 0)], ['ulcer', ulcerIndex([])], ['martin without a fall', martinRatio(0.1, 0, 0)],
    ['serenity without a fall', serenityRatio({ growth: 0.1, riskFree: 0, volatility: 0.1, falls: [0, 0] })], ['serenity without growth', serenityRatio({ growth: null, riskFree: 0, volatility: 0.1, falls: [-0.1] })],
    ['autocorrelation', autocorrelation([1, 2])], ['autocorrelation of a constant', autocorrelation([1, 1, 1])], ['smart sharpe', smartSharpe([0.1])], ['omega without a loss', omega([0.1])],
    ['return per risk', riskReturnRatio([0.1, 0.1])], ['gain without pain', gainToPain([0.1])], ['common sense', commonSenseRatio([0.1])], ['cpc', cpcIndex(null, 0.5, 1)], ['expected return', expectedReturn([])], ['expected return after ruin', expectedReturn([-1])],
    ['extremes', extremes([])],
  ])('%s', (_name, value) => {
    expect(value).toBeNull();
  });
});
