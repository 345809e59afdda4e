/** Figures against a benchmark: worked numbers and an independent library. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { alpha } from './alpha.ts';
import { beta } from './beta.ts';
import { downCapture, upCapture } from './capture.ts';
import { correlation, rSquared } from './correlation.ts';
import { covariance } from './moments.ts';
import { simpleReturns } from './returns.ts';
import { informationRatio, trackingError } from './tracking-error.ts';
import { treynor } from './treynor.ts';
import { describeRecorded, sharedPath } from '../../tests/support/recorded.ts';

describe('the worked numbers of the doc comments', () => {
  it.each<[string, number | null, number]>([
    ['covariance', covariance([1, 2, 3], [2, 4, 9]), 3.5],
    ['beta', beta([0.02, 0, 0.04], [0.01, 0, 0.02]), 2],
    ['alpha', alpha([0.03, 0.01, 0.05], [0.01, 0, 0.02], { periodsPerYear: 1 }), 0.01],
    ['correlation', correlation([1, 2, 3], [2, 4, 9]), 0.970725],
    ['r squared', rSquared([1, 2, 3], [2, 4, 9]), 0.942308],
    ['tracking error', trackingError([0.02, 0, 0.04], [0.01, 0.01, 0.01]), 0.31749],
    ['information ratio', informationRatio([0.02, 0, 0.04], [0.01, 0.01, 0.01]), 7.937254],
    ['treynor', treynor([0.02, 0, 0.04], 2, { periodsPerYear: 1 }), 0.01],
    ['up capture', upCapture([0.02, -0.01], [0.01, -0.02]), 2],
    ['down capture', downCapture([0.02, -0.01], [0.01, -0.02]), 0.5],
  ])('%s', (_name, value, expected) => {
    expect(value).toBeCloseTo(expected, 6);
  });

  it.each([
    ['covariance of one pair', covariance([1], [2])], ['beta of a benchmark that stands still', beta([0.1, 0.2], [0.1, 0.1])], ['alpha without beta', alpha([0.1], [0.1])], ['correlation of a constant', correlation([1, 1], [1, 2])],
    ['r squared of a constant', rSquared([1, 1], [1, 2])], ['tracking error of one', trackingError([0.1], [0])], ['information on itself', informationRatio([0.1, 0.2], [0.1, 0.2])], ['treynor without beta', treynor([0.1, 0.2], 0)], ['capture without such a month', upCapture([0.1], [-0.1])],
  ])('null: %s', (_name, value) => {
    expect(value).toBeNull();
  });
});

const METRICS = sharedPath('golden/metrics.json');
const SERIES = sharedPath('golden/indicators.json');

describeRecorded([METRICS, SERIES], 'agrees with an independent library', () => {
  const { c: closes, o: opens } = JSON.parse(readFileSync(SERIES, 'utf8')) as { c: number[]; o: number[] };
  const golden = (JSON.parse(readFileSync(METRICS, 'utf8')) as { metrics: Record<string, number> }).metrics;
  const [own, its] = [simpleReturns(closes), simpleReturns(opens)];
  it.each<[string, number | null]>([['beta', beta(own, its)], ['alpha', alpha(own, its)]])('%s', (name, value) => {
    expect(Math.abs((value ?? 0) / (golden[name] ?? 0) - 1)).toBeLessThan(1e-9);
  });
});
