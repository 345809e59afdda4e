/** The three outcomes of a submit, and the reading calls, against real HTTP. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AppError, invariant } from '#app/domain/errors.ts';
import { price, quantity } from '#app/domain/numeric.ts';
import { MARKET_TERMS, type OrderTerms } from '#app/domain/order-terms.ts';
import { checkAccess } from './access.ts';
import { createBroker } from './broker.ts';
import { createGovernor, type Governor } from './governor.ts';
import { KEYS_REFUSED } from './http.ts';
import type { Broker, OrderTicket } from './ports.ts';
import { startStandIn, wireOrder, type Answer, type StandIn } from '../../tests/support/alpaca-stand-in.ts';

let standIn: StandIn;
let governor: Governor;
let broker: Broker;
const ticket: OrderTicket = { clientOrderId: 'ms-1', symbol: 'AAPL', side: 'buy', qty: quantity('10'), terms: { ...MARKET_TERMS, type: 'limit', limitPrice: price('190.5') } };

beforeAll(async () => {
  standIn = await startStandIn();
});
afterAll(() => standIn.close());
const fresh = (timeoutMs = 2_000): Broker => {
  governor = createGovernor({ monotonicMs: () => performance.now(), nowMs: () => Date.now() });
  broker = createBroker({ access: checkAccess(standIn.access, 'paper'), governor, isOurs: (id) => id.startsWith('ms-'), timeoutMs });
  standIn.seen.length = 0;
  return broker;
};
afterEach(() => governor.close());
const submit = async (answer: Answer, timeoutMs?: number) => {
  fresh(timeoutMs);
  standIn.answer = () => answer;
  return broker.submit(ticket, await broker.permit('entry'));
};

describe('submit', () => {
  it('sends the order once, with our id, as text numbers, and accepts the reply', async () => {
    const outcome = await submit({ status: 200, body: wireOrder({ type: 'limit', limit_price: '190.5' }) });
    expect(outcome.kind).toBe('accepted');
    expect(standIn.seen).toHaveLength(1);
    expect(standIn.seen[0]).toMatchObject({ method: 'POST', path: '/v2/orders', body: { client_order_id: 'ms-1', symbol: 'AAPL', side: 'buy', type: 'limit', time_in_force: 'day', qty: '10', limit_price: '190.5' } });
    expect(standIn.seen[0]?.headers['apca-api-key-id']).toBe('PKTEST');
  });

  const send = async (terms: Partial<OrderTerms>) => {
    fresh();
    standIn.answer = () => ({ status: 200, body: wireOrder() });
    await broker.submit({ ...ticket, terms: { ...MARKET_TERMS, ...terms } }, await broker.permit('entry'));
    const { client_order_id: _id, symbol: _symbol, side: _side, qty: _qty, ...rest } = standIn.seen[0]?.body as Record<string, unknown>;
    return rest;
  };
  const stopLoss = { stopPrice: price('180'), limitPrice: null };
  it.each<[string, Partial<OrderTerms>, Record<string, unknown>]>([
    ['a market order', {}, { type: 'market', time_in_force: 'day' }],
    ['a stop', { type: 'stop', stopPrice: price('180.5'), timeInForce: 'gtc' }, { type: 'stop', time_in_force: 'gtc', stop_price: '180.5' }],
    ['a stop-limit', { type: 'stop_limit', stopPrice: price('180.5'), limitPrice: price('180') }, { type: 'stop_limit', time_in_force: 'day', stop_price: '180.5', limit_price: '180' }],
    ['a trailing stop in dollars', { type: 'trailing_stop', trailPrice: price('1.5') }, { type: 'trailing_stop', time_in_force: 'day', trail_price: '1.5' }],
    ['a trailing stop in percent', { type: 'trailing_stop', trailPercent: price('2') }, { type: 'trailing_stop', time_in_force: 'day', trail_percent: '2' }],
    ['extended hours', { type: 'limit', limitPrice: price('190'), extendedHours: true }, { type: 'limit', time_in_force: 'day', limit_price: '190', extended_hours: true }],
    ['an auction', { timeInForce: 'opg' }, { type: 'market', time_in_force: 'opg' }],
    ['a bracket', { orderClass: 'bracket', timeInForce: 'gtc', takeProfit: { limitPrice: price('210') }, stopLoss: { stopPrice: price('180'), limitPrice: price('179.5') } },
      { type: 'market', time_in_force: 'gtc', order_class: 'bracket', take_profit: { limit_price: '210' }, stop_loss: { stop_price: '180', limit_price: '179.5' } }],
    ['one cancels other', { type: 'limit', orderClass: 'oco', limitPrice: price('210'), stopLoss }, { type: 'limit', time_in_force: 'day', order_class: 'oco', take_profit: { limit_price: '210' }, stop_loss: { stop_price: '180' } }],
    ['one triggers other', { type: 'limit', limitPrice: price('190'), orderClass: 'oto', stopLoss }, { type: 'limit', time_in_force: 'day', order_class: 'oto', limit_price: '190', stop_loss: { stop_price: '180' } }],
  ])('puts on the wire, and nothing else: %s', async (_, terms, body) => {
    expect(await send(terms)).toEqual(body);
  });

  it('reads legs, stops, trails and what replaces what', async () => {
    const leg = { ...wireOrder({ client_order_id: 'leg-1' }), id: 'leg', type: 'stop_limit', stop_price: '180', limit_price: '179.5', status: 'held', order_class: 'bracket', legs: null };
    const outcome = await submit({ status: 200, body: wireOrder({ order_class: 'bracket', legs: [leg], replaces: 'old', replaced_by: null, trail_percent: '2', hwm: '200.5', expires_at: '2026-01-05T21:00:00Z' }) });
    expect(outcome).toMatchObject({ kind: 'accepted', order: { orderClass: 'bracket', replaces: 'old', replacedBy: null, expiresAt: Date.parse('2026-01-05T21:00:00Z'), legs: [{ id: 'leg', status: 'held', clientOrderId: 'leg-1', legs: [] }] } });
    invariant(outcome.kind === 'accepted', 'accepted');
    const { order: { hwm, trailPercent, legs } } = outcome;
    expect([hwm, trailPercent, legs[0]?.stopPrice, legs[0]?.limitPrice].map(String)).toEqual(['200.5', '2', '180', '179.5']);
  });

  it.each<[string, Answer, number | undefined, string]>([
    ['500', { status: 500, body: { code: 50010000, message: 'internal' } }, undefined, 'server_error'],
    ['502 from a proxy', { status: 502, text: '<html>' }, undefined, 'server_error'],
    ['429', { status: 429, body: { code: 42910000, message: 'rate limit exceeded' }, headers: { 'retry-after': '0' } }, undefined, 'throttled'],
    ['401 without a code', { status: 401, body: { message: 'unauthorized.' } }, undefined, 'keys'],
    ['403 without a code', { status: 403, body: { message: 'forbidden.' } }, undefined, 'keys'],
    ['400 without a code', { status: 400, text: 'Bad request' }, undefined, 'uncoded_refusal'],
    ['a duplicate id', { status: 422, body: { code: 40010001, message: 'client_order_id must be unique' } }, undefined, 'duplicate'],
    ['a reply that is not JSON', { status: 200, text: '{"id":' }, undefined, 'unreadable_reply'],
    ['a reply that is not an order', { status: 200, body: { id: 'x' } }, undefined, 'unreadable_reply'],
    ['an order with an instant that does not exist', { status: 200, body: wireOrder({ updated_at: '2026-02-31T14:30:00Z' }) }, undefined, 'unreadable_reply'],
    ['an order with a negative quantity', { status: 200, body: wireOrder({ filled_qty: '-1' }) }, undefined, 'unreadable_reply'],
    ['a reply for another order', { status: 200, body: wireOrder({ client_order_id: 'ms-2' }) }, undefined, 'unreadable_reply'],
    ['silence', () => undefined, 1_000, 'timeout'],
    ['silence in the body', (response) => { response.writeHead(200, { 'content-type': 'application/json' }); response.write('{"id"'); }, 1_000, 'timeout'],
    ['a cut connection', (response) => response.destroy(), undefined, 'network'],
    ['a redirect', { status: 307, headers: { location: 'http://127.0.0.1:1/' } }, undefined, 'network'],
  ])('is unknown after %s, and is not sent again', async (_, answer, timeoutMs, cause) => {
    expect(await submit(answer, timeoutMs)).toMatchObject({ kind: 'unknown', cause });
    // What was sent is on its way even where the other side has not come to read it.
    await expect.poll(() => standIn.seen).toHaveLength(1);
  });

  it.each([401, 403])('keeps nothing of what the broker says when it refuses the keys (%i): it may repeat them', async (status) => {
    expect(await submit({ status, body: { message: 'key PKTEST is not known' } })).toEqual({ kind: 'unknown', cause: 'keys', message: KEYS_REFUSED });
  });

  it('is rejected when the broker says so with a code', async () => {
    const body = { code: 40310000, message: 'insufficient buying power', buying_power: '1', cost_basis: '2' };
    expect(await submit({ status: 403, body })).toEqual({ kind: 'rejected', code: 40310000, status: 403, message: 'insufficient buying power' });
    expect(await submit({ status: 422, body: { code: 42210000, message: 'sub-penny' } })).toMatchObject({ kind: 'rejected', code: 42210000 });
  });
});

describe('reading', () => {
  it('takes null for an order only from the broker itself', async () => {
    fresh();
    standIn.answer = () => ({ status: 404, body: { code: 40410000, message: 'order not found' } });
    expect(await broker.getByClientId('ms-1')).toBeNull();
    expect(standIn.seen[0]).toMatchObject({ path: '/v2/orders:by_client_order_id' });
    standIn.answer = () => ({ status: 404, text: 'not here' });
    await expect(broker.getByClientId('ms-1')).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' });
    standIn.answer = () => ({ status: 401, body: { message: 'unauthorized.' } });
    await expect(broker.getByClientId('ms-1')).rejects.toMatchObject({ code: 'BROKER_KEYS_REJECTED', family: 'operator' });
  });

  it('pages fills by the last activity id until a page is not full', async () => {
    fresh();
    const fill = (n: number) => ({ activity_type: 'FILL', id: `20260105143000${String(n).padStart(3, '0')}::e${n}`, order_id: 'o', symbol: 'AAPL', side: 'sell_short', qty: '1', price: '10.5', cum_qty: String(n), leaves_qty: '0', transaction_time: '2026-01-05T14:30:00Z', type: 'fill' });
    const all = Array.from({ length: 150 }, (_, n) => fill(n + 1));
    standIn.answer = ({ query }) => {
      const from = all.findIndex((entry) => entry.id === query.get('page_token')) + 1;
      return { status: 200, body: all.slice(from, from + Number(query.get('page_size'))) };
    };
    const fills = await broker.fillsAfter({ activityId: all[9]?.id ?? '' });
    expect(fills).toHaveLength(140);
    expect(fills[0]).toMatchObject({ executionId: 'e11', side: 'sell' });
    expect(standIn.seen.map((seen) => seen.query.get('direction'))).toEqual(['asc', 'asc']);
  });

  it('leaves orders of other programs out when they cannot be read, never ours', async () => {
    fresh();
    standIn.answer = () => ({ status: 200, body: [wireOrder(), { id: 'x', client_order_id: 'other', asset_class: 'crypto', side: '' }] });
    expect(await broker.listOpen()).toHaveLength(1);
    // Whatever its id begins with: what is no share is not ours.
    standIn.answer = () => ({ status: 200, body: [wireOrder(), { id: 'x', client_order_id: 'ms-spread', asset_class: 'us_option', side: '', symbol: '' }, wireOrder({ id: 'y', client_order_id: 'ms-coin', asset_class: 'crypto' })] });
    expect(await broker.listOpen()).toHaveLength(1);
    standIn.answer = () => ({ status: 200, body: [{ id: 'x', client_order_id: 'ms-9', side: '' }] });
    await expect(broker.listOpen()).rejects.toMatchObject({ code: 'BROKER_REPLY_INVALID' });
  });

  it('reads an order of another program under whatever id that gave it, except control characters', async () => {
    fresh();
    standIn.answer = () => ({ status: 200, body: [wireOrder({ client_order_id: 'my order #1 (ünïcode)' }), wireOrder({ client_order_id: 'a\u0000b' })] });
    expect((await broker.listOpen()).map((order) => order.clientOrderId)).toEqual(['my order #1 (ünïcode)']);
  });

  it('tells what became of a cancel', async () => {
    fresh();
    standIn.answer = () => ({ status: 204 });
    expect(await broker.cancel('o')).toBe('requested');
    standIn.answer = () => ({ status: 422, body: { code: 42210000, message: 'order is already in "filled" state' } });
    expect(await broker.cancel('o')).toBe('not_cancelable');
    standIn.answer = () => ({ status: 404, body: { code: 40410000, message: 'order not found' } });
    expect(await broker.cancel('o')).toBe('gone');
    standIn.answer = () => ({ status: 500 });
    await expect(broker.cancel('o')).rejects.toBeInstanceOf(AppError);
  });
});

describe('replace', () => {
  const change = { brokerOrderId: 'o-1', clientOrderId: 'ms-1', qty: quantity('7'), limitPrice: price('191'), stopPrice: null, trail: null, timeInForce: null };
  const replace = async (answer: Answer, fields: Partial<typeof change> = {}) => {
    fresh();
    standIn.answer = () => answer;
    return broker.replace({ ...change, ...fields }, await broker.permit('entry'));
  };
  it('asks for what differs, once, under an id of ours', async () => {
    expect(await replace({ status: 200, body: wireOrder({ replaces: 'o-1' }) })).toMatchObject({ kind: 'accepted', order: { replaces: 'o-1' } });
    expect(standIn.seen).toHaveLength(1);
    expect(standIn.seen[0]).toMatchObject({ method: 'PATCH', path: '/v2/orders/o-1' });
    expect(standIn.seen[0]?.body).toEqual({ client_order_id: 'ms-1', qty: '7', limit_price: '191' });
  });
  it.each<[string, Answer, object]>([
    ['a refusal', { status: 422, body: { code: 42210000, message: 'cannot replace order in pending_new' } }, { kind: 'rejected', code: 42210000 }],
    ['a lost answer', (response) => response.destroy(), { kind: 'unknown', cause: 'network' }],
    ['a used id', { status: 422, body: { code: 40010001, message: 'client_order_id must be unique' } }, { kind: 'unknown', cause: 'duplicate' }],
    ['an answer about another order', { status: 200, body: wireOrder({ client_order_id: 'ms-2' }) }, { kind: 'unknown', cause: 'unreadable_reply' }],
  ])('has the three outcomes of a POST: %s', async (_, answer, outcome) => {
    expect(await replace(answer)).toMatchObject(outcome);
    expect(standIn.seen).toHaveLength(1);
  });
  it('cancels all with one request', async () => {
    fresh();
    standIn.answer = () => ({ status: 207, body: [{ id: 'o', status: 200 }] });
    await broker.cancelAll();
    expect(standIn.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['DELETE /v2/orders']);
  });
});
