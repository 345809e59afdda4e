/** The built-in strategies against golden back-tests. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { behaviourHash, STRATEGY_KINDS, strategyKind } from './registry.ts';
import { rsiReversion } from './rsi-reversion.ts';
import { smaCross } from './sma-cross.ts';
import { advance, copyRun, readRun, reasonNumber, startRun, type Strategy, type StrategyBar, type StrategySignal } from './strategy.ts';
import { describeRecorded, sharedPath } from '../../tests/support/recorded.ts';

const flatBar = (close: number): StrategyBar => ({ open: close, high: close, low: close, close, volume: 100 });

function signals(strategy: Strategy, closes: readonly number[]): (string | null)[] {
  const run = startRun(strategy);
  return closes.map((close) => advance(strategy, run, flatBar(close), 'live')?.target ?? null);
}

const closes = fc.array(fc.integer({ min: 900, max: 1100 }).map((cents) => cents / 100), { minLength: 1, maxLength: 150 });
const anyKind = fc.constantFrom(...STRATEGY_KINDS);

describe('sma_cross', () => {
  const quick = smaCross.configure({ fast: 2, slow: 3, atrPeriod: 2 });

  it('signals crossings only, in turn, and not the side on which it wakes up', () => {
    // It wakes above (9.5 to 9.33), is flat already when it crosses below (8.5 to 8.67), then crosses up (12.5 to 10.67) and down (11.5 to 12).
    expect(signals(quick, [9, 9, 10, 7, 12, 13, 14, 9])).toEqual([null, null, null, null, null, 'long', null, 'flat']);
  });

  it('takes a touch for no crossing', () => {
    expect(signals(quick, [10, 9, 8, 8, 8, 8, 7, 7])).toEqual([null, null, null, null, null, null, null, null]);
    expect(signals(quick, [10, 9, 8, 8, 8, 8, 9, 9])).toEqual([null, null, null, null, null, null, 'long', null]);
  });

  it('explains a signal by both averages and carries the average true range', () => {
    const run = startRun(quick);
    const raised = [10, 9, 8, 9, 10].map((close) => advance(quick, run, flatBar(close), 'live')).filter((signal): signal is StrategySignal => signal !== null);
    expect(raised).toEqual([{ target: 'long', atr: 1, reasons: [{ name: 'SMA(2)', value: '9.5', threshold: 'crossed above SMA(3) 9' }] }]);
  });

  it('places exits in average true ranges from the entry where it is asked to, and is the strategy it was where it is not', () => {
    const entry = (parameters: object): StrategySignal | undefined => {
      const strategy = smaCross.configure({ fast: 2, slow: 3, atrPeriod: 2, ...parameters });
      const run = startRun(strategy);
      return [10, 9, 8, 9, 10].map((close) => advance(strategy, run, flatBar(close), 'live')).find((signal) => signal !== null) ?? undefined;
    };
    expect(entry({ stopAtr: 1.5, takeProfitAtr: 3 })?.exits).toEqual({ stopPrice: 8.5, takeProfitPrice: 13 });
    expect(entry({ stopAtr: 2 })?.exits).toEqual({ stopPrice: 8, takeProfitPrice: null });
    expect(entry({ stopAtr: 20 }), 'a stop below nothing').not.toHaveProperty('exits');
    expect(entry({ stopAtr: 0, takeProfitAtr: 0 })).not.toHaveProperty('exits');
    expect(() => smaCross.configure({ stopAtr: -1 })).toThrow(/stopAtr/);
    expect(new Set([{}, { stopAtr: 2 }, { takeProfitAtr: 2 }].map((more) => behaviourHash(smaCross.configure(more)))).size).toBe(3);
  });

  it('refuses parameters that make no crossover', () => {
    expect(() => smaCross.configure({ fast: 30, slow: 10 })).toThrow(/shorter/);
    expect(() => smaCross.configure({ fats: 3 })).toThrow(/sma_cross cannot use its parameters/);
    expect(smaCross.configure({}).parameters).toEqual({ fast: 10, slow: 30, atrPeriod: 14 });
    expect(smaCross.configure({}).warmUpBars).toBe(30);
  });
});

describe('rsi_reversion', () => {
  const quick = rsiReversion.configure({ period: 2, entryBelow: 30, exitAbove: 55, atrPeriod: 2 });

  it('buys what fell and sells what came back', () => {
    expect(signals(quick, [10, 9, 8, 7, 7, 9, 9.5])).toEqual([null, null, 'long', null, null, 'flat', null]);
  });

  it('does not take a market that never moved for an oversold one', () => {
    expect(signals(quick, [10, 10, 10, 10, 10])).toEqual([null, null, null, null, null]);
  });

  it('refuses levels in the wrong order', () => {
    expect(() => rsiReversion.configure({ entryBelow: 60 })).toThrow(/below the exit level/);
  });
});

describe('a run of any strategy', () => {
  it('alternates long and flat, beginning with long', () => {
    fc.assert(
      fc.property(anyKind, closes, (kind, values) => {
        const strategy = kind.configure(kind.kind === 'sma_cross' ? { fast: 2, slow: 5 } : { period: 3 });
        const raised = signals(strategy, values).filter((target) => target !== null);
        expect(raised).toEqual(raised.map((_, i) => (i % 2 === 0 ? 'long' : 'flat')));
      }),
    );
  });

  it('goes on after a restart as if there had been none', () => {
    fc.assert(
      fc.property(anyKind, closes, fc.nat(150), (kind, values, cut) => {
        const strategy = kind.configure({});
        const [whole, cold] = [startRun(strategy), startRun(strategy)];
        let restarted = cold;
        values.forEach((close, i) => {
          if (i === cut) restarted = readRun(strategy, JSON.parse(JSON.stringify(restarted)));
          expect(advance(strategy, restarted, flatBar(close), 'live')).toEqual(advance(strategy, whole, flatBar(close), 'live'));
        });
        expect(restarted).toEqual(whole);
      }),
    );
  });

  it('copies share nothing with the original', () => {
    fc.assert(
      fc.property(anyKind, closes, (kind, values) => {
        const strategy = kind.configure({});
        const run = startRun(strategy);
        for (const close of values) advance(strategy, run, flatBar(close), 'live');
        const before = JSON.stringify(run);
        const copy = copyRun(run);
        expect(copy).toEqual(run);
        for (const close of values) advance(strategy, copy, flatBar(close + 1), 'live');
        expect(JSON.stringify(run)).toBe(before);
      }),
    );
  });

  it('owes the exit that it saw while quiet, and forgets the entry', () => {
    const strategy = smaCross.configure({ fast: 2, slow: 3, atrPeriod: 2 });
    const run = startRun(strategy);
    const live = (close: number) => advance(strategy, run, flatBar(close), 'live')?.target ?? null;
    const quiet = (close: number) => advance(strategy, run, flatBar(close), 'quiet');
    expect([10, 9, 8, 9, 10].map(live)).toEqual([null, null, null, null, 'long']);
    expect([6, 5].map(quiet)).toEqual([null, null]);
    expect(run).toMatchObject({ wish: 'long', isExitOwed: true });
    expect(live(5)).toBe('flat');
    expect([9, 12].map(quiet)).toEqual([null, null]);
    expect(live(13)).toBeNull();
    expect(run.wish).toBe('flat');
  });

  it('drops an owed exit when the strategy wants back in while still quiet', () => {
    const strategy = smaCross.configure({ fast: 2, slow: 3, atrPeriod: 2 });
    const run = startRun(strategy);
    for (const close of [10, 9, 8, 9, 10]) advance(strategy, run, flatBar(close), 'live');
    for (const close of [6, 5, 9, 12]) advance(strategy, run, flatBar(close), 'quiet');
    expect(run).toMatchObject({ wish: 'long', isExitOwed: false });
    expect(advance(strategy, run, flatBar(13), 'live')).toBeNull();
  });

  it('refuses a stored state of another shape', () => {
    const strategy = smaCross.configure({});
    expect(() => readRun(strategy, { wish: 'long', isExitOwed: false, state: { rsi: 1 } })).toThrow(/not one of this strategy/);
    expect(() => readRun(strategy, { wish: 'short' })).toThrow(/cannot be read/);
  });
});

describe('the registry', () => {
  it('finds kinds, describes their parameters, and names the known ones when asked for another', () => {
    expect(strategyKind('sma_cross')).toBe(smaCross);
    expect(() => strategyKind('magic')).toThrow(/sma_cross, rsi_reversion/);
    for (const kind of STRATEGY_KINDS) {
      expect(kind.parametersJsonSchema()).toMatchObject({ type: 'object', additionalProperties: false });
      expect(kind.configure({}).kind).toBe(kind.kind);
    }
  });

  it('gives the same behaviour the same hash, other behaviour another', () => {
    const hashes = [smaCross.configure({}), smaCross.configure({ fast: 11 }), rsiReversion.configure({}), rsiReversion.configure({ exitAbove: 56 })].map(behaviourHash);
    expect(new Set(hashes).size).toBe(4);
    expect(behaviourHash(smaCross.configure({ fast: 10 }))).toBe(hashes[0]);
  });

  // A changed value here means that deployed versions of the strategy get a new version: change it on purpose only.
  it('pins what the built-in strategies do', () => {
    expect(behaviourHash(smaCross.configure({}))).toBe('fc47aa9f8b791e70');
    expect(behaviourHash(rsiReversion.configure({}))).toBe('0e2676fc0d9e6e31');
  });

  it('writes numbers of reasons without noise', () => {
    expect([30.125, 30, 0.1 + 0.2, 100, NaN].map(reasonNumber)).toEqual(['30.125', '30', '0.3', '100', 'unknown']);
  });
});

/** Bars of a file with the columns (anything), open, high, low, close, volume. */
function barsOf(file: string): StrategyBar[] {
  const bytes = readFileSync(file);
  const lines = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trim().split('\n').slice(1);
  return lines.map((line) => {
    const [, open = NaN, high = NaN, low = NaN, close = NaN, volume = NaN] = line.split(',').map(Number);
    return { open, high, low, close, volume };
  });
}

/** 100 shares, market order at the next bar's open, 0.1 % a side, the rest marked at the last close. */
function trade(strategy: Strategy, bars: readonly StrategyBar[]): { equity: number; closed: number; open: number } {
  const run = startRun(strategy);
  let [cash, shares, closed] = [10_000_000, 0, 0];
  let pending: string | null = null;
  for (const bar of bars) {
    if (pending === 'long') [cash, shares] = [cash - 100 * bar.open * 1.001, 100];
    if (pending === 'flat') [cash, shares, closed] = [cash + shares * bar.open * 0.999, 0, closed + 1];
    pending = advance(strategy, run, bar, 'live')?.target ?? null;
  }
  return { equity: cash + shares * (bars.at(-1)?.close ?? NaN), closed, open: shares > 0 ? 1 : 0 };
}

/** Final equities on which seven other engines agree (GOOG) or those with exact sums (IBM, whose averages often tie). */
for (const [name, file, golden] of [
  ['daily GOOG', sharedPath('data/oracle/GOOG.csv'), { equity: 10_074_300.841, closed: 32, open: 1 }],
  ['hourly IBM', sharedPath('data/equity/hour/ibm.csv.gz'), { equity: 9_984_960.1186, closed: 788, open: 0 }],
] as const) {
  describeRecorded([file], `the 10/30 crossover on ${name}`, () => {
    it('ends with the golden equity and number of trades', () => {
      const result = trade(smaCross.configure({ fast: 10, slow: 30 }), barsOf(file));
      expect(result).toMatchObject({ closed: golden.closed, open: golden.open });
      expect(result.equity).toBeCloseTo(golden.equity, 4);
    });
  });
}
