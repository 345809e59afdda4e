/** Ways in which a back-test could flatter, each shut: cash out of splits, unpaid loans, trips that look better than they were, fills that no market gave. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { DAY_MS, MINUTE_MS } from '#app/domain/time.ts';
import { ATR } from '#app/indicators/atr.ts';
import { use } from '#app/indicators/indicator.ts';
import { strategy } from '#app/strategy/spec.ts';
import type { CorporateAction } from '../venue-types.ts';
import { NO_COMMISSION, STRICT_FILLS } from './defaults.ts';
import { goldenConfig, plainMarket } from './testing-cross.ts';
import { fillsOf, firstOpen, handBars, play, type HandBar } from './testing-script.ts';
import { runBacktest } from './run.ts';
import type { AccountRules, RunConfig } from './types.ts';

const flat = (price: number, volume = 1_000): HandBar => [price, price, price, price, volume];
const MARGIN: AccountRules = { cash: 10_000, multiplier: 2, canShort: true, borrowPercent: 0, marginInterestPercent: 0 };
const midnight = (days: number): number => firstOpen() - 570 * MINUTE_MS + days * DAY_MS;
const act = (days: number, action: CorporateAction) => ({ timeframe: '1Day' as const, market: { isShortable: true, actions: [{ at: midnight(days), action }] } });
const split = (oldRate: string, newRate: string): CorporateAction => ({ kind: 'split', symbol: 'AAA', oldRate, newRate });

describe('splits', () => {
  it('leave the furthest rise and fall of a trip as they were', () => {
    const { trips } = play([flat(100), [100, 104, 98, 101], [51, 52, 50, 51], flat(51)], { 0: (on) => on.submit({ side: 'buy', qty: 10 }), 2: (on) => on.submit({ side: 'sell', qty: 20 }) }, act(2, split('1', '2')));
    expect([trips.mae[0], trips.mfe[0], trips.profit[0]]).toEqual([-20, 40, 20]);
  });
  it('that leave no whole share end the trip, and the cash for it is part of its profit', () => {
    const result = play([flat(100), flat(100), flat(1_050), flat(1_050), flat(1_050)], { 0: (on) => on.submit({ side: 'buy', qty: 5 }), 2: (on) => on.submit({ side: 'buy', qty: 2 }) }, act(2, split('10', '1')));
    const { trips } = result;
    expect([...trips.isOpen]).toEqual([0, 1]);
    expect([...trips.profit]).toEqual([0, 0]);
    expect([trips.qty[1], trips.entryPrice[1], result.equity.at(-1)]).toEqual([2, 1_050, 100_000]);
  });
  it('that leave part of a share keep the books of the trip and of the account together', () => {
    const result = play([flat(100), flat(101), flat(202), flat(210)], { 0: (on) => on.submit({ side: 'buy', qty: 7 }) }, act(2, split('2', '1')));
    expect(result.equity.at(-1)).toBeCloseTo(100_000 + (result.trips.profit[0] ?? NaN), 9);
  });
  it('on the way through zero size the entry in new shares', () => {
    const result = play([flat(100), flat(100), flat(1_000), flat(1_000)], { 0: (on) => on.weight(0.9), 1: (on) => on.weight(-0.5) }, { ...act(2, split('10', '1')), account: MARGIN });
    expect(fillsOf(result)).toEqual(['1 buy 90@100', '3 sell 9@1000', '3 sell 5@1000']);
  });
  it('given for bars that are adjusted already would double what is held: warned of', () => {
    const doubled = play([flat(100), flat(100), flat(100)], { 0: (on) => on.submit({ side: 'buy', qty: 10 }) }, act(2, split('1', '2')));
    expect(doubled.warnings.join()).toMatch(/AAA: a 2 for 1 split is given for 2026-06-03.*price does not jump.*adjusted already.*out of nothing/);
  });
});

describe('loans', () => {
  it('what shorts bring in does not pay for longs: interest is due on all that the longs cost beyond the own money', () => {
    const config = goldenConfig(['AAA', 'BBB'].map((symbol) => plainMarket(symbol, handBars([flat(100), flat(100), flat(100)], '1Day'), { isShortable: true })), '1Day', {
      strategy: strategy({ kind: 'two', title: 'Two', description: 'Long one and short one.', scope: 'portfolio', symbols: [2, 2], usesOrders: true, usesShorts: true, parameters: {}, indicators: () => ({}), history: () => 0, state: z.object({}), initialState: () => ({}), onBar: ({ all }) => { all[0]?.weight(1.5); all[1]?.weight(-0.5); } }).bind({}),
      commission: NO_COMMISSION, account: { ...MARGIN, cash: 100_000, marginInterestPercent: 7.2 }, isBrokerStrict: false,
    });
    // 150,000 long, 50,000 short: 50,000 are lent, a night of it costs 10.00.
    expect(runBacktest(config).carry).toBeCloseTo(-10, 6);
  });
  it('an account below what its positions require is told of: a broker would have sold', () => {
    const rules = { timeframe: '1Day' as const, account: MARGIN, market: { isShortable: true } };
    expect(play([flat(100), flat(100), flat(65), flat(100)], { 0: (on) => on.submit({ side: 'buy', qty: 200 }) }, rules).warnings.join()).toMatch(/2026-06-03.*equity .* 3000\.00.*13000\.00.*broker.*close/);
    expect(play([flat(100), flat(100), flat(90)], { 0: (on) => on.submit({ side: 'buy', qty: 200 }) }, rules).warnings).toEqual([]);
  });
});

describe('trips', () => {
  it('that begin inside a bar have lived through its close', () => {
    const limit = { 0: (on: Parameters<NonNullable<Parameters<typeof play>[1][number]>>[0]) => void on.submit({ side: 'buy', qty: 10, type: 'limit', limitPrice: 99, timeInForce: 'gtc' }) };
    expect(play([flat(100), [100, 101, 94, 95], [98, 99, 97, 98]], limit).trips.mae[0]).toBe(-40);
  });
  it('that begin in a finer bar know nothing of what came before it', () => {
    const detail = handBars([flat(100), flat(100), flat(100), flat(100), flat(100), [100, 110, 100, 108], [108, 108, 97, 98], flat(98), flat(98), flat(98)]);
    const result = play([flat(100), [100, 110, 97, 98]], { 0: (on) => on.submit({ side: 'buy', qty: 10, type: 'stop', stopPrice: 105, timeInForce: 'gtc' }) }, { timeframe: '5Min', market: { detail } });
    expect([fillsOf(result)[0], result.trips.mfe[0], result.trips.mae[0]]).toEqual(['1 buy 10@105', 0, -70]);
  });
});

describe('finer bars', () => {
  it('that do not hold the whole bar do not count: a stop below is not spared', () => {
    const detail = handBars([flat(100), flat(100), flat(100), flat(100), flat(100), flat(100), flat(99)]);
    const result = play([flat(100), [100, 101, 90, 98]], { 0: (on) => on.submit({ side: 'buy', qty: 10, orderClass: 'oto', timeInForce: 'gtc', stopLoss: { stopPrice: 95 } }) }, { timeframe: '5Min', market: { detail } });
    expect(fillsOf(result)).toEqual(['1 buy 10@100', '1 sell 10@95']);
    expect(result.warnings.join()).toMatch(/AAA: the finer bars do not reach high and low of 1 bar/);
  });
  it('of before the session are left out', () => {
    const night = handBars([flat(80), flat(100), flat(100)]);
    night.time[0] = firstOpen() + DAY_MS - 3_600_000;
    night.time[1] = firstOpen() + DAY_MS;
    night.time[2] = firstOpen() + DAY_MS + MINUTE_MS;
    expect(fillsOf(play([flat(100), flat(100)], { 0: (on) => on.submit({ side: 'buy', qty: 10 }) }, { timeframe: '1Day', market: { detail: night } }))).toEqual(['1 buy 10@100']);
  });
});

describe('costs', () => {
  it('an order is cut to what the account can pay with the commission of the whole order, no further', () => {
    const buy = (qty: number) => fillsOf(play([flat(10), flat(10)], { 0: (on) => on.submit({ side: 'buy', qty }) }, { commission: { ...NO_COMMISSION, minimum: 1 } }));
    expect([buy(9_500), buy(10_000)]).toEqual([['1 buy 9500@10'], ['1 buy 9999@10']]);
  });
  const bad: readonly (readonly [string, Partial<RunConfig>, RegExp])[] = [
    ['slippage that gives', { slippage: { kind: 'bps', bps: -5 } }, /slippage/], ['slippage that is no number', { slippage: { kind: 'volume_share', impact: NaN } }, /slippage/],
    ['slippage of everything', { slippage: { kind: 'spread', bps: 20_000 } }, /slippage/], ['a range over no bars', { slippage: { kind: 'atr', multiple: 1, period: 0 } }, /slippage/],
    ['a size that is none', { sizing: { method: 'fixed_notional', notional: '-1' } }, /size/], ['a percentage that is none', { sizing: { method: 'percent_of_equity', percent: '0' } }, /size/],
    ['a multiplier that no account has', { account: { ...MARGIN, multiplier: 8 as 4 } }, /multiplier/],
  ];
  it.each(bad)('%s is refused', (_what, more, words) => {
    expect(() => play([flat(100), flat(100)], {}, more)).toThrow(words);
  });
  it('a wide timeframe that is not wider than the bars is refused', () => {
    const narrow = strategy({ kind: 'narrow', title: 'Narrow', description: 'Asks for minutes of hours.', scope: 'symbol', parameters: {}, indicators: () => ({ range: use(ATR, [14], { timeframe: '5Min' }) }), history: () => 0, state: z.object({}), initialState: () => ({}), onBar: () => undefined }).bind({});
    expect(() => play([flat(100), flat(100)], {}, { timeframe: '1Hour', strategy: narrow })).toThrow(/5Min.*wider than 1Hour/);
  });
});

describe('targets', () => {
  it('through zero are carried out although the volume lets the exit through in parts', () => {
    const rows = [flat(100), flat(100), flat(100, 50), flat(100), flat(100)];
    const result = play(rows, { 0: (on) => on.weight(0.9), 1: (on) => on.weight(-0.5) }, { timeframe: '1Day', account: MARGIN, market: { isShortable: true }, fills: { ...STRICT_FILLS, volumeCap: 0.1 } });
    expect(fillsOf(result)).toEqual(['1 buy 90@100', '2 sell 5@100', '3 sell 85@100', '3 sell 15@100']);
  });
  it('that ask for what is held leave its stop-loss alone', () => {
    const exits = { stopPrice: 95, again: true };
    const result = play([flat(100), flat(100), flat(100), [100, 100, 90, 92]], { 0: (on) => on.weight(0.5, exits), 1: (on) => on.weight(0.5, exits) }, { account: { ...MARGIN, cash: 100_000 }, market: { isShortable: true } });
    expect(fillsOf(result)).toEqual(['1 buy 500@100', '3 sell 500@95']);
  });
});
