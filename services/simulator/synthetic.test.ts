/** The synthetic market is the same for everyone who has the seed, and looks like a market. */
import { describe, expect, it } from 'vitest';
import { invariant } from '#app/domain/errors.ts';
import { parseRfc3339, type EpochMs } from '#app/domain/time.ts';
import { fromNewYork, isInSession, nextOpen, sessionOn, sessionsBetween } from '#app/market/calendar.ts';
import { BAR_MS, type Market, type MarketBar, type Step } from './market.ts';
import { rawFactorAt } from './past-actions.ts';
import { openSyntheticMarket, syntheticStart } from './synthetic.ts';
import { TAPE_SIZE } from './synthetic-names.ts';

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
  it('gives twenty sessions of minutes, in either direction', () => {
    const market = openSyntheticMarket(1, START);
    const all = market.bars('KO', { from: 0 as EpochMs, to: (START - 1) as EpochMs, limit: 10_000 });
    expect(all.length).toBe(20 * 390);
    expect(all[0]?.openTime).toBe(market.firstMinute);
    const newest = market.bars('KO', { from: 0 as EpochMs, to: (START - 1) as EpochMs, limit: 5, isDescending: true });
    expect(newest).toEqual(all.slice(-5).reverse());
    expect(market.bars('NOPE', { from: 0 as EpochMs, to: START, limit: 5 })).toEqual([]);
  });
  it('makes what is not on the tape when it is asked for, the same each time', () => {
    const market = openSyntheticMarket(1, START);
    expect(market.assets.size).toBe(60);
    expect(market.tape.size).toBe(TAPE_SIZE);
    const [step] = run(market, 1);
    expect(step?.bars.map((bar) => bar.symbol)).toEqual([...market.tape]);
    const bar = market.barAt('PFE', START);
    expect(bar).toEqual(openSyntheticMarket(1, START).bars('PFE', { from: START, to: START, limit: 1 })[0]);
    expect(bar?.openTime).toBe(START);
    expect(market.barAt('NOPE', START)).toBeNull();
    expect(market.barAt('PFE', (START - 1) as EpochMs)).toBeNull();
  });
});

describe('the past of the synthetic market', () => {
  const market = openSyntheticMarket(1, START);
  const ALL = { from: 0 as EpochMs, to: START };
  const close = (symbol: string, day: string): number => market.olderDays(symbol, ALL).find((bar) => bar.openTime === fromNewYork(day, 0))?.close ?? NaN;

  it('has possible daily bars of every name from June 2021 up to the first minute', () => {
    for (const symbol of market.assets.keys()) {
      const days = market.olderDays(symbol, ALL);
      expect(days[0]?.openTime, symbol).toBe(fromNewYork('2021-06-01', 0));
      expect(days.length).toBe(sessionsBetween('2021-06-01', '2025-09-23').length);
      for (const bar of days) {
        expect(bar.low > 0 && bar.low <= Math.min(bar.open, bar.close) && bar.high >= Math.max(bar.open, bar.close) && Number.isInteger(bar.volume) && bar.volume > 0, `${symbol} ${bar.openTime}`).toBe(true);
      }
    }
    expect(market.olderDays('AAPL', { from: market.firstMinute, to: START })).toEqual([]);
  });
  it('opens and closes its days where their minutes would', () => {
    // The same path from a market whose minutes begin earlier: there the day is made of minutes, here it is not.
    const earlier = openSyntheticMarket(1, parseRfc3339('2025-09-02T13:30:00Z'));
    for (const symbol of ['SPY', 'TSLA', 'PFE']) {
      for (const day of ['2025-08-08', '2025-08-20']) {
        const session = sessionOn(day);
        invariant(session, 'A session');
        const minutes = earlier.bars(symbol, { from: session.open, to: session.close, limit: 390 });
        const whole = market.olderDays(symbol, { from: fromNewYork(day, 0), to: fromNewYork(day, 0) })[0];
        const later = rawFactorAt(market.pastActions(symbol), session.open) / rawFactorAt(earlier.pastActions(symbol), session.open);
        expect(whole?.open).toBeCloseTo((minutes[0]?.open ?? NaN) * later, 1);
        expect(whole?.close).toBeCloseTo((minutes.at(-1)?.close ?? NaN) * later, 1);
      }
    }
  });
  it('jumps in raw price on the day of a split, by its rate', () => {
    // Ten for one on 2024-06-10, a Monday.
    expect(close('NVDA', '2024-06-07') / close('NVDA', '2024-06-10')).toBeGreaterThan(8);
    expect(market.pastActions('NVDA').map((one) => [one.action.exDate, one.action.newRate, one.action.oldRate])).toEqual([['2021-07-20', '4', '1'], ['2024-06-10', '10', '1']]);
    // One for eight on 2021-08-02.
    expect(close('GE', '2021-07-30') / close('GE', '2021-08-02')).toBeLessThan(0.2);
  });
  it('pays quarterly, before the first minute only, and loses the dividend overnight', () => {
    const paid = market.pastActions('KO');
    expect(paid.length).toBe(17);
    for (const { action, exAt, rawFactor } of paid) {
      expect(exAt).toBeLessThan(market.firstMinute);
      // (p + d) / p: with a price of about 68 and 2.9 % a year, some 0.7 %.
      expect(rawFactor).toBeGreaterThan(1.005);
      expect(rawFactor).toBeLessThan(1.01);
      expect(Number(action.cash)).toBeGreaterThan(0.3);
    }
    expect(market.pastActions('AMD')).toEqual([]);
    expect(market.pastActions('NOPE')).toEqual([]);
  });
  it('tells renames, take-overs and removals, and lists none of those names', () => {
    expect(market.listingChanges.map((change) => change.kind)).toEqual(['name_change', 'cash_merger', 'worthless_removal']);
    for (const symbol of market.delisted.keys()) expect(market.assets.has(symbol)).toBe(false);
  });
});
