/** Each kind of trouble that the guardian knows, what it proposes, and what it leaves alone. */
import { describe, expect, it } from 'vitest';
import { price, quantity, toText } from '#app/domain/numeric.ts';
import { epochMs } from '#app/domain/time.ts';
import { guard, type GuardFacts, type GuardOrder, type ProtectedEntry } from './guardian.ts';
import { issuesOf } from './guardian-books.ts';
import type { Difference } from './reconcile.ts';

const NOW = epochMs(10_000_000);
const OLD = epochMs(NOW - 180_000);
const order = (fields: Partial<GuardOrder>): GuardOrder => ({
  orderId: 'o', symbol: 'AAPL', side: 'sell', type: 'limit', role: 'order', parentOrderId: null, strategyId: 'sma', status: 'accepted', isReducing: false, qty: quantity('10'), filledQty: quantity('0'), stopPrice: null, since: OLD, ...fields,
});
const stop = (fields: Partial<GuardOrder> = {}): GuardOrder => order({ orderId: 'p:stop_loss', type: 'stop', role: 'stop_loss', parentOrderId: 'p', isReducing: true, stopPrice: price('90'), status: 'held', ...fields });
const entry = (fields: Partial<ProtectedEntry> = {}): ProtectedEntry => ({ orderId: 'p', symbol: 'AAPL', strategyId: 'sma', filledQty: quantity('10'), exitedQty: quantity('0'), stopPrice: price('90'), since: OLD, lastStop: null, ...fields });
const look = (fields: Partial<GuardFacts> & { held?: Record<string, string>; shares1?: [string, string][] } = {}) => {
  const shares = (fields.shares1 ?? []).map(([strategyId, qty]) => ({ strategyId, symbol: 'AAPL', qty: quantity(qty) }));
  const held = fields.held ?? { AAPL: toText(shares.reduce((sum, share) => sum.plus(share.qty), quantity('0').plus(0))) };
  return guard({
    now: NOW, open: [], parents: new Map([['p', 'filled']]), entries: [], prices: new Map([['AAPL', price('100')]]), ...fields, shares: fields.shares ?? shares, account: new Map(Object.entries(held).map(([symbol, qty]) => [symbol, quantity(qty)])),
  });
};

describe('stuck orders', () => {
  it.each([['submitted', 'limit', 'compare'], ['pending_cancel', 'limit', 'compare'], ['pending_replace', 'limit', 'compare'], ['accepted', 'market', 'cancel']] as const)('%s %s: %s', (status, type, kind) => {
    expect(look({ open: [order({ status, type })] })).toMatchObject([{ kind: 'stuck_order', subject: 'o', remedy: { action: { kind } } }]);
    expect(look({ open: [order({ status, type, since: epochMs(NOW - 20_000) })] })).toEqual([]);
  });
  it('lets resting orders rest', () => {
    expect(look({ open: [order({}), order({ status: 'held' }), order({ status: 'initialized', type: 'market' })] })).toEqual([]);
  });
});

describe('a position without its stop', () => {
  it('is critical when the stop is gone, with a stop as remedy, or an exit when the price is beyond it', () => {
    const facts = { shares1: [['sma', '10']] as [string, string][], entries: [entry({ lastStop: 'expired' })] };
    expect(look(facts)).toMatchObject([{ kind: 'unprotected_position', severity: 'critical', subject: 'sma/AAPL', remedy: { action: { kind: 'protect', side: 'sell', qty: '10', stopPrice: '90' } } }]);
    expect(look(facts)[0]?.message).toContain('its stop expired');
    expect(look({ ...facts, prices: new Map([['AAPL', price('89')]]) })).toMatchObject([{ remedy: { action: { kind: 'exit', strategyId: 'sma', qty: '10' } } }]);
  });
  it('counts what lives: a held leg, a stop by hand, what is still to be filled of them', () => {
    const facts = { shares1: [['sma', '10']] as [string, string][], entries: [entry()] };
    expect(look({ ...facts, open: [stop()] })).toEqual([]);
    expect(look({ ...facts, open: [stop({ orderId: 'm', role: 'order', parentOrderId: null, strategyId: null, status: 'accepted' })] })).toEqual([]);
    expect(look({ ...facts, open: [stop({ qty: quantity('4') })] })).toMatchObject([{ remedy: { action: { kind: 'protect', qty: '6' } } }]);
  });
  it('protects shorts from above', () => {
    const facts = { shares1: [['sma', '-10']] as [string, string][], entries: [entry({ stopPrice: price('110') })] };
    expect(look(facts)).toMatchObject([{ remedy: { action: { kind: 'protect', side: 'buy', stopPrice: '110' } } }]);
    expect(look({ ...facts, open: [stop({ side: 'buy' })] })).toEqual([]);
  });
  it('waits a moment for legs, and asks no stop for what was never to have one', () => {
    expect(look({ shares1: [['sma', '10']], entries: [entry({ since: epochMs(NOW - 5_000) })] })).toEqual([]);
    expect(look({ shares1: [['sma', '10']] })).toEqual([]);
    expect(look({ shares1: [['sma', '4']], entries: [entry({ exitedQty: quantity('6') })], open: [stop({ qty: quantity('4') })] })).toEqual([]);
  });
});

describe('exits left over', () => {
  it('of a flat position are canceled', () => {
    expect(look({ open: [stop()], held: { AAPL: '0' } })).toMatchObject([{ kind: 'leftover_exit', severity: 'critical', remedy: { action: { kind: 'cancel', orderIds: ['p:stop_loss'] } } }]);
    expect(look({ open: [order({ isReducing: true })], held: {} })).toMatchObject([{ kind: 'exit_of_nothing' }]);
  });
  it('after a partial take-profit would turn the position', () => {
    expect(look({ shares1: [['sma', '6']], open: [stop()] })).toMatchObject([{ kind: 'leftover_exit', severity: 'warning' }]);
  });
  it('are none while the entry works', () => {
    expect(look({ open: [stop()], parents: new Map([['p', 'accepted']]), held: {} })).toEqual([]);
  });
});

describe('shares', () => {
  it('that do not add up are critical', () => {
    expect(look({ shares1: [['sma', '10']], held: { AAPL: '12' } })).toMatchObject([{ kind: 'unowned_position', severity: 'critical', remedy: null }]);
  });
  it('of a strategy that were sold by hand go back', () => {
    expect(look({ shares1: [['sma', '10'], ['', '-4']] })).toMatchObject([{ kind: 'overheld_share', subject: 'sma/AAPL', remedy: { action: { kind: 'give_back', qty: '4', price: '100' } } }]);
    expect(look({ shares1: [['sma', '-10'], ['', '14']] })).toMatchObject([{ remedy: { action: { kind: 'give_back', qty: '-10' } } }]);
  });
});

describe('differences of the books', () => {
  const difference = (kind: Difference['kind'], subject: string): Difference => ({ kind, subject, ours: '1', theirs: '2', action: '' });
  it('of figures may be mended when they stood for a while', () => {
    const found = [difference('position', 'AAPL'), difference('cash', 'USD')];
    expect(issuesOf(found, { steady: new Set(), averages: new Map() }).map((one) => one.remedy)).toEqual([null, null]);
    expect(issuesOf(found, { steady: new Set(['position AAPL', 'cash USD']), averages: new Map([['AAPL', '7']]) }).map((one) => one.remedy?.action)).toEqual([
      { kind: 'take_over_position', symbol: 'AAPL', ours: '1', theirs: '2', avgPrice: '7' }, { kind: 'take_over_cash', ours: '1', theirs: '2' },
    ]);
  });
  it('that were repaired are no findings', () => {
    expect(issuesOf([difference('order_status', 'a'), difference('foreign_order', 'b'), difference('fill_missing', 'c'), difference('order_missing', 'd'), difference('fill_extra', 'e'), difference('order_fields', 'f')], { steady: new Set(), averages: new Map() }).map((one) => one.kind)).toEqual(['order_lost', 'fill_extra', 'order_mismatch']);
  });
});
