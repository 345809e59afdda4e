/** Stretches of bars: first decided on at their first bar, with indicators as they were at the time. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { synthetic } from '../../bench/lib/synth.ts';
import { sliceColumns } from '#app/domain/bar-columns.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { use } from '#app/indicators/indicator.ts';
import { EMA } from '#app/indicators/ema.ts';
import { SMA } from '#app/indicators/sma.ts';
import { strategy, type BoundStrategy } from '#app/strategy/spec.ts';
import { CASH_ACCOUNT, NO_COMMISSION, STRICT_FILLS } from '#app/backtest/run/defaults.ts';
import { runBacktest } from '#app/backtest/run/run.ts';
import type { Market, RunConfig } from '#app/backtest/run/types.ts';
import { StudyMarkets } from './study-markets.ts';

const bars = synthetic({ length: 6_000, seed: 3 });
const market: Market = { symbol: 'AAA', bars, detail: null, actions: [], isShortable: false, isFractionable: false };

/** Notes the moments at which it is asked, and what its indicators said then. */
function noting(seen: { at: number[]; ema: number[] }, wide: Timeframe | null): BoundStrategy {
  return strategy({
    kind: 'noting', title: 'Noting', description: 'For the test.', scope: 'symbol', parameters: {},
    indicators: () => ({ ema: use(EMA, [20]), far: use(SMA, wide === null ? [7] : [3], wide === null ? {} : { timeframe: wide }) }),
    initialState: () => null, state: z.null(),
    onBar({ on, time }) {
      seen.at.push(time);
      seen.ema.push(on.indicators.ema.now);
    },
  }).bind({});
}

const configOf = (bound: BoundStrategy, markets: readonly Market[]): RunConfig => ({
  strategy: bound, markets, timeframe: '1Min', sizing: { method: 'fixed_notional', notional: '1000' }, account: CASH_ACCOUNT, fills: STRICT_FILLS, slippage: { kind: 'none' }, commission: NO_COMMISSION, fees: null, desk: { kind: 'plain' }, isBrokerStrict: false,
});

describe('a stretch of bars', () => {
  const span = { from: bars.time[3_000] ?? 0, to: bars.time[4_500] ?? 0 };

  it('is first decided on at its first bar, and at each to its end', () => {
    const seen = { at: [] as number[], ema: [] as number[] };
    const bound = noting(seen, null);
    const { markets, columns } = new StudyMarkets([market], '1Min').stretch(bound, span);
    runBacktest(configOf(bound, markets), { columns });
    expect(seen.at.length).toBe(1_500);
    expect(seen.at[0]).toBe(span.from + 60_000);
  });

  it('sees its indicators as they were after all bars before it', () => {
    const all = { at: [] as number[], ema: [] as number[] };
    runBacktest(configOf(noting(all, null), [market]));
    const seen = { at: [] as number[], ema: [] as number[] };
    const bound = noting(seen, null);
    const { markets, columns } = new StudyMarkets([market], '1Min').stretch(bound, span);
    runBacktest(configOf(bound, markets), { columns });
    const begin = all.at.indexOf(seen.at[0] ?? NaN);
    expect(seen.ema).toEqual(all.ema.slice(begin, begin + seen.ema.length));
  });

  it('has its wide indicators warm at its first bar, and begins at most one wide bar early', () => {
    const seen = { at: [] as number[], ema: [] as number[] };
    const bound = noting(seen, '1Hour');
    const { markets, columns } = new StudyMarkets([market], '1Min').stretch(bound, span);
    runBacktest(configOf(bound, markets), { columns });
    expect(seen.at[0]).toBeLessThanOrEqual(span.from + 60_000);
    expect(seen.at.filter((at) => at <= span.from).length).toBeLessThanOrEqual(60);
    expect(seen.at.at(-1)).toBe((bars.time[4_499] ?? 0) + 60_000);
  });

  it('has columns that keep step with its bars where some lie outside of regular trading', () => {
    const night = sliceColumns(bars, 0, 4_000);
    const time = night.time.slice();
    // The day before the first: no session, or one that has ended.
    time[0] = (time[0] ?? 0) - 12 * 3_600_000;
    const seen = { at: [] as number[], ema: [] as number[] };
    const bound = noting(seen, null);
    const { markets, columns } = new StudyMarkets([{ ...market, bars: { ...night, time } }], '1Min').stretch(bound, span);
    const [ema] = Object.values(bound.indicators);
    if (ema === undefined) throw new Error('It has two indicators.');
    expect(columns(0, ema)?.[0]?.length).toBe(markets[0]?.bars.time.length);
    runBacktest(configOf(bound, markets), { columns });
    expect(seen.at[0]).toBe(span.from + 60_000);
  });

  it('is all bars when it is all of the market, and the same objects each time', () => {
    const markets = new StudyMarkets([market], '1Min');
    const bound = noting({ at: [], ema: [] }, null);
    expect(markets.stretch(bound, { from: -Infinity, to: Infinity }).markets[0]?.bars).toBe(bars);
    const first = markets.stretch(bound, span);
    expect(markets.stretch(noting({ at: [], ema: [] }, null), span)).toBe(first);
    const [, far] = Object.values(bound.indicators);
    if (far === undefined) throw new Error('It has two indicators.');
    expect(first.columns(0, far)?.[0]?.buffer).toBe(first.columns(0, far)?.[0]?.buffer);
    expect(first.columns(1, far)).toBeNull();
  });

  it('leaves out markets without a bar in it, and what happened to a market before', () => {
    const late: Market = { ...market, symbol: 'BBB', bars: synthetic({ length: 100, seed: 4, from: '2001-01-03' }) };
    const split = (at: number) => ({ at, action: { kind: 'split', symbol: 'AAA', oldRate: '1', newRate: '2' } as const });
    const own: Market = { ...market, actions: [split(bars.time[100] ?? 0), split(bars.time[3_500] ?? 0), split(bars.time[5_000] ?? 0)] };
    const { markets } = new StudyMarkets([own, late], '1Min').stretch(noting({ at: [], ema: [] }, null), span);
    expect(markets.map(({ symbol }) => symbol)).toEqual(['AAA']);
    expect(markets[0]?.actions.map(({ at }) => at)).toEqual([bars.time[3_500]]);
    expect(() => new StudyMarkets([late], '1Min').stretch(noting({ at: [], ema: [] }, null), span)).toThrow(/no bars in the span/);
  });
});
