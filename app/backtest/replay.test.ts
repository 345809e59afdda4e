/** The back-test: the next bar's open, the live rules, no look-ahead, the same result every time. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { DEFAULT_EXACT_LIMITS, exactLimits } from '#app/risk/book.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { sessionOn } from '#app/market/calendar.ts';
import { smaCross } from '#app/strategy/built-in/sma-cross.ts';
import { NO_HOST_FACTS, openHost } from '#app/strategy/host.ts';
import { strategy as defineStrategy, type BoundStrategy } from '#app/strategy/spec.ts';
import { startBacktest, type BacktestBar, type BacktestConfig, type BacktestFill, type BacktestOutcome } from './replay.ts';
import { startEquityTrack } from './equity-track.ts';
import { US_SELL_FEES } from './fees.ts';

const DAYS = ['2026-06-01', '2026-06-02', '2026-06-03'];
const text = (cents: number): string => (cents / 100).toFixed(2);

/** A walk in cents of some symbols over whole sessions, with two bars outside of the session. */
function market(symbols: readonly string[], days: readonly string[] = DAYS): BacktestBar[] {
  let seed = 11;
  const closes = new Map<string, number>();
  const bars: BacktestBar[] = [];
  for (const day of days) {
    const session = sessionOn(day);
    if (!session) throw new Error(day);
    for (let openTime = session.open - 2 * MINUTE_MS; openTime < session.close; openTime += MINUTE_MS) {
      for (const symbol of symbols) {
        seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
        const open = (closes.get(symbol) ?? 5_000) + (seed % 5) - 2;
        const close = Math.max(500, open + ((seed >>> 8) % 41) - 20);
        closes.set(symbol, close);
        bars.push({ symbol, openTime, open: text(open), high: text(Math.max(open, close) + 3), low: text(Math.min(open, close) - 3), close: text(close), volume: String(100 + (seed % 900)) });
      }
    }
  }
  return bars;
}

function config(more: Partial<BacktestConfig> = {}): BacktestConfig {
  return {
    strategy: smaCross.bind({}), strategyId: 's', versionId: 's.v1', timeframe: '1Min', sizing: { method: 'fixed_notional', notional: '5000' }, limits: DEFAULT_EXACT_LIMITS,
    startingCash: '100000', slippageBps: 0, volumeCap: null, fees: null, maxEquityPoints: 2_000, note: () => undefined, ...more,
  };
}
type Result = { readonly fills: BacktestFill[]; readonly outcome: BacktestOutcome; readonly notes: string[] };

function run(bars: readonly BacktestBar[], more: Partial<BacktestConfig> = {}, page = 1_000): Result {
  const notes: string[] = [];
  const backtest = startBacktest(config({ ...more, note: (line) => notes.push(line) }));
  const fills: BacktestFill[] = [];
  for (let start = 0; start < bars.length; start += page) fills.push(...backtest.push(bars.slice(start, start + page)));
  const end = backtest.finish();
  return { fills: [...fills, ...end.fills], outcome: end.outcome, notes };
}

/** The same by a loop that knows neither venue nor risk: whole shares for $5,000 at the close, bought and sold at the next regular open. */
function byHand(bars: readonly BacktestBar[], strategy: BoundStrategy): { fills: string[]; cash: number } {
  const fills: string[] = [];
  let cash = 100_000;
  for (const symbol of [...new Set(bars.map((bar) => bar.symbol))]) {
    const host = openHost(strategy, [symbol]);
    let [held, wanted] = [0, null as number | null];
    for (const bar of bars.filter((candidate) => candidate.symbol === symbol && sessionOn('2026-06-01') !== null)) {
      const session = sessionOn(new Date(bar.openTime).toISOString().slice(0, 10));
      if (!session || bar.openTime < session.open) continue;
      if (wanted !== null && wanted !== held) {
        fills.push(`${bar.openTime} ${symbol} ${wanted > held ? 'buy' : 'sell'} ${Math.abs(wanted - held)} ${Number(bar.open)}`);
        cash -= (wanted - held) * Number(bar.open);
        held = wanted;
      }
      const numbers = { time: bar.openTime, open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close), volume: Number(bar.volume) };
      const [signal] = host.advance({ openTime: bar.openTime, closeTime: bar.openTime + MINUTE_MS, bars: new Map([[symbol, numbers]]) }, 'live', NO_HOST_FACTS);
      if (signal) wanted = signal.target === 'long' ? Math.floor(5_000 / Number(bar.close)) : 0;
    }
    cash += held * Number(bars.filter((bar) => bar.symbol === symbol).at(-1)?.close);
  }
  return { fills: fills.sort(), cash };
}

describe('a run', () => {
  const bars = market(['AAA', 'BBB']);
  const result = run(bars);

  it('does what a loop by hand does, to the cent', () => {
    const hand = byHand(bars, smaCross.bind({}));
    expect(result.fills.map((fill) => `${fill.tsMarket} ${fill.symbol} ${fill.side} ${fill.qty} ${Number(fill.price)}`).sort()).toEqual(hand.fills);
    expect(hand.fills.length).toBeGreaterThan(40);
    expect(Number(result.outcome.endEquity)).toBeCloseTo(hand.cash, 6);
    expect(result.outcome).toMatchObject({ barsSeen: 2 * 3 * 390, barsLeftOut: 2 * 3 * 2, denied: {} });
  });

  it('gives the same whatever the size of the pages, and every time', () => {
    for (const page of [1, 7, 389]) expect(run(bars, {}, page)).toEqual(result);
  });

  it('never acts on what it cannot know yet: its past does not change with its future', () => {
    const cut = Math.floor(bars.length / 2);
    const until = bars[cut]?.openTime ?? 0;
    const changed = bars.map((bar) => (bar.openTime <= until ? bar : { ...bar, open: '9.00', high: '9.00', low: '9.00', close: '9.00' }));
    const past = (one: Result): BacktestFill[] => one.fills.filter((fill) => fill.tsMarket <= until);
    expect(past(run(changed))).toEqual(past(result));
    expect(past(result).length).toBeGreaterThan(10);
    for (const fill of result.fills) {
      const barOpen = Number(fill.signalId?.split(':')[2]);
      expect(fill.tsMarket).toBeGreaterThan(barOpen);
    }
  });

  it('keeps a curve with its first and last point, whose end is the end equity', () => {
    const { equity, daily, endEquity, from, to } = result.outcome;
    expect(equity).toHaveLength(3 * 390);
    expect(equity[0]).toEqual([(from ?? 0) + MINUTE_MS, 100_000]);
    expect(equity.at(-1)?.[0]).toBe(to);
    expect(equity.at(-1)?.[1]).toBeCloseTo(Number(endEquity), 6);
    expect(daily.map(([day]) => day)).toEqual(DAYS);
  });
});

describe('the conditions', () => {
  const bars = market(['AAA']);

  it('cost: slippage and the fees on sells', () => {
    const free = run(bars);
    const slipping = run(bars, { slippageBps: 10 });
    expect(Number(slipping.fills[0]?.price)).toBeCloseTo(Number(free.fills[0]?.price) * 1.001, 2);
    const charged = run(bars, { fees: US_SELL_FEES });
    expect(Number(charged.outcome.feesPaid)).toBeGreaterThan(0);
    expect(Number(charged.outcome.endEquity)).toBeCloseTo(Number(free.outcome.endEquity) - Number(charged.outcome.feesPaid), 6);
    expect(charged.fills.filter((fill) => fill.side === 'buy').every((fill) => fill.fee === '0')).toBe(true);
  });

  it('the live limits deny what is too large, by their codes', () => {
    const { outcome } = run(bars, { limits: exactLimits({ maxOrderNotional: '1000', maxPositionNotional: '20000', maxGrossExposure: '80000', maxDailyLoss: '2000' }) });
    expect(outcome).toMatchObject({ fills: 0, orders: 0, endEquity: '100000', denied: { ORDER_NOTIONAL_EXCEEDED: expect.any(Number) as number } });
  });

  it('a volume cap fills in parts, and what is not sold when the day ends is sold the next', () => {
    const thin = market(['AAA']).map((bar) => ({ ...bar, volume: '20' }));
    const { fills, outcome } = run(thin, { volumeCap: 0.1 });
    expect(Math.max(...fills.map((fill) => Number(fill.qty)))).toBe(2);
    const net = fills.reduce((sum, fill) => sum + (fill.side === 'buy' ? 1 : -1) * Number(fill.qty), 0);
    expect(net).toBe(outcome.openPositions.reduce((sum, position) => sum + position.qty.toNumber(), 0));
    expect(fills.some((fill) => fill.signalId === null && fill.orderId.includes(':r'))).toBe(true);
  });

  it('exits at the venue: a bracket closes what its entry bought, and a signal to sell takes the exits back first', () => {
    const bars = market(['AAPL', 'XOM']);
    const strategy = smaCross.bind({ stopAtr: 2, takeProfitAtr: 3 });
    const { fills, notes, outcome } = run(bars, { strategy });
    const bought = new Map<string, number>();
    const legs: BacktestFill[] = [];
    for (const fill of fills) {
      const before = bought.get(fill.symbol) ?? 0;
      const after = before + (fill.side === 'buy' ? 1 : -1) * Number(fill.qty);
      expect(after, 'never short').toBeGreaterThanOrEqual(0);
      bought.set(fill.symbol, after);
      if (fill.side === 'sell' && !fill.orderId.startsWith('ms-')) legs.push(fill);
    }
    expect(legs.length).toBeGreaterThan(5);
    expect(legs.every((fill) => fill.signalId === null)).toBe(true);
    // What a signal sells, it sells at the open of the very next bar, as without exits.
    const sold = fills.filter((fill) => fill.side === 'sell' && fill.orderId.startsWith('ms-'));
    expect(sold.length).toBeGreaterThan(0);
    expect(outcome.denied['VENUE_40310000']).toBeUndefined();
    expect(run(bars, { strategy }, 7).notes).toEqual(notes);
  });
  it('exits at no distance are no exits', () => {
    const bars = market(['AAPL']);
    expect(run(bars, { strategy: smaCross.bind({ stopAtr: 0, takeProfitAtr: 0 }) }).notes).toEqual(run(bars).notes);
  });
  it('days are traded at the next day\'s open', () => {
    const days = Array.from({ length: 60 }, (_, i) => i).flatMap((i) => {
      const date = new Date(Date.UTC(2026, 3, 1 + i)).toISOString().slice(0, 10);
      const session = sessionOn(date);
      const price = 5_000 + Math.round(300 * Math.sin(i / 2));
      return session ? [{ symbol: 'AAA', openTime: session.open - 9.5 * 60 * MINUTE_MS, open: text(price + 1), high: text(price + 10), low: text(price - 10), close: text(price), volume: '1000' }] : [];
    });
    const { fills } = run(days, { timeframe: '1Day', strategy: smaCross.bind({ fast: 3, slow: 8 }) });
    expect(fills.length).toBeGreaterThan(2);
    for (const fill of fills) expect(days.find((bar) => bar.openTime === fill.tsMarket)?.open).toBe(Number(fill.price).toFixed(2));
  });

  it('an empty tape ends as it began', () => {
    expect(run([]).outcome).toMatchObject({ from: null, to: null, endEquity: '100000', equity: [], maxDrawdown: 0 });
  });

  it('bars out of order are a bug of the caller', () => {
    expect(() => run([...bars].reverse())).toThrow(/in order/);
  });
});

/** Wants to hold after a close that ends in .01 and to be out after one that ends in .02. */
const scripted = defineStrategy({
  kind: 'scripted', title: 'Scripted', description: 'Follows the cents of the closes.', scope: 'symbol', parameters: {}, indicators: () => ({}), history: () => 0, state: z.null(), initialState: () => null,
  onBar({ on }) {
    const cents = on.close.now.toFixed(2).slice(-3);
    if (cents === '.01') on.long();
    if (cents === '.02') on.flat();
  },
}).bind({});

describe('the desk decides as live', () => {
  const limits = exactLimits({ maxOrderNotional: '1000000', maxPositionNotional: '1000000', maxGrossExposure: '1000000', maxDailyLoss: '2000' });
  /** Bars that open at 100.00, or at the open of their symbol's own level, by minute: closes of the symbols, null for no bar. */
  const tape = (closes: Record<string, readonly (string | null)[]>, day = '2026-06-01'): BacktestBar[] => {
    const open = sessionOn(day)?.open ?? 0;
    const length = Math.max(...Object.values(closes).map((column) => column.length));
    return Array.from({ length }, (_, minute) => Object.entries(closes).flatMap(([symbol, column]) => {
      const close = column[minute];
      return close === null || close === undefined ? [] : [{ symbol, openTime: open + minute * MINUTE_MS, open: symbol === 'AAA' ? '100.00' : '10.00', high: '300.00', low: '1.00', close, volume: '100000' }];
    })).flat();
  };
  const sized = { strategy: scripted, limits, sizing: { method: 'percent_of_equity', percent: '25' } } as const;

  it('what is held counts at the closes before the bars of the moment', () => {
    const { fills } = run(tape({ AAA: ['100.01', '100.00', '200.00', '200.00'], BBB: ['10.00', '10.00', '10.01', '10.00'] }), sized);
    // 100000 x 25 % / 100.01 = 249; then, with AAA still at 100, 100000 x 25 % / 10.01 = 2497, not 3119.
    expect(fills.map(({ symbol, qty }) => [symbol, qty])).toEqual([['AAA', '249'], ['BBB', '2497']]);
  });

  it('a loss that has gone by the next signal trips nothing', () => {
    const { fills, outcome } = run(tape({ AAA: ['100.01', '100.00', '90.00', '100.00', '100.00', '100.00'], BBB: ['10.00', '10.00', '10.00', '10.00', '10.01', '10.00'] }), sized);
    expect([fills.length, outcome.denied]).toEqual([2, {}]);
  });

  it('a loss that a signal sees ends the day for entries, not the next one', () => {
    const first = tape({ AAA: ['100.01', '100.00', '90.00', '100.00', '100.00', '100.00'], BBB: ['10.00', '10.00', '10.00', '10.01', '10.00', '10.00'], CCC: ['10.00', '10.00', '10.00', '10.00', '10.00', '10.01'] });
    const second = tape({ AAA: ['100.00', '100.00'], DDD: ['10.01', '10.00'] }, '2026-06-02');
    const { fills, outcome } = run([...first, ...second], sized);
    expect(outcome.denied).toEqual({ DAILY_LOSS_EXCEEDED: 2 });
    expect(fills.map(({ symbol }) => symbol)).toEqual(['AAA', 'DDD']);
  });
});

describe('the curve', () => {
  it('is thinned evenly and keeps days and the deepest fall exactly', () => {
    const track = startEquityTrack(5);
    const values = [100, 120, 90, 130, 110, 111, 112, 113, 114, 115];
    for (const [n, dollars] of values.entries()) track.add(n + 1, dollars, n < 4 ? 'a' : 'b');
    expect(track.points()).toEqual([[1, 100], [5, 110], [9, 114], [10, 115]]);
    expect(track.days()).toEqual([['a', 130], ['b', 115]]);
    expect(track.maxDrawdown()).toBe(-0.25);
  });
});
