/** The account of a run: costs, nights, dividends, splits, margin, and what a trip went through. */
import { describe, expect, it } from 'vitest';
import { DAY_MS, type EpochMs } from '#app/domain/time.ts';
import type { CorporateAction } from '../venue-types.ts';
import { NO_COMMISSION } from './defaults.ts';
import { fillsOf, firstOpen, play, type HandBar } from './testing-script.ts';
import type { AccountRules } from './types.ts';

const flat = (price: number): HandBar => [price, price, price, price];
const MARGIN: AccountRules = { cash: 10_000, multiplier: 2, canShort: true, borrowPercent: 0, marginInterestPercent: 0 };
const midnight = (days: number): number => firstOpen() - 570 * 60_000 + days * DAY_MS;

describe('costs', () => {
  it('a commission is reckoned on the whole order, however many parts it fills in', () => {
    const thin: HandBar = [100, 100, 100, 100, 60];
    const whole = play([flat(100), flat(100)], { 0: (on) => on.submit({ side: 'buy', qty: 10 }) }, { commission: { perOrder: 1, perShare: 0.01, percent: 0.1, minimum: 0 } });
    expect(whole.costs).toBeCloseTo(1 + 0.1 + 1, 9);
    const parts = play([flat(100), thin, thin], { 0: (on) => on.submit({ side: 'buy', qty: 10 }) }, { commission: { perOrder: 1, perShare: 0.01, percent: 0.1, minimum: 0 }, fills: { marketAt: 'next_open', limit: 'through', intrabar: 'pessimistic', volumeCap: 0.1 } });
    expect([parts.fills.length, parts.costs]).toEqual([2, whole.costs]);
    expect(play([flat(100), flat(100)], { 0: (on) => on.submit({ side: 'buy', qty: 10 }) }, { commission: { ...NO_COMMISSION, percent: 0.1, minimum: 5 } }).costs).toBe(5);
  });
  it('the equity is cash and what is held at the close; cash pays price and costs', () => {
    const result = play([flat(100), [102, 103, 101, 103]], { 0: (on) => on.submit({ side: 'buy', qty: 10 }) }, { commission: { ...NO_COMMISSION, percent: 0.1 } });
    expect([result.cash, result.equity[1], result.gross[1]]).toEqual([100_000 - 1_020 - 1.02, 100_000 + 10 - 1.02, 1_030]);
  });
});

describe('nights', () => {
  it('what is owed bears interest, what is borrowed a fee, by 360 days a year; three nights of a weekend', () => {
    const rules: AccountRules = { ...MARGIN, marginInterestPercent: 7.2, borrowPercent: 3.6 };
    // 2026-06-01 is a Monday. 150 shares at 100 with 10,000: 5,000 owed from Tuesday's open, to Friday: 3 nights of 1.00, the weekend 3 more.
    const long = play(Array.from({ length: 6 }, () => flat(100)), { 0: (on) => on.submit({ side: 'buy', qty: 150 }) }, { timeframe: '1Day', account: rules });
    expect(long.carry).toBeCloseTo(-6, 2);
    const short = play(Array.from({ length: 3 }, () => flat(100)), { 0: (on) => on.submit({ side: 'sell', qty: 100 }) }, { timeframe: '1Day', account: rules, market: { isShortable: true } });
    expect(short.carry).toBeCloseTo(-1, 6);
  });
});

describe('corporate actions', () => {
  const act = (days: number, action: CorporateAction) => ({ timeframe: '1Day' as const, market: { isShortable: true, actions: [{ at: midnight(days), action }] } });
  it('a split turns shares and price, and what is left of a share into cash', () => {
    const split = play([flat(100), flat(100), flat(50), flat(50)], { 0: (on) => on.submit({ side: 'buy', qty: 7 }), 2: (on) => on.submit({ side: 'sell', qty: on.position.qty }) }, act(2, { kind: 'split', symbol: 'AAA', oldRate: '1', newRate: '2' }));
    expect(fillsOf(split)).toEqual(['1 buy 7@100', '3 sell 14@50']);
    expect([split.equity.at(-1), split.trips.profit[0], split.warnings]).toEqual([100_000, 0, []]);
    const reverse = play([flat(100), flat(100), flat(200), flat(200)], { 0: (on) => on.submit({ side: 'buy', qty: 7 }) }, act(2, { kind: 'split', symbol: 'AAA', oldRate: '2', newRate: '1' }));
    expect([reverse.equity.at(-1), reverse.gross.at(-1)]).toEqual([100_000, 600]);
  });
  it('who holds before the day gets the dividend, who owes pays it', () => {
    const dividend = act(2, { kind: 'cash_dividend', symbol: 'AAA', rate: '0.50', payableAt: midnight(3) as EpochMs });
    expect(play([flat(100), flat(100), flat(100), flat(100)], { 0: (on) => on.submit({ side: 'buy', qty: 10 }) }, dividend)).toMatchObject({ dividends: 5, cash: 99_005 });
    expect(play([flat(100), flat(100), flat(100), flat(100)], { 0: (on) => on.submit({ side: 'sell', qty: 10 }) }, { ...dividend, account: MARGIN }).dividends).toBe(-5);
  });
  it('a jump like a split that no action tells of is warned of', () => {
    expect(play([flat(100), flat(50)], {}, { timeframe: '1Day' }).warnings[0]).toMatch(/AAA: the price jumps at 2026-06-02.* 2 for 1 split.*adjusted bars/);
  });
});

describe('what the account may do', () => {
  it('margin buys twice the equity, no more; a cash account no more than its cash', () => {
    const most = (account: AccountRules): string[] => fillsOf(play([flat(100), flat(100)], { 0: (on) => on.submit({ side: 'buy', qty: 500 }) }, { account }));
    expect([most(MARGIN), most({ ...MARGIN, multiplier: 1, canShort: false })]).toEqual([['1 buy 200@100'], ['1 buy 100@100']]);
  });
  it('refuses in the broker\'s codes', () => {
    const refused = (order: Parameters<Parameters<typeof play>[1][number]>[0] extends infer On ? (on: On) => unknown : never, isBrokerStrict = true): Readonly<Record<string, number>> => play([flat(100), flat(100)], { 0: (on) => void order(on) }, { isBrokerStrict }).denied;
    expect(refused((on) => on.submit({ side: 'sell', qty: 1 }))).toEqual({ VENUE_40310000: 1 });
    expect(refused((on) => on.submit({ side: 'buy', qty: 0 }))).toEqual({ VENUE_40010001: 1 });
    expect(refused((on) => on.submit({ side: 'buy', qty: 1, type: 'limit', limitPrice: 99.001 }))).toEqual({ VENUE_42210000: 1 });
    expect(refused((on) => on.submit({ side: 'buy', qty: 1, type: 'limit', limitPrice: 99.001 }), false)).toEqual({});
    expect(refused((on) => on.submit({ side: 'buy', qty: 0.5 }))).toEqual({ VENUE_42210000: 1 });
    expect(refused((on) => [on.submit({ side: 'buy', qty: 1, type: 'limit', limitPrice: 99 }), on.submit({ side: 'sell', qty: 1 })])).toEqual({ VENUE_40310000: 1 });
  });
});

describe('trips', () => {
  it('know how far they went down and up, at which prices, with which risk', () => {
    const bars: HandBar[] = [flat(100), [100, 104, 97, 101], [101, 112, 100, 110], [110, 111, 90, 95], flat(95)];
    const { trips } = play(bars, { 0: (on) => on.submit({ side: 'buy', qty: 10, orderClass: 'oto', timeInForce: 'gtc', stopLoss: { stopPrice: 92 } }) });
    expect([trips.length, trips.side[0], trips.openStep[0], trips.closeStep[0], trips.qty[0]]).toEqual([1, 1, 1, 3, 10]);
    expect([trips.entryPrice[0], trips.exitPrice[0], trips.profit[0], trips.risk[0]]).toEqual([100, 92, -80, 80]);
    // The exit's own bar counts with its open and the exit alone: what came after it is not known to have been held.
    expect([trips.mae[0], trips.mfe[0]]).toEqual([-80, 120]);
  });
  it('that are open at the end are written down at the last close', () => {
    const { trips } = play([flat(100), [100, 103, 98, 102]], { 0: (on) => on.submit({ side: 'buy', qty: 10 }) });
    expect([trips.isOpen[0], trips.profit[0], trips.mae[0], trips.mfe[0], trips.risk[0]]).toEqual([1, 20, -20, 30, NaN]);
  });
  it('through zero are two', () => {
    const { trips } = play([flat(100), flat(100), flat(110), flat(100)], { 0: (on) => on.weight(0.5), 1: (on) => on.weight(-0.5), 2: (on) => on.flat() }, { account: MARGIN, market: { isShortable: true } });
    expect([...trips.side]).toEqual([1, -1]);
    expect([...trips.profit]).toEqual([500, 500]);
  });
});
