/** Where the bars begin must not matter after the warm-up: what does not forget is found. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { HOUR_MS } from '#app/domain/time.ts';
import { defineIndicator, use, type IndicatorUse } from '#app/indicators/indicator.ts';
import { sma } from '#app/indicators/sma.ts';
import { integer } from './parameters.ts';
import { STRATEGY_TYPES, strategyType } from './registry.ts';
import { strategy, warmUpBars, type BoundStrategy } from './spec.ts';
import { everyBars, threeMarkets, walk } from './testing-bars.ts';
import { checkWarmUp, type WarmUpReport } from './warm-up.ts';

const HOURS = { barMs: HOUR_MS, wide: everyBars(6), timeframe: '1Hour' } as const;
const markets = threeMarkets(1_500);

/** An average that forgets slowly and says that it needs `declared` bars. */
function slowAverage(declared: number): IndicatorUse<'value'> {
  return use(defineIndicator<'value', { value: number | null }>({
    id: 'SLOW', title: 'Slow', group: 'overlap', formula: '', source: '', parameters: [], inputs: ['close'], outputs: ['value'], unit: 'price', lookback: () => 0, forgetting: () => declared,
    columns(bars, _values, out) {
      let value = NaN;
      return [Float64Array.from(bars.close, (close, i) => (value = i === 0 ? 2 * close : value + (close - value) / 30)), ...(out ?? [])];
    },
    state: z.object({ value: z.number().nullable() }), start: () => ({ value: null }),
    next(state, bar, out) {
      state.value = state.value === null ? 2 * bar.close : state.value + (bar.close - state.value) / 30;
      out[0] = state.value;
    },
  }));
}

const crossing = (line: IndicatorUse<'value'>): BoundStrategy => strategy({
  kind: 'crossing', title: 'Crossing', description: 'For tests.', scope: 'symbol', parameters: {}, indicators: () => ({ line, mean: sma(5) }), state: z.object({}), initialState: () => ({}),
  onBar: ({ on }) => (on.indicators.mean.now > on.indicators.line.now ? on.long() : on.flat()),
}).bind({});

describe('an indicator with too short a warm-up', () => {
  it('is named, with the bars that it needs', () => {
    const report = checkWarmUp(crossing(slowAverage(40)), markets, HOURS);
    // The seed is off by its own size; (29/30)^n is below a part in ten thousand from 272 bars on.
    expect(report.findings[0]).toMatchObject({ what: 'indicator', name: 'line', symbol: 'AAA', declared: 40 });
    expect(report.findings[0]?.needs).toBeGreaterThan(250);
    expect(report.findings[0]?.needs).toBeLessThan(300);
    expect(report.findings[0]?.message).toMatch(/The indicator line \(SLOW\) of AAA still shows where its bars began/);
    expect(report.findings.some((finding) => finding.what === 'signals')).toBe(true);
  });

  it('passes when it declares enough', () => {
    // Two closes of a hundred dollars apart in the seed are 1.5e-7 dollars after 600 bars: no average of cents is that near to another.
    expect(checkWarmUp(crossing(slowAverage(600)), markets, HOURS).findings).toEqual([]);
  });
});

describe('a strategy that remembers its beginning', () => {
  const counting = (forgetting: number): WarmUpReport => checkWarmUp(strategy({
    kind: 'counting', title: 'Counting', description: 'For tests.', scope: 'symbol', parameters: { every: integer(10, { min: 1, max: 100, describe: 'Bars' }) }, indicators: () => ({}), forgetting: () => forgetting,
    state: z.object({ n: z.number() }), initialState: () => ({ n: 0 }),
    onBar({ on, state }) {
      state.n = (state.n + 1) % 7;
      if (state.n === 0) on.long();
      if (state.n === 3) on.flat();
    },
  }).bind({}), markets, HOURS);

  it('is found, with the first bar at which it shows', () => {
    const [finding] = counting(0).findings;
    expect(finding).toMatchObject({ what: 'signals', needs: null });
    expect(finding?.message).toMatch(/counts bars from its start/);
  });
});

describe('the built-in strategies', () => {
  it.each(STRATEGY_TYPES.filter((type) => type.kind !== 'momentum_rotation').map((type) => [type.kind, type] as const))('%s says the same wherever its bars begin', (kind, type) => {
    const bound = type.bind(kind === 'pairs_trading' ? { maxHalfLife: 500 } : {});
    const report = checkWarmUp(bound, markets.slice(0, bound.symbols[1] === 1 ? 3 : 2), HOURS);
    expect(report.findings).toEqual([]);
    expect(report.beginnings).toHaveLength(5);
    expect(report.compared).toBe(5);
    expect(report.beginnings.every(({ begun, agreesFrom }) => agreesFrom !== null && agreesFrom >= begun)).toBe(true);
  });

  it('momentum_rotation counts its bars from the start, and does not when it chooses at each', () => {
    const report = (every: number): WarmUpReport => checkWarmUp(strategyType('momentum_rotation').bind({ every }), markets, HOURS);
    expect(report(1).findings).toEqual([]);
    expect(report(21).findings.map((finding) => finding.what)).toEqual(['signals']);
  });

  it('declare what they need', () => {
    expect(warmUpBars(strategyType('pairs_trading').bind({}), '1Hour')).toBe(62);
    expect(warmUpBars(strategyType('buy_and_hold').bind({}), '1Day')).toBe(1);
    expect(warmUpBars(strategyType('sma_cross').bind({}), '1Min')).toBeGreaterThan(100);
  });

  it('says that nothing was compared where the bars are fewer than the warm-up', () => {
    const bound = strategyType('sma_cross').bind({ fast: 100, slow: 300 });
    const run = (bars: number) => checkWarmUp(bound, [{ symbol: 'A', bars: walk(bars, { seed: 1 }) }], { barMs: HOUR_MS, timeframe: '1Hour' });
    expect(run(300)).toMatchObject({ compared: 0, findings: [] });
    expect(run(2_000).compared).toBe(5);
  });
});
