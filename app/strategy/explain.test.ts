/** A bar explained: what was asked, what was wished, what was held, and that asking changes nothing. */
import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '#app/domain/time.ts';
import type { Wish } from './context.ts';
import { barAt, momentsOf, type SymbolBars } from './column-run.ts';
import { indicatorLabel, Rerun, saysTheSame, SharesThen, splitCheckName, type BarRecord } from './explain.ts';
import { NO_HOST_FACTS, openHost, type Moment } from './host.ts';
import { STRATEGY_TYPES, strategyType } from './registry.ts';
import { everyBars, flatBars, threeMarkets, walk } from './testing-bars.ts';
import type { BoundStrategy } from './spec.ts';

const LIMITS = { checks: 50 };
const OPTIONS = { wide: everyBars(24) };

function momentsIn(markets: readonly SymbolBars[]): Moment[] {
  const next = markets.map(() => 0);
  return Array.from(momentsOf(markets), (openTime) => {
    const bars = new Map();
    markets.forEach(({ symbol, bars: columns }, n) => {
      const i = next[n] ?? 0;
      if (columns.time[i] !== openTime) return;
      bars.set(symbol, barAt(columns, i));
      next[n] = i + 1;
    });
    return { openTime, closeTime: openTime + HOUR_MS, bars };
  });
}

const one = (closes: readonly number[], range = 0): SymbolBars[] => [{ symbol: 'A', bars: flatBars(closes, range) }];

/** Runs all moments but the last, and explains that one. */
function explained(strategy: BoundStrategy, markets: readonly SymbolBars[], follows: 'book' | 'itself' = 'itself', raised: ReadonlyMap<number, Wish> = new Map()): BarRecord {
  const moments = momentsIn(markets);
  const [symbol = 'A'] = markets.map((market) => market.symbol);
  const run = new Rerun({ strategy, symbols: markets.map((market) => market.symbol), symbol, follows, options: OPTIONS });
  moments.slice(0, -1).forEach((moment) => {
    const wish = raised.get(moment.openTime);
    run.show(moment, NO_HOST_FACTS, wish === undefined ? null : new Map([[symbol, wish]]));
  });
  return run.explain(moments.at(-1) ?? { openTime: 0, closeTime: 0, bars: new Map() }, NO_HOST_FACTS, LIMITS);
}

const quick = strategyType('sma_cross').bind({ fast: 2, slow: 3, atrPeriod: 2 });

describe('a bar that is explained', () => {
  it('tells every condition with its number and its threshold', () => {
    // Averages of 9.5 and 9 at the last close, of 8.5 and 9 before: a crossing upwards.
    const record = explained(quick, one([10, 9, 8, 9, 10]));
    expect(record.checks).toEqual([
      { symbol: 'A', name: 'Buy: fast average above the slow one', isMet: true, value: 9.5, threshold: 9 }, { symbol: 'A', name: 'Buy: it was below when they last differed', isMet: true, value: NaN, threshold: NaN },
      { symbol: 'A', name: 'Sell: fast average below the slow one', isMet: false, value: 9.5, threshold: 9 }, { symbol: 'A', name: 'Sell: it was above when they last differed', isMet: false, value: NaN, threshold: NaN },
    ]);
    expect(record).toMatchObject({ wasAsked: true, bars: 5, wish: { before: { side: 'flat' }, after: { side: 'long' } }, memory: { before: { side: -1 }, after: { side: 1 } }, said: [{ target: 'long', weight: null }] });
    expect(record.named.get('A')).toEqual({ side: 'long', weight: null });
    expect(record.state?.outputs.map(({ name, value }) => [name, value])).toEqual([['fast', 9.5], ['slow', 9], ['range', expect.any(Number)]]);
  });

  it('says that nobody was asked while it warms up, and how many bars that takes', () => {
    const record = explained(quick, one([10, 9]));
    expect([record.wasAsked, record.checks, record.state?.seen, record.state?.needed]).toEqual([false, [], 2, 4]);
  });

  it('tells a wish that is named again apart from silence', () => {
    const revert = strategyType('rsi_reversion').bind({ period: 2, atrPeriod: 2 });
    const record = explained(revert, one([10, 9, 8, 7, 6]));
    expect([record.named.get('A'), record.said, record.wish.before]).toEqual([{ side: 'long', weight: null }, [], { side: 'long', weight: null }]);
    expect(explained(quick, one([10, 9, 8, 9, 10, 11])).named.size).toBe(0);
  });

  it('follows what was raised in truth, where it was at work', () => {
    // Nothing was raised at the crossing (it was switched off, say): the wish is what it was, and no exit of this run is owed.
    const [crossing, later] = [one([10, 9, 8, 9, 10]), one([10, 9, 8, 9, 10, 11, 7])];
    expect(explained(quick, crossing, 'book').wish.before.side).toBe('flat');
    expect(explained(quick, later, 'book')).toMatchObject({ wish: { before: { side: 'flat' } }, said: [] });
    expect(explained(quick, later, 'book', new Map([[4 * HOUR_MS, { side: 'long', weight: null }]]))).toMatchObject({ wish: { before: { side: 'long' }, after: { side: 'flat' } }, said: [{ target: 'flat' }] });
  });

  it('gives the same answer to the same bars', () => {
    for (const type of STRATEGY_TYPES) {
      const strategy = type.bind({});
      const [least] = strategy.symbols;
      const markets = threeMarkets(180, 11).slice(0, Math.max(1, least));
      expect(explained(strategy, markets), type.kind).toEqual(explained(strategy, markets));
    }
  });

  it('has conditions of every strategy of the house, each with what it leads to', () => {
    for (const type of STRATEGY_TYPES) {
      const strategy = type.bind({});
      const record = explained(strategy, threeMarkets(180, 5).slice(0, strategy.symbols[0] > 1 ? 2 : 1));
      expect(record.checks.length, type.kind).toBeGreaterThan(0);
      for (const { name } of record.checks) expect(splitCheckName(name).leadsTo, name).not.toBeNull();
    }
  });

  it('keeps so many conditions and counts the rest', () => {
    const strategy = strategyType('momentum_rotation').bind({ period: 2, hold: 1 });
    const markets = threeMarkets(60);
    const run = new Rerun({ strategy, symbols: ['AAA', 'BBB', 'CCC'], symbol: 'BBB', follows: 'itself', options: {} });
    const [last, ...before] = momentsIn(markets).slice(0, 4).reverse();
    for (const moment of before.reverse()) run.show(moment, NO_HOST_FACTS, null);
    const record = run.explain(last ?? { openTime: 0, closeTime: 0, bars: new Map() }, NO_HOST_FACTS, { checks: 1 });
    expect([record.checks.length, record.checksLeftOut]).toEqual([1, record.wasAsked ? expect.any(Number) : 0]);
    expect(new Set(record.checks.map((check) => check.symbol))).toEqual(new Set(['AAA']));
  });
});

describe('listening', () => {
  it('changes nothing: a host that is recorded at every bar says what one says that is not', () => {
    const markets: SymbolBars[] = [{ symbol: 'A', bars: walk(400, { seed: 3 }) }];
    const [plain, heard] = [openHost(quick, ['A']), openHost(quick, ['A'])];
    for (const moment of momentsIn(markets)) {
      const { signals } = heard.record(moment, NO_HOST_FACTS, { checks: 9, symbols: new Set(['A']) });
      expect(signals).toEqual(plain.advance(moment, 'live', NO_HOST_FACTS));
    }
    expect(heard.save()).toEqual(plain.save());
  });

  it('ends with the bar, also when the strategy throws', () => {
    const host = openHost(strategyType('volatility_target').bind({ period: 2 }), ['A']);
    const moments = momentsIn(one([10, 11, 12, 11]));
    const sizes = moments.map((moment, n) => (n === 2 ? 0 : host.record(moment, NO_HOST_FACTS, { checks: 9, symbols: new Set(['A']) }).checks.length));
    expect(sizes.at(-1)).toBeGreaterThan(0);
    expect(host.advance({ openTime: 9 * HOUR_MS, closeTime: 10 * HOUR_MS, bars: new Map() }, 'live', NO_HOST_FACTS)).toBeDefined();
  });
});

describe('shares as they were', () => {
  const moment = (hour: number, close: number): Moment => ({ openTime: hour * HOUR_MS, closeTime: (hour + 1) * HOUR_MS, bars: new Map([['A', { time: hour * HOUR_MS, open: close, high: close, low: close, close, volume: 1 }]]) });

  it('come with their fills, grow older by the bar, and leave at their average', () => {
    const fills = [{ symbol: 'A', at: 1.5 * HOUR_MS, qty: 10, price: 100 }, { symbol: 'A', at: 2.5 * HOUR_MS, qty: 10, price: 110 }, { symbol: 'A', at: 3.5 * HOUR_MS, qty: -5, price: 120 }, { symbol: 'A', at: 4.5 * HOUR_MS, qty: -25, price: 120 }, { symbol: 'A', at: 5.5 * HOUR_MS, qty: 10, price: 90 }];
    const shares = new SharesThen({ equity: 1_000, cash: 500 }, fills);
    const seen = [0, 1, 2, 3, 4, 5].map((hour) => {
      shares.moveTo(moment(hour, 100 + hour));
      const { qty, averagePrice, barsHeld, openProfit } = shares.positionOf('A');
      return [qty, averagePrice, barsHeld, openProfit];
    });
    // Bought 10 at 100 and 10 at 110: 20 at 105; 15 of them left at 105; then through flat to 10 short at 120, and flat again.
    expect(seen).toEqual([[0, NaN, -1, 0], [10, 100, 0, 10], [20, 105, 1, -60], [15, 105, 2, -30], [-10, 120, 0, 160], [0, NaN, -1, 0]]);
    expect([shares.equity, shares.cash]).toEqual([1_000, 500]);
  });
});

describe('words', () => {
  it('split what a condition leads to from what it says', () => {
    expect(splitCheckName('Buy: RSI below 30')).toEqual({ leadsTo: 'Buy', name: 'RSI below 30' });
    expect(splitCheckName('RSI below 30')).toEqual({ leadsTo: null, name: 'RSI below 30' });
    expect(splitCheckName('a first part that is far too long: x')).toEqual({ leadsTo: null, name: 'a first part that is far too long: x' });
    expect(splitCheckName('Buy:')).toEqual({ leadsTo: null, name: 'Buy:' });
  });

  it('call indicators as people do', () => {
    expect(Object.values(quick.indicators).map(indicatorLabel)).toEqual(['SMA(2)', 'SMA(3)', 'ATR(2)']);
  });

  it('compare what is said with what was raised', () => {
    const said = [{ target: 'long' as const, weight: 0.25, order: null, cancels: null }];
    const stored = { target: 'long', weight: 0.25, isOrder: false, isCancel: false };
    expect([saysTheSame(said, [stored]), saysTheSame(said, []), saysTheSame(said, [{ ...stored, weight: null }]), saysTheSame([], [])]).toEqual([true, false, false, true]);
    expect(saysTheSame([{ ...said[0], target: 'long', weight: null, order: { side: 'buy', qty: 1 }, cancels: null }], [{ ...stored, isOrder: true }])).toBe(true);
  });
});
