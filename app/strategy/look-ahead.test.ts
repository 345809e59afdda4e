/** Strategies that know the future are found; the built-in ones do not know it. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { HOUR_MS } from '#app/domain/time.ts';
import { defineIndicator, use, type IndicatorUse } from '#app/indicators/indicator.ts';
import { sma } from '#app/indicators/sma.ts';
import type { Context, IndicatorSeries } from './context.ts';
import { checkLookAhead, type LookAheadReport } from './look-ahead.ts';
import { STRATEGY_TYPES } from './registry.ts';
import { strategy, type BoundStrategy, type IndicatorUses } from './spec.ts';
import { everyBars, threeMarkets } from './testing-bars.ts';

const HOURS = { barMs: HOUR_MS, wide: everyBars(6) };
const markets = threeMarkets(300);

function custom<I extends IndicatorUses>(indicators: I, onBar: (view: { readonly on: Context['on']; readonly lines: IndicatorSeries<I> }) => void): BoundStrategy {
  return strategy({
    kind: 'custom', title: 'Custom', description: 'For tests.', scope: 'symbol', parameters: {}, indicators: () => indicators, state: z.object({}), initialState: () => ({}),
    onBar: ({ on }) => onBar({ on, lines: on.indicators }),
  }).bind({});
}

/** An indicator that is honest bar by bar and cheats over columns: `columns` says how. */
function cheating(columns: (closes: Float64Array) => Float64Array): IndicatorUse<'value'> {
  return use(defineIndicator<'value', { value: number }>({
    id: 'CHEAT', title: 'Cheat', group: 'overlap', formula: '', source: '', parameters: [], inputs: ['close'], outputs: ['value'], unit: 'price', lookback: () => 0,
    columns: (bars: BarColumns) => [columns(bars.close)], state: z.object({ value: z.number() }), start: () => ({ value: 0 }),
    next(state, bar, out) {
      state.value = bar.close;
      out[0] = bar.close;
    },
  }));
}

const check = (bound: BoundStrategy, options: { cuts?: number } = {}): LookAheadReport => checkLookAhead(bound, markets, { ...HOURS, ...options });
const ways = (report: LookAheadReport): string[] => report.findings.map((finding) => finding.way);

describe('a strategy that looks ahead', () => {
  it('into the next bar is found, with the bar, the symbol and both signals', () => {
    const peek = custom({}, ({ on }) => {
      const { values, cursor } = on.close;
      if ((values[cursor.i + 1] ?? NaN) > on.close.now + 0.5) on.long({ reasons: () => [{ name: 'peek', value: 'up', threshold: null }] });
      else if ((values[cursor.i + 1] ?? NaN) < on.close.now) on.flat();
    });
    const report = check(peek);
    expect(ways(report)).toEqual(['removed', 'replaced', 'streamed']);
    const [first] = report.findings;
    expect(first).toMatchObject({ way: 'removed', symbol: expect.stringMatching(/^[ABC]{3}$/) as string, withoutFuture: null, failed: null });
    expect(first?.openTime).toBe(first?.cutAfter);
    expect(first?.withFuture).toContain('"target":"long"');
    expect(first?.message).toMatch(/^This strategy knows the future: at the bar of ... that opened 1970-01-\S+Z it says \{.*and nothing with the later bars taken away\. Look at numbers through `now`/);
  });

  it('at the whole column is found', () => {
    const best = custom({}, ({ on }) => {
      if (on.close.now === Math.max(...on.close.values)) on.flat();
      else on.long();
      if (on.close.now < 0.9 * Math.max(...on.close.values)) on.long();
      else on.flat();
    });
    expect(ways(check(best))).toContain('replaced');
  });

  it('through an indicator that is shifted, centred or scaled over everything is found', () => {
    const trade = (columns: (closes: Float64Array) => Float64Array): LookAheadReport => check(custom({ cheat: cheating(columns), mean: sma(5) }, ({ on, lines }) => (lines.cheat.now > lines.mean.now ? on.long() : on.flat())));
    expect(ways(trade((closes) => closes.map((_, i) => closes[i + 3] ?? NaN)))).toEqual(['removed', 'replaced', 'streamed']);
    expect(ways(trade((closes) => closes.map((close, i) => ((closes[i - 1] ?? close) + close + (closes[i + 1] ?? close)) / 3)))).toContain('removed');
    const scaled = trade((closes) => closes.map((close) => close - closes.reduce((sum, value) => sum + value, 0) / closes.length + 100));
    expect(ways(scaled)).toEqual(['removed', 'replaced', 'streamed']);
    expect(scaled.findings.find((finding) => finding.way === 'replaced')?.message).toMatch(/made of the whole history at once/);
  });

  it('and cannot do without is found by its failure', () => {
    const [first] = check(custom({}, ({ on }) => on.weight(on.close.cursor.i < 200 ? (on.close.values[on.close.cursor.i + 5] ?? NaN) / 1_000 : 0.1))).findings;
    expect(first?.failed).toMatch(/weight\(NaN\)/);
    expect(first?.message).toMatch(/it fails with the later bars taken away/);
  });

  it('by any number of bars is found', () => {
    for (const ahead of [1, 2, 3, 4, 6, 10]) {
      const peek = custom({ mean: sma(10) }, ({ on, lines }) => ((on.close.values[on.close.cursor.i + ahead] ?? 0) > lines.mean.now ? on.long() : on.flat()));
      expect(ways(check(peek, { cuts: 40 })), `${ahead} bars`).toContain('removed');
    }
  });

  it('is found by few cuts too: some lie just before its signals', () => {
    const rare = custom({ mean: sma(20) }, ({ on, lines }) => {
      const ahead = on.close.values[on.close.cursor.i + 1] ?? NaN;
      if (ahead > lines.mean.now * 1.03) on.long();
      else if (ahead < lines.mean.now * 0.97) on.flat();
    });
    const report = check(rare, { cuts: 24 });
    expect(report.cuts).toBeLessThanOrEqual(24);
    expect(ways(report)).toContain('removed');
  });
});

describe('the built-in strategies', () => {
  it.each(STRATEGY_TYPES.map((type) => [type.kind, type] as const))('%s does not know the future', (_, type) => {
    const bound = type.bind({});
    const report = checkLookAhead(bound, markets.slice(0, bound.symbols[1] === 1 ? 3 : Math.min(3, bound.symbols[1])), { ...HOURS, cuts: 60 });
    expect(report.findings).toEqual([]);
    expect(report.signals).toBeGreaterThan(0);
    expect(report.cuts).toBeGreaterThanOrEqual(30);
  });
});
