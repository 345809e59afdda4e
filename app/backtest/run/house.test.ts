/** The house desk over columns against the exact replay: the same orders, fills and denials, to the letter, for every strategy of the house. */
import { describe, expect, it } from 'vitest';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { randomOf } from '#app/domain/random.ts';
import { timeframeMs, type Timeframe } from '#app/domain/time.ts';
import { bucketOpen } from '#app/market/bar-aggregation.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import { exactLimits } from '#app/risk/book.ts';
import { STRATEGY_TYPES } from '#app/strategy/registry.ts';
import type { BoundStrategy } from '#app/strategy/spec.ts';
import { US_SELL_FEES } from '../fees.ts';
import { startBacktest, type BacktestBar } from '../replay.ts';
import { NO_COMMISSION, STRICT_FILLS } from './defaults.ts';
import { runBacktest } from './run.ts';
import { fillsOf, play, scripted } from './testing-script.ts';
import type { RunResult } from './types.ts';

const SYMBOLS = ['AAA', 'BBB', 'CCC'];
const LIMITS = exactLimits({ maxOrderNotional: '40000', maxPositionNotional: '60000', maxGrossExposure: '150000', maxNetExposure: '150000', maxDailyLoss: '20000', maxOrdersPerDay: 2_000, allowShort: true });

/** A walk in cents around 50 that the symbols share in part, so that pairs are worth trading; some minutes have no bar. */
function walk(symbols: readonly string[], timeframe: Timeframe, [from, to]: readonly [string, string]): BarColumns[] {
  const times = sessionsBetween(from, to).flatMap(({ open, close }) => {
    if (timeframe === '1Day') return [bucketOpen(open, timeframe) as number];
    const first = bucketOpen(open, timeframe);
    return Array.from({ length: Math.ceil((close - first) / timeframeMs(timeframe)) }, (_none, n) => first + n * timeframeMs(timeframe));
  });
  const common = randomOf(7, 'common');
  const moves = times.map(() => common.normal());
  return symbols.map((symbol) => {
    const random = randomOf(7, symbol);
    const kept = times.map((_time, n) => n).filter((n) => n < 3 || random.next() > 0.02);
    const bars = barColumns(kept.length);
    let [last, at, far] = [5_000, 0, 0];
    for (let n = 0; n < times.length; n += 1) {
      far = far * 0.97 + random.normal() * 6;
      const close = Math.max(2_000, Math.round(last + (moves[n] ?? 0) * 9 + far * 0.3 + (5_000 - last) * 0.004));
      if (kept[at] === n) {
        const open = last + Math.round(random.normal());
        [bars.time[at], bars.open[at], bars.close[at], bars.volume[at]] = [times[n] ?? 0, open / 100, close / 100, 500 + Math.floor(random.next() * 4_000)];
        [bars.high[at], bars.low[at]] = [(Math.max(open, close) + Math.floor(random.next() * 8)) / 100, (Math.min(open, close) - Math.floor(random.next() * 8)) / 100];
        at += 1;
      }
      last = close;
    }
    return bars;
  });
}

function tapeOf(columns: readonly BarColumns[], symbols: readonly string[]): BacktestBar[] {
  const text = (value: number | undefined): string => String(value ?? NaN);
  return columns.flatMap((bars, n) => [...bars.time].map((openTime, i) => ({
    symbol: symbols[n] ?? '', openTime, open: text(bars.open[i]), high: text(bars.high[i]), low: text(bars.low[i]), close: text(bars.close[i]), volume: text(bars.volume[i]),
  }))).sort((a, b) => a.openTime - b.openTime || (a.symbol < b.symbol ? -1 : 1));
}

type Setup = { readonly strategy: BoundStrategy; readonly symbols: readonly string[]; readonly timeframe: Timeframe; readonly columns: readonly BarColumns[]; readonly canShort: boolean; readonly volumeCap?: number };

function byColumns({ strategy, symbols, timeframe, columns, canShort, volumeCap }: Setup): RunResult {
  return runBacktest({
    strategy, timeframe, sizing: { method: 'percent_of_equity', percent: '20' }, account: { cash: 100_000, multiplier: canShort ? 2 : 1, canShort, borrowPercent: 0, marginInterestPercent: 0 },
    markets: columns.map((bars, n) => ({ symbol: symbols[n] ?? '', bars, detail: null, actions: [], isShortable: true, isFractionable: true })), fills: { ...STRICT_FILLS, volumeCap: volumeCap ?? null },
    slippage: { kind: 'bps', bps: 5 }, commission: NO_COMMISSION, fees: US_SELL_FEES, desk: { kind: 'house', limits: LIMITS, strategyId: 's', versionId: 's.v1' }, isBrokerStrict: true,
  }, { hasLines: true });
}

function byReplay({ strategy, symbols, timeframe, columns, canShort, volumeCap }: Setup): { readonly notes: string[]; readonly cash: string; readonly denied: Readonly<Record<string, number>>; readonly signals: number } {
  const notes: string[] = [];
  const run = startBacktest({
    strategy, symbols, strategyId: 's', versionId: 's.v1', timeframe, sizing: { method: 'percent_of_equity', percent: '20' }, limits: LIMITS, startingCash: '100000', slippageBps: 5, volumeCap: volumeCap ?? null, fees: US_SELL_FEES,
    account: { multiplier: canShort ? 2 : 1, canShort }, maxEquityPoints: 100, note: (line) => notes.push(line),
  });
  run.push(tapeOf(columns, symbols));
  const { outcome } = run.finish();
  return { notes, cash: outcome.endEquity, denied: outcome.denied, signals: outcome.signals };
}

const minutes = walk(SYMBOLS, '1Min', ['2026-06-01', '2026-06-02']);
const hours = walk(SYMBOLS, '1Hour', ['2026-01-05', '2026-06-05']);
const days = walk(SYMBOLS, '1Day', ['2024-06-03', '2026-06-05']);

describe.each(STRATEGY_TYPES.map((type) => [type.kind, type] as const))('%s', (_kind, type) => {
  const strategy = type.bind({});
  const count = Math.min(strategy.symbols[1], SYMBOLS.length);
  const symbols = strategy.scope === 'portfolio' ? SYMBOLS.slice(0, Math.max(strategy.symbols[0], count)) : SYMBOLS;
  it.each([['1Min', minutes], ['1Hour', hours], ['1Day', days]] as const)('orders, fills and is denied the same on %s bars', (timeframe, all) => {
    const setup: Setup = { strategy, symbols, timeframe, columns: all.slice(0, symbols.length), canShort: strategy.usesShorts };
    const [column, replay] = [byColumns(setup), byReplay(setup)];
    expect(column.lines).toEqual(replay.notes);
    expect([column.denied, column.signals]).toEqual([replay.denied, replay.signals]);
    expect(column.equity.at(-1)).toBeCloseTo(Number(replay.cash), 6);
    expect(column.lines.length).toBeGreaterThan(0);
  });
});

describe('the house desk', () => {
  it('agrees with brackets and where a cap on the volume fills in parts', () => {
    const strategy = STRATEGY_TYPES[0]?.bind({ stopAtr: 2, takeProfitAtr: 3 });
    if (strategy === undefined) throw new Error('No strategy');
    const setup: Setup = { strategy, symbols: SYMBOLS, timeframe: '1Min', columns: minutes, canShort: false, volumeCap: 0.05 };
    const [column, replay] = [byColumns(setup), byReplay(setup)];
    expect(column.lines).toEqual(replay.notes);
    expect(column.fills.length).toBeGreaterThan(40);
  });
});

describe('a wish to be flat that has come true', () => {
  it('does not sell what a later order of the strategy\'s own buys', () => {
    const rows = Array.from({ length: 10 }, () => [50, 50.05, 49.95, 50] as const);
    const result = play(rows, {
      0: (on) => on.long(), 2: (on) => on.flat(), 4: (on) => void on.submit({ side: 'buy', qty: 10, type: 'limit', limitPrice: 50 }), 8: (on) => on.flat(),
    }, { desk: { kind: 'house', limits: LIMITS, strategyId: 'scripted', versionId: 'scripted.v1' }, sizing: { method: 'fixed_notional', notional: '1000' } });
    expect(fillsOf(result)).toEqual(['1 buy 20@50', '3 sell 20@50', '5 buy 10@50']);
  });
});

describe('an exit that expires with its session', () => {
  it('is followed up at once, as live, and fills at the next open', () => {
    const [columns] = [walk(['AAA'], '1Min', ['2026-06-01', '2026-06-02'])];
    const [bars] = columns;
    if (bars === undefined) throw new Error('No bars');
    const last = bars.time.findLastIndex((time) => time < Date.UTC(2026, 5, 2));
    // Nobody trades in the last minute: what is sent at the close before it expires.
    bars.volume[last] = 0;
    const setup: Setup = {
      strategy: scripted({ [last - 3]: (on) => on.long(), [last - 1]: (on) => on.flat() }), symbols: ['AAA'], timeframe: '1Min', columns, canShort: false, volumeCap: 1,
    };
    const [column, replay] = [byColumns(setup), byReplay(setup)];
    expect(column.lines).toEqual(replay.notes);
    expect(column.lines.map((line) => line.split(' ')[0])).toEqual(['order', 'fill', 'order', 'expired', 'order', 'fill']);
    expect(column.fills.step.slice(0, column.fills.length)).toEqual(Int32Array.of(last - 2, last + 1));
  });
});

describe('an entry that is owed behind an exit', () => {
  const turn = (timeframe: Timeframe, quiet: number): readonly [RunResult, ReturnType<typeof byReplay>] => {
    const columns = walk(['AAA'], timeframe, ['2026-06-01', '2026-06-12']).map((bars) => ({ ...bars, volume: bars.volume.map((volume, i) => (i >= 6 && i < 6 + quiet ? 0 : volume + 5_000)) }));
    const strategy = scripted({ 3: (on) => on.long(), 5: (on) => on.short() }, { usesShorts: true });
    const setup: Setup = { strategy, symbols: ['AAA'], timeframe, columns, canShort: true, volumeCap: 1 };
    return [byColumns(setup), byReplay(setup)];
  };
  it.each([['1Min', 5], ['5Min', 1], ['1Hour', 0], ['1Day', 0]] as const)('follows over %s bars, also over a weekend: the time is trading time, and at least a bar', (timeframe, quiet) => {
    const [column, replay] = turn(timeframe, quiet);
    expect(column.lines).toEqual(replay.notes);
    expect([...column.trips.side]).toEqual([1, -1]);
  });
  it.each([['1Min', 20], ['5Min', 4]] as const)('is missed when the exit needed more than a quarter of an hour of %s bars', (timeframe, quiet) => {
    const [column, replay] = turn(timeframe, quiet);
    expect(column.lines).toEqual(replay.notes);
    expect([...column.trips.side]).toEqual([1]);
  });
});
