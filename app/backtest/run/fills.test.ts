/** The fill rules, as docs/engine.md tells them, each by its example. */
import { describe, expect, it } from 'vitest';
import type { StrategyOrder } from '#app/strategy/context.ts';
import { STRICT_FILLS } from './defaults.ts';
import { fillsOf, handBars, play, type HandBar, type Script } from './testing-script.ts';
import type { AccountRules, FillRules } from './types.ts';

const flat = (price: number): HandBar => [price, price, price, price];
const buy = (order: Partial<StrategyOrder> = {}): Script[number] => (on) => void on.submit({ side: 'buy', qty: 10, ...order });
const sell = (order: Partial<StrategyOrder> = {}): Script[number] => (on) => void on.submit({ side: 'sell', qty: 10, ...order });
const fills = (more: Partial<FillRules>): { fills: FillRules } => ({ fills: { ...STRICT_FILLS, ...more } });
const MARGIN: AccountRules = { cash: 100_000, multiplier: 2, canShort: true, borrowPercent: 0, marginInterestPercent: 0 };

describe('market orders', () => {
  it('fill at the next open, or at this close where that is asked for', () => {
    const bars: HandBar[] = [[100, 101, 99, 100.5], [102, 103, 101, 102.5]];
    expect(fillsOf(play(bars, { 0: buy() }))).toEqual(['1 buy 10@102']);
    expect(fillsOf(play(bars, { 0: buy() }, fills({ marketAt: 'this_close' })))).toEqual(['0 buy 10@100.5']);
  });

  it('slip by the model, to the tick', () => {
    const bars = [flat(100), flat(100.03), flat(100.03)];
    expect(fillsOf(play(bars, { 0: buy(), 1: sell() }, { slippage: { kind: 'bps', bps: 2 } }))).toEqual(['1 buy 10@100.05', '2 sell 10@100.01']);
    expect(fillsOf(play(bars, { 0: buy() }, { slippage: { kind: 'spread', bps: 4 } }))).toEqual(['1 buy 10@100.05']);
    // 10 of 1,000 shares: 0.01 squared x 1000 = 10 %.
    expect(fillsOf(play(bars, { 0: buy() }, { slippage: { kind: 'volume_share', impact: 1_000 } }))).toEqual(['1 buy 10@110.03']);
    const moving: HandBar[] = [[100, 101, 100, 101], [101, 103, 101, 102], [102, 102, 100, 101], flat(101)];
    // True ranges 2 and 2, their mean 2 known at the close before: half of it is 1.
    expect(fillsOf(play(moving, { 2: buy() }, { slippage: { kind: 'atr', multiple: 0.5, period: 2 } }))).toEqual(['3 buy 10@102']);
    // Daily returns of +10 %, -10 % and +1.01 % deviate by 0.1002; x sqrt(10 / 1000) = 1 %.
    expect(fillsOf(play([flat(100), flat(110), flat(99), flat(100), flat(100)], { 3: buy() }, { timeframe: '1Day', slippage: { kind: 'square_root', coefficient: 1 } }))[0]).toBe('4 buy 10@101');
  });

  it('take at most the cap of the volume, and the rest from the next bars', () => {
    const bars: HandBar[] = [flat(100), [100, 100, 100, 100, 60], [101, 101, 101, 101, 40], flat(102)];
    expect(fillsOf(play(bars, { 0: buy() }, fills({ volumeCap: 0.1 })))).toEqual(['1 buy 6@100', '2 buy 4@101']);
  });
});

describe('limit orders', () => {
  const limit = { type: 'limit', limitPrice: 99 } as const;
  it('fill when the market trades through them, at their price; a touch is not enough unless asked', () => {
    expect(fillsOf(play([flat(100), [100, 100, 98.99, 99.5]], { 0: buy(limit) }))).toEqual(['1 buy 10@99']);
    expect(fillsOf(play([flat(100), [100, 100, 99, 99.5]], { 0: buy(limit) }))).toEqual([]);
    expect(fillsOf(play([flat(100), [100, 100, 99, 99.5]], { 0: buy(limit) }, fills({ limit: 'touch' })))).toEqual(['1 buy 10@99']);
  });
  it('fill at the open where that is better', () => {
    expect(fillsOf(play([flat(100), [98.5, 100, 98, 99.5]], { 0: buy(limit) }))).toEqual(['1 buy 10@98.5']);
  });
});

describe('stops', () => {
  it('fill at their price when it is reached, at the open when the market opens beyond', () => {
    expect(fillsOf(play([flat(100), flat(100), [97, 97, 94, 96]], { 0: buy(), 1: sell({ type: 'stop', stopPrice: 95 }) }))).toEqual(['1 buy 10@100', '2 sell 10@95']);
    expect(fillsOf(play([flat(100), flat(100), [93, 97, 92, 96]], { 0: buy(), 1: sell({ type: 'stop', stopPrice: 95 }) }))).toEqual(['1 buy 10@100', '2 sell 10@93']);
  });
  it('trail the best price: 5 % below 110 is 104.50, and the bar that made the high may only reach it at its close', () => {
    const bars: HandBar[] = [flat(100), flat(100), [100, 110, 99, 109], [108, 108, 104, 105]];
    expect(fillsOf(play(bars, { 0: buy(), 1: sell({ type: 'trailing_stop', trailPercent: 5 }) }))).toEqual(['1 buy 10@100', '3 sell 10@104.5']);
    expect(fillsOf(play(bars, { 0: buy(), 1: sell({ type: 'trailing_stop', trailPrice: 6 }) }))).toEqual(['1 buy 10@100', '3 sell 10@104']);
  });
});

describe('of stop and target in one bar', () => {
  const wide: HandBar = [100, 106, 94, 100];
  const entry = buy({ orderClass: 'bracket', timeInForce: 'gtc', takeProfit: { limitPrice: 105 }, stopLoss: { stopPrice: 95 } });
  const outcome = (rules: Partial<FillRules>, detail?: readonly HandBar[]): string | undefined =>
    fillsOf(play([flat(100), flat(100), wide, flat(100)], { 0: entry }, { ...fills(rules), ...(detail ? { market: { detail: handBars(detail) } } : {}) })).at(-1);
  it('the stop counts, unless a way through the bar is assumed', () => {
    expect(outcome({})).toBe('2 sell 10@95');
    expect(outcome({ intrabar: 'open_high_low_close' })).toBe('2 sell 10@105');
    expect(outcome({ intrabar: 'open_low_high_close' })).toBe('2 sell 10@95');
    expect(outcome({ intrabar: 'adaptive' })).toBe('2 sell 10@105');
  });
  it('finer bars tell which came first', () => {
    const five = (detail: readonly HandBar[]): string | undefined => fillsOf(play([flat(100), flat(100), wide, flat(100)], { 0: entry }, { timeframe: '5Min', market: { detail: handBars([...Array.from({ length: 10 }, () => flat(100)), ...detail]) } })).at(-1);
    expect(five([[100, 106, 99, 104], [104, 104, 94, 95], flat(95), flat(95), flat(100)])).toBe('2 sell 10@105');
    expect(five([[100, 101, 94, 96], [96, 106, 96, 104], flat(104), flat(104), flat(100)])).toBe('2 sell 10@95');
  });
  it('an entry at the open may leave in the same bar, one inside the bar may not', () => {
    const atMarket = play([flat(100), wide], { 0: entry });
    expect(fillsOf(atMarket)).toEqual(['1 buy 10@100', '1 sell 10@95']);
    const atLimit = play([flat(100), [99.5, 106, 94, 100], flat(100)], { 0: buy({ type: 'limit', limitPrice: 98, orderClass: 'bracket', timeInForce: 'gtc', takeProfit: { limitPrice: 105 }, stopLoss: { stopPrice: 95 } }) });
    expect(fillsOf(atLimit)).toEqual(['1 buy 10@98']);
  });
  it('along an assumed way an entry inside the bar leaves at what comes after it', () => {
    const rows: HandBar[] = [flat(100), [99.5, 106, 94, 100], flat(100)];
    const inside = { 0: buy({ type: 'limit', limitPrice: 98, orderClass: 'bracket', timeInForce: 'gtc', takeProfit: { limitPrice: 105 }, stopLoss: { stopPrice: 95 } }) } as const;
    expect(fillsOf(play(rows, inside, fills({ intrabar: 'open_low_high_close' })))).toEqual(['1 buy 10@98', '1 sell 10@95']);
    const calm: HandBar[] = [flat(100), [99.5, 106, 96, 100], flat(100)];
    expect(fillsOf(play(calm, inside, fills({ intrabar: 'open_low_high_close' })))).toEqual(['1 buy 10@98', '1 sell 10@105']);
  });
});

describe('targets', () => {
  it('are sized, and the difference is traded; through zero both sides trade at the same open', () => {
    const bars = [flat(100), flat(100), flat(100), flat(100)];
    const result = play(bars, { 0: (on) => on.weight(0.5), 1: (on) => on.weight(0.25), 2: (on) => on.weight(-0.1) }, { account: MARGIN, market: { isShortable: true } });
    expect(fillsOf(result)).toEqual(['1 buy 500@100', '2 sell 250@100', '3 sell 250@100', '3 sell 100@100']);
    expect(result.signals).toBe(3);
  });
  it('cancel what rests, and carry exits of their own', () => {
    const result = play([flat(100), flat(100), flat(101), flat(102), flat(90)], { 0: (on) => on.long({ stopPrice: 95, takeProfitPrice: 110 }), 2: (on) => on.flat() });
    expect(fillsOf(result)).toEqual(['1 buy 100@100', '3 sell 100@102']);
    expect(result.lines.filter((line) => line.startsWith('canceled'))).toHaveLength(2);
  });
  it('are cut to what the account can pay at the fill', () => {
    const result = play([flat(100), flat(110)], { 0: (on) => on.weight(1) });
    expect(fillsOf(result)).toEqual(['1 buy 909@110']);
    expect(result.denied).toEqual({ VENUE_40310000: 1 });
  });
  it('leave when they could not: an exit under a cap goes on the next day', () => {
    const thin = (price: number): HandBar => [price, price, price, price, 20];
    const result = play([flat(100), flat(100), thin(100), thin(99), thin(98)], { 0: (on) => on.weight(0.003), 1: (on) => on.flat() }, { timeframe: '1Day', ...fills({ volumeCap: 0.1 }) });
    expect(fillsOf(result)).toEqual(['1 buy 3@100', '2 sell 2@100', '3 sell 1@99']);
  });
});
