/** Tear sheets: a hand-counted one, laws that hold for any, and the figures against an independent library. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, parseRfc3339 } from '#app/domain/time.ts';
import { newYorkOffsetMs } from '#app/market/nyse-zone.ts';
import { honestSample } from '../../tests/support/verdict-samples.ts';
import { describeRecorded, sharedPath } from '../../tests/support/recorded.ts';
import { FIGURES, type FigureName } from './catalogue.ts';
import { distribution } from './distribution.ts';
import { measureFigures } from './figures.ts';
import { rollingLines } from './rolling.ts';
import { sharpe } from './sharpe.ts';
import { tearSheet } from './tear-sheet.ts';
import type { TearSheetInput } from './tear-sheet-types.ts';

/** Six hourly steps over three days of March 2024, around the change of the clocks. */
function sixSteps(): TearSheetInput {
  const time = Float64Array.of(...['2024-03-08T20:00:00Z', '2024-03-08T21:00:00Z', '2024-03-11T14:00:00Z', '2024-03-11T20:00:00Z', '2024-04-01T14:00:00Z', '2024-04-01T20:00:00Z'].map(parseRfc3339));
  return {
    time, from: parseRfc3339('2024-03-08T19:00:00Z'), startEquity: 1_000, equity: Float64Array.of(1_010, 1_000, 950, 1_100, 1_100, 990), gross: Float64Array.of(505, 0, 475, 0, 0, 990), benchmark: Float64Array.of(10, 11, 11, 12.1, 12, 11),
    offsetMs: newYorkOffsetMs, symbols: ['AAPL', 'MSFT'],
    trips: {
      length: 3, market: Int32Array.of(1, 0, 0), side: Int8Array.of(-1, 1, 1), isOpen: Int8Array.of(0, 0, 1), openStep: Int32Array.of(2, 0, 5), closeStep: Int32Array.of(3, 1, 5), profit: Float64Array.of(100, 0, -110), cost: Float64Array.of(1, 2, 3),
      mae: Float64Array.of(-50, 0, -110), mfe: Float64Array.of(100, 10, 0), risk: Float64Array.of(50, Number.NaN, Number.NaN),
    },
    fills: { length: 5, side: Int8Array.of(1, -1, -1, 1, 1), qty: Float64Array.of(1, 1, 2, 2, 1), price: Float64Array.of(100, 100, 100, 50, 200), cost: Float64Array.of(1, 1, 0.5, 0.5, 3) },
  };
}

describe('a hand-counted tear sheet', () => {
  const sheet = tearSheet(sixSteps());
  const { figures } = sheet;
  it('counts days by the exchange’s clock', () => {
    expect([sheet.days, sheet.steps, sheet.startEquity, sheet.endEquity]).toEqual([3, 6, 1_000, 990]);
    expect(figures).toMatchObject({ trading_days: 3, round_trips: 2, fills: 5, best_trip: 100, short_trips: 1, long_trips: 1, break_even_trips: 1, exposure: 0.5, costs: -6, expectancy_r: 2, longest_holding: 6 * HOUR_MS });
    expect(figures.total_return).toBeCloseTo(-0.01, 12);
    expect(figures.best_day).toBeCloseTo(0.1, 12);
    expect(figures.worst_day).toBeCloseTo(-0.1, 12);
    expect(figures.max_drawdown).toBeCloseTo(-0.1, 12);
    expect(figures.average_exposure).toBeCloseTo((0.5 + 0.5 + 1) / 6, 12);
    expect(figures.benchmark_return).toBeCloseTo(0, 12);
    // March gained 10 %, April lost it.
    expect([figures.best_month, figures.worst_month].map((value) => value?.toFixed(9))).toEqual(['0.100000000', '-0.100000000']);
    expect(figures.return_mtd).toBeCloseTo(-0.1, 12);
    expect(sheet.years).toHaveLength(1);
    expect(sheet.years[0]?.months.map((value) => (value === null ? null : Number(value.toFixed(9))))).toEqual([null, null, 0.1, -0.1, ...new Array<null>(8).fill(null)]);
  });
  it('leaves yearly figures empty', () => {
    for (const { name, isYearly } of FIGURES) if (isYearly) expect(figures[name]).toBeNull();
    expect(sheet.rolling).toBeNull();
  });
  it('draws the curve from its start, and the falls', () => {
    expect(sheet.curve.equity).toEqual([1_000, 1_010, 1_000, 950, 1_100, 1_100, 990]);
    expect(sheet.curve.benchmark?.map((value) => value?.toFixed(2))).toEqual(['1000.00', '1000.00', '1100.00', '1100.00', '1210.00', '1200.00', '1100.00']);
    expect(sheet.curve.logEquity[6]).toBeCloseTo(Math.log(0.99), 12);
    expect(sheet.underwater.fall.map((fall) => Number(fall.toFixed(6)))).toEqual([0, -0.009901, -0.059406, 0, 0, -0.1]);
    expect(sheet.drawdowns.map(({ fall, recoveredAt }) => [Number(fall.toFixed(6)), recoveredAt])).toEqual([[-0.1, null], [-0.059406, parseRfc3339('2024-03-11T20:00:00Z')]]);
  });
  it('shows closed trips in order of their exits, by the hour and weekday in which they ended', () => {
    expect(sheet.dots.map(({ symbol, side, profit }) => [symbol, side, profit])).toEqual([['AAPL', 'long', 0], ['MSFT', 'short', 100]]);
    expect(sheet.weekdays).toEqual([{ slot: 1, trips: 1, wins: 1, profit: 100 }, { slot: 5, trips: 1, wins: 0, profit: 0 }]);
    // 21:00 UTC is 16:00 before the change of the clocks, 20:00 UTC is 16:00 after it: both bars ended the hour of three.
    expect(sheet.hours).toEqual([{ slot: 15, trips: 2, wins: 1, profit: 100 }]);
  });
});

describe('a benchmark with a day that is not known', () => {
  it('keeps its return from the first to the last value, in the whole and in its year', () => {
    const input = sixSteps();
    // The ends of the three days are steps 1, 3 and 5.
    const sheet = tearSheet({ ...input, benchmark: Float64Array.of(10, 10, 11, Number.NaN, 12, 15) });
    expect(sheet.figures.benchmark_return).toBeCloseTo(0.5, 12);
    expect(sheet.years.map(({ benchmark }) => benchmark?.toFixed(9))).toEqual(['0.500000000']);
    expect(tearSheet({ ...input, benchmark: Float64Array.of(10, 10, 11, Number.NaN, 12, Number.NaN) }).figures.benchmark_return).toBeNull();
  });
});

describe('any tear sheet', () => {
  const { input, sheet } = honestSample();
  it('goes through JSON unharmed', () => {
    expect(JSON.parse(JSON.stringify(sheet))).toEqual(sheet);
  });
  it('measures every figure that has something to stand on', () => {
    const empty = FIGURES.map(({ name }) => name).filter((name) => sheet.figures[name] === null);
    expect(empty).toEqual(['deflated_sharpe', 'expectancy_r', 'slippage', 'slippage_bps', 'short_win_rate'] satisfies FigureName[]);
    expect(tearSheet({ ...input, trials: { count: 20, variance: 0.001 } }).figures.deflated_sharpe).toBeGreaterThan(0);
    expect(new Set(FIGURES.map(({ name }) => name)).size).toBe(FIGURES.length);
  });
  it('has months that compound to years, years to the whole', () => {
    for (const { months, total } of sheet.years) expect(months.reduce<number>((product, month) => product * (1 + (month ?? 0)), 1) - 1).toBeCloseTo(total, 9);
    expect(sheet.years.reduce((product, { total }) => product * (1 + total), 1) - 1).toBeCloseTo(sheet.figures.total_return ?? 0, 9);
  });
  it('counts each day once in the distribution, as many as the normal one expects in all', () => {
    const { counts, expected, from, width } = sheet.distribution ?? { counts: [], expected: [], from: 0, width: 0 };
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(sheet.days);
    expect(expected.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0.98 * sheet.days);
    expect([from, from + width * counts.length].map((edge) => edge.toFixed(9))).toEqual([sheet.figures.worst_day?.toFixed(9), sheet.figures.best_day?.toFixed(9)]);
    expect([distribution([]), distribution([1, 1, 1])]).toEqual([null, null]);
  });
  it('rolls the ratios over half a year, up to the newest day', () => {
    const returns = Float64Array.from(input.equity, (value, n) => value / (n === 0 ? input.startEquity : (input.equity[n - 1] ?? 1)) - 1);
    expect(sheet.rolling?.sharpe.at(-1)).toBeCloseTo(sharpe(returns.subarray(-126)) ?? 0, 9);
    expect(sheet.rolling?.at.at(-1)).toBe(input.time.at(-1));
    expect(sheet.rolling?.at.length).toBeLessThanOrEqual(500);
    expect(rollingLines({ at: [1], returns: new Float64Array(125), benchmark: null })).toBeNull();
    expect(rollingLines({ at: Array.from({ length: 126 }, (_none, n) => n * DAY_MS), returns: new Float64Array(126), benchmark: new Float64Array(126).fill(Number.NaN) })).toMatchObject({ at: [125 * DAY_MS], sharpe: [null], beta: [null] });
  });
  it('of nothing is empty, not wrong', () => {
    const none = { length: 0, market: new Int32Array(0), side: new Int8Array(0), isOpen: new Int8Array(0), openStep: new Int32Array(0), closeStep: new Int32Array(0), profit: new Float64Array(0), cost: new Float64Array(0), mae: new Float64Array(0), mfe: new Float64Array(0), risk: new Float64Array(0) };
    const fills = { length: 0, side: new Int8Array(0), qty: new Float64Array(0), price: new Float64Array(0), cost: new Float64Array(0) };
    const empty = tearSheet({ ...input, time: new Float64Array(0), equity: new Float64Array(0), gross: new Float64Array(0), benchmark: null, trips: none, fills });
    expect(empty).toMatchObject({ days: 0, endEquity: 100_000, drawdowns: [], years: [], distribution: null, rolling: null, dots: [] });
    expect(FIGURES.filter(({ name }) => empty.figures[name] !== null).map(({ name }) => [name, empty.figures[name]])).toEqual([
      ['max_drawdown', 0], ['max_drawdown_days', 0], ['longest_drawdown_days', 0], ['ulcer_index', 0], ['round_trips', 0], ['break_even_trips', 0], ['winning_streak', 0], ['losing_streak', 0], ['costs', 0], ['long_trips', 0], ['long_profit', 0], ['short_trips', 0], ['short_profit', 0], ['fills', 0], ['trading_days', 0],
    ]);
  });
  it('is not made of columns that do not belong together', () => {
    for (const wrong of [{ equity: input.equity.subarray(1) }, { gross: input.gross.subarray(1) }, { benchmark: input.equity.subarray(1) }]) expect(() => tearSheet({ ...input, ...wrong })).toThrow('different lengths');
    expect(() => tearSheet({ ...input, time: input.time.toReversed() })).toThrow('in order of time');
    expect(() => tearSheet({ ...input, equity: input.equity.map((value, n) => (n === 5 ? Number.NaN : value)) })).toThrow('is a number');
  });
  it('of a ruin has no ratios', () => {
    const ruined = tearSheet({ ...sixSteps(), equity: Float64Array.of(1_010, 1_000, 950, -10, -10, -10) });
    expect(ruined.figures).toMatchObject({ sharpe: null, best_day: null, max_drawdown: -10 / 1_010 - 1 });
    expect(ruined.figures.total_return).toBeCloseTo(-1.01, 12);
    expect(ruined.curve.logEquity.at(-1)).toBeNull();
  });
});

describe('what only an account knows', () => {
  it('shows costs and slippage as losses in dollars', () => {
    const parts = { daily: Float64Array.of(100, 101), dates: null, spanMs: DAY_MS, deepest: 0, deepestDays: null, benchmark: null, trips: { profit: Float64Array.of(1) }, exposure: null, traded: null, costs: 2, fills: 2 };
    expect(measureFigures({ ...parts, slippage: { dollars: 15, basisPoints: 75 } })).toMatchObject({ costs: -2, slippage: -15, slippage_bps: 75, return_mtd: null, best_month: null, exposure: null, longest_drawdown_days: null });
    expect(measureFigures(parts)).toMatchObject({ slippage: null, slippage_bps: null });
  });
});

const METRICS = sharedPath('golden/metrics.json');
const SERIES = sharedPath('golden/indicators.json');

describeRecorded([METRICS, SERIES], 'agrees with an independent library', () => {
  const { c: closes, o: opens } = JSON.parse(readFileSync(SERIES, 'utf8')) as { c: number[]; o: number[] };
  const golden = (JSON.parse(readFileSync(METRICS, 'utf8')) as { metrics: Record<string, number> }).metrics;
  const days = closes.slice(1).map((_close, n) => 19_000 + n);
  const parts = { daily: Float64Array.from(closes), dates: { days, startDay: 18_999 }, spanMs: (closes.length - 1) * DAY_MS, deepest: golden['max_drawdown'] ?? 0, deepestDays: null, benchmark: Float64Array.from(opens.slice(1)), trips: { profit: new Float64Array(0) }, exposure: null, traded: null, costs: null, fills: 0 };
  it.each<[string, FigureName]>([['comp', 'total_return'], ['cagr', 'cagr_trading_days'], ['sharpe rf0', 'sharpe'], ['sortino', 'sortino'], ['volatility', 'volatility']])('%s', (name, figure) => {
    expect(Math.abs((measureFigures(parts)[figure] ?? 0) / (golden[name] ?? 0) - 1)).toBeLessThan(1e-9);
  });
  it('sharpe rf4%', () => {
    expect(Math.abs((measureFigures({ ...parts, riskFree: 0.04 }).sharpe ?? 0) / (golden['sharpe rf4%'] ?? 0) - 1)).toBeLessThan(1e-9);
  });
});
