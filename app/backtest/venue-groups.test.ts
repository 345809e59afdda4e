/** Brackets, oco and oto: which exits wait, wake, shrink and go. */
import { describe, expect, it } from 'vitest';
import { toText } from '#app/domain/numeric.ts';
import type { OrderRequest, VenueOrder } from './venue-types.ts';
import { holdingTen, openFloor, type Floor } from './venue-testing.ts';

const BRACKET: Partial<OrderRequest> = { clientOrderId: 'b', orderClass: 'bracket', timeInForce: 'gtc', takeProfit: { limitPrice: '110' }, stopLoss: { stopPrice: '95', limitPrice: null } };
const OCO: Partial<OrderRequest> = { clientOrderId: 'o', side: 'sell', type: 'limit', orderClass: 'oco', timeInForce: 'gtc', takeProfit: { limitPrice: '110' }, stopLoss: { stopPrice: '95', limitPrice: null } };
const legsOf = (floor: Floor): string[] => floor.venue.openOrders().map((order) => `${order.role} ${order.status} ${order.qty === null ? '' : toText(order.qty)}`);
const leg = (floor: Floor, role: VenueOrder['role']): VenueOrder => {
  const found = floor.venue.openOrders().find((order) => order.role === role);
  if (!found) throw new Error(`no ${role}`);
  return found;
};
const bracketed = (config = {}): Floor => {
  const floor = openFloor(config);
  floor.submit(BRACKET);
  floor.bar(100);
  return floor;
};

describe('a bracket', () => {
  it('holds both exits until the entry has filled in full, then the take-profit works and the stop-loss stays held', () => {
    const floor = openFloor({ volumeCap: 0.006 });
    const { legs } = floor.submit(BRACKET);
    expect(legs).toHaveLength(2);
    expect(legsOf(floor)).toEqual(['order new 10', 'take_profit held 10', 'stop_loss held 10']);
    expect(floor.bar(100)).toEqual(['partial_fill b 6@100']);
    expect(legsOf(floor)).toEqual(['order partially_filled 10', 'take_profit held 10', 'stop_loss held 10']);
    expect(floor.bar(100)).toEqual(['fill b 4@100', 'new take_profit']);
    expect(legsOf(floor)).toEqual(['take_profit new 10', 'stop_loss held 10']);
  });
  it('the take-profit fills and the stop-loss goes', () => {
    const floor = bracketed();
    expect(floor.bar(105, 111, 105, 108)).toEqual(['fill take_profit 10@110', 'canceled stop_loss']);
    expect(floor.venue.openOrders()).toEqual([]);
    expect(floor.venue.positions()).toEqual([]);
  });
  it('the stop is reached: the take-profit goes first, then the stop-loss sells', () => {
    const floor = bracketed();
    expect(floor.bar(97, 98, 94, 96)).toEqual(['canceled take_profit', 'new stop_loss', 'fill stop_loss 10@95']);
    expect(floor.venue.positions()).toEqual([]);
  });
  it('of a bar that reaches both, the loss counts', () => {
    expect(bracketed().bar(100, 111, 94, 100)).toEqual(['canceled take_profit', 'new stop_loss', 'fill stop_loss 10@95']);
  });
  it('an exit can be reached in the bar of an entry at its open, not in that of an entry inside it', () => {
    const atOpen = openFloor();
    atOpen.submit(BRACKET);
    expect(atOpen.bar(100, 101, 94, 96)).toEqual(['fill b 10@100', 'new take_profit', 'canceled take_profit', 'new stop_loss', 'fill stop_loss 10@95']);
    const inside = openFloor();
    inside.submit({ ...BRACKET, type: 'limit', limitPrice: '98' });
    expect(inside.bar(100, 101, 94, 96)).toEqual(['fill b 10@98', 'new take_profit']);
    expect(inside.bar(94)).toEqual(['canceled take_profit', 'new stop_loss', 'fill stop_loss 10@94']);
  });
  it('a take-profit that fills in part shrinks the stop-loss to what is left', () => {
    const floor = bracketed({ volumeCap: 0.01 });
    floor.venue.apply({ op: 'step', at: floor.venue.state.now, barMs: 60_000, isRegular: true, bars: [] });
    const { events } = floor.apply({ op: 'step', at: floor.venue.state.now, barMs: 60_000, isRegular: true, bars: [{ symbol: 'AAPL', open: '112', high: '113', low: '111', close: '112', volume: '400' }] });
    expect(events.map((event) => event.kind)).toEqual(['partial_fill', 'restated']);
    expect(legsOf(floor)).toEqual(['take_profit partially_filled 10', 'stop_loss held 6']);
    expect(floor.bar(94)).toEqual(['canceled take_profit', 'new stop_loss', 'fill stop_loss 6@94']);
    expect(floor.venue.positions()).toEqual([]);
  });
  it('cancel one, cancel all: an exit, or the entry while it waits', () => {
    const floor = bracketed();
    expect(floor.cancel(leg(floor, 'stop_loss').id)).toEqual(['canceled stop_loss', 'canceled take_profit']);
    const waiting = openFloor();
    waiting.submit({ ...BRACKET, type: 'limit', limitPrice: '98' });
    expect(waiting.cancel(leg(waiting, 'order').id)).toEqual(['canceled b', 'canceled take_profit', 'canceled stop_loss']);
    waiting.submit({ ...BRACKET, clientOrderId: 'c', type: 'limit', limitPrice: '98' });
    expect(waiting.cancel(leg(waiting, 'take_profit').id)).toEqual(['canceled take_profit', 'canceled c', 'canceled stop_loss']);
  });
  it('a slow cancel goes to the member at the market, which may fill first', () => {
    const floor = bracketed();
    expect(floor.cancel(leg(floor, 'stop_loss').id, true)).toEqual(['pending_cancel take_profit']);
    expect(floor.bar(112)).toEqual(['fill take_profit 10@112', 'canceled stop_loss']);
  });
  it('good for the day, all of it expires with the day', () => {
    const floor = openFloor();
    floor.submit({ ...BRACKET, timeInForce: 'day', type: 'limit', limitPrice: '98' });
    const { events } = floor.apply({ op: 'advance', to: floor.venue.openOrders()[0]?.expiresAt ?? floor.venue.state.now, isSessionEnd: true });
    expect(events.map((event) => `${event.kind} ${event.order.role}`)).toEqual(['expired order', 'expired take_profit', 'expired stop_loss']);
  });
  it('sells short and buys back', () => {
    const floor = openFloor({ multiplier: 2, isShortingEnabled: true });
    floor.submit({ ...BRACKET, side: 'sell', takeProfit: { limitPrice: '90' }, stopLoss: { stopPrice: '105', limitPrice: null } });
    floor.bar(100);
    expect(legsOf(floor)).toEqual(['take_profit new 10', 'stop_loss held 10']);
    expect(floor.bar(100, 106, 99, 104)).toEqual(['canceled take_profit', 'new stop_loss', 'fill stop_loss 10@105']);
    expect(floor.venue.positions()).toEqual([]);
  });
  it('its shares count once: exits that exclude each other hold them once, and nothing else may sell them', () => {
    const floor = bracketed();
    expect(floor.refused({ clientOrderId: 'x', side: 'sell', qty: '1' })).toMatchObject({ code: 40310000, details: { available: '0', existing_qty: '10', held_for_orders: '10', symbol: 'AAPL' } });
  });
});

describe('oco', () => {
  it('is a take-profit with a stop-loss behind it', () => {
    const floor = holdingTen();
    const reply = floor.submit(OCO);
    expect([reply.role, reply.limitPrice?.toString(), reply.legs.length]).toEqual(['take_profit', '110', 1]);
    expect(legsOf(floor)).toEqual(['take_profit new 10', 'stop_loss held 10']);
    expect(floor.bar(94)).toEqual(['canceled o', 'new stop_loss', 'fill stop_loss 10@94']);
  });
  it('takes its profit and lets the stop go', () => {
    const floor = holdingTen();
    floor.submit(OCO);
    expect(floor.bar(111)).toEqual(['fill o 10@111', 'canceled stop_loss']);
  });
  it('is for exits only', () => {
    expect(openFloor({ multiplier: 2, isShortingEnabled: true }).refused(OCO)).toMatchObject({ status: 422, message: 'oco orders must be exit orders' });
  });
});

describe('oto', () => {
  it('one exit follows the entry, and works at once when it has filled', () => {
    const floor = openFloor();
    floor.submit({ ...BRACKET, orderClass: 'oto', takeProfit: null });
    expect(floor.bar(100)).toEqual(['fill b 10@100', 'new stop_loss']);
    expect(floor.bar(94)).toEqual(['fill stop_loss 10@94']);
  });
  it('with a take-profit', () => {
    const floor = openFloor();
    floor.submit({ ...BRACKET, orderClass: 'oto', stopLoss: null });
    expect(floor.bar(100)).toEqual(['fill b 10@100', 'new take_profit']);
    expect(floor.bar(111)).toEqual(['fill take_profit 10@111']);
  });
});

describe('what the broker refuses about exits', () => {
  it.each<[string, Partial<OrderRequest>, string]>([
    ['a bracket without a stop', { stopLoss: null }, 'bracket orders require stop_loss.stop_price'],
    ['a bracket without a take-profit', { takeProfit: null }, 'bracket orders require take_profit.limit_price'],
    ['a take-profit below the stop', { takeProfit: { limitPrice: '94' } }, 'take_profit.limit_price must be greater than stop_loss.stop_price'],
    ['a stop at the entry', { type: 'limit', limitPrice: '95' }, 'stop_loss.stop_price must be <= base_price - 0.01'],
    ['a take-profit at the entry', { type: 'limit', limitPrice: '110' }, 'take_profit.limit_price must be >= base_price + 0.01'],
    ['a stop beyond the market', { type: 'limit', limitPrice: '106', stopLoss: { stopPrice: '101', limitPrice: null } }, 'stop price must be less than current price'],
    ['extended hours', { type: 'limit', limitPrice: '99', extendedHours: true }, 'bracket orders must not be extended hours orders'],
    ['at once', { timeInForce: 'ioc' }, 'bracket orders must be DAY or GTC orders'],
    ['a stop as entry', { type: 'stop', stopPrice: '105' }, 'bracket orders must be market or limit orders'],
    ['parts of shares', { qty: '1.5' }, 'fractional orders must be simple orders'],
    ['oto with both', { orderClass: 'oto' }, 'oto orders require exactly one of take_profit or stop_loss'],
    ['simple with an exit', { orderClass: 'simple' }, 'simple orders must not have take_profit or stop_loss'],
    ['a stop in fractions of a cent', { stopLoss: { stopPrice: '95.001', limitPrice: null } }, 'invalid stop_loss.stop_price 95.001. sub-penny increment does not fulfill minimum pricing criteria'],
  ])('%s', (...[_name, over, message]) => {
    const refusal = openFloor().refused({ ...BRACKET, ...over });
    expect(refusal?.message).toBe(message);
    expect(refusal?.status).toBe(422);
  });
  it('in the shape of the fixture: a stop below the market to buy', () => {
    expect(openFloor().refused({ type: 'stop', stopPrice: '161' }, { lastPrice: '162.6' })).toEqual({
      status: 422, code: 42210000, message: 'stop price must be greater than current price', details: { market_price: '162.6', stop_price: '161' },
    });
  });
});
