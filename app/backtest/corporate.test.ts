/** Splits, dividends, fees of the day, cash in and out: what they do to cash, positions and orders, and what they write down. */
import { describe, expect, it } from 'vitest';
import { toText } from '#app/domain/numeric.ts';
import { DAY_MS, parseRfc3339, type EpochMs } from '#app/domain/time.ts';
import { US_SELL_FEES } from './fees.ts';
import type { CorporateAction, VenueOutcome } from './venue-types.ts';
import { CLOSE, holdingTen, inWords, openFloor, type Floor } from './venue-testing.ts';

const EX = (CLOSE + DAY_MS / 2) as EpochMs;
const gtc = { timeInForce: 'gtc', type: 'limit', limitPrice: '90' } as const;
const lasting = { expiresAt: (CLOSE + 90 * DAY_MS) as EpochMs };
const act = (floor: Floor, action: CorporateAction): VenueOutcome => floor.apply({ op: 'corporateAction', at: EX, action });
const split = (oldRate: string, newRate: string): CorporateAction => ({ kind: 'split', symbol: 'AAPL', oldRate, newRate });
const noted = (outcome: VenueOutcome): string[] => outcome.activities.map((activity) => `${activity.type} ${activity.qty === null ? '' : toText(activity.qty)} ${toText(activity.netAmount)}`);
const position = (floor: Floor): string[] => floor.venue.positions().map((one) => `${toText(one.qty)}@${one.avgPrice === null ? '' : toText(one.avgPrice)}`);

describe('a split', () => {
  it('forward: more shares at a lower price, worth the same', () => {
    const floor = holdingTen();
    const before = toText(floor.venue.figures().equity);
    expect(noted(act(floor, split('1', '4')))).toEqual(['SPLIT 30 0']);
    expect(position(floor)).toEqual(['40@25']);
    expect(toText(floor.venue.figures().equity)).toBe(before);
  });
  it('forward: resting gtc orders follow', () => {
    const floor = holdingTen();
    floor.submit({ clientOrderId: 'g', ...gtc }, lasting);
    floor.submit({ clientOrderId: 's', side: 'sell', timeInForce: 'gtc', orderClass: 'oco', type: 'limit', limitPrice: '120', stopLoss: { stopPrice: '95', limitPrice: null } }, lasting);
    expect(act(floor, split('1', '2')).events.map(inWords)).toEqual(['restated g 20', 'restated s 20', 'restated stop_loss 20']);
    expect(floor.venue.openOrders().map((order) => `${order.qty?.toString() ?? ''} ${order.limitPrice?.toString() ?? ''} ${order.stopPrice?.toString() ?? ''}`.trim())).toEqual(['20 45', '20 60', '20  47.5']);
    expect(toText(floor.venue.figures().reserved)).toBe('900');
    expect(floor.bar(47)).toEqual(['canceled s', 'new stop_loss', 'fill stop_loss 20@47']);
  });
  it('reverse: orders are taken back, parts of shares are paid in cash', () => {
    const floor = holdingTen();
    floor.submit({ clientOrderId: 'g', ...gtc }, lasting);
    const outcome = act(floor, split('4', '1'));
    expect(outcome.events.map(inWords)).toEqual(['canceled g']);
    // Ten at 100 are two and a half at 400.
    expect(noted(outcome)).toEqual(['SPLIT -7.5 0', 'CIL -0.5 200']);
    expect(position(floor)).toEqual(['2@400']);
    expect(toText(floor.venue.figures().equity)).toBe('100000');
  });
  it('reverse: less than a share is only cash', () => {
    const floor = holdingTen();
    expect(noted(act(floor, split('20', '1')))).toEqual(['SPLIT -9.5 0', 'CIL -0.5 1000']);
    expect(position(floor)).toEqual([]);
    expect(toText(floor.venue.figures().cash)).toBe('100000');
  });
});

describe('a cash dividend', () => {
  const dividend = (payableAt: EpochMs): CorporateAction => ({ kind: 'cash_dividend', symbol: 'AAPL', rate: '0.24', payableAt });
  it('is paid when its day comes, to who held before the ex-date', () => {
    const floor = holdingTen();
    expect(noted(act(floor, dividend((EX + DAY_MS) as EpochMs)))).toEqual([]);
    floor.submit({ clientOrderId: 's', side: 'sell' }, lasting);
    floor.bar(100);
    const paid = floor.apply({ op: 'advance', to: (EX + 2 * DAY_MS) as EpochMs, isSessionEnd: false });
    expect(noted(paid)).toEqual(['DIV 10 2.4']);
    expect(toText(floor.venue.figures().cash)).toBe('100002.4');
  });
  it('is taken from a short position', () => {
    const floor = openFloor({ multiplier: 2, isShortingEnabled: true });
    floor.submit({ side: 'sell' });
    floor.bar(100);
    expect(noted(act(floor, dividend(EX)))).toEqual(['DIV -10 -2.4']);
  });
  it('lowers resting gtc limits to buy and stops to sell, not the exits of a group', () => {
    const floor = holdingTen();
    floor.submit({ clientOrderId: 'g', ...gtc }, lasting);
    floor.submit({ clientOrderId: 's', side: 'sell', timeInForce: 'gtc', orderClass: 'oco', type: 'limit', limitPrice: '120', stopLoss: { stopPrice: '95', limitPrice: null } }, lasting);
    expect(act(floor, dividend(EX)).events.map(inWords)).toEqual(['restated g 10']);
    expect(floor.order('g')?.limitPrice?.toString()).toBe('89.76');
  });
});

describe('fees of the day', () => {
  it('are booked at the end of the session, each rounded once', () => {
    const floor = openFloor({ fees: US_SELL_FEES, feeTiming: 'daily' });
    const at = parseRfc3339('2026-05-01T14:00:00Z');
    const world = { at, expiresAt: parseRfc3339('2026-05-01T20:00:00Z') };
    floor.submit({ qty: '500' }, world);
    floor.bar(50);
    for (const id of ['s', 't']) floor.submit({ clientOrderId: id, side: 'sell', qty: '250' }, { expiresAt: world.expiresAt });
    floor.bar(50);
    // Proceeds 25,000 x 0.0000206 = 0.515; 500 shares x 0.000195 = 0.0975.
    expect(toText(floor.venue.figures().cash)).toBe('100000');
    expect(toText(floor.venue.figures().accruedFees)).toBe('0.62');
    expect(noted(floor.apply({ op: 'advance', to: world.expiresAt, isSessionEnd: true }))).toEqual(['FEE  -0.52', 'FEE  -0.1']);
    expect(toText(floor.venue.figures().cash)).toBe('99999.38');
    expect(toText(floor.venue.figures().accruedFees)).toBe('0');
  });
});

describe('cash', () => {
  it('comes in and goes out, never below zero', () => {
    const floor = openFloor({ startingCash: '100' });
    expect(noted(floor.apply({ op: 'transfer', at: floor.venue.state.now, amount: '50' }))).toEqual(['CSD  50']);
    expect(noted(floor.apply({ op: 'transfer', at: floor.venue.state.now, amount: '-150' }))).toEqual(['CSW  -150']);
    expect(floor.venue.apply({ op: 'transfer', at: floor.venue.state.now, amount: '-0.01' })).toMatchObject({ ok: false, error: { status: 403 } });
  });
});
