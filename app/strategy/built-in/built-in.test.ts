/** The built-in strategies by worked examples, and what is true of all of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { HOUR_MS } from '#app/domain/time.ts';
import { barAt, momentsOf, signalsBarByBar, signalsOverColumns, type SaidSignal } from '../column-run.ts';
import { behaviourHash } from '../fingerprint.ts';
import { NO_HOST_FACTS, openHost, restoreHost, type HostFacts } from '../host.ts';
import { STRATEGY_TYPES, strategyType } from '../registry.ts';
import type { BoundStrategy } from '../spec.ts';
import { flatBars, threeMarkets, walk } from '../testing-bars.ts';
import { fitPair, halfLife, zScore } from './pair-fit.ts';
import { realised } from './volatility-target.ts';

const HOURS = { barMs: HOUR_MS };
const bind = (kind: string, parameters: object = {}): BoundStrategy => strategyType(kind).bind(parameters);

function said(strategy: BoundStrategy, bars: BarColumns): SaidSignal[] {
  return signalsOverColumns(strategy, [{ symbol: 'A', bars }], HOURS);
}

/** What is said at each close, by bars of one price. */
function targets(strategy: BoundStrategy, closes: readonly number[], range = 0): (string | null)[] {
  const signals = said(strategy, flatBars(closes, range));
  return closes.map((_, i) => signals.find((signal) => signal.openTime === i * HOUR_MS)?.target ?? null);
}

describe('sma_cross', () => {
  const quick = bind('sma_cross', { fast: 2, slow: 3, atrPeriod: 2 });

  it('signals crossings only, in turn, and not the side on which it wakes up', () => {
    // It wakes above (9.5 to 9.33), is flat already when it crosses below (8.5 to 8.67), then crosses up (12.5 to 10.67) and down (11.5 to 12).
    expect(targets(quick, [9, 9, 10, 7, 12, 13, 14, 9])).toEqual([null, null, null, null, null, 'long', null, 'flat']);
  });

  it('takes a touch for no crossing', () => {
    expect(targets(quick, [10, 9, 8, 8, 8, 8, 7, 7])).toEqual([null, null, null, null, null, null, null, null]);
    expect(targets(quick, [10, 9, 8, 8, 8, 8, 9, 9])).toEqual([null, null, null, null, null, null, 'long', null]);
  });

  it('explains a signal by both averages and carries the average true range', () => {
    expect(said(quick, flatBars([10, 9, 8, 9, 10]))).toMatchObject([{ target: 'long', weight: null, atr: 1, reasons: [{ name: 'SMA(2)', value: '9.5', threshold: 'crossed above SMA(3) 9' }] }]);
  });

  it('places exits in average true ranges from the entry where it is asked to', () => {
    const exits = (parameters: object) => said(bind('sma_cross', { fast: 2, slow: 3, atrPeriod: 2, ...parameters }), flatBars([10, 9, 8, 9, 10]))[0]?.exits;
    expect(exits({ stopAtr: 1.5, takeProfitAtr: 3 })).toEqual({ stopPrice: 8.5, takeProfitPrice: 13 });
    expect(exits({ stopAtr: 2 })).toEqual({ stopPrice: 8, takeProfitPrice: null });
    expect(exits({ stopAtr: 20 }), 'a stop below nothing').toBeUndefined();
    expect(exits({})).toBeUndefined();
  });

  it('refuses parameters that make no crossover', () => {
    expect(() => bind('sma_cross', { fast: 30, slow: 10 })).toThrow(/shorter/);
    expect(() => bind('sma_cross', { fats: 3 })).toThrow(/sma_cross cannot use its parameters/);
    expect(() => bind('sma_cross', { stopAtr: -1 })).toThrow(/stopAtr/);
    expect(bind('sma_cross').parameters).toEqual({ fast: 10, slow: 30, atrPeriod: 14, stopAtr: 0, takeProfitAtr: 0 });
  });
});

describe('rsi_reversion', () => {
  const quick = bind('rsi_reversion', { period: 2, entryBelow: 30, exitAbove: 55, atrPeriod: 2 });

  it('buys what fell and sells what came back', () => {
    // Asked from index 3 on (two changes and one bar of history): the index is 0, 0, 88.9 and more.
    expect(targets(quick, [10, 9, 8, 7, 7, 9, 9.5])).toEqual([null, null, null, 'long', null, 'flat', null]);
  });

  it('does not take a market that never moved for an oversold one', () => {
    expect(targets(quick, [10, 10, 10, 10, 10])).toEqual([null, null, null, null, null]);
  });

  it('refuses levels in the wrong order', () => {
    expect(() => bind('rsi_reversion', { entryBelow: 60 })).toThrow(/below the exit level/);
  });
});

describe('donchian_breakout', () => {
  const parameters = { entryPeriod: 3, exitPeriod: 2, atrPeriod: 2 };

  it('buys above the highest of the bars before and sells below the lowest of fewer', () => {
    // At 12: highs before 10, 11, 10. At 11 (index 6): lows before 12, 13, so out.
    expect(targets(bind('donchian_breakout', parameters), [10, 10, 11, 10, 12, 13, 11, 11])).toEqual([null, null, null, null, 'long', null, 'flat', null]);
    expect(targets(bind('donchian_breakout', parameters), [10, 11, 10, 10, 11, 11, 11]), 'a touch is no breakout').toEqual(Array(7).fill(null));
  });

  it('goes short the other way round where it is asked to', () => {
    const closes = [10, 10, 9, 10, 8, 7, 9, 11, 6];
    expect(targets(bind('donchian_breakout', parameters), closes)).toEqual([null, null, null, null, null, null, null, 'long', 'flat']);
    expect(targets(bind('donchian_breakout', { ...parameters, goesShort: true }), closes)).toEqual([null, null, null, null, 'short', null, 'flat', 'long', 'short']);
  });

  it('explains both sides and sets the exits of a short above it', () => {
    const [entry, exit] = said(bind('donchian_breakout', { ...parameters, goesShort: true, stopAtr: 2 }), flatBars([10, 10, 9, 10, 8, 7, 9], 1));
    expect(entry).toMatchObject({ target: 'short', reasons: [{ name: 'Close', value: '8', threshold: 'below the lowest low of 3 bars, 8.5' }] });
    expect(entry?.exits?.stopPrice).toBeGreaterThan(8);
    expect(exit).toMatchObject({ target: 'flat', reasons: [{ threshold: 'above the highest high of 2 bars, 8.5' }] });
  });
});

describe('bollinger_reversion', () => {
  it('buys below the lower band and sells at the middle', () => {
    // Closes 10, 10, 10, 7: mean 9.25, deviation 1.299, lower band at one deviation 7.95. Then 9: middle 9.
    const strategy = bind('bollinger_reversion', { period: 4, width: 1, atrPeriod: 2 });
    expect(targets(strategy, [10, 10, 10, 10, 10, 7, 9, 9])).toEqual([null, null, null, null, null, 'long', 'flat', null]);
    expect(said(strategy, flatBars([10, 10, 10, 10, 10, 7]))[0]?.reasons).toEqual([{ name: 'Close', value: '7', threshold: 'below the lower band (4 bars, 1 deviations) 7.950962' }]);
  });
});

describe('pairs_trading', () => {
  it('draws the line by least squares, by hand', () => {
    const fit = fitPair({ left: [1, 2, 2, 3], right: [0, 1, 2, 3] });
    expect(fit?.beta).toBeCloseTo(0.6, 12);
    expect(fit?.alpha).toBeCloseTo(1.1, 12);
    expect(fit?.sigma).toBeCloseTo(Math.sqrt(0.1), 12);
    expect(zScore({ alpha: 1.1, beta: 0.6, sigma: 0.5 }, 3.3, 2)).toBeCloseTo(2, 12);
    expect(fitPair({ left: [1, 2, 3], right: [5, 5, 5] })).toBeNull();
    expect(fitPair({ left: [1, 2], right: [1, 2] })).toBeNull();
  });

  it('knows how fast a departure is gone', () => {
    expect(halfLife([8, 4, 2, 1])).toBeCloseTo(1, 12);
    expect(halfLife([1, -1, 1, -1])).toBe(0);
    expect(halfLife([1, 2, 4, 8])).toBe(Infinity);
    expect(halfLife([3, 3, 3])).toBe(Infinity);
  });

  it('trades both legs at once, one long, one short, and closes both', () => {
    const [first, second] = threeMarkets(900);
    const signals = signalsOverColumns(bind('pairs_trading', { maxHalfLife: 500 }), [first, second], HOURS);
    expect(signals.length).toBeGreaterThan(20);
    for (let i = 0; i < signals.length; i += 2) {
      const [left, right] = [signals[i], signals[i + 1]];
      expect([left?.symbol, right?.symbol, right?.openTime]).toEqual(['AAA', 'BBB', left?.openTime]);
      if (i % 4 === 0) {
        expect((left?.weight ?? 0) * (right?.weight ?? 0)).toBeLessThan(0);
        expect(Math.abs(left?.weight ?? 0) + Math.abs(right?.weight ?? 0)).toBeCloseTo(0.9, 12);
        expect(left?.reasons.map((reason) => reason.name)).toEqual(['Spread z-score', 'Hedge ratio', 'Half-life']);
      } else expect([left?.target, right?.target]).toEqual(['flat', 'flat']);
    }
  });

  it('sells the dear one and buys the cheap one', () => {
    const [first, second] = threeMarkets(900);
    for (const entry of signalsOverColumns(bind('pairs_trading', { maxHalfLife: 500 }), [first, second], HOURS).filter((signal) => signal.target !== 'flat' && signal.symbol === 'AAA')) {
      expect(Math.sign(Number(entry.reasons[0]?.value))).toBe(entry.target === 'short' ? 1 : -1);
    }
  });

  it('gives up a pair that drifts on, and leaves it alone until the line is a new one', () => {
    // Two that go together, then the left one runs away for good.
    const right = walk(200, { seed: 5 });
    const left = walk(200, { seed: 6, follow: right });
    for (let i = 150; i < 200; i += 1) left.close[i] = (left.close[i] ?? 0) * 1.002 ** (i - 149);
    const signals = signalsOverColumns(bind('pairs_trading', { window: 30, stopZ: 3, maxHalfLife: 500 }), [{ symbol: 'L', bars: left }, { symbol: 'R', bars: right }], HOURS).filter((signal) => signal.symbol === 'L');
    const stop = signals.findIndex((signal) => signal.openTime >= 150 * HOUR_MS && signal.reasons[0]?.threshold === 'stop at 3');
    expect(signals[stop]).toMatchObject({ target: 'flat' });
    expect(signals.slice(stop + 1).every((signal) => signal.openTime - (signals[stop]?.openTime ?? 0) > 30 * HOUR_MS)).toBe(true);
  });

  it('leaves when one leg is held alone: a short that was denied is no hedge', () => {
    const [first, second] = threeMarkets(300);
    const strategy = bind('pairs_trading', { maxHalfLife: 500, exitZ: 0 });
    const lone: HostFacts = { ...NO_HOST_FACTS, positionOf: (symbol) => ({ qty: symbol === 'AAA' ? 10 : 0, averagePrice: 100, barsHeld: 1, openProfit: 0 }) };
    const host = openHost(strategy, ['AAA', 'BBB']);
    const signals = [...first.bars.time].flatMap((openTime, i) => host.advance({ openTime, closeTime: openTime + HOUR_MS, bars: new Map([['AAA', barAt(first.bars, i)], ['BBB', barAt(second.bars, i)]]) }, 'live', lone).map((signal) => ({ ...signal, i })));
    const exit = signals.findIndex((signal) => signal.reasons[0]?.threshold?.includes('no hedge') ?? false);
    expect(signals.slice(exit, exit + 2).map(({ symbol, target }) => `${symbol} ${target}`)).toEqual(['AAA flat', 'BBB flat']);
    expect((signals[exit]?.i ?? 0) - (signals[exit - 1]?.i ?? 0)).toBe(3);
  });

  it('refuses levels in the wrong order', () => {
    expect(() => bind('pairs_trading', { entryZ: 1, exitZ: 1 })).toThrow(/nearer/);
    expect(() => bind('pairs_trading', { entryZ: 3, stopZ: 2 })).toThrow(/further off/);
  });
});

describe('volatility_target', () => {
  it('measures volatility as the doc says', () => {
    const closes = [100, 101, 99.99];
    expect(realised({ ago: (bars) => closes[2 - bars] ?? NaN }, { period: 2, barsPerYear: 252 })).toBeCloseTo(22.449944, 6);
  });

  it('holds less when the market is wild, and leaves small differences alone', () => {
    const calm = Array.from({ length: 12 }, (_, i) => 100 + (i % 2) * 0.5);
    const wild = Array.from({ length: 12 }, (_, i) => 100 + (i % 2) * 4);
    const signals = said(bind('volatility_target', { period: 5, target: 10, cap: 1, band: 0.1 }), flatBars([...calm, ...wild]));
    expect(signals[0]?.weight).toBe(1);
    expect(signals.at(-1)?.weight).toBeLessThan(0.35);
    expect(signals.length).toBeLessThan(6);
    expect(signals.every((signal) => signal.target === 'long')).toBe(true);
  });

  it('holds the cap where nothing moves', () => {
    expect(said(bind('volatility_target', { period: 2, cap: 0.5 }), flatBars([10, 10, 10, 10])).map((signal) => signal.weight)).toEqual([0.5]);
  });
});

describe('momentum_rotation', () => {
  const three = (rates: readonly [number, number, number], length = 12) => rates.map((rate, n) => ({ symbol: 'ABC'.charAt(n), bars: flatBars(Array.from({ length }, (_, i) => 100 * (1 + rate) ** i)) }));

  it('holds the best in equal parts, and cash in place of what fell', () => {
    const strategy = bind('momentum_rotation', { period: 3, hold: 2, every: 4, invested: 0.8 });
    const signals = signalsOverColumns(strategy, three([0.01, -0.01, 0.02]), HOURS);
    expect(signals.slice(0, 2)).toMatchObject([
      { symbol: 'A', weight: 0.4, reasons: [{ name: 'Return over 3 bars', threshold: 'rank 2 of 3' }] },
      { symbol: 'C', weight: 0.4, reasons: [{ threshold: 'rank 1 of 3' }] },
    ]);
    // At each choice what has drifted is traded back to its part; what is not held stays as it is.
    expect(signals.map((signal) => signal.openTime / HOUR_MS)).toEqual([4, 4, 8, 8]);
    expect(new Set(signalsOverColumns(strategy, three([-0.01, -0.02, 0.02]), HOURS).map((signal) => signal.symbol))).toEqual(new Set(['C']));
    expect(signalsOverColumns(bind('momentum_rotation', { period: 3, hold: 2, every: 40, onlyRising: false }), three([-0.01, -0.02, 0.02]), HOURS).map((signal) => signal.symbol)).toEqual(['A', 'C']);
  });

  it('sells what is no longer among the best', () => {
    const [a, b] = [Array.from({ length: 10 }, (_, i) => (i < 5 ? 100 + i : 104 - i)), Array.from({ length: 10 }, (_, i) => (i < 5 ? 100 : 96 + i))];
    const signals = signalsOverColumns(bind('momentum_rotation', { period: 2, hold: 1, every: 1 }), [{ symbol: 'A', bars: flatBars(a) }, { symbol: 'B', bars: flatBars(b) }], HOURS);
    const turn = signals.findIndex((signal) => signal.target === 'flat');
    expect(signals.slice(turn, turn + 2)).toMatchObject([{ symbol: 'A', target: 'flat', reasons: [{ threshold: 'not among the best 1 of 2' }] }, { symbol: 'B', target: 'long' }]);
  });
});

describe('buy_and_hold', () => {
  it('buys at the first bar and never sells', () => {
    expect(targets(bind('buy_and_hold'), [10, 11, 9, 8])).toEqual(['long', null, null, null]);
  });
});

describe('every built-in strategy', () => {
  const markets = threeMarkets(600);
  const marketsOf = (strategy: BoundStrategy) => markets.slice(0, Math.min(3, strategy.symbols[1] === 1 ? 3 : strategy.symbols[1]));

  it('has words for people, defaults within their ranges and a schema for forms', () => {
    expect(STRATEGY_TYPES.map((type) => type.kind)).toEqual(['sma_cross', 'rsi_reversion', 'donchian_breakout', 'bollinger_reversion', 'momentum_rotation', 'pairs_trading', 'volatility_target', 'buy_and_hold']);
    for (const type of STRATEGY_TYPES) {
      expect(type.description).toMatch(/^[A-Z].*\.$/);
      expect(type.parametersJsonSchema()).toMatchObject({ type: 'object', additionalProperties: false });
      expect(type.bind({}).kind).toBe(type.kind);
    }
    expect(() => strategyType('magic')).toThrow(/sma_cross, rsi_reversion/);
  });

  it('says live what it says over columns', () => {
    for (const type of STRATEGY_TYPES) {
      const strategy = type.bind({});
      expect(signalsBarByBar(strategy, marketsOf(strategy), HOURS), type.kind).toEqual(signalsOverColumns(strategy, marketsOf(strategy), HOURS));
    }
  });

  it('goes on after a restart as if there had been none', () => {
    for (const type of STRATEGY_TYPES) {
      const strategy = type.bind({});
      const given = marketsOf(strategy).slice(0, strategy.symbols[1]);
      const symbols = given.map((market) => market.symbol);
      const moments = [...momentsOf(given)].map((openTime) => ({ openTime, closeTime: openTime + HOUR_MS, bars: new Map(given.flatMap(({ symbol, bars }) => (bars.time.includes(openTime) ? [[symbol, barAt(bars, bars.time.indexOf(openTime))] as const] : []))) }));
      const run = (restartsAt: (i: number) => boolean): unknown => {
        let host = openHost(strategy, symbols);
        const said = moments.map((moment, i) => {
          if (restartsAt(i)) host = restoreHost(strategy, symbols, JSON.parse(JSON.stringify(host.save())));
          return host.advance(moment, i % 50 < 3 ? 'quiet' : 'live', NO_HOST_FACTS);
        });
        return [said, host.save()];
      };
      expect(run((i) => i % 7 === 3 || (i > 100 && i < 110)), type.kind).toEqual(run(() => false));
    }
  });

  it('never raises what is wished already, and explains each signal', () => {
    const closes = fc.array(fc.integer({ min: 900, max: 1100 }).map((cents) => cents / 100), { minLength: 1, maxLength: 150 });
    const quick: readonly (readonly [string, object])[] = [['sma_cross', { fast: 2, slow: 5, atrPeriod: 3 }], ['rsi_reversion', { period: 3, atrPeriod: 3 }], ['donchian_breakout', { entryPeriod: 4, exitPeriod: 2, goesShort: true, atrPeriod: 3 }], ['bollinger_reversion', { period: 5, width: 1, atrPeriod: 3 }], ['volatility_target', { period: 3 }]];
    fc.assert(fc.property(fc.constantFrom(...quick), closes, ([kind, parameters], values) => {
      let before = 'flat null';
      for (const { target, weight, reasons } of said(bind(kind, parameters), flatBars(values))) {
        expect(`${target} ${weight}`).not.toBe(before);
        expect(reasons.length).toBeGreaterThan(0);
        before = `${target} ${weight}`;
      }
    }), { numRuns: 150 });
  });

  it('has a fingerprint that tells what it does', () => {
    const hashes = STRATEGY_TYPES.map((type) => behaviourHash(type.bind({})));
    expect(new Set(hashes).size).toBe(STRATEGY_TYPES.length);
    expect(behaviourHash(bind('sma_cross', { fast: 10 }))).toBe(hashes[0]);
    expect(behaviourHash(bind('sma_cross', { fast: 11 }))).not.toBe(hashes[0]);
    expect(new Set([{}, { stopAtr: 2 }, { takeProfitAtr: 2 }].map((more) => behaviourHash(bind('sma_cross', more)))).size).toBe(3);
    // A changed value here means that deployed versions of the strategy get a new version: change it on purpose only.
    expect(hashes.slice(0, 2)).toEqual(['915ae11d8ec8ff96', 'af1731f4f2fabe95']);
  });
});
