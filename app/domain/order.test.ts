/** The order's life: every status and event against the table's own rules, and what money does beside it. */
import { describe, expect, it } from 'vitest';
import { invariant } from './errors.ts';
import { price, quantity } from './numeric.ts';
import { adoptedOrderState, applyOrderEvent, isClosed, newOrderState, ORDER_EVENT_KINDS, ORDER_STATUSES, ORDER_TRANSITIONS, type OrderEvent, type OrderState } from './order.ts';

const walk = (state: OrderState, ...events: readonly (OrderEvent | Exclude<OrderEvent['kind'], 'fill' | 'restated'>)[]): OrderState => events.reduce<OrderState>((before, event) => {
  const result = applyOrderEvent(before, typeof event === 'string' ? { kind: event } : event);
  invariant(result.ok, 'a legal path', { status: before.status, event: typeof event === 'string' ? event : event.kind });
  return result.value;
}, state);
const fill = (qty: string, at = '10'): OrderEvent => ({ kind: 'fill', qty: quantity(qty), price: price(at) });
const ten = (): OrderState => newOrderState(quantity('10'));

describe('the table', () => {
  it('lets nothing but money follow an end', () => {
    for (const status of ORDER_STATUSES.filter(isClosed)) {
      expect(ORDER_TRANSITIONS[status]).toEqual({});
      for (const kind of ORDER_EVENT_KINDS) {
        if (kind === 'fill' || kind === 'restated') continue;
        expect(applyOrderEvent({ ...ten(), status }, { kind }).ok).toBe(false);
      }
    }
  });
  it('lets the broker end every order that it may have', () => {
    for (const status of ORDER_STATUSES.filter((one) => !isClosed(one) && one !== 'initialized')) {
      for (const kind of ['rejected', 'canceled', 'expired', 'replaced'] as const) expect(ORDER_TRANSITIONS[status][kind]).toBe(kind);
    }
  });
  it('lets an order that never left end by us alone', () => {
    expect(Object.keys(ORDER_TRANSITIONS.initialized).sort()).toEqual(['canceled', 'denied', 'submitted']);
  });
});

describe('a life', () => {
  it('of a leg: adopted, held, awake, shrunk by its sibling, filled', () => {
    const leg = walk(adoptedOrderState(quantity('10')), 'held', 'accepted', { kind: 'restated', qty: quantity('6') }, fill('6'));
    expect([leg.status, leg.qty.toString(), leg.version]).toEqual(['filled', '6', 5]);
  });
  it('of an order that was replaced after a part had filled', () => {
    const old = walk(ten(), 'submitted', 'accepted', fill('4'), 'replace_requested', fill('1', '11'), 'replaced');
    expect([old.status, old.filledQty.toString(), old.avgFillPrice?.toString()]).toEqual(['replaced', '5', '10.2']);
  });
  it('goes on when the replacement was refused', () => {
    expect(walk(ten(), 'submitted', 'accepted', 'replace_requested', 'replace_rejected').status).toBe('accepted');
    expect(walk(ten(), 'submitted', 'accepted', fill('4'), 'replace_requested', 'replace_rejected').status).toBe('partially_filled');
  });
  it('a fill after the cancel counts and leaves the end alone', () => {
    const late = walk(ten(), 'submitted', 'accepted', 'cancel_requested', 'canceled', fill('3'));
    expect([late.status, late.filledQty.toString()]).toEqual(['canceled', '3']);
  });
  it('keeps waiting for its replacement while it fills', () => {
    expect(walk(ten(), 'submitted', 'accepted', 'replace_requested', fill('3')).status).toBe('pending_replace');
    expect(walk(ten(), 'submitted', 'accepted', 'replace_requested', fill('10')).status).toBe('filled');
  });
});

describe('refused', () => {
  it.each<[string, OrderState, OrderEvent]>([
    ['more than was ordered', walk(ten(), 'submitted'), fill('11')],
    ['a fill of what was never sent', ten(), fill('1')],
    ['a restatement below what has filled', walk(ten(), 'submitted', 'accepted', fill('4')), { kind: 'restated', qty: quantity('3') }],
    ['a restatement to nothing', walk(ten(), 'submitted', 'accepted'), { kind: 'restated', qty: quantity('0') }],
  ])('%s', (_, state, event) => {
    expect(applyOrderEvent(state, event)).toMatchObject({ ok: false, error: { code: 'ORDER_TRANSITION_ILLEGAL' } });
  });
});
