/** The venue case by case: fills, refusals in the broker's words, expiry, cancels. */
import { describe, expect, it } from 'vitest';
import { invariant } from '#app/domain/errors.ts';
import { toText } from '#app/domain/numeric.ts';
import { MINUTE_MS, parseRfc3339, type EpochMs } from '#app/domain/time.ts';
import { uuidOf } from './venue-ids.ts';
import { DEFAULT_VENUE_CONFIG, PLAIN_ASSET, PLAIN_REQUEST, type OrderContext, type OrderRequest, type VenueBar, type VenueConfig } from './venue-types.ts';
import { availableQuantity, openVenue, type Venue } from './venue.ts';

const OPEN = parseRfc3339('2024-07-01T13:30:00Z');
const CLOSE = parseRfc3339('2024-07-01T20:00:00Z');
const asset = PLAIN_ASSET;
const context = (over: Partial<OrderContext> = {}): OrderContext => ({ at: OPEN, isOpen: true, isExtendedOpen: false, expiresAt: CLOSE, auctionAt: null, isAuctionShut: false, lastPrice: '100', bid: null, ask: null, asset, ...over });
const request = (over: Partial<OrderRequest> = {}): OrderRequest => ({
  ...PLAIN_REQUEST, clientOrderId: 'a', symbol: 'AAPL', side: 'buy', type: 'market', timeInForce: 'day', qty: '10', ...over,
});
const bar = (open: string, high: string, low: string, close: string): VenueBar => ({ symbol: 'AAPL', open, high, low, close, volume: '1000' });
const venueOf = (over: Partial<VenueConfig> = {}): Venue => openVenue({ ...DEFAULT_VENUE_CONFIG, ...over });
const step = (venue: Venue, at: number, bars: VenueBar[], isRegular = true) => {
  const result = venue.apply({ op: 'step', at: at as EpochMs, barMs: MINUTE_MS, isRegular, bars });
  invariant(result.ok, 'A step is never refused');
  return result.value.events;
};
const submit = (venue: Venue, over: Partial<OrderRequest> = {}, world: Partial<OrderContext> = {}) =>
  venue.apply({ op: 'submit', request: request(over), context: context({ at: Math.max(OPEN - 90 * MINUTE_MS, venue.state.now) as EpochMs, ...world }) });
const taken = (venue: Venue, over: Partial<OrderRequest> = {}, world: Partial<OrderContext> = {}) => {
  const result = submit(venue, over, world);
  invariant(result.ok && result.value.reply, 'The order was refused', { result });
  return result.value;
};
const refusal = (venue: Venue, over: Partial<OrderRequest> = {}, world: Partial<OrderContext> = {}) => {
  const result = submit(venue, over, world);
  return result.ok ? null : result.error;
};
const holding = (over: Partial<VenueConfig> = {}): Venue => {
  const venue = venueOf(over);
  taken(venue, { clientOrderId: 'entry' });
  step(venue, OPEN, [bar('100', '101', '99', '100')]);
  return venue;
};

describe('market orders', () => {
  it('replies pending_new, becomes new, and fills at the next open', () => {
    const venue = venueOf();
    const { reply, events } = taken(venue);
    expect(reply?.status).toBe('pending_new');
    expect(events.map((event) => [event.kind, event.order.status])).toEqual([['new', 'new']]);
    const [fill] = step(venue, OPEN, [bar('101.25', '102', '100', '101')]);
    expect(fill).toMatchObject({ kind: 'fill', at: OPEN, order: { status: 'filled' } });
    expect(fill?.fill && [toText(fill.fill.price), toText(fill.fill.qty), toText(fill.fill.positionQty)]).toEqual(['101.25', '10', '10']);
    expect(venue.openOrders()).toEqual([]);
    // 100,000 - 1,012.50 in cash, ten shares at 101.
    expect(toText(venue.figures().cash)).toBe('98987.5');
    expect(toText(venue.figures().equity)).toBe('99997.5');
  });
  it('waits outside the regular session as accepted, through pre-market bars, until the open', () => {
    const venue = venueOf();
    expect(taken(venue, {}, { isOpen: false, at: (OPEN - 60 * MINUTE_MS) as EpochMs }).reply?.status).toBe('accepted');
    expect(step(venue, OPEN - 30 * MINUTE_MS, [bar('90', '91', '89', '90')], false)).toEqual([]);
    expect(step(venue, OPEN, [bar('100', '101', '99', '100')]).map((event) => event.kind)).toEqual(['new', 'fill']);
  });
  it('slips by basis points to the tick, against the order', () => {
    const venue = venueOf({ slippageBps: 5 });
    taken(venue);
    expect(step(venue, OPEN, [bar('100', '101', '99', '100')])[0]?.fill?.price.toString()).toBe('100.05');
  });
  it('fills in parts under a volume cap', () => {
    const venue = venueOf({ volumeCap: 0.1 });
    taken(venue, { qty: '150' });
    expect(step(venue, OPEN, [bar('100', '101', '99', '100')]).map((event) => [event.kind, event.fill?.qty.toString()])).toEqual([['partial_fill', '100']]);
    expect(step(venue, OPEN + MINUTE_MS, [bar('100', '101', '99', '100')]).map((event) => [event.kind, event.fill?.qty.toString()])).toEqual([['fill', '50']]);
  });
  it('buys by dollars down to a billionth of a share', () => {
    const venue = venueOf();
    taken(venue, { qty: null, notional: '100' });
    expect(step(venue, OPEN, [bar('300', '301', '299', '300')])[0]?.fill?.qty.toString()).toBe('0.333333333');
  });
});

describe('limit orders', () => {
  it.each([
    ['not when only touched', '99', bar('100', '101', '99', '100'), null],
    ['at the limit when traded through', '99', bar('100', '101', '98.99', '100'), '99'],
    ['at the open when that is better', '99', bar('98', '98.5', '97', '98'), '98'],
  ])('a buy fills %s', (_name, limitPrice, tape, expected) => {
    const venue = venueOf();
    taken(venue, { type: 'limit', limitPrice });
    const events = step(venue, OPEN, [tape]);
    expect(events[0]?.fill?.price.toString() ?? null).toBe(expected);
  });
  it('stamps a fill inside the bar before the bar ends, after the fills at the open', () => {
    const venue = venueOf();
    taken(venue, { type: 'limit', limitPrice: '99' });
    taken(venue, { clientOrderId: 'b' });
    const events = step(venue, OPEN, [bar('100', '101', '98', '100')]);
    expect(events.map((event) => [event.order.clientOrderId, event.at])).toEqual([['b', OPEN], ['a', OPEN + MINUTE_MS - 1]]);
  });
  it('trades in extended hours only when marked for it', () => {
    const venue = venueOf();
    taken(venue, { type: 'limit', limitPrice: '99', extendedHours: true }, { isOpen: false });
    taken(venue, { clientOrderId: 'b', type: 'limit', limitPrice: '99' }, { isOpen: false });
    expect(step(venue, OPEN, [bar('98', '98', '98', '98')], false).map((event) => [event.kind, event.order.clientOrderId])).toEqual([['new', 'a'], ['fill', 'a']]);
  });
});

type Refusal = { readonly status: number; readonly code: number; readonly message: string };
describe('refusals in the words of the broker', () => {
  it.each<[string, Partial<OrderRequest>, Partial<OrderContext>, Refusal]>([
    ['too dear', { qty: '1001' }, {}, { status: 403, code: 40310000, message: 'insufficient buying power' }],
    ['an unknown symbol', { symbol: 'NOPE' }, { asset: null }, { status: 422, code: 42210000, message: 'could not find asset "NOPE"' }],
    ['an untradable symbol', {}, { asset: { ...asset, isTradable: false } }, { status: 422, code: 42210000, message: 'asset "AAPL" is not tradable' }],
    ['a sub-penny limit', { type: 'limit', limitPrice: '290.123' }, {}, { status: 422, code: 42210000, message: 'invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing criteria' }],
    ['both qty and notional', { notional: '5' }, {}, { status: 400, code: 40010001, message: 'only one of qty or notional is accepted' }],
    ['neither', { qty: null }, {}, { status: 422, code: 40010001, message: 'qty or notional is required' }],
    ['nothing', { qty: '0' }, {}, { status: 422, code: 40010001, message: 'qty must be > 0' }],
    ['a market order with a limit', { limitPrice: '5' }, {}, { status: 422, code: 40010001, message: 'market orders require no stop or limit price' }],
    ['a limit of zero', { type: 'limit', limitPrice: '0' }, {}, { status: 422, code: 40010001, message: 'limit price must be > 0' }],
    ['fractional gtc', { qty: '0.5', timeInForce: 'gtc' }, {}, { status: 422, code: 42210000, message: 'fractional orders must be DAY orders' }],
    ['fractional where not allowed', { qty: '0.5' }, { asset: { ...asset, isFractionable: false } }, { status: 422, code: 42210000, message: 'asset "AAPL" is not fractionable' }],
    ['less than a dollar', { qty: '0.001' }, {}, { status: 403, code: 40310000, message: 'cost basis must be >= minimal amount of order 1' }],
    ['a short sale', { side: 'sell' }, {}, { status: 403, code: 40310000, message: 'account is not allowed to short' }],
  ])('%s', (_name, over, world, expected) => {
    const venue = venueOf();
    expect(refusal(venue, over, world)).toMatchObject(expected);
    expect(venue.state.orderSeq).toBe(0);
  });
  it('a client order id twice', () => {
    const venue = venueOf();
    taken(venue);
    expect(refusal(venue)).toMatchObject({ status: 422, code: 40010001, message: 'client_order_id must be unique' });
  });
  it('more shares than are free, with the figures', () => {
    const venue = holding();
    taken(venue, { clientOrderId: 'b', side: 'sell', qty: '7', type: 'limit', limitPrice: '120' });
    expect(refusal(venue, { clientOrderId: 'c', side: 'sell', qty: '4', type: 'limit', limitPrice: '120' })).toMatchObject({
      status: 403, code: 40310000, message: 'insufficient qty available for order (requested: 4, available: 3)',
      details: { available: '3', existing_qty: '10', held_for_orders: '7', symbol: 'AAPL' },
    });
    const [position] = venue.positions();
    expect(position && toText(availableQuantity(venue, position))).toBe('3');
  });
  it('opposite sides that could meet', () => {
    const venue = holding();
    taken(venue, { clientOrderId: 'b', side: 'sell', qty: '5', type: 'limit', limitPrice: '105' });
    expect(refusal(venue, { clientOrderId: 'c' })).toMatchObject({ status: 403, details: { reject_reason: 'opposite side market/stop order exists' } });
    expect(refusal(venue, { clientOrderId: 'd', type: 'limit', limitPrice: '105' })).toMatchObject({ status: 403 });
    expect(refusal(venue, { clientOrderId: 'e', type: 'limit', limitPrice: '104.99' })).toBeNull();
  });
  it('holds buying power for open orders and gives it back when they close', () => {
    const venue = venueOf({ startingCash: '2000' });
    const { reply } = taken(venue, { qty: '15' });
    expect(toText(venue.figures().buyingPower)).toBe('500');
    expect(refusal(venue, { clientOrderId: 'b', qty: '6' })?.details).toEqual({ buying_power: '500', cost_basis: '600' });
    venue.apply({ op: 'cancel', orderId: reply?.id ?? '', at: venue.state.now, isSlow: false });
    expect(toText(venue.figures().buyingPower)).toBe('2000');
  });
});

describe('margin and shorting when switched on', () => {
  it('doubles the buying power of unpledged equity', () => {
    const venue = venueOf({ multiplier: 2 });
    expect(toText(venue.figures().buyingPower)).toBe('200000');
    taken(venue, { qty: '1500' });
    step(venue, OPEN, [bar('100', '100', '100', '100')]);
    // Equity 100,000; 150,000 long pledges 75,000; twice the remaining 25,000.
    expect(toText(venue.figures().buyingPower)).toBe('50000');
    expect(toText(venue.figures().cash)).toBe('-50000');
  });
  it('sells short, holds back 103 % and covers without turning long', () => {
    const venue = venueOf({ multiplier: 2, isShortingEnabled: true });
    taken(venue, { side: 'sell' });
    expect(toText(venue.figures().reserved)).toBe('1030');
    step(venue, OPEN, [bar('100', '100', '100', '100')]);
    expect(toText(venue.figures().shortMarketValue)).toBe('-1000');
    expect(refusal(venue, { clientOrderId: 'b', qty: '11' })).toMatchObject({ message: 'insufficient qty available for order (requested: 11, available: 10)' });
    taken(venue, { clientOrderId: 'c', qty: '10' });
    step(venue, OPEN + MINUTE_MS, [bar('90', '90', '90', '90')]);
    expect(venue.positions()).toEqual([]);
    expect(toText(venue.figures().cash)).toBe('100100');
  });
});

describe('the end of an order', () => {
  it('a day order expires at the close, a gtc order lives on', () => {
    const venue = venueOf();
    taken(venue, { type: 'limit', limitPrice: '50' });
    taken(venue, { clientOrderId: 'b', type: 'limit', limitPrice: '50', timeInForce: 'gtc' }, { expiresAt: (CLOSE + 90 * 86_400_000) as EpochMs });
    const result = venue.apply({ op: 'advance', to: CLOSE, isSessionEnd: true });
    expect(result.ok && result.value.events.map((event) => [event.kind, event.order.clientOrderId, event.at])).toEqual([['expired', 'a', CLOSE]]);
    expect(venue.openOrders().map((order) => order.clientOrderId)).toEqual(['b']);
  });
  it('a gtc order is canceled by the broker when it is too old', () => {
    const venue = venueOf();
    taken(venue, { type: 'limit', limitPrice: '50', timeInForce: 'gtc' });
    const result = venue.apply({ op: 'advance', to: CLOSE, isSessionEnd: true });
    expect(result.ok && result.value.events.map((event) => [event.kind, event.order.status, event.order.canceledAt])).toEqual([['canceled', 'canceled', CLOSE]]);
  });
  it('a slow cancel loses against a fill in the next bar, else it cancels after it', () => {
    const venue = venueOf();
    const first = taken(venue);
    const second = taken(venue, { clientOrderId: 'b', type: 'limit', limitPrice: '50' });
    for (const { reply } of [first, second]) venue.apply({ op: 'cancel', orderId: reply?.id ?? '', at: venue.state.now, isSlow: true });
    expect(step(venue, OPEN, [bar('100', '101', '99', '100')]).map((event) => [event.kind, event.order.clientOrderId])).toEqual([['fill', 'a'], ['canceled', 'b']]);
  });
  it('cannot cancel what is closed or unknown', () => {
    const venue = venueOf();
    expect(venue.apply({ op: 'cancel', orderId: uuidOf(1, 'order', 9), at: OPEN, isSlow: false })).toMatchObject({ ok: false, error: { status: 404, code: 40410000 } });
  });
  it('keeps yesterday: last equity and overnight shares', () => {
    const venue = holding();
    step(venue, OPEN + MINUTE_MS, [bar('100', '111', '100', '110')]);
    venue.apply({ op: 'advance', to: CLOSE, isSessionEnd: true });
    expect(toText(venue.figures().lastEquity)).toBe('100100');
    expect(toText(venue.overnightQuantity('AAPL'))).toBe('10');
  });
  it('refuses a tape that goes back in time or shows an impossible bar', () => {
    const venue = holding();
    expect(() => step(venue, OPEN - MINUTE_MS * 2, [])).toThrow(/backwards/);
    expect(() => step(venue, OPEN + MINUTE_MS, [bar('100', '99', '98', '99')])).toThrow(/impossible/);
  });
});
