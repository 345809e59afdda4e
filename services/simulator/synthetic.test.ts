/** The synthetic market is the same for everyone who has the seed, and looks like a market. */
import { describe, expect, it } from 'vitest';
import { invariant } from '#app/domain/errors.ts';
import { parseRfc3339, type EpochMs } from '#app/domain/time.ts';
import { isInSession, nextOpen } from '#app/market/calendar.ts';
import { BAR_MS, type Market, type MarketBar, type Step } from './market.ts';
import { openSyntheticMarket, syntheticStart } from './synthetic.ts';

const START = syntheticStart(parseRfc3339('2025-11-20T18:00:00Z'));
const run = (market: Market, count: number): Step[] => {
  const steps: Step[] = [];
  let at = (market.startTime - BAR_MS) as EpochMs;
  while (steps.length < count) {
    const step = market.nextStep(at);
    invariant(step, 'The market goes on');
    steps.push(step);
    at = step.openTime;
  }
  return steps;
};
const barsOf = (steps: readonly Step[], symbol: string): MarketBar[] => steps.flatMap((step) => step.bars.filter((bar) => bar.symbol === symbol));

describe('the synthetic market', () => {
  it('begins at a session open about a month before today', () => {
    expect(isInSession(START)).toBe(true);
    expect(nextOpen((START - 1) as EpochMs)).toBe(START);
    expect(parseRfc3339('2025-11-20T18:00:00Z') - START).toBeLessThan(40 * 86_400_000);
  });
  it('is a pure function of the seed, whatever was asked before', () => {
    const one = openSyntheticMarket(7, START);
    const steps = run(one, 500);
    const other = openSyntheticMarket(7, START);
    const late = steps[450];
    expect(late && other.stepAt(late.openTime)).toEqual(late);
    expect(barsOf(run(openSyntheticMarket(8, START), 10), 'AAPL')).not.toEqual(barsOf(steps.slice(0, 10), 'AAPL'));
  });
  it('shows possible bars on cent ticks, minute after minute, with nights skipped', () => {
    const steps = run(openSyntheticMarket(1, START), 900);
    expect(steps[0]?.openTime).toBe(START);
    for (const [n, step] of steps.entries()) {
      expect(isInSession(step.openTime)).toBe(true);
      expect(step.bars).toHaveLength(12);
      if (n > 0) expect(step.openTime).toBeGreaterThan(steps[n - 1]?.openTime ?? 0);
      for (const bar of step.bars) {
        expect(bar.low).toBeLessThanOrEqual(Math.min(bar.open, bar.close));
        expect(bar.high).toBeGreaterThanOrEqual(Math.max(bar.open, bar.close));
        expect(String(bar.close)).toMatch(/^\d+(\.\d{1,2})?$/);
        expect(Number.isInteger(bar.volume) && bar.volume > 0).toBe(true);
      }
    }
    // A minute of a liquid name moves little; the night may gap.
    const moves = barsOf(steps.slice(0, 390), 'AAPL').map((bar) => Math.abs(bar.close / bar.open - 1));
    expect(Math.max(...moves)).toBeLessThan(0.02);
    expect(moves.reduce((a, b) => a + b, 0) / moves.length).toBeGreaterThan(0.0001);
  });
  it('trades more at the ends of the day than at noon', () => {
    const volumes = barsOf(run(openSyntheticMarket(3, START), 390), 'SPY').map((bar) => bar.volume);
    const sum = (from: number, to: number): number => volumes.slice(from, to).reduce((a, b) => a + b, 0);
    expect(sum(0, 30)).toBeGreaterThan(1.5 * sum(180, 210));
    expect(sum(360, 390)).toBeGreaterThan(1.3 * sum(180, 210));
  });
  it('gives about three sessions of history, in either direction', () => {
    const market = openSyntheticMarket(1, START);
    const all = market.bars('KO', { from: 0 as EpochMs, to: (START - 1) as EpochMs, limit: 10_000 });
    expect(all.length).toBe(3 * 390);
    const newest = market.bars('KO', { from: 0 as EpochMs, to: (START - 1) as EpochMs, limit: 5, isDescending: true });
    expect(newest).toEqual(all.slice(-5).reverse());
    expect(market.bars('NOPE', { from: 0 as EpochMs, to: START, limit: 5 })).toEqual([]);
  });
});
