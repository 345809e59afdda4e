/** Bars that come in from both ends and live, and everything that must stay in its place meanwhile. */
import { describe, expect, it } from 'vitest';
import type { BarsView } from '#app/contracts/market-data.ts';
import type { LiveBar } from '#app/contracts/live.ts';
import { readAnalysisSearch, searchOf } from './address.ts';
import { barMarks, actionMarks } from './chart-marks.ts';
import { FIBONACCI, shapeOf } from './drawing-shapes.ts';
import { findIndicators } from './indicator-picker.tsx';
import { arrange, isOverlay, labelOf, showIndicator, useOf, warmUpOf, workOut } from './indicators.ts';
import type { ColumnMemory } from './indicators.ts';
import { keyFigures } from './key-figures.ts';
import { readLook } from './look.ts';
import { factorsOf } from './raw-prices.ts';
import { applyMinute, columnsFrom, heikinAshi, mergeTail, prependOlder, startSeries } from './series.ts';
import type { Series } from './series.ts';
import { timeToX, xToTime } from './stage.ts';
import { indicatorById } from '#app/indicators/catalogue.ts';
import { chartLookSchema } from '#app/contracts/charts.ts';

/** Tuesday 6 January 2026, 09:30 in New York. */
const OPEN = Date.UTC(2026, 0, 6, 14, 30);
const MINUTE = 60_000;
const view = (times: readonly number[], closes: readonly number[] = times.map((_time, n) => 100 + n), more: Partial<BarsView> = {}): BarsView => ({
  symbol: 'AAPL', timeframe: '1Min', adjustment: 'split', hours: 'regular', hasOlder: true, storedAs: '1Min', sources: ['stream'], newest: times.at(-1) ?? null, actions: [], isFromArchive: false, revision: 'r', tookMs: 1,
  columns: { time: [...times], open: [...closes], high: closes.map((close) => close + 1), low: closes.map((close) => close - 1), close: [...closes], volume: times.map(() => 10) }, ...more,
});
const minutes = (from: number, count: number): number[] => Array.from({ length: count }, (_none, n) => OPEN + (from + n) * MINUTE);
const live = (n: number, close: number, more: Partial<LiveBar> = {}): LiveBar => ({ symbol: 'AAPL', openTime: OPEN + n * MINUTE, open: close, high: close + 2, low: close - 2, close, volume: 5, isRevision: false, ...more });
const closes = (series: Series): number[] => [...series.columns.close];

describe('a series', () => {
  it('takes older bars in on the left without moving the others', () => {
    const series = startSeries(view(minutes(10, 3)));
    const longer = prependOlder(series, view(minutes(5, 7), [1, 2, 3, 4, 5, 6, 7], { hasOlder: false }));
    expect(closes(longer)).toEqual([1, 2, 3, 4, 5, 100, 101, 102]);
    expect(longer.origin).toBe(5);
    expect(timeToX(longer.columns.time, longer.origin, OPEN + 10 * MINUTE)).toBe(timeToX(series.columns.time, series.origin, OPEN + 10 * MINUTE));
    expect(longer.hasOlder).toBe(false);
  });

  it('stops asking when an answer brings nothing older', () => {
    const series = startSeries(view(minutes(0, 3)));
    expect(prependOlder(series, view(minutes(0, 2)))).toMatchObject({ hasOlder: false, origin: 0 });
  });

  it('believes the book over what was put together live, and keeps what the book has not yet', () => {
    let series = startSeries(view(minutes(0, 3)));
    series = applyMinute(series, live(3, 7), { timeframe: '1Min', hours: 'regular' }) as Series;
    series = applyMinute(series, live(4, 8), { timeframe: '1Min', hours: 'regular' }) as Series;
    const merged = mergeTail(series, view(minutes(2, 2), [102, 7.5]));
    expect(merged && closes(merged)).toEqual([100, 101, 102, 7.5, 8]);
    expect(mergeTail(series, view(minutes(50, 3)))).toBeNull();
  });

  it('puts minutes into the running bar once, in order and in trading hours', () => {
    const wide = { timeframe: '5Min', hours: 'regular' } as const;
    const series = startSeries(view([OPEN], [100], { timeframe: '5Min', storedAs: '1Min', newest: OPEN + MINUTE }));
    expect(applyMinute(series, live(1, 99), wide)).toBe(series);
    const grown = applyMinute(series, live(2, 104), wide) as Series;
    expect([grown.columns.high[0], grown.columns.low[0], grown.columns.close[0], grown.columns.volume[0]]).toEqual([106, 99, 104, 15]);
    const next = applyMinute(grown, live(5, 90), wide) as Series;
    expect(closes(next)).toEqual([104, 90]);
    expect(applyMinute(next, live(3, 1), wide)).toBe('ask');
    expect(applyMinute(next, live(6, 1, { isRevision: true }), wide)).toBe('ask');
    expect(applyMinute(next, live(-5, 1), wide)).toBe(next);
    expect(applyMinute(series, live(2, 1), { timeframe: '1Day', hours: 'regular' })).toBe(series);
  });

  it('takes a correction of a minute into a minute chart', () => {
    const series = startSeries(view(minutes(0, 3)));
    expect(closes(applyMinute(series, live(1, 55, { isRevision: true }), { timeframe: '1Min', hours: 'regular' }) as Series)).toEqual([100, 55, 102]);
  });
});

describe('heikin-ashi', () => {
  it('is what the worked bars say', () => {
    const bars = heikinAshi(columnsFrom({ columns: { time: [0, 1], open: [10, 11], high: [12, 13], low: [9, 10], close: [11, 12], volume: [1, 1] } }));
    expect([...bars.open]).toEqual([10.5, 10.5]);
    expect([...bars.close]).toEqual([10.5, 11.5]);
    expect([bars.high[1], bars.low[1]]).toEqual([13, 10]);
  });
});

describe('places on the axis', () => {
  const time = Float64Array.from(minutes(0, 5));
  it('go both ways, before the first and after the last bar too', () => {
    for (const x of [-7, -2, 0, 2, 4, 9]) expect(timeToX(time, 2, xToTime(time, 2, x))).toBeCloseTo(x, 6);
    expect(timeToX(time, 0, OPEN + 30_000)).toBe(0);
    expect(timeToX(time, 0, OPEN + 4 * MINUTE + 30_000)).toBe(4);
  });
});

describe('raw prices', () => {
  const actions = [{ exDate: '2020-08-31', kind: 'forward_split', text: 'Split 4:1', factor: 0.25 }, { exDate: '2020-11-06', kind: 'cash_dividend', text: 'Dividend $0.205', factor: 0.998 }];
  const before = Date.UTC(2020, 7, 28, 4);
  const after = Date.UTC(2020, 7, 31, 4);
  it('are what the view makes of them', () => {
    expect(factorsOf(actions, 'raw')(before)).toBe(1);
    expect(factorsOf(actions, 'split')(before)).toBe(0.25);
    expect(factorsOf(actions, 'split')(after)).toBe(1);
    expect(factorsOf(actions, 'all')(before)).toBeCloseTo(0.2495, 12);
  });
  it('mark the action at the first bar without it, also in a week', () => {
    expect(actionMarks(actions, Float64Array.from([before, after, after + 86_400_000]), 'split').map(({ index, letter }) => [index, letter])).toEqual([[1, 'S'], [2, 'D']]);
    expect(actionMarks(actions.slice(0, 1), Float64Array.from([Date.UTC(2020, 7, 24, 4), Date.UTC(2020, 8, 7, 4)]), 'split')[0]?.index).toBe(0);
  });
});

describe('marks', () => {
  it('are one per bar and side, with the words of each', () => {
    const fill = (fillId: string, at: number, side: 'buy' | 'sell') => ({ fillId, orderId: 'o', decisionId: 'd', at, side, qty: '10', price: '101.5', strategyId: null, realizedPnl: side === 'sell' ? '12.5' : null });
    const marks = barMarks({ fills: [fill('a', OPEN + 5_000, 'buy'), fill('b', OPEN + 50_000, 'buy'), fill('c', OPEN + 70_000, 'sell'), fill('d', OPEN - 1, 'buy')], signals: [], orders: [], isCut: false }, Float64Array.from(minutes(0, 3)), () => 1);
    expect(marks.map(({ kind, index, count }) => [kind, index, count])).toEqual([['buy', 0, 2], ['sell', 1, 1]]);
    expect(marks[1]?.words).toEqual(['Sold 10 at 101.50 · +12.50 USD · by hand']);
  });
});

describe('indicators on the chart', () => {
  const rsi = indicatorById('RSI');
  const sma = indicatorById('SMA');
  if (rsi === undefined || sma === undefined) throw new Error('The catalogue has lost RSI or SMA');
  const bars = columnsFrom(view(minutes(0, 60)));
  it('stand over the bars when they are prices, and below when they are not', () => {
    const worked = workOut([showIndicator(sma, 'a', []), showIndicator(rsi, 'b', [])], bars, new Map());
    const { overlays, panes } = arrange(worked);
    expect([overlays.length, panes.map((pane) => pane.id)]).toEqual([1, ['b']]);
    expect(overlays[0]?.values[59]).toBeCloseTo(100 + 59 - 9.5, 9);
    const macd = indicatorById('MACD');
    expect(macd !== undefined && isOverlay(macd)).toBe(false);
  });
  it('are worked out once for the same bars and numbers', () => {
    const memory: ColumnMemory = new Map();
    const [first] = workOut([showIndicator(sma, 'a', [])], bars, memory);
    const [second] = workOut([{ ...showIndicator(sma, 'a', []), colours: ['#111111'] }], bars, memory);
    expect(second?.outputs[0]?.line.values).toBe(first?.outputs[0]?.line.values);
  });
  it('that are broken are left out, and say their name with their numbers', () => {
    const shown = showIndicator(rsi, 'b', []);
    expect(useOf({ ...shown, values: [0] })).toBeNull();
    expect(useOf({ ...shown, id: 'GONE' })).toBeNull();
    expect(labelOf({ ...shown, source: 'high' })).toBe('RSI 14 high');
    expect(warmUpOf([shown])).toBeGreaterThan(14);
  });
  it('are found by letters before words', () => {
    expect(findIndicators('rsi', 'all')[0]?.id).toBe('RSI');
    expect(findIndicators('average', 'momentum').every((one) => one.group === 'momentum')).toBe(true);
    expect(findIndicators('zzzz', 'all')).toEqual([]);
  });
});

describe('drawings', () => {
  const plot = { left: 0, right: 100, top: 0, bottom: 100 };
  it('have the levels that Fibonacci retracements have, 0 where the move ended', () => {
    const shape = shapeOf({ kind: 'fibonacci', text: '' }, [{ x: 10, y: 100 }, { x: 50, y: 0 }], plot, (part) => part.toFixed(3));
    expect(shape.lines.slice(0, FIBONACCI.length).map(({ from }) => from.y)).toEqual(FIBONACCI.map((part) => part * 100));
  });
  it('run on to the edge when they are rays', () => {
    expect(shapeOf({ kind: 'ray', text: '' }, [{ x: 10, y: 10 }, { x: 20, y: 20 }], plot, String).lines[0]?.to).toEqual({ x: 100, y: 100 });
    expect(shapeOf({ kind: 'ray', text: '' }, [{ x: 10, y: 10 }, { x: 10, y: 20 }], plot, String).lines[0]?.to).toEqual({ x: 10, y: 100 });
  });
});

describe('key figures', () => {
  it('are worked out by hand', () => {
    const closesOf = Array.from({ length: 30 }, (_none, n) => 100 * 1.01 ** n);
    const figures = keyFigures(columnsFrom({ columns: { time: closesOf.map((_close, n) => n), open: closesOf, high: closesOf, low: closesOf, close: closesOf, volume: closesOf.map((_close, n) => (n === 29 ? 30 : 10)) } }));
    expect(figures.change).toBeCloseTo(0.01, 12);
    expect(figures.volatility).toBeCloseTo(0, 9);
    expect(figures.relativeVolume).toBe(3);
    expect(figures.place52).toBe(1);
    expect(figures.rangePart).toBeGreaterThan(0.0085);
  });
  it('say nothing about too few bars', () => {
    expect(keyFigures(columnsFrom({ columns: { time: [], open: [], high: [], low: [], close: [], volume: [] } }))).toMatchObject({ close: null, change: null, volatility: null, high52: null });
  });
});

describe('the address and the look', () => {
  it('go round, and drop what cannot be', () => {
    const look = chartLookSchema.parse({ compared: ['MSFT'] });
    expect(readAnalysisSearch({ ...searchOf('BRK.B', look) })).toEqual({ symbol: 'BRK.B', timeframe: '1Day', adjustment: 'split', hours: 'regular', style: 'hollow', isLog: false, compared: 'MSFT' });
    expect(readAnalysisSearch({ symbol: true })).toEqual({ symbol: 'TRUE' });
    expect(readAnalysisSearch({ symbol: '../../x', timeframe: '2Min', style: 3, compared: 'A,<b>,A', bar: 'x' })).toEqual({ compared: 'A' });
    expect(readLook({ indicators: [{ key: 'a', id: 'GONE', values: [] }] })?.indicators).toEqual([]);
    expect(readLook({ timeframe: '7Min' })).toBeNull();
  });
});
