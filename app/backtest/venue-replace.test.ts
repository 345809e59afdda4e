/** Replacing orders: at once, slowly with the races it brings, in groups; and what cannot be replaced. */
import { describe, expect, it } from 'vitest';
import { toText } from '#app/domain/numeric.ts';
import type { OrderRequest, ReplaceRequest, VenueOrder, VenueRejection } from './venue-types.ts';
import { CLOSE, holdingTen, openFloor, type Floor } from './venue-testing.ts';

const LIMIT: Partial<OrderRequest> = { type: 'limit', limitPrice: '98' };
const BRACKET: Partial<OrderRequest> = { clientOrderId: 'b', orderClass: 'bracket', timeInForce: 'gtc', takeProfit: { limitPrice: '110' }, stopLoss: { stopPrice: '95', limitPrice: null } };
const idOf = (floor: Floor, pick: (order: VenueOrder) => boolean): string => floor.venue.openOrders().find(pick)?.id ?? '';
const byClient = (id: string) => (order: VenueOrder): boolean => order.clientOrderId === id;
const byRole = (role: VenueOrder['role']) => (order: VenueOrder): boolean => order.role === role;
const placed = (reply: VenueOrder | VenueRejection): VenueOrder => {
  if (!('id' in reply)) throw new Error(`refused: ${reply.message}`);
  return reply;
};

describe('a replacement at once', () => {
  it('takes the place of the old order under a new id', () => {
    const floor = openFloor();
    const old = floor.submit(LIMIT);
    const next = placed(floor.replace(old.id, { limitPrice: '99', qty: '4' }));
    expect(next).toMatchObject({ clientOrderId: 'r', replaces: old.id, status: 'new' });
    expect(next.id).not.toBe(old.id);
    expect(floor.venue.openOrders().map((order) => [order.clientOrderId, order.qty?.toString(), order.limitPrice?.toString()])).toEqual([['r', '4', '99']]);
    expect(toText(floor.venue.figures().reserved)).toBe('396');
    expect(floor.bar(98.5)).toEqual(['fill r 4@98.5']);
  });
  it('asks for the part that is left when no quantity is named', () => {
    const floor = openFloor({ volumeCap: 0.003 });
    const old = floor.submit(LIMIT);
    expect(floor.bar(97)).toEqual(['partial_fill a 3@97']);
    expect(placed(floor.replace(old.id, { limitPrice: '99' })).qty?.toString()).toBe('7');
  });
  it('moves a trailing stop by its distance and keeps its best price', () => {
    const floor = holdingTen();
    const old = floor.submit({ clientOrderId: 't', side: 'sell', type: 'trailing_stop', trailPrice: '5' });
    floor.bar(100, 108, 104, 107);
    expect(placed(floor.replace(old.id, { trail: '2' }))).toMatchObject({ trailPercent: null });
    expect([floor.order('r')?.hwm?.toString(), floor.order('r')?.stopPrice?.toString()]).toEqual(['108', '106']);
  });
});

describe('another time in force', () => {
  it('for the closing auction: the new order waits for that auction', () => {
    const floor = openFloor();
    const auction = { auctionAt: CLOSE };
    placed(floor.replace(floor.submit({ type: 'limit', limitPrice: '98' }).id, { timeInForce: 'cls' }, false, auction));
    expect(floor.order('r')).toMatchObject({ timeInForce: 'cls', auctionAt: CLOSE });
    const last = floor.apply({ op: 'step', at: (CLOSE - 60_000) as typeof CLOSE, barMs: 60_000, isRegular: true, bars: [{ symbol: 'AAPL', open: '99', high: '99', low: '97', close: '97', volume: '100' }] });
    expect(last.events.map((event) => event.kind)).toEqual(['fill']);
  });
});

describe('a slow replacement', () => {
  it('takes its place behind the bar', () => {
    const floor = openFloor();
    const old = floor.submit(LIMIT);
    expect(placed(floor.replace(old.id, { limitPrice: '99' }, true)).status).toBe('pending_new');
    expect(floor.order('a')).toMatchObject({ status: 'pending_replace' });
    // The larger of both is held back until it is settled.
    expect(toText(floor.venue.figures().reserved)).toBe('990');
    expect(floor.bar(100)).toEqual(['replaced a', 'new r']);
    expect(toText(floor.venue.figures().reserved)).toBe('990');
  });
  it('loses against a fill', () => {
    const floor = openFloor();
    floor.replace(floor.submit(LIMIT).id, { limitPrice: '99' }, true);
    expect(floor.bar(97)).toEqual(['fill a 10@97', 'order_replace_rejected a', 'rejected r']);
    expect(floor.venue.openOrders()).toEqual([]);
    expect(toText(floor.venue.positions()[0]?.qty ?? floor.venue.figures().cash)).toBe('10');
  });
  it('trades only what a fill in between has left: never more than was wanted', () => {
    const floor = openFloor({ volumeCap: 0.004 });
    floor.replace(floor.submit(LIMIT).id, { limitPrice: '99', qty: '6' }, true);
    expect(floor.bar(97)).toEqual(['partial_fill a 4@97', 'replaced a', 'new r']);
    expect(floor.order('r')?.qty?.toString()).toBe('2');
  });
  it('is refused when the fill in between is all that was wanted', () => {
    const floor = openFloor({ volumeCap: 0.004 });
    floor.replace(floor.submit(LIMIT).id, { limitPrice: '99', qty: '3' }, true);
    expect(floor.bar(97)).toEqual(['partial_fill a 4@97', 'order_replace_rejected a', 'rejected r']);
    expect(floor.order('a')).toMatchObject({ status: 'partially_filled', replacedBy: null });
  });
  it('can be rejected late, by the broker', () => {
    const floor = openFloor();
    const old = floor.submit(LIMIT);
    const next = placed(floor.replace(old.id, { limitPrice: '99' }, true));
    expect(floor.apply({ op: 'settle', orderId: next.id, at: floor.venue.state.now, outcome: 'rejected', reason: 'no' }).events.map((event) => event.kind)).toEqual(['order_replace_rejected', 'rejected']);
    expect(floor.order('a')).toMatchObject({ status: 'new' });
    expect(toText(floor.venue.figures().reserved)).toBe('980');
  });
  it('ends with its order when that is canceled, at once or slowly', () => {
    const floor = openFloor();
    const first = floor.submit(LIMIT);
    floor.replace(first.id, { limitPrice: '99' }, true);
    expect(floor.cancel(first.id)).toEqual(['canceled a', 'rejected r']);
    const second = floor.submit({ ...LIMIT, clientOrderId: 'c' });
    floor.replace(second.id, { limitPrice: '99', clientOrderId: 'r2' }, true);
    expect(floor.cancel(second.id, true)).toEqual(['order_replace_rejected c', 'rejected r2', 'pending_cancel c']);
    expect(floor.bar(100)).toEqual(['canceled c']);
  });
});

describe('in a group', () => {
  const bracketed = (): Floor => {
    const floor = openFloor();
    floor.submit(BRACKET);
    floor.bar(100);
    return floor;
  };
  it('a stop-loss is moved while it is held, and still goes with its take-profit', () => {
    const floor = bracketed();
    expect(placed(floor.replace(idOf(floor, byRole('stop_loss')), { stopPrice: '97' }))).toMatchObject({ role: 'stop_loss', status: 'held' });
    expect(floor.bar(98, 99, 96.5, 98)).toEqual(['canceled take_profit', 'new stop_loss', 'fill stop_loss 10@97']);
  });
  it('a take-profit is moved slowly, and goes when the stop is reached first', () => {
    const floor = bracketed();
    floor.replace(idOf(floor, byRole('take_profit')), { limitPrice: '120' }, true);
    expect(floor.bar(94)).toEqual(['canceled take_profit', 'rejected take_profit', 'new stop_loss', 'fill stop_loss 10@94']);
    expect(floor.venue.openOrders()).toEqual([]);
  });
  it("an entry is moved, its exits hang on the new order", () => {
    const floor = openFloor();
    const entry = floor.submit({ ...BRACKET, type: 'limit', limitPrice: '98' });
    const next = placed(floor.replace(entry.id, { limitPrice: '97' }));
    expect(floor.venue.openOrders().filter((order) => order.role !== 'order').map((order) => order.parentId)).toEqual([next.id, next.id]);
    expect(floor.bar(96.5)).toEqual(['fill r 10@96.5', 'new take_profit']);
    expect(floor.bar(94)).toEqual(['canceled take_profit', 'new stop_loss', 'fill stop_loss 10@94']);
  });
  it('an oco is moved as a whole', () => {
    const floor = holdingTen();
    const oco = floor.submit({ ...BRACKET, clientOrderId: 'o', side: 'sell', type: 'limit', orderClass: 'oco' });
    const next = placed(floor.replace(oco.id, { limitPrice: '105' }));
    expect(next.legs).toEqual(oco.legs);
    expect(floor.bar(106)).toEqual(['fill r 10@106', 'canceled stop_loss']);
  });
  it('a stop-loss that was moved still counts before the take-profit of a bar that reaches both', () => {
    const floor = bracketed();
    floor.replace(idOf(floor, byRole('stop_loss')), { stopPrice: '96' });
    expect(floor.bar(100, 112, 94, 100)).toEqual(['canceled take_profit', 'new stop_loss', 'fill stop_loss 10@96']);
  });
  it('a stop-limit that was reached and could not trade can be let down to the market', () => {
    const floor = openFloor();
    floor.submit({ ...BRACKET, stopLoss: { stopPrice: '95', limitPrice: '94.5' } });
    floor.bar(100);
    expect(floor.bar(90)).toEqual(['canceled take_profit', 'new stop_loss']);
    expect(floor.replace(idOf(floor, byRole('stop_loss')), { limitPrice: '88' }, false, { lastPrice: '90' })).toMatchObject({ role: 'stop_loss', status: 'new' });
    expect(floor.bar(89)).toEqual(['fill stop_loss 10@89']);
  });
  it('before the entry, a price that does not move is not held against a market that has moved', () => {
    const floor = openFloor();
    floor.submit({ ...BRACKET, stopLoss: { stopPrice: '95', limitPrice: '94.5' } });
    const away = { lastPrice: '111' };
    expect(floor.replace(idOf(floor, byRole('stop_loss')), { limitPrice: '94' }, false, away)).toMatchObject({ status: 'held' });
    expect(floor.replace(idOf(floor, byRole('take_profit')), { limitPrice: '109', clientOrderId: 'r2' }, false, away)).toMatchObject({ message: 'take_profit.limit_price must be >= base_price + 0.01' });
    expect(floor.replace(idOf(floor, byRole('stop_loss')), { stopPrice: '110', clientOrderId: 'r3' })).toMatchObject({ message: 'stop_loss.stop_price must be <= base_price - 0.01' });
  });
  it.each<[string, VenueOrder['role'], Partial<ReplaceRequest>, string]>([
    ['a stop beyond the market', 'stop_loss', { stopPrice: '101' }, 'stop price must be less than current price'],
    ['a stop beyond the take-profit', 'stop_loss', { stopPrice: '111' }, 'stop_loss.stop_price must be <= base_price - 0.01'],
    ['a take-profit below the stop', 'take_profit', { limitPrice: '94' }, 'stop_loss.stop_price must be <= base_price - 0.01'],
    ['another quantity', 'take_profit', { qty: '5' }, 'only prices of bracket orders can be replaced'],
    ['a limit price for a stop', 'stop_loss', { limitPrice: '90' }, 'stop orders require no limit price'],
  ])('refuses %s', (...[_name, role, over, message]) => {
    const floor = bracketed();
    expect(floor.replace(idOf(floor, byRole(role)), over)).toMatchObject({ message });
  });
});

describe('what cannot be replaced', () => {
  it.each<[string, Partial<OrderRequest>, Partial<ReplaceRequest>, string]>([
    ['nothing changed', LIMIT, { limitPrice: '98' }, 'order parameters are not changed'],
    ['a sub-penny price', LIMIT, { limitPrice: '98.001' }, 'invalid limit_price 98.001. sub-penny increment does not fulfill minimum pricing criteria'],
    ['more than there is money for', LIMIT, { qty: '1100' }, 'insufficient buying power'],
    ['a client id that is in use', LIMIT, { limitPrice: '97', clientOrderId: 'a' }, 'client_order_id must be unique'],
    ['trail of a limit order', LIMIT, { trail: '1' }, 'only trailing stop orders accept trail'],
    ['an order by dollars', { qty: null, notional: '100' }, { qty: '1' }, 'notional orders cannot be replaced'],
    ['the quantity of parts of shares', { ...LIMIT, qty: '1.5' }, { qty: '2' }, 'qty of fractional orders cannot be changed'],
    ['oto', { ...BRACKET, ...LIMIT, clientOrderId: 'a', orderClass: 'oto', takeProfit: null }, { limitPrice: '97' }, 'oto orders cannot be replaced'],
  ])('%s', (...[_name, order, over, message]) => {
    const floor = openFloor();
    expect(floor.replace(floor.submit(order).id, over)).toMatchObject({ message });
    expect(floor.venue.openOrders().some(byClient('r'))).toBe(false);
  });
  it('an order that is not at the exchange yet, or on its way out', () => {
    const floor = openFloor();
    const closed = floor.submit({ ...LIMIT, clientOrderId: 'x', timeInForce: 'gtc' }, { isOpen: false, expiresAt: (CLOSE + 86_400_000) as typeof CLOSE });
    expect(floor.replace(closed.id, { limitPrice: '97' })).toMatchObject({ message: "unable to replace order, order isn't sent to exchange yet" });
    const going = floor.submit({ ...LIMIT, clientOrderId: 'y' });
    floor.cancel(going.id, true);
    expect(floor.replace(going.id, { limitPrice: '97' })).toMatchObject({ message: 'cannot replace order in pending_cancel status' });
    expect(floor.replace('nobody', { limitPrice: '97' })).toMatchObject({ status: 404, code: 40410000 });
  });
});
