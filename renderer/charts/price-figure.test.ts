/** The price chart's arithmetic: bars that merge, labels from the calendar, scales, panes, and what is drawn of them. */
import { describe, expect, it } from 'vitest';
import { barColumns } from '#app/domain/bar-columns.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import { tokensOf } from '../theme.ts';
import { groupBars, groupSize, visibleRange } from './bar-groups.ts';
import { barTicks, halfDayNote, outsideHours } from './bar-ticks.ts';
import { priceFigure } from './price-figure.ts';
import type { PriceChart } from './price-figure.ts';
import { digitsFor, layPanes, padded, pxToX, pxToY, xToPx, yToPx } from './scale.ts';

const tokens = tokensOf('light', 'standard');
function bars(count: number, at: (n: number) => number = (n) => 100 + n): BarColumns {
  const made = barColumns(count);
  for (let n = 0; n < count; n += 1) {
    made.time[n] = n * 86_400_000;
    made.open[n] = at(n);
    made.high[n] = at(n) * 1.02;
    made.low[n] = at(n) * 0.98;
    made.close[n] = at(n) * (n % 2 === 0 ? 1.01 : 0.99);
    made.volume[n] = 10;
  }
  return made;
}
const chart = (change: Partial<PriceChart> = {}): PriceChart => ({ bars: bars(100), origin: 0, view: [0, 100], width: 1_068, height: 530, style: 'candles', isLog: false, hasVolume: true, isIntraday: false, overlays: [], panes: [], compared: [], tokens, ...change });

describe('bars', () => {
  it('are merged only when there are more than pixels, by powers of two', () => {
    expect(groupSize([0, 300], 1_000)).toBe(1);
    expect(groupSize([0, 4_000], 1_000)).toBe(8);
  });
  it('keep open, extremes, close and volume when they are merged, in groups that do not depend on where one looks', () => {
    const all = bars(16);
    const groups = groupBars(all, 3, [-3, 13], 4);
    // x runs from -3 to 12: groups begin at -4, 0, 4, 8, 12, the first with three bars.
    expect(groups.first).toEqual([0, 3, 7, 11, 15]);
    expect([groups.open[1], groups.high[1], groups.low[1], groups.close[1], groups.volume[1]]).toEqual([all.open[3], all.high[6], all.low[3], all.close[6], 40]);
    const moved = groupBars(all, 3, [1, 13], 4);
    expect(moved.x[0]).toBe(groups.x[1]);
    expect(visibleRange(groups, [-100, -50])).toBeNull();
  });
});

describe('labels', () => {
  it('stand where years, months and days change, the greatest first, and never crowd', () => {
    const times = sessionsBetween('2025-10-01', '2026-03-02').map((session) => session.open);
    const x = times.map((_time, n) => n);
    const ticks = barTicks(x, times, 8);
    expect(ticks.find((tick) => tick.isMajor)?.text).toBe('2026');
    expect(ticks.map((tick) => tick.text)).toEqual(expect.arrayContaining(['Nov', 'Dec', 'Feb', 'Mar']));
    for (const [n, tick] of ticks.entries()) if (n > 0) expect((tick.x - (ticks[n - 1]?.x ?? 0)) * 8).toBeGreaterThanOrEqual(72);
  });
  it('tell days and hours of minutes, and shade what is outside of trading; half days end early', () => {
    const [friday, monday] = sessionsBetween('2025-11-28', '2025-12-01');
    if (!friday || !monday) throw new Error('The calendar has lost two days');
    const times = [friday.open - 60_000, friday.open, friday.close - 60_000, friday.close, monday.open];
    expect(outsideHours([0, 1, 2, 3, 4], times, 1)).toEqual([{ from: -0.5, to: 0.5 }, { from: 2.5, to: 3.5 }]);
    expect(halfDayNote(friday.open)).toContain('13:00');
    expect(halfDayNote(monday.open)).toBeNull();
    expect(barTicks([0, 1, 2], [friday.open, friday.open + 3_600_000, monday.open], 200)).toMatchObject([{ text: '10:30', isMajor: false }, { text: 'Dec', isMajor: true }]);
  });
});

describe('scales', () => {
  const pane = { id: 'price', top: 10, height: 200, range: [1, 100] as const, isLog: false };
  it('go both ways, straight and logarithmic', () => {
    for (const isLog of [false, true]) for (const value of [1, 7.5, 100]) expect(pxToY({ ...pane, isLog }, yToPx({ ...pane, isLog }, value))).toBeCloseTo(value, 9);
    expect(yToPx({ ...pane, isLog: true }, 10)).toBeCloseTo(110, 9);
    expect(pxToX({ width: 668 }, [-5, 15], xToPx({ width: 668 }, [-5, 15], 3.25))).toBeCloseTo(3.25, 9);
  });
  it('leave the price at least three tenths however many panes there are', () => {
    const places = layPanes(600, Array.from({ length: 12 }, () => 0.3));
    expect(places[0]?.height).toBeGreaterThan(39);
    expect(layPanes(530, [null])[0]?.height).toBe(530 - 30 - 8 - 80);
  });
  it('show cents of cents, and no cents of half a million', () => {
    expect([digitsFor([0.009, 0.011]), digitsFor([0.9, 1.1]), digitsFor([60, 70]), digitsFor([480_000, 520_000])]).toEqual([5, 4, 2, 0]);
    expect(padded([5, 5], false)[1]).toBeGreaterThan(5);
  });
});

describe('the figure', () => {
  const ranges = (change: Partial<PriceChart>) => priceFigure(chart(change)).frame.panes[0]?.range ?? [0, 0];
  it('is a handful of paths however many bars there are', () => {
    const few = priceFigure(chart()).figure.data.length;
    const many = priceFigure(chart({ bars: bars(20_000, (n) => 100 + (n % 50)), view: [0, 20_000] }));
    expect(few).toBeLessThan(10);
    expect(many.figure.data.length).toBe(few);
    expect(many.groups.x.length).toBeLessThan(1_300);
  });
  it('draws one bar, equal prices, no volume, a cent and half a million', () => {
    for (const price of [0.01, 1, 500_000]) {
      const { figure, frame } = priceFigure(chart({ bars: { ...bars(1, () => price), volume: new Float64Array(1) }, view: [-5, 5] }));
      expect(figure.data.length).toBeGreaterThan(0);
      expect((frame.panes[0]?.range[0] ?? NaN) < price && price < (frame.panes[0]?.range[1] ?? NaN)).toBe(true);
    }
    expect(ranges({ bars: { ...bars(3), open: new Float64Array(3).fill(5), high: new Float64Array(3).fill(5), low: new Float64Array(3).fill(5), close: new Float64Array(3).fill(5) }, view: [0, 3] })[1]).toBeGreaterThan(5);
  });
  it('reaches over the visible bars alone, and keeps the room of the volume', () => {
    const [low, high] = ranges({ view: [10, 20], hasVolume: false });
    expect(low).toBeLessThan(110 * 0.98);
    expect(high).toBeLessThan(130);
    expect(ranges({ view: [10, 20] })[0]).toBeLessThan(low);
    expect(ranges({ view: [10, 20], isLog: true })[0]).toBeGreaterThan(0);
  });
  it('writes as many digits on the scale as its steps need', () => {
    const texts = (low: number, high: number): string[] => (priceFigure(chart({ hasVolume: false, height: 360, bars: { ...bars(2, () => (low + high) / 2), low: new Float64Array(2).fill(low), high: new Float64Array(2).fill(high) }, view: [0, 2] })).figure.layout['yaxis'] as { ticktext: string[] }).ticktext;
    expect(texts(57, 71)).toEqual(expect.arrayContaining(['57.5', '60.0', '62.5']));
    expect(texts(100, 200)).toEqual(expect.arrayContaining(['120', '140']));
    expect(texts(0.0101, 0.0119).every((text) => /^0\.01\d\d+$/.test(text))).toBe(true);
  });
  it('begins other symbols at the first visible close', () => {
    const values = Float64Array.from({ length: 100 }, (_none, n) => 10 * (1 + n / 100));
    const { base, figure } = priceFigure(chart({ compared: [{ name: 'MSFT', colour: '#000000', kind: 'line', values }], view: [50, 100] }));
    expect(base).toBeCloseTo(151.5, 9);
    const line = figure.data.at(-1) as { x: number[]; y: number[] };
    expect(line.y[line.x.indexOf(50)]).toBeCloseTo(151.5, 9);
    expect(JSON.stringify(figure.layout['yaxis'])).toContain('%');
  });
  it('gives each pane its own axis and keeps rising bars hollow where asked', () => {
    const pane = { id: 'rsi', height: null, guides: [30, 70], lines: [{ name: 'value', colour: '#000000', kind: 'line' as const, values: new Float64Array(100).fill(50) }] };
    const { figure, frame } = priceFigure(chart({ panes: [pane], style: 'hollow' }));
    expect(frame.panes.map(({ id }) => id)).toEqual(['price', 'rsi']);
    expect(figure.layout).toHaveProperty('yaxis3');
    expect(figure.data.some((trace) => trace['fill'] === 'toself' && trace['fillcolor'] === tokens.surface)).toBe(true);
  });
});
