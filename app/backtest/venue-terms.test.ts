/** Times in force, hours, fractions and the wash-trade table: what each order may do, type by type. */
import { describe, expect, it } from 'vitest';
import { ORDER_TYPES, TIMES_IN_FORCE, type OrderType } from '#app/domain/order.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { PLAIN_ASSET, PLAIN_REQUEST, type OrderContext, type OrderRequest } from './venue-types.ts';
import { CLOSE, holdingTen, OPEN, openFloor, type Floor } from './venue-testing.ts';

/** The prices that a buy of each type needs, in a market at 100. */
const BUY: Readonly<Record<OrderType, Partial<OrderRequest>>> = {
  market: { type: 'market' }, limit: { type: 'limit', limitPrice: '101' }, stop: { type: 'stop', stopPrice: '105' }, stop_limit: { type: 'stop_limit', stopPrice: '105', limitPrice: '106' },
  trailing_stop: { type: 'trailing_stop', trailPrice: '2' },
};
const auction = (at: EpochMs): Partial<OrderContext> => ({ auctionAt: at });

describe('type by time in force', () => {
  it.each(ORDER_TYPES.flatMap((type) => TIMES_IN_FORCE.map((tif) => [type, tif] as const)))('%s %s', (type, tif) => {
    const isTaken = tif === 'day' || tif === 'gtc' || type === 'market' || type === 'limit';
    const refusal = openFloor().refused({ ...BUY[type], timeInForce: tif }, tif === 'opg' || tif === 'cls' ? auction(CLOSE) : {});
    expect(refusal?.message ?? null).toBe(isTaken ? null : `invalid time_in_force ${tif} for ${type} orders: must be day or gtc`);
  });
  it.each(ORDER_TYPES.flatMap((type) => TIMES_IN_FORCE.map((tif) => [type, tif] as const)))('parts of shares: %s %s', (type, tif) => {
    const isTaken = tif === 'day' && type !== 'trailing_stop';
    expect(openFloor().refused({ ...BUY[type], qty: '1.5', timeInForce: tif }, tif === 'opg' || tif === 'cls' ? auction(CLOSE) : {}) === null).toBe(isTaken);
  });
  it('opg and cls are shut at their hours', () => {
    expect(openFloor().refused({ timeInForce: 'opg' }, { ...auction(OPEN), isAuctionShut: true })?.message).toBe('market on open orders are not accepted between 9:28am and 7:00pm ET');
    expect(openFloor().refused({ timeInForce: 'cls' }, { ...auction(CLOSE), isAuctionShut: true })?.message).toBe('market on close orders are not accepted between 3:50pm and 7:00pm ET');
  });
});

describe('at once, or not', () => {
  it.each<[string, Partial<OrderRequest>, number, string[]]>([
    ['ioc takes what there is and ends', { timeInForce: 'ioc' }, 0.004, ['partial_fill a 4@100', 'canceled a']],
    ['ioc with a limit that the open does not meet', { timeInForce: 'ioc', type: 'limit', limitPrice: '99' }, 1, ['canceled a']],
    ['ioc with a limit that it does', { timeInForce: 'ioc', type: 'limit', limitPrice: '100' }, 1, ['fill a 10@100']],
    ['fok takes all', { timeInForce: 'fok' }, 1, ['fill a 10@100']],
    ['fok takes nothing when there is not all', { timeInForce: 'fok' }, 0.009, ['canceled a']],
  ])('%s', (...[_name, over, volumeCap, expected]) => {
    const floor = openFloor({ volumeCap });
    floor.submit(over);
    expect(floor.bar(100, 101, 98, 99)).toEqual(expected);
  });
});

describe('auctions', () => {
  const at = (floor: Floor, from: EpochMs, open: string, close: string): string[] => floor.apply({
    op: 'step', at: from, barMs: MINUTE_MS, isRegular: true, bars: [{ symbol: 'AAPL', open, high: '110', low: '90', close, volume: '1000' }],
  }).events.map((event) => `${event.kind} ${event.fill?.price.toString() ?? ''}`.trim());
  const before = { isOpen: false, at: (OPEN - 60 * MINUTE_MS) as EpochMs };
  it('opg trades at the open of the session, or is canceled', () => {
    const floor = openFloor();
    floor.submit({ timeInForce: 'opg' }, { ...auction(OPEN), ...before });
    floor.submit({ clientOrderId: 'b', timeInForce: 'opg', type: 'limit', limitPrice: '100' }, { ...auction(OPEN), ...before });
    expect(at(floor, OPEN, '101', '100')).toEqual(['new', 'new', 'fill 101', 'canceled']);
  });
  it('cls trades at the close of the session, not before', () => {
    const floor = openFloor();
    floor.submit({ timeInForce: 'cls' }, auction(CLOSE));
    floor.submit({ clientOrderId: 'b', timeInForce: 'cls', type: 'limit', limitPrice: '97' }, auction(CLOSE));
    expect(at(floor, (CLOSE - 2 * MINUTE_MS) as EpochMs, '100', '99')).toEqual([]);
    expect(at(floor, (CLOSE - MINUTE_MS) as EpochMs, '99', '98')).toEqual(['fill 98']);
    expect(floor.apply({ op: 'advance', to: CLOSE, isSessionEnd: true }).events.map((event) => event.kind)).toEqual(['canceled']);
  });
  it('what was for the moment or for an auction is canceled when the session passes without a trade', () => {
    const floor = openFloor();
    floor.submit({ clientOrderId: 'i', timeInForce: 'ioc' });
    floor.submit({ clientOrderId: 'f', timeInForce: 'fok' });
    floor.submit({ clientOrderId: 'd' });
    expect(floor.apply({ op: 'advance', to: CLOSE, isSessionEnd: true }).events.map((event) => `${event.kind} ${event.order.clientOrderId}`)).toEqual(['canceled i', 'canceled f', 'expired d']);
  });
});

describe('extended hours', () => {
  it('a limit order that is marked works at once before the open', () => {
    const floor = openFloor();
    const world = { isOpen: false, isExtendedOpen: true };
    expect(floor.submit({ type: 'limit', limitPrice: '101', extendedHours: true }, world).status).toBe('pending_new');
    expect(floor.submit({ clientOrderId: 'b', type: 'limit', limitPrice: '101' }, world).status).toBe('accepted');
  });
  it.each<[string, Partial<OrderRequest>]>([['market orders', {}], ['stops', BUY.stop], ['auctions', { ...BUY.limit, timeInForce: 'opg' }]])('not for %s', (_name, over) => {
    expect(openFloor().refused({ ...over, extendedHours: true })?.message).toBe('extended hours order must be DAY or GTC limit orders');
  });
});

describe('the wash-trade table', () => {
  const resting: Readonly<Record<string, Partial<OrderRequest>>> = {
    market: { type: 'market' }, limit: { type: 'limit', limitPrice: '105' }, stop: { type: 'stop', stopPrice: '95' }, stop_limit: { type: 'stop_limit', stopPrice: '95', limitPrice: '94' },
    trailing_stop: { type: 'trailing_stop', trailPrice: '3' }, oco: { type: 'limit', limitPrice: '105', orderClass: 'oco', stopLoss: { stopPrice: '95', limitPrice: null } },
  };
  const buys: Readonly<Record<string, Partial<OrderRequest>>> = {
    market: BUY.market, 'limit below': { type: 'limit', limitPrice: '93' }, 'limit above': { type: 'limit', limitPrice: '105' }, stop: BUY.stop, 'stop_limit below': { type: 'stop_limit', stopPrice: '101', limitPrice: '93' },
    'stop_limit above': BUY.stop_limit, trailing_stop: BUY.trailing_stop, bracket: { orderClass: 'bracket', takeProfit: { limitPrice: '110' }, stopLoss: { stopPrice: '95', limitPrice: null } },
  };
  /** `-` taken, `m` refused because of a market or stop order, `x` because the limits cross. */
  const TABLE: Readonly<Record<string, string>> = {
    //               market below above stop  sl-below sl-above trailing bracket
    market: 'mmmmmm--', limit: 'm-xm-x--', stop: 'mmmmmm--', stop_limit: 'm-xm-x--', trailing_stop: '--------', oco: '--------',
  };
  it.each(Object.keys(TABLE))('against a resting %s to sell', (kind) => {
    const found = Object.values(buys).map((over) => {
      const floor = holdingTen();
      floor.submit({ clientOrderId: 's', side: 'sell', ...resting[kind] });
      const reason = floor.refused({ clientOrderId: 'w', qty: '1', ...over })?.details['reject_reason'];
      return reason === undefined ? '-' : reason.includes('market/stop') ? 'm' : 'x';
    });
    expect(found.join('')).toBe(TABLE[kind]);
  });
});

describe('position intents', () => {
  it('must say what the order does', () => {
    expect(openFloor().refused({ positionIntent: 'buy_to_close' })?.message).toBe('position intent mismatch, inferred: buy_to_open, specified: buy_to_close');
    expect(openFloor().refused({ positionIntent: 'buy_to_open' })).toBeNull();
    expect(holdingTen().submit({ clientOrderId: 's', side: 'sell' }).positionIntent).toBe('sell_to_close');
  });
  it('never turn a long position into a short one', () => {
    const floor = holdingTen({ multiplier: 2, isShortingEnabled: true });
    expect(floor.refused({ clientOrderId: 's', side: 'sell', qty: '11' })).toMatchObject({ status: 403, code: 40310000, details: { available: '10' } });
  });
});

describe('late words of the broker', () => {
  const stuck = (): Floor => {
    const floor = openFloor();
    floor.apply({
      op: 'submit', isStuck: true, request: { ...PLAIN_REQUEST, clientOrderId: 'a', symbol: 'AAPL', side: 'buy', type: 'market', timeInForce: 'day', qty: '10' },
      context: { at: OPEN, isOpen: true, isExtendedOpen: false, expiresAt: CLOSE, auctionAt: null, isAuctionShut: false, lastPrice: '100', bid: null, ask: null, asset: PLAIN_ASSET },
    });
    return floor;
  };
  const settle = (floor: Floor, outcome: 'new' | 'rejected'): string[] => floor.apply({
    op: 'settle', orderId: floor.order('a')?.id ?? '', at: floor.venue.state.now, outcome, reason: outcome === 'new' ? null : 'halted',
  }).events.map((event) => `${event.kind} ${event.order.rejectReason ?? ''}`.trim());
  it('a stuck order waits, unfilled, until it is settled', () => {
    const floor = stuck();
    expect(floor.bar(100)).toEqual([]);
    expect(settle(floor, 'new')).toEqual(['new']);
    expect(floor.bar(101)).toEqual(['fill a 10@101']);
  });
  it('a stuck cancel waits until it is settled; meanwhile the order may fill', () => {
    const floor = openFloor();
    const { id } = floor.submit({ type: 'limit', limitPrice: '90' });
    floor.apply({ op: 'cancel', orderId: id, at: floor.venue.state.now, isSlow: true, isStuck: true });
    expect(floor.bar(100)).toEqual([]);
    expect(settle(floor, 'new')).toEqual(['canceled']);
    const second = floor.submit({ clientOrderId: 'a', type: 'limit', limitPrice: '90' });
    floor.apply({ op: 'cancel', orderId: second.id, at: floor.venue.state.now, isSlow: true, isStuck: true });
    expect(floor.bar(89)).toEqual(['fill a 10@89']);
    expect(floor.venue.state.stuck.size).toBe(0);
  });
  it('an order that was taken can be rejected, with the reason', () => {
    expect(settle(stuck(), 'rejected')).toEqual(['rejected halted']);
    const floor = openFloor();
    floor.submit();
    expect(settle(floor, 'rejected')).toEqual(['rejected halted']);
    expect(floor.venue.figures().reserved.toString()).toBe('0');
  });
});
