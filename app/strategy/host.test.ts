/** The live host: what is raised and what is owed, and that a restart changes nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { HOUR_MS } from '#app/domain/time.ts';
import { atr } from '#app/indicators/atr.ts';
import { rsi } from '#app/indicators/rsi.ts';
import { sma } from '#app/indicators/sma.ts';
import { barAt, momentsOf, signalsBarByBar, signalsOverColumns, type SymbolBars } from './column-run.ts';
import type { Context } from './context.ts';
import { NO_HOST_FACTS, openHost, restoreHost, savedWishes, type HostSignal, type Moment, type StrategyHost } from './host.ts';
import { integer } from './parameters.ts';
import { strategy, type BoundStrategy } from './spec.ts';
import { everyBars, threeMarkets, walk } from './testing-bars.ts';

const HOURS = { barMs: HOUR_MS, wide: everyBars(6) };

/** A portfolio that uses everything that a host keeps: several outputs, a price source, a wide timeframe, history, state, weights, orders. */
const everything = strategy({
  kind: 'everything', title: 'Everything', description: 'For tests.', scope: 'portfolio', symbols: [2, 3], usesOrders: true, usesShorts: true,
  parameters: { period: integer(5, { min: 2, max: 50, describe: 'Bars' }) },
  indicators: ({ period }) => ({ mean: sma(period, { source: 'hlc3' }), strength: rsi(3), range: atr(4), day: sma(2, { timeframe: '1Day' }) }),
  history: () => 3,
  state: z.object({ calls: z.number(), resting: z.array(z.number()) }),
  initialState: () => ({ calls: 0, resting: [] as number[] }),
  onBar({ all, state }) {
    state.calls += 1;
    for (const view of all) {
      const { mean, strength, range, day } = view.indicators;
      if (!view.hasBar) continue;
      const slope = mean.now - mean.ago(3);
      if (strength.now < 25) view.weight(slope < 0 ? 0.25 : 0.5, { reasons: () => [{ name: 'calls', value: String(state.calls), threshold: null }], atr: range.now, stopPrice: view.close.now - range.now });
      else if (strength.now > 80 && view.close.now > day.now) view.weight(-0.125);
      else if (strength.now > 60) view.flat();
      if (state.calls % 17 === 0) state.resting.push(view.submit({ side: 'buy', qty: 3, type: 'limit', limitPrice: view.low.ago(2), reasons: () => [{ name: 'low', value: String(view.low.ago(2)), threshold: null }] }));
      if (state.resting.length > 4) view.cancel(state.resting.shift() ?? 0);
    }
  },
});

/** Says what it is told to by the close of the bar: 1 long, 2 short, 3 flat, 4 half, 5 half again, 9 nothing. */
const puppet = strategy({
  kind: 'puppet', title: 'Puppet', description: 'For tests.', scope: 'symbol', usesShorts: true, parameters: {}, indicators: () => ({}), history: () => 0, state: z.object({}), initialState: () => ({}),
  onBar({ on }: Context) {
    const reasons = () => [{ name: 'close', value: String(on.close.now), threshold: null }];
    if (on.close.now === 1) on.long({ reasons, stopPrice: 0.5, takeProfitPrice: -1, atr: NaN });
    if (on.close.now === 2) on.short({ reasons, stopPrice: 3 });
    if (on.close.now === 3) on.flat({ reasons, stopPrice: 1 });
    if (on.close.now === 4) on.weight(0.5, { reasons });
    if (on.close.now === 5) on.weight(0.5, { reasons, again: true });
  },
});

function moments(markets: readonly SymbolBars[]): Moment[] {
  return [...momentsOf(markets)].map((openTime) => {
    const at = markets.map(({ symbol, bars }) => [symbol, bars, bars.time.indexOf(openTime)] as const).filter(([, , i]) => i >= 0);
    return { openTime, closeTime: openTime + HOUR_MS, bars: new Map(at.map(([symbol, bars, i]) => [symbol, barAt(bars, i)])) };
  });
}

/** Shows closes to a puppet: `!` before one makes the bar quiet. */
function tell(host: StrategyHost, closes: readonly (number | string)[]): (string | null)[] {
  return closes.map((told, i) => {
    const close = Number(String(told).replace('!', ''));
    const bar = { time: i, open: close, high: close, low: close, close, volume: 1 };
    const signals = host.advance({ openTime: i, closeTime: i + 1, bars: new Map([['A', bar]]) }, String(told).startsWith('!') ? 'quiet' : 'live', NO_HOST_FACTS);
    return signals.length === 0 ? null : signals.map(({ target, weight }) => (weight === null ? target : `${target} ${weight}`)).join(',');
  });
}

const open = (): StrategyHost => openHost(puppet.bind({}), ['A']);

describe('a wish', () => {
  it('is raised when it changes, and only then', () => {
    expect(tell(open(), [3, 1, 1, 9, 3, 3, 2, 2, 1, 3])).toEqual([null, 'long', null, null, 'flat', null, 'short', null, 'long', 'flat']);
    expect(tell(open(), [4, 4, 1, 4, 5, 5, 3])).toEqual(['long 0.5', null, 'long', 'long 0.5', 'long 0.5', 'long 0.5', 'flat']);
  });

  it('carries the exits of an entry that lie above nothing, and none of an exit', () => {
    const host = open();
    const said = [1, 2, 3].flatMap((close) => host.advance({ openTime: close, closeTime: close + 1, bars: new Map([['A', { time: 0, open: close, high: close, low: close, close, volume: 1 }]]) }, 'live', NO_HOST_FACTS));
    expect(said.map(({ exits, atr, n }) => ({ exits, atr, n }))).toEqual([{ exits: { stopPrice: 0.5, takeProfitPrice: null }, atr: null, n: 0 }, { exits: { stopPrice: 3, takeProfitPrice: null }, atr: null, n: 0 }, { exits: undefined, atr: null, n: 0 }]);
  });

  it('that was missed while quiet stays missed, an exit is owed', () => {
    expect(tell(open(), ['!1', '!1', 9, 9])).toEqual([null, null, null, null]);
    expect(tell(open(), [1, '!3', '!9', 9, 9])).toEqual(['long', null, null, 'flat', null]);
    expect(tell(open(), [2, '!1', 9, 9]), 'it would have turned round: out of the old side, the new one is missed').toEqual(['short', null, 'flat', null]);
    expect(tell(open(), [1, '!3', '!1', 9]), 'it wanted back in').toEqual(['long', null, null, null]);
    expect(tell(open(), [1, '!3', 1]), 'it wants back in now').toEqual(['long', null, null]);
    expect(tell(open(), [4, '!1', 9]), 'another weight of the same side is no exit').toEqual(['long 0.5', null, null]);
  });

  it('says of an owed exit why it was wanted', () => {
    const host = open();
    tell(host, [1, '!3', '!9']);
    const bar = { time: 9, open: 9, high: 9, low: 9, close: 9, volume: 1 };
    expect(restoreHost(puppet.bind({}), ['A'], JSON.parse(JSON.stringify(host.save()))).advance({ openTime: 9, closeTime: 10, bars: new Map([['A', bar]]) }, 'live', NO_HOST_FACTS)).toMatchObject([
      { symbol: 'A', target: 'flat', reasons: [{ name: 'close', value: '3', threshold: null }] },
    ]);
  });

  it('goes over to the version that follows', () => {
    const host = open();
    tell(host, [1, '!3']);
    const wishes = savedWishes(JSON.parse(JSON.stringify(host.save())));
    expect([...wishes]).toEqual([['A', { wish: { side: 'long', weight: null }, isExitOwed: true }]]);
    const next = openHost(puppet.bind({}), ['A'], { wishes });
    expect(next.wishOf('A')).toEqual({ wish: { side: 'long', weight: null }, isExitOwed: true });
    expect(tell(next, [9, 1])).toEqual(['flat', 'long']);
  });
});

function collect(host: StrategyHost, given: readonly Moment[], each: (host: StrategyHost, i: number) => StrategyHost = (same) => same): { signals: HostSignal[][]; end: unknown } {
  let current = host;
  const signals = given.map((moment, i) => {
    current = each(current, i);
    return current.advance(moment, 'live', NO_HOST_FACTS);
  });
  return { signals, end: current.save() };
}

describe('a host', () => {
  const bound = everything.bind({});
  const markets = threeMarkets(260);
  const given = moments(markets);
  const fresh = (of: BoundStrategy = bound): StrategyHost => openHost(of, ['CCC', 'AAA', 'BBB'], HOURS);
  const whole = collect(fresh(), given);

  it('uses all that it offers in this test', () => {
    const all = whole.signals.flat();
    expect(new Set(all.map((signal) => signal.target))).toEqual(new Set(['long', 'short', 'flat']));
    for (const has of [(s: HostSignal) => s.order !== null, (s: HostSignal) => s.cancels !== null, (s: HostSignal) => s.exits !== undefined, (s: HostSignal) => s.n > 0]) expect(all.some(has)).toBe(true);
    expect(all.filter((signal) => signal.order !== null).map((signal) => signal.orderId)).toEqual(all.filter((signal) => signal.order !== null).map((_, i) => i + 1));
    expect(JSON.parse(JSON.stringify(all)), 'signals are plain JSON').toEqual(all);
  });

  it('goes on after a restart at any bar as if there had been none', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.nat(259), { minLength: 1, maxLength: 6 }), (cuts) => {
      const restarted = collect(fresh(), given, (host, i) => (cuts.includes(i) ? restoreHost(bound, ['AAA', 'BBB', 'CCC'], JSON.parse(JSON.stringify(host.save())), HOURS) : host));
      expect(restarted).toEqual(whole);
    }), { numRuns: 40 });
  });

  it('goes on in a copy that shares nothing with it', () => {
    fc.assert(fc.property(fc.nat(259), (cut) => {
      let left: StrategyHost | null = null;
      let before = '';
      const copied = collect(fresh(), given, (host, i) => {
        if (i !== cut) return host;
        [left, before] = [host, JSON.stringify(host.save())];
        return host.copy();
      });
      expect(copied).toEqual(whole);
      expect(JSON.stringify((left as StrategyHost | null)?.save())).toBe(before);
    }), { numRuns: 20 });
  });

  it('says what the columns say, to the last bit, wherever bars are missing', () => {
    for (const seed of [1, 2, 3]) {
      const some = threeMarkets(700, seed);
      const live = signalsBarByBar(bound, some, HOURS);
      expect(live.length).toBeGreaterThan(50);
      expect(live).toEqual(signalsOverColumns(bound, some, HOURS));
    }
  });

  it('is warm when each symbol that it needs is, wide bars included', () => {
    const host = fresh();
    const warmAt = given.findIndex((moment) => {
      host.advance(moment, 'quiet', NO_HOST_FACTS);
      return host.isWarm();
    });
    // Two wide bars of six close at index 11; three bars of history behind it.
    expect(warmAt).toBe(14);
  });

  it('refuses stored runs of another strategy, of other symbols and of another shape', () => {
    const saved = JSON.parse(JSON.stringify(whole.end)) as unknown;
    expect(() => restoreHost(everything.bind({ period: 6 }), ['AAA', 'BBB', 'CCC'], saved, HOURS)).toThrow(/not those of this strategy/);
    expect(() => restoreHost(bound, ['AAA', 'BBB'], saved, HOURS)).toThrow(/other symbols/);
    expect(() => restoreHost(bound, ['AAA', 'BBB', 'CCC'], { wish: 'long', isExitOwed: false, state: {} }, HOURS)).toThrow(/cannot be read/);
    expect(() => restoreHost(puppet.bind({}), ['AAA'], saved)).toThrow(/other symbols/);
  });

  it('refuses a number of symbols that its strategy does not take', () => {
    expect(() => openHost(bound, ['AAA'], HOURS)).toThrow(/takes 2 to 3 different symbols, not 1/);
    expect(() => openHost(bound, ['AAA', 'AAA'], HOURS)).toThrow(/different symbols/);
    expect(() => openHost(puppet.bind({}), ['A', 'B'])).toThrow(/takes 1 different/);
    expect(() => openHost(bound, ['AAA', 'BBB'])).toThrow(/wide/);
  });
});

describe('a strategy that fails', () => {
  const failing = (onBar: (context: Context) => void): StrategyHost =>
    openHost(strategy({ kind: 'failing', title: 'Failing', description: 'For tests.', scope: 'symbol', parameters: {}, indicators: () => ({}), state: z.object({}), initialState: () => ({}), onBar: onBar as never }).bind({}), ['A']);
  const run = (host: StrategyHost): unknown => moments([{ symbol: 'A', bars: walk(3, { seed: 1 }) }]).map((moment) => host.advance(moment, 'live', NO_HOST_FACTS));

  it('is named with the symbol, the bar and what it said', () => {
    expect(() => run(failing(() => {
      throw new RangeError('lost');
    }))).toThrow(expect.objectContaining({ code: 'STRATEGY_FAILED', family: 'invalid', message: 'The strategy failing failed on A at the bar that closed 1970-01-01T02:00:00.000Z: lost' }));
  });

  it('may not remember what would not come back from the book', () => {
    for (const [value, words] of [[NaN, 'state.n is NaN'], [[1, Infinity], 'state.n[1] is Infinity'], [undefined, 'state.n is undefined'], [new Map(), 'state.n is no list and no named values'], [{ f: () => 1 }, 'state.n.f is a function']] as const) {
      expect(() => run(failing(({ state }) => void Object.assign(state as object, { n: value })))).toThrow(expect.objectContaining({ code: 'STRATEGY_FAILED', message: expect.stringContaining(words) as string }));
    }
    for (const [value, words] of [['a\0', 'state.n holds'], [{ deep: ['ok', '\ud83d'] }, 'state.n.deep.1 holds'], [{ '\ude00': 1 }, 'holds the letter zero or half a letter']] as const) {
      expect(() => run(failing(({ state }) => void Object.assign(state as object, { n: value })))).toThrow(expect.objectContaining({ code: 'STRATEGY_FAILED', message: expect.stringContaining(words) as string }));
    }
    expect(() => run(failing(({ state }) => void Object.assign(state as object, { n: ['😀', null, 'a', true, -3, { deep: [] }] })))).not.toThrow();
  });

  it('may not look further back than it declares, nor ahead, nor wish for what is no number', () => {
    expect(() => run(failing(({ on }) => void on.close.ago(2)))).toThrow(/further back than the history of 1 bars/);
    expect(() => run(failing(({ on }) => on.weight(NaN)))).toThrow(/weight\(NaN\) of A is no part of the equity/);
    // An exit or an order that is silently none would be a position without its stop.
    expect(() => run(failing(({ on }) => on.long({ stopPrice: NaN })))).toThrow(/stopPrice NaN of A is no price/);
    expect(() => run(failing(({ on }) => on.weight(-0.5, { takeProfitPrice: Infinity })))).toThrow(/takeProfitPrice Infinity of A is no price/);
    expect(() => run(failing(({ on }) => on.long({ stopPrice: -1, atr: NaN })))).not.toThrow();
    for (const [order, words] of [[{ qty: NaN }, 'qty NaN'], [{ limitPrice: NaN }, 'limitPrice NaN'], [{ stopPrice: Infinity }, 'stopPrice Infinity'], [{ trailPercent: NaN }, 'trailPercent NaN'], [{ stopLoss: { stopPrice: NaN } }, 'stopLoss.stopPrice NaN'], [{ takeProfit: { limitPrice: NaN } }, 'takeProfit.limitPrice NaN']] as const) {
      expect(() => run(failing(({ on }) => void on.submit({ side: 'buy', qty: 1, ...order })))).toThrow(`an order of A has ${words}`);
    }
    // Finite, and still more than can be written.
    expect(() => run(failing(({ on }) => on.weight(1_001)))).toThrow(/weight\(1001\) of A is no part of the equity/);
    expect(() => run(failing(({ on }) => on.weight(1_000)))).not.toThrow();
    expect(() => run(failing(({ on }) => on.long({ takeProfitPrice: 1e17 })))).toThrow(/takeProfitPrice 100000000000000000 of A is no price/);
    expect(() => run(failing(({ on }) => void on.submit({ side: 'buy', qty: 1e16 })))).toThrow('an order of A has qty 10000000000000000');
    expect(() => run(failing(({ on }) => void on.submit({ side: 'buy', qty: 6e14, limitPrice: 6e14 })))).not.toThrow();
    const seen: number[] = [];
    run(failing(({ on }) => void seen.push(on.close.ago(-1))));
    expect(seen).toEqual([NaN, NaN]);
  });
});
