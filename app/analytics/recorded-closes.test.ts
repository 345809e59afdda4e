/** Every figure that needs no trades, against NumPy and SciPy on recorded closes. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseRfc3339 } from '#app/domain/time.ts';
import { describeRecorded, sharedPath } from '../../tests/support/recorded.ts';
import { FIGURES, type FigureName } from './catalogue.ts';
import { tearSheet } from './tear-sheet.ts';

const GOOG = sharedPath('data/oracle/GOOG.csv');

/**
 * Worked out with NumPy 2.4 and SciPy 1.17 from the definitions (stats.skew, stats.kurtosis, stats.norm, percentile, cov, corrcoef) over the 2,147 daily returns of the closes, the opens
 * being the benchmark; risk-free rate 2 %, 25 trials of a variance of 0.0004 a day.
 */
const EXPECTED: Readonly<Partial<Record<FigureName, number>>> = {
  sharpe: 0.8239602124699619, downside_deviation: 0.2245634033878661, sortino: 1.2624051135876442, smart_sharpe: 0.8193461338092789,
  skewness: 0.750404446978485, kurtosis: 8.95419682564687, probabilistic_sharpe: 0.9927243477825604, deflated_sharpe: 0.7133101816137185,
  minimum_track_record: 973.5459021145996, value_at_risk_95: -0.030780025087434947, expected_shortfall_95: -0.04808958498266027, normal_value_at_risk_95: -0.0344463676094315,
  normal_shortfall_95: -0.04350288371248045, value_at_risk_99: -0.057657608552781354, expected_shortfall_99: -0.07651602899327523, normal_value_at_risk_99: -0.049216806815023224,
  normal_shortfall_99: -0.05656126318907991, tail_ratio: 1.038012893300152, outlier_win_ratio: 4.1711024442480324, outlier_loss_ratio: 4.130432359255932,
  ulcer_index: 0.25113133403711946, cagr: 0.27666694879608356, calmar: 0.42371998750376133, martin_ratio: 1.0220427083708554,
  volatility: 0.34405786161892116, serenity_ratio: 0.6183297102852849, omega: 1.1797198797718698, gain_to_pain: 0.17971987977186965,
  common_sense_ratio: 1.224564445685706, expected_day: 0.0009710137594016732, recovery_factor: 10.773578802855878, best_month: 0.4709876543209872,
  worst_month: -0.1847729296527163, best_year: 1.151875097256085, worst_year: -0.5550847457627124, expected_month: 0.020238176117437057,
  expected_year: 0.23167558031486268, gain_to_pain_monthly: 0.8978891535610461, beta: 0.33610837911373115, alpha: 0.17916723711236238,
  correlation: 0.34147987260100787, r_squared: 0.11660850339160057, tracking_error: 0.3969115649434146, information_ratio: -0.02204496383462116,
  treynor: 0.8161178200817523, up_capture: 0.9688110782606508, down_capture: 0.9703293381514587, average_drawdown: -0.054494493534063194,
  average_drawdown_days: 54.4, longest_drawdown_days: 1784.0, max_drawdown: -0.6529475997249896, return_3m: 0.1543880750891362,
  return_6m: 0.17676509655665673, return_1y: 0.2952924164524422, return_3y: 0.14812089520011207, return_5y: 0.11339716668673527,
  return_mtd: 0.006228157763354947, return_ytd: 0.13968446945064894,
};

it('expects nothing that the catalogue does not name, and names no figure twice', () => {
  const names = FIGURES.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(Object.keys(EXPECTED)));
  expect(new Set(names).size).toBe(names.length);
});

describeRecorded([GOOG], 'agrees with independent libraries on recorded closes', () => {
  const rows = readFileSync(GOOG, 'utf8').trim().split('\n').slice(1).map((line) => line.split(','));
  const time = Float64Array.from(rows, ([day]) => parseRfc3339(`${day ?? ''}T21:00:00Z`));
  const [opens, closes] = [1, 4].map((column) => Float64Array.from(rows, (row) => Number(row[column]))) as [Float64Array, Float64Array];
  const [ints, floats, signs] = [new Int32Array(0), new Float64Array(0), new Int8Array(0)];
  const { figures } = tearSheet({
    time: time.subarray(1), equity: closes.subarray(1), gross: new Float64Array(rows.length - 1), from: time[0] ?? 0, startEquity: closes[0] ?? 0, benchmark: opens.subarray(1), offsetMs: () => -5 * 3_600_000, symbols: [], riskFree: 0.02,
    trials: { count: 25, variance: 0.0004 }, trips: { length: 0, market: ints, side: signs, isOpen: signs, openStep: ints, closeStep: ints, profit: floats, cost: floats, mae: floats, mfe: floats, risk: floats },
    fills: { length: 0, side: signs, qty: floats, price: floats, cost: floats },
  });
  it.each(Object.entries(EXPECTED) as [FigureName, number][])('%s', (name, expected) => {
    expect(Math.abs((figures[name] ?? Number.NaN) / expected - 1)).toBeLessThan(1e-9);
  });
});
