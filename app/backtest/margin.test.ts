/** Margin and buying power, by hand. */
import { describe, expect, it } from 'vitest';
import { money, price, quantity, toText } from '#app/domain/numeric.ts';
import { buyingPowerOf, initialMarginOf, maintenanceOf, multiplierOf } from './margin.ts';
import { PLAIN_ASSET, type VenueConfig } from './venue-types.ts';
import { CLOSE, openFloor } from './venue-testing.ts';

const maintenance = (qty: string, mark: string, terms = {}) => toText(maintenanceOf(quantity(qty), price(mark), { ...PLAIN_ASSET, ...terms }));

describe('maintenance', () => {
  it.each<[string, string, string, string]>([
    ['long: 30 %', '100', '50', '1500'],
    ['long below $2.50: all of it', '100', '2.49', '249'],
    ['short at $100: 30 %', '-100', '100', '3000'],
    ['short at $10: $5 a share', '-100', '10', '500'],
    ['short at $5: $5 a share', '-100', '5', '500'],
    ['short at $4: all of it', '-100', '4', '400'],
    ['short at $2: $2.50 a share', '-100', '2', '250'],
  ])('%s', (...[_name, qty, mark, expected]) => {
    expect(maintenance(qty, mark)).toBe(expected);
  });
  it('follows the listing of a leveraged fund, and all of what nothing is lent on', () => {
    expect(maintenance('100', '50', { maintenancePercent: '75' })).toBe('3750');
    expect(maintenance('100', '50', { maintenancePercent: '10' })).toBe('1500');
    expect(maintenance('100', '50', { isMarginable: false })).toBe('5000');
    expect(toText(initialMarginOf(money('5000'), { isMarginable: false, maintenancePercent: null }))).toBe('5000');
  });
});

describe('buying power', () => {
  it('lends nothing below $2,000, and no more than the owner allows', () => {
    expect([multiplierOf(4, 4, money('1999.99')), multiplierOf(4, 2, money('2000')), multiplierOf(2, 4, money('2000'))]).toEqual([1, 2, 2]);
  });
  it('of the four kinds of accounts', () => {
    const inputs = { cash: money('4000'), equity: money('10000'), initialMargin: money('3000'), reserved: money('1000'), lastEquity: money('9000'), lastMaintenanceMargin: money('1000'), grossAdded: money('2000') };
    const power = (multiplier: 1 | 2 | 4): string[] => Object.values(buyingPowerOf({ ...inputs, multiplier })).map(toText);
    expect(power(1)).toEqual(['3000', '3000', '3000']);
    // Twice 7,000 less 1,000; the excess less 1,000.
    expect(power(2)).toEqual(['13000', '13000', '6000']);
    // Four times 8,000, less 2,000 opened since, less 1,000.
    expect(power(4)).toEqual(['29000', '13000', '6000']);
  });
  it('is never below zero', () => {
    const floor = openFloor({ startingCash: '5000', multiplier: 2 });
    floor.submit({ qty: '90' });
    floor.bar(100);
    floor.bar(60);
    expect(toText(floor.venue.figures().buyingPower)).toBe('0');
    // Equity 5,000 - 3,600 = 1,400; maintenance 30 % of 5,400.
    expect(toText(floor.venue.figures().intradayMarginLevel)).toBe('-220');
  });
});

it('below the maintenance margin nothing may be opened, and everything closed', () => {
  const floor = openFloor({ startingCash: '10000', multiplier: 4 });
  floor.submit({ qty: '350' });
  floor.bar(100);
  floor.bar(90);
  // Equity 6,500; maintenance 30 % of 31,500.
  expect(toText(floor.venue.figures().intradayMarginLevel)).toBe('-2950');
  expect(floor.refused({ clientOrderId: 'b', qty: '1' })).toMatchObject({ status: 403, message: 'insufficient buying power', details: { buying_power: '0', cost_basis: '100' } });
  expect(floor.refused({ clientOrderId: 's', side: 'sell', qty: '350' })).toBeNull();
});

describe('short sales', () => {
  const short = { clientOrderId: 's', side: 'sell', qty: '10' } as const;
  const margin: Partial<VenueConfig> = { multiplier: 2, isShortingEnabled: true };
  it.each<[string, Partial<VenueConfig>, Parameters<ReturnType<typeof openFloor>['refused']>[1], string]>([
    ['a cash account', { isShortingEnabled: true }, {}, 'account is not allowed to short'],
    ['equity below $2,000', { ...margin, startingCash: '1999' }, {}, 'account is not allowed to short'],
    ['a share that is not lent', margin, { asset: { ...PLAIN_ASSET, isShortable: false } }, 'asset is not shortable'],
    ['a share that is hard to borrow', margin, { asset: { ...PLAIN_ASSET, isEasyToBorrow: false } }, 'asset is not easy to borrow'],
  ])('not for %s', (...[_name, config, world, message]) => {
    expect(openFloor(config).refused(short, world)).toMatchObject({ status: 403, code: 40310000, message });
  });
  it('not in parts of shares', () => {
    expect(openFloor(margin).refused({ ...short, qty: '1.5' })?.message).toBe('fractional orders cannot be sold short');
  });
  it('hold back the limit, or 3 % above the offer when that is more', () => {
    const floor = openFloor(margin);
    floor.submit(short, { bid: '99', ask: '101' });
    expect(toText(floor.venue.figures().reserved)).toBe('1040.3');
    floor.submit({ ...short, clientOrderId: 't', type: 'limit', limitPrice: '120' });
    expect(toText(floor.venue.figures().reserved)).toBe('2240.3');
  });
});

describe('what a market order may cost', () => {
  it.each<[string, Parameters<ReturnType<typeof openFloor>['submit']>[1], string]>([
    ['in the session the far side', { bid: '99', ask: '101' }, '1010'],
    ['in extended hours the middle', { isOpen: false, isExtendedOpen: true, bid: '99', ask: '103' }, '1010'],
    ['when closed the last price', { isOpen: false, bid: '99', ask: '105' }, '1000'],
  ])('%s', (...[_name, world, expected]) => {
    const floor = openFloor();
    floor.submit({}, world);
    expect(toText(floor.venue.figures().reserved)).toBe(expected);
  });
});

describe('the day', () => {
  it('ends: last equity, last maintenance, the memorandum account', () => {
    const floor = openFloor({ startingCash: '10000', multiplier: 2 });
    floor.submit({ qty: '100' });
    floor.bar(100);
    expect(toText(floor.venue.figures().sma)).toBe('5000');
    floor.bar(120);
    floor.apply({ op: 'advance', to: CLOSE, isSessionEnd: true });
    const { lastEquity, lastMaintenanceMargin, sma } = floor.venue.figures();
    // Equity 12,000, of which half of 12,000 is pledged: 6,000 are free.
    expect([lastEquity, lastMaintenanceMargin, sma].map(toText)).toEqual(['12000', '3600', '6000']);
  });
  it('is closed to new orders when the owner, or the broker, says so', () => {
    const floor = openFloor();
    const settings = { suspendTrade: true, noShorting: true, fractionalTrading: false, maxMarginMultiplier: 1, tradingBlocked: false } as const;
    floor.apply({ op: 'configure', at: floor.venue.state.now, settings });
    expect(floor.refused()).toMatchObject({ status: 403, message: 'new orders are rejected by user request' });
    floor.apply({ op: 'configure', at: floor.venue.state.now, settings: { ...settings, suspendTrade: false } });
    expect(floor.refused({ qty: '0.5' })).toMatchObject({ status: 403, message: 'account is not allowed to trade fractional shares' });
    floor.apply({ op: 'configure', at: floor.venue.state.now, settings: { ...settings, suspendTrade: false, tradingBlocked: true } });
    expect(floor.refused()).toMatchObject({ status: 403, message: 'account is not authorized to trade' });
  });
});
